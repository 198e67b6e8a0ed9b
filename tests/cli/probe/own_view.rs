//! What is known about our own chain explains what a server leaves open.

use std::io::{self, Read};

use mtls::{MtlsIdentity, MtlsServer, Rustls, ServerBuilder, TrustAnchors, VerifierPolicy};

use super::hostile::serve;
use super::probing::Probed;
use super::servers::{KINDS, Setup};
use super::world::{Fault, World};

fn builder(world: &World, identity: &str, anchors: &str) -> ServerBuilder {
    let path = |name: &str| world.path(name);
    let identity = MtlsIdentity::from_files(
        path(&format!("{identity}.crt")),
        path(&format!("{identity}.key")),
    );
    MtlsServer::builder()
        .identity(identity.unwrap())
        .trust_anchors(TrustAnchors::from_file(path(anchors)).unwrap())
        .policy(VerifierPolicy::allow_any_authenticated())
}

fn start(builder: ServerBuilder) -> u16 {
    let server = builder.build(Rustls::default()).unwrap();
    serve(move |socket| {
        let mut stream = server.accept(socket).map_err(io::Error::other)?;
        stream.read(&mut [0; 1]).map(drop)
    })
}

/// Servers of every kind reject it, most of them by an alert that names nothing.
#[test]
fn an_unknown_critical_extension_is_the_cause() {
    let world = World::new();
    for kind in KINDS {
        let setup = Setup {
            world: &world,
            identity: "server-None",
            finds: Fault::None,
        };
        let Some(server) = (kind.start)(&setup) else {
            continue;
        };
        let probed = Probed::of(&world, server.port, Some("client-critical"), kind.arguments);
        assert_eq!(
            probed.text("/acceptance/cause/reason"),
            "unhandled_critical_extension",
            "{}: {}",
            kind.name,
            probed.json
        );
        assert_ne!(probed.text("/acceptance/cause/confidence"), "unknown");
    }
}

#[test]
fn an_intermediate_among_our_anchors_is_found() {
    let world = World::new();
    let server = builder(&world, "server-MissingIntermediate", "ca.crt");
    let port = start(server);
    let cas = world.path("cas.crt").display().to_string();
    let more = ["--cacert", &cas];
    let probed = Probed::of(&world, port, Some("client-MissingIntermediate"), &more);
    assert_eq!(
        probed.text("/acceptance/cause/reason"),
        "missing_intermediate",
        "{}",
        probed.json
    );
    assert!(
        probed
            .text("/findings/0/causes/0")
            .contains("our own trust anchors")
    );
    let file = world.path("client-MissingIntermediate.crt");
    let command = format!(">> {}`", file.display());
    assert!(probed.text("/hint").contains(&command), "{}", probed.json);
}

/// An old list of the CA, or another CA of its name: what it takes is at the server.
#[test]
fn a_server_that_names_our_ca_and_does_not_know_it_is_told_first() {
    let world = World::new();
    let port = start(builder(&world, "server-None", "namesake.crt"));
    let probed = Probed::of(&world, port, Some("client-None"), &[]);
    assert_eq!(
        probed.text("/acceptance/alert"),
        "unknown_ca",
        "{}",
        probed.json
    );
    assert_eq!(probed.text("/acceptance/cause/reason"), "unknown_issuer");
    let hint = probed.text("/hint");
    assert!(hint.starts_with("the server's revocation list"), "{hint}");
}
