//! What a certificate's key is for: key usage and extended key usage (RFC 5280, sections 4.2.1.3
//! and 4.2.1.12).

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{ANY_EXTENDED_KEY_USAGE, ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};
use x509_cert::ext::pkix::{ExtendedKeyUsage, KeyUsages};

use super::flaw::Flaw;
use super::leaf::unreadable;
use super::profile::CertificateProfile;
use super::reason::RejectionReason;
use super::rejection::Rejection;
use super::verifier_policy::{ClientPurpose, VerifierPolicy};
use crate::x509::{Certificate, purpose_name};

/// Which end of the connection the peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Client,
    Server,
}

impl Role {
    pub(super) fn purpose_name(self) -> &'static str {
        self.purpose().1
    }

    fn purpose(self) -> (ObjectIdentifier, &'static str) {
        match self {
            Self::Client => (ID_KP_CLIENT_AUTH, "clientAuth"),
            Self::Server => (ID_KP_SERVER_AUTH, "serverAuth"),
        }
    }
}

/// The purpose that a path from this leaf must be for. A client's is clientAuth; by the policy's
/// opt-in it is serverAuth where the leaf lists that and not clientAuth.
pub(super) fn required_purpose(
    role: Role,
    leaf: &Certificate<'_>,
    policy: &VerifierPolicy,
) -> Role {
    let lists_server_auth_only = || match leaf.extended_key_usage() {
        Ok(Some(usage)) => {
            usage.0.contains(&ID_KP_SERVER_AUTH) && !usage.0.contains(&ID_KP_CLIENT_AUTH)
        }
        Ok(None) | Err(_) => false,
    };
    if policy.client_purpose == ClientPurpose::OrServerAuth && lists_server_auth_only() {
        Role::Server
    } else {
        role
    }
}

/// What the leaf's key may do, where it says so: it has to sign handshakes (RFC 8446, section
/// 4.4.2.2). To sign certificates takes a CA flag as well (RFC 5280, section 4.2.1.9), which a leaf
/// does not have.
pub(super) fn check_key_usage(
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
            "reissue the leaf without keyCertSign in its keyUsage; or accept it by `CertificateProfile::Interoperable`",
        )
    } else {
        return Ok(());
    };
    let flaw = Flaw::new(
        RejectionReason::WrongKeyUsage,
        expected,
        usages_of(leaf),
        hint,
    );
    Err(flaw.of(0, leaf))
}

/// Key usages in the words of RFC 5280, section 4.2.1.3.
pub(crate) fn usages_of(certificate: &Certificate<'_>) -> String {
    match certificate.key_usage() {
        Ok(Some(usage)) => {
            let named = USAGES.iter().filter(|(bit, _)| usage.0.contains(*bit));
            let names: Vec<&str> = named.map(|(_, name)| *name).collect();
            match names.is_empty() {
                true => "none".to_owned(),
                false => names.join(", "),
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

/// Purposes that stand in a message: a certificate may list thousands.
const MAX_SHOWN_PURPOSES: usize = 8;

/// Why an anchor that limits what its certificates are for does not vouch for this role. webpki
/// asks the intermediates.
pub(super) fn flaw_of_anchors_purpose(anchor: &Certificate<'_>, role: Role) -> Option<Flaw> {
    match anchor.extended_key_usage() {
        Ok(Some(usage)) if usage.0.contains(&ANY_EXTENDED_KEY_USAGE) => None,
        _ => flaw_of_purpose(anchor, role),
    }
}

/// Why a certificate is not for this role.
pub(super) fn flaw_of_purpose(certificate: &Certificate<'_>, role: Role) -> Option<Flaw> {
    let (wanted, name) = role.purpose();
    match certificate.extended_key_usage() {
        Ok(Some(usage)) if !usage.0.contains(&wanted) => Some(Flaw::new(
            RejectionReason::WrongExtendedKeyUsage,
            name,
            purposes(&usage),
            issuer_hint(role),
        )),
        Ok(_) => None,
        Err(error) => Some(Flaw::new(
            RejectionReason::MalformedCertificate,
            "a readable extended key usage",
            error.to_string(),
            "reissue the certificate with an extended key usage that can be read: `openssl x509 -noout -text` shows it",
        )),
    }
}

/// A certificate without the extension may be used for anything (RFC 5280, section 4.2.1.12).
pub(super) fn check_purpose(leaf: &Certificate<'_>, role: Role) -> Result<(), Rejection> {
    match flaw_of_purpose(leaf, role) {
        Some(flaw) if flaw.reason == RejectionReason::WrongExtendedKeyUsage => {
            Err(flaw.of(0, leaf).with_hint(leaf_hint(leaf, role)))
        }
        Some(flaw) => Err(flaw.of(0, leaf)),
        None => Ok(()),
    }
}

fn leaf_hint(leaf: &Certificate<'_>, role: Role) -> &'static str {
    let usage = leaf.extended_key_usage().ok().flatten();
    let is_for_servers = usage.is_some_and(|usage| usage.0.contains(&ID_KP_SERVER_AUTH));
    match role {
        Role::Client if is_for_servers => {
            "have a private CA issue the client's certificate with extendedKeyUsage clientAuth: \
             public CAs stop doing so; until then, accept the client by its exact name or key with \
             `VerifierPolicy::danger_allow_server_auth_for_clients` (see \
             `mtls::guides::client_auth`)"
        }
        Role::Client => "reissue the client's certificate with extendedKeyUsage clientAuth",
        Role::Server => "reissue the server's certificate with extendedKeyUsage serverAuth",
    }
}

/// What to do about an intermediate, or a trust anchor, that is not for this role.
pub(super) fn issuer_hint(role: Role) -> &'static str {
    match role {
        Role::Client => {
            "issue the client's certificate under CAs that have clientAuth in their \
             extendedKeyUsage, or none, such as a private CA's: those of public CAs are for \
             servers"
        }
        Role::Server => {
            "issue the certificate under CAs that have serverAuth in their extendedKeyUsage, or \
             none"
        }
    }
}
