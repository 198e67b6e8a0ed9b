//! Stable names of enum values: how they are written, parsed and rejected.

use std::borrow::Cow;

/// The error of parsing a name that no value of the type has.
///
/// ```
/// use mtls::RejectionReason;
///
/// let error = "unknown_isuer".parse::<RejectionReason>().unwrap_err();
/// assert_eq!(error.to_string(), r#"no rejection reason is named "unknown_isuer""#);
/// assert!(error.hint().contains("unknown_issuer"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("no {kind} is named {name:?}")]
pub struct UnknownName {
    /// The kind of value that was parsed.
    pub kind: &'static str,
    /// The text, at most 64 characters of it.
    pub name: String,
    known: &'static [&'static str],
}

/// The most characters of an unknown name that are shown.
const MAX_CHARACTERS: usize = 64;

impl UnknownName {
    pub(crate) fn new(kind: &'static str, text: &str, known: &'static [&'static str]) -> Self {
        let mut name: String = text.chars().take(MAX_CHARACTERS).collect();
        if name.len() < text.len() {
            name.push_str("..");
        }
        Self { kind, name, known }
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        format!("use one of {}", self.known.join(", ")).into()
    }
}

/// Implements `as_str`, `Display` and `FromStr` for an enum, with one name for each variant.
macro_rules! stable_names {
    ($type:ident, $kind:literal, { $($variant:ident => $name:literal),+ $(,)? }) => {
        impl $type {
            const NAMES: &'static [&'static str] = &[$($name),+];

            /// Returns the name for logs, metrics and settings, which `Display` writes and
            /// `FromStr` parses.
            ///
            /// Names are stable: they change in a major release only.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }

        impl core::fmt::Display for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl core::str::FromStr for $type {
            type Err = $crate::error::UnknownName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $($name => Ok(Self::$variant),)+
                    _ => Err($crate::error::UnknownName::new($kind, name, Self::NAMES)),
                }
            }
        }
    };
}
pub(crate) use stable_names;

/// Implements `as_str` for an error enum whose variants have fields.
macro_rules! variant_names {
    ($type:ident, { $($variant:ident => $name:literal),+ $(,)? }) => {
        impl $type {
            /// Returns a name for the kind of fault, for programs that read logs or reports.
            ///
            /// Names are stable: they change in a major release only.
            pub const fn as_str(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $name,)+
                }
            }
        }
    };
}
pub(crate) use variant_names;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut() {
        let name = |length| UnknownName::new("kind", &"é".repeat(length), &["a", "b"]).name;
        assert_eq!(name(64), "é".repeat(64));
        assert_eq!(name(65), "é".repeat(64) + "..");
    }
}
