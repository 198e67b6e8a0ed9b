//! Anchors of one name: key identifiers say which of them is tried first, and decide nothing.

use std::sync::atomic::{AtomicUsize, Ordering};

use mtls::pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm,
    UnixTime, alg_id,
};
use mtls::policy::{CertificateProfile, SignatureAlgorithms};
use mtls::{PeerIdentity, PeerVerifier, Rejection, RejectionReason, TrustAnchors, VerifierPolicy};
use rcgen::{
    CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};

use super::anchors;
use super::common::pki::{Authority, Leaf};

/// ECDSA over P-256 with SHA-256 by aws-lc-rs, which counts what it verifies.
#[derive(Debug)]
struct Counted(AtomicUsize);

impl SignatureVerificationAlgorithm for Counted {
    fn verify_signature(
        &self,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let all = rustls::crypto::aws_lc_rs::default_provider();
        let all = all.signature_verification_algorithms.all.iter();
        let mut own = all.filter(|a| {
            a.public_key_alg_id() == self.public_key_alg_id()
                && a.signature_alg_id() == self.signature_alg_id()
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

/// Verifies a client of a chain, and returns how many signatures that took.
fn verify(
    given: &[&Authority],
    chain: &[CertificateDer<'_>],
    policy: VerifierPolicy,
) -> (Result<PeerIdentity, Rejection>, usize) {
    verify_by(anchors(given).as_slice(), chain, policy)
}

fn verify_by(
    given: &[CertificateDer<'static>],
    chain: &[CertificateDer<'_>],
    policy: VerifierPolicy,
) -> (Result<PeerIdentity, Rejection>, usize) {
    let counted: &'static Counted = Box::leak(Box::new(Counted(AtomicUsize::new(0))));
    let algorithms = SignatureAlgorithms::new([counted as &dyn SignatureVerificationAlgorithm]);
    let given = TrustAnchors::from_der(given.to_vec()).unwrap();
    let verifier = PeerVerifier::new(given, policy, algorithms).unwrap();
    let verdict = verifier.verify_client(chain, UnixTime::now());
    (verdict, counted.0.load(Ordering::SeqCst))
}

fn any() -> VerifierPolicy {
    VerifierPolicy::allow_any_authenticated()
}

fn leaf() -> Leaf {
    Leaf::named("alice").dns("alice.example").client()
}

/// A CA whose certificates have the identifiers that are asked for, or none.
struct Ca(KeyPair);

#[derive(Clone, Copy, Default)]
struct Form {
    identifier: Option<&'static [u8]>,
    is_expired: bool,
    is_for_servers: bool,
}

impl Ca {
    fn new() -> Self {
        Self(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap())
    }

    fn params() -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "Root");
        params
    }

    /// Returns a self-signed certificate of the CA.
    fn certificate(&self, form: Form) -> CertificateDer<'static> {
        let mut params = Self::params();
        if form.is_expired {
            params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        }
        // By hand, since rcgen gives each CA a subjectKeyIdentifier.
        let constraints = vec![0x30, 3, 1, 1, 0xff];
        let mut extensions = vec![extension(19, constraints), extension(15, vec![3, 2, 2, 4])];
        if form.is_for_servers {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        }
        if let Some(identifier) = form.identifier {
            extensions.push(extension(14, tlv(4, identifier)));
        }
        params.custom_extensions = extensions;
        params.self_signed(&self.0).unwrap().der().clone()
    }

    /// Issues a client's leaf that names this key of its issuer.
    fn leaf(&self, identifier: &[u8]) -> CertificateDer<'static> {
        let mut params = CertificateParams::new(["alice.example".to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.custom_extensions = vec![extension(35, tlv(0x30, &tlv(0x80, identifier)))];
        let issuer = Self::params();
        let issuer = Issuer::from_params(&issuer, &self.0);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        params.signed_by(&key, &issuer).unwrap().der().clone()
    }
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
}

fn extension(arc: u64, content: Vec<u8>) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, arc], content);
    extension.set_criticality(matches!(arc, 15 | 19));
    extension
}

fn named(identifier: &'static [u8]) -> Form {
    Form {
        identifier: Some(identifier),
        ..Form::default()
    }
}

/// The anchors, with `right` at this place among them.
fn among<'a>(others: &'a [Authority], right: &'a Authority, place: usize) -> Vec<&'a Authority> {
    let mut all: Vec<&Authority> = others.iter().collect();
    all.insert(place, right);
    all
}

#[test]
fn the_one_that_the_child_names_is_tried_first() {
    let right = Authority::named("Root");
    let below = right.intermediate("Intermediate");
    let direct = leaf().issued_by(&right).chain;
    let indirect = leaf().issued_by(&below).with(&below).chain;
    for count in [1, 15, 31] {
        let others: Vec<_> = (0..count).map(|_| right.namesake()).collect();
        for place in [0, count / 2, count] {
            let all = among(&others, &right, place);
            for policy in [any(), any().profile(CertificateProfile::Rfc5280)] {
                let (verdict, signatures) = verify(&all, &direct, policy.clone());
                assert!(verdict.is_ok(), "{verdict:?}");
                assert_eq!(signatures, 1, "{place} of {count}");
                let (verdict, signatures) = verify(&all, &indirect, policy);
                assert!(verdict.is_ok(), "{verdict:?}");
                assert_eq!(signatures, 2, "{place} of {count}");
            }
        }
    }
}

#[test]
fn more_namesakes_than_signatures_are_tried() {
    let right = Authority::named("Root");
    let others: Vec<_> = (0..120).map(|_| right.namesake()).collect();
    let all = among(&others, &right, 120);
    let chain = leaf().issued_by(&right).chain;
    assert!(verify(&all, &chain, any()).0.is_ok());
    // A stranger's leaf names the right one, which has not signed it; the others are too many.
    let forged = leaf().issued_by(&right.namesake()).chain;
    let verdict = verify(&all, &forged, any()).0;
    assert_eq!(verdict.unwrap_err().reason(), RejectionReason::PathTooLong);
}

#[test]
fn an_identifier_excludes_no_anchor() {
    let (wrong, right) = (Ca::new(), Ca::new());
    let chain = [right.leaf(b"wrong")];
    let first = wrong.certificate(named(b"wrong"));
    let strict = any().profile(CertificateProfile::Rfc5280);
    for form in [named(b"right"), Form::default()] {
        let last = right.certificate(form);
        for count in [0, 20] {
            let others = (0..count).map(|_| Ca::new().certificate(named(b"others")));
            let all: Vec<_> = [first.clone()]
                .into_iter()
                .chain(others)
                .chain([last.clone()])
                .collect();
            let (verdict, signatures) = verify_by(&all, &chain, any());
            assert_eq!(verdict.unwrap().trust_anchor(), Some(&last));
            // The named one in vain, then all others in their order.
            assert_eq!(signatures, count + 2);
        }
    }
    // A profile that checks identifiers rejects the path, whatever stands beside the anchor.
    let last = right.certificate(named(b"right"));
    for all in [vec![&first, &last], vec![&last, &first], vec![&last]] {
        let all: Vec<_> = all.into_iter().cloned().collect();
        let verdict = verify_by(&all, &chain, strict.clone()).0;
        assert_eq!(
            verdict.unwrap_err().reason(),
            RejectionReason::UnknownIssuer
        );
    }
}

#[test]
fn without_an_identifier_of_the_child_the_order_stays() {
    let right = Authority::named("Root");
    let others: Vec<_> = (0..20).map(|_| right.namesake()).collect();
    let chain = leaf().without_key_identifier().issued_by(&right).chain;
    for place in [0, 7, 20] {
        let (verdict, signatures) = verify(&among(&others, &right, place), &chain, any());
        assert!(verdict.is_ok(), "{verdict:?}");
        assert_eq!(signatures, place + 1);
    }
}

#[test]
fn an_anchor_of_another_key_that_claims_the_identifier_proves_nothing() {
    let (claims, right) = (Ca::new(), Ca::new());
    let chain = [right.leaf(b"named")];
    let [claims, right] = [claims, right].map(|ca| ca.certificate(named(b"named")));
    for all in [
        [claims.clone(), right.clone()],
        [right.clone(), claims.clone()],
    ] {
        let peer = verify_by(&all, &chain, any()).0.unwrap();
        assert_eq!(peer.trust_anchor(), Some(&right));
    }
    let verdict = verify_by(&[claims], &chain, any()).0;
    assert_eq!(
        verdict.unwrap_err().reason(),
        RejectionReason::UnknownIssuer
    );
}

/// Each of them verifies what the key signed: the first in the given order is the one that is
/// found, and the last is the one that a rejection is about, whatever identifiers they have.
#[test]
fn certificates_of_one_key_keep_their_order() {
    let (ca, namesake) = (Ca::new(), Ca::new());
    let chain = [ca.leaf(b"named")];
    let is_named = ca.certificate(named(b"named"));
    let other = ca.certificate(named(b"other"));
    let namesake = namesake.certificate(named(b"third"));
    for (all, first) in [
        ([&namesake, &other, &is_named], &other),
        ([&other, &is_named, &namesake], &other),
        ([&is_named, &other, &namesake], &is_named),
        ([&is_named, &namesake, &other], &is_named),
    ] {
        let (verdict, signatures) = verify_by(&all.map(Clone::clone), &chain, any());
        assert_eq!(verdict.unwrap().trust_anchor(), Some(first));
        assert_eq!(signatures, 1);
    }
    // Of two that cannot be used the last says why, whichever of them is named.
    let expired = |form| {
        ca.certificate(Form {
            is_expired: true,
            ..form
        })
    };
    let for_servers = |form| {
        let of_servers = Form {
            is_for_servers: true,
            ..form
        };
        ca.certificate(of_servers)
    };
    for (one, another) in [(b"named", b"other"), (b"other", b"named")] {
        let (expired, for_servers) = (expired(named(one)), for_servers(named(another)));
        for (all, expected) in [
            (
                [&expired, &for_servers],
                RejectionReason::WrongExtendedKeyUsage,
            ),
            ([&for_servers, &expired], RejectionReason::AnchorExpired),
        ] {
            let verdict = verify_by(&all.map(Clone::clone), &chain, any()).0;
            assert_eq!(verdict.unwrap_err().reason(), expected);
        }
    }
}
