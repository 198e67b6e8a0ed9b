//! The password-based encryption of PKCS#12 (RFC 7292, appendices B and C).
//!
//! Keys are derived by SHA-1; the ciphers are in CBC mode.

use cbc::cipher::{BlockCipherDecrypt, KeyInit};
use const_oid::ObjectIdentifier;
use der::asn1::OctetStringRef;
use des::{TdesEde2, TdesEde3};
use pkcs8::spki::AlgorithmIdentifierRef;
use pkcs12::kdf::{Pkcs12KeyType, derive_key};
use sha1::Sha1;
use zeroize::Zeroizing;

use super::{Budget, cipher, kdf};
use crate::error::MaterialProblem;
use crate::material::encryption;
use crate::material::input::passphrase::wrong_passphrase;
use crate::material::input::stack_wipe;

/// The block length of every cipher here, in bytes.
const BLOCK: usize = 8;
/// The length of SHA-1 in bytes, which one run of all iterations yields.
const DIGEST: usize = 20;

/// A cipher with the length of its key.
pub(crate) struct Scheme {
    oid: ObjectIdentifier,
    key: usize,
    open: Open,
}

/// Decrypts in place by key and initialization vector; returns the length of the plain text.
type Open = fn(&[u8], &[u8], &mut [u8]) -> Option<usize>;

pub(crate) const TRIPLE_DES: [Scheme; 2] = [
    Scheme::new::<TdesEde3>("1.2.840.113549.1.12.1.3", 24),
    Scheme::new::<TdesEde2>("1.2.840.113549.1.12.1.4", 16),
];

impl Scheme {
    pub(crate) const fn new<C: BlockCipherDecrypt + KeyInit>(oid: &str, key: usize) -> Self {
        Self {
            oid: ObjectIdentifier::new_unwrap(oid),
            key,
            open: cipher::cbc::<C>,
        }
    }
}

/// An encryption whose cost was taken from the budget.
pub(crate) struct Pbe<'s, 'a> {
    scheme: &'s Scheme,
    salt: &'a [u8],
    rounds: i32,
}

#[derive(der::Sequence)]
struct Parameters<'a> {
    salt: &'a OctetStringRef,
    iterations: u64,
}

impl<'s, 'a> Pbe<'s, 'a> {
    /// Reads the parameters and takes their cost from the budget.
    pub(crate) fn read(
        schemes: impl IntoIterator<Item = &'s Scheme>,
        algorithm: AlgorithmIdentifierRef<'a>,
        budget: &mut Budget,
    ) -> Result<Self, MaterialProblem> {
        let scheme = schemes
            .into_iter()
            .find(|scheme| scheme.oid == algorithm.oid)
            .ok_or_else(|| encryption::unsupported(algorithm.oid))?;
        let parameters = algorithm.parameters.ok_or(MaterialProblem::KeyMalformed)?;
        let Parameters { salt, iterations } = parameters
            .decode_as()
            .map_err(|_| MaterialProblem::KeyMalformed)?;
        let salt = salt.as_bytes();
        kdf::check_salt(salt)?;
        let runs = scheme.key.div_ceil(DIGEST).saturating_add(1);
        let runs = u64::try_from(runs).unwrap_or(u64::MAX);
        let rounds = take_rounds(iterations, runs, budget)?;
        Ok(Self {
            scheme,
            salt,
            rounds,
        })
    }

    /// Derives key and initialization vector, and decrypts. The password is a [`bmp_string`].
    pub(crate) fn open(
        &self,
        data: &[u8],
        password: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, MaterialProblem> {
        let derive = |kind, length| {
            let derived = derive_key::<Sha1>(password, self.salt, kind, self.rounds, length);
            Zeroizing::new(derived)
        };
        let mut buffer = Zeroizing::new(data.to_vec());
        let opened = stack_wipe::with_wiped_stack(|| {
            let key = derive(Pkcs12KeyType::EncryptionKey, self.scheme.key);
            let iv = derive(Pkcs12KeyType::Iv, BLOCK);
            (self.scheme.open)(&key, &iv, &mut buffer)
        });
        let length = opened.ok_or_else(wrong_passphrase)?;
        // The truncated bytes are wiped with the buffer.
        buffer.truncate(length);
        Ok(buffer)
    }
}

/// Encodes the passphrase for the key derivation: UTF-16, big-endian, and two zero octets.
///
/// RFC 7292, appendix B.1, defines this form. A character beyond the BMP becomes two units, as in
/// OpenSSL and Java.
pub(crate) fn bmp_string(passphrase: &str) -> Zeroizing<Vec<u8>> {
    let units = || passphrase.encode_utf16().chain([0]);
    // Room for all of it at once: a vector that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(units().count().saturating_mul(2)));
    for unit in units() {
        bytes.extend_from_slice(&unit.to_be_bytes());
    }
    bytes
}

/// Takes `runs` runs of `iterations` iterations from the budget.
pub(crate) fn take_rounds(
    iterations: u64,
    runs: u64,
    budget: &mut Budget,
) -> Result<i32, MaterialProblem> {
    if iterations == 0 {
        return Err(MaterialProblem::KeyMalformed);
    }
    budget.take_rounds(
        iterations.saturating_mul(runs),
        "rounds of PKCS#12 key derivation",
    )?;
    i32::try_from(iterations).map_err(|_| MaterialProblem::KeyMalformed)
}
