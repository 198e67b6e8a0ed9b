//! `mtls explain`: verifies a chain offline, step by step.

mod report;

use std::io;
use std::path::PathBuf;

use clap::Args;
use mtls::Loader;
use mtls::connection::Side;
use mtls::pki_types::{ServerName, UnixTime};
use mtls::policy::Explanation;

use crate::arguments::{MaterialArguments, server_name};
use crate::output::{Finding, Outcome, Output, Time};
use report::ExplainReport;

pub(crate) use report::Step;

/// Verify a chain offline, as a service would, and show each step
#[derive(Args, Debug)]
#[command(after_help = "\
Example: would this server's certificate have been accepted on new year's day?
  mtls explain --chain db.crt --side server --server-name db.internal \\
      --cacert ca.crt --crl ca.crl --at 2026-01-01T00:00:00Z")]
pub(crate) struct ExplainArguments {
    /// The chain that a peer presents, the leaf first
    #[arg(long, value_name = "FILE")]
    chain: PathBuf,
    /// The side that presents it: client or server
    #[arg(long, value_name = "SIDE")]
    side: Side,
    /// The name by which a client reaches the server
    #[arg(long, value_name = "NAME", value_parser = server_name)]
    server_name: Option<ServerName<'static>>,
    /// The time of the verification [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<Time>,
    #[command(flatten)]
    pub(crate) material: MaterialArguments,
}

pub(crate) fn run(arguments: &ExplainArguments, output: &mut Output) -> io::Result<Outcome> {
    let now = arguments.at.unwrap_or_else(|| Time(UnixTime::now()));
    match explain(arguments, now.0) {
        Ok(explanation) => {
            let outcome = match explanation.verdict() {
                Ok(_) => Outcome::Accepted,
                Err(_) => Outcome::Rejected,
            };
            let rejection = explanation.verdict().err();
            let findings = rejection.map(Finding::from).into_iter().collect();
            let report = ExplainReport::new(now, arguments.side, &explanation);
            output.answer("explain", outcome, findings, &report)
        }
        Err(finding) => {
            let report = ExplainReport::without_steps(now, arguments.side);
            output.answer("explain", Outcome::Fault, vec![*finding], &report)
        }
    }
}

fn explain(arguments: &ExplainArguments, now: UnixTime) -> Result<Explanation, Box<Finding>> {
    let us = match arguments.side {
        Side::Client => Side::Server,
        Side::Server => Side::Client,
    };
    let material = arguments.material.load(us)?;
    let chain = Loader::new()
        .load_chain(&*arguments.chain)
        .map_err(|error| Box::new(Finding::of_error(&error)))?;
    let verifier = material.verifier()?;
    if arguments.side == Side::Client {
        return Ok(verifier.explain_client(chain.as_slice(), now));
    }
    let name = match (&arguments.server_name, &material.server_name) {
        (Some(name), _) => name.clone(),
        (None, Some(name)) => {
            server_name(name).map_err(|error| Finding::fault("invalid_server_name", error))?
        }
        (None, None) => {
            return Err(Box::new(
                Finding::usage("missing_server_name", "the server's name is not given")
                    .hint("give the name by which clients reach it by --server-name"),
            ));
        }
    };
    Ok(verifier.explain_server(chain.as_slice(), &name, now))
}
