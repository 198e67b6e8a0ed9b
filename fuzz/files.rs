//! What must hold for whole files, whatever their format.

use std::time::Duration;

use mtls::material::{CertificateDescription, Content, Input};
use mtls::pki_types::{CertificateDer, UnixTime};
use mtls::{
    CertificateChain, MaterialError, MtlsIdentity, Passphrase, PrivateKey, RevocationLists,
    TrustAnchors,
};

use super::encoding::armour;
use super::secrets::Secrets;
use super::{PASSPHRASE, check_identity, check_line, check_material_error};

/// One certificate in DER, before everything that reads one without verifying it.
pub fn certificate(input: &[u8]) {
    let secrets = Secrets::default();
    let der = || [CertificateDer::from(input.to_vec())];
    let anchors = checked(TrustAnchors::from_der(der()), &secrets);
    let chain = checked(CertificateChain::from_der(der()), &secrets);
    assert_eq!(anchors.is_some(), chain.is_some());
    let pem = armour("CERTIFICATE", input);
    assert_eq!(
        checked(
            mtls::Loader::new().load_anchors(Input::bytes(pem.as_bytes())),
            &secrets
        ),
        anchors
    );
    assert_eq!(
        checked(
            mtls::Loader::new().load_chain(Input::bytes(pem.as_bytes())),
            &secrets
        ),
        chain
    );
    let Some(anchors) = anchors else { return };
    assert_eq!(
        mtls::Loader::new()
            .load_anchors(Input::bytes(input))
            .ok()
            .as_ref(),
        Some(&anchors)
    );
    let description = anchors.describe();
    description.to_string().lines().for_each(check_line);
    assert_eq!(description.to_string(), anchors.describe().to_string());
    for time in [0, 1_800_000_000, 253_402_300_799] {
        let now = UnixTime::since_unix_epoch(Duration::from_secs(time));
        if let Some(left) = anchors.expires_in(now) {
            let then = |more| UnixTime::since_unix_epoch(Duration::from_secs(time) + left + more);
            assert_eq!(
                anchors.expires_in(then(Duration::ZERO)),
                Some(Duration::ZERO)
            );
            assert_eq!(anchors.expires_in(then(Duration::from_secs(1))), None);
        }
    }
}

/// PKCS#7 with certificates: DER, or PEM.
pub fn pkcs7(input: &[u8]) {
    let secrets = Secrets::default();
    let anchors = checked(
        mtls::Loader::new().load_anchors(Input::bytes(input)),
        &secrets,
    );
    let chain = checked(
        mtls::Loader::new().load_chain(Input::bytes(input)),
        &secrets,
    );
    if let Some(chain) = &chain {
        let anchors = anchors
            .as_ref()
            .expect("a chain's certificates are certificates");
        assert!(
            chain
                .as_slice()
                .iter()
                .all(|one| anchors.as_slice().contains(one))
        );
    }
    let armoured = armour("PKCS7", input);
    let from_pem = checked(
        mtls::Loader::new().load_anchors(Input::bytes(armoured.as_bytes())),
        &secrets,
    );
    if let Some(from_pem) = &from_pem {
        assert_eq!(anchors.as_ref(), Some(from_pem));
    }
    #[cfg(feature = "openssl")]
    if let Some(from_pem) = &from_pem {
        as_openssl_reads_it(input, from_pem);
    }
}

#[cfg(feature = "openssl")]
fn as_openssl_reads_it(der: &[u8], ours: &TrustAnchors) {
    let Ok(theirs) = openssl::pkcs7::Pkcs7::from_der(der) else {
        return;
    };
    let theirs = theirs.signed().and_then(|signed| signed.certificates());
    let theirs = theirs.into_iter().flatten();
    let theirs: Vec<Vec<u8>> = theirs.map(|one| one.to_der().unwrap()).collect();
    let ours: Vec<&[u8]> = ours.as_slice().iter().map(|der| &**der).collect();
    assert_eq!(ours, theirs);
}

/// Any bytes, told apart by their content. What a reader of one format takes, the reader of all takes, and makes the
/// same of it.
pub fn sniff(input: &[u8]) {
    let secrets = if super::is_pem(input) {
        Secrets::in_pem(input)
    } else {
        Secrets::of_der(input)
    };
    check_identity(
        mtls::Loader::new().load_identity(Input::bytes(input)),
        &secrets,
    );
    let bundle = mtls::Loader::new().load_identity(Input::bytes(input)).ok();
    if let Some(bundle) = bundle {
        let any = mtls::Loader::new()
            .load_identity(Input::bytes(input))
            .expect("a bundle");
        assert_eq!(any.chain(), bundle.chain());
    }
    let key = checked(mtls::Loader::new().load_key(Input::bytes(input)), &secrets).map(pkcs8);
    let known = PrivateKey::from_pem(input).or_else(|_| PrivateKey::from_der(input));
    assert_eq!(key, known.ok().map(pkcs8));
    let anchors = checked(
        mtls::Loader::new().load_anchors(Input::bytes(input)),
        &secrets,
    );
    let known = TrustAnchors::from_pem(input)
        .or_else(|_| TrustAnchors::from_der([CertificateDer::from(input.to_vec())]));
    assert!(known.is_err() || known.ok() == anchors);
    let lists = checked(
        mtls::Loader::new().load_revocation_lists(Input::bytes(input)),
        &secrets,
    );
    let known = RevocationLists::from_pem(input)
        .or_else(|_| RevocationLists::from_der([input.to_vec().into()]));
    assert_eq!(lists, known.ok());
    if secrets.are_cheap() {
        let passphrase = Passphrase::new(PASSPHRASE);
        check_identity(
            mtls::Loader::new()
                .passphrase(passphrase.clone())
                .load_identity(Input::bytes(input)),
            &secrets,
        );
        let opened = checked(
            mtls::Loader::new()
                .passphrase(passphrase.clone())
                .load_key(Input::bytes(input)),
            &secrets,
        );
        assert!(
            key.is_none() || key == opened.map(pkcs8),
            "it needs no passphrase"
        );
    }
}

/// Any bytes, read by [`mtls::Loader::inspect`]: it finds what the readers of one kind take, and its texts are fit for a
/// terminal.
pub fn inspect(input: &[u8]) {
    let secrets = if super::is_pem(input) {
        Secrets::in_pem(input)
    } else {
        Secrets::of_der(input)
    };
    let bytes = || Input::bytes(input);
    let loader = mtls::Loader::new();
    let Some(found) = checked(loader.inspect(bytes()), &secrets) else {
        assert!(loader.load_anchors(bytes()).is_err() && loader.load_key(bytes()).is_err());
        assert!(loader.load_identity(bytes()).is_err());
        assert!(loader.load_revocation_lists(bytes()).is_err());
        return;
    };
    assert!(found.contents.len() + found.faults.len() > 0);
    for fault in &found.faults {
        check_material_error(fault, &secrets);
    }
    secrets.check(&format!("{:?}", found.faults));
    let (mut anchors, mut keys, mut lists) = (None, Vec::new(), None);
    for content in found.contents {
        match content {
            Content::Certificates { certificates, .. } => {
                for certificate in &certificates {
                    let described =
                        CertificateDescription::from_der(certificate).expect("a certificate");
                    described.to_string().lines().for_each(check_line);
                }
                anchors = TrustAnchors::from_der(certificates).ok();
            }
            Content::Key(key) => keys.push(pkcs8(key)),
            Content::Request(request) => {
                request.describe().to_string().lines().for_each(check_line);
                assert!(!format!("{request:?}").contains('\n'));
            }
            Content::RevocationLists(found) => lists = Some(found),
            other => secrets.check(&format!("{other:?}")),
        }
    }
    if found.faults.is_empty() {
        let known = loader.load_anchors(bytes()).ok();
        assert!(known.is_none() || known == anchors);
        let known = loader.load_key(bytes()).ok().map(pkcs8);
        assert!(known.is_none_or(|known| keys == [known]));
        let known = loader.load_revocation_lists(bytes()).ok();
        assert!(known.is_none() || known == lists);
    }
}

fn pkcs8(key: PrivateKey) -> Vec<u8> {
    key.pkcs8_der().secret_pkcs8_der().to_vec()
}

/// One text before every reader of PEM, and again with what editors and operating systems do to texts.
pub fn pem(input: &[u8]) {
    let secrets = Secrets::in_pem(input);
    let outcome = ReadResults::of(input, &secrets);
    check_identity(
        mtls::Loader::new().load_identity(Input::bytes(input)),
        &secrets,
    );
    if !input.starts_with(BOM) && !input.starts_with(b"\xff\xfe") && !input.starts_with(b"\xfe\xff")
    {
        assert_eq!(
            outcome,
            ReadResults::of(&[BOM, input].concat(), &secrets),
            "with a BOM"
        );
    }
    if !input.contains(&b'\r') {
        let windows: Vec<u8> = input
            .iter()
            .flat_map(|byte| match byte {
                b'\n' => b"\r\n".to_vec(),
                other => vec![*other],
            })
            .collect();
        assert_eq!(outcome, ReadResults::of(&windows, &secrets), "with CR LF");
    }
    let annotated = [b"Bag Attributes\n    friendlyName: x\n", input, b"\ntext\n"].concat();
    if input.starts_with(b"-----BEGIN ") && outcome.loads() {
        assert_eq!(
            outcome,
            ReadResults::of(&annotated, &secrets),
            "with text around it"
        );
    }
}

const BOM: &[u8] = b"\xef\xbb\xbf";

/// What each reader makes of a text.
#[derive(Debug, PartialEq)]
struct ReadResults {
    anchors: Option<TrustAnchors>,
    chain: Option<CertificateChain>,
    key: Option<Vec<u8>>,
    lists: Option<RevocationLists>,
}

impl ReadResults {
    fn of(text: &[u8], secrets: &Secrets) -> Self {
        let key = checked(PrivateKey::from_pem(text), secrets);
        Self {
            anchors: checked(TrustAnchors::from_pem(text), secrets),
            chain: checked(CertificateChain::from_pem(text), secrets),
            key: key.map(pkcs8),
            lists: checked(RevocationLists::from_pem(text), secrets),
        }
    }

    fn loads(&self) -> bool {
        *self
            != Self {
                anchors: None,
                chain: None,
                key: None,
                lists: None,
            }
    }
}

fn checked<T>(loaded: Result<T, MaterialError>, secrets: &Secrets) -> Option<T> {
    loaded
        .inspect_err(|error| check_material_error(error, secrets))
        .ok()
}
