use core::fmt;
use std::borrow::Cow;

/// The kind of a name in a certificate, which is also its position.
///
/// ```
/// use mtls::peer::NameKind;
/// assert_eq!(NameKind::Email.to_string(), "e-mail address");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum NameKind {
    /// A common name of the subject.
    CommonName,
    /// A DNS name of the subject alternative names.
    Dns,
    /// An e-mail address of the subject alternative names.
    Email,
    /// An IP address of the subject alternative names.
    Ip,
    /// An organization of the subject.
    Organization,
    /// An organizational unit of the subject.
    OrganizationalUnit,
    /// A subject alternative name of a kind that RFC 5280 does not define. It may be of any kind.
    Unknown,
    /// A URI of the subject alternative names.
    Uri,
}

impl fmt::Display for NameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CommonName => "common name",
            Self::Dns => "DNS name",
            Self::Email => "e-mail address",
            Self::Ip => "IP address",
            Self::Organization => "organization",
            Self::OrganizationalUnit => "organizational unit",
            Self::Unknown => "name of an unknown kind",
            Self::Uri => "URI",
        })
    }
}

/// A name of a certificate that cannot be decoded, or is illegal for its kind.
///
/// An example is the DNS name `kafka/0`. It matches nothing, and a matcher over its kind stays
/// undecided unless another name decides it. `Display` is for messages: it truncates the name and
/// escapes everything except printable ASCII.
///
/// ```no_run
/// # fn f(peer: &mtls::PeerIdentity) {
/// for name in peer.unreadable_names() {
///     eprintln!("{name}: {}; {:02x?} ({})", name.problem(), name.as_bytes(), name.kind());
/// }
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnreadableName<'a> {
    pub(super) kind: NameKind,
    pub(super) value: &'a [u8],
    pub(super) problem: &'static str,
}

impl<'a> UnreadableName<'a> {
    /// Returns the kind of the name.
    pub fn kind(&self) -> NameKind {
        self.kind
    }

    /// Returns the content of its DER element, unchanged.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.value
    }

    /// Returns why it cannot be read.
    pub fn problem(&self) -> &'static str {
        self.problem
    }

    /// Returns the name in quotes, truncated and escaped.
    pub(super) fn text(&self) -> String {
        let shown = self.value.get(..MAX_LETTERS).unwrap_or(self.value);
        let more = if shown.len() < self.value.len() {
            ".."
        } else {
            ""
        };
        format!("\"{}{more}\"", shown.escape_ascii())
    }
}

impl fmt::Display for UnreadableName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.kind, self.text(), self.problem)
    }
}

/// The most characters of a name in a message; a name can be as long as its certificate.
pub(crate) const MAX_LETTERS: usize = 256;

/// Truncates a text for a message.
pub(crate) fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_LETTERS) {
        Some((end, _)) => format!("{}..", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}
