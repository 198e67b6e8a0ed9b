//! Trust anchors for each trust domain.

use mtls::error::TrustBundlesError;
use mtls::pki_types::{ServerName, UnixTime};
use mtls::test_util::KeyUsage;
use mtls::{
    PeerMatcher, PeerVerifier, RejectionReason as Reason, Rustls, TrustBundles, VerifierPolicy,
};

use super::common::pki::{Authority, Credential, Leaf};
use super::{anchors, reason};

struct World {
    prod: Authority,
    partner: Authority,
}

impl World {
    fn new() -> Self {
        Self {
            prod: Authority::named("Prod"),
            partner: Authority::named("Partner"),
        }
    }

    fn bundles(&self) -> TrustBundles {
        TrustBundles::new([
            ("prod.example", anchors(&[&self.prod])),
            ("partner.example", anchors(&[&self.partner])),
        ])
        .unwrap()
    }

    fn verifier(&self, policy: VerifierPolicy) -> PeerVerifier {
        let algorithms = Rustls::default().signature_algorithms().unwrap();
        PeerVerifier::new(self.bundles(), policy, algorithms).unwrap()
    }

    fn client(&self, credential: &Credential) -> Option<Reason> {
        let verifier = self.verifier(VerifierPolicy::allow_any_authenticated());
        reason(verifier.verify_client(&credential.chain, UnixTime::now()))
    }
}

fn workload(id: &str) -> Leaf {
    Leaf::named("workload").uri(id).client().server()
}

#[test]
fn a_ca_proves_its_own_trust_domain_alone() {
    let world = World::new();
    let ours = workload("spiffe://prod.example/pay");
    let theirs = || workload("spiffe://partner.example/pay");
    assert_eq!(world.client(&ours.issued_by(&world.prod)), None);
    assert_eq!(world.client(&theirs().issued_by(&world.partner)), None);
    assert_eq!(
        world.client(&theirs().issued_by(&world.prod)),
        Some(Reason::UnknownIssuer)
    );
    let forged = workload("spiffe://prod.example/pay").issued_by(&world.partner);
    assert_eq!(world.client(&forged), Some(Reason::UnknownIssuer));
    // Not: give the partner's CA as an anchor of ours.
    let verifier = world.verifier(VerifierPolicy::allow_any_authenticated());
    let rejection = verifier.verify_client(&forged.chain, UnixTime::now());
    let rejection = rejection.unwrap_err();
    let hint = rejection.hint();
    assert!(
        hint.contains("prod.example") && hint.contains("must not be added to it"),
        "{hint}"
    );
}

#[test]
fn leaves_without_an_svid_of_a_known_domain_are_rejected() {
    let world = World::new();
    let prod = &world.prod;
    let cases = [
        (
            workload("spiffe://other.example/pay").issued_by(prod),
            Reason::UnknownTrustDomain,
        ),
        (
            Leaf::named("named")
                .dns("pay.prod.example")
                .client()
                .issued_by(prod),
            Reason::InvalidSvid,
        ),
        (
            workload("spiffe://prod.example/a")
                .uri("spiffe://prod.example/b")
                .issued_by(prod),
            Reason::InvalidSvid,
        ),
        (
            workload("https://prod.example/pay").issued_by(prod),
            Reason::InvalidSvid,
        ),
        (
            workload("spiffe://prod.example/pay")
                .key_usages(&[KeyUsage::DigitalSignature, KeyUsage::CrlSign])
                .issued_by(prod),
            Reason::InvalidSvid,
        ),
    ];
    for (credential, expected) in cases {
        assert_eq!(world.client(&credential), Some(expected));
    }
}

/// Where there are no bundles, a leaf that may sign revocation lists has no SPIFFE ID that could match.
#[test]
fn a_leaf_that_may_sign_lists_has_no_spiffe_id() {
    let world = World::new();
    let policy = || VerifierPolicy::allow(PeerMatcher::trust_domain("prod.example").unwrap());
    let leaf = || workload("spiffe://prod.example/pay");
    let plain = leaf().issued_by(&world.prod);
    assert_eq!(
        reason(super::client(&world.prod, policy(), &plain.chain)),
        None
    );
    let signer = leaf()
        .key_usages(&[KeyUsage::DigitalSignature, KeyUsage::CrlSign])
        .issued_by(&world.prod);
    assert_eq!(
        reason(super::client(&world.prod, policy(), &signer.chain)),
        Some(Reason::NotAuthorized)
    );
}

#[test]
fn servers_are_federated_with_as_well() {
    let world = World::new();
    let verifier = world.verifier(VerifierPolicy::server_spiffe(
        PeerMatcher::trust_domain("partner.example").unwrap(),
    ));
    let name = ServerName::try_from("anything.example").unwrap();
    let verify = |credential: &Credential| {
        reason(verifier.verify_server(&credential.chain, &name, UnixTime::now()))
    };
    let good = workload("spiffe://partner.example/db").issued_by(&world.partner);
    assert_eq!(verify(&good), None);
    let forged = workload("spiffe://partner.example/db").issued_by(&world.prod);
    assert_eq!(verify(&forged), Some(Reason::UnknownIssuer));
    let other = workload("spiffe://prod.example/db").issued_by(&world.prod);
    assert_eq!(verify(&other), Some(Reason::NotAuthorized));
}

#[test]
fn bundles_that_cannot_be_meant_are_errors() {
    let root = Authority::named("Root");
    let error = TrustBundles::new([] as [(&str, _); 0]).unwrap_err();
    assert!(matches!(error, TrustBundlesError::Empty), "{error:?}");
    for name in ["", "spiffe://prod.example", "Prod", "a/b"] {
        let error = TrustBundles::new([(name, anchors(&[&root]))]).unwrap_err();
        let is_named = matches!(
            &error,
            TrustBundlesError::InvalidTrustDomain { trust_domain, .. } if trust_domain == name
        );
        assert!(is_named, "{error:?}");
    }
    let twice = [("a", anchors(&[&root])), ("a", anchors(&[&root]))];
    let error = TrustBundles::new(twice).unwrap_err();
    let is_named = matches!(
        &error,
        TrustBundlesError::DuplicateTrustDomain { trust_domain } if trust_domain == "a"
    );
    assert!(is_named, "{error:?}");
}

#[test]
fn bundles_can_be_looked_at() {
    let world = World::new();
    let bundles = world.bundles();
    let domains: Vec<&str> = bundles.iter().map(|(domain, _)| domain).collect();
    assert_eq!(domains, ["partner.example", "prod.example"]);
    assert_eq!(bundles.get("prod.example"), Some(&anchors(&[&world.prod])));
    assert_eq!(bundles.get("other.example"), None);
}
