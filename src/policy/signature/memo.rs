//! A memo of verified signatures.

use core::fmt;
use core::hash::{BuildHasher, Hasher};
use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::hash_map::RandomState;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::met_once::MetOnce;
use crate::bounded_table::BoundedTable;

/// A memo of verified signatures of certificates and revocation lists.
///
/// A signature verifies for ever or never. So a signature that is met often costs its verification
/// a few times at most; those of both chains are about two fifths of a handshake. Names, time,
/// revocation and the policy are checked in every handshake, and the peer proves its key in each.
///
/// An entry has everything that the answer depends on, byte for byte: both algorithm identifiers,
/// the public key, the signed bytes, the signature, and which library verified it. Only signatures
/// that verify are kept, and those of a peer only when it has proved its key and was accepted:
/// strangers cannot fill the memo. Those of our own chain and of the lists are looked up when a
/// client or server is built. A signature is kept in full when it is verified for the second time.
/// Until then its hash is, in an eighth of the memo. No entry expires; when room is needed, those
/// go that were not looked up lately.
///
/// Every client and server has one of [`DEFAULT_MAX_BYTES`](Self::DEFAULT_MAX_BYTES), which
/// outlives rotations. Clones are the same memo: give one to the clients and servers of a process
/// that meet the same peers.
///
/// Besides, each client and server keeps the identities of its peers, in as many bytes as the memo
/// may take, also where the memo is shared: connections of one peer share one identity as long as
/// the revision lasts. Its path is not searched again, but what may change is checked: a revoked
/// peer is rejected as soon as its list is in force. So the memo itself is asked about a peer when
/// a revision meets it first, and when a rotation verifies its open connections again: it should
/// have room for all peers that are connected, about a kilobyte each.
///
/// The time of a handshake tells whether a peer was met before, also to a stranger who presents the
/// peer's certificates without its key; [`off`](Self::off) prevents that. native-tls verifies
/// signatures itself and uses no memo.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let (client, server) = (pki::client_builder(), pki::server_builder());
/// use mtls::policy::SignatureMemo;
///
/// let memo = SignatureMemo::with_max_bytes(64 << 20);
/// let client = client.signature_memo(memo.clone()).build(mtls::Rustls::default())?;
/// let server = server.signature_memo(memo.clone()).build(mtls::Rustls::default())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SignatureMemo(Arc<Memo>);

struct Memo {
    max_bytes: usize,
    /// The encoded inputs of signatures that have verified, by their hashes.
    known: BoundedTable<Box<[u8]>>,
    met_once: Mutex<MetOnce>,
    /// With a secret, so that a peer cannot choose what has the same place.
    hasher: RandomState,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// Which part of the bytes is for what was met once.
const MET_ONCE: usize = 8;

impl SignatureMemo {
    /// The default size: 4 MiB, for about 5,000 signatures of P-256 or 2,500 of RSA.
    pub const DEFAULT_MAX_BYTES: usize = 4 << 20;

    /// Makes a memo of at most so many bytes.
    ///
    /// A signature of P-256 takes about 200 bytes more than what it signs, one of RSA more. Those
    /// of more than 64 KiB are verified each time.
    pub fn with_max_bytes(bytes: usize) -> Self {
        let met_once = bytes / MET_ONCE;
        Self(Arc::new(Memo {
            max_bytes: bytes,
            known: BoundedTable::new(bytes.saturating_sub(met_once)),
            met_once: Mutex::new(MetOnce::with_max_bytes(met_once)),
            hasher: RandomState::new(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }))
    }

    /// Makes a memo that keeps nothing, and counts nothing: every path is searched and every
    /// signature verified in every handshake, and connections share no identity.
    pub fn off() -> Self {
        Self::with_max_bytes(0)
    }

    /// Returns the most bytes that it takes; 0 if it is off.
    pub fn max_bytes(&self) -> usize {
        self.0.max_bytes
    }

    /// Returns the bytes that it takes, without the identities that clients and servers keep.
    pub fn bytes(&self) -> usize {
        self.0.known.bytes().saturating_add(self.met_once().bytes())
    }

    /// Returns how often a signature was found, since the memo was made.
    ///
    /// It does not grow when a known peer connects again: its identity answers, and the memo is not
    /// asked.
    ///
    /// ```
    /// let memo = mtls::policy::SignatureMemo::default();
    /// assert_eq!((memo.hits(), memo.misses(), memo.bytes()), (0, 0, 0));
    /// ```
    pub fn hits(&self) -> u64 {
        self.0.hits.load(Ordering::Relaxed)
    }

    /// Returns how often a signature was not found and had to be verified.
    ///
    /// Each signature counts twice until it is kept. If the number grows faster than new
    /// certificates and lists come, the memo is too small for them.
    pub fn misses(&self) -> u64 {
        self.0.misses.load(Ordering::Relaxed)
    }

    pub(super) fn is_off(&self) -> bool {
        self.max_bytes() == 0
    }

    /// Returns whether this signature has verified, or what keeps it once it has.
    pub(super) fn look_up(&self, inputs: &Inputs<'_>) -> Result<(), Unverified> {
        let hash = inputs.place(&self.0.hasher);
        let found = self
            .0
            .known
            .find(hash, |known| inputs.are(known).then_some(()));
        let count = if found.is_some() {
            &self.0.hits
        } else {
            &self.0.misses
        };
        count.fetch_add(1, Ordering::Relaxed);
        found.ok_or_else(|| Unverified {
            hash,
            inputs: self.met_once().has(hash).then(|| inputs.encode()),
        })
    }

    /// Keeps a signature that has verified.
    pub(super) fn keep(&self, verified: Unverified) {
        let Unverified { hash, inputs } = verified;
        match inputs {
            None => self.met_once().add(hash),
            Some(inputs) => {
                let bytes = inputs.len();
                self.met_once().remove(hash);
                self.0.known.put(hash, inputs, bytes);
            }
        }
    }

    fn met_once(&self) -> MutexGuard<'_, MetOnce> {
        let met_once = self.0.met_once.lock();
        met_once.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for SignatureMemo {
    fn default() -> Self {
        Self::with_max_bytes(Self::DEFAULT_MAX_BYTES)
    }
}

impl fmt::Debug for SignatureMemo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignatureMemo")
            .field("bytes", &self.bytes())
            .field("max_bytes", &self.max_bytes())
            .finish_non_exhaustive()
    }
}

/// All that the answer about a signature depends on.
pub(super) struct Inputs<'a>(pub(super) [&'a [u8]; 6]);

impl Inputs<'_> {
    /// Returns where these inputs are kept. Others may have the same place.
    ///
    /// It depends on the signature, which differs where anything differs, unless a CA wants it not
    /// to. More would cost time at each look.
    fn place(&self, hasher: &RandomState) -> u64 {
        let mut hasher = hasher.build_hasher();
        let [library, .., message, signature] = &self.0;
        hasher.write(library);
        hasher.write_usize(message.len());
        hasher.write(signature);
        hasher.finish()
    }

    fn each(&self, take: impl FnMut(&&[u8])) {
        self.0.iter().for_each(take);
    }

    /// Writes each part after its length, so that different inputs have different bytes.
    fn encode(&self) -> Box<[u8]> {
        let parts = self.0.iter().map(|part| part.len().saturating_add(LENGTH));
        let mut bytes = Vec::with_capacity(parts.sum());
        self.each(|part| {
            bytes.extend_from_slice(&part.len().to_ne_bytes());
            bytes.extend_from_slice(part);
        });
        bytes.into()
    }

    /// Returns whether these are the encoded inputs.
    fn are(&self, encoded: &[u8]) -> bool {
        let mut rest = encoded;
        let all = self.0.iter().all(|part| {
            let after = rest.strip_prefix(&part.len().to_ne_bytes());
            let after = after.and_then(|after| after.strip_prefix(*part));
            after.map(|after| rest = after).is_some()
        });
        all && rest.is_empty()
    }
}

/// The bytes of a length.
const LENGTH: usize = size_of::<usize>();

/// A signature that is not in the memo yet.
pub(super) struct Unverified {
    hash: u64,
    /// To be kept, if it was met before.
    inputs: Option<Box<[u8]>>,
}
