//! The two examples meet each other, on every pair of backends, and say what is wrong with how they are called.

use std::net::TcpListener;

use crate::common::pki::{Cast, Leaf};
use crate::common::programs::{Finished, run};
use crate::examples::{CLIENT_BACKENDS, End, LIMIT, SERVER_BACKENDS, Server, client, example};
use crate::worlds;

#[test]
fn our_client_calls_our_server() {
    let (folder, cast) = (tempfile::tempdir().unwrap(), Cast::assemble());
    let end = |name, credential| End::of(folder.path(), name, credential, &cast.root);
    let bob = Leaf::named("bob")
        .dns("bob.test")
        .client()
        .issued_by(&cast.root);
    let carol = Leaf::named("carol").client().issued_by(&cast.root);
    let (alice, bob, carol) = (
        end("alice", &cast.alice),
        end("bob", &bob),
        end("carol", &carol),
    );
    let (mallory, own) = (end("mallory", &cast.mallory), end("server", &cast.server));
    let allow = [
        "--allow-spiffe-id",
        "spiffe://prod.test/alice",
        "--allow-dns",
        "bob.test",
    ];
    for server_backend in SERVER_BACKENDS.iter() {
        let server = Server::start(server_backend, &own, &allow);
        let url = format!("https://localhost:{}/a?b=c", server.port);
        for backend in CLIENT_BACKENDS.iter() {
            println!("{backend} to {server_backend}");
            let call = |end: &End| client(backend, end, &["--data", "foo", "--verbose", &url]);
            for (end, name) in [(&alice, "spiffe://prod.test/alice"), (&bob, "bob.test")] {
                let greeted = call(end);
                assert_eq!(
                    greeted.stdout,
                    format!("hello {name} foo\n"),
                    "{greeted:#?}"
                );
                assert!(
                    greeted.stderr.contains("* the server is server.test\n"),
                    "{greeted:#?}"
                );
                assert!(
                    greeted.stderr.contains("* TLS 1.3, ALPN h2\n"),
                    "{greeted:#?}"
                );
            }
            fails(
                &call(&carol),
                1,
                "with the alert certificate_unknown\nhint: our certificate was rejected",
            );
            // It has the name of the root that is trusted, and not its key.
            let reported = call(&mallory);
            fails(
                &reported,
                1,
                "the peer rejected the handshake with the alert ",
            );
        }
    }
}

/// The server's own certificate comes from the intermediate, which is not sent.
#[test]
fn a_missing_intermediate_is_named() {
    let (folder, cast) = (tempfile::tempdir().unwrap(), Cast::assemble());
    let end = |name, credential| End::of(folder.path(), name, credential, &cast.root);
    let (mut alone, mut hasty) = (cast.server.clone(), cast.alice.clone());
    alone.chain.truncate(1);
    hasty.chain.truncate(1);
    let (alone, hasty) = (end("alone", &alone), end("hasty", &hasty));
    let (alice, own) = (end("alice", &cast.alice), end("server", &cast.server));
    for server_backend in SERVER_BACKENDS.iter() {
        let (lonely, whole) = (
            Server::start(server_backend, &alone, &[]),
            Server::start(server_backend, &own, &[]),
        );
        for backend in CLIENT_BACKENDS.iter() {
            println!("{backend} to {server_backend}");
            let url = format!("https://localhost:{}/", lonely.port);
            let rejected = client(backend, &alice, &[&url]);
            fails(&rejected, 1, "no path leads to a trust anchor");
            assert!(rejected.stderr.contains("hint: "), "{rejected:#?}");

            let seen = whole.log().len();
            let url = format!("https://localhost:{}/", whole.port);
            fails(
                &client(backend, &hasty, &[&url]),
                1,
                "with the alert unknown_ca\nhint: ",
            );
            let log = whole.wait_for_log(seen, "hint: ");
            assert!(log.contains("Ivo Intermediate"), "{log}");
        }
    }
}

#[test]
fn addresses_of_version_6_stand_in_brackets() {
    if TcpListener::bind("[::1]:0").is_err() {
        println!("NOT TESTED: this machine has no IPv6");
        return;
    }
    let (folder, cast) = (tempfile::tempdir().unwrap(), Cast::assemble());
    let alice = End::of(folder.path(), "alice", &cast.alice, &cast.root);
    let own = Leaf::named("six").ip("::1").server().issued_by(&cast.root);
    let own = End::of(folder.path(), "six", &own, &cast.root);
    for server_backend in SERVER_BACKENDS.iter() {
        let server = Server::start(server_backend, &own, &["--listen", "[::1]:0"]);
        for backend in CLIENT_BACKENDS.iter() {
            let greeted = client(
                backend,
                &alice,
                &[&format!("https://[::1]:{}", server.port)],
            );
            assert_eq!(
                greeted.stdout, "hello spiffe://prod.test/alice\n",
                "{greeted:#?}"
            );
        }
    }
}

#[test]
fn wrong_passphrases_are_reported() {
    let Some(backend) = CLIENT_BACKENDS.first() else {
        return;
    };
    for world in worlds::all().iter().filter(|world| world.client.encrypted) {
        let url = "https://localhost:1/";
        let mut end = world.client.clone();
        end.encrypted = false;
        fails(&client(backend, &end, &[url]), 1, "encrypted");
        fails(
            &client(backend, &end, &["--passphrase", "wrong", url]),
            1,
            "passphrase",
        );
    }
}

#[test]
fn wrong_arguments_are_reported() {
    for name in ["client", "server"] {
        let reported = |arguments: &[&str]| run(example(name).args(arguments), b"", LIMIT);
        assert!(
            reported(&["--help"])
                .expect_success()
                .starts_with("usage: ")
        );
        fails(&reported(&[]), 2, "the option --cert is missing");
        fails(
            &reported(&["--cert", "none.pem"]),
            2,
            "the option --cacert is missing",
        );
        for (option, value, fact, hint) in [
            (
                "--backend",
                "schannel",
                "no backend is named \"schannel\"",
                "hint: use one of native-tls, openssl, rustls",
            ),
            (
                "--profile",
                "strict",
                "no certificate profile is named \"strict\"",
                "hint: use one of interoperable, rfc5280, web_pki",
            ),
        ] {
            let finished = reported(&[option, value]);
            fails(&finished, 2, fact);
            fails(&finished, 2, hint);
        }
        fails(&reported(&["--nonsense"]), 2, "invalid option '--nonsense'");
    }
    let material = [
        "--cert", "none.crt", "--key", "none.key", "--cacert", "none.crt",
    ];
    let client = |more: &[&str]| {
        let mut command = example("client");
        command
            .args(["--backend", CLIENT_BACKENDS.first().unwrap_or(&"rustls")])
            .args(material);
        run(command.args(more), b"", LIMIT)
    };
    fails(&client(&[]), 2, "the URL is missing");
    fails(
        &client(&["http://localhost/"]),
        2,
        "does not begin with https://",
    );
    fails(&client(&["https://me@localhost/"]), 2, "holds a user name");
    let reported = match CLIENT_BACKENDS[..] {
        [] => "is not compiled in: build with `--features rustls`",
        _ => "none.crt",
    };
    fails(&client(&["https://localhost/"]), 1, reported);
    let mut server = example("server");
    let server = server.args(["--backend", "native-tls"]).args(material);
    fails(
        &run(server, b"", LIMIT),
        1,
        "native-tls cannot ask a client for its certificate",
    );
}

#[track_caller]
fn fails(finished: &Finished, status: i32, part: &str) {
    let code = finished.status.and_then(|status| status.code());
    assert_eq!(
        (code, &*finished.stdout),
        (Some(status), ""),
        "{finished:#?}"
    );
    assert!(
        finished.stderr.contains(part),
        "not `{part}`: {finished:#?}"
    );
}

#[cfg(all(unix, feature = "watch"))]
#[test]
fn the_rotation_example_reports_what_becomes_of_a_client() {
    let said = run(&mut example("rotation"), b"", LIMIT).expect_success();
    // Each in its order; between the two of them only the threads decide.
    // A report has further lines, which belong to its first.
    let mut is_server = false;
    let (server, client): (Vec<&str>, Vec<&str>) = said.lines().partition(|line| {
        if !line.starts_with("hint: ") && !line.starts_with("  ") || line.starts_with("  client") {
            is_server = false;
        } else if line.starts_with("  server") {
            is_server = true;
        }
        is_server
    });
    let of_client = [
        "open connection: CN=server 1 says: revision 1, to CN=client",
        "new connection: CN=server 1 says: revision 1, to CN=client",
        "a renewed certificate",
        "open connection: CN=server 1 says: revision 1, to CN=client",
        "new connection: CN=server 2 says: revision 2, to CN=client",
        "with the key of another one",
        "open connection: CN=server 1 says: revision 1, to CN=client",
        "new connection: CN=server 2 says: revision 2, to CN=client",
        "without the clients' CA",
        "open connection: the peer closed the connection without TLS close_notify",
        "new connection: the peer rejected the handshake with the alert unknown_ca",
    ];
    let of_server = [
        "server: revision 2 serves",
        "server: the source did not load",
        "does not belong to the leaf CN=server 3",
        "server: revision 3 serves",
    ];
    for (lines, parts) in [(client, &of_client[..]), (server, &of_server[..])] {
        let lines = lines.join("\n");
        let mut rest = lines.as_str();
        for part in parts {
            let Some((_, after)) = rest.split_once(part) else {
                panic!("no `{part}` where it should be:\n{said}");
            };
            rest = after;
        }
    }
}
