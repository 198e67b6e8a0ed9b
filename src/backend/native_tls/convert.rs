//! Conversion of our settings into native-tls', or the reason why that is impossible.

use native_tls::{Certificate, Identity, Protocol};
use pem_rfc7468::LineEnding;
use pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::backend::settings::{held_key, takes_proof};
use crate::backend::{ClientSettings, UnreadableTrustAnchor, Versions};
use crate::error::BackendKind;
use crate::material::MtlsIdentity;
use crate::policy::{BuildError, Trust};
use crate::x509::{Certificate as View, rfc4514};

/// Secure Transport has no TLS 1.3.
const HAS_TLS13: bool = cfg!(not(target_vendor = "apple"));

/// On Apple's smaller systems native-tls panics on a PKCS#8 key.
const TAKES_PKCS8: bool = cfg!(any(not(target_vendor = "apple"), target_os = "macos"));

/// Rejects the settings that native-tls cannot enforce.
pub(super) fn reject_unsupported(settings: &ClientSettings) -> Result<(), BuildError> {
    if let Some((what, reason)) = settings.policy_beyond_leaf {
        return Err(unsupported("policy", what, reason));
    }
    settings.verifier.check_anchors_for_servers()?;
    if !settings.versions.tls12 && !HAS_TLS13 {
        return Err(unsupported(
            "protocol_versions",
            "TLS 1.3 without TLS 1.2",
            "this platform's library has no TLS 1.3",
        ));
    }
    if !TAKES_PKCS8 {
        return Err(unsupported(
            "identity",
            "a private key outside the system's keychain",
            "this platform's library reads no private keys",
        ));
    }
    Ok(())
}

/// Returns the lowest and the highest version; `None` is the platform's highest.
pub(super) fn protocols(versions: Versions) -> (Protocol, Option<Protocol>) {
    match (versions.tls12, versions.tls13) {
        (false, _) => (Protocol::Tlsv13, None),
        (true, true) => (Protocol::Tlsv12, None),
        (true, false) => (Protocol::Tlsv12, Some(Protocol::Tlsv12)),
    }
}

pub(super) fn alpn(protocols: &[Vec<u8>]) -> Result<Vec<&str>, BuildError> {
    protocols
        .iter()
        .map(|protocol| core::str::from_utf8(protocol))
        .collect::<Result<_, _>>()
        .map_err(|_| {
            unsupported(
                "alpn",
                "ALPN protocol names that are not UTF-8",
                "native-tls takes the names as strings",
            )
        })
}

/// Converts chain and key through PEM, the only form of an ordered chain in native-tls.
pub(super) fn identity(identity: &MtlsIdentity) -> Result<Identity, BuildError> {
    let mut chain = String::new();
    for certificate in identity.chain().as_slice() {
        chain.push_str(&pem("CERTIFICATE", certificate)?);
    }
    let key = held_key(identity, BackendKind::NativeTls)?;
    if takes_proof(key.key_type()) {
        return Err(unsupported(
            "identity",
            "a private key of ECDSA P-521 or ML-DSA",
            "native-tls does not verify that such a key belongs to the leaf",
        ));
    }
    let key = key.pkcs8_der();
    let key = Zeroizing::new(pem("PRIVATE KEY", key.secret_pkcs8_der())?);
    Identity::from_pkcs8(chain.as_bytes(), key.as_bytes()).map_err(build_error(
        "our certificate chain and private key",
        EXPORT_ANEW,
    ))
}

fn pem(label: &str, der: &[u8]) -> Result<String, BuildError> {
    pem_rfc7468::encode_string(label, LineEnding::LF, der).map_err(build_error(
        "our certificate chain and private key",
        EXPORT_ANEW,
    ))
}

/// Reads the anchors here, because native-tls would later skip an unreadable one.
pub(super) fn anchors(trust: &Trust) -> Result<Vec<Certificate>, BuildError> {
    if let Trust::Bundles(_) = trust {
        return Err(unsupported(
            "trust_bundles",
            "trust anchors for each trust domain",
            "the platform does not show in which of them a path ends",
        ));
    }
    trust
        .certificates()
        .into_iter()
        .enumerate()
        .map(|(index, der)| anchor(index, der))
        .collect()
}

fn anchor(index: usize, der: &CertificateDer<'_>) -> Result<Certificate, BuildError> {
    Certificate::from_der(der).map_err(|source| {
        let subject = View::from_der(der)
            .map_or_else(|_| "unreadable".to_owned(), |view| rfc4514(view.subject));
        build_error("a trust anchor", REISSUE_ANCHOR)(UnreadableTrustAnchor {
            index,
            subject,
            source: source.into(),
        })
    })
}

/// What to do about material that the platform does not read.
const EXPORT_ANEW: &str = "export the certificate and its key again from where they were made, and \
                           look whether the platform supports their algorithms";
const REISSUE_ANCHOR: &str =
    "leave the trust anchor out, or have its CA reissue it in a form that the platform reads";

/// What to do about settings that the platform does not accept together.
pub(super) const SETTINGS_ADVICE: &str =
    "give other protocol versions or another identity, as the platform's own error says";

pub(super) fn build_error<E>(
    what: &'static str,
    advice: &'static str,
) -> impl FnOnce(E) -> BuildError
where
    E: std::error::Error + Send + Sync + 'static,
{
    move |source| BuildError::Backend {
        backend: BackendKind::NativeTls,
        what,
        advice,
        source: Box::new(source),
    }
}

fn unsupported(setting: &'static str, what: &'static str, reason: &'static str) -> BuildError {
    BuildError::Unsupported {
        setting,
        backend: BackendKind::NativeTls,
        what,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_that_the_platform_cannot_read_is_named() {
        let error = anchor(7, &CertificateDer::from(b"junk".as_slice()))
            .err()
            .unwrap();
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(error.to_string(), "native-tls rejected a trust anchor");
        assert_eq!(
            source.to_string(),
            "trust anchor 7 (unreadable) cannot be read"
        );
        assert!(source.source().is_some());
    }

    #[test]
    fn alpn_that_cannot_be_said_is_rejected() {
        let error = alpn(&[b"h2".to_vec(), vec![0xff]]).unwrap_err();
        assert!(matches!(error, BuildError::Unsupported { .. }), "{error}");
    }
}
