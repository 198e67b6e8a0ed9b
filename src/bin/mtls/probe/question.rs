//! Questions after the handshake, since some servers reject a client only in their answer.

use super::starttls::shown;

/// Bytes of an answer that are read.
const MAX_ANSWER: usize = 16 * 1024;

/// A harmless question in the server's own protocol.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    /// `GET /`, which changes nothing (RFC 9110, section 9.2.1). nginx names the fault of a
    /// certificate in the body of its answer, which `HEAD` would not show.
    Http { host: String },
    /// The startup message of a session, which ends before the first command.
    Postgres { user: String },
}

/// What the server answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Of HTTP: the status, and the fault that nginx finds in our certificate.
    Http {
        status: u16,
        fault: Option<HttpFault>,
    },
    /// An error of PostgreSQL: SQLSTATE and text.
    PostgresError { code: String, message: String },
    /// PostgreSQL goes on: without a password, or with one.
    PostgresReady { wants_password: bool },
    /// It is not in the protocol of the question.
    #[default]
    Unreadable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HttpFault {
    /// The certificate was rejected.
    Rejected,
    /// No certificate was presented.
    Missing,
}

impl Question {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Http { host } => format!(
                "GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: mtls-probe\r\nAccept: */*\r\nConnection: close\r\n\r\n"
            )
            .into_bytes(),
            Self::Postgres { user } => {
                // Protocol 3.0, then names and values, each with a zero at its end.
                let mut message = vec![0, 3, 0, 0];
                for text in ["user", user, "database", "postgres", "application_name", "mtls-probe"] {
                    message.extend(text.bytes().filter(|byte| *byte != 0));
                    message.push(0);
                }
                message.push(0);
                let length = u32::try_from(message.len().saturating_add(4)).unwrap_or(u32::MAX);
                [&length.to_be_bytes(), &*message].concat()
            }
        }
    }

    /// Reads the answer; `None` if more bytes have to come first.
    pub(crate) fn read(&self, received: &[u8], is_end: bool) -> Option<Answer> {
        let is_end = is_end || received.len() >= MAX_ANSWER;
        let answer = match self {
            Self::Http { .. } => http(received, is_end),
            Self::Postgres { .. } => postgres(received),
        };
        answer.or_else(|| is_end.then(Answer::default))
    }
}

fn http(received: &[u8], is_end: bool) -> Option<Answer> {
    let text = String::from_utf8_lossy(received);
    if received.len() >= 5 && !text.starts_with("HTTP/") {
        return Some(Answer::Unreadable);
    }
    let (head, body) = match text.split_once("\r\n\r\n") {
        Some(both) => both,
        // The status comes first, and a server need not ever end its header fields.
        None if is_end => (&*text, ""),
        None => return None,
    };
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.get(..3)?.parse().ok());
    let Some(status) = status else {
        return Some(Answer::Unreadable);
    };
    let fault = match status {
        // nginx' own statuses, which a server may show in place of 400.
        495 => Some(HttpFault::Rejected),
        496 => Some(HttpFault::Missing),
        _ if body.contains("No required SSL certificate was sent") => Some(HttpFault::Missing),
        _ if body.contains("The SSL certificate error") => Some(HttpFault::Rejected),
        // Its body may have the fault.
        400 if !is_end && !body.contains("</html>") => return None,
        _ => None,
    };
    Some(Answer::Http { status, fault })
}

/// Reads the first message of a PostgreSQL server.
fn postgres(received: &[u8]) -> Option<Answer> {
    let (kind, rest) = received.split_first()?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let body = length.checked_sub(4);
    match body {
        Some(length @ 0..MAX_ANSWER) => {
            let body = rest.get(..length)?;
            Some(match kind {
                b'R' => Answer::PostgresReady {
                    wants_password: body != [0; 4],
                },
                b'E' => postgres_error(body),
                _ => Answer::Unreadable,
            })
        }
        _ => Some(Answer::Unreadable),
    }
}

fn postgres_error(body: &[u8]) -> Answer {
    let field = |kind: u8| {
        let mut fields = body.split(|byte| *byte == 0);
        let field = fields.find(|field| field.first() == Some(&kind));
        shown(field.and_then(|field| field.get(1..)).unwrap_or_default())
    };
    Answer::PostgresError {
        code: field(b'C'),
        message: field(b'M'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(received: &[u8], is_end: bool) -> Option<Answer> {
        let host = "localhost".to_owned();
        Question::Http { host }.read(received, is_end)
    }

    #[test]
    fn an_answer_of_http_shows_the_fault_that_nginx_finds() {
        let nginx = b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n<html><center>The SSL certificate error</center></html>";
        let expected = Some(Answer::Http {
            status: 400,
            fault: Some(HttpFault::Rejected),
        });
        assert_eq!(http(nginx, false), expected);
        assert_eq!(http(&nginx[..60], false), None);
        assert_eq!(
            http(b"HTTP/1.1 200 OK\r\n\r\n", false),
            Some(Answer::Http {
                status: 200,
                fault: None
            })
        );
        let endless = b"HTTP/1.1 200 OK\r\nX: endless\r\n".repeat(1000);
        let accepted = http(&endless, false);
        assert!(matches!(accepted, Some(Answer::Http { status: 200, .. })));
        assert_eq!(http(&endless[..1000], false), None);
        assert_eq!(http(b"HT", false), None);
        assert_eq!(http(b"HT", true), Some(Answer::Unreadable));
        assert_eq!(http(b"SSH-2.0-OpenSSH", false), Some(Answer::Unreadable));
        assert_eq!(http(&[b'a'; MAX_ANSWER], false), Some(Answer::Unreadable));
    }

    #[test]
    fn an_answer_of_postgresql_is_bounded() {
        let user = "alice".to_owned();
        let question = Question::Postgres { user };
        assert_eq!(&question.bytes()[..8], b"\0\0\0\x42\0\x03\0\0");
        assert_eq!(question.bytes().len(), 0x42);
        let error = b"E\0\0\0\x17SFATAL\0C28000\0Mno\0\0";
        assert_eq!(
            question.read(error, false),
            Some(Answer::PostgresError {
                code: "28000".to_owned(),
                message: "no".to_owned()
            })
        );
        for length in 0..error.len() {
            assert_eq!(question.read(&error[..length], false), None);
        }
        assert_eq!(
            question.read(b"R\0\0\0\x08\0\0\0\0", false),
            Some(Answer::PostgresReady {
                wants_password: false
            })
        );
        assert_eq!(
            question.read(b"E\xff\xff\xff\xff", false),
            Some(Answer::Unreadable)
        );
        assert_eq!(question.read(b"E\0\0\0\0", false), Some(Answer::Unreadable));
    }
}
