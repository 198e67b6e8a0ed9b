//! Name constraints of a CA (RFC 5280, section 4.2.1.10) that webpki does not evaluate.

use const_oid::db::rfc3280::EMAIL_ADDRESS;

use crate::peer::{NameKind, Names, cut, is_dns_name};
use crate::policy::profile::CertificateProfile;
use crate::policy::verdict::defect::{Defect, PathPosition};
use crate::policy::verdict::reason::RejectionReason;
use crate::policy::verdict::rejection::Rejection;
use crate::x509::Certificate;
use crate::x509::pkix::{GeneralName, GeneralSubtree};

/// Verifies that a CA's name constraints can be read and are not empty.
///
/// Unreadable constraints would restrict no name. webpki reads a constraint only when it meets a
/// name of its kind.
pub(crate) fn check_name_constraints(
    certificate: &Certificate<'_>,
    position: PathPosition,
    profile: CertificateProfile,
) -> Result<(), Defect> {
    if position == PathPosition::Leaf {
        return Ok(());
    }
    let defect = |presented: String| {
        Defect::new(
            RejectionReason::MalformedCertificate,
            "name constraints that can be read and hold a name",
            presented,
            "reissue the CA certificate with name constraints that hold a name, or without the extension; `openssl x509 \
             -noout -ext nameConstraints` shows what is there",
        )
    };
    let constraints = match certificate.name_constraints() {
        Ok(None) => return Ok(()),
        Ok(Some(constraints)) => constraints,
        Err(error) => return Err(defect(error.to_string())),
    };
    let trees = [
        constraints.permitted_subtrees,
        constraints.excluded_subtrees,
    ];
    let mut given = trees.iter().flatten().peekable();
    if given.peek().is_none() || given.any(Vec::is_empty) {
        return Err(defect("an empty list".to_owned()));
    }
    if profile == CertificateProfile::Interoperable {
        return Ok(());
    }
    let defect = trees.iter().flatten().flatten().find_map(defect_of);
    defect.map_or(Ok(()), Err)
}

fn defect_of(tree: &GeneralSubtree) -> Option<Defect> {
    let defect = |expected: &'static str, presented: String, hint| {
        let reason = RejectionReason::MalformedCertificate;
        Some(Defect::new(reason, expected, presented, hint))
    };
    if tree.minimum != 0 || tree.maximum.is_some() {
        return defect(
            "name constraints without minimum and maximum",
            "one of the two".to_owned(),
            "reissue the CA certificate with name constraints without minimum and maximum; or accept it by \
             the profile `interoperable` (in code: `CertificateProfile::Interoperable`)",
        );
    }
    match &tree.base {
        // An empty name stands for every name.
        GeneralName::DnsName(name) if !name.as_str().is_empty() && !is_dns_name(name.as_str()) => {
            defect(
                "DNS names in name constraints that are host names, without a dot before them",
                format!("{:?}", cut(name.as_str())),
                "reissue the CA certificate with the name without the dot before it (`permitted;DNS:example.org` means \
                 that name and all below it); or accept it by the profile `interoperable` (in code: `CertificateProfile::Interoperable`)",
            )
        }
        GeneralName::IpAddress(network) if !is_network(network.as_bytes()) => defect(
            "IP addresses in name constraints with a mask",
            "one without".to_owned(),
            "reissue the CA certificate with the network and its mask (`permitted;IP:10.0.0.0/255.0.0.0`); or accept it \
             by the profile `interoperable` (in code: `CertificateProfile::Interoperable`)",
        ),
        _ => None,
    }
}

/// Returns whether `octets` are an address and a network mask of the same length.
fn is_network(octets: &[u8]) -> bool {
    let (_, mask) = octets.split_at(octets.len() / 2);
    let bits = mask.iter().fold((true, true), |(is_mask, ones), octet| {
        let goes_on = ones || *octet == 0;
        let has_ones_first = octet.leading_ones().saturating_add(octet.trailing_zeros()) >= 8;
        (is_mask && goes_on && has_ones_first, ones && *octet == 0xff)
    });
    matches!(octets.len(), 8 | 32) && bits.0
}

/// The name constraints of a CA, as far as webpki does not evaluate them.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameLimits {
    kinds: Vec<LimitedKind>,
    /// Hosts excluded with a leading dot: the host itself and everything below it.
    excluded_hosts: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LimitedKind {
    Name(NameKind),
    /// A part of the subject.
    Directory,
    Other,
}

impl NameLimits {
    /// Returns `None` without constraints; unreadable ones are rejected before.
    pub(crate) fn of(certificate: &Certificate<'_>) -> Option<Self> {
        let constraints = certificate.name_constraints().ok().flatten()?;
        let mut limits = Self::default();
        let excluded = constraints.excluded_subtrees.unwrap_or_default();
        for tree in &excluded {
            if let GeneralName::DnsName(name) = &tree.base {
                let host = name.as_str().strip_prefix('.');
                limits.excluded_hosts.extend(host.map(str::to_owned));
            }
        }
        let permitted = constraints.permitted_subtrees.unwrap_or_default();
        limits.kinds = permitted
            .iter()
            .chain(&excluded)
            .map(limited_kind)
            .collect();
        Some(limits)
    }

    pub(crate) fn limits_emails(&self) -> bool {
        self.kinds.contains(&LimitedKind::Name(NameKind::Email))
    }

    /// Applies the constraints to names of a leaf that webpki skips.
    ///
    /// These are unreadable names, and hosts excluded with a leading dot (webpki excludes only what
    /// is below the host).
    pub(crate) fn check(&self, leaf: &Certificate<'_>, names: Names<'_>) -> Result<(), Rejection> {
        let hidden = names.unreadable().find(|name| self.limits(name.kind()));
        let mut hosts = names.texts(NameKind::Dns);
        let is_excluded = |host: &&str| {
            let mut excluded = self.excluded_hosts.iter();
            excluded.any(|name| name.eq_ignore_ascii_case(host))
        };
        let defect = if let Some(name) = hidden {
            Defect::new(
                RejectionReason::NameConstraintViolated,
                "legal names of the kinds that a CA above limits",
                name.to_string(),
                "reissue the leaf without the name that cannot be read",
            )
        } else if let Some(host) = hosts.find(is_excluded) {
            Defect::new(
                RejectionReason::NameConstraintViolated,
                "no name that a CA above excludes",
                format!("DNS name {}", cut(host)),
                "issue the leaf without the excluded name, or under a CA that does not exclude it",
            )
        } else {
            return Ok(());
        };
        Err(defect.of(0, leaf))
    }

    /// Returns the first constrained kind that webpki does not evaluate, except directory names.
    pub(crate) fn not_evaluated(&self) -> Option<&'static str> {
        self.kinds.iter().find_map(|kind| match kind {
            LimitedKind::Name(NameKind::Email) => Some("e-mail addresses"),
            LimitedKind::Name(NameKind::Uri) => Some("URIs"),
            LimitedKind::Other => Some("names of other kinds"),
            LimitedKind::Name(_) | LimitedKind::Directory => None,
        })
    }

    pub(crate) fn limits_directory_names(&self) -> bool {
        self.kinds.contains(&LimitedKind::Directory)
    }

    fn limits(&self, kind: NameKind) -> bool {
        match kind {
            NameKind::CommonName | NameKind::Organization | NameKind::OrganizationalUnit => {
                self.kinds.contains(&LimitedKind::Directory)
            }
            // The name may be of any kind.
            NameKind::Unknown => !self.kinds.is_empty(),
            kind => self.kinds.contains(&LimitedKind::Name(kind)),
        }
    }
}

fn limited_kind(tree: &GeneralSubtree) -> LimitedKind {
    match &tree.base {
        GeneralName::DnsName(_) => LimitedKind::Name(NameKind::Dns),
        GeneralName::Rfc822Name(_) => LimitedKind::Name(NameKind::Email),
        GeneralName::IpAddress(_) => LimitedKind::Name(NameKind::Ip),
        GeneralName::UniformResourceIdentifier(_) => LimitedKind::Name(NameKind::Uri),
        GeneralName::DirectoryName(_) => LimitedKind::Directory,
        _ => LimitedKind::Other,
    }
}

/// Rejects an e-mail address in the subject below a CA that constrains e-mail addresses.
///
/// The constraints apply to the subject if no alternative name has an e-mail address (RFC 5280,
/// section 4.2.1.10). webpki rejects every alternative name of the kind, and does not read
/// subjects.
pub(crate) fn check_subject_email(
    index: usize,
    certificate: &Certificate<'_>,
) -> Result<(), Rejection> {
    if certificate.subject_has(EMAIL_ADDRESS) {
        Err(Defect::new(
            RejectionReason::NameConstraintViolated,
            "no e-mail address under a CA that limits them",
            "one in the subject", "issue the leaf without an e-mail address in its subject, or under a CA that does not limit e-mail addresses",)
        .of(index, certificate))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use der::asn1::{Ia5String, OctetString};

    use super::*;
    use crate::x509::pkix::Name;

    #[test]
    fn networks_have_their_ones_first() {
        for (mask, is_one) in [
            ([255, 255, 255, 0], true),
            ([255, 254, 0, 0], true),
            ([0, 0, 0, 0], true),
            ([255, 255, 255, 255], true),
            ([255, 0, 255, 0], false),
            ([255, 253, 0, 0], false),
            ([0, 0, 0, 1], false),
        ] {
            let octets = [[10, 0, 0, 0], mask].concat();
            assert_eq!(is_network(&octets), is_one, "{mask:?}");
        }
        assert!(!is_network(&[10, 0, 0, 0]));
        assert!(is_network(&[0; 32]));
    }

    /// webpki rejects most of these names itself; which ones it skips changes between its releases.
    #[test]
    fn a_kind_is_limited_by_constraints_about_it() {
        let every = [
            NameKind::CommonName,
            NameKind::Dns,
            NameKind::Email,
            NameKind::Ip,
            NameKind::Organization,
            NameKind::OrganizationalUnit,
            NameKind::Unknown,
            NameKind::Uri,
        ];
        let text = |text| Ia5String::new(text).unwrap();
        for (base, limited) in [
            (GeneralName::DnsName(text("a.test")), vec![NameKind::Dns]),
            (
                GeneralName::Rfc822Name(text("a.test")),
                vec![NameKind::Email],
            ),
            (
                GeneralName::IpAddress(OctetString::new([0; 8]).unwrap()),
                vec![NameKind::Ip],
            ),
            (
                GeneralName::UniformResourceIdentifier(text("a.test")),
                vec![NameKind::Uri],
            ),
            (
                GeneralName::DirectoryName(Name::default()),
                vec![
                    NameKind::CommonName,
                    NameKind::Organization,
                    NameKind::OrganizationalUnit,
                ],
            ),
            (GeneralName::RegisteredId(EMAIL_ADDRESS), vec![]),
        ] {
            let tree = GeneralSubtree {
                base,
                minimum: 0,
                maximum: None,
            };
            let limits = NameLimits {
                kinds: vec![limited_kind(&tree)],
                ..NameLimits::default()
            };
            for kind in every {
                // A name of an unknown kind may be of any kind.
                let expected = kind == NameKind::Unknown || limited.contains(&kind);
                assert_eq!(limits.limits(kind), expected, "{tree:?} {kind:?}");
            }
        }
        let none = NameLimits::default();
        assert!(every.iter().all(|kind| !none.limits(*kind)));
    }
}
