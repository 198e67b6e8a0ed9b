use std::path::Path;

use super::{Server, Setup, free_port};
use crate::common::programs::Program;

/// Node, which closes the connection of a client that it rejects, without an alert.
pub(crate) fn start(setup: &Setup<'_>) -> Option<Server> {
    let port = free_port();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/probe/servers/server.js");
    let mut command = Program::node()?.command();
    command
        .arg(script)
        .args([&port.to_string(), setup.identity])
        .arg(setup.world.path("."))
        .arg(setup.finds.name());
    Some(Server::start(&mut command, port))
}
