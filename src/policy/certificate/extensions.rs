//! Which extensions are allowed where, and which are critical (RFC 5280, section 4.2).

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_BASIC_CONSTRAINTS, ID_CE_FRESHEST_CRL,
    ID_CE_INHIBIT_ANY_POLICY, ID_CE_NAME_CONSTRAINTS, ID_CE_POLICY_CONSTRAINTS,
    ID_CE_SUBJECT_ALT_NAME, ID_CE_SUBJECT_DIRECTORY_ATTRIBUTES, ID_CE_SUBJECT_KEY_IDENTIFIER,
    ID_PE_AUTHORITY_INFO_ACCESS, ID_PE_SUBJECT_INFO_ACCESS,
};

use super::name_constraints::check_name_constraints;
use crate::policy::profile::CertificateProfile;
use crate::policy::verdict::defect::{Defect, PathPosition};
use crate::policy::verdict::reason::RejectionReason;
use crate::x509::Certificate;

pub(crate) fn check_extensions(
    certificate: &Certificate<'_>,
    position: PathPosition,
    profile: CertificateProfile,
) -> Result<(), Defect> {
    check_known(certificate)?;
    check_criticality(certificate, position, profile)?;
    check_name_constraints(certificate, position, profile)?;
    check_authority_information(certificate, profile)
}

/// Extensions that must not be critical (RFC 5280, sections 4.2.1.1, 4.2.1.2, 4.2.1.8, 4.2.1.15 and
/// 4.2.2).
const NEVER_CRITICAL: &[(ObjectIdentifier, &str)] = &[
    (ID_CE_AUTHORITY_KEY_IDENTIFIER, "authorityKeyIdentifier"),
    (ID_CE_SUBJECT_KEY_IDENTIFIER, "subjectKeyIdentifier"),
    (
        ID_CE_SUBJECT_DIRECTORY_ATTRIBUTES,
        "subjectDirectoryAttributes",
    ),
    (ID_CE_FRESHEST_CRL, "freshestCRL"),
    (ID_PE_AUTHORITY_INFO_ACCESS, "authorityInfoAccess"),
    (ID_PE_SUBJECT_INFO_ACCESS, "subjectInfoAccess"),
];

/// Extensions that must be critical in a CA's certificate (RFC 5280, sections 4.2.1.9, 4.2.1.10,
/// 4.2.1.11, 4.2.1.14).
const ALWAYS_CRITICAL: &[(ObjectIdentifier, &str)] = &[
    (ID_CE_BASIC_CONSTRAINTS, "basicConstraints"),
    (ID_CE_NAME_CONSTRAINTS, "nameConstraints"),
    (ID_CE_POLICY_CONSTRAINTS, "policyConstraints"),
    (ID_CE_INHIBIT_ANY_POLICY, "inhibitAnyPolicy"),
];

fn check_criticality(
    certificate: &Certificate<'_>,
    position: PathPosition,
    profile: CertificateProfile,
) -> Result<(), Defect> {
    if profile == CertificateProfile::Interoperable {
        return Ok(());
    }
    if position == PathPosition::Leaf && certificate.extension(ID_CE_NAME_CONSTRAINTS).is_some() {
        // RFC 5280, section 4.2.1.10.
        return Err(Defect::new(
            RejectionReason::ForbiddenExtension,
            "name constraints in CAs' certificates only",
            "nameConstraints in a leaf",
            "reissue the leaf without nameConstraints; or accept it by the profile `interoperable` (in code: `CertificateProfile::Interoperable`)",
        ));
    }
    for (oid, name) in NEVER_CRITICAL {
        if certificate.extension(*oid).is_some_and(|e| e.critical) {
            return Err(Defect::new(
                RejectionReason::WrongCriticality,
                "an extension that is not critical",
                format!("a critical {name}"),
                "reissue the certificate with that extension not critical",
            ));
        }
    }
    let must_be_critical = match position {
        PathPosition::Leaf if certificate.has_empty_subject() => LEAF_WITHOUT_SUBJECT,
        PathPosition::Leaf => &[],
        PathPosition::Issuer | PathPosition::Anchor => ALWAYS_CRITICAL,
    };
    for (oid, name) in must_be_critical {
        // The baseline requirements (section 7.1.2.10.8) allow here what RFC 5280 does not.
        if *oid == ID_CE_NAME_CONSTRAINTS && profile == CertificateProfile::WebPki {
            continue;
        }
        if certificate.extension(*oid).is_some_and(|e| !e.critical) {
            return Err(Defect::new(
                RejectionReason::WrongCriticality,
                "a critical extension",
                format!("{name} that is not critical"),
                "reissue the certificate with that extension critical; or accept it by the profile `interoperable` (in code: `CertificateProfile::Interoperable`)",
            ));
        }
    }
    Ok(())
}

/// RFC 5280, section 4.2.2.1: the sequence has at least one entry.
fn check_authority_information(
    certificate: &Certificate<'_>,
    profile: CertificateProfile,
) -> Result<(), Defect> {
    if profile == CertificateProfile::Interoperable {
        return Ok(());
    }
    let problem = match certificate.authority_info_access() {
        Ok(None) => return Ok(()),
        Ok(Some(access)) if access.0.is_empty() => "an empty one".to_owned(),
        Ok(Some(_)) => return Ok(()),
        Err(error) => error.to_string(),
    };
    Err(Defect::new(
        RejectionReason::MalformedCertificate,
        "an authorityInfoAccess that can be read and is not empty",
        problem,
        "reissue the certificate with an authorityInfoAccess that names a place, or without; or accept it by the profile `interoperable` (in code: `CertificateProfile::Interoperable`)",
    ))
}

pub(crate) fn check_known(certificate: &Certificate<'_>) -> Result<(), Defect> {
    match certificate.unknown_critical_extension() {
        None => Ok(()),
        Some(unknown) => Err(Defect::new(
            RejectionReason::UnhandledCriticalExtension,
            "known critical extensions alone",
            unknown.name(),
            "reissue the certificate without that extension, or with it not critical",
        )),
    }
}

/// RFC 5280, section 4.1.2.6.
const LEAF_WITHOUT_SUBJECT: &[(ObjectIdentifier, &str)] = &[(
    ID_CE_SUBJECT_ALT_NAME,
    "subjectAltName beside an empty subject,",
)];
