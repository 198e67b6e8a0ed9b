//! Patterns: one attribute and one value, validated on construction.

pub(crate) mod certificates;
pub(crate) mod names;
pub(crate) mod network;
pub(crate) mod problem;
pub(crate) mod string_match;
pub(crate) mod subject;
pub(crate) mod uri;

use core::cmp::Ordering;
use core::fmt::{self, Write};
use core::hash::{Hash, Hasher};
use core::net::IpAddr;

use base16ct::HexDisplay;

use super::attribute::{Attribute, Kind};
use super::error::{MatcherError, invalid};
use super::limits::MAX_PATTERN_BYTES;
use super::text::excerpt::{quote, shorten};
use crate::peer::{SpiffeId, check_trust_domain, has_uri_scheme, is_dns_name, is_email_address};
use crate::x509::{CanonicalName, canonical_rfc4514};
use network::{Network, mapped, parse_ip};
use problem::PatternProblem;
use uri::{is_ambiguous, prefix_problem};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Pattern {
    pub(super) kind: Kind,
    pub(super) value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Value {
    Digest([u8; 32]),
    Ip(IpAddr),
    Name(DirectoryName),
    Network(Network),
    Text(Box<str>),
}

/// A directory name as written in the pattern.
///
/// Names that differ only in case or blanks are equal (RFC 5280, section 7.1).
#[derive(Clone, Debug)]
pub(super) struct DirectoryName {
    text: Box<str>,
    name: CanonicalName,
}

/// A value of a peer's attribute.
#[derive(Clone, Copy)]
pub(super) enum PeerValue<'a> {
    Digest([u8; 32]),
    Ip(IpAddr),
    /// The name, and its RFC 4514 form.
    Name(&'a CanonicalName, &'a str),
    Text(&'a str),
}

impl Pattern {
    /// Parses the argument of the constructor, or of the text form, that `kind` names.
    pub(super) fn parse(kind: Kind, text: &str) -> Result<Self, MatcherError> {
        let checked = match text.len() {
            0 => Err(PatternProblem::Empty),
            1..=MAX_PATTERN_BYTES => value(kind, text),
            _ => Err(PatternProblem::TooLong {
                limit: MAX_PATTERN_BYTES,
            }),
        };
        match checked {
            Ok(value) => Ok(Self { kind, value }),
            Err(problem) => Err(invalid(kind.name(), text, problem)),
        }
    }

    pub(super) fn digest(kind: Kind, digest: [u8; 32]) -> Self {
        Self {
            kind,
            value: Value::Digest(digest),
        }
    }

    pub(super) fn holds(&self, seen: PeerValue<'_>) -> bool {
        match (&self.value, seen) {
            (Value::Digest(wanted), PeerValue::Digest(digest)) => *wanted == digest,
            (Value::Ip(wanted), PeerValue::Ip(ip)) => *wanted == ip,
            (Value::Name(wanted), PeerValue::Name(name, _)) => wanted.name == *name,
            (Value::Network(wanted), PeerValue::Ip(ip)) => wanted.contains(ip),
            (Value::Text(wanted), PeerValue::Text(text)) => {
                let subject = self.kind.subject(text);
                self.kind.part(&subject, wanted.len()) == Some(&**wanted)
            }
            _ => false,
        }
    }
}

impl DirectoryName {
    pub(super) fn canonical(&self) -> &CanonicalName {
        &self.name
    }
}

impl PartialEq for DirectoryName {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for DirectoryName {}

impl Hash for DirectoryName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl Ord for DirectoryName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(&other.name)
    }
}

impl PartialOrd for DirectoryName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PeerValue<'_> {
    /// Returns why a value is undecided for a pattern of this kind, if it is.
    ///
    /// Another program may interpret the name in a different way. Such a value rejects, under `not`
    /// too.
    pub(super) fn undecided(self, kind: Kind) -> Option<&'static str> {
        match self {
            Self::Text(name) if kind.attribute() == Attribute::Dns && name.starts_with('*') => {
                Some("a wildcard is neither a yes nor a no")
            }
            Self::Text(uri) if kind == Kind::UriPrefix && is_ambiguous(uri) => {
                Some("a URI that can be read in two ways is neither a yes nor a no")
            }
            Self::Ip(ip) if mapped(ip).is_some() => {
                Some("an IPv4 address mapped into IPv6 is neither a yes nor a no")
            }
            _ => None,
        }
    }
}

fn value(kind: Kind, text: &str) -> Result<Value, PatternProblem> {
    let unless = |problem: Option<PatternProblem>| match problem {
        None => Ok(Value::Text(text.into())),
        Some(problem) => Err(problem),
    };
    match kind {
        Kind::SpiffeId | Kind::SpiffePathPrefix => match text.parse::<SpiffeId>() {
            Ok(id) if kind == Kind::SpiffePathPrefix && id.path().is_empty() => {
                Err(PatternProblem::NoPath)
            }
            Ok(_) => unless(None),
            Err(error) => Err(PatternProblem::SpiffeId(error)),
        },
        Kind::TrustDomain => match check_trust_domain(text) {
            Ok(()) => unless(None),
            Err(error) => Err(PatternProblem::SpiffeId(error)),
        },
        Kind::Dns
        | Kind::DnsPrefix
        | Kind::DnsSuffix
        | Kind::EmailDomain
        | Kind::EmailDomainSuffix => {
            if is_dns_name(text) {
                Ok(Value::Text(text.to_ascii_lowercase().into()))
            } else {
                Err(PatternProblem::NotAHostName)
            }
        }
        Kind::Email => {
            if is_email_address(text) {
                Ok(Value::Text(kind.subject(text).into()))
            } else {
                Err(PatternProblem::NotAnEmailAddress)
            }
        }
        Kind::Uri if !has_uri_scheme(text) => Err(PatternProblem::MissingScheme),
        Kind::Uri => unless(
            text.contains(|c: char| !c.is_ascii_graphic())
                .then_some(PatternProblem::NotPrintable),
        ),
        Kind::UriPrefix => unless(prefix_problem(text)),
        Kind::Ip => parse_ip(text).map(Value::Ip),
        Kind::IpNetwork => Network::parse(text).map(Value::Network),
        Kind::Issuer => match canonical_rfc4514(text) {
            Some((canonical, name)) if canonical == text => Ok(Value::Name(DirectoryName {
                text: text.into(),
                name,
            })),
            Some((canonical, _)) => {
                let canonical = shorten(canonical);
                Err(PatternProblem::NotCanonicalName { canonical })
            }
            None => Err(PatternProblem::NotADirectoryName),
        },
        Kind::SpkiSha256
        | Kind::CertificateSha256
        | Kind::IssuerSpkiSha256
        | Kind::TrustAnchorSha256 => digest(text).map(Value::Digest),
        Kind::CommonName
        | Kind::CommonNamePrefix
        | Kind::CommonNameSuffix
        | Kind::Organization
        | Kind::OrganizationPrefix
        | Kind::OrganizationSuffix
        | Kind::OrganizationalUnit
        | Kind::OrganizationalUnitPrefix
        | Kind::OrganizationalUnitSuffix => unless(
            text.contains(char::is_control)
                .then_some(PatternProblem::ControlCharacter),
        ),
    }
}

fn digest(text: &str) -> Result<[u8; 32], PatternProblem> {
    let mut digest = [0; 32];
    match base16ct::mixed::decode(text, &mut digest) {
        Ok(bytes) if bytes.len() == 32 => Ok(digest),
        _ => Err(PatternProblem::NotASha256),
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.kind.name())?;
        quote(f, &self.value.to_string())?;
        f.write_char(')')
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest(digest) => write!(f, "{:x}", HexDisplay(digest)),
            Self::Ip(ip) => ip.fmt(f),
            Self::Network(network) => network.fmt(f),
            Self::Name(name) => f.write_str(&name.text),
            Self::Text(text) => f.write_str(text),
        }
    }
}
