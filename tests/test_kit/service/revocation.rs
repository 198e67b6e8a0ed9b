//! A revoked client is really out, or the assertion says what is missing.

use std::future::Future;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mtls::connection::LiveConnections;
use mtls::test_util::assert_rejects_revoked_within;
use mtls::{OpenSsl, Rustls};
use tokio::net::TcpListener;

use super::{AT_MOST, NAME, Stage, VERSIONS, message_of, serve};

/// So much time is never needed, and is not waited for.
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_checks_passes_on_both_backends_in_both_versions() {
    for version in VERSIONS {
        let stage = Stage::new();
        let builder = || stage.service().protocol_versions([version]);
        let on_rustls = serve(builder().build(Rustls::default()).unwrap()).await.0;
        let on_openssl = serve(builder().build(OpenSsl::default()).unwrap()).await.0;
        for address in [on_rustls, on_openssl] {
            let begin = Instant::now();
            assert_rejects_revoked_within(address, NAME, &stage.ca, LIMIT, async {
                let lists = stage.ca.revocation_lists();
                stage.files.write_revocation_lists(&lists);
            })
            .await;
            assert!(begin.elapsed() < LIMIT, "it waited on after the end");
        }
    }
}

/// A runtime of one thread is that of `#[tokio::test]`.
#[tokio::test]
async fn one_thread_is_enough() {
    let stage = Stage::new();
    let address = serve(stage.service().build(Rustls::default()).unwrap())
        .await
        .0;
    assert_rejects_revoked_within(address, NAME, &stage.ca, AT_MOST, async {
        stage
            .files
            .write_revocation_lists(&stage.ca.revocation_lists());
    })
    .await;
}

/// Runs it against this service, with a `publish` that writes the lists. The address is that of the
/// guide then.
async fn message(service: impl FnOnce(&Stage) -> mtls::ServerBuilder) -> String {
    let stage = Stage::new();
    let server = service(&stage).build(Rustls::default()).unwrap();
    let address = serve(server).await.0;
    message_of(async move {
        let ca = stage.ca.clone();
        assert_rejects_revoked_within(address, NAME, &ca, Duration::from_millis(700), async {
            stage.files.write_revocation_lists(&ca.revocation_lists());
        })
        .await;
    })
    .await
    .replace(&address.to_string(), "127.0.0.1:40223")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_revocation_fails_in_both() {
    let text = message(Stage::without_revocation).await;
    assert!(
        text.contains("a new connection was not rejected: accepted (still open"),
        "{text}"
    );
    assert!(
        text.contains("the open connection was not closed"),
        "{text}"
    );
    assert!(text.contains("within 700ms"), "{text}");
    let shown = text.replace("700ms", "2s");
    assert!(
        crate::guide::GUIDE.contains(&shown),
        "the guide shows another text: {shown}"
    );
    assert!(text.contains("VerifierPolicy::revocation"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_leaves_connections_open_fails_in_that() {
    let text = message(|stage| stage.service().live_connections(LiveConnections::Notify)).await;
    assert!(!text.contains("a new connection"), "{text}");
    assert!(
        text.contains("the open connection was not closed"),
        "{text}"
    );
    assert!(text.contains("LiveConnections::Close"), "{text}");
    // It has the list, or would accept new ones.
    assert!(!text.contains("VerifierPolicy::revocation"), "{text}");
}

/// Serves with a handler that does nothing but wait for what `end` returns.
async fn idle<F>(stage: &Stage, end: fn(mtls::ConnectionHandle) -> F) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let server = stage.service().build(Rustls::default()).unwrap();
    let tcp = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = tcp.local_addr().unwrap();
    let mut listener = server.listener(tcp);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await;
            tokio::spawn(async move {
                end(stream.connection().clone()).await;
                drop(stream);
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_neither_reads_nor_writes_is_suspected() {
    let stage = Stage::new();
    let address = idle(&stage, |_| std::future::pending()).await;
    let text = message_of(async move {
        assert_rejects_revoked_within(address, NAME, &stage.ca, AT_MOST, async {
            let lists = stage.ca.revocation_lists();
            stage.files.write_revocation_lists(&lists);
        })
        .await;
    });
    let text = text.await;
    assert!(!text.contains("a new connection"), "{text}");
    assert!(
        text.contains("the open connection was not closed"),
        "{text}"
    );
    assert!(text.contains("neither reads nor writes"), "{text}");
    assert!(text.contains("`ConnectionHandle::ended`"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_waits_for_the_end_is_closed() {
    let stage = Stage::new();
    let address = idle(&stage, |handle| async move { drop(handle.ended().await) }).await;
    assert_rejects_revoked_within(address, NAME, &stage.ca, AT_MOST, async {
        let lists = stage.ca.revocation_lists();
        stage.files.write_revocation_lists(&lists);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_was_made_before_is_named() {
    let stage = Stage::new();
    let address = serve(stage.service().build(Rustls::default()).unwrap())
        .await
        .0;
    let text = message_of(async move {
        let before = stage.ca.revocation_lists();
        let at_most = Duration::from_millis(300);
        assert_rejects_revoked_within(address, NAME, &stage.ca, at_most, async {
            stage.files.write_revocation_lists(&before);
        })
        .await;
    });
    let text = text.await;
    assert!(text.contains("`publish` made no list"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_never_accepted_the_client_proves_nothing() {
    let (stage, other) = (Stage::new(), Stage::new());
    let address = serve(stage.service().build(Rustls::default()).unwrap())
        .await
        .0;
    let text = message_of(async move {
        assert_rejects_revoked_within(address, NAME, &other.ca, AT_MOST, async {}).await;
    });
    let text = text.await;
    assert!(
        text.contains("a sound client of the CA was not accepted before"),
        "{text}"
    );
    assert!(text.contains("the service's own certificate"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_gone_rejects_nobody() {
    let stage = Stage::new();
    let (address, serving) = serve(stage.service().build(Rustls::default()).unwrap()).await;
    let text = message_of(async move {
        let at_most = Duration::from_millis(300);
        assert_rejects_revoked_within(address, NAME, &stage.ca, at_most, async {
            stage
                .files
                .write_revocation_lists(&stage.ca.revocation_lists());
            serving.abort();
            serving.await.unwrap_err();
        })
        .await;
    });
    let text = text.await;
    assert!(text.contains("not reachable"), "{text}");
}
