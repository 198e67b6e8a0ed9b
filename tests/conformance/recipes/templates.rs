//! CAs whose templates name the extensions: those of `LibreSSL`, XCA, EJBCA and `MicroK8s`.

use mtls::policy::CertificateProfile;

use super::{CA, Ca, LEAF, Leaf, Side};

pub(super) const CAS: &[Ca] = &[
    Ca {
        name: "LibreSSL, openssl.cnf",
        subject: "/C=XX/O=Company/CN=My CA",
        root: "[ext]
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid:always,issuer:always
basicConstraints=CA:true
",
        leaves: &[
            Leaf {
                name: "usr_cert",
                subject: "/C=XX/O=Company/CN=server.test",
                extensions: "[ext]
basicConstraints=CA:FALSE
nsComment=\"OpenSSL Generated Certificate\"
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid,issuer
subjectAltName=DNS:server.test
",
                string_mask: "default",
                ..LEAF
            },
            Leaf {
                name: "a common name that becomes a TeletexString",
                subject: "/C=XX/O=Company/CN=M\u{fc}ller_1",
                extensions: "[ext]
basicConstraints=CA:FALSE
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid,issuer
",
                side: Side::Client,
                string_mask: "default",
                ..LEAF
            },
        ],
        profile: CertificateProfile::Interoperable,
        ..CA
    },
    Ca {
        name: "LibreSSL, x509v3.cnf of OpenBSD",
        subject: "/CN=My CA",
        root: "[ext]
basicConstraints=critical,CA:true,pathlen:1
keyUsage=digitalSignature,keyCertSign
subjectKeyIdentifier=none
authorityKeyIdentifier=none
",
        leaves: &[Leaf {
            name: "x509v3_FQDN",
            extensions: "[ext]
subjectAltName=DNS:server.test
extendedKeyUsage=serverAuth,clientAuth
subjectKeyIdentifier=none
authorityKeyIdentifier=none
",
            string_mask: "default",
            ..LEAF
        }],
        profile: CertificateProfile::Interoperable,
        ..CA
    },
    Ca {
        name: "XCA",
        subject: "/C=XX/O=Company/CN=My CA",
        root: "[ext]
basicConstraints=critical,CA:TRUE
subjectKeyIdentifier=hash
authorityKeyIdentifier=none
keyUsage=keyCertSign,cRLSign
nsCertType=sslCA,emailCA,objCA
nsComment=\"xca certificate\"
",
        leaves: &[
            Leaf {
                name: "TLS_client",
                subject: "/C=XX/O=Company/CN=client1",
                extensions: "[ext]
basicConstraints=critical,CA:FALSE
subjectKeyIdentifier=hash
authorityKeyIdentifier=none
keyUsage=digitalSignature,keyEncipherment,dataEncipherment,keyAgreement
nsCertType=client,email
nsComment=\"xca certificate\"
",
                side: Side::Client,
                ..LEAF
            },
            Leaf {
                name: "TLS_server",
                extensions: "[ext]
basicConstraints=critical,CA:FALSE
subjectKeyIdentifier=hash
authorityKeyIdentifier=none
keyUsage=digitalSignature,nonRepudiation,keyEncipherment
subjectAltName=DNS:server.test
nsCertType=server
nsComment=\"xca certificate\"
",
                side: Side::Server,
                ..LEAF
            },
        ],
        profile: CertificateProfile::Interoperable,
        ..CA
    },
    Ca {
        name: "EJBCA",
        subject: "/UID=c-0a1b2c3d4e5f/CN=ManagementCA/O=EJBCA Sample/C=SE",
        root: "[ext]
basicConstraints=critical,CA:TRUE
authorityKeyIdentifier=keyid:always
subjectKeyIdentifier=hash
keyUsage=critical,digitalSignature,keyCertSign,cRLSign
",
        leaves: &[
            Leaf {
                name: "ENDUSER",
                subject: "/UID=superadmin/CN=SuperAdmin/O=EJBCA Sample/C=SE",
                extensions: "[ext]
basicConstraints=critical,CA:FALSE
authorityKeyIdentifier=keyid:always
authorityInfoAccess=OCSP;URI:http://ca.test:8080/ejbca/publicweb/status/ocsp
subjectAltName=email:admin@ca.test
extendedKeyUsage=clientAuth,emailProtection
crlDistributionPoints=point
subjectKeyIdentifier=hash
keyUsage=critical,digitalSignature,nonRepudiation,keyEncipherment
[point]
fullname=URI:http://ca.test:8080/ejbca/publicweb/webdist/certdist?cmd=crl&issuer=CN=ManagementCA
CRLissuer=dirName:issuer
[issuer]
CN=ManagementCA
",
                side: Side::Client,
                options: &["-days", "730", "-set_serial", "0x4f6c1d2e3b4a5968"],
                ..LEAF
            },
            Leaf {
                name: "SERVER",
                subject: "/CN=server.test/O=EJBCA Sample/C=SE",
                extensions: "[ext]
basicConstraints=critical,CA:FALSE
authorityKeyIdentifier=keyid:always
subjectAltName=DNS:server.test,IP:10.0.0.1
extendedKeyUsage=serverAuth
subjectKeyIdentifier=hash
keyUsage=critical,digitalSignature,keyEncipherment
",
                side: Side::Server,
                ..LEAF
            },
        ],
        ..CA
    },
    Ca {
        name: "MicroK8s",
        subject: "/C=GB/ST=Canonical/L=Canonical/O=Canonical/OU=Canonical/CN=10.152.183.1",
        root: "[ext]
basicConstraints=critical,CA:TRUE
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid:always,issuer:always
",
        leaves: &[
            Leaf {
                name: "server.crt",
                subject: "/C=GB/ST=Canonical/L=Canonical/O=Canonical/OU=Canonical/CN=127.0.0.1",
                extensions: "[ext]
authorityKeyIdentifier=keyid,issuer:always
basicConstraints=CA:FALSE
keyUsage=keyEncipherment,dataEncipherment,digitalSignature
extendedKeyUsage=serverAuth,clientAuth
subjectAltName=DNS:server.test,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:10.152.183.1
",
                ..LEAF
            },
            Leaf {
                name: "kubelet.crt",
                subject: "/CN=system:node:host1/O=system:nodes",
                extensions: "[ext]
authorityKeyIdentifier=keyid,issuer:always
basicConstraints=CA:FALSE
keyUsage=keyEncipherment,dataEncipherment,digitalSignature
extendedKeyUsage=serverAuth,clientAuth
subjectAltName=DNS:host1,IP:10.0.0.7
",
                side: Side::Client,
                ..LEAF
            },
        ],
        ..CA
    },
];
