//! What both ends must have seen of a handshake.

use std::io;

use mtls::backend::BackendKind;
use mtls::connection::ProtocolVersion;
use mtls::error::Alert;
use mtls::{HandshakeError, Rejection, RejectionReason as Reason};

use crate::common::ends::{Ended, MESSAGE};
use crate::common::raw::Version;
use crate::scene::{Part, Played, Scene};

impl Scene {
    /// Every client connects to every server, and both can talk.
    #[track_caller]
    pub(crate) fn is_allowed(&self) {
        self.is_allowed_and(|_| {});
    }

    /// As [`is_allowed`](Self::is_allowed), and more holds of what both saw.
    #[track_caller]
    pub(crate) fn is_allowed_and(&self, more: impl Fn(&Played<'_>)) {
        self.play(&self.clients(), &self.servers(), |played| {
            for part in [played.client, played.server] {
                assert_talked(part, played.version);
            }
            more(played);
        });
    }

    /// Every server rejects every client for this reason; each of the `words` stands in what it says about it.
    #[track_caller]
    pub(crate) fn client_is_rejected(&self, reason: Reason, words: &[&str]) {
        self.play(&self.suspects(), &self.servers(), |played| {
            let rejection = assert_rejected(played.server, reason, words);
            let alert = alert_of_server(played, rejection);
            assert_reported(played.client, alert, played.version == Version::Tls13);
        });
    }

    /// Every client rejects every server for this reason; each of the `words` stands in what it says about it.
    #[track_caller]
    pub(crate) fn server_is_rejected(&self, reason: Reason, words: &[&str]) {
        self.play(&self.clients(), &self.suspect_servers(), |played| {
            let rejection = assert_rejected(played.client, reason, words);
            match played
                .client
                .kind
                .expect("a facade")
                .alert_for(rejection.reason())
            {
                // A server is never done before the client is.
                Some(alert) => assert_reported(played.server, alert, false),
                None => assert_left(played.server),
            }
        });
    }
}

fn assert_talked(part: Part<'_>, version: Version) {
    let saw = part.saw;
    assert!(saw.completed && saw.ended.is_none() && saw.reported.is_none());
    assert!(saw.observed.is_empty());
    assert_eq!(saw.received, MESSAGE);
    let spoken = match version {
        Version::Tls12 => ProtocolVersion::Tls12,
        Version::Tls13 => ProtocolVersion::Tls13,
    };
    assert_eq!(saw.version, part.kind.map(|_| spoken));
}

/// This facade rejected the other end, said why, and called its observer once; the application got
/// nothing.
fn assert_rejected<'a>(part: Part<'a>, reason: Reason, words: &[&str]) -> &'a Rejection {
    let saw = part.saw;
    let Some(Ended::Handshake(HandshakeError::Rejected(rejection))) = &saw.ended else {
        panic!("not rejected: {:?}", saw.ended);
    };
    assert_eq!(rejection.reason(), reason, "{rejection}");
    assert!(!rejection.hint().is_empty());
    let said = format!("{rejection}; {}", rejection.hint());
    // On native-tls it may be the platform that rejected, in its own words.
    let words = if part.kind == Some(BackendKind::NativeTls) {
        &[]
    } else {
        words
    };
    for word in words {
        assert!(said.contains(word), "no {word:?} in {said:?}");
    }
    assert_eq!(saw.observed, std::slice::from_ref(rejection));
    assert!(!saw.completed && saw.received.is_empty() && saw.peer.is_none());
    rejection
}

/// This end received the alert, and the application received nothing else. `late`: its handshake was over by then.
pub(crate) fn assert_reported(part: Part<'_>, alert: Alert, late: bool) {
    let saw = part.saw;
    assert_eq!(saw.reported, Some(alert.code()), "{alert} was not reported");
    assert!(saw.received.is_empty() && saw.observed.is_empty());
    assert_eq!(saw.completed, late);
    let Some(ended) = &saw.ended else {
        assert!(part.kind.is_none(), "a facade without an error");
        return;
    };
    match ended.error() {
        Some(HandshakeError::RejectedByPeer { hint, .. }) => assert!(!hint.is_empty()),
        other => panic!("not reported by the peer: {other:?}"),
    }
    match ended {
        Ended::Handshake(_) => assert!(!late),
        Ended::Later(error) => {
            assert!(late);
            assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        }
    }
}

/// The other end went away in its own manner; the application heard nothing.
fn assert_left(part: Part<'_>) {
    assert!(part.saw.received.is_empty() && part.saw.observed.is_empty());
    assert!(part.saw.ended.is_some() || part.kind.is_none());
}

/// By the table of alerts.
fn alert_of_server(played: &Played<'_>, rejection: &Rejection) -> Alert {
    let kind = played.server.kind.expect("a facade");
    // TLS 1.2 has no alert for it (RFC 5246, section 7.4.6); rustls sends that of TLS 1.3 all the same.
    if kind == BackendKind::OpenSsl
        && played.version == Version::Tls12
        && rejection.reason() == Reason::NoCertificate
    {
        return Alert::HANDSHAKE_FAILURE;
    }
    kind.alert_for(rejection.reason())
        .expect("a server sends an alert")
}
