//! The MAC of a container (RFC 7292, section 4 and appendix B.4; RFC 9579).

use der::asn1::OctetStringRef;
use hmac::EagerHash;
use hmac::digest::block_api::BlockSizeUser;
use hmac::digest::{Digest, FixedOutputReset};
use pkcs8::spki::AlgorithmIdentifierRef;
use pkcs12::kdf::{Pkcs12KeyType, derive_key};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::crypt::Password;
use super::elements::unsupported;
use super::pbmac1::{self, PBMAC1, Pbmac1};
use crate::error::MaterialProblem;
use crate::material::encryption::{Budget, kdf, pbe};
use crate::material::input::passphrase::PassphraseUse;
use crate::material::input::stack_wipe;

#[derive(der::Sequence)]
pub(crate) struct MacData<'a> {
    digest: DigestInfo<'a>,
    salt: &'a OctetStringRef,
    #[asn1(default = "one")]
    iterations: u64,
}

#[derive(der::Sequence)]
struct DigestInfo<'a> {
    algorithm: AlgorithmIdentifierRef<'a>,
    digest: &'a OctetStringRef,
}

fn one() -> u64 {
    1
}

/// Verifies a MAC: password, salt, iterations, content, MAC.
type IsRight = fn(&[u8], &[u8], i32, &[u8], &[u8]) -> bool;

/// Verifies the MAC, and returns the passphrase in the form that the MAC was made with.
pub(crate) fn verify(
    mac: &MacData<'_>,
    content: &[u8],
    passphrase: &PassphraseUse<'_>,
    budget: &mut Budget,
) -> Result<Password, MaterialProblem> {
    let digest = mac.digest.digest.as_bytes();
    if mac.digest.algorithm.oid == PBMAC1 {
        let pbmac1 = Pbmac1::read(mac.digest.algorithm, budget)?;
        let text = passphrase.reveal()?;
        if !pbmac1.is_right(&text, content, digest) {
            return Err(passphrase.wrong(&text));
        }
        let bmp = pbe::bmp_string(&text);
        return Ok(Password { text, bmp });
    }
    let oid = mac.digest.algorithm.oid.to_string();
    let is_right: IsRight = match oid.as_str() {
        "1.3.14.3.2.26" => is_right::<Sha1>,
        "2.16.840.1.101.3.4.2.4" => is_right::<Sha224>,
        "2.16.840.1.101.3.4.2.1" => is_right::<Sha256>,
        "2.16.840.1.101.3.4.2.2" => is_right::<Sha384>,
        "2.16.840.1.101.3.4.2.3" => is_right::<Sha512>,
        other => return Err(unsupported(format!("a MAC by the digest {other}"))),
    };
    let salt = mac.salt.as_bytes();
    kdf::check_salt(salt)?;
    let mut take = || {
        pbe::take_rounds(mac.iterations, 1, budget).map_err(|problem| match problem {
            MaterialProblem::KeyMalformed => MaterialProblem::Pkcs12Malformed,
            problem => problem,
        })
    };
    let rounds = take()?;
    let text = passphrase.reveal()?;
    let bmp = pbe::bmp_string(&text);
    let is_right = |bmp: &[u8], rounds| {
        stack_wipe::with_wiped_stack(|| is_right(bmp, salt, rounds, content, digest))
    };
    if is_right(&bmp, rounds) {
        return Ok(Password { text, bmp });
    }
    // Some programs encode an empty passphrase as two zero octets, others as no octets.
    if text.is_empty() {
        let rounds = take()?;
        let bmp: Zeroizing<Vec<u8>> = Zeroizing::default();
        if is_right(&bmp, rounds) {
            return Ok(Password { text, bmp });
        }
    }
    Err(passphrase.wrong(&text))
}

fn is_right<D>(password: &[u8], salt: &[u8], rounds: i32, content: &[u8], mac: &[u8]) -> bool
where
    D: Digest + FixedOutputReset + BlockSizeUser + EagerHash,
{
    let length = <D as Digest>::output_size();
    let key = Zeroizing::new(derive_key::<D>(
        password,
        salt,
        Pkcs12KeyType::Mac,
        rounds,
        length,
    ));
    pbmac1::is_right::<D>(&key, content, mac)
}
