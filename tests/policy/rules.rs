//! The settings of a policy, on both sides of the line that each draws.

use std::time::Duration;

use mtls::pki_types::{ServerName, UnixTime};
use mtls::policy::CertificateProfile;
use mtls::test_util::{ExtendedKeyUsage, Extension};
use mtls::{
    BuildError, PeerVerifier, RejectionReason as Reason, Rustls, TrustAnchors, VerifierPolicy,
};

use super::common::chains;
use super::common::pki::{Authority, AuthorityBuilder, KeyAlgorithm, Leaf, Validity};
use super::{anchors, client, reason, server, verifier};

#[test]
fn each_profile_draws_its_line() {
    let mut forms = 0;
    for case in chains::clients() {
        let policy = any().profile(case.profile);
        let verifier = PeerVerifier::new(
            TrustAnchors::from_der(case.anchors.clone()).unwrap(),
            policy,
            Rustls::default().signature_algorithms().unwrap(),
        )
        .unwrap();
        let verdict = verifier.verify_client(&case.presented.chain, UnixTime::now());
        let verdict = verdict.map(drop).map_err(|r| r.reason());
        assert_eq!(verdict, case.expected, "{}", case.name);
        forms += usize::from(case.profile == CertificateProfile::Rfc5280);
    }
    assert!(forms >= 19, "only {forms}");
}

#[test]
fn the_profile_of_the_public_web_takes_name_constraints_that_are_not_critical() {
    let root = Authority::named("Root");
    let limits = Extension::new(
        &[2, 5, 29, 30],
        b"\x30\x0d\xa0\x0b\x30\x09\x82\x07example".to_vec(),
    );
    let branch = AuthorityBuilder::named("Branch")
        .extension(limits)
        .issued_by(&root);
    let verify = |name: &str, profile| {
        let leaf = Leaf::named(name).dns(name).server().issued_by(&branch);
        let policy = any().profile(profile);
        reason(server(&root, policy, &leaf.with(&branch), name))
    };
    let profiles = [
        (CertificateProfile::Interoperable, None),
        (CertificateProfile::Rfc5280, Some(Reason::WrongCriticality)),
        (CertificateProfile::WebPki, None),
    ];
    for (profile, expected) in profiles {
        assert_eq!(verify("db.example", profile), expected, "{profile:?}");
        let outside = verify("db.elsewhere", profile);
        assert_eq!(outside, Some(Reason::NameConstraintViolated), "{profile:?}");
    }
}

#[test]
fn the_profile_of_the_public_web_rejects_a_critical_extended_key_usage() {
    let root = Authority::named("Root");
    let purposes = Extension::critical(
        &[2, 5, 29, 37],
        b"\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01".to_vec(),
    );
    let leaf = Leaf::named("db.example")
        .dns("db.example")
        .extension(purposes);
    let leaf = leaf.issued_by(&root);
    let verify = |profile| reason(server(&root, any().profile(profile), &leaf, "db.example"));
    assert_eq!(verify(CertificateProfile::Interoperable), None);
    assert_eq!(verify(CertificateProfile::Rfc5280), None);
    assert_eq!(
        verify(CertificateProfile::WebPki),
        Some(Reason::WrongCriticality)
    );
}

#[test]
fn the_profile_of_the_public_web_asks_for_more() {
    let root = Authority::named("Root");
    let verify = |leaf: Leaf| {
        let policy = any().profile(CertificateProfile::WebPki);
        reason(server(&root, policy, &leaf.issued_by(&root), "db.example"))
    };
    let good = || Leaf::named("db.example").dns("db.example");
    assert_eq!(verify(good().server()), None);
    assert_eq!(verify(good()), Some(Reason::WrongExtendedKeyUsage));
    assert_eq!(
        verify(good().server().extended_key_usage(ExtendedKeyUsage::Any)),
        Some(Reason::WrongExtendedKeyUsage)
    );
    let title = Leaf::named("Our database").dns("db.example").server();
    assert_eq!(verify(title), Some(Reason::MalformedName));
    let capitals = Leaf::named("DB.example").dns("db.example").server();
    assert_eq!(verify(capitals), Some(Reason::MalformedName));
    for (address, expected) in [
        ("192.0.2.7", None),
        ("192.0.2.8", Some(Reason::MalformedName)),
    ] {
        let leaf = Leaf::named(address).dns("db.example").ip("192.0.2.7");
        assert_eq!(verify(leaf.server()), expected, "{address}");
    }
    let empty_access = Extension::new(AUTHORITY_INFORMATION_ACCESS, b"\x30\x00".to_vec());
    assert_eq!(
        verify(good().server().extension(empty_access)),
        Some(Reason::MalformedCertificate)
    );
    let limited = AuthorityBuilder::named("Limited")
        .extended_key_usages(&[ExtendedKeyUsage::ServerAuth])
        .self_signed();
    let leaf = good().server().issued_by(&limited);
    let web = any().profile(CertificateProfile::WebPki);
    let algorithms = Rustls::default().signature_algorithms().unwrap();
    let verifier = PeerVerifier::new(anchors(&[&limited, &root]), web, algorithms).unwrap();
    let unusable = verifier.unusable_trust_anchors();
    assert_eq!(unusable.len(), 1, "{unusable:?}");
    assert_eq!(unusable[0].subject, "CN=Limited");
    let name = ServerName::try_from("db.example").unwrap();
    let verdict = verifier.verify_server(&leaf.chain, &name, UnixTime::now());
    assert_eq!(reason(verdict), Some(Reason::ForbiddenExtension));
    assert_eq!(reason(server(&limited, any(), &leaf, "db.example")), None);
}

const AUTHORITY_INFORMATION_ACCESS: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 1];

#[test]
fn fewer_intermediates_can_be_allowed() {
    let root = Authority::named("Root");
    let first = root.intermediate("First");
    let second = first.intermediate("Second");
    let one = alice().issued_by(&first).with(&first).chain;
    let two = alice().issued_by(&second).with(&second).with(&first).chain;
    let at_most = |n, chain: &[_]| reason(client(&root, any().max_intermediates(n), chain));
    assert_eq!(at_most(2, &two), None);
    assert_eq!(at_most(1, &two), Some(Reason::PathTooLong));
    assert_eq!(at_most(1, &one), None);
    assert_eq!(at_most(0, &one), Some(Reason::PathTooLong));
    assert_eq!(at_most(0, &alice().issued_by(&root).chain), None);
}

#[test]
fn longer_rsa_keys_can_be_asked_for() {
    let root = Authority::named("Root");
    let rsa = alice().algorithm(KeyAlgorithm::Rsa).issued_by(&root).chain;
    let verify = |bits, chain: &[_]| reason(client(&root, any().min_rsa_bits(bits), chain));
    assert_eq!(verify(2048, &rsa), None);
    assert_eq!(verify(2049, &rsa), Some(Reason::UnsupportedKey));
    assert_eq!(verify(8192, &alice().issued_by(&root).chain), None);
    let rsa_root = AuthorityBuilder::named("RSA")
        .algorithm(KeyAlgorithm::Rsa)
        .self_signed();
    let error = verifier(&rsa_root, any().min_rsa_bits(3072)).unwrap_err();
    assert!(
        matches!(error, BuildError::UnusableTrustAnchors(_)),
        "{error}"
    );
}

#[test]
fn the_life_of_a_leaf_can_be_limited() {
    let root = Authority::named("Root");
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    // A day, both ends included.
    let day = alice()
        .validity(Validity::between_unix(now - 3600, now - 3600 + 86_399))
        .issued_by(&root)
        .chain;
    let limit = |seconds| any().max_leaf_lifetime(Duration::from_secs(seconds));
    assert_eq!(reason(client(&root, limit(86_400), &day)), None);
    let verdict = client(&root, limit(86_399), &day);
    let rejection = verdict.unwrap_err();
    assert_eq!(rejection.reason(), Reason::LifetimeTooLong);
    assert!(
        rejection.presented().unwrap().contains("86400 s"),
        "{rejection}"
    );
}

#[test]
fn limits_that_cannot_be_held_are_errors() {
    let root = Authority::named("Root");
    for (policy, words) in [
        (any().max_intermediates(7), "max_intermediates(7)"),
        (any().min_rsa_bits(2047), "2048 to 8192"),
        (any().min_rsa_bits(8193), "2048 to 8192"),
        (
            any().max_leaf_lifetime(Duration::from_millis(999)),
            "shorter than a second",
        ),
    ] {
        let error = verifier(&root, policy).unwrap_err();
        assert!(
            matches!(
                error,
                BuildError::InvalidSetting {
                    setting: "policy",
                    ..
                }
            ),
            "{error}"
        );
        assert!(error.to_string().contains(words), "{error}");
    }
}

fn any() -> VerifierPolicy {
    VerifierPolicy::allow_any_authenticated()
}

fn alice() -> Leaf {
    Leaf::named("alice").dns("alice.example").client()
}
