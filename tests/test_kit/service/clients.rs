//! A service whose policy names its clients, and what their certificates look like.

use std::collections::HashSet;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mtls::policy::RevocationDepth;
use mtls::test_util::{
    Fault, TestCa, TestLeaf, assert_follows_rotation, assert_rejects_all,
    assert_rejects_revoked_within,
};
use mtls::{OpenSsl, PeerMatcher, RevocationRules, Rustls, ServerBuilder, VerifierPolicy};
use openssl::pkey::PKey;
use openssl::ssl::{SslAcceptor, SslMethod, SslVerifyMode};
use openssl::x509::X509;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{AT_MOST, NAME, Stage, message_of, serve};

const PAYMENTS: &str = "spiffe://prod.example/payments";
const ORDERS: &str = "spiffe://prod.example/orders";

fn client(id: &str) -> TestLeaf {
    // All of them would have this number.
    let leaf = TestLeaf::named("payments").uri(id).client();
    leaf.serial_number(&[7])
}

/// Accepts payments alone.
fn service(stage: &Stage) -> ServerBuilder {
    let payments = PeerMatcher::spiffe_id(PAYMENTS).unwrap();
    let rules = RevocationRules::require(RevocationDepth::Leaf);
    let policy = VerifierPolicy::allow(payments).revocation(rules);
    stage.service().policy(policy)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_names_its_clients_is_tested_like_any_other() {
    let mut stage = Stage::new();
    stage.ca = stage.ca.clients(client(PAYMENTS));
    let (ca, files) = (&stage.ca, &stage.files);
    let on_rustls = serve(service(&stage).build(Rustls::default()).unwrap()).await;
    let on_openssl = serve(service(&stage).build(OpenSsl::default()).unwrap()).await;
    for address in [on_rustls.0, on_openssl.0] {
        let faults = [&Fault::of_clients()[..], &[Fault::Revoked]].concat();
        assert_rejects_all(address, NAME, ca, &faults).await;
        let next = ca.leaf(NAME).dns(NAME).server().issue();
        let publish = async { files.write_identity(&next) };
        assert_follows_rotation(address, NAME, ca, &next, AT_MOST, publish).await;
        let publish = async { files.write_revocation_lists(&ca.revocation_lists()) };
        assert_rejects_revoked_within(address, NAME, ca, AT_MOST, publish).await;
    }
}

/// Runs each assertion with clients that the policy does not accept.
async fn messages(client: impl Fn(TestCa) -> TestCa) -> Vec<String> {
    let mut stage = Stage::new();
    stage.ca = client(stage.ca);
    let server = service(&stage).build(Rustls::default()).unwrap();
    let address = serve(server).await.0;
    let ca = stage.ca.clone();
    let all = async move { assert_rejects_all(address, NAME, &ca, &[Fault::Expired]).await };
    let ca = stage.ca.clone();
    let revoked = async move {
        assert_rejects_revoked_within(address, NAME, &ca, AT_MOST, async {}).await;
    };
    let ca = stage.ca.clone();
    let rotation = async move {
        let next = ca.leaf(NAME).dns(NAME).server().issue();
        assert_follows_rotation(address, NAME, &ca, &next, AT_MOST, async {}).await;
    };
    vec![
        message_of(all).await,
        message_of(revoked).await,
        message_of(rotation).await,
    ]
}

const ASSERTIONS: [&str; 3] = [
    "assert_rejects_all",
    "assert_rejects_revoked_within",
    "assert_follows_rotation",
];

/// The message with the address of the guide.
fn shown_in_the_guide(text: &str) -> String {
    let (before, after) = text.split_once("service: ").unwrap();
    let (_, after) = after.split_once(", called").unwrap();
    format!("{before}service: 127.0.0.1:40223, called{after}")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_usual_client_fails_with_the_way_to_name_it() {
    let messages = messages(|ca| ca).await;
    let shown = shown_in_the_guide(&messages[1]);
    assert!(
        crate::guide::GUIDE.contains(&shown),
        "the guide shows another text: {shown}"
    );
    for (text, assertion) in messages.iter().zip(ASSERTIONS) {
        let begin = format!("{assertion}: a sound client of the CA was not accepted before ");
        assert!(text.starts_with(&begin), "{text}");
        assert!(text.contains(", called localhost\n"), "{text}");
        assert!(text.contains("\n  client: CN=mtls test client\n"), "{text}");
        assert!(text.contains("its policy may not accept"), "{text}");
        assert!(text.contains("`TestCa::clients`"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_another_name_fails_with_that_name() {
    for text in messages(|ca| ca.clients(client(ORDERS))).await {
        let shown = format!("\n  client: CN=payments, URI:{ORDERS}\n");
        assert!(text.contains(&shown), "{text}");
        assert!(text.contains("rejected (alert "), "{text}");
        assert!(text.contains("its policy may not accept"), "{text}");
    }
}

#[test]
#[should_panic(expected = "the clients of a CA have a fault: Some(Expired)")]
fn sound_clients_have_no_fault() {
    drop(TestCa::new("Example CA").clients(client(PAYMENTS).fault(Fault::Expired)));
}

/// Accepts every certificate, and records the URIs of each leaf.
fn recorder(ca: &TestCa) -> (SocketAddr, Arc<Mutex<Vec<Vec<String>>>>) {
    let identity = ca.leaf(NAME).dns(NAME).server().credential();
    let recorded: Arc<Mutex<Vec<Vec<String>>>> = Arc::default();
    let record = recorded.clone();
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).unwrap();
    let leaf = X509::from_der(identity.leaf()).unwrap();
    acceptor.set_certificate(&leaf).unwrap();
    let key = PKey::private_key_from_der(identity.key.secret_pkcs8_der()).unwrap();
    acceptor.set_private_key(&key).unwrap();
    acceptor.set_verify_callback(SslVerifyMode::PEER, |_, _| true);
    let acceptor = acceptor.build();
    let tcp = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = tcp.local_addr().unwrap();
    std::thread::spawn(move || {
        for socket in tcp.incoming() {
            let Ok(mut stream) = acceptor.accept(socket.unwrap()) else {
                continue;
            };
            let leaf = stream.ssl().peer_certificate();
            let names = leaf.and_then(|leaf| leaf.subject_alt_names());
            let uris = names.iter().flatten().filter_map(|name| name.uri());
            record
                .lock()
                .unwrap()
                .push(uris.map(str::to_owned).collect());
            // A line of data is the verdict, so that no client waits for it.
            stream.ssl_write(b"hello\n").unwrap();
        }
    });
    (address, recorded)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_has_the_names_of_the_template() {
    let ca = TestCa::new("Example CA").clients(client(PAYMENTS));
    let (address, recorded) = recorder(&ca);
    // These are about names, or about a certificate that can have none.
    let nameless = [Fault::MalformedName, Fault::NoCertificate, Fault::X509V1];
    let named = Fault::of_clients().into_iter();
    let named: Vec<Fault> = named.filter(|fault| !nameless.contains(fault)).collect();
    let faults = named.clone();
    let text = message_of(async move { assert_rejects_all(address, NAME, &ca, &faults).await });
    let text = text.await;
    let accepted = text.matches(": accepted (the service sent data)").count();
    assert_eq!(accepted, recorded.lock().unwrap().len() - 1, "{text}");
    let seen: HashSet<Vec<String>> = recorded.lock().unwrap().iter().cloned().collect();
    assert_eq!(seen, HashSet::from([vec![PAYMENTS.to_owned()]]), "{text}");
    assert_eq!(accepted, named.len(), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_time_out_for_idle_connections_is_suspected() {
    let stage = Stage::new();
    let server = stage.service().build(Rustls::default()).unwrap();
    let tcp = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let address = tcp.local_addr().unwrap();
    let mut listener = server.listener(tcp);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await;
            let mut buffer = [0; 64];
            let request = stream.read(&mut buffer);
            let idle = tokio::time::timeout(Duration::from_millis(100), request).await;
            assert!(idle.is_err(), "a client without a fault sends nothing");
            stream.shutdown().await.unwrap();
        }
    });
    let text = message_of(async move {
        assert_rejects_all(address, NAME, &stage.ca, &[Fault::Expired]).await;
    });
    let text = text.await;
    assert!(text.contains("rejected (closed)"), "{text}");
    assert!(text.contains("keep an idle connection open"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_trusts_another_ca_is_no_matter_of_names() {
    let stage = Stage::new();
    stage
        .files
        .write_anchors(&TestCa::new("Other CA").anchors());
    let server = stage.without_revocation().build(Rustls::default()).unwrap();
    let address = serve(server).await.0;
    let text = message_of(async move {
        assert_rejects_all(address, NAME, &stage.ca, &[Fault::Expired]).await;
    });
    let text = text.await;
    assert!(text.contains("rejected (alert unknown_ca)"), "{text}");
    assert!(
        text.contains("hint: have the service trust the CA (`TestCa::anchors`)"),
        "{text}"
    );
}
