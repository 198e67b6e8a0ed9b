//! Certificate authorities and leaves in memory, each with its own subject and serial number.
//!
//! ```text
//! let root = Authority::root("Rhea");
//! let branch = root.intermediate("Ivo");
//! let alice = Leaf::named("alice").dns("alice.test").client().issued_by(&branch).with(&branch);
//! ```

mod authority;
pub mod crl;
mod leaf;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SerialNumber};
use time::{Duration, OffsetDateTime};

pub use authority::{Authority, AuthorityBuilder};
pub use leaf::{Credential, Leaf};

/// What a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAlgorithm {
    Ed25519,
    P256,
    P384,
    P521,
    /// 2048 bits.
    Rsa,
}

impl KeyAlgorithm {
    /// Those that are on the list.
    pub const ALL: [Self; 4] = [Self::Ed25519, Self::P256, Self::P384, Self::Rsa];

    /// A new key; for RSA always the same one, since making it is slow.
    fn key(self) -> Arc<KeyPair> {
        static RSA: OnceLock<Arc<KeyPair>> = OnceLock::new();
        let make = |algorithm| Arc::new(KeyPair::generate_for(algorithm).unwrap());
        match self {
            Self::Ed25519 => make(&rcgen::PKCS_ED25519),
            Self::P256 => make(&rcgen::PKCS_ECDSA_P256_SHA256),
            Self::P384 => make(&rcgen::PKCS_ECDSA_P384_SHA384),
            Self::P521 => make(&rcgen::PKCS_ECDSA_P521_SHA512),
            Self::Rsa => RSA.get_or_init(|| make(&rcgen::PKCS_RSA_SHA256)).clone(),
        }
    }
}

/// From when to when a certificate is valid, both inclusive.
#[derive(Clone, Copy, Debug)]
pub struct Validity {
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
}

impl Validity {
    /// From an hour ago, for clocks that differ, for thirty days.
    pub fn current() -> Self {
        Self::around(Duration::hours(-1), Duration::days(30))
    }

    /// Over since yesterday.
    pub fn expired() -> Self {
        Self::around(Duration::days(-30), Duration::days(-1))
    }

    /// Begins tomorrow.
    pub fn not_yet() -> Self {
        Self::around(Duration::days(1), Duration::days(30))
    }

    /// Between two moments given in seconds since 1970.
    pub fn between(not_before: i64, not_after: i64) -> Self {
        Self {
            not_before: OffsetDateTime::from_unix_timestamp(not_before).unwrap(),
            not_after: OffsetDateTime::from_unix_timestamp(not_after).unwrap(),
        }
    }

    fn around(from: Duration, to: Duration) -> Self {
        let now = OffsetDateTime::now_utc();
        Self {
            not_before: now + from,
            not_after: now + to,
        }
    }
}

/// The smallest whole cast: one root, one intermediate, a server and a client under it.
#[derive(Clone, Debug)]
pub struct Cast {
    pub root: Authority,
    pub intermediate: Authority,
    /// `server.test`, `localhost`, `127.0.0.1`.
    pub server: Credential,
    /// `alice.test`, `spiffe://prod.test/alice`.
    pub alice: Credential,
    /// Has the root's name and nothing else.
    pub impostor: Authority,
    /// A client like `alice`, issued by the impostor.
    pub mallory: Credential,
}

impl Cast {
    pub fn assemble() -> Self {
        let root = Authority::root("Rhea Root");
        let intermediate = root.intermediate("Ivo Intermediate");
        let impostor = root.namesake();
        let alice = Leaf::named("alice")
            .dns("alice.test")
            .uri("spiffe://prod.test/alice")
            .client();
        Self {
            server: Leaf::named("server")
                .dns("server.test")
                .dns("localhost")
                .ip("127.0.0.1")
                .server()
                .issued_by(&intermediate)
                .with(&intermediate),
            alice: alice.issued_by(&intermediate).with(&intermediate),
            mallory: Leaf::named("mallory")
                .dns("alice.test")
                .uri("spiffe://prod.test/alice")
                .client()
                .issued_by(&impostor),
            root,
            intermediate,
            impostor,
        }
    }
}

/// One PEM section.
pub fn pem(label: &str, der: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in der.chunks(48) {
        for group in line.chunks(3) {
            let bits =
                group.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - group.len()));
            for i in 0..4 {
                let sextet = bits >> (18 - 6 * i) & 63;
                let pad = i > group.len();
                text.push(if pad {
                    '='
                } else {
                    ALPHABET[sextet as usize].into()
                });
            }
        }
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

pub fn certificate_pem(certificate: &CertificateDer<'_>) -> String {
    pem("CERTIFICATE", certificate)
}

fn params(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params.serial_number = Some(serial());
    params.use_authority_key_identifier_extension = true;
    set_validity(&mut params, Validity::current());
    params
}

fn set_validity(params: &mut CertificateParams, validity: Validity) {
    params.not_before = validity.not_before;
    params.not_after = validity.not_after;
}

/// PKCS#8 in version 1. rcgen writes Ed25519 keys in version 2 (RFC 5958), which OpenSSL 3.0 cannot read.
fn pkcs8(key: &KeyPair) -> PrivatePkcs8KeyDer<'static> {
    const ED25519_V1: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
    let der = key.serialized_der();
    if key.algorithm() != &rcgen::PKCS_ED25519 {
        return der.to_vec().into();
    }
    let seed = der.get(ED25519_V1.len()..ED25519_V1.len() + 32);
    [ED25519_V1, seed.expect("no seed")].concat().into()
}

/// Never the same twice in one process, even for two certificates of one key.
fn serial() -> SerialNumber {
    static NEXT: AtomicU64 = AtomicU64::new(0x4d54_4c53_0000_0001);
    SerialNumber::from(NEXT.fetch_add(1, Ordering::Relaxed))
}
