//! The thread that verifies the peers of open connections.

use core::time::Duration;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::thread::Builder;
use std::time::Instant;

use pki_types::UnixTime;

use super::next_step::NextStep;
use super::notifier::{Notification, Notifier};
use super::open_connection::{OpenConnection, SharedRegistry};
use super::state::peer_connections::PeerConnections;
use super::verification_subject::{VerificationBasis, VerificationSubject};
use crate::backend::{EndReason, SessionVerifier};
use crate::connection::waiters::Callback;
use crate::policy::Rejection;

const NAME: &str = "mtls-live";
/// Later than every date.
const THE_END: UnixTime = UnixTime::since_unix_epoch(Duration::MAX);

/// Starts the thread, which ends when no connection is left and none will come.
pub(crate) fn start(shared: Arc<SharedRegistry>) -> io::Result<()> {
    let mut notifier = Notifier::default();
    Builder::new()
        .name(NAME.to_owned())
        // Only a destructor of the caller's clock or matcher can panic here: the thread continues.
        .spawn(
            move || {
                while catch_unwind(AssertUnwindSafe(|| run(&shared, &mut notifier))).is_err() {}
            },
        )
        .map(drop)
}

fn run(shared: &SharedRegistry, notifier: &mut Notifier) {
    let mut looked = Instant::now();
    loop {
        let mut state = shared.state();
        match state.work(looked.elapsed()) {
            NextStep::Close(connections) => {
                drop(state);
                connections.iter().for_each(|connection| connection.close());
            }
            NextStep::Over => return,
            NextStep::Retire(connections, revision) => {
                let basis = state.basis();
                drop(state);
                let retire = |connection: &Arc<OpenConnection>| connection.retire(revision);
                let reason = EndReason::Retired { revision };
                notifier.report(notification(reason, &basis.verifier, connections, retire));
            }
            NextStep::Wait(at_most) => {
                state.waits_for(at_most);
                let at_most = at_most.unwrap_or(Duration::MAX);
                let waited = shared.work.wait_timeout(state, at_most);
                let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
                state.works();
            }
            NextStep::Look(basis) => {
                drop(state);
                // If the clock panics, all connections are due; verifying calls it again, under
                // guard.
                let now = basis.verifier.now_unless_panicked().unwrap_or(THE_END);
                if shared.state().look(now) {
                    looked = Instant::now();
                }
            }
            NextStep::Verify(subjects, basis) => {
                drop(state);
                verify_all(shared, subjects, &basis, notifier);
            }
        }
    }
}

fn verify_all(
    shared: &SharedRegistry,
    subjects: Vec<Arc<VerificationSubject>>,
    basis: &VerificationBasis,
    notifier: &mut Notifier,
) {
    let verified = subjects.into_iter().map(|subject| {
        let verdict = subject.verify(basis);
        (subject, verdict)
    });
    let verified: Vec<_> = verified.collect();
    let rejected = shared.state().settle(basis.revision, verified);
    let rejected = rejected.into_iter();
    let notifications: Vec<_> = rejected
        .map(|(group, rejection)| reject(&group, rejection, &basis.verifier))
        .collect();
    for notification in notifications {
        notifier.report(notification);
    }
}

/// Closes and wakes all connections of a subject. The notifier runs the callbacks, which may be
/// slow.
fn reject(
    group: &PeerConnections<OpenConnection>,
    rejection: Rejection,
    verifier: &Arc<SessionVerifier>,
) -> Notification {
    let connections = group.connections.alive();
    let reject = |connection: &Arc<OpenConnection>| connection.reject(&rejection);
    let reason = EndReason::Rejected(rejection.clone());
    notification(reason, verifier, connections, reject)
}

/// Ends connections by `end`, which returns the callbacks of each that had not ended.
fn notification(
    reason: EndReason,
    verifier: &Arc<SessionVerifier>,
    connections: impl IntoIterator<Item = Arc<OpenConnection>>,
    end: impl Fn(&Arc<OpenConnection>) -> Option<Vec<Callback>>,
) -> Notification {
    let ended = connections.into_iter().filter_map(|connection| {
        let callbacks = end(&connection)?;
        Some((connection.info.clone(), callbacks))
    });
    Notification {
        connections: ended.collect(),
        reason,
        verifier: Arc::clone(verifier),
    }
}
