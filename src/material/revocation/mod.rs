//! Certificate revocation lists, indexed for look-ups.

mod list;
mod serials;

use core::fmt;
use std::sync::Arc;

use pki_types::{CertificateRevocationListDer, UnixTime};

use super::input::file;
use super::pem::expected::ExpectedContent;
use super::pem::label;
use crate::error::{MaterialError, MaterialLocation, MaterialProblem};

pub use list::{RevocationList, RevokedEntry};

/// Revocation lists (CRLs) of the CAs that issue our peers' certificates; never empty.
///
/// Loading checks the form of each list (RFC 5280, section 5) and indexes its entries for look-ups
/// in constant time. It verifies no signature. Whether a list was signed by the issuer of a
/// certificate, covers the certificate and is current is checked for each peer, by the
/// [`RevocationRules`](crate::RevocationRules) of the policy.
///
/// A list must be of version 2 and have a `nextUpdate`. A CRL number is optional, although RFC
/// 5280, section 5.2.3, requires one, since easy-rsa, cfssl and others make lists without; if
/// present it has at most 20 octets and is not critical.
///
/// Lists that must not be used like complete ones are rejected: delta CRLs, indirect CRLs, lists of
/// attribute certificates, and lists with an unknown critical extension in the list or in an entry.
/// Lists that cover a part of what their issuer issues (those of a distribution point, for some
/// reasons, for CAs) are accepted, and so are complete lists that name a delta CRL (`freshestCRL`,
/// as AD CS writes it). The delta is not needed: its entries count once the next complete list
/// contains them.
///
/// In memory a list takes its DER and 6 bytes for each entry. Clones share the memory.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let crl_pem = &pki::pki().crl;
/// use mtls::RevocationLists;
///
/// let lists = RevocationLists::from_pem(crl_pem.as_bytes())?;
/// let again = RevocationLists::from_der(lists.iter().map(|list| list.as_der().clone()))?;
/// let both = RevocationLists::join([lists.clone(), again])?;
/// assert_eq!((both.iter().len(), both.next_update()), (2, lists.next_update()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Lists of version 1
///
/// They have no extensions, so a complete list looks like a partial one (RFC 5280, section 5.2),
/// and they are rejected. `openssl ca -gencrl` makes them if its configuration has neither
/// `crlnumber` nor `crl_extensions`; `keytool -gencrl` makes nothing else. A CA in a keystore
/// issues lists of version 2 like this:
///
/// ```console
/// $ keytool -importkeystore -srckeystore ca.jks -destkeystore ca.p12 -deststoretype PKCS12
/// $ openssl pkcs12 -in ca.p12 -nodes -out ca.pem   # with the key: keep it as safe as the keystore
/// $ cat > crl.cnf <<END
/// [ca]
/// default_ca = lists
/// [lists]
/// database = index.txt
/// crlnumber = crlnumber
/// default_md = sha256
/// default_crl_days = 30
/// END
/// $ touch index.txt && echo 01 > crlnumber         # once
/// $ openssl ca -config crl.cnf -cert ca.pem -keyfile ca.pem -revoke alice.crt   # for each of them
/// $ openssl ca -config crl.cnf -cert ca.pem -keyfile ca.pem -gencrl -out ca.crl
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RevocationLists(Arc<[Arc<RevocationList>]>);

impl RevocationLists {
    /// The maximum number of lists in one value.
    pub const MAX_LISTS: usize = 4_096;
    /// The maximum number of entries of all lists together.
    pub const MAX_ENTRIES: usize = 4_194_304;
    /// The maximum length of an input in bytes: room for more than a million entries in PEM.
    pub const MAX_INPUT_BYTES: usize = 64 << 20;

    /// Reads `X509 CRL` sections (RFC 7468, section 6).
    ///
    /// Text between the sections is ignored. One bad section fails the whole load: without its list
    /// a revoked peer would be accepted if the policy allows unknown status, and all peers would be
    /// rejected if it does not.
    ///
    /// # Errors
    /// [`MaterialError`] if a section is damaged, is not a list, is an unsupported kind of list or
    /// has another label, if there is no list, or if a limit of this type is exceeded.
    pub fn from_pem(pem: &[u8]) -> Result<Self, MaterialError> {
        file::check_size(pem, Self::MAX_INPUT_BYTES)?;
        let sections = super::pem::sections(pem, Self::MAX_LISTS)?;
        let mut lists = Vec::with_capacity(sections.len());
        for section in &sections {
            label::sort(section.label, ExpectedContent::RevocationLists)
                .map_err(|p| section.error(p))?;
            let der = section.decode_public()?;
            let list = RevocationList::read(der.into()).map_err(|p| section.error(p))?;
            lists.push(Arc::new(list));
        }
        Self::checked(lists)
    }

    /// Creates lists from DER, the form in which CAs publish them (RFC 2585).
    ///
    /// Pass a single list as `[list]`.
    ///
    /// # Errors
    /// [`MaterialError`] if one of them is not a list or an unsupported kind of list, if there is
    /// none, or if a limit of this type is exceeded.
    pub fn from_der(
        lists: impl IntoIterator<Item = CertificateRevocationListDer<'static>>,
    ) -> Result<Self, MaterialError> {
        // One item over the limit is enough to detect that it is exceeded.
        let most = Self::MAX_LISTS.saturating_add(1);
        let mut left = Self::MAX_INPUT_BYTES;
        let mut read = Vec::new();
        for (index, der) in lists.into_iter().take(most).enumerate() {
            left = left
                .checked_sub(der.len())
                .ok_or(too_many(Self::MAX_INPUT_BYTES, "bytes"))?;
            let list = RevocationList::read(der).map_err(|problem| {
                MaterialError::from(problem).at(MaterialLocation {
                    index,
                    offset: None,
                    label: Some(label::X509_CRL.to_owned()),
                })
            })?;
            read.push(Arc::new(list));
        }
        Self::checked(read)
    }

    /// Joins lists from several inputs; equal lists are no error.
    ///
    /// # Errors
    /// [`MaterialError`] if there is no list, or if the limit of lists or entries is exceeded.
    pub fn join(parts: impl IntoIterator<Item = Self>) -> Result<Self, MaterialError> {
        let mut lists: Vec<Arc<RevocationList>> = Vec::new();
        for part in parts {
            lists.extend(part.0.iter().map(Arc::clone));
            if lists.len() > Self::MAX_LISTS {
                break;
            }
        }
        Self::checked(lists)
    }

    /// Returns all lists, in the order in which they were given; never empty.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &RevocationList> {
        self.0.iter().map(|list| &**list)
    }

    /// Returns the earliest `nextUpdate`, after which one of the lists is stale.
    pub fn next_update(&self) -> UnixTime {
        let earliest = self.iter().map(RevocationList::next_update).min();
        earliest.unwrap_or(UnixTime::since_unix_epoch(core::time::Duration::ZERO))
    }

    pub(crate) fn as_slice(&self) -> &[Arc<RevocationList>] {
        &self.0
    }

    fn checked(lists: Vec<Arc<RevocationList>>) -> Result<Self, MaterialError> {
        if lists.is_empty() {
            return Err(MaterialProblem::NoRevocationList.into());
        }
        if lists.len() > Self::MAX_LISTS {
            return Err(too_many(Self::MAX_LISTS, "revocation lists"));
        }
        let entries = lists.iter().map(|list| list.entries());
        if entries.fold(0, usize::saturating_add) > Self::MAX_ENTRIES {
            return Err(too_many(Self::MAX_ENTRIES, "entries of revocation lists"));
        }
        Ok(Self(lists.into()))
    }
}

fn too_many(limit: usize, what: &'static str) -> MaterialError {
    MaterialProblem::TooMany { limit, what }.into()
}

impl fmt::Debug for RevocationLists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
