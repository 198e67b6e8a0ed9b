//! The label of a trust anchor: few values, and never one for two anchors.

use core::fmt::Write;
use std::sync::{PoisonError, RwLock};

use metrics::SharedString;
use pki_types::CertificateDer;

use super::metric::{OTHER, UNKNOWN};
use crate::crypto::sha256;
use crate::x509::{Certificate, rfc4514};

/// The most anchors with a label of their own, for one client or server.
const MAX_ANCHORS: usize = 32;
/// The most bytes of the subject in a label.
const MAX_SUBJECT: usize = 64;
/// The bytes of the digest in a label.
const DIGEST_BYTES: usize = 4;

/// The label of an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum AnchorLabel {
    /// By its place in the table.
    Known(u8),
    /// The table is full.
    Other,
    /// The backend does not show the anchor.
    Unknown,
}

/// The first anchors that peers were proved by.
///
/// A label is the subject, and the first bytes of the SHA-256 of the certificate: people know the
/// first, and the second tells an old CA from a new one of the same name. Both are of our own
/// material, and not of the peer's.
pub(super) struct AnchorLabels(RwLock<Vec<(CertificateDer<'static>, SharedString)>>);

impl AnchorLabels {
    pub(super) const fn new() -> Self {
        Self(RwLock::new(Vec::new()))
    }

    pub(super) fn of(&self, anchor: Option<&CertificateDer<'static>>) -> AnchorLabel {
        let Some(anchor) = anchor else {
            return AnchorLabel::Unknown;
        };
        let find = |known: &[(CertificateDer<'static>, SharedString)]| {
            let place = known.iter().position(|(known, _)| known == anchor)?;
            u8::try_from(place).ok().map(AnchorLabel::Known)
        };
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(label) = find(&known) {
            return label;
        }
        if known.len() >= MAX_ANCHORS {
            return AnchorLabel::Other;
        }
        drop(known);
        let text = describe(anchor);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been here.
        if find(&known).is_none() && known.len() < MAX_ANCHORS {
            known.push((anchor.clone(), text));
        }
        find(&known).unwrap_or(AnchorLabel::Other)
    }

    pub(super) fn text(&self, label: AnchorLabel) -> SharedString {
        match label {
            AnchorLabel::Known(place) => {
                let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
                let known = known.get(usize::from(place));
                known.map_or(SharedString::const_str(OTHER), |(_, text)| text.clone())
            }
            AnchorLabel::Other => SharedString::const_str(OTHER),
            AnchorLabel::Unknown => SharedString::const_str(UNKNOWN),
        }
    }
}

fn describe(anchor: &CertificateDer<'_>) -> SharedString {
    let mut text = Certificate::from_der(anchor).map_or_else(
        |_| String::new(),
        |certificate| rfc4514(certificate.subject),
    );
    if text.len() > MAX_SUBJECT {
        let end = (0..=MAX_SUBJECT)
            .rev()
            .find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or(0));
    }
    text.push(' ');
    for byte in sha256(anchor).iter().take(DIGEST_BYTES) {
        // A `String` takes everything.
        let _ = write!(text, "{byte:02x}");
    }
    SharedString::from_shared(text.into())
}
