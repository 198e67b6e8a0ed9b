//! Requests without a pause from several tasks, while the files of both sides are replaced.
//!
//! None may fail, and within two seconds each side has to see the new certificate of the other.

mod common;

use std::error::Error;
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::ROTATION;
use common::server::start_server;
use common::workshop::Workshop;
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::{Request, Version};
use mtls::hyper::MessageExt;
use mtls::pki_types::{CertificateDer, ServerName};
use mtls::tonic::RequestExt;
use mtls::{FileSource, MtlsClient, MtlsServer, Rustls, VerifierPolicy};
use mtls_ecosystem::greeter::greeter_client::GreeterClient;
use mtls_ecosystem::greeter::greeter_server::{Greeter, GreeterServer};
use mtls_ecosystem::show;
use tokio::net::TcpListener;
use tonic::transport::Endpoint;
use tonic::{Response, Status};

const AXUM: &str = env!("CARGO_BIN_EXE_axum");

/// How many tasks send requests.
const TASKS: usize = 4;

type BoxError = Box<dyn Error + Send + Sync>;
type Answer = Result<String, BoxError>;

/// The answers so far; a failure is in full.
#[derive(Clone, Default)]
struct Load(Arc<Mutex<Vec<Result<String, String>>>>);

impl Load {
    fn start<F>(request: impl Fn() -> F + Clone + Send + 'static) -> Self
    where
        F: Future<Output = Answer> + Send,
    {
        let load = Self::default();
        for _ in 0..TASKS {
            let (request, load) = (request.clone(), load.clone());
            tokio::spawn(async move {
                loop {
                    let answer = request().await.map_err(|error| format!("{error:?}"));
                    load.0.lock().unwrap().push(answer);
                    // For the other programs on this machine.
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            });
        }
        load
    }

    /// Expects this answer from all tasks in time, and no other one after that time.
    async fn expect(&self, answer: &str) {
        let started = Instant::now();
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let answers = self.0.lock().unwrap();
            let last = answers.iter().rev().take(5 * TASKS);
            if last.flatten().filter(|last| *last == answer).count() == 5 * TASKS {
                break;
            }
            drop(answers);
            assert!(
                started.elapsed() < ROTATION,
                "not {answer:?}: {:?}",
                self.last()
            );
        }
        // A request under way may finish on an old connection.
        tokio::time::sleep_until((started + ROTATION).into()).await;
        let count = self.0.lock().unwrap().len();
        tokio::time::sleep(Duration::from_millis(500)).await;
        for late in &self.0.lock().unwrap()[count..] {
            assert_eq!(late.as_deref(), Ok(answer));
        }
    }

    fn last(&self) -> Vec<Result<String, String>> {
        let answers = self.0.lock().unwrap();
        answers.iter().rev().take(3).cloned().collect()
    }

    fn failures(&self) -> Vec<String> {
        let answers = self.0.lock().unwrap();
        println!("{} requests", answers.len());
        assert!(answers.len() > 500, "only {} requests", answers.len());
        answers
            .iter()
            .filter_map(|answer| answer.clone().err())
            .collect()
    }
}

/// Replaces the files of both sides, one after the other, twice.
async fn rotate(workshop: &Workshop, load: &Load, expected: fn(u64, u64) -> String) {
    load.expect(&expected(1, 1)).await;
    for round in 1..=2 {
        workshop.issue_server(0x2001 + round);
        load.expect(&expected(round, round + 1)).await;
        workshop.issue_client("alice", 0x1001 + round);
        load.expect(&expected(round + 1, round + 1)).await;
    }
}

fn both(client: u64, server: u64) -> String {
    format!("CN=alice [10, 0{client}]; CN=server [20, 0{server}]")
}

fn client_in(folder: &Path, alpn: &str) -> MtlsClient {
    let file = |name| folder.join(name);
    MtlsClient::builder()
        .source(FileSource::from_files(
            file("client.crt"),
            file("client.key"),
            file("ca.crt"),
        ))
        .alpn([alpn])
        .build(Rustls::default())
        .unwrap()
}

async fn hyper(server: &str, alpn: &str, version: Version) {
    let workshop = Workshop::open();
    let server = start_server(server, &workshop.path("server"));
    let url = format!("https://localhost:{}/", server.port);
    let http = mtls::hyper::Client::new(&client_in(&workshop.path("client"), alpn));
    let load = Load::start(move || {
        let (http, url) = (http.clone(), url.clone());
        async move {
            let response = http
                .request(Request::get(url).body(Empty::<Bytes>::new())?)
                .await?;
            assert_eq!(response.version(), version);
            let server = show(response.peer_identity());
            let answer = response.into_body().collect().await?.to_bytes();
            Ok(format!("{}; {server}", str::from_utf8(&answer)?))
        }
    });
    rotate(&workshop, &load, both).await;
    assert_eq!(load.failures(), [""; 0]);
}

#[tokio::test]
async fn hyper_with_axum_in_http1() {
    hyper(AXUM, "http/1.1", Version::HTTP_11).await;
}

#[tokio::test]
async fn hyper_with_axum_in_http2() {
    hyper(AXUM, "h2", Version::HTTP_2).await;
}

async fn reqwest(alpn: &str, version: Version) {
    let workshop = Workshop::open();
    let server = start_server(AXUM, &workshop.path("server"));
    let url = format!("https://localhost:{}/", server.port);
    let client = client_in(&workshop.path("client"), alpn);
    let http = mtls::reqwest::client(&client, |builder| builder.tls_info(true)).unwrap();
    let load = Load::start(move || {
        let (http, url, client) = (http.clone(), url.clone(), client.clone());
        async move {
            let response = http.get().get(url).send().await?;
            assert_eq!(response.version(), version);
            let info = response.extensions().get::<reqwest::tls::TlsInfo>();
            let leaf = info
                .and_then(|info| info.peer_certificate())
                .ok_or("no certificate")?;
            let name = ServerName::try_from("localhost")?;
            let server = client.identify(&[CertificateDer::from(leaf)], &name)?;
            Ok(format!(
                "{}; {}",
                response.text().await?,
                show(Some(&server))
            ))
        }
    });
    rotate(&workshop, &load, both).await;
    assert_eq!(load.failures(), [""; 0]);
}

#[tokio::test]
async fn reqwest_in_http1() {
    reqwest("http/1.1", Version::HTTP_11).await;
}

#[tokio::test]
async fn reqwest_in_http2() {
    reqwest("h2", Version::HTTP_2).await;
}

struct MyGreeter;

#[tonic::async_trait]
impl Greeter for MyGreeter {
    async fn who_am_i(&self, call: tonic::Request<String>) -> Result<Response<String>, Status> {
        let connection = call.connection().unwrap();
        let client = show(call.peer_identity());
        Ok(Response::new(format!(
            "{client} under {}",
            connection.revision()
        )))
    }
}

/// The server ends its connections gracefully with `mtls::hyper::serve`.
#[tokio::test]
async fn tonic_behind_serve() {
    let workshop = Workshop::open();
    let folder = workshop.path("server");
    let file = |name| folder.join(name);
    let server = MtlsServer::builder()
        .source(FileSource::from_files(
            file("server.crt"),
            file("server.key"),
            file("ca.crt"),
        ))
        .policy(VerifierPolicy::allow_any_authenticated())
        .alpn(["h2"])
        .retire_connections(Duration::from_secs(1))
        .build(Rustls::default())
        .unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let routes = tonic::service::Routes::new(GreeterServer::new(MyGreeter)).into_axum_router();
    tokio::spawn(mtls::hyper::serve(server.listener(tcp), routes).into_future());

    let client = client_in(&workshop.path("client"), "h2");
    let endpoint = Endpoint::from_shared(format!("http://localhost:{}", address.port())).unwrap();
    let channel = mtls::tonic::Channel::new(&client, endpoint);
    let load = Load::start(move || {
        let mut greeter = GreeterClient::new(channel.clone());
        async move { Ok(greeter.who_am_i(String::new()).await?.into_inner()) }
    });
    let expected = |client, server| format!("CN=alice [10, 0{client}] under {server}");
    rotate(&workshop, &load, expected).await;
    assert_eq!(load.failures(), [""; 0]);
}
