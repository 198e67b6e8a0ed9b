use std::path::Path;

use super::{Server, free_port};
use crate::common::programs::Program;
use crate::probe::world::World;

/// A mail server in Python, which demands a client certificate after STARTTLS.
pub(crate) fn start(world: &World) -> Option<Server> {
    let port = free_port();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/probe/servers/smtp.py");
    let mut command = Program::python_with_smtp()?.command();
    command
        .arg(script)
        .args([&port.to_string(), "server-None"])
        .arg(world.path("."));
    Some(Server::start(&mut command, port))
}
