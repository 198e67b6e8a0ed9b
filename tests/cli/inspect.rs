//! `mtls inspect`, for every file of the formats and for those from the field.
//!
//! `MTLS_BLESS=1` writes `inspect.md` anew.

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use mtls::test_util::Extension;
use serde_json::Value;
use tempfile::TempDir;

use crate::answer::{Answer, answer, command};
use crate::common::pki::crl::Crl;
use crate::common::pki::{Authority, Leaf};
use crate::common::programs::{Running, report};
use crate::formats::cases;
use crate::formats::secrets::Watch;
use crate::formats::workshop::Workshop;
use crate::formats::write_passphrase;

const LIST: &str = "tests/cli/inspect.md";
/// Names the folder with files from the field, as in `tests/conformance`.
const FOLDER: &str = "MTLS_FIELD_CASES";
/// So that days left are the same in two runs.
const AT: &str = "2026-12-15T00:00:00Z";

#[test]
fn every_file_of_the_formats_is_recognised() {
    let Some(workshop) = Workshop::open() else {
        return;
    };
    let folder = workshop.path("");
    write_passphrase(&workshop);
    let mut watch = Watch::new(
        &workshop,
        &["rsa", "p256", "p384", "ed25519", "other", "issuing"],
    );
    let mut list = String::from(
        "What `mtls inspect` finds in each file of the formats: kinds, then reasons.\n\n\
         | file | without a passphrase | with the passphrase |\n|---|---|---|\n",
    );
    let mut count = 0;
    for case in cases::all().iter().flat_map(|group| &group.cases) {
        count += 1;
        let made = workshop.make(&case.command);
        let made = made.to_str().unwrap();
        let without = twice(&folder, &["inspect", "--at", AT, made], &mut watch);
        let with = [
            "inspect",
            "--at",
            AT,
            "--passphrase-file",
            "passphrase",
            made,
        ];
        let with = twice(&folder, &with, &mut watch);
        let command = case.command.replace('|', "\\|").replace('<', "\\<");
        writeln!(
            list,
            "| `{command}` | {} | {} |",
            summary(&without),
            summary(&with)
        )
        .unwrap();
        let text = crate::common::programs::run(&mut command_of(&folder, made), b"", LIMIT);
        watch.text(&text.stdout);
        watch.text(&text.stderr);
    }
    assert!(count >= 120, "{count} files");
    assert!(watch.check() > 100_000);
    compare(&list);
}

const LIMIT: Duration = Duration::from_secs(120);

fn command_of(folder: &Path, made: &str) -> Command {
    command(
        folder,
        &["inspect", "--passphrase-file", "passphrase", made],
    )
}

/// Runs a command twice, which has to find the same.
fn twice(folder: &Path, arguments: &[&str], watch: &mut Watch) -> Answer {
    let first = answer(folder, arguments, b"");
    let second = answer(folder, arguments, b"");
    assert_eq!(first.json, second.json, "{arguments:?}");
    assert!(first.code == 0 || first.code == 1, "{first:#?}");
    watch.text(&first.printed);
    first
}

/// Returns the kinds of what is in the file, and the reasons of the findings.
fn summary(answer: &Answer) -> String {
    let files = answer.json["files"].as_array().unwrap().iter();
    let contents = files.flat_map(|file| file["contents"].as_array().unwrap());
    let kinds: Vec<&str> = contents.map(|one| one["kind"].as_str().unwrap()).collect();
    // What others may read depends on who runs the test.
    let reasons = answer.reasons().into_iter();
    let reasons: BTreeSet<&str> = reasons.filter(|one| *one != "insecure_key_file").collect();
    let reasons: Vec<&str> = reasons.into_iter().collect();
    match (kinds.is_empty(), reasons.is_empty()) {
        (_, true) => kinds.join(", "),
        (true, false) => format!("**{}**", reasons.join(", ")),
        (false, false) => format!("{}; **{}**", kinds.join(", "), reasons.join(", ")),
    }
}

fn compare(list: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(LIST);
    if env::var_os("MTLS_BLESS").is_some() {
        fs::write(&path, list).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    let lines = list.lines().zip(expected.lines());
    let differences: Vec<_> = lines.filter(|(a, b)| a != b).collect();
    assert!(expected == list, "run with MTLS_BLESS=1; {differences:#?}");
}

#[test]
fn every_file_from_the_field_is_recognised() {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else {
        report(&format!("NOT TESTED: {FOLDER} names no folder with cases"));
        return;
    };
    let mut files = Vec::new();
    find_files(&folder, &mut files);
    assert!(files.len() > 40, "{} files", files.len());
    for file in files {
        let file = file.to_str().unwrap();
        let arguments = ["inspect", "--at", AT, file];
        let first = answer(&folder, &arguments, b"");
        assert!(first.code == 0 || first.code == 1, "{file}: {first:#?}");
        assert_eq!(first.json, answer(&folder, &arguments, b"").json, "{file}");
    }
}

fn find_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find_files(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// Returns each relation as its kind, and the files that it is between.
fn relations(answer: &Answer) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let relations = answer.json["relations"].as_array().unwrap().iter();
    relations
        .map(|one| {
            (
                text(&one["relation"]),
                text(&one["from"]["file"]),
                text(&one["to"]["file"]),
            )
        })
        .collect()
}

#[test]
fn files_that_belong_together_are_paired() {
    let Some(workshop) = Workshop::open() else {
        return;
    };
    let folder = workshop.path("");
    let files = [
        "p256.crt",
        "p256.key",
        "issuing.crt",
        "root.crt",
        "request.csr",
        "public.pem",
    ];
    let arguments: Vec<&str> = ["inspect"].into_iter().chain(files).collect();
    let found = answer(&folder, &arguments, b"");
    assert_eq!(found.code, 0, "{found:#?}");
    let expected = [
        ("key_of", "p256.key", "p256.crt"),
        ("issued", "issuing.crt", "p256.crt"),
        ("issued", "root.crt", "issuing.crt"),
        ("request_of", "request.csr", "p256.crt"),
        ("key_of", "public.pem", "p256.crt"),
    ];
    let expected = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
    assert_eq!(relations(&found), expected);
    // A key whose certificate is not among them, and a root of another key with the same name.
    let found = answer(&folder, &["inspect", "p256.crt", "other.key"], b"");
    assert_eq!(found.reasons(), ["key_mismatch"]);
    let digest = "openssl pkey -in p256.key -pubout -outform DER | sha256sum";
    let digest = workshop.read(digest);
    let digest = digest.split(' ').next().unwrap();
    let found = answer(&folder, &["inspect", "p256.key"], b"");
    assert_eq!(found.json["files"][0]["contents"][0]["spki_sha256"], digest);
}

#[test]
fn standard_input_may_hold_several_kinds() {
    let Some(workshop) = Workshop::open() else {
        return;
    };
    let folder = workshop.path("");
    let input = workshop.read("cat p256.chain.pem p256.key request.csr");
    let found = answer(&folder, &["inspect", "-"], input.as_bytes());
    assert_eq!(summary(&found), "certificates, key, request");
    // A damaged section does not hide the others.
    let input = workshop.read("cat p256.chain.pem p256.key; sed 4d root.crt");
    let found = answer(&folder, &["inspect", "-"], input.as_bytes());
    assert_eq!(found.code, 1);
    assert!(
        summary(&found).starts_with("certificates, key; **"),
        "{found:#?}"
    );
}

#[test]
fn lists_revoke_and_requests_are_signed() {
    let folder = tempfile::tempdir().unwrap();
    let root = Authority::named("Rhea");
    let alice = Leaf::named("alice").client().issued_by(&root);
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("alice.pem", alice.chain_pem().as_bytes());
    write("ca.pem", root.pem().as_bytes());
    write("good.crl", &Crl::new().signed_by(&root));
    write("stale.crl", &Crl::stale().signed_by(&root));
    let revoked = Crl::new().lists(alice.leaf()).signed_by(&root);
    write("revoked.crl", &revoked);
    let key = rcgen::KeyPair::generate().unwrap();
    let request = rcgen::CertificateParams::new(["a.test".to_owned()]).unwrap();
    let mut request = request.serialize_request(&key).unwrap().der().to_vec();
    write("request.der", &request);
    // Its subject is another one than its key signed.
    let at = request
        .windows(6)
        .position(|part| part == b"a.test")
        .unwrap();
    request[at] = b'b';
    write("forged.der", &request);
    let inspect = |files: &[&str]| {
        let arguments: Vec<&str> = ["inspect"].iter().chain(files).copied().collect();
        answer(folder.path(), &arguments, b"")
    };
    let found = inspect(&["alice.pem", "ca.pem", "good.crl"]);
    assert_eq!(found.code, 0, "{found:#?}");
    let of_ca = ["list_of", "good.crl", "ca.pem"].map(str::to_owned);
    assert!(relations(&found).contains(&of_ca.into()), "{found:#?}");
    assert_eq!(inspect(&["stale.crl"]).reasons(), ["revocation_list_stale"]);
    let found = inspect(&["alice.pem", "revoked.crl"]);
    assert_eq!((found.code, found.reasons()), (1, vec!["revoked"]));
    let found = inspect(&["request.der"]);
    let content = &found.json["files"][0]["contents"][0];
    assert_eq!(
        (found.code, &content["names"][0]),
        (0, &Value::from("DNS:a.test"))
    );
    assert_eq!(content["signature"], "valid");
    assert_eq!(
        inspect(&["forged.der"]).reasons(),
        ["invalid_request_signature"]
    );
}

#[cfg(unix)]
#[test]
fn files_that_others_may_read_are_warnings() {
    use std::os::unix::fs::PermissionsExt;

    let Some(workshop) = Workshop::open() else {
        return;
    };
    let folder = workshop.path("");
    write_passphrase(&workshop);
    let encrypt = "openssl pkcs8 -topk8 -in p256.key -passout pass:tr0ub4dor -out out/key.pem";
    let made = workshop.make(encrypt);
    let with = [
        "inspect",
        "--passphrase-file",
        "passphrase",
        made.to_str().unwrap(),
    ];
    for (path, reason) in [
        (folder.join("passphrase"), "insecure_passphrase_file"),
        (made.clone(), "insecure_key_file"),
    ] {
        assert!(answer(&folder, &with, b"").reasons().is_empty());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let found = answer(&folder, &with, b"");
        assert_eq!((found.code, found.reasons()), (0, vec![reason]));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// Waits for its input: its memory, which may hold a key, must not get into a core file.
#[cfg(target_os = "linux")]
#[test]
fn a_crash_leaves_no_core_file() {
    let folder = env::temp_dir();
    let mut running = Running::start(&mut command(&folder, &["inspect", "-"]));
    let limits = format!("/proc/{}/limits", running.id());
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let text = fs::read_to_string(&limits).unwrap();
        let core = text
            .lines()
            .find(|line| line.starts_with("Max core file size"));
        let numbers: Vec<&str> = core.unwrap().split_whitespace().skip(4).take(2).collect();
        if numbers == ["0", "0"] {
            break;
        }
        assert!(Instant::now() < deadline, "{numbers:?}");
        assert!(running.is_alive());
        std::thread::yield_now();
    }
    running.close_stdin();
    let finished = running.finish(Duration::from_secs(30));
    assert_eq!(finished.status.and_then(|status| status.code()), Some(1));
}

#[test]
fn a_leaf_that_every_verifier_rejects_is_a_fault() {
    let root = Authority::named("Root");
    let odd = Extension::critical(&[1, 3, 6, 1, 4, 1, 99999, 1], [5, 0]);
    let leaf = Leaf::named("a").dns("a.test").client().extension(odd);
    let leaf = leaf.issued_by(&root);
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.crt"), leaf.chain_pem()).unwrap();
    fs::write(folder.path().join("a.key"), leaf.key_pem()).unwrap();
    for arguments in [&["inspect", "a.crt"][..], &["inspect", "a.crt", "a.key"]] {
        let answer = answer(folder.path(), arguments, b"");
        assert_eq!(answer.code, 1);
        let faults: Vec<&str> = answer.findings("fault").collect();
        assert_eq!(faults, ["rejected_leaf"], "{}", answer.printed);
        assert!(!answer.findings("warning").any(|one| one == "rejected_leaf"));
    }
}

#[test]
fn copies_and_renewed_cas_issue_nothing_to_each_other() {
    let first = Authority::named("Root");
    let leaf = Leaf::named("a").dns("a.test").client().issued_by(&first);
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("one.crt", &first.pem());
    write("two.crt", &first.pem());
    write("leaf.crt", &leaf.chain_pem());
    let inspected = answer(folder.path(), &["inspect", "."], b"");
    let expected = [
        ("copy", "./one.crt", "./two.crt"),
        ("issued", "./one.crt", "./leaf.crt"),
    ];
    let is_one_of = |(kind, from, to): &(String, String, String)| {
        expected.contains(&(kind.as_str(), from.as_str(), to.as_str()))
    };
    let found = relations(&inspected);
    assert!(found.len() == 2 && found.iter().all(is_one_of), "{found:?}");

    fs::write(
        folder.path().join("ca.der"),
        first.key_der().secret_pkcs8_der(),
    )
    .unwrap();
    let mut openssl = Command::new("openssl");
    openssl.current_dir(folder.path()).args([
        "req",
        "-x509",
        "-new",
        "-key",
        "ca.der",
        "-subj",
        "/CN=Root",
        "-days",
        "30000",
        "-out",
        "three.crt",
    ]);
    let made = openssl.output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let files = ["inspect", "one.crt", "three.crt", "leaf.crt"];
    let found = relations(&answer(folder.path(), &files, b""));
    let of = |kind: &str| found.iter().filter(|one| one.0 == kind).collect::<Vec<_>>();
    assert_eq!(of("renewed").len(), 1, "{found:?}");
    assert!(
        of("issued").iter().all(|one| one.2 == "leaf.crt"),
        "{found:?}"
    );
}

#[test]
fn a_configuration_in_a_folder_is_no_fault() {
    let root = Authority::named("Root");
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("ca.crt", &root.pem());
    write("a.toml", "# ours\n[tls]\nidentity = { file = 'x' }\n");
    write("b.json", "{ \"tls\": {} }");
    write("c.yaml", "tls:\n  policy: {}\n");
    let found = answer(folder.path(), &["inspect", "."], b"");
    assert_eq!(found.code, 0, "{}", found.printed);
    assert_eq!(
        found.findings("note").collect::<Vec<_>>(),
        ["not_certificates"; 3]
    );
    // By itself it is no file of the kinds that are inspected.
    let named = answer(folder.path(), &["inspect", "a.toml"], b"");
    assert_eq!(named.json["reason"], "unexpected_content");
    write(
        "page.crt",
        "\n<!DOCTYPE HTML><html><body>Not found</body></html>",
    );
    let page = answer(folder.path(), &["inspect", "."], b"");
    assert!(
        page.json["message"]
            .as_str()
            .unwrap()
            .contains("an HTML page")
    );
}
