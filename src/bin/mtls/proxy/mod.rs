//! `mtls proxy`: mutual TLS in front of a plain address, and the other way round.

mod address;
mod arguments;
mod forward;
mod plain;
mod secure;
mod status;

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use mtls::rotation::RotationHandle;
use mtls::{MtlsClient, MtlsServer, Rustls};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::events::{self, EventLine, EventSender, Events};
use crate::output::{Finding, Nothing, Outcome, Output};
use address::PlainAddress;
pub(crate) use arguments::ProxyArguments;
use status::Endpoint;

/// How long the log waits for a line before it looks for those that were left out.
const PAUSE: Duration = Duration::from_secs(1);

/// How long the end of the process waits for the last lines to be written.
const LAST_LINES: Duration = Duration::from_secs(1);

/// A proxy whose ports are open.
struct Proxy {
    handle: RotationHandle,
    /// Where it listens, and where its status is.
    addresses: String,
    /// Serves until it is asked to stop.
    serve: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Tells that the proxy should end.
#[derive(Clone)]
struct Stop(watch::Receiver<bool>);

impl Stop {
    async fn wait(&mut self) {
        // The sender is gone only when the process ends.
        let _ = self.0.wait_for(|is_over| *is_over).await;
    }
}

pub(crate) fn run(arguments: &ProxyArguments, output: &mut Output) -> io::Result<Outcome> {
    let (sender, events) = events::channel();
    let runtime = Runtime::new()?;
    let (stop, stopped) = watch::channel(false);
    let proxy = match runtime.block_on(open(arguments, sender.clone(), Stop(stopped))) {
        Ok(proxy) => proxy,
        Err(finding) => {
            return output.answer("proxy", Outcome::Fault, vec![*finding], &Nothing {});
        }
    };
    let handle = proxy.handle;
    // Before the first line, upon which others may send one.
    let signals = runtime.block_on(async { Signals::new(&handle) })?;
    runtime.spawn(signals.pass_on(stop));
    output.line("proxy", EventLine::new("listening", proxy.addresses))?;
    output.line("proxy", EventLine::of_status("started", &handle.status()))?;
    // A thread of its own: the proxy serves, and ends, also when nothing reads its log.
    let (done, written) = channel();
    let log = output.another();
    thread::spawn(move || write_log(log, events, &handle, &done));
    let served = runtime.block_on(runtime.spawn(proxy.serve));
    // Streams that are still open are cut.
    runtime.shutdown_background();
    sender.send(EventLine::new("ended", "the proxy has ended"));
    // The error is that the log is not read, or not in time.
    let _ = written.recv_timeout(LAST_LINES);
    served.map_err(io::Error::other)?;
    Ok(Outcome::Good)
}

/// Prints each line, until the proxy has ended or the reader leaves.
fn write_log(mut output: Output, mut events: Events, handle: &RotationHandle, done: &Sender<()>) {
    loop {
        let Some(line) = events.next(PAUSE) else {
            continue;
        };
        let (is_rotation, is_end) = (line.is_rotation(), line.is_end());
        let mut written = output.line("proxy", line);
        if is_rotation {
            let status = EventLine::of_status("status", &handle.status());
            written = written.and_then(|()| output.line("proxy", status));
        }
        // Without a reader, the metrics and the status still show what happens.
        if written.is_err() || is_end {
            // The proxy may have waited long enough.
            let _ = done.send(());
            return;
        }
    }
}

/// Loads the material and opens the ports.
async fn open(
    arguments: &ProxyArguments,
    sender: EventSender,
    stop: Stop,
) -> Result<Proxy, Box<Finding>> {
    arguments.check()?;
    // Before the client or server, so that it counts from the start.
    let metrics = match arguments.status {
        Some(address) => Some((status::install_recorder()?, address)),
        None => None,
    };
    let mut proxy = if arguments.is_server() {
        server(arguments, sender, stop).await?
    } else {
        client(arguments, sender, stop).await?
    };
    if let Some((metrics, address)) = metrics {
        let bound = TcpListener::bind(address).await;
        let address_given = PlainAddress::Tcp(address.to_string());
        let tcp = bound.map_err(|error| cannot_listen(&address_given, &error))?;
        let address = tcp.local_addr().unwrap_or(address);
        proxy
            .addresses
            .push_str(&format!(", status at http://{address}/status"));
        let handle = proxy.handle.clone();
        tokio::spawn(Arc::new(Endpoint { metrics, handle }).serve(tcp));
    }
    Ok(proxy)
}

async fn server(
    arguments: &ProxyArguments,
    events: EventSender,
    stop: Stop,
) -> Result<Proxy, Box<Finding>> {
    let config = arguments.material.server_config()?;
    let builder = config.builder().map_err(Finding::boxed)?;
    let server: MtlsServer<Rustls> = builder
        .observer(events.observer())
        .build(Rustls::default())
        .map_err(Finding::boxed)?;
    let tcp = arguments.listen.listen_tcp().await;
    let tcp = tcp.map_err(|error| cannot_listen(&arguments.listen, &error))?;
    let upstream = secure::Upstream {
        address: arguments.forward.clone(),
        is_local: !arguments.danger_plain_remote,
        events,
    };
    let to = &arguments.forward;
    Ok(Proxy {
        handle: server.handle().clone(),
        addresses: match tcp.local_addr() {
            Ok(address) => format!("mutual TLS at {address} goes to {to}"),
            Err(error) => return Err(Finding::boxed(error)),
        },
        serve: Box::pin(secure::serve(
            server,
            tcp,
            arguments.max_connections,
            upstream,
            stop,
            arguments.drain,
        )),
    })
}

async fn client(
    arguments: &ProxyArguments,
    events: EventSender,
    stop: Stop,
) -> Result<Proxy, Box<Finding>> {
    let config = arguments.material.client_config()?;
    let name = arguments.server_name(config.server_name().ok())?;
    let builder = config.builder().map_err(Finding::boxed)?;
    let client: MtlsClient<Rustls> = builder
        .observer(events.observer())
        .build(Rustls::default())
        .map_err(Finding::boxed)?;
    let listening = arguments
        .listen
        .listen(!arguments.danger_plain_remote)
        .await;
    let listening = listening.map_err(|error| cannot_listen(&arguments.listen, &error))?;
    let upstream = plain::Upstream {
        client: client.clone(),
        name: name.into(),
        address: arguments.forward.clone(),
        events,
    };
    let (from, to) = (listening.address(), &arguments.forward);
    Ok(Proxy {
        handle: client.handle().clone(),
        addresses: format!("plain bytes at {from} go to {to} by mutual TLS"),
        serve: Box::pin(plain::serve(
            upstream,
            listening,
            arguments.max_connections,
            stop,
            arguments.drain,
        )),
    })
}

fn cannot_listen(address: &PlainAddress, error: &io::Error) -> Box<Finding> {
    let finding = Finding::fault("cannot_listen", format!("{address}: {error}"));
    Box::new(finding.hint("choose an address of this machine that no other program uses"))
}

/// The signals of an operator.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Handles SIGINT and SIGTERM, and SIGHUP by reading the files again.
    fn new(handle: &RotationHandle) -> io::Result<Self> {
        handle.reload_on_signal(SignalKind::hangup())?;
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Asks the proxy to end upon the first one, and ends the process upon the second.
    async fn pass_on(mut self, stop: watch::Sender<bool>) {
        self.next().await;
        stop.send_replace(true);
        self.next().await;
        std::process::exit(1);
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
