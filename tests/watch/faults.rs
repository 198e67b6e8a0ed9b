//! What goes wrong with files: the old revision serves every handshake, it is said what is wrong and with which file, and
//! it is over when the file is mended, more than once.

use std::collections::HashMap;
use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use time::Duration as Time;

use super::common::pki::crl::{Crl, tlv};
use super::common::pki::{Credential, KeyAlgorithm, Leaf, Validity, certificate_pem};
use super::place::{Place, crl_pem};
use super::stage::{LIMIT, Stage};

/// One thing that goes wrong.
struct Fault {
    name: &'static str,
    /// What stands in the failure.
    says: &'static [&'static str],
    make: fn(&Place),
}

const fn fault(name: &'static str, says: &'static [&'static str], make: fn(&Place)) -> Fault {
    Fault { name, says, make }
}

/// Far above what it takes (which is printed), for machines that are busy.
const SOON: Duration = Duration::from_secs(5);

/// Each of them, on a server of its own; what is put right is everything.
fn suffer(faults: &[Fault]) {
    let mut times = HashMap::new();
    for fault in faults {
        println!("{}", fault.name);
        let took = suffer_one(Stage::usual(), fault, Place::good);
        if took > Duration::from_secs(1) {
            println!("{}: {took:?}", fault.name);
        }
        times.insert(fault.name, took);
    }
    let slowest = times.iter().max_by_key(|(_, took)| **took).unwrap();
    println!("{} faults, slowest recovery: {slowest:?}", faults.len());
}

/// How long it took until what was mended served.
fn suffer_one(stage: Stage, fault: &Fault, mend: fn(&Place, &str)) -> Duration {
    stage.meets_only("first", 2);
    (fault.make)(&stage.place);
    let is_told = |text: &str| fault.says.iter().all(|word| text.contains(word));
    stage.wait(fault.name, |status| {
        let text = status.last_failure().map(ToString::to_string);
        text.is_some_and(|text| is_told(&text))
    });
    let status = stage.server.status();
    assert_eq!(status.revision(), 1, "{}", fault.name);
    assert!(status.failures() > 0, "{}", fault.name);
    // Told after it is written down.
    let line = stage.told_of(is_told);
    assert_eq!(line.lines().count(), 1, "{line}");
    stage.meets_only("first", 2);

    mend(&stage.place, "second");
    let mended = Instant::now();
    stage.wait(fault.name, |status| {
        status.last_failure().is_none() && status.revision() > 1
    });
    let took = mended.elapsed();
    stage.meets("second");
    assert!(took < SOON, "{}: {took:?}", fault.name);

    let before = stage.server.status();
    mend(&stage.place, "third");
    stage.wait(fault.name, |status| status.revision() > before.revision());
    stage.meets("third");
    assert!(stage.end() > 4);
    took
}

#[test]
fn of_certificates() {
    suffer(&[
        fault("torn certificate", &["tls.crt", "no END marker"], |place| {
            let pem = place.server("x").chain_pem();
            place.write("tls.crt", &pem[..pem.len() - 100]);
        }),
        fault(
            "chain cut between two certificates",
            &["tls.crt", "vouch"],
            |place| {
                let mut cut = place.server("x");
                cut.chain.truncate(1);
                place.overwrite(&cut);
            },
        ),
        fault(
            "certificate missing",
            &["tls.crt", "no such file"],
            |place| {
                place.remove("tls.crt");
            },
        ),
        fault("certificate emptied", &["tls.crt", "empty"], |place| {
            place.write("tls.crt", "");
        }),
        fault("certificate garbage", &["tls.crt", "expected"], |place| {
            place.write("tls.crt", [0xa5; 700]);
        }),
        fault("certificate in UTF-16", &["tls.crt", "UTF-16"], |place| {
            place.write("tls.crt", utf16(&place.server("x").chain_pem()));
        }),
        fault(
            "certificate over the limit",
            &["tls.crt", "more than"],
            |place| {
                sparse(place, "tls.crt");
            },
        ),
        fault("expired", &["tls.crt", "it expired at"], |place| {
            let leaf = place.leaf("x").validity(Validity::expired());
            place.install(&place.issue(leaf));
        }),
        fault("not yet valid", &["tls.crt", "it is valid from"], |place| {
            let leaf = place.leaf("x").validity(Validity::not_yet());
            place.install(&place.issue(leaf));
        }),
        fault("of another CA", &["tls.crt", "vouch"], |place| {
            place.install(&place.leaf("x").issued_by(&place.other));
        }),
        fault("of the CA's namesake", &["tls.crt", "vouch"], |place| {
            place.install(&place.leaf("x").issued_by(&place.root.namesake()));
        }),
        fault("a client's certificate", &["tls.crt", "vouch"], |place| {
            place.install(&place.issue(Leaf::named("x").dns("localhost").client()));
        }),
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
    ]);
}

#[test]
fn of_keys() {
    suffer(&[
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
            &["tls.key", "accepted are"],
            |place| {
                place.replace("tls.key", fixture("p521.pem"));
            },
        ),
        fault("the CA's key", &["tls.key", "belongs to the CA"], |place| {
            place.replace("tls.key", place.intermediate.credential().key_pem());
        }),
        fault("key missing", &["tls.key", "no such file"], |place| {
            place.remove("tls.key");
        }),
        fault("key emptied", &["tls.key", "empty"], |place| {
            place.write("tls.key", "");
        }),
        fault("key garbage", &["tls.key", "expected"], |place| {
            place.write("tls.key", [0xa5; 700]);
        }),
        fault("key over the limit", &["tls.key", "more than"], |place| {
            sparse(place, "tls.key");
        }),
        fault("key in UTF-16", &["tls.key", "UTF-16"], |place| {
            place.write("tls.key", utf16(&place.server("x").key_pem()));
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
    ]);
}

#[test]
fn of_anchors() {
    suffer(&[
        fault("anchors torn", &["ca.crt", "no END marker"], |place| {
            let pem = place.root.pem();
            place.write("ca.crt", &pem[..pem.len() - 50]);
        }),
        fault("anchors missing", &["ca.crt", "no such file"], |place| {
            place.remove("ca.crt");
        }),
        fault("anchors emptied", &["ca.crt", "empty"], |place| {
            place.write("ca.crt", "");
        }),
        fault("anchors garbage", &["ca.crt", "expected"], |place| {
            place.write("ca.crt", [0xa5; 700]);
        }),
        fault(
            "anchors over the limit",
            &["ca.crt", "more than"],
            |place| {
                sparse(place, "ca.crt");
            },
        ),
        fault("anchors expired", &["ca.crt", "anchor"], |place| {
            let expired = place.root.again().validity(Validity::expired());
            place.replace("ca.crt", expired.self_signed().pem());
        }),
        fault(
            "without the CA of our own chain",
            &["ca.crt", "vouch"],
            |place| {
                place.replace("ca.crt", place.other.pem());
            },
        ),
        fault("the CA's namesake", &["ca.crt", "vouch"], |place| {
            place.replace("ca.crt", place.root.namesake().pem());
        }),
        fault("no CA among them", &["ca.crt", "cannot be used"], |place| {
            let leaf = place.server("x");
            place.replace("ca.crt", place.root.pem() + &certificate_pem(leaf.leaf()));
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
    ]);
}

#[test]
fn of_lists() {
    suffer(&[
        fault("list torn", &["ca.crl", "no END marker"], |place| {
            let pem = place.list(&place.next_crl());
            place.write("ca.crl", &pem[..pem.len() - 50]);
        }),
        fault("list missing", &["ca.crl", "no such file"], |place| {
            place.remove("ca.crl");
        }),
        fault("list emptied", &["ca.crl", "empty"], |place| {
            place.write("ca.crl", "");
        }),
        fault("list garbage", &["ca.crl", "expected"], |place| {
            place.write("ca.crl", [0xa5; 700]);
        }),
        fault("list over the limit", &["ca.crl", "more than"], |place| {
            sparse(place, "ca.crl");
        }),
        fault(
            "list of another CA",
            &["ca.crl", "Rhea Root", "there is none"],
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
        fault(
            "stale list",
            &["ca.crl", "Rhea Root", "which is not now"],
            |place| {
                // Issued later than the one before, and over already.
                let stale = place
                    .next_crl()
                    .dated(Time::seconds(-30), Some(Time::seconds(-10)));
                place.replace("ca.crl", place.list(&stale));
            },
        ),
        fault(
            "list from the future",
            &["ca.crl", "Rhea Root", "which is not now"],
            |place| {
                let early = place.next_crl().dated(Time::days(1), Some(Time::days(8)));
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
                let older = place.next_crl().dated(Time::hours(-5), Some(Time::days(7)));
                place.replace("ca.crl", place.list(&older));
            },
        ),
        fault(
            "list about CAs alone",
            &["ca.crl", "Rhea Root", "about other"],
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
            &["ca.crl", "cannot be used"],
            |place| {
                place.replace("ca.crl", place.list(&Crl::new().without_number()));
            },
        ),
        fault(
            "a certificate in its place",
            &["ca.crl", "certificate"],
            |place| {
                place.replace("ca.crl", place.root.pem());
            },
        ),
    ]);
}

/// A file that never is the same for as long as it would have to be.
#[test]
fn of_what_keeps_changing() {
    static IS_OVER: AtomicBool = AtomicBool::new(false);
    let busy = fault("all the time", &["ca.crt", "all the time"], |place| {
        let (path, pem) = (place.path("ca.crt"), place.root.pem());
        thread::spawn(move || {
            let until = Instant::now() + LIMIT;
            for round in 0.. {
                let text = format!("{pem}# {round}\n");
                let is_over = IS_OVER.load(Ordering::Relaxed) || Instant::now() > until;
                // The place is gone where the test has failed.
                if is_over || fs::write(&path, text).is_err() {
                    break;
                }
                thread::sleep(Duration::from_millis(2));
            }
        });
    });
    let took = suffer_one(Stage::usual(), &busy, |place, name| {
        IS_OVER.store(true, Ordering::Relaxed);
        place.good(name);
    });
    println!("{}: {took:?}", busy.name);
}

/// Paths that lead to no file. The same for each file; here one each.
#[cfg(unix)]
#[test]
fn of_paths() {
    use std::os::unix::fs::symlink;

    suffer(&[
        fault("dangling link", &["tls.crt", "no such file"], |place| {
            place.remove("tls.crt");
            symlink("nowhere", place.path("tls.crt")).unwrap();
        }),
        fault("link to itself", &["tls.key", "cannot be read"], |place| {
            place.remove("tls.key");
            symlink("tls.key", place.path("tls.key")).unwrap();
        }),
        fault("a folder", &["tls.key", "a directory"], |place| {
            place.remove("tls.key");
            fs::create_dir(place.path("tls.key")).unwrap();
        }),
        fault(
            "a folder of anchors",
            &["ca.crt", "from_directory"],
            |place| {
                place.remove("ca.crt");
                fs::create_dir(place.path("ca.crt")).unwrap();
            },
        ),
        fault("a FIFO", &["ca.crl", "FIFO"], |place| {
            place.remove("ca.crl");
            let made = Command::new("mkfifo").arg(place.path("ca.crl")).status();
            assert!(made.unwrap().success());
        }),
        fault("a device", &["tls.crt", "a device"], |place| {
            place.remove("tls.crt");
            symlink("/dev/zero", place.path("tls.crt")).unwrap();
        }),
        fault("a pseudo file", &["ca.crt", "/proc"], |place| {
            place.remove("ca.crt");
            symlink("/proc/self/status", place.path("ca.crt")).unwrap();
        }),
    ]);
}

/// The folder itself goes away.
#[test]
fn of_folders() {
    const GONE: &[&str] = &["/tls/", "no such file"];
    let away = fault("renamed away", GONE, |place| {
        fs::rename(place.folder(), place.beside("away")).unwrap();
    });
    let took = suffer_one(Stage::usual(), &away, |place, name| {
        let away = place.beside("away");
        if away.exists() {
            fs::rename(away, place.folder()).unwrap();
        }
        place.good(name);
    });
    println!("{}: {took:?}", away.name);
    // The watch goes with the folder.
    let removed = fault("removed", GONE, |place| {
        fs::remove_dir_all(place.folder()).unwrap();
    });
    let took = suffer_one(Stage::usual(), &removed, |place, name| {
        fs::create_dir_all(place.folder()).unwrap();
        place.good(name);
    });
    println!("{}: {took:?}", removed.name);
    let replaced = fault("another in its place", GONE, |place| {
        fs::rename(place.folder(), place.beside("away")).unwrap();
        fs::create_dir(place.folder()).unwrap();
    });
    let took = suffer_one(Stage::usual(), &replaced, Place::good);
    println!("{}: {took:?}", replaced.name);
}

#[cfg(unix)]
#[test]
fn of_kubernetes() {
    use super::ways::{kubernetes, publish};

    let stage = || {
        let place = kubernetes();
        let files = place.files().revocation_lists(place.path("ca.crl"));
        Stage::new(place, files, true, Duration::from_secs(600))
    };
    let mend = |place: &Place, name: &str| publish(place, &place.server(name));
    let broken = fault(
        "swapped to a broken tree",
        &["tls.key", "does not belong"],
        |place| {
            let mut mixed: Credential = place.server("x");
            mixed.key = place.server("y").key;
            publish(place, &mixed);
        },
    );
    println!("{}: {:?}", broken.name, suffer_one(stage(), &broken, mend));
    let nowhere = fault("swapped to nothing", &["no such file"], |place| {
        std::os::unix::fs::symlink("..gone", place.path("..data_tmp")).unwrap();
        fs::rename(place.path("..data_tmp"), place.path("..data")).unwrap();
    });
    let mend = |place: &Place, name: &str| {
        if !place.path("..data").exists() {
            fs::create_dir(place.path("..gone")).unwrap();
        }
        publish(place, &place.server(name));
    };
    println!(
        "{}: {:?}",
        nowhere.name,
        suffer_one(stage(), &nowhere, mend)
    );
}

/// A folder of anchors.
#[test]
fn of_folders_of_anchors() {
    let stage = || {
        let place = Place::new();
        good_anchors(&place, "first");
        let files = place.files().trust_anchors_directory(place.path("anchors"));
        Stage::new(place, files, false, Duration::from_secs(600))
    };
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
        fault("a file in its place", &["anchors", "folder"], |place| {
            fs::remove_dir_all(place.path("anchors")).unwrap();
            place.write("anchors", place.root.pem());
        }),
    ];
    for fault in &faults {
        println!(
            "{}: {:?}",
            fault.name,
            suffer_one(stage(), fault, good_anchors)
        );
    }
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
    let stage = || {
        let place = Place::new();
        good(&place, "first");
        let passphrase = mtls::Passphrase::from_file(place.path("passphrase"));
        let files = place.files().passphrase(passphrase);
        Stage::new(place, files, false, Duration::from_secs(600))
    };
    let faults = [
        fault(
            "wrong passphrase",
            &["tls.key", "passphrase does not open"],
            |place| {
                place.write("passphrase", "open barley");
            },
        ),
        fault(
            "passphrase missing",
            &["tls.key", "passphrase cannot be had"],
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
    for fault in &faults {
        println!("{}: {:?}", fault.name, suffer_one(stage(), fault, good));
    }
}

/// What may not be read. Root may read everything, so that another user has to try.
#[cfg(target_os = "linux")]
#[test]
fn of_permissions() {
    use super::common::programs::{Program, run};
    use std::os::unix::fs::PermissionsExt;

    const CHILD: &str = "MTLS_TEST_AS_NOBODY";
    let forbid = |place: &Place| {
        let permissions = fs::Permissions::from_mode(0o000);
        fs::set_permissions(place.path("tls.key"), permissions).unwrap();
    };
    let place = Place::new();
    forbid(&place);
    if fs::read(place.path("tls.key")).is_err() {
        suffer(&[fault(
            "may not be read",
            &["tls.key", "may not read"],
            forbid,
        )]);
        return;
    }
    assert!(
        std::env::var_os(CHILD).is_none(),
        "nobody may read everything"
    );
    let Some(setpriv) = Program::setpriv() else {
        return;
    };
    let mut nobody = setpriv.command();
    nobody.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    nobody.arg(std::env::current_exe().unwrap());
    nobody
        .args(["--exact", "faults::of_permissions", "--nocapture"])
        .env(CHILD, "1");
    let finished = run(nobody.current_dir("/"), b"", Duration::from_secs(60));
    if finished.stderr.contains("setpriv:") {
        println!(
            "NOT TESTED: this program cannot be run as another user: {}",
            finished.stderr
        );
        return;
    }
    assert!(finished.expect_success().contains("1 passed"));
}

/// Which certificate is valid depends on the clock, which may be set.
#[test]
fn of_clocks() {
    const DAY: i64 = 24 * 3600;
    for (ahead, says) in [(60 * DAY, "it expired at"), (-60 * DAY, "it is valid from")] {
        let place = Place::new();
        let files = place.files();
        let stage = Stage::new(place, files, false, Duration::from_secs(1));
        stage.meets_only("first", 2);
        stage.ahead.store(ahead, Ordering::Relaxed);
        stage.place.install(&stage.place.server("second"));
        stage.wait(says, |status| {
            let text = status
                .last_failure()
                .map(ToString::to_string)
                .unwrap_or_default();
            text.contains(says) && text.contains("tls.crt")
        });
        stage.meets_only("first", 3);
        // Nothing tells of a clock: it is tried again, at each poll at the latest.
        stage.ahead.store(0, Ordering::Relaxed);
        let took = stage.wait(says, |status| status.last_failure().is_none());
        println!("clock {ahead} s ahead: {took:?}");
        stage.meets("second");
        stage.place.install(&stage.place.server("third"));
        stage.meets("third");
        stage.end();
    }
}

/// An identity that is not valid any more, or not yet, serves on (`OnExpiry::KeepServing`), and keeps nothing else from
/// being replaced.
#[test]
fn of_an_identity_that_is_not_valid_now() {
    for days in [60, -60] {
        let place = Place::new();
        let files = place.files();
        let stage = Stage::new(place, files, false, Duration::from_secs(600));
        stage.ahead.store(days * 24 * 3600, Ordering::Relaxed);
        let other = stage.place.long_lived_other().pem();
        stage
            .place
            .replace("ca.crt", stage.place.root.pem() + &other);
        stage.wait("more anchors", |status| status.revision() == 2);
        // Those that do not vouch for it are refused all the same.
        stage.place.replace("ca.crt", other);
        stage.told_of(|line| line.contains("vouch") && line.contains("ca.crt"));
        stage.meets_only("first", 3);
        stage.end();
    }
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
            stage.server.reload();
            thread::sleep(Duration::from_millis(20));
        }
    });
    stage.place.good("second");
    stage.meets("second");
    stage.wait("all is well", |status| status.last_failure().is_none());
    stage.end();
}

/// Without memory: it has a length, and no content.
fn sparse(place: &Place, name: &str) {
    let file = fs::File::create(place.path(name)).unwrap();
    file.set_len(1 << 40).unwrap();
}

fn utf16(text: &str) -> Vec<u8> {
    let units = [0xfeff].into_iter().chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/material");
    fs::read(format!("{folder}/{name}")).unwrap()
}
