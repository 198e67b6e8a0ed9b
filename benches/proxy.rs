//! Throughput of `mtls proxy` beside stunnel, and its errors while its certificate rotates.
//!
//! A plain HTTP server and 200 clients run in this process. The proxies take turns, so that both see the same machine.
//! Ends with 1 where a request fails, or the proxy has less than nine tenths of stunnel's throughput.
//!
//! ```text
//! cargo bench --features cli --bench proxy
//! ```

use std::convert::Infallible;
use std::error::Error;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream as Blocking};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

use http_body_util::Full;
use hyper::Response;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use mtls::test_util::{TestCa, TestCredential};
use mtls::{MtlsClient, Rustls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const SERVER: &str = "db.internal";
const CONNECTIONS: usize = 200;
const REQUESTS: u64 = 50_000;
/// The requests of one turn, and the turns of each proxy.
const REQUESTS_OF_A_TURN: u64 = 20_000;
const TURNS: usize = 5;
const LEAST_RATIO: f64 = 0.9;
const ROTATION: Duration = Duration::from_millis(100);
/// While the certificate rotates, so that new handshakes meet each revision.
const REQUESTS_OF_A_CONNECTION: u64 = 20;

#[tokio::main]
async fn main() -> ExitCode {
    let folder = tempfile::tempdir().unwrap();
    let pki = Arc::new(Pki::new());
    pki.write(folder.path());
    let plain = serve_plain().await;
    let client = pki.client();
    let proxy = Process::proxy(folder.path(), plain);

    let is_over = Arc::new(AtomicBool::new(false));
    let rotating = rotate(pki.clone(), folder.path().to_owned(), is_over.clone());
    let (time, failed) = requests(&client, proxy.address, REQUESTS, REQUESTS_OF_A_CONNECTION).await;
    is_over.store(true, Ordering::Relaxed);
    rotating.join().unwrap();
    let revisions = revision(proxy.status);
    println!(
        "{REQUESTS} requests on {CONNECTIONS} connections in {time:.1?}, {revisions} revisions: {failed} failed"
    );
    let mut is_good = failed == 0 && revisions > 2;

    let Some(stunnel) = Process::stunnel(folder.path(), plain) else {
        println!("stunnel is missing: apt-get install stunnel4");
        return ExitCode::FAILURE;
    };
    let mut ratios = Vec::new();
    for turn in 0..TURNS {
        let (ours, failed) = requests(&client, proxy.address, REQUESTS_OF_A_TURN, u64::MAX).await;
        is_good &= failed == 0;
        let (theirs, _) = requests(&client, stunnel.address, REQUESTS_OF_A_TURN, u64::MAX).await;
        let rate = |time: Duration| REQUESTS_OF_A_TURN as f64 / time.as_secs_f64();
        println!(
            "turn {turn}: mtls {:.0}/s, stunnel {:.0}/s",
            rate(ours),
            rate(theirs)
        );
        ratios.push(theirs.as_secs_f64() / ours.as_secs_f64());
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios[TURNS / 2];
    println!("throughput: {median:.2} times stunnel's");
    is_good &= median >= LEAST_RATIO;
    if is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The CA of both sides, and what it issued.
struct Pki {
    ca: TestCa,
    /// Of the server, each with a key of its own.
    servers: [TestCredential; 2],
}

impl Pki {
    fn new() -> Self {
        let ca = TestCa::new("Example CA");
        let server = || ca.leaf("db").dns(SERVER).server().credential();
        let servers = [server(), server()];
        Self { ca, servers }
    }

    fn client(&self) -> MtlsClient<Rustls> {
        let identity = self.ca.leaf("api").dns("api.internal").client().issue();
        let builder = MtlsClient::builder().identity(identity);
        let builder = builder.trust_anchors(self.ca.anchors());
        builder.build(Rustls::default()).unwrap()
    }

    fn write(&self, folder: &Path) {
        write(folder, "ca.crt", &self.ca.pem());
        self.write_server(folder, 0);
    }

    fn write_server(&self, folder: &Path, index: usize) {
        write(folder, "tls.key", &self.servers[index].key_pem());
        write(folder, "tls.crt", &self.servers[index].chain_pem());
    }
}

/// Writes a file in one step.
fn write(folder: &Path, name: &str, text: &str) {
    let new = folder.join("new");
    fs::write(&new, text).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(new, folder.join(name)).unwrap();
}

/// Puts another certificate and key in place, again and again.
fn rotate(pki: Arc<Pki>, folder: PathBuf, is_over: Arc<AtomicBool>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        for index in [1, 0].into_iter().cycle() {
            pki.write_server(&folder, index);
            thread::sleep(ROTATION);
            if is_over.load(Ordering::Relaxed) {
                break;
            }
        }
    })
}

/// Returns the number of the revision that the proxy has in force.
fn revision(status: SocketAddr) -> u64 {
    let mut stream = Blocking::connect(status).unwrap();
    let request = b"GET /status HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    body["revision"].as_u64().unwrap()
}

async fn serve_plain() -> SocketAddr {
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = tcp.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let hello = service_fn(async |_| {
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(&[b'x'; 1024]))))
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), hello));
        }
    });
    address
}

/// Sends so many requests over all connections; returns how long it took, and how many failed.
async fn requests(
    client: &MtlsClient<Rustls>,
    address: SocketAddr,
    requests: u64,
    each: u64,
) -> (Duration, u64) {
    let left = Arc::new(AtomicU64::new(requests));
    let started = Instant::now();
    let callers: Vec<_> = (0..CONNECTIONS)
        .map(|_| tokio::spawn(caller(client.clone(), address, left.clone(), each)))
        .collect();
    let mut failed = 0;
    for caller in callers {
        if let Err(error) = caller.await.unwrap() {
            eprintln!("{error}");
            failed += 1;
        }
    }
    (started.elapsed(), failed)
}

/// Sends requests until none is left, over a new connection after each so many.
async fn caller(
    client: MtlsClient<Rustls>,
    address: SocketAddr,
    left: Arc<AtomicU64>,
    each: u64,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    while left.load(Ordering::Relaxed) > 0 {
        call(&client, address, &left, each).await?;
    }
    Ok(())
}

async fn call(
    client: &MtlsClient<Rustls>,
    address: SocketAddr,
    left: &AtomicU64,
    each: u64,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let tcp = TcpStream::connect(address).await?;
    tcp.set_nodelay(true)?;
    let mut stream = client.connect_async(SERVER, tcp).await?;
    let mut answer = vec![0; 4096];
    for _ in 0..each {
        let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(1)
        });
        if taken.is_err() {
            break;
        }
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: db.internal\r\n\r\n")
            .await?;
        let mut length = 0;
        loop {
            match stream.read(&mut answer[length..]).await? {
                0 => return Err("the connection has ended".into()),
                read => length += read,
            }
            let text = &answer[..length];
            if let Some(head) = text.windows(4).position(|end| end == b"\r\n\r\n")
                && length == head + 4 + 1024
            {
                break;
            }
        }
        if !answer.starts_with(b"HTTP/1.1 200 ") {
            return Err("the answer is another one".into());
        }
    }
    Ok(())
}

struct Process {
    child: Child,
    address: SocketAddr,
    status: SocketAddr,
}

impl Process {
    fn proxy(folder: &Path, plain: SocketAddr) -> Self {
        let (address, status) = (free_address(), free_address());
        let mut proxy = Command::new(env!("CARGO_BIN_EXE_mtls"));
        proxy
            .current_dir(folder)
            .args(["proxy", "--listen", &address.to_string()])
            .args(["--forward", &plain.to_string()])
            .args([
                "--cert", "tls.crt", "--key", "tls.key", "--cacert", "ca.crt",
            ])
            .args(["--policy", "any_authenticated()"])
            .args(["--status", &status.to_string()]);
        Self::start(proxy, address, status)
    }

    fn stunnel(folder: &Path, plain: SocketAddr) -> Option<Self> {
        let address = free_address();
        let text = format!(
            "foreground = yes\npid =\ndebug = err\n[http]\naccept = {address}\nconnect = {plain}\n\
             cert = tls.crt\nkey = tls.key\nCAfile = ca.crt\nverifyChain = yes\nrequireCert = yes\n\
             TIMEOUTclose = 0\n"
        );
        fs::write(folder.join("stunnel.conf"), text).unwrap();
        let mut stunnel = Command::new("stunnel");
        stunnel.current_dir(folder).arg("stunnel.conf");
        let is_there = Command::new("stunnel").arg("-version").output().is_ok();
        is_there.then(|| Self::start(stunnel, address, address))
    }

    fn start(mut command: Command, address: SocketAddr, status: SocketAddr) -> Self {
        let child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let process = Self {
            child,
            address,
            status,
        };
        let started = Instant::now();
        while Blocking::connect(address).is_err() {
            assert!(started.elapsed() < Duration::from_secs(10), "{command:?}");
            thread::sleep(Duration::from_millis(20));
        }
        process
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> SocketAddr {
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    tcp.local_addr().unwrap()
}
