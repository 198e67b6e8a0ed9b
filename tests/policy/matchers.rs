//! Who is accepted by what, both sides of each line.

mod answers;
mod issuers;
mod large;
mod names;
mod steps;
mod subject;
mod text;
mod workloads;

use mtls::error::{MatcherError, MatcherProblem};
use mtls::pki_types::{CertificateDer, UnixTime};
use mtls::{PeerIdentity, PeerMatcher, PeerVerifier, RejectionReason, VerifierPolicy};

use super::common::pki::{Authority, Leaf};
use super::{client, verifier};

pub(super) const PAYMENTS: &str = "spiffe://prod.example/payments";

pub(super) fn payments() -> Leaf {
    Leaf::named("payments")
        .uri(PAYMENTS)
        .dns("pay.prod.example")
}

type Made = Result<PeerMatcher, MatcherError>;

/// A client with a leaf, verified by one matcher after the other.
pub(super) struct Peer {
    root: Authority,
    chain: Vec<CertificateDer<'static>>,
}

impl Peer {
    pub(super) fn with(leaf: Leaf) -> Self {
        let root = Authority::named("Root");
        let chain = leaf.client().issued_by(&root).chain;
        Self { root, chain }
    }

    pub(super) fn identity(&self) -> PeerIdentity {
        let any = VerifierPolicy::allow_any_authenticated();
        client(&self.root, any, &self.chain).unwrap()
    }

    pub(super) fn verify(&self, matcher: &PeerMatcher) -> PeerVerifier {
        verifier(&self.root, VerifierPolicy::allow(matcher.clone())).unwrap()
    }

    /// The verdict, which has to be the same however it is asked for.
    pub(super) fn is_accepted_by(&self, matcher: &PeerMatcher) -> bool {
        let verifier = self.verify(matcher);
        let verdict = verifier.verify_client(&self.chain, UnixTime::now());
        if let Err(rejection) = &verdict {
            assert_eq!(
                rejection.reason(),
                RejectionReason::NotAuthorized,
                "{rejection}"
            );
        }
        let explained = verifier.explain_client(&self.chain, UnixTime::now());
        assert_eq!(explained.verdict().is_ok(), verdict.is_ok(), "{matcher}");
        assert_eq!(
            matcher.matches(&self.identity()),
            verdict.is_ok(),
            "{matcher}"
        );
        // A list of one is looked up, and means the same.
        let listed = PeerMatcher::any_of([matcher.clone()]).unwrap();
        assert_eq!(
            listed.matches(&self.identity()),
            verdict.is_ok(),
            "{listed}"
        );
        verdict.is_ok()
    }

    /// Each of these matches; the negation does not.
    pub(super) fn is(&self, matchers: impl IntoIterator<Item = Made>) -> &Self {
        for matcher in matchers {
            let matcher = matcher.unwrap();
            assert!(self.is_accepted_by(&matcher), "{matcher}");
            let not = PeerMatcher::not(matcher);
            assert!(!self.is_accepted_by(&not), "{not}");
        }
        self
    }

    /// None of these matches; each negation does.
    pub(super) fn is_not(&self, matchers: impl IntoIterator<Item = Made>) -> &Self {
        for matcher in matchers {
            let matcher = matcher.unwrap();
            assert!(!self.is_accepted_by(&matcher), "{matcher}");
            let not = PeerMatcher::not(matcher);
            assert!(self.is_accepted_by(&not), "{not}");
        }
        self
    }

    /// Neither these nor their negations match.
    pub(super) fn is_neither(&self, matchers: impl IntoIterator<Item = Made>) -> &Self {
        for matcher in matchers {
            let matcher = matcher.unwrap();
            assert!(!self.is_accepted_by(&matcher), "{matcher}");
            let not = PeerMatcher::not(matcher);
            assert!(!self.is_accepted_by(&not), "{not}");
        }
        self
    }
}

pub(super) fn are_rejected(make: fn(&str) -> Made, patterns: &[&str]) {
    for pattern in patterns {
        let error = make(pattern).expect_err(pattern);
        assert!(
            matches!(error.problem(), MatcherProblem::Pattern { .. }),
            "{error}"
        );
    }
}
