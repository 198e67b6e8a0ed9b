use core::time::Duration;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use pki_types::CertificateDer;

use super::verdict::Verdict;
use super::visitor::{Visitor, blocking};
use crate::material::identity::MtlsIdentity;
use crate::test_util::pki::ca::TestCa;

/// How long a connection is watched after its handshake.
const GLANCE: Duration = Duration::from_millis(50);

const ASSERTION: &str = "assert_follows_rotation";

/// Asserts that a service presents a new certificate in time, and that no handshake fails for it.
///
/// The service at `address` is called `name`, has a certificate of `ca` (or of a CA above it), and
/// accepts clients of `ca`; where its policy names them, [`TestCa::clients`] gives them such names.
/// Sound clients connect one after the other, before, while and after `publish` brings the identity
/// `next` to the service; each has to be accepted. At most `at_most` after `publish` has returned,
/// a client has to see the leaf of `next`, and so has the one after.
///
/// A client counts as accepted if its handshake is complete, and the service has not ended the
/// connection 50 milliseconds later (the first client: one second later). It is closed by the
/// client then.
///
/// ```no_run
/// # async fn test(address: std::net::SocketAddr) {
/// use mtls::test_util::{TestCa, TestFiles, assert_follows_rotation};
/// use std::time::Duration;
///
/// let (ca, files) = (TestCa::new("Example CA"), TestFiles::temporary());
/// // .. the service starts, with these files ..
/// let next = ca.leaf("localhost").dns("localhost").server().issue();
/// assert_follows_rotation(address, "localhost", &ca, &next, Duration::from_secs(2), async {
///     files.write_identity(&next);
/// })
/// .await;
/// # }
/// ```
///
/// # Panics
///
/// If a client is not accepted, or the new leaf is not seen in time: the message says what was
/// seen. Also if the service presents it before, and outside of a tokio runtime.
pub async fn assert_follows_rotation(
    address: SocketAddr,
    name: &str,
    ca: &TestCa,
    next: &MtlsIdentity,
    at_most: Duration,
    publish: impl Future<Output = ()>,
) {
    let visitor = Visitor::sound(address, name, ca);
    let next = next.chain().leaf().clone();
    let (first, leaf) = (visitor.clone(), next.clone());
    let is_early = blocking(move || {
        let visit = first.must_be_accepted(ASSERTION, "before the rotation");
        visit.leaf() == Some(leaf)
    });
    assert!(
        !is_early.await,
        "{ASSERTION}: the service at {address} presents the next certificate before it was published"
    );

    let is_over = Arc::new(AtomicBool::new(false));
    let (clients, over) = (visitor.clone(), is_over.clone());
    let beside = blocking(move || connect_until(&clients, &over));
    publish.await;
    let deadline = Instant::now() + at_most;
    let seen = blocking(move || sees(&visitor, &next, deadline)).await;
    is_over.store(true, Ordering::SeqCst);
    let (handshakes, fault) = beside.await;

    if let Some(verdict) = fault {
        panic!(
            "{ASSERTION}: a client of the service at {address} was not accepted while its \
             certificate was replaced, after {handshakes} others: {verdict}\nhint: have the service \
             load chain and key together, and go on with the old ones until both fit \
             (`FileSource`)"
        );
    }
    assert!(
        seen,
        "{ASSERTION}: the service at {address} did not present the next certificate within \
         {at_most:?}, in {handshakes} handshakes\nhint: have it read its certificate and key again \
         when they change, and soon enough (`FileSource`, `poll_interval`)"
    );
}

/// Connects until it is over. Returns the number of handshakes, and the first that failed.
fn connect_until(visitor: &Visitor, is_over: &AtomicBool) -> (usize, Option<Verdict>) {
    let mut handshakes = 0;
    while !is_over.load(Ordering::SeqCst) {
        match visitor.visit(GLANCE) {
            (_, Some(_)) => handshakes += 1,
            (verdict, None) => return (handshakes, Some(verdict)),
        }
    }
    (handshakes, None)
}

/// Returns whether a client sees this leaf in time, and the next client as well.
fn sees(visitor: &Visitor, next: &CertificateDer<'_>, deadline: Instant) -> bool {
    let mut is_seen = false;
    while Instant::now() < deadline {
        let leaf = visitor.begin().ok().and_then(|visit| visit.leaf());
        let sees = leaf.as_ref() == Some(next);
        if is_seen && sees {
            return true;
        }
        is_seen = sees;
        if !sees {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    false
}
