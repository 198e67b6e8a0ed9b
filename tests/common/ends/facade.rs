use std::fmt;
use std::io::{self, Read, Write};
use std::marker::PhantomData;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use mtls::backend::Backend;
use mtls::backend::{BackendKind, ClientBackend, ServerBackend};
use mtls::connection::ProtocolVersion;
use mtls::event::HandshakeOutcome;
use mtls::{
    BuildError, ClientBuilder, Event, HandshakeError, MtlsClient, MtlsIdentity, MtlsServer,
    MtlsStream, PeerIdentity, Rejection, ServerBuilder, TrustAnchors,
};

use super::{End, Ended, MESSAGE, Ready, Seen, Setup, Shadow};
use crate::common::raw::Version;

pub fn client<B: ClientBackend + Default>(_: B) -> Box<dyn End> {
    Box::new(Client::<B>(PhantomData))
}

pub fn server<B: ServerBackend + Default>(_: B) -> Box<dyn End> {
    Box::new(Server::<B>(PhantomData))
}

struct Client<B>(PhantomData<B>);
struct Server<B>(PhantomData<B>);

impl<B: ClientBackend + Default> End for Client<B> {
    fn kind(&self) -> Option<BackendKind> {
        Some(B::KIND)
    }

    fn ready(&self, setup: &Setup) -> Result<Box<dyn Ready>, BuildError> {
        let notes = Notes::default();
        let client = client_builder(setup, &notes).build(B::default())?;
        let name = setup.server_name;
        Ok(Run::boxed(move |socket| {
            let result = client.connect(name, socket);
            notes.with(converse(result, |peer| Some(peer.clone())))
        }))
    }
}

impl<B: ServerBackend + Default> End for Server<B> {
    fn kind(&self) -> Option<BackendKind> {
        Some(B::KIND)
    }

    fn ready(&self, setup: &Setup) -> Result<Box<dyn Ready>, BuildError> {
        let notes = Notes::default();
        let builder = server_builder(setup, &notes);
        if setup.optional {
            let server = builder.optional_client_auth().build(B::default())?;
            return Ok(Run::boxed(move |socket| {
                notes.with(converse(server.accept(socket), Clone::clone))
            }));
        }
        let server = builder.build(B::default())?;
        Ok(Run::boxed(move |socket| {
            notes.with(converse(server.accept(socket), |peer| Some(peer.clone())))
        }))
    }
}

/// A built end: what it does with a socket.
pub struct Run<F>(F);

impl<F: Fn(TcpStream) -> Seen + Sync + 'static> Run<F> {
    pub fn boxed(run: F) -> Box<dyn Ready> {
        Box::new(Self(run))
    }
}

impl<F: Fn(TcpStream) -> Seen + Sync> Ready for Run<F> {
    fn run(&self, socket: TcpStream) -> Seen {
        self.0(socket)
    }
}

impl<B: Backend> fmt::Debug for Client<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} client", B::KIND)
    }
}

impl<B: Backend> fmt::Debug for Server<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} server", B::KIND)
    }
}

pub fn client_builder(setup: &Setup, notes: &Notes) -> ClientBuilder {
    let builder = MtlsClient::builder()
        .identity(identity(setup))
        .trust_anchors(TrustAnchors::from_der(setup.anchors.clone()).unwrap())
        .policy(setup.policy.clone())
        .signature_memo(setup.memo.clone())
        .alpn(setup.alpn)
        .protocol_versions([version(setup)])
        .handshake_timeout(setup.timeout)
        .observer(notes.observer());
    let builder = match &setup.bundles {
        Some(bundles) => builder.trust_bundles(bundles.clone()),
        None => builder,
    };
    let builder = match &setup.shadow {
        Some(shadow) => builder.shadow_policy(shadow.clone()),
        None => builder,
    };
    match &setup.revocation_lists {
        Some(lists) => builder.revocation_lists(lists.clone()),
        None => builder,
    }
}

pub fn server_builder(setup: &Setup, notes: &Notes) -> ServerBuilder {
    let builder = MtlsServer::builder()
        .identity(identity(setup))
        .trust_anchors(TrustAnchors::from_der(setup.anchors.clone()).unwrap())
        .policy(setup.policy.clone())
        .signature_memo(setup.memo.clone())
        .alpn(setup.alpn)
        .protocol_versions([version(setup)])
        .handshake_timeout(setup.timeout)
        .observer(notes.observer());
    let builder = match &setup.bundles {
        Some(bundles) => builder.trust_bundles(bundles.clone()),
        None => builder,
    };
    let builder = match &setup.shadow {
        Some(shadow) => builder.shadow_policy(shadow.clone()),
        None => builder,
    };
    let builder = match &setup.revocation_lists {
        Some(lists) => builder.revocation_lists(lists.clone()),
        None => builder,
    };
    if setup.names_anchors {
        builder
    } else {
        builder.without_ca_names()
    }
}

pub fn identity(setup: &Setup) -> MtlsIdentity {
    let ours = setup.identity.as_ref().expect("a facade has an identity");
    MtlsIdentity::from_der(ours.chain.clone(), ours.key.secret_pkcs8_der())
        .expect("no identity for a facade")
}

fn version(setup: &Setup) -> ProtocolVersion {
    match setup.version {
        Version::Tls12 => ProtocolVersion::Tls12,
        Version::Tls13 => ProtocolVersion::Tls13,
    }
}

/// What an observer hears.
#[derive(Clone, Debug, Default)]
pub struct Notes(Arc<Mutex<(Vec<Rejection>, Vec<Shadow>)>>);

impl Notes {
    pub fn observer(&self) -> impl Fn(&Event<'_>) + Send + Sync + 'static {
        let notes = self.clone();
        move |event| {
            let (rejections, shadows) = &mut *notes.0.lock().unwrap();
            match *event {
                Event::Handshake(handshake) => match handshake.outcome {
                    HandshakeOutcome::Failed(HandshakeError::Rejected(rejection)) => {
                        rejections.push(rejection.clone());
                    }
                    HandshakeOutcome::Failed(_) | HandshakeOutcome::Accepted(_) => {}
                    outcome => panic!("unknown outcome {outcome:?}"),
                },
                Event::PeerVerified { verdict, .. } => {
                    rejections.extend(verdict.err().cloned());
                }
                Event::ConnectionEnded { .. } => {}
                Event::ShadowAccepted {
                    peer, rejection, ..
                } => shadows.push(Shadow::WouldAccept(peer.clone(), rejection.clone())),
                Event::ShadowRejected {
                    peer, rejection, ..
                } => shadows.push(Shadow::WouldReject(peer.clone(), rejection.clone())),
                // About ourselves, at build.
                Event::IdentityWarning(_)
                | Event::RuleRelaxed { .. }
                | Event::UnclaimedRevocationList(_)
                | Event::UnusableTrustAnchor(_) => {}
                _ => panic!("unknown event {event:?}"),
            }
        }
    }

    /// The rejections.
    pub fn taken(&self) -> Vec<Rejection> {
        std::mem::take(&mut self.0.lock().unwrap().0)
    }

    pub fn shadows(&self) -> Vec<Shadow> {
        std::mem::take(&mut self.0.lock().unwrap().1)
    }

    pub fn with(&self, seen: Seen) -> Seen {
        let reported = seen.ended.as_ref().and_then(|ended| alert(ended.error()?));
        Seen {
            observed: self.taken(),
            shadows: self.shadows(),
            reported,
            ..seen
        }
    }
}

fn alert(error: &HandshakeError) -> Option<u8> {
    match error {
        HandshakeError::RejectedByPeer { alert, .. } => Some(alert.code()),
        _ => None,
    }
}

pub fn converse<B: Backend, P>(
    handshake: Result<MtlsStream<TcpStream, P, B>, HandshakeError>,
    peer: fn(&P) -> Option<PeerIdentity>,
) -> Seen {
    let mut stream = match handshake {
        Ok(stream) => stream,
        Err(error) => {
            return Seen {
                ended: Some(Ended::Handshake(error)),
                ..Seen::default()
            };
        }
    };
    let peer = peer(stream.peer());
    let mut seen = Seen {
        completed: true,
        presented: peer.iter().flat_map(|p| p.chain().to_vec()).collect(),
        peer,
        version: Some(stream.session().protocol_version()),
        alpn: stream.session().alpn().map(<[u8]>::to_vec),
        ..Seen::default()
    };
    let result = talk(&mut stream, &mut seen.received);
    seen.ended = result.err().map(Ended::Later);
    seen
}

/// Writes and reads. A write that fails is an end only when it says why; else the alert is still to be read.
fn talk<B: Backend, P>(
    stream: &mut MtlsStream<TcpStream, P, B>,
    received: &mut Vec<u8>,
) -> io::Result<()> {
    match stream.write_all(MESSAGE).and_then(|()| stream.flush()) {
        Err(error) if HandshakeError::find(&error).is_some() => return Err(error),
        _ => {}
    }
    let mut buffer = [0; 64];
    while received.len() < MESSAGE.len() {
        match stream.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => received.extend_from_slice(&buffer[..count]),
        }
    }
    stream.close()
}
