//! What the files have to do with each other.

use std::collections::HashMap;

use mtls::material::Content;
use mtls::policy::SignatureAlgorithms;
use serde::Serialize;

use super::contents::ContentReport;
use super::evidence::{Evidence, FoundCertificate};
use super::pairs;
use crate::output::{CertificatePlace, Finding};

/// The most signatures that are verified to find issuers.
const MAX_SIGNATURES: usize = 1_024;
/// The most relations between issuers that are shown.
const MAX_RELATIONS: usize = 4_096;

/// One relation between two parts of the files.
#[derive(Serialize)]
pub(super) struct Relation {
    relation: RelationKind,
    from: Part,
    to: Part,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RelationKind {
    Copy,
    Issued,
    KeyOf,
    ListOf,
    Renewed,
    RequestOf,
}

/// A file, or one certificate in it.
#[derive(Clone, Serialize)]
pub(super) struct Part {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<CertificatePlace>,
}

/// Returns how the parts belong together, and the faults of those that do not.
pub(super) fn all(
    evidence: &Evidence<'_>,
    algorithms: &SignatureAlgorithms,
) -> (Vec<Relation>, Vec<Finding>) {
    let mut relations = issuers(evidence, algorithms);
    let (pairs, findings) = pairs::of_keys(evidence);
    let pairs = pairs.into_iter().map(|(key, certificate)| Relation {
        relation: RelationKind::KeyOf,
        from: Part::of_file(key.file),
        to: Part::of(certificate),
    });
    relations.splice(0..0, pairs);
    relations.extend(of_public_keys(evidence));
    let (lists, revoked) = lists(evidence);
    relations.extend(lists);
    (relations, findings.into_iter().chain(revoked).collect())
}

/// Finds the same certificate in several places, CAs that were renewed, and who issued which: by
/// name, and by the signature.
fn issuers(evidence: &Evidence<'_>, algorithms: &SignatureAlgorithms) -> Vec<Relation> {
    let (all, mut relations) = without_copies(&evidence.certificates);
    let mut by_subject: HashMap<&str, Vec<&FoundCertificate<'_>>> = HashMap::new();
    for certificate in &all {
        let subject = certificate.facts.subject.as_str();
        by_subject.entry(subject).or_default().push(certificate);
    }
    let mut left = MAX_SIGNATURES;
    for certificate in &all {
        let facts = certificate.facts;
        let is_self_issued = facts.issuer == facts.subject;
        let issuers = by_subject.get(facts.issuer.as_str());
        for issuer in issuers.into_iter().flatten() {
            if issuer.der == certificate.der {
                continue;
            }
            let relation = if is_self_issued && issuer.facts.spki_sha256 == facts.spki_sha256 {
                // Each signed the other; the one that ends later is the renewed one.
                if (issuer.facts.not_after.0, issuer.facts.not_before.0)
                    > (facts.not_after.0, facts.not_before.0)
                {
                    continue;
                }
                RelationKind::Renewed
            } else {
                let Some(rest) = left.checked_sub(1) else {
                    return relations;
                };
                left = rest;
                if algorithms.is_signed_by(certificate.der, issuer.der) != Some(true) {
                    continue;
                }
                RelationKind::Issued
            };
            if relations.len() >= MAX_RELATIONS {
                return relations;
            }
            relations.push(Relation {
                relation,
                from: Part::of(issuer),
                to: Part::of(certificate),
            });
        }
    }
    relations
}

/// Returns each certificate once, and where the others are.
fn without_copies<'e, 'a>(
    certificates: &'e [FoundCertificate<'a>],
) -> (Vec<&'e FoundCertificate<'a>>, Vec<Relation>) {
    let mut first: HashMap<&[u8], &FoundCertificate<'_>> = HashMap::new();
    let (mut all, mut copies) = (Vec::new(), Vec::new());
    for certificate in certificates {
        match first.get(certificate.der.as_ref()) {
            None => {
                first.insert(certificate.der.as_ref(), certificate);
                all.push(certificate);
            }
            Some(known) => copies.push(Relation {
                relation: RelationKind::Copy,
                from: Part::of(known),
                to: Part::of(certificate),
            }),
        }
    }
    (all, copies)
}

/// Finds the certificates of requests and of public keys.
fn of_public_keys(evidence: &Evidence<'_>) -> Vec<Relation> {
    let mut relations = Vec::new();
    for (file, report) in &evidence.files {
        for content in &report.contents {
            let (relation, digest) = match content {
                ContentReport::Request { spki_sha256, .. } => {
                    (RelationKind::RequestOf, spki_sha256)
                }
                ContentReport::PublicKey { spki_sha256, .. } => (RelationKind::KeyOf, spki_sha256),
                _ => continue,
            };
            let mut all = evidence.certificates.iter();
            let certificate = all.find(|one| one.facts.spki_sha256 == *digest);
            let mut keys = evidence.keys.iter();
            let key = keys.find(|key| key.spki_sha256 == Some(digest));
            let to = certificate.map(Part::of);
            let to = to.or_else(|| key.map(|key| Part::of_file(key.file)));
            relations.extend(to.map(|to| Relation {
                relation,
                from: Part::of_file(&file.name),
                to,
            }));
        }
    }
    relations
}

/// Finds the CAs of revocation lists by name, and what the lists revoke.
fn lists(evidence: &Evidence<'_>) -> (Vec<Relation>, Vec<Finding>) {
    let (mut relations, mut findings) = (Vec::new(), Vec::new());
    for (file, _) in &evidence.files {
        let contents = file.inspection.iter().flat_map(|found| &found.contents);
        for content in contents {
            let Content::RevocationLists(lists) = content else {
                continue;
            };
            for list in lists.iter() {
                let issuer = list.issuer();
                for certificate in &evidence.certificates {
                    let facts = certificate.facts;
                    if facts.subject == issuer && facts.is_ca {
                        relations.push(Relation {
                            relation: RelationKind::ListOf,
                            from: Part::of_file(&file.name),
                            to: Part::of(certificate),
                        });
                    }
                    let serial = serial_of(&facts.serial_number);
                    let entry = serial.and_then(|serial| list.find(&serial));
                    if let Some(entry) = entry.filter(|_| facts.issuer == issuer) {
                        let message = format!(
                            "{} lists certificate {} ({}) as revoked, {}",
                            file.name,
                            certificate.index,
                            facts.subject,
                            entry.reason()
                        );
                        findings.push(Finding {
                            certificate: Some(facts.place(certificate.index)),
                            ..Finding::fault("revoked", message).at(certificate.file).hint(
                                "have a new certificate issued for a new key; `mtls explain` verifies the list's signature",
                            )
                        });
                    }
                }
            }
        }
    }
    (relations, findings)
}

impl Part {
    fn of(certificate: &FoundCertificate<'_>) -> Self {
        Self {
            file: certificate.file.to_owned(),
            certificate: Some(certificate.facts.place(certificate.index)),
        }
    }

    fn of_file(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            certificate: None,
        }
    }

    fn in_words(&self) -> String {
        match &self.certificate {
            Some(place) => format!(
                "certificate {} ({}) in {}",
                place.index, place.subject, self.file
            ),
            None => self.file.clone(),
        }
    }
}

impl Relation {
    pub(super) fn in_words(&self) -> String {
        let verb = match self.relation {
            RelationKind::Copy => {
                let (from, to) = (&self.from, &self.to);
                let place = from.certificate.as_ref();
                let subject = place.map_or("", |place| place.subject.as_str());
                return format!(
                    "the same certificate ({subject}) is in {} and {}",
                    from.file, to.file
                );
            }
            RelationKind::Issued => "issued",
            RelationKind::KeyOf => "has the key of",
            RelationKind::ListOf => "has a revocation list of",
            RelationKind::Renewed => "is renewed, with the same name and key, by",
            RelationKind::RequestOf => "requests a certificate for the key of",
        };
        format!("{} {verb} {}", self.from.in_words(), self.to.in_words())
    }
}

/// Returns the content of the INTEGER that the digits describe.
fn serial_of(digits: &str) -> Option<Vec<u8>> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes = digits.as_bytes().chunks(2).map(byte);
    let mut bytes = bytes.collect::<Option<Vec<u8>>>()?;
    // The digits lack the zero that only keeps a number positive.
    if bytes.first().is_some_and(|first| *first >= 0x80) {
        bytes.insert(0, 0);
    }
    Some(bytes)
}
