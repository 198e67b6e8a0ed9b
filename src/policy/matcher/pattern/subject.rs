//! Constructors for attributes of the subject (RFC 5280, section 4.1.2.6).

use crate::error::BuildError;
use crate::policy::matcher::attribute::Kind;
use crate::policy::matcher::tree::PeerMatcher;

/// # Common name
///
/// A subject with two common names counts as one without. A common name is free text: name
/// constraints do not apply to it, and a CA need not have checked it. Use it only if a CA
/// identifies peers by nothing else.
impl PeerMatcher {
    /// Matches the whole common name of the subject, byte for byte.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// mtls::PeerMatcher::common_name("billing agent 7")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for an empty text, and for one with control characters.
    pub fn common_name(name: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::CommonName, name)
    }

    /// Matches a common name that begins with, or equals, these characters.
    ///
    /// Include the separator of your names, so that the prefix ends where a part of the name ends.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// mtls::PeerMatcher::common_name_prefix("agent-")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for an empty text, and for one with control characters.
    pub fn common_name_prefix(prefix: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::CommonNamePrefix, prefix)
    }

    /// Matches a common name that ends with, or equals, these characters.
    ///
    /// Include the separator of your names, so that the suffix begins where a part of the name
    /// begins.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// mtls::PeerMatcher::common_name_suffix("@prod")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for an empty text, and for one with control characters.
    pub fn common_name_suffix(suffix: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::CommonNameSuffix, suffix)
    }
}

/// # Organizational units
///
/// A subject may have several; one of them must match.
impl PeerMatcher {
    /// Matches a whole organizational unit of the subject, byte for byte.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// mtls::PeerMatcher::organizational_unit("Payments")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for an empty text, and for one with control characters.
    pub fn organizational_unit(name: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::OrganizationalUnit, name)
    }

    /// Matches an organizational unit that begins with, or equals, these characters.
    ///
    /// Include the separator of your names, so that the prefix ends where a part of the name ends.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// mtls::PeerMatcher::organizational_unit_prefix("team-")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for an empty text, and for one with control characters.
    pub fn organizational_unit_prefix(prefix: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::OrganizationalUnitPrefix, prefix)
    }

    /// Matches an organizational unit that ends with, or equals, these characters.
    ///
    /// Include the separator of your names, so that the suffix begins where a part of the name
    /// begins.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// mtls::PeerMatcher::organizational_unit_suffix("/prod")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for an empty text, and for one with control characters.
    pub fn organizational_unit_suffix(suffix: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::OrganizationalUnitSuffix, suffix)
    }
}

/// # Organizations
///
/// A subject may have several; one of them must match.
impl PeerMatcher {
    /// Matches a whole organization of the subject, byte for byte.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// mtls::PeerMatcher::organization("Example Ltd")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for an empty text, and for one with control characters.
    pub fn organization(name: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::Organization, name)
    }

    /// Matches an organization that begins with, or equals, these characters.
    ///
    /// Include the separator of your names, so that the prefix ends where a part of the name ends.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// mtls::PeerMatcher::organization_prefix("Example ")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for an empty text, and for one with control characters.
    pub fn organization_prefix(prefix: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::OrganizationPrefix, prefix)
    }

    /// Matches an organization that ends with, or equals, these characters.
    ///
    /// Include the separator of your names, so that the suffix begins where a part of the name
    /// begins.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// mtls::PeerMatcher::organization_suffix("/prod")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for an empty text, and for one with control characters.
    pub fn organization_suffix(suffix: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::OrganizationSuffix, suffix)
    }
}
