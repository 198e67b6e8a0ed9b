//! PKCS#8 under PBES2 (RFC 5958, section 3; RFC 8018, section 6.2).

use der::Decode;
use pkcs5::pbes2::{Kdf, Parameters, ScryptParams};
use pkcs5::{EncryptionScheme, Error};
use pkcs8::EncryptedPrivateKeyInfoRef;
use zeroize::Zeroizing;

use super::super::key::PrivateKey;
use super::super::passphrase::Passphrase;
use crate::error::MaterialProblem;

pub(super) fn decrypt(
    der: &[u8],
    passphrase: &Passphrase,
) -> Result<Zeroizing<Vec<u8>>, MaterialProblem> {
    let info = EncryptedPrivateKeyInfoRef::from_der(der).map_err(|e| unreadable(der, e))?;
    match &info.encryption_algorithm {
        EncryptionScheme::Pbes2(parameters) => check_cost(parameters)?,
        other => return Err(unsupported(format!("PBES1 ({})", other.oid()))),
    }
    let mut buffer = Zeroizing::new(info.encrypted_data.as_bytes().to_vec());
    let plain = info
        .encryption_algorithm
        .decrypt_in_place(passphrase.reveal()?.as_bytes(), &mut buffer)
        .map_err(|e| match e {
            Error::UnsupportedAlgorithm { oid } => unsupported(oid.to_string()),
            Error::AlgorithmParametersInvalid { .. } => MaterialProblem::KeyMalformed,
            _ => MaterialProblem::WrongPassphrase,
        })?;
    Ok(Zeroizing::new(plain.to_vec()))
}

/// pkcs5 does what the file asks for, however long it takes; so the limits come first.
fn check_cost(parameters: &Parameters) -> Result<(), MaterialProblem> {
    match &parameters.kdf {
        Kdf::Pbkdf2(pbkdf2) if pbkdf2.iteration_count > PrivateKey::MAX_KDF_ITERATIONS => {
            Err(MaterialProblem::TooCostly {
                cost: format!("{} rounds of PBKDF2", pbkdf2.iteration_count),
                limit: PrivateKey::MAX_KDF_ITERATIONS.to_string(),
            })
        }
        Kdf::Pbkdf2(_) => Ok(()),
        Kdf::Scrypt(scrypt) => check_scrypt(scrypt),
        other => Err(unsupported(other.oid().to_string())),
    }
}

/// scrypt fills 128 * r * (N + p) bytes, p times over (RFC 7914, section 2).
fn check_scrypt(scrypt: &ScryptParams) -> Result<(), MaterialProblem> {
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
    if work > PrivateKey::MAX_SCRYPT_WORK {
        return Err(MaterialProblem::TooCostly {
            cost: format!("{work} bytes filled by scrypt"),
            limit: PrivateKey::MAX_SCRYPT_WORK.to_string(),
        });
    }
    Ok(())
}

/// A scheme that pkcs5 does not know fails already while reading.
fn unreadable(der: &[u8], error: der::Error) -> MaterialProblem {
    use der::asn1::AnyRef;
    use pkcs8::spki::AlgorithmIdentifierRef;

    let scheme = AnyRef::from_der(der).and_then(|whole| {
        whole.sequence(|reader| {
            let scheme = AlgorithmIdentifierRef::decode(reader)?;
            AnyRef::decode(reader)?;
            Ok::<_, der::Error>(scheme)
        })
    });
    match (scheme, error.kind()) {
        (Ok(_), der::ErrorKind::OidUnknown { oid }) => unsupported(oid.to_string()),
        (Ok(scheme), _) => unsupported(format!("{} with these parameters", scheme.oid)),
        (Err(_), _) => MaterialProblem::KeyMalformed,
    }
}

fn unsupported(algorithm: String) -> MaterialProblem {
    MaterialProblem::EncryptionUnsupported { algorithm }
}

#[cfg(test)]
mod tests {
    use der::Encode;
    use der::asn1::OctetStringRef;
    use pkcs5::pbes2::Salt;
    use pkcs8::EncryptedPrivateKeyInfo;

    use super::*;

    #[test]
    fn costly_scrypt_is_refused_before_it_begins() {
        // Each would take minutes, or more memory than there is.
        for (n, r, p, part) in [
            (1 << 20, 8, 1, "1073742848 bytes of memory for scrypt"),
            (1 << 63, u16::MAX, u16::MAX, "bytes of memory for scrypt"),
            (1 << 14, 8, 4096, "68719476736 bytes filled by scrypt"),
        ] {
            let problem = decrypt(&scrypt(n, r, p), &Passphrase::new("x")).unwrap_err();
            assert!(problem.to_string().contains(part), "{problem}");
        }
    }

    #[test]
    fn impossible_scrypt_parameters_are_refused() {
        for (n, r, p) in [(0, 8, 1), (3, 8, 1), (1 << 14, 0, 1), (1 << 14, 8, 0)] {
            let problem = decrypt(&scrypt(n, r, p), &Passphrase::new("x")).unwrap_err();
            assert!(
                matches!(problem, MaterialProblem::KeyMalformed),
                "{n} {r} {p}: {problem}"
            );
        }
    }

    fn scrypt(cost_parameter: u64, block_size: u16, parallelization: u16) -> Vec<u8> {
        let info = EncryptedPrivateKeyInfo {
            encryption_algorithm: EncryptionScheme::from(Parameters {
                kdf: Kdf::Scrypt(ScryptParams {
                    salt: Salt::new([7; 8]).unwrap(),
                    cost_parameter,
                    block_size,
                    parallelization,
                    key_length: None,
                }),
                encryption: pkcs5::pbes2::EncryptionScheme::Aes256Cbc { iv: [7; 16] },
            }),
            encrypted_data: OctetStringRef::new(&[7; 64]).unwrap(),
        };
        info.to_der().unwrap()
    }
}
