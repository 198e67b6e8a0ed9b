//! What must hold for whole files, whatever their format.

use mtls::{
    CertificateChain, MaterialError, MtlsIdentity, PrivateKey, RevocationLists, TrustAnchors,
};

use super::secrets::Secrets;
use super::{check_identity, check_material_error};

/// One text before every reader of PEM, and again with what editors and operating systems do to texts.
pub fn pem(input: &[u8]) {
    let secrets = Secrets::in_pem(input);
    let outcome = Outcome::of(input, &secrets);
    check_identity(MtlsIdentity::from_pem_bundle(input), &secrets);
    if !input.starts_with(BOM) && !input.starts_with(b"\xff\xfe") && !input.starts_with(b"\xfe\xff")
    {
        assert_eq!(
            outcome,
            Outcome::of(&[BOM, input].concat(), &secrets),
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
        assert_eq!(outcome, Outcome::of(&windows, &secrets), "with CR LF");
    }
    let annotated = [b"Bag Attributes\n    friendlyName: x\n", input, b"\ntext\n"].concat();
    if input.starts_with(b"-----BEGIN ") && outcome.loads() {
        assert_eq!(
            outcome,
            Outcome::of(&annotated, &secrets),
            "with text around it"
        );
    }
}

const BOM: &[u8] = b"\xef\xbb\xbf";

/// What each reader makes of a text.
#[derive(Debug, PartialEq)]
struct Outcome {
    anchors: Option<TrustAnchors>,
    chain: Option<CertificateChain>,
    key: Option<Vec<u8>>,
    lists: Option<RevocationLists>,
}

impl Outcome {
    fn of(text: &[u8], secrets: &Secrets) -> Self {
        let key = checked(PrivateKey::from_pem(text), secrets);
        Self {
            anchors: checked(TrustAnchors::from_pem(text), secrets),
            chain: checked(CertificateChain::from_pem(text), secrets),
            key: key.map(|key| key.pkcs8_der().secret_pkcs8_der().to_vec()),
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
