use std::io;

use serde::Serialize;

use super::contents::{ContentReport, FileReport};
use super::relations::Relation;
use crate::facts::CertificateFacts;
use crate::output::{Details, Page, Time};

/// The most certificates of a file that are shown in full as text.
const MAX_SHOWN: usize = 8;

/// What the files hold.
#[derive(Serialize)]
pub(super) struct InspectReport {
    pub(super) at: Time,
    pub(super) relations: Vec<Relation>,
    pub(super) files: Vec<FileReport>,
}

impl Details for InspectReport {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        for relation in &self.relations {
            page.text(&relation.in_words())?;
        }
        for FileReport { file, contents } in &self.files {
            for content in contents {
                self.write_content(page, file, content)?;
            }
        }
        Ok(())
    }
}

impl InspectReport {
    fn write_content(
        &self,
        page: &mut Page<'_>,
        file: &str,
        content: &ContentReport,
    ) -> io::Result<()> {
        match content {
            ContentReport::Certificates { certificates, .. } => {
                self.write_certificates(page, file, certificates)
            }
            ContentReport::EncryptedContainer => page.heading(&format!("{file}: PKCS#12, closed")),
            ContentReport::EncryptedKey { encryption } => {
                page.heading(&format!("{file}: private key, encrypted"))?;
                match encryption {
                    Some(encryption) => page.field("by", encryption),
                    None => Ok(()),
                }
            }
            ContentReport::Identity {
                key,
                spki_sha256,
                certificates,
            } => {
                write_key(
                    page,
                    &format!("{file}: PKCS#12, private key"),
                    key,
                    spki_sha256.as_deref(),
                )?;
                self.write_certificates(page, file, certificates)
            }
            ContentReport::Key { key, spki_sha256 } => write_key(
                page,
                &format!("{file}: private key"),
                key,
                spki_sha256.as_deref(),
            ),
            ContentReport::Other => Ok(()),
            ContentReport::Parameters { label } => {
                page.heading(&format!("{file}: {label}, which is not used"))
            }
            ContentReport::PublicKey { key, spki_sha256 } => {
                write_key(page, &format!("{file}: public key"), key, Some(spki_sha256))
            }
            ContentReport::Request {
                subject,
                names,
                key,
                spki_sha256,
                signature,
            } => {
                page.heading(&format!("{file}: certificate request of {subject}"))?;
                for name in names {
                    page.field("name", name)?;
                }
                page.field("key", key)?;
                page.field("SHA-256 of the key", spki_sha256)?;
                page.field("signature by its key", signature)
            }
            ContentReport::RevocationLists { lists } => {
                for list in lists {
                    list.write(page, &format!("{file}: "))?;
                }
                Ok(())
            }
        }
    }

    fn write_certificates(
        &self,
        page: &mut Page<'_>,
        file: &str,
        certificates: &[CertificateFacts],
    ) -> io::Result<()> {
        let at = self.at.0;
        if certificates.len() > MAX_SHOWN {
            page.heading(&format!("{file}: {} certificates", certificates.len()))?;
            for certificate in certificates {
                let validity = certificate.validity(at);
                page.item(0, &format!("{}, {validity}", certificate.subject))?;
            }
            return Ok(());
        }
        for (index, certificate) in certificates.iter().enumerate() {
            certificate.write(page, &format!("{file}, certificate {index}"), at)?;
        }
        Ok(())
    }
}

fn write_key(
    page: &mut Page<'_>,
    title: &str,
    key: &str,
    spki_sha256: Option<&str>,
) -> io::Result<()> {
    page.heading(title)?;
    page.field("key", key)?;
    page.field(
        "SHA-256 of the key",
        spki_sha256.unwrap_or("unknown: the file does not contain it"),
    )
}
