//! The command `mtls`: shows what is wrong with certificates, keys and connections.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

#[cfg(not(unix))]
compile_error!("the command `mtls` needs Unix: its proxy uses Unix sockets and signals");

mod arguments;
mod check;
mod command;
mod events;
mod explain;
mod facts;
mod generate;
mod inspect;
mod output;
mod probe;
mod protection;
mod proxy;
mod watch;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use command::Cli;
use output::Output;

fn main() -> ExitCode {
    protection::keep_memory_private();
    // Ends the process with status 2 for arguments that cannot be used.
    let cli = Cli::parse();
    let mut output = Output::new(cli.json, cli.color, cli.command.passphrase_hint());
    match cli.command.run(&mut output) {
        Ok(outcome) => outcome.into(),
        // The reader of our output has seen enough; the result is no less a fault than before.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => output.outcome().into(),
        Err(error) => {
            let _ = writeln!(io::stderr(), "mtls: cannot write: {error}");
            ExitCode::FAILURE
        }
    }
}
