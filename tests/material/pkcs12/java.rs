//! Key stores and trust stores by `keytool`.

use mtls::error::MaterialProblem;
use mtls::pki_types::CertificateDer;
use mtls::pki_types::pem::PemObject;
use mtls::{Passphrase, TrustAnchors};

use super::workshop::Workshop;
use crate::common::programs::Program;
use crate::error_says;

/// `keytool` does not ask for passwords of less than six characters, nor on a terminal that is none.
const STORE: &str = "-storetype PKCS12 -storepass changeit";

fn changeit() -> Passphrase {
    Passphrase::new("changeit")
}

/// The certificate that `keytool` itself shows for an alias.
#[track_caller]
fn shown(
    workshop: &Workshop,
    keytool: &Program,
    store: &str,
    alias: &str,
) -> CertificateDer<'static> {
    let line = format!("-exportcert -rfc -alias {alias} -keystore {store} {STORE}");
    CertificateDer::from_pem_slice(workshop.run(keytool, &line, &[]).as_bytes()).unwrap()
}

#[test]
fn key_stores_are_read() {
    let Some(keytool) = Program::keytool() else {
        return;
    };
    let workshop = Workshop::new();
    for (alias, algorithm) in [
        ("ec", "-keyalg EC -groupname secp256r1"),
        ("rsa", "-keyalg RSA -keysize 2048"),
        ("ed", "-keyalg Ed25519"),
    ] {
        for (store, old) in [("new", ""), ("old", "-J-Dkeystore.pkcs12.legacy")] {
            let store = format!("{alias}-{store}.p12");
            let line =
                format!("-genkeypair -alias {alias} {algorithm} -dname CN={alias}.java {old}");
            workshop.run(&keytool, &format!("{line} -keystore {store} {STORE}"), &[]);
            let identity = mtls::Loader::new()
                .passphrase(changeit().clone())
                .load_identity(workshop.path(&store))
                .unwrap();
            let leaf = shown(&workshop, &keytool, &store, alias);
            assert_eq!(identity.chain().as_slice(), [leaf]);
        }
    }
}

#[test]
fn a_key_store_with_passwords_and_other_entries_is_read() {
    let Some(keytool) = Program::keytool() else {
        return;
    };
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let workshop = Workshop::new();
    workshop.export(&openssl, "p256", "-name Client");
    let import = "-importkeystore -srckeystore made.p12 -srcstoretype PKCS12 -destkeystore store.p12 \
         -deststoretype PKCS12 -deststorepass changeit -srcalias client";
    workshop.run(&keytool, import, &["-srcstorepass", super::PASSPHRASE]);
    // A trusted certificate, a symmetric key and a stranger's trusted root beside it.
    for name in ["root", "rsa"] {
        let line =
            format!("-importcert -noprompt -alias {name} -file {name}.crt -keystore store.p12");
        workshop.run(&keytool, &format!("{line} {STORE}"), &[]);
    }
    let line = "-genseckey -alias secret -keyalg AES -keysize 256 -keystore store.p12";
    workshop.run(&keytool, &format!("{line} {STORE}"), &[]);
    let der = workshop.read("store.p12");
    for identity in [
        mtls::Loader::new()
            .passphrase(changeit().clone())
            .load_identity(mtls::material::Input::bytes(&der)),
        mtls::Loader::new()
            .passphrase(changeit().clone())
            .friendly_name("client")
            .load_identity(mtls::material::Input::bytes(&der)),
    ] {
        assert_eq!(identity.unwrap().chain().as_slice(), workshop.chain("p256"));
    }
    let error = mtls::Loader::new()
        .passphrase(changeit().clone())
        .load_anchors(mtls::material::Input::bytes(&der))
        .unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::IdentityInsteadOfAnchors),
        "{error}"
    );
    // A second identity.
    workshop.export(&openssl, "rsa", "-name Other");
    let import = import.replace("-srcalias client", "-srcalias other");
    workshop.run(&keytool, &import, &["-srcstorepass", super::PASSPHRASE]);
    let der = workshop.read("store.p12");
    let error = mtls::Loader::new()
        .passphrase(changeit().clone())
        .load_identity(mtls::material::Input::bytes(&der))
        .unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::SeveralIdentities { .. }),
        "{error}"
    );
    error_says(&error, &["hint: `client` CN=p256", "hint: `other` CN=rsa"]);
    for (name, leaf) in [("client", "p256"), ("other", "rsa")] {
        let identity = mtls::Loader::new()
            .passphrase(changeit().clone())
            .friendly_name(name)
            .load_identity(mtls::material::Input::bytes(&der))
            .unwrap();
        assert_eq!(identity.chain().as_slice(), workshop.chain(leaf));
    }
}

#[test]
fn older_key_stores_are_named_and_the_advice_helps() {
    let Some(keytool) = Program::keytool() else {
        return;
    };
    let workshop = Workshop::new();
    let line = "-importcert -noprompt -alias root -file root.crt -storetype JKS -keystore old.jks";
    workshop.run(&keytool, line, &["-storepass", "changeit"]);
    let error = mtls::Loader::new()
        .passphrase(changeit().clone())
        .load_anchors(workshop.path("old.jks"))
        .unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::UnexpectedContent { .. }),
        "{error}"
    );
    let advice = "-importkeystore -srckeystore old.jks -destkeystore new.p12 -deststoretype PKCS12";
    let said = advice.replace("old.jks", "FILE").replace("new.p12", "NEW");
    error_says(&error, &[&format!("hint: {said}")]);
    let passwords = "-srcstorepass changeit -deststorepass changeit";
    workshop.run(&keytool, &format!("{advice} {passwords}"), &[]);
    let anchors = mtls::Loader::new()
        .passphrase(changeit().clone())
        .load_anchors(workshop.path("new.p12"))
        .unwrap();
    assert_eq!(anchors.as_slice(), [workshop.certificate("root")]);
}

#[test]
fn trust_stores_are_read() {
    let Some(keytool) = Program::keytool() else {
        return;
    };
    let workshop = Workshop::new();
    for (store, old) in [("new.p12", ""), ("old.p12", "-J-Dkeystore.pkcs12.legacy")] {
        let mut expected = Vec::new();
        for name in ["root", "issuing"] {
            let line = format!(
                "-importcert -noprompt -alias {name} -file {name}.crt -keystore {store} {old}"
            );
            workshop.run(&keytool, &format!("{line} {STORE}"), &[]);
            expected.push(workshop.certificate(name));
        }
        let anchors = mtls::Loader::new()
            .passphrase(changeit().clone())
            .load_anchors(workshop.path(store))
            .unwrap();
        // `keytool` keeps them in no order.
        assert_eq!(anchors.as_slice().len(), 2);
        for certificate in expected {
            assert!(anchors.as_slice().contains(&certificate));
        }
        let error = mtls::Loader::new()
            .passphrase(changeit().clone())
            .load_identity(workshop.path(store));
        assert!(matches!(
            error.unwrap_err().problem(),
            MaterialProblem::NoKey
        ));
    }
}

/// As `keytool` makes them by these properties, and the JDK its own `cacerts`.
#[test]
fn stores_without_a_password_are_read() {
    const NONE: &str = "-J-Dkeystore.pkcs12.macAlgorithm=NONE \
                        -J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE";
    let Some(keytool) = Program::keytool() else {
        return;
    };
    let workshop = Workshop::new();
    for name in ["root", "issuing"] {
        let line =
            format!("-importcert -noprompt -alias {name} -file {name}.crt -keystore open.p12");
        workshop.run(&keytool, &format!("{line} {STORE} {NONE}"), &[]);
    }
    let anchors = TrustAnchors::from_file(workshop.path("open.p12")).unwrap();
    assert_eq!(anchors.as_slice().len(), 2);
    for name in ["root", "issuing"] {
        assert!(anchors.as_slice().contains(&workshop.certificate(name)));
    }
    let error = mtls::Loader::new()
        .passphrase(changeit().clone())
        .load_anchors(workshop.path("open.p12"));
    assert!(matches!(
        error.unwrap_err().problem(),
        MaterialProblem::Pkcs12PassphraseWithoutMac
    ));
}
