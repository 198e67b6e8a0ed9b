//! What must hold for texts that become matchers and SPIFFE IDs.

use std::error::Error;

use mtls::error::{MatcherProblem, SpiffeIdError};
use mtls::{PeerMatcher, SpiffeId};

use super::secrets::Secrets;
use super::{check_error, check_line};

/// The text of a matcher.
pub fn policy_text(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    match text.parse::<PeerMatcher>() {
        Ok(matcher) => check_matcher(&matcher),
        Err(error) => {
            check_error(&error, &Secrets::default());
            check_line(&error.hint());
            assert!(error.to_string().len() < 1_500, "{error}");
            let (line, column) = error.position().expect("a text has positions");
            let line = text.split('\n').nth(line - 1).expect("a line");
            assert!((1..=line.chars().count() + 1).contains(&column));
        }
    }
}

fn check_matcher(matcher: &PeerMatcher) {
    let printed = matcher.to_string();
    check_line(&printed);
    let again: PeerMatcher = printed.parse().expect("what was printed");
    assert_eq!(&again, matcher);
    assert_eq!(again.to_string(), printed);
    assert_eq!(format!("{again:?}"), format!("{matcher:?}"));
    let short = format!("{matcher:?}");
    check_line(&short);
    assert!(short.len() < 2_000, "{short}");
    let not = PeerMatcher::not(matcher.clone());
    assert_eq!(not.to_string().parse::<PeerMatcher>().unwrap(), not);
    assert_eq!(&PeerMatcher::not(not), matcher);
}

/// A SPIFFE ID, against the specification read once more.
pub fn spiffe_id(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let parsed = text.parse::<SpiffeId>();
    let parts = parts(input);
    match (&parsed, parts) {
        (Ok(id), Some((trust_domain, path))) => {
            assert_eq!(id.trust_domain().as_bytes(), trust_domain);
            assert_eq!(id.path().as_bytes(), path);
            assert_eq!((id.as_str(), id.to_string().as_str()), (text, text));
        }
        (Err(error), None) => check_line(&error.to_string()),
        _ => panic!("{parsed:?}, but {parts:?} by the specification"),
    }
    assert_eq!(
        matches!(parsed, Err(SpiffeIdError::WrongScheme)),
        !text.starts_with("spiffe://") && text.len() <= 2048
    );
    check_patterns(text, parsed.ok().as_ref());
}

/// SPIFFE-ID, sections 2 to 2.3, byte by byte: trust domain and path, where it is an ID.
fn parts(id: &[u8]) -> Option<(&[u8], &[u8])> {
    if id.len() > 2048 {
        return None;
    }
    let mut at = 0;
    for expected in *b"spiffe://" {
        if *id.get(at)? != expected {
            return None;
        }
        at += 1;
    }
    let domain_at = at;
    while at < id.len() && id[at] != b'/' {
        if !matches!(id[at], b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_') {
            return None;
        }
        at += 1;
    }
    let path_at = at;
    if path_at == domain_at || path_at - domain_at > 255 {
        return None;
    }
    while at < id.len() {
        // At a slash.
        at += 1;
        let segment_at = at;
        while at < id.len() && id[at] != b'/' {
            if !matches!(id[at], b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_') {
                return None;
            }
            at += 1;
        }
        if [b"".as_slice(), b".", b".."].contains(&&id[segment_at..at]) {
            return None;
        }
    }
    Some((&id[domain_at..path_at], &id[path_at..]))
}

/// What is an ID can be asked for, and nothing else can.
fn check_patterns(text: &str, id: Option<&SpiffeId>) {
    let exact = PeerMatcher::spiffe_id(text);
    assert_eq!(exact.is_ok(), id.is_some());
    let prefix = PeerMatcher::spiffe_path_prefix(text);
    assert_eq!(prefix.is_ok(), id.is_some_and(|id| !id.path().is_empty()));
    if let Some(id) = id {
        assert!(PeerMatcher::trust_domain(id.trust_domain()).is_ok());
        assert!(PeerMatcher::uri(text).is_ok());
    }
    for made in [exact, prefix, PeerMatcher::trust_domain(text)] {
        match made {
            Ok(matcher) => check_matcher(&matcher),
            Err(error) => check_line(&error.to_string()),
        }
    }
}
