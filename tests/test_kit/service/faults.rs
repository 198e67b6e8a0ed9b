//! Which faults a service lets in.

use mtls::test_util::{Fault, assert_rejects_all};
use mtls::{OpenSsl, Rustls};

use super::{NAME, Stage, VERSIONS, message_of, serve};

/// Those that every service rejects, and what its lists say.
fn all() -> Vec<Fault> {
    let mut all = Fault::of_clients();
    all.push(Fault::Revoked);
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn our_servers_reject_all_on_both_backends_in_both_versions() {
    for version in VERSIONS {
        let stage = Stage::new();
        let builder = || stage.service().protocol_versions([version]);
        let on_rustls = serve(builder().build(Rustls::default()).unwrap()).await.0;
        let on_openssl = serve(builder().build(OpenSsl::default()).unwrap()).await.0;
        for address in [on_rustls, on_openssl] {
            assert_rejects_all(address, NAME, &stage.ca, &all()).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_were_let_in_are_listed_and_no_others() {
    let stage = Stage::new();
    let builder = stage.without_revocation().optional_client_auth();
    let address = serve(builder.build(Rustls::default()).unwrap()).await.0;
    let text = message_of(async move {
        assert_rejects_all(address, NAME, &stage.ca, &all()).await;
    });
    let text = text.await;
    for &fault in &all() {
        let listed = text.contains(&format!("\n  {fault:?} ({fault}): accepted"));
        let is_open = matches!(fault, Fault::NoCertificate | Fault::Revoked);
        assert_eq!(listed, is_open, "{fault:?}: {text}");
    }
    assert_eq!(text.matches("\nhint: ").count(), 2, "{text}");
    assert!(text.contains("require a client certificate"), "{text}");
    assert!(
        text.contains("hint: for `Revoked`, have the service load"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_servers_is_a_mistake() {
    let stage = Stage::new();
    let address = serve(stage.service().build(Rustls::default()).unwrap())
        .await
        .0;
    let text = message_of(async move {
        assert_rejects_all(address, NAME, &stage.ca, &[Fault::WrongName]).await;
    });
    assert!(text.await.contains("WrongName is a fault of servers"));
}

#[tokio::test]
async fn without_a_fault_nothing_is_tested() {
    let stage = Stage::new();
    let address = serve(stage.service().build(Rustls::default()).unwrap())
        .await
        .0;
    let text = message_of(async move {
        assert_rejects_all(address, NAME, &stage.ca, &[]).await;
    });
    assert!(text.await.contains("no fault to be rejected"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_at_the_address_rejects_nothing() {
    let stage = Stage::new();
    let (address, serving) = serve(stage.service().build(Rustls::default()).unwrap()).await;
    serving.abort();
    serving.await.unwrap_err();
    let text = message_of(async move {
        assert_rejects_all(address, NAME, &stage.ca, &[Fault::Expired]).await;
    });
    assert!(text.await.contains("not reachable"));
}
