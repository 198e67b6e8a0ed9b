use core::fmt;
use core::str::FromStr;
use std::borrow::Cow;

/// The length of the longest SPIFFE ID in bytes (SPIFFE-ID, section 2.3).
const MAX_LENGTH: usize = 2048;
/// The length of the longest trust domain name in bytes (SPIFFE-ID, section 2.1).
const MAX_TRUST_DOMAIN_LENGTH: usize = 255;

/// A SPIFFE ID: `spiffe://`, a trust domain and an optional path (SPIFFE-ID, section 2).
///
/// ```
/// # fn main() -> Result<(), mtls::error::SpiffeIdError> {
/// let id: mtls::SpiffeId = "spiffe://prod.example/payments".parse()?;
/// assert_eq!(id.trust_domain(), "prod.example");
/// assert_eq!(id.path(), "/payments");
/// assert_eq!(id.as_str(), "spiffe://prod.example/payments");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpiffeId {
    text: String,
    /// The offset of the path in `text`.
    path_at: usize,
}

/// The error of parsing a SPIFFE ID.
///
/// ```
/// use mtls::SpiffeId;
/// use mtls::error::SpiffeIdError;
///
/// let error = "https://prod.example".parse::<SpiffeId>().unwrap_err();
/// assert_eq!(error, SpiffeIdError::WrongScheme);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpiffeIdError {
    /// A path segment contains a character that is not allowed.
    #[error("a path segment has a character that is not allowed")]
    BadPathCharacter,
    /// The trust domain contains a character that is not allowed.
    #[error("the trust domain has a character that is not allowed")]
    BadTrustDomainCharacter,
    /// A path segment is empty, `.` or `..`, or the path ends in a slash.
    #[error("a path segment is empty, `.` or `..`, or the path ends in `/`")]
    BadSegment,
    /// The trust domain between `spiffe://` and the path is empty.
    #[error("the trust domain is missing")]
    EmptyTrustDomain,
    /// The ID has more than 2048 bytes, or its trust domain more than 255.
    #[error("the ID is longer than 2048 bytes, or its trust domain than 255")]
    TooLong,
    /// The text does not begin with `spiffe://`.
    #[error("the ID does not begin with `spiffe://`")]
    WrongScheme,
}

impl SpiffeIdError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::BadPathCharacter => "use letters, digits, `.`, `-` and `_` only",
            Self::BadTrustDomainCharacter => {
                "use lower-case letters, digits, `.`, `-` and `_` only, without a user name or a port"
            }
            Self::BadSegment => "leave out empty, `.` and `..` segments and the `/` at the end",
            Self::EmptyTrustDomain => {
                "name the trust domain: it is `prod.example` in `spiffe://prod.example/web`"
            }
            Self::TooLong => "shorten the trust domain or the path",
            Self::WrongScheme => {
                "begin the ID with `spiffe://` in lower case, as in `spiffe://prod.example/web`"
            }
        })
    }
}

impl SpiffeId {
    /// Returns the name of the trust domain, without the scheme.
    pub fn trust_domain(&self) -> &str {
        self.text
            .get(SCHEME.len()..self.path_at)
            .unwrap_or_default()
    }

    /// Returns the path with its leading slash; empty for a trust domain's own ID.
    pub fn path(&self) -> &str {
        self.text.get(self.path_at..).unwrap_or_default()
    }

    /// Returns the whole ID.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for SpiffeId {
    type Err = SpiffeIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_LENGTH {
            return Err(SpiffeIdError::TooLong);
        }
        let rest = text
            .strip_prefix(SCHEME)
            .ok_or(SpiffeIdError::WrongScheme)?;
        let (trust_domain, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        check_trust_domain(trust_domain)?;
        check_path(path)?;
        Ok(Self {
            text: text.to_owned(),
            path_at: SCHEME.len().saturating_add(trust_domain.len()),
        })
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Validates the name of a trust domain, without the scheme.
pub(crate) fn check_trust_domain(name: &str) -> Result<(), SpiffeIdError> {
    if name.is_empty() {
        return Err(SpiffeIdError::EmptyTrustDomain);
    }
    if name.len() > MAX_TRUST_DOMAIN_LENGTH {
        return Err(SpiffeIdError::TooLong);
    }
    if name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_".contains(&b))
    {
        Ok(())
    } else {
        Err(SpiffeIdError::BadTrustDomainCharacter)
    }
}

const SCHEME: &str = "spiffe://";

fn check_path(path: &str) -> Result<(), SpiffeIdError> {
    let Some(segments) = path.strip_prefix('/') else {
        return Ok(());
    };
    for segment in segments.split('/') {
        if matches!(segment, "" | "." | "..") {
            return Err(SpiffeIdError::BadSegment);
        }
        if !segment
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
        {
            return Err(SpiffeIdError::BadPathCharacter);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_the_specification_allows() {
        for (text, domain, path) in [
            ("spiffe://example.org", "example.org", ""),
            ("spiffe://td_1/Ab-c/d.e/...", "td_1", "/Ab-c/d.e/..."),
        ] {
            let id: SpiffeId = text.parse().unwrap();
            assert_eq!((id.trust_domain(), id.path()), (domain, path));
            assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn rejects_what_the_specification_forbids() {
        use SpiffeIdError::*;
        let long = format!("spiffe://a/{}", "b".repeat(2048));
        let long_domain = format!("spiffe://{}/b", "a".repeat(256));
        for (text, error) in [
            ("", WrongScheme),
            ("https://a/b", WrongScheme),
            ("SPIFFE://a/b", WrongScheme),
            ("spiffe:///b", EmptyTrustDomain),
            ("spiffe://A/b", BadTrustDomainCharacter),
            ("spiffe://a:80/b", BadTrustDomainCharacter),
            ("spiffe://u@a/b", BadTrustDomainCharacter),
            ("spiffe://a?q", BadTrustDomainCharacter),
            ("spiffe://a/", BadSegment),
            ("spiffe://a//b", BadSegment),
            ("spiffe://a/b/", BadSegment),
            ("spiffe://a/./b", BadSegment),
            ("spiffe://a/../b", BadSegment),
            ("spiffe://a/b?q", BadPathCharacter),
            ("spiffe://a/b#f", BadPathCharacter),
            ("spiffe://a/b%20", BadPathCharacter),
            ("spiffe://a/é", BadPathCharacter),
            (&long, TooLong),
            (&long_domain, TooLong),
        ] {
            assert_eq!(text.parse::<SpiffeId>(), Err(error), "{text}");
        }
    }
}
