//! Patterns: one attribute and one value, validated on construction.

pub(crate) mod certificates;
pub(crate) mod names;
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
use crate::peer::{SpiffeId, check_trust_domain, is_dns_name, is_email_address, uri_problem};
use crate::x509::{CanonicalName, canonical_rfc4514};
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

/// An IP network; no bit after the prefix is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Network {
    pub(super) address: IpAddr,
    pub(super) length: u8,
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
            0 => Err("it is empty".to_owned()),
            1..=MAX_PATTERN_BYTES => value(kind, text),
            _ => Err(format!("it is longer than {MAX_PATTERN_BYTES} bytes")),
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
            (Value::Network(wanted), PeerValue::Ip(ip)) => {
                Network::around(ip, wanted.length) == Some(*wanted)
            }
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

impl Network {
    /// Returns the network with this prefix length that contains the address.
    pub(super) fn around(ip: IpAddr, length: u8) -> Option<Self> {
        let address = match ip {
            IpAddr::V4(v4) => {
                let host_bits = 32_u32.checked_sub(length.into())?;
                let mask = u32::MAX.checked_shl(host_bits).unwrap_or(0);
                IpAddr::V4((v4.to_bits() & mask).into())
            }
            IpAddr::V6(v6) => {
                let host_bits = 128_u32.checked_sub(length.into())?;
                let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
                IpAddr::V6((v6.to_bits() & mask).into())
            }
        };
        Some(Self { address, length })
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
            Self::Ip(ip) if is_mapped(ip) => {
                Some("an IPv4 address mapped into IPv6 is neither a yes nor a no")
            }
            _ => None,
        }
    }
}

fn value(kind: Kind, text: &str) -> Result<Value, String> {
    let unless = |problem: Option<&str>| match problem {
        None => Ok(Value::Text(text.into())),
        Some(problem) => Err(problem.to_owned()),
    };
    match kind {
        Kind::SpiffeId | Kind::SpiffePathPrefix => match text.parse::<SpiffeId>() {
            Ok(id) if kind == Kind::SpiffePathPrefix && id.path().is_empty() => unless(Some(
                "it has no path; ask for all of a trust domain by `trust_domain`",
            )),
            Ok(_) => unless(None),
            Err(problem) => Err(problem.to_string()),
        },
        Kind::TrustDomain => match check_trust_domain(text) {
            Ok(()) => unless(None),
            Err(problem) => Err(problem.to_string()),
        },
        Kind::Dns
        | Kind::DnsPrefix
        | Kind::DnsSuffix
        | Kind::EmailDomain
        | Kind::EmailDomainSuffix => {
            if is_dns_name(text) {
                Ok(Value::Text(text.to_ascii_lowercase().into()))
            } else {
                unless(Some(
                    "it is no host name (wildcards are never expanded, and no dot begins or ends it)",
                ))
            }
        }
        Kind::Email => {
            if is_email_address(text) {
                Ok(Value::Text(kind.subject(text).into()))
            } else {
                unless(Some("it is not local@domain"))
            }
        }
        Kind::Uri => unless(uri_problem(text)),
        Kind::UriPrefix => unless(prefix_problem(text)),
        Kind::Ip => ip(text).map(Value::Ip),
        Kind::IpNetwork => network(text).map(Value::Network),
        Kind::Issuer => match canonical_rfc4514(text) {
            Some((canonical, name)) if canonical == text => Ok(Value::Name(DirectoryName {
                text: text.into(),
                name,
            })),
            Some((canonical, _)) => {
                let canonical = shorten(canonical);
                Err(format!("in the form of RFC 4514 it is {canonical:?}"))
            }
            None => unless(Some("it is no name in the form of RFC 4514")),
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
                .then_some("it holds a control character, with which no certificate is accepted"),
        ),
    }
}

fn ip(text: &str) -> Result<IpAddr, String> {
    match text.parse() {
        Ok(ip) if is_mapped(ip) => Err(MAPPED.to_owned()),
        Ok(ip) => Ok(ip),
        Err(_) => Err("it is no IP address".to_owned()),
    }
}

fn network(text: &str) -> Result<Network, String> {
    let form = || "it is no network, as `10.0.0.0/8` is one".to_owned();
    let (address, length) = text.split_once('/').ok_or_else(form)?;
    let is_plain = |digits: &str| {
        digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'))
    };
    if !is_plain(length) {
        return Err(form());
    }
    let address = ip(address)?;
    let length: u8 = length.parse().map_err(|_| form())?;
    match Network::around(address, length) {
        None => Err("its prefix is longer than the address".to_owned()),
        Some(_) if length == 0 => Err("it holds every address".to_owned()),
        Some(network) if network.address != address => Err(format!(
            "bits are set behind the prefix; the network is {network}"
        )),
        Some(network) => Ok(network),
    }
}

const MAPPED: &str = "it is an IPv4 address mapped into IPv6; write the IPv4 address, which is what certificates hold";

fn is_mapped(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some())
}

fn digest(text: &str) -> Result<[u8; 32], String> {
    let mut digest = [0; 32];
    match base16ct::mixed::decode(text, &mut digest) {
        Ok(bytes) if bytes.len() == 32 => Ok(digest),
        _ => Err("it is no SHA-256 in 64 hexadecimal digits".to_owned()),
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

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}
