//! Keying material, which both sides derive alike, and the transport below.

use std::io::{Read, Write};
use std::thread;

use mtls::backend::{ClientBackend, KeyExporter, ServerBackend};
use mtls::connection::ProtocolVersion;
use mtls::error::KeyExportError;
use mtls::{MtlsClient, OpenSsl, Rustls};

use super::common::pki::Cast;
use super::{anchors, client, identity, on_each_client, pair, server};

const LABEL: &str = "EXPERIMENTAL mtls";

fn both_sides_export_the_same<C, S>(client_backend: C, server_backend: S, version: ProtocolVersion)
where
    C: ClientBackend + KeyExporter,
    S: ServerBackend + KeyExporter,
{
    let cast = Cast::assemble();
    let client = MtlsClient::builder()
        .identity(identity(&cast.alice))
        .trust_anchors(anchors(&cast))
        .protocol_versions([version])
        .build(client_backend)
        .unwrap();
    let server = server(&cast, server_backend);
    let (near, far) = pair();
    let serving = thread::spawn(move || server.accept(far).unwrap());
    let near = client.connect("localhost", near).unwrap();
    let far = serving.join().unwrap();
    let mut seen = Vec::new();
    for context in [None, Some(&b"context"[..])] {
        let key = near
            .export_keying_material([0; 48], LABEL, context)
            .unwrap();
        assert_eq!(
            key,
            far.export_keying_material([0; 48], LABEL, context).unwrap()
        );
        assert!(!seen.contains(&key) && key != [0; 48]);
        seen.push(key);
    }
    let (binding, theirs) = (near.tls_exporter(), far.tls_exporter());
    match version {
        ProtocolVersion::Tls13 => assert_eq!(binding.unwrap(), theirs.unwrap()),
        _ => assert!(matches!(binding, Err(KeyExportError::NotTls13))),
    }
    let too_much = near.export_keying_material(vec![0; 8161], LABEL, None);
    assert!(matches!(
        too_much,
        Err(KeyExportError::Length { bytes: 8161, .. })
    ));
    let too_long = near.export_keying_material([0; 8], &"x".repeat(250), None);
    assert!(matches!(
        too_long,
        Err(KeyExportError::Label { bytes: 250, .. })
    ));
    let all = near.export_keying_material(vec![0; 8160], &"x".repeat(249), None);
    assert_eq!(all.unwrap().len(), 8160);
}

#[test]
fn keying_material_is_the_same_on_both_sides_and_backends() {
    for version in [ProtocolVersion::Tls12, ProtocolVersion::Tls13] {
        both_sides_export_the_same(Rustls::default(), Rustls::default(), version);
        both_sides_export_the_same(Rustls::default(), OpenSsl::default(), version);
        both_sides_export_the_same(OpenSsl::default(), Rustls::default(), version);
        both_sides_export_the_same(OpenSsl::default(), OpenSsl::default(), version);
    }
}

/// Both sides close TLS and go on in plain text.
fn the_transport_is_given_back<B: ClientBackend>(name: &str, backend: B) {
    let cast = Cast::assemble();
    let (client, server) = (client(&cast, backend), server(&cast, Rustls::default()));
    let (near, far) = pair();
    let serving = thread::spawn(move || {
        let mut stream = server.accept(far).unwrap();
        stream.write_all(b"1").unwrap();
        let mut tcp = stream.into_inner();
        let mut plain = [0; 5];
        tcp.read_exact(&mut plain).unwrap();
        plain
    });
    let mut stream = client.connect("localhost", near).unwrap();
    assert_eq!(stream.session().server_name(), Some("localhost"), "{name}");
    stream.read_exact(&mut [0]).unwrap();
    stream.into_inner().write_all(b"plain").unwrap();
    assert_eq!(&serving.join().unwrap(), b"plain", "{name}");
}

#[test]
fn a_stream_gives_its_transport_back() {
    on_each_client!(the_transport_is_given_back);
}
