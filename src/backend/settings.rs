use std::sync::Arc;

use super::session::protocol_version::Versions;
use super::session::resumption::Resumption;
use super::verification::session_verifier::SessionVerifier;
use crate::crypto::DERIVES_PUBLIC_KEYS;
use crate::error::BackendKind;
use crate::material::{KeyType, MtlsIdentity, PrivateKey};
use crate::policy::{BuildError, FullChainRule, Trust};
use crate::x509::{Certificate, rfc4514};

/// The settings of a client, checked by the facade and ready for an adapter.
#[derive(Debug)]
pub(crate) struct ClientSettings {
    pub(crate) identity: MtlsIdentity,
    pub(crate) trust: Trust,
    pub(crate) verifier: Arc<SessionVerifier>,
    pub(crate) alpn: Vec<Vec<u8>>,
    pub(crate) versions: Versions,
    pub(crate) resumption: Resumption,
    /// The part of the policy that needs the whole chain, and so our own verifier.
    pub(crate) policy_beyond_leaf: Option<FullChainRule>,
    /// Whether the name of the `connect` call is checked; otherwise a SPIFFE ID is.
    pub(crate) checks_server_name: bool,
}

/// The settings of a server, checked by the facade and ready for an adapter.
#[derive(Debug)]
pub(crate) struct ServerSettings {
    pub(crate) identity: MtlsIdentity,
    pub(crate) verifier: Arc<SessionVerifier>,
    pub(crate) alpn: Vec<Vec<u8>>,
    pub(crate) versions: Versions,
    pub(crate) resumption: Resumption,
    pub(crate) client_auth: ClientAuthMode,
    /// The anchors' subjects (each a DER `Name`) for the certificate request; empty to send none.
    pub(crate) ca_names: Vec<Vec<u8>>,
}

/// Whether a client may stay anonymous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientAuthMode {
    Optional,
    Required,
}

/// Returns the private key, for a backend that needs its bytes.
pub(crate) fn held_key(
    identity: &MtlsIdentity,
    backend: BackendKind,
) -> Result<&PrivateKey, BuildError> {
    identity
        .private_key()
        .ok_or_else(|| no_external_key(backend))
}

/// What a key signs to prove, before it is used, that it is the leaf's.
///
/// No TLS handshake signs this text. In TLS 1.3 the signed data begins with 64 spaces (RFC 8446,
/// section 4.4.3). In TLS 1.2 a server's is longer by its two random values alone (RFC 5246,
/// section 7.4.3), and a client's begins with the type of a `ClientHello`, which is 1 (section
/// 7.4.8).
pub(crate) const PROBE: &[u8] = b"mtls: a test of a signing key, no TLS handshake";

/// Whether a key of this type needs a test signature to match it with the leaf.
///
/// Only the backend's library can make one. The public half of RSA keys was derived when they were
/// read, and that of P-256, P-384 and Ed25519 where a library for it is there.
pub(crate) fn takes_proof(kind: KeyType) -> bool {
    match kind {
        KeyType::EcdsaP521 | KeyType::MlDsa44 | KeyType::MlDsa65 | KeyType::MlDsa87 => true,
        KeyType::EcdsaP256 | KeyType::EcdsaP384 | KeyType::Ed25519 => !DERIVES_PUBLIC_KEYS,
        KeyType::Rsa { .. } => false,
    }
}

/// The error for a private key that does not match the leaf.
pub(crate) fn key_mismatch(identity: &MtlsIdentity) -> BuildError {
    BuildError::KeyMismatch {
        subject: Certificate::from_der(identity.chain().leaf())
            .map_or_else(|_| String::new(), |leaf| rfc4514(leaf.subject)),
        key: identity.key_type().to_string(),
    }
}

pub(crate) fn no_external_key(backend: BackendKind) -> BuildError {
    BuildError::Unsupported {
        setting: "identity",
        backend,
        what: "an external signing key (`MtlsIdentity::from_signing_key`)",
        reason: "it needs the bytes of the private key",
    }
}
