use core::fmt::Write;
use core::time::Duration;
use std::net::SocketAddr;
use std::time::Instant;

use super::verdict::Verdict;
use super::visit::Visit;
use super::visitor::{SETTLED, Visitor, blocking};
use crate::test_util::pki::ca::TestCa;

/// How long a connection is watched while there is still time for the next one.
const GLANCE: Duration = Duration::from_millis(200);
/// The pause between two connections.
const PAUSE: Duration = Duration::from_millis(20);
/// Rejections in a row that end the wait: a service of several processes may reject in one of them,
/// and accept in another.
const ENOUGH: u32 = 3;

const ASSERTION: &str = "assert_rejects_revoked_within";

/// Asserts that a service throws out a client in time once its certificate is revoked.
///
/// The service at `address` runs anywhere, and is written in anything. It is called `name`, has a
/// certificate of `ca` (or of a CA above it), and accepts clients of `ca`; where its policy names
/// them, [`TestCa::clients`] gives them such names. A client of `ca` connects, has to be accepted,
/// and stays connected. Then its certificate is revoked, and `publish` brings the lists of
/// [`TestCa::revocation_lists`] to the service. It has to make them when it is polled, not before.
/// At most `at_most` after it has returned,
///
/// - new connections of the client have to be rejected, and
/// - its open connection has to be closed.
///
/// After that, another client still has to be accepted: a service that is down rejects all of them.
///
/// A connection is rejected if the service ends it: by an alert, a close or a reset, in the
/// handshake or up to one second after it (in TLS 1.3 the verdict comes after the client's
/// handshake). It is accepted if the service sends data, or it is open after that second. An open
/// connection counts as closed however the service closes it: a time-out for idle connections that
/// is shorter than `at_most` hides that revocation does not, and so does a service that closes
/// after its first answer, or closes every connection upon a new list. An asynchronous handler that
/// neither reads nor writes keeps its connection open.
///
/// ```no_run
/// # async fn test(address: std::net::SocketAddr) {
/// use mtls::test_util::{TestCa, TestFiles, assert_rejects_revoked_within};
/// use std::time::Duration;
///
/// let (ca, files) = (TestCa::new("Example CA"), TestFiles::temporary());
/// // .. the service starts, with these files ..
/// assert_rejects_revoked_within(address, "localhost", &ca, Duration::from_secs(2), async {
///     files.write_revocation_lists(&ca.revocation_lists());
/// })
/// .await;
/// # }
/// ```
///
/// # Panics
///
/// If one of these does not happen: the message says which, what was seen, and what to do. Also
/// outside of a tokio runtime.
pub async fn assert_rejects_revoked_within(
    address: SocketAddr,
    name: &str,
    ca: &TestCa,
    at_most: Duration,
    publish: impl Future<Output = ()>,
) {
    let credential = ca.client().credential();
    let revoked = Visitor::new(address, name, ca, &credential);
    let other = Visitor::sound(address, name, ca);
    let client = revoked.clone();
    let open = blocking(move || client.must_be_accepted(ASSERTION, "before it was revoked")).await;

    let lists = ca.lists_made();
    ca.revoke_certificate(credential.leaf());
    publish.await;
    let published = Instant::now();
    let has_list = ca.lists_made() > lists;

    let deadline = published + at_most;
    let closing = blocking(move || open_connection(open, deadline));
    let connecting = blocking(move || new_connections(&revoked, deadline));
    // Both have begun.
    let (closed, connected) = (closing.await, connecting.await);

    let (is_out, mut faults) = (connected.is_none(), String::new());
    if let Some(verdict) = connected {
        write!(faults, "\n  a new connection was not rejected: {verdict}").expect("no memory");
    }
    if !closed {
        faults.push_str("\n  the open connection was not closed");
    }
    if !faults.is_empty() {
        panic!(
            "{ASSERTION}: the service at {address} did not throw out a revoked client within \
             {at_most:?}:{faults}{}",
            hints(has_list, is_out, closed)
        );
    }
    blocking(move || other.must_be_accepted(ASSERTION, "after another one was revoked")).await;
}

/// What to do, a line for each cause.
fn hints(has_list: bool, is_out: bool, closed: bool) -> String {
    if !has_list {
        return "\nhint: `publish` made no list: call `ca.revocation_lists()` inside of it, since \
                lists that were made before do not have the client"
            .to_owned();
    }
    let mut hints = String::new();
    if !is_out {
        hints.push_str(
            "\nhint: have the service load the lists that `publish` wrote in time, and check its \
             clients by them (`VerifierPolicy::revocation`)",
        );
        if closed {
            hints.push_str(". It may have closed the open connection only because it was idle");
        }
    }
    if !closed {
        hints.push_str(
            "\nhint: have the service verify open connections again, and close them \
             (`LiveConnections::Close`). A handler that neither reads nor writes keeps its \
             connection open: have it read, or wait for the end (`ConnectionHandle::ended`)",
        );
    }
    hints
}

/// Returns whether it was closed in time.
fn open_connection(mut open: Visit, deadline: Instant) -> bool {
    open.end(deadline).is_some()
}

/// Connects until the service rejects the client, at the latest at the deadline. Returns what was
/// seen where it does not.
fn new_connections(client: &Visitor, deadline: Instant) -> Option<Verdict> {
    let mut in_a_row = 0;
    loop {
        let is_last = Instant::now() >= deadline;
        let settled = if is_last { SETTLED } else { GLANCE };
        match client.visit(settled).0 {
            Verdict::Rejected(_) => in_a_row += 1,
            other if is_last => return Some(other),
            _ => in_a_row = 0,
        }
        if is_last || in_a_row == ENOUGH {
            return None;
        }
        std::thread::sleep(PAUSE);
    }
}
