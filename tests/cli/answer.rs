//! One run of the command, with its JSON.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::common::programs::run;
use crate::secrets;

/// Longer than the most costly key takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// What a run printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) json: Value,
    /// Everything that it printed.
    pub(crate) printed: String,
}

/// Returns the command in a folder, without the variables that stand for arguments.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mtls"));
    command.args(arguments).current_dir(folder);
    for variable in ["MTLS_CERT_FILE", "MTLS_KEY_FILE", "MTLS_CA_FILE"] {
        command.env_remove(variable);
    }
    command
}

/// Runs the command with `--json`, and checks what holds for every run.
#[track_caller]
pub(crate) fn answer(folder: &Path, arguments: &[&str], stdin: &[u8]) -> Answer {
    let mut command = command(folder, arguments);
    let finished = run(command.arg("--json"), stdin, LIMIT);
    let code = finished.status.and_then(|status| status.code());
    let code = code.unwrap_or_else(|| panic!("{arguments:?} did not exit: {finished:#?}"));
    let json: Value = serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {finished:#?}"));
    assert_eq!(json["format"], 1, "{arguments:?}");
    assert_eq!(json["command"], arguments[0], "{arguments:?}");
    let answer = Answer {
        code,
        printed: finished.stdout + &finished.stderr,
        json,
    };
    secrets::search_for_keys(folder, &answer.printed);
    let has_fault = answer.findings("fault").next().is_some();
    assert_eq!(matches!(code, 1 | 2), has_fault, "{answer:#?}");
    let first = answer.json.get("reason").and_then(Value::as_str);
    assert_eq!(first, answer.findings("fault").next(), "{answer:#?}");
    answer
}

impl Answer {
    /// Returns the reasons of the findings of a severity, in order.
    pub(crate) fn findings(&self, severity: &str) -> impl Iterator<Item = &str> {
        let findings = self.json["findings"].as_array().unwrap().iter();
        let findings = findings.filter(move |finding| finding["severity"] == severity);
        findings.map(|finding| finding["reason"].as_str().unwrap())
    }

    /// Returns the reasons of all findings, but for those that our certificates are for tests.
    pub(crate) fn reasons(&self) -> Vec<&str> {
        let findings = self.json["findings"].as_array().unwrap().iter();
        let reasons = findings.map(|finding| finding["reason"].as_str().unwrap());
        reasons
            .filter(|reason| *reason != "test_certificate")
            .collect()
    }
}
