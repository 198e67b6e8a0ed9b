//! Our own keys of the algorithms whose public half is not derived when they are loaded.

use std::error::Error;
use std::sync::Arc;

use mtls::backend::ClientBackend;
use mtls::connection::ProtocolVersion;
use mtls::error::MaterialProblem;
use mtls::material::{SignatureScheme, SigningKey};
use mtls::policy::SignatureAlgorithms;
use mtls::{
    BuildError, CertificateChain, MtlsClient, MtlsIdentity, NativeTls, OpenSsl, PeerVerifier,
    PrivateKey, RejectionReason as Reason, Rustls, VerifierPolicy,
};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use pki_types::{SubjectPublicKeyInfoDer, UnixTime};

use crate::common::pki::Credential;
use crate::forge::{Ca, MlDsa, algorithm, ec, ecdsa, has_ml_dsa, oid, pkcs8, sequence, tlv};
use crate::{anchors, identity};

fn build<B: ClientBackend>(ca: &Ca, identity: MtlsIdentity, backend: B) -> Result<(), BuildError> {
    let client = MtlsClient::builder()
        .identity(identity)
        .trust_anchors(anchors(std::slice::from_ref(&ca.certificate)));
    client.build(backend).map(drop)
}

fn on_ring() -> Rustls {
    Rustls::with_provider(Arc::new(rustls::crypto::ring::default_provider()))
}

/// A new key, its seed and its expanded form.
fn parts(kind: MlDsa) -> (PKey<Private>, [u8; 32], Vec<u8>) {
    let mut seed = [0; 32];
    openssl::rand::rand_bytes(&mut seed).unwrap();
    let key = kind.of_seed(&seed).unwrap();
    let expanded = key.raw_private_key().unwrap();
    (key, seed, expanded)
}

#[test]
fn ml_dsa_keys_load_in_each_of_their_forms() {
    if !has_ml_dsa() {
        return;
    }
    for kind in MlDsa::ALL {
        let signature = kind.signature();
        let ca = Ca::new("CA", kind.key(), &signature);
        let (key, seed, expanded) = parts(kind);
        let leaf = ca.issue("alice.test", &key.public_key_to_der().unwrap(), &signature);
        let both = sequence(&[&tlv(4, &seed), &tlv(4, &expanded)]);
        for form in [tlv(0x80, &seed), tlv(4, &expanded), both] {
            let der = pkcs8(&signature.algorithm, &form);
            let ours = MtlsIdentity::from_der([leaf.clone()], &der).unwrap();
            let named = ours.private_key().unwrap().key_type().to_string();
            assert_eq!(named, signature.name);
            build(&ca, ours.clone(), Rustls::default()).unwrap();
            build(&ca, ours.clone(), OpenSsl::default()).unwrap();
            let error = build(&ca, ours.clone(), on_ring()).unwrap_err();
            assert!(matches!(
                error,
                BuildError::UnusableTrustAnchors(_) | BuildError::IdentityChain { .. }
            ));
            let error = build(&ca, ours, NativeTls::default()).unwrap_err();
            assert!(matches!(error, BuildError::Unsupported { .. }), "{error}");
        }
    }
}

#[test]
fn other_forms_of_ml_dsa_keys_are_no_keys() {
    let name = algorithm("2.16.840.1.101.3.4.3.18", &[]);
    let with_null = algorithm("2.16.840.1.101.3.4.3.18", &[5, 0]);
    let seed = [7; 32];
    let wrong = [
        pkcs8(&name, &seed),
        pkcs8(&name, &tlv(0x80, &seed[1..])),
        pkcs8(&name, &[tlv(0x80, &seed), vec![0]].concat()),
        pkcs8(&name, &tlv(4, &seed)),
        pkcs8(&name, &tlv(4, &[7; 4031])),
        pkcs8(&name, &sequence(&[&tlv(4, &seed)])),
        pkcs8(&name, &sequence(&[&tlv(4, &seed), &tlv(4, &[7; 4033])])),
        pkcs8(
            &name,
            &sequence(&[&tlv(4, &seed), &tlv(4, &[7; 4032]), &[5, 0]]),
        ),
        pkcs8(&name, &[]),
        pkcs8(&with_null, &tlv(0x80, &seed)),
    ];
    for der in wrong {
        let error = PrivateKey::from_der(&der).unwrap_err();
        assert!(
            matches!(error.problem(), MaterialProblem::KeyMalformed),
            "{error}"
        );
    }
    PrivateKey::from_der(&pkcs8(&name, &tlv(0x80, &seed))).unwrap();
}

/// On either backend that can have the key, the same error.
fn is_a_mismatch(ca: &Ca, ours: MtlsIdentity, kind: &str) {
    let errors = [
        build(ca, ours.clone(), Rustls::default()).unwrap_err(),
        build(ca, ours, OpenSsl::default()).unwrap_err(),
    ];
    for error in errors {
        let said = error.hint().into_owned();
        let BuildError::KeyMismatch { subject, key } = error else {
            panic!("{said}");
        };
        assert_eq!((subject.as_str(), key.as_str()), ("CN=alice.test", kind));
        assert!(said.contains("openssl pkey -in KEY -pubout"), "{said}");
    }
}

#[test]
fn an_ml_dsa_key_of_another_leaf_is_found_at_build() {
    if !has_ml_dsa() {
        return;
    }
    for kind in MlDsa::ALL {
        let signature = kind.signature();
        let ca = Ca::new("CA", kind.key(), &signature);
        let leaf = ca.credential("alice.test", &kind.key(), &signature);
        let (_, seed, expanded) = parts(kind);
        let lying = sequence(&[&tlv(4, &parts(kind).1), &tlv(4, &expanded)]);
        for form in [tlv(0x80, &seed), tlv(4, &expanded), lying] {
            let der = pkcs8(&signature.algorithm, &form);
            let ours = MtlsIdentity::from_der(leaf.chain.clone(), &der).unwrap();
            is_a_mismatch(&ca, ours, &signature.name);
        }
    }
    let signature = MlDsa::M65.signature();
    let ca = Ca::new("CA", MlDsa::M65.key(), &signature);
    let leaf = ca.credential("alice.test", &MlDsa::M65.key(), &signature);
    let other = MlDsa::M44.key().private_key_to_pkcs8().unwrap();
    let error = MtlsIdentity::from_der(leaf.chain, &other).unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::KeyMismatch { .. }),
        "{error}"
    );
}

/// PKCS#8 around an `ECPrivateKey` on P-521, with the public key that is given.
fn p521(scalar: &PKey<Private>, public: Option<&PKey<Private>>) -> Vec<u8> {
    let scalar = scalar
        .ec_key()
        .unwrap()
        .private_key()
        .to_vec_padded(66)
        .unwrap();
    let point = public.map(|key| {
        let spki = key.public_key_to_der().unwrap();
        let point = [&[0], &spki[spki.len() - 133..]].concat();
        tlv(0xa1, &tlv(3, &point))
    });
    let inner = sequence(&[&[2, 1, 1], &tlv(4, &scalar), &point.unwrap_or_default()]);
    let name = algorithm("1.2.840.10045.2.1", &tlv(6, &oid("1.3.132.0.35")));
    pkcs8(&name, &inner)
}

#[test]
fn a_p521_key_of_another_leaf_is_found_at_load_or_at_build() {
    let ca = Ca::new("CA", ec(Nid::SECP521R1), &ecdsa("SHA512"));
    let (key, other) = (ec(Nid::SECP521R1), ec(Nid::SECP521R1));
    let leaf = ca.credential("alice.test", &key, &ecdsa("SHA512"));
    let load = |der: &[u8]| MtlsIdentity::from_der(leaf.chain.clone(), der);
    for good in [p521(&key, Some(&key)), p521(&key, None)] {
        let ours = load(&good).unwrap();
        build(&ca, ours.clone(), Rustls::default()).unwrap();
        build(&ca, ours.clone(), OpenSsl::default()).unwrap();
        let error = build(&ca, ours, NativeTls::default()).unwrap_err();
        assert!(matches!(error, BuildError::Unsupported { .. }), "{error}");
    }
    for stated in [p521(&other, Some(&other)), p521(&key, Some(&other))] {
        let error = load(&stated).unwrap_err();
        assert!(
            matches!(error.problem(), MaterialProblem::KeyMismatch { .. }),
            "{error}"
        );
    }
    is_a_mismatch(&ca, load(&p521(&other, None)).unwrap(), "ECDSA P-521");
    is_a_mismatch(&ca, load(&p521(&other, Some(&key))).unwrap(), "ECDSA P-521");
}

#[test]
fn a_crypto_library_that_lacks_the_algorithm_says_so() {
    let p256 = Ca::new("CA", ec(Nid::X9_62_PRIME256V1), &ecdsa("SHA256"));
    let ours = p256.credential("alice.test", &ec(Nid::SECP521R1), &ecdsa("SHA256"));
    let error = build(&p256, identity(&ours), on_ring()).unwrap_err();
    assert!(
        error.hint().contains("no ECDSA P-521, no ML-DSA"),
        "{error}"
    );
}

#[test]
fn ml_dsa_is_for_tls_1_3() {
    if !has_ml_dsa() {
        return;
    }
    let signature = MlDsa::M65.signature();
    let ca = Ca::new("CA", MlDsa::M65.key(), &signature);
    let ours = ca.credential("alice.test", &MlDsa::M65.key(), &signature);
    let builder = MtlsClient::builder()
        .identity(identity(&ours))
        .trust_anchors(anchors(std::slice::from_ref(&ca.certificate)))
        .protocol_versions([ProtocolVersion::Tls12]);
    let error = builder.build(Rustls::default()).unwrap_err();
    let setting = matches!(
        error,
        BuildError::InvalidSetting {
            setting: "protocol_versions",
            ..
        }
    );
    assert!(
        setting && error.to_string().contains("ML-DSA-65"),
        "{error}"
    );
}

/// A verdict on a client.
fn verdict(
    cas: &[&Ca],
    client: &Credential,
    algorithms: SignatureAlgorithms,
) -> Result<(), (Reason, String)> {
    let certificates: Vec<_> = cas.iter().map(|ca| ca.certificate.clone()).collect();
    let policy = VerifierPolicy::allow_any_authenticated();
    let verifier = PeerVerifier::new(anchors(&certificates), policy, algorithms).unwrap();
    let verdict = verifier.verify_client(&client.chain, UnixTime::now());
    verdict.map(drop).map_err(|r| (r.reason(), r.to_string()))
}

#[test]
fn cas_of_old_and_new_algorithms_stand_side_by_side() {
    if !has_ml_dsa() {
        return;
    }
    let new = MlDsa::M65.signature();
    let old_ca = Ca::new("Old CA", ec(Nid::X9_62_PRIME256V1), &ecdsa("SHA256"));
    let new_ca = Ca::new("New CA", MlDsa::M65.key(), &new);
    let p256 = ec(Nid::X9_62_PRIME256V1);
    let old = old_ca.credential("alice.test", &p256, &ecdsa("SHA256"));
    let crossed = new_ca.credential("alice.test", &p256, &new);
    let both = [&old_ca, &new_ca];
    let aws = Rustls::default().signature_algorithms().unwrap();
    let openssl = OpenSsl::default().signature_algorithms().unwrap();
    let ring = on_ring().signature_algorithms().unwrap();
    for algorithms in [aws, openssl] {
        assert_eq!(verdict(&both, &old, algorithms.clone()), Ok(()));
        assert_eq!(verdict(&both, &crossed, algorithms), Ok(()));
    }
    assert_eq!(verdict(&both, &old, ring.clone()), Ok(()));
    let (reason, said) = verdict(&both, &crossed, ring.clone()).unwrap_err();
    assert_eq!(reason, Reason::UnsupportedSignatureAlgorithm);
    assert!(said.contains("ML-DSA-65"), "{said}");
    // Alone it can prove no peer.
    let policy = VerifierPolicy::allow_any_authenticated();
    let alone = anchors(std::slice::from_ref(&new_ca.certificate));
    let error = PeerVerifier::new(&alone, policy, ring.clone()).unwrap_err();
    assert!(
        matches!(error, BuildError::UnusableTrustAnchors(_)),
        "{error}"
    );
    let report = mtls::Report::new(&error).to_string();
    assert!(report.contains("ML-DSA-65"), "{report}");
    // Not the leaf, but the certificate above it is signed by what the library lacks.
    let issuing = new_ca.intermediate("Issuing CA", ec(Nid::X9_62_PRIME256V1), &new);
    let mut chain = issuing.credential("alice.test", &p256, &ecdsa("SHA256"));
    chain.chain.push(issuing.certificate.clone());
    let (reason, said) = verdict(&both, &chain, ring.clone()).unwrap_err();
    assert_eq!(reason, Reason::UnsupportedSignatureAlgorithm);
    assert!(said.contains("certificate 1 (CN=Issuing CA)"), "{said}");
    // A key that the library lacks, under a signature that it has.
    let p521_ca = Ca::new("P-521 CA", ec(Nid::SECP521R1), &ecdsa("SHA256"));
    let below = p521_ca.credential("alice.test", &p256, &ecdsa("SHA256"));
    let (reason, said) = verdict(&[&old_ca, &p521_ca], &below, ring).unwrap_err();
    assert_eq!(reason, Reason::UnsupportedKey);
    assert!(
        said.contains("ECDSA P-521") && said.contains("CN=P-521 CA"),
        "{said}"
    );
}

/// A key that OpenSSL holds, as if it were elsewhere.
struct Elsewhere {
    key: PKey<Private>,
    spki: Vec<u8>,
    schemes: [SignatureScheme; 1],
    digest: Option<MessageDigest>,
}

impl SigningKey for Elsewhere {
    fn public_key(&self) -> SubjectPublicKeyInfoDer<'_> {
        self.spki.as_slice().into()
    }

    fn schemes(&self) -> &[SignatureScheme] {
        &self.schemes
    }

    fn sign(
        &self,
        _: SignatureScheme,
        message: &[u8],
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        let mut signer = match self.digest {
            Some(digest) => Signer::new(digest, &self.key)?,
            None => Signer::new_without_digest(&self.key)?,
        };
        Ok(signer.sign_oneshot_to_vec(message)?)
    }
}

#[test]
fn keys_elsewhere_sign_by_the_new_schemes() {
    let ca = Ca::new("CA", ec(Nid::X9_62_PRIME256V1), &ecdsa("SHA256"));
    let mut keys = vec![(
        ec(Nid::SECP521R1),
        SignatureScheme::EcdsaP521Sha512,
        Some(MessageDigest::sha512()),
    )];
    if has_ml_dsa() {
        keys.extend([
            (MlDsa::M44.key(), SignatureScheme::MlDsa44, None),
            (MlDsa::M65.key(), SignatureScheme::MlDsa65, None),
            (MlDsa::M87.key(), SignatureScheme::MlDsa87, None),
        ]);
    }
    for (key, scheme, digest) in keys {
        let spki = key.public_key_to_der().unwrap();
        let leaf = ca.issue("alice.test", &spki, &ecdsa("SHA256"));
        let chain = || CertificateChain::from_der([leaf.clone()]).unwrap();
        let elsewhere = |key| Elsewhere {
            key,
            spki: spki.clone(),
            schemes: [scheme],
            digest,
        };
        let ours = MtlsIdentity::from_signing_key(chain(), Arc::new(elsewhere(key))).unwrap();
        build(&ca, ours.clone(), Rustls::default()).unwrap();
        let error = build(&ca, ours, on_ring()).unwrap_err();
        let is_named = error
            .to_string()
            .contains("the crypto provider knows no scheme");
        assert!(is_named, "{error}");
        let other = match scheme {
            SignatureScheme::EcdsaP521Sha512 => ec(Nid::SECP521R1),
            SignatureScheme::MlDsa44 => MlDsa::M44.key(),
            SignatureScheme::MlDsa65 => MlDsa::M65.key(),
            _ => MlDsa::M87.key(),
        };
        let wrong = MtlsIdentity::from_signing_key(chain(), Arc::new(elsewhere(other))).unwrap();
        let error = build(&ca, wrong, Rustls::default()).unwrap_err();
        let is_mismatch = matches!(error, BuildError::SigningKeyMismatch { .. });
        assert!(is_mismatch, "{error}");
    }
}
