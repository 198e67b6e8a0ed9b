//! The attributes of a peer that a pattern can match.

use core::fmt;
use std::borrow::Cow;

/// The kind of a pattern: an attribute of the peer, and the part of its value that must match.
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

/// An attribute of a peer.
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

/// The part of a value that must match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Whole,
    /// Whole labels at the beginning, with further labels after them.
    LabelsBefore,
    /// Whole labels at the end, with further labels before them.
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

    /// Returns whether it matches one whole name, or the peer's own key or certificate.
    ///
    /// Only names that a CA verifies count. A common name, a unit and an organization are free
    /// text.
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

    /// Returns the name of the constructor, which the text form uses too.
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

    /// Returns the part of a peer's value that is compared with the pattern.
    pub(super) fn subject(self, value: &str) -> Cow<'_, str> {
        match self {
            // Domains ignore case; the part before the `@` is compared byte for byte (RFC 5280,
            // section 7.5).
            Self::Email => match value.split_once('@') {
                Some((local, domain)) if domain.bytes().any(|b| b.is_ascii_uppercase()) => {
                    Cow::Owned(format!("{local}@{}", domain.to_ascii_lowercase()))
                }
                _ => Cow::Borrowed(value),
            },
            Self::EmailDomain | Self::EmailDomainSuffix => {
                let domain = value.split_once('@').map_or("", |(_, domain)| domain);
                if domain.bytes().any(|b| b.is_ascii_uppercase()) {
                    Cow::Owned(domain.to_ascii_lowercase())
                } else {
                    Cow::Borrowed(domain)
                }
            }
            Self::TrustDomain => {
                let rest = value.strip_prefix("spiffe://").unwrap_or_default();
                Cow::Borrowed(rest.split_once('/').map_or(rest, |(domain, _)| domain))
            }
            _ => Cow::Borrowed(value),
        }
    }

    /// Returns the part of a [`subject`](Self::subject) that a pattern of `length` bytes must
    /// equal.
    ///
    /// Returns `None` if the form does not allow a pattern of that length.
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
