//! Verification that looks into a memo first.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use pki_types::{
    AlgorithmIdentifier, FipsStatus, InvalidSignature, SignatureVerificationAlgorithm,
};

use crate::policy::signature::memo::{Inputs, SignatureMemo, Unverified};

/// The most signed bytes whose signature is looked up. Lists may be longer.
const MAX_MESSAGE: usize = 65_536;

/// A library whose verified signatures are remembered, apart from those of others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct VerifyingLibrary(u64);

impl VerifyingLibrary {
    /// Makes a library that is none of those before.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// A memo, and the library that verifies for it.
#[derive(Clone)]
pub(super) struct Memory {
    library: VerifyingLibrary,
    memo: SignatureMemo,
}

impl Memory {
    pub(super) fn new(library: VerifyingLibrary, memo: SignatureMemo) -> Self {
        Self { library, memo }
    }

    pub(super) fn keep(&self, verified: VerifiedSignatures) {
        let verified = verified.0.into_inner();
        for signature in verified.unwrap_or_else(PoisonError::into_inner) {
            self.memo.keep(signature);
        }
    }
}

/// The signatures that one verification has verified, which the memo did not have.
///
/// A peer's are kept when it has proved its key and the whole verdict is yes.
#[derive(Default)]
pub(crate) struct VerifiedSignatures(Mutex<Vec<Unverified>>);

impl VerifiedSignatures {
    pub(crate) fn is_empty(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }

    /// Adds those of another verification of the same chain.
    pub(crate) fn append(&self, other: Self) {
        let other = other.0.into_inner();
        let mut verified = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        verified.append(&mut other.unwrap_or_else(PoisonError::into_inner));
    }

    fn add(&self, signature: Unverified) {
        let verified = self.0.lock();
        let mut verified = verified.unwrap_or_else(PoisonError::into_inner);
        verified.push(signature);
    }
}

/// An algorithm that looks into the memo before it verifies.
pub(super) struct Remembering<'a> {
    algorithm: &'static dyn SignatureVerificationAlgorithm,
    memory: &'a Memory,
    verified: &'a VerifiedSignatures,
}

impl<'a> Remembering<'a> {
    pub(super) fn new(
        algorithm: &'static dyn SignatureVerificationAlgorithm,
        memory: &'a Memory,
        verified: &'a VerifiedSignatures,
    ) -> Self {
        Self {
            algorithm,
            memory,
            verified,
        }
    }
}

impl SignatureVerificationAlgorithm for Remembering<'_> {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let verify = || {
            self.algorithm
                .verify_signature(public_key, message, signature)
        };
        if message.len() > MAX_MESSAGE {
            return verify();
        }
        let Memory { library, memo } = self.memory;
        let (key_id, signature_id) = (self.public_key_alg_id(), self.signature_alg_id());
        let inputs = Inputs([
            &library.0.to_ne_bytes(),
            &key_id,
            &signature_id,
            public_key,
            message,
            signature,
        ]);
        match memo.look_up(&inputs) {
            Ok(()) => Ok(()),
            Err(unverified) => {
                verify()?;
                self.verified.add(unverified);
                Ok(())
            }
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.signature_alg_id()
    }

    fn fips_status(&self) -> FipsStatus {
        self.algorithm.fips_status()
    }

    fn fips(&self) -> bool {
        self.algorithm.fips()
    }
}

impl fmt::Debug for Remembering<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.algorithm.fmt(f)
    }
}

#[cfg(test)]
mod tests;
