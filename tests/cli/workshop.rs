//! A folder with certificates, and the command in it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::common::pki::{Cast, Credential, certificate_pem};
use crate::common::programs::{Finished, Running, run};
use crate::secrets;

/// No command under test takes longer.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

pub(crate) struct Workshop {
    folder: tempfile::TempDir,
    pub(crate) cast: Cast,
}

impl Workshop {
    /// Creates `ca.crt`, `server.crt`, `server.key`, `client.crt` and `client.key`.
    pub(crate) fn new() -> Self {
        let workshop = Self {
            folder: tempfile::tempdir().unwrap(),
            cast: Cast::assemble(),
        };
        workshop.write(
            "ca.crt",
            &certificate_pem(&workshop.cast.root.certificate()),
        );
        workshop.write_identity("server", &workshop.cast.server);
        workshop.write_identity("client", &workshop.cast.alice);
        workshop
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file in one step, as tools that rotate files do.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        let new = self.path().join(format!("{name}.new"));
        fs::write(&new, text).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
        fs::rename(new, &path).unwrap();
        path
    }

    /// Writes `NAME.crt` and `NAME.key`.
    pub(crate) fn write_identity(&self, name: &str, credential: &Credential) {
        self.write(&format!("{name}.key"), &credential.key_pem());
        self.write(&format!("{name}.crt"), &credential.chain_pem());
    }

    /// Returns the command with arguments that spaces separate, in this folder.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mtls"));
        command
            .current_dir(self.path())
            .args(arguments.split_whitespace());
        command
    }

    pub(crate) fn run(&self, arguments: &str) -> Finished {
        let finished = run(&mut self.command(arguments), b"", LIMIT);
        secrets::expect_none(self.path(), &finished.stdout);
        secrets::expect_none(self.path(), &finished.stderr);
        finished
    }

    pub(crate) fn start(&self, arguments: &str) -> Running {
        Running::start(&mut self.command(arguments))
    }

    /// Runs the command with `--json`; returns its exit code and its document.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &str) -> (i32, Value) {
        let finished = self.run(&format!("{arguments} --json"));
        let document: Value = serde_json::from_str(&finished.stdout)
            .unwrap_or_else(|error| panic!("{error}: {finished:#?}"));
        assert_eq!(document["format"], 1);
        (finished.status.unwrap().code().unwrap(), document)
    }
}
