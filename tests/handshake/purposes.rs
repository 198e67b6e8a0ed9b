//! A leaf that is not for its side is reported when a client or server is built.

use std::sync::{Arc, Mutex};

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::material::IdentityWarning;
use mtls::rotation::SelfTrust;
use mtls::{Event, MtlsClient, MtlsIdentity, MtlsServer, TrustAnchors, VerifierPolicy};

use crate::common::backends::with_client_backend;
use crate::common::pki::{Cast, Credential};

type Received = Arc<Mutex<Vec<IdentityWarning>>>;

fn observer(received: &Received) -> impl Fn(&Event<'_>) + Send + Sync + 'static {
    let received = Arc::clone(received);
    move |event| {
        if let Event::IdentityWarning(warning) = event {
            received.lock().unwrap().push((*warning).clone());
        }
    }
}

fn identity(credential: &Credential) -> MtlsIdentity {
    MtlsIdentity::from_der(credential.chain.clone(), credential.key.secret_pkcs8_der()).unwrap()
}

fn anchors(cast: &Cast) -> TrustAnchors {
    TrustAnchors::from_der([cast.root.certificate()]).unwrap()
}

fn client<B: ClientBackend + Default>(cast: &Cast, own: &MtlsIdentity) -> Vec<IdentityWarning> {
    let received = Received::default();
    let builder = MtlsClient::builder()
        .identity(own.clone())
        .trust_anchors(anchors(cast))
        .observer(observer(&received));
    builder.build(B::default()).unwrap();
    assert!(own.warnings().is_empty());
    std::mem::take(&mut received.lock().unwrap())
}

/// Builds a client on a backend, and returns what its observer received.
type Build = fn(&Cast, &MtlsIdentity) -> Vec<IdentityWarning>;

fn client_on<B: ClientBackend + Default>(_: B) -> Build {
    client::<B>
}

fn server<B: ServerBackend + Default>(
    cast: &Cast,
    own: &MtlsIdentity,
    received: &Received,
) -> MtlsServer<B> {
    MtlsServer::builder()
        .identity(own.clone())
        .trust_anchors(anchors(cast))
        .policy(VerifierPolicy::allow_any_authenticated())
        .self_trust(SelfTrust::Skip)
        .observer(observer(received))
        .build(B::default())
        .unwrap()
}

#[track_caller]
fn assert_missing(received: &[IdentityWarning], wanted: &str, lists: &str, remedy: &str) {
    let [
        warning @ IdentityWarning::MissingPurpose {
            subject,
            missing,
            listed,
        },
    ] = received
    else {
        panic!("{received:?}")
    };
    assert_eq!((*missing, &**listed), (wanted, lists));
    let said = warning.to_string();
    assert!(said.contains(&**subject), "{said}");
    assert!(warning.hint().contains(remedy), "{}", warning.hint());
    assert_eq!(said.lines().count(), 1);
}

#[test]
fn building_a_client_reports_a_missing_purpose() {
    let cast = Cast::assemble();
    let clients = mtls::backend::BackendKind::ALL
        .iter()
        .filter_map(|kind| with_client_backend!(*kind, |backend| client_on(backend)));
    let good = identity(&cast.alice);
    let wrong = identity(&cast.server);
    for build in clients {
        assert!(build(&cast, &good).is_empty());
        assert_missing(
            &build(&cast, &wrong),
            "clientAuth",
            "serverAuth",
            "a private CA",
        );
    }
}

#[cfg(feature = "rustls")]
#[test]
fn a_server_too_and_once_for_each_identity() {
    let cast = Cast::assemble();
    let (good, wrong) = (identity(&cast.server), identity(&cast.alice));
    let received = Received::default();
    let take = || std::mem::take(&mut *received.lock().unwrap());
    let remedy = "reissued with serverAuth";
    server::<mtls::Rustls>(&cast, &wrong, &received);
    assert_missing(&take(), "serverAuth", "clientAuth", remedy);
    #[cfg(feature = "openssl")]
    {
        server::<mtls::OpenSsl>(&cast, &wrong, &received);
        assert_missing(&take(), "serverAuth", "clientAuth", remedy);
    }
    let server = server::<mtls::Rustls>(&cast, &good, &received);
    assert!(take().is_empty());
    let rotate = |own: &MtlsIdentity| {
        server
            .handle()
            .rotate(mtls::Rotation::new().identity(own.clone()))
    };
    rotate(&wrong).unwrap();
    assert_missing(&take(), "serverAuth", "clientAuth", remedy);
    rotate(&wrong).unwrap();
    assert!(take().is_empty());
    rotate(&good).unwrap();
    assert!(take().is_empty());
}
