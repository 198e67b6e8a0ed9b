//! The error of building a client or a server.

mod name;

use core::fmt;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::path::{Path, PathBuf};

use pki_types::UnixTime;

use super::anchors_hint::{anchors_hint, dates_of};
use super::setting_problem::SettingProblem;
use super::verdict::rejection::Rejection;
use crate::error::{BackendKind, ConfigField, UnusableTrustAnchor, exposed};
use crate::material::IdentityWarning;
use crate::x509::rfc3339;

/// The error of building a client or a server from its settings.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The TLS library rejected a setting or our own material.
    Backend {
        /// The backend.
        backend: BackendKind,
        /// The setting or material.
        what: &'static str,
        /// How to fix it.
        advice: &'static str,
        /// The error of the library.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A setting of a configuration cannot be used.
    Configured {
        /// The field of the configuration.
        field: ConfigField,
        /// The fault.
        error: Box<Self>,
    },
    /// A certificate of our own chain is not signed by the one that follows it.
    IdentityChain {
        /// The position in the chain, from 0 (the leaf).
        index: usize,
        /// The subject of the certificate (RFC 4514).
        subject: String,
        /// The subject of the certificate after it.
        issuer: String,
        /// The fault of the signature.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A certificate of our own chain is not valid now, which `SelfValidity::Require` rejects.
    IdentityNotValid(IdentityWarning),
    /// The private key's file has insecure permissions, which `KeyPermissions::Deny` rejects.
    InsecureKeyFile {
        /// The path of the file.
        path: PathBuf,
        /// The permission bits, as `chmod` takes them.
        mode: u32,
    },
    /// The passphrase file of the private key has insecure permissions, which
    /// `KeyPermissions::Deny` rejects.
    InsecurePassphraseFile {
        /// The path of the file.
        path: PathBuf,
        /// The permission bits, as `chmod` takes them.
        mode: u32,
    },
    /// A setting has a value that can never work.
    InvalidSetting {
        /// The builder's method.
        setting: &'static str,
        /// The fault of the value.
        problem: SettingProblem,
    },
    /// The private key of our identity does not belong to its leaf.
    ///
    /// For ECDSA P-521 and ML-DSA keys, whose public half is not derived when they are loaded, the
    /// backend's library detects it. For others loading returns a
    /// [`MaterialError`](crate::MaterialError), given a feature that derives it (see
    /// [`MtlsIdentity`](crate::MtlsIdentity)).
    KeyMismatch {
        /// The subject of the leaf (RFC 4514).
        subject: String,
        /// The kind of the private key.
        key: String,
    },
    /// No identity was given.
    MissingIdentity,
    /// A server was given no policy.
    MissingPolicy,
    /// The policy has revocation rules, but no lists were given.
    MissingRevocationLists,
    /// Revocation lists were given, but the policy has no rules for them.
    MissingRevocationRules,
    /// No trust anchors were given.
    MissingTrustAnchors,
    /// rustls was compiled without a crypto provider, and none was given.
    NoCryptoProvider,
    /// Our trust anchors do not authenticate our own chain.
    ///
    /// They did before the rotation, or [`SelfTrust`](crate::rotation::SelfTrust) requires it. The
    /// hint of the rejection is that of this error.
    OwnChainRejected(Rejection),
    /// The signing key of our identity (an HSM, a TPM, a KMS) did not sign the test text.
    SigningKeyFailed {
        /// The signature scheme (RFC 8446, section 4.2.3).
        scheme: String,
        /// The error of the signing key.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The signing key signed the test text with another key than the leaf's.
    SigningKeyMismatch {
        /// The signature scheme (RFC 8446, section 4.2.3).
        scheme: String,
        /// The subject of the leaf (RFC 4514).
        subject: String,
    },
    /// The source did not return its first rotation.
    Source(Box<dyn StdError + Send + Sync>),
    /// An earlier build, of a clone of the builder, has taken the source.
    SourceTaken,
    /// The thread that polls the source or watches connections could not be started.
    Thread(std::io::Error),
    /// No trust anchor is within its validity.
    TrustAnchorsExpired {
        /// The time of the check.
        at: UnixTime,
        /// The anchors, each with its dates.
        anchors: Vec<UnusableTrustAnchor>,
    },
    /// The backend cannot enforce a setting.
    Unsupported {
        /// The backend.
        backend: BackendKind,
        /// The builder's method.
        setting: &'static str,
        /// The capability that it lacks.
        what: &'static str,
        /// Why it lacks the capability.
        reason: &'static str,
    },
    /// No trust anchor can authenticate a peer, so every peer would be rejected.
    ///
    /// The first anchor is the source.
    UnusableTrustAnchors(Vec<UnusableTrustAnchor>),
}

impl BuildError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Backend { advice, .. } => advice,
            Self::IdentityChain { .. } => {
                "replace the intermediates by those that issued this leaf"
            }
            Self::IdentityNotValid(warning) => return warning.hint(),
            Self::InsecureKeyFile { path, .. } | Self::InsecurePassphraseFile { path, .. } => {
                return close(path).into();
            }
            Self::Configured { field, error } => {
                return field.hint.map_or_else(|| error.hint(), Cow::Borrowed);
            }
            Self::InvalidSetting { problem, .. } => return problem.hint(),
            Self::KeyMismatch { .. } => {
                "give the key whose public key has the leaf's digest: `mtls inspect CERT KEY` shows both digests, and among more \
                 files which belong together; so does `openssl pkey -in KEY -pubout -outform DER | sha256sum` for a key"
            }
            Self::MissingIdentity => {
                "call `.identity(..)`: in mutual TLS both sides prove their identity"
            }
            Self::MissingPolicy => {
                "call `.policy(..)`, with `VerifierPolicy::allow_any_authenticated()` to accept \
                 every client that the trust anchors authenticate: a server has no default policy"
            }
            Self::MissingRevocationLists => {
                "call `.revocation_lists(..)`, or leave `VerifierPolicy::revocation` out: without \
                 lists every peer would be rejected"
            }
            Self::MissingRevocationRules => {
                "call `VerifierPolicy::revocation(RevocationRules::require(..))`, or leave \
                 `.revocation_lists(..)` out: without rules the policy never uses the lists"
            }
            Self::MissingTrustAnchors => {
                "call `.trust_anchors(..)`: without them no certificate can be verified, and the \
                 system's are never used in their place"
            }
            Self::NoCryptoProvider => {
                "enable the cargo feature `aws-lc-rs` or `ring`, or give a provider by \
                 `Rustls::with_provider`"
            }
            Self::OwnChainRejected(_) => Self::OWN_CHAIN_HINT,
            Self::SigningKeyFailed { .. } => {
                "correct what the signing key's own error names, and check its address, its \
                 credentials and its permissions: the first handshake would fail in the same way"
            }
            Self::SigningKeyMismatch { .. } => {
                "give the id of the key that this certificate was issued for; the key must sign \
                 the whole message (not a digest of a digest), and ECDSA signatures are in DER"
            }
            Self::Source(_) => {
                "correct what the source's own error names: `build` needs a first rotation; where it \
                 comes later, let `build` wait by `.wait_for_first(..)`"
            }
            Self::SourceTaken => {
                "give each build its own source: clones of a builder share one, and a build that fails keeps it"
            }
            Self::Thread(_) => {
                "raise the limit of threads for this process (`ulimit -u`, or `pids.max` of its \
                 control group)"
            }
            Self::TrustAnchorsExpired { .. } => {
                "give the CA certificates that issue the peers' certificates now; if the dates of these are right, the clock \
                 of this machine is wrong: `date -u` shows it"
            }
            Self::Unsupported { reason, .. } => {
                return format!("choose another backend or leave the setting out: {reason}").into();
            }
            Self::UnusableTrustAnchors(anchors) => return anchors_hint(anchors),
        })
    }

    /// The remedy for an own chain that our anchors reject, unlike that for a peer's chain.
    pub(crate) const OWN_CHAIN_HINT: &str = "verify that these are the trust anchors that were \
        meant; to change the CA, first add the new one to all trust anchors, then issue the \
        identities anew, and remove the old one last (or change both in one rotation); where peers \
        and we have different CAs, call `.self_trust(SelfTrust::Skip)`";
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Backend { backend, what, .. } => return write!(f, "{backend} rejected {what}"),
            Self::IdentityChain {
                index,
                subject,
                issuer,
                ..
            } => {
                return write!(
                    f,
                    "certificate {index} ({subject}) of our own chain is not signed by the next \
                     ({issuer})"
                );
            }
            Self::IdentityNotValid(warning) => return warning.fmt(f),
            Self::InsecureKeyFile { path, mode } => {
                return f.write_str(&exposed::words("the private key", path, *mode));
            }
            Self::InsecurePassphraseFile { path, mode } => {
                return f.write_str(&exposed::words("the private key's passphrase", path, *mode));
            }
            Self::InvalidSetting { setting, problem } => {
                return write!(f, "{setting} cannot be used: {problem}");
            }
            Self::KeyMismatch { subject, key } => {
                return write!(
                    f,
                    "the private key ({key}) does not belong to the leaf {subject}"
                );
            }
            Self::MissingIdentity => "no identity was given",
            Self::MissingPolicy => "the server has no policy",
            Self::MissingRevocationLists => {
                "the policy has revocation rules, but no revocation lists were given"
            }
            Self::MissingRevocationRules => {
                "revocation lists were given, but the policy has no revocation rules"
            }
            Self::MissingTrustAnchors => "no trust anchors were given",
            Self::NoCryptoProvider => "the backend has no crypto provider",
            Self::OwnChainRejected(_) => {
                "our own trust anchors do not authenticate our own identity"
            }
            Self::SigningKeyFailed { scheme, .. } => {
                return write!(
                    f,
                    "the signing key failed to sign a test text with {scheme}"
                );
            }
            Self::SigningKeyMismatch { scheme, subject } => {
                return write!(
                    f,
                    "the signing key's signature by {scheme} does not verify with the leaf \
                     {subject}"
                );
            }
            Self::Source(_) => "the source did not return its first rotation",
            Self::SourceTaken => "an earlier build has taken the source",
            Self::Thread(_) => "the thread for rotation could not be started",
            Self::TrustAnchorsExpired { at, anchors } => {
                let dates = dates_of(anchors);
                return write!(f, "no trust anchor is valid at {}{dates}", rfc3339(*at));
            }
            Self::Configured { field, error } => return write!(f, "{field}: {error}"),
            Self::Unsupported { backend, what, .. } => {
                return write!(f, "{backend} does not support {what}");
            }
            Self::UnusableTrustAnchors(_) => "no trust anchor can authenticate a peer",
        })
    }
}

impl StdError for BuildError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Backend { source, .. }
            | Self::IdentityChain { source, .. }
            | Self::SigningKeyFailed { source, .. }
            | Self::Source(source) => Some(&**source),
            Self::Configured { error, .. } => error.source(),
            Self::OwnChainRejected(rejection) => Some(rejection),
            Self::Thread(error) => Some(error),
            Self::UnusableTrustAnchors(anchors) => Some(anchors.first()?),
            Self::IdentityNotValid(_)
            | Self::InsecureKeyFile { .. }
            | Self::InsecurePassphraseFile { .. }
            | Self::InvalidSetting { .. }
            | Self::KeyMismatch { .. }
            | Self::MissingIdentity
            | Self::MissingPolicy
            | Self::MissingRevocationLists
            | Self::MissingRevocationRules
            | Self::MissingTrustAnchors
            | Self::NoCryptoProvider
            | Self::SigningKeyMismatch { .. }
            | Self::SourceTaken
            | Self::TrustAnchorsExpired { .. }
            | Self::Unsupported { .. } => None,
        }
    }
}

fn close(path: &Path) -> String {
    format!(
        "close the file by `{}`, or for a Kubernetes secret by `defaultMode: 0400`, and load it \
         again (rejected because `.key_permissions(KeyPermissions::Deny)` is set)",
        exposed::close(path)
    )
}
