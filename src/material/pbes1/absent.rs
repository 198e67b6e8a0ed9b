//! In place of the parent's, where the withdrawn schemes are not compiled in.

use pkcs8::spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::encrypted;
use super::passphrase::Asked;
use crate::error::MaterialProblem;

pub(super) fn decrypt(
    algorithm: AlgorithmIdentifierRef<'_>,
    _: &[u8],
    _: &Asked<'_>,
) -> Result<Zeroizing<Vec<u8>>, MaterialProblem> {
    Err(match encrypted::unsupported(algorithm.oid) {
        MaterialProblem::EncryptionUnsupported {
            algorithm: name,
            advice,
        } if algorithm.oid.to_string() == "1.2.840.113549.1.12.1.3" => {
            let algorithm = format!("{name}, which takes the cargo feature `legacy-keys`");
            MaterialProblem::EncryptionUnsupported { algorithm, advice }
        }
        problem => problem,
    })
}
