//! Fields that are written have a value, and no text of them is a key.

use core::fmt;
use core::marker::PhantomData;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;

use base64ct::{Base64, Encoding};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

/// Reads an optional field that is there. `null` is no value: a rule that was left empty would not
/// be enforced.
pub(super) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Reads a text, such as a name.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    name(String::deserialize(deserializer)?).map(Some)
}

/// Reads a list of texts.
pub(super) fn texts<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<String>>, D::Error> {
    let texts = list::<_, String>(deserializer)?.unwrap_or_default();
    texts
        .into_iter()
        .map(name)
        .collect::<Result<_, _>>()
        .map(Some)
}

/// Reads a list. To YAML a list without content is an empty one.
pub(super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    deserializer
        .deserialize_any(ListVisitor(PhantomData))
        .map(Some)
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut entries: S) -> Result<Vec<T>, S::Error> {
        let mut list = Vec::new();
        while let Some(entry) = entries.next_element()? {
            list.push(entry);
        }
        Ok(list)
    }
}

/// Reads a path.
pub(super) fn file<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<PathBuf>, D::Error> {
    path(String::deserialize(deserializer)?).map(Some)
}

/// Reads the name of an environment variable.
pub(super) fn env<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    variable(String::deserialize(deserializer)?).map(Some)
}

fn name<E: Error>(text: String) -> Result<String, E> {
    if text.is_empty() {
        return Err(E::custom("it is empty"));
    }
    plain(text)
}

pub(super) fn path<E: Error>(text: String) -> Result<PathBuf, E> {
    if text.is_empty() || text.contains('\0') {
        return Err(E::custom("the path is empty, or has a NUL byte"));
    }
    plain(text).map(PathBuf::from)
}

pub(super) fn variable<E: Error>(name: String) -> Result<String, E> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(E::custom(
            "this cannot be the name of an environment variable",
        ));
    }
    plain(name)
}

/// Rejects PEM, and DER in base64: a key in the wrong place would be shown as a name.
pub(super) fn plain<E: Error>(text: String) -> Result<String, E> {
    /// The tag of a SEQUENCE, with which keys and certificates begin.
    const SEQUENCE: u8 = 0x30;
    if text.contains("-----BEGIN") {
        return Err(E::custom(
            "this is PEM, which stands in { inline = \"..\" }",
        ));
    }
    let text = Zeroizing::new(text);
    let decoded = Base64::decode_vec(&text).map(Zeroizing::new);
    if text.len() > 40 && decoded.is_ok_and(|bytes| bytes.first() == Some(&SEQUENCE)) {
        return Err(E::custom(
            "this is DER in base64, which stands in { base64 = \"..\" }",
        ));
    }
    Ok((*text).clone())
}

/// Reads a table whose keys are names, each given once.
pub(super) fn table<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<BTreeMap<String, T>>, D::Error> {
    deserializer
        .deserialize_any(TableVisitor(PhantomData))
        .map(Some)
}

struct TableVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for TableVisitor<T> {
    type Value = BTreeMap<String, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut table = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            match table.entry(name) {
                Entry::Vacant(entry) => entry.insert(map.next_value()?),
                Entry::Occupied(_) => return Err(M::Error::custom("a key is there twice")),
            };
        }
        Ok(table)
    }
}
