use core::fmt;

use super::chain::repair::ChainRepair;
use super::input::permissions::InsecurePermissions;

/// A fault of an identity that works but should be fixed.
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

impl fmt::Display for IdentityWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ChainRepaired(repair) => write!(f, "our chain was repaired: {repair}"),
            Self::InsecureKeyFile(exposure) => exposure.fmt(f),
            Self::MissingPurpose {
                subject,
                missing,
                listed,
            } => {
                write!(
                    f,
                    "the extended key usage of our leaf {subject} ({listed}) lacks {missing}, so \
                     that peers reject it; "
                )?;
                f.write_str(match *missing {
                    "clientAuth" => {
                        "have a private CA issue it with clientAuth, since public CAs stop doing \
                         so; a server that runs this crate may accept it by \
                         `VerifierPolicy::danger_allow_server_auth_for_clients`"
                    }
                    _ => "have it reissued with serverAuth",
                })
            }
            Self::InsecurePassphraseFile(exposure) => {
                exposure.write(f, "the passphrase of the private key")
            }
            Self::RejectedLeaf {
                subject,
                problem,
                hint,
            } => write!(
                f,
                "peers that verify as we do reject our leaf {subject}: {problem}; {hint}"
            ),
            Self::X509V1Leaf { subject } => write!(
                f,
                "the leaf {subject} is an X.509 version 1 certificate, which many peers refuse; have it issued as \
                 version 3, with a subject alternative name (`openssl x509 -req -extfile FILE ..`)"
            ),
        }
    }
}
