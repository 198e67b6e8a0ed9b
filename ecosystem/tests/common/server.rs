//! A server: another project's, or a program of this crate.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
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
    /// Servers with processes of their own end them only when they are asked to end.
    fn drop(&mut self) {
        let id = self.running.id().to_string();
        let mut kill = Command::new("kill");
        let _ = kill.args(["-INT", &id]).stderr(Stdio::null()).status();
        let started = Instant::now();
        while self.running.is_alive() && started.elapsed() < Duration::from_secs(5) {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A port that is free now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
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
