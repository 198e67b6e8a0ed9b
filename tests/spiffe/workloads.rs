//! Workloads, each with an agent of its own, that meet over loopback.

use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::{
    ClientBuilder, MtlsClient, MtlsServer, PeerIdentity, PeerMatcher, ServerBuilder, Status,
    VerifierPolicy,
};

use super::agent::{Agent, until};
use super::common::on_one_line;
use super::common::raw::socket_pair;

/// So that nothing is seen but what the source calls for.
const NEVER: Duration = Duration::from_secs(3600);
const WEB: &str = "spiffe://prod.test/web";

/// A server that accepts trust domains as a whole.
pub(crate) fn web(agent: &Agent) -> ServerBuilder {
    let domains = ["prod.test", "partner.test"];
    let domains = domains.map(|domain| PeerMatcher::trust_domain(domain).unwrap());
    MtlsServer::builder()
        .policy(VerifierPolicy::allow(PeerMatcher::any_of(domains).unwrap()))
        .source(agent.source())
        .poll_interval(NEVER)
}

/// A client that talks to that server alone.
pub(crate) fn app(agent: &Agent) -> ClientBuilder {
    MtlsClient::builder()
        .policy(VerifierPolicy::server_spiffe(
            PeerMatcher::spiffe_id(WEB).unwrap(),
        ))
        .source(agent.source())
        .poll_interval(NEVER)
}

/// The peer of each side (of the client the server, of the server the client), or why there is
/// none. Either side may fail alone.
pub(crate) type Met = (Result<PeerIdentity, String>, Result<PeerIdentity, String>);

/// Lets them shake hands and say a word each.
pub(crate) fn meet<C: ClientBackend, S: ServerBackend>(
    client: &MtlsClient<C>,
    server: &MtlsServer<S>,
) -> Met {
    let (near, far) = socket_pair();
    thread::scope(|scope| {
        let served = scope.spawn(move || {
            let mut stream = server.accept(far).map_err(|error| on_one_line(&error))?;
            stream
                .write_all(b"!")
                .map_err(|error| on_one_line(&error))?;
            stream.read(&mut [0]).map_err(|error| on_one_line(&error))?;
            Ok(stream.peer().clone())
        });
        let call = || {
            let stream = client.connect("any.name.test", near);
            let mut stream = stream.map_err(|error| on_one_line(&error))?;
            stream.read(&mut [0]).map_err(|error| on_one_line(&error))?;
            stream
                .write_all(b"!")
                .map_err(|error| on_one_line(&error))?;
            Ok(stream.peer().clone())
        };
        (call(), served.join().unwrap())
    })
}

/// They meet, and these are the subjects that they see.
#[track_caller]
pub(crate) fn assert_meet<C: ClientBackend, S: ServerBackend>(
    client: &MtlsClient<C>,
    server: &MtlsServer<S>,
    seen: [&str; 2],
) {
    match meet(client, server) {
        (Ok(server), Ok(client)) => {
            let subjects = [server.subject(), client.subject()];
            assert_eq!(subjects, seen.map(|name| format!("CN={name}")));
            assert_eq!(server.spiffe_id().unwrap().as_str(), WEB);
        }
        other => panic!("{other:?}"),
    }
}

/// They do not, since one of them says what holds `reason`.
#[track_caller]
pub(crate) fn assert_apart<C: ClientBackend, S: ServerBackend>(
    client: &MtlsClient<C>,
    server: &MtlsServer<S>,
    reason: &str,
) {
    let met = meet(client, server);
    let said = |end: &Result<_, String>| end.as_ref().is_err_and(|said| said.contains(reason));
    assert!(said(&met.0) || said(&met.1), "{reason}: {met:?}");
}

/// Waits until the status fits.
#[track_caller]
pub(crate) fn until_status(status: impl Fn() -> Status, fits: impl Fn(&Status) -> bool) -> Status {
    until(|| match status() {
        status if fits(&status) => Ok(status),
        status => Err(format!("{status:?}")),
    })
}

/// Waits until the last attempt failed, with words that hold `part`.
#[track_caller]
pub(crate) fn until_failure(status: impl Fn() -> Status, part: &str) -> Status {
    until_status(status, |status| {
        let failure = status.last_failure();
        failure.is_some_and(|failure| on_one_line(failure).contains(part))
    })
}
