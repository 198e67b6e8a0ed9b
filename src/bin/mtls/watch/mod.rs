//! `mtls watch`: shows what a service would do with its files, as they change.

use std::io;
use std::time::{Duration, Instant};

use clap::Args;
use mtls::Rustls;
use mtls::connection::Side;
use mtls::rotation::RotationHandle;

use crate::arguments::MaterialArguments;
use crate::events::{self, EventLine, EventSender};
use crate::output::{Finding, Nothing, Outcome, Output};

/// How often the end is looked for.
const PAUSE: Duration = Duration::from_secs(1);

/// Show what a service would do as its files change, until interrupted
#[derive(Args, Debug)]
#[command(after_help = "\
Exit code with --for: 0 if the newest files are in force at the end, 1 if not.

Example: does the service take the new certificate?
  mtls watch --config service.toml")]
pub(crate) struct WatchArguments {
    /// The side that the service plays: client or server
    #[arg(long, value_name = "SIDE", default_value_t = Side::Server)]
    side: Side,
    /// End after this time, such as 30s
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    at_most: Option<Duration>,
    #[command(flatten)]
    pub(crate) material: MaterialArguments,
}

pub(crate) fn run(arguments: &WatchArguments, output: &mut Output) -> io::Result<Outcome> {
    let (sender, mut events) = events::channel();
    let handle = match handle(arguments, &sender) {
        Ok(handle) => handle,
        Err(finding) => {
            return output.answer("watch", Outcome::Fault, vec![*finding], &Nothing {});
        }
    };
    let started = Instant::now();
    output.line("watch", EventLine::of_status("started", &handle.status()))?;
    loop {
        let left = match arguments.at_most {
            Some(at_most) => at_most.saturating_sub(started.elapsed()),
            None => PAUSE,
        };
        if left.is_zero() {
            break;
        }
        if let Some(line) = events.next(left.min(PAUSE)) {
            let is_rotation = line.is_rotation();
            output.line("watch", line)?;
            if is_rotation {
                output.line("watch", EventLine::of_status("status", &handle.status()))?;
            }
        }
    }
    Ok(match handle.status().last_failure() {
        Some(_) => Outcome::Fault,
        None => Outcome::Good,
    })
}

/// Builds what the service would build, and returns what controls it.
fn handle(
    arguments: &WatchArguments,
    sender: &EventSender,
) -> Result<RotationHandle, Box<Finding>> {
    let built = if arguments.side == Side::Server {
        let config = arguments.material.server_config()?;
        let builder = config.builder().map_err(Finding::boxed)?;
        let server = builder.observer(sender.observer()).build(Rustls::default());
        server.map(|server| server.handle().clone())
    } else {
        let config = arguments.material.client_config()?;
        let builder = config.builder().map_err(Finding::boxed)?;
        let client = builder.observer(sender.observer()).build(Rustls::default());
        client.map(|client| client.handle().clone())
    };
    built.map_err(Finding::boxed)
}
