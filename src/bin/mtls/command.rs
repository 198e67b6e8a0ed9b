//! The command line.

use std::io;

use clap::{ColorChoice, Parser, Subcommand};

use crate::arguments::PASSPHRASE_FILE_HINT;
use crate::check::{self, CheckArguments};
use crate::explain::{self, ExplainArguments};
use crate::generate::{self, GenerateArguments};
use crate::inspect::{self, InspectArguments};
use crate::output::{Outcome, Output};
use crate::probe::{self, ProbeArguments};
use crate::proxy::{self, ProxyArguments};
use crate::watch::{self, WatchArguments};

/// Shows what is wrong with certificates, keys and mutual TLS connections.
#[derive(Debug, Parser)]
#[command(
    name = "mtls",
    version,
    max_term_width = 80,
    after_help = "Exit codes: 0 good, 1 a fault was found, 2 wrong arguments, 3 unreachable or not known."
)]
pub(crate) struct Cli {
    /// Print JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    pub(crate) color: ColorChoice,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Inspect(InspectArguments),
    Check(CheckArguments),
    Probe(ProbeArguments),
    Explain(ExplainArguments),
    Watch(WatchArguments),
    Proxy(ProxyArguments),
    Generate(GenerateArguments),
}

impl Command {
    /// Says where the command takes a passphrase.
    pub(crate) fn passphrase_hint(&self) -> &'static str {
        let material = match self {
            Self::Check(arguments) => &arguments.material,
            Self::Probe(arguments) => &arguments.material,
            Self::Explain(arguments) => &arguments.material,
            Self::Watch(arguments) => &arguments.material,
            Self::Proxy(arguments) => &arguments.material,
            Self::Inspect(_) | Self::Generate(_) => return PASSPHRASE_FILE_HINT,
        };
        material.passphrase_hint()
    }

    /// Runs the command.
    ///
    /// What it finds is its output; the error is one of writing that.
    pub(crate) fn run(self, output: &mut Output) -> io::Result<Outcome> {
        match self {
            Self::Inspect(arguments) => inspect::run(&arguments, output),
            Self::Check(arguments) => check::run(&arguments, output),
            Self::Probe(arguments) => probe::run(&arguments, output),
            Self::Explain(arguments) => explain::run(&arguments, output),
            Self::Watch(arguments) => watch::run(&arguments, output),
            Self::Proxy(arguments) => proxy::run(&arguments, output),
            Self::Generate(arguments) => generate::run(&arguments, output),
        }
    }
}
