//! Moves the bytes of a connection, and names how it ended.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use mtls::error::Alert;
use rustls::ClientConnection;

use super::recorder::Recorder;
use crate::probe::question::{Answer, Question};
use crate::probe::transport::Transport;

/// How long a server that says nothing after the handshake is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// The same once it has shown a sign of acceptance.
///
/// Some servers reject us all the same: they finish the handshake, send a ticket, and only then
/// look at the certificate.
pub(super) const PATIENCE_AFTER_SIGN: Duration = Duration::from_millis(500);

/// How a connection ended, or what the server last showed.
#[derive(Debug)]
pub(crate) enum Ending {
    /// The server sent a fatal alert.
    Alert(Alert),
    /// It answered the question.
    Answer(Answer),
    /// It closed the connection; `is_reset` if in an abrupt way.
    Closed { is_reset: bool },
    /// It sent application data that nothing had asked for.
    Data,
    /// The handshake is complete for a server of TLS 1.2, which has verified us then.
    Finished,
    /// Our TLS library ended the handshake.
    Library(rustls::Error),
    /// In TLS 1.3, neither a ticket nor an objection came in this time.
    Silent { waited: Duration },
    /// It sent a ticket of TLS 1.3 and no objection.
    Ticket,
    /// It did not continue the handshake in time.
    TimedOut,
    /// The transport failed in another way.
    Transport(io::Error),
    /// It did not answer the question in this time.
    Unanswered { waited: Duration },
}

/// Performs the handshake; `Err` has its end.
pub(super) fn handshake(
    connection: &mut ClientConnection,
    transport: &mut Transport,
) -> Result<(), Ending> {
    loop {
        let is_written = write(connection, transport);
        if !connection.is_handshaking() {
            // What the server said before it closed is still to be read.
            return Ok(());
        }
        read(connection, transport).map_err(|ending| match (ending, is_written) {
            (Ending::TimedOut, Err(error)) => Ending::Transport(error),
            (ending, _) => ending,
        })?;
    }
}

/// Waits for what the server says about us once the handshake is complete on our side.
pub(super) fn verdict(
    connection: &mut ClientConnection,
    transport: &mut Transport,
    (recorder, patience): (&Recorder, Duration),
    question: Option<&Question>,
) -> Ending {
    let is_tls13 = connection.protocol_version() == Some(rustls::ProtocolVersion::TLSv1_3);
    let overall = transport.deadline();
    let mut since = Instant::now();
    let mut received = Vec::new();
    let mut sign = None;
    let mut is_asked = false;
    // A question that crosses the server's alert makes the system throw the alert away.
    transport.set_deadline(overall.at_most(if question.is_some() || !is_tls13 {
        patience.min(PATIENCE_AFTER_SIGN)
    } else {
        patience
    }));
    if !is_tls13 {
        sign = Some(Ending::Finished);
    }
    loop {
        take_data(connection, &mut received);
        let had_sign = sign.is_some();
        if let Some(question) = question
            && is_asked
        {
            if let Some(answer) = question.read(&received, false) {
                return Ending::Answer(answer);
            }
        } else if !received.is_empty() {
            sign = Some(Ending::Data);
        } else if is_tls13 && recorder.has_ticket() {
            sign = Some(Ending::Ticket);
        }
        if !had_sign && sign.is_some() {
            transport.set_deadline(overall.at_most(patience.min(PATIENCE_AFTER_SIGN)));
        }
        match read(connection, transport) {
            Ok(()) => {}
            Err(Ending::TimedOut) => match question {
                Some(question) if !is_asked => {
                    is_asked = true;
                    since = Instant::now();
                    transport.set_deadline(overall);
                    let asked = connection.writer().write_all(&question.bytes());
                    // After a failure, the end that the server made is still to be read.
                    let _ = asked.and_then(|()| write(connection, transport));
                }
                _ if is_asked => {
                    return Ending::Unanswered {
                        waited: since.elapsed(),
                    };
                }
                _ => {
                    return sign.unwrap_or(Ending::Silent {
                        waited: since.elapsed(),
                    });
                }
            },
            // After data, a server may close.
            Err(Ending::Closed { .. }) if matches!(sign, Some(Ending::Data)) => {
                return Ending::Data;
            }
            Err(Ending::Closed { is_reset }) => {
                return match question {
                    Some(question) if !received.is_empty() => {
                        Ending::Answer(question.read(&received, true).unwrap_or_default())
                    }
                    _ => Ending::Closed { is_reset },
                };
            }
            // More data than is read.
            Err(Ending::Transport(_)) if matches!(sign, Some(Ending::Data)) => return Ending::Data,
            Err(ending) => return ending,
        }
    }
}

/// Reads once and processes it. The end of the connection is an error.
fn read(connection: &mut ClientConnection, transport: &mut Transport) -> Result<(), Ending> {
    match connection.read_tls(transport) {
        Ok(0) => return Err(Ending::Closed { is_reset: false }),
        Ok(_) => {}
        Err(error) => {
            return Err(match error.kind() {
                io::ErrorKind::TimedOut => Ending::TimedOut,
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe => Ending::Closed { is_reset: true },
                _ => Ending::Transport(error),
            });
        }
    }
    let state = match connection.process_new_packets() {
        Ok(state) => state,
        Err(rustls::Error::AlertReceived(alert)) => {
            return Err(Ending::Alert(Alert::from_code(alert.into())));
        }
        Err(error) => {
            // Our alert, if the server still reads.
            let _ = write(connection, transport);
            return Err(Ending::Library(error));
        }
    };
    if state.peer_has_closed() && state.plaintext_bytes_to_read() == 0 {
        return Err(Ending::Closed { is_reset: false });
    }
    Ok(())
}

fn write(connection: &mut ClientConnection, transport: &mut Transport) -> io::Result<()> {
    while connection.wants_write() {
        connection.write_tls(transport)?;
    }
    Ok(())
}

/// Appends what was decrypted; the transport limits how much comes.
fn take_data(connection: &mut ClientConnection, received: &mut Vec<u8>) {
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = connection.reader().read(&mut buffer) {
        received.extend(buffer.iter().take(length));
    }
}
