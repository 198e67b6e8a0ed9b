//! Keys that sign as they should.

use std::error::Error;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use mtls::material::{KeyPermissions, SignatureScheme, SigningKey};
use mtls::{MtlsClient, MtlsIdentity, Rustls, TrustAnchors};
use pki_types::SubjectPublicKeyInfoDer;

use super::soft::{EVERY_SCHEME, Soft};
use super::{Side, credential, identity, providers, ready, setup};
use crate::common::ends::{self, Ends, MESSAGE, Setup, meet};
use crate::common::pki::{Cast, KeyAlgorithm};
use crate::common::raw::{LIMIT, Version};

/// Facades, and raw peers of every library. All of them verify the proof of possession but raw rustls.
fn opposite(side: Side) -> Ends {
    let (mut ends, raw) = match side {
        Side::Client => (ends::servers(), ends::raw_servers(crate::scene::ANY)),
        Side::Server => (ends::clients(), ends::raw_clients(crate::scene::ANY)),
    };
    ends.extend(raw);
    ends
}

/// What is signed first in each version, of all schemes that there are.
fn expected(algorithm: KeyAlgorithm, version: Version) -> SignatureScheme {
    match (algorithm, version) {
        (KeyAlgorithm::P256, _) => SignatureScheme::EcdsaP256Sha256,
        (KeyAlgorithm::P384, _) => SignatureScheme::EcdsaP384Sha384,
        (KeyAlgorithm::Ed25519, _) => SignatureScheme::Ed25519,
        (KeyAlgorithm::Rsa, Version::Tls12) => SignatureScheme::RsaPkcs1Sha384,
        (KeyAlgorithm::Rsa, Version::Tls13) => SignatureScheme::RsaPssSha512,
        (other, _) => panic!("{other:?}"),
    }
}

#[test]
fn every_kind_of_key_signs_at_either_end() {
    let cast = Cast::assemble();
    for provider in providers() {
        for algorithm in KeyAlgorithm::ALL {
            let ours = credential(&cast, algorithm);
            for (side, version) in Side::BOTH
                .into_iter()
                .flat_map(|side| Version::ALL.map(|version| (side, version)))
            {
                let key = Arc::new(Soft::new(&ours));
                let identity = identity(&ours, &key).unwrap();
                let setup = |credential| Setup {
                    version,
                    ..setup(&cast, credential)
                };
                let us = ready(side, &setup(&ours), &identity, &provider).unwrap();
                let probe = key.taken();
                let scheme = expected(algorithm, version);
                assert!(matches!(&*probe, [(s, text)] if *s == scheme && text.len() < 64));
                assert!(probe[0].1.starts_with(b"mtls: "));
                for them in opposite(side) {
                    let theirs = match side {
                        Side::Client => &cast.server,
                        Side::Server => &cast.alice,
                    };
                    let they = them.ready(&setup(theirs)).unwrap();
                    let (client, server) = match side {
                        Side::Client => meet(&*us, &*they),
                        Side::Server => meet(&*they, &*us),
                    };
                    println!("{algorithm:?} {side:?} {version:?} {them:?}: {client:?} {server:?}");
                    for saw in [client, server] {
                        assert!(saw.completed && saw.ended.is_none() && saw.reported.is_none());
                        assert_eq!(saw.received, MESSAGE);
                    }
                    let signed = key.taken();
                    let [(signed_by, message)] = &*signed else {
                        panic!("it signed {} times", signed.len());
                    };
                    assert_eq!(*signed_by, scheme);
                    assert_eq!(message.starts_with(&[b' '; 64]), version == Version::Tls13);
                }
            }
        }
    }
}

#[test]
fn every_scheme_of_rsa_signs() {
    let cast = Cast::assemble();
    let ours = credential(&cast, KeyAlgorithm::Rsa);
    for scheme in &EVERY_SCHEME[..6] {
        for (side, version) in Side::BOTH
            .into_iter()
            .flat_map(|side| Version::ALL.map(|version| (side, version)))
        {
            let key = Arc::new(Soft::new(&ours).offers(&[*scheme]));
            let identity = identity(&ours, &key).unwrap();
            let setup = |credential| Setup {
                version,
                ..setup(&cast, credential)
            };
            let us = ready(side, &setup(&ours), &identity, &providers()[0]);
            if version == Version::Tls13 && !scheme.is_for_tls13() {
                let error = us.err().expect("TLS 1.3 has no PKCS#1 v1.5");
                let text = error.to_string();
                assert!(
                    text.starts_with("protocol_versions cannot be used"),
                    "{text}"
                );
                assert!(error.hint().contains("RSA-PSS"), "{}", error.hint());
                assert!(key.taken().is_empty());
                continue;
            }
            let us = us.unwrap();
            for them in opposite(side) {
                let (client, server) = match side {
                    Side::Client => meet(&*us, &*them.ready(&setup(&cast.server)).unwrap()),
                    Side::Server => meet(&*them.ready(&setup(&cast.alice)).unwrap(), &*us),
                };
                assert!(client.completed && client.ended.is_none(), "{client:?}");
                assert!(server.completed && server.ended.is_none(), "{server:?}");
            }
            assert!(key.taken().iter().all(|(signed, _)| signed == scheme));
        }
    }
}

/// Signs when as many are waiting as there are handshakes: a lock of ours around it would hold them up for ever.
struct Together {
    key: Soft,
    all: (Mutex<usize>, Condvar),
}

impl SigningKey for Together {
    fn public_key(&self) -> SubjectPublicKeyInfoDer<'_> {
        self.key.public_key()
    }

    fn schemes(&self) -> &[SignatureScheme] {
        self.key.schemes()
    }

    fn sign(
        &self,
        scheme: SignatureScheme,
        message: &[u8],
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        let (missing, changed) = &self.all;
        let mut missing = missing.lock().unwrap();
        *missing = missing.saturating_sub(1);
        changed.notify_all();
        let wait = changed.wait_timeout_while(missing, LIMIT / 2, |missing| *missing > 0);
        if wait.unwrap().1.timed_out() {
            return Err("the others never came".into());
        }
        self.key.sign(scheme, message)
    }
}

#[test]
fn handshakes_do_not_wait_for_each_other() {
    const HANDSHAKES: usize = 8;
    let cast = Cast::assemble();
    let ours = credential(&cast, KeyAlgorithm::P256);
    let key = Arc::new(Together {
        key: Soft::new(&ours),
        all: Default::default(),
    });
    let identity = identity(&ours, &key).unwrap();
    let us = ready(
        Side::Server,
        &setup(&cast, &ours),
        &identity,
        &providers()[0],
    )
    .unwrap();
    for clients in [ends::clients(), ends::raw_clients(crate::scene::ANY)] {
        let they = clients[0].ready(&setup(&cast, &cast.alice)).unwrap();
        *key.all.0.lock().unwrap() = HANDSHAKES;
        thread::scope(|scope| {
            for _ in 0..HANDSHAKES {
                scope.spawn(|| {
                    let (client, server) = meet(&*they, &*us);
                    assert!(client.completed && client.ended.is_none(), "{client:?}");
                    assert!(server.completed && server.ended.is_none(), "{server:?}");
                });
            }
        });
    }
}

#[test]
fn nothing_shows_the_key() {
    let cast = Cast::assemble();
    for algorithm in KeyAlgorithm::ALL {
        let ours = credential(&cast, algorithm);
        let key = Arc::new(Soft::new(&ours));
        let external = identity(&ours, &key).unwrap();
        let held = MtlsIdentity::from_der(ours.chain.clone(), ours.key.secret_pkcs8_der()).unwrap();
        assert!(external.private_key().is_none() && held.signing_key().is_none());
        let debug = format!("{external:?}");
        assert!(
            debug.contains("key: SigningKey(") && debug.ends_with("warnings: [] }"),
            "{debug}"
        );
        assert_eq!(
            format!("{:?}", external.signing_key().unwrap()),
            "SigningKey(..)"
        );
        for identity in [external, held] {
            let builder = MtlsClient::builder()
                .identity(identity.clone())
                .trust_anchors(TrustAnchors::from_der([cast.root.certificate()]).unwrap())
                .key_permissions(KeyPermissions::Deny);
            let mut said = format!(
                "{identity:?}{identity:#?}{}{builder:?}",
                identity.describe()
            );
            said += &format!("{:?}", identity.describe());
            let client = builder.build(Rustls::default()).unwrap();
            said += &format!("{client:?}{:?}", client.config());
            assert_nothing_of(ours.key.secret_pkcs8_der(), &key.spki, &said);
        }
    }
}

/// No 16 bytes of the private key stand there, in hexadecimal or as a list of numbers; what is public may.
fn assert_nothing_of(key: &[u8], spki: &[u8], said: &str) {
    let flat: String = said.chars().filter(|c| !c.is_whitespace()).collect();
    let mut looked_for = 0;
    for window in key.windows(16) {
        if spki.windows(16).any(|public| public == window) {
            continue;
        }
        looked_for += 1;
        let hex: String = window.iter().map(|b| format!("{b:02x}")).collect();
        let list = window.iter().map(u8::to_string).collect::<Vec<_>>();
        for form in [&hex, &hex.to_uppercase(), &list.join(",")] {
            assert!(!flat.contains(form), "{form} is in {said}");
        }
    }
    assert!(looked_for >= 17);
}
