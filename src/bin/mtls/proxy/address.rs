//! Addresses of both sides of the proxy.

use std::fmt;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream, lookup_host};
use tokio::time::timeout;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection may be silent before it is asked whether it is still there, and how often.
const KEEPALIVE: Duration = Duration::from_secs(60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// How many peers wait in the system until they are accepted.
const BACKLOG: u32 = 4096;

/// `HOST:PORT`, or `unix:PATH`.
#[derive(Clone, Debug)]
pub(crate) enum PlainAddress {
    Tcp(String),
    Unix(PathBuf),
}

/// A connection without TLS.
pub(super) trait Plain: AsyncRead + AsyncWrite + Send + Unpin {}

impl Plain for TcpStream {}
impl Plain for UnixStream {}

/// An open port.
pub(super) enum Listening {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

impl FromStr for PlainAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("unix:") {
            if path.is_empty() {
                return Err("a path follows `unix:`".to_owned());
            }
            return Ok(Self::Unix(path.into()));
        }
        match text.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
                Ok(Self::Tcp(text.to_owned()))
            }
            _ => Err("write it as HOST:PORT or unix:PATH".to_owned()),
        }
    }
}

impl fmt::Display for PlainAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => f.write_str(address),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl PlainAddress {
    /// Connects; with `is_local` to no other machine, whatever the name now resolves to.
    pub(super) async fn connect(&self, is_local: bool) -> io::Result<Box<dyn Plain>> {
        let connected = async {
            match self {
                Self::Tcp(address) => Ok(Box::new(connect(address, is_local).await?) as Box<_>),
                Self::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?) as Box<_>),
            }
        };
        timeout(CONNECT_TIMEOUT, connected)
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Connects to the other machine with which TLS is spoken.
    pub(super) async fn connect_tcp(&self) -> io::Result<TcpStream> {
        let Self::Tcp(address) = self else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        timeout(CONNECT_TIMEOUT, connect(address, false))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Listens to the other machines with which TLS is spoken.
    pub(super) async fn listen_tcp(&self) -> io::Result<TcpListener> {
        let Self::Tcp(address) = self else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        listen(address, false).await
    }

    /// Listens; with `is_local` not to other machines.
    pub(super) async fn listen(&self, is_local: bool) -> io::Result<Listening> {
        match self {
            Self::Tcp(address) => Ok(Listening::Tcp(listen(address, is_local).await?)),
            Self::Unix(path) => {
                remove_stale(path).await?;
                Ok(Listening::Unix(bind_unix(path)?, path.clone()))
            }
        }
    }
}

impl Listening {
    /// Returns the address, with the port that the system chose.
    pub(super) fn address(&self) -> String {
        match self {
            Self::Tcp(listener) => match listener.local_addr() {
                Ok(address) => address.to_string(),
                Err(error) => format!("an unknown address ({error})"),
            },
            Self::Unix(_, path) => format!("unix:{}", path.display()),
        }
    }

    /// Waits for the next connection.
    pub(super) async fn accept(&self) -> io::Result<Box<dyn Plain>> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                set_up(&stream)?;
                Ok(Box::new(stream))
            }
            Self::Unix(listener, _) => Ok(Box::new(listener.accept().await?.0)),
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Self::Unix(_, path) = self {
            // It may be gone already.
            let _ = fs::remove_file(path);
        }
    }
}

async fn connect(address: &str, is_local: bool) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in resolve(address, is_local).await? {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                set_up(&stream)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn listen(address: &str, is_local: bool) -> io::Result<TcpListener> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in resolve(address, is_local).await? {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(true)?;
        match socket.bind(address).and_then(|()| socket.listen(BACKLOG)) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn resolve(address: &str, is_local: bool) -> io::Result<Vec<SocketAddr>> {
    usable(lookup_host(address).await?.collect(), is_local)
}

/// Returns those addresses to which plain bytes may go.
fn usable(mut addresses: Vec<SocketAddr>, is_local: bool) -> io::Result<Vec<SocketAddr>> {
    let had_some = !addresses.is_empty();
    addresses.retain(|address| !is_local || address.ip().is_loopback());
    if addresses.is_empty() && had_some {
        let text = "it is plain and leads off this machine (--danger-plain-remote allows it)";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
    }
    Ok(addresses)
}

/// Sends small writes at once, and notices peers that are gone.
pub(super) fn set_up(stream: &TcpStream) -> io::Result<()> {
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE)
        .with_interval(KEEPALIVE_INTERVAL);
    stream.set_nodelay(true)?;
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

/// Listens at a socket to which the user of the proxy alone may connect, from the first moment.
///
/// It is made in a folder that is closed to others, and moved.
fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(io::ErrorKind::AddrInUse.into());
    }
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let folder = parent.join(format!(".mtls-{}", std::process::id()));
    DirBuilder::new().mode(0o700).create(&folder)?;
    let socket = folder.join("s");
    let bound = UnixListener::bind(&socket).and_then(|listener| {
        fs::set_permissions(&socket, Permissions::from_mode(0o600))?;
        fs::rename(&socket, path)?;
        Ok(listener)
    });
    fs::remove_dir_all(&folder)?;
    bound
}

/// Removes a socket at which no program listens any more.
async fn remove_stale(path: &Path) -> io::Result<()> {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|data| data.file_type().is_socket());
    let is_dead = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    let connected = timeout(CONNECT_TIMEOUT, UnixStream::connect(path)).await;
    if is_socket && connected.is_ok_and(|connected| connected.as_ref().is_err_and(is_dead)) {
        fs::remove_file(path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_bytes_go_to_this_machine_alone() {
        let all = [
            "192.0.2.1:80",
            "127.0.0.1:80",
            "[::1]:80",
            "[2001:db8::1]:80",
        ];
        let all: Vec<SocketAddr> = all.map(|address| address.parse().unwrap()).to_vec();
        let usable_ones = usable(all.clone(), true).unwrap();
        assert_eq!(usable_ones, [all[1], all[2]]);
        let error = usable(vec![all[0], all[3]], true).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(usable(all.clone(), false).unwrap(), all);
    }
}
