//! Smart cards of governments: the names of FIPS 201 (PIV).

use super::{CA, Ca, LEAF, Leaf, Side};

pub(super) const CAS: &[Ca] = &[Ca {
    name: "PIV",
    subject: "/C=US/O=U.S. Government/OU=PKI/CN=Root CA 3",
    root: "[ext]
subjectKeyIdentifier=hash
authorityKeyIdentifier=none
keyUsage=critical,keyCertSign,cRLSign
basicConstraints=critical,CA:TRUE
",
    intermediate: Some(
        "[ext]
authorityKeyIdentifier=keyid
subjectKeyIdentifier=hash
keyUsage=critical,digitalSignature,keyCertSign,cRLSign
basicConstraints=critical,CA:TRUE,pathlen:0
certificatePolicies=2.16.840.1.101.3.2.1.3.13,2.16.840.1.101.3.2.1.3.17
crlDistributionPoints=URI:http://crl.pki.test/root3.crl
authorityInfoAccess=caIssuers;URI:http://crl.pki.test/root3.p7c
",
    ),
    leaves: &[Leaf {
        name: "PIV authentication",
        subject: "/C=US/O=U.S. Government/OU=Agency/CN=DOE.JANE.Q.1234567890",
        extensions: "[ext]
authorityKeyIdentifier=keyid
subjectKeyIdentifier=hash
keyUsage=critical,digitalSignature
extendedKeyUsage=clientAuth,1.3.6.1.4.1.311.20.2.2,1.3.6.1.5.2.3.4,anyExtendedKeyUsage
certificatePolicies=2.16.840.1.101.3.2.1.3.13
authorityInfoAccess=OCSP;URI:http://ocsp.pki.test
crlDistributionPoints=URI:http://crl.pki.test/ca62.crl
2.16.840.1.101.3.6.9.1=ASN1:BOOLEAN:TRUE
subjectAltName=@names
[names]
otherName.1=1.3.6.1.4.1.311.20.2.3;UTF8:1234567890@agency.test
otherName.2=2.16.840.1.101.3.6.6;FORMAT:HEX,OCT:d4e739da739ced39ce739da1685a1082108ce73984108ca3fc
URI.1=urn:uuid:9f8e7d6c-5b4a-4938-8271-605f4e3d2c1b
",
        side: Side::Client,
        ..LEAF
    }],
    ..CA
}];
