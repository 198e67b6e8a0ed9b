//! A signature over a long list is verified once, whether it is good or not.

use std::sync::atomic::{AtomicUsize, Ordering};

use mtls::pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, UnixTime, alg_id,
};
use mtls::policy::SignatureAlgorithms;
use mtls::{PeerVerifier, RejectionReason, RevocationLists, TrustAnchors, VerifierPolicy};
use time::Duration;

use crate::common::pki::crl::{Crl, CrlTools as _};
use crate::{World, chain_depth};

/// Longer than any certificate here.
const LONG: usize = 4_000;

/// Counts the long messages. One whose first entry is numbered 9 has no valid signature.
#[derive(Debug)]
struct Counting(AtomicUsize);

static COUNTING: Counting = Counting(AtomicUsize::new(0));

impl SignatureVerificationAlgorithm for Counting {
    fn verify_signature(&self, _: &[u8], message: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
        if message.len() < LONG {
            return Ok(());
        }
        self.0.fetch_add(1, Ordering::Relaxed);
        if message
            .windows(3)
            .any(|window| window == [0x02, 0x01, 0x09])
        {
            Err(InvalidSignature)
        } else {
            Ok(())
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA256
    }
}

fn long(first: u8) -> Crl {
    (0..200).fold(
        Crl::new().lists_serial_by(&[first], Duration::ZERO, &[]),
        |crl, i| crl.lists_serial_by(&[0x11, i], Duration::ZERO, &[]),
    )
}

#[test]
fn a_signature_is_verified_once() {
    let world = World::new();
    let policy = VerifierPolicy::allow_any_authenticated().revocation(chain_depth());
    let algorithms = SignatureAlgorithms::new([&COUNTING as &dyn SignatureVerificationAlgorithm]);
    let anchors = TrustAnchors::from_der([world.root.certificate()]).unwrap();
    let count = || COUNTING.0.load(Ordering::Relaxed);
    for (first, expected) in [
        (1, Ok(())),
        (9, Err(RejectionReason::RevocationStatusUnknown)),
    ] {
        COUNTING.0.store(0, Ordering::Relaxed);
        let lists = [
            long(1).signed_by(&world.root),
            long(first).signed_by(&world.intermediate),
        ];
        let lists = RevocationLists::from_der(lists).unwrap();
        let verifier = PeerVerifier::new(&anchors, policy.clone(), algorithms.clone());
        let verifier = verifier.unwrap().with_revocation_lists(&lists).unwrap();
        assert_eq!(count(), 1, "that of the anchor, when the lists are given");
        for _ in 0..3 {
            let verdict = verifier.verify_client(&world.alice.chain, UnixTime::now());
            assert_eq!(verdict.map(drop).map_err(|r| r.reason()), expected);
            assert_eq!(count(), 2, "that of the intermediate, at its first use");
        }
    }
}
