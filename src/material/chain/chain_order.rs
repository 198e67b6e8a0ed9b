//! Building of a path from a leaf, among certificates in any order.

use core::cmp::Reverse;

use pki_types::CertificateDer;

use super::CertificateChain;
use super::certificates::{malformed, view};
use crate::error::MaterialProblem;
use crate::x509::Certificate;

/// Returns the indices of the leaf, its issuer, the issuer's issuer and so on in `certificates`.
///
/// An issuer is found by its name, byte for byte. Of several with one name, the best is the one
/// whose key the certificate names (RFC 5280, section 4.2.1.1), then one that is not a root, then
/// the first. The path ends where no issuer is found, and before a root, which peers that trust it
/// already have. The path of a self-signed leaf is the leaf alone.
///
/// No signature and no CA flag is checked: the path is a proposal that is checked like any other
/// chain.
pub(crate) fn path(
    certificates: &[CertificateDer<'static>],
    leaf: usize,
) -> Result<Vec<usize>, MaterialProblem> {
    let views: Vec<Certificate<'_>> = certificates.iter().map(view).collect::<Result<_, _>>()?;
    let mut last = views.get(leaf).ok_or(MaterialProblem::NoCertificate)?;
    let mut path = vec![leaf];
    while !is_root(last)? {
        let mut best: Option<(usize, &Certificate<'_>, _)> = None;
        for (index, candidate) in views.iter().enumerate() {
            // No certificate is on the path twice, so that the loop terminates.
            let is_used = || {
                path.iter()
                    .any(|&on| certificates.get(on) == certificates.get(index))
            };
            if candidate.subject != last.issuer || is_used() {
                continue;
            }
            let rank = (key_match(last, candidate)?, Reverse(is_root(candidate)?));
            if best.as_ref().is_none_or(|(.., before)| rank > *before) {
                best = Some((index, candidate, rank));
            }
        }
        let Some((index, issuer, _)) = best else {
            break;
        };
        if is_root(issuer)? {
            break;
        }
        if path.len() == CertificateChain::MAX_CERTIFICATES {
            return Err(MaterialProblem::TooMany {
                limit: CertificateChain::MAX_CERTIFICATES,
                what: "certificates in the chain",
            });
        }
        path.push(index);
        last = issuer;
    }
    Ok(path)
}

/// How well an issuer's key fits the authority key identifier; the greatest is the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeyMatch {
    Contradicted,
    Unknown,
    Named,
}

pub(crate) fn key_match(
    certificate: &Certificate<'_>,
    issuer: &Certificate<'_>,
) -> Result<KeyMatch, MaterialProblem> {
    // Called for each candidate: reads only the identifiers and copies nothing.
    let authority = certificate.authority_key().map_err(malformed)?;
    let own = issuer.subject_key().map_err(malformed)?;
    Ok(match (authority, own) {
        (Some(authority), Some(own)) if authority == own => KeyMatch::Named,
        (Some(_), Some(_)) => KeyMatch::Contradicted,
        _ => KeyMatch::Unknown,
    })
}

/// Returns whether a certificate is its own issuer, without verifying the signature.
///
/// A certificate that a CA issued to its own next key has one name twice too, but names another key
/// (RFC 5280, section 3.2).
pub(crate) fn is_root(certificate: &Certificate<'_>) -> Result<bool, MaterialProblem> {
    Ok(certificate.is_self_issued()
        && key_match(certificate, certificate)? != KeyMatch::Contradicted)
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

    use super::*;

    fn ca(name: &str) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.use_authority_key_identifier_extension = true;
        params
    }

    fn root(name: &str) -> CertifiedIssuer<'static, KeyPair> {
        CertifiedIssuer::self_signed(ca(name), KeyPair::generate().unwrap()).unwrap()
    }

    fn below(
        name: &str,
        issuer: &CertifiedIssuer<'static, KeyPair>,
    ) -> CertifiedIssuer<'static, KeyPair> {
        CertifiedIssuer::signed_by(ca(name), KeyPair::generate().unwrap(), issuer).unwrap()
    }

    fn der(issuer: &CertifiedIssuer<'static, KeyPair>) -> CertificateDer<'static> {
        issuer.der().clone()
    }

    #[test]
    fn every_order_gives_the_same_way() {
        let root = root("root");
        let upper = below("upper", &root);
        let lower = below("lower", &upper);
        let leaf = below("leaf", &lower);
        let all = [&leaf, &lower, &upper, &root].map(der);
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
            let given = order.map(|at: usize| all[at].clone());
            let first = order.iter().position(|&at| at == 0).unwrap();
            let found = path(&given, first).unwrap();
            let found: Vec<_> = found.into_iter().map(|at| order[at]).collect();
            assert_eq!(found, [0, 1, 2], "the root is left out: {order:?}");
        }
        assert_eq!(
            path(&[der(&leaf), der(&upper), der(&root)], 0).unwrap(),
            [0]
        );
        assert_eq!(path(&[der(&root), der(&leaf)], 0).unwrap(), [0]);
        assert!(path(&[der(&root)], 1).is_err());
        assert!(path(&[], 0).is_err());
    }

    #[test]
    fn of_one_name_the_named_key_counts() {
        let (top, other_top) = (root("top"), root("other top"));
        let (old, new) = (below("ca", &top), below("ca", &other_top));
        let leaf = below("leaf", &new);
        assert_eq!(path(&[&old, &leaf, &new].map(der), 1).unwrap(), [1, 2]);
        assert_eq!(path(&[&new, &leaf, &old].map(der), 1).unwrap(), [1, 0]);
        // A contradicting issuer is better than none: the chain checks then report the fault.
        assert_eq!(path(&[&old, &leaf].map(der), 1).unwrap(), [1, 0]);
    }

    #[test]
    fn a_cross_certificate_leads_further_than_the_root_of_its_key() {
        let (old, new) = (root("old"), root("new"));
        let leaf = below("leaf", &new);
        let cross = ca("new").signed_by(new.key(), &old).unwrap();
        let cross = cross.der().clone();
        for given in [
            [der(&new), cross.clone(), der(&leaf), der(&old)],
            [cross.clone(), der(&new), der(&leaf), der(&old)],
        ] {
            let found = path(&given, 2).unwrap();
            assert_eq!(found.len(), 2);
            assert_eq!(given[found[1]], cross);
        }
    }

    #[test]
    fn a_certificate_for_a_cas_next_key_is_no_root() {
        let old = root("ca");
        let next = below("ca", &old);
        let leaf = below("leaf", &next);
        assert_eq!(path(&[&old, &next, &leaf].map(der), 2).unwrap(), [2, 1]);
    }

    #[test]
    fn circles_end() {
        let (a, b) = (root("a"), root("b"));
        let a_by_b = ca("a").signed_by(a.key(), &b).unwrap().der().clone();
        let b_by_a = ca("b").signed_by(b.key(), &a).unwrap().der().clone();
        let leaf = der(&below("leaf", &a));
        let given = [leaf, a_by_b.clone(), b_by_a.clone(), a_by_b, b_by_a];
        assert_eq!(path(&given, 0).unwrap(), [0, 1, 2]);
    }

    #[test]
    fn a_way_that_is_too_long_is_rejected() {
        let mut all = vec![root("root")];
        for n in 0..=CertificateChain::MAX_CERTIFICATES {
            all.push(below(&n.to_string(), all.last().unwrap()));
        }
        let all: Vec<_> = all.iter().map(der).collect();
        let longest = CertificateChain::MAX_CERTIFICATES;
        assert_eq!(path(&all, longest).unwrap().len(), longest);
        let problem = path(&all, longest + 1).unwrap_err();
        assert!(problem.to_string().contains("more than 16"), "{problem}");
    }
}
