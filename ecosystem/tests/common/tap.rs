//! What a client sends, where the server cannot show which certificate it received.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Forwards connections to a server and keeps what the clients send.
///
/// In TLS 1.2 their certificates are readable in it.
#[derive(Debug)]
pub struct Tap {
    pub port: u16,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Tap {
    pub fn before(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let tap = Self {
            port: listener.local_addr().unwrap().port(),
            sent: Arc::default(),
        };
        let sent = tap.sent.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                // The server has ended: the client sees that its connection is closed.
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
                    continue;
                };
                let (from_client, to_server) = (client.try_clone(), server.try_clone());
                let sent = sent.clone();
                thread::spawn(move || forward(server, client, |_| ()));
                thread::spawn(move || {
                    forward(from_client.unwrap(), to_server.unwrap(), |bytes| {
                        sent.lock().unwrap().extend_from_slice(bytes);
                    });
                });
            }
        });
        tap
    }

    /// Expects that a client sends these bytes within the time.
    #[track_caller]
    pub fn expect(&self, bytes: &[u8], limit: Duration) {
        let started = Instant::now();
        loop {
            let sent = self.sent.lock().unwrap().clone();
            if sent.windows(bytes.len()).any(|window| window == bytes) {
                return;
            }
            assert!(started.elapsed() < limit, "no client has sent it in time");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn forward(mut from: TcpStream, mut to: TcpStream, mut see: impl FnMut(&[u8])) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        see(&buffer[..count]);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
