//! A server whose certificates are replaced while it serves, in a folder laid out as Kubernetes mounts a secret; and what a
//! client sees that calls again and again and keeps one connection open: when files come that are good, that are broken,
//! and that shut it out. It ends by itself.
//!
//! ```text
//! cargo run --example rotation --features watch
//! ```

use std::error::Error;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::fs::{PermissionsExt, symlink as symlink_dir, symlink as symlink_file};
#[cfg(windows)]
use std::os::windows::fs::{symlink_dir, symlink_file};
use std::path::Path;
use std::thread;
use std::time::Duration;

use mtls::connection::LiveConnections;
use mtls::event::HandshakeOutcome;
use mtls::{
    Event, FileSource, MtlsClient, MtlsIdentity, MtlsServer, MtlsStream, Report, Rustls,
    TrustAnchors, VerifierPolicy,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Ca = CertifiedIssuer<'static, KeyPair>;
type Connection = BufReader<MtlsStream<TcpStream>>;

const LIMIT: Duration = Duration::from_secs(10);

fn main() -> Result<()> {
    let (servers, clients) = (authority("Servers' CA")?, authority("Clients' CA")?);
    let folder = tempfile::tempdir()?;
    let mount = folder.path();
    let (certificate, key) = leaf(&servers, "server 1")?;
    update(mount, 1, [&certificate, &key, &clients.pem()])?;
    for file in ["tls.crt", "tls.key", "ca.crt"] {
        symlink_file(Path::new("..data").join(file), mount.join(file))?;
    }

    let files = FileSource::new()
        .identity(mount.join("tls.crt"), mount.join("tls.key"))
        .trust_anchors(mount.join("ca.crt"));
    let server = MtlsServer::builder()
        .source(files)
        .policy(VerifierPolicy::allow_any_authenticated())
        .live_connections(LiveConnections::Close)
        .observer(|event| match event {
            Event::Rotated { revision, .. } => println!("  server: revision {revision} serves"),
            Event::ReloadFailed(failure) => {
                println!("  server: {}", Report::new(*failure));
            }
            Event::Handshake(handshake) => match handshake.outcome {
                HandshakeOutcome::Failed(error) => println!("  server: {}", Report::new(error)),
                outcome => println!("  server: {}", outcome.as_str()),
            },
            Event::ConnectionEnding { reason, .. } => println!("  server: shut: {reason}"),
            Event::ConnectionEnded { cause, .. } => println!("  server: ended: {cause}"),
            other => println!("  server: {other:?}"),
        })
        .build(Rustls::default())?;
    let mut changes = server.handle().status_changes();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for tcp in listener.incoming().flatten() {
            let server = server.clone();
            thread::spawn(move || serve(&server, tcp));
        }
    });

    let (chain, client_key) = leaf(&clients, "client")?;
    let client = MtlsClient::builder()
        .identity(MtlsIdentity::from_pem(
            chain.as_bytes(),
            client_key.as_bytes(),
        )?)
        .trust_anchors(TrustAnchors::from_pem(servers.pem().as_bytes())?)
        .build(Rustls::default())?;
    let mut open = connect(&client, address)?;
    let mut both = || {
        println!("  client, open connection: {}", words(ask(&mut open)));
        let answer = connect(&client, address).and_then(|mut new| ask(&mut new));
        println!("  client, new connection: {}", words(answer));
    };
    println!("to begin with");
    both();

    println!("a renewed certificate");
    let (certificate, key) = leaf(&servers, "server 2")?;
    update(mount, 2, [&certificate, &key, &clients.pem()])?;
    while changes.wait(LIMIT).ok_or("no news")?.revision() < 2 {}
    both();

    println!("a renewed certificate, with the key of another one");
    let (certificate, key) = leaf(&servers, "server 3")?;
    update(mount, 3, [&certificate, &client_key, &clients.pem()])?;
    while changes
        .wait(LIMIT)
        .ok_or("no news")?
        .last_failure()
        .is_none()
    {}
    both();

    println!("the right key, and trust anchors without the clients' CA");
    update(
        mount,
        4,
        [&certificate, &key, &authority("Another CA")?.pem()],
    )?;
    while changes.wait(LIMIT).ok_or("no news")?.revision() < 3 {}
    let end = open.read(&mut [0]).map(|_| "closed".to_owned());
    println!("  client, open connection: {}", words(end));
    let answer = connect(&client, address).and_then(|mut new| ask(&mut new));
    println!("  client, new connection: {}", words(answer));
    Ok(())
}

/// Answers each byte by a line, until the client closes or is rejected. The observer prints why.
fn serve(server: &MtlsServer<Rustls>, tcp: TcpStream) -> io::Result<()> {
    let mut stream = server.accept(tcp).map_err(io::Error::other)?;
    let answer = format!(
        "revision {}, to {}\n",
        stream.revision(),
        stream.peer().subject()
    );
    while stream.read(&mut [0])? > 0 {
        stream.write_all(answer.as_bytes())?;
    }
    stream.close()
}

fn connect(client: &MtlsClient<Rustls>, address: SocketAddr) -> io::Result<Connection> {
    let tcp = TcpStream::connect(address)?;
    tcp.set_read_timeout(Some(LIMIT))?;
    let stream = client.connect("server.example", tcp);
    stream.map(BufReader::new).map_err(io::Error::other)
}

fn ask(stream: &mut Connection) -> io::Result<String> {
    let mut answer = String::new();
    stream.get_mut().write_all(b"?")?;
    stream.read_line(&mut answer)?; // a rejection by the server shows here
    Ok(format!(
        "{} says: {}",
        stream.get_ref().peer().subject(),
        answer.trim_end()
    ))
}

fn words(answer: io::Result<String>) -> String {
    answer.unwrap_or_else(|error| Report::new(&error).to_string())
}

/// As the kubelet does: a new folder with all files, and a link to it that is renamed into its place.
fn update(mount: &Path, version: u32, texts: [&str; 3]) -> Result<()> {
    let name = format!("..version_{version}");
    let folder = mount.join(&name);
    fs::create_dir(&folder)?;
    for (file, text) in ["tls.crt", "tls.key", "ca.crt"].iter().zip(texts) {
        fs::write(folder.join(file), text)?;
    }
    #[cfg(unix)]
    fs::set_permissions(folder.join("tls.key"), fs::Permissions::from_mode(0o400))?;
    symlink_dir(name, mount.join("..data_tmp"))?;
    Ok(fs::rename(mount.join("..data_tmp"), mount.join("..data"))?)
}

fn authority(name: &str) -> Result<Ca> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

/// A certificate and its key, in PEM.
fn leaf(ca: &Ca, name: &str) -> Result<(String, String)> {
    let mut params = CertificateParams::new(["server.example".to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    Ok((params.signed_by(&key, ca)?.pem(), key.serialize_pem()))
}
