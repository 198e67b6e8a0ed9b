use std::path::PathBuf;

use super::{Sample, samples};
use crate::config::{ConfigError, ConfigProblem};
use crate::error::{
    ConfigField, MaterialError, MaterialProblem, PatternProblem, TrustBundlesError,
};
use crate::policy::matcher::PeerMatcher;

pub(super) fn samples() -> Vec<Sample> {
    let field = || ConfigField::new("‹tls.field›".to_owned());
    let wrong = || "any_of()".parse::<PeerMatcher>().unwrap_err();
    let missing = || MaterialError::from(MaterialProblem::NoPem);
    let path = || PathBuf::from("‹file›");
    samples!(
        named ConfigProblem,
        |problem| ConfigError::new(field(), problem),
        [
            Base64,
            Conflict {
                other: "‹field›"
            },
            DangerInEnvironment,
            ForClients,
            Invalid {
                message: "‹message of the format›".to_owned()
            },
            ListsWithoutRules,
            Matcher(wrong()),
            MatcherFile {
                path: path(),
                error: Box::new(wrong())
            },
            Material(missing()),
            Missing,
            NeedsFeature {
                feature: "‹feature›"
            },
            NeedsRestart,
            NoIdentity,
            NotUtf8 { path: path() },
            Proxy(PatternProblem::AllAddresses),
            TooLong { limit: 1_048_576 },
            TooManyMatchers { limit: 1_000_000 },
            TrustBundles(TrustBundlesError::Empty),
            TwoIdentities,
            UnknownFormat,
            UnknownVariable {
                known: vec!["‹names›".to_owned()]
            },
            Unreadable(missing()),
        ]
    )
}
