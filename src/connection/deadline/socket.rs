//! Reads and writes of a socket that end at a deadline.
//!
//! A time-out of the socket would have to be found, set and restored: three system calls for each
//! direction, where waiting is one. It is for systems on which a write with `MSG_DONTWAIT` never
//! waits. On Apple's it does.

use core::time::Duration;
use std::io::{self, IoSlice};
use std::os::fd::BorrowedFd;
use std::thread;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, recv, sendmsg};

use super::time_left::time_left;
use crate::connection::transport::Transport;

/// The longest time to wait in one call; systems have different limits.
const LONGEST: Duration = Duration::from_secs(3600);
/// How many buffers are written in one call. Systems take 1,024.
const MAX_BUFFERS: usize = 64;

/// How long to wait where the system says that the socket is ready, and it is not.
const PAUSE: Duration = Duration::from_millis(1);

/// A closed connection is an error, and no signal.
const SEND: SendFlags = SendFlags::DONTWAIT.union(SendFlags::NOSIGNAL);

/// The socket of a transport that is no more than one.
pub(super) struct Socket<'io>(BorrowedFd<'io>);

impl<'io> Socket<'io> {
    pub(super) fn of<IO: Transport>(io: &'io IO) -> Option<Self> {
        io.socket().map(Self)
    }

    /// Reads what is there, or else waits for the first bytes.
    pub(super) fn read(&self, buf: &mut [u8], until: Instant) -> io::Result<usize> {
        loop {
            // The socket is asked first: the peer has mostly not answered yet.
            self.wait(PollFlags::IN, until)?;
            match recv(self.0, &mut *buf, RecvFlags::DONTWAIT) {
                Ok((read, _)) => return Ok(read),
                // Something else has read it, or the socket has an error to tell elsewhere.
                Err(Errno::AGAIN) => thread::sleep(PAUSE),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Writes as much as there is room for, or else waits for room.
    pub(super) fn write(&self, bufs: &[IoSlice<'_>], until: Instant) -> io::Result<usize> {
        let bufs = bufs.get(..MAX_BUFFERS).unwrap_or(bufs);
        let mut has_waited = false;
        loop {
            time_left(until)?;
            match sendmsg(self.0, bufs, &mut SendAncillaryBuffer::default(), SEND) {
                Ok(written) => return Ok(written),
                Err(Errno::AGAIN) if has_waited => thread::sleep(PAUSE),
                Err(Errno::AGAIN) => {}
                Err(error) => return Err(error.into()),
            }
            self.wait(PollFlags::OUT, until)?;
            has_waited = true;
        }
    }

    /// Waits until the socket can be read or written, or has ended.
    fn wait(&self, what: PollFlags, until: Instant) -> io::Result<()> {
        loop {
            let timeout = time_left(until)?.min(LONGEST);
            let timeout = Timespec::try_from(timeout).map_err(io::Error::other)?;
            let mut sockets = [PollFd::from_borrowed_fd(self.0, what)];
            match poll(&mut sockets, Some(&timeout)) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    const SHORT: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(60);

    fn after(time: Duration) -> Instant {
        Instant::now() + time
    }

    /// Fills what the system keeps for the peer, and returns how many bytes that takes.
    fn fill(near: &UnixStream) -> usize {
        let (socket, until) = (Socket::of(near).unwrap(), after(SHORT));
        let bytes = [1; 4096];
        let mut written = 0;
        loop {
            match socket.write(&[IoSlice::new(&bytes)], until) {
                Ok(more) => written += more,
                Err(error) => {
                    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
                    assert!(Instant::now() >= until, "it gives up early");
                    return written;
                }
            }
        }
    }

    #[test]
    fn a_silent_peer_ends_a_read_in_time() {
        let (near, _far) = UnixStream::pair().unwrap();
        let until = after(SHORT);
        let error = Socket(near.as_fd()).read(&mut [0; 8], until).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(Instant::now() >= until, "it gives up early");
    }

    #[test]
    fn a_peer_that_reads_nothing_ends_a_write_in_time() {
        let (near, mut far) = UnixStream::pair().unwrap();
        let written = fill(&near);
        assert!(written > 0);
        // It goes on as soon as the peer has read.
        let reading = thread::spawn(move || {
            thread::sleep(SHORT);
            far.read_exact(&mut vec![0; written]).unwrap();
            far
        });
        let socket = Socket(near.as_fd());
        let bufs = [IoSlice::new(b"on"), IoSlice::new(b"ward")];
        assert_eq!(socket.write(&bufs, after(LONG)).unwrap(), 6);
        let mut far = reading.join().unwrap();
        let mut word = [0; 6];
        far.read_exact(&mut word).unwrap();
        assert_eq!(&word, b"onward");
    }

    #[test]
    fn a_read_waits_for_the_first_bytes_and_for_no_more() {
        let (near, mut far) = UnixStream::pair().unwrap();
        let writing = thread::spawn(move || {
            thread::sleep(SHORT);
            far.write_all(b"first").unwrap();
        });
        let mut buf = [0; 64];
        let socket = Socket(near.as_fd());
        assert_eq!(socket.read(&mut buf, after(LONG)).unwrap(), 5);
        writing.join().unwrap();
        assert_eq!(socket.read(&mut buf, after(LONG)).unwrap(), 0, "closed");
        let error = socket
            .write(&[IoSlice::new(b"x")], after(LONG))
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn nothing_is_done_after_the_deadline() {
        let (near, mut far) = UnixStream::pair().unwrap();
        far.write_all(b"there").unwrap();
        let socket = Socket(near.as_fd());
        let past = Instant::now();
        let error = socket.read(&mut [0; 8], past).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let error = socket.write(&[IoSlice::new(b"x")], past).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
