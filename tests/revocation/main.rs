//! Revocation lists: what loads, what they say about a chain, and what a handshake makes of it.
//!
//! The lists are made byte by byte (`common/pki/crl.rs`), and by the `openssl` command ([`real`]).
#![cfg_attr(
    not(all(feature = "rustls", feature = "openssl", feature = "tokio")),
    allow(dead_code, reason = "as in tests/handshake")
)]

#[path = "../common/mod.rs"]
mod common;

mod built;
mod hints;
mod issuer_names;
mod live;
mod loaded;
mod once;
mod real;
mod scoped;
mod verified;
// The stage of tests/handshake.
#[allow(dead_code, reason = "a part of it is used here")]
#[path = "../handshake/scene.rs"]
mod scene;
#[allow(dead_code, unused_imports, reason = "a part of it is used here")]
#[path = "../handshake/verdict.rs"]
mod verdict;

use mtls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use mtls::policy::{RevocationDepth, SignatureAlgorithms};
use mtls::{
    PeerVerifier, Rejection, RejectionReason, RevocationLists, RevocationRules, TrustAnchors,
    VerifierPolicy,
};

use common::pki::{Authority, Credential, Leaf};

/// A root, an intermediate, and a client below it.
struct World {
    root: Authority,
    intermediate: Authority,
    alice: Credential,
}

impl World {
    fn new() -> Self {
        let root = Authority::named("Root");
        let intermediate = root.intermediate("Intermediate");
        let alice = Leaf::named("alice").dns("alice.test").client();
        Self {
            alice: alice.issued_by(&intermediate).with(&intermediate),
            root,
            intermediate,
        }
    }

    /// Alice, verified now.
    fn verify(
        &self,
        rules: RevocationRules,
        lists: &[CertificateRevocationListDer<'static>],
    ) -> Result<(), Rejection> {
        verify(
            &[&self.root],
            rules,
            lists,
            &self.alice.chain,
            UnixTime::now(),
        )
    }
}

fn chain_depth() -> RevocationRules {
    RevocationRules::require(RevocationDepth::Chain)
}

fn leaf_depth() -> RevocationRules {
    RevocationRules::require(RevocationDepth::Leaf)
}

/// Verifies a client with every library's algorithms, with the lists in both orders, twice, and with every
/// step explained: all results must be the same.
#[track_caller]
fn verify(
    anchors: &[&Authority],
    rules: RevocationRules,
    lists: &[CertificateRevocationListDer<'static>],
    chain: &[CertificateDer<'_>],
    now: UnixTime,
) -> Result<(), Rejection> {
    let anchors: Vec<_> = anchors.iter().map(|a| a.certificate()).collect();
    verify_by(&anchors, rules, lists, chain, now)
}

#[track_caller]
fn verify_by(
    anchors: &[CertificateDer<'static>],
    rules: RevocationRules,
    lists: &[CertificateRevocationListDer<'static>],
    chain: &[CertificateDer<'_>],
    now: UnixTime,
) -> Result<(), Rejection> {
    let anchors = TrustAnchors::from_der(anchors.to_vec()).unwrap();
    let policy = VerifierPolicy::allow_any_authenticated().revocation(rules);
    let mut verdicts = Vec::new();
    for algorithms in algorithms() {
        let reversed: Vec<_> = lists.iter().rev().cloned().collect();
        for lists in [lists, &reversed] {
            let mut verifier =
                PeerVerifier::new(&anchors, policy.clone(), algorithms.clone()).unwrap();
            if !lists.is_empty() {
                let lists = RevocationLists::from_der(lists.to_vec()).unwrap();
                verifier = verifier.with_revocation_lists(&lists).unwrap();
            }
            for _ in 0..2 {
                verdicts.push(verifier.verify_client(chain, now).map(drop));
            }
            let explained = verifier.explain_client(chain, now);
            verdicts.push(explained.verdict().map(drop).map_err(Clone::clone));
        }
    }
    let reasons: Vec<_> = verdicts
        .iter()
        .map(|v| v.as_ref().map_err(Rejection::reason))
        .collect();
    assert!(reasons.iter().all(|r| *r == reasons[0]), "{verdicts:#?}");
    verdicts.swap_remove(0)
}

fn algorithms() -> Vec<SignatureAlgorithms> {
    vec![
        mtls::Rustls::default().signature_algorithms().unwrap(),
        #[cfg(feature = "openssl")]
        mtls::OpenSsl::default().signature_algorithms().unwrap(),
    ]
}

/// The reason, and the place of the certificate that it is about.
#[track_caller]
fn assert_rejected(
    verdict: Result<(), Rejection>,
    reason: RejectionReason,
    certificate: Option<usize>,
    words: &str,
) {
    let rejection = verdict.expect_err("accepted");
    assert_eq!(rejection.reason(), reason, "{rejection}");
    assert_eq!(
        rejection.certificate().map(|(i, _)| i),
        certificate,
        "{rejection}"
    );
    let said = rejection.to_string();
    assert!(said.contains(words), "no {words:?} in {said:?}");
    assert!(!rejection.hint().is_empty());
}
