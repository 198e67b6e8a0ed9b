use core::fmt::Write;
use std::net::SocketAddr;

use super::verdict::Verdict;
use super::visitor::{SETTLED, Visitor, blocking};
use crate::test_util::fault::Fault;
use crate::test_util::pki::ca::TestCa;

const ASSERTION: &str = "assert_rejects_all";

/// Asserts that a service rejects a client with each of these faults.
///
/// The service at `address` runs anywhere, and is written in anything. It is called `name`, has a
/// certificate of `ca` (or of a CA above it), and accepts clients of `ca`; where its policy names
/// them, [`TestCa::clients`] gives them such names. First a sound client connects, then one with
/// each fault, then a sound one again.
///
/// A client is rejected if the service ends the connection: by an alert, a close or a reset, in the
/// handshake or up to one second after it (in TLS 1.3 the verdict comes after the client's
/// handshake). It is accepted if the service sends data, or the connection is open after that
/// second. A session ticket alone is no proof, since services may verify afterwards. A service that
/// closes idle connections within that second rejects the sound client too, and cannot be tested.
///
/// [`Fault::of_clients`] has those that a service on this crate rejects; other libraries accept
/// some of them, as the guide `testing` lists. [`Fault::Revoked`] takes lists of
/// [`TestCa::revocation_lists`] in the service, which it has loaded before.
///
/// ```no_run
/// # async fn test(address: std::net::SocketAddr, ca: mtls::test_util::TestCa) {
/// use mtls::test_util::{Fault, assert_rejects_all};
///
/// assert_rejects_all(address, "localhost", &ca, &Fault::of_clients()).await;
/// # }
/// ```
///
/// # Panics
///
/// With the list of all faults that were let in, and if a sound client is not accepted before and
/// after them. Also outside of a tokio runtime, without any fault, and with one of servers.
pub async fn assert_rejects_all(address: SocketAddr, name: &str, ca: &TestCa, faults: &[Fault]) {
    assert!(!faults.is_empty(), "{ASSERTION}: no fault to be rejected");
    let sound = Visitor::sound(address, name, ca);
    let before = sound.clone();
    drop(blocking(move || before.must_be_accepted(ASSERTION, "before the faulty ones")).await);
    let (mut open, mut text) = (Vec::new(), String::new());
    for &fault in faults {
        assert!(
            fault != Fault::WrongName,
            "{ASSERTION}: {fault:?} is a fault of servers: leave it out"
        );
        let leaf = ca.client().fault(fault);
        let visitor = Visitor::new(address, name, ca, &leaf.credential());
        match blocking(move || visitor.visit(SETTLED).0).await {
            Verdict::Rejected(_) => {}
            verdict => {
                write!(text, "\n  {fault:?} ({fault}): {verdict}").expect("no memory");
                open.push(fault);
            }
        }
    }
    assert!(
        open.is_empty(),
        "{ASSERTION}: the service at {address} did not reject clients with these faults:{text}{}",
        hints(&open)
    );
    drop(blocking(move || sound.must_be_accepted(ASSERTION, "after the faulty ones")).await);
}

/// What to do about these faults, a line for each cause.
fn hints(open: &[Fault]) -> String {
    let mut hints = String::new();
    if open.contains(&Fault::NoCertificate) {
        hints.push_str(
            "\nhint: have the service require a client certificate (an `MtlsServer` without \
             `optional_client_auth`)",
        );
    }
    if open.contains(&Fault::Revoked) {
        hints.push_str(
            "\nhint: for `Revoked`, have the service load revocation lists of the CA before this \
             assertion, and check its clients by them (`TestCa::revocation_lists`, \
             `VerifierPolicy::revocation`)",
        );
    }
    let is_other = |fault: &Fault| !matches!(fault, Fault::NoCertificate | Fault::Revoked);
    if open.iter().any(is_other) {
        hints.push_str(
            "\nhint: have the service verify client certificates in the handshake. Where it does, \
             its TLS library accepts these: name only those that it has to reject (guide `testing`; \
             an `MtlsServer` rejects all of `Fault::of_clients`)",
        );
    }
    hints
}
