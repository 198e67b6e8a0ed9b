//! Containers and files of the field cases, with the answer that the README gives.

use mtls::Passphrase;

use crate::field_cases::{folder, in_words};

/// BER by two libraries, and a MAC by PBMAC1.
#[test]
fn containers_load() {
    let Some(folder) = folder() else { return };
    let secret = Passphrase::new("secret");
    let mut wrong = Vec::new();
    for name in ["bc-PKCS12-DEF.p12", "nss-default.p12", "pbmac1.p12"] {
        let bytes = folder.read(&format!("pkcs12/{name}"));
        if let Err(error) = mtls::Loader::new()
            .passphrase(secret.clone())
            .load_identity(mtls::material::Input::bytes(&bytes))
        {
            wrong.push(format!("{name}: {}", in_words(&error)));
        }
        mtls::Loader::new()
            .passphrase(Passphrase::new("wrong"))
            .load_identity(mtls::material::Input::bytes(&bytes))
            .unwrap_err();
    }
    let bytes = folder.read("pkcs12/bc-trust.p12");
    match mtls::Loader::new()
        .passphrase(secret.clone())
        .load_anchors(mtls::material::Input::bytes(&bytes))
    {
        Ok(anchors) => assert_eq!(anchors.as_slice().len(), 1),
        Err(error) => wrong.push(format!("bc-trust.p12: {}", in_words(&error))),
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Certificate, key and DH PARAMETERS in one file.
#[test]
fn a_pem_file_with_parameters_loads() {
    let Some(folder) = folder() else { return };
    let bytes = folder.read("pem/haproxy.pem");
    let identity = mtls::Loader::new().load_identity(mtls::material::Input::bytes(&bytes));
    let identity = identity.unwrap_or_else(|error| panic!("{}", in_words(&error)));
    assert!(identity.private_key().is_some());
}

/// Its key is encrypted, and there is no MAC that says whose certificates stand beside it.
#[test]
fn a_container_without_a_mac_is_rejected() {
    let Some(folder) = folder() else { return };
    let bytes = folder.read("pkcs12/nomac.p12");
    for passphrase in ["secret", ""] {
        mtls::Loader::new()
            .passphrase(Passphrase::new(passphrase))
            .load_identity(mtls::material::Input::bytes(&bytes))
            .unwrap_err();
    }
}
