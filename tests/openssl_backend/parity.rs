//! Every chain of the test ground, on OpenSSL and on rustls.

use std::net::TcpStream;

use mtls::backend::ServerBackend;
use mtls::backend::{BackendKind, ClientBackend};
use mtls::error::Alert;
use mtls::{
    HandshakeError, MtlsClient, MtlsServer, OpenSsl, Rejection, RejectionReason, Rustls,
    VerifierPolicy,
};

use super::common::chains::{self, Case, Presenter};
use super::common::pki::Cast;
use super::common::raw::{Peer, Tool, Version, socket_pair, tools};
use super::{anchors, identity, protocol, server};

/// The verdict, and the alert that the peer was sent.
type Verdicts = (Result<(), Rejection>, Option<u8>);

fn verified_by_server<S: ServerBackend>(
    case: &Case,
    tool: Tool,
    version: Version,
    backend: S,
) -> Verdicts {
    let server: MtlsServer<S> = server(&Cast::assemble(), version)
        .trust_anchors(anchors(&case.anchors))
        .policy(VerifierPolicy::allow_any_authenticated().profile(case.profile))
        .build(backend)
        .unwrap();
    let (near, far) = socket_pair();
    let caller = tool.call_over(near, Peer::new(version).presents(&case.presented));
    let verdict = verdict(case, server.accept::<TcpStream>(far));
    (verdict, caller.outcome().alert)
}

fn verified_by_client<C: ClientBackend>(
    case: &Case,
    tool: Tool,
    version: Version,
    backend: C,
) -> Verdicts {
    let client: MtlsClient<C> = MtlsClient::builder()
        .identity(identity(&Cast::assemble().alice))
        .trust_anchors(anchors(&case.anchors))
        .policy(VerifierPolicy::allow_any_authenticated().profile(case.profile))
        .protocol_versions([protocol(version)])
        .build(backend)
        .unwrap();
    let (near, far) = socket_pair();
    let serving = tool.serve_over(far, Peer::new(version).presents(&case.presented));
    let verdict = verdict(
        case,
        client.connect::<TcpStream>(case.server_name.unwrap(), near),
    );
    (verdict, serving.outcome().alert)
}

#[track_caller]
fn verdict<T>(case: &Case, result: Result<T, HandshakeError>) -> Result<(), Rejection> {
    match result {
        Ok(_) => Ok(()),
        Err(HandshakeError::Rejected(rejection)) => Err(rejection),
        Err(other) => panic!("{}: {other:?}", case.name),
    }
}

/// What OpenSSL sends, where it is not what the table of reasons says.
fn exception(rejection: &Rejection, version: Version) -> Option<Alert> {
    match (rejection.reason(), version) {
        // TLS 1.2 has no alert for it.
        (RejectionReason::NoCertificate, Version::Tls12) => Some(Alert::HANDSHAKE_FAILURE),
        // OpenSSL came to no certificate that it could have asked about.
        (RejectionReason::MalformedCertificate, _) => Some(Alert::from_code(50)),
        _ => None,
    }
}

/// Whether this case's verdict is the same on both; panics when it may not be another.
fn compare(case: &Case, version: Version, ours: &Verdicts, theirs: &Verdicts) {
    let what = format!(
        "{} in {version:?}: {ours:?}, on rustls {theirs:?}",
        case.name
    );
    let reason = |verified: &Verdicts| verified.0.as_ref().err().map(Rejection::reason);
    if reason(ours) != reason(theirs) {
        assert!(
            case.several_issuers_of_one_name && ours.0.is_err(),
            "{what}"
        );
    }
    if let Err(rejection) = &ours.0 {
        println!(
            "{version:?} {:?} {:?}: {}",
            rejection.reason(),
            ours.1,
            case.name
        );
        let reported = BackendKind::OpenSsl
            .alert_for(rejection.reason())
            .map(Alert::code);
        let exception = exception(rejection, version).map(Alert::code);
        assert!(ours.1 == reported || ours.1 == exception, "{what}");
    }
}

fn each(cases: Vec<Case>, compare: impl Fn(&Case, Tool, Version)) {
    for case in cases {
        // Those need a signature scheme that we do not offer.
        if case.presenter == Presenter::OpensslOnOffer {
            continue;
        }
        for tool in tools()
            .into_iter()
            .filter(|tool| case.presentable_by(*tool))
        {
            for version in Version::ALL {
                compare(&case, tool, version);
            }
        }
    }
}

#[test]
fn clients_get_the_same_reason_as_on_rustls() {
    each(chains::clients(), |case, tool, version| {
        let ours = verified_by_server(case, tool, version, OpenSsl::default());
        let theirs = verified_by_server(case, tool, version, Rustls::default());
        compare(case, version, &ours, &theirs);
    });
}

#[test]
fn servers_get_the_same_reason_as_on_rustls() {
    each(chains::servers(), |case, tool, version| {
        let ours = verified_by_client(case, tool, version, OpenSsl::default());
        let theirs = verified_by_client(case, tool, version, Rustls::default());
        compare(case, version, &ours, &theirs);
        // A client sees everything that the server sent.
        assert_eq!(ours.0.is_ok(), theirs.0.is_ok(), "{}", case.name);
    });
}
