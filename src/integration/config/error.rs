//! What is wrong with a configuration.

use core::error::Error;
use core::fmt;
use std::borrow::Cow;
use std::path::PathBuf;

use crate::error::path::shown;
use crate::error::unknown_name::variant_names;
use crate::error::{ConfigField, MatcherError, MaterialError, PatternProblem, TrustBundlesError};

/// The error of a configuration: the field, where it stands, and its fault.
///
/// It never holds a value that may be a key or a passphrase.
///
/// ```
/// use mtls::config::{Format, ServerConfig};
///
/// let text = "identity: { file: server.pem }\ntrust_anchors: ca.crt\npolicy: { allow: all }";
/// let error = ServerConfig::from_text(text, Format::Yaml, "").unwrap_err();
/// assert_eq!(error.field().path(), "policy.allow");
/// assert_eq!(error.field().position(), Some((3, 18)));
/// println!("{}", mtls::Report::new(&error));
/// ```
#[derive(Debug)]
pub struct ConfigError(Box<Fault>);

#[derive(Debug)]
struct Fault {
    field: ConfigField,
    problem: ConfigProblem,
}

/// The fault of a field.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConfigProblem {
    /// The value is not base64 (RFC 4648, section 4).
    Base64,
    /// Both this field and another one are given, and only one of them may be.
    Conflict {
        /// The other field.
        other: &'static str,
    },
    /// The environment sets a variable that only a file may set.
    DangerInEnvironment,
    /// The variable is for clients, and this is a server.
    ForClients,
    /// The text is not of its format, or the value not one of the field.
    Invalid {
        /// What is wrong, at most 512 bytes.
        message: String,
    },
    /// Revocation lists are given, and the policy has no rules that use them.
    ListsWithoutRules,
    /// The text of a matcher is wrong.
    Matcher(MatcherError),
    /// The text of a matcher in a file is wrong.
    MatcherFile {
        /// The file.
        path: PathBuf,
        /// The fault.
        error: Box<MatcherError>,
    },
    /// The material cannot be loaded.
    Material(MaterialError),
    /// The field is required.
    Missing,
    /// The field needs a cargo feature that is off.
    NeedsFeature {
        /// The feature.
        feature: &'static str,
    },
    /// The setting changed while the service runs, and only a new process can follow it.
    NeedsRestart,
    /// The identity names no file and no other place.
    NoIdentity,
    /// The file is not UTF-8.
    NotUtf8 {
        /// The file.
        path: PathBuf,
    },
    /// A proxy is not named by an address or a network.
    Proxy(PatternProblem),
    /// The file of the configuration has more than the limit.
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// A structure has more matchers than the limit.
    TooManyMatchers {
        /// The limit.
        limit: usize,
    },
    /// The trust bundles do not fit together.
    TrustBundles(TrustBundlesError),
    /// The identity is given twice.
    TwoIdentities,
    /// The ending of the file's name tells no format.
    UnknownFormat,
    /// The environment has a variable with the prefix that means nothing.
    UnknownVariable {
        /// The names that mean something.
        known: Vec<String>,
    },
    /// The file cannot be read.
    Unreadable(MaterialError),
}

variant_names!(ConfigProblem, {
    Base64 => "invalid_base64",
    Conflict => "conflicting_field",
    DangerInEnvironment => "danger_in_environment",
    ForClients => "field_for_clients",
    Invalid => "invalid_field",
    ListsWithoutRules => "lists_without_rules",
    Matcher => "invalid_matcher",
    MatcherFile => "invalid_matcher_file",
    Material => "unusable_material",
    Missing => "missing_field",
    NeedsFeature => "needs_feature",
    NeedsRestart => "needs_restart",
    NoIdentity => "missing_identity",
    NotUtf8 => "not_utf8",
    Proxy => "invalid_proxy",
    TooLong => "too_long",
    TooManyMatchers => "too_many_matchers",
    TrustBundles => "unusable_trust_bundles",
    TwoIdentities => "two_identities",
    UnknownFormat => "unknown_format",
    UnknownVariable => "unknown_variable",
    Unreadable => "unreadable_file",
});

impl ConfigError {
    pub(crate) fn new(field: ConfigField, problem: ConfigProblem) -> Self {
        Self(Box::new(Fault { field, problem }))
    }

    /// Returns the field that is wrong.
    pub fn field(&self) -> &ConfigField {
        &self.0.field
    }

    /// Returns its fault.
    pub fn problem(&self) -> &ConfigProblem {
        &self.0.problem
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        self.0.problem.hint()
    }
}

impl ConfigProblem {
    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Base64 => "encode it by `base64 -w0 FILE`; PEM needs no base64: use `inline`",
            Self::Conflict { other } => {
                return format!("give this field or `{other}`, not both").into();
            }
            Self::DangerInEnvironment => {
                "set it in a configuration file, where a review sees it, and unset the variable"
            }
            Self::ForClients => "unset it, or use another prefix for the client's variables",
            Self::ListsWithoutRules => {
                "add `revocation = { depth = \"chain\" }` to the policy, or take the lists out"
            }
            Self::Invalid { .. } => {
                "correct it at this place; the guide `configuration` of this crate has all fields and their values"
            }
            Self::Matcher(error) => return error.hint(),
            Self::MatcherFile { error, .. } => return error.hint(),
            Self::Material(error) | Self::Unreadable(error) => return error.hint(),
            Self::Missing => "add the field: there is no default that would be safe",
            Self::NeedsFeature { feature } => {
                return format!("build the service with the feature `{feature}` of this crate")
                    .into();
            }
            Self::NeedsRestart => {
                "restart the service to use the new value, or put the old one back; until then nothing of the file is used"
            }
            Self::NoIdentity => {
                "name `chain` and `key`, or both in one of `file`, `env`, `inline` and `base64`"
            }
            Self::NotUtf8 { .. } => "save the file as UTF-8",
            Self::Proxy(problem) => return Cow::Owned(problem.hint().into_owned()),
            Self::TooLong { .. } => {
                "put the material into files of its own, and name them in the configuration"
            }
            Self::TooManyMatchers { .. } => {
                "match by a pattern for many, such as `trust_domain` or `dns_suffix`"
            }
            Self::TrustBundles(error) => return error.hint(),
            Self::TwoIdentities => {
                "keep `chain` and `key`, or one of `file`, `env`, `inline` and `base64`"
            }
            Self::UnknownFormat => {
                "name the file with one of the endings .toml, .yaml, .yml and .json"
            }
            Self::UnknownVariable { known } => {
                return format!("correct or unset it; the names are {}", known.join(", ")).into();
            }
        })
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.field, self.0.problem)
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Base64 => "the value is not base64",
            Self::Conflict { other } => {
                return write!(f, "it cannot be given together with `{other}`");
            }
            Self::DangerInEnvironment => "the environment cannot relax a rule",
            Self::ForClients => "it is for clients, and this is a server",
            Self::Invalid { message } => message,
            Self::ListsWithoutRules => "there are revocation lists, and no rules that use them",
            Self::Matcher(_) => "the matcher is wrong",
            Self::MatcherFile { path, .. } => {
                return write!(f, "the matcher in {} is wrong", shown(path));
            }
            Self::Material(_) => "the material cannot be loaded",
            Self::Missing => "it is required",
            Self::NeedsFeature { feature } => {
                return write!(f, "it needs the cargo feature `{feature}`");
            }
            Self::NeedsRestart => "it changed, and cannot change while the service runs",
            Self::NoIdentity => "the identity is empty",
            Self::NotUtf8 { path } => {
                return write!(f, "{} is not UTF-8", shown(path));
            }
            Self::Proxy(problem) => return problem.fmt(f),
            Self::TooLong { limit } => return write!(f, "the file has more than {limit} bytes"),
            Self::TooManyMatchers { limit } => {
                return write!(f, "there are more than {limit} matchers");
            }
            Self::TrustBundles(_) => "the trust bundles cannot be used",
            Self::TwoIdentities => "the identity is given twice",
            Self::UnknownFormat => "the name of the file tells no format",
            Self::UnknownVariable { .. } => "the variable has no meaning",
            Self::Unreadable(_) => "the file cannot be read",
        })
    }
}

impl Error for ConfigError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0.problem {
            ConfigProblem::Matcher(error) => Some(error),
            ConfigProblem::MatcherFile { error, .. } => Some(&**error),
            ConfigProblem::Material(error) | ConfigProblem::Unreadable(error) => Some(error),
            ConfigProblem::TrustBundles(error) => Some(error),
            _ => None,
        }
    }
}
