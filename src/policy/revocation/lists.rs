//! Lists by their issuers, and who was seen to have signed them.

use core::fmt;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use pki_types::CertificateDer;

use crate::material::{RevocationList, RevocationLists};
use crate::policy::algorithms::{SignatureAlgorithms, SignatureProblem};
use crate::policy::trust::anchors::Anchors;
use crate::policy::verdict::rejection::rfc3339;
use crate::x509::{CanonicalName, Certificate, PublicKey, rfc4514};

/// A trust anchor: the certificate that its verifier keeps.
pub(super) type Anchor = Arc<CertificateDer<'static>>;

/// All lists, and where to find those of an issuer.
pub(super) struct Lists {
    all: Vec<List>,
    /// Places in `all`.
    by_issuer: HashMap<CanonicalName, Vec<usize>>,
    /// Places of those with an issuer's name that cannot be decoded: only their signature tells
    /// whose they are.
    of_unreadable_issuers: Vec<usize>,
}

/// One list, and by which keys it was found to be signed or not.
///
/// To verify the signature of a long list takes longer than a handshake, and a list and a key never
/// change their answer. So this remembers a pure function, not a verdict. Keys come from proved
/// paths only: CAs below our anchors could fill this, and nobody else.
pub(super) struct List {
    content: Arc<RevocationList>,
    /// Its place among the lists that were given.
    index: usize,
    /// The first key by which the signature verified (a `SubjectPublicKeyInfo`): nearly always the
    /// only one.
    signed_by: OnceLock<Box<[u8]>>,
    other_keys: Mutex<Vec<Answer>>,
    /// Anchors in which proved paths over the signer ended; the signer itself, where it is one.
    vouchers: [OnceLock<Anchor>; MAX_VOUCHERS],
}

/// A key (a `SubjectPublicKeyInfo`), and whether it signed the list.
type Answer = (Box<[u8]>, Result<(), SignatureProblem>);

/// Keys of one issuer's name whose answers are remembered; the oldest makes room.
const MAX_OTHER_KEYS: usize = 8;
/// Anchors that are remembered to vouch for the signer of a list; more are passed over.
const MAX_VOUCHERS: usize = 8;

impl Lists {
    pub(super) fn none() -> Self {
        Self {
            all: Vec::new(),
            by_issuer: HashMap::new(),
            of_unreadable_issuers: Vec::new(),
        }
    }

    pub(super) fn new(lists: &RevocationLists) -> Self {
        let mut found = Self::none();
        for (index, content) in lists.as_slice().iter().enumerate() {
            let issuer = CanonicalName::of(content.issuer_der());
            if issuer.is_readable() {
                found.by_issuer.entry(issuer).or_default().push(index);
            } else {
                found.of_unreadable_issuers.push(index);
            }
            found.all.push(List {
                content: Arc::clone(content),
                index,
                signed_by: OnceLock::new(),
                other_keys: Mutex::default(),
                vouchers: Default::default(),
            });
        }
        found
    }

    /// Verifies now what an anchor may have signed.
    pub(super) fn prove_by_anchors(&self, anchors: &Anchors, algorithms: &SignatureAlgorithms) {
        for list in &self.all {
            for facts in anchors.that_may_be(list.content.issuer_der()) {
                let Ok(anchor) = Certificate::from_der(facts.certificate()) else {
                    continue;
                };
                if list.check_signature(&anchor.public_key, algorithms).is_ok() {
                    list.vouch(facts.certificate());
                }
            }
        }
    }

    /// The lists that may be those of this issuer (a `Name` with its header): those with its name
    /// (RFC 5280, sections 6.3.3 and 7.1), and those with a name that cannot be decoded, here or
    /// there.
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

    /// The lists of which no signer is known so far.
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

    /// The key (a `SubjectPublicKeyInfo`) that was seen to have signed it.
    pub(super) fn signer(&self) -> Option<&[u8]> {
        self.signed_by.get().map(|spki| &**spki)
    }

    /// Whether this key signed the list.
    pub(super) fn check_signature(
        &self,
        key: &PublicKey<'_>,
        algorithms: &SignatureAlgorithms,
    ) -> Result<(), SignatureProblem> {
        if self.signed_by.get().is_some_and(|spki| **spki == *key.spki) {
            return Ok(());
        }
        let remembered = self.with_other_keys(|keys| {
            let known = keys.iter().find(|(spki, _)| **spki == *key.spki);
            known.map(|(_, answer)| answer.clone())
        });
        if let Some(answer) = remembered {
            return answer;
        }
        // Not under the lock: several threads may do the same at first.
        let answer = match self.content.content() {
            Some(list) => {
                algorithms.verify_signed(list.signature_algorithm, list.tbs, list.signature, key)
            }
            None => Err(SignatureProblem::Invalid),
        };
        if answer.is_err() || self.signed_by.set(key.spki.into()).is_err() {
            self.with_other_keys(|keys| {
                if keys.len() >= MAX_OTHER_KEYS {
                    let _oldest = keys.remove(0);
                }
                keys.push((key.spki.into(), answer.clone()));
            });
        }
        answer
    }

    /// Remembers that a path which was proved to this anchor leads over the signer. In a handshake
    /// it is known already.
    pub(super) fn vouch(&self, anchor: &Anchor) {
        let is_there = |slot: &OnceLock<Anchor>| {
            let known = slot.get_or_init(|| Arc::clone(anchor));
            Arc::ptr_eq(known, anchor) || known == anchor
        };
        let _ = self.vouchers.iter().any(is_there);
    }

    pub(super) fn vouchers(&self) -> impl Iterator<Item = &Anchor> {
        self.vouchers.iter().filter_map(OnceLock::get)
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

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "list {} (", self.index)?;
        match self.content.number() {
            Some(number) => {
                f.write_str("number 0x")?;
                number.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
            }
            None => write!(f, "of {}", rfc3339(self.content.this_update()))?,
        }
        f.write_str(")")
    }
}
