use std::error::Error;
use std::io;

use crate::output::{Finding, Outcome};

/// Why the server could not be examined to the end.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) outcome: Outcome,
    pub(crate) finding: Box<Finding>,
}

impl Failure {
    pub(crate) fn unreachable(finding: Finding) -> Self {
        Self {
            outcome: Outcome::Unreachable,
            finding: Box::new(finding),
        }
    }

    pub(crate) fn fault(finding: Finding) -> Self {
        Self {
            outcome: Outcome::Fault,
            finding: Box::new(finding),
        }
    }

    /// Our own side cannot begin.
    pub(crate) fn of_error(error: &(dyn Error + 'static)) -> Self {
        Self::fault(Finding::of_error(error))
    }

    /// The connection failed before TLS had begun.
    pub(crate) fn io(error: io::Error) -> Self {
        let finding = match error.kind() {
            io::ErrorKind::TimedOut => {
                Finding::fault("timed_out", "the server did not answer in time")
                    .hint("check that the port is the right one, or raise --timeout")
            }
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Finding::fault(
                "closed_without_reason",
                "the server closed the connection before TLS",
            )
            .hint("check the port, and the server's log"),
            _ => Finding::fault("transport_error", "the connection failed before TLS")
                .hint("check the port, and the server's log"),
        };
        Self::unreachable(Finding {
            causes: vec![error.to_string()],
            ..finding
        })
    }
}
