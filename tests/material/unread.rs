//! Files that every reader rejects: each is named, and what its message advises works.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use der::{Decode, Encode};
use mtls::{MaterialError, MtlsIdentity, PrivateKey, RevocationLists, TrustAnchors};
use tempfile::TempDir;

use crate::common::openssl_ca::Cas;
use crate::common::programs::{self, Program};
use crate::sniff::output;
use crate::{PKCS12_ADVICE, fixture, fixture_text, message, path, says};

/// Everything that reads any encoding, except PKCS#12.
fn every_reader(bytes: &[u8]) -> [Result<(), MaterialError>; 5] {
    [
        mtls::Loader::new()
            .load_chain(mtls::material::Input::bytes(bytes))
            .map(drop),
        mtls::Loader::new()
            .load_anchors(mtls::material::Input::bytes(bytes))
            .map(drop),
        mtls::Loader::new()
            .load_key(mtls::material::Input::bytes(bytes))
            .map(drop),
        mtls::Loader::new()
            .load_identity(mtls::material::Input::bytes(bytes))
            .map(drop),
        mtls::Loader::new()
            .load_revocation_lists(mtls::material::Input::bytes(bytes))
            .map(drop),
    ]
}

#[track_caller]
fn all_reject(bytes: &[u8], parts: &[&str]) {
    for result in every_reader(bytes) {
        says(result, parts);
    }
}

/// A request without its empty attributes, which some programs leave out.
fn without_attributes(request: &[u8]) -> Vec<u8> {
    fn content(sequence: &[u8]) -> (&[u8], &[u8]) {
        let any = der::asn1::AnyRef::from_der_partial(sequence).unwrap();
        (any.0.value(), any.1)
    }
    fn sequence(content: &[u8]) -> Vec<u8> {
        der::asn1::Any::new(der::Tag::Sequence, content)
            .and_then(|any| any.to_der())
            .unwrap()
    }
    let (request, _) = content(request);
    let (info, signature) = content(request);
    let info = sequence(info.strip_suffix(&[0xa0, 0]).unwrap());
    sequence(&[&info, signature].concat())
}

#[test]
fn requests_and_public_keys_are_named() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let key = path("p256_pkcs8.pem");
    for form in ["PEM", "DER"] {
        let run = |arguments: &str| {
            let mut command = openssl.command();
            let (name, rest) = arguments.split_once(' ').unwrap();
            command.args([name, "-outform", form]).args(rest.split(' '));
            output(&mut command)
        };
        let request = run(&format!("req -new -subj /CN=a -key {}", key.display()));
        all_reject(
            &request,
            &[
                "hint: a request is no certificate",
                "hint: the CA issued for it",
            ],
        );
        if form == "DER" {
            let bare = without_attributes(&request);
            let read = ["req", "-inform", "DER", "-noout", "-subject"];
            let mut command = openssl.command();
            let said = programs::run(command.args(read), &bare, Duration::from_secs(10));
            assert!(said.expect_success().contains("CN = a"));
            all_reject(&bare, &["hint: a request is no certificate"]);
        }
        for arguments in [
            format!("pkey -pubout -in {}", key.display()),
            format!(
                "rsa -RSAPublicKey_out -in {}",
                path("rsa_pkcs8.pem").display()
            ),
        ] {
            all_reject(
                &run(&arguments),
                &["hint: a public key alone proves nothing"],
            );
        }
        let parameters = run("ecparam -name prime256v1");
        if form == "PEM" {
            for result in [
                mtls::Loader::new()
                    .load_key(mtls::material::Input::bytes(&parameters))
                    .map(drop),
                mtls::Loader::new()
                    .load_identity(mtls::material::Input::bytes(&parameters))
                    .map(drop),
            ] {
                says(
                    result,
                    &[
                        "EC PARAMETERS",
                        "hint: names a curve",
                        "hint: no private key",
                        "hint: openssl genpkey",
                    ],
                );
            }
        }
        let dh = run("dhparam -dsaparam 512");
        if form == "PEM" {
            all_reject(
                &dh,
                &[
                    "DH PARAMETERS does not belong here",
                    "hint: parameters are no key",
                ],
            );
        }
    }
}

/// What else begins with two SEQUENCEs is none.
#[test]
fn a_request_has_a_version() {
    for info in [&[0x30, 0, 0x30, 0][..], &[0x30, 0, 0x30, 0, 0xa0, 0]] {
        let length = u8::try_from(info.len()).unwrap();
        let bytes = [&[0x30, length + 4, 0x30, length], info, &[0x30, 0]].concat();
        let said = message(mtls::Loader::new().load_anchors(mtls::material::Input::bytes(&bytes)));
        assert!(!said.contains("request"), "{said}");
    }
}

#[test]
fn keys_of_ssh_are_named_and_the_command_converts_them() {
    let Some(ssh_keygen) = Program::ssh_keygen() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("id");
    for kind in ["ecdsa", "rsa"] {
        let mut make = ssh_keygen.command();
        make.args(["-q", "-N", "", "-t", kind, "-f"]).arg(&file);
        output(&mut make);
        for result in [
            PrivateKey::from_file(&file).map(drop),
            MtlsIdentity::from_file(&file).map(drop),
        ] {
            says(
                result,
                &[
                    "OPENSSH PRIVATE KEY",
                    "hint: `ssh-keygen -p -m PKCS8 -f COPY`",
                ],
            );
        }
        let public = fs::read(file.with_extension("pub")).unwrap();
        all_reject(&public, &["an SSH public key", "hint: proves nothing"]);
        says(TrustAnchors::from_pem(&public), &["an SSH public key"]);

        let mut convert = ssh_keygen.command();
        convert.args(["-q", "-p", "-m", "PKCS8", "-N", "", "-P", "", "-f"]);
        output(convert.arg(&file));
        PrivateKey::from_file(&file).unwrap();
        fs::remove_file(&file).unwrap();
        fs::remove_file(file.with_extension("pub")).unwrap();
    }
    let putty = b"PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\nComment: x\r\n";
    all_reject(putty, &["PuTTY", "hint: puttygen FILE -O private-openssh"]);
    let rfc4716 = b"---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----\n";
    all_reject(rfc4716, &["an SSH public key"]);
}

#[test]
fn keystores_of_java_are_named_and_the_command_converts_them() {
    let Some(keytool) = Program::keytool() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for (kind, magic) in [("JKS", 0xfe), ("JCEKS", 0xce)] {
        let made = keystore(&keytool, &folder, kind);
        let bytes = fs::read(&made).unwrap();
        assert_eq!(bytes[0], magic);
        let command = "hint: `keytool -importkeystore -srckeystore FILE";
        all_reject(&bytes, &["a Java keystore", kind, command]);
        says(TrustAnchors::from_pem(&bytes), &["a Java keystore", kind]);
        says(PrivateKey::from_der(&bytes), &["a Java keystore", kind]);

        // What the message says is what works.
        let message =
            message(mtls::Loader::new().load_anchors(mtls::material::Input::bytes(&bytes)));
        let command = message.split('`').nth(1).unwrap();
        let new = folder.path().join(format!("{kind}.p12"));
        let mut convert = keytool.command();
        for argument in command.split_whitespace().skip(1) {
            match argument {
                "FILE" => convert.arg(&made),
                "NEW" => convert.arg(&new),
                other => convert.arg(other),
            };
        }
        convert.args(["-srcstorepass", "changeit", "-deststorepass", "changeit"]);
        programs::run(&mut convert, b"", Duration::from_secs(60)).expect_success();
        says(
            TrustAnchors::from_file(new),
            &["this is PKCS#12", PKCS12_ADVICE],
        );
    }
}

#[test]
fn keystores_of_bouncy_castle_are_named_and_the_command_converts_them() {
    let (Some(keytool), Some(jar)) = (Program::keytool(), Program::bouncy_castle()) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let run = |line: &str| {
        let mut command = keytool.command();
        command.current_dir(&folder).env("LC_ALL", "C.UTF-8");
        programs::run(
            command.args(line.split_whitespace()),
            b"",
            Duration::from_secs(60),
        )
        .expect_success()
    };
    fs::write(folder.path().join("root.crt"), fixture("rsa.crt")).unwrap();
    let provider = format!(
        "-providerclass org.bouncycastle.jce.provider.BouncyCastleProvider -providerpath {jar}"
    );
    for kind in ["BKS", "UBER", "BCFKS"] {
        // With a key, with a certificate, and with nothing left.
        run(&format!(
            "-genkeypair -alias a -keyalg EC -dname CN=a -keystore {kind}.key -storetype {kind} \
             -storepass changeit -keypass changeit {provider}"
        ));
        run(&format!(
            "-importcert -noprompt -alias root -file root.crt -keystore {kind} -storetype {kind} \
             -storepass changeit {provider}"
        ));
        let empty = format!("{kind}.empty");
        fs::copy(folder.path().join(kind), folder.path().join(&empty)).unwrap();
        run(&format!(
            "-delete -alias root -keystore {empty} -storetype {kind} -storepass changeit {provider}"
        ));
        let named = format!("a BouncyCastle keystore ({kind})");
        for file in [kind, &format!("{kind}.key"), &empty] {
            let bytes = fs::read(folder.path().join(file)).unwrap();
            all_reject(&bytes, &[&named, "hint: keytool -importkeystore"]);
            says(TrustAnchors::from_pem(&bytes), &[&named]);
            says(PrivateKey::from_der(&bytes), &[&named]);
            let der = pki_types::CertificateDer::from(bytes);
            says(TrustAnchors::from_der([der]), &[&named]);
        }

        // What the message says is what works.
        let bytes = fs::read(folder.path().join(kind)).unwrap();
        let message =
            message(mtls::Loader::new().load_anchors(mtls::material::Input::bytes(&bytes)));
        let command = message.split('`').nth(1).unwrap();
        let command = command.strip_prefix("keytool ").unwrap();
        let new = format!("{kind}.p12");
        let command = command
            .replace("FILE", kind)
            .replace("NEW", &new)
            .replace("bcprov.jar", jar);
        run(&format!(
            "{command} -srcstorepass changeit -deststorepass changeit"
        ));
        #[cfg(feature = "pkcs12")]
        {
            let passphrase = mtls::Passphrase::new("changeit");
            let new = folder.path().join(new);
            let anchors = mtls::Loader::new()
                .passphrase(passphrase.clone())
                .load_anchors(new)
                .unwrap();
            assert_eq!(*anchors.as_slice()[0], fixture("rsa.crt.der")[..]);
        }
    }
}

/// BKS has entries, or an end and a MAC of 20 bytes; after the same beginning UBER is encrypted.
#[test]
fn keystores_are_identified_by_their_first_bytes() {
    let keystore = |version: u8, rest: &[u8]| {
        let salt = [7; 20];
        let rounds = [0, 0, 4, 0];
        [&[0, 0, 0, version, 0, 0, 0, 20], &salt[..], &rounds, rest].concat()
    };
    let bks = ["a BouncyCastle keystore (BKS)"];
    let uber = ["a BouncyCastle keystore (UBER)"];
    for version in [0, 1, 2] {
        all_reject(&keystore(version, &[1, 0, 1, b'a', 0, 0]), &bks);
        all_reject(&keystore(version, &[4, 0, 0]), &bks);
        all_reject(&keystore(version, &[&[0][..], &[9; 20]].concat()), &bks);
        // A MAC that is too long, a type that there is not, and a name that is no text or is cut.
        all_reject(&keystore(version, &[&[0][..], &[9; 21]].concat()), &uber);
        all_reject(&keystore(version, &[5, 0, 1, b'a', 0, 0]), &uber);
        all_reject(&keystore(version, &[1, 0, 2, 0xff, 0xff]), &uber);
        all_reject(&keystore(version, &[1, 0, 9, b'a', 0, 0]), &uber);
    }
    for (magic, kind) in [(0xfeed_feed_u32, "(JKS)"), (0xcece_cece, "(JCEKS)")] {
        all_reject(
            &[magic, 2].map(u32::to_be_bytes).concat(),
            &["a Java keystore", kind],
        );
    }
    let neither = ["neither PEM nor DER of a known kind"];
    all_reject(&keystore(3, &[1, 0, 1, b'a', 0, 0]), &neither);
}

#[test]
fn der_that_is_cut_or_followed_by_something_is_named() {
    let der = fixture("rsa.crt.der");
    let cut = ["DER that was cut off", "hint: copy the file again"];
    for length in [5, der.len() / 2, der.len() - 1] {
        all_reject(&der[..length], &cut);
    }
    let more = [
        "DER with something after its end",
        "hint: give one thing in a file",
    ];
    all_reject(&[&der[..], &[0]].concat(), &more);
    all_reject(&[&der[..], &der[..]].concat(), &more);
    let key = PrivateKey::from_pem(&fixture("ed25519.pem")).unwrap();
    let key = key.pkcs8_der().secret_pkcs8_der().to_vec();
    all_reject(&key[..key.len() - 1], &cut);
    all_reject(&[&key[..], &[0]].concat(), &more);
    // Whole, and damaged inside: what was expected is no other file.
    let mut damaged = key.clone();
    let inner = damaged.windows(4).position(|w| w == [4, 0x22, 4, 0x20]);
    damaged[inner.unwrap() + 2] = 5;
    says(PrivateKey::from_der(&damaged), &["not a private key"]);
    // Whole, and of no kind that is known.
    let whole = [&[0x30, 0x81, 0x80, 4, 0x7e][..], &[7; 0x7e]].concat();
    all_reject(&whole, &["neither PEM nor DER of a known kind"]);
}

/// A keystore BCFKS has an algorithm with encrypted bytes, a check of them, and nothing else.
#[test]
fn other_pairs_of_values_are_no_keystores() {
    let store = [0x30, 4, 0x30, 0, 4, 0];
    let named = "a BouncyCastle keystore (BCFKS)";
    all_reject(&[&[0x30, 8][..], &store, &[0x30, 0]].concat(), &[named]);
    for other in [
        &[0x30, 4, 5, 0, 5, 0][..],
        &[&[0x30, 10][..], &store, &[0x30, 0, 5, 0]].concat(),
        &[0x30, 8, 0x30, 4, 5, 0, 4, 0, 0x30, 0],
        &[0x30, 10, 0x30, 6, 0x30, 0, 4, 0, 5, 0, 0x30, 0],
    ] {
        let said = message(mtls::Loader::new().load_anchors(mtls::material::Input::bytes(other)));
        assert!(!said.contains(named), "{other:02x?}: {said}");
    }
}

fn keystore(keytool: &Program, folder: &TempDir, kind: &str) -> PathBuf {
    let file = folder.path().join(kind);
    let mut make = keytool.command();
    make.args([
        "-genkeypair",
        "-keyalg",
        "EC",
        "-dname",
        "CN=a",
        "-alias",
        "a",
    ]);
    make.args([
        "-storetype",
        kind,
        "-storepass",
        "changeit",
        "-keypass",
        "changeit",
    ]);
    make.arg("-keystore").arg(&file);
    programs::run(&mut make, b"", Duration::from_secs(60)).expect_success();
    file
}

#[test]
fn keys_of_pgp_are_named() {
    let armored =
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDME\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n";
    all_reject(armored, &["PGP PUBLIC KEY BLOCK", "hint: not for TLS"]);
    let binary = [0x99, 0x01, 0x0d, 4, 0x5f, 0, 0, 0, 1];
    all_reject(&binary, &["a PGP key", "hint: not for TLS"]);
}

#[test]
fn texts_in_other_clothes_are_named() {
    let text = fixture_text("rsa.crt");
    let utf16 = |bom: &str| -> Vec<u8> {
        let text = format!("{bom}{text}");
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    all_reject(&utf16("\u{feff}"), &["UTF-16"]);
    all_reject(&utf16(""), &["UTF-16"]);
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    all_reject(&big, &["UTF-16"]);

    let bare: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let parts = [
        "base64 without PEM marker lines",
        "hint: `base64 -di FILE > NEW`",
    ];
    all_reject(bare.as_bytes(), &parts);
    all_reject(format!("\u{feff}{bare}\r\n").as_bytes(), &parts);
    says(TrustAnchors::from_pem(bare.as_bytes()), &parts);

    all_reject(b"", &["the input is empty"]);
    all_reject(b" \r\n", &["the input is empty"]);
    all_reject(b"\xef\xbb\xbf", &["the input is empty"]);
    // Blanks are no DER, but they are something.
    says(PrivateKey::from_der(b""), &["the input is empty"]);
    says(PrivateKey::from_der(b" \r\n"), &["not a private key"]);
    let neither = ["neither PEM nor DER", "hint: `head -c 200 FILE`"];
    all_reject(b"hello", &neither);
    all_reject(&[0x30], &neither);
    all_reject(&[0; 1000], &neither);
    all_reject(b"\x89PNG\r\n\x1a\n", &neither);
    // PEM comes in anything that is no DER, also behind a zero and an accent.
    let odd = [b"0\x82\xff\xff ", text.as_bytes()].concat();
    says(
        mtls::Loader::new().load_anchors(mtls::material::Input::bytes(&odd)),
        &["looks like a PEM marker"],
    );
    let odd = [b"0\x82\xff\xff\n", text.as_bytes()].concat();
    mtls::Loader::new()
        .load_anchors(mtls::material::Input::bytes(&odd))
        .unwrap();
}

#[test]
fn base64_around_it_is_named_and_the_command_takes_it_off() {
    let Some(base64) = Program::base64() else {
        return;
    };
    let text = fixture_text("rsa.crt");
    let encoded = programs::run(
        &mut base64.command(),
        text.as_bytes(),
        Duration::from_secs(30),
    );
    let of_pem = encoded.expect_success();
    let bare = text.lines().filter(|line| !line.starts_with('-'));
    let bare: Vec<&str> = bare.collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("FILE");
    for (content, found) in [
        (of_pem.replace('\n', ""), "base64 of PEM"),
        (of_pem.replace('\n', "\r\n"), "base64 of PEM"),
        (of_pem, "base64 of PEM"),
        (bare.join("\r\n"), "base64 without PEM marker lines"),
        (bare.concat(), "base64 without PEM marker lines"),
    ] {
        all_reject(
            content.as_bytes(),
            &[found, "hint: `base64 -di FILE > NEW`"],
        );
        fs::write(&file, content).unwrap();
        let decoded = output(base64.command().arg("-di").arg(&file));
        let anchors = mtls::Loader::new()
            .load_anchors(mtls::material::Input::bytes(&decoded))
            .unwrap();
        assert_eq!(anchors.as_slice()[0].as_ref(), fixture("rsa.crt.der"));
    }
}

#[test]
fn an_error_names_what_a_wrong_label_hides() {
    let label = |text: String, from: &str| text.replace(from, "CERTIFICATE");
    says(
        TrustAnchors::from_pem(label(fixture_text("ed25519.pem"), "PRIVATE KEY").as_bytes()),
        &["section 0 (CERTIFICATE", "found a private key"],
    );
    let text = label(fixture_text("genrsa_aes256.pem"), "ENCRYPTED PRIVATE KEY");
    says(
        mtls::Loader::new().load_chain(mtls::material::Input::bytes(text.as_bytes())),
        &["section 0 (CERTIFICATE", "found a private key"],
    );
    let Some(cas) = Cas::new() else { return };
    cas.run("root", "crl2pkcs7 -nocrl -certfile ca.crt -out made");
    let text = fs::read_to_string(cas.path("root").join("made")).unwrap();
    says(
        mtls::Loader::new().load_anchors(mtls::material::Input::bytes(
            label(text, "PKCS7").as_bytes(),
        )),
        &["section 0 (CERTIFICATE", "this is PKCS#7"],
    );
}

#[test]
fn nothing_begins_in_a_way_that_stops_a_reader() {
    for first in 0..=255 {
        for second in [0, 1, 4, 0x2e, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x85, 0xff] {
            for rest in [
                &[][..],
                &[0x30],
                &[2, 1, 3],
                &[0x30, 0x80, 0, 0],
                &[0xff; 40],
            ] {
                let bytes = [&[first, second][..], rest].concat();
                for result in every_reader(&bytes) {
                    assert!(!message(result).is_empty());
                }
            }
        }
    }
}

#[test]
fn sizes_are_limited_before_anything_is_read() {
    let long = vec![b'\n'; (1 << 20) + 1];
    let parts = &["more than 1048576 bytes"];
    says(
        mtls::Loader::new().load_chain(mtls::material::Input::bytes(&long)),
        parts,
    );
    says(
        mtls::Loader::new().load_key(mtls::material::Input::bytes(&long)),
        parts,
    );
    says(
        mtls::Loader::new().load_identity(mtls::material::Input::bytes(&long)),
        parts,
    );
    let long = vec![b'\n'; TrustAnchors::MAX_INPUT_BYTES + 1];
    says(
        mtls::Loader::new().load_anchors(mtls::material::Input::bytes(&long)),
        &["more than 16777216 bytes"],
    );
    let long = vec![b'\n'; RevocationLists::MAX_INPUT_BYTES + 1];
    says(
        mtls::Loader::new().load_revocation_lists(mtls::material::Input::bytes(&long)),
        &["more than 67108864 bytes"],
    );
}
