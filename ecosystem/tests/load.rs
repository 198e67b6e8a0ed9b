//! Requests without a pause on 200 connections, while the certificates of both sides rotate.
//!
//! One side retires its connections at each of its rotations: the client makes its pools anew, or
//! the server sends GOAWAY and `Connection: close`. No request may fail, and no connection may
//! outlive the limit. A few thousand requests run with the other tests;
//! `MTLS_LOAD_REQUESTS=100000 cargo test --release --manifest-path ecosystem/Cargo.toml --test load`
//! runs as many as it says, with a rotation for every 200.

#![cfg(target_os = "linux")]
#![allow(
    unreachable_pub,
    reason = "the modules are parts of this test, in files"
)]

mod common;
#[path = "load/ends.rs"]
mod ends;
#[path = "load/grpc.rs"]
mod grpc;
#[path = "load/record.rs"]
mod record;
#[path = "load/service.rs"]
mod service;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ends::Ends;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request};
use mtls::backend::{ClientBackend, ServerBackend};
use mtls::connection::Side;
use mtls::{OpenSsl, Report, Rustls};
use record::{Connections, Footprint};
use tokio::net::TcpSocket;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

const REQUESTS_PER_ROTATION: u64 = 200;
/// The side that does not retire rotates once for so many rotations of the other.
const OTHER_SIDE: u64 = 10;
/// The connections of each protocol, with two callers each in HTTP/2.
const CONNECTIONS: [(Protocol, usize); 3] = [
    (Protocol::Http1, 68),
    (Protocol::Http2, 66),
    (Protocol::Grpc, 66),
];
/// How long a retired connection may take to end.
const WITHIN: Duration = Duration::from_secs(5);
/// How much later than that its end may be seen, on a machine that is busy.
const LATER: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(20);

/// Their processes' memory is compared, so one runs at a time.
static ALONE: Mutex<()> = Mutex::new(());

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Protocol {
    Http1,
    Http2,
    Grpc,
}

#[test]
fn clients_retire_without_an_error_on_rustls() {
    run::<Rustls>(Side::Client);
}

#[test]
fn clients_retire_without_an_error_on_openssl() {
    run::<OpenSsl>(Side::Client);
}

#[test]
fn servers_retire_without_an_error_on_rustls() {
    run::<Rustls>(Side::Server);
}

#[test]
fn servers_retire_without_an_error_on_openssl() {
    run::<OpenSsl>(Side::Server);
}

fn run<B: ServerBackend + ClientBackend + Default>(retiring: Side) {
    let _alone = ALONE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let requests = match std::env::var("MTLS_LOAD_REQUESTS") {
        Ok(number) => number.parse().expect("MTLS_LOAD_REQUESTS is a number"),
        Err(_) => 3_000,
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(load::<B>(retiring, requests));
}

/// What the callers have done.
#[derive(Default)]
struct Tally {
    taken: BTreeMap<Protocol, AtomicU64>,
    done: AtomicU64,
    errors: Mutex<BTreeMap<Protocol, Vec<String>>>,
}

async fn load<B: ServerBackend + ClientBackend + Default>(retiring: Side, requests: u64) {
    let before = Footprint::now();
    let ends = Ends::<B>::new(retiring);
    // All connect again at once. Beyond `TcpListener::bind`'s 128 places, some would wait for seconds.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let tcp = socket.listen(1024).unwrap();
    let port = tcp.local_addr().unwrap().port();
    let (stop, stopped) = oneshot::channel();
    let stopped = async { drop(stopped.await) };
    let serving = tokio::spawn(service::serve(ends.server.clone(), tcp, stopped));
    let tally = Arc::new(Tally {
        taken: CONNECTIONS
            .map(|(protocol, _)| (protocol, AtomicU64::new(0)))
            .into(),
        ..Tally::default()
    });
    let began = Instant::now();
    let mut callers = start(&ends, port, &tally, requests);

    let (mut rotations, mut others, mut oldest) = (0, 0, Duration::ZERO);
    let (mut early, mut late) = (Vec::new(), Vec::new());
    let (mut looked, mut pause) = (Instant::now(), Duration::ZERO);
    loop {
        let done = tally.done.load(Ordering::SeqCst);
        if done >= requests {
            break;
        }
        if done >= rotations * REQUESTS_PER_ROTATION {
            rotations += 1;
            ends.rotate(retiring, rotations);
            if rotations % OTHER_SIDE == 0 {
                others += 1;
                ends.rotate(other(retiring), others);
            }
        }
        if looked.elapsed() > LOOK {
            pause = pause.max(looked.elapsed());
            looked = Instant::now();
            let ages = ends.of(retiring).into_iter().map(Connections::oldest);
            oldest = ages.fold(oldest, Duration::max);
            if done > requests / 4 && done < requests / 3 {
                early.push(Footprint::now());
            } else if done > requests - requests / 12 {
                late.push(Footprint::now());
            }
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    while let Some(caller) = callers.join_next().await {
        caller.unwrap();
    }
    let elapsed = began.elapsed();
    println!("{retiring:?} retires, {}:", std::any::type_name::<B>());
    println!("{rotations} rotations of its own and {others} of the other side in {elapsed:.1?}");
    println!("the oldest connection was replaced {oldest:.1?} before it ended");
    println!("this process paused for {pause:.1?} at most");
    for (side, connections) in [
        ("server", &ends.server_side),
        ("client, http/1.1", &ends.client_side[0]),
        ("client, h2", &ends.client_side[1]),
    ] {
        let state = connections.state();
        println!(
            "{side}: {} connections, {} retired; ended: {:?}; slowest handshake {:.1?}; failed: {:?}",
            state.opened,
            state.retired,
            state.ended,
            state.slowest_handshake,
            state.failed_handshakes
        );
    }
    let errors = tally.errors.lock().unwrap().clone();
    for (protocol, taken) in &tally.taken {
        let errors = errors.get(protocol).map_or(&[][..], Vec::as_slice);
        let taken = taken.load(Ordering::SeqCst);
        println!("{protocol:?}: {taken} requests, {} errors", errors.len());
        for error in errors.iter().take(5) {
            println!("    {error}");
        }
    }
    assert!(errors.is_empty());
    assert!(rotations >= requests / REQUESTS_PER_ROTATION);
    assert!(oldest <= WITHIN + LATER, "{oldest:?}");
    // Only in a long run do the figures mean anything.
    if requests >= 50_000 {
        let (early, late) = (Footprint::median(&early), Footprint::median(&late));
        println!("{early:?} after a third, {late:?} at the end");
        late.expect_no_more_than(&early);
    }
    // The callers have dropped their pools. Nothing else keeps a connection.
    stop.send(()).unwrap();
    serving.await.unwrap();
    let began = Instant::now();
    while ends.server_side.open()
        + ends
            .client_side
            .iter()
            .map(Connections::open)
            .sum::<usize>()
        > 0
    {
        assert!(began.elapsed() < WITHIN + LATER, "a connection stays");
        tokio::time::sleep(LOOK).await;
    }
    let descriptors = Footprint::now().descriptors;
    println!(
        "{} descriptors before and {descriptors} after",
        before.descriptors
    );
    assert!(descriptors <= before.descriptors + 8, "it leaks");
    assert_eq!(ends.server.handle().tracked_connections(), 0);
    assert!(
        ends.clients
            .iter()
            .all(|client| client.handle().tracked_connections() == 0)
    );
}

fn other(side: Side) -> Side {
    if side == Side::Client {
        Side::Server
    } else {
        Side::Client
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Http<B> = mtls::hyper::Client<Full<Bytes>, B>;

/// Starts the callers of all protocols.
fn start<B: ServerBackend + ClientBackend>(
    ends: &Ends<B>,
    port: u16,
    tally: &Arc<Tally>,
    requests: u64,
) -> JoinSet<()> {
    let [http1, http2] = &ends.clients;
    let mut callers = JoinSet::new();
    let share = requests / 3 + 1;
    // HTTP/1.1 has a connection for each request under way.
    let pool = Http::new(http1);
    for (protocol, connections) in CONNECTIONS {
        for _ in 0..connections {
            if protocol == Protocol::Grpc {
                let endpoint = format!("http://localhost:{port}").try_into().unwrap();
                let channel = mtls::tonic::Channel::new(http2, endpoint);
                for _ in 0..2 {
                    let channel = channel.clone();
                    let call = move |number| grpc::call(channel.clone(), body(number));
                    callers.spawn(repeat(protocol, Arc::clone(tally), share, call));
                }
                continue;
            }
            let (client, count, path) = if protocol == Protocol::Http1 {
                (pool.clone(), 1, "1")
            } else {
                (Http::new(http2), 2, "2")
            };
            let uri = format!("https://localhost:{port}/{path}");
            for _ in 0..count {
                let (client, uri) = (client.clone(), uri.clone());
                let call = move |number| request(client.clone(), uri.clone(), number);
                callers.spawn(repeat(protocol, Arc::clone(tally), share, call));
            }
        }
    }
    callers
}

/// Calls until the share of the protocol is done.
async fn repeat<E, F>(protocol: Protocol, tally: Arc<Tally>, share: u64, call: impl Fn(u64) -> F)
where
    E: Into<BoxError>,
    F: Future<Output = Result<(), E>>,
{
    loop {
        let number = tally.taken[&protocol].fetch_add(1, Ordering::SeqCst);
        if number >= share {
            tally.taken[&protocol].fetch_sub(1, Ordering::SeqCst);
            return;
        }
        if let Err(error) = call(number).await {
            let error = error.into();
            let text = format!("{number}: {} ({error:?})", Report::new(&*error));
            tally
                .errors
                .lock()
                .unwrap()
                .entry(protocol)
                .or_default()
                .push(text);
        }
        tally.done.fetch_add(1, Ordering::SeqCst);
    }
}

/// GET and POST in turn.
async fn request<B: ClientBackend>(
    client: Http<B>,
    uri: String,
    number: u64,
) -> Result<(), BoxError> {
    let (method, sent) = if number.is_multiple_of(2) {
        (Method::GET, Bytes::new())
    } else {
        (Method::POST, body(number))
    };
    let request = Request::builder().method(method).uri(uri);
    let request = request.body(Full::new(sent.clone())).unwrap();
    let response = client.request(request).await?;
    assert!(response.status().is_success());
    let received = response.into_body().collect().await?.to_bytes();
    assert_eq!(received, sent);
    Ok(())
}

/// Of up to 32 KiB, mostly short.
fn body(number: u64) -> Bytes {
    let number = usize::try_from(number).unwrap();
    let length = if number % 16 == 1 { 32 * 1024 } else { 100 } + number % 5;
    Bytes::from(vec![b'm'; length])
}
