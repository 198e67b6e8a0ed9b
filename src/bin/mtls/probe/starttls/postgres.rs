use std::io::Write;

use super::{Answer, declined, shown, unexpected};
use crate::probe::failure::Failure;
use crate::probe::transport::Transport;

/// Its length, and the code 80877103.
const SSL_REQUEST: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x2f";

/// Asks a PostgreSQL server for TLS (its documentation, section "SSL Session Encryption").
pub(super) fn ask(transport: &mut Transport) -> Result<(), Failure> {
    transport.write_all(SSL_REQUEST).map_err(Failure::io)?;
    let mut answer = Answer::default();
    answer.read_more(transport)?;
    match answer.take(1).as_deref() {
        Some(b"S") => answer.end(),
        Some(b"N") => Err(declined("the PostgreSQL server has TLS switched off")),
        Some(b"E") => Err(declined(&format!(
            "the PostgreSQL server answers \"{}\"",
            shown(&answer.0)
        ))),
        _ => Err(unexpected("no answer of a PostgreSQL server")),
    }
}
