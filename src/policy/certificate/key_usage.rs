//! Key usage and extended key usage (RFC 5280, sections 4.2.1.3 and 4.2.1.12).

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{ANY_EXTENDED_KEY_USAGE, ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};

use crate::policy::profile::CertificateProfile;
use crate::policy::verdict::defect::{Defect, unreadable};
use crate::policy::verdict::reason::RejectionReason;
use crate::policy::verdict::rejection::Rejection;
use crate::policy::verifier_policy::{ClientPurpose, VerifierPolicy};
use crate::side::Side;
use crate::x509::pkix::{ExtendedKeyUsage, KeyUsages};
use crate::x509::{Certificate, purpose_name};

/// Returns the purpose that the certificate of a peer on `side` must allow, and its name.
pub(crate) fn purpose(side: Side) -> (ObjectIdentifier, &'static str) {
    match side {
        Side::Client => (ID_KP_CLIENT_AUTH, "clientAuth"),
        Side::Server => (ID_KP_SERVER_AUTH, "serverAuth"),
    }
}

/// Returns the side whose purpose a path from this leaf must allow.
///
/// For a client this is clientAuth. With the policy's opt-in it is serverAuth if the leaf lists
/// that and not clientAuth.
pub(crate) fn required_purpose(
    side: Side,
    leaf: &Certificate<'_>,
    policy: &VerifierPolicy,
) -> Side {
    let lists_server_auth_only = || match leaf.extended_key_usage() {
        Ok(Some(usage)) => {
            usage.0.contains(&ID_KP_SERVER_AUTH) && !usage.0.contains(&ID_KP_CLIENT_AUTH)
        }
        Ok(None) | Err(_) => false,
    };
    if policy.client_purpose == ClientPurpose::OrServerAuth && lists_server_auth_only() {
        Side::Server
    } else {
        side
    }
}

/// Verifies that the leaf's key usage, where present, allows signing handshakes (RFC 8446, section
/// 4.4.2.2).
///
/// Signing certificates also needs a CA flag (RFC 5280, section 4.2.1.9), which a leaf does not
/// have; so the profile `Interoperable` accepts keyCertSign.
pub(crate) fn check_key_usage(
    leaf: &Certificate<'_>,
    profile: CertificateProfile,
) -> Result<(), Rejection> {
    let broken = |error| unreadable(0, leaf, &error);
    let signs_certificates = leaf
        .key_usage()
        .map_err(broken)?
        .is_some_and(|usage| usage.0.contains(KeyUsages::KeyCertSign));
    let (expected, hint) = if !leaf.may_sign_handshakes().map_err(broken)? {
        (
            "digitalSignature",
            "reissue the leaf with keyUsage digitalSignature (and keyEncipherment for RSA)",
        )
    } else if signs_certificates && profile != CertificateProfile::Interoperable {
        (
            "digitalSignature without keyCertSign",
            "reissue the leaf without keyCertSign in its keyUsage; or accept it by the profile `interoperable` (in code: `CertificateProfile::Interoperable`)",
        )
    } else {
        return Ok(());
    };
    let defect = Defect::new(
        RejectionReason::WrongKeyUsage,
        expected,
        usages_of(leaf),
        hint,
    );
    Err(defect.of(0, leaf))
}

/// Returns the key usages by their names in RFC 5280, section 4.2.1.3.
pub(crate) fn usages_of(certificate: &Certificate<'_>) -> String {
    match certificate.key_usage() {
        Ok(Some(usage)) => {
            let named = USAGES.iter().filter(|(bit, _)| usage.0.contains(*bit));
            let names: Vec<&str> = named.map(|(_, name)| *name).collect();
            if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            }
        }
        Ok(None) => "not limited".to_owned(),
        Err(error) => error.to_string(),
    }
}

const USAGES: &[(KeyUsages, &str)] = &[
    (KeyUsages::DigitalSignature, "digitalSignature"),
    (KeyUsages::NonRepudiation, "nonRepudiation"),
    (KeyUsages::KeyEncipherment, "keyEncipherment"),
    (KeyUsages::DataEncipherment, "dataEncipherment"),
    (KeyUsages::KeyAgreement, "keyAgreement"),
    (KeyUsages::KeyCertSign, "keyCertSign"),
    (KeyUsages::CRLSign, "cRLSign"),
    (KeyUsages::EncipherOnly, "encipherOnly"),
    (KeyUsages::DecipherOnly, "decipherOnly"),
];

pub(crate) fn purposes_of(certificate: &Certificate<'_>) -> String {
    match certificate.extended_key_usage() {
        Ok(Some(usage)) => purposes(&usage),
        Ok(None) => "not limited".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn purposes(usage: &ExtendedKeyUsage) -> String {
    let shown = usage.0.iter().take(MAX_SHOWN_PURPOSES);
    let mut listed: Vec<String> = shown.map(purpose_name).collect();
    let more = usage.0.len().saturating_sub(listed.len());
    if more > 0 {
        listed.push(format!("{more} more"));
    }
    if listed.is_empty() {
        "an empty list".to_owned()
    } else {
        listed.join(", ")
    }
}

/// The most purposes in a message; a certificate may list thousands.
const MAX_SHOWN_PURPOSES: usize = 8;

/// Returns why an anchor's extended key usage excludes this side.
///
/// webpki checks the intermediates.
pub(crate) fn anchor_purpose_defect(anchor: &Certificate<'_>, side: Side) -> Option<Defect> {
    match anchor.extended_key_usage() {
        Ok(Some(usage)) if usage.0.contains(&ANY_EXTENDED_KEY_USAGE) => None,
        _ => purpose_defect(anchor, side),
    }
}

/// Returns why a certificate's extended key usage excludes this side.
pub(crate) fn purpose_defect(certificate: &Certificate<'_>, side: Side) -> Option<Defect> {
    let (wanted, name) = purpose(side);
    if certificate.is_for_tls(wanted) {
        return None;
    }
    match certificate.extended_key_usage() {
        Ok(Some(usage)) if !usage.0.contains(&wanted) => Some(Defect::new(
            RejectionReason::WrongExtendedKeyUsage,
            name,
            purposes(&usage),
            issuer_hint(side),
        )),
        Ok(_) => None,
        Err(error) => Some(Defect::new(
            RejectionReason::MalformedCertificate,
            "a readable extended key usage",
            error.to_string(),
            "reissue the certificate with an extended key usage that can be read: `openssl x509 -noout -text` shows it",
        )),
    }
}

/// Verifies the leaf's purpose; without the extension every use is allowed (RFC 5280, section
/// 4.2.1.12).
pub(crate) fn check_purpose(leaf: &Certificate<'_>, side: Side) -> Result<(), Rejection> {
    match purpose_defect(leaf, side) {
        Some(defect) if defect.reason == RejectionReason::WrongExtendedKeyUsage => {
            Err(defect.of(0, leaf).with_hint(leaf_hint(leaf, side)))
        }
        Some(defect) => Err(defect.of(0, leaf)),
        None => Ok(()),
    }
}

fn leaf_hint(leaf: &Certificate<'_>, side: Side) -> &'static str {
    let usage = leaf.extended_key_usage().ok().flatten();
    let is_for_servers = usage.is_some_and(|usage| usage.0.contains(&ID_KP_SERVER_AUTH));
    match side {
        Side::Client if is_for_servers => {
            "have a private CA issue the client's certificate with extendedKeyUsage clientAuth: \
             public CAs stop doing so; until then, a server may accept the client by its exact name or \
             key with `danger_allow_server_auth_for_clients` in its policy (in code: guide `client_auth`)"
        }
        Side::Client => "reissue the client's certificate with extendedKeyUsage clientAuth",
        Side::Server => "reissue the server's certificate with extendedKeyUsage serverAuth",
    }
}

/// Returns the hint for an intermediate or a trust anchor with the wrong purpose.
pub(crate) fn issuer_hint(side: Side) -> &'static str {
    match side {
        Side::Client => {
            "issue the client's certificate under CAs that have clientAuth in their \
             extendedKeyUsage, or none, such as a private CA's: those of public CAs are for \
             servers"
        }
        Side::Server => {
            "issue the certificate under CAs that have serverAuth in their extendedKeyUsage, or \
             none"
        }
    }
}
