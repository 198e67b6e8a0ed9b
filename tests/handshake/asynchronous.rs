//! The same over tokio, in small: the bodies are those of the blocking tests.

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::{PeerMatcher, RejectionReason as Reason};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::runtime;
use tokio::time::timeout;

use crate::common::ends::facade::{Notes, client_builder, server_builder};
use crate::common::ends::{MESSAGE, Setup};
use crate::common::raw::{LIMIT, Version};
use crate::scene::{ANY, Scene};

#[test]
fn allowed() {
    let scene = Scene::new().over_tokio();
    scene.is_allowed_and(|played| {
        let client = played.server.saw.peer.as_ref().unwrap();
        assert!(client.dns_names().eq(["alice.test"]));
    });
}

#[test]
fn rejected_by_the_server() {
    let scene = Scene::new().over_tokio();
    let mallory = scene.cast.mallory.clone();
    let matcher = PeerMatcher::spiffe_id("spiffe://prod.test/bob").unwrap();
    let accepting_bob = scene.clone().server_accepts(matcher);
    accepting_bob.client_is_rejected(Reason::NotAuthorized, &["CN=alice"]);
    let impostor = scene.client_presents(&mallory);
    impostor.client_is_rejected(Reason::UnknownIssuer, &["CN=mallory"]);
}

#[test]
fn rejected_by_the_client() {
    let scene = Scene::new().over_tokio();
    let wanting_db = scene
        .clone()
        .client_accepts(PeerMatcher::dns("db.test").unwrap());
    wanting_db.server_is_rejected(Reason::NotAuthorized, &["CN=server"]);
    let elsewhere = scene.client_asks_for("other.test");
    elsewhere.server_is_rejected(Reason::NameMismatch, &["CN=server"]);
}

#[test]
fn no_certificate() {
    let mut scene = Scene::new().over_tokio().raw_client(ANY);
    scene.client.identity = None;
    scene.client_is_rejected(Reason::NoCertificate, &[]);
    scene.server.optional = true;
    scene.is_allowed_and(|played| assert!(played.server.saw.peer.is_none()));
}

/// Both ends have to wait in the middle of everything, again and again.
#[test]
fn over_a_transport_that_takes_little_at_a_time() {
    #[cfg(feature = "rustls")]
    talk_in_small_bites::<mtls::Rustls, mtls::Rustls>();
    #[cfg(feature = "openssl")]
    talk_in_small_bites::<mtls::OpenSsl, mtls::OpenSsl>();
    #[cfg(all(feature = "native-tls", feature = "openssl"))]
    talk_in_small_bites::<mtls::NativeTls, mtls::OpenSsl>();
}

fn talk_in_small_bites<C: ClientBackend + Default, S: ServerBackend + Default>() {
    let scene = Scene::new();
    for version in Version::ALL {
        let setup = |setup: &Setup| Setup {
            version,
            ..setup.clone()
        };
        let client = client_builder(&setup(&scene.client), &Notes::default());
        let client = client.build(C::default()).unwrap();
        let server = server_builder(&setup(&scene.server), &Notes::default());
        let server = server.build(S::default()).unwrap();
        let (near, far) = duplex(7);
        let call = async {
            let mut stream = client.connect_async("localhost", near).await.unwrap();
            stream.write_all(MESSAGE).await.unwrap();
            stream.shutdown().await.unwrap();
            stream
                .peer()
                .dns_names()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let serve = async {
            let mut stream = server.accept_async(far).await.unwrap();
            let mut received = Vec::new();
            stream.read_to_end(&mut received).await.unwrap();
            assert_eq!(received, MESSAGE);
            stream
                .peer()
                .dns_names()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let both = async { timeout(LIMIT, async { tokio::join!(call, serve) }).await };
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let (by_client, by_server) = runtime.unwrap().block_on(both).expect("it never ended");
        assert_eq!(by_client, ["server.test", "localhost"]);
        assert_eq!(by_server, ["alice.test"]);
    }
}
