//! The error of a rotation.

use std::borrow::Cow;

use pki_types::UnixTime;

use crate::error::RevocationListRegression;
use crate::policy::{BuildError, rfc3339};

/// The error of a rotation, which changes nothing then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RotationError {
    /// A client or server cannot be built from the next revision.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A certificate of the new identity has expired, or is not valid yet.
    #[error("{}", outside_validity(*.index, .subject, *.not_before, *.not_after, *.at))]
    IdentityNotValid {
        /// The position in the chain, from 0 (the leaf).
        index: usize,
        /// The subject of the certificate (RFC 4514).
        subject: String,
        /// The first second of its validity.
        not_before: UnixTime,
        /// The last second of its validity.
        not_after: UnixTime,
        /// The time of the check.
        at: UnixTime,
    },
    /// A revocation list in force would be lost, or replaced by an older one.
    #[error(transparent)]
    RevocationListRegression(#[from] RevocationListRegression),
}

impl RotationError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        match self {
            Self::Build(error) => error.hint(),
            Self::IdentityNotValid { .. } => {
                "renew the certificate, and when it looks valid, compare the clock".into()
            }
            Self::RevocationListRegression(regression) => regression.hint(),
        }
    }
}

fn outside_validity(
    index: usize,
    subject: &str,
    not_before: UnixTime,
    not_after: UnixTime,
    at: UnixTime,
) -> String {
    let bound = if at < not_before {
        format!("is valid from {}", rfc3339(not_before))
    } else {
        format!("expired at {}", rfc3339(not_after))
    };
    format!(
        "certificate {index} ({subject}) of our new chain {bound}, now is {}",
        rfc3339(at)
    )
}
