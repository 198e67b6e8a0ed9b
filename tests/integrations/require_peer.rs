//! Only the peers of the matcher reach a route, by the revision in force.

use std::convert::Infallible;

use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, StatusCode};
use mtls::tower::RequirePeer;
use mtls::{PeerMatcher, Rotation, Rustls, VerifierPolicy};
use tokio::time::timeout;
use tower::{Layer, ServiceExt, service_fn};

use super::common::pki::Cast;
use super::common::raw::{Peer, Version, tools};
use super::{LIMIT, bind, client, runtime, server};

type Body = Empty<Bytes>;

async fn welcome<T>(_: Request<T>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Body::new()))
}

fn dns(name: &str) -> PeerMatcher {
    PeerMatcher::dns(name).unwrap()
}

/// Two requests on one connection, with something in between.
fn statuses(alpn: &str, allowed: &str, between: Option<Rotation>) -> [StatusCode; 2] {
    let cast = Cast::assemble();
    runtime().block_on(async {
        let server = server(&cast).alpn([alpn]).build(Rustls::default()).unwrap();
        let (tcp, url) = bind().await;
        let service = RequirePeer::new(dns(allowed)).layer(service_fn(welcome::<Incoming>));
        let serving = tokio::spawn(mtls::hyper::serve(server.listener(tcp), service).into_future());
        let client = client(&cast).alpn([alpn]).build(Rustls::default()).unwrap();
        let http = mtls::hyper::Client::new(&client);
        let get = async || {
            let request = Request::get(&url).body(Body::new()).unwrap();
            timeout(LIMIT, http.request(request))
                .await
                .unwrap()
                .unwrap()
        };
        let first = get().await;
        if let Some(rotation) = between {
            server.handle().rotate(rotation).unwrap();
        }
        let second = get().await;
        let id = |response: &Response<Incoming>| {
            let handle: &mtls::ConnectionHandle = response.extensions().get().unwrap();
            handle.id()
        };
        assert_eq!(id(&first), id(&second), "they are on one connection");
        serving.abort();
        [first.status(), second.status()]
    })
}

#[test]
fn the_peer_has_to_match() {
    for alpn in ["h2", "http/1.1"] {
        assert_eq!(statuses(alpn, "alice.test", None), [StatusCode::OK; 2]);
        let forbidden = [StatusCode::FORBIDDEN; 2];
        assert_eq!(statuses(alpn, "other.test", None), forbidden);
    }
}

/// The connection stays open, and the policy of the new revision counts.
#[test]
fn a_peer_that_is_rejected_now_is_shut_out_at_once() {
    for alpn in ["h2", "http/1.1"] {
        let narrowed = Rotation::new().policy(VerifierPolicy::allow(dns("other.test")));
        let statuses = statuses(alpn, "alice.test", Some(narrowed));
        assert_eq!(statuses, [StatusCode::OK, StatusCode::FORBIDDEN]);
    }
}

#[test]
fn who_has_no_name_does_not_pass() {
    let cast = Cast::assemble();
    runtime().block_on(async {
        let service = RequirePeer::new(PeerMatcher::any_authenticated());
        let service = service.layer(service_fn(welcome::<Body>));
        // No connection is known.
        let request = Request::new(Body::new());
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        // The connection is that of an anonymous client.
        let server = server(&cast).optional_client_auth();
        let server = server.build(Rustls::default()).unwrap();
        let (near, far) = super::common::raw::socket_pair();
        let anonymous = tools()
            .swap_remove(0)
            .call_over(near, Peer::new(Version::Tls13));
        let accepted = tokio::task::spawn_blocking(move || server.accept(far).unwrap());
        let stream = accepted.await.unwrap();
        let mut request = Request::new(Body::new());
        request.extensions_mut().insert(stream.connection().clone());
        let response = service.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        drop(stream);
        anonymous.outcome();
    });
}

#[test]
fn an_interceptor_of_tonic_denies_likewise() {
    let cast = Cast::assemble();
    let server = server(&cast).build(Rustls::default()).unwrap();
    let peer = server.identify(&cast.alice.chain).unwrap();
    let context = mtls::connection::ConnectionContext::new();
    let handle = server.track(&peer, context).unwrap();
    let call = |name: &str, handle: Option<&mtls::ConnectionHandle>| {
        let mut request = tonic::Request::new(());
        if let Some(handle) = handle {
            request.extensions_mut().insert(handle.clone());
        }
        let result = mtls::tonic::require_peer(dns(name))(request);
        result.map(drop).map_err(|status| status.code())
    };
    let denied = Err(tonic::Code::PermissionDenied);
    assert_eq!(call("alice.test", Some(&handle)), Ok(()));
    assert_eq!(call("other.test", Some(&handle)), denied);
    assert_eq!(call("alice.test", None), denied);
    let narrowed = VerifierPolicy::allow(dns("other.test"));
    server
        .handle()
        .rotate(Rotation::new().policy(narrowed))
        .unwrap();
    assert_eq!(call("alice.test", Some(&handle)), denied);
}
