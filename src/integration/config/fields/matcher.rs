//! A matcher as its text, as a structure, or in a file.

use core::fmt;
use std::path::{Path, PathBuf};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::given::path;
use crate::integration::config::document::field_path::{Fault, FieldPath};
use crate::integration::config::error::ConfigProblem;
use crate::material::input::file;
use crate::policy::matcher::PeerMatcher;

/// A matcher: its text, or a table with one key, which is the name of a matcher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::integration::config) enum MatcherConfig {
    Text(String),
    /// The path of a file that holds the text.
    File(PathBuf),
    AnyAuthenticated,
    AnyOf(Vec<Self>),
    AllOf(Vec<Self>),
    Not(Box<Self>),
    Pattern {
        name: &'static str,
        argument: String,
    },
}

impl MatcherConfig {
    /// Returns the names of its keys.
    pub(in crate::integration::config) fn keys() -> Vec<&'static str> {
        let lists = ["file", "any_authenticated", "any_of", "all_of", "not"];
        lists
            .into_iter()
            .chain(PeerMatcher::pattern_names())
            .collect()
    }

    /// Adds the files that it is read from.
    pub(in crate::integration::config) fn files(&self, base: &Path, files: &mut Vec<PathBuf>) {
        match self {
            Self::File(path) => files.push(base.join(path)),
            Self::AnyOf(list) | Self::AllOf(list) => {
                for matcher in list {
                    matcher.files(base, files);
                }
            }
            Self::Not(inner) => inner.files(base, files),
            Self::Text(_) | Self::AnyAuthenticated | Self::Pattern { .. } => {}
        }
    }

    /// Returns the matcher. Without the folder that paths belong to, files are taken for granted.
    pub(in crate::integration::config) fn matcher(
        &self,
        at: &FieldPath,
        base: Option<&Path>,
    ) -> Result<PeerMatcher, Fault> {
        let mut left = PeerMatcher::MAX_TEXT_MATCHERS;
        self.counted(at, base, &mut left)
    }

    fn counted(
        &self,
        at: &FieldPath,
        base: Option<&Path>,
        left: &mut usize,
    ) -> Result<PeerMatcher, Fault> {
        let fault = |problem: ConfigProblem| (at.clone(), problem);
        *left = left.checked_sub(1).ok_or_else(|| {
            fault(ConfigProblem::TooManyMatchers {
                limit: PeerMatcher::MAX_TEXT_MATCHERS,
            })
        })?;
        match self {
            Self::Text(text) => text
                .parse()
                .map_err(|error| fault(ConfigProblem::Matcher(error))),
            Self::File(path) => match base {
                Some(base) => read(&base.join(path)).map_err(fault),
                None => Ok(PeerMatcher::any_authenticated()),
            },
            Self::AnyAuthenticated => Ok(PeerMatcher::any_authenticated()),
            Self::AnyOf(list) => PeerMatcher::any_of(each(list, at, "any_of", base, left)?)
                .map_err(|error| fault(ConfigProblem::Matcher(error))),
            Self::AllOf(list) => PeerMatcher::all_of(each(list, at, "all_of", base, left)?)
                .map_err(|error| fault(ConfigProblem::Matcher(error))),
            Self::Not(inner) => {
                let inner = inner.counted(&at.clone().key("not"), base, left)?;
                Ok(PeerMatcher::not(inner))
            }
            Self::Pattern { name, argument } => {
                let at = at.clone().key(name);
                match PeerMatcher::pattern(name, argument) {
                    Some(matcher) => matcher.map_err(|error| (at, ConfigProblem::Matcher(error))),
                    // Only known names are read.
                    None => Err((at, ConfigProblem::Missing)),
                }
            }
        }
    }
}

fn each(
    list: &[MatcherConfig],
    at: &FieldPath,
    key: &str,
    base: Option<&Path>,
    left: &mut usize,
) -> Result<Vec<PeerMatcher>, Fault> {
    let at = at.clone().key(key);
    let entries = list.iter().enumerate();
    let matchers = entries.map(|(i, entry)| entry.counted(&at.clone().index(i), base, left));
    matchers.collect()
}

fn read(path: &Path) -> Result<PeerMatcher, ConfigProblem> {
    let limit = PeerMatcher::MAX_TEXT_BYTES;
    let text = file::load(path, limit, |content| Ok(content.bytes.to_vec()));
    let text = String::from_utf8(text.map_err(ConfigProblem::Material)?);
    let text = text.map_err(|_| ConfigProblem::NotUtf8 {
        path: path.to_owned(),
    })?;
    text.parse().map_err(|error| ConfigProblem::MatcherFile {
        path: path.to_owned(),
        error: Box::new(error),
    })
}

impl<'de> Deserialize<'de> for MatcherConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MatcherVisitor)
    }
}

struct MatcherVisitor;

impl<'de> Visitor<'de> for MatcherVisitor {
    type Value = MatcherConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text of a matcher, or a table with the name of one as its key")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<MatcherConfig, E> {
        Ok(MatcherConfig::Text(text.to_owned()))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<MatcherConfig, M::Error> {
        let Some(key) = map.next_key::<String>()? else {
            return Err(M::Error::custom(
                "the matcher is empty: name who may connect",
            ));
        };
        let matcher = match &*key {
            "file" => MatcherConfig::File(path(map.next_value()?)?),
            "any_authenticated" => {
                if !map.next_value::<bool>()? {
                    return Err(M::Error::custom("any_authenticated is true or left out"));
                }
                MatcherConfig::AnyAuthenticated
            }
            "any_of" => MatcherConfig::AnyOf(map.next_value()?),
            "all_of" => MatcherConfig::AllOf(map.next_value()?),
            "not" => MatcherConfig::Not(map.next_value()?),
            other => match PeerMatcher::pattern_names().find(|name| *name == other) {
                Some(name) => MatcherConfig::Pattern {
                    name,
                    argument: map.next_value()?,
                },
                None => {
                    return Err(M::Error::custom(format_args!(
                        "unknown matcher `{other}`, expected one of {}",
                        MatcherConfig::keys().join(", ")
                    )));
                }
            },
        };
        match map.next_key::<String>()? {
            None => Ok(matcher),
            Some(other) => Err(M::Error::custom(format_args!(
                "`{key}` and `{other}` in one matcher: join them by any_of or all_of"
            ))),
        }
    }
}

impl Serialize for MatcherConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Self::Text(text) = self {
            return serializer.serialize_str(text);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::Text(_) => {}
            Self::File(path) => map.serialize_entry("file", path)?,
            Self::AnyAuthenticated => map.serialize_entry("any_authenticated", &true)?,
            Self::AnyOf(list) => map.serialize_entry("any_of", list)?,
            Self::AllOf(list) => map.serialize_entry("all_of", list)?,
            Self::Not(inner) => map.serialize_entry("not", inner)?,
            Self::Pattern { name, argument } => map.serialize_entry(name, argument)?,
        }
        map.end()
    }
}
