//! Which of several paths counts, and how many are looked for.

use mtls::pki_types::{CertificateDer, UnixTime};
use mtls::policy::CertificateProfile;
use mtls::test_util::{ExtendedKeyUsage, Extension};
use mtls::{
    BuildError, PeerMatcher, PeerVerifier, RejectionReason as Reason, Rustls, VerifierPolicy,
};

#[cfg(feature = "ring")]
use super::common::pki::KeyAlgorithm;
use super::common::pki::{Authority, AuthorityBuilder, Leaf};
use super::{anchors, client, reason, verifier};

fn any() -> VerifierPolicy {
    VerifierPolicy::allow_any_authenticated()
}

fn alice() -> Leaf {
    Leaf::named("alice").dns("alice.example").client()
}

fn verify(given: &[&Authority], chain: &[CertificateDer<'_>]) -> Option<Reason> {
    let algorithms = Rustls::default().signature_algorithms().unwrap();
    let verifier = PeerVerifier::new(anchors(given), any(), algorithms).unwrap();
    reason(verifier.verify_client(chain, UnixTime::now()))
}

/// What the one forbids, the faults of the other do not allow.
#[test]
fn two_anchors_that_forbid_a_path_do_not_allow_it_together() {
    let root = Authority::named("Root");
    let branch = root.intermediate("Branch");
    let chain = alice().issued_by(&branch).with(&branch).chain;
    let constrained = root.again().permits_dns("inside.example");
    let constrained = constrained.self_signed();
    let others = [
        root.again().path_length(0).self_signed(),
        root.again()
            .extended_key_usages(&[ExtendedKeyUsage::ServerAuth])
            .self_signed(),
    ];
    for other in &others {
        assert!(verify(&[&constrained], &chain).is_some());
        assert!(verify(&[other], &chain).is_some());
        assert!(verify(&[&constrained, other], &chain).is_some());
        assert!(verify(&[other, &constrained], &chain).is_some());
        assert_eq!(verify(&[other, &root], &chain), None);
        assert_eq!(verify(&[&root, other], &chain), None);
    }
}

/// Below the CA that is at fault stands one that is in order.
#[test]
fn the_rejection_names_the_certificate_that_is_at_fault() {
    let root = Authority::named("Root");
    let verify = |ca: AuthorityBuilder| {
        let faulty = ca.issued_by(&root);
        let between = faulty.intermediate("Between");
        let peer = alice().issued_by(&between).above(&[&between, &faulty]);
        client(&root, any(), &peer.chain).unwrap_err()
    };
    let faulty = || AuthorityBuilder::named("Faulty");
    let named = Some((2, "CN=Faulty"));

    let rejection = verify(faulty().not_a_ca(true));
    assert_eq!(rejection.reason(), Reason::IssuerNotCa, "{rejection}");
    assert_eq!(rejection.certificate(), named, "{rejection}");

    let rejection = verify(faulty().extended_key_usages(&[ExtendedKeyUsage::ServerAuth]));
    let reason = Reason::WrongExtendedKeyUsage;
    assert_eq!(rejection.reason(), reason, "{rejection}");
    assert_eq!(rejection.certificate(), named, "{rejection}");
    assert_eq!(rejection.expected(), Some("clientAuth"), "{rejection}");
    let presented = rejection.presented().unwrap();
    assert!(presented.contains("serverAuth"), "{rejection}");

    let unknown = Extension::critical(&[1, 2, 3, 4], b"\x05\x00".to_vec());
    let rejection = verify(faulty().extension(unknown));
    let reason = Reason::UnhandledCriticalExtension;
    assert_eq!(rejection.reason(), reason, "{rejection}");
    assert_eq!(rejection.certificate(), named, "{rejection}");
    let presented = rejection.presented().unwrap();
    assert!(presented.contains("1.2.3.4"), "{rejection}");

    // Whose path length it is, the error does not say.
    let rejection = verify(faulty().path_length(0));
    assert_eq!(rejection.reason(), Reason::PathLengthExceeded);
    assert_eq!(rejection.certificate(), None, "{rejection}");
}

/// Of an algorithm that the crypto library lacks.
#[cfg(feature = "ring")]
#[test]
fn the_rejection_names_the_certificate_with_an_unknown_signature() {
    let root = Authority::named("Root");
    let large = AuthorityBuilder::named("Large").algorithm(KeyAlgorithm::P521);
    let large = large.issued_by(&root);
    let signed = large.intermediate("Signed");
    let peer = alice().issued_by(&signed).above(&[&signed, &large]);
    let ring = Rustls::with_provider(rustls::crypto::ring::default_provider().into());
    let algorithms = ring.signature_algorithms().unwrap();
    let verifier = PeerVerifier::new(anchors(&[&root]), any(), algorithms).unwrap();
    let verdict = verifier.verify_client(&peer.chain, UnixTime::now());
    let rejection = verdict.unwrap_err();
    let reason = Reason::UnsupportedSignatureAlgorithm;
    assert_eq!(rejection.reason(), reason, "{rejection}");
    assert_eq!(rejection.certificate(), Some((1, "CN=Signed")));
}

/// Where all names can be read, they are not at fault.
#[test]
fn an_issuer_that_cannot_be_read_is_malformed() {
    let root = Authority::named("Root");
    let purposes = Extension::new(&[2, 5, 29, 37], b"\x05\x00".to_vec());
    let odd = AuthorityBuilder::named("Odd").extension(purposes);
    let odd = odd.issued_by(&root);
    let chain = alice().issued_by(&odd).with(&odd).chain;
    let verdict = client(&root, any(), &chain);
    assert_eq!(reason(verdict), Some(Reason::MalformedCertificate));
}

/// A CA of the same name beside it did not issue it.
#[test]
fn a_self_signed_leaf_is_named_beside_a_ca_of_its_name() {
    let own = AuthorityBuilder::named("alice").not_a_ca(true);
    let own = own.key_usages(&[]).self_signed().credential();
    let chain = own.with(&Authority::named("alice")).chain;
    let rejection = client(&Authority::named("Root"), any(), &chain).unwrap_err();
    assert_eq!(rejection.reason(), Reason::UnknownIssuer, "{rejection}");
    assert_eq!(rejection.certificate(), Some((0, "CN=alice")));
    let hint = rejection.hint();
    assert!(hint.contains("self-signed and no CA's"), "{hint}");
}

/// A path length that is kept is not why there is no path.
#[test]
fn a_ca_of_another_key_is_an_unknown_issuer_whatever_the_path_length() {
    let root = Authority::named("Root");
    let branch = AuthorityBuilder::named("Branch").path_length(0);
    let branch = branch.issued_by(&root);
    let chain = alice().issued_by(&branch).with(&branch).chain;
    let verdict = client(&root.namesake(), any(), &chain);
    assert_eq!(reason(verdict), Some(Reason::UnknownIssuer));
}

/// These are below no trust anchor, and their names make tens of thousands of paths.
#[test]
fn a_maze_of_certificates_is_rejected_before_it_is_walked() {
    let mut chain = Vec::new();
    let top = Authority::named("Layer 5");
    let mut above = vec![top.clone()];
    for layer in (0..5).rev() {
        let name = format!("Layer {layer}");
        above = (0..8)
            .map(|k| above[k % above.len()].intermediate(&name))
            .collect();
        chain.extend(above.iter().map(Authority::certificate));
    }
    let leaf = alice().issued_by(&above[0]).chain;
    let chain = [leaf, chain].concat();
    let root = Authority::named("Root");
    let verdict = client(&root, any(), &chain).unwrap_err();
    assert_eq!(verdict.reason(), Reason::PathTooLong);
    assert!(verdict.expected().unwrap().contains("ways"), "{verdict}");
    // The leaf below five layers of five: few certificates, and more ways than are taken.
    let mut few = Vec::new();
    let mut above = vec![top];
    for layer in (0..5).rev() {
        let name = format!("Layer {layer}");
        above = (0..5)
            .map(|k| above[k % above.len()].intermediate(&name))
            .collect();
        few.extend(above.iter().map(Authority::certificate));
    }
    let leaf = alice().issued_by(&above[0]).chain;
    let verdict = client(&root, any(), &[leaf, few].concat()).unwrap_err();
    assert_eq!(verdict.reason(), Reason::PathTooLong);
    assert!(
        verdict.presented().unwrap().contains("too many ways"),
        "{verdict}"
    );
}

/// Each intermediate by three issuers of one name each, of which one leads home.
#[test]
fn ordinary_alternatives_are_followed() {
    let root = Authority::named("Root");
    let strangers = [root.namesake(), root.namesake()];
    let branch = root.intermediate("Branch");
    let twig = branch.intermediate("Twig");
    let mut chain = alice().issued_by(&twig).with(&twig).chain;
    for stranger in &strangers {
        let other_branch = branch.cross_signed_by(stranger);
        chain.push(other_branch.certificate());
        chain.push(
            twig.cross_signed_by(&stranger.intermediate("Branch"))
                .certificate(),
        );
    }
    chain.push(branch.certificate());
    assert_eq!(verify(&[&root], &chain), None);
    // And what no name leads to is no burden.
    let unrelated = (0..40).map(|n| Authority::named(&format!("Unrelated {n}")).certificate());
    chain.extend(unrelated);
    assert_eq!(verify(&[&root], &chain), None);
}

/// Old and new roots of one name, each signed by itself and by the other (RFC 4210, section 4.4), sent along.
#[test]
fn a_ca_that_changed_its_key_sends_its_roots_along() {
    let old = Authority::named("Root");
    let new = old.namesake();
    let (new_with_old, old_with_new) = (new.cross_signed_by(&old), old.cross_signed_by(&new));
    let strangers = [old.namesake(), old.namesake(), old.namesake()];
    let branch = old.intermediate("Branch");
    let bundle = [&old, &new, &new_with_old, &old_with_new]
        .into_iter()
        .chain(&strangers)
        .map(Authority::certificate);
    let mut direct = alice().issued_by(&old).chain;
    direct.extend(bundle.clone());
    assert_eq!(verify(&[&old], &direct), None);
    let mut below = alice().issued_by(&branch).with(&branch).chain;
    below.extend(bundle);
    assert_eq!(verify(&[&old], &below), None);
}

/// Only a CA of the path can keep a common name from standing in for a DNS name.
#[test]
fn constraints_beside_the_path_bind_no_common_name() {
    let root = Authority::named("Root");
    let constrained = AuthorityBuilder::named("Constrained")
        .permits_dns("inside.example")
        .issued_by(&root);
    let policy = || {
        VerifierPolicy::allow(PeerMatcher::dns("alice.example").unwrap())
            .danger_allow_common_name_as_dns()
    };
    let named = || Leaf::named("alice.example").client();
    let beside = named().issued_by(&root).with(&constrained).chain;
    assert_eq!(reason(client(&root, policy(), &beside)), None);
    let below = named().issued_by(&constrained).with(&constrained).chain;
    assert_eq!(
        reason(client(&root, policy(), &below)),
        Some(Reason::NotAuthorized)
    );
}

/// RFC 5280, section 4.2.1.10: limits to e-mail addresses bind the subject's where no alternative name holds one.
#[test]
fn limits_to_email_addresses_bind_the_subject() {
    let limits = || {
        // permitted: rfc822Name good.example
        let content = b"\x30\x12\xa0\x10\x30\x0e\x81\x0cgood.example";
        Extension::critical(&[2, 5, 29, 30], content)
    };
    let email = [1, 2, 840, 113_549, 1, 9, 1];
    let root = Authority::named("Root");
    let limited = AuthorityBuilder::named("Limited")
        .extension(limits())
        .issued_by(&root);
    let limited_root = AuthorityBuilder::named("Limited Root")
        .extension(limits())
        .self_signed();
    let with_email = || alice().attribute(&email, "boss@evil.example");
    let by_limited = |leaf: Leaf| leaf.issued_by(&limited).with(&limited).chain;
    assert_eq!(verify(&[&root], &with_email().issued_by(&root).chain), None);
    assert_eq!(verify(&[&root], &by_limited(alice())), None);
    // Limits to other names do not.
    let hosts = || AuthorityBuilder::named("Hosts").permits_dns("example");
    let (below, itself) = (hosts().issued_by(&root), hosts().self_signed());
    let chain = with_email().issued_by(&below).with(&below).chain;
    assert_eq!(verify(&[&root], &chain), None);
    assert_eq!(
        verify(&[&itself], &with_email().issued_by(&itself).chain),
        None
    );
    assert_eq!(
        verify(&[&root], &by_limited(with_email())),
        Some(Reason::NameConstraintViolated)
    );
    let boss = AuthorityBuilder::named("Boss").attribute(&email, "boss@evil.example");
    let boss = boss.issued_by(&limited);
    let below_boss = alice().issued_by(&boss).with(&boss).with(&limited).chain;
    assert_eq!(
        verify(&[&root], &below_boss),
        Some(Reason::NameConstraintViolated)
    );
    let by_root = |leaf: Leaf| leaf.issued_by(&limited_root).chain;
    assert_eq!(verify(&[&limited_root], &by_root(alice())), None);
    assert_eq!(
        verify(&[&limited_root], &by_root(with_email())),
        Some(Reason::NameConstraintViolated)
    );
}

#[test]
fn a_version_1_leaf_keeps_the_other_rules() {
    let root = Authority::named("Root");
    let error = verifier(
        &root,
        any()
            .danger_allow_x509_v1_leaf()
            .profile(CertificateProfile::WebPki),
    )
    .unwrap_err();
    assert!(
        matches!(error, BuildError::InvalidSetting { .. }),
        "{error}"
    );
    #[cfg(feature = "openssl")]
    {
        use std::time::Duration;

        use super::common::odd::Odd;

        let leaf = Odd::X509V1.issued_by(&root, "alice").chain;
        let policy = || any().danger_allow_x509_v1_leaf();
        let limited = |seconds| policy().max_leaf_lifetime(Duration::from_secs(seconds));
        assert_eq!(reason(client(&root, policy(), &leaf)), None);
        assert_eq!(
            reason(client(&root, limited(u64::from(u32::MAX)), &leaf)),
            None
        );
        assert_eq!(
            reason(client(&root, limited(1), &leaf)),
            Some(Reason::LifetimeTooLong)
        );
    }
}

/// RFC 5280, section 7.1: case does not make another name of it.
#[test]
fn a_ca_that_spells_its_own_name_otherwise_is_self_issued() {
    let root = Authority::named("Rhea");
    let renewed = AuthorityBuilder::named("RHEA").issued_by(&root);
    let chain = alice().issued_by(&renewed).with(&renewed).chain;
    let none = || any().max_intermediates(0);
    assert!(client(&root, none(), &chain).is_ok());
    let other = AuthorityBuilder::named("Rhea 2").issued_by(&root);
    let chain = alice().issued_by(&other).with(&other).chain;
    let rejection = client(&root, none(), &chain).unwrap_err();
    assert_eq!(rejection.reason(), Reason::PathTooLong);
}

/// The path length constraint of a trust anchor counts as the policy does.
#[test]
fn a_self_issued_certificate_is_not_counted_by_the_anchor() {
    let root = AuthorityBuilder::named("Rhea").path_length(0).self_signed();
    let renewed = AuthorityBuilder::named("RHEA").issued_by(&root);
    let chain = alice().issued_by(&renewed).with(&renewed).chain;
    assert!(client(&root, any(), &chain).is_ok());
    let other = AuthorityBuilder::named("Rhea 2").issued_by(&root);
    let chain = alice().issued_by(&other).with(&other).chain;
    let rejection = client(&root, any(), &chain).unwrap_err();
    assert_eq!(rejection.reason(), Reason::PathLengthExceeded);
}
