//! Checks that a server's certificate lists the name connected to (RFC 9525).

use pki_types::{CertificateDer, ServerName};

use crate::peer::{NameKind, Names, PeerIdentity, cut};
use crate::policy::matcher::common_name_as_dns;
use crate::policy::presented_chain::PresentedChain;
use crate::policy::trust::check_svid;
use crate::policy::trust::examination::constrains_names;
use crate::policy::verdict::reason::RejectionReason;
use crate::policy::verdict::rejection::Rejection;
use crate::policy::verification::VerificationContext;
use crate::policy::verifier_policy::{CommonNameRule, ServerNameRule, VerifierPolicy};
use crate::x509::{Certificate, Version};

pub(crate) fn check_server_name(
    context: &VerificationContext<'_>,
    presented: &PresentedChain<'_>,
    peer: &PeerIdentity,
    server_name: &ServerName<'_>,
) -> Result<(), Rejection> {
    let policy = context.policy;
    let names = peer.names();
    let leaf = presented.leaf()?;
    let is_named = match policy.server_name {
        ServerNameRule::SpiffeId => return check_svid(leaf, names).map(drop),
        ServerNameRule::Check if leaf.version == Version::V1 => false,
        ServerNameRule::Check => presented
            .end_entity
            .as_ref()
            .is_ok_and(|cert| cert.verify_is_valid_for_subject_name(server_name).is_ok()),
    };
    let by_common_name = || is_common_name(names, server_name) && takes_common_name(policy, peer);
    if is_named || by_common_name() {
        return Ok(());
    }
    let rejection = Rejection::new(RejectionReason::NameMismatch)
        .about(0, leaf)
        .with_expected(server_name.to_str())
        .with_presented(list_of(names));
    if let Some(hint) = address_as_dns(names, server_name) {
        return Err(rejection.with_hint(hint));
    }
    Err(if names.has_san() {
        rejection
    } else {
        rejection.with_hint(
            "the certificate has no subject alternative names, and a common name is no host name (RFC 9525): \
             reissue it with a subjectAltName; or allow it by `danger_allow_common_name_as_dns`",
        )
    })
}

/// Returns a hint if the certificate lists the requested IP address as a DNS name.
fn address_as_dns(names: Names<'_>, server_name: &ServerName<'_>) -> Option<String> {
    let ServerName::IpAddress(_) = server_name else {
        return None;
    };
    let address = server_name.to_str();
    names.texts(NameKind::Dns).any(|name| name == address).then(|| {
        format!(
            "the certificate has {address} as a DNS name, and an address counts as an IP address alone: reissue it with \
             subjectAltName = IP:{address}"
        )
    })
}

/// Returns whether the opt-in is set and no CA above the leaf constrains names.
///
/// Name constraints do not apply to common names, so a common name must not bypass them.
pub(crate) fn takes_common_name(policy: &VerifierPolicy, peer: &PeerIdentity) -> bool {
    let is_free = |der: &CertificateDer<'_>| {
        Certificate::from_der(der).is_ok_and(|issuer| !constrains_names(&issuer))
    };
    policy.common_name == CommonNameRule::AsDnsName
        && peer.trust_anchor().is_some()
        && peer.issuers().all(is_free)
}

fn is_common_name(names: Names<'_>, server_name: &ServerName<'_>) -> bool {
    match server_name {
        ServerName::DnsName(wanted) => {
            common_name_as_dns(names).is_some_and(|name| name.eq_ignore_ascii_case(wanted.as_ref()))
        }
        _ => false,
    }
}

/// The most names of a certificate in a message.
const NAMES_SHOWN: usize = 8;

/// Returns a description of a certificate's names, for messages.
pub(crate) fn list_of(names: Names<'_>) -> String {
    let plain = |label, kind| {
        let texts = names.texts(kind);
        texts.map(move |text| format!("{label} {}", cut(text)))
    };
    let quoted = |label, kind| {
        let texts = names.texts(kind);
        texts.map(move |text| format!("{label} {:?}", cut(text)))
    };
    let mut all = plain("URI", NameKind::Uri)
        .chain(plain("DNS name", NameKind::Dns))
        .chain(names.ips().map(|ip| format!("IP address {ip}")))
        .chain(plain("e-mail", NameKind::Email))
        .chain(names.unreadable().map(|name| format!("unreadable {name}")))
        .chain(quoted("common name", NameKind::CommonName))
        .chain(quoted("organizational unit", NameKind::OrganizationalUnit))
        .chain(quoted("organization", NameKind::Organization));
    let mut words: Vec<String> = all.by_ref().take(NAMES_SHOWN).collect();
    let more = names.count().saturating_sub(NAMES_SHOWN);
    if more > 0 {
        words.push(format!("and {more} more"));
    }
    if words.is_empty() {
        "no names".to_owned()
    } else {
        words.join(", ")
    }
}
