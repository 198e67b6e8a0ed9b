//! What to do about each fault of material.

use std::borrow::Cow;
use std::io;

use super::origin::PassphraseOrigin;
use super::problem::{MaterialProblem, PassphraseFlaw, RevocationListFault, SigningKeyFault};
use crate::error::exposed;

/// The commands that export a PKCS#12 container again.
macro_rules! export_again {
    () => {
        "`openssl pkcs12 -in FILE -nodes -out PEM && openssl pkcs12 -export -in PEM -out NEW` (of several identities it \
         takes the first alone; `-name NAME` gives it a friendly name; then delete PEM, which has the key in the clear)"
    };
}

/// The commands that try a passphrase.
macro_rules! try_passphrase {
    () => {
        "try it by `openssl pkey -in FILE -noout`, or `openssl pkcs12 -in FILE -noout`; if it is right, the file is \
         damaged: copy it again"
    };
}

const ISSUE_LIST: &str = "have the CA issue a complete list of version 2 with nextUpdate, as `openssl ca -gencrl` does \
                          with `crlnumber` and `default_crl_days` in its configuration";
const ONE_FILE: &str = "if certificate and key were given in each other's place, swap them; if one file holds \
 both, give it alone, as the file of the identity, with its passphrase where the key is encrypted (in code: \
  `MtlsIdentity::from_file`, `Loader::load_identity`)";
const COPY_AGAIN: &str = "the file was cut or mixed up: copy it again, whole";

impl MaterialProblem {
    /// Returns what to do about the fault.
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Base64 => "copy the file again, whole and as text",
            Self::Ber => "export it again from where it was made, as DER or PEM",
            Self::ByteOrderMark => {
                "the mark cannot be seen, and comes from files that were put together: take it out by \
                 `LC_ALL=C sed 's/\\xEF\\xBB\\xBF//g' FILE > NEW`"
            }
            Self::CaKey { .. } => {
                "give the key that was made for the leaf, and take the CA's key off this machine"
            }
            Self::CaLeaf { .. } => {
                "a CA may not stand for a client or a server: issue a leaf with it for a key of its own (`openssl req \
                 -new -newkey rsa:2048 -nodes -keyout LEAF.key -subj /CN=NAME -addext subjectAltName=DNS:NAME -out \
                 LEAF.csr`, then `openssl x509 -req -in LEAF.csr -CA CERT -CAkey KEY -copy_extensions copy -out \
                 LEAF.crt`), append the CA's certificate to LEAF.crt unless it is a root, and keep the CA's key elsewhere"
            }
            Self::Certificate { .. } => {
                "look at it with `openssl x509 -in FILE -noout -text`, and where that fails too, copy it again from \
                 where it was made"
            }
            Self::CertificateInsteadOfKey => ONE_FILE,
            Self::CertificateInsteadOfRevocationList => {
                "give the list that the CA publishes: `openssl x509 -in CERT -noout -ext crlDistributionPoints` shows \
                 its address, for a certificate that the CA issued; the CA itself makes it by \
                 `openssl ca -gencrl -out FILE`"
            }
            Self::ChangedWhileRead => {
                "write a new file beside it and rename that into its place, then load again"
            }
            Self::DamagedMarker => {
                "write `-----BEGIN LABEL-----` or `-----END LABEL-----`, with nothing else on the line"
            }
            Self::DeltaRevocationList => "give the complete list (the base CRL) of the same CA",
            Self::DerInsteadOfPem { command, .. } => {
                return format!("turn it into PEM by {command} (in code: a `Loader` reads both)")
                    .into();
            }
            Self::DuplicateCertificate { .. } => {
                "leave one out (in code: `Loader::repair_chain` does that)"
            }
            Self::Empty => {
                "check that the program that writes it has run, and that it writes to this place"
            }
            Self::EndAndBeginShareLine => "put a line break between the two sections",
            Self::EndLabelMismatch { .. }
            | Self::MissingEnd { .. }
            | Self::UnexpectedEnd { .. } => COPY_AGAIN,
            Self::EncryptionUnsupported { advice, .. }
            | Self::NotAFile { advice, .. }
            | Self::Pkcs12Unsupported { advice, .. }
            | Self::UnexpectedContent { advice, .. }
            | Self::UnexpectedSection { advice, .. } => advice,
            Self::EncryptedKey => {
                "set the passphrase where the program takes it (in code: `Loader::passphrase`, cargo feature \
                 `encrypted-keys`)"
            }
            Self::IdentityInsteadOfAnchors => {
                "give a container of certificates alone, or give NEW, with the CA certificates out of it, by \
                `openssl pkcs12 -in FILE -cacerts -nokeys -out NEW`"
            }
            Self::IndentedMarker => "remove the spaces before `-----BEGIN` and `-----END`",
            Self::IndirectRevocationList => {
                "give a list that the CA of the certificates signed itself"
            }
            Self::InsecurePermissions { path, .. } => {
                let close = exposed::close(path);
                return format!(
                    "close it by `{close}`, and replace the key if others were on this machine"
                )
                .into();
            }
            Self::Io { source } => io_hint(source),
            Self::IssuerKeyMismatch { .. } => {
                "give the issuer certificate that was current when this one was issued"
            }
            Self::IssuerNameMismatch {
                is_alike: false, ..
            } => {
                "put the chain in order, each certificate followed by its issuer, and leave out the others (in \
                code: `Loader::repair_chain` and `CertificateChain::repaired` do that)"
            }
            Self::IssuerNameMismatch { is_alike: true, .. } => {
                "give the issuer certificate whose name is encoded as the certificate names it, or have the \
                 certificate issued again; if there are others, put the chain in order, each certificate followed \
                 by its issuer, and leave out the others (in code: `Loader::repair_chain` and \
                 `CertificateChain::repaired` do that)"
            }
            Self::KeepsChanging { .. } => {
                "find what writes it, and have that write a new file beside it and rename it into its place, once"
            }
            Self::KeyMismatch { .. } => {
                "give the key whose public key has the leaf's digest: `mtls inspect CERT KEY` shows both digests, and among more \
                 files which belong together; so does `openssl pkey -in KEY -pubout -outform DER | sha256sum` for a key"
            }
            Self::KeyInconsistent { .. } => "export it again from where it was made",
            Self::KeyInsteadOfCertificate => {
                return format!("{ONE_FILE}; out of trust anchors take the key out").into();
            }
            Self::KeyMalformed => {
                "look at it with `openssl pkey -in FILE -noout`, and convert it by `openssl pkey -in FILE -out NEW`"
            }
            Self::KeyUnsupported { .. } => {
                "accepted are RSA of 2048 to 8192 bits, ECDSA P-256, P-384 and P-521, Ed25519, and ML-DSA: make a key by \
                 `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out NEW` and have a certificate \
                 issued for it"
            }
            Self::KeyWithoutCurve => {
                "`certtool --key-info` writes such keys: export it anew as PKCS#8 from where it was made"
            }
            Self::KeyWithoutCurveName => {
                "convert it by `openssl ec -in FILE -param_enc named_curve -out NEW` (NEW is not encrypted)"
            }
            Self::LeafNotFirst { .. } => {
                "put that certificate at the top, its issuer after it (in code: `Loader::repair_chain` puts them \
                in order)"
            }
            Self::LeafUnclear { .. } => {
                "the leaf has to be the only certificate that is no CA's and issued no other: give it together \
                with its key, by which the leaf is found (in code: `MtlsIdentity::from_files`), or give a PEM \
                file with the leaf first, its issuer after it (from `openssl pkcs7 -print_certs -in FILE -out NEW`)"
            }
            Self::LiteralLineBreaks => {
                "turn them into real ones (`printf '%b\\n' \"$(cat FILE)\" > NEW`), or correct the program that wrote \
                 them"
            }
            Self::MissingIntermediate { address, .. } => {
                let way = way_to(address);
                return format!(
                    "none of the other certificates leads to it: put it right after the one that it issued{way}, or \
                     leave the others out"
                )
                .into();
            }
            Self::NoCertificate => "give a file with `-----BEGIN CERTIFICATE-----`",
            Self::NoCertificateInDirectory => {
                "put the CAs' certificates there, as PEM or DER (names that begin with a dot, and directories in it, \
                 are passed over)"
            }
            Self::NoKey => {
                "give a file with `-----BEGIN PRIVATE KEY-----`, or a container that was exported with its key; \
                certificates of CAs alone are trust anchors"
            }
            Self::NoLeaf { found, .. } => {
                return format!(
                    "export the key anew together with its certificate by \
                     `openssl pkcs12 -export -inkey KEY -in CERT -certfile CHAIN -out NEW`; now it has {found}"
                )
                .into();
            }
            Self::NoPem => {
                "give the whole text, from its line `-----BEGIN ..-----` to its line `-----END ..-----`"
            }
            Self::NoRevocationList => "give at least one, or leave the setting out",
            Self::NoSuchIdentity { found, .. } => {
                return format!(
                    "give one of these friendly names (in code: `Loader::friendly_name`): {found}"
                )
                .into();
            }
            Self::Passphrase { from, .. } => passphrase_hint(from),
            Self::PassphraseMissing => {
                "set it where the program takes it, to the empty string where the container was exported without one \
                 (in code: `Loader::passphrase`)"
            }
            Self::PemInsteadOfDer => {
                "give it as PEM (in code: to a `Loader`, which reads both, or to `from_pem`)"
            }
            Self::Pkcs12 => {
                "give it alone, as the one file of the identity or of the trust anchors (in code: \
                `Loader::load_identity`, `Loader::load_anchors`, cargo feature `pkcs12`), or unpack it by \
                `openssl pkcs12 -in FILE -aes256 -out NEW` (it asks for a passphrase for the key in NEW)"
            }
            Self::Pkcs12Malformed => {
                "look at it with `openssl pkcs12 -in FILE -info -noout`, and where that fails too, export it again from \
                 where it was made"
            }
            Self::Pkcs12PassphraseWithoutMac => {
                "give no passphrase or an empty one (in code: no `Loader::passphrase`, or `Passphrase::new(\"\")`) if \
                 only you can write the file, or have it exported with a MAC where it comes from"
            }
            Self::Pkcs12WithoutMac => concat!(
                "anyone may have changed what is in it: have it exported with a MAC where it comes from, or, if you know \
                 that it was not changed, by ",
                export_again!()
            ),
            Self::RevocationList { .. } => {
                "look at it with `openssl crl -in FILE -noout -text`, and where that fails too, get it again from the CA"
            }
            Self::RevocationListUnfit { fault } => return list_hint(fault),
            Self::RevocationListVersion1 => {
                "have the CA issue one of version 2: `openssl ca -gencrl` does with `crlnumber` in its configuration; \
                 `keytool -gencrl` cannot, so export the CA by `keytool -importkeystore -srckeystore KEYSTORE \
                 -destkeystore ca.p12 -deststoretype PKCS12` and `openssl pkcs12 -in ca.p12 -nodes -out ca.pem`, and \
                 issue the list by `openssl ca -gencrl -config FILE -cert ca.pem -keyfile ca.pem` (all steps, and the \
                 file, are in the documentation of `RevocationLists`)"
            }
            Self::SecondKey { .. } => {
                "leave only the one of the leaf: put each in a file of its own, and compare \
                 `openssl pkey -in KEY -pubout` with `openssl x509 -in CERT -noout -pubkey`"
            }
            Self::SeveralIdentities { found } => {
                return format!(
                    "choose one by its friendly name (in code: `Loader::friendly_name`), or export it alone; \
                    there are: {found}"
                )
                .into();
            }
            Self::SigningKeyUnfit {
                fault: SigningKeyFault::PublicKey,
            } => {
                "let `SigningKey::public_key` give what `openssl x509 -in CERT -noout -pubkey` shows, in DER"
            }
            Self::SigningKeyUnfit {
                fault: SigningKeyFault::Schemes { .. },
            } => {
                "let `SigningKey::schemes` give what such a key can do, and `SigningKey::public_key` what \
                 `openssl x509 -in CERT -noout -pubkey` shows, in DER"
            }
            Self::TooCostly { .. } => concat!(
                "check that it comes from where it should, and encrypt a private key anew by \
                 `openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 600000 -in FILE -out NEW`, a container by ",
                export_again!()
            ),
            Self::TooMany { .. } => {
                "check that it comes from where it should, and leave out what is not needed"
            }
            Self::Utf16 => {
                "save it as ASCII or UTF-8 (`iconv -f UTF-16 -t UTF-8 FILE > NEW`, or in PowerShell \
                 `Get-Content FILE | Out-File -Encoding ascii NEW`)"
            }
            Self::InvalidCredentialName => {
                "give the name alone, as it stands before the colon in `LoadCredential=NAME:PATH`"
            }
            Self::NoCredentialsDirectory => {
                "start the service by systemd with `LoadCredential=NAME:PATH` in its unit, or name the file itself"
            }
            Self::VariableNotSet => "set it where this process is started",
            Self::WrongPassphrase { flaw, .. } => match flaw {
                None => try_passphrase!(),
                Some(PassphraseFlaw::Empty) => {
                    concat!(
                        "the passphrase is empty: give the right one; ",
                        try_passphrase!()
                    )
                }
                Some(PassphraseFlaw::TrailingWhitespace) => concat!(
                    "the passphrase ends in a blank or a line break: take it off; ",
                    try_passphrase!()
                ),
            },
        })
    }
}

fn io_hint(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound => "correct the path, or create the file",
        io::ErrorKind::PermissionDenied => {
            "make the user that the service runs as its owner (`chown`), and do not open it to all users"
        }
        _ => "remove the cause that the system gives, then load again",
    }
}

fn list_hint(fault: &RevocationListFault) -> Cow<'static, str> {
    let why = match fault {
        RevocationListFault::AttributeCertificates => {
            "it says nothing about public key certificates"
        }
        RevocationListFault::NoNextUpdate => "it never becomes stale",
        RevocationListFault::TooLong => "such a list is not read",
        RevocationListFault::UnknownCriticalExtension { .. } => {
            "the extension may change the meaning of the list"
        }
        RevocationListFault::CriticalNumber
        | RevocationListFault::EmptyIssuer
        | RevocationListFault::NumberTooLong
        | RevocationListFault::SignatureAlgorithmMismatch
        | RevocationListFault::UnknownVersion => return ISSUE_LIST.into(),
    };
    format!("{why}: {ISSUE_LIST}").into()
}

fn passphrase_hint(from: &PassphraseOrigin) -> &'static str {
    match from {
        PassphraseOrigin::File(_) => "write the passphrase alone into the file, as UTF-8 text",
        PassphraseOrigin::Function => {
            "remove the cause that the function returned (in code: `Passphrase::from_fn`)"
        }
        PassphraseOrigin::Value => "give a shorter one",
        PassphraseOrigin::Variable(_) => "set it where this process is started, as UTF-8 text",
    }
}

/// Returns how to get the certificate at an address, as a command that is safe in a shell.
fn way_to(address: &Option<String>) -> String {
    let Some(address) = address else {
        return String::new();
    };
    // Within single quotes a shell takes everything but a single quote literally.
    let address = address.replace('\'', "%27");
    let lower = address.to_ascii_lowercase();
    if lower.starts_with("http://") || lower.starts_with("https://") {
        format!(
            " (`curl -o issuer.der '{address}'`; `openssl x509 -inform DER -in issuer.der` shows it as PEM)"
        )
    } else {
        format!(" (it is said to be at '{address}')")
    }
}
