use std::error::Error as StdError;
use std::path::{Path, PathBuf};

use super::anchor::{self, UnusableTrustAnchor};
use super::backend_kind::BackendKind;
use super::exposed;

/// Why a client or a server could not be built from its settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The TLS library refused a setting or our own material.
    #[error("{backend} refused {what}")]
    Backend {
        /// The library.
        backend: BackendKind,
        /// What was given to it.
        what: &'static str,
        /// Its own words.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// None of the trust anchors is within its validity.
    #[error(
        "no trust anchor is valid at {now}, so every peer would be refused; give the CA certificates that issue the peers' \
         certificates now, and when these look valid, compare the clock"
    )]
    TrustAnchorsExpired {
        /// The moment of the judgement.
        now: String,
    },
    /// A certificate of our own chain is not signed by the one that follows it.
    #[error(
        "certificate {index} ({subject}) of our own chain is not signed by the next one ({issuer}): {problem}; \
         replace the intermediates by those that issued this leaf"
    )]
    IdentityChain {
        /// Its position in the chain, from 0 (the leaf).
        index: usize,
        /// Its subject (RFC 4514).
        subject: String,
        /// The subject of the certificate after it.
        issuer: String,
        /// What is wrong with the signature.
        problem: String,
    },
    /// A certificate of the identity of a rotation has expired, or is not valid yet.
    #[error(
        "certificate {index} ({subject}) of our own new chain is not valid at {now}: {problem}; renew it, and when it looks \
         valid, compare the clock"
    )]
    IdentityNotValid {
        /// Its position in the chain, from 0 (the leaf).
        index: usize,
        /// Its subject (RFC 4514).
        subject: String,
        /// The end of its validity that was missed.
        problem: String,
        /// The moment of the judgement.
        now: String,
    },
    /// Our own trust anchors vouched for our own identity, and would not after a rotation; or they
    /// have to, by [`SelfTrust`](crate::rotation::SelfTrust), and do not.
    #[error(
        "our own trust anchors do not vouch for our own identity: {problem}; see that the trust anchors are the ones that \
         were meant; to change the CA, first add the new one to all trust anchors, then issue the identities anew, and remove \
         the old one last (or change both in one rotation); where peers and we have different CAs, call \
         `.self_trust(SelfTrust::Skip)`"
    )]
    OwnChainRejected {
        /// Why not.
        problem: String,
    },
    /// A setting has a value that can never work.
    #[error("{setting} cannot be used: {problem}")]
    InvalidSetting {
        /// The builder's method.
        setting: &'static str,
        /// What is wrong with the value.
        problem: String,
    },
    /// The private key's file is open to others, and `KeyPermissions::Deny` refuses that.
    #[error("{}", denied("the private key", .path, *.mode))]
    InsecureKeyFile {
        /// The file.
        path: PathBuf,
        /// Its permission bits, as `chmod` takes them.
        mode: u32,
    },
    /// The private key of our identity is not the one in its leaf.
    ///
    /// Of ECDSA P-521 and ML-DSA keys, which are not taken apart when they are loaded, the
    /// backend's library finds that; of others it is a [`MaterialError`](crate::MaterialError) when
    /// they are loaded.
    #[error(
        "the private key ({key}) does not belong to the leaf {subject}; give the key whose public \
         key has the leaf's digest: `openssl pkey -in KEY -pubout -outform DER | sha256sum`"
    )]
    KeyMismatch {
        /// The leaf's subject (RFC 4514).
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
    /// The policy has revocation rules, and no lists were given.
    #[error(
        "the policy asks for revocation (`VerifierPolicy::revocation`), and no lists were given; call \
         `.revocation_lists(..)`: without them every peer would be refused"
    )]
    MissingRevocationLists,
    /// Revocation lists were given, and the policy has no rules for them.
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
    /// rustls was compiled without a crypto provider and none was given.
    #[error(
        "rustls has no crypto provider; enable the cargo feature `aws-lc-rs` or `ring`, or give one by \
         `Rustls::with_provider`"
    )]
    NoCryptoProvider,
    /// The file of the passphrase that opened the private key is open to others, and
    /// `KeyPermissions::Deny` refuses that.
    #[error("{}", denied("the passphrase of the private key", .path, *.mode))]
    InsecurePassphraseFile {
        /// The file.
        path: PathBuf,
        /// Its permission bits, as `chmod` takes them.
        mode: u32,
    },
    /// A rotation would lose a revocation list that counts, or bring back an older one: what is to
    /// take its place is missing, older, not current or not the issuer's.
    /// [`Rotation::revocation_lists`](crate::Rotation::revocation_lists) says what counts.
    #[error(
        "in place of the revocation list of {issuer}: {problem}; give the latest one (of all that `openssl crl \
         -in FILE -noout -crlnumber -lastupdate -nextupdate` shows); to go back on purpose build anew"
    )]
    RevocationListRegression {
        /// The issuer of the list (RFC 4514).
        issuer: String,
        /// What is wrong with what is to take its place.
        problem: String,
    },
    /// The signing key of our identity (an HSM, a TPM, a KMS) did not sign the text that it is
    /// tried with.
    #[error(
        "the signing key did not sign a test text by {scheme}; look at what it says itself (below), and at its \
         address, its credentials and its rights: the first handshake would fail as this did"
    )]
    SigningKeyFailed {
        /// The signature scheme (RFC 8446, section 4.2.3).
        scheme: String,
        /// Its own words.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The signing key of our identity signed the text that it is tried with, and not by the key in
    /// the leaf.
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
    /// The source gave nothing to begin with.
    #[error("the source of identity and anchors could not be loaded")]
    Source(#[source] Box<dyn StdError + Send + Sync>),
    /// No thread could be had to ask the source again, or to watch over connections.
    #[error("the thread that watches over rotation could not be started")]
    Thread(#[source] std::io::Error),
    /// No trust anchor can vouch for a peer, so every peer would be rejected.
    #[error("no trust anchor can vouch for a peer: {}", anchor::list(.0))]
    UnusableTrustAnchors(Vec<UnusableTrustAnchor>),
    /// The source was taken by another client or server, built from a clone of the builder.
    #[error("the source was taken by a clone of this builder; give each clone a source of its own")]
    SourceTaken,
    /// The backend cannot enforce what was asked for.
    #[error("{backend} cannot do this: {what}; choose another backend or leave the setting out")]
    Unsupported {
        /// The library.
        backend: BackendKind,
        /// What it cannot do.
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
