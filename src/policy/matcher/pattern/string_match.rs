/// How a text of the subject is matched, byte for byte.
///
/// A `&str` or a `String` converts into [`Exact`](Self::Exact).
///
/// ```
/// use mtls::PeerMatcher;
/// use mtls::policy::StringMatch;
///
/// assert_eq!(StringMatch::from("billing"), StringMatch::Exact("billing".to_owned()));
/// let agents = PeerMatcher::common_name(StringMatch::prefix("agent-"))?;
/// let ours = PeerMatcher::organization(StringMatch::suffix(" GmbH"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StringMatch {
    /// The whole text.
    Exact(String),
    /// Its beginning.
    Prefix(String),
    /// Its end.
    Suffix(String),
}

impl StringMatch {
    /// Matches texts that begin with `text`.
    pub fn prefix(text: impl Into<String>) -> Self {
        Self::Prefix(text.into())
    }

    /// Matches texts that end with `text`.
    pub fn suffix(text: impl Into<String>) -> Self {
        Self::Suffix(text.into())
    }
}

impl From<&str> for StringMatch {
    fn from(text: &str) -> Self {
        Self::Exact(text.to_owned())
    }
}

impl From<&String> for StringMatch {
    fn from(text: &String) -> Self {
        Self::Exact(text.clone())
    }
}

impl From<String> for StringMatch {
    fn from(text: String) -> Self {
        Self::Exact(text)
    }
}
