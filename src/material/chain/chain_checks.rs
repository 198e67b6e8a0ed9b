//! Checks of a key and its chain that need no signature verification.

use base16ct::HexDisplay;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};

use super::CertificateChain;
use super::certificates::{malformed, shown, view};
use crate::crypto::sha256;
use crate::error::{MaterialError, MaterialProblem};
use crate::material::identity_warning::IdentityWarning;
use crate::material::key::signing_key::IdentityKey;
use crate::x509::{Certificate, MIN_RSA_BITS, Version, X509Error, is_same_name};

/// The maximum number of bytes of a key identifier in a message.
const MAX_SHOWN: usize = 32;

/// Checks a chain and its key, and returns the warnings.
pub(crate) fn check(
    chain: &CertificateChain,
    key: &IdentityKey,
) -> Result<Vec<IdentityWarning>, MaterialError> {
    let views: Vec<Certificate<'_>> = chain
        .as_slice()
        .iter()
        .map(view)
        .collect::<Result<_, _>>()?;
    // Unreachable: a chain has a leaf.
    let Some((leaf, issuers)) = views.split_first() else {
        return Err(MaterialProblem::NoCertificate.into());
    };
    check_key(leaf, issuers, key)?;
    if leaf.is_ca().map_err(extension)? {
        let subject = shown(leaf.subject);
        return Err(MaterialProblem::CaLeaf { subject }.into());
    }
    check_links(chain, &views)?;
    Ok(warnings(leaf, key))
}

impl CertificateChain {
    /// Checks that no certificate is repeated, and that each is followed by its issuer.
    ///
    /// It needs no key, so it does not tell whether the first certificate is the leaf. Issuers are
    /// compared by name and key identifier; no signature is verified.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let (leaf, ca) = (pki::client_identity().chain().leaf().clone(), pki::anchors().as_slice()[0].clone());
    /// use mtls::CertificateChain;
    ///
    /// assert!(CertificateChain::from_der([leaf.clone(), ca.clone()])?.check_order().is_ok());
    /// assert!(CertificateChain::from_der([ca, leaf])?.check_order().is_err());
    /// # Ok::<(), mtls::MaterialError>(())
    /// ```
    ///
    /// # Errors
    /// [`MaterialError`] for the first pair of certificates that do not follow each other, as from
    /// [`MtlsIdentity::new`](crate::MtlsIdentity::new).
    pub fn check_order(&self) -> Result<(), MaterialError> {
        let views = self.as_slice().iter().map(view);
        Ok(check_links(self, &views.collect::<Result<Vec<_>, _>>()?)?)
    }

    /// Returns the faults for which this crate's verifier rejects the leaf.
    ///
    /// They depend on neither side, time nor policy, and need no key:
    /// [`IdentityWarning::RejectedLeaf`], and [`IdentityWarning::X509V1Leaf`], which a policy may
    /// allow. [`MtlsIdentity::warnings`](crate::MtlsIdentity::warnings) has them too.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let identity = pki::client_identity();
    /// for warning in identity.chain().leaf_warnings() {
    ///     eprintln!("{warning}; {}", warning.hint());
    /// }
    /// # assert!(identity.chain().leaf_warnings().is_empty());
    /// ```
    pub fn leaf_warnings(&self) -> Vec<IdentityWarning> {
        // It was read when the chain was made, and can be read again.
        let leaf = Certificate::from_der(self.leaf());
        leaf.map(|leaf| of_leaf(&leaf)).unwrap_or_default()
    }
}

fn check_links(chain: &CertificateChain, views: &[Certificate<'_>]) -> Result<(), MaterialProblem> {
    check_duplicates(chain, views)?;
    let issuers = views.iter().skip(1);
    for (index, (certificate, next)) in views.iter().zip(issuers).enumerate() {
        check_link(index, certificate, next, views)?;
    }
    Ok(())
}

fn check_key(
    leaf: &Certificate<'_>,
    issuers: &[Certificate<'_>],
    key: &IdentityKey,
) -> Result<(), MaterialProblem> {
    let ours = key.public_half();
    if ours.fits(&leaf.public_key) {
        return Ok(());
    }
    for (index, certificate) in (1..).zip(issuers) {
        if ours.fits(&certificate.public_key) {
            let subject = shown(certificate.subject);
            return Err(if certificate.is_ca().map_err(extension)? {
                MaterialProblem::CaKey { index, subject }
            } else {
                MaterialProblem::LeafNotFirst { index, subject }
            });
        }
    }
    Err(MaterialProblem::KeyMismatch {
        subject: shown(leaf.subject),
        key: key.kind().to_string(),
        key_sha256: ours.sha256(),
        leaf_key: leaf
            .public_key
            .kind()
            .map_or_else(|_| "unreadable key".to_owned(), |kind| kind.to_string()),
        leaf_sha256: format!("{:x}", HexDisplay(&sha256(leaf.public_key.spki))),
    })
}

fn check_duplicates(
    chain: &CertificateChain,
    views: &[Certificate<'_>],
) -> Result<(), MaterialProblem> {
    for (second, (der, certificate)) in chain.as_slice().iter().zip(views).enumerate() {
        let earlier = chain.as_slice().iter().take(second);
        if let Some((first, _)) = earlier.enumerate().find(|(_, other)| *other == der) {
            let subject = shown(certificate.subject);
            return Err(MaterialProblem::DuplicateCertificate {
                first,
                second,
                subject,
            });
        }
    }
    Ok(())
}

fn check_link(
    index: usize,
    certificate: &Certificate<'_>,
    next: &Certificate<'_>,
    all: &[Certificate<'_>],
) -> Result<(), MaterialProblem> {
    let subject = shown(certificate.subject);
    let next_subject = shown(next.subject);
    // Compared byte for byte, like peers that build on webpki compare them.
    if certificate.issuer != next.subject {
        let issuer = shown(certificate.issuer);
        let is_there = all
            .iter()
            .any(|one| is_same_name(one.subject, certificate.issuer));
        if !is_there {
            return Err(MaterialProblem::MissingIntermediate {
                index,
                subject,
                issuer,
                address: certificate.ca_issuers(),
            });
        }
        return Err(MaterialProblem::IssuerNameMismatch {
            index,
            subject,
            issuer,
            next_subject,
            is_alike: is_same_name(certificate.issuer, next.subject),
        });
    }
    let authority = certificate.authority_key_identifier().map_err(extension)?;
    let authority = authority.and_then(|a| a.key_identifier);
    let own = next.subject_key_identifier().map_err(extension)?;
    match (authority, own) {
        (Some(authority), Some(own)) if authority != own.0 => {
            Err(MaterialProblem::IssuerKeyMismatch {
                index,
                subject,
                authority_key: shown_key(authority.as_bytes()),
                next_subject,
                subject_key: shown_key(own.0.as_bytes()),
            })
        }
        _ => Ok(()),
    }
}

fn warnings(leaf: &Certificate<'_>, key: &IdentityKey) -> Vec<IdentityWarning> {
    let exposed = key
        .exposure()
        .cloned()
        .map(IdentityWarning::InsecureKeyFile);
    let passphrase = key.passphrase_exposure().cloned();
    let passphrase = passphrase.map(IdentityWarning::InsecurePassphraseFile);
    let all = of_leaf(leaf).into_iter();
    all.chain(exposed).chain(passphrase).collect()
}

/// Returns what the leaf shows by itself.
fn of_leaf(leaf: &Certificate<'_>) -> Vec<IdentityWarning> {
    let old = (leaf.version == Version::V1).then(|| IdentityWarning::X509V1Leaf {
        subject: shown(leaf.subject),
    });
    let rejected = leaf_problems(leaf).into_iter();
    let rejected = rejected.map(|(problem, hint)| IdentityWarning::RejectedLeaf {
        subject: shown(leaf.subject),
        problem,
        hint,
    });
    old.into_iter().chain(rejected).collect()
}

/// Returns the faults for which this crate's verifier rejects the leaf, each with a hint.
///
/// They do not depend on the side, the time and the policy.
fn leaf_problems(leaf: &Certificate<'_>) -> Vec<(String, &'static str)> {
    let mut problems = Vec::new();
    if !leaf.may_sign_handshakes().unwrap_or(false) {
        problems.push((
            "its keyUsage lacks digitalSignature".to_owned(),
            "have it reissued with keyUsage digitalSignature",
        ));
    }
    if let Some(unknown) = leaf.unknown_critical_extension() {
        problems.push((
            format!("it has the unknown critical extension {}", unknown.name()),
            "have it reissued without that extension, or with it not critical",
        ));
    }
    let listed = leaf.public_key.kind();
    let fault = leaf.public_key.fault();
    let is_listed = listed
        .as_ref()
        .is_ok_and(|kind| kind.is_listed(MIN_RSA_BITS));
    if !is_listed || fault.is_some() {
        let kind = listed.map_or_else(|_| "unreadable".to_owned(), |kind| kind.to_string());
        let fault = fault.map_or_else(String::new, |fault| format!(" with {fault}"));
        problems.push((
            format!("its key is {kind}{fault}"),
            "have it issued anew for a key of ECDSA P-256 or P-384, Ed25519, or RSA of 2048 to 8192 bits",
        ));
    }
    let purposes = leaf.extended_key_usage();
    let is_for_tls = purposes.as_ref().is_ok_and(|purposes| {
        let for_tls = |oid: &ObjectIdentifier| [ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH].contains(oid);
        purposes
            .as_ref()
            .is_none_or(|purposes| purposes.0.iter().any(for_tls))
    });
    if !is_for_tls {
        problems.push((
            "its extended key usage has neither clientAuth nor serverAuth".to_owned(),
            "have it reissued with clientAuth for a client, serverAuth for a server",
        ));
    }
    problems
}

fn extension(source: X509Error) -> MaterialProblem {
    malformed(source)
}

/// Returns a key identifier for messages, shortened because the certificate's author chose its
/// length; 20 bytes are usual.
fn shown_key(identifier: &[u8]) -> String {
    match identifier.split_at_checked(MAX_SHOWN) {
        Some((head, [_, ..])) => format!("{:x}…", HexDisplay(head)),
        _ => format!("{:x}", HexDisplay(identifier)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_key_identifiers_are_cut() {
        assert_eq!(shown_key(&[7; MAX_SHOWN]), "07".repeat(MAX_SHOWN));
        for long in [MAX_SHOWN + 1, 400_000] {
            let shown = shown_key(&vec![7; long]);
            assert_eq!(shown, "07".repeat(MAX_SHOWN) + "…");
        }
    }
}
