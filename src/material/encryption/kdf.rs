//! Key derivation from a passphrase: PBKDF2 (RFC 8018, section 5.2) and scrypt (RFC 7914).

use der::asn1::{AnyRef, OctetStringRef};
use pkcs5::pbes2::Pbkdf2Prf;
use pkcs8::spki::AlgorithmIdentifierRef;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use super::Budget;
use crate::error::MaterialProblem;
use crate::material::key::PrivateKey;

/// The maximum length of a salt in bytes; 8 to 64 are usual.
pub(in crate::material) const MAX_SALT_BYTES: usize = 1024;
/// The output length of SHA-256, which scrypt uses, in bytes.
const SCRYPT_DIGEST: u64 = 32;

/// The parameters of PBKDF2; the parser of `pkcs5` accepts salts of at most 32 bytes.
pub(in crate::material) struct Pbkdf2<'a> {
    salt: &'a [u8],
    iterations: u32,
    pub(in crate::material) key_length: Option<u16>,
    prf: Pbkdf2Prf,
}

#[derive(der::Sequence)]
struct Pbkdf2Params<'a> {
    salt: &'a OctetStringRef,
    iterations: u32,
    #[asn1(optional = "true")]
    key_length: Option<u16>,
    #[asn1(optional = "true")]
    prf: Option<AlgorithmIdentifierRef<'a>>,
}

impl<'a> Pbkdf2<'a> {
    pub(in crate::material) fn read(parameters: AnyRef<'a>) -> der::Result<Self> {
        let read: Pbkdf2Params<'_> = parameters.decode_as()?;
        Ok(Self {
            salt: read.salt.as_bytes(),
            iterations: read.iterations,
            key_length: read.key_length,
            prf: match read.prf {
                Some(prf) => prf.try_into()?,
                None => Pbkdf2Prf::default(),
            },
        })
    }

    /// Takes the cost of a key of `key_bytes` bytes from the budget.
    pub(in crate::material) fn take(
        &self,
        key_bytes: usize,
        budget: &mut Budget,
    ) -> Result<(), MaterialProblem> {
        check_salt(self.salt)?;
        if self.iterations == 0 {
            return Err(MaterialProblem::KeyMalformed);
        }
        // All iterations run once for each digest length of output (RFC 8018, section 5.2).
        let runs = key_bytes.div_ceil(digest_size(self.prf));
        let runs = u64::try_from(runs).unwrap_or(u64::MAX);
        let rounds = u64::from(self.iterations).saturating_mul(runs);
        budget.take_rounds(rounds, "rounds of PBKDF2")
    }

    /// Fills the key; its cost must have been taken.
    pub(in crate::material) fn derive(&self, passphrase: &[u8], key: &mut [u8]) {
        let derive = match self.prf {
            Pbkdf2Prf::HmacWithSha1 => pbkdf2::pbkdf2_hmac::<Sha1>,
            Pbkdf2Prf::HmacWithSha224 => pbkdf2::pbkdf2_hmac::<Sha224>,
            Pbkdf2Prf::HmacWithSha256 => pbkdf2::pbkdf2_hmac::<Sha256>,
            Pbkdf2Prf::HmacWithSha384 => pbkdf2::pbkdf2_hmac::<Sha384>,
            // There is no other, see `digest_size`.
            _ => pbkdf2::pbkdf2_hmac::<Sha512>,
        };
        derive(passphrase, self.salt, self.iterations, key);
    }
}

/// Returns how many bytes one run of all iterations yields.
fn digest_size(prf: Pbkdf2Prf) -> usize {
    match prf {
        Pbkdf2Prf::HmacWithSha1 => 20,
        Pbkdf2Prf::HmacWithSha224 => 28,
        Pbkdf2Prf::HmacWithSha256 => 32,
        Pbkdf2Prf::HmacWithSha384 => 48,
        Pbkdf2Prf::HmacWithSha512 => 64,
        // There is no other; it would have the highest cost.
        _ => 1,
    }
}

/// The parameters of scrypt (RFC 7914, section 7.1).
#[derive(der::Sequence)]
pub(crate) struct Scrypt<'a> {
    salt: &'a OctetStringRef,
    cost_parameter: u64,
    block_size: u16,
    parallelization: u16,
    #[asn1(optional = "true")]
    pub(crate) key_length: Option<u16>,
}

impl Scrypt<'_> {
    /// Takes the cost of a key from the budget.
    ///
    /// scrypt fills 128 * r * N bytes p times, and 128 * r * p bytes by PBKDF2 with HMAC-SHA-256,
    /// with one iteration for each 32 of them (RFC 7914, sections 2 and 6).
    pub(crate) fn take(&self, budget: &mut Budget) -> Result<(), MaterialProblem> {
        check_salt(self.salt.as_bytes())?;
        if !self.cost_parameter.is_power_of_two() {
            return Err(MaterialProblem::KeyMalformed);
        }
        let lanes = u64::from(self.parallelization);
        let block = 128_u64.saturating_mul(u64::from(self.block_size));
        let memory = block.saturating_mul(self.cost_parameter.saturating_add(lanes));
        let work = block
            .saturating_mul(self.cost_parameter)
            .saturating_mul(lanes);
        if memory > PrivateKey::MAX_SCRYPT_MEMORY {
            return Err(MaterialProblem::TooCostly {
                cost: memory,
                unit: "bytes of memory for scrypt",
                spent: 0,
                limit: PrivateKey::MAX_SCRYPT_MEMORY,
            });
        }
        if self.params().is_none() {
            return Err(MaterialProblem::KeyMalformed);
        }
        budget.take_scrypt_work(work)?;
        budget.take_rounds(
            block.saturating_mul(lanes).div_ceil(SCRYPT_DIGEST),
            "rounds of PBKDF2 within scrypt",
        )
    }

    /// Fills the key, if its parameters are in range; its cost must have been taken.
    pub(crate) fn derive(&self, passphrase: &[u8], key: &mut [u8]) -> Option<()> {
        scrypt::scrypt(passphrase, self.salt.as_bytes(), &self.params()?, key).ok()
    }

    /// Returns the parameters; `None` if one is out of range.
    fn params(&self) -> Option<scrypt::Params> {
        let log_n = u8::try_from(self.cost_parameter.trailing_zeros()).ok()?;
        let (r, p) = (self.block_size.into(), self.parallelization.into());
        scrypt::Params::new(log_n, r, p).ok()
    }
}

pub(in crate::material) fn check_salt(salt: &[u8]) -> Result<(), MaterialProblem> {
    if salt.len() > MAX_SALT_BYTES {
        return Err(MaterialProblem::TooMany {
            limit: MAX_SALT_BYTES,
            what: "bytes of salt",
        });
    }
    Ok(())
}
