//! PBES2 (RFC 8018, section 6.2): PBKDF2 or scrypt, and a cipher.
//!
//! The cost of a derivation is checked before it begins.

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, OctetStringRef};
use der::{Decode, ErrorKind, Tag, Tagged};
use pkcs5::pbes2::{
    self, AES_128_GCM_OID, AES_256_GCM_OID, DES_EDE3_CBC_OID, EncryptionScheme, PBKDF2_OID,
    SCRYPT_OID,
};
use pkcs8::spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::kdf::{Pbkdf2, Scrypt};
use super::scheme::{encryption_unsupported, name, unsupported};
use super::{Budget, cipher};
use crate::error::MaterialProblem;
use crate::material::input::passphrase::wrong_passphrase;
use crate::material::input::stack_wipe;

pub(in crate::material) const PBES2: ObjectIdentifier = pbes2::PBES2_OID;
const DES_BLOCK: usize = 8;
/// The key length of AES-256 in bytes.
const MAX_KEY_BYTES: usize = 32;

/// An encryption whose cost was taken from the budget.
pub(in crate::material) struct Parameters<'a> {
    kdf: Kdf<'a>,
    cipher: EncryptionScheme,
}

enum Kdf<'a> {
    Pbkdf2(Pbkdf2<'a>),
    Scrypt(Scrypt<'a>),
}

/// Reads the parameters and takes their cost from the budget.
pub(in crate::material) fn read<'a>(
    algorithm: AlgorithmIdentifierRef<'a>,
    budget: &mut Budget,
) -> Result<Parameters<'a>, MaterialProblem> {
    let parameters = algorithm.parameters.ok_or(MaterialProblem::KeyMalformed)?;
    let [kdf, cipher] = parts(parameters).map_err(|_| MaterialProblem::KeyMalformed)?;
    check_triple_des(cipher)?;
    let parameters = Parameters::read(kdf, cipher).map_err(|e| match e.kind() {
        ErrorKind::OidUnknown { oid } => unsupported(oid),
        _ => encryption_unsupported(format!(
            "PBES2 with such parameters of {} and {}",
            name(kdf.oid),
            name(cipher.oid)
        )),
    })?;
    let key_bytes = parameters.cipher.key_size();
    let stated = match &parameters.kdf {
        Kdf::Pbkdf2(pbkdf2) => {
            pbkdf2.take(key_bytes, budget)?;
            pbkdf2.key_length
        }
        Kdf::Scrypt(scrypt) => {
            scrypt.take(budget)?;
            scrypt.key_length
        }
    };
    if stated.is_some_and(|stated| usize::from(stated) != key_bytes) {
        return Err(MaterialProblem::KeyMalformed);
    }
    Ok(parameters)
}

impl<'a> Parameters<'a> {
    fn read(
        kdf: AlgorithmIdentifierRef<'a>,
        cipher: AlgorithmIdentifierRef<'_>,
    ) -> der::Result<Self> {
        let parameters = kdf.parameters.ok_or(ErrorKind::Failed);
        let kdf = match kdf.oid {
            PBKDF2_OID => Kdf::Pbkdf2(Pbkdf2::read(parameters?)?),
            SCRYPT_OID => Kdf::Scrypt(parameters?.decode_as()?),
            oid => return Err(ErrorKind::OidUnknown { oid }.into()),
        };
        let cipher = match gcm(cipher)? {
            Some(gcm) => gcm,
            None => cipher.try_into()?,
        };
        Ok(Self { kdf, cipher })
    }

    fn decrypt(&self, data: &mut [u8], passphrase: &[u8]) -> Option<usize> {
        let mut key = Zeroizing::new([0; MAX_KEY_BYTES]);
        let key = key.get_mut(..self.cipher.key_size())?;
        match &self.kdf {
            Kdf::Pbkdf2(pbkdf2) => pbkdf2.derive(passphrase, key),
            Kdf::Scrypt(scrypt) => scrypt.derive(passphrase, key)?,
        }
        cipher::decrypt(&self.cipher, key, data)
    }
}

/// Derives the key, and decrypts.
pub(in crate::material) fn open(
    parameters: &Parameters<'_>,
    data: &[u8],
    passphrase: &str,
) -> Result<Zeroizing<Vec<u8>>, MaterialProblem> {
    let mut buffer = Zeroizing::new(data.to_vec());
    // The libraries leave derived keys on the stack.
    let opened =
        stack_wipe::with_wiped_stack(|| parameters.decrypt(&mut buffer, passphrase.as_bytes()));
    let length = opened.ok_or_else(wrong_passphrase)?;
    // The truncated bytes are wiped with the buffer.
    buffer.truncate(length);
    Ok(buffer)
}

/// `GCMParameters` (RFC 5084, section 3.2).
#[derive(der::Sequence)]
struct GcmParameters<'a> {
    nonce: &'a OctetStringRef,
    #[asn1(default = "default_tag_bytes")]
    tag_bytes: u8,
}

fn default_tag_bytes() -> u8 {
    12
}

/// Reads AES-GCM with the parameters of the RFC; `pkcs5` expects only the nonce.
fn gcm(cipher: AlgorithmIdentifierRef<'_>) -> der::Result<Option<EncryptionScheme>> {
    let parameters = match cipher.parameters {
        Some(parameters) if parameters.tag() == Tag::Sequence => parameters,
        _ => return Ok(None),
    };
    let GcmParameters { nonce, tag_bytes } = parameters.decode_as()?;
    let nonce = nonce.as_bytes().try_into();
    let nonce = nonce.map_err(|_| ErrorKind::Failed)?;
    if usize::from(tag_bytes) != cipher::TAG_BYTES {
        return Err(ErrorKind::Failed.into());
    }
    match cipher.oid {
        AES_128_GCM_OID => Ok(Some(EncryptionScheme::Aes128Gcm { nonce })),
        AES_256_GCM_OID => Ok(Some(EncryptionScheme::Aes256Gcm { nonce })),
        _ => Err(ErrorKind::Failed.into()),
    }
}

/// Returns the key derivation and the cipher.
pub(super) fn parts(parameters: AnyRef<'_>) -> der::Result<[AlgorithmIdentifierRef<'_>; 2]> {
    parameters.sequence(|reader| {
        Ok::<_, der::Error>([
            AlgorithmIdentifierRef::decode(reader)?,
            AlgorithmIdentifierRef::decode(reader)?,
        ])
    })
}

/// Rejects short initialization vectors of 3DES, at which `pkcs5` panics.
fn check_triple_des(cipher: AlgorithmIdentifierRef<'_>) -> Result<(), MaterialProblem> {
    let is_block = |iv: AnyRef<'_>| {
        iv.decode_as::<&OctetStringRef>()
            .is_ok_and(|iv| iv.as_bytes().len() == DES_BLOCK)
    };
    match cipher.oid {
        DES_EDE3_CBC_OID if !cipher.parameters.is_some_and(is_block) => {
            Err(MaterialProblem::KeyMalformed)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use der::Encode;
    use pkcs5::EncryptionScheme;
    use pkcs5::pbes2::{Kdf, Pbkdf2Params, Pbkdf2Prf, Salt, ScryptParams};
    use pkcs8::EncryptedPrivateKeyInfo;

    use crate::material::encryption::pkcs8::{EncryptedKey, decrypt};
    use crate::material::input::passphrase::Passphrase;

    use super::*;

    #[test]
    fn costly_scrypt_is_rejected_before_it_begins() {
        // Each would take minutes, or more memory than there is.
        for (n, r, p, part) in [
            (1 << 20, 8, 1, "1073742848 bytes of memory for scrypt"),
            (1 << 63, u16::MAX, u16::MAX, "bytes of memory for scrypt"),
            (1 << 14, 8, 4096, "68719476736 bytes filled by scrypt"),
        ] {
            let problem = decrypt(&scrypt(n, r, p), &Passphrase::new("x").asked()).unwrap_err();
            assert!(problem.to_string().contains(part), "{problem}");
        }
    }

    #[test]
    fn impossible_scrypt_parameters_are_rejected() {
        for (n, r, p) in [(0, 8, 1), (3, 8, 1), (1 << 14, 0, 1), (1 << 14, 8, 0)] {
            let problem = decrypt(&scrypt(n, r, p), &Passphrase::new("x").asked()).unwrap_err();
            assert!(
                matches!(problem, MaterialProblem::KeyMalformed),
                "{n} {r} {p}: {problem}"
            );
        }
    }

    #[test]
    fn every_run_of_pbkdf2_is_counted() {
        let of = |prf, iteration_count| {
            let kdf = Kdf::Pbkdf2(Pbkdf2Params {
                salt: Salt::new([7; 8]).unwrap(),
                iteration_count,
                key_length: None,
                prf,
            });
            let der = key(kdf);
            let mut budget = Budget::new();
            let key = EncryptedKey::from_der(&der).unwrap();
            read(key.algorithm, &mut budget).map(|_| budget)
        };
        // A key of 32 bytes takes two runs with SHA-1, which yields 20 bytes each.
        for (prf, most) in [
            (Pbkdf2Prf::HmacWithSha1, 5_000_000),
            (Pbkdf2Prf::HmacWithSha224, 5_000_000),
            (Pbkdf2Prf::HmacWithSha256, 10_000_000),
            (Pbkdf2Prf::HmacWithSha384, 10_000_000),
            (Pbkdf2Prf::HmacWithSha512, 10_000_000),
        ] {
            assert!(of(prf, most).is_ok(), "{prf:?}");
            let problem = of(prf, most + 1).err().unwrap();
            assert!(
                matches!(problem, MaterialProblem::TooCostly { .. }),
                "{prf:?}: {problem}"
            );
        }
        let problem = of(Pbkdf2Prf::HmacWithSha1, 5_000_001).err().unwrap();
        assert!(
            problem.to_string().contains("10000002 rounds of PBKDF2"),
            "{problem}"
        );
    }

    #[test]
    fn what_scrypt_has_from_pbkdf2_is_counted() {
        let der = scrypt(2, 31, u16::MAX);
        let algorithm = EncryptedKey::from_der(&der).unwrap().algorithm;
        let mut budget = Budget::new();
        read(algorithm, &mut budget).unwrap();
        let problem = read(algorithm, &mut budget).err().unwrap();
        let part = "8126340 rounds of PBKDF2 within scrypt, after 8126340 for other parts";
        assert!(problem.to_string().contains(part), "{problem}");
    }

    fn scrypt(cost_parameter: u64, block_size: u16, parallelization: u16) -> Vec<u8> {
        key(Kdf::Scrypt(ScryptParams {
            salt: Salt::new([7; 8]).unwrap(),
            cost_parameter,
            block_size,
            parallelization,
            key_length: None,
        }))
    }

    fn key(kdf: Kdf) -> Vec<u8> {
        let info = EncryptedPrivateKeyInfo {
            encryption_algorithm: EncryptionScheme::from(pbes2::Parameters {
                kdf,
                encryption: pbes2::EncryptionScheme::Aes256Cbc { iv: [7; 16] },
            }),
            encrypted_data: OctetStringRef::new(&[7; 64]).unwrap(),
        };
        info.to_der().unwrap()
    }
}
