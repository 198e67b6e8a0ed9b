use core::fmt;
use std::borrow::Cow;

use pki_types::UnixTime;

use super::chain::repair::ChainRepair;
use super::input::permissions::InsecurePermissions;
use crate::error::unknown_name::variant_names;
use crate::x509::rfc3339;

/// A fault of an identity that works but should be fixed.
///
/// `Display` states the fault; [`hint`](Self::hint) says what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityWarning {
    /// The chain was put in order when it was loaded: see
    /// [`Loader::repair_chain`](crate::Loader::repair_chain).
    ChainRepaired(ChainRepair),
    /// The private key's file is open to every user, or writable by its group.
    InsecureKeyFile(InsecurePermissions),
    /// The leaf's extended key usage lacks the purpose of our side (RFC 5280, section 4.2.1.12).
    ///
    /// The side is known only when a client or a server is built, so this is never among
    /// [`MtlsIdentity::warnings`](crate::MtlsIdentity::warnings).
    MissingPurpose {
        /// The subject of the leaf (RFC 4514).
        subject: String,
        /// `clientAuth` for a client, `serverAuth` for a server.
        missing: &'static str,
        /// The purposes in the extension.
        listed: String,
    },
    /// The file of the private key's passphrase is open in the same way.
    InsecurePassphraseFile(InsecurePermissions),
    /// A certificate of the chain has expired, or is not valid yet.
    ///
    /// The time is known only when a client or a server is built, so this is never among
    /// [`MtlsIdentity::warnings`](crate::MtlsIdentity::warnings).
    OutsideValidity {
        /// The position in the chain, from 0 (the leaf).
        index: usize,
        /// The subject of the certificate (RFC 4514).
        subject: String,
        /// The first second of its validity.
        not_before: UnixTime,
        /// The last second of its validity.
        not_after: UnixTime,
        /// The time of the check.
        at: UnixTime,
    },
    /// This crate's verifier would reject the leaf.
    ///
    /// It would do so on either side, at any time and under any policy.
    RejectedLeaf {
        /// The subject of the leaf (RFC 4514).
        subject: String,
        /// The fault of the leaf.
        problem: String,
        /// How to fix it.
        hint: &'static str,
    },
    /// The leaf is an X.509 version 1 certificate.
    X509V1Leaf {
        /// The subject of the leaf (RFC 4514).
        subject: String,
    },
}

variant_names!(IdentityWarning, {
    ChainRepaired => "chain_repaired",
    InsecureKeyFile => "insecure_key_file",
    InsecurePassphraseFile => "insecure_passphrase_file",
    MissingPurpose => "missing_purpose",
    OutsideValidity => "outside_validity",
    RejectedLeaf => "rejected_leaf",
    X509V1Leaf => "x509_v1_leaf",
});

impl IdentityWarning {
    /// Returns what to do about the fault.
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::ChainRepaired(repair) => repair.hint(),
            Self::InsecureKeyFile(exposure) | Self::InsecurePassphraseFile(exposure) => {
                return exposure.hint().into();
            }
            Self::MissingPurpose {
                missing: "clientAuth",
                ..
            } => {
                "peers reject it: have a private CA issue it with clientAuth, since public CAs stop doing so; a server \
                 that runs this crate may accept it by `danger_allow_server_auth_for_clients` in its policy"
            }
            Self::MissingPurpose { .. } => "peers reject it: have it reissued with serverAuth",
            Self::OutsideValidity { not_before, at, .. } if at < not_before => {
                "peers reject it until then: compare the clock, and have it issued with an earlier notBefore"
            }
            Self::OutsideValidity { .. } => {
                "peers reject it: renew the certificate, and when it looks valid, compare the clock"
            }
            Self::RejectedLeaf { hint, .. } => hint,
            Self::X509V1Leaf { .. } => {
                "many peers reject it: have it issued as version 3, with a subject alternative name \
                 (`openssl x509 -req -extfile FILE ..`)"
            }
        })
    }
}

impl fmt::Display for IdentityWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ChainRepaired(repair) => write!(f, "our chain was repaired: {repair}"),
            Self::InsecureKeyFile(exposure) => exposure.fmt(f),
            Self::MissingPurpose {
                subject,
                missing,
                listed,
            } => write!(
                f,
                "the extended key usage of our leaf {subject} ({listed}) lacks {missing}"
            ),
            Self::InsecurePassphraseFile(exposure) => exposure.write(f, "the key's passphrase"),
            Self::OutsideValidity {
                index,
                subject,
                not_before,
                not_after,
                at,
            } => {
                let bound = if at < not_before {
                    format!("is valid from {}", rfc3339(*not_before))
                } else {
                    format!("expired at {}", rfc3339(*not_after))
                };
                let now = rfc3339(*at);
                write!(
                    f,
                    "certificate {index} ({subject}) of our chain {bound}, now is {now}"
                )
            }
            Self::RejectedLeaf {
                subject, problem, ..
            } => write!(
                f,
                "this crate's verifier rejects our leaf {subject}: {problem}"
            ),
            Self::X509V1Leaf { subject } => {
                write!(f, "our leaf {subject} is an X.509 version 1 certificate")
            }
        }
    }
}
