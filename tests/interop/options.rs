//! The options of our examples, before curl, before `openssl s_client` and between the two.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::common::pki::crl::Crl;
use crate::common::pki::{Cast, Credential, Leaf, pem};
use crate::common::programs::{Finished, Program, run};
use crate::examples::{CLIENT_BACKENDS, End, LIMIT, SERVER_BACKENDS, Server, client, example};

/// Files for the cast in a folder of its own.
struct Folder {
    cast: Cast,
    folder: TempDir,
}

impl Folder {
    fn new() -> Self {
        Self {
            cast: Cast::assemble(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    fn end(&self, name: &str, credential: &Credential) -> End {
        End::of(self.folder.path(), name, credential, &self.cast.root)
    }

    /// A certificate and its key in every encoding: the arguments for each.
    fn encodings(&self, name: &str, credential: &Credential) -> Vec<Vec<String>> {
        let file = |extension: &str| format!("{name}.{extension}");
        let (chain, key) = (credential.chain_pem(), credential.key_pem());
        let bundle = self.write(&file("pem"), format!("{key}{chain}"));
        let key = self.write(&file("key.der"), credential.key.secret_pkcs8_der());
        let single = self.write(&file("single"), &credential.chain[0]);
        let mut encodings = vec![vec!["--cert".to_owned(), bundle.clone()]];
        if credential.chain.len() == 1 {
            encodings.push(vec!["--cert".into(), single, "--key".into(), key.clone()]);
        }
        if let Some(openssl) = Program::openssl() {
            let (p7, p12) = (self.path(&file("p7")), self.path(&file("p12")));
            openssl_makes(
                &openssl,
                &["crl2pkcs7", "-nocrl", "-certfile", &bundle],
                &p7,
            );
            encodings.push(vec!["--cert".into(), p7, "--key".into(), key]);
            let export = [
                "pkcs12",
                "-export",
                "-in",
                &bundle,
                "-passout",
                "pass:secret",
            ];
            openssl_makes(&openssl, &export, &p12);
            if cfg!(feature = "pkcs12") {
                let arguments = ["--cert", &p12, "--passphrase", "secret"];
                encodings.push(arguments.map(str::to_owned).to_vec());
            }
        }
        encodings
    }
}

fn openssl_makes(openssl: &Program, arguments: &[&str], file: &str) {
    let mut command = openssl.command();
    command.args(arguments).args(["-out", file]);
    run(&mut command, b"", LIMIT).expect_success();
}

#[test]
fn files_are_recognised_by_their_content() {
    let Some(curl) = Program::curl() else { return };
    let folder = Folder::new();
    let root = folder.write("root.der", folder.cast.root.certificate());
    let own = folder.cast.server.clone();
    let direct = Leaf::named("server").dns("localhost").server();
    let direct = direct.issued_by(&folder.cast.root);
    let alice = folder.end("alice", &folder.cast.alice);
    for (name, server) in [("layered", &own), ("direct", &direct)] {
        for arguments in folder.encodings(name, server) {
            for backend in SERVER_BACKENDS.iter() {
                println!("{backend}: {arguments:?}");
                let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                arguments.extend(["--cacert", &root, "--backend", backend]);
                let server = Server::with(&arguments);
                let answer = curl_calls(&curl, Some(&alice), &alice.ca, &server);
                assert_eq!(answer.expect_success(), "hello spiffe://prod.test/alice\n");
            }
        }
    }
    let own = folder.end("server", &own);
    let server = Server::start(SERVER_BACKENDS[0], &own, &[]);
    let url = format!("https://localhost:{}/", server.port);
    for arguments in folder.encodings("alice", &folder.cast.alice) {
        for backend in CLIENT_BACKENDS.iter() {
            println!("{backend}: {arguments:?}");
            let mut command = example("client");
            command.args(&arguments).args(["--cacert", &root]);
            command.args(["--backend", backend, &url]);
            let answer = run(&mut command, b"", LIMIT);
            assert_eq!(answer.expect_success(), "hello spiffe://prod.test/alice\n");
        }
    }
}

/// rustls is the backend that no option has to name.
#[cfg(feature = "rustls")]
#[test]
fn a_backend_need_not_be_named() {
    let folder = Folder::new();
    let arguments = |end: &End| end.arguments();
    let server = arguments(&folder.end("server", &folder.cast.server));
    let server: Vec<&str> = server.iter().map(String::as_str).collect();
    let server = Server::with(&server);
    let mut command = example("client");
    command.args(arguments(&folder.end("alice", &folder.cast.alice)));
    command.arg(format!("https://localhost:{}/", server.port));
    let answer = run(&mut command, b"", LIMIT);
    assert_eq!(answer.expect_success(), "hello spiffe://prod.test/alice\n");
}

#[test]
fn clients_without_a_certificate_are_accepted_where_they_are_optional() {
    let (Some(curl), Some(openssl)) = (Program::curl(), Program::openssl()) else {
        return;
    };
    let folder = Folder::new();
    let own = folder.end("server", &folder.cast.server);
    let alice = folder.end("alice", &folder.cast.alice);
    let mallory = folder.end("mallory", &folder.cast.mallory);
    for backend in SERVER_BACKENDS.iter() {
        let options = [
            "--optional",
            "--allow-spiffe-id",
            "spiffe://prod.test/alice",
        ];
        let server = Server::start(backend, &own, &options);
        let call = |end| curl_calls(&curl, end, &own.ca, &server);
        assert_eq!(call(None).expect_success(), "hello (no certificate)\n");
        assert_eq!(
            call(Some(&alice)).expect_success(),
            "hello spiffe://prod.test/alice\n"
        );
        // Not taken for one without a certificate.
        let rejected = call(Some(&mallory));
        assert!(!rejected.success(), "{rejected:#?}");
        for version in ["-tls1_2", "-tls1_3"] {
            let mut command = openssl.command();
            command.args(["s_client", "-quiet", "-verify_return_error", version]);
            command.args(["-connect", &format!("127.0.0.1:{}", server.port)]);
            command.arg("-CAfile").arg(&own.ca);
            let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            let answer = run(&mut command, request, LIMIT);
            assert!(
                answer.stdout.ends_with("hello (no certificate)\n"),
                "{answer:#?}"
            );
        }
        let required = Server::start(backend, &own, &[]);
        let rejected = curl_calls(&curl, None, &own.ca, &required);
        assert!(!rejected.success(), "{rejected:#?}");
    }
}

#[test]
fn profiles_are_more_or_less_strict() {
    let Some(curl) = Program::curl() else { return };
    let folder = Folder::new();
    let leaf = |name: &str| {
        let leaf = Leaf::named(name).dns("localhost").dns("db.test");
        leaf.client().server()
    };
    let zero = leaf("db.test").serial_number(&[0]);
    let title = leaf("Our database");
    let own = folder.end("server", &folder.cast.server);
    let alice = folder.end("alice", &folder.cast.alice);
    for (name, leaf, rejected_by) in [
        ("zero", zero, &["rfc5280", "web_pki"][..]),
        ("title", title, &["web_pki"]),
    ] {
        let odd = folder.end(name, &leaf.issued_by(&folder.cast.root));
        for profile in ["interoperable", "rfc5280", "web_pki"] {
            let is_accepted = !rejected_by.contains(&profile);
            for backend in SERVER_BACKENDS.iter() {
                println!("{name}, {profile}, {backend}");
                let server = Server::start(backend, &own, &["--profile", profile]);
                let answer = curl_calls(&curl, Some(&odd), &own.ca, &server);
                assert_eq!(answer.success(), is_accepted, "{answer:#?}");

                // As a client. The platform's own rules are no profile.
                let server = Server::start(backend, &odd, &[]);
                let url = format!("https://localhost:{}/", server.port);
                let answer = client(backend, &alice, &["--profile", profile, &url]);
                assert_eq!(answer.success(), is_accepted, "{answer:#?}");
            }
        }
    }
}

#[test]
fn revocation_lists_of_servers_and_clients() {
    let Some(curl) = Program::curl() else { return };
    let folder = Folder::new();
    let root = &folder.cast.root;
    let issue = |name: &str| {
        let leaf = Leaf::named(name).dns("localhost").client().server();
        leaf.issued_by(root)
    };
    let (good, revoked) = (issue("good"), issue("revoked"));
    let list = Crl::new().lists(revoked.leaf()).signed_by(root);
    let stranger = folder.cast.impostor.namesake();
    let other = Crl::new().signed_by(&stranger);
    let list_der = folder.write("root.crl", &list);
    let other_pem = folder.write("other.crl", pem("X509 CRL", &other));
    let lists = ["--crl", &other_pem, "--crl", &list_der];
    let (good, revoked) = (folder.end("good", &good), folder.end("revoked", &revoked));
    for backend in SERVER_BACKENDS.iter() {
        let server = Server::start(backend, &good, &lists);
        let call = |end| curl_calls(&curl, Some(end), &good.ca, &server);
        assert_eq!(call(&good).expect_success(), "hello localhost\n");
        assert!(!call(&revoked).success());
        server.wait_for_log(0, "a certificate was revoked");

        for (end, is_accepted) in [(&good, true), (&revoked, false)] {
            let server = Server::start(backend, end, &[]);
            let url = format!("https://localhost:{}/", server.port);
            let answer = client(backend, &good, &[&lists[..], &[&url]].concat());
            assert_eq!(answer.success(), is_accepted, "{answer:#?}");
            if !is_accepted {
                let reported = answer.stderr.contains("a certificate was revoked");
                assert!(reported, "{answer:#?}");
            }
        }
    }
}

/// curl as this client, or without a certificate.
fn curl_calls(curl: &Program, end: Option<&End>, ca: &Path, server: &Server) -> Finished {
    let mut command = curl.command();
    command.args(["-q", "-sS", "--cacert"]).arg(ca);
    if let Some(end) = end {
        command.arg("--cert").arg(&end.files.certificate);
        command.arg("--key").arg(&end.files.key);
    }
    command.arg(format!("https://localhost:{}/", server.port));
    run(&mut command, b"", LIMIT)
}
