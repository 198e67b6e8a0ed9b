//! Constructors for what stands in the subject (RFC 5280, section 4.1.2.6).

use crate::error::BuildError;
use crate::policy::matcher::attribute::Kind;
use crate::policy::matcher::tree::PeerMatcher;

/// # Common name
///
/// A subject with two common names has none. Free text, for CAs that identify peers by nothing else: no name constraint
/// binds it, and a CA need not have checked it.
impl PeerMatcher {
    /// The common name of the subject, whole and byte for byte.
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

    /// The common name of the subject that begins with these characters, or is them.
    ///
    /// Put the separator of your names into it, so that it ends where a part of the name does.
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

    /// The common name of the subject that ends with these characters, or is them.
    ///
    /// Put the separator of your names into it, so that it ends where a part of the name does.
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
/// A subject may have several; one of them has to match.
impl PeerMatcher {
    /// An organizational unit of the subject, whole and byte for byte.
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

    /// An organizational unit of the subject that begins with these characters, or is them.
    ///
    /// Put the separator of your names into it, so that it ends where a part of the name does.
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

    /// An organizational unit of the subject that ends with these characters, or is them.
    ///
    /// Put the separator of your names into it, so that it ends where a part of the name does.
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
/// A subject may have several; one of them has to match.
impl PeerMatcher {
    /// An organization of the subject, whole and byte for byte.
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

    /// An organization of the subject that begins with these characters, or is them.
    ///
    /// Put the separator of your names into it, so that it ends where a part of the name does.
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

    /// An organization of the subject that ends with these characters, or is them.
    ///
    /// Put the separator of your names into it, so that it ends where a part of the name does.
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
