//! The stable name of each error of building.

use super::BuildError;
use crate::error::unknown_name::variant_names;

variant_names!(BuildError, {
    Backend => "rejected_by_backend",
    Configured => "configured",
    IdentityChain => "identity_chain",
    IdentityNotValid => "identity_not_valid",
    InsecureKeyFile => "insecure_key_file",
    InsecurePassphraseFile => "insecure_passphrase_file",
    InvalidSetting => "invalid_setting",
    KeyMismatch => "key_mismatch",
    MissingIdentity => "missing_identity",
    MissingPolicy => "missing_policy",
    MissingRevocationLists => "missing_revocation_lists",
    MissingRevocationRules => "missing_revocation_rules",
    MissingTrustAnchors => "missing_trust_anchors",
    NoCryptoProvider => "no_crypto_provider",
    OwnChainRejected => "own_chain_rejected",
    SigningKeyFailed => "signing_key_failed",
    SigningKeyMismatch => "signing_key_mismatch",
    Source => "source_failed",
    SourceTaken => "source_taken",
    Thread => "thread_not_started",
    TrustAnchorsExpired => "trust_anchors_expired",
    Unsupported => "unsupported_by_backend",
    UnusableTrustAnchors => "unusable_trust_anchors",
});
