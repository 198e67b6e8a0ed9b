use der::Encode;
use der::asn1::{ObjectIdentifier, OctetStringRef};
use mtls::PrivateKey;
use mtls::error::MaterialProblem;
use mtls::material::KeyType;
use pki_types::pem::PemObject;

use crate::common::programs::Program;
use crate::sniff::output;
use crate::{fixture, fixture_text, message, path, says};

const RSA: KeyType = KeyType::Rsa { bits: 2048 };

/// The acceptance of the TLS libraries: the key is read and signs.
fn every_library_reads(key: &PrivateKey, name: &str) {
    let _ = (key, name);
    #[cfg(feature = "aws-lc-rs")]
    rustls_reads(key, name, rustls::crypto::aws_lc_rs::default_provider());
    #[cfg(feature = "ring")]
    rustls_reads(key, name, rustls::crypto::ring::default_provider());
    #[cfg(feature = "openssl")]
    {
        let der = key.pkcs8_der();
        let read = openssl::pkey::PKey::private_key_from_pkcs8(der.secret_pkcs8_der())
            .unwrap_or_else(|e| panic!("OpenSSL, {name}: {e}"));
        assert!(read.private_key_to_der().is_ok(), "{name}");
    }
}

#[cfg(feature = "rustls")]
fn rustls_reads(key: &PrivateKey, name: &str, provider: rustls::crypto::CryptoProvider) {
    use rustls::SignatureScheme::*;

    let der = pki_types::PrivateKeyDer::Pkcs8(key.pkcs8_der().clone_key());
    let read = provider
        .key_provider
        .load_private_key(der)
        .unwrap_or_else(|e| panic!("{provider:?}, {name}: {e}"));
    let signer = read
        .choose_scheme(&[
            RSA_PSS_SHA256,
            ECDSA_NISTP256_SHA256,
            ECDSA_NISTP384_SHA384,
            ED25519,
        ])
        .unwrap();
    assert!(!signer.sign(b"message").unwrap().is_empty(), "{name}");
}

#[test]
fn every_plain_encoding_is_read() {
    let cases = [
        ("rsa_pkcs8.pem", RSA),
        ("rsa_pkcs1.pem", RSA),
        ("p256_params.pem", KeyType::EcdsaP256),
        ("p256_no_public.pem", KeyType::EcdsaP256),
        ("p256_pkcs8.pem", KeyType::EcdsaP256),
        ("p384_pkcs8.pem", KeyType::EcdsaP384),
        ("p384_sec1.pem", KeyType::EcdsaP384),
        ("ed25519.pem", KeyType::Ed25519),
    ];
    for (name, kind) in cases {
        let key = PrivateKey::from_file(path(name)).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(key.key_type(), kind, "{name}");
        every_library_reads(&key, name);

        // The same from DER, and out of what came out.
        let again = PrivateKey::from_der(key.pkcs8_der().secret_pkcs8_der()).unwrap();
        assert_eq!(again.pkcs8_der(), key.pkcs8_der(), "{name}");
        assert_eq!(key.clone_key().pkcs8_der(), key.pkcs8_der(), "{name}");
    }
}

#[test]
fn all_encodings_of_a_key_come_out_the_same() {
    let pkcs8 = PrivateKey::from_pem(&fixture("rsa_pkcs8.pem")).unwrap();
    let pkcs1 = PrivateKey::from_pem(&fixture("rsa_pkcs1.pem")).unwrap();
    assert_eq!(pkcs8.pkcs8_der(), pkcs1.pkcs8_der());

    let pkcs8 = PrivateKey::from_pem(&fixture("p256_pkcs8.pem")).unwrap();
    let sec1 = PrivateKey::from_pem(&fixture("p256_params.pem")).unwrap();
    let bare = PrivateKey::from_pem(&fixture("p256_no_public.pem")).unwrap();
    assert_eq!(pkcs8.pkcs8_der(), sec1.pkcs8_der());
    assert_eq!(pkcs8.pkcs8_der(), bare.pkcs8_der());
}

#[test]
fn keys_of_rcgen_are_read() {
    for (algorithm, kind) in [
        (&rcgen::PKCS_ECDSA_P256_SHA256, KeyType::EcdsaP256),
        (&rcgen::PKCS_ECDSA_P384_SHA384, KeyType::EcdsaP384),
        (&rcgen::PKCS_ED25519, KeyType::Ed25519),
    ] {
        let pair = rcgen::KeyPair::generate_for(algorithm).unwrap();
        let from_der = PrivateKey::from_der(&pair.serialize_der()).unwrap();
        let from_pem = PrivateKey::from_pem(pair.serialize_pem().as_bytes()).unwrap();
        assert_eq!(from_der.key_type(), kind);
        assert_eq!(from_der.pkcs8_der(), from_pem.pkcs8_der());
        every_library_reads(&from_der, "rcgen");
    }
}

/// ring and aws-lc-rs write Ed25519 as version 2, which OpenSSL 3.0 does not read.
#[cfg(feature = "ring")]
#[test]
fn pkcs8_version_2_comes_out_as_version_1() {
    let v2 = {
        let key = PrivateKey::from_pem(&fixture("ed25519.pem")).unwrap();
        let der = key.pkcs8_der();
        let seed = &der.secret_pkcs8_der()[16..48];
        let signing = ed25519_dalek::SigningKey::from_bytes(seed.try_into().unwrap());
        let public = signing.verifying_key();
        let inner = [&[4, 32], seed].concat();
        let info = pkcs8::PrivateKeyInfo {
            algorithm: pkcs8::AlgorithmIdentifierRef {
                oid: ObjectIdentifier::new_unwrap("1.3.101.112"),
                parameters: None,
            },
            private_key: OctetStringRef::new(&inner).unwrap(),
            public_key: Some(der::asn1::BitStringRef::from_bytes(public.as_bytes()).unwrap()),
        };
        info.to_der().unwrap()
    };
    let mut foreign = v2.clone();
    *foreign.last_mut().unwrap() ^= 1;

    let key = PrivateKey::from_der(&v2).unwrap();
    assert_eq!(
        key.pkcs8_der(),
        PrivateKey::from_pem(&fixture("ed25519.pem"))
            .unwrap()
            .pkcs8_der()
    );
    says(PrivateKey::from_der(&foreign), &["contradicts itself"]);
}

#[test]
fn a_stated_point_is_on_the_curve() {
    let key = PrivateKey::from_pem(&fixture("p521.pem")).unwrap();
    let mut der = key.pkcs8_der().secret_pkcs8_der().to_vec();
    PrivateKey::from_der(&der).unwrap();
    *der.last_mut().unwrap() ^= 1;
    says(PrivateKey::from_der(&der), &["contradicts itself"]);
}

/// ring before 0.17 put the public key under an EXPLICIT tag.
#[test]
fn pkcs8_version_2_of_old_ring_is_read() {
    let key = PrivateKey::from_pem(&fixture("ed25519.pem")).unwrap();
    let version_1 = key.pkcs8_der().secret_pkcs8_der().to_vec();
    let seed: [u8; 32] = version_1[version_1.len() - 32..].try_into().unwrap();
    let public = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
    let old = |public: &[u8]| {
        let head = [0x30, 0x53, 2, 1, 1];
        let tail = [0xa1, 0x23, 3, 0x21, 0];
        [&head, &version_1[5..], &tail, public].concat()
    };
    for read in [
        PrivateKey::from_der(&old(public.as_bytes())),
        mtls::Loader::new().load_key(mtls::material::Input::bytes(old(public.as_bytes()))),
    ] {
        let read = read.unwrap();
        assert_eq!(read.pkcs8_der(), key.pkcs8_der());
        every_library_reads(&read, "old ring");
    }
    let mut other = *public.as_bytes();
    other[0] ^= 1;
    says(
        PrivateKey::from_der(&old(&other)),
        &["the public key in it is not its own"],
    );
    // Another version, another algorithm, something after it.
    for (at, to) in [(4, 0), (4, 2), (11, 0x71)] {
        let mut changed = old(public.as_bytes());
        changed[at] = to;
        assert!(PrivateKey::from_der(&changed).is_err(), "{at}");
    }
}

#[test]
fn other_kinds_are_rejected_by_name() {
    for (name, found) in [
        ("rsa1024.pem", "RSA of 1024 bits"),
        ("rsa_pss.pem", "RSA-PSS"),
        ("secp256k1.pem", "ECDSA secp256k1"),
        ("ed448.pem", "Ed448"),
        ("x25519.pem", "X25519"),
        ("dsa.pem", "DSA"),
        ("dsa_legacy.pem", "DSA"),
    ] {
        says(
            PrivateKey::from_file(path(name)),
            &[name, found, "hint: ECDSA P-256", "hint: openssl genpkey"],
        );
    }
    says(
        PrivateKey::from_file(path("p256_explicit.pem")),
        &["spells out its curve", "hint: -param_enc named_curve"],
    );
    let dsa = pki_types::PrivateKeyDer::from_pem_slice(
        fixture_text("dsa_legacy.pem")
            .replace("DSA PRIVATE", "PRIVATE")
            .as_bytes(),
    );
    says(
        PrivateKey::from_der(dsa.unwrap().secret_der()),
        &["the private key is DSA", "hint: openssl genpkey"],
    );
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let mut command = openssl.command();
    command.args(["pkey", "-in"]).arg(path("p256_explicit.pem"));
    says(
        PrivateKey::from_pem(&output(&mut command)),
        &["spells out its curve", "hint: -param_enc named_curve"],
    );
    for form in [&["-traditional"][..], &[]] {
        let mut command = openssl.command();
        command.args(["genrsa", "-primes", "3"]).args(form);
        says(
            PrivateKey::from_pem(&output(command.arg("2048"))),
            &["RSA of more than two primes", "hint: openssl genpkey"],
        );
    }
}

#[test]
fn a_curve_is_named_once() {
    let key = |curve: Option<&str>| sec1::EcPrivateKey {
        private_key: &[7; 32],
        parameters: curve
            .map(|curve| sec1::EcParameters::NamedCurve(ObjectIdentifier::new_unwrap(curve))),
        public_key: None,
    };
    let alone = |curve| PrivateKey::from_der(&key(curve).to_der().unwrap());
    let inside = |outer: &str, curve| {
        let outer = ObjectIdentifier::new_unwrap(outer);
        let inner = key(curve).to_der().unwrap();
        let info = pkcs8::PrivateKeyInfoRef::new(
            pkcs8::AlgorithmIdentifierRef {
                oid: ObjectIdentifier::new_unwrap("1.2.840.10045.2.1"),
                parameters: Some((&outer).into()),
            },
            OctetStringRef::new(&inner).unwrap(),
        );
        PrivateKey::from_der(&info.to_der().unwrap())
    };
    let (p256, p384) = ("1.2.840.10045.3.1.7", "1.3.132.0.34");
    let bare = alone(Some(p256)).unwrap();
    for same in [inside(p256, Some(p256)), inside(p256, None)] {
        assert_eq!(same.unwrap().pkcs8_der(), bare.pkcs8_der());
    }
    let error = alone(None).unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::KeyWithoutCurve),
        "{error}"
    );
    says(inside(p384, Some(p256)), &["it names two curves"]);
    says(inside(p256, Some(p384)), &["it names two curves"]);
}

#[test]
fn encrypted_keys_ask_for_the_passphrase() {
    for name in ["genrsa_aes256.pem", "rsa_legacy_aes256.pem"] {
        let error = PrivateKey::from_pem(&fixture(name)).unwrap_err();
        assert!(matches!(error.problem(), MaterialProblem::EncryptedKey));
        says::<()>(
            Err(error),
            &[
                "hint: `Loader::passphrase`",
                "passphrase",
                "hint: `encrypted-keys`",
            ],
        );
    }
}

#[test]
fn a_second_key_is_rejected() {
    let two = fixture_text("ed25519.pem") + &fixture_text("p256_params.pem");
    says(
        PrivateKey::from_pem(two.as_bytes()),
        &["section 2 (EC PRIVATE KEY, at byte ", "second", "section 0"],
    );
}

#[test]
fn other_inputs_are_named() {
    says(
        PrivateKey::from_file(path("rsa.crt")),
        &[
            "rsa.crt: section 0 (CERTIFICATE, at byte 0): ",
            "hint: each other's place",
        ],
    );
    says(
        PrivateKey::from_pem(&fixture("rsa.p12")),
        &["PKCS#12", "hint: openssl pkcs12"],
    );
    says(
        PrivateKey::from_der(&fixture("rsa.p12")),
        &["PKCS#12", "hint: openssl pkcs12"],
    );
    says(
        PrivateKey::from_der(&fixture("rsa.crt.der")),
        &["found a certificate"],
    );
    says(
        PrivateKey::from_der(&fixture("ed25519.pem")),
        &["this is PEM, not DER"],
    );
    says(PrivateKey::from_der(b""), &["the input is empty"]);
    says(
        PrivateKey::from_der(b"nonsense"),
        &["not a private key", "hint: openssl pkey"],
    );
    let ssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n";
    says(
        PrivateKey::from_pem(ssh.as_bytes()),
        &["OPENSSH PRIVATE KEY", "hint: ssh-keygen"],
    );
    let parameters =
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    says(
        PrivateKey::from_pem(parameters.as_bytes()),
        &["hint: no private key"],
    );
}

#[test]
fn neither_debug_nor_errors_show_the_key() {
    let key = PrivateKey::from_pem(&fixture("ed25519.pem")).unwrap();
    assert_eq!(format!("{key:?}"), "PrivateKey(Ed25519, ..)");

    let text = fixture_text("ed25519.pem");
    let body: String = text.lines().nth(1).unwrap().to_owned();
    for damaged in [
        text.replace(&body, &format!("{body}!")),
        text.replace(&body, &body[..body.len() - 8]),
        text.replace('\n', " "),
        text.replace("-----END", "----END"),
    ] {
        let error = PrivateKey::from_pem(damaged.as_bytes()).unwrap_err();
        let all = format!("{error} {error:?}");
        assert!(!all.contains(&body[16..30]), "{all}");
    }
    let message = message(PrivateKey::from_pem(
        text.replace(&body, &format!("{body}!")).as_bytes(),
    ));
    assert!(message.contains("not base64"), "{message}");
}
