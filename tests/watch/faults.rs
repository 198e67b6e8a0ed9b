//! What goes wrong with files: the old revision serves every handshake, it is said what is wrong and with which file, and
//! it is over when the file is mended, more than once.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use time::Duration as Time;

use super::common::pki::crl::{Crl, CrlTools as _, tlv};
use super::common::pki::{Credential, KeyAlgorithm, Leaf, Validity, certificate_pem};
use super::place::{Place, crl_pem};
use super::stage::Stage;
use super::suffer::{fault, suffer, verify};

#[test]
fn of_certificates() {
    let faults = [
        fault("torn certificate", &["tls.crt", "no END marker"], |place| {
            let pem = place.server("x").chain_pem();
            place.write("tls.crt", &pem[..pem.len() - 100]);
        }),
        fault(
            "chain cut between two certificates",
            &["tls.crt", "authenticate"],
            |place| {
                let mut cut = place.server("x");
                cut.chain.truncate(1);
                place.overwrite(&cut);
            },
        ),
        fault("expired", &["tls.crt", "expired at"], |place| {
            let leaf = place.leaf("x").validity(Validity::expired());
            place.install(&place.issue(leaf));
        }),
        fault("not yet valid", &["tls.crt", "is valid from"], |place| {
            let leaf = place.leaf("x").validity(Validity::not_yet());
            place.install(&place.issue(leaf));
        }),
        fault("of another CA", &["tls.crt", "authenticate"], |place| {
            place.install(&place.leaf("x").issued_by(&place.other));
        }),
        fault(
            "of the CA's namesake",
            &["tls.crt", "authenticate"],
            |place| {
                place.install(&place.leaf("x").issued_by(&place.root.namesake()));
            },
        ),
        fault(
            "a client's certificate",
            &["tls.crt", "authenticate"],
            |place| {
                place.install(&place.issue(Leaf::named("x").dns("localhost").client()));
            },
        ),
        fault(
            "a CA's certificate",
            &["tls.crt", "certificate of a CA"],
            |place| {
                place.install(&place.intermediate.credential());
            },
        ),
        fault("the same twice", &["tls.crt", "are the same"], |place| {
            let mut twice = place.server("x");
            twice.chain.insert(1, twice.chain[0].clone());
            place.install(&twice);
        }),
        fault(
            "out of order",
            &["tls.crt", "has to be the first"],
            |place| {
                let mut chain = place.server("x");
                chain.chain.reverse();
                place.install(&chain);
            },
        ),
        fault(
            "above an intermediate that did not sign it",
            &["tls.crt"],
            |place| {
                let mut chain = place.server("x");
                chain.chain[1] = place.intermediate.namesake().certificate();
                place.install(&chain);
            },
        ),
        fault("a key in its place", &["tls.crt", "private key"], |place| {
            place.write("tls.crt", place.server("x").key_pem());
        }),
        fault("a list in its place", &["tls.crt", "X509 CRL"], |place| {
            place.write("tls.crt", place.list(&Crl::new()));
        }),
    ];
    verify("certificates", suffer(Stage::usual(), &faults, Place::good));
}

#[test]
fn of_keys() {
    let faults = [
        fault("torn key", &["tls.key", "no END marker"], |place| {
            let pem = place.server("x").key_pem();
            place.write("tls.key", &pem[..pem.len() - 40]);
        }),
        fault(
            "another key",
            &["tls.crt", "tls.key", "does not belong"],
            |place| {
                place.write("tls.key", place.server("x").key_pem());
            },
        ),
        fault(
            "another certificate",
            &["tls.crt", "tls.key", "does not belong"],
            |place| {
                place.replace("tls.crt", place.server("x").chain_pem());
            },
        ),
        fault(
            "a key of another kind",
            &["tls.key", "does not belong"],
            |place| {
                let key = Leaf::named("x").algorithm(KeyAlgorithm::Ed25519);
                place.replace("tls.key", key.issued_by(&place.root).key_pem());
            },
        ),
        fault(
            "a key of a kind that is not taken",
            &["tls.key", "not supported"],
            |place| {
                place.replace("tls.key", fixture("ed448.pem"));
            },
        ),
        fault("the CA's key", &["tls.key", "belongs to the CA"], |place| {
            place.replace("tls.key", place.intermediate.credential().key_pem());
        }),
        fault("two keys", &["tls.key", "second private key"], |place| {
            let key = || place.server("x").key_pem();
            place.write("tls.key", key() + &key());
        }),
        fault(
            "a certificate in its place",
            &["tls.key", "found a certificate"],
            |place| {
                place.write("tls.key", place.server("x").chain_pem());
            },
        ),
        fault(
            "encrypted, without a passphrase",
            &["tls.key", "encrypted"],
            |place| {
                place.replace("tls.key", fixture("rsa_legacy_aes256.pem"));
            },
        ),
    ];
    verify("keys", suffer(Stage::usual(), &faults, Place::good));
}

#[test]
fn of_anchors() {
    let faults = [
        fault("anchors torn", &["ca.crt", "no END marker"], |place| {
            let pem = place.root.pem();
            place.write("ca.crt", &pem[..pem.len() - 50]);
        }),
        fault("anchors expired", &["ca.crt", "anchor"], |place| {
            let expired = place.root.again().validity(Validity::expired());
            place.replace("ca.crt", expired.self_signed().pem());
        }),
        fault(
            "without the CA of our own chain",
            &["ca.crt", "authenticate"],
            |place| {
                place.replace("ca.crt", place.other.pem());
            },
        ),
        fault("the CA's namesake", &["ca.crt", "authenticate"], |place| {
            place.replace("ca.crt", place.root.namesake().pem());
        }),
        fault("no CA among them", &["ca.crt", "CA:TRUE"], |place| {
            let leaf = place.server("x");
            place.replace("ca.crt", certificate_pem(leaf.leaf()));
        }),
        fault(
            "a damaged one among them",
            &["ca.crt", "section 1"],
            |place| {
                let damaged = place.other.pem().replacen("MI", "!!", 1);
                place.replace("ca.crt", place.root.pem() + &damaged);
            },
        ),
        fault(
            "a key in their place",
            &["ca.crt", "private key"],
            |place| {
                place.replace("ca.crt", place.server("x").key_pem());
            },
        ),
    ];
    verify("anchors", suffer(Stage::usual(), &faults, Place::good));
}

#[test]
fn of_lists() {
    let faults = [
        fault("list torn", &["ca.crl", "no END marker"], |place| {
            let pem = place.list(&place.next_crl());
            place.write("ca.crl", &pem[..pem.len() - 50]);
        }),
        fault(
            "list of another CA",
            &["ca.crl", "Rhea Root", "none was given"],
            |place| {
                let foreign = place.next_crl().signed_by(&place.other);
                place.replace("ca.crl", crl_pem(&foreign));
            },
        ),
        fault(
            "list of the CA's namesake",
            &["ca.crl", "Rhea Root", "not signed"],
            |place| {
                let foreign = place.next_crl().signed_by(&place.root.namesake());
                place.replace("ca.crl", crl_pem(&foreign));
            },
        ),
        fault("stale list", &["ca.crl", "Rhea Root", "not now"], |place| {
            // Issued later than the one before, and over already.
            let stale = place
                .next_crl()
                .dated_by(Time::seconds(-30), Some(Time::seconds(-10)));
            place.replace("ca.crl", place.list(&stale));
        }),
        fault(
            "list from the future",
            &["ca.crl", "Rhea Root", "not now"],
            |place| {
                let early = place
                    .next_crl()
                    .dated_by(Time::days(1), Some(Time::days(8)));
                place.replace("ca.crl", place.list(&early));
            },
        ),
        fault(
            "list rolled back",
            &["ca.crl", "Rhea Root", "is older", "0x01"],
            |place| {
                place.replace("ca.crl", place.list(&Crl::new().number(&[1])));
            },
        ),
        fault(
            "list of an earlier day",
            &["ca.crl", "Rhea Root", "is older"],
            |place| {
                let older = place
                    .next_crl()
                    .dated_by(Time::hours(-5), Some(Time::days(7)));
                place.replace("ca.crl", place.list(&older));
            },
        ),
        fault(
            "list about CAs alone",
            &["ca.crl", "Rhea Root", "covers other"],
            |place| {
                let partial = place.next_crl().scope(&[&tlv(0x82, &[&[0xff]])]);
                place.replace("ca.crl", place.list(&partial));
            },
        ),
        fault("delta list", &["ca.crl", "delta"], |place| {
            let delta = place.next_crl().with(27, true, &tlv(0x02, &[&[1]]));
            place.replace("ca.crl", place.list(&delta));
        }),
        fault(
            "list without a number",
            &["ca.crl", "Rhea Root", "has no CRL number"],
            |place| {
                place.replace("ca.crl", place.list(&place.next_crl().without_number()));
            },
        ),
        fault("list of version 1", &["ca.crl", "version 1"], |place| {
            place.replace("ca.crl", place.list(&place.next_crl().version1()));
        }),
        fault(
            "a certificate in its place",
            &["ca.crl", "certificate"],
            |place| {
                place.replace("ca.crl", place.root.pem());
            },
        ),
    ];
    verify("lists", suffer(Stage::usual(), &faults, Place::good));
}

/// The folder itself goes away.
#[test]
fn of_folders() {
    const GONE: &[&str] = &["/tls/", "no such file"];
    let faults = [
        fault("renamed away", GONE, |place| {
            fs::rename(place.folder(), place.beside("away")).unwrap();
        })
        .undone(|place| fs::rename(place.beside("away"), place.folder()).unwrap()),
        // The watch goes with the folder.
        fault("removed", GONE, |place| {
            fs::remove_dir_all(place.folder()).unwrap();
        }),
        fault("another in its place", GONE, |place| {
            fs::rename(place.folder(), place.beside("away")).unwrap();
            fs::create_dir(place.folder()).unwrap();
        }),
    ];
    verify("folders", suffer(Stage::usual(), &faults, Place::good));
}

#[cfg(unix)]
#[test]
fn of_kubernetes() {
    use super::ways::{kubernetes, publish};

    let mend = |place: &Place, name: &str| {
        // What is led to is what is removed after the next swap.
        if !place.path("..data").exists() {
            fs::create_dir(place.path("..gone")).unwrap();
        }
        publish(place, &place.server(name));
    };
    let faults = [
        fault(
            "swapped to a broken tree",
            &["tls.key", "does not belong"],
            |place| {
                let mut mixed: Credential = place.server("x");
                mixed.key = place.server("y").key;
                publish(place, &mixed);
            },
        ),
        fault("swapped to nothing", &["no such file"], |place| {
            std::os::unix::fs::symlink("..gone", place.path("..data_tmp")).unwrap();
            fs::rename(place.path("..data_tmp"), place.path("..data")).unwrap();
        }),
    ];
    let times = suffer(Stage::of_all(kubernetes()), &faults, mend);
    verify("Kubernetes", times);
}

/// A folder of anchors.
#[test]
fn of_folders_of_anchors() {
    let place = Place::new();
    good_anchors(&place, "first");
    let files = place.files().trust_anchors_directory(place.path("anchors"));
    let stage = Stage::new(place, files, false, Duration::from_secs(600));
    let faults = [
        fault("a note among them", &["anchors/README"], |place| {
            place.write("anchors/README", "do not touch");
        }),
        fault(
            "emptied",
            &["anchors", "no file with a certificate"],
            |place| {
                fs::remove_file(place.path("anchors/root.crt")).unwrap();
            },
        ),
        fault("gone", &["anchors", "no such file"], |place| {
            fs::remove_dir_all(place.path("anchors")).unwrap();
        }),
        fault(
            "a file in its place",
            &["anchors", "this is no directory"],
            |place| {
                fs::remove_dir_all(place.path("anchors")).unwrap();
                place.write("anchors", place.root.pem());
            },
        ),
    ];
    verify("folder of anchors", suffer(stage, &faults, good_anchors));
}

fn good_anchors(place: &Place, name: &str) {
    let anchors = place.path("anchors");
    if anchors.is_file() {
        fs::remove_file(&anchors).unwrap();
    }
    let _ = fs::create_dir(&anchors);
    let _ = fs::remove_file(anchors.join("README"));
    fs::write(anchors.join("root.crt"), place.root.pem()).unwrap();
    place.install(&place.server(name));
}

#[cfg(all(feature = "openssl", feature = "encrypted-keys"))]
#[test]
fn of_passphrases() {
    fn good(place: &Place, name: &str) {
        encrypted(place, name, "open sesame");
    }
    fn encrypted(place: &Place, name: &str, passphrase: &str) {
        let credential = place.server(name);
        let key = openssl::pkey::PKey::private_key_from_pkcs8(credential.key.secret_pkcs8_der());
        let cipher = openssl::symm::Cipher::aes_256_cbc();
        let key = key
            .unwrap()
            .private_key_to_pem_pkcs8_passphrase(cipher, passphrase.as_bytes());
        place.replace("passphrase", passphrase);
        place.replace("tls.crt", credential.chain_pem());
        place.replace("tls.key", key.unwrap());
    }
    let place = Place::new();
    good(&place, "first");
    let passphrase = mtls::Passphrase::from_file(place.path("passphrase"));
    let files = place.files().passphrase(passphrase);
    let stage = Stage::new(place, files, false, Duration::from_secs(600));
    let faults = [
        fault(
            "wrong passphrase",
            &["tls.key", "does not open the key or container"],
            |place| {
                place.write("passphrase", "open barley");
            },
        ),
        fault(
            "passphrase missing",
            &["tls.key", "passphrase cannot be read"],
            |place| {
                place.remove("passphrase");
            },
        ),
        fault(
            "key under another passphrase",
            &["tls.key", "does not open"],
            |place| {
                encrypted(place, "x", "open wheat");
                place.replace("passphrase", "open sesame");
            },
        ),
    ];
    verify("passphrases", suffer(stage, &faults, good));
}

/// Several at once, in quick succession, while others rotate by hand.
#[test]
fn of_many_kinds_at_once() {
    let stage = Stage::usual();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..10 {
                stage.place.write("tls.crt", "");
                stage.place.write("ca.crl", [round; 10]);
                thread::sleep(Duration::from_millis(60));
                stage.place.write("ca.crt", "none");
                stage.place.remove("tls.key");
                thread::sleep(Duration::from_millis(60));
                stage.place.good("first");
                thread::sleep(Duration::from_millis(60));
            }
            is_over.store(true, Ordering::Relaxed);
        });
        while !is_over.load(Ordering::Relaxed) {
            stage.server.handle().reload();
            thread::sleep(Duration::from_millis(20));
        }
    });
    stage.place.good("second");
    stage.meets("second");
    stage.wait("all is well", |status| status.last_failure().is_none());
    stage.end();
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/material");
    fs::read(format!("{folder}/{name}")).unwrap()
}
