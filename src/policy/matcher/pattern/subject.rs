//! Constructors for attributes of the subject (RFC 5280, section 4.1.2.6).

use super::string_match::StringMatch;
use crate::policy::matcher::attribute::Kind;
use crate::policy::matcher::error::MatcherError;
use crate::policy::matcher::tree::PeerMatcher;

/// # Common name
///
/// A subject with two common names counts as one without. A common name is free text: name
/// constraints do not apply to it, and a CA need not have checked it. Use it only if a CA
/// identifies peers by nothing else.
impl PeerMatcher {
    /// Matches the common name of the subject: a whole one, a prefix or a suffix.
    ///
    /// Include the separator of your names in a prefix or suffix, so that it ends where a part of
    /// the name ends. A prefix or suffix also matches a value that equals it.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::error::MatcherError> {
    /// use mtls::PeerMatcher;
    /// use mtls::policy::StringMatch;
    ///
    /// PeerMatcher::common_name("billing agent 7")?;
    /// PeerMatcher::common_name(StringMatch::prefix("bill"))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`MatcherError`] for an empty text, and for one with control characters.
    pub fn common_name(matches: impl Into<StringMatch>) -> Result<Self, MatcherError> {
        match matches.into() {
            StringMatch::Exact(text) => Self::parsed(Kind::CommonName, &text),
            StringMatch::Prefix(text) => Self::parsed(Kind::CommonNamePrefix, &text),
            StringMatch::Suffix(text) => Self::parsed(Kind::CommonNameSuffix, &text),
        }
    }
}

/// # Organizational units
///
/// A subject may have several; one of them must match.
impl PeerMatcher {
    /// Matches an organizational unit of the subject: a whole one, a prefix or a suffix.
    ///
    /// Include the separator of your names in a prefix or suffix, so that it ends where a part of
    /// the name ends. A prefix or suffix also matches a value that equals it.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::error::MatcherError> {
    /// use mtls::PeerMatcher;
    /// use mtls::policy::StringMatch;
    ///
    /// PeerMatcher::organizational_unit("Payments/Billing")?;
    /// PeerMatcher::organizational_unit(StringMatch::prefix("Paym"))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`MatcherError`] for an empty text, and for one with control characters.
    pub fn organizational_unit(matches: impl Into<StringMatch>) -> Result<Self, MatcherError> {
        match matches.into() {
            StringMatch::Exact(text) => Self::parsed(Kind::OrganizationalUnit, &text),
            StringMatch::Prefix(text) => Self::parsed(Kind::OrganizationalUnitPrefix, &text),
            StringMatch::Suffix(text) => Self::parsed(Kind::OrganizationalUnitSuffix, &text),
        }
    }
}

/// # Organizations
///
/// A subject may have several; one of them must match.
impl PeerMatcher {
    /// Matches an organization of the subject: a whole one, a prefix or a suffix.
    ///
    /// Include the separator of your names in a prefix or suffix, so that it ends where a part of
    /// the name ends. A prefix or suffix also matches a value that equals it.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::error::MatcherError> {
    /// use mtls::PeerMatcher;
    /// use mtls::policy::StringMatch;
    ///
    /// PeerMatcher::organization("Example Ltd")?;
    /// PeerMatcher::organization(StringMatch::prefix("Exam"))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`MatcherError`] for an empty text, and for one with control characters.
    pub fn organization(matches: impl Into<StringMatch>) -> Result<Self, MatcherError> {
        match matches.into() {
            StringMatch::Exact(text) => Self::parsed(Kind::Organization, &text),
            StringMatch::Prefix(text) => Self::parsed(Kind::OrganizationPrefix, &text),
            StringMatch::Suffix(text) => Self::parsed(Kind::OrganizationSuffix, &text),
        }
    }
}
