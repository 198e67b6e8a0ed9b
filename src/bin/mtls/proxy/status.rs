//! `/health`, `/status` and `/metrics` over HTTP, for this machine.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use mtls::pki_types::UnixTime;
use mtls::rotation::RotationHandle;
use mtls::{Report, Status};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{interval, timeout};

use crate::output::{Finding, Time};

/// From a handshake in memory to the time-out, in seconds.
const BUCKETS: [f64; 9] = [0.001, 0.005, 0.02, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0];

/// How often the recorder merges what it has observed.
const UPKEEP: Duration = Duration::from_secs(5);

/// The most connections at a time, and their lifetime.
const MAX_CONNECTIONS: usize = 32;
const LIFETIME: Duration = Duration::from_secs(30);

/// What the endpoint shows.
pub(super) struct Endpoint {
    pub(super) metrics: PrometheusHandle,
    pub(super) handle: RotationHandle,
}

/// The form of `/status`; see the JSON of the command.
#[derive(Serialize)]
struct StatusReport {
    format: u32,
    is_healthy: bool,
    revision: u64,
    loaded_at: Time,
    identity_expires_at: Time,
    trust_anchors_expire_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    revocation_lists_expire_at: Option<Time>,
    connections: usize,
    reloads: u64,
    failures: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    degraded: Option<String>,
}

/// Installs the recorder of the process. Call it before the first client or server.
pub(super) fn install_recorder() -> Result<PrometheusHandle, Box<Finding>> {
    let name = Matcher::Full("mtls_handshake_duration_seconds".to_owned());
    PrometheusBuilder::new()
        .set_buckets_for_metric(name, &BUCKETS)
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(Finding::boxed)
}

impl Endpoint {
    /// Serves for as long as the process lives.
    pub(super) async fn serve(self: Arc<Self>, tcp: TcpListener) {
        let upkeep = self.metrics.clone();
        tokio::spawn(async move {
            let mut pauses = interval(UPKEEP);
            loop {
                pauses.tick().await;
                upkeep.run_upkeep();
            }
        });
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let place = places.clone().acquire_owned().await;
            let Ok((stream, _)) = tcp.accept().await else {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let endpoint = self.clone();
            tokio::spawn(async move {
                let service = service_fn(|request| {
                    let response = endpoint.answer(&request);
                    async { Ok::<_, Infallible>(response) }
                });
                let served = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(Duration::from_secs(5))
                    .serve_connection(TokioIo::new(stream), service);
                // Whatever happens to it, the next one is served.
                let _ = timeout(LIFETIME, served).await;
                drop(place);
            });
        }
    }

    fn answer(&self, request: &Request<Incoming>) -> Response<String> {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return plain(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered\n");
        }
        let status = self.handle.status();
        match request.uri().path() {
            "/health" if is_healthy(&status) => plain(StatusCode::OK, "ok\n"),
            "/health" => plain(
                StatusCode::SERVICE_UNAVAILABLE,
                "our identity is not valid\n",
            ),
            "/metrics" => {
                let mut response = plain(StatusCode::OK, &self.metrics.render());
                let form = HeaderValue::from_static("text/plain; version=0.0.4");
                response.headers_mut().insert(CONTENT_TYPE, form);
                response
            }
            "/status" => self.report(&status),
            _ => plain(
                StatusCode::NOT_FOUND,
                "there are /health, /status and /metrics\n",
            ),
        }
    }

    fn report(&self, status: &Status) -> Response<String> {
        let report = StatusReport {
            format: 1,
            is_healthy: is_healthy(status),
            revision: status.revision(),
            loaded_at: Time(status.loaded_at()),
            identity_expires_at: Time(status.identity_expires_at()),
            trust_anchors_expire_at: Time(status.anchors_expire_at()),
            revocation_lists_expire_at: status.revocation_lists_expire_at().map(Time),
            connections: self.handle.tracked_connections(),
            reloads: status.reloads(),
            failures: status.failures(),
            last_failure: status
                .last_failure()
                .map(|failure| Report::new(failure).to_string()),
            degraded: status.degraded().map(str::to_owned),
        };
        match serde_json::to_string(&report).map_err(io::Error::from) {
            Ok(text) => {
                let mut response = plain(StatusCode::OK, &text);
                let form = HeaderValue::from_static("application/json");
                response.headers_mut().insert(CONTENT_TYPE, form);
                response
            }
            Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        }
    }
}

/// Whether handshakes can succeed as far as our own identity goes.
fn is_healthy(status: &Status) -> bool {
    status.identity_not_valid().is_none()
        && !status.is_withdrawn()
        && status.identity_expires_at() >= UnixTime::now()
}

fn plain(status: StatusCode, text: &str) -> Response<String> {
    let mut response = Response::new(text.to_owned());
    *response.status_mut() = status;
    response
}
