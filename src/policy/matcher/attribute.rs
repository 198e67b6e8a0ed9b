//! The table of what can be asked about a peer.

use core::fmt;
use std::borrow::Cow;

/// One question with one argument: an attribute of the peer, and how much of its value the pattern
/// has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    SpiffeId,
    SpiffePathPrefix,
    TrustDomain,
    Dns,
    DnsPrefix,
    DnsSuffix,
    Uri,
    UriPrefix,
    Ip,
    IpNetwork,
    Email,
    EmailDomain,
    EmailDomainSuffix,
    CommonName,
    CommonNamePrefix,
    CommonNameSuffix,
    OrganizationalUnit,
    OrganizationalUnitPrefix,
    OrganizationalUnitSuffix,
    Organization,
    OrganizationPrefix,
    OrganizationSuffix,
    Issuer,
    IssuerSpkiSha256,
    TrustAnchorSha256,
    SpkiSha256,
    CertificateSha256,
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    Certificate,
    CommonName,
    Dns,
    Email,
    Ip,
    Issuer,
    IssuerSpki,
    Organization,
    OrganizationalUnit,
    SpiffeId,
    Spki,
    TrustAnchor,
    Uri,
}

/// How much of a value a pattern has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Whole,
    /// Whole labels at the beginning, with more behind them.
    LabelsBefore,
    /// Whole labels at the end, with more before them.
    LabelsBehind,
    /// The beginning, up to a slash or the end.
    Segments,
    CharactersBefore,
    CharactersBehind,
}

impl Kind {
    pub(super) const ALL: [Self; 27] = [
        Self::SpiffeId,
        Self::SpiffePathPrefix,
        Self::TrustDomain,
        Self::Dns,
        Self::DnsPrefix,
        Self::DnsSuffix,
        Self::Uri,
        Self::UriPrefix,
        Self::Ip,
        Self::IpNetwork,
        Self::Email,
        Self::EmailDomain,
        Self::EmailDomainSuffix,
        Self::CommonName,
        Self::CommonNamePrefix,
        Self::CommonNameSuffix,
        Self::OrganizationalUnit,
        Self::OrganizationalUnitPrefix,
        Self::OrganizationalUnitSuffix,
        Self::Organization,
        Self::OrganizationPrefix,
        Self::OrganizationSuffix,
        Self::Issuer,
        Self::IssuerSpkiSha256,
        Self::TrustAnchorSha256,
        Self::SpkiSha256,
        Self::CertificateSha256,
    ];

    /// Whether it asks for one whole name, of those that a CA verifies, or for the peer's own key
    /// or certificate. A common name, a unit and an organization are free text.
    pub(super) fn is_exact_peer(self) -> bool {
        matches!(
            self,
            Self::CertificateSha256
                | Self::Dns
                | Self::Email
                | Self::Ip
                | Self::SpiffeId
                | Self::SpkiSha256
                | Self::Uri
        )
    }

    /// The constructor's name, which is the name in a text as well.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CertificateSha256 => "certificate_sha256",
            Self::CommonName => "common_name",
            Self::CommonNamePrefix => "common_name_prefix",
            Self::CommonNameSuffix => "common_name_suffix",
            Self::Dns => "dns",
            Self::DnsPrefix => "dns_prefix",
            Self::DnsSuffix => "dns_suffix",
            Self::Email => "email",
            Self::EmailDomain => "email_domain",
            Self::EmailDomainSuffix => "email_domain_suffix",
            Self::Ip => "ip",
            Self::IpNetwork => "ip_network",
            Self::Issuer => "issuer",
            Self::IssuerSpkiSha256 => "issuer_spki_sha256",
            Self::Organization => "organization",
            Self::OrganizationPrefix => "organization_prefix",
            Self::OrganizationSuffix => "organization_suffix",
            Self::OrganizationalUnit => "organizational_unit",
            Self::OrganizationalUnitPrefix => "organizational_unit_prefix",
            Self::OrganizationalUnitSuffix => "organizational_unit_suffix",
            Self::SpiffeId => "spiffe_id",
            Self::SpiffePathPrefix => "spiffe_path_prefix",
            Self::SpkiSha256 => "spki_sha256",
            Self::TrustAnchorSha256 => "trust_anchor_sha256",
            Self::TrustDomain => "trust_domain",
            Self::Uri => "uri",
            Self::UriPrefix => "uri_prefix",
        }
    }

    pub(super) fn attribute(self) -> Attribute {
        match self {
            Self::CertificateSha256 => Attribute::Certificate,
            Self::CommonName | Self::CommonNamePrefix | Self::CommonNameSuffix => {
                Attribute::CommonName
            }
            Self::Dns | Self::DnsPrefix | Self::DnsSuffix => Attribute::Dns,
            Self::Email | Self::EmailDomain | Self::EmailDomainSuffix => Attribute::Email,
            Self::Ip | Self::IpNetwork => Attribute::Ip,
            Self::Issuer => Attribute::Issuer,
            Self::IssuerSpkiSha256 => Attribute::IssuerSpki,
            Self::Organization | Self::OrganizationPrefix | Self::OrganizationSuffix => {
                Attribute::Organization
            }
            Self::OrganizationalUnit
            | Self::OrganizationalUnitPrefix
            | Self::OrganizationalUnitSuffix => Attribute::OrganizationalUnit,
            Self::SpiffeId | Self::SpiffePathPrefix | Self::TrustDomain => Attribute::SpiffeId,
            Self::SpkiSha256 => Attribute::Spki,
            Self::TrustAnchorSha256 => Attribute::TrustAnchor,
            Self::Uri | Self::UriPrefix => Attribute::Uri,
        }
    }

    fn form(self) -> Form {
        match self {
            Self::CommonNamePrefix | Self::OrganizationPrefix | Self::OrganizationalUnitPrefix => {
                Form::CharactersBefore
            }
            Self::CommonNameSuffix | Self::OrganizationSuffix | Self::OrganizationalUnitSuffix => {
                Form::CharactersBehind
            }
            Self::DnsPrefix => Form::LabelsBefore,
            Self::DnsSuffix | Self::EmailDomainSuffix => Form::LabelsBehind,
            Self::SpiffePathPrefix | Self::UriPrefix => Form::Segments,
            _ => Form::Whole,
        }
    }

    pub(super) fn takes_whole_values(self) -> bool {
        self.form() == Form::Whole
    }

    /// What of a peer's value the pattern is held against.
    pub(super) fn subject(self, value: &str) -> Cow<'_, str> {
        match self {
            // Domains compare without regard to case, the part before the `@` byte for byte (RFC 5280, section 7.5).
            Self::Email => match value.split_once('@') {
                Some((local, domain)) if domain.bytes().any(|b| b.is_ascii_uppercase()) => {
                    Cow::Owned(format!("{local}@{}", domain.to_ascii_lowercase()))
                }
                _ => Cow::Borrowed(value),
            },
            Self::EmailDomain | Self::EmailDomainSuffix => {
                let domain = value.split_once('@').map_or("", |(_, domain)| domain);
                match domain.bytes().any(|b| b.is_ascii_uppercase()) {
                    true => Cow::Owned(domain.to_ascii_lowercase()),
                    false => Cow::Borrowed(domain),
                }
            }
            Self::TrustDomain => {
                let rest = value.strip_prefix("spiffe://").unwrap_or_default();
                Cow::Borrowed(rest.split_once('/').map_or(rest, |(domain, _)| domain))
            }
            _ => Cow::Borrowed(value),
        }
    }

    /// The part of a [`subject`](Self::subject) that a pattern of `length` bytes would have to be,
    /// where the form allows for a pattern of that length.
    pub(super) fn part(self, subject: &str, length: usize) -> Option<&str> {
        let bytes = subject.as_bytes();
        match self.form() {
            Form::Whole => (bytes.len() == length).then_some(subject),
            Form::LabelsBefore => match bytes.get(length) {
                Some(b'.') => subject.get(..length),
                _ => None,
            },
            Form::LabelsBehind => {
                let at = bytes.len().checked_sub(length)?;
                match bytes.get(at.checked_sub(1)?) {
                    Some(b'.') => subject.get(at..),
                    _ => None,
                }
            }
            Form::Segments => match bytes.get(length) {
                None | Some(b'/') => subject.get(..length),
                Some(_) => None,
            },
            Form::CharactersBefore => subject.get(..length),
            Form::CharactersBehind => subject.get(bytes.len().checked_sub(length)?..),
        }
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate SHA-256",
            Self::CommonName => "common name",
            Self::Dns => "DNS name",
            Self::Email => "e-mail address",
            Self::Ip => "IP address",
            Self::Issuer => "issuer",
            Self::IssuerSpki => "proved issuer with SPKI SHA-256",
            Self::Organization => "organization",
            Self::OrganizationalUnit => "organizational unit",
            Self::SpiffeId => "SPIFFE ID",
            Self::Spki => "SPKI SHA-256",
            Self::TrustAnchor => "trust anchor with SHA-256",
            Self::Uri => "URI",
        })
    }
}
