//! What private CAs put into certificates by default, written as openssl's configuration.

mod government;
mod microsoft;
mod templates;

use mtls::policy::CertificateProfile;

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static Ca> {
    CAS.iter()
        .chain(government::CAS)
        .chain(microsoft::CAS)
        .chain(templates::CAS)
}

/// One CA.
pub(crate) struct Ca {
    pub(crate) name: &'static str,
    pub(crate) subject: &'static str,
    /// Extensions of the root, of the intermediate.
    pub(crate) root: &'static str,
    pub(crate) intermediate: Option<&'static str>,
    pub(crate) leaves: &'static [Leaf],
    pub(crate) issued_by_ca_command: bool,
    /// The strictest profile that takes what it makes.
    pub(crate) profile: CertificateProfile,
}

/// What it issues.
pub(crate) struct Leaf {
    pub(crate) name: &'static str,
    pub(crate) subject: &'static str,
    pub(crate) extensions: &'static str,
    pub(crate) side: Side,
    /// Lifetime and serial number.
    pub(crate) options: &'static [&'static str],
    /// Which string types its subject may have, in the words of openssl's `string_mask`.
    pub(crate) string_mask: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    Both,
    Client,
    Server,
    /// By SPIFFE ID, on both ends.
    Svid,
}

const CA: Ca = Ca {
    name: "",
    subject: "/CN=Root",
    root: "",
    intermediate: None,
    leaves: &[],
    issued_by_ca_command: false,
    profile: CertificateProfile::Rfc5280,
};

const LEAF: Leaf = Leaf {
    name: "leaf",
    subject: "/CN=server.test",
    extensions: "",
    side: Side::Both,
    options: &["-days", "90"],
    string_mask: "utf8only",
};

const CAS: &[Ca] = &[
    Ca {
        name: "openssl req -x509, openssl x509 -req",
        subject: "/C=XX/ST=State/L=City/O=Company/CN=My CA",
        root: OPENSSL_ROOT,
        leaves: &[
            Leaf {
                name: "subjectAltName and nothing else",
                extensions: "[ext]\nsubjectAltName=DNS:server.test,IP:10.0.0.1\n",
                ..LEAF
            },
            Leaf {
                name: "the usual recipe",
                extensions: "[ext]
authorityKeyIdentifier=keyid,issuer
basicConstraints=CA:FALSE
keyUsage=digitalSignature,nonRepudiation,keyEncipherment,dataEncipherment
subjectAltName=DNS:server.test
",
                ..LEAF
            },
            Leaf {
                name: "no names",
                subject: "/CN=my-client",
                extensions: "[ext]\nbasicConstraints=CA:FALSE\n",
                side: Side::Client,
                ..LEAF
            },
        ],
        ..CA
    },
    Ca {
        name: "openssl ca",
        subject: "/C=XX/O=Company/CN=My CA",
        root: OPENSSL_ROOT,
        issued_by_ca_command: true,
        leaves: &[Leaf {
            name: "usr_cert",
            subject: "/C=XX/O=Company/OU=Ops/CN=server.test/emailAddress=ops@server.test",
            extensions: "[ca]
default_ca=CA_default
[CA_default]
database=index.txt
new_certs_dir=.
serial=serial
default_days=365
default_md=default
x509_extensions=usr_cert
policy=policy_match
[policy_match]
countryName=match
organizationName=match
organizationalUnitName=optional
commonName=supplied
emailAddress=optional
[usr_cert]
basicConstraints=CA:FALSE
nsComment=\"OpenSSL Generated Certificate\"
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid,issuer
subjectAltName=DNS:server.test
",
            ..LEAF
        }],
        ..CA
    },
    Ca {
        name: "cert-manager",
        subject: "/CN=my-selfsigned-ca",
        root: "[ext]
basicConstraints=critical,CA:TRUE
keyUsage=critical,digitalSignature,keyEncipherment,keyCertSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=none
",
        leaves: &[
            Leaf {
                name: "common name",
                extensions: "[ext]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature,keyEncipherment
subjectKeyIdentifier=none
authorityKeyIdentifier=keyid
subjectAltName=DNS:server.test,DNS:server.ns.svc.cluster.local
",
                ..LEAF
            },
            Leaf {
                name: "empty subject",
                subject: "/",
                extensions: "[ext]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature,keyEncipherment
subjectKeyIdentifier=none
authorityKeyIdentifier=keyid
subjectAltName=critical,DNS:server.test
",
                ..LEAF
            },
        ],
        ..CA
    },
    Ca {
        name: "step-ca",
        subject: "/O=Smallstep/CN=Smallstep CA",
        root: "[ext]
basicConstraints=critical,CA:TRUE,pathlen:1
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=none
",
        intermediate: Some(
            "[ext]
basicConstraints=critical,CA:TRUE,pathlen:0
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
",
        ),
        leaves: &[Leaf {
            extensions: "[ext]
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth,clientAuth
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
subjectAltName=DNS:server.test
1.3.6.1.4.1.37476.9000.64.1=ASN1:SEQUENCE:provisioner
[provisioner]
type=INTEGER:1
name=OCT:admin@server.test
id=OCT:4vn46fbZT68Uxfs9LBwHkTvrjEvxQqx-W8nnE-qDjts
",
            options: &["-days", "1"],
            ..LEAF
        }],
        ..CA
    },
    Ca {
        name: "HashiCorp Vault",
        subject: "/CN=server.test",
        root: "[ext]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid:always
subjectAltName=DNS:server.test
",
        intermediate: Some(
            "[ext]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
",
        ),
        leaves: &[Leaf {
            extensions: "[ext]
keyUsage=critical,digitalSignature,keyEncipherment,keyAgreement
extendedKeyUsage=serverAuth,clientAuth
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
subjectAltName=DNS:server.test
",
            options: &[
                "-days",
                "32",
                "-set_serial",
                "0x7b2c9d0e1f3a4b5c6d7e8f90a1b2c3d4e5f60718",
            ],
            ..LEAF
        }],
        ..CA
    },
    Ca {
        name: "Active Directory Certificate Services",
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
                name: "a user's",
                subject: "/DC=test/DC=corp/CN=Users/CN=Alice/emailAddress=alice@corp.test",
                extensions: "[ext]
keyUsage=critical,digitalSignature,keyEncipherment
extendedKeyUsage=clientAuth,emailProtection,1.3.6.1.4.1.311.10.3.4
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
crlDistributionPoints=point
authorityInfoAccess=@access
subjectAltName=otherName:1.3.6.1.4.1.311.20.2.3;UTF8:alice@corp.test,email:alice@corp.test
1.3.6.1.4.1.311.21.7=ASN1:SEQUENCE:template
1.3.6.1.4.1.311.21.10=ASN1:SEQUENCE:policies
1.3.6.1.4.1.311.25.2=ASN1:SEQUENCE:sid
1.2.840.113549.1.9.15=ASN1:SEQUENCE:capabilities
[point]
fullname=@names
[names]
URI.1=ldap:///CN=corp-CA01-CA,CN=CA01,CN=CDP,CN=Public%20Key%20Services,CN=Services,CN=Configuration,DC=corp,DC=test?certificateRevocationList?base?objectClass=cRLDistributionPoint
[access]
caIssuers;URI.1=ldap:///CN=corp-CA01-CA,CN=AIA,CN=Public%20Key%20Services,CN=Services,CN=Configuration,DC=corp,DC=test?cACertificate?base?objectClass=certificationAuthority
[template]
id=OID:1.3.6.1.4.1.311.21.8.1.2.3.4.5.6
major=INTEGER:100
minor=INTEGER:3
[policies]
a=SEQUENCE:policy
[policy]
a=OID:1.3.6.1.5.5.7.3.2
[sid]
a=IMPLICIT:0,SEQUENCE:sid_name
[sid_name]
id=OID:1.3.6.1.4.1.311.25.2.1
sid=EXPLICIT:0,OCT:S-1-5-21-1004336348-1177238915-682003330-512
[capabilities]
a=SEQUENCE:capability
[capability]
id=OID:1.2.840.113549.3.2
bits=INTEGER:128
",
                side: Side::Client,
                options: &["-days", "365", "-set_serial", "0x610000000a5e1d4c2b3a4958670000000000a1"],
                ..LEAF
            },
            Leaf {
                name: "a machine's",
                subject: "/CN=server.test",
                extensions: "[ext]
1.3.6.1.4.1.311.20.2=ASN1:BMP:Machine
extendedKeyUsage=clientAuth,serverAuth
keyUsage=critical,digitalSignature,keyEncipherment
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
subjectAltName=DNS:server.test
",
                ..LEAF
            },
        ],
        ..CA
    },
    Ca {
        name: "SPIRE",
        subject: "/C=US/O=SPIFFE",
        root: "[ext]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=none
subjectAltName=URI:spiffe://example.org
",
        leaves: &[Leaf {
            name: "X.509-SVID",
            subject: "/C=US/O=SPIRE/x500UniqueIdentifier=0a1b2c3d4e5f60718293a4b5c6d7e8f9",
            extensions: "[ext]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature,keyEncipherment,keyAgreement
extendedKeyUsage=serverAuth,clientAuth
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
subjectAltName=URI:spiffe://example.org/ns/default/sa/web
",
            side: Side::Svid,
            options: &["-days", "1"],
            ..LEAF
        }],
        ..CA
    },
    Ca {
        name: "kubeadm",
        subject: "/CN=kubernetes",
        root: "[ext]
basicConstraints=critical,CA:TRUE
keyUsage=critical,digitalSignature,keyEncipherment,keyCertSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=none
subjectAltName=DNS:kubernetes
",
        leaves: &[Leaf {
            name: "an administrator's",
            subject: "/O=system:masters/CN=kubernetes-admin",
            extensions: "[ext]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature,keyEncipherment
extendedKeyUsage=clientAuth
subjectKeyIdentifier=none
authorityKeyIdentifier=keyid
",
            side: Side::Client,
            ..LEAF
        }],
        ..CA
    },
    Ca {
        name: "mkcert",
        subject: "/O=mkcert development CA/OU=me@host/CN=mkcert me@host",
        root: "[ext]
basicConstraints=critical,CA:TRUE,pathlen:0
keyUsage=critical,keyCertSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=none
",
        leaves: &[Leaf {
            subject: "/O=mkcert development certificate/OU=me@host",
            extensions: "[ext]
keyUsage=critical,digitalSignature,keyEncipherment
extendedKeyUsage=serverAuth
subjectKeyIdentifier=none
authorityKeyIdentifier=keyid
subjectAltName=DNS:server.test,IP:127.0.0.1
",
            side: Side::Server,
            ..LEAF
        }],
        ..CA
    },
    Ca {
        name: "easy-rsa",
        subject: "/CN=Easy-RSA CA",
        root: "[ext]
basicConstraints=critical,CA:TRUE
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid:always,issuer:always
keyUsage=critical,cRLSign,digitalSignature,keyCertSign
",
        leaves: EASY_RSA_LEAVES,
        ..CA
    },
    Ca {
        // Extensions that RFC 5280, section 4.2.1.9, wants critical in a CA's certificate.
        name: "easy-rsa, its older releases",
        subject: "/CN=Easy-RSA CA",
        root: "[ext]
basicConstraints=CA:TRUE
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid:always,issuer:always
keyUsage=cRLSign,keyCertSign
",
        leaves: EASY_RSA_LEAVES,
        profile: CertificateProfile::Interoperable,
        ..CA
    },
];

/// `v3_ca` of the configuration that comes with OpenSSL.
const OPENSSL_ROOT: &str = "[ext]
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid:always,issuer
basicConstraints=critical,CA:true
";

const EASY_RSA_LEAVES: &[Leaf] = &[
    Leaf {
        name: "a client's",
        subject: "/CN=client1",
        extensions: "[ext]
basicConstraints=CA:FALSE
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid,issuer:always
extendedKeyUsage=clientAuth
keyUsage=digitalSignature
",
        side: Side::Client,
        ..LEAF
    },
    Leaf {
        name: "a server's",
        extensions: "[ext]
basicConstraints=CA:FALSE
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid,issuer:always
extendedKeyUsage=serverAuth
keyUsage=digitalSignature,keyEncipherment
subjectAltName=DNS:server.test
",
        side: Side::Server,
        ..LEAF
    },
];
