//! Reading of input: files, their formats, and passphrases.

pub(crate) mod der_shape;
pub(crate) mod file;
pub(crate) mod format;
#[cfg_attr(
    not(all(feature = "encrypted-keys", feature = "watch")),
    allow(
        dead_code,
        reason = "asked for by what is encrypted, and by files that are watched"
    )
)]
pub(crate) mod passphrase;
pub(crate) mod permissions;
#[cfg(any(feature = "encrypted-keys", feature = "watch"))]
pub(crate) mod stack_wipe;
