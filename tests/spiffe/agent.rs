//! The agent: `agent.py` beside this file, at a socket in a folder of its own.

use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use mtls::SpiffeSource;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::common::programs::{Program, Running};
use super::message::Message;

/// More than anything here takes on a machine that is busy.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(crate) struct Agent {
    python: Program,
    folder: TempDir,
    running: Option<Running>,
    commands: usize,
}

impl Agent {
    /// One that answers no call yet.
    pub(crate) fn start() -> Option<Self> {
        let mut agent = Self::away()?;
        agent.come();
        Some(agent)
    }

    /// One whose process is not there yet.
    pub(crate) fn away() -> Option<Self> {
        Some(Self {
            python: Program::python_with_grpc()?,
            folder: tempfile::tempdir().unwrap(),
            running: None,
            commands: 0,
        })
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("agent.sock")
    }

    pub(crate) fn address(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// A source of what this agent gives.
    pub(crate) fn source(&self) -> SpiffeSource {
        SpiffeSource::from_address(&self.address()).unwrap()
    }

    /// Starts the process.
    pub(crate) fn come(&mut self) {
        let mut command = self.python.command();
        command
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/spiffe/agent.py"
            ))
            .arg(self.address());
        let running = Running::start(&mut command);
        running.wait_for_line("ready", LIMIT);
        self.commands = 0;
        self.running = Some(running);
    }

    /// Kills the process, and takes the socket away.
    pub(crate) fn go(&mut self) {
        self.running = None;
        std::fs::remove_file(self.socket()).ok();
    }

    pub(crate) fn is_away(&self) -> bool {
        self.running.is_none()
    }

    pub(crate) fn give(&mut self, message: &Message) {
        let file = self.folder.path().join("message.json");
        std::fs::write(&file, message.json().to_string()).unwrap();
        self.report(&json!({ "give": file }));
    }

    pub(crate) fn deny(&mut self, words: &str) {
        self.report(&json!({ "deny": words }));
    }

    pub(crate) fn fail(&mut self, words: &str) {
        self.report(&json!({ "fail": words }));
    }

    /// Rejects calls for now with this status, or takes them again. Streams that are open go on.
    pub(crate) fn shut(&mut self, code: Option<&str>) {
        self.report(&json!({ "shut": code }));
    }

    pub(crate) fn end_streams(&mut self) {
        self.report(&json!({ "end": true }));
    }

    /// How many streams are open, and how many ever were.
    pub(crate) fn streams(&mut self) -> (usize, usize) {
        let answer = self.report(&json!({ "count": true }));
        let numbers: Vec<usize> = answer
            .split(' ')
            .filter_map(|word| word.parse().ok())
            .collect();
        let [_, open, calls] = numbers[..] else {
            panic!("{answer}");
        };
        (open, calls)
    }

    /// Stops the process where it stands, or lets it go on.
    pub(crate) fn freeze(&self, frozen: bool) {
        let signal = if frozen { "STOP" } else { "CONT" };
        let id = self.running.as_ref().unwrap().id();
        let status = Command::new("sh")
            .args(["-c", &format!("kill -{signal} {id}")])
            .status()
            .unwrap();
        assert!(status.success());
    }

    fn report(&mut self, command: &Value) -> String {
        let running = self.running.as_mut().expect("the agent is away");
        self.commands += 1;
        running.write(format!("{command}\n").as_bytes());
        running.wait_for_line(&format!("done {} ", self.commands), LIMIT)
    }
}

/// Waits for `condition`, whose error says what it saw.
#[track_caller]
pub(crate) fn until<T>(mut condition: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        match condition() {
            Ok(value) => return value,
            Err(seen) => assert!(Instant::now() < deadline, "still: {seen}"),
        }
        thread::sleep(Duration::from_millis(5));
    }
}
