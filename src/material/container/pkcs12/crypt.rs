//! Decryption of the parts of a container.

use pkcs8::spki::AlgorithmIdentifierRef;
use rc2::Rc2;
use zeroize::Zeroizing;

use super::elements::{EXPORT_AGAIN, unsupported};
use crate::error::MaterialProblem;
use crate::material::encryption::pbe::{Pbe, Scheme, TRIPLE_DES};
use crate::material::encryption::scheme::is_withdrawn;
use crate::material::encryption::{Budget, pbes2};

/// The passphrase of a container, in the two forms that key derivations need.
pub(crate) struct Password {
    pub(crate) text: Zeroizing<String>,
    /// The form that the MAC was made with.
    pub(crate) bmp: Zeroizing<Vec<u8>>,
}

/// RC2; containers usually encrypt certificates with 40 bits, the limit of old export rules.
const RC2: [Scheme; 2] = [
    Scheme::new::<Rc2>("1.2.840.113549.1.12.1.5", 16),
    Scheme::new::<Rc2>("1.2.840.113549.1.12.1.6", 5),
];

/// Decrypts a part; without a MAC an encrypted part is an error.
pub(crate) fn decrypt(
    algorithm: AlgorithmIdentifierRef<'_>,
    data: &[u8],
    password: Option<&Password>,
    budget: &mut Budget,
) -> Result<Zeroizing<Vec<u8>>, MaterialProblem> {
    let password = password.ok_or(MaterialProblem::Pkcs12WithoutMac)?;
    let plain = match algorithm.oid {
        pbes2::PBES2 => pbes2::read(algorithm, budget)
            .and_then(|parameters| pbes2::open(&parameters, data, &password.text)),
        _ => Pbe::read(TRIPLE_DES.iter().chain(&RC2), algorithm, budget)
            .and_then(|pbe| pbe.open(data, &password.bmp)),
    };
    plain.map_err(|problem| match problem {
        MaterialProblem::KeyMalformed => MaterialProblem::Pkcs12Malformed,
        MaterialProblem::WrongPassphrase { .. } => another_passphrase(),
        problem => in_container(problem),
    })
}

/// Returns the error for a part that the passphrase of the MAC does not decrypt.
///
/// The MAC was verified before, so the passphrase is right for the container.
pub(crate) fn another_passphrase() -> MaterialProblem {
    unsupported("a part with another passphrase, or a damaged one")
}

/// Replaces the advice in an error by one that exports the whole container again.
fn in_container(problem: MaterialProblem) -> MaterialProblem {
    let MaterialProblem::EncryptionUnsupported { algorithm, .. } = problem else {
        return problem;
    };
    let advice = if is_withdrawn(&algorithm) {
        "export the container anew by `openssl pkcs12 -legacy -in FILE -nodes -out PEM && openssl pkcs12 -export \
             -in PEM -out NEW` (of several identities it takes the first alone; `-name NAME` gives it a friendly name; \
             then delete PEM, which has the key in the clear)"
    } else {
        EXPORT_AGAIN
    };
    MaterialProblem::EncryptionUnsupported { algorithm, advice }
}
