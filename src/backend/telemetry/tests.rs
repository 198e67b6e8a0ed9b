//! Without a recorder and a subscriber, nothing is allocated.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pki_types::{CertificateDer, UnixTime};
use rcgen::{CertificateParams, KeyPair};

use super::{EventSink, RevisionTimes};
use crate::backend::event::connection_end::{EndCause, EndReason};
use crate::backend::event::handshake::{HandshakeEvent, HandshakeOutcome};
use crate::backend::event::{Event, ExpiringItem};
use crate::backend::handshake_error::HandshakeError;
use crate::backend::session::connection_info::{ConnectionId, ConnectionInfo};
use crate::backend::session::protocol_version::ProtocolVersion;
use crate::backend::session::session_info::SessionInfo;
use crate::error::{Alert, BackendKind, ReloadFailure};
use crate::material::SignatureScheme;
use crate::peer::{NameRanges, PeerIdentity, ProvedPath};
use crate::policy::{Rejection, RejectionReason};
use crate::recent::Recent;
use crate::side::Side;
use crate::x509::Certificate;

const SIDE: Side = Side::Server;

fn peer() -> PeerIdentity {
    let params = CertificateParams::new(["peer.test".to_owned()]).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate: CertificateDer<'static> = params.self_signed(&key).unwrap().into();
    let leaf = Certificate::from_der(&certificate).unwrap();
    let path = ProvedPath {
        intermediates: Box::default(),
        anchor: Arc::new(certificate.clone()),
        not_before: leaf.not_before,
        not_after: leaf.not_after,
    };
    let chain = std::slice::from_ref(&certificate);
    PeerIdentity::new(
        &leaf,
        NameRanges::default(),
        chain,
        Some(path),
        &Recent::default(),
    )
}

fn connection(peer: &PeerIdentity) -> ConnectionInfo {
    ConnectionInfo {
        id: ConnectionId::new(7),
        remote_addr: Some(([192, 0, 2, 1], 4711).into()),
        side: SIDE,
        backend: BackendKind::Rustls,
        revision: 1,
        peer: Some(peer.clone()),
        session: Some(Arc::new(SessionInfo {
            protocol_version: ProtocolVersion::Tls13,
            cipher_suite: Some("TLS13_AES_256_GCM_SHA384".into()),
            key_exchange_group: Some("x25519".into()),
            signature_scheme: Some(SignatureScheme::Ed25519),
            alpn: Some(b"h2".to_vec()),
            server_name: Some("db.internal".into()),
            is_resumed: false,
        })),
        opened_at: Instant::now(),
    }
}

/// Reports a handshake as `HandshakeReport` does.
fn handshake(sink: &EventSink, outcome: HandshakeOutcome<'_>) {
    let connection = ConnectionId::new(7);
    let span = sink
        .tracer()
        .handshake(SIDE, BackendKind::Rustls, connection);
    span.asks_for("db.internal");
    let event = HandshakeEvent {
        connection,
        remote_addr: Some(([192, 0, 2, 1], 4711).into()),
        side: SIDE,
        backend: BackendKind::Rustls,
        revision: 1,
        duration: Duration::from_millis(3),
        outcome,
    };
    span.end(&event, || sink.send(SIDE, &Event::Handshake(&event)));
}

/// Of a series, the first value allocates its key, and no other.
#[test]
fn nothing_is_allocated_where_nothing_listens() {
    let sink = EventSink::new("quiet", None);
    let peer = peer();
    let connection = connection(&peer);
    let rejection = Rejection::new(RejectionReason::UnknownIssuer);
    let rejected = HandshakeError::Rejected(rejection.clone());
    let by_peer = HandshakeError::by_peer(Alert::UNKNOWN_CA);
    let io = HandshakeError::Io(io::Error::from(io::ErrorKind::ConnectionReset));
    let failure = ReloadFailure {
        occurred_at: UnixTime::since_unix_epoch(Duration::ZERO),
        consecutive: 1,
        origin: None,
        error: "the vault is away".into(),
    };
    let reasons = [
        EndReason::Rejected(rejection.clone()),
        EndReason::Retired { revision: 2 },
    ];
    let now = UnixTime::now();
    let times = RevisionTimes {
        identity: Some(now),
        anchors: Some(now),
        lists: Some(now),
        lists_updated: Some(now),
    };
    let accept_failed = io::Error::from(io::ErrorKind::Other);
    let all = || {
        handshake(&sink, HandshakeOutcome::Accepted(&connection));
        for error in [&rejected, &by_peer, &io, &HandshakeError::Cancelled] {
            handshake(&sink, HandshakeOutcome::Failed(error));
        }
        let (peer, rejection) = (&peer, &rejection);
        let expiring = Event::Expiring {
            what: ExpiringItem::Identity,
            subject: "CN=server",
            expires_at: now,
            left: Duration::ZERO,
        };
        let ended = Event::ConnectionEnded {
            connection: &connection,
            cause: EndCause::Closed,
            duration: Duration::ZERO,
        };
        let side = SIDE;
        for event in [
            Event::AcceptFailed(&accept_failed),
            ended,
            expiring,
            Event::PeerVerified {
                side,
                verdict: Ok(peer),
            },
            Event::PeerVerified {
                side,
                verdict: Err(rejection),
            },
            Event::ReloadFailed(&failure),
            Event::Rotated { revision: 2 },
            Event::ShadowAccepted { peer, rejection },
            Event::ShadowRejected { peer, rejection },
        ] {
            sink.send(side, &event);
        }
        for reason in &reasons {
            let connection = &connection;
            sink.send(side, &Event::ConnectionEnding { connection, reason });
        }
        sink.count_reload(side, false);
    };
    sink.show_revision(SIDE, 1, times);
    all();
    let allocated = allocation_counter::measure(all);
    assert_eq!(allocated.count_total, 0, "{allocated:?}");
    // It would be seen.
    let allocated = allocation_counter::measure(|| drop(vec![1_u8]));
    assert_eq!(allocated.count_total, 1);
}
