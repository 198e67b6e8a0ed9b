//! The error of replacing a revocation list in force by one that protects less.

use std::borrow::Cow;

use base16ct::HexDisplay;
use pki_types::UnixTime;

use crate::x509::rfc3339;

/// A rotation would lose a revocation list in force, or bring back an older one.
///
/// [`Rotation::revocation_lists`](crate::Rotation::revocation_lists) states which lists count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("the revocation list of {issuer} has no replacement: {problem}")]
pub struct RevocationListRegression {
    /// The issuer of the list (RFC 4514).
    pub issuer: String,
    /// The fault of the best list in its place.
    pub problem: ListReplacementProblem,
}

impl RevocationListRegression {
    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        self.problem.hint()
    }
}

/// Why a revocation list does not replace the one in force.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListReplacementProblem {
    /// No list of the issuer was given.
    #[error("none was given")]
    Missing,
    /// The next list is outside its `thisUpdate` and `nextUpdate`.
    #[error(
        "the next is valid from {} to {}, not now",
        rfc3339(*.this_update), rfc3339(*.next_update)
    )]
    NotCurrent {
        /// The first second in which the next list is current.
        this_update: UnixTime,
        /// The last second in which the next list is current.
        next_update: UnixTime,
    },
    /// The issuer did not sign the next list, which has its name only.
    #[error("the next was not signed by the issuer")]
    NotSigned,
    /// The list in force has a CRL number and the next has none (RFC 5280, section 5.2.3).
    #[error("the next has no CRL number")]
    NumberMissing,
    /// The next list has a smaller CRL number or an earlier `thisUpdate`.
    #[error(
        "the next ({}, {}) is older than the last ({}, {})",
        shown(.number.as_deref()), rfc3339(*.this_update),
        shown(.previous_number.as_deref()), rfc3339(*.previous_this_update)
    )]
    Older {
        /// The CRL number of the next list, big-endian.
        number: Option<Vec<u8>>,
        /// The `thisUpdate` of the next list.
        this_update: UnixTime,
        /// The CRL number of the list in force, big-endian.
        previous_number: Option<Vec<u8>>,
        /// The `thisUpdate` of the list in force.
        previous_this_update: UnixTime,
    },
    /// The next lists of the issuer are about other certificates or reasons.
    #[error("the next covers other certificates or reasons")]
    OtherScope,
}

impl ListReplacementProblem {
    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        let remedy = match self {
            Self::Missing => "give the issuer's latest list too",
            Self::NotCurrent { .. } => {
                "give the latest list, and when it looks current, compare the clock"
            }
            Self::NotSigned => "give the latest list of this issuer, not of a CA of the same name",
            Self::NumberMissing => "give the latest list with a CRL number",
            Self::Older { .. } => "give the latest list",
            Self::OtherScope => "give the latest list about the same certificates and reasons",
        };
        format!(
            "{remedy} (`openssl crl -in FILE -noout -crlnumber -lastupdate -nextupdate` shows \
             which one it is); to go back on purpose, build anew"
        )
        .into()
    }
}

fn shown(number: Option<&[u8]>) -> String {
    number.map_or_else(
        || "unnumbered".to_owned(),
        |number| format!("0x{:x}", HexDisplay(number)),
    )
}
