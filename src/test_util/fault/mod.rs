//! Every fault of a peer by its name.

mod faulty;
mod issuing;

use core::fmt;

use crate::policy::verdict::reason::RejectionReason;
use crate::side::Side;

/// One thing that is wrong with what a peer presents.
///
/// The documentation of each says what is presented. A peer with it has to be rejected, by this
/// crate's verifier for the [`reason`](Self::reason). `Display` says what is wrong, in words.
///
/// ```
/// use mtls::RejectionReason;
/// use mtls::test_util::{Fault, TestCa};
///
/// let ca = TestCa::new("Example CA");
/// let expired = ca.leaf("payments").client().fault(Fault::Expired).issue();
/// assert_eq!(Fault::Expired.reason(), RejectionReason::Expired);
/// assert_eq!(Fault::Expired.to_string(), "the leaf expired yesterday");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// One bit of the leaf's signature is another one.
    CorruptSignature,
    /// The leaf has one extension twice.
    ///
    /// An [`MtlsIdentity`](crate::MtlsIdentity) cannot hold it.
    DuplicateExtension,
    /// The leaf expired yesterday.
    Expired,
    /// The intermediate that issued the leaf expired yesterday.
    ExpiredIntermediate,
    /// The certificate that issued the leaf is not a CA's: a leaf has issued another one.
    IssuerNotCa,
    /// The leaf is marked as a CA.
    ///
    /// An [`MtlsIdentity`](crate::MtlsIdentity) cannot hold it.
    LeafIsCa,
    /// The only subject alternative name of the leaf has two DNS names in one, with a comma.
    MalformedName,
    /// The intermediate that issued the leaf is not presented.
    MissingIntermediate,
    /// The leaf has a DNS name that the intermediate above it excludes.
    NameConstraintViolated,
    /// Another CA with the name of the trusted one issued the leaf, by a key of its own.
    Namesake,
    /// No certificate is presented. Only clients can do that.
    ///
    /// An [`MtlsIdentity`](crate::MtlsIdentity) cannot hold it.
    NoCertificate,
    /// The leaf begins to be valid tomorrow.
    NotYetValid,
    /// There is an intermediate more than a CA above allows.
    PathLengthExceeded,
    /// There are seven intermediates, where this crate follows six.
    PathTooLong,
    /// The leaf is on the revocation lists of its CA.
    ///
    /// It has a serial number that [`TestCa::revocation_lists`](crate::test_util::TestCa::revocation_lists)
    /// always have. A service has to have such lists before it can reject the leaf.
    Revoked,
    /// The leaf is signed by its own key.
    SelfSigned,
    /// The leaf has a critical extension without a meaning.
    UnknownCriticalExtension,
    /// A CA that is not trusted issued the leaf.
    UnknownIssuer,
    /// The leaf is for code signing only (RFC 5280, section 4.2.1.12).
    WrongExtendedKeyUsage,
    /// The leaf's key may encipher keys, and not sign (RFC 5280, section 4.2.1.3).
    ///
    /// A server on OpenSSL cannot present it in TLS 1.2.
    WrongKeyUsage,
    /// The leaf is for another name. Only servers can have it.
    WrongName,
    /// The leaf is a certificate of version 1, without any extension.
    X509V1,
}

impl Fault {
    /// Every fault.
    pub const ALL: &'static [Self] = &[
        Self::CorruptSignature,
        Self::DuplicateExtension,
        Self::Expired,
        Self::ExpiredIntermediate,
        Self::IssuerNotCa,
        Self::LeafIsCa,
        Self::MalformedName,
        Self::MissingIntermediate,
        Self::NameConstraintViolated,
        Self::Namesake,
        Self::NoCertificate,
        Self::NotYetValid,
        Self::PathLengthExceeded,
        Self::PathTooLong,
        Self::Revoked,
        Self::SelfSigned,
        Self::UnknownCriticalExtension,
        Self::UnknownIssuer,
        Self::WrongExtendedKeyUsage,
        Self::WrongKeyUsage,
        Self::WrongName,
        Self::X509V1,
    ];

    /// Returns the faults that a peer of this side can have.
    pub fn of(side: Side) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |fault| match fault {
            Self::NoCertificate => side == Side::Client,
            Self::WrongName => side == Side::Server,
            _ => true,
        })
    }

    /// Returns the faults of clients that a server of this crate rejects, whatever its policy is.
    ///
    /// Not among them is [`Revoked`](Self::Revoked), which takes a revocation list. Servers on
    /// other libraries accept some of them, such as a certificate of version 1 or seven
    /// intermediates: name those that such a service has to reject.
    pub fn of_clients() -> Vec<Self> {
        Self::of(Side::Client)
            .filter(|&fault| fault != Self::Revoked)
            .collect()
    }

    /// Returns the reason for which this crate rejects a peer with it.
    pub fn reason(self) -> RejectionReason {
        match self {
            Self::CorruptSignature
            | Self::MissingIntermediate
            | Self::Namesake
            | Self::SelfSigned
            | Self::UnknownIssuer => RejectionReason::UnknownIssuer,
            Self::DuplicateExtension => RejectionReason::MalformedCertificate,
            Self::Expired | Self::ExpiredIntermediate => RejectionReason::Expired,
            Self::IssuerNotCa => RejectionReason::IssuerNotCa,
            Self::LeafIsCa => RejectionReason::LeafIsCa,
            Self::MalformedName => RejectionReason::MalformedName,
            Self::NameConstraintViolated => RejectionReason::NameConstraintViolated,
            Self::NoCertificate => RejectionReason::NoCertificate,
            Self::NotYetValid => RejectionReason::NotYetValid,
            Self::PathLengthExceeded => RejectionReason::PathLengthExceeded,
            Self::PathTooLong => RejectionReason::PathTooLong,
            Self::Revoked => RejectionReason::Revoked,
            Self::UnknownCriticalExtension => RejectionReason::UnhandledCriticalExtension,
            Self::WrongExtendedKeyUsage => RejectionReason::WrongExtendedKeyUsage,
            Self::WrongKeyUsage => RejectionReason::WrongKeyUsage,
            Self::WrongName => RejectionReason::NameMismatch,
            Self::X509V1 => RejectionReason::UnsupportedVersion,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CorruptSignature => "the leaf's signature is corrupt",
            Self::DuplicateExtension => "the leaf has an extension twice",
            Self::Expired => "the leaf expired yesterday",
            Self::ExpiredIntermediate => "the intermediate expired yesterday",
            Self::IssuerNotCa => "the issuer is not a CA",
            Self::LeafIsCa => "the leaf is a CA",
            Self::MalformedName => "the leaf has two DNS names in one",
            Self::MissingIntermediate => "an intermediate is missing",
            Self::NameConstraintViolated => "the leaf's name lies outside the name constraints",
            Self::Namesake => "another CA of the same name issued the leaf",
            Self::NoCertificate => "no certificate is presented",
            Self::NotYetValid => "the leaf is valid from tomorrow",
            Self::PathLengthExceeded => "the path length constraint is exceeded",
            Self::PathTooLong => "there are seven intermediates",
            Self::Revoked => "the leaf is revoked",
            Self::SelfSigned => "the leaf is self-signed",
            Self::UnknownCriticalExtension => "the leaf has an unknown critical extension",
            Self::UnknownIssuer => "a CA that is not trusted issued the leaf",
            Self::WrongExtendedKeyUsage => "the leaf is for code signing only",
            Self::WrongKeyUsage => "the leaf's key may not sign",
            Self::WrongName => "the leaf is for another name",
            Self::X509V1 => "the leaf is a certificate of version 1",
        })
    }
}
