//! Tolerance for peers and CAs whose clocks are ahead: for what begins, and never for what ends.

use std::time::Duration;

use mtls::pki_types::{CertificateDer, UnixTime};
use mtls::policy::RevocationDepth;
use mtls::{
    BuildError, PeerVerifier, RejectionReason as Reason, RevocationLists, RevocationRules, Rustls,
    VerifierPolicy,
};

use super::common::pki::crl::{Crl, CrlTools as _};
use super::common::pki::{Authority, AuthorityBuilder, Leaf, Validity};
use super::{anchors, reason};

const DAY: i64 = 24 * 3600;

/// The second of this test, the same for all certificates in it.
struct Moment(i64);

impl Moment {
    fn now() -> Self {
        Self(UnixTime::now().as_secs().try_into().unwrap())
    }

    /// From so many seconds after it to so many.
    fn validity(&self, from: i64, to: i64) -> Validity {
        Validity::between_unix(self.0 + from, self.0 + to)
    }

    fn time(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.0.try_into().unwrap()))
    }

    /// A path whose anchor, intermediate and leaf have these validities.
    fn chain(&self, [root, intermediate, leaf]: [(i64, i64); 3]) -> Chain {
        let of = |(from, to)| self.validity(from, to);
        let root = AuthorityBuilder::named("Root")
            .validity(of(root))
            .self_signed();
        let intermediate = AuthorityBuilder::named("Intermediate")
            .validity(of(intermediate))
            .issued_by(&root);
        let leaf = Leaf::named("leaf").client().validity(of(leaf));
        let chain = leaf.issued_by(&intermediate).with(&intermediate).chain;
        Chain { root, chain }
    }
}

struct Chain {
    root: Authority,
    chain: Vec<CertificateDer<'static>>,
}

impl Chain {
    fn verifier(&self, skew: u64, policy: VerifierPolicy) -> PeerVerifier {
        let algorithms = Rustls::default().signature_algorithms().unwrap();
        let verifier = PeerVerifier::new(anchors(&[&self.root]), policy, algorithms).unwrap();
        verifier.clock_skew(Duration::from_secs(skew)).unwrap()
    }

    fn verdict(&self, at: &Moment, skew: u64) -> Option<Reason> {
        let verifier = self.verifier(skew, VerifierPolicy::allow_any_authenticated());
        let explained = verifier.explain_client(&self.chain, at.time());
        let verdict = reason(verifier.verify_client(&self.chain, at.time()));
        let in_words = explained.verdict().err().map(mtls::Rejection::reason);
        assert_eq!(verdict, in_words, "{explained}");
        verdict
    }
}

const CURRENT: (i64, i64) = (-DAY, DAY);

#[test]
fn what_begins_within_it_has_begun() {
    let moment = Moment::now();
    let early = (30, DAY);
    for (validities, otherwise) in [
        ([CURRENT, CURRENT, early], Reason::NotYetValid),
        ([CURRENT, early, CURRENT], Reason::NotYetValid),
        ([early, CURRENT, CURRENT], Reason::AnchorExpired),
        ([early, early, early], Reason::NotYetValid),
        ([(10, DAY), (20, DAY), early], Reason::NotYetValid),
    ] {
        let chain = moment.chain(validities);
        for skew in [0, 29] {
            assert_eq!(
                chain.verdict(&moment, skew),
                Some(otherwise),
                "{validities:?}"
            );
        }
        for skew in [30, 600] {
            assert_eq!(chain.verdict(&moment, skew), None, "{validities:?}");
        }
    }
}

#[test]
fn what_has_ended_stays_ended() {
    let moment = Moment::now();
    let over = (-DAY, -1);
    for (validities, expected) in [
        ([CURRENT, CURRENT, over], Reason::Expired),
        ([CURRENT, over, CURRENT], Reason::Expired),
        ([over, CURRENT, CURRENT], Reason::AnchorExpired),
        // The other certificate is tolerated, and changes nothing.
        ([CURRENT, (5, DAY), over], Reason::Expired),
        ([CURRENT, over, (5, DAY)], Reason::Expired),
    ] {
        let chain = moment.chain(validities);
        for skew in [0, 600] {
            let verdict = chain.verdict(&moment, skew);
            // Without tolerance, the first of the two that is looked at.
            let is_early = validities.contains(&(5, DAY)) && skew == 0;
            assert!(
                verdict == Some(expected) || is_early && verdict == Some(Reason::NotYetValid),
                "{validities:?}, {skew}: {verdict:?}"
            );
        }
    }
    // The last second counts.
    let chain = moment.chain([CURRENT, CURRENT, (-DAY, 0)]);
    assert_eq!(chain.verdict(&moment, 600), None);
}

/// A certificate of the chain that is not on the path, and begins later, does not make others end sooner.
#[test]
fn what_is_not_needed_does_not_count() {
    let moment = Moment::now();
    let mut chain = moment.chain([CURRENT, CURRENT, (-DAY, 5)]);
    let stranger = AuthorityBuilder::named("Stranger")
        .validity(moment.validity(20, DAY))
        .issued_by(&chain.root);
    chain.chain.push(stranger.certificate());
    for skew in [0, 60] {
        assert_eq!(chain.verdict(&moment, skew), None);
    }
}

/// A chain that is tolerated, and has another fault, is rejected for that fault.
#[test]
fn the_other_fault_is_named() {
    let moment = Moment::now();
    let chain = moment.chain([CURRENT, CURRENT, (30, DAY)]);
    let other = Chain {
        root: Authority::named("Other"),
        chain: chain.chain,
    };
    assert_eq!(other.verdict(&moment, 60), Some(Reason::UnknownIssuer));
}

#[test]
fn of_revocation_lists() {
    let moment = Moment::now();
    let world = moment.chain([CURRENT, CURRENT, CURRENT]);
    let intermediate = AuthorityBuilder::named("Intermediate")
        .validity(moment.validity(-DAY, DAY))
        .issued_by(&world.root);
    let leaf = Leaf::named("leaf").client();
    let chain = leaf.issued_by(&intermediate).with(&intermediate).chain;
    let policy = VerifierPolicy::allow_any_authenticated()
        .revocation(RevocationRules::require(RevocationDepth::Leaf));
    let verdict = |from, to, skew| {
        let list = Crl::new().dated_by(
            time::Duration::seconds(from),
            Some(time::Duration::seconds(to)),
        );
        let lists = RevocationLists::from_der([list.signed_by(&intermediate)]).unwrap();
        let verifier = world.verifier(skew, policy.clone());
        let verifier = verifier.with_revocation_lists(&lists).unwrap();
        reason(verifier.verify_client(&chain, moment.time()))
    };
    // Dates of lists are made from the clock, which goes on.
    assert_eq!(verdict(100, DAY, 0), Some(Reason::RevocationListStale));
    assert_eq!(verdict(100, DAY, 60), Some(Reason::RevocationListStale));
    assert_eq!(verdict(100, DAY, 160), None);
    assert_eq!(verdict(-DAY, -60, 600), Some(Reason::RevocationListStale));
}

#[test]
fn it_has_a_limit() {
    let root = Authority::named("Root");
    let verifier = super::verifier(&root, VerifierPolicy::allow_any_authenticated()).unwrap();
    let limit = PeerVerifier::MAX_CLOCK_SKEW;
    assert_eq!(limit, Duration::from_secs(600));
    assert!(verifier.clone().clock_skew(limit).is_ok());
    let rejected = verifier.clock_skew(limit + Duration::from_nanos(1));
    assert!(matches!(
        rejected,
        Err(BuildError::InvalidSetting {
            setting: "clock_skew",
            ..
        })
    ));
}
