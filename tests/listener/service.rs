//! A server with a listener, and clients of every behaviour.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mtls::error::ListenerError;
use mtls::event::HandshakeOutcome;
use mtls::{
    AsyncMtlsStream, Event, HandshakeError, MtlsClient, MtlsIdentity, MtlsListener, MtlsServer,
    TrustAnchors, VerifierPolicy,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Builder;
use tokio::time::timeout;

use crate::common::pki::{Cast, Credential};

/// More than anything takes that is to happen.
pub const LIMIT: Duration = Duration::from_secs(10);

/// Enough to see that something does not happen.
pub const MOMENT: Duration = Duration::from_millis(300);

pub type Stream = AsyncMtlsStream<TcpStream>;

pub struct Service {
    pub server: MtlsServer,
    pub client: MtlsClient,
    pub failures: Failures,
}

/// What the observer has received: the clients of failed handshakes, and why they failed.
#[derive(Clone, Default)]
pub struct Failures {
    handshakes: Arc<Mutex<Vec<(SocketAddr, Failure)>>>,
    accept: Arc<Mutex<Vec<Option<i32>>>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    Listener(ListenerError),
    Tls,
    Timeout,
}

impl Service {
    pub fn new() -> Self {
        Self::with_timeout(LIMIT)
    }

    pub fn with_timeout(handshake_timeout: Duration) -> Self {
        let cast = Cast::assemble();
        let failures = Failures::default();
        let observed = failures.clone();
        let server = MtlsServer::builder()
            .identity(identity(&cast.server))
            .trust_anchors(TrustAnchors::from_der([cast.root.certificate()]).unwrap())
            .policy(VerifierPolicy::allow_any_authenticated())
            .handshake_timeout(handshake_timeout)
            .observer(move |event| observed.receive(event));
        let client = MtlsClient::builder()
            .identity(identity(&cast.alice))
            .trust_anchors(TrustAnchors::from_der([cast.root.certificate()]).unwrap());
        Self {
            server: server.build(Default::default()).unwrap(),
            client: client.build(Default::default()).unwrap(),
            failures,
        }
    }

    pub async fn listener(&self) -> (MtlsListener, SocketAddr) {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let listener = self.server.listener(tcp);
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// Shakes hands over a socket.
    pub async fn hello(&self, tcp: TcpStream) -> Result<Stream, HandshakeError> {
        self.client.connect_async("localhost", tcp).await
    }

    /// Shakes hands in a task of its own, and waits until the listener accepts.
    pub async fn call(&self, listener: &mut MtlsListener, to: SocketAddr) -> (Stream, Stream) {
        let (call, (stream, from)) = tokio::join!(self.hello(dial(to).await), accept(listener));
        let call = call.unwrap();
        assert_eq!(call.get_ref().local_addr().unwrap(), from);
        (call, stream)
    }
}

impl Failures {
    fn receive(&self, event: &Event<'_>) {
        if let Event::AcceptFailed(error) = event {
            self.accept.lock().unwrap().push(error.raw_os_error());
        }
        if let Event::Handshake(handshake) = event
            && let HandshakeOutcome::Failed(error) = handshake.outcome
        {
            let failure = match error {
                HandshakeError::Io(io) => {
                    let error = io.get_ref().and_then(|error| error.downcast_ref());
                    error.map_or(Failure::Tls, |error: &ListenerError| {
                        Failure::Listener(error.clone())
                    })
                }
                HandshakeError::Timeout => Failure::Timeout,
                _ => Failure::Tls,
            };
            self.handshakes
                .lock()
                .unwrap()
                .push((handshake.remote_addr.unwrap(), failure));
        }
    }

    pub fn all(&self) -> Vec<(SocketAddr, Failure)> {
        self.handshakes.lock().unwrap().clone()
    }

    /// The system's codes of the errors of `accept`.
    pub fn of_accept(&self) -> Vec<Option<i32>> {
        self.accept.lock().unwrap().clone()
    }

    /// Waits for this number of failures.
    pub async fn wait_for(&self, count: usize) -> Vec<(SocketAddr, Failure)> {
        let wait = async {
            while self.all().len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let came = timeout(LIMIT, wait).await;
        assert!(came.is_ok(), "{:?}", self.all());
        self.all()
    }
}

pub fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { timeout(LIMIT * 3, test).await.unwrap() })
}

pub async fn accept(listener: &mut MtlsListener) -> (Stream, SocketAddr) {
    let accepted = timeout(LIMIT, listener.accept()).await;
    accepted.expect("no handshake succeeded")
}

/// Lets the listener work for a moment, in which no handshake may succeed.
pub async fn accepts_nothing(listener: &mut MtlsListener) {
    let accepted = timeout(MOMENT, listener.accept()).await;
    assert!(accepted.is_err(), "{accepted:?}");
}

pub async fn dial(to: SocketAddr) -> TcpStream {
    TcpStream::connect(to).await.unwrap()
}

/// Dials from another address of this machine.
pub async fn dial_from(ip: IpAddr, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((ip, 0).into()).unwrap();
    socket.connect(to).await.unwrap()
}

/// Whether the other end has closed the connection, in order or by a reset.
pub async fn is_closed(tcp: &mut TcpStream) -> bool {
    match timeout(Duration::from_millis(50), tcp.read(&mut [0; 4096])).await {
        Err(_waited) => false,
        Ok(Ok(read)) => read == 0,
        Ok(Err(error)) => {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            true
        }
    }
}

pub async fn wait_until_closed(tcp: &mut TcpStream) {
    let wait = async { while !is_closed(tcp).await {} };
    timeout(LIMIT, wait).await.expect("it is still open");
}

/// Proves that bytes pass in both directions.
pub async fn talk(near: &mut Stream, far: &mut Stream) -> io::Result<()> {
    for _ in 0..2 {
        near.write_all(b"ping").await?;
        let mut said = [0; 4];
        far.read_exact(&mut said).await?;
        assert_eq!(&said, b"ping");
        std::mem::swap(near, far);
    }
    Ok(())
}

/// The first bytes of a client.
pub async fn client_hello(service: &Service) -> Vec<u8> {
    let (near, mut far) = tokio::io::duplex(8192);
    let client = service.client.clone();
    tokio::spawn(async move { client.connect_async("localhost", near).await.map(drop) });
    let mut hello = vec![0; 8192];
    let length = far.read(&mut hello).await.unwrap();
    hello.truncate(length);
    assert!(hello.starts_with(&[22, 3]) && length > 100, "{hello:?}");
    hello
}

fn identity(credential: &Credential) -> MtlsIdentity {
    let (chain, key) = (credential.chain_pem(), credential.key_pem());
    MtlsIdentity::from_pem(chain.as_bytes(), key.as_bytes()).unwrap()
}
