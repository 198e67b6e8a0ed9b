use std::io::Write;

use super::{Answer, declined, shown, unexpected};
use crate::probe::failure::Failure;
use crate::probe::transport::Transport;

/// The most lines of one reply.
const MAX_LINES: usize = 64;

/// Asks an SMTP server for TLS (RFC 3207).
pub(super) fn ask(transport: &mut Transport) -> Result<(), Failure> {
    let mut answer = Answer::default();
    expect(&reply(transport, &mut answer)?, b"220", "its greeting")?;
    say(transport, b"EHLO localhost\r\n")?;
    let extensions = reply(transport, &mut answer)?;
    expect(&extensions, b"250", "EHLO")?;
    let offers = |line: &Vec<u8>| {
        let keyword = line.get(4..).unwrap_or_default();
        keyword.trim_ascii().eq_ignore_ascii_case(b"STARTTLS")
    };
    if !extensions.iter().any(offers) {
        return Err(declined("the mail server does not offer STARTTLS"));
    }
    say(transport, b"STARTTLS\r\n")?;
    expect(&reply(transport, &mut answer)?, b"220", "STARTTLS")?;
    answer.end()
}

fn say(transport: &mut Transport, line: &[u8]) -> Result<(), Failure> {
    transport.write_all(line).map_err(Failure::io)
}

/// Reads the lines of one reply (RFC 5321, section 4.2.1): the last has no hyphen after its code.
fn reply(transport: &mut Transport, answer: &mut Answer) -> Result<Vec<Vec<u8>>, Failure> {
    let mut lines = Vec::new();
    loop {
        let Some(end) = answer.0.iter().position(|byte| *byte == b'\n') else {
            answer.read_more(transport)?;
            continue;
        };
        let line = answer.take(end.saturating_add(1)).unwrap_or_default();
        let line = line.trim_ascii_end().to_vec();
        let is_reply = line.iter().take(3).filter(|b| b.is_ascii_digit()).count() == 3;
        if !is_reply || lines.len() == MAX_LINES {
            return Err(unexpected("no reply of a mail server"));
        }
        let is_last = line.get(3) != Some(&b'-');
        lines.push(line);
        if is_last {
            return Ok(lines);
        }
    }
}

fn expect(lines: &[Vec<u8>], code: &[u8], what: &str) -> Result<(), Failure> {
    let last = lines.last().map(Vec::as_slice).unwrap_or_default();
    if last.starts_with(code) {
        return Ok(());
    }
    Err(declined(&format!(
        "the mail server answers {what} with \"{}\"",
        shown(last)
    )))
}
