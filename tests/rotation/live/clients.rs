//! Clients: the server is verified by the name that was asked for.

use std::io::{Read, Write};
use std::thread;

use mtls::backend::ClientBackend;
use mtls::connection::{LiveConnections, ProtocolVersion};
use mtls::policy::RevocationDepth;
use mtls::{ClientBuilder, MtlsClient, RevocationRules, VerifierPolicy};

use super::{
    Cause, Stage, Stream, VERSIONS, assert_aborted, assert_ends, assert_talks, meet, plain_server,
};
use crate::common::raw::LIMIT;

fn strike<B: ClientBackend>(stage: &Stage, client: &MtlsClient<B>, cause: Cause) {
    let policy = |matcher| VerifierPolicy::allow(matcher);
    let policy_with_rules = |matcher| stage.policy(matcher);
    let has_rules = B::KIND != mtls::backend::BackendKind::NativeTls;
    let server = &stage.cast.server;
    let rotation = if has_rules {
        stage.rotation(cause, server, policy_with_rules)
    } else {
        stage.rotation(cause, server, policy)
    };
    match rotation {
        Some(rotation) => drop(client.handle().rotate(rotation).unwrap()),
        None => stage.advance(),
    }
}

fn builder<B: ClientBackend>(
    stage: &Stage,
    version: ProtocolVersion,
    setting: LiveConnections,
) -> ClientBuilder {
    let builder = stage.client(version, setting);
    match B::KIND {
        mtls::backend::BackendKind::NativeTls => builder,
        _ => builder
            .policy(
                VerifierPolicy::allow_any_authenticated()
                    .revocation(RevocationRules::require(RevocationDepth::Leaf)),
            )
            .revocation_lists(stage.lists(None)),
    }
}

fn causes<B: ClientBackend>() -> impl Iterator<Item = Cause> {
    let has_lists = B::KIND != mtls::backend::BackendKind::NativeTls;
    Cause::ALL
        .into_iter()
        .filter(move |cause| has_lists || *cause != Cause::Revoked)
}

fn notified<B: ClientBackend + Default>(version: ProtocolVersion) {
    for cause in causes::<B>() {
        let stage = Stage::new();
        let client = builder::<B>(&stage, version, LiveConnections::Notify);
        let client = client.build(B::default()).unwrap();
        let (mut stream, mut served): (Stream<B>, _) = meet(&client, &plain_server(&stage));
        let live = stream.connection().clone();
        strike(&stage, &client, cause);
        let rejection = live.wait(LIMIT).expect("never notified");
        assert_eq!(
            rejection.rejection().unwrap().reason(),
            cause.reason(),
            "{rejection}"
        );
        assert_eq!(client.handle().tracked_connections(), 0);
        assert_talks(&mut stream, &mut served);
    }
}

fn closed<B: ClientBackend + Default>(version: ProtocolVersion) {
    for cause in causes::<B>() {
        let stage = Stage::new();
        let client = builder::<B>(&stage, version, LiveConnections::Close);
        let client = client.build(B::default()).unwrap();
        let (mut stream, served) = meet(&client, &plain_server(&stage));
        thread::scope(|scope| {
            let read = scope.spawn(|| {
                assert_aborted(stream.read(&mut [0; 8]), cause.reason());
                stream
            });
            let ended = scope.spawn(|| assert_ends(served));
            strike(&stage, &client, cause);
            let mut stream = read.join().unwrap();
            ended.join().unwrap();
            assert_aborted(stream.write(b"more"), cause.reason());
        });
    }
}

/// An anchor that is added rejects no peer.
fn kept<B: ClientBackend + Default>(version: ProtocolVersion) {
    let stage = Stage::new();
    let client = builder::<B>(&stage, version, LiveConnections::Close);
    let client = client.build(B::default()).unwrap();
    let (mut stream, mut served) = meet(&client, &plain_server(&stage));
    let both = super::anchors(&[&stage.cast.impostor, &stage.cast.root]);
    let rotation = mtls::Rotation::new().trust_anchors(both);
    client.handle().rotate(rotation).unwrap();
    let live = stream.connection();
    assert_eq!(live.wait(std::time::Duration::from_millis(100)), None);
    assert_talks(&mut stream, &mut served);
}

#[test]
fn are_notified_and_closed_on_rustls() {
    for version in VERSIONS {
        notified::<mtls::Rustls>(version);
        closed::<mtls::Rustls>(version);
        kept::<mtls::Rustls>(version);
    }
}

#[cfg(feature = "openssl")]
#[test]
fn are_notified_and_closed_on_openssl() {
    for version in VERSIONS {
        notified::<mtls::OpenSsl>(version);
        closed::<mtls::OpenSsl>(version);
        kept::<mtls::OpenSsl>(version);
    }
}

#[cfg(feature = "native-tls")]
#[test]
fn are_notified_and_closed_on_native_tls() {
    for version in VERSIONS {
        notified::<mtls::NativeTls>(version);
        closed::<mtls::NativeTls>(version);
        kept::<mtls::NativeTls>(version);
    }
}
