//! Servers to probe. Dropping one ends it.

mod go;
mod nginx;
mod node;
mod openssl;
mod own;
mod postgres;
pub(crate) mod slapd;
pub(crate) mod smtp;

use std::net::{Ipv4Addr, TcpStream};
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::world::{Fault, SERVER_USER, World, is_root};
use crate::common::programs::{Program, Running};

pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// A server at work.
pub(crate) struct Server {
    pub(crate) port: u16,
    running: Option<Running>,
}

/// How a server is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup<'a> {
    pub(crate) world: &'a World,
    /// The name of its identity's files.
    pub(crate) identity: &'a str,
    /// The fault of a client that it has to find, beside what it always looks at.
    pub(crate) finds: Fault,
}

/// A kind of server.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) start: fn(&Setup<'_>) -> Option<Server>,
    /// Arguments of the probe.
    pub(crate) arguments: &'static [&'static str],
    /// The client whose key it does not take, and the identity that it then has itself.
    pub(crate) wrong_scheme: &'static str,
    /// Faults of a client that it cannot find.
    pub(crate) lacks: &'static [Fault],
}

pub(crate) const KINDS: &[Kind] = &[
    Kind {
        name: "openssl s_server",
        start: openssl::start,
        arguments: &[],
        wrong_scheme: "client-WrongScheme",
        lacks: &[Fault::WrongName],
    },
    Kind {
        name: "go",
        start: go::start,
        arguments: &[],
        wrong_scheme: "client-WrongScheme",
        lacks: &[Fault::Revoked, Fault::WrongScheme],
    },
    Kind {
        name: "node",
        start: node::start,
        arguments: &[],
        wrong_scheme: "client-WrongScheme",
        lacks: &[],
    },
    Kind {
        name: "nginx",
        start: nginx::start,
        arguments: &["--http"],
        wrong_scheme: "client-WrongScheme",
        lacks: &[],
    },
    Kind {
        name: "postgresql",
        start: postgres::start,
        arguments: &["--starttls", "postgres", "--user", "alice"],
        wrong_scheme: "client-WrongScheme",
        lacks: &[],
    },
    Kind {
        name: "mtls rustls",
        start: own::rustls,
        arguments: &[],
        wrong_scheme: "client-p521",
        lacks: &[],
    },
    #[cfg(feature = "openssl")]
    Kind {
        name: "mtls openssl",
        start: own::openssl,
        arguments: &[],
        wrong_scheme: "client-rsa",
        lacks: &[],
    },
];

impl Server {
    /// Starts a program, and waits until it accepts connections.
    pub(crate) fn start(command: &mut Command, port: u16) -> Self {
        let running = Running::start(command);
        let mut server = Self {
            port,
            running: Some(running),
        };
        let started = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let running = server.running.as_mut().unwrap();
            assert!(
                running.is_alive() && started.elapsed() < LIMIT,
                "{command:?} does not serve:\n{}{}",
                running.stdout(),
                running.stderr()
            );
            thread::sleep(Duration::from_millis(10));
        }
        server
    }

    /// A server that a thread of this process runs.
    pub(crate) fn of_this_process(port: u16) -> Self {
        Self {
            port,
            running: None,
        }
    }
}

impl Drop for Server {
    /// Servers with processes of their own end them only when they are asked to end.
    fn drop(&mut self) {
        let Some(running) = &mut self.running else {
            return;
        };
        let mut kill = Command::new("kill");
        let id = running.id().to_string();
        let _ = kill.args(["-TERM", &id]).stderr(Stdio::null()).status();
        let started = Instant::now();
        while running.is_alive() && started.elapsed() < LIMIT {
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A port that is free now, below those that the system gives to clients.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let offset = (process::id() * 64 + next) % 12_000;
        let port = 20_000 + u16::try_from(offset).unwrap();
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            return port;
        }
    }
}

/// A command of this program for a user who is not root.
fn command_of_a_user(program: &Program) -> Option<Command> {
    if !is_root() {
        return Some(program.command());
    }
    let mut command = Program::setpriv()?.command();
    command
        .arg(format!("--reuid={SERVER_USER}"))
        .arg(format!("--regid={SERVER_USER}"))
        .arg("--clear-groups")
        .arg(program.command().get_program());
    Some(command)
}
