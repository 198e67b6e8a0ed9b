//! The numbers in private keys: those that belong together, however they are written, and those that do not.

use std::time::Instant;

use der::asn1::{ObjectIdentifier, UintRef};
use der::{Decode, Encode};
use mtls::PrivateKey;
use mtls::error::MaterialProblem;
use pkcs1::RsaPrivateKey;
use pki_types::pem::PemObject;
use sec1::{EcParameters, EcPrivateKey};

use crate::common::programs::Program;
use crate::sniff::output;
use crate::{error_says, fixture, path, says};

/// Asserts that a key is rejected because its parts do not fit, and how that is said.
#[track_caller]
fn contradicts(der: &[u8], part: &str) {
    let error = PrivateKey::from_der(der).unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::KeyInconsistent { .. }),
        "{error}"
    );
    error_says(&error, &[part, "hint: export it again"]);
}

type Rsa<'a> = RsaPrivateKey<UintRef<'a>>;

fn number(bytes: &[u8]) -> UintRef<'_> {
    UintRef::new(bytes).unwrap()
}

/// The key of OpenSSL, in PKCS#1, with something changed.
fn changed<'a>(der: &'a [u8], change: impl FnOnce(&mut Rsa<'a>)) -> Vec<u8> {
    let mut key = Rsa::from_der(der).unwrap();
    change(&mut key);
    key.to_der().unwrap()
}

#[test]
fn rsa_keys_whose_numbers_contradict() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let mut command = openssl.command();
    command.args(["rsa", "-traditional", "-outform", "DER", "-in"]);
    let der = output(command.arg(path("rsa_pkcs8.pem")));
    PrivateKey::from_der(&changed(&der, |_| {})).unwrap();
    let mut command = openssl.command();
    let other = output(command.args(["genrsa", "-traditional", "2048"]));
    let other = PrivateKey::from_pem(&other).unwrap();
    let other = pkcs8::PrivateKeyInfoRef::from_der(other.pkcs8_der().secret_pkcs8_der())
        .map(|info| info.private_key.as_bytes().to_vec())
        .unwrap();
    let other = Rsa::from_der(&other).unwrap();

    let modulus = "its modulus is not the product of its two primes";
    contradicts(&changed(&der, |k| k.prime1 = other.prime1), modulus);
    contradicts(&changed(&der, |k| k.prime2 = other.prime2), modulus);
    contradicts(&changed(&der, |k| k.modulus = other.modulus), modulus);
    contradicts(&changed(&der, |k| k.prime1 = number(&[0])), modulus);
    contradicts(&changed(&der, |k| k.prime1 = number(&[1])), modulus);
    // n = 1 * n: the product is right.
    let trivial = changed(&der, |k| (k.prime1, k.prime2) = (number(&[1]), k.modulus));
    let exponents = "its exponents do not belong to its primes";
    contradicts(&trivial, exponents);
    let swapped = changed(&der, |k| (k.prime1, k.prime2) = (k.prime2, k.prime1));
    contradicts(&swapped, exponents);
    contradicts(
        &changed(&der, |k| k.private_exponent = other.private_exponent),
        exponents,
    );
    contradicts(
        &changed(&der, |k| k.private_exponent = number(&[1])),
        exponents,
    );
    contradicts(&changed(&der, |k| k.exponent1 = other.exponent1), exponents);
    contradicts(&changed(&der, |k| k.exponent2 = other.exponent2), exponents);
    contradicts(&changed(&der, |k| k.exponent2 = number(&[0])), exponents);
    contradicts(
        &changed(&der, |k| k.public_exponent = number(&[3])),
        exponents,
    );
    let coefficient = "its CRT coefficient does not belong to its primes";
    contradicts(
        &changed(&der, |k| k.coefficient = other.coefficient),
        coefficient,
    );
    let public = "its public exponent is even, below 3 or above 64 bits";
    for exponent in [
        &[0][..],
        &[1],
        &[2],
        &[1, 0, 0],
        &[1, 0, 0, 0, 0, 0, 0, 0, 1],
    ] {
        contradicts(
            &changed(&der, |k| k.public_exponent = number(exponent)),
            public,
        );
    }
}

/// Of each in turn: OpenSSL would compute with them at every handshake.
#[test]
fn rsa_keys_with_huge_numbers() {
    let key = PrivateKey::from_pem(&fixture("rsa_pkcs8.pem")).unwrap();
    let key = pkcs8::PrivateKeyInfoRef::from_der(key.pkcs8_der().secret_pkcs8_der())
        .map(|info| info.private_key.as_bytes().to_vec())
        .unwrap();
    let huge = vec![0x7f; 240_000];
    let begin = Instant::now();
    let huge = number(&huge);
    for der in [
        changed(&key, |key| key.private_exponent = huge),
        changed(&key, |key| key.prime1 = huge),
        changed(&key, |key| key.prime2 = huge),
        changed(&key, |key| key.exponent1 = huge),
        changed(&key, |key| key.exponent2 = huge),
        changed(&key, |key| key.coefficient = huge),
    ] {
        contradicts(
            &der,
            "one of its private numbers is longer than its modulus",
        );
    }
    assert!(begin.elapsed().as_secs() < 5, "{:?}", begin.elapsed());
}

#[test]
fn ec_keys_with_the_public_key_of_another() {
    for (curve, length) in [("1.2.840.10045.3.1.7", 32), ("1.3.132.0.34", 48)] {
        let curve = EcParameters::NamedCurve(ObjectIdentifier::new_unwrap(curve));
        let with = |scalar: u8, point: Option<&[u8]>| {
            let key = EcPrivateKey {
                private_key: &vec![scalar; length],
                parameters: Some(curve),
                public_key: point,
            };
            key.to_der().unwrap()
        };
        let point = |scalar| {
            let key = PrivateKey::from_der(&with(scalar, None)).unwrap();
            let key = key.pkcs8_der().secret_pkcs8_der().to_vec();
            let info = pkcs8::PrivateKeyInfoRef::from_der(&key).unwrap();
            let inner = EcPrivateKey::from_der(info.private_key.as_bytes()).unwrap();
            inner.public_key.unwrap().to_vec()
        };
        let (own, foreign) = (point(7), point(8));
        PrivateKey::from_der(&with(7, Some(&own))).unwrap();
        contradicts(
            &with(7, Some(&foreign)),
            "the public key in it is not its own",
        );
        contradicts(
            &with(7, Some(&foreign[1..])),
            "the public key in it is not its own",
        );
    }
}

#[test]
fn ec_scalars_of_any_length() {
    for (curve, length) in [("1.2.840.10045.3.1.7", 32), ("1.3.132.0.34", 48)] {
        let curve = EcParameters::NamedCurve(ObjectIdentifier::new_unwrap(curve));
        let read = |scalar: &[u8]| {
            let key = EcPrivateKey {
                private_key: scalar,
                parameters: Some(curve),
                public_key: None,
            };
            PrivateKey::from_der(&key.to_der().unwrap())
        };
        let right = [&[0][..], &vec![7; length - 1]].concat();
        let key = read(&right).unwrap();
        for same in [
            &right[1..],
            &[&[0], &*right].concat(),
            &[&[0; 9], &*right].concat(),
        ] {
            assert_eq!(read(same).unwrap().pkcs8_der(), key.pkcs8_der());
        }
        for wrong in [
            vec![],
            vec![0; length],
            vec![0; length + 1],
            vec![7; length + 1],
        ] {
            says(read(&wrong), &["this is not a private key in PKCS#8"]);
        }
    }
}

/// `certtool` writes a zero before a scalar whose highest bit is set, as half of them have it.
#[test]
fn keys_of_certtool() {
    let (Some(certtool), Some(openssl)) = (Program::certtool(), Program::openssl()) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (sec1, pkcs8) = (
        folder.path().join("sec1.pem"),
        folder.path().join("pkcs8.pem"),
    );
    for (curve, length) in [("secp256r1", 32), ("secp384r1", 48)] {
        let (mut seen, mut tries) = ([false; 2], 0);
        while seen != [true; 2] {
            tries += 1;
            assert!(tries < 100, "no scalar of either kind: {seen:?}");
            let mut command = certtool.command();
            command.args([
                "--generate-privkey",
                "--key-type",
                "ecdsa",
                "--no-text",
                "--curve",
            ]);
            output(command.arg(curve).arg("--outfile").arg(&sec1));
            let text = std::fs::read(&sec1).unwrap();
            let ours = pki_types::PrivateKeyDer::from_pem_slice(&text).unwrap();
            let scalar = EcPrivateKey::from_der(ours.secret_der())
                .unwrap()
                .private_key
                .len();
            // A scalar that is short by itself is rarer than the 100 keys allow for.
            let is_longer = scalar > length;
            if seen[usize::from(is_longer)] {
                continue;
            }
            seen[usize::from(is_longer)] = true;
            let key = PrivateKey::from_file(&sec1).unwrap();
            // As OpenSSL understands it.
            let mut command = openssl.command();
            let theirs = output(command.args(["pkey", "-in"]).arg(&sec1));
            let theirs = PrivateKey::from_pem(&theirs).unwrap();
            assert_eq!(key.pkcs8_der(), theirs.pkcs8_der());
            let mut command = certtool.command();
            command.args(["--to-p8", "--password", "", "--load-privkey"]);
            output(command.arg(&sec1).arg("--outfile").arg(&pkcs8));
            let ours = PrivateKey::from_file(&pkcs8).unwrap();
            assert_eq!(ours.pkcs8_der(), key.pkcs8_der());
            #[cfg(feature = "encrypted-keys")]
            under_a_passphrase(&certtool, &sec1, &key);
            #[cfg(feature = "pkcs12")]
            in_a_container(&certtool, &sec1, &key);
        }
    }
}

#[cfg(feature = "encrypted-keys")]
fn under_a_passphrase(certtool: &Program, sec1: &std::path::Path, key: &PrivateKey) {
    let out = sec1.with_extension("p8");
    let mut command = certtool.command();
    command.args([
        "--to-p8",
        "--password",
        "tr0ub4dor",
        "--no-text",
        "--load-privkey",
    ]);
    output(command.arg(sec1).arg("--outfile").arg(&out));
    let passphrase = mtls::Passphrase::new("tr0ub4dor");
    let opened = mtls::Loader::new()
        .passphrase(passphrase.clone())
        .load_key(&out)
        .unwrap();
    assert_eq!(opened.pkcs8_der(), key.pkcs8_der());
}

#[cfg(feature = "pkcs12")]
fn in_a_container(certtool: &Program, sec1: &std::path::Path, key: &PrivateKey) {
    let [template, certificate, out] = ["tmpl", "crt", "p12"].map(|e| sec1.with_extension(e));
    std::fs::write(&template, "cn = alice\nexpiration_days = 1\n").unwrap();
    let mut command = certtool.command();
    command.args(["--generate-self-signed", "--no-text", "--load-privkey"]);
    command.arg(sec1).arg("--template").arg(&template);
    output(command.arg("--outfile").arg(&certificate));
    let mut command = certtool.command();
    command.args([
        "--to-p12",
        "--password",
        "tr0ub4dor",
        "--p12-name",
        "alice",
        "--outder",
    ]);
    command
        .arg("--load-privkey")
        .arg(sec1)
        .arg("--load-certificate");
    output(command.arg(&certificate).arg("--outfile").arg(&out));
    let passphrase = mtls::Passphrase::new("tr0ub4dor");
    let identity = mtls::Loader::new()
        .passphrase(passphrase.clone())
        .load_identity(&out)
        .unwrap();
    let opened = identity.private_key().unwrap();
    assert_eq!(opened.pkcs8_der(), key.pkcs8_der());
}
