//! The examination of one trust anchor, as far as possible before a peer connects.

use std::sync::OnceLock;

use const_oid::db::rfc5280::ID_CE_NAME_CONSTRAINTS;
use pki_types::UnixTime;

use super::anchor_facts::{AnchorFacts, Defects};
use super::anchor_rules::AnchorRules;
use crate::error::anchor::{REISSUE_ANCHOR, REPLACE_ANCHOR};
use crate::error::{TrustAnchorProblem, UnusableTrustAnchor};
use crate::material::TrustAnchors;
use crate::policy::certificate::form::anchor_defect;
use crate::policy::certificate::key_identifiers::Identifiers;
use crate::policy::certificate::key_usage::anchor_purpose_defect;
use crate::policy::certificate::name_constraints::NameLimits;
use crate::policy::certificate::public_key::{acceptable_key, unacceptable_key};
use crate::policy::certificate::web_pki;
use crate::policy::profile::CertificateProfile;
use crate::policy::verdict::defect::Defect;
use crate::side::Side;
use crate::x509::pkix::KeyUsages;
use crate::x509::{Certificate, Outline, PublicKey, Span, Version, X509Error, rfc4514};

/// An anchor that no path may lead to.
pub(crate) struct UnusableEntry {
    pub(super) anchor: UnusableTrustAnchor,
    /// The subject, a `Name` with its header; empty if the certificate cannot be read.
    pub(super) name: Box<[u8]>,
    pub(super) validity: Option<(UnixTime, UnixTime)>,
}

/// Reads and examines the anchor at `index`.
pub(super) fn examine(
    anchors: &TrustAnchors,
    index: usize,
    rules: &AnchorRules,
) -> Result<AnchorFacts, Box<UnusableEntry>> {
    let unusable = |certificate: Option<&Certificate<'_>>, problem| {
        let name = certificate.map(|certificate| certificate.subject);
        Box::new(UnusableEntry {
            anchor: UnusableTrustAnchor {
                index,
                trust_domain: None,
                subject: name.map_or_else(|| "(unreadable)".to_owned(), rfc4514),
                problem,
            },
            name: name.unwrap_or_default().into(),
            validity: certificate.map(|c| (c.not_before, c.not_after)),
        })
    };
    let Some(der) = anchors.as_slice().get(index) else {
        let problem = malformed(&"there is none", REPLACE_ANCHOR);
        return Err(unusable(None, problem));
    };
    if let Some(plain) = examine_plain(anchors, index, rules) {
        return Ok(plain);
    }
    let certificate = Certificate::from_der(der)
        .map_err(|error| unusable(None, malformed(&error, REPLACE_ANCHOR)))?;
    let unfit = |problem| unusable(Some(&certificate), problem);
    let path_length = check_is_ca(&certificate).map_err(unfit)?;
    let checks_identifiers = rules.keys.profile != CertificateProfile::Interoperable;
    if checks_identifiers {
        Identifiers::read(&certificate)
            .map_err(|error| unfit(malformed(&error, REPLACE_ANCHOR)))?;
    }
    let name_constraints = certificate
        .name_constraints_content()
        .map_err(|error| unfit(malformed(&error, REPLACE_ANCHOR)))?;
    Ok(AnchorFacts {
        anchors: anchors.clone(),
        index,
        shared: OnceLock::new(),
        outline: Outline::of(&certificate),
        name_constraints: name_constraints.map(|part| Span::of(der, part)),
        path_length,
        checks_identifiers,
        name_limits: NameLimits::of(&certificate).map(Box::new),
        defects: defects_of(&certificate, rules),
    })
}

/// Examines an anchor by what was kept when it was read, if that shows that nothing is wrong.
///
/// Nearly all roots are such. Any other is read again, which finds the words for its defect.
fn examine_plain(anchors: &TrustAnchors, index: usize, rules: &AnchorRules) -> Option<AnchorFacts> {
    let der = anchors.as_slice().get(index)?;
    let outline = anchors.outlines().get(index)?;
    // Other profiles look at every extension.
    if !outline.is_plain_ca || rules.keys.profile != CertificateProfile::Interoperable {
        return None;
    }
    let key = PublicKey::from_spki(outline.spki.part(der)).ok()?;
    acceptable_key(&key, rules.keys, &rules.algorithms).ok()?;
    Some(AnchorFacts {
        anchors: anchors.clone(),
        index,
        shared: OnceLock::new(),
        outline: *outline,
        name_constraints: None,
        path_length: None,
        checks_identifiers: false,
        name_limits: None,
        defects: None,
    })
}

fn malformed(error: &dyn core::fmt::Display, advice: &'static str) -> TrustAnchorProblem {
    TrustAnchorProblem::Malformed {
        fault: error.to_string(),
        advice,
    }
}

fn defects_of(certificate: &Certificate<'_>, rules: &AnchorRules) -> Option<Box<Defects>> {
    let defects = Defects {
        common: key_defect_of(certificate, rules)
            .or_else(|| form_defect_of(certificate, rules.keys.profile)),
        client: anchor_purpose_defect(certificate, Side::Client),
        server: anchor_purpose_defect(certificate, Side::Server),
    };
    defects.is_any().then(|| Box::new(defects))
}

/// Returns the defect of an anchor's key.
///
/// It is no build error while other anchors are usable, so that CAs can migrate to an algorithm
/// that the crypto library does not have.
fn key_defect_of(certificate: &Certificate<'_>, rules: &AnchorRules) -> Option<Defect> {
    let found = acceptable_key(&certificate.public_key, rules.keys, &rules.algorithms).err()?;
    Some(unacceptable_key(found, rules.keys, &rules.algorithms))
}

fn form_defect_of(certificate: &Certificate<'_>, profile: CertificateProfile) -> Option<Defect> {
    let of_web = || match profile {
        CertificateProfile::WebPki => web_pki::check_anchor(certificate).err(),
        _ => None,
    };
    anchor_defect(certificate, profile).or_else(of_web)
}

/// Returns whether a CA's certificate has name constraints.
pub(in crate::policy) fn constrains_names(certificate: &Certificate<'_>) -> bool {
    certificate.extension(ID_CE_NAME_CONSTRAINTS).is_some()
}

/// Verifies that a certificate can be a trust anchor; returns its path length constraint.
fn check_is_ca(certificate: &Certificate<'_>) -> Result<Option<u8>, TrustAnchorProblem> {
    let unreadable = |error: X509Error| malformed(&error, REISSUE_ANCHOR);
    match certificate.version {
        Version::V1 => return Err(TrustAnchorProblem::OldVersion { version: 1 }),
        Version::V2 => return Err(TrustAnchorProblem::OldVersion { version: 2 }),
        Version::V3 => {}
    }
    let constraints = certificate.basic_constraints().map_err(unreadable)?;
    let Some(constraints) = constraints.filter(|c| c.ca) else {
        return Err(TrustAnchorProblem::EndEntity {
            is_self_issued: certificate.is_self_issued(),
        });
    };
    let key_usage = certificate.key_usage().map_err(unreadable)?;
    if key_usage.is_some_and(|usage| !usage.0.contains(KeyUsages::KeyCertSign)) {
        return Err(TrustAnchorProblem::MissingKeyCertSign);
    }
    Ok(constraints.path_len_constraint)
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, GeneralSubtree, IsCa, KeyPair};
    use rcgen::{NameConstraints, PKCS_ECDSA_P256_SHA256, PKCS_ED25519};

    use super::*;
    use crate::policy::signature::SignatureAlgorithms;
    use crate::policy::verifier_policy::VerifierPolicy;

    /// webpki's reading is the measure. It is not called: it would read each anchor once more.
    #[test]
    fn webpki_gets_the_parts_that_it_would_read() {
        let dns = |name: &str| vec![GeneralSubtree::DnsName(name.to_owned())];
        let constraints = NameConstraints {
            permitted_subtrees: dns("example"),
            excluded_subtrees: dns("a.example"),
        };
        let path_lengths = [
            BasicConstraints::Unconstrained,
            BasicConstraints::Constrained(1),
        ];
        let mut anchors = Vec::new();
        for algorithm in [&PKCS_ECDSA_P256_SHA256, &PKCS_ED25519] {
            let key = KeyPair::generate_for(algorithm).unwrap();
            for path_length in path_lengths {
                for name_constraints in [None, Some(constraints.clone())] {
                    let mut params = CertificateParams::default();
                    params.is_ca = IsCa::Ca(path_length);
                    params.name_constraints = name_constraints;
                    anchors.push(params.self_signed(&key).unwrap().der().clone());
                }
            }
        }
        let count = anchors.len();
        let anchors = TrustAnchors::from_der(anchors).unwrap();
        let policy = VerifierPolicy::allow_any_authenticated();
        let rules = AnchorRules::new(&policy, &SignatureAlgorithms::new([]));
        let mut plain = 0;
        for (index, der) in anchors.as_slice().iter().enumerate() {
            let facts = examine(&anchors, index, &rules).ok().unwrap();
            assert_eq!(
                facts.webpki(),
                webpki::anchor_from_trusted_cert(der).unwrap()
            );
            plain += usize::from(examine_plain(&anchors, index, &rules).is_some());
        }
        assert!(0 < plain && plain < count, "{plain} of {count}");
    }
}
