//! A server: another project's, or a program of this crate.

use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::LIMIT;
use super::programs::{Program, Running};
use super::workshop::{SERVER_USER, is_root};

/// It runs until this is dropped.
#[derive(Debug)]
pub struct Server {
    pub running: Running,
    pub port: u16,
}

impl Server {
    /// Starts it, and waits until it accepts connections.
    pub fn start(command: &mut Command, port: u16) -> Self {
        let running = Running::start(command);
        let mut server = Self { running, port };
        let started = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let running = &mut server.running;
            assert!(
                running.is_alive() && started.elapsed() < LIMIT,
                "{command:?} does not serve:\n{}{}",
                running.stdout(),
                running.stderr()
            );
            thread::sleep(Duration::from_millis(20));
        }
        server
    }
}

/// Starts a program of this crate that is a server, whose files are in `folder`.
pub fn start_server(program: &str, folder: &Path) -> Server {
    let port = free_port();
    let mut command = Command::new(program);
    command.arg(port.to_string()).current_dir(folder);
    Server::start(&mut command, port)
}

impl Drop for Server {
    /// Servers with processes of their own end them only when they are asked to end. RabbitMQ starts
    /// to the end before it does.
    fn drop(&mut self) {
        let id = self.running.id().to_string();
        let mut kill = Command::new("kill");
        let _ = kill.args(["-INT", &id]).stderr(Stdio::null()).status();
        let started = Instant::now();
        while self.running.is_alive() && started.elapsed() < Duration::from_secs(30) {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A port that is free now, below those that the system gives to clients.
///
/// A client that connects to one of those before its server listens may connect to itself.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        // Tests that run at the same time begin at different ports.
        let offset = (process::id() * 16 + next) % 12_000;
        let port = 20_000 + u16::try_from(offset).unwrap();
        // Not by listening: a program that another thread starts just then inherits the socket.
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            return port;
        }
    }
}

/// A command of this program for a user who is not root.
pub fn command_of_a_user(program: &Program) -> Option<Command> {
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
