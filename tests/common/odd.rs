//! Leaves with keys and signatures that only OpenSSL makes, and some that no library writes.

use mtls::test_util::tlv;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use time::{Duration, OffsetDateTime};

use super::pki::crl::utc_time;
use super::pki::{Authority, Credential, Leaf};

/// Places among the fields of a certificate of version 3.
const VERSION: usize = 0;
const VALIDITY: usize = 4;
const ECDSA_SHA1: &[u8] = b"\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01";

/// A way of being odd. Each leaf has the common name that it is made with, and, but for the two oddities that are
/// about it, a DNS name of the same text and the extended key usages of a server and of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    /// Version 3, both extended key usages, and no subject alternative names at all.
    CommonNameOnly,
    /// Ordinary, but for a `notBefore` of this century that is written as a `GeneralizedTime`.
    EarlyGeneralTime,
    Ed448,
    P521,
    Rsa1024,
    /// The key itself, not the signature on it, is bound to RSASSA-PSS.
    RsaPss,
    /// An ordinary leaf, signed with ECDSA over SHA-1.
    Sha1Signed,
    /// Version 1, no extensions, RSA 2048: what `openssl x509 -req` made for decades.
    X509V1,
}

impl Odd {
    pub const ALL: [Self; 8] = [
        Self::CommonNameOnly,
        Self::EarlyGeneralTime,
        Self::Ed448,
        Self::P521,
        Self::Rsa1024,
        Self::RsaPss,
        Self::Sha1Signed,
        Self::X509V1,
    ];

    /// An odd leaf called `name`. The chain holds the leaf alone; see [`Credential::with`].
    pub fn issued_by(self, authority: &Authority, name: &str) -> Credential {
        let key = self.key();
        let mut leaf = Leaf::named(name)
            .without_key_identifier()
            .server()
            .client()
            .foreign_key(
                key.public_key_to_der().unwrap(),
                key.private_key_to_pkcs8().unwrap(),
            );
        if self != Self::CommonNameOnly {
            leaf = leaf.dns(name);
        }
        match self {
            Self::EarlyGeneralTime => leaf.rewrite(|fields| {
                let from = tlv(0x18, &[b"20250101000000Z"]);
                let until = utc_time(OffsetDateTime::now_utc() + Duration::days(30));
                fields[VALIDITY] = tlv(0x30, &[&from, &until]);
            }),
            Self::Sha1Signed => {
                let key = authority.key_der();
                leaf.signature(ECDSA_SHA1, move |tbs| {
                    let key = PKey::private_key_from_pkcs8(key.secret_pkcs8_der()).unwrap();
                    let mut signer = Signer::new(MessageDigest::sha1(), &key).unwrap();
                    signer.sign_oneshot_to_vec(tbs).unwrap()
                })
            }
            // Neither a version nor extensions.
            Self::X509V1 => leaf.rewrite(|fields| {
                fields.remove(VERSION);
                fields.pop();
            }),
            _ => leaf,
        }
        .issued_by(authority)
    }

    fn key(self) -> PKey<Private> {
        match self {
            Self::CommonNameOnly | Self::EarlyGeneralTime | Self::Sha1Signed => {
                ec(Nid::X9_62_PRIME256V1)
            }
            Self::Ed448 => PKey::generate_ed448().unwrap(),
            Self::P521 => ec(Nid::SECP521R1),
            Self::Rsa1024 => PKey::from_rsa(Rsa::generate(1024).unwrap()).unwrap(),
            Self::RsaPss => rsa_pss(),
            Self::X509V1 => PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap(),
        }
    }
}

fn ec(curve: Nid) -> PKey<Private> {
    let group = EcGroup::from_curve_name(curve).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn rsa_pss() -> PKey<Private> {
    let mut context = PkeyCtx::new_id(Id::RSA_PSS).unwrap();
    context.keygen_init().unwrap();
    context.set_rsa_keygen_bits(2048).unwrap();
    context.keygen().unwrap()
}
