//! A service follows its certificate, or the assertion says how it does not.

use std::time::Duration;

use mtls::test_util::assert_follows_rotation;
use mtls::{MtlsServer, OpenSsl, Rustls, VerifierPolicy};

use super::{AT_MOST, NAME, Stage, message_of, serve};

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_follows_its_files_passes_on_both_backends() {
    let stage = Stage::new();
    let builder = || stage.service();
    let on_rustls = serve(builder().build(Rustls::default()).unwrap()).await.0;
    let on_openssl = serve(builder().build(OpenSsl::default()).unwrap()).await.0;
    for address in [on_rustls, on_openssl] {
        let next = stage.ca.leaf("server").dns(NAME).issue();
        assert_follows_rotation(address, NAME, &stage.ca, &next, AT_MOST, async {
            stage.files.write_identity(&next);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_keeps_its_certificate_fails() {
    let stage = Stage::new();
    let server = MtlsServer::builder()
        .identity(stage.ca.leaf("server").dns(NAME).issue())
        .trust_anchors(stage.ca.anchors())
        .policy(VerifierPolicy::allow_any_authenticated())
        .build(Rustls::default())
        .unwrap();
    let address = serve(server).await.0;
    let text = message_of(async move {
        let next = stage.ca.leaf("server").dns(NAME).issue();
        let at_most = Duration::from_millis(300);
        assert_follows_rotation(address, NAME, &stage.ca, &next, at_most, async {}).await;
    });
    let text = text.await;
    assert!(
        text.contains("did not present the next certificate within 300ms"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_fails_on_the_way_is_a_fault() {
    let stage = Stage::new();
    let (address, serving) = serve(stage.service().build(Rustls::default()).unwrap()).await;
    let text = message_of(async move {
        let next = stage.ca.leaf("server").dns(NAME).issue();
        let at_most = Duration::from_millis(300);
        assert_follows_rotation(address, NAME, &stage.ca, &next, at_most, async {
            serving.abort();
            serving.await.unwrap_err();
        })
        .await;
    });
    let text = text.await;
    assert!(
        text.contains("was not accepted while its certificate was replaced"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_serves_already_proves_nothing() {
    let stage = Stage::new();
    let next = stage.ca.leaf("server").dns(NAME).issue();
    stage.files.write_identity(&next);
    let address = serve(stage.service().build(Rustls::default()).unwrap())
        .await
        .0;
    let text = message_of(async move {
        assert_follows_rotation(address, NAME, &stage.ca, &next, AT_MOST, async {}).await;
    });
    assert!(text.await.contains("before it was published"));
}
