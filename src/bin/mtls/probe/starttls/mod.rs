//! Protocols that begin without TLS and ask for it.

mod ldap;
mod postgres;
mod smtp;

use std::io::{self, Read};

use clap::ValueEnum;

use super::failure::Failure;
use super::transport::Transport;
use crate::output::{Finding, Outcome, is_hidden};

/// The longest answer before TLS, in bytes.
const MAX_ANSWER: usize = 8 * 1024;
/// Letters of a server's text that are shown.
const MAX_SHOWN: usize = 200;

/// A protocol that asks for TLS first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StartTls {
    #[value(help = "the extended operation StartTLS (RFC 4511)")]
    Ldap,
    #[value(help = "SSLRequest of PostgreSQL")]
    Postgres,
    #[value(help = "STARTTLS (RFC 3207)")]
    Smtp,
}

impl StartTls {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ldap => "ldap",
            Self::Postgres => "postgres",
            Self::Smtp => "smtp",
        }
    }

    /// Asks for TLS, until the next byte is the first one of it.
    pub(crate) fn ask(self, transport: &mut Transport) -> Result<(), Failure> {
        match self {
            Self::Ldap => ldap::ask(transport)?,
            Self::Postgres => postgres::ask(transport)?,
            Self::Smtp => smtp::ask(transport)?,
        }
        transport.start_tls();
        Ok(())
    }
}

/// What was received and is not used yet.
#[derive(Default)]
struct Answer(Vec<u8>);

impl Answer {
    /// Reads once.
    fn read_more(&mut self, transport: &mut Transport) -> Result<(), Failure> {
        let mut buffer = [0; 1024];
        let length = transport.read(&mut buffer).map_err(Failure::io)?;
        if length == 0 {
            return Err(Failure::io(io::ErrorKind::UnexpectedEof.into()));
        }
        self.0.extend(buffer.iter().take(length));
        if self.0.len() > MAX_ANSWER {
            return Err(unexpected("an answer that is too long"));
        }
        Ok(())
    }

    /// Removes and returns the first bytes, if there are so many.
    fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        (self.0.len() >= length).then(|| self.0.drain(..length).collect())
    }

    /// Checks that nothing came with the last answer: an attacker could have put it there, before
    /// TLS protects the connection (CVE-2011-0411, CVE-2021-23222).
    fn end(self) -> Result<(), Failure> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Failure::fault(
            Finding::fault(
                "bytes_before_tls",
                format!("the server sent {} bytes before TLS began", self.0.len()),
            )
            .hint(
                "something on the way may have put them there, and a client would take them for protected: look for a \
                 proxy between here and the server, and update the server",
            ),
        ))
    }
}

/// The server answers something else than its protocol demands.
fn unexpected(found: &str) -> Failure {
    Failure::unreachable(
        Finding::fault("not_the_protocol", format!("the server sent {found}"))
            .hint("check the port, and the protocol that --starttls names"),
    )
}

/// The server speaks the protocol, without TLS.
fn declined(text: &str) -> Failure {
    Failure {
        outcome: Outcome::Unreachable,
        finding: Box::new(
            Finding::fault("starttls_declined", text)
                .hint("switch TLS on in the server's configuration, and give it a certificate"),
        ),
    }
}

/// Returns text of a server, cut and without what is invisible.
pub(crate) fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let letters = text.trim().chars().take(MAX_SHOWN);
    letters
        .map(|c| if is_hidden(c) { '\u{fffd}' } else { c })
        .collect()
}
