use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::{LIMIT, Server, Setup, free_port};
use crate::common::programs::{Program, run};

/// Go, which sends `bad_certificate` for most faults, and reads no revocation lists.
pub(crate) fn start(setup: &Setup<'_>) -> Option<Server> {
    let port = free_port();
    let mut command = std::process::Command::new(program()?);
    command
        .args([&port.to_string(), setup.identity])
        .arg(setup.world.path("."))
        .arg(setup.finds.name());
    Some(Server::start(&mut command, port))
}

/// Builds the server, once.
fn program() -> Option<&'static PathBuf> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let build = || {
        let source =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/probe/servers/server.go");
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("probe-go-server");
        let mut command = Program::go()?.command();
        command.arg("build").arg("-o").arg(&program).arg(source);
        // The first build compiles Go's own libraries.
        run(command.env("CGO_ENABLED", "0"), b"", 10 * LIMIT).expect_success();
        Some(program)
    };
    BUILT.get_or_init(build).as_ref()
}
