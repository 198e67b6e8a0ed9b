use mtls::pki_types::UnixTime;
use mtls::test_util::KeyUsage;
use mtls::{BuildError, PeerVerifier, RejectionReason, Report, Rustls, VerifierPolicy};

use super::common::pki::{Authority, AuthorityBuilder, Leaf, Validity};
use super::{anchors, client, reason, verifier};

fn rejected(authority: &Authority, words: &str) {
    let error = verifier(authority, VerifierPolicy::allow_any_authenticated()).unwrap_err();
    assert!(
        matches!(&error, BuildError::UnusableTrustAnchors(all) if all.len() == 1),
        "{error}"
    );
    let report = Report::new(&error).to_string();
    assert!(report.contains(words), "{report}");
}

#[test]
fn what_is_no_ca_is_no_anchor() {
    rejected(
        &AuthorityBuilder::named("End Entity")
            .not_a_ca(true)
            .self_signed(),
        "(CN=End Entity) is unusable: end-entity certificate",
    );
    rejected(
        &AuthorityBuilder::named("Silent")
            .not_a_ca(false)
            .self_signed(),
        "end-entity certificate",
    );
    rejected(
        &AuthorityBuilder::named("No Signer")
            .key_usages(&[KeyUsage::CrlSign])
            .self_signed(),
        "keyCertSign",
    );
}

#[test]
fn an_anchor_has_a_validity() {
    for validity in [Validity::expired(), Validity::not_yet()] {
        let root = AuthorityBuilder::named("Root")
            .validity(validity)
            .self_signed();
        let chain = Leaf::named("leaf").client().issued_by(&root).chain;
        let verdict = client(&root, VerifierPolicy::allow_any_authenticated(), &chain);
        assert_eq!(reason(verdict), Some(RejectionReason::AnchorExpired));
    }
}

#[test]
fn of_an_old_and_a_renewed_anchor_one_suffices() {
    let root = Authority::named("Root");
    let old = root.again().validity(Validity::expired()).self_signed();
    let chain = Leaf::named("leaf").client().issued_by(&root).chain;
    for both in [[&old, &root], [&root, &old]] {
        let verifier = PeerVerifier::new(
            anchors(&both),
            VerifierPolicy::allow_any_authenticated(),
            Rustls::default().signature_algorithms().unwrap(),
        )
        .unwrap();
        assert!(verifier.verify_client(&chain, UnixTime::now()).is_ok());
    }
}

#[test]
fn an_anchor_has_a_path_length() {
    let root = AuthorityBuilder::named("Root").path_length(0).self_signed();
    let direct = Leaf::named("direct").client().issued_by(&root).chain;
    let intermediate = root.intermediate("Intermediate");
    let below = Leaf::named("below")
        .client()
        .issued_by(&intermediate)
        .with(&intermediate)
        .chain;
    let any = VerifierPolicy::allow_any_authenticated;
    assert!(client(&root, any(), &direct).is_ok());
    assert_eq!(
        reason(client(&root, any(), &below)),
        Some(RejectionReason::PathLengthExceeded)
    );
}

#[test]
fn the_right_one_is_found_among_many() {
    let authorities: Vec<Authority> = (0..40)
        .map(|i| Authority::named(&format!("Root {i}")))
        .collect();
    let all: Vec<&Authority> = authorities.iter().collect();
    let verifier = PeerVerifier::new(
        anchors(&all),
        VerifierPolicy::allow_any_authenticated(),
        Rustls::default().signature_algorithms().unwrap(),
    )
    .unwrap();
    for root in [&authorities[0], &authorities[17], &authorities[39]] {
        let intermediate = root.intermediate("Intermediate");
        let chain = Leaf::named("leaf")
            .client()
            .issued_by(&intermediate)
            .with(&intermediate)
            .chain;
        assert!(verifier.verify_client(&chain, UnixTime::now()).is_ok());
    }
    let stranger = Authority::named("Stranger");
    let chain = Leaf::named("leaf").client().issued_by(&stranger).chain;
    assert_eq!(
        reason(verifier.verify_client(&chain, UnixTime::now())),
        Some(RejectionReason::UnknownIssuer)
    );
}

#[test]
fn a_name_beside_an_anchor_s_hides_none_of_them() {
    let roots: Vec<Authority> = (10..50)
        .map(|i| Authority::named(&format!("R{i}z")))
        .collect();
    let all: Vec<&Authority> = roots.iter().collect();
    let verifier = PeerVerifier::new(
        anchors(&all),
        VerifierPolicy::allow_any_authenticated(),
        Rustls::default().signature_algorithms().unwrap(),
    )
    .unwrap();
    for (i, root) in (10..50).zip(&roots) {
        // Sorts right before its root.
        let intermediate = root.intermediate(&format!("R{i}a"));
        let chain = Leaf::named("leaf")
            .client()
            .issued_by(&intermediate)
            .with(&intermediate)
            .chain;
        verifier.verify_client(&chain, UnixTime::now()).unwrap();
    }
}

/// Of two certificates of one CA, the faults of the one are not made good by the other, whose constraints would reject.
#[test]
fn each_anchor_is_verified_with_its_own_constraints() {
    let root = Authority::named("Root");
    let expired = root.again().validity(Validity::expired()).self_signed();
    let constrained = root.again().permits_dns("inside.example").self_signed();
    for both in [[&expired, &constrained], [&constrained, &expired]] {
        let verifier = PeerVerifier::new(
            anchors(&both),
            VerifierPolicy::allow_any_authenticated(),
            Rustls::default().signature_algorithms().unwrap(),
        )
        .unwrap();
        let verify = |name: &str| {
            let leaf = Leaf::named("leaf").dns(name).client().issued_by(&root);
            verifier.verify_client(&leaf.chain, UnixTime::now())
        };
        assert!(verify("in.inside.example").is_ok());
        assert!(verify("outside.example").is_err());
    }
}
