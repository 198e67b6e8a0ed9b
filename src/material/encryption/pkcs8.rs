//! Encrypted PKCS#8 (RFC 5958, section 3).

use der::Decode;
use der::asn1::OctetStringRef;
use pkcs8::spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::{Budget, pbes1, pbes2};
use crate::error::MaterialProblem;
use crate::material::input::passphrase::PassphraseUse;

/// `EncryptedPrivateKeyInfo`; the parser of `pkcs8` rejects schemes that `pkcs5` does not have.
#[derive(der::Sequence)]
pub(in crate::material) struct EncryptedKey<'a> {
    pub(in crate::material) algorithm: AlgorithmIdentifierRef<'a>,
    pub(in crate::material) data: &'a OctetStringRef,
}

pub(crate) fn decrypt(
    der: &[u8],
    passphrase: &PassphraseUse<'_>,
) -> Result<Zeroizing<Vec<u8>>, MaterialProblem> {
    let key = EncryptedKey::from_der(der).map_err(|_| MaterialProblem::KeyMalformed)?;
    let data = key.data.as_bytes();
    match key.algorithm.oid {
        // The passphrase is read only after the parameters were accepted.
        pbes2::PBES2 => {
            let parameters = pbes2::read(key.algorithm, &mut Budget::new())?;
            passphrase.open(|text| pbes2::open(&parameters, data, text))
        }
        _ => pbes1::decrypt(key.algorithm, data, passphrase),
    }
}
