//! Microsoft's: AD CS with delta lists, and what Intune asks of a CA by SCEP.

use super::{CA, Ca, LEAF, Leaf, Side};

pub(super) const CAS: &[Ca] = &[
    Ca {
        name: "AD CS with delta lists",
        subject: "/DC=test/DC=corp/CN=corp-ROOT-CA",
        root: "[ext]
1.3.6.1.4.1.311.20.2=ASN1:BMP:CA
keyUsage=digitalSignature,keyCertSign,cRLSign
basicConstraints=critical,CA:TRUE
subjectKeyIdentifier=hash
authorityKeyIdentifier=none
1.3.6.1.4.1.311.21.1=ASN1:INTEGER:65537
1.3.6.1.4.1.311.21.2=ASN1:FORMAT:HEX,OCT:6d2c0a7bb1d40a9c3f2e5d4c3b2a19080f1e2d3c
",
        intermediate: Some(
            "[ext]
1.3.6.1.4.1.311.21.1=ASN1:INTEGER:0
subjectKeyIdentifier=hash
1.3.6.1.4.1.311.20.2=ASN1:BMP:SubCA
keyUsage=digitalSignature,keyCertSign,cRLSign
basicConstraints=critical,CA:TRUE
authorityKeyIdentifier=keyid
crlDistributionPoints=URI:http://pki.corp.test/corp-ROOT-CA.crl
freshestCRL=URI:http://pki.corp.test/corp-ROOT-CA+.crl
authorityInfoAccess=caIssuers;URI:http://pki.corp.test/corp-ROOT-CA.crt
",
        ),
        leaves: &[Leaf {
            name: "a computer's, by autoenrolment",
            subject: "/CN=server.test",
            extensions: "[ext]
1.3.6.1.4.1.311.21.7=ASN1:SEQUENCE:template
extendedKeyUsage=clientAuth,serverAuth
keyUsage=critical,digitalSignature,keyEncipherment
1.3.6.1.4.1.311.21.10=ASN1:SEQUENCE:policies
subjectAltName=DNS:server.test
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
crlDistributionPoints=URI:http://pki.corp.test/corp-CA01-CA.crl
freshestCRL=URI:http://pki.corp.test/corp-CA01-CA+.crl
authorityInfoAccess=caIssuers;URI:http://pki.corp.test/corp-CA01-CA.crt,OCSP;URI:http://pki.corp.test/ocsp
[template]
id=OID:1.3.6.1.4.1.311.21.8.11.22.33.44.55.66.1.10
major=INTEGER:100
minor=INTEGER:6
[policies]
a=SEQUENCE:client
b=SEQUENCE:server
[client]
a=OID:1.3.6.1.5.5.7.3.2
[server]
a=OID:1.3.6.1.5.5.7.3.1
",
            ..LEAF
        }],
        ..CA
    },
    Ca {
        name: "Intune, by SCEP",
        subject: "/DC=test/DC=corp/CN=corp-CA01-CA",
        root: "[ext]
keyUsage=digitalSignature,keyCertSign,cRLSign
basicConstraints=critical,CA:TRUE
subjectKeyIdentifier=hash
authorityKeyIdentifier=none
1.3.6.1.4.1.311.21.1=ASN1:INTEGER:0
",
        leaves: &[
            Leaf {
                name: "a device's",
                subject: "/CN=9f8e7d6c-5b4a-4938-8271-605f4e3d2c1b",
                extensions: "[ext]
keyUsage=digitalSignature,keyEncipherment
extendedKeyUsage=clientAuth
subjectKeyIdentifier=hash
subjectAltName=DNS:9f8e7d6c-5b4a-4938-8271-605f4e3d2c1b,URI:IntuneDeviceId://9f8e7d6c-5b4a-4938-8271-605f4e3d2c1b
authorityKeyIdentifier=keyid
crlDistributionPoints=URI:http://pki.corp.test/corp-CA01-CA.crl
1.3.6.1.4.1.311.20.2=ASN1:BMP:IPSECIntermediateOffline
",
                side: Side::Client,
                options: &["-days", "365", "-set_serial", "0x5b0000001c8e2f3a4b5c6d7e8f00000000001c"],
                ..LEAF
            },
            Leaf {
                name: "a user's, with the mapping to the account",
                subject: "/CN=Alice Example/emailAddress=alice@corp.test",
                extensions: "[ext]
keyUsage=critical,digitalSignature,keyEncipherment
extendedKeyUsage=clientAuth
subjectKeyIdentifier=hash
subjectAltName=@names
authorityKeyIdentifier=keyid
1.3.6.1.4.1.311.21.7=ASN1:SEQUENCE:template
[template]
id=OID:1.3.6.1.4.1.311.21.8.11.22.33.44.55.66.1.28
major=INTEGER:100
[names]
otherName.1=1.3.6.1.4.1.311.20.2.3;UTF8:alice@corp.test
URI.1=tag:microsoft.com,2022-09-14:sid:S-1-5-21-1004336348-1177238915-682003330-1107
",
                side: Side::Client,
                ..LEAF
            },
        ],
        ..CA
    },
];
