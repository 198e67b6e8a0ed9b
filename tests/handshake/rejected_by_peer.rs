//! What we say when other people's peers reject us: their alert, and what is wrong with our side.

mod strict;

use mtls::HandshakeError;
use mtls::backend::BackendKind;
use mtls::error::Alert;

use crate::common::ends::{self, Ended, Ends, Seen, Setup, meet};
use crate::common::pki::{
    Authority, AuthorityBuilder, Cast, Credential, KeyAlgorithm, Leaf, Validity,
};
use crate::common::raw::Version;
use crate::scene::{alice, server};
use strict::{CLIENTS, SERVERS, Strict};

/// Over since 2020-09-13T12:26:40Z.
fn expired() -> Validity {
    Validity::between_unix(1_500_000_000, 1_600_000_000)
}

/// From 2096-10-02T07:06:40Z on.
fn not_yet_valid() -> Validity {
    Validity::between_unix(4_000_000_000, 4_100_000_000)
}

/// A rejection that the other side reported.
struct Report<'a> {
    /// Our backend that received the report, and the library that sent it.
    ours: BackendKind,
    theirs: &'static str,
    version: Version,
    alert: Alert,
    hint: &'a str,
}

impl Report<'_> {
    #[track_caller]
    fn says(&self, words: &[&str]) {
        for word in words {
            assert!(self.hint.contains(word), "no {word:?} in {:?}", self.hint);
        }
    }

    #[track_caller]
    fn never_says(&self, words: &[&str]) {
        for word in words {
            assert!(!self.hint.contains(word), "{word:?} in {:?}", self.hint);
        }
    }
}

fn reported<'a>(
    ours: Option<BackendKind>,
    theirs: &'static str,
    version: Version,
    seen: &'a Seen,
) -> Report<'a> {
    println!(
        "{ours:?} rejected by {theirs} in {version:?}: {:?}",
        seen.ended
    );
    match seen.ended.as_ref().and_then(Ended::error) {
        Some(HandshakeError::RejectedByPeer { alert, hint, .. }) => Report {
            ours: ours.expect("a facade"),
            theirs,
            version,
            alert: *alert,
            hint,
        },
        other => panic!("not rejected by the peer: {other:?} of {seen:?}"),
    }
}

fn all_clients() -> Ends {
    let mut clients = ends::clients();
    #[cfg(feature = "tokio")]
    clients.extend(ends::async_clients());
    clients
}

fn all_servers() -> Ends {
    let mut servers = ends::servers();
    #[cfg(feature = "tokio")]
    servers.extend(ends::async_servers());
    servers
}

/// A strict server of the cast's, which names the CA that it trusts.
fn host(cast: &Cast) -> Strict {
    Strict {
        version: Version::Tls13,
        identity: cast.server.clone(),
        trusts: cast.root.certificate(),
        names: vec![cast.root.clone()],
        only_ed25519: false,
        odd_ciphers: false,
    }
}

/// Every client of ours presents `ours` to such a server by every library, in both versions.
fn call(cast: &Cast, ours: &Credential, host: &Strict, check: impl Fn(&Report<'_>)) {
    for version in Version::ALL {
        for (name, make) in SERVERS {
            let theirs = make(Strict {
                version,
                ..host.clone()
            });
            for client in all_clients() {
                let setup = Setup {
                    version,
                    ..Setup::new(ours, &cast.root)
                };
                let (seen, _) = meet(&*client.ready(&setup).unwrap(), &*theirs);
                // In TLS 1.3 the alert arrives at the first read or write.
                assert_eq!(seen.completed, version == Version::Tls13, "{seen:?}");
                check(&reported(client.kind(), name, version, &seen));
            }
        }
    }
}

/// Every server of ours presents `ours` to a strict client by every library, in both versions.
fn serve(cast: &Cast, ours: &Credential, check: impl Fn(&Report<'_>)) {
    for version in Version::ALL {
        for (name, make) in CLIENTS {
            let theirs = make(Strict {
                version,
                identity: cast.alice.clone(),
                ..host(cast)
            });
            for server in all_servers() {
                let setup = Setup {
                    version,
                    ..Setup::new(ours, &cast.root)
                };
                let (_, seen) = meet(&*theirs, &*server.ready(&setup).unwrap());
                check(&reported(server.kind(), name, version, &seen));
            }
        }
    }
}

#[test]
fn a_client_that_has_expired() {
    let cast = Cast::assemble();
    let late = alice().validity(expired()).issued_by(&cast.root);
    call(&cast, &late, &host(&cast), |reported| {
        assert_eq!(reported.alert, Alert::CERTIFICATE_EXPIRED);
        let words = "our certificate (CN=alice) has expired at 2020-09-13T12:26:40Z, it is 20";
        reported.says(&[words, "renew it"]);
        reported.never_says(&["besides", "requested", "lacks"]);
    });
}

#[test]
fn a_client_that_is_not_yet_valid() {
    let cast = Cast::assemble();
    let early = alice().validity(not_yet_valid()).issued_by(&cast.root);
    call(&cast, &early, &host(&cast), |reported| {
        let expected = match reported.theirs {
            "rustls" => Alert::CERTIFICATE_EXPIRED,
            _ => Alert::BAD_CERTIFICATE,
        };
        assert_eq!(reported.alert, expected);
        reported.says(&["our certificate (CN=alice) is not valid before 2096-10-02T07:06:40Z"]);
        reported.never_says(&["besides"]);
    });
}

#[test]
fn a_client_under_an_intermediate_that_has_expired() {
    let cast = Cast::assemble();
    let stale = AuthorityBuilder::named("Stale").validity(expired());
    let stale = stale.issued_by(&cast.root);
    let ours = alice().issued_by(&stale).with(&stale);
    call(&cast, &ours, &host(&cast), |reported| {
        assert_eq!(reported.alert, Alert::CERTIFICATE_EXPIRED);
        reported
            .says(&["certificate 1 of our chain (CN=Stale) has expired at 2020-09-13T12:26:40Z"]);
        reported.never_says(&["CN=alice"]);
    });
}

#[test]
fn a_client_with_the_usage_of_a_server() {
    let cast = Cast::assemble();
    let ours = server().issued_by(&cast.root);
    call(&cast, &ours, &host(&cast), |reported| {
        assert_eq!(reported.alert, Alert::UNSUPPORTED_CERTIFICATE);
        reported.says(&[
            "extended key usage (serverAuth) lacks clientAuth",
            "as a client",
        ]);
        reported.never_says(&["besides"]);
    });
}

#[test]
fn a_client_of_another_ca_than_the_server_names() {
    let cast = Cast::assemble();
    let ours = alice().issued_by(&Authority::named("Stranger"));
    call(&cast, &ours, &host(&cast), |reported| {
        assert_eq!(reported.alert, Alert::UNKNOWN_CA);
        reported.says(&["below \"CN=Stranger\""]);
        match reported.ours {
            BackendKind::Rustls => {
                reported.says(&["one of these CAs: \"CN=Rhea Root\"; our chain"]);
            }
            // The library does not show the request.
            _ => {
                reported.says(&["does not trust the CA of our certificate", "of length 1"]);
                reported.never_says(&["CN=Rhea Root"]);
            }
        }
    });
}

/// Of many CAs some are named, and the rest is counted.
#[test]
fn a_client_of_another_ca_than_the_many_that_the_server_names() {
    let cast = Cast::assemble();
    let ours = alice().issued_by(&Authority::named("Stranger"));
    let names = ["A", "B", "C", "D", "E", "F"];
    let host = Strict {
        names: names.map(Authority::named).to_vec(),
        ..host(&cast)
    };
    call(&cast, &ours, &host, |reported| {
        assert_eq!(reported.alert, Alert::UNKNOWN_CA);
        if reported.ours == BackendKind::Rustls {
            reported.says(&["\"CN=A\", \"CN=B\", \"CN=C\", \"CN=D\", 2 more; our chain"]);
        }
    });
}

#[test]
fn a_client_of_another_ca_where_the_server_names_none() {
    let cast = Cast::assemble();
    let stranger = Authority::named("Stranger");
    let branch = stranger.intermediate("Branch");
    let ours = alice().issued_by(&branch).with(&branch);
    let host = Strict {
        names: Vec::new(),
        ..host(&cast)
    };
    call(&cast, &ours, &host, |reported| {
        assert_eq!(reported.alert, Alert::UNKNOWN_CA);
        reported.says(&[
            "does not trust the CA",
            "our chain, of length 2, ends below \"CN=Stranger\"",
        ]);
        reported.never_says(&["requested"]);
    });
}

/// One that the server names issued ours, so that is not it.
#[test]
fn a_client_of_a_namesake_of_the_ca_that_the_server_names() {
    let cast = Cast::assemble();
    call(&cast, &cast.mallory, &host(&cast), |reported| {
        reported.never_says(&["requested"]);
        // OpenSSL looks at the key identifiers first, and rustls at nothing but the names before the signature.
        match reported.theirs {
            "rustls" => {
                assert_eq!(reported.alert, Alert::DECRYPT_ERROR);
                reported.says(&["another CA of the same name"]);
            }
            _ => {
                assert_eq!(reported.alert, Alert::UNKNOWN_CA);
                reported.says(&["ends below \"CN=Rhea Root\""]);
            }
        }
    });
}

#[test]
fn a_client_whose_key_fits_no_scheme_of_the_server() {
    let cast = Cast::assemble();
    let identity = server().algorithm(KeyAlgorithm::Ed25519);
    let host = Strict {
        identity: identity.issued_by(&cast.root),
        only_ed25519: true,
        ..host(&cast)
    };
    call(&cast, &cast.alice, &host, |reported| {
        let has_the_alert = reported.theirs == "rustls" || reported.version == Version::Tls13;
        match (reported.ours, has_the_alert) {
            (BackendKind::Rustls, _) => reported.says(&[
                "no certificate was sent",
                "no signature scheme that fits ours, whose key is ECDSA P-256",
            ]),
            (_, true) => reported.says(&[
                "ours was not sent",
                "our key is ECDSA P-256",
                "CN=Rhea Root",
            ]),
            (_, false) => reported.says(&["no client certificate"]),
        }
        if has_the_alert {
            assert_eq!(reported.alert, Alert::CERTIFICATE_REQUIRED);
        } else {
            assert_eq!(reported.alert, Alert::HANDSHAKE_FAILURE);
        }
    });
}

/// The server gives up at our hello: whatever is wrong with our certificate, it has not asked for it.
#[test]
fn a_client_that_was_not_asked_for_its_certificate() {
    let cast = Cast::assemble();
    let late = alice().validity(expired()).issued_by(&cast.root);
    for version in Version::ALL {
        let theirs = (SERVERS[1].1)(Strict {
            version,
            odd_ciphers: true,
            ..host(&cast)
        });
        for client in all_clients() {
            let setup = Setup {
                version,
                ..Setup::new(&late, &cast.root)
            };
            let (seen, _) = meet(&*client.ready(&setup).unwrap(), &*theirs);
            let reported = reported(client.kind(), "openssl", version, &seen);
            assert_eq!(reported.alert, Alert::HANDSHAKE_FAILURE);
            match reported.ours {
                BackendKind::Rustls => {
                    reported.says(&["signature scheme", "had not requested our certificate"]);
                    reported.never_says(&["expired"]);
                }
                _ => reported.says(&[
                    "no common cipher suite",
                    "; besides, our certificate (CN=alice) has expired",
                ]),
            }
        }
    }
}

#[test]
fn a_client_with_several_faults() {
    let cast = Cast::assemble();
    let ours = server().validity(expired()).issued_by(&cast.root);
    call(&cast, &ours, &host(&cast), |reported| {
        reported.says(&["has expired at 2020", "; besides, ", "lacks clientAuth"]);
    });
}

#[test]
fn a_server_that_has_expired() {
    let cast = Cast::assemble();
    let late = server().validity(expired()).issued_by(&cast.root);
    serve(&cast, &late, |reported| {
        assert_eq!(reported.alert, Alert::CERTIFICATE_EXPIRED);
        reported.says(&["our certificate (CN=server) has expired at 2020-09-13T12:26:40Z"]);
    });
}

#[test]
fn a_server_with_the_usage_of_a_client() {
    let cast = Cast::assemble();
    let ours = Leaf::named("server").dns("localhost").client();
    serve(&cast, &ours.issued_by(&cast.root), |reported| {
        assert_eq!(reported.alert, Alert::UNSUPPORTED_CERTIFICATE);
        reported.says(&[
            "extended key usage (clientAuth) lacks serverAuth",
            "as a server",
        ]);
    });
}

#[test]
fn a_server_of_an_unknown_ca() {
    let cast = Cast::assemble();
    let ours = server().issued_by(&Authority::named("Stranger"));
    serve(&cast, &ours, |reported| {
        assert_eq!(reported.alert, Alert::UNKNOWN_CA);
        reported.says(&[
            "does not trust the CA",
            "of length 1, ends below \"CN=Stranger\"",
        ]);
    });
}

/// The command `openssl s_server`, which asks for a certificate and requires it.
mod s_server {
    use std::fs;
    use std::net::TcpStream;
    use std::time::Duration;

    use super::*;
    use crate::common::programs::{Program, Running};

    const LIMIT: Duration = Duration::from_secs(10);

    #[test]
    fn rejects_our_clients() {
        let Some(openssl) = Program::openssl() else {
            return;
        };
        let cast = Cast::assemble();
        let stranger = Authority::named("Stranger");
        let cases = [
            (
                alice().validity(expired()).issued_by(&cast.root),
                Alert::CERTIFICATE_EXPIRED,
                "(CN=alice) has expired at 2020-09-13T12:26:40Z",
            ),
            (
                server().issued_by(&cast.root),
                Alert::UNSUPPORTED_CERTIFICATE,
                "extended key usage (serverAuth) lacks clientAuth",
            ),
            (
                alice().issued_by(&stranger),
                Alert::UNKNOWN_CA,
                "ends below \"CN=Stranger\"",
            ),
        ];
        for version in Version::ALL {
            let (host, port) = start(&openssl, &cast, version);
            for client in all_clients() {
                for (ours, alert, words) in &cases {
                    let setup = Setup {
                        version,
                        ..Setup::new(ours, &cast.root)
                    };
                    let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
                    socket.set_read_timeout(Some(LIMIT)).unwrap();
                    let seen = client.ready(&setup).unwrap().run(socket);
                    let reported = reported(client.kind(), "s_server", version, &seen);
                    assert_eq!(reported.alert, *alert);
                    reported.says(&[words]);
                    if reported.ours == BackendKind::Rustls && *alert == Alert::UNKNOWN_CA {
                        reported.says(&["one of these CAs: \"CN=Rhea Root\""]);
                    }
                }
            }
            drop(host);
        }
    }

    /// Dropping it ends it.
    fn start(
        openssl: &Program,
        cast: &Cast,
        version: Version,
    ) -> ((Running, tempfile::TempDir), u16) {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, content: String| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            path
        };
        let mut command = openssl.command();
        command.args(["s_server", "-accept", "127.0.0.1:0", "-Verify", "3"]);
        command.args(["-verify_return_error", "-naccept", "1000"]);
        command.arg(match version {
            Version::Tls12 => "-tls1_2",
            Version::Tls13 => "-tls1_3",
        });
        command
            .arg("-cert")
            .arg(file("server.crt", cast.server.chain_pem()));
        command
            .arg("-cert_chain")
            .arg(file("chain.crt", cast.intermediate.pem()));
        command
            .arg("-key")
            .arg(file("server.key", cast.server.key_pem()));
        command.arg("-CAfile").arg(file("ca.crt", cast.root.pem()));
        let running = Running::start(&mut command);
        let line = running.wait_for_line("ACCEPT 127.0.0.1:", LIMIT);
        let port = line.rsplit_once(':').unwrap().1.parse().unwrap();
        ((running, folder), port)
    }
}
