//! The syntax of legal names of each kind (RFC 5280, section 4.2.1.6).

use core::net::IpAddr;

use super::kind::NameKind;
use super::spiffe::SpiffeId;

/// Returns why a text is not a legal name of its kind.
pub(super) fn problem(kind: NameKind, text: &str) -> Option<&'static str> {
    match kind {
        // Only the whole leftmost label may be a wildcard (RFC 9525, section 6.3).
        NameKind::Dns if is_dns_name(text.strip_prefix("*.").unwrap_or(text)) => None,
        NameKind::Dns => Some("it is no host name"),
        NameKind::Email if is_email_address(text) => None,
        NameKind::Email => Some("it is not local@domain"),
        NameKind::Uri if is_spiffe(text) && text.parse::<SpiffeId>().is_err() => {
            Some("it is no SPIFFE ID")
        }
        NameKind::Uri => uri_problem(text),
        _ => None,
    }
}

/// Returns whether a program that splits names at separators would read several.
pub(super) fn reads_as_several(kind: NameKind, text: &str) -> bool {
    match kind {
        NameKind::Dns => text.contains([',', ';']),
        NameKind::Email => text.contains([',', ';']) || text.matches('@').count() > 1,
        _ => false,
    }
}

/// Returns whether a text is a DNS name of letters, digits, hyphens and underscores (RFC 1123,
/// section 2.1).
pub(crate) fn is_dns_name(name: &str) -> bool {
    name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
}

/// Returns why a text is not a URI with a scheme (RFC 3986, section 3).
fn uri_problem(uri: &str) -> Option<&'static str> {
    if !has_uri_scheme(uri) {
        return Some("it has no scheme");
    }
    let is_graphic = uri.bytes().all(|b| b.is_ascii_graphic());
    (!is_graphic).then_some("it holds a space or a control character")
}

/// Returns whether a text has a scheme, a colon, and something after it.
pub(crate) fn has_uri_scheme(uri: &str) -> bool {
    uri.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b))
            && !rest.is_empty()
    })
}

pub(super) fn ip_address(octets: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    let v6 = || <[u8; 16]>::try_from(octets).map(IpAddr::from);
    v4.or_else(|_| v6()).ok()
}

/// Returns whether a text is `local@domain` in printable ASCII (RFC 5280, section 4.2.1.6; RFC
/// 5321, section 4.1.2).
pub(crate) fn is_email_address(email: &str) -> bool {
    email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.contains('@') && is_dns_name(domain)
    }) && email.bytes().all(|b| b.is_ascii_graphic())
}

fn is_spiffe(uri: &str) -> bool {
    let scheme = uri.get(..7);
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("spiffe:"))
}
