use core::time::Duration;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;

use super::exposed;

type Cause = Box<dyn StdError + Send + Sync>;

const EXPORT_ANEW: &str = "`openssl pkcs12 -in FILE -nodes -out PEM && openssl pkcs12 -export -in PEM -out NEW` \
                           (of several identities it takes the first alone; `-name NAME` gives it a friendly name; \
                           then delete PEM, which has the key in the clear)";

/// The fault of certificates, keys or revocation lists that cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MaterialProblem {
    /// The text between the markers is not base64.
    #[error("the text between the markers is not base64; copy the file again, whole and as text")]
    Base64,
    /// The input is BER but not DER (X.690, sections 8 and 10), and neither PKCS#7 nor PKCS#12.
    #[error(
        "this is BER and not DER, which certificates, keys and revocation lists have to be; \
         export it again from where it was made, as DER or PEM"
    )]
    Ber,
    /// A UTF-8 byte order mark precedes a marker that is not the first.
    #[error(
        "a UTF-8 byte order mark, which cannot be seen, stands before the marker, as where files were put together; take \
         it out by `LC_ALL=C sed 's/\\xEF\\xBB\\xBF//g' FILE > NEW`"
    )]
    ByteOrderMark,
    /// The key belongs to a CA certificate of the chain instead of the leaf.
    #[error(
        "the key belongs to the CA certificate {index} ({subject}) of the chain, not to the leaf; give the key that \
         was made for the leaf, and take the CA's key off this machine"
    )]
    CaKey {
        /// The position of the certificate in the chain, from 0.
        index: usize,
        /// The subject of the certificate (RFC 4514).
        subject: String,
    },
    /// The first certificate of the chain is a CA's.
    #[error(
        "the leaf ({subject}) is the certificate of a CA, which may not stand for a client or a server; issue a leaf \
         with it for a key of its own (`openssl req -new -newkey rsa:2048 -nodes -keyout LEAF.key -subj /CN=NAME \
         -addext subjectAltName=DNS:NAME -out LEAF.csr`, then `openssl x509 -req -in LEAF.csr -CA CERT -CAkey KEY \
         -copy_extensions copy -out LEAF.crt`), and give the CA's certificate to the peers as trust anchor"
    )]
    CaLeaf {
        /// The subject of the leaf (RFC 4514).
        subject: String,
    },
    /// A section or a DER value is not a certificate.
    #[error(
        "this is not an X.509 certificate; look at it with `openssl x509 -in FILE -noout -text`"
    )]
    Certificate {
        /// The error of the parser.
        source: Cause,
    },
    /// A certificate was given where a private key is expected.
    #[error(
        "found a certificate where a private key is expected; were certificate and key given in each other's place? \
         If one file holds both, give it to `MtlsIdentity::from_file`, with `Some(&passphrase)` where the key is encrypted"
    )]
    CertificateInsteadOfKey,
    /// A certificate was given where a revocation list is expected.
    #[error(
        "found a certificate where a revocation list is expected; give the list that the CA publishes (where, says \
         `openssl x509 -in CERT -noout -ext crlDistributionPoints` of one that it issued; as the CA oneself: \
         `openssl ca -gencrl -out FILE`)"
    )]
    CertificateInsteadOfRevocationList,
    /// The file's length or modification time changed while it was read.
    #[error(
        "the file changed while it was read; write a new file beside it and rename that into its place, then load again"
    )]
    ChangedWhileRead,
    /// A marker line does not conform to RFC 7468.
    #[error(
        "this line looks like a PEM marker but is none; it has to be `-----BEGIN LABEL-----` or \
         `-----END LABEL-----` with nothing else on the line"
    )]
    DamagedMarker,
    /// A revocation list contains only the changes since another one (RFC 5280, section 5.2.4).
    #[error(
        "this is a delta CRL, which only says what changed since another one; give the complete \
         list (the base CRL) of the same CA"
    )]
    DeltaRevocationList,
    /// DER was given where PEM is expected.
    #[error(
        "this is DER, {found}, and PEM was expected; give it to a `Loader`, which reads both, or turn it into PEM by {command}"
    )]
    DerInsteadOfPem {
        /// A description of the DER.
        found: &'static str,
        /// The command that converts it to PEM.
        command: &'static str,
    },
    /// The chain contains a certificate twice.
    #[error(
        "certificates {first} and {second} of the chain are the same ({subject}); leave one out"
    )]
    DuplicateCertificate {
        /// The position of the first, from 0.
        first: usize,
        /// The position of the second, from 0.
        second: usize,
        /// The subject of both (RFC 4514).
        subject: String,
    },
    /// The input has no bytes.
    #[error("the input is empty; see whether whoever writes it has done so, and to this place")]
    Empty,
    /// An END marker and the next BEGIN marker share a line.
    #[error("an END and a BEGIN marker share a line; put a line break between the two sections")]
    EndAndBeginShareLine,
    /// An END marker has another label than the BEGIN marker.
    #[error("the section begins as {begin} and ends as {end}; the file was cut or mixed up")]
    EndLabelMismatch {
        /// The label of the BEGIN marker.
        begin: String,
        /// The label of the END marker.
        end: String,
    },
    /// A private key, or a part of a container, is encrypted by an unsupported scheme.
    #[error("it is encrypted by {algorithm}, which is not supported; {advice}")]
    EncryptionUnsupported {
        /// The name of the scheme.
        algorithm: String,
        /// How to fix it.
        advice: &'static str,
    },
    /// The private key is encrypted, and no passphrase was given.
    #[error(
        "the private key is encrypted and no passphrase was given; set it where the program takes it (in code: \
         `Loader::passphrase`, cargo feature `encrypted-keys`)"
    )]
    EncryptedKey,
    /// A container with a private key was given for trust anchors.
    #[error(
        "there is a private key in it: this is an identity, not a store of trust anchors; give a container of \
         certificates alone, or take the CA certificates out of it by \
         `openssl pkcs12 -in FILE -cacerts -nokeys -out NEW` for `TrustAnchors::from_pem`"
    )]
    IdentityInsteadOfAnchors,
    /// The marker lines are indented.
    #[error("the PEM markers are indented; remove the spaces before `-----BEGIN` and `-----END`")]
    IndentedMarker,
    /// A revocation list covers certificates of other issuers too (RFC 5280, section 5.2.5).
    #[error(
        "this is an indirect CRL, which lists certificates of other CAs than the one that signed it; give a list that \
         the CA of the certificates signed itself"
    )]
    IndirectRevocationList,
    /// The file of the private key, or of its passphrase, has insecure permissions.
    ///
    /// [`KeyPermissions::Deny`](crate::material::KeyPermissions::Deny) rejects them.
    #[error(
        "{}; close it by `{}`, and replace the key if others were on this machine",
        exposed::words("the private key or its passphrase", .path, *.mode),
        exposed::close(.path)
    )]
    InsecurePermissions {
        /// The path of the file.
        path: PathBuf,
        /// The permission bits, as `chmod` takes them.
        mode: u32,
    },
    /// The file could not be read.
    #[error("{}", io_words(.source))]
    Io {
        /// The error of the system.
        source: io::Error,
    },
    /// A certificate's authority key identifier is not the subject key identifier of the next one.
    #[error(
        "certificate {index} ({subject}) was signed by the key {authority_key}, but the certificate after it \
         ({next_subject}) has the key {subject_key}; give the issuer certificate that was current when this one \
         was issued"
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
    #[error(
        "certificate {index} ({subject}) was issued by {issuer}, but the certificate after it is {next_subject}; \
         put the chain in order, each certificate followed by its issuer, and leave out the others, as \
         `Loader::repair_chain` and `CertificateChain::repaired` do{encoding_note}"
    )]
    IssuerNameMismatch {
        /// The position of the certificate in the chain, from 0.
        index: usize,
        /// The subject of the certificate (RFC 4514).
        subject: String,
        /// The issuer of the certificate.
        issuer: String,
        /// The subject of the certificate after it.
        next_subject: String,
        /// A note if both names read alike but are encoded differently; else empty.
        encoding_note: &'static str,
    },
    /// A watched file, or one in a watched directory, was written again and again.
    #[error(
        "it has changed all the time for {} ms, so that nothing of it can be taken; see what writes it, and have that write \
         a new file beside it and rename it into its place, once", .waited.as_millis()
    )]
    KeepsChanging {
        /// How long it was observed.
        waited: Duration,
    },
    /// The private key does not belong to the leaf.
    #[error(
        "the private key ({key}, SHA-256 of its public key {key_sha256}) does not belong to the leaf {subject} \
         ({leaf_key}, {leaf_sha256}); give the key whose \
         public key has the leaf's digest: `openssl pkey -in KEY -pubout -outform DER | sha256sum`"
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
    #[error("the private key contradicts itself: {what}; export it again from where it was made")]
    KeyInconsistent {
        /// A description of the contradiction.
        what: &'static str,
    },
    /// A private key was given where certificates are expected.
    #[error(
        "found a private key where certificates are expected; were certificate and key given in each other's \
         place? If one file holds both, give it to `MtlsIdentity::from_file`, with `Some(&passphrase)` where the key is \
         encrypted; out of trust anchors take the key out"
    )]
    KeyInsteadOfCertificate,
    /// The bytes are not a private key, or a damaged one.
    #[error(
        "this is not a private key in PKCS#8, PKCS#1 or SEC1; look at it with `openssl pkey -in FILE -noout` and \
         convert it by `openssl pkey -in FILE -out NEW`"
    )]
    KeyMalformed,
    /// The private key is of a kind that is not accepted.
    #[error(
        "the private key is {found}; accepted are RSA of 2048 to 8192 bits, ECDSA P-256, P-384 \
         and P-521, Ed25519, and ML-DSA: make one by \
         `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out NEW` and have a \
         certificate issued for it"
    )]
    KeyUnsupported {
        /// The kind of the key.
        found: String,
    },
    /// An EC key names no curve.
    #[error(
        "the EC key does not say which curve it is on, as `certtool --key-info` writes it; export it anew as PKCS#8 from \
         where it was made"
    )]
    KeyWithoutCurve,
    /// An EC key contains an explicitly encoded curve instead of a name.
    #[error(
        "the EC key spells out its curve instead of naming it; convert it by \
         `openssl ec -in FILE -param_enc named_curve -out NEW` (NEW is not encrypted)"
    )]
    KeyWithoutCurveName,
    /// The leaf that belongs to the key is not the first certificate of the chain.
    #[error(
        "the key belongs to certificate {index} ({subject}), but the leaf has to be the first; put that certificate \
         at the top, its issuer after it, or load it by a `Loader` with `repair_chain(true)`, which puts them in order"
    )]
    LeafNotFirst {
        /// The position of the leaf, from 0.
        index: usize,
        /// The subject of the leaf (RFC 4514).
        subject: String,
    },
    /// It is ambiguous which of several unordered certificates is the leaf.
    #[error(
        "which certificate is the leaf cannot be told: it is the one that is no CA's and issued no other, and of \
         these none or more than one is: {}; give it together with its key to `MtlsIdentity::from_files`, \
         which finds the key's, or give a PEM file with the leaf first, its issuer after it (from \
         `openssl pkcs7 -print_certs -in FILE -out NEW`)",
        .candidates.join(" and ")
    )]
    LeafUnclear {
        /// The subjects of the candidates (RFC 4514), or of all certificates if there is no
        /// candidate.
        candidates: Vec<String>,
    },
    /// The line breaks are written as backslash and n.
    #[error(
        "the line breaks are written as the two characters `\\n`; turn them into real ones \
         (`printf '%b\\n' \"$(cat FILE)\" > NEW`), or mend what wrote them"
    )]
    LiteralLineBreaks,
    /// A section has no END marker.
    #[error("the section {label} has no END marker; the file was cut off: copy it again, whole")]
    MissingEnd {
        /// The label of the BEGIN marker.
        label: String,
    },
    /// The issuer of a certificate is missing, although there are other certificates.
    #[error(
        "the certificate of {issuer}, which issued certificate {index} ({subject}), is not there, and none of the others \
         leads to it; put it right after that one{}, or leave the others out",
        way_to(.address)
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
    #[error("there is no certificate in it; give a file with `-----BEGIN CERTIFICATE-----`")]
    NoCertificate,
    /// A directory contains no file to read.
    #[error(
        "the directory has no file with a certificate (names that begin with a dot, and directories in it, are passed \
         over); put the CAs' certificates there, as PEM or DER"
    )]
    NoCertificateInDirectory,
    /// No private key was found.
    #[error(
        "there is no private key in it; give a file with `-----BEGIN PRIVATE KEY-----`, or a container that was \
         exported with its key (certificates of CAs alone go to `TrustAnchors`)"
    )]
    NoKey,
    /// A container has certificates, but none for its private key.
    #[error(
        "none of the certificates in it ({found}) is for its private key ({key}); export the key anew together with \
         its certificate by `openssl pkcs12 -export -inkey KEY -in CERT -certfile CHAIN -out NEW`"
    )]
    NoLeaf {
        /// The kind of the private key.
        key: String,
        /// The subjects of the certificates (RFC 4514).
        found: String,
    },
    /// The input is text without any PEM section.
    #[error("no PEM section begins in it: a line `-----BEGIN ..-----` is missing")]
    NoPem,
    /// No revocation list was found.
    #[error("no revocation list was given; give at least one, or leave the setting out")]
    NoRevocationList,
    /// No private key of the container has the friendly name.
    #[error("no private key in it has the friendly name {name}; there are: {found}")]
    NoSuchIdentity {
        /// The requested name.
        name: String,
        /// The friendly names and the subjects of the certificates (RFC 4514).
        found: String,
    },
    /// The path is not a regular file.
    #[error(
        "this is {found}, not a regular file, and only regular files are read; name the file itself"
    )]
    NotAFile {
        /// The kind of the file.
        found: &'static str,
    },
    /// The passphrase could not be read.
    #[error("the passphrase cannot be had from {from}: {source}")]
    Passphrase {
        /// The source of the passphrase.
        from: String,
        /// The cause.
        source: Cause,
    },
    /// PKCS#12 was given without its passphrase.
    #[error(
        "this is PKCS#12 and no passphrase was given; set it where the program takes it, to the empty string where the \
         container was exported without one (in code: `Loader::passphrase`)"
    )]
    PassphraseMissing,
    /// PEM was given where DER is expected.
    #[error("this is PEM, not DER; give it to a `Loader`, which reads both, or to `from_pem`")]
    PemInsteadOfDer,
    /// A PKCS#12 container was given where it is not read.
    #[error(
        "this is PKCS#12; give it to `Loader::load_identity` or `Loader::load_anchors` (cargo feature \
         `pkcs12`), or unpack it by `openssl pkcs12 -in FILE -aes256 -out NEW` (it asks for a passphrase for the key in NEW)"
    )]
    Pkcs12,
    /// The bytes are not a PKCS#12 container, or a damaged one.
    #[error(
        "this is not a PKCS#12 container, or a damaged one; look at it with `openssl pkcs12 -in FILE -info -noout`"
    )]
    Pkcs12Malformed,
    /// A PKCS#12 container has unsupported content.
    #[error(
        "the container has {found}, which is not read in a container; export it anew by {EXPORT_ANEW}"
    )]
    Pkcs12Unsupported {
        /// The unsupported content.
        found: String,
    },
    /// A passphrase was given for a PKCS#12 container without a MAC.
    ///
    /// It does not protect the container.
    #[error(
        "the container has no MAC, so the passphrase does not protect it; \
         give no passphrase or an empty one (in code: `from_file(.., None)` or \
         `Passphrase::new(\"\")`) if only you can write the file, or have it exported with a MAC \
         where it comes from"
    )]
    Pkcs12PassphraseWithoutMac,
    /// A PKCS#12 container has encrypted parts but no MAC.
    #[error(
        "the container has encrypted parts and no MAC, so that anybody may have changed what is in \
         it; have it exported with one where it comes from, or, if you know that it was not changed, \
         by {EXPORT_ANEW}"
    )]
    Pkcs12WithoutMac,
    /// The bytes are not a revocation list, or a damaged one.
    #[error(
        "this is not an X.509 revocation list; look at it with `openssl crl -in FILE -noout -text`"
    )]
    RevocationList {
        /// The error of the parser.
        source: Cause,
    },
    /// A revocation list violates RFC 5280, section 5, or is of an unsupported kind.
    #[error(
        "this revocation list cannot be used: {problem}; have the CA issue a complete list of \
         version 2 with nextUpdate, as `openssl ca -gencrl` does with `crlnumber` and \
         `default_crl_days` in its configuration"
    )]
    RevocationListUnfit {
        /// The fault of the list.
        problem: String,
    },
    /// A revocation list has version 1 (RFC 5280, section 5.1.2.1), as from `keytool -gencrl`.
    #[error(
        "this revocation list is of version 1; have the CA issue one of version 2: `openssl ca \
         -gencrl` does with `crlnumber` in its configuration; `keytool -gencrl` cannot, so export \
         the CA by `keytool -importkeystore -srckeystore KEYSTORE -destkeystore ca.p12 \
         -deststoretype PKCS12` and `openssl pkcs12 -in ca.p12 -nodes -out ca.pem`, and issue the \
         list by `openssl ca -gencrl -config FILE -cert ca.pem -keyfile ca.pem` (all steps, and \
         the file, are in the documentation of `RevocationLists`)"
    )]
    RevocationListVersion1,
    /// There is a second private key.
    #[error(
        "this is a second private key, the first is section {first}; leave only the one of the leaf: put each in a file of \
         its own, and compare `openssl pkey -in KEY -pubout` with `openssl x509 -in CERT -noout -pubkey`"
    )]
    SecondKey {
        /// The section of the first key, from 0.
        first: usize,
    },
    /// A container holds more than one identity.
    #[error(
        "there is not one identity in it, but: {found}; choose one by its friendly name with \
         `Loader::friendly_name`, or export it alone"
    )]
    SeveralIdentities {
        /// The friendly names and the subjects of the certificates (RFC 4514).
        found: String,
    },
    /// An external key (an HSM, a TPM, a KMS) has an unusable public key or schemes.
    #[error(
        "the signing key cannot be used: {problem}; let `SigningKey::public_key` give what \
         `openssl x509 -in CERT -noout -pubkey` shows, in DER, and `SigningKey::schemes` what such a key can do"
    )]
    SigningKeyUnfit {
        /// The fault of the key.
        problem: String,
    },
    /// The key derivation from the passphrase would cost too much.
    #[error(
        "opening it would cost {cost}, the limit is {limit}; see that it comes from where it should, and encrypt a private \
         key anew by `openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 600000 -in FILE -out NEW`, a container by {EXPORT_ANEW}"
    )]
    TooCostly {
        /// The cost that the file requests.
        cost: String,
        /// The limit.
        limit: String,
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
    #[error("this is {found}, expected {expected}; {advice}")]
    UnexpectedContent {
        /// A description of the content.
        found: String,
        /// The expected content.
        expected: &'static str,
        /// How to fix it.
        advice: &'static str,
    },
    /// A section has a label that is not expected here.
    #[error("{label} does not belong here, expected {expected}; {advice}")]
    UnexpectedSection {
        /// The label of the section.
        label: String,
        /// The expected labels.
        expected: &'static str,
        /// How to fix it.
        advice: &'static str,
    },
    /// An END marker has no BEGIN marker.
    #[error("the section {label} ends without having begun; the file was cut or mixed up")]
    UnexpectedEnd {
        /// The label of the END marker.
        label: String,
    },
    /// The text is UTF-16.
    #[error(
        "this is UTF-16 text; save it as ASCII or UTF-8 (`iconv -f UTF-16 -t UTF-8 FILE > NEW`, or in PowerShell \
         `Get-Content FILE | Out-File -Encoding ascii NEW`)"
    )]
    Utf16,
    /// The environment variable is not set.
    #[error("it is not set; set it where this process is started")]
    VariableNotSet,
    /// The passphrase does not decrypt the private key or the container.
    #[error(
        "the passphrase does not open the private key or the container (or the file is damaged): it {hint}; try it by \
         `openssl pkey -in FILE -noout`, or `openssl pkcs12 -in FILE -noout`"
    )]
    WrongPassphrase {
        /// The source of the passphrase, and whether it is empty or ends in white space; nothing
        /// else of it.
        hint: String,
    },
}

fn io_words(source: &io::Error) -> Cow<'static, str> {
    match source.kind() {
        io::ErrorKind::NotFound => {
            "there is no such file"
        }
        io::ErrorKind::PermissionDenied => {
            "this user may not read the file; give it to the user whom the service runs as (`chown`), and do not open \
             it to everybody"
        }
        _ => return Cow::Owned(format!("the file cannot be read ({source})")),
    }
    .into()
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
