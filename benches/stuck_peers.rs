//! What honest clients feel of 1,000 peers that get stuck in their handshakes, through the example `server`.
//!
//! Half of the peers send nothing, half of them half a hello, and each comes again as soon as it is dropped. Prints the
//! time of connection, handshake and one request, quiet and under this load, with 256 and with 4096 file descriptors.
//! Ends with 1 where a call fails, or 99 of 100 take longer than `LIMITS` allows. Build the server first:
//!
//! ```text
//! cargo build --release --features encrypted-keys,tokio --example server
//! cargo bench --features encrypted-keys,tokio --bench stuck_peers
//! ```

#[allow(
    dead_code,
    unreachable_pub,
    unused_qualifications,
    reason = "the examples of the documentation need more of it"
)]
#[path = "../tests/common/doctest.rs"]
mod pki;

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use mtls::{MtlsClient, Rustls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const SERVER: &str = "db.internal";
const PEERS: usize = 1000;
const CALLS: usize = 1000;
/// File descriptors, and the most that 99 of 100 calls may take, in multiples of the quiet time.
///
/// With 256, most of the peers are never served and come again at once, as fast as a core allows. On two cores, which
/// they share with the server, a program that only accepts and resets makes honest clients wait 5 ms, without any TLS.
const LIMITS: [(usize, f64); 2] = [(256, 20.0), (4096, 2.0)];
/// The bench calls itself by this argument to be the stuck peers.
const ATTACK: &str = "--attack";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == ATTACK) {
        attack(&arguments[at + 1]);
    }
    let client = pki::client_builder().build(Rustls::default()).unwrap();
    println!(
        "{:<28}{:>12}{:>12}{:>12}{:>12}",
        "", "median", "99 of 100", "slowest", "failed"
    );
    let mut is_within = true;
    for (descriptors, most) in LIMITS {
        let server = Server::start(descriptors);
        let quiet = Times::of(&client, &server.address);
        quiet.print(&format!("{descriptors} descriptors, quiet"));
        let stuck = Stuck::start(&server.address);
        let loaded = Times::of(&client, &server.address);
        drop(stuck);
        loaded.print(&format!("{descriptors} descriptors, stuck"));
        let ratio = loaded.percent(99).as_secs_f64() / quiet.percent(99).as_secs_f64();
        println!("{descriptors} descriptors, 99 of 100: {ratio:.2} times the quiet time");
        is_within &= ratio <= most && loaded.0.len() == CALLS;
    }
    if is_within {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The times of calls that succeeded, sorted.
struct Times(Vec<Duration>);

impl Times {
    fn of(client: &MtlsClient<Rustls>, address: &str) -> Self {
        let calls = (0..CALLS).map(|_| call(client, address));
        let mut times: Vec<_> = calls.filter_map(Result::ok).collect();
        times.sort_unstable();
        Self(times)
    }

    fn percent(&self, percent: usize) -> Duration {
        self.0[(self.0.len() * percent / 100).min(self.0.len() - 1)]
    }

    fn print(&self, what: &str) {
        let [median, most, slowest] = [50, 99, 100].map(|p| format!("{:.2?}", self.percent(p)));
        let failed = CALLS - self.0.len();
        println!("{what:<28}{median:>12}{most:>12}{slowest:>12}{failed:>12}");
    }
}

/// Connects, shakes hands and makes one request.
fn call(client: &MtlsClient<Rustls>, address: &str) -> Result<Duration, Box<dyn Error>> {
    // As often as honest clients come, not as fast as one can.
    thread::sleep(Duration::from_millis(5));
    let begun = Instant::now();
    let tcp = TcpStream::connect(address)?;
    tcp.set_nodelay(true)?;
    let mut stream = client.connect(SERVER, tcp)?;
    let request = format!("GET / HTTP/1.1\r\nHost: {SERVER}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    Ok(begun.elapsed())
}

/// The example in a process of its own; ended when this is dropped.
struct Server {
    process: Child,
    address: String,
    _files: tempfile::TempDir,
}

impl Server {
    fn start(descriptors: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            path
        };
        let pki = pki::pki();
        let chain = write("server.crt", &pki.server);
        let key = write("server.key", &pki.server_key);
        let root = write("ca.crt", &pki.ca);
        let mut process = limited(descriptors, &example())
            .arg("--cert")
            .arg(chain)
            .arg("--key")
            .arg(key)
            .arg("--cacert")
            .arg(root)
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = process.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on ");
        Self {
            address: address.expect(&line).to_owned(),
            process,
            _files: folder,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// The stuck peers in a process of their own; ended when this is dropped.
struct Stuck(Child);

impl Stuck {
    fn start(address: &str) -> Self {
        let this = env::current_exe().unwrap();
        let mut process = limited(4096, &this)
            .args([ATTACK, address])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = process.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), "all are there");
        Self(process)
    }
}

impl Drop for Stuck {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// A program that may open so many files.
fn limited(descriptors: usize, program: &Path) -> Command {
    let mut shell = Command::new("/bin/sh");
    let script = format!("ulimit -n {descriptors} && exec \"$0\" \"$@\"");
    shell.args(["-c", &script]).arg(program);
    shell
}

fn example() -> std::path::PathBuf {
    let this = env::current_exe().unwrap();
    let path = this.ancestors().nth(2).unwrap().join("examples/server");
    assert!(path.is_file(), "{} is not built", path.display());
    path
}

/// Connects all peers, says so, and keeps them stuck until the process is ended.
fn attack(address: &str) -> ! {
    let hello = half_a_hello();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        for peer in 0..PEERS {
            let begin = if peer % 2 == 0 { &[] } else { &hello[..] };
            tokio::spawn(stuck(address.to_owned(), begin.to_vec()));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        println!("all are there");
        std::future::pending().await
    })
}

async fn stuck(address: String, begin: Vec<u8>) {
    loop {
        // The server may drop it at any moment, which is what it comes again for.
        let Ok(mut tcp) = tokio::net::TcpStream::connect(&address).await else {
            continue;
        };
        if tcp.write_all(&begin).await.is_ok() {
            let _ = tcp.read(&mut [0; 64]).await;
        }
    }
}

fn half_a_hello() -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let client = pki::client_builder().build(Rustls::default()).unwrap();
    let client = thread::spawn(move || client.connect(SERVER, tcp).unwrap_err());
    let (mut peer, _) = listener.accept().unwrap();
    let mut hello = vec![0; 8192];
    let length = peer.read(&mut hello).unwrap();
    drop(peer);
    client.join().unwrap();
    hello.truncate(length / 2);
    hello
}
