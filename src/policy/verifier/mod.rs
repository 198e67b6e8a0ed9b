// `PeerVerifier` has its methods by task: trust anchors in `anchors.rs`, tolerance in
// `clock_skew.rs`, newer revocation lists in `list_replacement.rs`, our own chain in
// `own_chain.rs`, peers that were met before in `again.rs`, the policy's matcher in `authorize.rs`,
// what one revision's verifier takes over from the last in `succession.rs`.

mod again;
mod anchors;
mod authorize;
mod clock_skew;
pub(crate) mod list_replacement;
pub(crate) mod own_chain;
mod succession;

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use pki_types::{CertificateDer, ServerName, UnixTime};

use super::certificate::key_usage::required_purpose;
use super::certificate::leaf::{check_hides_nothing, check_leaf, check_names};
use super::name::server_name::{check_server_name, list_of};
use super::path::{check_path, x509_v1};
use super::presented_chain::PresentedChain;
use super::revocation::Revocation;
use super::signature::{SignatureAlgorithms, VerifiedSignatures};
use super::trust::{Trust, TrustSets};
use super::verdict::explanation::{Explanation, Trace};
use super::verdict::reason::RejectionReason;
use super::verdict::rejection::Rejection;
use super::verdict::rule::Rule;
use super::verification::VerificationContext;
use super::verifier_policy::{VerifierPolicy, X509V1Leaf};
use crate::material::RevocationLists;
use crate::peer::{NameRanges, PeerIdentity, ProvedPath};
use crate::policy::build_error::BuildError;
use crate::recent::Recent;
use crate::side::Side;
use crate::x509::{Certificate, Version};

/// The verifier of peers: returns a peer's identity, or the reason for its rejection.
///
/// Pure: no I/O, no own clock, no TLS, no cache of verdicts. Every backend calls it; it also works
/// offline:
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let anchors = pki::anchors();
/// # let client = pki::client_identity().chain().as_slice().to_vec();
/// # let server = pki::server_identity().chain().as_slice().to_vec();
/// use mtls::pki_types::{ServerName, UnixTime};
/// use mtls::{PeerVerifier, Rustls, VerifierPolicy};
///
/// let algorithms = Rustls::default().signature_algorithms()?;
/// let policy = VerifierPolicy::allow_any_authenticated();
/// let verifier = PeerVerifier::new(&anchors, policy, algorithms)?;
/// let now = UnixTime::now();
/// assert_eq!(verifier.verify_client(&client, now)?.common_name(), Some("payments"));
/// let name = ServerName::try_from("db.internal")?;
/// assert_eq!(verifier.verify_server(&server, &name, now)?.common_name(), Some("db"));
/// assert!(verifier.explain_server(&client, &name, now).verdict().is_err());
/// assert!(verifier.explain_client(&client, now).verdict().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PeerVerifier {
    trust: Arc<TrustSets>,
    policy: VerifierPolicy,
    algorithms: SignatureAlgorithms,
    /// The policy's rules, with the revocation lists.
    revocation: Option<Arc<Revocation>>,
    clock_skew: Duration,
    /// Certificates above leaves, which the identities of many peers share.
    recent: Arc<Recent<CertificateDer<'static>>>,
}

impl PeerVerifier {
    /// Creates a verifier and verifies the trust anchors.
    ///
    /// # Errors
    /// - [`BuildError::UnusableTrustAnchors`] if no anchor is usable for any peer at any time. An
    ///   anchor is unusable if it is not a CA's certificate (not version 3, without
    ///   basicConstraints `CA:TRUE`, with a keyUsage that lacks keyCertSign); if its key is
    ///   unsupported or its algorithm is not among `algorithms`; if its name constraints cannot be
    ///   read; if its extended key usage is for neither side; or if it breaks the policy's profile.
    ///   [`unusable_trust_anchors`](Self::unusable_trust_anchors) returns such anchors if others
    ///   are usable.
    /// - [`BuildError::InvalidSetting`] for a limit of the policy that is out of range, and for a
    ///   policy that contradicts itself.
    pub fn new(
        trust: impl Into<Trust>,
        policy: VerifierPolicy,
        algorithms: SignatureAlgorithms,
    ) -> Result<Self, BuildError> {
        Self::following(&[], &trust.into(), policy, algorithms)
    }

    /// Sets the revocation lists, replacing earlier ones.
    ///
    /// Without lists, each status that the policy's [`RevocationRules`](crate::RevocationRules)
    /// check counts as unknown. Signatures that a trust anchor may have made are verified here,
    /// others when they are first needed; each is verified once.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let lists = pki::lists();
    /// # use mtls::{RevocationRules, VerifierPolicy, policy::RevocationDepth};
    /// let rules = RevocationRules::require(RevocationDepth::Leaf);
    /// let policy = VerifierPolicy::allow_any_authenticated().revocation(rules);
    /// let verifier = pki::verifier(policy).with_revocation_lists(&lists)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`BuildError::MissingRevocationRules`] if the policy has no rules, since the lists would
    /// never be used.
    pub fn with_revocation_lists(self, lists: &RevocationLists) -> Result<Self, BuildError> {
        self.with_lists_following(None, lists)
    }

    /// Verifies a client by its presented chain, leaf first.
    ///
    /// # Errors
    /// The [`Rejection`] with the first rule that the chain breaks (RFC 5280, section 6; then the
    /// policy).
    pub fn verify_client(
        &self,
        chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<PeerIdentity, Rejection> {
        self.verify_peer(chain, None, now, &VerifiedSignatures::default())
    }

    /// Verifies a server by its presented chain, leaf first, and the name connected to.
    ///
    /// # Errors
    /// The [`Rejection`] with the first rule that the chain breaks (RFC 5280, section 6; RFC 9525;
    /// then the policy).
    pub fn verify_server(
        &self,
        chain: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<PeerIdentity, Rejection> {
        self.verify_peer(
            chain,
            Some(server_name),
            now,
            &VerifiedSignatures::default(),
        )
    }

    /// Verifies like [`verify_client`](Self::verify_client), and records every step.
    pub fn explain_client(&self, chain: &[CertificateDer<'_>], now: UnixTime) -> Explanation {
        let trace = Trace::on();
        let verified = VerifiedSignatures::default();
        let verdict = self.verify(chain, None, now, &trace, &verified);
        Explanation::new(verdict, trace)
    }

    /// Verifies like [`verify_server`](Self::verify_server), and records every step.
    pub fn explain_server(
        &self,
        chain: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Explanation {
        let trace = Trace::on();
        let verified = VerifiedSignatures::default();
        let verdict = self.verify(chain, Some(server_name), now, &trace, &verified);
        Explanation::new(verdict, trace)
    }

    /// Verifies the leaf of a server whose path the platform has authenticated.
    ///
    /// The platform used these anchors and exposes only the leaf.
    pub(crate) fn verify_server_leaf(
        &self,
        leaf: &CertificateDer<'_>,
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<PeerIdentity, Rejection> {
        let trace = Trace::off();
        let presented = PresentedChain::read(core::slice::from_ref(leaf))?;
        let leaf = presented.leaf()?;
        let ranges = self.read_names(leaf)?;
        let names = ranges.of(leaf.der);
        let _ = self.trust.for_peer(leaf, names)?;
        let verified = VerifiedSignatures::default();
        let context = self.context(Side::Server, now, &trace, &verified);
        check_leaf(leaf, names, &context)?;
        check_hides_nothing(leaf, names)?;
        self.check_names(&presented, ranges, None, Some(server_name), &context)
    }

    fn context<'j>(
        &'j self,
        side: Side,
        now: UnixTime,
        trace: &'j Trace,
        verified: &'j VerifiedSignatures,
    ) -> VerificationContext<'j> {
        VerificationContext {
            algorithms: &self.algorithms,
            verified,
            policy: &self.policy,
            trust_domain: None,
            side,
            time: self.time(now),
            trace,
        }
    }

    /// Verifies a peer: a server if it has a name. `verified` takes its signatures.
    fn verify(
        &self,
        chain: &[CertificateDer<'_>],
        server_name: Option<&ServerName<'_>>,
        now: UnixTime,
        trace: &Trace,
        verified: &VerifiedSignatures,
    ) -> Result<PeerIdentity, Rejection> {
        let presented =
            trace.check(Rule::PresentedChain, None, PresentedChain::in_words, || {
                PresentedChain::read(chain)
            })?;
        let leaf = presented.leaf()?;
        let ranges = trace.check(
            Rule::Names,
            Some((0, leaf)),
            |ranges: &NameRanges| list_of(ranges.of(leaf.der)),
            || self.read_names(leaf),
        )?;
        let names = ranges.of(leaf.der);
        let anchors = trace.check(
            Rule::SpiffeSvid,
            Some((0, leaf)),
            |_| names.svid_in_words(),
            || self.trust.for_peer(leaf, names),
        )?;
        let purpose = required_purpose(side_of(server_name), leaf, &self.policy);
        let context = VerificationContext {
            trust_domain: self.trust.domain_of(names),
            ..self.context(purpose, now, trace, verified)
        };
        let path = if leaf.version == Version::V1 && self.policy.x509_v1_leaf == X509V1Leaf::Allow {
            x509_v1::check_signed_by_anchor(leaf, anchors, &context)?
        } else {
            check_leaf(leaf, names, &context)?;
            check_path(
                &presented,
                names,
                anchors,
                self.revocation.as_deref(),
                &context,
            )?
        };
        self.check_names(&presented, ranges, Some(path), server_name, &context)
    }

    fn check_names(
        &self,
        presented: &PresentedChain<'_>,
        names: NameRanges,
        path: Option<ProvedPath>,
        server_name: Option<&ServerName<'_>>,
        context: &VerificationContext<'_>,
    ) -> Result<PeerIdentity, Rejection> {
        let trace = context.trace;
        let leaf = presented.leaf()?;
        let peer = PeerIdentity::new(leaf, names, presented.chain, path, &self.recent);
        if let Some(server_name) = server_name {
            trace.check(
                Rule::ServerName,
                Some((0, leaf)),
                |()| server_name.to_str().into_owned(),
                || check_server_name(context, presented, &peer, server_name),
            )?;
        }
        self.authorize(&peer, trace)?;
        Ok(peer)
    }

    fn read_names(&self, leaf: &Certificate<'_>) -> Result<NameRanges, Rejection> {
        let names = NameRanges::read(leaf).map_err(|error| {
            Rejection::new(RejectionReason::MalformedName)
                .about(0, leaf)
                .with_presented(error.to_string())
        })?;
        check_names(leaf, names.of(leaf.der), self.policy.profile)?;
        Ok(names)
    }
}

/// Only servers are connected to by a name.
fn side_of(server_name: Option<&ServerName<'_>>) -> Side {
    if server_name.is_some() {
        Side::Server
    } else {
        Side::Client
    }
}

impl fmt::Debug for PeerVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerVerifier")
            .field("policy", &self.policy)
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}
