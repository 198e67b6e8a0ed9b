use core::fmt;
use core::ops::Range;

use pki_types::{CertificateRevocationListDer, UnixTime};
use x509_cert::ext::pkix::CrlReason;

use super::serials::Serials;
use crate::error::MaterialProblem;
use crate::material::input::der_shape::DerShape;
use crate::material::pem::expected::ExpectedContent;
use crate::material::pem::unexpected_input;
use crate::x509::{Certificate, CrlError, CrlScope, CrlView, range_in, rfc4514, rfc4514_whole};

/// One revocation list, its form checked and its entries indexed.
pub struct RevocationList {
    der: CertificateRevocationListDer<'static>,
    issuer: Range<usize>,
    this_update: UnixTime,
    next_update: UnixTime,
    number: Option<Range<usize>>,
    scope: CrlScope,
    revoked: Range<usize>,
    serials: Serials,
}

/// What a list says about one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokedEntry {
    date: UnixTime,
    reason: Option<CrlReason>,
}

/// What a judgement needs of a list.
pub(crate) struct CrlContent<'a> {
    pub(crate) signature_algorithm: &'a [u8],
    pub(crate) tbs: &'a [u8],
    pub(crate) signature: &'a [u8],
}

impl RevocationList {
    /// The issuer's name in the form of RFC 4514.
    pub fn issuer(&self) -> String {
        rfc4514_whole(self.issuer_der())
    }

    /// When it was issued (`thisUpdate`).
    pub fn this_update(&self) -> UnixTime {
        self.this_update
    }

    /// The last second in which it is current (`nextUpdate`).
    pub fn next_update(&self) -> UnixTime {
        self.next_update
    }

    /// The CRL number, big-endian, at most 20 octets without leading zeros (RFC 5280, section
    /// 5.2.3).
    ///
    /// `None` for a list without one, as easy-rsa and cfssl make them: only `thisUpdate` tells then
    /// which of two lists is the newer one.
    pub fn number(&self) -> Option<&[u8]> {
        self.number.as_ref().map(|number| self.part(number))
    }

    /// How many certificates it lists.
    pub fn entries(&self) -> usize {
        self.serials.len()
    }

    /// What it says about the certificate with this serial number (the content of the DER INTEGER,
    /// as [`PeerIdentity::serial_number`](crate::PeerIdentity::serial_number) gives it), if it is
    /// listed.
    pub fn find(&self, serial: &[u8]) -> Option<RevokedEntry> {
        let entry = self.serials.find(self.part(&self.revoked), serial)?;
        Some(RevokedEntry {
            date: entry.date,
            reason: entry.reason,
        })
    }

    /// The list as it was given.
    pub fn as_der(&self) -> &CertificateRevocationListDer<'static> {
        &self.der
    }

    /// The issuer's `Name`, with its header.
    pub(crate) fn issuer_der(&self) -> &[u8] {
        self.part(&self.issuer)
    }

    pub(crate) fn scope(&self) -> &CrlScope {
        &self.scope
    }

    /// What its signature is verified by; `None` never happens to a list that was read.
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
        let range = |part| range_in(&der, part);
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

    fn part(&self, range: &Range<usize>) -> &[u8] {
        self.der.get(range.clone()).unwrap_or_default()
    }
}

impl RevokedEntry {
    /// When it was revoked. A date in the future revokes all the same: the CA has decided.
    pub fn date(&self) -> UnixTime {
        self.date
    }

    /// The reason in the words of RFC 5280, section 5.3.1, such as `keyCompromise`; `unspecified`
    /// where none is given.
    ///
    /// Each of them revokes. `certificateHold` may be lifted by a later list, `removeFromCRL` has
    /// no meaning in a complete one.
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
        CrlError::Der(_) | CrlError::UnknownVersion | CrlError::Version1
            if Certificate::from_der(der).is_ok() =>
        {
            MaterialProblem::CertificateInsteadOfRevocationList
        }
        CrlError::Version1 => MaterialProblem::RevocationListVersion1,
        // What looks like a certificate and is none may well be a damaged list.
        CrlError::Der(_) if DerShape::of(der) != Some(DerShape::Certificate) => {
            unexpected_input::instead_of_der(der, ExpectedContent::RevocationLists)
                .unwrap_or_else(|| malformed(error))
        }
        CrlError::Der(_)
        | CrlError::Extensions(_)
        | CrlError::Entry { .. }
        | CrlError::MalformedExtension { .. } => malformed(error),
        other => MaterialProblem::RevocationListUnfit {
            problem: other.to_string(),
        },
    }
}

fn malformed(error: CrlError) -> MaterialProblem {
    MaterialProblem::RevocationList {
        source: Box::new(error),
    }
}
