use std::time::Duration;

use super::acceptance::{Acceptance, Verdict};
use super::own_faults::OwnView;
use super::rejection::Rejected;
use crate::output::Finding;
use crate::probe::question::{Answer, HttpFault};
use crate::probe::tls::{Attempt, Ending, PATIENCE};

/// Reads the verdict from how a connection ended.
///
/// `view` is `None` if we have no identity.
pub(crate) fn acceptance_of(attempt: &Attempt, view: Option<&OwnView>) -> Acceptance {
    let rejected = |evidence| Rejected {
        attempt,
        view,
        evidence,
    };
    match &attempt.ending {
        Ending::Alert(alert) => rejected("alert").by_alert(*alert),
        Ending::Closed { is_reset } => {
            rejected(if *is_reset { "reset" } else { "close" }).without_reason()
        }
        Ending::Answer(answer) => of_answer(answer, rejected("answer")),
        Ending::Data => Acceptance::accepted("application_data", attempt, view),
        Ending::Finished => Acceptance::accepted("tls12_finished", attempt, view),
        Ending::Ticket => Acceptance::accepted("session_ticket", attempt, view),
        Ending::Silent { waited } => silence(*waited, attempt, view),
        Ending::Unanswered { waited } => Acceptance::unknown(
            "silence",
            Finding::fault(
                "unanswered",
                format!(
                    "the server accepts the handshake, and did not answer a question within {}",
                    seconds(*waited)
                ),
            )
            .hint("raise --timeout, or read the server's log"),
        ),
        Ending::Library(error) => rejected("tls_error").by_library(error),
        Ending::TimedOut | Ending::Transport(_) => {
            let message = "the server did not end the handshake, so its verdict is not known";
            Acceptance::unknown(
                "timeout",
                Finding::fault("timed_out", message)
                    .hint("raise --timeout, or read the server's log"),
            )
        }
    }
}

/// Reads the verdict of a server of TLS 1.3 that says nothing after the handshake.
///
/// It need not: one that has looked at our certificate would have objected long before.
fn silence(waited: Duration, attempt: &Attempt, view: Option<&OwnView>) -> Acceptance {
    let what = format!("the server raised no objection within {}", seconds(waited));
    if waited < PATIENCE {
        let finding = Finding::fault("timed_out", format!("{what}, which is too short to tell"));
        return Acceptance::unknown("silence", finding.hint("raise --timeout"));
    }
    let mut silent = Acceptance::accepted("silence", attempt, view);
    silent.verdict = Verdict::NoObjection;
    silent.findings.push(
        Finding::note("no_objection", format!("{what}, which is no proof that it accepts us")).hint(
            "in TLS 1.3 a server need not say more: ask it something, by --http for a web server, or read its log",
        ),
    );
    silent
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn of_answer(answer: &Answer, rejected: Rejected<'_>) -> Acceptance {
    let (attempt, view) = (rejected.attempt, rejected.view);
    match answer {
        Answer::Http { fault: Some(HttpFault::Missing), .. } => rejected.without_certificate(),
        Answer::Http { fault: Some(HttpFault::Rejected), .. } => rejected.in_http(),
        Answer::Http { status: status @ (400 | 403), .. } => Acceptance::unknown(
            "http_status",
            Finding::fault(
                "http_status",
                format!("the server accepts the handshake, and answers with the HTTP status {status}"),
            )
            .hint(
                "whether for our certificate or for the path `/` cannot be known from outside: the server's log has \
                 the reason",
            ),
        ),
        Answer::Http { status, .. } => {
            let mut accepted = Acceptance::accepted("http_status", attempt, view);
            let message = format!("the server answers with the HTTP status {status}");
            accepted.findings.push(Finding::note("http_status", message));
            accepted
        }
        Answer::PostgresError { code, message } => rejected.by_postgres(code, message),
        Answer::PostgresReady { wants_password } => {
            let mut accepted = Acceptance::accepted("answer", attempt, view);
            if *wants_password {
                accepted.findings.push(Finding::note(
                    "wants_password",
                    "the PostgreSQL server asks for a password too",
                ));
            }
            accepted
        }
        Answer::Unreadable => Acceptance::unknown(
            "answer",
            Finding::fault(
                "unreadable_answer",
                "the server accepts the handshake, and answers in another protocol than it was asked in",
            )
            .hint("leave --http or --starttls away if the server speaks another protocol"),
        ),
    }
}
