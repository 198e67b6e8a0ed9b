use std::error::Error as StdError;
use std::path::{Path, PathBuf};

use super::anchor::{self, UnusableTrustAnchor};
use super::backend_kind::BackendKind;
use super::exposed;

/// The error of building a client or a server from its settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The TLS library rejected a setting or our own material.
    #[error("{backend} refused {what}")]
    Backend {
        /// The backend.
        backend: BackendKind,
        /// The setting or material.
        what: &'static str,
        /// The error of the library.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// No trust anchor is within its validity.
    #[error(
        "no trust anchor is valid at {now}, so every peer would be refused; give the CA certificates that issue the peers' \
         certificates now, and when these look valid, compare the clock"
    )]
    TrustAnchorsExpired {
        /// The time of the check.
        now: String,
    },
    /// A certificate of our own chain is not signed by the one that follows it.
    #[error(
        "certificate {index} ({subject}) of our own chain is not signed by the next one ({issuer}): {problem}; \
         replace the intermediates by those that issued this leaf"
    )]
    IdentityChain {
        /// The position in the chain, from 0 (the leaf).
        index: usize,
        /// The subject of the certificate (RFC 4514).
        subject: String,
        /// The subject of the certificate after it.
        issuer: String,
        /// The fault of the signature.
        problem: String,
    },
    /// A certificate of a rotation's identity has expired, or is not valid yet.
    #[error(
        "certificate {index} ({subject}) of our own new chain is not valid at {now}: {problem}; renew it, and when it looks \
         valid, compare the clock"
    )]
    IdentityNotValid {
        /// The position in the chain, from 0 (the leaf).
        index: usize,
        /// The subject of the certificate (RFC 4514).
        subject: String,
        /// The violated bound of its validity.
        problem: String,
        /// The time of the check.
        now: String,
    },
    /// Our trust anchors do not authenticate our own chain.
    ///
    /// They did before the rotation, or [`SelfTrust`](crate::rotation::SelfTrust) requires it.
    #[error(
        "our own trust anchors do not vouch for our own identity: {problem}; see that the trust anchors are the ones that \
         were meant; to change the CA, first add the new one to all trust anchors, then issue the identities anew, and remove \
         the old one last (or change both in one rotation); where peers and we have different CAs, call \
         `.self_trust(SelfTrust::Skip)`"
    )]
    OwnChainRejected {
        /// The reason of the rejection.
        problem: String,
    },
    /// A setting has a value that can never work.
    #[error("{setting} cannot be used: {problem}")]
    InvalidSetting {
        /// The builder's method.
        setting: &'static str,
        /// The fault of the value.
        problem: String,
    },
    /// The private key's file has insecure permissions, which `KeyPermissions::Deny` rejects.
    #[error("{}", denied("the private key", .path, *.mode))]
    InsecureKeyFile {
        /// The path of the file.
        path: PathBuf,
        /// The permission bits, as `chmod` takes them.
        mode: u32,
    },
    /// The private key of our identity does not belong to its leaf.
    ///
    /// For ECDSA P-521 and ML-DSA keys, whose public half is not derived when they are loaded, the
    /// backend's library detects it. For others loading returns a
    /// [`MaterialError`](crate::MaterialError).
    #[error(
        "the private key ({key}) does not belong to the leaf {subject}; give the key whose public \
         key has the leaf's digest: `openssl pkey -in KEY -pubout -outform DER | sha256sum`"
    )]
    KeyMismatch {
        /// The subject of the leaf (RFC 4514).
        subject: String,
        /// The kind of the private key.
        key: String,
    },
    /// No identity was given.
    #[error(
        "no identity was given; call `.identity(..)`: in mutual TLS both ends prove who they are"
    )]
    MissingIdentity,
    /// A server was given no policy.
    #[error(
        "a server has no default policy; call `.policy(..)`, and write `VerifierPolicy::allow_any_authenticated()` \
         to admit every client that the trust anchors vouch for"
    )]
    MissingPolicy,
    /// The policy has revocation rules, but no lists were given.
    #[error(
        "the policy asks for revocation (`VerifierPolicy::revocation`), and no lists were given; call \
         `.revocation_lists(..)`: without them every peer would be refused"
    )]
    MissingRevocationLists,
    /// Revocation lists were given, but the policy has no rules for them.
    #[error(
        "revocation lists were given (`.revocation_lists(..)`), and the policy would never look at them; call \
         `VerifierPolicy::revocation(RevocationRules::require(..))`"
    )]
    MissingRevocationRules,
    /// No trust anchors were given.
    #[error(
        "no trust anchors were given; call `.trust_anchors(..)`: without them nobody's certificate can be judged, \
         and the system's are never used in their place"
    )]
    MissingTrustAnchors,
    /// rustls was compiled without a crypto provider, and none was given.
    #[error(
        "rustls has no crypto provider; enable the cargo feature `aws-lc-rs` or `ring`, or give one by \
         `Rustls::with_provider`"
    )]
    NoCryptoProvider,
    /// The passphrase file of the private key has insecure permissions, which
    /// `KeyPermissions::Deny` rejects.
    #[error("{}", denied("the passphrase of the private key", .path, *.mode))]
    InsecurePassphraseFile {
        /// The path of the file.
        path: PathBuf,
        /// The permission bits, as `chmod` takes them.
        mode: u32,
    },
    /// A rotation would lose a revocation list in force, or bring back an older one.
    ///
    /// The list in its place is missing, older, not current or not the issuer's.
    /// [`Rotation::revocation_lists`](crate::Rotation::revocation_lists) states which lists count.
    #[error(
        "in place of the revocation list of {issuer}: {problem}; give the latest one (of all that `openssl crl \
         -in FILE -noout -crlnumber -lastupdate -nextupdate` shows); to go back on purpose build anew"
    )]
    RevocationListRegression {
        /// The issuer of the list (RFC 4514).
        issuer: String,
        /// The fault of the list in its place.
        problem: String,
    },
    /// The signing key of our identity (an HSM, a TPM, a KMS) did not sign the test text.
    #[error(
        "the signing key did not sign a test text by {scheme}; look at what it says itself (below), and at its \
         address, its credentials and its rights: the first handshake would fail as this did"
    )]
    SigningKeyFailed {
        /// The signature scheme (RFC 8446, section 4.2.3).
        scheme: String,
        /// The error of the signing key.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The signing key signed the test text with another key than the leaf's.
    #[error(
        "what the signing key signed by {scheme} does not verify with the key in the leaf {subject}; give the id of \
         the key that this certificate was issued for, and see that it signs the whole message (not a digest of a \
         digest) and that ECDSA signatures are in DER"
    )]
    SigningKeyMismatch {
        /// The signature scheme (RFC 8446, section 4.2.3).
        scheme: String,
        /// The subject of the leaf (RFC 4514).
        subject: String,
    },
    /// The source did not return its first rotation.
    #[error("the source of identity and anchors could not be loaded")]
    Source(#[source] Box<dyn StdError + Send + Sync>),
    /// The thread that polls the source or watches connections could not be started.
    #[error("the thread that watches over rotation could not be started")]
    Thread(#[source] std::io::Error),
    /// No trust anchor can authenticate a peer, so every peer would be rejected.
    #[error("no trust anchor can vouch for a peer: {}", anchor::list(.0))]
    UnusableTrustAnchors(Vec<UnusableTrustAnchor>),
    /// The source is used by another client or server from a clone of the builder.
    #[error("the source was taken by a clone of this builder; give each clone a source of its own")]
    SourceTaken,
    /// The backend cannot enforce a setting.
    #[error("{backend} cannot do this: {what}; choose another backend or leave the setting out")]
    Unsupported {
        /// The backend.
        backend: BackendKind,
        /// The capability that it lacks.
        what: &'static str,
    },
}

fn denied(what: &str, path: &Path, mode: u32) -> String {
    format!(
        "{}, which is denied by `.key_permissions(KeyPermissions::Deny)`; close it by `{}`, or for a Kubernetes secret by \
         `defaultMode: 0400`, and load it again",
        exposed::words(what, path, mode),
        exposed::close(path),
    )
}
