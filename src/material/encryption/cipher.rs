//! Decryption under a derived key.

use aes::{Aes128, Aes192, Aes256};
use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit};
use des::TdesEde3;
use pkcs5::pbes2::EncryptionScheme;

/// The length of a GCM tag in bytes.
pub(crate) const TAG_BYTES: usize = 16;

/// Decrypts in place by PBES2's cipher; returns the length of the plain text.
pub(crate) fn decrypt(scheme: &EncryptionScheme, key: &[u8], data: &mut [u8]) -> Option<usize> {
    match scheme {
        EncryptionScheme::Aes128Cbc { iv } => cbc::<Aes128>(key, iv, data),
        EncryptionScheme::Aes192Cbc { iv } => cbc::<Aes192>(key, iv, data),
        EncryptionScheme::Aes256Cbc { iv } => cbc::<Aes256>(key, iv, data),
        EncryptionScheme::Aes128Gcm { nonce } => {
            gcm(&Aes128Gcm::new_from_slice(key).ok()?, nonce, data)
        }
        EncryptionScheme::Aes256Gcm { nonce } => {
            gcm(&Aes256Gcm::new_from_slice(key).ok()?, nonce, data)
        }
        EncryptionScheme::DesEde3Cbc { iv } => cbc::<TdesEde3>(key, iv, data),
        // `pkcs5` has no other scheme today.
        _ => None,
    }
}

/// Decrypts in place by a block cipher in CBC mode; returns the length of the plain text.
pub(in crate::material) fn cbc<C: BlockCipherDecrypt + KeyInit>(
    key: &[u8],
    iv: &[u8],
    data: &mut [u8],
) -> Option<usize> {
    let decryptor = Decryptor::<C>::new_from_slices(key, iv).ok()?;
    Some(decryptor.decrypt_padded::<Pkcs7>(data).ok()?.len())
}

/// Verifies the tag at the end, and decrypts the data before it.
fn gcm(cipher: &impl AeadInOut, nonce: &[u8], data: &mut [u8]) -> Option<usize> {
    let (text, tag) = data.split_at_mut_checked(data.len().checked_sub(TAG_BYTES)?)?;
    let (nonce, tag) = (nonce.try_into().ok()?, (&*tag).try_into().ok()?);
    let length = text.len();
    cipher
        .decrypt_inout_detached(nonce, &[], text.into(), tag)
        .ok()?;
    Some(length)
}
