//! Distinguished names in words (RFC 4514).

use const_oid::ObjectIdentifier;
use der::{Decode, Reader, SliceReader, Tag};
use x509_cert::name::Name;

/// A `Name` as RFC 4514 writes it; bytes that are no name are said to be unreadable.
pub(crate) fn rfc4514(name: &[u8]) -> String {
    match Name::from_der(name) {
        Ok(name) if name.is_empty() => "(empty)".to_owned(),
        // x509-cert escapes the controls of ASCII; of the others none may begin a line in somebody's log.
        Ok(name) => name.to_string().replace(char::is_control, "\u{fffd}"),
        Err(_) => "(unreadable)".to_owned(),
    }
}

/// Every value of one attribute type in a `Name`, in the order of the bytes.
///
/// Values that are no text, or not in their type's character set, are an error.
pub(crate) fn attribute_text<'a>(
    name: &'a [u8],
    attribute: ObjectIdentifier,
) -> der::Result<Vec<String>> {
    let mut values = Vec::new();
    let mut reader = SliceReader::new(name)?;
    reader.sequence(|r| {
        while !r.is_finished() {
            let set = der::Header::decode(r)?;
            set.tag().assert_eq(Tag::Set)?;
            let mut set = SliceReader::new(r.read_slice(set.length())?)?;
            while !set.is_finished() {
                set.sequence(|r: &mut SliceReader<'a>| {
                    let oid = ObjectIdentifier::decode(r)?;
                    let value = der::asn1::AnyRef::decode(r)?;
                    if oid == attribute {
                        values.push(text(value)?);
                    }
                    Ok::<_, der::Error>(())
                })?;
            }
        }
        Ok::<_, der::Error>(())
    })?;
    reader.finish()?;
    Ok(values)
}

fn text(value: der::asn1::AnyRef<'_>) -> der::Result<String> {
    use der::Tagged;
    match value.tag() {
        Tag::Utf8String => Ok(value
            .decode_as::<der::asn1::Utf8StringRef<'_>>()?
            .to_string()),
        Tag::PrintableString => Ok(value
            .decode_as::<der::asn1::PrintableStringRef<'_>>()?
            .to_string()),
        Tag::Ia5String => Ok(value
            .decode_as::<der::asn1::Ia5StringRef<'_>>()?
            .to_string()),
        Tag::TeletexString => Ok(value
            .decode_as::<der::asn1::TeletexStringRef<'_>>()?
            .to_string()),
        Tag::BmpString => Ok(value.decode_as::<der::asn1::BmpString>()?.to_string()),
        other => Err(other.value_error().into()),
    }
}
