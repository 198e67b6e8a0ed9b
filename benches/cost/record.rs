//! What was measured, and where: the file `benches/cost.json`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::ends::Library;
use crate::meter::{self, Meter};
use crate::rows::Row;

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Record {
    /// The machine and the versions of what is measured, and of what measures.
    pub(crate) made_with: BTreeMap<String, String>,
    pub(crate) rows: Vec<Measured>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Measured {
    pub(crate) name: String,
    pub(crate) meter: Meter,
    /// By the library alone, if it can do that.
    pub(crate) raw: Option<f64>,
    pub(crate) mtls: f64,
}

impl Record {
    pub(crate) fn read() -> Self {
        serde_json::from_slice(&fs::read(file("cost.json")).unwrap()).unwrap()
    }

    pub(crate) fn write(&self) {
        let text = serde_json::to_string_pretty(self).unwrap();
        fs::write(file("cost.json"), text + "\n").unwrap();
    }

    pub(crate) fn row(&self, name: &str) -> Option<&Measured> {
        self.rows.iter().find(|row| row.name == name)
    }
}

impl Measured {
    pub(crate) fn of(row: &Row, folder: &Path) -> Self {
        let (raw, mtls) = meter::beside(row, folder);
        // Single instructions are noise.
        let measured = Self {
            name: row.name.clone(),
            meter: row.meter,
            raw: raw.map(f64::round),
            mtls: mtls.round(),
        };
        println!("{measured}");
        measured
    }

    pub(crate) fn ratio(&self) -> Option<f64> {
        self.raw.map(|raw| self.mtls / raw)
    }
}

impl std::fmt::Display for Measured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:<36}", self.name)?;
        match self.raw {
            Some(raw) => write!(f, "{raw:>14.0}{:>14.0}{:>10.4}", self.mtls, self.mtls / raw),
            None => write!(f, "{:>28.0}", self.mtls),
        }
    }
}

/// A file beside the benches.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("benches")
        .join(name)
}

pub(crate) fn made_with() -> BTreeMap<String, String> {
    let lines = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let after = |text: &str, key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        let value = line.unwrap_or("not known");
        value.trim_matches([' ', '\t', ':', '"', '=']).to_owned()
    };
    let lock = include_str!("../../Cargo.lock");
    let locked = |name: &str| {
        after(
            lock.split_once(&format!("name = \"{name}\"\n")).unwrap().1,
            "version",
        )
    };
    [
        ("processor", after(&lines("/proc/cpuinfo"), "model name")),
        ("system", after(&lines("/etc/os-release"), "PRETTY_NAME")),
        ("rustc", first_line("rustc", "--version")),
        ("valgrind", first_line("valgrind", "--version")),
        ("strace", first_line("strace", "--version")),
        ("rustls", locked("rustls")),
        ("rustls-webpki", locked("rustls-webpki")),
        ("aws-lc-rs", locked("aws-lc-rs")),
        ("ring", locked("ring")),
        ("tokio-rustls", locked("tokio-rustls")),
        (Library::OPENSSL, openssl::version::version().to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn first_line(program: &str, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    let output = output.unwrap_or_else(|error| panic!("{program} is missing: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().next().unwrap_or_default().to_owned()
}
