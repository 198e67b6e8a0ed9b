use core::sync::atomic::AtomicUsize;

use pki_types::alg_id;

use super::*;

/// An algorithm that accepts what it is asked about, unless the signature is empty, and counts.
#[derive(Debug)]
struct Counting {
    key_id: AlgorithmIdentifier,
    signature_id: AlgorithmIdentifier,
    verified: AtomicUsize,
}

impl Counting {
    const fn new(key_id: AlgorithmIdentifier, signature_id: AlgorithmIdentifier) -> Self {
        Self {
            key_id,
            signature_id,
            verified: AtomicUsize::new(0),
        }
    }
}

impl SignatureVerificationAlgorithm for Counting {
    fn verify_signature(
        &self,
        _: &[u8],
        _: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        self.verified.fetch_add(1, Ordering::SeqCst);
        if signature.is_empty() {
            Err(InvalidSignature)
        } else {
            Ok(())
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key_id
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature_id
    }
}

fn memory(memo: &SignatureMemo) -> Memory {
    Memory::new(VerifyingLibrary::new(), memo.clone())
}

/// Verifies and keeps; returns whether the algorithm was asked.
fn asks(algorithm: &'static Counting, memory: &Memory, input: (&[u8], &[u8], &[u8])) -> bool {
    let (asked, verified) = look(algorithm, memory, input);
    memory.keep(verified);
    asked
}

/// Verifies; returns whether the algorithm was asked, and what may be kept.
fn look(
    algorithm: &'static Counting,
    memory: &Memory,
    (key, message, signature): (&[u8], &[u8], &[u8]),
) -> (bool, VerifiedSignatures) {
    let before = algorithm.verified.load(Ordering::SeqCst);
    let verified = VerifiedSignatures::default();
    let remembering = Remembering::new(algorithm, memory, &verified);
    let answer = remembering.verify_signature(key, message, signature);
    assert_eq!(answer.is_ok(), !signature.is_empty());
    (algorithm.verified.load(Ordering::SeqCst) > before, verified)
}

/// Has the signature verified twice, after which it is kept.
fn meets(algorithm: &'static Counting, memory: &Memory, input: (&[u8], &[u8], &[u8])) {
    for _ in 0..2 {
        assert!(asks(algorithm, memory, input));
    }
    assert!(!asks(algorithm, memory, input));
}

const INPUT: (&[u8], &[u8], &[u8]) = (b"key", b"message", b"signature");

#[test]
fn every_bit_of_every_input_counts() {
    static ALGORITHM: Counting = Counting::new(alg_id::ECDSA_P256, alg_id::ECDSA_SHA256);
    let memory = memory(&SignatureMemo::default());
    meets(&ALGORITHM, &memory, INPUT);
    let (key, message, signature) = INPUT;
    let flipped = |bytes: &[u8], bit: usize| {
        let mut bytes = bytes.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    };
    let is_known = |key: &[u8], message: &[u8], signature: &[u8]| {
        !look(&ALGORITHM, &memory, (key, message, signature)).0
    };
    for bit in 0..key.len() * 8 {
        assert!(!is_known(&flipped(key, bit), message, signature));
    }
    for bit in 0..message.len() * 8 {
        assert!(!is_known(key, &flipped(message, bit), signature));
    }
    for bit in 0..signature.len() * 8 {
        assert!(!is_known(key, message, &flipped(signature, bit)));
    }
    assert!(is_known(key, message, signature));
}

#[test]
fn the_border_between_two_inputs_counts() {
    static ALGORITHM: Counting = Counting::new(alg_id::ECDSA_P256, alg_id::ECDSA_SHA256);
    let memory = memory(&SignatureMemo::default());
    meets(&ALGORITHM, &memory, (b"ab", b"cd", b"ef"));
    meets(&ALGORITHM, &memory, (b"abc", b"d", b"ef"));
    meets(&ALGORITHM, &memory, (b"ab", b"cde", b"f"));
}

#[test]
fn the_algorithm_counts() {
    static SHA256: Counting = Counting::new(alg_id::ECDSA_P256, alg_id::ECDSA_SHA256);
    static SHA384: Counting = Counting::new(alg_id::ECDSA_P256, alg_id::ECDSA_SHA384);
    static P384: Counting = Counting::new(alg_id::ECDSA_P384, alg_id::ECDSA_SHA256);
    let memory = memory(&SignatureMemo::default());
    for algorithm in [&SHA256, &SHA384, &P384] {
        meets(algorithm, &memory, INPUT);
    }
}

#[test]
fn the_library_counts() {
    static ALGORITHM: Counting = Counting::new(alg_id::ED25519, alg_id::ED25519);
    let memo = SignatureMemo::default();
    let (one, other) = (memory(&memo), memory(&memo));
    meets(&ALGORITHM, &one, INPUT);
    meets(&ALGORITHM, &other, INPUT);
    assert!(
        !asks(&ALGORITHM, &one.clone(), INPUT),
        "a clone is the same library"
    );
}

#[test]
fn a_wrong_signature_is_never_kept() {
    static ALGORITHM: Counting = Counting::new(alg_id::ED25519, alg_id::ED25519);
    let memo = SignatureMemo::default();
    let memory = memory(&memo);
    for _ in 0..3 {
        assert!(asks(&ALGORITHM, &memory, (b"key", b"message", b"")));
    }
    assert_eq!((memo.bytes(), memo.hits()), (0, 0));
}

#[test]
fn a_long_message_is_verified_each_time() {
    static ALGORITHM: Counting = Counting::new(alg_id::ED25519, alg_id::ED25519);
    let memo = SignatureMemo::default();
    let memory = memory(&memo);
    let message = vec![0; MAX_MESSAGE + 1];
    for _ in 0..4 {
        assert!(asks(&ALGORITHM, &memory, (b"key", &message, b"signature")));
    }
    meets(&ALGORITHM, &memory, (b"key", &message[1..], b"signature"));
}

#[test]
fn what_is_not_kept_is_verified_again() {
    static ALGORITHM: Counting = Counting::new(alg_id::ED25519, alg_id::ED25519);
    let memo = SignatureMemo::default();
    let memory = memory(&memo);
    let (key, message, signature) = INPUT;
    for _ in 0..2 {
        let verified = VerifiedSignatures::default();
        Remembering::new(&ALGORITHM, &memory, &verified)
            .verify_signature(key, message, signature)
            .unwrap();
    }
    assert_eq!((memo.bytes(), memo.misses(), memo.hits()), (0, 2, 0));
}
