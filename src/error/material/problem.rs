use core::fmt;
use core::time::Duration;
use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;

use super::origin::PassphraseOrigin;
use crate::error::exposed;

type Cause = Box<dyn StdError + Send + Sync>;

/// The fault of certificates, keys or revocation lists that cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MaterialProblem {
    /// The text between the markers is not base64.
    #[error("the text between the markers is not base64")]
    Base64,
    /// The input is BER but not DER (X.690, sections 8 and 10), and neither PKCS#7 nor PKCS#12.
    #[error("this is BER, but certificates, keys and revocation lists have to be DER")]
    Ber,
    /// A UTF-8 byte order mark precedes a marker that is not the first.
    #[error("a UTF-8 byte order mark stands before the marker")]
    ByteOrderMark,
    /// The key belongs to a CA certificate of the chain instead of the leaf.
    #[error(
        "the key belongs to the CA certificate {index} ({subject}) of the chain, not to the leaf"
    )]
    CaKey {
        /// The position of the certificate in the chain, from 0.
        index: usize,
        /// The subject of the certificate (RFC 4514).
        subject: String,
    },
    /// The first certificate of the chain is a CA's.
    #[error("the leaf ({subject}) is the certificate of a CA")]
    CaLeaf {
        /// The subject of the leaf (RFC 4514).
        subject: String,
    },
    /// A section or a DER value is not a certificate.
    #[error("this is not an X.509 certificate")]
    Certificate {
        /// The error of the parser.
        source: Cause,
    },
    /// A certificate was given where a private key is expected.
    #[error("found a certificate where a private key is expected")]
    CertificateInsteadOfKey,
    /// A certificate was given where a revocation list is expected.
    #[error("found a certificate where a revocation list is expected")]
    CertificateInsteadOfRevocationList,
    /// The file's length or modification time changed while it was read.
    #[error("the file changed while it was read")]
    ChangedWhileRead,
    /// A marker line does not conform to RFC 7468.
    #[error("this line looks like a PEM marker but is none")]
    DamagedMarker,
    /// A revocation list contains only the changes since another one (RFC 5280, section 5.2.4).
    #[error("this is a delta CRL, which only lists changes since another one")]
    DeltaRevocationList,
    /// DER was given where PEM is expected.
    #[error("this is DER ({found}), and PEM is expected")]
    DerInsteadOfPem {
        /// A description of the DER.
        found: &'static str,
        /// The command that converts it to PEM.
        command: &'static str,
    },
    /// The chain contains a certificate twice.
    #[error("certificates {first} and {second} of the chain are the same ({subject})")]
    DuplicateCertificate {
        /// The position of the first, from 0.
        first: usize,
        /// The position of the second, from 0.
        second: usize,
        /// The subject of both (RFC 4514).
        subject: String,
    },
    /// The input has no bytes.
    #[error("the input is empty")]
    Empty,
    /// An END marker and the next BEGIN marker share a line.
    #[error("an END and a BEGIN marker share a line")]
    EndAndBeginShareLine,
    /// An END marker has another label than the BEGIN marker.
    #[error("the section begins as {begin} and ends as {end}")]
    EndLabelMismatch {
        /// The label of the BEGIN marker.
        begin: String,
        /// The label of the END marker.
        end: String,
    },
    /// A private key, or a part of a container, is encrypted by an unsupported scheme.
    #[error("it is encrypted by {algorithm}, which is not supported")]
    EncryptionUnsupported {
        /// The name of the scheme.
        algorithm: String,
        /// How to fix it.
        advice: &'static str,
    },
    /// The private key is encrypted, and no passphrase was given.
    #[error("the private key is encrypted and no passphrase was given")]
    EncryptedKey,
    /// A container with a private key was given for trust anchors.
    #[error("there is a private key in it, and trust anchors are expected")]
    IdentityInsteadOfAnchors,
    /// The marker lines are indented.
    #[error("the PEM markers are indented")]
    IndentedMarker,
    /// A revocation list covers certificates of other issuers too (RFC 5280, section 5.2.5).
    #[error("this is an indirect CRL, which lists certificates of other CAs")]
    IndirectRevocationList,
    /// The file of the private key, or of its passphrase, has insecure permissions.
    ///
    /// [`KeyPermissions::Deny`](crate::material::KeyPermissions::Deny) rejects them.
    #[error("{}", exposed::words("the key or passphrase", .path, *.mode))]
    InsecurePermissions {
        /// The path of the file.
        path: PathBuf,
        /// The permission bits, as `chmod` takes them.
        mode: u32,
    },
    /// The name of a credential is not that of one file.
    #[error("this is not the name of a credential")]
    InvalidCredentialName,
    /// The file could not be read.
    #[error("{}", io_fact(.source))]
    Io {
        /// The error of the system.
        source: io::Error,
    },
    /// A certificate's authority key identifier is not the subject key identifier of the next one.
    #[error(
        "certificate {index} ({subject}) names the issuer key {authority_key}, but the next one ({next_subject}) has {subject_key}"
    )]
    IssuerKeyMismatch {
        /// The position of the certificate in the chain, from 0.
        index: usize,
        /// The subject of the certificate (RFC 4514).
        subject: String,
        /// The authority key identifier of the certificate (RFC 5280, section 4.2.1.1), in
        /// hexadecimal.
        authority_key: String,
        /// The subject of the certificate after it.
        next_subject: String,
        /// The subject key identifier of the next one (RFC 5280, section 4.2.1.2), in hexadecimal.
        subject_key: String,
    },
    /// A certificate's issuer is not the next one's subject.
    #[error("certificate {index} ({subject}) was issued by {issuer}, but the next one is {next_subject}{}", if *.is_alike { " (encoded differently)" } else { "" })]
    IssuerNameMismatch {
        /// The position of the certificate in the chain, from 0.
        index: usize,
        /// The subject of the certificate (RFC 4514).
        subject: String,
        /// The issuer of the certificate.
        issuer: String,
        /// The subject of the certificate after it.
        next_subject: String,
        /// Whether both names read alike and differ in their encoding only.
        is_alike: bool,
    },
    /// A watched file, or one in a watched directory, was written again and again.
    #[error("it changed for {} ms without a pause", .waited.as_millis())]
    KeepsChanging {
        /// How long it was observed.
        waited: Duration,
    },
    /// The private key does not belong to the leaf.
    #[error(
        "the private key ({key}, SHA-256 {key_sha256}) does not belong to the leaf {subject} ({leaf_key}, SHA-256 {leaf_sha256})"
    )]
    KeyMismatch {
        /// The subject of the leaf (RFC 4514).
        subject: String,
        /// The kind of the private key.
        key: String,
        /// SHA-256 of the `SubjectPublicKeyInfo` that belongs to the private key, in hexadecimal.
        key_sha256: String,
        /// The kind of the key in the leaf.
        leaf_key: String,
        /// SHA-256 of the `SubjectPublicKeyInfo` in the leaf, in hexadecimal.
        leaf_sha256: String,
    },
    /// The private key can be parsed, but its parts do not fit each other.
    #[error("the private key contradicts itself: {what}")]
    KeyInconsistent {
        /// A description of the contradiction.
        what: &'static str,
    },
    /// A private key was given where certificates are expected.
    #[error("found a private key where certificates are expected")]
    KeyInsteadOfCertificate,
    /// The bytes are not a private key, or a damaged one.
    #[error("this is not a private key in PKCS#8, PKCS#1 or SEC1")]
    KeyMalformed,
    /// The private key is of a kind that is not accepted.
    #[error("the private key is {found}, which is not supported")]
    KeyUnsupported {
        /// The kind of the key.
        found: String,
    },
    /// An EC key names no curve.
    #[error("the EC key does not say which curve it is on")]
    KeyWithoutCurve,
    /// An EC key contains an explicitly encoded curve instead of a name.
    #[error("the EC key spells out its curve instead of naming it")]
    KeyWithoutCurveName,
    /// The leaf that belongs to the key is not the first certificate of the chain.
    #[error("the key belongs to certificate {index} ({subject}), but the leaf has to be the first")]
    LeafNotFirst {
        /// The position of the leaf, from 0.
        index: usize,
        /// The subject of the leaf (RFC 4514).
        subject: String,
    },
    /// It is ambiguous which of several unordered certificates is the leaf.
    #[error("it is unclear which certificate is the leaf: {}", .candidates.join(" and "))]
    LeafUnclear {
        /// The subjects of the candidates (RFC 4514), or of all certificates if there is no
        /// candidate.
        candidates: Vec<String>,
    },
    /// The line breaks are written as backslash and n.
    #[error("the line breaks are written as the two characters `\\n`")]
    LiteralLineBreaks,
    /// A section has no END marker.
    #[error("the section {label} has no END marker")]
    MissingEnd {
        /// The label of the BEGIN marker.
        label: String,
    },
    /// The issuer of a certificate is missing, although there are other certificates.
    #[error(
        "the certificate of {issuer}, which issued certificate {index} ({subject}), is missing"
    )]
    MissingIntermediate {
        /// The position of the certificate without an issuer, from 0.
        index: usize,
        /// The subject of the certificate (RFC 4514).
        subject: String,
        /// The issuer of the certificate.
        issuer: String,
        /// The address of the issuer's certificate, if the certificate contains one (RFC 5280,
        /// section 4.2.2.1). It is never fetched.
        address: Option<String>,
    },
    /// No certificate was found.
    #[error("there is no certificate in it")]
    NoCertificate,
    /// A directory contains no file to read.
    #[error("the directory has no file with a certificate")]
    NoCertificateInDirectory,
    /// The environment variable with the folder of credentials is not set to an absolute path.
    #[error("CREDENTIALS_DIRECTORY is not set to an absolute path")]
    NoCredentialsDirectory,
    /// No private key was found.
    #[error("there is no private key in it")]
    NoKey,
    /// A container has certificates, but none for its private key.
    #[error("none of the certificates in it is for its private key ({key})")]
    NoLeaf {
        /// The kind of the private key.
        key: String,
        /// The subjects of the certificates (RFC 4514).
        found: String,
    },
    /// The input is text without any PEM section.
    #[error("no PEM section begins in it")]
    NoPem,
    /// No revocation list was found.
    #[error("no revocation list was given")]
    NoRevocationList,
    /// No private key of the container has the friendly name.
    #[error("no private key in it has the friendly name {name}")]
    NoSuchIdentity {
        /// The requested name.
        name: String,
        /// The friendly names and the subjects of the certificates (RFC 4514).
        found: String,
    },
    /// The path is not a regular file.
    #[error("this is {found}, not a regular file")]
    NotAFile {
        /// The kind of the file.
        found: &'static str,
        /// How to fix it.
        advice: &'static str,
    },
    /// The passphrase could not be read.
    #[error("the passphrase cannot be read from {from}")]
    Passphrase {
        /// The origin of the passphrase.
        from: PassphraseOrigin,
        /// The cause.
        source: Cause,
    },
    /// PKCS#12 was given without its passphrase.
    #[error("this is PKCS#12 and no passphrase was given")]
    PassphraseMissing,
    /// PEM was given where DER is expected.
    #[error("this is PEM, not DER")]
    PemInsteadOfDer,
    /// A PKCS#12 container was given where it is not read.
    #[error("this is PKCS#12, which is not read here")]
    Pkcs12,
    /// The bytes are not a PKCS#12 container, or a damaged one.
    #[error("this is not a PKCS#12 container, or a damaged one")]
    Pkcs12Malformed,
    /// A PKCS#12 container has unsupported content.
    #[error("the container has unsupported content: {found}")]
    Pkcs12Unsupported {
        /// The unsupported content.
        found: String,
        /// How to fix it.
        advice: &'static str,
    },
    /// A passphrase was given for a PKCS#12 container without a MAC.
    ///
    /// It does not protect the container.
    #[error("the container has no MAC, so the passphrase does not protect it")]
    Pkcs12PassphraseWithoutMac,
    /// A PKCS#12 container has encrypted parts but no MAC.
    #[error("the container has encrypted parts and no MAC")]
    Pkcs12WithoutMac,
    /// The bytes are not a revocation list, or a damaged one.
    #[error("this is not an X.509 revocation list")]
    RevocationList {
        /// The error of the parser.
        source: Cause,
    },
    /// A revocation list violates RFC 5280, section 5, or is of an unsupported kind.
    #[error("this revocation list cannot be used: {fault}")]
    RevocationListUnfit {
        /// The fault of the list.
        fault: RevocationListFault,
    },
    /// A revocation list has version 1 (RFC 5280, section 5.1.2.1), as from `keytool -gencrl`.
    #[error("this revocation list is of version 1")]
    RevocationListVersion1,
    /// There is a second private key.
    #[error("this is a second private key beside that of section {first}")]
    SecondKey {
        /// The section of the first key, from 0.
        first: usize,
    },
    /// A container holds more than one identity.
    #[error("there is not exactly one identity in it")]
    SeveralIdentities {
        /// The friendly names and the subjects of the certificates (RFC 4514).
        found: String,
    },
    /// An external key (an HSM, a TPM, a KMS) has an unusable public key or schemes.
    #[error("the signing key cannot be used: {fault}")]
    SigningKeyUnfit {
        /// The fault of the key.
        fault: SigningKeyFault,
    },
    /// The key derivation from the passphrase would cost too much.
    #[error("opening it would cost {cost} {unit}{}, above the limit of {limit}", after(*.spent))]
    TooCostly {
        /// The cost that the file requests.
        cost: u64,
        /// The unit of the cost.
        unit: &'static str,
        /// The cost of its other parts, which was paid before.
        spent: u64,
        /// The limit.
        limit: u64,
    },
    /// The input exceeds a limit.
    #[error("there are more than {limit} {what} in it")]
    TooMany {
        /// The limit.
        limit: usize,
        /// The counted unit.
        what: &'static str,
    },
    /// The input has another content than expected.
    #[error("this is {found}, expected {expected}")]
    UnexpectedContent {
        /// A description of the content.
        found: String,
        /// The expected content.
        expected: &'static str,
        /// How to fix it.
        advice: &'static str,
    },
    /// A section has a label that is not expected here.
    #[error("{label} does not belong here, expected {expected}")]
    UnexpectedSection {
        /// The label of the section.
        label: String,
        /// The expected labels.
        expected: &'static str,
        /// How to fix it.
        advice: &'static str,
    },
    /// An END marker has no BEGIN marker.
    #[error("the section {label} ends without having begun")]
    UnexpectedEnd {
        /// The label of the END marker.
        label: String,
    },
    /// The text is UTF-16.
    #[error("this is UTF-16 text")]
    Utf16,
    /// The environment variable is not set.
    #[error("it is not set")]
    VariableNotSet,
    /// The passphrase does not decrypt the private key or the container.
    #[error("the passphrase from {from} does not open the key or container")]
    WrongPassphrase {
        /// The origin of the passphrase.
        from: PassphraseOrigin,
        /// A likely mistake; nothing else of the passphrase is shown.
        flaw: Option<PassphraseFlaw>,
    },
}

/// A property of a wrong passphrase that is often a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PassphraseFlaw {
    /// It is empty.
    Empty,
    /// It ends in a blank or a line break.
    TrailingWhitespace,
}

/// The fault of a revocation list that can be read but not used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevocationListFault {
    /// It covers attribute certificates only (RFC 5280, section 5.2.5).
    AttributeCertificates,
    /// Its CRL number is critical (RFC 5280, section 5.2.3).
    CriticalNumber,
    /// Its issuer has no name (RFC 5280, section 5.1.2.3).
    EmptyIssuer,
    /// It has no nextUpdate (RFC 5280, section 5.1.2.5).
    NoNextUpdate,
    /// Its CRL number has more than 20 octets (RFC 5280, section 5.2.3).
    NumberTooLong,
    /// Its two signature algorithm fields differ (RFC 5280, section 5.1.2.2).
    SignatureAlgorithmMismatch,
    /// It is longer than 4 GiB.
    TooLong,
    /// It has an unknown critical extension (RFC 5280, section 5.2).
    UnknownCriticalExtension {
        /// The object identifier of the extension, with its name if it has one.
        oid: String,
    },
    /// It has a version number that is not 2 (RFC 5280, section 5.1.2.1).
    UnknownVersion,
}

impl fmt::Display for RevocationListFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AttributeCertificates => "it covers attribute certificates only",
            Self::CriticalNumber => "its CRL number is critical",
            Self::EmptyIssuer => "its issuer has no name",
            Self::NoNextUpdate => "it has no nextUpdate",
            Self::NumberTooLong => "its CRL number has more than 20 octets",
            Self::SignatureAlgorithmMismatch => "its two signature algorithm fields differ",
            Self::TooLong => "it is longer than 4 GiB",
            Self::UnknownCriticalExtension { oid } => {
                return write!(f, "it has the unknown critical extension {oid}");
            }
            Self::UnknownVersion => "its version number is not 2",
        })
    }
}

/// The fault of an external signing key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SigningKeyFault {
    /// The public key is not a `SubjectPublicKeyInfo` in DER.
    PublicKey,
    /// None of the signature schemes fits the key.
    Schemes {
        /// The kind of the key.
        key: String,
    },
}

impl fmt::Display for SigningKeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PublicKey => f.write_str("its public key is not a SubjectPublicKeyInfo in DER"),
            Self::Schemes { key } => {
                write!(f, "none of its signature schemes fits its key ({key})")
            }
        }
    }
}

fn io_fact(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound => "there is no such file",
        io::ErrorKind::PermissionDenied => "this user may not read the file",
        _ => "the file cannot be read",
    }
}

fn after(spent: u64) -> String {
    match spent {
        0 => String::new(),
        spent => format!(", after {spent} for other parts"),
    }
}
