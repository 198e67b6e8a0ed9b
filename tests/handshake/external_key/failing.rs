//! Keys that fail: when an end is built, and later, in a handshake.

use std::error::Error;
use std::sync::Arc;

use mtls::{BuildError, HandshakeError};

use super::soft::{
    Babbles, Behaviour, Dawdles, Fails, Floods, Lies, Panics, Pulled, Signs, Silent, Soft, TIMEOUT,
};
use super::{Side, credential, identity, providers, ready, setup};
use crate::common::ends::{self, Ended, Ends, Ready, Seen, Setup, meet};
use crate::common::pki::{Cast, KeyAlgorithm};
use crate::common::raw::Version;

fn build_error(behaviour: Behaviour, side: Side, algorithm: KeyAlgorithm) -> BuildError {
    let cast = Cast::assemble();
    let ours = credential(&cast, algorithm);
    let key = Arc::new(Soft::new(&ours).behaves(behaviour, Signs));
    let identity = identity(&ours, &key).unwrap();
    let error = providers().into_iter().map(|provider| {
        *key.behaviour.lock().unwrap() = [behaviour, Signs];
        match ready(side, &setup(&cast, &ours), &identity, &provider) {
            Ok(_) => panic!("{behaviour:?}: it was built"),
            Err(error) => error,
        }
    });
    error.last().unwrap()
}

#[test]
fn a_key_that_is_away_when_an_end_is_built() {
    for side in Side::BOTH {
        let error = build_error(Fails, side, KeyAlgorithm::P256);
        assert!(error.source().unwrap().is::<Pulled>());
        assert!(error.to_string().contains("ecdsa_secp256r1_sha256"));
        assert!(error.hint().contains("credentials"));
        assert!(matches!(error, BuildError::SigningKeyFailed { .. }));

        let error = build_error(Panics, side, KeyAlgorithm::P256);
        assert!(error.source().unwrap().to_string().contains("panicked"));
        assert!(matches!(error, BuildError::SigningKeyFailed { .. }));
    }
}

#[test]
fn a_key_that_is_another_when_an_end_is_built() {
    for side in Side::BOTH {
        for algorithm in KeyAlgorithm::ALL {
            for behaviour in [Lies, Babbles, Silent, Floods] {
                let error = build_error(behaviour, side, algorithm);
                assert!(error.to_string().contains("CN=external"));
                assert!(error.hint().contains("the id of the key"));
                assert!(matches!(error, BuildError::SigningKeyMismatch { .. }));
            }
        }
    }
}

/// What our end saw, and what the other, when the key first behaves like this in a handshake. Afterwards it signs, and
/// a second handshake goes well.
fn each_handshake(behaviour: Behaviour, check: impl Fn(Version, Side, &Seen, &Seen)) {
    let cast = Cast::assemble();
    let ours = credential(&cast, KeyAlgorithm::P256);
    for (side, version) in Side::BOTH
        .into_iter()
        .flat_map(|side| Version::ALL.map(|version| (side, version)))
    {
        let setup = |credential| Setup {
            version,
            ..setup(&cast, credential)
        };
        let key = Arc::new(Soft::new(&ours));
        let identity = identity(&ours, &key).unwrap();
        let us = ready(side, &setup(&ours), &identity, &providers()[0]).unwrap();
        for them in verifying(side) {
            let they = match side {
                Side::Client => them.ready(&setup(&cast.server)).unwrap(),
                Side::Server => them.ready(&setup(&cast.alice)).unwrap(),
            };
            *key.behaviour.lock().unwrap() = [behaviour, Signs];
            let (we_saw, they_saw) = met(side, &*us, &*they);
            println!("{side:?} {version:?} {them:?}: {we_saw:?} {they_saw:?}");
            check(version, side, &we_saw, &they_saw);
            let (we_saw, they_saw) = met(side, &*us, &*they);
            assert!(we_saw.completed && we_saw.ended.is_none(), "{we_saw:?}");
            assert!(they_saw.completed && they_saw.ended.is_none());
        }
    }
}

/// Who looks at signatures: not raw rustls.
fn verifying(side: Side) -> Ends {
    let (mut ends, raw) = match side {
        Side::Client => (ends::servers(), ends::raw_servers(&["openssl"])),
        Side::Server => (ends::clients(), ends::raw_clients(&["openssl"])),
    };
    ends.extend(raw);
    ends
}

/// First what we saw.
fn met(side: Side, us: &dyn Ready, they: &dyn Ready) -> (Seen, Seen) {
    match side {
        Side::Client => meet(us, they),
        Side::Server => {
            let (client, server) = meet(they, us);
            (server, client)
        }
    }
}

fn signing_error(saw: &Seen) -> &(dyn Error + 'static) {
    assert!(!saw.completed);
    match &saw.ended {
        Some(Ended::Handshake(error @ HandshakeError::SigningKey(_))) => {
            assert_eq!(
                error.to_string(),
                "our signing key did not sign the TLS handshake"
            );
            error.source().unwrap()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_that_fails_in_a_handshake() {
    each_handshake(Fails, |_, _, we_saw, they_saw| {
        assert!(signing_error(we_saw).is::<Pulled>());
        // The connection ends, and no alert says why.
        assert!(
            !they_saw.completed && they_saw.reported.is_none(),
            "{they_saw:?}"
        );
    });
}

#[test]
fn a_key_that_panics_in_a_handshake() {
    each_handshake(Panics, |_, _, we_saw, they_saw| {
        let said = signing_error(we_saw).to_string();
        assert!(said.contains("panicked"), "{said}");
        assert!(
            !they_saw.completed && they_saw.reported.is_none(),
            "{they_saw:?}"
        );
    });
}

/// It signed rightly when the end was built, and it will again.
#[test]
fn a_key_that_signs_wrongly_in_a_handshake() {
    for behaviour in [Lies, Babbles, Silent, Floods] {
        each_handshake(behaviour, |_, _, we_saw, they_saw| {
            let said = signing_error(we_saw).to_string();
            assert!(
                said.contains(
                    "its ecdsa_secp256r1_sha256 signature does not verify with the leaf's key"
                ),
                "{said}"
            );
            // It never got there.
            assert!(
                !they_saw.completed && they_saw.reported.is_none() && we_saw.reported.is_none(),
                "{we_saw:?} {they_saw:?}"
            );
        });
    }
}

/// A key that signs cannot be interrupted; the handshake is over when it returns.
#[test]
fn a_key_that_takes_longer_than_the_handshake_may() {
    let cast = Cast::assemble();
    let ours = credential(&cast, KeyAlgorithm::P256);
    for (side, version) in Side::BOTH
        .into_iter()
        .flat_map(|side| Version::ALL.map(|version| (side, version)))
    {
        let setup = |credential| Setup {
            version,
            ..setup(&cast, credential)
        };
        let key = Arc::new(Soft::new(&ours).behaves(Signs, Dawdles));
        let identity = identity(&ours, &key).unwrap();
        let short = Setup {
            timeout: TIMEOUT,
            ..setup(&ours)
        };
        let us = ready(side, &short, &identity, &providers()[0]).unwrap();
        for them in verifying(side) {
            let they = match side {
                Side::Client => them.ready(&setup(&cast.server)).unwrap(),
                Side::Server => them.ready(&setup(&cast.alice)).unwrap(),
            };
            let (we_saw, _) = met(side, &*us, &*they);
            println!("{side:?} {version:?} {them:?}: {we_saw:?}");
            assert!(matches!(
                we_saw.ended,
                Some(Ended::Handshake(HandshakeError::Timeout))
            ));
        }
    }
}
