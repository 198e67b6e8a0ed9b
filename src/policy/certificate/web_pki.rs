//! The rules that the CA/Browser Forum's baseline requirements (section 7.1) add to RFC 5280, for
//! [`CertificateProfile::WebPki`](crate::policy::CertificateProfile::WebPki).

use crate::peer::{Names, cut};
use crate::policy::verdict::defect::Defect;
use crate::policy::verdict::reason::RejectionReason;
use crate::x509::{Certificate, GeneralName, X509Error};
use const_oid::db::rfc5280::{ANY_EXTENDED_KEY_USAGE, ID_CE_EXT_KEY_USAGE, ID_CE_SUBJECT_ALT_NAME};

pub(crate) fn check_leaf(leaf: &Certificate<'_>, names: Names<'_>) -> Result<(), Defect> {
    check_purposes(leaf)?;
    check_common_name(leaf, names)?;
    check_subject_alt_name(leaf)
}

/// Sections 7.1.2.7.6 and 7.1.2.7.10.
fn check_purposes(leaf: &Certificate<'_>) -> Result<(), Defect> {
    let extension = leaf.extension(ID_CE_EXT_KEY_USAGE);
    if extension.is_some_and(|extension| extension.critical) {
        return Err(Defect::new(
            RejectionReason::WrongCriticality,
            "an extended key usage that is not critical",
            "a critical one",
            "reissue the leaf with an extended key usage that is not critical; or choose `CertificateProfile::Rfc5280` in place of `WebPki`",
        ));
    }
    match leaf.extended_key_usage() {
        Ok(Some(usage)) if !usage.0.contains(&ANY_EXTENDED_KEY_USAGE) => Ok(()),
        Ok(Some(_)) => Err(purpose("anyExtendedKeyUsage")),
        Ok(None) => Err(purpose("no extended key usage")),
        Err(error) => Err(unreadable("extended key usage", &error)),
    }
}

fn purpose(presented: &'static str) -> Defect {
    Defect::new(
        RejectionReason::WrongExtendedKeyUsage,
        "an extended key usage without anyExtendedKeyUsage",
        presented,
        "reissue the leaf with extendedKeyUsage clientAuth for a client, serverAuth for a server, and without anyExtendedKeyUsage; or choose `CertificateProfile::Rfc5280` in place of `WebPki`",
    )
}

/// Section 7.1.4.3: a common name repeats one of the alternative names, letter for letter.
fn check_common_name(leaf: &Certificate<'_>, names: Names<'_>) -> Result<(), Defect> {
    let Some(common_name) = names.common_name() else {
        return Ok(());
    };
    // Read from the certificate, because the other comparisons of DNS names ignore case.
    let san = match leaf.alternative_names() {
        Ok(san) => san.unwrap_or_default(),
        Err(error) => return Err(unreadable("subjectAltName", &error)),
    };
    let is_it = |name: &GeneralName<'_>| {
        name.tag == GeneralName::DNS && name.value == common_name.as_bytes()
    };
    let is_listed = san.iter().any(is_it) || names.ips().any(|ip| ip.to_string() == *common_name);
    if is_listed {
        Ok(())
    } else {
        Err(Defect::new(
            RejectionReason::MalformedName,
            "a common name that is also a subject alternative name",
            format!("common name {:?}", cut(common_name)),
            "reissue the leaf with its common name among the subject alternative names, or without one; or choose `CertificateProfile::Rfc5280` in place of `WebPki`",
        ))
    }
}

/// Section 7.1.2.7.12.
fn check_subject_alt_name(leaf: &Certificate<'_>) -> Result<(), Defect> {
    match leaf.extension(ID_CE_SUBJECT_ALT_NAME) {
        Some(san) if san.critical && !leaf.has_empty_subject() => Err(Defect::new(
            RejectionReason::WrongCriticality,
            "a subjectAltName that is not critical beside a subject",
            "a critical one",
            "reissue the leaf with a subjectAltName that is not critical; or choose `CertificateProfile::Rfc5280` in place of `WebPki`",
        )),
        Some(_) => Ok(()),
        None => Err(Defect::new(
            RejectionReason::MalformedName,
            "a subjectAltName",
            "none",
            "reissue the leaf with its names in a subjectAltName; or choose `CertificateProfile::Rfc5280` in place of `WebPki`",
        )),
    }
}

/// Section 7.1.2.1: a root does not limit purposes and names no issuer except itself.
pub(crate) fn check_anchor(anchor: &Certificate<'_>) -> Result<(), Defect> {
    if anchor.extension(ID_CE_EXT_KEY_USAGE).is_some() {
        return Err(Defect::new(
            RejectionReason::ForbiddenExtension,
            "a root without an extended key usage",
            "one with it",
            "give a root without an extended key usage; or choose `CertificateProfile::Rfc5280` in place of `WebPki`",
        ));
    }
    let unfit = |what: &'static str| {
        Defect::new(
            RejectionReason::ForbiddenExtension,
            "a root whose authorityKeyIdentifier is its own subjectKeyIdentifier, or absent",
            what,
            "give a root whose authorityKeyIdentifier is its own, or that has none; or choose `CertificateProfile::Rfc5280` in place of `WebPki`",
        )
    };
    let (authority, own) = match (
        anchor.authority_key_identifier(),
        anchor.subject_key_identifier(),
    ) {
        (Ok(Some(authority)), Ok(own)) => (authority, own),
        (Ok(None), _) => return Ok(()),
        (Err(error), _) | (_, Err(error)) => return Err(unreadable("key identifiers", &error)),
    };
    if authority.authority_cert_issuer.is_some() || authority.authority_cert_serial_number.is_some()
    {
        return Err(unfit("one with an issuer or a serial number"));
    }
    if anchor.is_self_issued() && authority.key_identifier != own.map(|own| own.0) {
        Err(unfit("another key's"))
    } else {
        Ok(())
    }
}

fn unreadable(what: &'static str, error: &X509Error) -> Defect {
    Defect::new(
        RejectionReason::MalformedCertificate,
        format!("a readable {what}"),
        error.to_string(),
        "look at it with `openssl x509 -noout -text`, and reissue the certificate",
    )
}
