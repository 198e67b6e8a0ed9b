//! easy-rsa, with its lists, which have no CRL number.

use super::{List, Made, below_root};
use crate::common::programs::Program;
use crate::issued::CertifiedKey;
use crate::recipes::Side;
use crate::workshop::Workshop;

pub(super) fn make(workshop: &Workshop) -> Option<Made> {
    let easy_rsa = Program::easy_rsa()?;
    let run = |arguments: &str| {
        let mut command = easy_rsa.command();
        command.args(arguments.split(' '));
        command.env("EASYRSA_BATCH", "1");
        command.env("EASYRSA_PKI", workshop.path("pki"));
        workshop.run(command, b"");
    };
    run("init-pki");
    run("build-ca nopass");
    run("build-client-full client1 nopass");
    run("build-client-full client2 nopass");
    run("--subject-alt-name=DNS:server.test build-server-full server.test nopass");
    let leaf = |name: &str| CertifiedKey {
        certificate: workshop.certificate(&format!("pki/issued/{name}.crt")),
        key: workshop.key(&format!("pki/private/{name}.key")),
    };
    let root = CertifiedKey {
        certificate: workshop.certificate("pki/ca.crt"),
        key: workshop.key("pki/private/ca.key"),
    };
    let client = |name: &str| {
        let of_client = "easy-rsa 3.1, a client's";
        below_root(of_client, &root, leaf(name), Side::Client)
    };
    let server = below_root(
        "easy-rsa 3.1, a server's",
        &root,
        leaf("server.test"),
        Side::Server,
    );
    let (good, revoked) = (client("client1"), client("client2"));
    run("revoke client2");
    run("gen-crl");
    Some(Made {
        issued: vec![client("client1"), server],
        lists: vec![List {
            name: "easy-rsa 3.1, gen-crl",
            revoked,
            good,
            pem: workshop.read("pki/crl.pem"),
        }],
    })
}
