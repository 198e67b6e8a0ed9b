//! Ordering of a chain's certificates, with a report of the changes.

use core::cmp::Reverse;
use core::fmt;

use base16ct::HexDisplay;
use pki_types::{CertificateDer, SubjectPublicKeyInfoDer};

use super::CertificateChain;
use super::certificates::{malformed, shown, view};
use super::chain_order::{self, KeyMatch};
use crate::crypto::sha256;
use crate::error::{MaterialError, MaterialProblem};
use crate::material::key::PrivateKey;
use crate::material::key::public_half::PublicHalf;
use crate::x509::{Certificate, PublicKey};

/// One change made by [`CertificateChain::repaired`]. Positions count from 0.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let pki = pki::pki();
/// # let (chain_and_root, key_pem) = (format!("{}{}", pki.client, pki.ca), &pki.client_key);
/// use mtls::material::ChainRepair;
/// use mtls::{CertificateChain, PrivateKey};
///
/// let given = CertificateChain::from_pem(chain_and_root.as_bytes())?;
/// let (chain, repairs) = given.repaired(&PrivateKey::from_pem(key_pem.as_bytes())?)?;
/// assert_eq!(chain.as_slice().len(), 1);
/// assert!(matches!(&*repairs, [ChainRepair::RootDropped { position: 1, .. }]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainRepair {
    /// A certificate was dropped because the chain contained it twice.
    DuplicateDropped {
        /// The subject (RFC 4514).
        subject: String,
        /// The position of the dropped certificate.
        position: usize,
        /// The position of the equal certificate that was used instead.
        first: usize,
    },
    /// A certificate was moved among those that were kept.
    Moved {
        /// The subject (RFC 4514).
        subject: String,
        /// The position before the repair.
        from: usize,
        /// The position after the repair.
        to: usize,
    },
    /// The self-signed root was dropped: peers that trust it already have it (RFC 8446, section
    /// 4.4.2).
    RootDropped {
        /// The subject (RFC 4514).
        subject: String,
        /// The position before the repair.
        position: usize,
    },
    /// A certificate that is not on the path from the leaf was dropped.
    UnrelatedDropped {
        /// The subject (RFC 4514).
        subject: String,
        /// The position before the repair.
        position: usize,
    },
}

impl fmt::Display for ChainRepair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateDropped {
                subject,
                position,
                first,
            } => write!(
                f,
                "certificate {position} ({subject}) was left out: it repeats certificate {first}"
            ),
            Self::Moved { subject, from, to } => {
                write!(f, "certificate {from} ({subject}) was moved to place {to}")
            }
            Self::RootDropped { subject, position } => write!(
                f,
                "certificate {position} ({subject}) was left out as the root"
            ),
            Self::UnrelatedDropped { subject, position } => write!(
                f,
                "certificate {position} ({subject}) was left out, off the path from the leaf"
            ),
        }
    }
}

impl ChainRepair {
    /// Returns how to change the file, so that its chain needs no repair.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::DuplicateDropped { .. } => "leave it out of the file, which has it twice",
            Self::Moved { .. } => {
                "move it in the file: the leaf comes first, and after each certificate its issuer"
            }
            Self::RootDropped { .. } => {
                "leave it out of the file: peers that trust the root have it"
            }
            Self::UnrelatedDropped { .. } => {
                "leave it out of the file: peers cannot use it to verify the leaf"
            }
        }
    }
}

impl CertificateChain {
    /// Returns the chain in the order that peers expect, and the changes made.
    ///
    /// The order is that of RFC 8446, section 4.4.2, and RFC 5246, section 7.4.2. No chain is
    /// repaired unless this is called.
    ///
    /// The leaf is the certificate of this key. Each issuer is found by its name and by the key
    /// that the certificate below it names (RFC 5280, section 4.2.1.1). Of several, the one that
    /// expires last is used, whatever the order of the input. The result drops duplicates, the
    /// self-signed root (but keeps a self-signed leaf), and every certificate that is not on the
    /// path. Nothing is fetched and no signature is verified: pass the result to
    /// [`MtlsIdentity::new`](crate::MtlsIdentity::new), and fix the file as the report says.
    ///
    /// ```no_run
    /// use mtls::{CertificateChain, MtlsIdentity, PrivateKey};
    ///
    /// let key = PrivateKey::from_file("client.key")?;
    /// let (chain, repairs) = CertificateChain::from_file("client.crt")?.repaired(&key)?;
    /// for repair in repairs {
    ///     eprintln!("client.crt: {repair}");
    /// }
    /// let identity = MtlsIdentity::new(chain, key)?;
    /// # Ok::<(), mtls::MaterialError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`MaterialError`] if no certificate has this key, if only a CA's certificate has it, or if
    /// the path ends too early. It does when an issuer is missing although CAs are left that could
    /// only stand above it ([`MaterialProblem::MissingIntermediate`], with the address of the
    /// issuer if the certificate contains one).
    pub fn repaired(&self, key: &PrivateKey) -> Result<(Self, Vec<ChainRepair>), MaterialError> {
        Ok(repair(self, key.public_half(), key.key_type().to_string())?)
    }

    /// As [`repaired`](Self::repaired), but for the public key of an external private key.
    ///
    /// ```no_run
    /// use mtls::CertificateChain;
    /// use mtls::pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
    ///
    /// // `openssl pkey -in KEY -pubout`
    /// let public_key = SubjectPublicKeyInfoDer::from_pem_file("client.pub").expect("a public key");
    /// let chain = CertificateChain::from_file("client.crt")?;
    /// let (chain, repairs) = chain.repaired_for(&public_key)?;
    /// # Ok::<(), mtls::MaterialError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`repaired`](Self::repaired), and [`MaterialProblem::KeyMalformed`] if the bytes
    /// are not a public key.
    pub fn repaired_for(
        &self,
        public_key: &SubjectPublicKeyInfoDer<'_>,
    ) -> Result<(Self, Vec<ChainRepair>), MaterialError> {
        let key = PublicKey::from_spki(public_key).map_err(|_| MaterialProblem::KeyMalformed)?;
        let kind = words(&key);
        Ok(repair(self, PublicHalf::Known(public_key), kind)?)
    }
}

/// A certificate and its position in the input.
struct RepairInput<'a> {
    position: usize,
    der: &'a CertificateDer<'static>,
    view: Certificate<'a>,
}

fn repair(
    chain: &CertificateChain,
    key: PublicHalf<'_>,
    kind: String,
) -> Result<(CertificateChain, Vec<ChainRepair>), MaterialProblem> {
    let mut repairs = Vec::new();
    let mut given: Vec<RepairInput<'_>> = Vec::new();
    for (position, der) in chain.as_slice().iter().enumerate() {
        let view = view(der)?;
        if let Some(same) = given.iter().find(|g| g.der == der) {
            repairs.push(ChainRepair::DuplicateDropped {
                subject: shown(view.subject),
                position,
                first: same.position,
            });
        } else {
            given.push(RepairInput {
                position,
                der,
                view,
            });
        }
    }
    // The order of the input has no influence.
    given.sort_by_key(|g| {
        (
            Reverse((g.view.not_after, g.view.not_before)),
            g.der.as_ref(),
        )
    });
    let leaf = find_leaf(chain, &given, key, kind)?;
    let sorted: Vec<_> = given.iter().map(|g| g.der.clone()).collect();
    let path = chain_order::path(&sorted, leaf)?;
    let path: Vec<&RepairInput<'_>> = path.iter().filter_map(|&at| given.get(at)).collect();
    let path = joined(&path)?;
    let root = check_gap(path, &given)?;
    report(path, root, &given, &mut repairs);
    let kept = path.iter().map(|g| g.der.clone()).collect();
    // Never an error: a path has a leaf and is at most as long as the chain.
    let chain = CertificateChain::checked(kept).map_err(|_| MaterialProblem::NoCertificate)?;
    Ok((chain, repairs))
}

/// Returns the index of the key's certificate; of several, the one that expires last.
fn find_leaf(
    chain: &CertificateChain,
    given: &[RepairInput<'_>],
    key: PublicHalf<'_>,
    kind: String,
) -> Result<usize, MaterialProblem> {
    let mut of_ca = None;
    for (at, certificate) in given.iter().enumerate() {
        if key.fits(&certificate.view.public_key) {
            if !certificate.view.is_ca().map_err(malformed)? {
                return Ok(at);
            }
            of_ca = Some(certificate);
        }
    }
    if let Some(ca) = of_ca {
        return Err(MaterialProblem::CaKey {
            index: ca.position,
            subject: shown(ca.view.subject),
        });
    }
    let first = view(chain.leaf())?;
    Err(MaterialProblem::KeyMismatch {
        subject: shown(first.subject),
        key: kind,
        key_sha256: key.sha256(),
        leaf_key: words(&first.public_key),
        leaf_sha256: format!("{:x}", HexDisplay(&sha256(first.public_key.spki))),
    })
}

fn words(key: &PublicKey<'_>) -> String {
    key.kind()
        .map_or_else(|_| "unreadable key".to_owned(), |kind| kind.to_string())
}

/// Returns the path up to the first issuer that contradicts an authority key identifier.
fn joined<'p, 'a>(
    path: &'p [&'p RepairInput<'a>],
) -> Result<&'p [&'p RepairInput<'a>], MaterialProblem> {
    for (place, (below, above)) in (1..).zip(path.iter().zip(path.iter().skip(1))) {
        if chain_order::key_match(&below.view, &above.view)? == KeyMatch::Contradicted {
            return Ok(path.get(..place).unwrap_or(path));
        }
    }
    Ok(path)
}

/// Returns the root above the path, if it is present; an error if the path ends too early.
fn check_gap<'g, 'a>(
    path: &[&'g RepairInput<'a>],
    given: &'g [RepairInput<'a>],
) -> Result<Option<&'g RepairInput<'a>>, MaterialProblem> {
    // Unreachable: the leaf is on its path.
    let Some(top) = path.last() else {
        return Err(MaterialProblem::NoCertificate);
    };
    let mut is_issuer_there = false;
    let mut has_cas_left = false;
    let mut root = None;
    for other in given {
        let is_left = !is_on(path, other);
        if other.view.subject == top.view.issuer
            && chain_order::key_match(&top.view, &other.view)? != KeyMatch::Contradicted
        {
            is_issuer_there = true;
            if is_left && root.is_none() && chain_order::is_root(&other.view)? {
                root = Some(other);
            }
        }
        has_cas_left |= is_left && other.view.is_ca().map_err(malformed)?;
    }
    if has_cas_left && !is_issuer_there {
        return Err(MaterialProblem::MissingIntermediate {
            index: top.position,
            subject: shown(top.view.subject),
            issuer: shown(top.view.issuer),
            address: top.view.ca_issuers(),
        });
    }
    Ok(root)
}

fn report(
    path: &[&RepairInput<'_>],
    root: Option<&RepairInput<'_>>,
    given: &[RepairInput<'_>],
    repairs: &mut Vec<ChainRepair>,
) {
    for left in given.iter().filter(|g| !is_on(path, g)) {
        let (subject, position) = (shown(left.view.subject), left.position);
        repairs.push(if root.is_some_and(|root| root.position == position) {
            ChainRepair::RootDropped { subject, position }
        } else {
            ChainRepair::UnrelatedDropped { subject, position }
        });
    }
    for (to, kept) in path.iter().enumerate() {
        // The position if the other certificates had only been dropped.
        let before = path.iter().filter(|g| g.position < kept.position).count();
        if before != to {
            repairs.push(ChainRepair::Moved {
                subject: shown(kept.view.subject),
                from: kept.position,
                to,
            });
        }
    }
    repairs.sort_by_key(|repair| match repair {
        ChainRepair::DuplicateDropped { position, .. }
        | ChainRepair::RootDropped { position, .. }
        | ChainRepair::UnrelatedDropped { position, .. } => *position,
        ChainRepair::Moved { from, .. } => *from,
    });
}

fn is_on(path: &[&RepairInput<'_>], certificate: &RepairInput<'_>) -> bool {
    path.iter().any(|on| on.position == certificate.position)
}
