//! What a client and a server are made of, as far as it is the same for both.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use pki_types::UnixTime;

use crate::backend::{
    Backend, Clock, End, Event, Judge, Observer, OwnChain, ProtocolVersion, Versions,
};
use crate::error::BuildError;
use crate::material::{MtlsIdentity, TrustAnchors};
use crate::policy::{PeerVerifier, SignatureAlgorithms, TrustBundles, TrustSource, VerifierPolicy};

/// How long a handshake may take unless a builder says otherwise.
pub(crate) const DEFAULT_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Collects what a client or a server is made of: a [`ClientBuilder`](crate::ClientBuilder) or a
/// [`ServerBuilder`](crate::ServerBuilder), which have a few settings of their own and `build`.
#[derive(Debug)]
pub struct Builder<E> {
    pub(crate) draft: Draft,
    /// What only this end has.
    pub(crate) end: E,
}

impl<E> Builder<E> {
    /// Who we are. Required.
    #[must_use]
    pub fn identity(mut self, identity: MtlsIdentity) -> Self {
        self.draft.identity = Some(identity);
        self
    }

    /// Who vouches for our peers. Required; the system's anchors are never added.
    #[must_use]
    pub fn trust_anchors(mut self, anchors: TrustAnchors) -> Self {
        self.draft.trust = Some(TrustSource::Anchors(anchors));
        self
    }

    /// Who vouches for our peers, by the SPIFFE trust domain that each of them is of. In place of
    /// [`trust_anchors`](Self::trust_anchors); of the two the last that is called counts. Not on native-tls.
    #[must_use]
    pub fn trust_bundles(mut self, bundles: TrustBundles) -> Self {
        self.draft.trust = Some(TrustSource::Bundles(bundles));
        self
    }

    /// Which peers are admitted of those that the trust anchors vouch for.
    ///
    /// A server must be given one; [`VerifierPolicy::allow_any_authenticated`] admits them all, and is what a client
    /// has initially. A client's policy adds to the check of the server's name, which is made in any case.
    #[must_use]
    pub fn policy(mut self, policy: VerifierPolicy) -> Self {
        self.draft.policy = Some(policy);
        self
    }

    /// A second policy that is judged and not enforced: how to try a change before it is made.
    ///
    /// The [`observer`](Self::observer) is told of each peer about which the two disagree: [`Event::ShadowRejected`] for
    /// one that was admitted and would not be, [`Event::ShadowAdmitted`] for one that was refused and would be. Nothing
    /// else changes: not the verdict, the alert, the stream or the time it is judged by; and a shadow policy whose
    /// [custom](crate::PeerMatcher::custom) matcher panics would have refused
    /// ([`PolicyPanicked`](crate::RejectionReason::PolicyPanicked)).
    ///
    /// It is judged once for each handshake, also in those that run on the configuration from `config()`, and not in
    /// the second look afterwards. It is a whole second judgement, signatures included: while it is there, judging costs
    /// twice as much, and the anchors twice the memory. On native-tls it is judged where the policy is, after the
    /// platform has agreed: about a peer that the platform refuses, no shadow is asked.
    ///
    /// It must be one that this end and its backend could enforce, and there must be an observer; anything else is a
    /// [`BuildError`].
    ///
    /// To narrow a policy, give the narrower one as shadow, and put it in force when nobody is named any more:
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use mtls::{Event, MtlsIdentity, MtlsServer, PeerMatcher, Rustls, TrustAnchors, VerifierPolicy};
    ///
    /// let server = MtlsServer::builder()
    ///     .identity(MtlsIdentity::from_pem_files("server.crt", "server.key")?)
    ///     .trust_anchors(TrustAnchors::from_pem_file("client-ca.crt")?)
    ///     .policy(VerifierPolicy::allow_any_authenticated())
    ///     .shadow_policy(VerifierPolicy::allow(PeerMatcher::trust_domain("prod.example")?))
    ///     .observer(|event| match event {
    ///         Event::ShadowRejected { peer, rejection, .. } => {
    ///             eprintln!("{peer} would be shut out: {rejection}");
    ///         }
    ///         Event::PeerRejected(rejection) => eprintln!("refused: {rejection}"),
    ///         _ => {}
    ///     })
    ///     .build(Rustls::default())?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn shadow_policy(mut self, policy: VerifierPolicy) -> Self {
        self.draft.shadow = Some(policy);
        self
    }

    /// The application protocols, most wanted first (RFC 7301): `["h2", "http/1.1"]`.
    ///
    /// Initially none. Where both ends name protocols and have none in common, there is no handshake.
    #[must_use]
    pub fn alpn(mut self, protocols: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        self.draft.alpn = protocols.into_iter().map(|p| p.as_ref().to_vec()).collect();
        self
    }

    /// The TLS versions to speak. Initially 1.2 and 1.3.
    #[must_use]
    pub fn protocol_versions(
        mut self,
        versions: impl IntoIterator<Item = ProtocolVersion>,
    ) -> Self {
        self.draft.versions = versions.into_iter().collect();
        self
    }

    /// How long a handshake may take as a whole. Initially 10 seconds; more than zero.
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.draft.handshake_timeout = timeout;
        self
    }

    /// Where the time comes from that certificates are judged by. Initially the system's clock.
    ///
    /// native-tls proves the path by the system's clock all the same.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> UnixTime + Send + Sync + 'static) -> Self {
        self.draft.clock = Arc::new(clock);
        self
    }

    /// Is told of every refusal, and of what a [shadow policy](Self::shadow_policy) would do otherwise, also in handshakes that run on the configuration from `config()`; but there a rustls
    /// server, by itself and in silence, refuses a client that presents no certificate. It must be quick; should it
    /// panic, the refusal stands.
    #[must_use]
    pub fn observer(mut self, observer: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.draft.observer = Some(Arc::new(observer));
        self
    }
}

/// Settings as they were given, not yet checked.
pub(crate) struct Draft {
    pub(crate) identity: Option<MtlsIdentity>,
    pub(crate) trust: Option<TrustSource>,
    pub(crate) policy: Option<VerifierPolicy>,
    pub(crate) shadow: Option<VerifierPolicy>,
    pub(crate) alpn: Vec<Vec<u8>>,
    pub(crate) versions: Vec<ProtocolVersion>,
    pub(crate) handshake_timeout: Duration,
    pub(crate) clock: Clock,
    pub(crate) observer: Option<Observer>,
}

/// Settings that were checked.
pub(crate) struct Checked {
    pub(crate) identity: MtlsIdentity,
    pub(crate) trust: TrustSource,
    pub(crate) judge: Arc<Judge>,
    pub(crate) alpn: Vec<Vec<u8>>,
    pub(crate) versions: Versions,
}

impl Draft {
    pub(crate) fn new() -> Self {
        Self {
            identity: None,
            trust: None,
            policy: None,
            shadow: None,
            alpn: Vec::new(),
            versions: vec![ProtocolVersion::Tls12, ProtocolVersion::Tls13],
            handshake_timeout: DEFAULT_HANDSHAKE_TIMEOUT,
            clock: Arc::new(UnixTime::now),
            observer: None,
        }
    }

    /// That somebody hears what the shadow policy says, and that this end could enforce it.
    pub(crate) fn check_shadow(
        &self,
        check: fn(&VerifierPolicy) -> Result<(), BuildError>,
    ) -> Result<(), BuildError> {
        const SETTING: &str = "shadow_policy";
        match (&self.shadow, &self.observer) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(BuildError::InvalidSetting {
                setting: SETTING,
                problem:
                    "it is judged for the observer alone, and there is none; call `.observer(..)`"
                        .to_owned(),
            }),
            (Some(shadow), Some(_)) => check(shadow).map_err(|error| match error {
                BuildError::InvalidSetting { problem, .. } => BuildError::InvalidSetting {
                    setting: SETTING,
                    problem,
                },
                other => other,
            }),
        }
    }

    /// What one of the policies asks that cannot be judged by a leaf alone.
    pub(crate) fn beyond_the_leaf(&self, policy: &VerifierPolicy) -> Option<&'static str> {
        let shadow = self.shadow.as_ref();
        policy
            .beyond_the_leaf()
            .or_else(|| shadow.and_then(VerifierPolicy::beyond_the_leaf))
    }

    /// Checks everything that does not depend on the backend's own library.
    pub(crate) fn check<B: Backend>(
        self,
        end: End,
        policy: VerifierPolicy,
        backend: &B,
    ) -> Result<Checked, BuildError> {
        let identity = self.identity.ok_or(BuildError::MissingIdentity)?;
        let trust = self.trust.ok_or(BuildError::MissingTrustAnchors)?;
        check_alpn(&self.alpn)?;
        check_timeout(self.handshake_timeout)?;
        let versions = check_versions(&self.versions)?;
        let own = OwnChain::new(end, identity.chain());
        let algorithms = match backend.algorithms()? {
            Some(algorithms) => {
                own.check_signatures(&algorithms)?;
                algorithms
            }
            None => SignatureAlgorithms::new([]),
        };
        let verifier = |policy| PeerVerifier::with_trust(&trust, policy, algorithms.clone());
        let shadow = self.shadow.map(verifier).transpose()?;
        let judge = Judge::new(verifier(policy)?, shadow, own, self.clock, self.observer);
        Ok(Checked {
            identity,
            trust,
            judge: Arc::new(judge),
            alpn: self.alpn,
            versions,
        })
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("identity", &self.identity)
            .field("trust", &self.trust)
            .field("policy", &self.policy)
            .field("shadow", &self.shadow)
            .finish_non_exhaustive()
    }
}

fn check_alpn(protocols: &[Vec<u8>]) -> Result<(), BuildError> {
    match protocols.iter().find(|p| !(1..=255).contains(&p.len())) {
        None => Ok(()),
        Some(wrong) => Err(BuildError::InvalidSetting {
            setting: "alpn",
            problem: format!(
                "a protocol name has 1 to 255 bytes (RFC 7301, section 3.1), this one {}",
                wrong.len()
            ),
        }),
    }
}

fn check_timeout(timeout: Duration) -> Result<(), BuildError> {
    match timeout.is_zero() {
        false => Ok(()),
        true => Err(BuildError::InvalidSetting {
            setting: "handshake_timeout",
            problem: "no handshake can be done in no time".to_owned(),
        }),
    }
}

fn check_versions(versions: &[ProtocolVersion]) -> Result<Versions, BuildError> {
    let versions = Versions {
        tls12: versions.contains(&ProtocolVersion::Tls12),
        tls13: versions.contains(&ProtocolVersion::Tls13),
    };
    match versions.tls12 || versions.tls13 {
        true => Ok(versions),
        false => Err(BuildError::InvalidSetting {
            setting: "protocol_versions",
            problem: "the list is empty".to_owned(),
        }),
    }
}
