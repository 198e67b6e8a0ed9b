//! Each fault in real handshakes, from both sides: it is what it says.

use std::fmt::Debug;
use std::panic::AssertUnwindSafe;

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::connection::Side;
use mtls::policy::RevocationDepth;
use mtls::test_util::{Fault, TestCa, TestCredential};
use mtls::{HandshakeError, OpenSsl, RejectionReason, RevocationRules, Rustls, VerifierPolicy};

use crate::common::raw::{Peer, Tool, Version, socket_pair, tools};
use crate::{NAME, client_builder, server_builder};

/// Rejects what is revoked, or has no list.
fn policy() -> VerifierPolicy {
    let policy = VerifierPolicy::allow_any_authenticated();
    policy.revocation(RevocationRules::require(RevocationDepth::Leaf))
}

fn reason_of<T: Debug>(result: Result<T, HandshakeError>, what: &str) -> RejectionReason {
    match result {
        Err(HandshakeError::Rejected(rejection)) => rejection.reason(),
        other => panic!("{what}: {other:?}"),
    }
}

/// The trusted CA, and an intermediate of it.
fn cas() -> [TestCa; 2] {
    let root = TestCa::new("Example CA");
    let branch = root.intermediate("Example Branch");
    [root, branch]
}

fn presented(ca: &TestCa, side: Side, fault: Option<Fault>) -> TestCredential {
    let leaf = ca.leaf("peer").dns(NAME);
    let leaf = if side == Side::Client {
        leaf.client()
    } else {
        leaf.server()
    };
    match fault {
        Some(fault) => leaf.fault(fault).credential(),
        None => leaf.credential(),
    }
}

fn clients_on<S: ServerBackend>(backend: S) -> usize {
    let mut handshakes = 0;
    let [root, branch] = cas();
    let server = server_builder(&root)
        .policy(policy())
        .revocation_lists(branch.revocation_lists())
        .build(backend)
        .unwrap();
    for issuer in [&root, &branch] {
        let faults = Fault::of(Side::Client).map(Some);
        for fault in faults.chain([None]) {
            let credential = presented(issuer, Side::Client, fault);
            for (tool, version) in meetings(Side::Client, fault) {
                let what = format!("{fault:?}, {} in {version:?}", tool.name);
                let (near, far) = socket_pair();
                let peer = Peer::new(version).presents(&credential).hears(0);
                let client = tool.call_over(near, peer);
                let result = server.accept(far);
                match fault {
                    Some(fault) => assert_eq!(reason_of(result, &what), fault.reason(), "{what}"),
                    None => drop(result.unwrap_or_else(|error| panic!("{what}: {error}"))),
                }
                client.outcome();
                handshakes += 1;
            }
        }
    }
    handshakes
}

fn servers_on<C: ClientBackend>(backend: C) -> usize {
    let mut handshakes = 0;
    let [root, branch] = cas();
    let client = client_builder(&root)
        .policy(policy())
        .revocation_lists(branch.revocation_lists())
        .build(backend)
        .unwrap();
    for issuer in [&root, &branch] {
        let faults = Fault::of(Side::Server).map(Some);
        for fault in faults.chain([None]) {
            let credential = presented(issuer, Side::Server, fault);
            for (tool, version) in meetings(Side::Server, fault) {
                let what = format!("{fault:?}, {} in {version:?}", tool.name);
                let (near, far) = socket_pair();
                let peer = Peer::new(version).presents(&credential).hears(0);
                let server = tool.serve_over(far, peer);
                let result = client.connect(NAME, near);
                match fault {
                    Some(fault) => assert_eq!(reason_of(result, &what), fault.reason(), "{what}"),
                    None => drop(result.unwrap_or_else(|error| panic!("{what}: {error}"))),
                }
                server.outcome();
                handshakes += 1;
            }
        }
    }
    handshakes
}

/// Who presents it, in which version.
fn meetings(side: Side, fault: Option<Fault>) -> Vec<(Tool, Version)> {
    let of = |tool: Tool| Version::ALL.map(|version| (tool, version));
    let mut meetings: Vec<_> = tools().into_iter().flat_map(of).collect();
    // A server on OpenSSL has no cipher suite of TLS 1.2 for such a key.
    if (side, fault) == (Side::Server, Some(Fault::WrongKeyUsage)) {
        meetings.retain(|(tool, version)| (tool.name, *version) != ("openssl", Version::Tls12));
    }
    meetings
}

/// Every fault and the sound peer, below two CAs, by two tools, in two versions.
fn expected(side: Side) -> usize {
    let all = (Fault::of(side).count() + 1) * 2 * 2 * 2;
    if side == Side::Server { all - 2 } else { all }
}

#[test]
fn of_clients_on_rustls() {
    assert_eq!(clients_on(Rustls::default()), expected(Side::Client));
}

#[test]
fn of_clients_on_openssl() {
    assert_eq!(clients_on(OpenSsl::default()), expected(Side::Client));
}

#[test]
fn of_servers_on_rustls() {
    assert_eq!(servers_on(Rustls::default()), expected(Side::Server));
}

#[test]
fn of_servers_on_openssl() {
    assert_eq!(servers_on(OpenSsl::default()), expected(Side::Server));
}

#[test]
fn are_named_once_each() {
    let mut texts: Vec<_> = Fault::ALL.iter().map(ToString::to_string).collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), Fault::ALL.len());
    assert_eq!(Fault::of(Side::Client).count(), Fault::ALL.len() - 1);
    assert_eq!(Fault::of(Side::Server).count(), Fault::ALL.len() - 1);
}

/// What says that it cannot be held by an identity cannot, and everything else can.
#[test]
fn an_identity_holds_all_but_three() {
    let ca = TestCa::new("Example CA");
    for &fault in Fault::ALL {
        let leaf = ca.leaf("peer").fault(fault);
        let held = std::panic::catch_unwind(AssertUnwindSafe(|| leaf.issue())).is_ok();
        let expected = !matches!(
            fault,
            Fault::DuplicateExtension | Fault::LeafIsCa | Fault::NoCertificate
        );
        assert_eq!(held, expected, "{fault:?}");
    }
}
