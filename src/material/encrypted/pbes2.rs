//! PBES2 (RFC 8018, section 6.2).

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, OctetStringRef};
use der::{Decode, ErrorKind};
use pkcs5::Error;
use pkcs5::pbes2::{self, DES_EDE3_CBC_OID, Kdf, Parameters, Pbkdf2Prf, ScryptParams};
use pkcs8::spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::super::key::PrivateKey;
use super::super::passphrase::wrong_passphrase;
use super::super::stack;
use super::Budget;
use super::scheme::{name, refused, unsupported};
use crate::error::MaterialProblem;

pub(in super::super) const PBES2: ObjectIdentifier = pbes2::PBES2_OID;
const DES_BLOCK: usize = 8;
/// Bytes of SHA-256, which scrypt derives with.
const SCRYPT_DIGEST: u64 = 32;

/// Reads the parameters and takes what they cost from the budget.
pub(in super::super) fn read(
    algorithm: AlgorithmIdentifierRef<'_>,
    budget: &mut Budget,
) -> Result<Parameters, MaterialProblem> {
    let parameters = algorithm.parameters.ok_or(MaterialProblem::KeyMalformed)?;
    let [kdf, cipher] = parts(parameters).map_err(|_| MaterialProblem::KeyMalformed)?;
    check_triple_des(cipher)?;
    let parameters = Parameters::try_from(parameters).map_err(|e| match e.kind() {
        ErrorKind::OidUnknown { oid } => unsupported(oid),
        _ => refused(format!(
            "PBES2 with such parameters of {} and {}",
            name(kdf.oid),
            name(cipher.oid)
        )),
    })?;
    match &parameters.kdf {
        // It is said to be 1 at least.
        Kdf::Pbkdf2(pbkdf2) if pbkdf2.iteration_count == 0 => {
            return Err(MaterialProblem::KeyMalformed);
        }
        Kdf::Pbkdf2(pbkdf2) => {
            // All rounds once for as many bytes as the digest has (RFC 8018, section 5.2).
            let runs = parameters
                .encryption
                .key_size()
                .div_ceil(digest_size(pbkdf2.prf));
            let runs = u64::try_from(runs).unwrap_or(u64::MAX);
            let rounds = u64::from(pbkdf2.iteration_count).saturating_mul(runs);
            budget.take_rounds(rounds, "PBKDF2")?;
        }
        Kdf::Scrypt(scrypt) => check_scrypt(scrypt, budget)?,
        // Never today: for what pkcs5 learns to read later, whose cost we do not know.
        other => return Err(unsupported(other.oid())),
    }
    Ok(parameters)
}

/// Small, as what comes from [`stack::scrubbed`] has to be; the errors of pkcs5 are not.
enum Failure {
    Parameters,
    Passphrase,
}

/// Derives the key, and decrypts.
pub(in super::super) fn open(
    parameters: &Parameters,
    data: &[u8],
    passphrase: &str,
) -> Result<Zeroizing<Vec<u8>>, MaterialProblem> {
    let mut buffer = Zeroizing::new(data.to_vec());
    // pkcs5 leaves the key that it derived on the stack.
    let opened = stack::scrubbed(|| {
        match parameters.decrypt_in_place(passphrase.as_bytes(), &mut buffer) {
            Ok(plain) => Ok(plain.len()),
            // Of algorithms that are not supported, `read` knew.
            Err(Error::AlgorithmParametersInvalid { .. } | Error::UnsupportedAlgorithm { .. }) => {
                Err(Failure::Parameters)
            }
            Err(_) => Err(Failure::Passphrase),
        }
    });
    let length = opened.map_err(|failure| match failure {
        Failure::Parameters => MaterialProblem::KeyMalformed,
        Failure::Passphrase => wrong_passphrase(),
    })?;
    // What is cut off is wiped with the rest.
    buffer.truncate(length);
    Ok(buffer)
}

/// The key derivation and the cipher.
fn parts(parameters: AnyRef<'_>) -> der::Result<[AlgorithmIdentifierRef<'_>; 2]> {
    parameters.sequence(|reader| {
        Ok::<_, der::Error>([
            AlgorithmIdentifierRef::decode(reader)?,
            AlgorithmIdentifierRef::decode(reader)?,
        ])
    })
}

/// pkcs5 panics when the initialization vector of 3DES is shorter than a block.
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

/// Bytes that one run of all rounds yields.
fn digest_size(prf: Pbkdf2Prf) -> usize {
    match prf {
        Pbkdf2Prf::HmacWithSha1 => 20,
        Pbkdf2Prf::HmacWithSha224 => 28,
        Pbkdf2Prf::HmacWithSha256 => 32,
        Pbkdf2Prf::HmacWithSha384 => 48,
        Pbkdf2Prf::HmacWithSha512 => 64,
        // There is no other; it would be the costliest.
        _ => 1,
    }
}

/// scrypt fills 128 * r * N bytes, p times over, beside 128 * r * p bytes that it has from PBKDF2 by HMAC-SHA-256, in
/// one round for each 32 of them (RFC 7914, sections 2 and 6).
fn check_scrypt(scrypt: &ScryptParams, budget: &mut Budget) -> Result<(), MaterialProblem> {
    // pkcs5 takes the logarithm of N, and panics for 0.
    if !scrypt.cost_parameter.is_power_of_two() {
        return Err(MaterialProblem::KeyMalformed);
    }
    let lanes = u64::from(scrypt.parallelization);
    let block = 128_u64.saturating_mul(u64::from(scrypt.block_size));
    let memory = block.saturating_mul(scrypt.cost_parameter.saturating_add(lanes));
    let work = block
        .saturating_mul(scrypt.cost_parameter)
        .saturating_mul(lanes);
    if memory > PrivateKey::MAX_SCRYPT_MEMORY {
        return Err(MaterialProblem::TooCostly {
            cost: format!("{memory} bytes of memory for scrypt"),
            limit: PrivateKey::MAX_SCRYPT_MEMORY.to_string(),
        });
    }
    budget.take_scrypt_work(work)?;
    budget.take_rounds(
        block.saturating_mul(lanes).div_ceil(SCRYPT_DIGEST),
        "PBKDF2 within scrypt",
    )
}

#[cfg(test)]
mod tests {
    use der::Encode;
    use pkcs5::EncryptionScheme;
    use pkcs5::pbes2::{Pbkdf2Params, Salt};
    use pkcs8::EncryptedPrivateKeyInfo;

    use super::super::super::passphrase::Passphrase;
    use super::super::pkcs8::{EncryptedKey, decrypt};

    use super::*;

    #[test]
    fn costly_scrypt_is_refused_before_it_begins() {
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
    fn impossible_scrypt_parameters_are_refused() {
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
        // A key of 32 bytes takes SHA-1, which has 20, two runs of all rounds.
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
        let problem = read(algorithm, &mut budget).unwrap_err();
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
            encryption_algorithm: EncryptionScheme::from(Parameters {
                kdf,
                encryption: pbes2::EncryptionScheme::Aes256Cbc { iv: [7; 16] },
            }),
            encrypted_data: OctetStringRef::new(&[7; 64]).unwrap(),
        };
        info.to_der().unwrap()
    }
}
