//! PKCS#7 by the `openssl` command: what is read of it, and what is rejected.

use std::fs;

use mtls::error::MaterialProblem;
use mtls::{CertificateChain, MtlsIdentity, PrivateKey, TrustAnchors};

use crate::common::openssl_ca::Cas;
use crate::{message, says};

/// What alice's CA could send her, in every order.
const ORDERS: [&str; 3] = [
    "-certfile alice.crt -certfile ca.crt -certfile ../root/ca.crt",
    "-certfile ../root/ca.crt -certfile ca.crt -certfile alice.crt",
    "-certfile ca.crt -certfile alice.crt -certfile ../root/ca.crt -certfile alice.crt",
];

/// The file that `openssl` makes by these arguments and `-out`.
fn made(cas: &Cas, arguments: &str) -> Vec<u8> {
    cas.run("issuing", &format!("{arguments} -out made"));
    fs::read(cas.path("issuing").join("made")).unwrap()
}

fn bundle(cas: &Cas, certificates: &str) -> Vec<u8> {
    made(
        cas,
        &format!("crl2pkcs7 -nocrl -outform DER {certificates}"),
    )
}

fn place_of(part: &[u8], whole: &[u8]) -> usize {
    whole
        .windows(part.len())
        .position(|window| window == part)
        .unwrap()
}

#[test]
fn a_chain_is_put_in_order() {
    let Some(cas) = Cas::new() else { return };
    let ways = ["issuing/alice.crt", "issuing/ca.crt"].map(|path| cas.certificate(path));
    let key = cas.path("issuing").join("alice.key");
    for order in ORDERS {
        let der = bundle(&cas, order);
        let pem = made(&cas, &format!("crl2pkcs7 -nocrl {order}"));
        let cms = String::from_utf8(pem.clone())
            .unwrap()
            .replace("PKCS7", "CMS");
        for bytes in [der, pem, cms.into_bytes()] {
            let chain = mtls::Loader::new()
                .load_chain(mtls::material::Input::bytes(&bytes))
                .unwrap();
            assert_eq!(chain.as_slice(), ways, "{order}");

            let file = cas.path("issuing").join("chain.p7b");
            fs::write(&file, bytes).unwrap();
            assert_eq!(CertificateChain::from_file(&file).unwrap(), chain);
            let identity = MtlsIdentity::from_files(&file, &key).unwrap();
            assert_eq!(identity.chain(), &chain);
        }
    }
}

/// What `openssl cms` and `openssl smime` write as a stream, and with it BouncyCastle, is BER.
#[test]
fn ber_is_read() {
    let Some(cas) = Cas::new() else { return };
    let ways = ["issuing/alice.crt", "issuing/ca.crt"].map(|path| cas.certificate(path));
    let options =
        "-sign -stream -nodetach -in ca.crt -signer alice.crt -inkey alice.key -certfile ca.crt";
    for (command, form) in [("cms", "DER"), ("smime", "DER"), ("cms", "PEM")] {
        let ber = made(&cas, &format!("{command} {options} -outform {form}"));
        assert!(form == "PEM" || ber.starts_with(&[0x30, 0x80]));
        let chain = mtls::Loader::new()
            .load_chain(mtls::material::Input::bytes(&ber))
            .unwrap();
        assert_eq!(chain.as_slice(), ways, "{command} {form}");
        assert_eq!(
            mtls::Loader::new()
                .load_anchors(mtls::material::Input::bytes(&ber))
                .unwrap()
                .as_slice()
                .len(),
            2
        );
    }
    // The whole of a file of certificates, rewritten by hand.
    let der = bundle(&cas, ORDERS[0]);
    let ber = [&[0x30, 0x80], &der[4..], &[0, 0]].concat();
    assert_eq!(
        mtls::Loader::new()
            .load_chain(mtls::material::Input::bytes(&ber))
            .unwrap()
            .as_slice(),
        ways
    );
    says(
        mtls::Loader::new().load_chain(mtls::material::Input::bytes(&ber[..ber.len() - 1])),
        &[
            "BER that is cut off or damaged",
            "hint: copy the file again",
        ],
    );
    // Something else in BER has to be DER.
    let certificate = cas.certificate("issuing/alice.crt");
    let ber = [&[0x30, 0x80], &certificate[4..], &[0, 0]].concat();
    for error in [
        mtls::Loader::new()
            .load_chain(mtls::material::Input::bytes(&ber))
            .unwrap_err(),
        mtls::Loader::new()
            .load_anchors(mtls::material::Input::bytes(&ber))
            .unwrap_err(),
    ] {
        assert!(matches!(error.problem(), MaterialProblem::Ber), "{error}");
    }
}

#[test]
fn anchors_are_all_of_them() {
    let Some(cas) = Cas::new() else { return };
    let both = ["issuing/ca.crt", "root/ca.crt"].map(|path| cas.certificate(path));
    let arguments = "crl2pkcs7 -nocrl -certfile ca.crt -certfile ../root/ca.crt";
    let der = made(&cas, &format!("{arguments} -outform DER"));
    for bytes in [der, made(&cas, arguments)] {
        let anchors = mtls::Loader::new()
            .load_anchors(mtls::material::Input::bytes(&bytes))
            .unwrap();
        assert_eq!(anchors.as_slice().len(), 2);
        assert!(
            both.iter()
                .all(|anchor| anchors.as_slice().contains(anchor))
        );
    }
}

#[test]
fn a_leaf_that_cannot_be_reported_is_said() {
    let Some(cas) = Cas::new() else { return };
    let two = bundle(
        &cas,
        "-certfile alice.crt -certfile server.crt -certfile ca.crt",
    );
    let error = mtls::Loader::new()
        .load_chain(mtls::material::Input::bytes(&two))
        .unwrap_err();
    let MaterialProblem::LeafUnclear { candidates } = error.problem() else {
        panic!("{error}");
    };
    let mut candidates = candidates.clone();
    candidates.sort();
    assert_eq!(candidates, ["CN=alice", "CN=server"]);
    says::<()>(
        Err(error),
        &[
            "CN=alice",
            " and ",
            "CN=server",
            "hint: openssl pkcs7 -print_certs",
        ],
    );
    let none = bundle(&cas, "-certfile ca.crt -certfile ../root/ca.crt");
    says(
        mtls::Loader::new().load_chain(mtls::material::Input::bytes(&none)),
        &[
            "it is unclear which certificate is the leaf",
            "CN=Ivo",
            "CN=Rhea",
        ],
    );
    // One alone is the leaf; a CA's is rejected with its key.
    let one = bundle(&cas, "-certfile ca.crt");
    let chain = mtls::Loader::new()
        .load_chain(mtls::material::Input::bytes(&one))
        .unwrap();
    assert_eq!(chain.leaf(), &cas.certificate("issuing/ca.crt"));
    let key = PrivateKey::from_file(cas.path("issuing").join("ca.key")).unwrap();
    says(MtlsIdentity::new(chain, key), &["the certificate of a CA"]);
}

#[test]
fn what_is_signed_in_it_is_not_looked_at() {
    let Some(cas) = Cas::new() else { return };
    let sign = "-sign -binary -in alice.csr -signer alice.crt -inkey alice.key -certfile ca.crt -outform DER";
    for program in ["cms -nodetach", "cms", "smime -nodetach"] {
        let mut signed = made(&cas, &format!("{program} {sign}"));
        let chain = mtls::Loader::new()
            .load_chain(mtls::material::Input::bytes(&signed))
            .unwrap();
        assert_eq!(chain.as_slice().len(), 2);
        assert_eq!(chain.leaf(), &cas.certificate("issuing/alice.crt"));
        // The last byte is the signature's.
        *signed.last_mut().unwrap() ^= 1;
        assert_eq!(
            mtls::Loader::new()
                .load_chain(mtls::material::Input::bytes(&signed))
                .unwrap(),
            chain
        );
    }
}

#[test]
fn other_kinds_are_rejected_by_name() {
    let Some(cas) = Cas::new() else { return };
    for (arguments, kind) in [
        ("cms -encrypt -in alice.csr", "envelopedData"),
        ("cms -data_create -in alice.csr", "data"),
        ("cms -digest_create -in alice.csr", "digestedData"),
        (
            "cms -EncryptedData_encrypt -aes128 -secretkey 00112233445566778899aabbccddeeff -in alice.csr",
            "encryptedData",
        ),
    ] {
        let end = if kind == "envelopedData" {
            "alice.crt"
        } else {
            ""
        };
        cas.run(
            "issuing",
            &format!("{arguments} -outform DER -out made {end}"),
        );
        let der = fs::read(cas.path("issuing").join("made")).unwrap();
        for result in [
            mtls::Loader::new()
                .load_anchors(mtls::material::Input::bytes(&der))
                .map(drop),
            mtls::Loader::new()
                .load_chain(mtls::material::Input::bytes(&der))
                .map(drop),
        ] {
            says(
                result,
                &[
                    &format!("PKCS#7 of the kind {kind}, expected certificates"),
                    "hint: openssl crl2pkcs7 -nocrl",
                ],
            );
        }
    }
}

#[test]
fn revocation_lists_in_it_are_rejected() {
    let Some(cas) = Cas::new() else { return };
    cas.list("issuing", "");
    for arguments in [
        "crl2pkcs7 -in now.crl -certfile ca.crt",
        "crl2pkcs7 -in now.crl",
    ] {
        says(
            mtls::Loader::new().load_anchors(mtls::material::Input::bytes(made(&cas, arguments))),
            &[
                "PKCS#7 with revocation lists in it",
                "hint: `RevocationLists`",
                "hint: openssl pkcs7 -print_certs",
            ],
        );
    }
    says(
        mtls::Loader::new().load_anchors(mtls::material::Input::bytes(made(
            &cas,
            "crl2pkcs7 -nocrl -outform DER",
        ))),
        &["no certificate in it"],
    );
}

#[test]
fn damage_is_found() {
    let Some(cas) = Cas::new() else { return };
    let whole = bundle(&cas, ORDERS[0]);
    for end in 0..whole.len() {
        assert!(
            mtls::Loader::new()
                .load_anchors(mtls::material::Input::bytes(&whole[..end]))
                .is_err(),
            "{end}"
        );
    }
    says(
        mtls::Loader::new().load_anchors(mtls::material::Input::bytes(&whole[..whole.len() - 1])),
        &["DER that was cut off", "hint: copy the file again"],
    );
    says(
        mtls::Loader::new().load_anchors(mtls::material::Input::bytes(
            [whole.as_slice(), b"x"].concat(),
        )),
        &["DER with something after its end"],
    );
    // No byte of it makes the reader stop in another way than by saying no.
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x20;
        drop(mtls::Loader::new().load_anchors(mtls::material::Input::bytes(&changed)));
        drop(mtls::Loader::new().load_chain(mtls::material::Input::bytes(&changed)));
    }
    // The version, an INTEGER, is a NULL.
    let mut changed = whole.clone();
    let version = place_of(&[2, 1, 1, 0x31], &whole);
    changed[version] = 5;
    says(
        mtls::Loader::new().load_anchors(mtls::material::Input::bytes(&changed)),
        &[
            "damaged PKCS#7",
            "hint: openssl pkcs7 -inform DER -in FILE -noout -print",
        ],
    );

    let certificate = cas.certificate("issuing/ca.crt");
    let at = place_of(&certificate, &whole);
    let mut changed = whole.clone();
    changed[at] = 0xa2;
    says(
        mtls::Loader::new().load_anchors(mtls::material::Input::bytes(&changed)),
        &["certificate ", "of another kind than X.509"],
    );
    let mut changed = whole;
    changed[at + 4] ^= 1;
    says(
        mtls::Loader::new().load_anchors(mtls::material::Input::bytes(&changed)),
        &["certificate ", "not an X.509 certificate"],
    );
}

#[test]
fn its_certificates_are_limited() {
    let Some(cas) = Cas::new() else { return };
    let many = "-certfile ca.crt ".repeat(CertificateChain::MAX_CERTIFICATES + 1);
    says(
        mtls::Loader::new().load_chain(mtls::material::Input::bytes(bundle(&cas, &many))),
        &["more than 16 certificates"],
    );
    let most = "-certfile ca.crt ".repeat(CertificateChain::MAX_CERTIFICATES);
    let chain = mtls::Loader::new()
        .load_chain(mtls::material::Input::bytes(bundle(&cas, &most)))
        .unwrap();
    assert_eq!(chain.as_slice().len(), 1);
}

#[test]
fn it_is_read_where_any_encoding_is_and_alone() {
    let Some(cas) = Cas::new() else { return };
    let pem = made(&cas, &format!("crl2pkcs7 -nocrl {}", ORDERS[0]));
    let der = bundle(&cas, ORDERS[0]);
    says(
        TrustAnchors::from_pem(&pem),
        &[
            "PKCS7 does not belong here",
            "hint: a `Loader`",
            "hint: -print_certs",
        ],
    );
    let certificate = fs::read(cas.path("issuing").join("ca.crt")).unwrap();
    says(
        mtls::Loader::new().load_anchors(mtls::material::Input::bytes(
            [pem.as_slice(), &certificate].concat(),
        )),
        &["section 0 (PKCS7", "hint: give it alone"],
    );
    says(
        mtls::Loader::new().load_key(mtls::material::Input::bytes(&pem)),
        &["PKCS7 does not belong here", "expected PRIVATE KEY"],
    );
    says(
        mtls::Loader::new().load_key(mtls::material::Input::bytes(&der)),
        &["hint: PKCS#7 has no private key"],
    );
    says(
        mtls::Loader::new().load_identity(mtls::material::Input::bytes(&der)),
        &["PKCS#7", "hint: `MtlsIdentity::from_files`"],
    );
    assert!(
        message(TrustAnchors::from_pem(&der)).contains("this is DER (PKCS#7), and PEM is expected")
    );
}
