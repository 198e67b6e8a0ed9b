//! What a rotation does not examine again: the results are those of a client or server that is
//! built anew.

use std::sync::{Arc, Mutex, OnceLock};

use mtls::error::RotationError;
use mtls::pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, UnixTime, alg_id,
};
use mtls::policy::{CertificateProfile, RevocationDepth};
use mtls::rotation::SelfTrust;
use mtls::test_util::{ExtendedKeyUsage, Extension, KeyAlgorithm};
use mtls::{
    BuildError, PeerMatcher, RevocationLists, RevocationRules, Rotation, Rustls, ServerBuilder,
    TrustAnchors, TrustBundles, VerifierPolicy,
};

use crate::common::pki::{Authority, AuthorityBuilder, Cast, Leaf, Validity};
use crate::stage::{anchors, client_of, identity, meet, server_of};

fn any() -> VerifierPolicy {
    VerifierPolicy::allow_any_authenticated()
}

/// The policies by which anchors differ, and others that do not concern them.
fn policies() -> Vec<VerifierPolicy> {
    vec![
        any(),
        any().profile(CertificateProfile::Rfc5280),
        any().profile(CertificateProfile::WebPki),
        any().min_rsa_bits(3072),
        any().max_intermediates(1),
        VerifierPolicy::allow(PeerMatcher::common_name("alice").unwrap()),
    ]
}

/// A server that does not ask whether its anchors prove itself, at the time of the first one.
fn server(cast: &Cast, trust: &TrustAnchors, policy: &VerifierPolicy) -> ServerBuilder {
    static NOW: OnceLock<UnixTime> = OnceLock::new();
    let now = *NOW.get_or_init(UnixTime::now);
    server_of(cast)
        .trust_anchors(trust.clone())
        .policy(policy.clone())
        .self_trust(SelfTrust::Skip)
        .clock(move || now)
}

/// Anchors that are sound, and others that some policy or the time rejects.
fn mixed(cast: &Cast) -> Vec<Authority> {
    let for_servers = AuthorityBuilder::named("For servers");
    let for_servers = for_servers.extended_key_usages(&[ExtendedKeyUsage::ServerAuth]);
    let unknown = Extension::critical(&[1, 3, 6, 1, 4, 1, 99999], b"\x05\x00".to_vec());
    vec![
        AuthorityBuilder::named("Old")
            .validity(Validity::expired())
            .self_signed(),
        AuthorityBuilder::named("RSA")
            .algorithm(KeyAlgorithm::Rsa)
            .self_signed(),
        for_servers.self_signed(),
        AuthorityBuilder::named("Unknown extension")
            .extension(unknown)
            .self_signed(),
        AuthorityBuilder::named("No CA")
            .not_a_ca(true)
            .self_signed(),
        cast.root.intermediate("Branch"),
    ]
}

#[test]
fn a_policy_that_concerns_anchors_examines_them_anew() {
    let cast = Cast::assemble();
    let others = mixed(&cast);
    let all: Vec<&Authority> = others.iter().chain([&cast.root]).collect();
    let trust = anchors(&all);
    let policies = policies();
    let fresh: Vec<_> = policies
        .iter()
        .map(|policy| {
            let server = server(&cast, &trust, policy).build(Rustls::default());
            let status = server.unwrap().handle().status();
            (
                status.unusable_trust_anchors().to_vec(),
                status.anchors_expire_at(),
            )
        })
        .collect();
    // By the profiles and the size of keys, more of them are unusable.
    assert!(fresh[1].0.len() > fresh[0].0.len(), "{fresh:?}");
    assert!(fresh[2].0.len() >= fresh[1].0.len(), "{fresh:?}");
    assert!(fresh[3].0.len() > fresh[0].0.len(), "{fresh:?}");
    assert_eq!(fresh[4], fresh[0]);
    for (first, policy) in policies.iter().enumerate() {
        let rotated = server(&cast, &trust, policy)
            .build(Rustls::default())
            .unwrap();
        for next in (0..policies.len())
            .filter(|next| *next != first)
            .chain([first])
        {
            let rotation = Rotation::new().policy(policies[next].clone());
            rotated.handle().rotate(rotation).unwrap();
            let status = rotated.handle().status();
            let found = (
                status.unusable_trust_anchors().to_vec(),
                status.anchors_expire_at(),
            );
            assert_eq!(found, fresh[next], "from {first} to {next}");
        }
    }
}

#[test]
fn a_policy_that_leaves_no_anchor_is_still_rejected() {
    let cast = Cast::assemble();
    let rsa = AuthorityBuilder::named("RSA").algorithm(KeyAlgorithm::Rsa);
    let trust = anchors(&[&rsa.self_signed()]);
    let server = server(&cast, &trust, &any())
        .build(Rustls::default())
        .unwrap();
    let rotation = Rotation::new().policy(any().min_rsa_bits(3072));
    let rejected = server.handle().rotate(rotation);
    assert!(
        matches!(
            rejected,
            Err(RotationError::Build(BuildError::UnusableTrustAnchors(_)))
        ),
        "{rejected:?}"
    );
}

/// Anchors come, go and change places, alone and in bundles.
#[test]
fn of_changed_anchors_each_keeps_what_was_found_in_it() {
    let cast = Cast::assemble();
    let others = mixed(&cast);
    let many: Vec<Authority> = (0..20)
        .map(|i| Authority::named(&format!("Root {i}")))
        .collect();
    let all: Vec<&Authority> = others.iter().chain(&many).chain([&cast.root]).collect();
    let without: Vec<&Authority> = all
        .iter()
        .copied()
        .filter(|a| !core::ptr::eq(*a, &cast.root))
        .collect();
    let backwards: Vec<&Authority> = all.iter().rev().copied().collect();
    let twice: Vec<&Authority> = all.iter().chain(&all).copied().collect();
    let namesake = cast.root.namesake();
    let mut replaced = without.clone();
    replaced.insert(3, &namesake);
    let rotated = server(&cast, &anchors(&all), &any())
        .build(Rustls::default())
        .unwrap();
    let bundles = |anchors: TrustAnchors| {
        TrustBundles::new([
            ("prod.example", anchors),
            ("other.example", anchors_of(&many)),
        ])
        .unwrap()
    };
    let alice = client_of(&cast).build(Rustls::default()).unwrap();
    for set in [&without, &backwards, &replaced, &twice, &without, &all] {
        let trust = anchors(set);
        let rotation = Rotation::new().trust_anchors(trust.clone());
        rotated.handle().rotate(rotation).unwrap();
        let fresh = server(&cast, &trust, &any())
            .build(Rustls::default())
            .unwrap();
        let [found, expected] = [&rotated, &fresh].map(|server| server.handle().status());
        assert_eq!(
            found.unusable_trust_anchors(),
            expected.unusable_trust_anchors()
        );
        assert_eq!(found.anchors_expire_at(), expected.anchors_expire_at());
        assert_eq!(
            found.trust_anchor_sha256s(),
            expected.trust_anchor_sha256s()
        );
        let (_connected, served) = meet(&alice, &rotated);
        let has_root = set.iter().any(|a| core::ptr::eq(*a, &cast.root));
        assert_eq!(served.is_ok(), has_root, "{served:?}");
        if let Ok(served) = served {
            assert_eq!(served.peer().trust_anchor(), Some(&cast.root.certificate()));
        }
    }
    for set in [&all, &without, &backwards] {
        let bundles = bundles(anchors(set));
        let rotation = Rotation::new().trust_bundles(bundles.clone());
        rotated.handle().rotate(rotation).unwrap();
        let fresh = server(&cast, &anchors(set), &any()).trust_bundles(bundles);
        let fresh = fresh.build(Rustls::default()).unwrap();
        let [found, expected] = [&rotated, &fresh].map(|server| server.handle().status());
        assert_eq!(
            found.unusable_trust_anchors(),
            expected.unusable_trust_anchors()
        );
        assert_eq!(found.anchors_expire_at(), expected.anchors_expire_at());
    }
}

fn anchors_of(authorities: &[Authority]) -> TrustAnchors {
    anchors(&authorities.iter().collect::<Vec<_>>())
}

/// ECDSA over P-256 with SHA-256 by aws-lc-rs, which keeps the messages that it verifies.
#[derive(Debug)]
struct Recorded(Mutex<Vec<Vec<u8>>>);

impl SignatureVerificationAlgorithm for Recorded {
    fn verify_signature(
        &self,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        self.0.lock().unwrap().push(message.to_vec());
        let all = rustls::crypto::aws_lc_rs::default_provider();
        let all = all.signature_verification_algorithms.all.iter();
        let mut own = all.filter(|a| {
            a.public_key_alg_id() == alg_id::ECDSA_P256
                && a.signature_alg_id() == alg_id::ECDSA_SHA256
        });
        own.next()
            .unwrap()
            .verify_signature(key, message, signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA256
    }
}

impl Recorded {
    /// Returns how many signatures over these lists it has verified since the last call.
    fn take(&self, lists: &RevocationLists) -> usize {
        let messages = core::mem::take(&mut *self.0.lock().unwrap());
        let is_of = |message: &[u8], der: &[u8]| der.windows(message.len()).any(|w| w == message);
        let of_lists = |message: &&Vec<u8>| lists.iter().any(|list| is_of(message, list.as_der()));
        messages.iter().filter(of_lists).count()
    }
}

#[test]
fn lists_that_stay_are_verified_once() {
    let cast = Cast::assemble();
    let other = Authority::named("Other");
    let recorded: &'static Recorded = Box::leak(Box::new(Recorded(Mutex::default())));
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    let all: &'static [&'static dyn SignatureVerificationAlgorithm] =
        Box::leak(Box::new([recorded as &dyn SignatureVerificationAlgorithm]));
    provider.signature_verification_algorithms.all = all;
    let backend = Rustls::with_provider(Arc::new(provider));
    // That of the intermediate, and that of the root.
    let first = |ca: &Authority, count| {
        let lists = ca.revocation_lists_der().into_iter().take(count);
        RevocationLists::from_der(lists).unwrap()
    };
    let both = first(&cast.intermediate, 2);
    let rules = RevocationRules::require(RevocationDepth::Chain);
    let policy = any().revocation(rules);
    let trust = anchors(&[&cast.root, &other]);
    let server = server(&cast, &trust, &policy).revocation_lists(both.clone());
    let server = server.build(backend).unwrap();
    assert_eq!(recorded.take(&both), 1, "that of the anchor");
    let alice = client_of(&cast).build(Rustls::default()).unwrap();
    let met = || {
        let (_connected, served) = meet(&alice, &server);
        served.map(drop)
    };
    met().unwrap();
    assert_eq!(recorded.take(&both), 1, "that of the intermediate");
    // Neither another identity nor another policy nor other anchors make them unproved.
    let renewed = Leaf::named("renewed").dns("localhost").server();
    let renewed = renewed
        .issued_by(&cast.intermediate)
        .with(&cast.intermediate);
    for rotation in [
        Rotation::new().identity(identity(&renewed)),
        Rotation::new().policy(policy.clone().max_intermediates(2)),
        Rotation::new().policy(policy.clone().profile(CertificateProfile::Rfc5280)),
        Rotation::new().trust_anchors(anchors(&[&cast.root])),
    ] {
        server.handle().rotate(rotation).unwrap();
        met().unwrap();
        assert_eq!(recorded.take(&both), 0);
        let status = server.handle().status();
        assert_eq!(status.unclaimed_revocation_lists().len(), 0);
    }
    // Of newer lists, each that is new is verified, and the other is not.
    cast.root.revoke_certificate(&other.certificate());
    let next = [first(&cast.root, 1), again(&both, 0)];
    let next = RevocationLists::join(next).unwrap();
    server
        .handle()
        .rotate(Rotation::new().revocation_lists(next.clone()))
        .unwrap();
    met().unwrap();
    assert_eq!(recorded.take(&next), 1);
}

/// Reads the list at this place once more.
fn again(lists: &RevocationLists, place: usize) -> RevocationLists {
    let list = lists.iter().nth(place).unwrap();
    RevocationLists::from_der([list.as_der().clone()]).unwrap()
}
