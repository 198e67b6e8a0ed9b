use std::io;

use mtls::material::RevocationList;
use mtls::pki_types::UnixTime;
use serde::Serialize;

use super::hex;
use crate::output::{Finding, Page, Time};

/// One revocation list, as JSON and as text.
#[derive(Serialize)]
pub(crate) struct ListFacts {
    pub(crate) issuer: String,
    pub(crate) this_update: Time,
    pub(crate) next_update: Time,
    /// In hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<String>,
    pub(crate) entries: usize,
}

impl ListFacts {
    pub(crate) fn new(list: &RevocationList) -> Self {
        Self {
            issuer: list.issuer(),
            this_update: Time(list.this_update()),
            next_update: Time(list.next_update()),
            number: list.number().map(hex),
            entries: list.entries(),
        }
    }

    /// Returns the finding that it is not current.
    pub(crate) fn date_finding(&self, at: UnixTime) -> Option<Finding> {
        let name = format!("the revocation list of {}", self.issuer);
        if at > self.next_update.0 {
            let message = format!("{name} is stale since {}", self.next_update);
            return Some(Finding::fault("revocation_list_stale", message).hint(
                "get the list that the CA publishes now; the CA makes one by `openssl ca -gencrl -out FILE`",
            ));
        }
        (at < self.this_update.0).then(|| {
            let message = format!("{name} is of the future, {}", self.this_update);
            Finding::fault("revocation_list_not_yet_valid", message)
                .hint("compare the clock: `date -u`")
        })
    }

    pub(crate) fn write(&self, page: &mut Page<'_>, title: &str) -> io::Result<()> {
        page.heading(&format!("{title}revocation list of {}", self.issuer))?;
        let dates = format!("{} to {}", self.this_update, self.next_update);
        page.field("current", &dates)?;
        if let Some(number) = &self.number {
            page.field("number", number)?;
        }
        page.field("entries", &self.entries.to_string())
    }
}
