//! The thread that verifies the peers of open connections.

use core::time::Duration;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::Builder;
use std::time::Instant;

use pki_types::UnixTime;

use super::notifier::{Notification, Notifier};
use super::state::{NextStep, PeerConnections};
use super::tracked_connection::{SharedRegistry, TrackedConnection};
use super::verification_subject::{VerificationBasis, VerificationSubject};
use crate::backend::SessionVerifier;
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
            NextStep::Over => return,
            NextStep::Wait(at_most) => {
                let at_most = at_most.unwrap_or(Duration::MAX);
                drop(shared.work.wait_timeout(state, at_most));
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
        .map(|(group, rejection)| reject(group, rejection, &basis.verifier))
        .collect();
    for notification in notifications {
        notifier.report(notification);
    }
}

/// Closes and wakes all connections of a subject. The notifier runs the callbacks, which may be
/// slow.
fn reject(
    group: PeerConnections<TrackedConnection>,
    rejection: Rejection,
    verifier: &Arc<SessionVerifier>,
) -> Notification {
    let connections = group.connections.values();
    let rejected = connections.filter_map(|connection| connection.upgrade()?.reject(&rejection));
    Notification {
        callbacks: rejected.collect(),
        subject: group.subject,
        rejection,
        verifier: Arc::clone(verifier),
    }
}
