use core::fmt;

use serde_path_to_error::Segment as Tracked;

use crate::integration::config::error::ConfigProblem;

/// A fault, and the field that has it.
pub(in crate::integration::config) type Fault = (FieldPath, ConfigProblem);

/// The way to a setting: `tls.trust_anchors[1]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::integration::config) struct FieldPath(Vec<Segment>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::integration::config) enum Segment {
    Key(String),
    Index(usize),
}

/// The longest key of a table that is shown; no private key in base64 is as short.
const MAX_KEY: usize = 60;

impl FieldPath {
    /// Parses the dotted name of a section; the empty text is the whole file.
    pub(in crate::integration::config) fn of_section(section: &str) -> Self {
        let keys = section.split('.').filter(|key| !key.is_empty());
        Self(keys.map(|key| Segment::Key(key.to_owned())).collect())
    }

    pub(in crate::integration::config) fn of_tracked(path: &serde_path_to_error::Path) -> Self {
        let segments = path.iter().filter_map(|segment| match segment {
            Tracked::Seq { index } => Some(Segment::Index(*index)),
            Tracked::Map { key } => Some(Segment::Key(key.clone())),
            Tracked::Enum { variant } => Some(Segment::Key(variant.clone())),
            Tracked::Unknown => None,
        });
        Self(segments.collect())
    }

    pub(in crate::integration::config) fn key(mut self, key: &str) -> Self {
        self.0.push(Segment::Key(key.to_owned()));
        self
    }

    pub(in crate::integration::config) fn index(mut self, index: usize) -> Self {
        self.0.push(Segment::Index(index));
        self
    }

    /// Returns the way from a section to a field of it.
    pub(in crate::integration::config) fn to(mut self, field: &Self) -> Self {
        self.0.extend_from_slice(&field.0);
        self
    }

    /// Returns a message without the path that YAML's library writes before it.
    pub(in crate::integration::config) fn without<'a>(&self, message: &'a str) -> &'a str {
        (0..=self.0.len())
            .rev()
            .filter_map(|length| {
                let mut path = String::new();
                for segment in self.0.get(..length)? {
                    match segment {
                        Segment::Index(index) => path.push_str(&format!("[{index}]")),
                        Segment::Key(key) if path.is_empty() => path.push_str(key),
                        Segment::Key(key) => path.extend([".", key]),
                    }
                }
                message.strip_prefix(&path)?.strip_prefix(": ")
            })
            .next()
            .unwrap_or(message)
    }

    pub(in crate::integration::config) fn segments(&self) -> &[Segment] {
        &self.0
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) => {
                    f.write_str(if at == 0 { "" } else { "." })?;
                    let is_plain = |c: char| c.is_ascii_graphic() || c == ' ';
                    // What stands in a key's place may be a secret.
                    let is_shown = key.len() <= MAX_KEY && key.chars().all(is_plain);
                    f.write_str(if is_shown { key } else { ".." })?;
                }
            }
        }
        Ok(())
    }
}
