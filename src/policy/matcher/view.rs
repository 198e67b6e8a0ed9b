//! The values of a peer's attributes.

use core::iter::once;
use std::collections::BTreeSet;

use super::attribute::{Attribute, Kind};
use super::pattern::{PeerValue, Value};
use crate::crypto::sha256;
use crate::peer::{NameKind, PeerIdentity, SpiffeId, cut};
use crate::x509::{CanonicalName, Certificate, rfc4514};

/// The most values of one attribute in an explanation.
const SHOWN: usize = 8;

pub(super) struct PeerView<'a> {
    peer: &'a PeerIdentity,
    /// A common name that replaces a DNS name.
    dns_from_common_name: Option<String>,
}

impl<'a> PeerView<'a> {
    pub(super) fn new(peer: &'a PeerIdentity, dns_from_common_name: Option<String>) -> Self {
        Self {
            peer,
            dns_from_common_name,
        }
    }

    /// Passes the values of an attribute to `is_it` until it returns true.
    ///
    /// Digests and the texts of names are computed here, only when needed.
    pub(super) fn any(
        &self,
        attribute: Attribute,
        is_it: &mut dyn FnMut(PeerValue<'_>) -> bool,
    ) -> bool {
        let names = self.peer.names();
        let mut texts = |kind| names.texts(kind).any(|text| is_it(PeerValue::Text(text)));
        match attribute {
            Attribute::CommonName => names
                .common_name()
                .is_some_and(|name| is_it(PeerValue::Text(name))),
            Attribute::Dns => {
                let from_common_name = self.dns_from_common_name.as_deref();
                let mut all = names.texts(NameKind::Dns).chain(from_common_name);
                all.any(|name| is_it(PeerValue::Text(name)))
            }
            Attribute::Email => texts(NameKind::Email),
            Attribute::Organization => texts(NameKind::Organization),
            Attribute::OrganizationalUnit => texts(NameKind::OrganizationalUnit),
            Attribute::Uri => texts(NameKind::Uri),
            Attribute::SpiffeId => {
                let id = names.spiffe_id().map(SpiffeId::as_str);
                id.is_some_and(|id| is_it(PeerValue::Text(id)))
            }
            Attribute::Issuer => {
                let der = self.peer.issuer_der();
                let (name, words) = (CanonicalName::of(der), rfc4514(der));
                // A name that cannot be read, or is empty, must not count as a different name.
                words.contains('=') && is_it(PeerValue::Name(&name, &words))
            }
            Attribute::Ip => names.ips().any(|ip| is_it(PeerValue::Ip(ip))),
            Attribute::Certificate => is_it(PeerValue::Digest(self.peer.certificate_sha256())),
            Attribute::Spki => is_it(PeerValue::Digest(self.peer.spki_sha256())),
            Attribute::TrustAnchor => {
                let anchor = self.peer.trust_anchor();
                anchor.is_some_and(|anchor| is_it(PeerValue::Digest(sha256(anchor))))
            }
            Attribute::IssuerSpki => {
                let issuers = self.peer.issuers();
                let mut read = issuers.filter_map(|der| Certificate::from_der(der).ok());
                read.any(|issuer| is_it(PeerValue::Digest(sha256(issuer.public_key.spki))))
            }
        }
    }

    /// Returns whether the peer may have an unreadable value of an attribute.
    pub(super) fn may_hide(&self, attribute: Attribute) -> bool {
        let kind = match attribute {
            Attribute::CommonName => NameKind::CommonName,
            Attribute::Dns => NameKind::Dns,
            Attribute::Email => NameKind::Email,
            Attribute::Ip => NameKind::Ip,
            Attribute::Organization => NameKind::Organization,
            Attribute::OrganizationalUnit => NameKind::OrganizationalUnit,
            Attribute::SpiffeId | Attribute::Uri => NameKind::Uri,
            Attribute::Issuer => return !CanonicalName::of(self.peer.issuer_der()).is_readable(),
            // Every certificate has one of these, and it is always readable.
            Attribute::Certificate
            | Attribute::IssuerSpki
            | Attribute::Spki
            | Attribute::TrustAnchor => return false,
        };
        self.peer.names().may_hide(kind)
    }

    /// Describes the peer's values of the attributes of these kinds, and why any are undecided.
    pub(super) fn in_words(&self, kinds: impl IntoIterator<Item = Kind>) -> String {
        let mut words = Vec::new();
        let mut odd = BTreeSet::new();
        let mut last = None;
        for kind in kinds {
            let attribute = kind.attribute();
            let mut values = Vec::new();
            self.any(attribute, &mut |seen| {
                odd.extend(seen.undecided(kind));
                values.push(match seen {
                    PeerValue::Digest(digest) => Value::Digest(digest).to_string(),
                    PeerValue::Ip(ip) => ip.to_string(),
                    PeerValue::Name(_, text) | PeerValue::Text(text) => format!("{:?}", cut(text)),
                });
                false
            });
            // Kinds of one attribute are adjacent.
            if last.replace(attribute) == Some(attribute) {
                continue;
            }
            let more = values.len().saturating_sub(SHOWN);
            values.truncate(SHOWN);
            if more > 0 {
                values.push(format!("{more} more"));
            }
            words.push(if values.is_empty() {
                format!("no {attribute}")
            } else {
                format!("{attribute} {}", values.join(", "))
            });
            if self.may_hide(attribute) {
                odd.insert("a name that cannot be read is neither a yes nor a no");
            }
        }
        let has = once(format!("the peer has {}", words.join(", ")));
        let odd = odd.into_iter().map(str::to_owned);
        has.chain(odd).collect::<Vec<_>>().join("; ")
    }
}
