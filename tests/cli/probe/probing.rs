//! Runs `mtls probe`.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::world::World;
use crate::common::programs::{Finished, run};

/// The command, without the variables that stand for arguments.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mtls"));
    for variable in ["MTLS_CERT_FILE", "MTLS_KEY_FILE", "MTLS_CA_FILE"] {
        command.env_remove(variable);
    }
    command
}

/// A probe, and what it printed as JSON.
#[derive(Debug)]
pub(crate) struct Probed {
    pub(crate) finished: Finished,
    pub(crate) json: Value,
    pub(crate) took: Duration,
}

impl Probed {
    /// Probes a server as a client with these files.
    #[track_caller]
    pub(crate) fn of(world: &World, port: u16, identity: Option<&str>, more: &[&str]) -> Self {
        let mut command = command();
        command
            .args(["probe", &format!("127.0.0.1:{port}"), "--json", "--cacert"])
            .arg(world.path("ca.crt"));
        if let Some(name) = identity {
            command
                .arg("--cert")
                .arg(world.path(&format!("{name}.crt")))
                .arg("--key")
                .arg(world.path(&format!("{name}.key")));
        }
        Self::run(command.args(more))
    }

    #[track_caller]
    pub(crate) fn run(command: &mut Command) -> Self {
        let started = Instant::now();
        let finished = run(command, b"", Duration::from_secs(60));
        let took = started.elapsed();
        let json = serde_json::from_str(&finished.stdout);
        let json = json.unwrap_or_else(|error| panic!("{error}: {command:?}: {finished:#?}"));
        Self {
            finished,
            json,
            took,
        }
    }

    pub(crate) fn code(&self) -> Option<i32> {
        self.finished.status.and_then(|status| status.code())
    }

    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.json
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or("")
    }

    pub(crate) fn is(&self, pointer: &str) -> Option<bool> {
        self.json.pointer(pointer).and_then(Value::as_bool)
    }
}
