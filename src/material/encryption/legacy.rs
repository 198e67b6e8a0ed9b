//! The encrypted PEM of old OpenSSL (RFC 1421, section 4.6).
//!
//! Its headers are `Proc-Type: 4,ENCRYPTED` and `DEK-Info: AES-256-CBC,<iv>`. The key derivation is
//! OpenSSL's `EVP_BytesToKey` with MD5 and one iteration.

use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::{BlockCipherDecrypt, KeyInit};
use des::TdesEde3;
use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::cipher::cbc;
use super::scheme::{cipher, encryption_unsupported};
use crate::error::MaterialProblem;
use crate::material::input::passphrase::{PassphraseUse, wrong_passphrase};
use crate::material::input::stack_wipe;
use crate::material::pem::Section;

const MAX_IV_LEN: usize = 16;
/// OpenSSL uses the first octets of the initialization vector as the salt.
const SALT_LEN: usize = 8;

pub(crate) fn decrypt(
    section: &Section<'_>,
    data: &[u8],
    passphrase: &PassphraseUse<'_>,
) -> Result<Zeroizing<Vec<u8>>, MaterialProblem> {
    let (_, info) = section
        .headers()
        .find(|(name, _)| *name == "DEK-Info")
        .ok_or(MaterialProblem::KeyMalformed)?;
    let (name, iv) = info.split_once(',').unwrap_or((info, ""));
    let open = match name.trim() {
        "AES-128-CBC" => cbc_decrypt::<Aes128, 16>,
        "AES-192-CBC" => cbc_decrypt::<Aes192, 24>,
        "AES-256-CBC" => cbc_decrypt::<Aes256, 32>,
        "DES-EDE3-CBC" => cbc_decrypt::<TdesEde3, 24>,
        other => return Err(encryption_unsupported(cipher(other).to_owned())),
    };
    let mut bytes = [0; MAX_IV_LEN];
    let iv = base16ct::mixed::decode(iv.trim(), &mut bytes)
        .map_err(|_| MaterialProblem::KeyMalformed)?;
    open(data, iv, passphrase)
}

fn cbc_decrypt<C: BlockCipherDecrypt + KeyInit, const KEY_LEN: usize>(
    data: &[u8],
    iv: &[u8],
    passphrase: &PassphraseUse<'_>,
) -> Result<Zeroizing<Vec<u8>>, MaterialProblem> {
    let salt = match iv.split_at_checked(SALT_LEN) {
        Some((salt, _)) if iv.len() == C::block_size() => salt,
        _ => return Err(MaterialProblem::KeyMalformed),
    };
    passphrase.open(|text| decrypt_by::<C, KEY_LEN>(data, iv, salt, text))
}

fn decrypt_by<C: BlockCipherDecrypt + KeyInit, const KEY_LEN: usize>(
    data: &[u8],
    iv: &[u8],
    salt: &[u8],
    passphrase: &str,
) -> Result<Zeroizing<Vec<u8>>, MaterialProblem> {
    let mut buffer = Zeroizing::new(data.to_vec());
    let opened = stack_wipe::with_wiped_stack(|| {
        let key = derive::<KEY_LEN>(passphrase.as_bytes(), salt);
        cbc::<C>(&*key, iv, &mut buffer)
    });
    let length = opened.ok_or_else(wrong_passphrase)?;
    // The truncated bytes are wiped with the buffer.
    buffer.truncate(length);
    Ok(buffer)
}

/// Derives a key: each block is the MD5 of the block before it, the passphrase and the salt.
fn derive<const KEY_LEN: usize>(passphrase: &[u8], salt: &[u8]) -> Zeroizing<[u8; KEY_LEN]> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    let mut block: Zeroizing<Vec<u8>> = Zeroizing::default();
    for part in key.chunks_mut(16) {
        let digest = Md5::new()
            .chain_update(&*block)
            .chain_update(passphrase)
            .chain_update(salt)
            .finalize();
        block = Zeroizing::new(digest.to_vec());
        let (head, _) = block.split_at(part.len());
        part.copy_from_slice(head);
    }
    key
}
