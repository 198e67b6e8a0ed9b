//! What a CA issued, with all keys: enough to present it, and to issue it again with a fault.

use std::fmt;

use mtls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use mtls::policy::{CertificateProfile, RevocationDepth, SignatureAlgorithms};
use mtls::{
    BuildError, PeerMatcher, PeerVerifier, Rejection, RevocationLists, RevocationRules, Rustls,
    TrustAnchors, VerifierPolicy,
};

use crate::common::pki::Credential;
use crate::recipes::Side;

/// Of every server.
pub(crate) const SERVER_NAME: &str = "server.test";

#[derive(Clone, Debug)]
pub(crate) struct Issued {
    /// The tool, and what it made.
    pub(crate) name: String,
    /// The trust anchor, then the CAs below it.
    pub(crate) cas: Vec<CertifiedKey>,
    pub(crate) leaf: CertifiedKey,
    pub(crate) side: Side,
    /// The strictest profile that accepts it, as far as that is known.
    pub(crate) profile: CertificateProfile,
}

/// A certificate and its key, in PKCS#8.
#[derive(Debug)]
pub(crate) struct CertifiedKey {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key: PrivatePkcs8KeyDer<'static>,
}

impl Clone for CertifiedKey {
    fn clone(&self) -> Self {
        Self {
            certificate: self.certificate.clone(),
            key: self.key.clone_key(),
        }
    }
}

/// Why a peer is not accepted.
#[derive(Debug)]
pub(crate) enum Unaccepted {
    Built(BuildError),
    Rejected(&'static str, Rejection),
}

impl fmt::Display for Unaccepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Built(error) => write!(f, "not built: {error}"),
            Self::Rejected(side, rejection) => write!(f, "{side}: {rejection}"),
        }
    }
}

impl Issued {
    pub(crate) fn anchors(&self) -> TrustAnchors {
        TrustAnchors::from_der([self.cas[0].certificate.clone()]).unwrap()
    }

    /// What the peer presents.
    pub(crate) fn credential(&self) -> Credential {
        let above = self.cas[1..].iter().rev().map(|ca| ca.certificate.clone());
        Credential {
            chain: [self.leaf.certificate.clone()]
                .into_iter()
                .chain(above)
                .collect(),
            key: self.leaf.key.clone_key(),
        }
    }

    /// For a peer that is verified as a client.
    pub(crate) fn policy_for_clients(&self) -> VerifierPolicy {
        match self.side {
            Side::Svid => VerifierPolicy::allow(svid()),
            _ => VerifierPolicy::allow_any_authenticated(),
        }
    }

    /// For a peer that is verified as a server.
    pub(crate) fn policy_for_servers(&self) -> VerifierPolicy {
        match self.side {
            Side::Svid => VerifierPolicy::server_spiffe(svid()),
            _ => VerifierPolicy::allow_any_authenticated(),
        }
    }

    pub(crate) fn is_client(&self) -> bool {
        !matches!(self.side, Side::Server)
    }

    pub(crate) fn is_server(&self) -> bool {
        !matches!(self.side, Side::Client)
    }

    /// As a client and as a server, as far as the leaf is meant for it.
    pub(crate) fn verify(
        &self,
        profile: CertificateProfile,
        lists: Option<&RevocationLists>,
        algorithms: &SignatureAlgorithms,
    ) -> Vec<Result<(), Unaccepted>> {
        let now = UnixTime::now();
        let chain = self.credential().chain;
        let verifier = |policy: VerifierPolicy| {
            let policy = policy.profile(profile);
            let verifier = match lists {
                None => PeerVerifier::new(self.anchors(), policy, algorithms.clone()),
                Some(lists) => {
                    let rules = RevocationRules::require(RevocationDepth::Leaf);
                    let policy = policy.revocation(rules);
                    PeerVerifier::new(self.anchors(), policy, algorithms.clone())
                        .and_then(|verifier| verifier.with_revocation_lists(lists))
                }
            };
            verifier.map_err(Unaccepted::Built)
        };
        let mut verdicts = Vec::new();
        if self.is_client() {
            let verdict = verifier(self.policy_for_clients()).and_then(|verifier| {
                let verdict = verifier.verify_client(&chain, now).map(drop);
                verdict.map_err(|rejection| Unaccepted::Rejected("as a client", rejection))
            });
            verdicts.push(verdict);
        }
        if self.is_server() {
            let name = ServerName::try_from(SERVER_NAME).unwrap();
            let verdict = verifier(self.policy_for_servers()).and_then(|verifier| {
                let verdict = verifier.verify_server(&chain, &name, now).map(drop);
                verdict.map_err(|rejection| Unaccepted::Rejected("as a server", rejection))
            });
            verdicts.push(verdict);
        }
        verdicts
    }
}

fn svid() -> PeerMatcher {
    PeerMatcher::trust_domain("example.org").unwrap()
}

/// For messages.
pub(crate) fn in_words(verdict: &Result<(), Unaccepted>) -> String {
    match verdict {
        Ok(()) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// Those of the backends that take them.
pub(crate) fn algorithms() -> Vec<(&'static str, SignatureAlgorithms)> {
    vec![
        ("rustls", Rustls::default().signature_algorithms().unwrap()),
        #[cfg(feature = "openssl")]
        (
            "OpenSSL",
            mtls::OpenSsl::default().signature_algorithms().unwrap(),
        ),
    ]
}
