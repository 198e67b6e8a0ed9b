//! Leaves that rcgen cannot make, issued by an [`Authority`] with the hands of OpenSSL.

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Rsa;
use openssl::x509::extension::{ExtendedKeyUsage, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509Name};

use super::pki::{Authority, Credential};

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
        let issuer = X509::from_der(&authority.certificate()).unwrap();
        let issuer_key =
            PKey::private_key_from_pkcs8(authority.key_der().secret_pkcs8_der()).unwrap();
        let mut builder = X509::builder().unwrap();
        builder.set_serial_number(&serial()).unwrap();
        builder.set_issuer_name(issuer.subject_name()).unwrap();
        builder.set_subject_name(&subject(name)).unwrap();
        builder.set_pubkey(&key).unwrap();
        set_validity(&mut builder);
        if self == Self::EarlyGeneralTime {
            // OpenSSL keeps the type of the text.
            let date = Asn1Time::from_str("20250101000000Z").unwrap();
            builder.set_not_before(&date).unwrap();
        }
        self.set_version_and_extensions(&mut builder, name);
        builder.sign(&issuer_key, self.digest()).unwrap();
        Credential {
            chain: vec![builder.build().to_der().unwrap().into()],
            key: key.private_key_to_pkcs8().unwrap().into(),
        }
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

    fn digest(self) -> MessageDigest {
        match self {
            Self::Sha1Signed => MessageDigest::sha1(),
            _ => MessageDigest::sha256(),
        }
    }

    fn set_version_and_extensions(self, builder: &mut X509Builder, name: &str) {
        if self == Self::X509V1 {
            return builder.set_version(0).unwrap();
        }
        builder.set_version(2).unwrap();
        let usage = KeyUsage::new().critical().digital_signature().build();
        builder.append_extension(usage.unwrap()).unwrap();
        let purposes = ExtendedKeyUsage::new().server_auth().client_auth().build();
        builder.append_extension(purposes.unwrap()).unwrap();
        if self != Self::CommonNameOnly {
            let context = builder.x509v3_context(None, None);
            let names = SubjectAlternativeName::new().dns(name).build(&context);
            builder.append_extension(names.unwrap()).unwrap();
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

fn subject(name: &str) -> X509Name {
    let mut subject = X509Name::builder().unwrap();
    subject.append_entry_by_nid(Nid::COMMONNAME, name).unwrap();
    subject.build()
}

fn serial() -> openssl::asn1::Asn1Integer {
    let mut number = BigNum::new().unwrap();
    number
        .rand(120, openssl::bn::MsbOption::ONE, false)
        .unwrap();
    number.to_asn1_integer().unwrap()
}

/// From an hour ago for thirty days, as [`Validity::current`](super::pki::Validity::current).
fn set_validity(builder: &mut X509Builder) {
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let not_before = Asn1Time::from_unix(now - 3600).unwrap();
    let not_after = Asn1Time::from_unix(now + 30 * 86_400).unwrap();
    builder.set_not_before(&not_before).unwrap();
    builder.set_not_after(&not_after).unwrap();
}
