//! That an identity is of use: it stands for both ends of real connections.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::secrets::Watch;
use mtls::backend::{ClientBackend, ServerBackend};
use mtls::{
    MtlsClient, MtlsIdentity, MtlsServer, NativeTls, OpenSsl, Rustls, TrustAnchors, VerifierPolicy,
};

/// One mutual handshake, and a byte each way, on every backend.
pub(crate) fn on_every_backend(identity: &MtlsIdentity, anchors: &TrustAnchors, watch: &mut Watch) {
    let ring = || Rustls::with_provider(rustls::crypto::ring::default_provider().into());
    shake(
        identity,
        anchors,
        watch,
        Rustls::default(),
        Rustls::default(),
    );
    shake(identity, anchors, watch, ring(), ring());
    shake(
        identity,
        anchors,
        watch,
        OpenSsl::default(),
        OpenSsl::default(),
    );
    shake(
        identity,
        anchors,
        watch,
        NativeTls::default(),
        Rustls::default(),
    );
}

fn shake<C: ClientBackend, S: ServerBackend>(
    identity: &MtlsIdentity,
    anchors: &TrustAnchors,
    watch: &mut Watch,
    client: C,
    server: S,
) {
    let server = MtlsServer::builder()
        .identity(identity.clone())
        .trust_anchors(anchors.clone())
        .policy(VerifierPolicy::allow_any_authenticated())
        .build(server)
        .unwrap();
    let client = MtlsClient::builder()
        .identity(identity.clone())
        .trust_anchors(anchors.clone())
        .build(client)
        .unwrap();
    watch.debug(&server);
    watch.debug(&client);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::scope(|scope| {
        let serving = scope.spawn(|| {
            let (tcp, _) = listener.accept().unwrap();
            let mut stream = server.accept(tcp).unwrap();
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            stream.write_all(&byte).unwrap();
            stream.flush().unwrap();
            stream.peer().chain().first().unwrap().to_vec()
        });
        let mut stream = client
            .connect("localhost", TcpStream::connect(address).unwrap())
            .unwrap();
        stream.write_all(b"x").unwrap();
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        assert_eq!(&byte, b"x");
        assert_eq!(serving.join().unwrap(), identity.chain().leaf().to_vec());
    });
}
