use core::fmt;

use pki_types::{CertificateRevocationListDer, UnixTime};

use super::serials::Serials;
use crate::error::{MaterialProblem, RevocationListFault};
use crate::material::input::der_shape::DerShape;
use crate::material::pem::expected::ExpectedContent;
use crate::material::pem::unexpected_input;
use crate::x509::pkix::CrlReason;
use crate::x509::{Certificate, CrlError, CrlScope, CrlView, Span, rfc4514, rfc4514_whole};

/// One revocation list, with checked form and indexed entries.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let lists = pki::lists();
/// for list in lists.iter() {
///     assert_eq!((list.issuer().as_str(), list.number()), ("CN=Example CA", Some(&[1][..])));
///     assert!(list.this_update() < list.next_update());
///     assert_eq!(list.entries(), 1);
///     assert!(list.find(&[7]).is_some() && list.find(&[8]).is_none());
/// }
/// ```
pub struct RevocationList {
    der: CertificateRevocationListDer<'static>,
    issuer: Span,
    this_update: UnixTime,
    next_update: UnixTime,
    number: Option<Span>,
    scope: CrlScope,
    revoked: Span,
    serials: Serials,
}

/// The entry of one certificate in a list.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let lists = pki::lists();
/// let entry = lists.iter().find_map(|list| list.find(&[7])).expect("it is revoked");
/// assert_eq!(entry.reason(), "keyCompromise");
/// println!("revoked at {} s after 1970", entry.date().as_secs());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokedEntry {
    date: UnixTime,
    reason: Option<CrlReason>,
}

/// The parts of a list that signature verification needs.
pub(crate) struct CrlContent<'a> {
    pub(crate) signature_algorithm: &'a [u8],
    pub(crate) tbs: &'a [u8],
    pub(crate) signature: &'a [u8],
}

impl RevocationList {
    /// Returns the issuer's name (RFC 4514).
    pub fn issuer(&self) -> String {
        rfc4514_whole(self.issuer_der())
    }

    /// Returns the time of issue (`thisUpdate`).
    pub fn this_update(&self) -> UnixTime {
        self.this_update
    }

    /// Returns the last second in which the list is current (`nextUpdate`).
    pub fn next_update(&self) -> UnixTime {
        self.next_update
    }

    /// Returns the CRL number: big-endian, at most 20 octets, without leading zeros.
    ///
    /// `None` for a list without one (RFC 5280, section 5.2.3), as easy-rsa and cfssl make them.
    /// Only `thisUpdate` then shows which of two lists is newer.
    pub fn number(&self) -> Option<&[u8]> {
        self.number.map(|number| self.part(number))
    }

    /// Returns the number of listed certificates.
    pub fn entries(&self) -> usize {
        self.serials.len()
    }

    /// Returns the entry of the certificate with this serial number, if it is listed.
    ///
    /// The serial number is the content of the DER INTEGER, as returned by
    /// [`PeerIdentity::serial_number`](crate::PeerIdentity::serial_number).
    pub fn find(&self, serial: &[u8]) -> Option<RevokedEntry> {
        let entry = self.serials.find(self.part(self.revoked), serial)?;
        Some(RevokedEntry {
            date: entry.date,
            reason: entry.reason,
        })
    }

    /// Returns the list in DER.
    pub fn as_der(&self) -> &CertificateRevocationListDer<'static> {
        &self.der
    }

    /// Returns the issuer's `Name`, with its header.
    pub(crate) fn issuer_der(&self) -> &[u8] {
        self.part(self.issuer)
    }

    pub(crate) fn scope(&self) -> &CrlScope {
        &self.scope
    }

    /// Returns the parts that signature verification needs; never `None` for a list that was read.
    pub(crate) fn content(&self) -> Option<CrlContent<'_>> {
        let view = CrlView::from_der(&self.der).ok()?;
        Some(CrlContent {
            signature_algorithm: view.signature_algorithm,
            tbs: view.tbs,
            signature: view.signature,
        })
    }

    pub(super) fn read(
        der: CertificateRevocationListDer<'static>,
    ) -> Result<Self, MaterialProblem> {
        let view = CrlView::from_der(&der).map_err(|error| unfit(&der, error))?;
        let serials = Serials::of(&view).map_err(|error| unfit(&der, error))?;
        let range = |part| Span::of(&der, part);
        Ok(Self {
            issuer: range(view.issuer),
            number: view.number.map(range),
            revoked: range(view.revoked),
            this_update: view.this_update,
            next_update: view.next_update,
            scope: view.scope,
            serials,
            der,
        })
    }

    fn part(&self, range: Span) -> &[u8] {
        range.part(&self.der)
    }
}

impl RevokedEntry {
    /// Returns the time of revocation.
    ///
    /// A certificate with a time in the future is revoked too: the CA has decided.
    pub fn date(&self) -> UnixTime {
        self.date
    }

    /// Returns the reason as RFC 5280, section 5.3.1, names it, such as `keyCompromise`.
    ///
    /// It is `unspecified` if the list gives none. Every reason revokes the certificate.
    /// `certificateHold` may be lifted by a later list; `removeFromCRL` has no meaning in a
    /// complete one.
    pub fn reason(&self) -> &'static str {
        match self.reason {
            None | Some(CrlReason::Unspecified) => "unspecified",
            Some(CrlReason::KeyCompromise) => "keyCompromise",
            Some(CrlReason::CaCompromise) => "cACompromise",
            Some(CrlReason::AffiliationChanged) => "affiliationChanged",
            Some(CrlReason::Superseded) => "superseded",
            Some(CrlReason::CessationOfOperation) => "cessationOfOperation",
            Some(CrlReason::CertificateHold) => "certificateHold",
            Some(CrlReason::RemoveFromCRL) => "removeFromCRL",
            Some(CrlReason::PrivilegeWithdrawn) => "privilegeWithdrawn",
            Some(CrlReason::AaCompromise) => "aACompromise",
        }
    }
}

impl PartialEq for RevocationList {
    fn eq(&self, other: &Self) -> bool {
        self.der.as_ref() == other.der.as_ref()
    }
}

impl Eq for RevocationList {}

impl fmt::Debug for RevocationList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationList")
            .field("issuer", &rfc4514(self.issuer_der()))
            .field("entries", &self.entries())
            .finish_non_exhaustive()
    }
}

fn unfit(der: &[u8], error: CrlError) -> MaterialProblem {
    match error {
        CrlError::Delta => MaterialProblem::DeltaRevocationList,
        CrlError::Indirect => MaterialProblem::IndirectRevocationList,
        CrlError::Der(_)
        | CrlError::Unfit(RevocationListFault::UnknownVersion)
        | CrlError::Version1
            if Certificate::from_der(der).is_ok() =>
        {
            MaterialProblem::CertificateInsteadOfRevocationList
        }
        CrlError::Version1 => MaterialProblem::RevocationListVersion1,
        // Something with the outer form of a certificate that is none may be a damaged list.
        CrlError::Der(_) if DerShape::of(der) != Some(DerShape::Certificate) => {
            unexpected_input::instead_of_der(der, ExpectedContent::RevocationLists)
                .unwrap_or_else(|| malformed(error))
        }
        CrlError::Der(_)
        | CrlError::Extensions(_)
        | CrlError::Entry { .. }
        | CrlError::MalformedExtension { .. } => malformed(error),
        CrlError::Unfit(fault) => MaterialProblem::RevocationListUnfit { fault },
    }
}

fn malformed(error: CrlError) -> MaterialProblem {
    MaterialProblem::RevocationList {
        source: Box::new(error),
    }
}
