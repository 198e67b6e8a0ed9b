//! The certificates of a PKCS#7 file: a `SignedData` that serves as a container.
//!
//! RFC 2315, section 9.1, and RFC 5652, section 5.1, define it. Signed content and signers are
//! ignored: the certificates are verified like any others.

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, IntRef};
use der::{Decode, Header, Reader, SliceReader, Tag, TagNumber, Tagged};
use pki_types::CertificateDer;

use crate::error::{MaterialError, MaterialProblem};
use crate::material::chain::{certificates, chain_order};
use crate::material::input::format;
use crate::material::key::public_half::PublicHalf;
use crate::material::pem::expected::ExpectedContent;
use crate::material::pem::unexpected_input;

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// The other content types (RFC 2315, section 14; RFC 5083, section 2.1).
const OTHERS: [(ObjectIdentifier, &str); 6] = [
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1"), "data"),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.3"),
        "envelopedData",
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.4"),
        "signedAndEnvelopedData",
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.5"),
        "digestedData",
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6"),
        "encryptedData",
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.23"),
        "authEnvelopedData",
    ),
];

/// Returns all certificates; they are a SET, so their order has no meaning.
pub(crate) fn certificates(
    der: &[u8],
    limit: usize,
) -> Result<Vec<CertificateDer<'static>>, MaterialError> {
    let Ok(content) = read(der) else {
        // The output is DER, which is not converted again.
        return match format::rewritten(der)? {
            Some(der) => certificates(&der, limit),
            None => Err(damaged().into()),
        };
    };
    let content = content?;
    if content.has_revocation_lists {
        return Err(unexpected_input::unexpected(
            "PKCS#7 with revocation lists in it",
            ExpectedContent::Certificates.content(),
            "revocation lists are given separately (in code: to `RevocationLists`): unpack all of it by \
             `openssl pkcs7 -print_certs -in FILE -out NEW` (with `-inform DER` for DER) and part them",
        )
        .into());
    }
    let mut rest = SliceReader::new(content.certificates).map_err(|_| damaged())?;
    let mut found = Vec::new();
    while !rest.is_finished() {
        if found.len() == limit {
            let what = "certificates";
            return Err(MaterialProblem::TooMany { limit, what }.into());
        }
        let index = found.len();
        let at = |problem| MaterialError::from(problem).at(certificates::place(index));
        // The other choices (RFC 5652, section 10.2.2) are tagged.
        if Tag::peek(&rest).map_err(|_| damaged())? != Tag::Sequence {
            return Err(at(unexpected_input::unexpected(
                "a certificate of another kind than X.509",
                ExpectedContent::Certificates.content(),
                "make the PKCS#7 anew from X.509 certificates alone, by \
                 `openssl crl2pkcs7 -nocrl -certfile FILE -out NEW`",
            )));
        }
        let certificate = rest.tlv_bytes().map_err(|_| damaged())?;
        certificates::check_shape(certificate).map_err(at)?;
        found.push(CertificateDer::from(certificate.to_vec()));
    }
    if found.is_empty() {
        return Err(MaterialProblem::NoCertificate.into());
    }
    Ok(found)
}

/// Returns the chain from the only leaf, without the root and unrelated certificates.
pub(crate) fn chain(
    all: Vec<CertificateDer<'static>>,
) -> Result<Vec<CertificateDer<'static>>, MaterialProblem> {
    let all = unique(all);
    from_leaf(&all, leaf(&all)?)
}

/// Returns the chain from the certificate of a key.
pub(crate) fn chain_of(
    all: Vec<CertificateDer<'static>>,
    key: PublicHalf<'_>,
) -> Result<Vec<CertificateDer<'static>>, MaterialProblem> {
    let all = unique(all);
    let at = match leaf_of(&all, key)? {
        Some(at) => at,
        // If no certificate has the key, the checks of the identity report it.
        None => leaf(&all).unwrap_or_default(),
    };
    from_leaf(&all, at)
}

/// Removes duplicates: a SET contains each value once.
fn unique(all: Vec<CertificateDer<'static>>) -> Vec<CertificateDer<'static>> {
    let mut unique = Vec::with_capacity(all.len());
    for certificate in all {
        if !unique.contains(&certificate) {
            unique.push(certificate);
        }
    }
    unique
}

fn from_leaf(
    all: &[CertificateDer<'static>],
    leaf: usize,
) -> Result<Vec<CertificateDer<'static>>, MaterialProblem> {
    let path = chain_order::path(all, leaf)?;
    Ok(path
        .into_iter()
        .filter_map(|at| all.get(at).cloned())
        .collect())
}

/// Returns the certificate of this key that is not a CA's; of several, the one that expires last.
fn leaf_of(
    all: &[CertificateDer<'static>],
    key: PublicHalf<'_>,
) -> Result<Option<usize>, MaterialProblem> {
    let mut found = None;
    for (index, der) in all.iter().enumerate() {
        let view = certificates::view(der)?;
        if key.fits(&view.public_key) && !view.is_ca().map_err(certificates::malformed)? {
            found = found.max(Some((view.not_after, view.not_before, index)));
        }
    }
    Ok(found.map(|(.., index)| index))
}

/// Returns the only certificate that is not a CA's and did not issue another one.
fn leaf(certificates: &[CertificateDer<'static>]) -> Result<usize, MaterialProblem> {
    if let [_] = certificates {
        return Ok(0);
    }
    let views = certificates
        .iter()
        .map(certificates::view)
        .collect::<Result<Vec<_>, _>>()?;
    let mut leaves = Vec::new();
    for (index, view) in views.iter().enumerate() {
        let is_issuer = |(other, issued): (usize, &crate::x509::Certificate<'_>)| {
            other != index && issued.issuer == view.subject
        };
        if !view.is_ca().map_err(certificates::malformed)?
            && !views.iter().enumerate().any(is_issuer)
        {
            leaves.push((index, view));
        }
    }
    match leaves.as_slice() {
        [(index, _)] => Ok(*index),
        [] => Err(MaterialProblem::LeafUnclear {
            candidates: views
                .iter()
                .map(|view| certificates::shown(view.subject))
                .collect(),
        }),
        several => Err(MaterialProblem::LeafUnclear {
            candidates: several
                .iter()
                .map(|(_, v)| certificates::shown(v.subject))
                .collect(),
        }),
    }
}

struct SignedData<'a> {
    /// The certificates, one after another.
    certificates: &'a [u8],
    has_revocation_lists: bool,
}

/// Reads a `ContentInfo` and the `SignedData` in it.
///
/// Empty revocation lists, as OpenSSL writes them, count as none.
fn read(der: &[u8]) -> der::Result<Result<SignedData<'_>, MaterialProblem>> {
    let mut outer = inside(der, Tag::Sequence)?;
    let kind = ObjectIdentifier::decode(&mut outer)?;
    if kind != SIGNED_DATA {
        return Ok(Err(other_kind(kind)));
    }
    let signed = inside(outer.tlv_bytes()?, context(0))?;
    let mut signed = inside(last(signed)?, Tag::Sequence)?;
    outer.finish()?;
    IntRef::decode(&mut signed)?;
    element(&mut signed, Tag::Set)?;
    element(&mut signed, Tag::Sequence)?;
    let certificates = optional(&mut signed, context(0))?;
    let revocation_lists = optional(&mut signed, context(1))?;
    element(&mut signed, Tag::Set)?;
    signed.finish()?;
    Ok(Ok(SignedData {
        certificates,
        has_revocation_lists: !revocation_lists.is_empty(),
    }))
}

/// Returns the content of one value that fills `der`.
fn inside(der: &[u8], tag: Tag) -> der::Result<SliceReader<'_>> {
    let mut reader = SliceReader::new(der)?;
    let header = Header::decode(&mut reader)?;
    header.tag().assert_eq(tag)?;
    let content = reader.read_slice(header.length())?;
    reader.finish()?;
    SliceReader::new(content)
}

/// Returns the last value of a reader.
fn last<'a>(mut reader: SliceReader<'a>) -> der::Result<&'a [u8]> {
    let value = reader.tlv_bytes()?;
    reader.finish()?;
    Ok(value)
}

fn element<'a>(reader: &mut SliceReader<'a>, tag: Tag) -> der::Result<&'a [u8]> {
    let any = AnyRef::decode(reader)?;
    any.tag().assert_eq(tag)?;
    Ok(any.value())
}

fn optional<'a>(reader: &mut SliceReader<'a>, tag: Tag) -> der::Result<&'a [u8]> {
    if reader.is_finished() || Tag::peek(reader)? != tag {
        return Ok(&[]);
    }
    element(reader, tag)
}

fn context(number: u32) -> Tag {
    Tag::ContextSpecific {
        constructed: true,
        number: TagNumber(number),
    }
}

fn other_kind(kind: ObjectIdentifier) -> MaterialProblem {
    let name = OTHERS.iter().find(|(oid, _)| *oid == kind);
    let found = match name {
        Some((_, name)) => format!("PKCS#7 of the kind {name}"),
        None => format!("PKCS#7 of the kind {kind}"),
    };
    unexpected_input::unexpected(
        found,
        ExpectedContent::Certificates.content(),
        "only signedData is a file of certificates: make one by \
         `openssl crl2pkcs7 -nocrl -certfile FILE -out NEW`, or give the certificates as they are",
    )
}

fn damaged() -> MaterialProblem {
    unexpected_input::unexpected(
        "damaged PKCS#7",
        ExpectedContent::Certificates.content(),
        "look at it with `openssl pkcs7 -inform DER -in FILE -noout -print`, and copy it again, whole",
    )
}
