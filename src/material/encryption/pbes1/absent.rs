//! Replaces the parent module if the withdrawn schemes are not compiled in.

use pkcs8::spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use crate::error::MaterialProblem;
use crate::material::encryption;
use crate::material::input::passphrase::PassphraseUse;

pub(crate) fn decrypt(
    algorithm: AlgorithmIdentifierRef<'_>,
    _: &[u8],
    _: &PassphraseUse<'_>,
) -> Result<Zeroizing<Vec<u8>>, MaterialProblem> {
    Err(match encryption::unsupported(algorithm.oid) {
        MaterialProblem::EncryptionUnsupported {
            algorithm: name, ..
        } if algorithm.oid.to_string() == "1.2.840.113549.1.12.1.3" => {
            MaterialProblem::EncryptionUnsupported {
                algorithm: name,
                advice: "enable the cargo feature `legacy-keys`, or encrypt the key anew by \
                         `openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out NEW`",
            }
        }
        problem => problem,
    })
}
