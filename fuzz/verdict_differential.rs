//! One verifier, several crypto libraries, with a memo of signatures and without.

use std::sync::LazyLock;

use mtls::pki_types::{CertificateDer, ServerName};
use mtls::policy::{SignatureAlgorithms, SignatureMemo};
use mtls::{PeerVerifier, Rejection, RejectionReason, TrustAnchors, VerifierPolicy};

use super::script::{ROOT, Scene, play};
use super::verifiers::NOW;

/// A script, or certificates end to end: whichever library computes the signatures, the verdict
/// and its reason are the same, but where a library lacks an algorithm. So they are where every
/// signature of the chain that verifies is in a memo.
pub fn verdict_differential(input: &[u8]) {
    let scene = play(input);
    let mut verdicts = VERIFIERS
        .iter()
        .map(|verifier| (verifier, verifier.asks(&scene)));
    let Some((first, expected)) = verdicts.next() else {
        return;
    };
    for (verifier, verdict) in verdicts {
        assert!(
            reason(&verdict) == reason(&expected) || verifier.may_lack(&verdict, &scene),
            "{}: {expected:?}, {}: {verdict:?}, {:?}",
            first.name,
            verifier.name,
            scene.chain
        );
    }
}

fn reason(verdict: &Verdict) -> Option<RejectionReason> {
    verdict.as_ref().err().map(Rejection::reason)
}

/// Which of the scene's bits stand for what.
const AS_SERVER: u8 = 4;
const V1_LEAVES: u8 = 8;

type Verdict = Result<(), Rejection>;

struct Verifier {
    name: &'static str,
    /// If they have a memo.
    algorithms: Option<SignatureAlgorithms>,
    plain: PeerVerifier,
    takes_v1: PeerVerifier,
}

impl Verifier {
    /// Whether a verdict can be for an algorithm that ring lacks. Where several certificates could be an issuer, what is
    /// said of it is that none of them is.
    fn may_lack(&self, verdict: &Verdict, scene: &Scene) -> bool {
        let is_there = |oid: &&[u8]| {
            let mut chain = scene.chain.iter();
            chain.any(|der| der.windows(oid.len()).any(|bytes| bytes == *oid))
        };
        self.name == "ring" && verdict.is_err() && LACKED_BY_RING.iter().any(is_there)
    }

    fn asks(&self, scene: &Scene) -> Verdict {
        if let Some(algorithms) = &self.algorithms {
            remember(algorithms, scene);
        }
        let verifier = match scene.how & V1_LEAVES {
            0 => &self.plain,
            _ => &self.takes_v1,
        };
        let verdict = match scene.how & AS_SERVER {
            0 => verifier.verify_client(&scene.chain, NOW),
            _ => verifier.verify_server(&scene.chain, &SERVER, NOW),
        };
        verdict.map(drop)
    }
}

/// Keeps every signature of the scene that verifies: it is kept when it is met again.
fn remember(algorithms: &SignatureAlgorithms, scene: &Scene) {
    let root = CertificateDer::from(ROOT);
    for certificate in &scene.chain {
        for issuer in scene.chain.iter().chain([&root]) {
            if algorithms.is_signed_by(certificate, issuer) == Some(true) {
                algorithms.is_signed_by(certificate, issuer);
            }
        }
    }
}

static SERVER: LazyLock<ServerName<'static>> =
    LazyLock::new(|| ServerName::try_from("server.test").unwrap());

static VERIFIERS: LazyLock<Vec<Verifier>> = LazyLock::new(|| {
    let anchors = TrustAnchors::from_der([ROOT.to_vec().into()]).unwrap();
    let verify = |policy, algorithms| PeerVerifier::new(&anchors, policy, algorithms).unwrap();
    let any = VerifierPolicy::allow_any_authenticated;
    let memo = SignatureMemo::default();
    let verifiers = algorithms().into_iter().flat_map(|(name, algorithms)| {
        let with_memo = algorithms.clone().with_memo(&memo);
        [(algorithms, None), (with_memo.clone(), Some(with_memo))].map(|(by, with_memo)| Verifier {
            name,
            algorithms: with_memo,
            plain: verify(any(), by.clone()),
            takes_v1: verify(any().danger_allow_x509_v1_leaf(), by),
        })
    });
    let verifiers: Vec<_> = verifiers.collect();
    // Every pair that is on the list is accepted before anything is changed in it; the others are not.
    for (pair, expected) in (0..).zip(EXPECTED) {
        for verifier in &verifiers {
            let verdict = verifier.asks(&play(&[pair, 0]));
            let expected = match verifier.name {
                "ring" if IS_LACKED_BY_RING.contains(&pair) => {
                    Some(RejectionReason::UnsupportedSignatureAlgorithm)
                }
                _ => expected,
            };
            let reason = reason(&verdict);
            assert_eq!(
                reason, expected,
                "pair {pair}, {}: {verdict:?}",
                verifier.name
            );
        }
    }
    // Otherwise nothing of what follows would be about the memo.
    assert!(memo.hits() >= 2 * EXPECTED.len() as u64, "{memo:?}");
    verifiers
});

/// In the order of `make_chains.sh`.
const EXPECTED: [Option<RejectionReason>; 16] = {
    let mut expected = [None; 16];
    expected[11] = Some(RejectionReason::UnsupportedSignatureAlgorithm);
    expected[12] = Some(RejectionReason::UnsupportedSignatureAlgorithm);
    expected
};

/// What stands in a certificate that ring cannot verify, or whose key it cannot use: ECDSA with SHA-512, P-521, and the
/// beginning of ML-DSA.
const LACKED_BY_RING: [&[u8]; 3] = [
    &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4],
    &[0x2b, 0x81, 4, 0, 0x23],
    &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3],
];

/// ECDSA with SHA-512, on P-256 and on P-521.
const IS_LACKED_BY_RING: [u8; 2] = [13, 14];

fn algorithms() -> Vec<(&'static str, SignatureAlgorithms)> {
    vec![
        #[cfg(feature = "aws-lc-rs")]
        (
            "aws-lc-rs",
            of(rustls::crypto::aws_lc_rs::default_provider()),
        ),
        #[cfg(feature = "openssl")]
        (
            "OpenSSL",
            mtls::OpenSsl::default().signature_algorithms().unwrap(),
        ),
        // Last, since it lacks algorithms.
        #[cfg(feature = "ring")]
        ("ring", of(rustls::crypto::ring::default_provider())),
    ]
}

fn of(provider: rustls::crypto::CryptoProvider) -> SignatureAlgorithms {
    let rustls = mtls::Rustls::with_provider(provider.into());
    rustls.signature_algorithms().unwrap()
}
