//! Selection of a container's key and its certificate.

use super::attributes::shown;
use super::bags::{Bags, KeyBag};
use crate::error::MaterialProblem;
use crate::material::chain::certificates::{malformed, subject, view};
use crate::material::key::PrivateKey;
use crate::material::key::public_half::PublicHalf;
use crate::x509::Certificate;

/// The maximum number of identities in a message.
const MAX_LISTED: usize = 8;

/// A decrypted key, with the certificates of its public key.
struct Candidate<'b, 'a> {
    bag: &'b KeyBag<'a>,
    key: PrivateKey,
    /// The positions of the certificates; CA certificates only if there are no others.
    leaves: Vec<usize>,
    is_ca: bool,
}

/// Returns the key of that name, or the only one, with the position of its certificate.
///
/// A key's certificate is the one with its public key. The identifiers in the bags only choose
/// among several such certificates.
pub(crate) fn pair(
    bags: &Bags<'_>,
    name: Option<&str>,
    mut open: impl FnMut(&KeyBag<'_>) -> Result<PrivateKey, MaterialProblem>,
) -> Result<(PrivateKey, usize), MaterialProblem> {
    // If a key has the name itself, no other key needs to be decrypted.
    let is_named =
        |bag: &KeyBag<'_>| name.is_some() && bag.attributes.friendly_name.as_deref() == name;
    let named_alone = bags.keys.iter().any(is_named);
    let views: Vec<Certificate<'_>> = bags
        .certificates
        .iter()
        .map(|c| view(&c.der))
        .collect::<Result<_, _>>()?;
    let mut candidates: Vec<Candidate<'_, '_>> = Vec::new();
    for bag in bags.keys.iter().filter(|bag| !named_alone || is_named(bag)) {
        let key = open(bag)?;
        // The same key in two bags counts once.
        if !candidates.iter().any(|c| is_same(&c.key, &key)) {
            candidates.push(Candidate::new(bags, &views, bag, key)?);
        }
    }
    if candidates.is_empty() {
        return Err(MaterialProblem::NoKey);
    }
    let found = list(bags, &candidates);
    if let Some(name) = name {
        candidates.retain(|candidate| candidate.name(bags) == Some(name));
        if candidates.is_empty() {
            let name = shown(name);
            return Err(MaterialProblem::NoSuchIdentity { name, found });
        }
    } else if candidates.len() > 1 {
        candidates.retain(|candidate| candidate.leaves.len() == 1 && !candidate.is_ca);
    }
    match (candidates.pop(), candidates.is_empty()) {
        (Some(Candidate { key, leaves, .. }), true) => match leaves.as_slice() {
            [leaf] => Ok((key, *leaf)),
            [] => Err(no_leaf(bags, &key)),
            _ => Err(MaterialProblem::SeveralIdentities { found }),
        },
        _ => Err(MaterialProblem::SeveralIdentities { found }),
    }
}

fn is_same(a: &PrivateKey, b: &PrivateKey) -> bool {
    match (a.public_half(), b.public_half()) {
        (PublicHalf::Known(ours), PublicHalf::Known(theirs)) => ours == theirs,
        _ => a.pkcs8_der().secret_pkcs8_der() == b.pkcs8_der().secret_pkcs8_der(),
    }
}

impl<'b, 'a> Candidate<'b, 'a> {
    fn new(
        bags: &Bags<'_>,
        views: &[Certificate<'_>],
        bag: &'b KeyBag<'a>,
        key: PrivateKey,
    ) -> Result<Self, MaterialProblem> {
        let ours = key.public_half();
        let (mut cas, mut leaves) = (Vec::new(), Vec::new());
        for (index, view) in views.iter().enumerate() {
            if ours.fits(&view.public_key) {
                if view.is_ca().map_err(malformed)? {
                    cas.push(index);
                } else {
                    leaves.push(index);
                }
            }
        }
        let is_ca = leaves.is_empty() && !cas.is_empty();
        let mut leaves = if is_ca { cas } else { leaves };
        // Several were issued for the key: choose the one that the key's identifier names.
        if let (2.., Some(id)) = (leaves.len(), bag.attributes.local_key_id) {
            let is_meant = |index: &usize| {
                let certificate = bags.certificates.get(*index);
                certificate.is_some_and(|c| c.attributes.local_key_id == Some(id))
            };
            if leaves.iter().any(is_meant) {
                leaves.retain(is_meant);
            }
        }
        Ok(Self {
            bag,
            key,
            leaves,
            is_ca,
        })
    }

    /// Returns the key's friendly name, or else its certificate's.
    fn name<'n>(&'n self, bags: &'n Bags<'_>) -> Option<&'n str> {
        let own = self.bag.attributes.friendly_name.as_deref();
        own.or_else(|| match self.leaves.as_slice() {
            [leaf] => bags
                .certificates
                .get(*leaf)?
                .attributes
                .friendly_name
                .as_deref(),
            _ => None,
        })
    }
}

/// Returns names and subjects, for messages.
fn list(bags: &Bags<'_>, candidates: &[Candidate<'_, '_>]) -> String {
    let mut texts: Vec<String> = Vec::new();
    for candidate in candidates {
        let name = candidate
            .name(bags)
            .map_or_else(|| "(no name)".to_owned(), shown);
        if candidate.leaves.is_empty() {
            texts.push(format!("{name} without a certificate"));
        }
        for leaf in &candidate.leaves {
            let subject = bags.certificates.get(*leaf).map(|c| subject(&c.der));
            texts.push(format!("{name} {}", subject.unwrap_or_default()));
        }
    }
    shortened(&texts)
}

fn no_leaf(bags: &Bags<'_>, key: &PrivateKey) -> MaterialProblem {
    if bags.certificates.is_empty() {
        return MaterialProblem::NoCertificate;
    }
    let subjects: Vec<String> = bags.certificates.iter().map(|c| subject(&c.der)).collect();
    MaterialProblem::NoLeaf {
        key: key.key_type().to_string(),
        found: shortened(&subjects),
    }
}

fn shortened(texts: &[String]) -> String {
    let mut listed: Vec<String> = texts.iter().take(MAX_LISTED).cloned().collect();
    match texts.len().saturating_sub(MAX_LISTED) {
        0 => {}
        more => listed.push(format!("and {more} more")),
    }
    listed.join("; ")
}
