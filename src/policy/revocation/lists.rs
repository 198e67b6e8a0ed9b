//! Revocation lists by issuer, and their verified signers.

use core::fmt;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use base16ct::HexDisplay;
use pki_types::CertificateDer;

use crate::material::{RevocationList, RevocationLists};
use crate::policy::signature::{SignatureAlgorithms, SignatureProblem};
use crate::policy::trust::anchors::Anchors;
use crate::policy::verdict::rejection::rfc3339;
use crate::x509::{CanonicalName, Certificate, PublicKey, rfc4514};

/// The certificate of a trust anchor.
pub(super) type Anchor = Arc<CertificateDer<'static>>;

/// All lists, indexed by issuer.
pub(super) struct Lists {
    /// What they were made of; `None` without lists.
    source: Option<RevocationLists>,
    all: Vec<List>,
    /// Indices into `all`.
    by_issuer: HashMap<CanonicalName, Vec<usize>>,
    /// Indices of lists whose issuer name cannot be decoded: only the signature identifies the
    /// issuer.
    of_unreadable_issuers: Vec<usize>,
}

/// One list, and the keys that its signature was verified with.
///
/// Verifying the signature of a long list takes longer than a handshake, and the result for a list
/// and a key never changes. So this caches a pure function, not a verdict. Keys come only from
/// authenticated paths, so only CAs below our anchors can fill the cache.
pub(super) struct List {
    content: Arc<RevocationList>,
    /// The index of the list in the input.
    index: usize,
    /// Shared with the revisions that have the list and the trust anchors too.
    proof: Arc<Proof>,
}

/// What is known of the signature of a list.
#[derive(Default)]
struct Proof {
    /// The first key that verified the signature (a `SubjectPublicKeyInfo`), nearly always the only
    /// one.
    signed_by: OnceLock<Box<[u8]>>,
    other_keys: Mutex<Vec<Answer>>,
    /// The anchors of authenticated paths through the signer.
    ///
    /// If the signer is an anchor, it is among them.
    proving_anchors: [OnceLock<Anchor>; MAX_PROVING_ANCHORS],
}

/// A key (a `SubjectPublicKeyInfo`), and whether it signed the list.
type Answer = (Box<[u8]>, Result<(), SignatureProblem>);

/// The lists of the revision before, whose signatures were verified by the same algorithms.
#[derive(Clone, Copy)]
pub(in crate::policy) struct FormerLists<'a> {
    pub(super) lists: &'a Arc<Lists>,
    /// Whether the trust anchors are the same, and so the paths through the lists' signers.
    pub(super) is_trust_shared: bool,
}

/// The most keys with the issuer's name whose results are cached; the oldest is dropped.
const MAX_OTHER_KEYS: usize = 8;
/// The most proving anchors stored for the signer of a list; further ones are ignored.
const MAX_PROVING_ANCHORS: usize = 8;

impl Lists {
    pub(super) fn none() -> Self {
        Self {
            source: None,
            all: Vec::new(),
            by_issuer: HashMap::new(),
            of_unreadable_issuers: Vec::new(),
        }
    }

    /// Indexes the lists, with what the former verifier knows of their signatures.
    pub(super) fn new(lists: &RevocationLists, former: Option<FormerLists<'_>>) -> Self {
        let mut found = Self::none();
        found.source = Some(lists.clone());
        for (index, content) in lists.as_slice().iter().enumerate() {
            let issuer = CanonicalName::of(content.issuer_der());
            let known = former.and_then(|former| former.proof(content, &issuer));
            if issuer.is_readable() {
                found.by_issuer.entry(issuer).or_default().push(index);
            } else {
                found.of_unreadable_issuers.push(index);
            }
            found.all.push(List {
                content: Arc::clone(content),
                index,
                proof: known.unwrap_or_default(),
            });
        }
        found
    }

    /// Returns whether they are these lists.
    pub(super) fn are_of(&self, lists: &RevocationLists) -> bool {
        self.source.as_ref() == Some(lists)
    }

    /// Verifies at once the lists that an anchor may have signed.
    pub(super) fn prove_by_anchors(&self, anchors: &Anchors, algorithms: &SignatureAlgorithms) {
        for list in &self.all {
            for facts in anchors.that_may_be(list.content.issuer_der()) {
                let Ok(anchor) = Certificate::from_der(facts.der()) else {
                    continue;
                };
                if list.check_signature(&anchor.public_key, algorithms).is_ok() {
                    list.record_proving_anchor(facts.certificate());
                }
            }
        }
    }

    /// Returns the lists that may belong to this issuer (a `Name` with its header).
    ///
    /// These are the lists with its name (RFC 5280, sections 6.3.3 and 7.1), and all pairs in which
    /// the name of the issuer or of the list cannot be decoded.
    pub(super) fn of(&self, issuer: &[u8]) -> impl Iterator<Item = &List> {
        let issuer = CanonicalName::of(issuer);
        let places: Vec<usize> = if issuer.is_readable() {
            let named = self.by_issuer.get(&issuer).into_iter().flatten();
            named.chain(&self.of_unreadable_issuers).copied().collect()
        } else {
            (0..self.all.len()).collect()
        };
        places.into_iter().filter_map(|place| self.all.get(place))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &List> {
        self.all.iter()
    }

    /// Returns the lists without a known signer.
    pub(super) fn unclaimed(&self) -> impl Iterator<Item = &List> {
        self.all().filter(|list| list.signer().is_none())
    }

    pub(super) fn count(&self) -> usize {
        self.all.len()
    }
}

impl List {
    pub(super) fn content(&self) -> &RevocationList {
        &self.content
    }

    pub(super) fn shared_content(&self) -> &Arc<RevocationList> {
        &self.content
    }

    pub(super) fn unclaimed_in_words(&self) -> String {
        format!(
            "signed by no trust anchor and by no CA presented so far (issuer {})",
            rfc4514(self.content.issuer_der())
        )
    }

    /// Returns the key (a `SubjectPublicKeyInfo`) that was verified to have signed the list.
    pub(super) fn signer(&self) -> Option<&[u8]> {
        self.proof.signed_by.get().map(|spki| &**spki)
    }

    /// Verifies that this key signed the list.
    pub(super) fn check_signature(
        &self,
        key: &PublicKey<'_>,
        algorithms: &SignatureAlgorithms,
    ) -> Result<(), SignatureProblem> {
        let signed_by = &self.proof.signed_by;
        if signed_by.get().is_some_and(|spki| **spki == *key.spki) {
            return Ok(());
        }
        let remembered = self.proof.with_other_keys(|keys| {
            let known = keys.iter().find(|(spki, _)| **spki == *key.spki);
            known.map(|(_, answer)| answer.clone())
        });
        if let Some(answer) = remembered {
            if answer.is_ok() {
                let _ = signed_by.set(key.spki.into());
            }
            return answer;
        }
        // Outside the lock; at first, several threads may verify the same signature.
        let answer = match self.content.content() {
            Some(list) => {
                algorithms.verify_signed(list.signature_algorithm, list.tbs, list.signature, key)
            }
            None => Err(SignatureProblem::Invalid),
        };
        if answer.is_err() || signed_by.set(key.spki.into()).is_err() {
            let answer = (key.spki.into(), answer.clone());
            self.proof.with_other_keys(|keys| push(keys, answer));
        }
        answer
    }

    /// Records an anchor of an authenticated path through the signer.
    ///
    /// In most handshakes it is recorded already.
    pub(super) fn record_proving_anchor(&self, anchor: &Anchor) {
        let is_there = |slot: &OnceLock<Anchor>| {
            let known = slot.get_or_init(|| Arc::clone(anchor));
            Arc::ptr_eq(known, anchor) || known == anchor
        };
        let _ = self.proof.proving_anchors.iter().any(is_there);
    }

    pub(super) fn proving_anchors(&self) -> impl Iterator<Item = &Anchor> {
        self.proof.proving_anchors.iter().filter_map(OnceLock::get)
    }
}

impl Proof {
    /// Returns what holds for any trust anchors: which keys signed the list.
    fn by_keys_alone(&self) -> Self {
        let mut keys = self.with_other_keys(|keys| keys.clone());
        if let Some(signer) = self.signed_by.get() {
            push(&mut keys, (signer.clone(), Ok(())));
        }
        Self {
            other_keys: Mutex::new(keys),
            ..Self::default()
        }
    }

    fn with_other_keys<T>(&self, look: impl FnOnce(&mut Vec<Answer>) -> T) -> T {
        look(
            &mut self
                .other_keys
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}

fn push(keys: &mut Vec<Answer>, answer: Answer) {
    if keys.len() >= MAX_OTHER_KEYS {
        let _oldest = keys.remove(0);
    }
    keys.push(answer);
}

impl FormerLists<'_> {
    /// Returns what is known of the signature of a list with this content and issuer.
    fn proof(&self, content: &Arc<RevocationList>, issuer: &CanonicalName) -> Option<Arc<Proof>> {
        let former = self.lists;
        let mut same = former.by_issuer.get(issuer)?.iter();
        let same = same.find_map(|index| {
            let list = former.all.get(*index)?;
            let is_same = Arc::ptr_eq(&list.content, content) || list.content == *content;
            is_same.then_some(list)
        })?;
        Some(if self.is_trust_shared {
            Arc::clone(&same.proof)
        } else {
            Arc::new(same.proof.by_keys_alone())
        })
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "list {} (", self.index)?;
        match self.content.number() {
            Some(number) => write!(f, "number 0x{:x}", HexDisplay(number))?,
            None => write!(f, "of {}", rfc3339(self.content.this_update()))?,
        }
        f.write_str(")")
    }
}
