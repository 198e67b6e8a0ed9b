use core::fmt;
use std::borrow::Cow;

use super::reason::RejectionReason;
use crate::x509::{Certificate, rfc4514};

pub(crate) use crate::x509::rfc3339;

/// The reason why a peer is rejected, with certificate, values and hint.
///
/// Text that the peer chose is truncated: the whole, with its hint, is shorter than 4 KiB.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let chain = pki::client_identity().chain().as_slice().to_vec();
/// # let policy = mtls::VerifierPolicy::allow(mtls::PeerMatcher::dns("other.example")?);
/// # let verifier = pki::verifier(policy);
/// use mtls::RejectionReason;
/// use mtls::pki_types::UnixTime;
///
/// let rejection = verifier.verify_client(&chain, UnixTime::now()).unwrap_err();
/// assert_eq!(rejection.reason(), RejectionReason::NotAuthorized);
/// assert_eq!(rejection.certificate().map(|(index, _)| index), Some(0));
/// println!("{:?}, not {:?}", rejection.presented(), rejection.expected());
/// println!("{rejection}\nhint: {}", rejection.hint());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection(Box<Inner>);

/// Limits of each part in bytes; a peer chooses some of them, and the whole stays below 4 KiB.
const MAX_SUBJECT: usize = 512;
const MAX_EXPECTED: usize = 640;
const MAX_PRESENTED: usize = 1_536;
const MAX_HINT: usize = 1_024;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    reason: RejectionReason,
    certificate: Option<(usize, String)>,
    expected: Option<String>,
    presented: Option<String>,
    hint: Cow<'static, str>,
}

impl Rejection {
    /// Creates a rejection for `reason`, with the hint of that reason.
    pub(crate) fn new(reason: RejectionReason) -> Self {
        Self(Box::new(Inner {
            reason,
            certificate: None,
            expected: None,
            presented: None,
            hint: Cow::Borrowed(reason.hint()),
        }))
    }

    pub(crate) fn about(mut self, index: usize, certificate: &Certificate<'_>) -> Self {
        let subject = shorten(rfc4514(certificate.subject), MAX_SUBJECT);
        self.0.certificate = Some((index, subject));
        self
    }

    pub(crate) fn with_expected(mut self, expected: impl Into<String>) -> Self {
        self.0.expected = Some(shorten(expected.into(), MAX_EXPECTED));
        self
    }

    pub(crate) fn with_presented(mut self, presented: impl Into<String>) -> Self {
        self.0.presented = Some(shorten(presented.into(), MAX_PRESENTED));
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = match hint.into() {
            Cow::Owned(hint) => shorten(hint, MAX_HINT).into(),
            own => own,
        };
        self
    }

    /// Returns the reason, to match on.
    pub fn reason(&self) -> RejectionReason {
        self.0.reason
    }

    /// Returns the index of the certificate (0 is the leaf) and its subject (RFC 4514).
    pub fn certificate(&self) -> Option<(usize, &str)> {
        self.0.certificate.as_ref().map(|(i, s)| (*i, s.as_str()))
    }

    /// Returns what would have been accepted.
    pub fn expected(&self) -> Option<&str> {
        self.0.expected.as_deref()
    }

    /// Returns what was found instead.
    pub fn presented(&self) -> Option<&str> {
        self.0.presented.as_deref()
    }

    /// Describes the fault without the certificate.
    pub(crate) fn values(&self) -> String {
        let words = self.0.reason.words();
        match self.expected_and_presented() {
            Some(values) => format!("{words}: {values}"),
            None => words.to_owned(),
        }
    }

    fn expected_and_presented(&self) -> Option<String> {
        match (self.expected(), self.presented()) {
            (Some(expected), Some(presented)) => {
                Some(format!("expected {expected}, presented {presented}"))
            }
            (Some(expected), None) => Some(format!("expected {expected}")),
            (None, Some(presented)) => Some(presented.to_owned()),
            (None, None) => None,
        }
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0.hint)
    }
}

/// Truncates a text to at most `most` bytes.
fn shorten(mut text: String, most: usize) -> String {
    const CUT: &str = "..";
    if text.len() > most {
        let mut end = most.saturating_sub(CUT.len());
        while !text.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        text.truncate(end);
        text.push_str(CUT);
    }
    text
}

impl core::error::Error for Rejection {}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.reason.words())?;
        if let Some((index, subject)) = self.certificate() {
            write!(f, ": certificate {index} ({subject})")?;
        }
        match self.expected_and_presented() {
            Some(values) => write!(f, ": {values}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn a_text_is_cut_between_characters_where_it_is_too_long() {
        let short = |text: &str, most| shorten(text.to_owned(), most);
        assert_eq!(short("abcdef", 6), "abcdef");
        assert_eq!(short("abcdefg", 6), "abcd..");
        // The fourth and the fifth octet are one character.
        assert_eq!(short("abcéfgh", 6), "abc..");
        assert_eq!(short("abcéfgh", 7), "abcé..");
    }
}
