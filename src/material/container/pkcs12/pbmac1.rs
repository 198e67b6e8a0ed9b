//! Verification of PBMAC1 (RFC 9579, replaced by RFC 9879): PBKDF2 and HMAC.

use const_oid::ObjectIdentifier;
use hmac::{EagerHash, Hmac, KeyInit, Mac};
use pkcs5::pbes2::PBKDF2_OID;
use pkcs8::spki::AlgorithmIdentifierRef;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::elements::{malformed, unsupported};
use crate::error::MaterialProblem;
use crate::material::encryption::Budget;
use crate::material::encryption::kdf::Pbkdf2;
use crate::material::encryption::scheme::name;
use crate::material::input::stack_wipe;

pub(crate) const PBMAC1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.14");

/// Shorter keys are insecure (RFC 9879, section 5); keys longer than the longest digest are
/// useless.
const KEY_BYTES: core::ops::RangeInclusive<usize> = 20..=64;

/// `PBMAC1-params` (RFC 8018, appendix A.5).
#[derive(der::Sequence)]
struct Parameters<'a> {
    kdf: AlgorithmIdentifierRef<'a>,
    mac: AlgorithmIdentifierRef<'a>,
}

/// A MAC whose cost was taken from the budget.
pub(crate) struct Pbmac1<'a> {
    kdf: Pbkdf2<'a>,
    key_bytes: usize,
    is_right: IsRight,
}

/// Verifies a MAC: key, content, MAC.
type IsRight = fn(&[u8], &[u8], &[u8]) -> bool;

impl<'a> Pbmac1<'a> {
    /// Reads the parameters and takes their cost from the budget.
    ///
    /// The salt and iterations of the surrounding `MacData` are ignored.
    pub(crate) fn read(
        algorithm: AlgorithmIdentifierRef<'a>,
        budget: &mut Budget,
    ) -> Result<Self, MaterialProblem> {
        let parameters = algorithm
            .parameters
            .ok_or(MaterialProblem::Pkcs12Malformed)?;
        let Parameters { kdf, mac } = parameters.decode_as().map_err(malformed)?;
        let is_right: IsRight = match mac.oid.to_string().as_str() {
            "1.2.840.113549.2.7" => is_right::<Sha1>,
            "1.2.840.113549.2.8" => is_right::<Sha224>,
            "1.2.840.113549.2.9" => is_right::<Sha256>,
            "1.2.840.113549.2.10" => is_right::<Sha384>,
            "1.2.840.113549.2.11" => is_right::<Sha512>,
            other => return Err(unsupported(format!("a MAC by PBMAC1 with {other}"))),
        };
        if kdf.oid != PBKDF2_OID {
            let name = name(kdf.oid);
            return Err(unsupported(format!("a MAC by PBMAC1 with {name}")));
        }
        let parameters = kdf.parameters.ok_or(MaterialProblem::Pkcs12Malformed)?;
        let kdf = Pbkdf2::read(parameters).map_err(|_| {
            unsupported("a MAC by PBMAC1 with a salt or a digest of PBKDF2 that is not known")
        })?;
        let key_bytes = kdf.key_length.map(usize::from);
        let key_bytes = key_bytes
            .filter(|bytes| KEY_BYTES.contains(bytes))
            .ok_or_else(|| {
                unsupported("a MAC by PBMAC1 whose key has not 20 to 64 bytes (RFC 9879)")
            })?;
        kdf.take(key_bytes, budget)
            .map_err(|problem| match problem {
                MaterialProblem::KeyMalformed => MaterialProblem::Pkcs12Malformed,
                problem => problem,
            })?;
        Ok(Self {
            kdf,
            key_bytes,
            is_right,
        })
    }

    /// Returns whether it is the MAC of the content. The passphrase is UTF-8, without a terminator.
    pub(crate) fn is_right(&self, passphrase: &str, content: &[u8], mac: &[u8]) -> bool {
        stack_wipe::with_wiped_stack(|| {
            let mut key = Zeroizing::new([0; *KEY_BYTES.end()]);
            let Some(key) = key.get_mut(..self.key_bytes) else {
                return false;
            };
            self.kdf.derive(passphrase.as_bytes(), key);
            (self.is_right)(key, content, mac)
        })
    }
}

/// Verifies the whole MAC in constant time.
pub(crate) fn is_right<D: EagerHash>(key: &[u8], content: &[u8], mac: &[u8]) -> bool {
    // Never an error: HMAC accepts keys of any length.
    let Ok(hmac) = <Hmac<D> as KeyInit>::new_from_slice(key) else {
        return false;
    };
    hmac.chain_update(content).verify_slice(mac).is_ok()
}
