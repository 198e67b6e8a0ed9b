//! Private keys under the withdrawn encryption of PKCS#12, outside of a container.

use pkcs8::spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::Budget;
use super::pbe::{self, Pbe};
use crate::error::MaterialProblem;
use crate::material::input::passphrase::PassphraseUse;

pub(crate) fn decrypt(
    algorithm: AlgorithmIdentifierRef<'_>,
    data: &[u8],
    passphrase: &PassphraseUse<'_>,
) -> Result<Zeroizing<Vec<u8>>, MaterialProblem> {
    let pbe = Pbe::read(&pbe::TRIPLE_DES, algorithm, &mut Budget::new())?;
    passphrase.open(|text| pbe.open(data, &pbe::bmp_string(text)))
}
