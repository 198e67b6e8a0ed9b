//! Application protocols (RFC 7301).

use mtls::HandshakeError;
use mtls::error::Alert;

use crate::common::ends::Ended;
use crate::scene::{ANY, Scene};
use crate::verdict::assert_reported;

fn scene(client: &'static [&'static str], server: &'static [&'static str]) -> Scene {
    let mut scene = Scene::new();
    (scene.client.alpn, scene.server.alpn) = (client, server);
    scene
}

#[test]
fn the_servers_choice_is_spoken() {
    let scene = scene(&["http/1.1", "h2"], &["h2", "http/1.1"]);
    scene.is_allowed_and(|played| {
        for part in [played.client, played.server] {
            assert_eq!(part.saw.alpn.as_deref(), Some(&b"h2"[..]));
        }
    });
}

#[test]
fn none_is_spoken_where_one_end_has_none() {
    for scene in [scene(&["h2"], &[]), scene(&[], &["h2"])] {
        scene.is_allowed_and(|played| {
            assert!(played.client.saw.alpn.is_none() && played.server.saw.alpn.is_none());
        });
    }
}

#[test]
fn no_common_protocol() {
    let scene = scene(&["h2"], &["http/1.1", "other"]);
    scene.play(&scene.suspects(), &scene.servers(), |played| {
        let saw = played.server.saw;
        let Some(Ended::Handshake(HandshakeError::NoCommonProtocol)) = saw.ended else {
            panic!("it went on");
        };
        assert!(!saw.completed && saw.received.is_empty() && saw.observed.is_empty());
        assert_reported(played.client, Alert::NO_APPLICATION_PROTOCOL, false);
    });
}

#[test]
fn no_common_protocol_by_a_raw_server() {
    let scene = scene(&["h2"], &["http/1.1"]).raw_server(ANY);
    scene.play(&scene.clients(), &scene.servers(), |played| {
        assert_reported(played.client, Alert::NO_APPLICATION_PROTOCOL, false);
        assert!(!played.server.saw.completed);
    });
}
