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
    letter_case(name.as_bytes()).is_some()
}

/// Returns whether bytes are a DNS name as a certificate may have it, a wildcard included, without
/// letters in upper case.
pub(super) fn is_lower_dns_pattern(name: &[u8]) -> bool {
    letter_case(name.strip_prefix(b"*.").unwrap_or(name)) == Some(Case::Lower)
}

#[derive(PartialEq, Eq)]
enum Case {
    Lower,
    Mixed,
}

/// Returns the case of the letters of a DNS name; `None` if it is none.
///
/// One look at each byte, in a table of states: a certificate may have thousands of names.
fn letter_case(name: &[u8]) -> Option<Case> {
    let end = name.iter().fold(LABEL_BEGINS, |state, byte| {
        let states = AFTER.get(usize::from(*byte));
        let state = states.and_then(|states| states.get(usize::from(state & STATES)));
        *state.unwrap_or(&NO_NAME)
    });
    let is_short = |label: &[u8]| label.len() <= 63;
    let has_lengths =
        is_short(name) || name.len() <= 253 && name.split(|byte| *byte == b'.').all(is_short);
    match end {
        LABEL if has_lengths => Some(Case::Lower),
        LABEL_WITH_UPPER if has_lengths => Some(Case::Mixed),
        _ => None,
    }
}

/// The states of a reader of a DNS name.
const NO_NAME: u8 = 0;
const LABEL_BEGINS: u8 = 1;
const LABEL: u8 = 2;
const HYPHEN: u8 = 3;
/// Added once there was a letter in upper case.
const UPPER: u8 = 4;
const LABEL_WITH_UPPER: u8 = LABEL | UPPER;
/// The bits of all states.
const STATES: u8 = 7;

const fn after(state: u8, byte: u8) -> u8 {
    let upper = state & UPPER;
    match (state & !UPPER, byte) {
        (NO_NAME, _) => NO_NAME,
        (_, b'a'..=b'z' | b'0'..=b'9' | b'_') => LABEL | upper,
        (_, b'A'..=b'Z') => LABEL | UPPER,
        (LABEL | HYPHEN, b'-') => HYPHEN | upper,
        (LABEL, b'.') => LABEL_BEGINS | upper,
        _ => NO_NAME,
    }
}

/// The state after each byte in each state.
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which rejects an index that is out of range"
)]
static AFTER: [[u8; 8]; 256] = {
    let mut table = [[NO_NAME; 8]; 256];
    let mut byte = 0;
    while byte < table.len() {
        let mut state = 0;
        while state <= STATES {
            table[byte][state as usize] = after(state, byte as u8);
            state += 1;
        }
        byte += 1;
    }
    table
};

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

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule, label by label.
    fn is_name(name: &[u8]) -> bool {
        let is_character = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-' || *b == b'_';
        name.len() <= 253
            && name.split(|b| *b == b'.').all(|label| {
                (1..=63).contains(&label.len())
                    && !label.starts_with(b"-")
                    && !label.ends_with(b"-")
                    && label.iter().all(is_character)
            })
    }

    #[test]
    fn names_are_read_as_label_by_label() {
        let characters = b"a9_Z-.*\xe4 ";
        let mut all: Vec<Vec<u8>> = vec![Vec::new()];
        for _ in 0..5 {
            let longer = all
                .iter()
                .flat_map(|name| characters.iter().map(|last| [name, &[*last][..]].concat()));
            all = longer.chain([Vec::new()]).collect();
        }
        let label = |length| "a".repeat(length);
        for lengths in [
            &[63][..],
            &[64],
            &[63, 63, 63, 61],
            &[63, 63, 63, 62],
            &[63, 64, 1],
        ] {
            let labels: Vec<String> = lengths.iter().map(|length| label(*length)).collect();
            all.push(labels.join(".").into());
        }
        let mut legal = 0;
        for name in &all {
            assert_eq!(letter_case(name).is_some(), is_name(name), "{name:02x?}");
            let has_upper = name.iter().any(u8::is_ascii_uppercase);
            let is_lower = is_name(name) && !has_upper;
            assert_eq!(
                letter_case(name) == Some(Case::Lower),
                is_lower,
                "{name:02x?}"
            );
            legal += usize::from(is_name(name));
        }
        assert!(legal > 1_000, "{legal}");
        assert!(is_lower_dns_pattern(b"*.a.example") && !is_lower_dns_pattern(b"*a.example"));
        assert!(!is_lower_dns_pattern(b"*.") && !is_lower_dns_pattern(b"*.*.example"));
    }
}
