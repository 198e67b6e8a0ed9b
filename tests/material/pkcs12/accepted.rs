//! What is read, and that it comes out as the program that made it sees it.

use mtls::material::IdentityWarning;
use mtls::{MtlsIdentity, Passphrase};

use super::workshop::{KEYS, Workshop};
use super::{PASSPHRASE, passphrase};
use crate::common::programs::Program;

#[test]
fn every_encryption_of_openssl_is_read() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let workshop = Workshop::new();
    for options in [
        "",
        // 3DES for the key, RC2-40 for the certificates, SHA-1 for the MAC.
        "-legacy",
        "-keypbe AES-128-CBC -certpbe AES-128-CBC",
        "-keypbe AES-192-CBC -certpbe AES-256-CBC -macalg sha1",
        "-keypbe DES-EDE3-CBC -certpbe DES-EDE3-CBC",
        "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES",
        "-keypbe PBE-SHA1-2DES -certpbe PBE-SHA1-2DES",
        "-legacy -keypbe PBE-SHA1-RC2-40 -certpbe PBE-SHA1-RC2-128",
        "-legacy -keypbe PBE-SHA1-RC2-128 -certpbe PBE-SHA1-RC2-40",
        "-keypbe NONE",
        "-certpbe NONE",
        "-keypbe NONE -certpbe NONE",
        "-macalg sha1",
        "-macalg sha224",
        "-macalg sha384",
        "-macalg sha512",
        "-noiter -nomaciter",
        "-iter 10000",
    ] {
        let der = workshop.export(&openssl, "p256", options);
        let identity = mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_identity(mtls::material::Input::bytes(&der))
            .unwrap_or_else(|e| panic!("`{options}`: {e}"));
        workshop.is(&identity, &openssl, "p256", PASSPHRASE);
        let wrong = mtls::Loader::new()
            .passphrase(Passphrase::new("wrong"))
            .load_identity(mtls::material::Input::bytes(&der))
            .unwrap_err();
        assert!(
            wrong
                .to_string()
                .contains("does not open the key or container")
        );
    }
}

#[test]
fn every_kind_of_key_is_read() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let workshop = Workshop::new();
    for (name, _) in KEYS {
        for options in ["", "-legacy"] {
            let der = workshop.export(&openssl, name, options);
            let identity = mtls::Loader::new()
                .passphrase(passphrase().clone())
                .load_identity(mtls::material::Input::bytes(&der))
                .unwrap();
            workshop.is(&identity, &openssl, name, PASSPHRASE);
        }
    }
}

#[test]
fn the_order_and_what_is_left_over_change_nothing() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let workshop = Workshop::new();
    for (issuers, others) in [
        ("issuers.pem", &[][..]),
        ("issuers_down.pem", &[]),
        ("rootless.pem", &[]),
        // Twice, and beside strangers.
        ("issuers_down.pem", &["issuing.crt", "rsa.crt", "root.crt"]),
        ("root.crt", &["ed25519.crt", "issuing.crt", "p384.crt"]),
    ] {
        let parts = [&[issuers][..], others].concat();
        workshop.join("given.pem", &parts);
        let line = "pkcs12 -export -in p256.crt -inkey p256.key -certfile given.pem -out made.p12 -passout";
        workshop.run(&openssl, line, &["pass:correct horse"]);
        let identity = mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_identity(workshop.path("made.p12"));
        assert_eq!(
            identity.unwrap().chain().as_slice(),
            workshop.chain("p256"),
            "{parts:?}"
        );
    }
}

#[test]
fn a_self_signed_leaf_stands_alone() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let workshop = Workshop::new();
    workshop.run(
        &openssl,
        "req -x509 -key rsa.key -subj /CN=alone -addext basicConstraints=critical,CA:FALSE -out self.crt",
        &[],
    );
    let line = "pkcs12 -export -in self.crt -inkey rsa.key -out made.p12 -passout";
    workshop.run(&openssl, line, &["pass:correct horse"]);
    let identity = mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_identity(workshop.path("made.p12"))
        .unwrap();
    assert_eq!(identity.chain().as_slice(), [workshop.certificate("self")]);
}

#[test]
fn every_passphrase_is_taken_as_openssl_takes_it() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let workshop = Workshop::new();
    // Empty, beyond ASCII, beyond Latin, beyond the BMP, and longer than a block of the digest.
    for text in ["", "Zoë", "пароль", "key 🔑", &"x".repeat(200)] {
        for options in ["", "-legacy"] {
            let line = format!(
                "pkcs12 -export -in rsa.crt -inkey rsa.key -certfile issuers.pem -out made.p12 {options} -passout"
            );
            workshop.run(&openssl, &line, &[&format!("pass:{text}")]);
            let der = workshop.read("made.p12");
            let identity = mtls::Loader::new()
                .passphrase(Passphrase::new(text))
                .load_identity(mtls::material::Input::bytes(&der))
                .unwrap_or_else(|e| panic!("{text:?} {options}: {e}"));
            workshop.is(&identity, &openssl, "rsa", text);
        }
    }
}

#[test]
fn what_certtool_makes_is_read() {
    let Some(certtool) = Program::certtool() else {
        return;
    };
    let workshop = Workshop::new();
    workshop.join("chain.pem", &["p256.crt", "root.crt", "issuing.crt"]);
    let expected = MtlsIdentity::from_pem(
        &[workshop.read("p256.crt"), workshop.read("issuing.crt")].concat(),
        &workshop.read("p256.key"),
    )
    .unwrap();
    let line =
        "--to-p12 --load-privkey p256.key --load-certificate chain.pem --p12-name alice --outder";
    // Each costs millions of rounds, so there is one of each way to derive and to write no passphrase: two zero
    // octets, or nothing at all.
    for (options, text) in [
        ("--pkcs-cipher rc2-40", PASSPHRASE),
        ("--pkcs-cipher aes-256 --empty-password", ""),
        ("--pkcs-cipher 3des-pkcs12 --null-password", ""),
    ] {
        let line = format!("{line} {options} --outfile made.p12");
        let password = format!("--password={text}");
        let password = [password.as_str()];
        let password: &[&str] = if text.is_empty() { &[] } else { &password };
        workshop.run(&certtool, &line, password);
        let der = workshop.read("made.p12");
        let identity = mtls::Loader::new()
            .passphrase(Passphrase::new(text))
            .friendly_name("alice")
            .load_identity(mtls::material::Input::bytes(&der))
            .unwrap_or_else(|e| panic!("{options}: {e}"));
        assert_eq!(identity.chain(), expected.chain(), "{options}");
        assert_eq!(
            identity.private_key().unwrap().pkcs8_der(),
            expected.private_key().unwrap().pkcs8_der()
        );
    }
}

#[test]
fn anchors_are_all_the_certificates() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let workshop = Workshop::new();
    for options in ["", "-legacy", "-certpbe NONE"] {
        let line =
            format!("pkcs12 -export -nokeys -in issuers.pem -out made.p12 {options} -passout");
        workshop.run(&openssl, &line, &["pass:correct horse"]);
        let anchors = mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_anchors(workshop.path("made.p12"));
        let expected = ["issuing", "root"].map(|name| workshop.certificate(name));
        assert_eq!(anchors.unwrap().as_slice(), expected);
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_everybody_reads_is_a_warning() {
    use std::os::unix::fs::PermissionsExt;

    let Some(openssl) = Program::openssl() else {
        return;
    };
    let workshop = Workshop::new();
    workshop.export(&openssl, "p256", "");
    let path = workshop.path("made.p12");
    for (mode, is_warned) in [(0o600, false), (0o644, true)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let identity = mtls::Loader::new()
            .passphrase(passphrase().clone())
            .load_identity(&path)
            .unwrap();
        let is_exposed = |w: &IdentityWarning| matches!(w, IdentityWarning::InsecureKeyFile(_));
        assert_eq!(identity.warnings().iter().any(is_exposed), is_warned);
    }
}

#[cfg(feature = "aws-lc-rs")]
#[test]
fn containers_shake_hands() {
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use mtls::{MtlsClient, MtlsServer, Rustls, VerifierPolicy};

    let Some(openssl) = Program::openssl() else {
        return;
    };
    let workshop = Workshop::new();
    workshop.run(
        &openssl,
        "pkcs12 -export -nokeys -in root.crt -out anchors.p12 -passout",
        &["pass:correct horse"],
    );
    let anchors = mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_anchors(workshop.path("anchors.p12"))
        .unwrap();
    for (client, server) in [("p256", "rsa"), ("rsa", "p384"), ("ed25519", "p256")] {
        let [client_identity, server_identity] = [client, server].map(|name| {
            mtls::Loader::new()
                .passphrase(passphrase().clone())
                .load_identity(mtls::material::Input::bytes(
                    workshop.export(&openssl, name, "-legacy"),
                ))
                .unwrap()
        });
        let server_side = MtlsServer::builder()
            .identity(server_identity)
            .trust_anchors(anchors.clone())
            .policy(VerifierPolicy::allow_any_authenticated())
            .build(Rustls::default())
            .unwrap();
        let client_side = MtlsClient::builder()
            .identity(client_identity)
            .trust_anchors(anchors.clone())
            .policy(VerifierPolicy::allow_any_authenticated())
            .build(Rustls::default())
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let accepting = thread::spawn(move || {
            let (io, _) = listener.accept().unwrap();
            server_side
                .accept(io)
                .unwrap()
                .peer()
                .common_name()
                .map(str::to_owned)
        });
        let stream = client_side
            .connect("localhost", TcpStream::connect(address).unwrap())
            .unwrap();
        assert_eq!(stream.peer().common_name(), Some(server));
        assert_eq!(accepting.join().unwrap().as_deref(), Some(client));
    }
}
