//! Forwards connections, and cuts them after a number of bytes.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test target compiles this for itself and uses a part of it"
)]

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

/// Listens on `on` in threads that live as long as the process, and hands each connection on to a port of this
/// machine. After `most` bytes of the caller's both connections are closed.
pub fn proxy(on: Ipv4Addr, to: u16, most: u64) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((on, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for near in listener.incoming() {
            // A call that cannot be handed on is dropped, which the caller notices.
            near.and_then(|near| hand_on(near, to, most)).ok();
        }
    });
    Ok(address)
}

fn hand_on(near: TcpStream, to: u16, most: u64) -> io::Result<()> {
    let far = TcpStream::connect((Ipv4Addr::LOCALHOST, to))?;
    let (from_near, to_far) = (near.try_clone()?, far.try_clone()?);
    thread::spawn(move || {
        copy(from_near.take(most), &to_far);
        to_far.shutdown(Shutdown::Both).ok();
    });
    thread::spawn(move || {
        copy(&far, &near);
        near.shutdown(Shutdown::Both).ok();
    });
    Ok(())
}

/// Until the end of one of them, whichever way it comes.
fn copy(mut from: impl Read, mut to: impl Write) {
    io::copy(&mut from, &mut to).ok();
}
