//! What identities and trust anchors say of themselves, held against what the openssl command says of them.

#[path = "common/mod.rs"]
mod common;

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use mtls::material::{
    AlternativeName, CertificateDescription, IdentityWarning, KeyType, SignatureScheme, SigningKey,
};
use mtls::test_util::Extension;
use mtls::{CertificateChain, MtlsIdentity, TrustAnchors};
use pki_types::{CertificateDer, SubjectPublicKeyInfoDer, UnixTime};

use common::openssl_ca::Cas;
use common::pki::{
    Authority, AuthorityBuilder, Cast, Credential, KeyAlgorithm, Leaf, Validity, certificate_pem,
};
use common::programs::{Program, run};

const LIMIT: Duration = Duration::from_secs(10);

fn identity(credential: &Credential) -> MtlsIdentity {
    let key = credential.key.secret_pkcs8_der();
    MtlsIdentity::from_der(credential.chain.clone(), key).unwrap()
}

fn anchors(certificates: &[CertificateDer<'static>]) -> TrustAnchors {
    TrustAnchors::from_der(certificates.to_vec()).unwrap()
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// Authority information access with one issuer's address (RFC 5280, section 4.2.2.1).
fn issuer_address(uri: &str) -> Extension {
    let uri_length = u8::try_from(uri.len()).unwrap();
    let method = [6, 8, 0x2b, 6, 1, 5, 5, 7, 48, 2];
    let value = [
        &[0x30, uri_length + 14, 0x30, uri_length + 12][..],
        &method,
        &[0x86, uri_length],
        uri.as_bytes(),
    ]
    .concat();
    Extension::new(&[1, 3, 6, 1, 5, 5, 7, 1, 1], value)
}

fn everything(algorithm: KeyAlgorithm) -> Leaf {
    Leaf::named("Zoë, \"the\" + leaf")
        .algorithm(algorithm)
        .organization("Example & Co")
        .organizational_unit("Billing")
        .dns("a.example")
        .dns("*.b.example")
        .ip("10.0.0.1")
        .ip("2001:db8::1")
        .uri("spiffe://prod.example/payments")
        .uri("https://a.example/x,DNS:evil.example?q=1#f")
        .email("ops@a.example")
        .other_name(&[1, 3, 6, 1, 4, 1, 311, 20, 2, 3], "x")
        .client()
        .server()
        .serial_number(&[0xf0, 1, 2, 3, 0xfe])
        .extension(issuer_address("http://ca.example/ca.crt"))
}

/// What openssl says of a certificate, by the name that stands before it.
struct OpensslView(String, String);

impl OpensslView {
    fn of(der: &CertificateDer<'_>, openssl: &Program) -> Self {
        let pem = certificate_pem(der);
        let mut command = openssl.command();
        command.args([
            "x509",
            "-noout",
            "-subject",
            "-issuer",
            "-serial",
            "-fingerprint",
            "-sha256",
            "-dates",
            "-dateopt",
            "iso_8601",
            "-nameopt",
            "RFC2253,-esc_msb,utf8",
            "-ext",
            "subjectAltName,authorityInfoAccess,extendedKeyUsage,basicConstraints",
        ]);
        let text = run(&mut command, pem.as_bytes(), LIMIT).expect_success();
        let mut command = openssl.command();
        command.args(["x509", "-noout", "-pubkey"]);
        let key = run(&mut command, pem.as_bytes(), LIMIT).expect_success();
        let folder = tempfile::tempdir().unwrap();
        let spki = folder.path().join("spki");
        let mut command = openssl.command();
        command
            .args(["pkey", "-pubin", "-outform", "DER", "-out"])
            .arg(&spki);
        run(&mut command, key.as_bytes(), LIMIT).expect_success();
        let mut command = openssl.command();
        command.args(["dgst", "-sha256", "-r"]).arg(&spki);
        let digest = run(&mut command, b"", LIMIT).expect_success();
        Self(text, digest.split(' ').next().unwrap().to_owned())
    }

    #[track_caller]
    fn line(&self, name: &str) -> &str {
        let line = self.0.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in {}", self.0))
    }

    /// The line after the name of an extension.
    fn extension(&self, name: &str) -> Option<&str> {
        let mut lines = self.0.lines().skip_while(|line| !line.contains(name));
        lines.next()?;
        lines.next().map(str::trim)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As openssl writes it.
fn name_by_openssl(name: &AlternativeName) -> String {
    match name {
        AlternativeName::Dns(dns) => format!("DNS:{dns}"),
        AlternativeName::Email(email) => format!("email:{email}"),
        AlternativeName::Uri(uri) => format!("URI:{uri}"),
        AlternativeName::Ip(IpAddr::V4(ip)) => format!("IP Address:{ip}"),
        AlternativeName::Ip(IpAddr::V6(ip)) => {
            let groups = ip.segments().map(|group| format!("{group:X}"));
            format!("IP Address:{}", groups.join(":"))
        }
        AlternativeName::Other("otherName") => "othername: UPN::x".to_owned(),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_agrees(said: &CertificateDescription, der: &CertificateDer<'_>, openssl: &Program) {
    let view = OpensslView::of(der, openssl);
    assert_eq!(said.subject, view.line("subject="));
    assert_eq!(said.issuer, view.line("issuer="));
    assert_eq!(said.serial_number, view.line("serial="));
    let fingerprint = view.line("sha256 Fingerprint=").replace(':', "");
    assert_eq!(hex(&said.sha256), fingerprint.to_lowercase());
    assert_eq!(hex(&said.spki_sha256), view.1);
    let dates = ["notBefore=", "notAfter="].map(|name| view.line(name).replace(' ', "T"));
    let text = said.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines.contains(&&*format!("  valid: {} to {}", dates[0], dates[1])),
        "{text}"
    );
    let names: Vec<String> = said.names.iter().map(name_by_openssl).collect();
    let theirs = view
        .extension("Subject Alternative Name")
        .unwrap_or_default();
    // OpenSSL before 3.0 does not look into it.
    let theirs = theirs.replace("othername:<unsupported>", "othername: UPN::x");
    assert_eq!(names.join(", "), theirs);
    let address = said
        .issuer_address
        .as_ref()
        .map(|a| format!("CA Issuers - URI:{a}"));
    assert_eq!(
        address.as_deref(),
        view.extension("Authority Information Access")
    );
    let basic = view.extension("Basic Constraints").unwrap_or_default();
    assert_eq!(said.is_ca, basic.contains("CA:TRUE"));
    let usages = said.extended_key_usages.as_ref().map(|usages| {
        let long = usages.iter().map(|usage| match usage.as_str() {
            "clientAuth" => "TLS Web Client Authentication",
            "serverAuth" => "TLS Web Server Authentication",
            other => panic!("{other}"),
        });
        long.collect::<Vec<_>>().join(", ")
    });
    assert_eq!(usages.as_deref(), view.extension("Extended Key Usage"));

    let serial = format!("  serial number: {}", said.serial_number);
    let (digest, pin) = (hex(&said.sha256), hex(&said.spki_sha256));
    for line in [
        said.subject.clone(),
        format!("  issuer: {}", said.issuer),
        serial,
        format!("  key: {}", said.key),
        format!("  CA: {}", if said.is_ca { "yes" } else { "no" }),
        format!("  SHA-256: {digest}"),
        format!("  SHA-256 of the key: {pin}"),
    ] {
        assert!(lines.contains(&&*line), "{line} is not in:\n{text}");
    }
    let names = lines
        .iter()
        .filter_map(|line| line.strip_prefix("  name: "));
    let own: Vec<String> = said.names.iter().map(ToString::to_string).collect();
    assert_eq!(names.collect::<Vec<_>>(), own);
}

#[test]
fn every_certificate_is_described_as_openssl_sees_it() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let cast = Cast::assemble();
    let mut seen = 0;
    for algorithm in KeyAlgorithm::ALL {
        let credential = everything(algorithm).issued_by(&cast.intermediate);
        let credential = credential.with(&cast.intermediate).with(&cast.root);
        let said = identity(&credential).describe();
        assert_eq!(said.certificates.len(), 3);
        assert_eq!(said.certificates[0].names.len(), 8);
        for (said, der) in said.certificates.iter().zip(&credential.chain) {
            assert_agrees(said, der, &openssl);
            seen += 1;
        }
        assert_eq!(said.missing_issuer, None, "the root names itself");
    }
    let roots = [cast.root.certificate(), cast.impostor.certificate()];
    for (said, der) in anchors(&roots).describe().certificates.iter().zip(&roots) {
        assert_agrees(said, der, &openssl);
        assert!(said.is_ca);
        seen += 1;
    }
    let made = Cas::new().expect("openssl is here");
    let alice = made.credential("alice");
    for (said, der) in identity(&alice)
        .describe()
        .certificates
        .iter()
        .zip(&alice.chain)
    {
        assert_agrees(said, der, &openssl);
        seen += 1;
    }
    assert_eq!(seen, 4 * 3 + 2 + 2);
}

#[test]
fn a_description_shows_the_key_and_the_missing_issuer() {
    let cast = Cast::assemble();
    let ours = identity(&cast.alice);
    let said = ours.describe();
    assert_eq!(
        (said.key, said.is_key_external),
        (KeyType::EcdsaP256, false)
    );
    assert_eq!(said.missing_issuer.as_deref(), Some("CN=Rhea Root"));
    let text = said.to_string();
    assert!(
        text.starts_with("leaf: CN=alice\n  issuer: CN=Ivo Intermediate\n"),
        "{text}"
    );
    for line in [
        "certificate 1: CN=Ivo Intermediate",
        "  name: URI:spiffe://prod.test/alice",
        "  for: clientAuth",
        "  for: not limited",
        "private key: ECDSA P-256, at hand",
        "not in the chain: CN=Rhea Root, the issuer of the last certificate; every peer must trust it",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is not in:\n{text}");
    }

    let chain = ours.chain().describe();
    assert_eq!(chain.certificates, said.certificates);
    assert_eq!(chain.missing_issuer, said.missing_issuer);
    let lines: Vec<&str> = text.lines().collect();
    let without_key: Vec<&str> = (lines.iter().copied())
        .filter(|line| !line.starts_with("private key: "))
        .collect();
    assert_eq!(chain.to_string().lines().collect::<Vec<_>>(), without_key);

    let alone = Leaf::named("alone").self_signed();
    let said = identity(&alone).describe();
    assert_eq!(said.missing_issuer, None);
    assert!(!said.to_string().contains("not in the chain"));

    let text = anchors(&[cast.root.certificate(), cast.impostor.certificate()]).describe();
    let text = text.to_string();
    assert!(text.starts_with("trust anchor 0: CN=Rhea Root\n"), "{text}");
    assert!(text.contains("\ntrust anchor 1: CN=Rhea Root\n"), "{text}");
}

#[cfg(unix)]
#[test]
fn an_exposed_key_is_a_warning() {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    let (cast, folder) = (Cast::assemble(), tempfile::tempdir().unwrap());
    let (chain, key) = (folder.path().join("a.crt"), folder.path().join("a.key"));
    fs::write(&chain, cast.alice.chain_pem()).unwrap();
    fs::write(&key, cast.alice.key_pem()).unwrap();
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let said = MtlsIdentity::from_files(&chain, &key).unwrap().describe();
    assert!(matches!(
        &*said.warnings,
        [IdentityWarning::InsecureKeyFile(_)]
    ));
    let text = said.to_string();
    assert!(text.contains("\nwarning: the private key in "), "{text}");
    assert!(text.contains("mode 0644"), "{text}");
}

struct Elsewhere(Vec<u8>);

impl SigningKey for Elsewhere {
    fn public_key(&self) -> SubjectPublicKeyInfoDer<'_> {
        self.0.as_slice().into()
    }

    fn schemes(&self) -> &[SignatureScheme] {
        &[SignatureScheme::EcdsaP256Sha256]
    }

    fn sign(&self, _: SignatureScheme, _: &[u8]) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        panic!("a signature was requested")
    }
}

#[test]
fn a_key_that_is_elsewhere_is_said_to_be() {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "kms");
    let certificate = params.self_signed(&key).unwrap();
    let spki = rcgen::PublicKeyData::subject_public_key_info(&key);
    let chain = CertificateChain::from_der([certificate.der().clone()]).unwrap();
    let identity = MtlsIdentity::from_signing_key(chain, Arc::new(Elsewhere(spki))).unwrap();
    let said = identity.describe();
    assert!(said.is_key_external);
    let text = said.to_string();
    assert!(
        text.ends_with("\nprivate key: ECDSA P-256, elsewhere, as a signing key"),
        "{text}"
    );
}

/// A name may hold anything. Whatever it is, it takes one line, and none of it is hidden.
#[test]
fn names_cannot_forge_lines() {
    let root = Authority::named("Rhea Root");
    let nasty = "a.example\n  name: DNS:b.example\u{1b}[2J c\\d";
    let credential = Leaf::named("eve\nleaf: CN=root\u{202e}\u{85}")
        .dns(nasty)
        .uri("spiffe://a\r\nb")
        .email("x@y\0z")
        .client()
        .issued_by(&root);
    let said = identity(&credential).describe();
    let text = said.to_string();
    assert!(
        !text
            .replace('\n', "")
            .contains(|c: char| c.is_control() || c == '\u{202e}')
    );
    assert_eq!(
        text.lines()
            .filter(|line| line.starts_with("  name: "))
            .count(),
        3
    );
    assert_eq!(
        text.lines()
            .filter(|line| line.starts_with("leaf: "))
            .count(),
        1
    );
    let shown = r"a.example\0a\20\20name:\20DNS:b.example\1b[2J\20c\5cd";
    assert_eq!(
        said.certificates[0].names[0],
        AlternativeName::Dns(shown.to_owned())
    );
}

#[test]
fn names_that_cannot_be_read_are_said_to_be() {
    let root = Authority::named("Rhea Root");
    let names = |value: Vec<u8>| {
        let san = Extension::new(&[2, 5, 29, 17], value);
        let credential = Leaf::named("odd").extension(san).issued_by(&root);
        identity(&credential).describe().certificates[0]
            .names
            .clone()
    };
    assert_eq!(
        names(vec![0x30, 9]),
        [AlternativeName::Other("unreadable names")]
    );
    let two = names(vec![0x30, 9, 0x87, 3, 1, 2, 3, 0x88, 2, 0x2a, 3]);
    assert_eq!(two[0], AlternativeName::Other("unreadable IP address"));
    assert_eq!(two[1], AlternativeName::Other("registeredID"));
    // A directory name without anything in it, and a party `x`.
    let two = names(
        [
            &[0x30, 11, 0xa4, 2, 0x30, 0, 0xa5, 5][..],
            b"\xa1\x03\x0c\x01x",
        ]
        .concat(),
    );
    assert_eq!(two[0], AlternativeName::Other("directoryName"));
    assert_eq!(two[1], AlternativeName::Other("ediPartyName"));
}

#[test]
fn the_first_to_expire_counts_to_the_second() {
    const END: u64 = 2_000_000_000;
    let until = |end: u64| Validity::between_unix(1_700_000_000, i64::try_from(end).unwrap());
    let root = AuthorityBuilder::named("Root")
        .validity(until(END + 500))
        .self_signed();
    let short = AuthorityBuilder::named("Short")
        .validity(until(END))
        .issued_by(&root);
    let leaf = Leaf::named("leaf")
        .validity(until(END + 100))
        .issued_by(&short);
    let ours = identity(&leaf.with(&short).with(&root));
    let both = anchors(&[root.certificate(), short.certificate()]);
    let last = |expires: &dyn Fn(UnixTime) -> Option<Duration>| {
        assert_eq!(expires(at(END - 10)), Some(Duration::from_secs(10)));
        assert_eq!(expires(at(END - 1)), Some(Duration::from_secs(1)));
        assert_eq!(expires(at(END)), Some(Duration::ZERO));
        assert_eq!(expires(at(END + 1)), None);
        assert_eq!(expires(at(u64::MAX)), None);
    };
    last(&|now| ours.expires_in(now));
    last(&|now| both.expires_in(now));
    let alone = anchors(&[root.certificate()]);
    assert_eq!(alone.expires_in(at(END)), Some(Duration::from_secs(500)));
}
