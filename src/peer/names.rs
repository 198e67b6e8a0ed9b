//! Names of the subject and its alternative names, read strictly (RFC 5280, section 4.2.1.6).

use core::fmt;
use core::net::IpAddr;
use std::borrow::Cow;

use const_oid::db::rfc4519::{CN, O, OU};

use super::kind::{NameKind, UnreadableName, cut};
use super::spiffe::SpiffeId;
use super::syntax::{ip_address, is_lower_dns_pattern, problem, reads_as_several};
use super::value::{OtherValue, Value};
use crate::x509::pkix::KeyUsages;
use crate::x509::{Certificate, GeneralName, Span, X509Error, attribute_texts};

/// The positions of the names in a certificate; [`Names`] combines them with its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NameRanges {
    entries: Vec<Entry>,
    has_san: bool,
    has_empty_san: bool,
    signs_others: bool,
    /// On the heap, because few have one.
    spiffe_id: Option<Box<SpiffeId>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    kind: NameKind,
    value: Value,
}

/// The names in a certificate.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a> {
    /// The certificate that `ranges` refer to.
    der: &'a [u8],
    ranges: &'a NameRanges,
}

/// A name that rejects the certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MalformedName {
    #[error("{kind} {value} is not well formed: {problem}")]
    Name {
        kind: NameKind,
        value: String,
        problem: &'static str,
    },
    #[error("the subject cannot be read")]
    Subject(#[source] der::Error),
    #[error("the subject alternative name extension cannot be read")]
    San(#[source] X509Error),
}

impl NameRanges {
    /// Reads the names; unreadable ones are kept as unreadable.
    ///
    /// Returns an error for a name that could be read as other names, and for an extension that is
    /// not a list of names.
    pub(crate) fn read(certificate: &Certificate<'_>) -> Result<Self, MalformedName> {
        let san = certificate.alternative_names();
        let listed = san.as_ref().ok().and_then(Option::as_ref);
        let mut names = Self {
            // And a common name.
            entries: Vec::with_capacity(listed.map_or(0, Vec::len).saturating_add(1)),
            ..Self::default()
        };
        names.add_subject(certificate)?;
        let Some(san) = san.map_err(MalformedName::San)? else {
            return Ok(names);
        };
        names.has_san = true;
        names.has_empty_san = san.is_empty();
        names.entries.reserve(san.len());
        for name in &san {
            names.add_alternative(certificate.der, name)?;
        }
        // A certificate that may sign certificates or revocation lists is not an X.509-SVID (SPIFFE
        // X.509-SVID, section 4.3).
        let usage = certificate.key_usage();
        names.signs_others = usage.is_ok_and(|usage| {
            usage.is_some_and(|usage| {
                usage.0.contains(KeyUsages::CRLSign) || usage.0.contains(KeyUsages::KeyCertSign)
            })
        });
        names.spiffe_id = names.of(certificate.der).find_spiffe_id().map(Box::new);
        // They live as long as the connections of the peer.
        names.entries.shrink_to_fit();
        Ok(names)
    }

    /// Returns the names, from the certificate that they were read from.
    pub(crate) fn of<'a>(&'a self, der: &'a [u8]) -> Names<'a> {
        Names { der, ranges: self }
    }

    fn add_subject(&mut self, certificate: &Certificate<'_>) -> Result<(), MalformedName> {
        const KINDS: [NameKind; 3] = [
            NameKind::CommonName,
            NameKind::OrganizationalUnit,
            NameKind::Organization,
        ];
        let mut malformed = None;
        let texts = attribute_texts(certificate.subject, [CN, OU, O], |index, attribute| {
            let kind = KINDS.get(index).copied().unwrap_or(NameKind::Unknown);
            let span = Span::of(certificate.der, attribute.value);
            if attribute.has_control {
                malformed = Some((kind, attribute.value));
            }
            let value = match attribute.text {
                Ok(Cow::Borrowed(_)) => Value::InCertificate(span),
                Ok(Cow::Owned(text)) => Value::decoded(text),
                Err(_) => Value::unreadable(span, "it is not in the character set of its type"),
            };
            self.entries.push(Entry { kind, value });
        });
        texts.map_err(MalformedName::Subject)?;
        match malformed {
            Some((kind, value)) => Err(malformed_name(kind, value, CONTROL)),
            None => Ok(()),
        }
    }

    fn add_alternative(&mut self, der: &[u8], name: &GeneralName<'_>) -> Result<(), MalformedName> {
        let kind = match name.tag {
            GeneralName::DNS => NameKind::Dns,
            GeneralName::EMAIL => NameKind::Email,
            GeneralName::IP => NameKind::Ip,
            GeneralName::URI => NameKind::Uri,
            // No matcher uses these kinds.
            GeneralName::DIRECTORY_NAME
            | GeneralName::EDI_PARTY_NAME
            | GeneralName::OTHER_NAME
            | GeneralName::REGISTERED_ID
            | GeneralName::X400_ADDRESS => return Ok(()),
            _ => NameKind::Unknown,
        };
        let span = Span::of(der, name.value);
        // Most names are these; the rest is asked in turn.
        if kind == NameKind::Dns && is_lower_dns_pattern(name.value) {
            let value = Value::InCertificate(span);
            self.entries.push(Entry { kind, value });
            return Ok(());
        }
        let value = match (kind, core::str::from_utf8(name.value)) {
            (NameKind::Ip, _) => match name.value.len() {
                4 | 16 => Value::InCertificate(span),
                _ => Value::unreadable(span, "it has neither 4 nor 16 octets"),
            },
            (NameKind::Unknown, _) => {
                Value::unreadable(span, "it is of a kind that RFC 5280 does not have")
            }
            (_, _) if name.value.iter().any(u8::is_ascii_control) => {
                return Err(malformed_name(kind, name.value, CONTROL));
            }
            (_, Ok(text)) if text.is_ascii() => match problem(kind, text) {
                None if kind == NameKind::Dns && text.bytes().any(|b| b.is_ascii_uppercase()) => {
                    Value::decoded(text.to_ascii_lowercase())
                }
                None => Value::InCertificate(span),
                Some(_) if reads_as_several(kind, text) => {
                    return Err(malformed_name(
                        kind,
                        name.value,
                        "it can be read as several names",
                    ));
                }
                Some(problem) => Value::unreadable(span, problem),
            },
            _ => Value::unreadable(span, "it is not in ASCII"),
        };
        self.entries.push(Entry { kind, value });
        Ok(())
    }
}

impl<'a> Names<'a> {
    /// Returns whether the certificate has a subject alternative name extension.
    pub(crate) fn has_san(self) -> bool {
        self.ranges.has_san
    }

    /// Returns whether that extension is empty.
    pub(crate) fn has_empty_san(self) -> bool {
        self.ranges.has_empty_san
    }

    /// Returns the readable texts of one kind; DNS names in lower case.
    pub(crate) fn texts(self, kind: NameKind) -> impl Iterator<Item = &'a str> + Clone {
        let entries = self.ranges.entries.iter();
        entries
            .filter(move |entry| entry.kind == kind)
            .filter_map(move |entry| self.text(entry))
    }

    pub(crate) fn ips(self) -> impl Iterator<Item = IpAddr> + Clone {
        let entries = self.ranges.entries.iter();
        let ips = entries.filter(|entry| entry.kind == NameKind::Ip);
        ips.filter_map(move |entry| match &entry.value {
            Value::InCertificate(span) => ip_address(span.part(self.der)),
            Value::Other(_) => None,
        })
    }

    /// Returns the common name, if there is exactly one.
    pub(crate) fn common_name(self) -> Option<&'a str> {
        let mut entries = self.ranges.entries.iter();
        let mut common_names = entries
            .by_ref()
            .filter(|entry| entry.kind == NameKind::CommonName);
        match (common_names.next(), common_names.next()) {
            (Some(only), None) => self.text(only),
            _ => None,
        }
    }

    /// Returns the SPIFFE ID if the certificate is an X.509-SVID.
    pub(crate) fn spiffe_id(self) -> Option<&'a SpiffeId> {
        self.ranges.spiffe_id.as_deref()
    }

    pub(crate) fn unreadable(self) -> impl Iterator<Item = UnreadableName<'a>> + Clone {
        let entries = self.ranges.entries.iter();
        entries.filter_map(move |entry| match &entry.value {
            Value::InCertificate(_) => None,
            Value::Other(other) => match &**other {
                OtherValue::Decoded(_) => None,
                OtherValue::Unreadable(span, problem) => Some(UnreadableName {
                    kind: entry.kind,
                    value: span.part(self.der),
                    problem,
                }),
            },
        })
    }

    /// Returns the number of names of every kind.
    pub(crate) fn count(self) -> usize {
        self.ranges.entries.len()
    }

    /// Returns whether an unreadable name may be of this kind.
    pub(crate) fn may_hide(self, kind: NameKind) -> bool {
        let mut unreadable = self.unreadable();
        unreadable.any(|name| name.kind == kind || name.kind == NameKind::Unknown)
    }

    /// Returns the SPIFFE ID, or why there is none.
    pub(crate) fn svid_in_words(self) -> String {
        match self.spiffe_id() {
            Some(id) => id.to_string(),
            None => format!("none ({})", self.svid_problem()),
        }
    }

    /// Returns why there is no SPIFFE ID.
    pub(crate) fn svid_problem(self) -> String {
        let mut uris = self.uris();
        match (uris.next(), uris.count()) {
            (None, _) => "no URI name".to_owned(),
            (Some(Some(uri)), 0) if self.ranges.signs_others => {
                format!("{} with keyUsage keyCertSign or cRLSign", cut(uri))
            }
            (Some(Some(uri)), 0) => cut(uri).into_owned(),
            (Some(None), 0) => "a URI name that cannot be read".to_owned(),
            (Some(_), more) => format!("{} URI names", more.saturating_add(1)),
        }
    }

    /// Returns every name that may be a URI, with its text if readable.
    fn uris(self) -> impl Iterator<Item = Option<&'a str>> {
        let entries = self.ranges.entries.iter();
        entries
            .filter(|entry| matches!(entry.kind, NameKind::Uri | NameKind::Unknown))
            .map(move |entry| self.text(entry))
    }

    fn find_spiffe_id(self) -> Option<SpiffeId> {
        let mut uris = self.uris();
        match (uris.next(), uris.next()) {
            (Some(Some(uri)), None) if !self.ranges.signs_others => uri.parse().ok(),
            _ => None,
        }
    }

    fn text(self, entry: &'a Entry) -> Option<&'a str> {
        match &entry.value {
            Value::InCertificate(span) if entry.kind != NameKind::Ip => {
                core::str::from_utf8(span.part(self.der)).ok()
            }
            Value::InCertificate(_) => None,
            Value::Other(other) => match &**other {
                OtherValue::Decoded(text) => Some(text),
                OtherValue::Unreadable(..) => None,
            },
        }
    }
}

impl fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            NameKind::CommonName,
            NameKind::Dns,
            NameKind::Email,
            NameKind::Organization,
            NameKind::OrganizationalUnit,
            NameKind::Uri,
        ];
        let texts = kinds.into_iter().flat_map(|kind| {
            let texts = self.texts(kind);
            texts.map(move |text| (kind, cut(text).into_owned()))
        });
        let ips = self.ips().map(|ip| (NameKind::Ip, ip.to_string()));
        let unreadable = self.unreadable().map(|name| (name.kind, name.to_string()));
        let all = texts.chain(ips).chain(unreadable);
        f.debug_list().entries(all.take(MAX_SHOWN)).finish()
    }
}

/// The most names in `Debug`.
const MAX_SHOWN: usize = 32;

const CONTROL: &str = "it holds a control character";

fn malformed_name(kind: NameKind, value: &[u8], problem: &'static str) -> MalformedName {
    let value = UnreadableName {
        kind,
        value,
        problem,
    };
    MalformedName::Name {
        kind,
        value: value.text(),
        problem,
    }
}
