use mtls::error::{MaterialOrigin, MaterialProblem};
use mtls::material::IdentityWarning;
use mtls::{CertificateChain, MtlsIdentity, PrivateKey};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PublicKeyData, SigningKey,
};
use sha2::{Digest, Sha256};

use crate::{fixture, fixture_text, path, says};

struct Made {
    params: CertificateParams,
    key: KeyPair,
    pem: String,
}

impl Made {
    fn issue(&self, name: &str, is_ca: IsCa) -> Self {
        let issuer = Issuer::from_params(&self.params, &self.key);
        Self::new(name, is_ca, |params, key| {
            params.signed_by(key, &issuer).unwrap().pem()
        })
    }

    fn root(name: &str) -> Self {
        Self::new(name, ca(), |params, key| {
            params.self_signed(key).unwrap().pem()
        })
    }

    fn new(name: &str, is_ca: IsCa, sign: impl Fn(&CertificateParams, &KeyPair) -> String) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = is_ca;
        params.use_authority_key_identifier_extension = true;
        let pem = sign(&params, &key);
        Self { params, key, pem }
    }

    fn key(&self) -> String {
        self.key.serialize_pem()
    }
}

fn ca() -> IsCa {
    IsCa::Ca(BasicConstraints::Unconstrained)
}

fn load(chain: &[&Made], key: &Made) -> Result<MtlsIdentity, mtls::MaterialError> {
    let chain: String = chain.iter().map(|c| c.pem.as_str()).collect();
    MtlsIdentity::from_pem(chain.as_bytes(), key.key().as_bytes())
}

#[test]
fn a_chain_with_or_without_its_root_loads() {
    let root = Made::root("root");
    let intermediate = root.issue("intermediate", ca());
    let leaf = intermediate.issue("leaf", IsCa::NoCa);
    for chain in [
        &[&leaf][..],
        &[&leaf, &intermediate],
        &[&leaf, &intermediate, &root],
    ] {
        let identity = load(chain, &leaf).unwrap();
        assert_eq!(identity.chain().as_slice().len(), chain.len());
        assert_eq!(identity.chain().leaf(), &identity.chain().as_slice()[0]);
        assert!(identity.warnings().is_empty());
        assert_eq!(
            format!("{:?}", identity.private_key().unwrap()),
            "PrivateKey(ECDSA P-256, ..)"
        );
    }
}

#[test]
fn every_way_to_load_gives_the_same() {
    let (chain, key) = (fixture("rsa.crt"), fixture("rsa_pkcs8.pem"));
    let a = MtlsIdentity::from_pem(&chain, &key).unwrap();
    let b = MtlsIdentity::from_files(path("rsa.crt"), path("rsa_pkcs1.pem")).unwrap();
    let c = MtlsIdentity::from_der(
        [fixture("rsa.crt.der").into()],
        a.private_key().unwrap().pkcs8_der().secret_pkcs8_der(),
    )
    .unwrap();
    let d = mtls::Loader::new()
        .load_identity(mtls::material::Input::bytes(
            [chain.as_slice(), &key].concat(),
        ))
        .unwrap();
    let e = mtls::Loader::new()
        .load_identity(mtls::material::Input::bytes(
            [key.as_slice(), &chain].concat(),
        ))
        .unwrap();
    for other in [b, c, d, e] {
        assert_eq!(a.chain(), other.chain());
        assert_eq!(
            a.private_key().unwrap().pkcs8_der(),
            other.private_key().unwrap().pkcs8_der()
        );
    }
}

#[test]
fn a_bundle_may_hold_the_key_between_the_certificates() {
    let root = Made::root("root");
    let leaf = root.issue("leaf", IsCa::NoCa);
    let pem = format!("{}{}{}", leaf.pem, leaf.key(), root.pem);
    mtls::Loader::new()
        .load_identity(mtls::material::Input::bytes(pem.as_bytes()))
        .unwrap();

    let pem = format!("{}{}{}", leaf.key(), root.pem, leaf.pem);
    says(
        mtls::Loader::new().load_identity(mtls::material::Input::bytes(pem.as_bytes())),
        &[
            "the key belongs to certificate 1 (CN=leaf)",
            "the leaf has to be the first",
        ],
    );
    says(
        mtls::Loader::new().load_identity(mtls::material::Input::bytes(leaf.pem.as_bytes())),
        &["no private key"],
    );
    says(
        mtls::Loader::new().load_identity(mtls::material::Input::bytes(leaf.key().as_bytes())),
        &["no certificate"],
    );
}

#[test]
fn a_foreign_key_is_rejected() {
    let root = Made::root("root");
    let leaf = root.issue("leaf", IsCa::NoCa);
    let other = root.issue("other", IsCa::NoCa);
    let error = load(&[&leaf, &root], &other).unwrap_err();
    let MaterialProblem::KeyMismatch {
        key_sha256,
        leaf_sha256,
        ..
    } = error.problem()
    else {
        panic!("{error}");
    };
    let digest = |made: &Made| {
        let digest = Sha256::digest(made.key.subject_public_key_info());
        digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    assert_eq!(*key_sha256, digest(&other));
    assert_eq!(*leaf_sha256, digest(&leaf));
    let (key_sha256, leaf_sha256) = (key_sha256.clone(), leaf_sha256.clone());
    says::<()>(
        Err(error),
        &[
            "does not belong to the leaf CN=leaf",
            &key_sha256,
            &leaf_sha256,
            "hint: openssl pkey",
        ],
    );

    says(
        load(&[&leaf, &root], &root),
        &["belongs to the CA certificate 1 (CN=root)"],
    );
}

#[test]
fn keys_of_every_kind_are_compared() {
    let certificates = ["rsa.crt", "v1.crt"];
    let keys = [
        "rsa_pkcs8.pem",
        "p256_params.pem",
        "p384_sec1.pem",
        "ed25519.pem",
    ];
    for certificate in certificates {
        for key in keys {
            let result = MtlsIdentity::from_pem(&fixture(certificate), &fixture(key));
            let fits = matches!(
                (certificate, key),
                ("rsa.crt", "rsa_pkcs8.pem") | ("v1.crt", "p256_params.pem")
            );
            assert_eq!(result.is_ok(), fits, "{certificate} {key}: {result:?}");
        }
    }
    for algorithm in [&rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519] {
        let mine = KeyPair::generate_for(algorithm).unwrap();
        let other = KeyPair::generate_for(algorithm).unwrap();
        let pem = self_signed(&mine);
        MtlsIdentity::from_pem(pem.as_bytes(), mine.serialize_pem().as_bytes()).unwrap();
        says(
            MtlsIdentity::from_pem(pem.as_bytes(), other.serialize_pem().as_bytes()),
            &["does not belong to the leaf"],
        );
    }
}

fn self_signed(key: &impl SigningKey) -> String {
    let mut params = CertificateParams::new(["a.test".to_owned()]).unwrap();
    params.is_ca = IsCa::ExplicitNoCa;
    params.self_signed(key).unwrap().pem()
}

#[test]
fn both_files_are_named() {
    let (chain, key) = (path("rsa.crt"), path("ed25519.pem"));
    let error = MtlsIdentity::from_files(&chain, &key).unwrap_err();
    assert_eq!(error.origin(), &MaterialOrigin::Pair { chain, key });
    says::<()>(
        Err(error),
        &["rsa.crt and ", "ed25519.pem: the private key (Ed25519, "],
    );
    says(
        MtlsIdentity::from_files(path("rsa.crt"), "none.key"),
        &["none.key: there is no such file"],
    );
}

#[test]
fn a_ca_is_no_leaf() {
    let root = Made::root("root");
    says(
        load(&[&root], &root),
        &[
            "the leaf (CN=root)",
            "the certificate of a CA",
            "hint: openssl x509 -req",
        ],
    );
}

#[test]
fn what_is_left_over_or_out_of_order_is_named() {
    let root = Made::root("root");
    let intermediate = root.issue("intermediate", ca());
    let leaf = intermediate.issue("leaf", IsCa::NoCa);
    let stranger = Made::root("stranger");
    says(
        load(&[&leaf, &root], &leaf),
        &["the certificate of CN=intermediate, which issued certificate 0 (CN=leaf), is missing"],
    );
    says(
        load(&[&leaf, &intermediate, &root, &stranger], &leaf),
        &[
            "certificate 2 (CN=root) was issued by CN=root",
            "CN=stranger",
        ],
    );
    says(
        load(&[&root, &intermediate, &leaf], &leaf),
        &["certificate 2 (CN=leaf)", "the leaf has to be the first"],
    );
    says(
        load(&[&leaf, &intermediate, &root, &root], &leaf),
        &["certificates 2 and 3", "are the same (CN=root)"],
    );
}

#[test]
fn an_issuer_of_the_same_name_with_another_key_is_named() {
    let root = Made::root("root");
    let other = Made::root("root");
    let leaf = root.issue("leaf", IsCa::NoCa);
    let error = load(&[&leaf, &other], &leaf).unwrap_err();
    let MaterialProblem::IssuerKeyMismatch {
        authority_key,
        subject_key,
        ..
    } = error.problem()
    else {
        panic!("{error}");
    };
    let (authority_key, subject_key) = (authority_key.clone(), subject_key.clone());
    assert_ne!(authority_key, subject_key);
    says::<()>(
        Err(error),
        &[&authority_key, &subject_key, "CN=leaf", "CN=root"],
    );
}

#[test]
fn an_error_distinguishes_names_that_differ_in_encoding() {
    let mut root = Made::root("root");
    let leaf = root.issue("leaf", IsCa::NoCa);
    // The same letters as a PrintableString, where the leaf has them as a UTF8String.
    let name = rcgen::string::PrintableString::try_from("root").unwrap();
    root.params.distinguished_name = rcgen::DistinguishedName::new();
    root.params
        .distinguished_name
        .push(DnType::CommonName, rcgen::DnValue::PrintableString(name));
    root.pem = root.params.self_signed(&root.key).unwrap().pem();
    says(
        load(&[&leaf, &root], &leaf),
        &["the next one is CN=root (encoded differently)"],
    );
}

#[test]
fn a_version_1_leaf_is_a_warning() {
    let identity = MtlsIdentity::from_pem(&fixture("v1.crt"), &fixture("p256_pkcs8.pem")).unwrap();
    let subject = "CN=my-client".to_owned();
    assert_eq!(
        identity.warnings(),
        [IdentityWarning::X509V1Leaf { subject }]
    );
    assert!(identity.warnings()[0].hint().contains("version 3"));
}

#[test]
fn chains_are_limited() {
    let der = fixture("rsa.crt.der");
    says(
        CertificateChain::from_der((0..17).map(|_| der.clone().into())),
        &["more than 16 certificates"],
    );
    says(CertificateChain::from_der([]), &["no certificate"]);
}

#[test]
fn values_are_shared_between_threads() {
    fn check<T: Send + Sync + 'static>() {}
    check::<MtlsIdentity>();
    check::<PrivateKey>();
    check::<mtls::TrustAnchors>();
    check::<mtls::MaterialError>();
    assert!(size_of::<mtls::MaterialError>() <= size_of::<usize>());
    let _ = fixture_text("rsa.crt");
}

#[test]
fn a_leaf_that_our_own_verifier_rejects_is_a_warning() {
    use crate::common::pki::{Authority, KeyAlgorithm, Leaf};
    use mtls::test_util::{ExtendedKeyUsage, Extension, KeyUsage};
    let root = Authority::named("Root");
    let alice = || Leaf::named("alice").dns("alice.test");
    let critical = Extension::critical(&[1, 3, 6, 1, 4, 1, 99999], vec![5, 0]);
    let warnings = |leaf: Leaf| {
        let own = leaf.issued_by(&root);
        let key = own.key.secret_pkcs8_der();
        let identity = MtlsIdentity::from_der(own.chain.clone(), key).unwrap();
        identity.warnings().to_vec()
    };
    for sound in [
        alice(),
        alice().client(),
        alice().algorithm(KeyAlgorithm::Rsa),
    ] {
        assert_eq!(warnings(sound), []);
    }
    for (leaf, words) in [
        (
            alice().key_usages(&[KeyUsage::KeyEncipherment]),
            "lacks digitalSignature",
        ),
        (
            alice().extension(critical),
            "critical extension 1.3.6.1.4.1.99999",
        ),
        (
            alice().extended_key_usage(ExtendedKeyUsage::CodeSigning),
            "neither clientAuth nor serverAuth",
        ),
    ] {
        let said = warnings(leaf);
        let [warning @ IdentityWarning::RejectedLeaf { .. }] = said.as_slice() else {
            panic!("{words}: {said:?}");
        };
        assert!(warning.to_string().contains(words), "{warning}");
        assert!(warning.hint().contains("reissued"), "{warning}");
    }
}
