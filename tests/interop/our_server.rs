//! What every program meets that calls our server: one body of tests, for any program that can ask by HTTPS.

use std::fs;

use crate::common::openssl_ca::Cas;
use crate::common::raw::Version;
use crate::common::walkthrough::Files;
use crate::examples::{End, SERVER_BACKENDS, Server};
use crate::worlds::{self, World};

/// What a program is to ask for.
pub struct Call<'a> {
    pub port: u16,
    pub host: &'a str,
    pub version: Version,
    pub http: Http,
    /// The CA to trust, and the identity to present if `presents`.
    pub end: &'a End,
    pub presents: bool,
    /// The request's body; none is a GET.
    pub body: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Http {
    V1,
    V2,
}

/// What the program says of it.
#[derive(Debug)]
pub struct Answer {
    pub success: bool,
    pub body: String,
    pub errors: String,
}

impl Answer {
    /// Whether the program reports this alert, in the spelling of any OpenSSL and of node.
    fn reports_of(&self, alert: &str) -> bool {
        let errors = self.errors.to_lowercase().replace('_', " ");
        errors.contains(&format!("alert {alert}"))
    }
}

/// Lets a program that speaks these versions of HTTP call our server in every way.
pub fn is_called_by(https: &[Http], ask: &dyn Fn(&Call<'_>) -> Answer) {
    for world in worlds::all() {
        for backend in SERVER_BACKENDS.iter() {
            let server = Server::start(backend, &world.server, world.opt_in());
            for version in Version::ALL {
                for &http in https {
                    println!("{} {backend} {version:?} {http:?}", world.name);
                    let call = Call {
                        port: server.port,
                        host: "localhost",
                        version,
                        http,
                        end: &world.client,
                        presents: true,
                        body: "",
                    };
                    is_greeted(&world, &server, ask, &call);
                    rejects_without_certificate(backend, &server, ask, &call);
                    rejects_strangers(&world, &server, ask, &call);
                }
            }
            if world.version_1 {
                rejects_version_1(backend, &world, ask);
            }
        }
    }
}

/// A name of the allow-list is served, another one is not.
pub fn obeys_its_allow_list(ask: &dyn Fn(&Call<'_>) -> Answer) {
    for world in worlds::all().iter().filter(|world| !world.version_1) {
        for backend in SERVER_BACKENDS.iter() {
            let allow = [
                "--allow-dns",
                "other.example",
                "--allow-spiffe-id",
                "spiffe://other.example/service",
            ];
            let server = Server::start(backend, &world.server, &allow);
            let call = Call {
                port: server.port,
                host: "localhost",
                version: Version::Tls13,
                http: Http::V1,
                end: &world.client,
                presents: true,
                body: "",
            };
            is_rejected(
                &server,
                ask,
                &call,
                "the policy does not accept this peer",
                "certificate unknown",
            );
        }
    }
}

/// A matcher in text, and a revocation list by `openssl ca`: accepted before, rejected after.
pub fn obeys_its_revocation_lists(ask: &dyn Fn(&Call<'_>) -> Answer) {
    let Some(cas) = Cas::new() else { return };
    let end = |name: &str| {
        let (folder, root) = (cas.path("issuing"), cas.path("root").join("ca.crt"));
        let chain = folder.join(format!("{name}.chain"));
        let parts = [format!("{name}.crt"), "ca.crt".to_owned()];
        let text = parts.map(|part| fs::read_to_string(folder.join(part)).unwrap());
        fs::write(&chain, text.concat()).unwrap();
        End {
            files: Files {
                certificate: chain,
                key: folder.join(format!("{name}.key")),
            },
            encrypted: false,
            intermediate: None,
            ca: root,
        }
    };
    let (ours, alice) = (end("server"), end("alice"));
    let list = cas.path("issuing").join("now.crl");
    let options = [
        "--allow",
        r#"all_of(dns("localhost"), common_name("alice"))"#,
        "--crl",
        list.to_str().unwrap(),
    ];
    for is_revoked in [false, true] {
        if is_revoked {
            cas.revoke("issuing", "alice.crt");
        }
        cas.list("issuing", "");
        for backend in SERVER_BACKENDS.iter() {
            let server = Server::start(backend, &ours, &options);
            for version in Version::ALL {
                let call = Call {
                    port: server.port,
                    host: "localhost",
                    version,
                    http: Http::V1,
                    end: &alice,
                    presents: true,
                    body: "",
                };
                if is_revoked {
                    let log = is_rejected(
                        &server,
                        ask,
                        &call,
                        "a certificate was revoked",
                        "certificate revoked",
                    );
                    assert!(log.contains("keyCompromise"), "{log}");
                } else {
                    let answer = ask(&call);
                    assert!(answer.success, "{answer:#?}\n{}", server.log());
                }
            }
        }
    }
}

fn is_greeted(world: &World, server: &Server, ask: &dyn Fn(&Call<'_>) -> Answer, call: &Call<'_>) {
    let seen = server.log().len();
    for (body, end_of_line) in [("", ""), ("foo", " foo")] {
        let answer = ask(&Call { body, ..*call });
        assert!(answer.success, "{answer:#?}\n{}", server.log());
        assert_eq!(
            answer.body,
            format!("hello {}{end_of_line}\n", world.client_name)
        );
    }
    let log = server.log().split_off(seen);
    assert!(!log.contains("127.0.0.1"), "{log}");
}

fn rejects_without_certificate(
    backend: &str,
    server: &Server,
    ask: &dyn Fn(&Call<'_>) -> Answer,
    call: &Call<'_>,
) {
    let anonymous = Call {
        presents: false,
        ..*call
    };
    let alert = match (backend, call.version) {
        // The alert `certificate_required` came with TLS 1.3 (RFC 8446, section 6.2).
        ("openssl", Version::Tls12) => "handshake failure",
        _ => "certificate required",
    };
    is_rejected(
        server,
        ask,
        &anonymous,
        "the peer presented no certificate",
        alert,
    );
}

fn rejects_strangers(
    world: &World,
    server: &Server,
    ask: &dyn Fn(&Call<'_>) -> Answer,
    call: &Call<'_>,
) {
    let stranger = Call {
        end: &world.stranger,
        ..*call
    };
    is_rejected(
        server,
        ask,
        &stranger,
        "no path leads to a trust anchor",
        "unknown ca",
    );
}

fn rejects_version_1(backend: &str, world: &World, ask: &dyn Fn(&Call<'_>) -> Answer) {
    let server = Server::start(backend, &world.server, &[]);
    for version in Version::ALL {
        let call = Call {
            port: server.port,
            host: "localhost",
            version,
            http: Http::V1,
            end: &world.client,
            presents: true,
            body: "foo",
        };
        let log = is_rejected(
            &server,
            ask,
            &call,
            "the certificate is not of X.509 version 3",
            "bad certificate",
        );
        assert!(log.contains("danger_allow_x509_v1_leaf"), "{log}");
    }
}

/// Asserts that the server logs `reason` with a hint and that the program receives `alert`. Returns
/// what was logged.
#[track_caller]
fn is_rejected(
    server: &Server,
    ask: &dyn Fn(&Call<'_>) -> Answer,
    call: &Call<'_>,
    reason: &str,
    alert: &str,
) -> String {
    let seen = server.log().len();
    let answer = ask(call);
    assert!(
        !answer.success && !answer.body.contains("hello"),
        "{answer:#?}"
    );
    assert!(
        answer.reports_of(alert),
        "{alert} is not reported: {answer:#?}"
    );
    let log = server.wait_for_log(seen, "hint: ");
    assert!(
        log.contains("rejected 127.0.0.1:") && log.contains(reason),
        "{log}"
    );
    log
}
