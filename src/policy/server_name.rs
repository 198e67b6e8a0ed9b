//! Whether a server's certificate is for the name that was connected to (RFC 9525).

use pki_types::{CertificateDer, ServerName};
use webpki::EndEntityCert;

use super::anchor::constrains_names;
use super::judgement::Judgement;
use super::matcher::common_name_as_dns;
use super::presented::Presented;
use super::reason::RejectionReason;
use super::rejection::Rejection;
use super::trust::check_svid;
use super::verifier_policy::{CommonNameRule, ServerNameRule, VerifierPolicy};
use crate::peer::{Names, PeerIdentity};
use crate::x509::{Certificate, Version};

pub(super) fn check_server_name(
    judgement: &Judgement<'_>,
    presented: &Presented<'_>,
    peer: &PeerIdentity,
    server_name: &ServerName<'_>,
) -> Result<(), Rejection> {
    let policy = judgement.policy;
    let names = peer.names();
    let leaf = presented.leaf()?;
    let is_named = match policy.server_name {
        ServerNameRule::SpiffeId => return check_svid(leaf, names).map(drop),
        ServerNameRule::Check if leaf.version == Version::V1 => false,
        ServerNameRule::Check => presented
            .der
            .first()
            .and_then(|der| EndEntityCert::try_from(der).ok())
            .is_some_and(|cert| cert.verify_is_valid_for_subject_name(server_name).is_ok()),
    };
    let by_common_name = || is_common_name(names, server_name) && takes_common_name(policy, peer);
    if is_named || by_common_name() {
        return Ok(());
    }
    let rejection = Rejection::new(RejectionReason::NameMismatch)
        .about(0, leaf)
        .with_expected(server_name.to_str())
        .with_presented(list_of(names));
    Err(match names.has_san {
        true => rejection,
        false => rejection.with_hint(
            "the certificate has no subject alternative names, and a common name is no host name (RFC 9525): \
             reissue it with a subjectAltName; or allow it by `danger_allow_common_name_as_dns`",
        ),
    })
}

/// Whether the opt-in is on and no CA above the leaf limits names: such constraints bind no common name, so none may
/// stand in for a name then.
pub(super) fn takes_common_name(policy: &VerifierPolicy, peer: &PeerIdentity) -> bool {
    let is_free = |der: &CertificateDer<'_>| {
        Certificate::from_der(der).is_ok_and(|issuer| !constrains_names(&issuer))
    };
    policy.common_name == CommonNameRule::AsDnsName
        && peer.trust_anchor().is_some()
        && peer.issuers().all(is_free)
}

fn is_common_name(names: &Names, server_name: &ServerName<'_>) -> bool {
    match server_name {
        ServerName::DnsName(wanted) => {
            common_name_as_dns(names).is_some_and(|name| name.eq_ignore_ascii_case(wanted.as_ref()))
        }
        _ => false,
    }
}

/// How many of a certificate's names stand in a message.
const NAMES_SHOWN: usize = 8;

/// How much of each: a name is as long as its certificate lets it be.
const LETTERS_SHOWN: usize = 256;

/// A certificate's names in words, for messages.
pub(super) fn list_of(names: &Names) -> String {
    let mut words: Vec<String> = Vec::new();
    words.extend(names.uris.iter().map(|uri| format!("URI {uri}")));
    words.extend(names.dns.iter().map(|dns| format!("DNS name {dns}")));
    words.extend(names.ips.iter().map(|ip| format!("IP address {ip}")));
    words.extend(names.emails.iter().map(|email| format!("e-mail {email}")));
    words.extend(
        names
            .common_name
            .iter()
            .map(|cn| format!("common name {cn:?}")),
    );
    for (kind, values) in [
        ("organizational unit", &names.organizational_units),
        ("organization", &names.organizations),
    ] {
        words.extend(values.iter().map(|value| format!("{kind} {value:?}")));
    }
    for word in &mut words {
        if let Some((end, _)) = word.char_indices().nth(LETTERS_SHOWN) {
            word.truncate(end);
            word.push_str("..");
        }
    }
    match words.len().checked_sub(NAMES_SHOWN) {
        _ if words.is_empty() => "no names".to_owned(),
        None | Some(0) => words.join(", "),
        Some(more) => {
            words.truncate(NAMES_SHOWN);
            format!("{}, and {more} more", words.join(", "))
        }
    }
}
