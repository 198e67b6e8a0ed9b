//! Files of every format, made by other people's programs: what loads is of use in handshakes, what does not is rejected
//! in words that the documentation has.
//!
//! `UPDATE_FORMATS=1` writes the documentation's table anew.

#[path = "../common/capture.rs"]
mod capture;
mod cases;
#[path = "../common/mod.rs"]
mod common;
mod handshakes;
#[cfg(target_os = "linux")]
mod memory;
mod mistake_cases;
mod mistakes;
mod secrets;
mod workshop;

use std::fmt::Write;
use std::fs;
use std::path::Path;

use capture::Traces;
use cases::{Case, Reader, Verdict};
use common::loading::loader;
use mtls::{MaterialError, MtlsIdentity, Passphrase, TrustAnchors};
use secrets::Watch;
use workshop::{PASSPHRASE, Workshop};

const TABLE: &str = "src/formats.md";

#[test]
fn every_file_loads_or_is_rejected_as_documented() {
    let Some(workshop) = Workshop::open() else {
        return;
    };
    let groups = cases::all();
    let count: usize = groups.iter().map(|group| group.cases.len()).sum();
    assert!(count >= 120, "{count} files");
    let mut watch = Watch::new(
        &workshop,
        &["rsa", "p256", "p384", "ed25519", "other", "issuing"],
    );
    // What is printed of handshakes with all these keys counts too: metrics and traces.
    let recorder = capture::recorder();
    let traces = Traces::default();
    traces.install();
    let mut wrong = Vec::new();
    let mut table = String::new();
    for group in &groups {
        let mut rejected = String::new();
        writeln!(table, "# {}\n", group.title).unwrap();
        let mut loads = String::new();
        for case in &group.cases {
            let outcome = outcome(&workshop, case, &mut watch);
            watch.text(&Traces::text(&traces.take()));
            let (found, row) = match &outcome {
                Ok(what) => (
                    "loads".to_owned(),
                    format!("| `{}` | {what} |\n", cell(&case.command)),
                ),
                Err(error) => {
                    watch.error(error);
                    watch.text(&error.hint());
                    let fact = workshop.steady(&error.to_string());
                    let hint = workshop.steady(&error.hint());
                    (
                        variant(error),
                        format!(
                            "| `{}` | `{}` | {} — {} |\n",
                            cell(&case.command),
                            variant(error),
                            cell(&fact),
                            cell(&hint)
                        ),
                    )
                }
            };
            let expected = match case.verdict {
                Verdict::Loads => "loads",
                Verdict::Rejected(problem) => problem,
            };
            if found != expected {
                wrong.push(format!(
                    "{expected}, but {found}: {} {:?}",
                    case.command, outcome
                ));
            }
            match &outcome {
                Ok(_) => loads.push_str(&row),
                Err(_) => rejected.push_str(&row),
            }
        }
        if !loads.is_empty() {
            table.push_str("| file that loads | as |\n|---|---|\n");
            table.push_str(&loads);
            table.push('\n');
        }
        if !rejected.is_empty() {
            table.push_str("| file that is rejected | problem | fact — hint |\n|---|---|---|\n");
            table.push_str(&rejected);
            table.push('\n');
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    watch.text(&recorder.text());
    assert!(recorder.counter("mtls_handshakes_total", "") > 8 * 100);
    assert!(watch.check() > 100_000);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(TABLE);
    let table = format!("{}\n", table.trim_end());
    if std::env::var_os("UPDATE_FORMATS").is_some() {
        fs::write(&path, &table).unwrap();
    }
    let documented = fs::read_to_string(&path).unwrap_or_default();
    let differences: Vec<_> = table
        .lines()
        .zip(documented.lines())
        .filter(|(a, b)| a != b)
        .collect();
    assert!(
        documented == table,
        "run with UPDATE_FORMATS=1: {} lines, documented {}; {differences:#?}",
        table.lines().count(),
        documented.lines().count()
    );
}

/// Loads the file, and tries what it loaded as.
fn outcome(workshop: &Workshop, case: &Case, watch: &mut Watch) -> Result<String, MaterialError> {
    let made = workshop.make(&case.command);
    let passphrase = Passphrase::new(PASSPHRASE);
    let root = || TrustAnchors::from_file(workshop.path("root.crt")).unwrap();
    let chain = |key: &str| workshop.path(&format!("{key}.chain.pem"));
    let key = |key: &str| workshop.path(&format!("{key}.key"));
    let with = Some(&passphrase);
    let identity = match case.reader {
        Reader::Key(name) => loader(with).load_key_pair(chain(name), &made)?,
        Reader::OpenKey(name) => MtlsIdentity::from_files(chain(name), &made)?,
        Reader::Chain(name) => MtlsIdentity::from_files(&made, key(name))?,
        Reader::Identity => loader(with).load_identity(&made)?,
        Reader::OpenIdentity => MtlsIdentity::from_file(&made)?,
        Reader::Anchors | Reader::AnchorStore => {
            let anchors = match case.reader {
                Reader::Anchors => TrustAnchors::from_file(&made)?,
                _ => mtls::Loader::new()
                    .passphrase(passphrase.clone())
                    .load_anchors(&made)?,
            };
            assert_eq!(anchors, root());
            let identity = MtlsIdentity::from_files(chain("p256"), key("p256")).unwrap();
            watch.debug(&anchors);
            watch.text(&anchors.describe().to_string());
            handshakes::on_every_backend(&identity, &anchors, watch);
            return Ok(format!("{} anchor", anchors.as_slice().len()));
        }
    };
    watch.debug(&identity);
    watch.debug(&identity.private_key());
    watch.debug(&identity.describe());
    watch.text(&identity.describe().to_string());
    for warning in identity.warnings() {
        watch.text(&warning.to_string());
        watch.text(&warning.hint());
    }
    handshakes::on_every_backend(&identity, &root(), watch);
    let kind = identity.private_key().unwrap().key_type();
    let count = identity.chain().as_slice().len();
    Ok(format!("{kind}, {count} certificates"))
}

fn variant(error: &MaterialError) -> String {
    let debug = format!("{:?}", error.problem());
    let end = debug.find(|c: char| !c.is_ascii_alphanumeric());
    debug[..end.unwrap_or(debug.len())].to_owned()
}

/// What a cell of a table may hold.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "\\<")
}
