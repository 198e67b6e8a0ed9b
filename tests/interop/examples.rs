//! Our own examples as processes.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test target compiles this for itself and uses a part of it"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs};

use mtls::backend::BackendKind;

use crate::common::backends::{with_client_backend, with_server_backend};
use crate::common::pki::{Authority, Credential};
use crate::common::programs::{Finished, Running, run};
use crate::common::walkthrough::{Files, PASSPHRASE};

/// The values of `--backend` that this build's servers know.
pub static SERVER_BACKENDS: LazyLock<Vec<&str>> =
    LazyLock::new(|| names_where(|kind| with_server_backend!(kind, |backend| _ = backend)));

/// The values of `--backend` that this build's clients know.
pub static CLIENT_BACKENDS: LazyLock<Vec<&str>> =
    LazyLock::new(|| names_where(|kind| with_client_backend!(kind, |backend| _ = backend)));

fn names_where(is_there: impl Fn(BackendKind) -> Option<()>) -> Vec<&'static str> {
    let has_provider = cfg!(any(feature = "aws-lc-rs", feature = "ring"));
    let known = BackendKind::ALL
        .iter()
        .filter(|kind| is_there(**kind).is_some());
    let usable = known.filter(|kind| **kind != BackendKind::Rustls || has_provider);
    usable.map(|kind| kind.as_str()).collect()
}

pub const LIMIT: Duration = Duration::from_secs(20);

/// What one end is given.
#[derive(Clone, Debug)]
pub struct End {
    pub files: Files,
    /// Whether the key is under [`PASSPHRASE`].
    pub encrypted: bool,
    /// What its certificate file holds after the leaf, for programs that want it apart.
    pub intermediate: Option<PathBuf>,
    /// The anchors that prove the other end.
    pub ca: PathBuf,
}

impl End {
    /// Writes a certificate chain, its key and the root that both sides trust to a folder.
    pub fn of(folder: &Path, name: &str, credential: &Credential, root: &Authority) -> Self {
        let write = |name: &str, text: String| -> PathBuf {
            let path = folder.join(name);
            fs::write(&path, text).unwrap();
            path
        };
        Self {
            files: Files {
                certificate: write(&format!("{name}.crt"), credential.chain_pem()),
                key: write(&format!("{name}.key"), credential.key_pem()),
            },
            encrypted: false,
            intermediate: None,
            ca: write("ca.crt", root.pem()),
        }
    }

    /// As the arguments of our examples, which are those of curl.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        for (name, path) in [
            ("--cert", &self.files.certificate),
            ("--key", &self.files.key),
            ("--cacert", &self.ca),
        ] {
            arguments.extend([name.to_owned(), path.display().to_string()]);
        }
        if self.encrypted {
            arguments.extend(["--passphrase".to_owned(), PASSPHRASE.to_owned()]);
        }
        arguments
    }
}

/// The `server` example at work.
pub struct Server {
    running: Running,
    pub port: u16,
}

impl Server {
    pub fn start(backend: &str, end: &End, more: &[&str]) -> Self {
        Self::start_by(example("server"), backend, end, more)
    }

    /// `command` runs the example with the arguments that are added here.
    pub fn start_by(mut command: Command, backend: &str, end: &End, more: &[&str]) -> Self {
        command
            .args(["--backend", backend])
            .args(end.arguments())
            .args(more);
        Self::run(command)
    }

    /// Starts the example with these arguments alone.
    pub fn with(arguments: &[&str]) -> Self {
        let mut command = example("server");
        command.args(arguments);
        Self::run(command)
    }

    fn run(mut command: Command) -> Self {
        if !command.get_args().any(|argument| argument == "--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let running = Running::start(&mut command);
        let line = running.wait_for_line("listening on ", LIMIT);
        let (_, port) = line.rsplit_once(':').unwrap();
        Self {
            port: port.parse().unwrap(),
            running,
        }
    }

    pub fn id(&self) -> u32 {
        self.running.id()
    }

    pub fn is_alive(&mut self) -> bool {
        self.running.is_alive()
    }

    /// Everything on standard error so far.
    pub fn log(&self) -> String {
        self.running.stderr()
    }

    /// Waits for `part` in what is logged after the first `seen` bytes, and gives that back.
    #[track_caller]
    pub fn wait_for_log(&self, seen: usize, part: &str) -> String {
        let deadline = Instant::now() + LIMIT;
        loop {
            let log = self.log().split_off(seen);
            if log.contains(part) {
                return log;
            }
            assert!(
                Instant::now() < deadline,
                "no `{part}` in the server's log:\n{log}"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Runs the `client` example to its end.
pub fn client(backend: &str, end: &End, more: &[&str]) -> Finished {
    let mut command = example("client");
    command
        .args(["--backend", backend])
        .args(end.arguments())
        .args(more);
    run(&mut command, b"", LIMIT)
}

/// cargo builds the examples when it is asked for all tests, but neither builds nor renews them for a single target.
pub fn example(name: &str) -> Command {
    let this = env::current_exe().unwrap();
    let folder = this.ancestors().nth(2).unwrap().join("examples");
    let path = folder.join(format!("{name}{}", env::consts::EXE_SUFFIX));
    assert!(
        Path::new(&path).is_file(),
        "{} is not built: before `cargo test --test ..` say `cargo build --examples`, with the same features",
        path.display()
    );
    Command::new(path)
}
