//! What changes at the worst moment: while it is read, parsed, or about to be watched. A passphrase is asked for in the
//! midst of parsing, which is when a test can step in.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mtls::rotation::ReloadTrigger;
use mtls::{FileSource, Passphrase, Source};

use super::common::pki::Credential;
use super::place::{FILES, Place};
use super::stage::Stage;

const PASSPHRASE: &str = "open sesame";

/// Chain and key, the latter encrypted. The key comes first.
fn install(place: &Place, credential: &Credential) {
    let key = openssl::pkey::PKey::private_key_from_pkcs8(credential.key.secret_pkcs8_der());
    let cipher = openssl::symm::Cipher::aes_256_cbc();
    let key = key.unwrap();
    let key = key.private_key_to_pem_pkcs8_passphrase(cipher, PASSPHRASE.as_bytes());
    place.replace("tls.key", key.unwrap());
    place.replace("tls.crt", credential.chain_pem());
}

/// All files of a place, of which the key is opened by this function.
fn files(place: &Place, step_in: impl Fn() + Send + Sync + 'static) -> FileSource {
    let passphrase = Passphrase::from_fn(move || {
        step_in();
        Ok(PASSPHRASE.to_owned())
    });
    place
        .files()
        .revocation_lists(place.path("ca.crl"))
        .passphrase(passphrase)
}

/// Each file was read by then. What is given is what lies there at the end, and not a part of what was there before.
#[test]
fn what_changes_while_it_is_parsed_is_not_given() {
    for file in FILES {
        let place = Arc::new(Place::new());
        install(&place, &place.server("first"));
        let asked = Arc::new(AtomicUsize::new(0));
        let mut files = files(&place, {
            let (place, asked) = (Arc::clone(&place), Arc::clone(&asked));
            move || {
                if asked.fetch_add(1, Ordering::Relaxed) > 0 {
                    return;
                }
                match file {
                    "ca.crt" => place.replace(file, place.root.pem() + &place.other.pem()),
                    "ca.crl" => {
                        let next = place.next_crl();
                        let of_other = super::place::crl_pem(&next.signed_by(&place.other));
                        place.replace(file, place.list(&next) + &of_other);
                    }
                    // A renewal under the same name: the two files belong together before and after.
                    _ => install(&place, &place.server("second")),
                }
            }
        });
        let given = format!("{:?}", files.load(&ReloadTrigger::default()).unwrap());
        let changed = match file {
            "ca.crt" | "ca.crl" => "CN=Other Root",
            _ => "CN=second",
        };
        assert!(given.contains(changed), "{file}: {given}");
        assert_eq!(asked.load(Ordering::Relaxed), 2, "{file}");
        // And that is what is remembered.
        let again = format!("{:?}", files.load(&ReloadTrigger::default()).unwrap());
        assert!(again.contains(changed), "{file}: {again}");
        assert_eq!(asked.load(Ordering::Relaxed), 2, "{file}");
    }
}

/// What was bad while it was parsed and is good by now is no failure.
#[test]
fn what_is_mended_while_it_is_parsed_is_no_failure() {
    let place = Arc::new(Place::new());
    install(&place, &place.server("first"));
    place.write("tls.crt", place.server("x").chain_pem());
    let asked = Arc::new(AtomicUsize::new(0));
    let mut files = files(&place, {
        let (place, asked) = (Arc::clone(&place), Arc::clone(&asked));
        move || {
            if asked.fetch_add(1, Ordering::Relaxed) == 0 {
                install(&place, &place.server("second"));
            }
        }
    });
    let given = format!("{:?}", files.load(&ReloadTrigger::default()).unwrap());
    assert!(given.contains("CN=second"), "{given}");
}

/// Changed after the last look, and before the first watch: no notification comes of it, so that it
/// is looked at once more when the watches are there. The chain was looked at when the anchors are,
/// which are so many that this takes a while.
#[cfg(target_os = "linux")]
#[test]
fn what_changes_before_it_is_watched_is_seen() {
    use notify::event::{AccessKind, AccessMode, EventKind};
    use notify::{RecursiveMode, Watcher};

    let place = Arc::new(Place::new());
    install(&place, &place.server("first"));
    let comment = "# nothing\n".repeat(400_000);
    place.write("ca.crt", place.root.pem() + &comment);
    let watcher = Mutex::new(None);
    let files = files(&place, {
        let place = Arc::clone(&place);
        move || {
            let mut watcher = watcher.lock().unwrap();
            if watcher.is_some() {
                return;
            }
            // Parsing has done with the anchors: when they are opened next, that is the look afterwards.
            let mut second = Some((Arc::clone(&place), place.server("second")));
            let step_in = move |event: notify::Result<notify::Event>| {
                if event.unwrap().kind == EventKind::Access(AccessKind::Open(AccessMode::Any))
                    && let Some((place, second)) = second.take()
                {
                    install(&place, &second);
                }
            };
            let mut opened = notify::recommended_watcher(step_in).unwrap();
            let anchors = place.path("ca.crt");
            opened.watch(&anchors, RecursiveMode::NonRecursive).unwrap();
            *watcher = Some(opened);
        }
    });
    let stage = Stage::new(place, files, true, Duration::from_secs(600));
    stage.meets("second");
    assert_eq!(
        stage.server.handle().status().failures(),
        0,
        "{:?}",
        stage.reported()
    );
    stage.end();
}
