//! What several commands show of certificates and lists, and what is wrong with their dates.

mod certificate;
mod expiry;
mod links;
mod list;

use std::fmt::Write as _;

pub(crate) use certificate::CertificateFacts;
pub(crate) use expiry::{Expiry, date_finding, days_left};
pub(crate) use links::unsigned_link;
pub(crate) use list::ListFacts;

/// Returns bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
