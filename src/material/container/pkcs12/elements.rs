//! The DER elements inside a container, and their errors.

use der::{AnyRef, Decode, Reader, SliceReader, Tag, Tagged};

use crate::error::MaterialProblem;

/// The commands that export a container again.
macro_rules! commands {
    () => {
        "`openssl pkcs12 -in FILE -nodes -out PEM && openssl pkcs12 -export -in PEM -out NEW` (of several identities it \
         takes the first alone; `-name NAME` gives it a friendly name; then delete PEM, which has the key in the clear)"
    };
}

/// How to replace a container with unsupported content.
pub(crate) const EXPORT_AGAIN: &str = concat!("export the container anew by ", commands!());
/// How to replace a container with revocation lists.
pub(crate) const EXPORT_WITHOUT_LISTS: &str = concat!(
    "give revocation lists separately (in code: to `RevocationLists`), and export the container without them by ",
    commands!()
);

/// Reads each element of a SEQUENCE OF that fills the bytes.
pub(crate) fn for_each<'a>(
    sequence: &'a [u8],
    read: impl FnMut(&mut SliceReader<'a>) -> Result<(), MaterialProblem>,
) -> Result<(), MaterialProblem> {
    let content = AnyRef::from_der(sequence).map_err(malformed)?;
    check_tag(content, Tag::Sequence)?;
    elements(content.value(), read)
}

/// Reads element after element to the end of the bytes.
pub(crate) fn elements<'a>(
    content: &'a [u8],
    mut read: impl FnMut(&mut SliceReader<'a>) -> Result<(), MaterialProblem>,
) -> Result<(), MaterialProblem> {
    let mut reader = SliceReader::new(content).map_err(malformed)?;
    while !reader.is_finished() {
        read(&mut reader)?;
    }
    Ok(())
}

pub(crate) fn check_tag(value: AnyRef<'_>, tag: Tag) -> Result<(), MaterialProblem> {
    value.tag().assert_eq(tag).map(drop).map_err(malformed)
}

/// The parser's error is dropped, because it may quote a key.
pub(crate) fn malformed(_: der::Error) -> MaterialProblem {
    MaterialProblem::Pkcs12Malformed
}

pub(crate) fn unsupported(found: impl Into<String>) -> MaterialProblem {
    MaterialProblem::Pkcs12Unsupported {
        found: found.into(),
        advice: EXPORT_AGAIN,
    }
}
