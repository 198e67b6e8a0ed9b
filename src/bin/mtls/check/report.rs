use std::io;

use serde::Serialize;

use super::sides::{SideReport, Verdict, purpose};
use super::subject::ConfigurationName;
use crate::facts::CertificateFacts;
use crate::output::{Details, Page, Time};

/// What was checked, and the verdicts.
#[derive(Serialize)]
pub(super) struct CheckReport {
    at: Time,
    pub(super) identities: Vec<IdentityReport>,
}

/// One identity: that of the arguments, or that of a section of the configuration.
#[derive(Serialize)]
pub(super) struct IdentityReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) configuration: Option<ConfigurationName>,
    pub(super) sides: Vec<SideReport>,
    pub(super) key: String,
    pub(super) certificates: Vec<CertificateFacts>,
}

impl CheckReport {
    pub(super) fn new(at: Time) -> Self {
        Self {
            at,
            identities: Vec::new(),
        }
    }
}

impl IdentityReport {
    /// Returns whether peers may accept it or not, for all that is known here.
    pub(super) fn is_unknown(&self) -> bool {
        let mut meant = self.sides.iter().filter(|side| side.is_meant);
        meant.any(|side| side.verdict == Verdict::Unknown)
    }
}

impl Details for CheckReport {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        for identity in &self.identities {
            if let Some(ConfigurationName { file, section }) = &identity.configuration {
                page.heading(&format!("{file}, section {section}"))?;
            }
            let purposes = identity.certificates.first();
            let purposes = purposes.and_then(|leaf| leaf.purposes.as_deref());
            for side in &identity.sides {
                write_side(page, side, purposes.unwrap_or_default())?;
            }
            for (index, certificate) in identity.certificates.iter().enumerate() {
                let title = if index == 0 {
                    "leaf".to_owned()
                } else {
                    format!("intermediate {index}")
                };
                certificate.write(page, &title, self.at.0)?;
            }
        }
        Ok(())
    }
}

fn write_side(page: &mut Page<'_>, side: &SideReport, purposes: &[String]) -> io::Result<()> {
    let is_for_others = !purposes.iter().any(|one| one == purpose(side.side));
    if !side.is_meant && is_for_others && !purposes.is_empty() {
        return page.heading(&format!(
            "as {}: not meant (its extended key usage is {})",
            side.side,
            purposes.join(", ")
        ));
    }
    let verdict = match (side.verdict, side.reason) {
        (Verdict::Good, _) => "good".to_owned(),
        (Verdict::Rejected, Some(reason)) => format!("rejected ({reason})"),
        (Verdict::Rejected, None) => "rejected".to_owned(),
        (Verdict::Unknown, _) => "not known".to_owned(),
    };
    page.heading(&format!("as {}: {verdict}", side.side))?;
    if let Some(message) = side.message.as_ref().filter(|_| !side.is_found) {
        page.item(0, message)?;
    }
    for name in &side.names {
        match name.reason {
            Some(reason) => page.item(0, &format!("{}: rejected ({reason})", name.name))?,
            None => page.item(0, &format!("{}: good", name.name))?,
        }
    }
    Ok(())
}
