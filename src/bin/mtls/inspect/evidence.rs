//! Everything in the files that can be related.

use mtls::PrivateKey;
use mtls::material::Content;
use mtls::pki_types::CertificateDer;

use super::contents::{ContentReport, FileReport};
use super::files::InspectedFile;
use crate::facts::CertificateFacts;

/// Everything that can be related.
pub(super) struct Evidence<'a> {
    pub(super) files: Vec<(&'a InspectedFile, &'a FileReport)>,
    pub(super) certificates: Vec<FoundCertificate<'a>>,
    pub(super) keys: Vec<FoundKey<'a>>,
}

pub(super) struct FoundCertificate<'a> {
    pub(super) file: &'a str,
    pub(super) index: usize,
    pub(super) der: &'a CertificateDer<'static>,
    pub(super) facts: &'a CertificateFacts,
}

pub(super) struct FoundKey<'a> {
    pub(super) file: &'a str,
    pub(super) key: &'a PrivateKey,
    pub(super) spki_sha256: Option<&'a str>,
}

impl<'a> Evidence<'a> {
    pub(super) fn new(read: &'a [InspectedFile], reports: &'a [FileReport]) -> Self {
        let mut evidence = Self {
            files: read.iter().zip(reports).collect(),
            certificates: Vec::new(),
            keys: Vec::new(),
        };
        for (file, report) in read.iter().zip(reports) {
            let Ok(inspection) = &file.inspection else {
                continue;
            };
            for (content, report) in inspection.contents.iter().zip(&report.contents) {
                evidence.add(&file.name, content, report);
            }
        }
        evidence
    }

    fn add(&mut self, file: &'a str, content: &'a Content, report: &'a ContentReport) {
        let (ders, facts) = match (content, report) {
            (
                Content::Certificates { certificates, .. },
                ContentReport::Certificates {
                    certificates: facts,
                    ..
                },
            ) => (certificates.as_slice(), facts),
            (
                Content::Identity(identity),
                ContentReport::Identity {
                    certificates: facts,
                    ..
                },
            ) => (identity.chain().as_slice(), facts),
            (Content::Key(key), ContentReport::Key { spki_sha256, .. }) => {
                return self.keys.push(FoundKey {
                    file,
                    key,
                    spki_sha256: spki_sha256.as_deref(),
                });
            }
            _ => return,
        };
        for (index, (der, facts)) in ders.iter().zip(facts).enumerate() {
            self.certificates.push(FoundCertificate {
                file,
                index,
                der,
                facts,
            });
        }
    }
}
