//! What is in one file, and what is wrong with it by itself.

use mtls::material::{
    CertificateDescription, Content, IdentityWarning, Inspection, PublicKeyDescription,
};
use mtls::pki_types::CertificateDer;
use serde::Serialize;

use super::certificates;
use super::examiner::Examiner;
use super::files::{InspectedFile, STANDARD_INPUT};
use crate::arguments::PASSPHRASE_FILE_HINT;
use crate::facts::{CertificateFacts, ListFacts, hex};
use crate::output::Finding;

/// What one file holds.
#[derive(Serialize)]
pub(super) struct FileReport {
    pub(super) file: String,
    pub(super) contents: Vec<ContentReport>,
}

/// One thing in a file, as JSON.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum ContentReport {
    Certificates {
        /// Whether their order means something.
        ordered: bool,
        certificates: Vec<CertificateFacts>,
    },
    EncryptedContainer,
    EncryptedKey {
        #[serde(skip_serializing_if = "Option::is_none")]
        encryption: Option<String>,
    },
    Identity {
        key: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        spki_sha256: Option<String>,
        certificates: Vec<CertificateFacts>,
    },
    Key {
        key: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        spki_sha256: Option<String>,
    },
    Other,
    Parameters {
        label: String,
    },
    PublicKey {
        key: String,
        spki_sha256: String,
    },
    Request {
        subject: String,
        names: Vec<String>,
        key: String,
        spki_sha256: String,
        /// Whether its own key signed it: valid, invalid or unknown.
        signature: &'static str,
    },
    RevocationLists {
        lists: Vec<ListFacts>,
    },
}

impl Examiner {
    /// Returns what is in a file, and the findings about it.
    pub(super) fn file(&self, file: &InspectedFile) -> (Vec<ContentReport>, Vec<Finding>) {
        match &file.inspection {
            Ok(inspection) => self.inspection(inspection, &file.name),
            Err(finding) => (Vec::new(), vec![(**finding).clone()]),
        }
    }

    fn inspection(
        &self,
        inspection: &Inspection,
        name: &str,
    ) -> (Vec<ContentReport>, Vec<Finding>) {
        let faults = inspection.faults.iter();
        let mut findings: Vec<_> = faults.map(|fault| Finding::of_error(fault)).collect();
        if let Some(exposure) = &inspection.insecure_permissions {
            let warning = IdentityWarning::InsecureKeyFile(exposure.clone());
            findings.push(Finding::of_warning(&warning));
        }
        if let Some(exposure) = &inspection.insecure_passphrase_file {
            let warning = IdentityWarning::InsecurePassphraseFile(exposure.clone());
            findings.push(Finding::of_warning(&warning));
        }
        let mut reports = Vec::new();
        for content in &inspection.contents {
            let (report, found) = self.content(content);
            reports.push(report);
            findings.extend(found);
        }
        let findings = findings.into_iter().map(|finding| {
            let mut finding = finding.at(name);
            if name != STANDARD_INPUT {
                finding.name_file("FILE", name);
            }
            finding
        });
        (reports, findings.collect())
    }

    fn content(&self, content: &Content) -> (ContentReport, Vec<Finding>) {
        let mut findings = Vec::new();
        let report = match content {
            Content::Certificates {
                certificates,
                is_ordered,
            } => {
                let facts = self.describe(certificates);
                findings = certificates::check(certificates, &facts, *is_ordered, self);
                ContentReport::Certificates {
                    ordered: *is_ordered,
                    certificates: facts,
                }
            }
            Content::EncryptedContainer => {
                findings.push(encrypted("this is PKCS#12, which a passphrase protects"));
                ContentReport::EncryptedContainer
            }
            Content::EncryptedKey { encryption } => {
                let how = encryption.as_deref().unwrap_or("an unknown algorithm");
                findings.push(encrypted(&format!("the private key is encrypted by {how}")));
                ContentReport::EncryptedKey {
                    encryption: encryption.clone(),
                }
            }
            Content::Identity(identity) => {
                let chain = identity.chain().as_slice();
                let facts = self.describe(chain);
                findings = certificates::check(chain, &facts, true, self);
                let warnings = identity.warnings().iter();
                // That the leaf is rejected is a fault of the certificates above.
                let others =
                    warnings.filter(|w| !matches!(w, IdentityWarning::RejectedLeaf { .. }));
                findings.extend(others.map(Finding::of_warning));
                ContentReport::Identity {
                    key: identity.describe().key.to_string(),
                    // Of a key whose public half is unknown, the leaf has it.
                    spki_sha256: facts.first().map(|leaf| leaf.spki_sha256.clone()),
                    certificates: facts,
                }
            }
            Content::Key(key) => ContentReport::Key {
                key: key.key_type().to_string(),
                spki_sha256: key.spki_sha256().map(|digest| hex(&digest)),
            },
            Content::Parameters { label } => ContentReport::Parameters {
                label: label.clone(),
            },
            Content::PublicKey(PublicKeyDescription {
                key, spki_sha256, ..
            }) => ContentReport::PublicKey {
                key: key.clone(),
                spki_sha256: hex(spki_sha256),
            },
            Content::Request(request) => {
                let described = request.describe();
                let signature = match self.algorithms.is_signed_by_its_key(request) {
                    Some(true) => "valid",
                    Some(false) => {
                        let fault = Finding::fault(
                            "invalid_request_signature",
                            format!(
                                "the request of {} is not signed by its key",
                                described.subject
                            ),
                        );
                        findings.push(fault.hint(
                            "make it anew by `openssl req -new -key KEY -subj /CN=NAME -addext \
                             subjectAltName=DNS:NAME -out NEW`",
                        ));
                        "invalid"
                    }
                    None => "unknown",
                };
                ContentReport::Request {
                    subject: described.subject.clone(),
                    names: described.names.iter().map(ToString::to_string).collect(),
                    key: described.key.key.clone(),
                    spki_sha256: hex(&described.key.spki_sha256),
                    signature,
                }
            }
            Content::RevocationLists(lists) => {
                let lists: Vec<_> = lists.iter().map(ListFacts::new).collect();
                findings.extend(lists.iter().filter_map(|list| list.date_finding(self.at)));
                ContentReport::RevocationLists { lists }
            }
            // A kind that the library has and this command does not know.
            _ => ContentReport::Other,
        };
        (report, findings)
    }

    fn describe(&self, certificates: &[CertificateDer<'_>]) -> Vec<CertificateFacts> {
        let described = certificates.iter().map(CertificateDescription::from_der);
        // Each was read before, so that none fails.
        let described = described.filter_map(Result::ok);
        described
            .map(|described| CertificateFacts::new(&described, self.at))
            .collect()
    }
}

fn encrypted(fact: &str) -> Finding {
    Finding::note("encrypted", fact).hint(PASSPHRASE_FILE_HINT)
}
