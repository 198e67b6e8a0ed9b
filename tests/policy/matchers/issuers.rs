use der::{Decode, Encode};
use mtls::pki_types::{CertificateDer, UnixTime};
use mtls::{PeerIdentity, PeerMatcher as M, PeerVerifier, Rustls, VerifierPolicy};
use sha2::{Digest, Sha256};

use super::{Peer, are_rejected, payments};
use crate::anchors;
use crate::common::pki::Authority;

fn proved(authorities: &[&Authority], chain: &[CertificateDer<'_>]) -> PeerIdentity {
    PeerVerifier::new(
        anchors(authorities),
        VerifierPolicy::allow_any_authenticated(),
        Rustls::default().signature_algorithms().unwrap(),
    )
    .unwrap()
    .verify_client(chain, UnixTime::now())
    .unwrap()
}

/// By other means than the library's.
fn key_of(certificate: &[u8]) -> [u8; 32] {
    let certificate = x509_cert::Certificate::from_der(certificate).unwrap();
    let key = certificate.tbs_certificate().subject_public_key_info();
    Sha256::digest(key.to_der().unwrap()).into()
}

#[test]
fn the_issuer_by_name() {
    let same = ["CN=Root", "CN=root", "CN=\\ Root", "CN=ROOT"];
    for same in same {
        let canonical = M::issuer(same).map_err(|error| error.to_string());
        let Ok(matcher) = canonical else {
            panic!("{same}: {canonical:?}");
        };
        Peer::with(payments()).is([Ok(matcher.clone())]);
        assert_eq!(matcher, M::issuer("CN=Root").unwrap());
        assert_ne!(matcher, M::issuer("CN=Other").unwrap());
    }
    Peer::with(payments()).is([M::issuer("CN=Root")]).is_not([
        M::issuer("CN=Roo"),
        M::issuer("CN=Ro ot"),
        M::issuer("CN=payments"),
        M::issuer("CN=Root,O=Example"),
        M::issuer("O=Root"),
    ]);
    are_rejected(
        M::issuer,
        &[
            "",
            "Root",
            "(empty)",
            "(unreadable)",
            "CN=Root, O=Example",
            "cn=Root",
            "CN=Root;O=Example",
            "CN",
        ],
    );
    let error = M::issuer("cn=Root").unwrap_err();
    assert_eq!(error.hint(), r#"write it as "CN=Root""#);
}

/// Odd names are asked for as they are shown.
#[test]
fn an_issuer_s_name_may_be_odd() {
    for name in ["a,b=c", " a", "é\u{202e}", "#1", "a\\b\"+<>;"] {
        let root = Authority::named(name);
        let chain = payments().client().issued_by(&root).chain;
        let peer = proved(&[&root], &chain);
        let matcher = M::issuer(&peer.issuer()).unwrap();
        assert!(matcher.matches(&peer), "{matcher}");
        assert_eq!(matcher.to_string().parse::<M>().unwrap(), matcher);
    }
}

#[test]
fn the_keys_and_the_anchor_above_the_leaf() {
    let root = Authority::named("Root");
    let branch = root.intermediate("Branch");
    let beside = root.intermediate("Beside");
    let leaf = payments().client().issued_by(&branch);
    // The second is sent along and proves no certificate.
    let chain = leaf.with(&branch).with(&beside).chain;
    let peer = proved(&[&root, &Authority::named("Other")], &chain);
    let certificate = |authority: &Authority| Sha256::digest(authority.certificate()).into();
    for issuer in [&branch, &root] {
        let pin = M::issuer_spki_sha256(key_of(&issuer.certificate()));
        assert!(pin.matches(&peer));
        assert!(
            M::any_of([M::issuer_spki_sha256([0; 32]), pin.clone()])
                .unwrap()
                .matches(&peer)
        );
        assert!(!M::not(pin).matches(&peer));
    }
    for other in [&beside, &root.namesake()] {
        let pin = M::issuer_spki_sha256(key_of(&other.certificate()));
        assert!(!pin.matches(&peer));
        assert!(M::not(pin).matches(&peer));
    }
    assert!(
        !M::issuer_spki_sha256(peer.spki_sha256()).matches(&peer),
        "the leaf is no issuer"
    );
    assert!(M::trust_anchor_sha256(certificate(&root)).matches(&peer));
    for other in [&branch, &beside] {
        assert!(!M::trust_anchor_sha256(certificate(other)).matches(&peer));
        assert!(M::not(M::trust_anchor_sha256(certificate(other))).matches(&peer));
    }
    // An intermediate that is an anchor ends the path.
    let peer = proved(&[&branch], &chain);
    assert!(M::trust_anchor_sha256(certificate(&branch)).matches(&peer));
    assert!(!M::issuer_spki_sha256(key_of(&root.certificate())).matches(&peer));
}

#[test]
fn pins_of_the_leaf() {
    let peer = Peer::with(payments());
    let identity = peer.identity();
    let certificate: [u8; 32] = Sha256::digest(&identity.chain()[0]).into();
    let key = key_of(&identity.chain()[0]);
    peer.is([
        Ok(M::spki_sha256(key)),
        Ok(M::certificate_sha256(certificate)),
    ])
    .is_not([
        Ok(M::spki_sha256([0; 32])),
        Ok(M::spki_sha256(certificate)),
        Ok(M::certificate_sha256(key)),
        Ok(M::certificate_sha256([0; 32])),
    ]);
}

#[test]
fn digests_are_written_in_hexadecimal() {
    let digest = [0x0f; 32];
    let text = format!(r#"spki_sha256("{}")"#, "0f".repeat(32));
    assert_eq!(M::spki_sha256(digest).to_string(), text);
    assert_eq!(
        text.to_uppercase()
            .replace("SPKI_SHA", "spki_sha")
            .parse::<M>()
            .unwrap(),
        M::spki_sha256(digest)
    );
    for wrong in [
        "",
        "0f",
        &"0f".repeat(33),
        &"0g".repeat(32),
        &"+f".repeat(32),
        &"é".repeat(32),
    ] {
        for kind in [
            "spki_sha256",
            "certificate_sha256",
            "issuer_spki_sha256",
            "trust_anchor_sha256",
        ] {
            assert!(
                format!(r#"{kind}("{wrong}")"#).parse::<M>().is_err(),
                "{wrong}"
            );
        }
    }
}
