//! What a policy costs: matching must not grow with the list of those who are accepted.

use criterion::{Criterion, criterion_group, criterion_main};
use mtls::pki_types::{CertificateDer, UnixTime};
use mtls::{PeerMatcher, PeerVerifier, Rustls, TrustAnchors, VerifierPolicy};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};

const OWN: &str = "spiffe://prod.example/ns/team/sa/payments";
const LENGTHS: [usize; 3] = [1, 1_000, 100_000];

/// A root, and a client's leaf with a SPIFFE ID.
fn pki() -> (TrustAnchors, Vec<CertificateDer<'static>>) {
    let named = |name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    };
    let key = || KeyPair::generate().unwrap();
    let mut root = named("Root");
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let root = CertifiedIssuer::self_signed(root, key()).unwrap();
    let mut leaf = named("payments");
    leaf.subject_alt_names = vec![SanType::URI(OWN.try_into().unwrap())];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.use_authority_key_identifier_extension = true;
    let leaf = leaf.signed_by(&key(), &root).unwrap();
    let anchors = TrustAnchors::from_der([root.der().clone()]).unwrap();
    (anchors, vec![leaf.der().clone()])
}

/// `any_of` that many SPIFFE IDs, with the client's own among them or not.
fn allowed(count: usize, with_own: bool) -> PeerMatcher {
    let others = (0..count.saturating_sub(with_own.into()))
        .map(|i| format!("spiffe://prod.example/ns/team/sa/{i:08}"));
    let ids = others.chain(with_own.then(|| OWN.to_owned()));
    PeerMatcher::any_of(ids.map(|id| PeerMatcher::spiffe_id(&id).unwrap())).unwrap()
}

fn matching(criterion: &mut Criterion) {
    let (anchors, chain) = pki();
    let verify = |matcher: &PeerMatcher| {
        let policy = VerifierPolicy::allow(matcher.clone());
        let algorithms = Rustls::default().signature_algorithms().unwrap();
        PeerVerifier::new(&anchors, policy, algorithms).unwrap()
    };
    let now = UnixTime::now();
    let any = verify(&PeerMatcher::any_authenticated());
    let peer = any.verify_client(&chain, now).unwrap();
    let mut group = criterion.benchmark_group("matching");
    for (verdict, is_accepted) in [("accepted", true), ("rejected", false)] {
        for length in LENGTHS {
            let matcher = allowed(length, is_accepted);
            assert_eq!(matcher.matches(&peer), is_accepted);
            group.bench_function(format!("matches, {verdict}, {length}"), |bencher| {
                bencher.iter(|| matcher.matches(&peer));
            });
            let verifier = verify(&matcher);
            group.bench_function(format!("verify_client, {verdict}, {length}"), |bencher| {
                bencher.iter(|| verifier.verify_client(&chain, now).is_ok());
            });
        }
    }
    group.finish();
}

criterion_group!(benches, matching);
criterion_main!(benches);
