//! Does one thing a number of times.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::{process, thread};

use mtls::connection::Side;

use crate::ends::{By, Connection, End, Setup};
use crate::offline::Offline;
use crate::on_tokio;
use crate::support::{Pki, Wire};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Handshakes in memory, by blocking calls.
    Handshake,
    /// Handshakes in memory, by tokio.
    AsyncHandshake,
    /// What is done without a connection.
    Offline(Offline),
    /// Connections that stay open. The side that is not counted is the library's.
    Idle(Side),
    /// Requests and answers of 64 bytes, on one connection.
    PingPong,
    /// A MiB from the client to the server, in writes of 16 KiB.
    Bulk,
    /// Connections over loopback, by blocking calls.
    Tcp,
}

/// How often it is done, at first without being counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) before: usize,
    pub(crate) counted: usize,
}

impl Times {
    /// Ends the process, so that what is taken down later is not counted.
    pub(crate) fn each(self, mut once: impl FnMut(usize)) -> ! {
        (0..self.before).for_each(&mut once);
        counting_begins();
        (self.before..self.before + self.counted).for_each(once);
        process::exit(0)
    }
}

/// valgrind sets its counters to zero here. So the start is left out, in which aws-lc-rs draws from the jitter of the
/// clock: that takes instructions without a fixed number.
#[inline(never)]
fn counting_begins() {
    std::hint::black_box(());
}

impl Work {
    pub(crate) fn repeat(self, setup: &Setup, by: By, times: Times, folder: &Path) -> ! {
        let pki = Pki::open(folder, setup.pki);
        match self {
            Self::Handshake => handshakes(setup, by, times, &pki),
            Self::AsyncHandshake => on_tokio::handshakes(setup, by, times, &pki),
            Self::Offline(offline) => offline.repeat(setup, by, times, &pki),
            Self::Idle(side) => idle(setup, by, side, times, &pki),
            Self::PingPong => transfer(setup, by, times, &pki, ping_pong),
            Self::Bulk => transfer(setup, by, times, &pki, one_mebibyte),
            Self::Tcp => over_tcp(setup, by, times, &pki),
        }
    }
}

fn handshakes(setup: &Setup, by: By, times: Times, pki: &Pki) -> ! {
    let clients = clients(setup, by, pki);
    let server = Connections::to(setup.server(by, pki));
    times.each(|number| {
        let (client, _) = server.pair(&*clients[number % clients.len()]);
        assert_eq!(client.is_resumed(), setup.resumes && number > 0);
    })
}

/// On one connection. Each side reads when what it reads is there, so no thread waits.
fn transfer(
    setup: &Setup,
    by: By,
    times: Times,
    pki: &Pki,
    once: fn(&mut dyn Connection, &mut dyn Connection),
) -> ! {
    let server = Connections::to(setup.server(by, pki));
    let (mut client, mut server) = server.pair(&*clients(setup, by, pki)[0]);
    times.each(|_| once(&mut *client, &mut *server))
}

fn ping_pong(client: &mut dyn Connection, server: &mut dyn Connection) {
    let mut message = [1; 64];
    client.write_all(&message).unwrap();
    server.read_exact(&mut message).unwrap();
    server.write_all(&message).unwrap();
    client.read_exact(&mut message).unwrap();
}

fn one_mebibyte(client: &mut dyn Connection, server: &mut dyn Connection) {
    let mut piece = [1; 16 << 10];
    for _ in 0..64 {
        client.write_all(&piece).unwrap();
        server.read_exact(&mut piece).unwrap();
    }
}

fn idle(setup: &Setup, by: By, side: Side, times: Times, pki: &Pki) -> ! {
    let (client, server) = match side {
        Side::Client => (by, By::Raw),
        Side::Server => (By::Raw, by),
    };
    let clients = clients(setup, client, pki);
    let server = Connections::to(setup.server(server, pki));
    // Never grows, so that it is the same however many there are.
    let mut open = Vec::with_capacity(4_096);
    times.each(|number| open.push(server.pair(&*clients[number % clients.len()])))
}

/// A server on a thread of its own.
struct Connections {
    wires: Sender<Wire>,
    accepted: Receiver<Box<dyn Connection>>,
}

impl Connections {
    fn to(server: Box<dyn End>) -> Self {
        let (wires, receiver) = channel();
        let (sender, accepted) = channel();
        thread::spawn(move || {
            for wire in receiver {
                let mut connection = server.open(wire);
                connection.write_all(&[1]).unwrap();
                sender.send(connection).unwrap();
            }
        });
        Self { wires, accepted }
    }

    /// Both ends of a connection, once the client has seen that the server accepts it.
    fn pair(&self, client: &dyn End) -> (Box<dyn Connection>, Box<dyn Connection>) {
        let (near, far) = Wire::pair();
        self.wires.send(far).unwrap();
        let mut connection = client.open(near);
        connection.read_exact(&mut [0]).unwrap();
        (connection, self.accepted.recv().unwrap())
    }
}

fn clients(setup: &Setup, by: By, pki: &Pki) -> Vec<Box<dyn End>> {
    let client = |own| setup.client(by, pki, own);
    pki.clients.iter().map(client).collect()
}

/// Without a word between the threads, whose system calls would count.
fn over_tcp(setup: &Setup, by: By, times: Times, pki: &Pki) -> ! {
    let client = setup.client(by, pki, &pki.clients[0]);
    let server = setup.server(by, pki);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        loop {
            let (socket, _) = listener.accept().unwrap();
            server.open(Wire::Tcp(socket)).write_all(&[1]).unwrap();
        }
    });
    times.each(|_| {
        let socket = TcpStream::connect(address).unwrap();
        client.open(Wire::Tcp(socket)).read_exact(&mut [0]).unwrap();
    })
}
