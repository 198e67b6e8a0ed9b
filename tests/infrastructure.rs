//! The ground that the other tests stand on holds by itself.

mod common;

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use common::chains::{self, Case, Presenter};
use common::pki::{Cast, Credential, KeyAlgorithm, Leaf};
use common::programs::{Program, Running, run};
use common::raw::{self, Peer, Version};
use common::walkthrough::{self, PASSPHRASE};
use pki_types::pem::PemObject;
use pki_types::{CertificateDer, PrivateKeyDer};

const SOON: Duration = Duration::from_secs(10);

#[cfg(unix)]
fn shell(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]);
    command
}

#[cfg(unix)]
#[test]
fn programs_are_received_and_ended() {
    let echo = run(&mut shell("cat; echo aside >&2; exit 3"), b"abc", SOON);
    assert_eq!(echo.status.unwrap().code(), Some(3));
    assert_eq!((&*echo.stdout, &*echo.stderr), ("abc", "aside\n"));

    let much = vec![b'x'; 1 << 20];
    assert_eq!(run(&mut shell("cat"), &much, SOON).stdout.len(), much.len());

    let before = Instant::now();
    let stuck = run(&mut shell("exec sleep 60"), b"", Duration::from_millis(100));
    assert!(stuck.status.is_none() && before.elapsed() < SOON);

    let mut running = Running::start(&mut shell(
        "echo ready: 1; read line; echo got $line; exec sleep 60",
    ));
    assert_eq!(running.wait_for_line("ready", SOON), "ready: 1");
    running.write(b"word\n");
    assert_eq!(running.wait_for_line("got", SOON), "got word");
    assert!(running.is_alive());
    drop(running);
    assert!(before.elapsed() < SOON);
}

#[test]
fn programs_are_found_or_named() {
    for (program, argument) in [
        (Program::certtool(), "--version"),
        (Program::curl(), "--version"),
        (Program::keytool(), "-help"),
        (Program::node(), "--version"),
        (Program::openssl(), "version"),
    ] {
        if let Some(program) = program {
            run(program.command().arg(argument), b"", SOON).expect_success();
        }
    }
}

#[test]
fn pem_says_what_der_says() {
    let cast = Cast::assemble();
    for algorithm in KeyAlgorithm::ALL {
        let leaf = Leaf::named("someone").algorithm(algorithm).client();
        let someone = leaf.issued_by(&cast.intermediate).with(&cast.intermediate);
        let chain: Result<Vec<_>, _> =
            CertificateDer::pem_slice_iter(someone.chain_pem().as_bytes()).collect();
        assert_eq!(chain.unwrap(), someone.chain);
        let key = PrivateKeyDer::from_pem_slice(someone.key_pem().as_bytes()).unwrap();
        assert_eq!(key.secret_der(), someone.key.secret_pkcs8_der());
    }
}

#[test]
fn plain_walkthrough_has_version_1_leaves() {
    let Some(plain) = walkthrough::plain() else {
        return;
    };
    assert_eq!(walkthrough::version(&plain.ca), 3);
    assert_eq!(walkthrough::version(&plain.server.certificate), 1);
    assert_eq!(walkthrough::version(&plain.client.certificate), 1);
    assert_verified_by_openssl(&plain.ca, &[], &plain.server.certificate);
    assert_verified_by_openssl(&plain.ca, &[], &plain.client.certificate);
}

#[test]
fn layered_walkthrough_has_encrypted_keys() {
    let Some(layered) = walkthrough::layered() else {
        return;
    };
    let between = ["-untrusted", layered.intermediate.to_str().unwrap()];
    for files in [&layered.server, &layered.client] {
        assert_eq!(walkthrough::version(&files.certificate), 3);
        assert_verified_by_openssl(&layered.root, &between, &files.certificate);
    }
    assert_verified_by_openssl(&layered.stranger_root, &[], &layered.stranger.certificate);
    let openssl = Program::openssl().unwrap();
    for files in [&layered.server, &layered.client, &layered.stranger] {
        let pem = fs::read_to_string(&files.key).unwrap();
        assert!(pem.contains("ENCRYPTED"), "{pem}");
        let mut command = openssl.command();
        let check = [
            "pkey",
            "-noout",
            "-passin",
            &format!("pass:{PASSPHRASE}"),
            "-in",
        ];
        run(command.args(check).arg(&files.key), b"", SOON).expect_success();
    }
}

fn assert_verified_by_openssl(root: &Path, more: &[&str], leaf: &Path) {
    let mut command = Program::openssl().unwrap().command();
    command
        .arg("verify")
        .arg("-CAfile")
        .arg(root)
        .args(more)
        .arg(leaf);
    run(&mut command, b"", SOON).expect_success();
}

#[test]
fn raw_peers_talk_to_each_other() {
    let cast = Cast::assemble();
    for_each_pair(|client, server, version| {
        let serving = server.serve(
            Peer::new(version)
                .presents(&cast.server)
                .alpn(&["h2", "http/1.1"])
                .says(b"welcome")
                .hears(5),
        );
        let caller = Peer::new(version).presents(&cast.alice).alpn(&["http/1.1"]);
        let called = client
            .call(serving.address, caller.says(b"hello").hears(7))
            .outcome();
        let served = serving.outcome();
        assert!(
            called.accepted() && served.accepted(),
            "{called:?} {served:?}"
        );
        assert_eq!(
            (&*called.received, &*served.received),
            (&b"welcome"[..], &b"hello"[..])
        );
        assert_eq!(
            (called.alpn.as_deref(), served.alpn.as_deref()),
            (Some(&b"http/1.1"[..]), Some(&b"http/1.1"[..]))
        );
        assert_eq!(called.presented, cast.server.chain);
        assert_eq!(served.presented, cast.alice.chain);
    });
}

#[test]
fn raw_clients_may_present_nothing() {
    let cast = Cast::assemble();
    for_each_pair(|client, server, version| {
        for peer in [Peer::new(version), Peer::new(version).asks_for_nothing()] {
            let serving = server.serve(peer.presents(&cast.server).says(b"welcome").hears(0));
            let called = client.call(serving.address, Peer::new(version)).outcome();
            let served = serving.outcome();
            assert!(
                called.accepted() && served.accepted(),
                "{called:?} {served:?}"
            );
            assert_eq!(called.received, b"welcome");
            assert!(served.presented.is_empty());
        }
    });
}

#[test]
fn raw_clients_report_the_alert_of_a_handshake() {
    const NO_APPLICATION_PROTOCOL: u8 = 120;
    let cast = Cast::assemble();
    for_each_pair(|client, server, version| {
        let serving = server.serve(Peer::new(version).presents(&cast.server).alpn(&["h2"]));
        let caller = Peer::new(version).alpn(&["other"]);
        let called = client.call(serving.address, caller).outcome();
        assert!(!called.completed, "{called:?}");
        assert_eq!(called.alert, Some(NO_APPLICATION_PROTOCOL), "{called:?}");
        assert!(!serving.outcome().completed);
    });
}

/// Every client with every server, in both versions, by name when it fails.
fn for_each_pair(test: impl Fn(raw::Tool, raw::Tool, Version)) {
    for client in raw::tools() {
        for server in raw::tools() {
            for version in Version::ALL {
                println!("{} to {}, {version:?}", client.name, server.name);
                test(client, server, version);
            }
        }
    }
}

#[test]
fn chains_are_many_and_each_has_its_name() {
    let (clients, servers) = (chains::clients(), chains::servers());
    assert!(clients.len() >= 47, "{}", clients.len());
    assert!(servers.len() >= 18, "{}", servers.len());
    let mut names = HashSet::new();
    for case in clients.iter().chain(&servers) {
        let verified = (case.name, case.profile);
        assert!(names.insert(verified), "twice: {verified:?}");
        assert_eq!(
            case.server_name.is_some(),
            case.name.starts_with("server: ")
        );
    }
}

#[test]
fn chains_can_be_presented_as_they_say() {
    let cast = Cast::assemble();
    // The last is OpenSSL where it is compiled in, which knows every kind of key.
    let Some(listener) = raw::tools().pop() else {
        return;
    };
    for case in chains::clients().iter().chain(&chains::servers()) {
        for tool in raw::tools() {
            for version in Version::ALL {
                if case.presentable_by(tool) {
                    assert_presented(tool, version, case, listener, &cast.server);
                }
            }
        }
    }
}

fn assert_presented(
    tool: raw::Tool,
    version: Version,
    case: &Case,
    listener: raw::Tool,
    server: &Credential,
) {
    let presenter = Peer::new(version).presents(&case.presented).hears(0);
    let received = if case.server_name.is_some() {
        let serving = tool.serve(presenter);
        listener.call(serving.address, Peer::new(version)).outcome()
    } else {
        let serving = listener.serve(Peer::new(version).presents(server));
        let called = tool.call(serving.address, presenter).outcome();
        println!("{}: {called:?}", case.name);
        serving.outcome()
    };
    let context = format!("{} by {}, {version:?}: {received:?}", case.name, tool.name);
    if case.presenter == Presenter::Rustls && listener.name == "openssl" {
        assert!(
            !received.completed && received.presented.is_empty(),
            "{context}"
        );
    } else {
        assert!(received.accepted(), "{context}");
        assert!(received.presented == case.presented.chain, "{context}");
    }
}

#[cfg(feature = "aws-lc-rs")]
mod verified {
    //! What a verifier that is not ours makes of it.

    use std::sync::Arc;

    use mtls::RejectionReason as Reason;
    use pki_types::{ServerName, UnixTime};
    use rustls::crypto::aws_lc_rs::default_provider;
    use rustls::server::WebPkiClientVerifier;
    use rustls::{RootCertStore, ServerConfig, ServerConnection, Stream};
    use webpki::{EndEntityCert, Error, KeyUsage, anchor_from_trusted_cert};

    use super::*;

    /// Where plain webpki says yes and the crate must say no.
    const NOT_SEEN_BY_WEBPKI: [&str; 40] = [
        "RSA 1024 leaf",
        "RSA-PSS leaf",
        "Ed448 leaf",
        "a GeneralizedTime of before 2050",
        "a DNS name with a blank in it",
        "a DNS name with a line break in it",
        "two DNS names in one",
        "an IP address of three bytes",
        "an empty list of names",
        "an extension twice",
        "an intermediate with an unknown extension twice",
        "garbage behind",
        "anchor expired",
        "anchor not yet valid",
        "issuer must not sign certificates",
        "names that end inside a name",
        "path length of the anchor exceeded",
        "server: RSA 1024 leaf",
        "serial number zero",
        "serial number of 21 octets",
        "key usage without digital signature",
        "a leaf that may sign certificates",
        "its own key identifier alone",
        "an authority key identifier of another key",
        "an authority key identifier without a key",
        "an authorityInfoAccess that is none",
        "an empty authorityInfoAccess",
        "name constraints in a leaf",
        "an underscore in a DNS name",
        "names that are not critical beside an empty subject",
        "an intermediate whose basicConstraints is not critical",
        "an intermediate without its own key identifier",
        "an intermediate without its issuer's key identifier",
        "an intermediate with empty name constraints",
        "an intermediate that limits names to some behind a dot",
        "an intermediate whose nameConstraints is not critical",
        "an intermediate whose policyConstraints is not critical",
        "an anchor with an unknown critical extension",
        "an anchor for servers",
        "an anchor whose basicConstraints is not critical",
    ];

    #[test]
    fn chains_get_the_verdict_of_webpki_where_it_has_one() {
        for case in chains::clients().iter().chain(&chains::servers()) {
            if case.presenter == Presenter::NoCertificate {
                continue;
            }
            let verdict = verify(case);
            let name = case.name;
            if name.starts_with("a critical ") && name.ends_with("key identifier") {
                // To webpki every extension that it does not know is alike.
                assert_eq!(
                    reason(verdict.as_ref().unwrap_err()),
                    Reason::UnhandledCriticalExtension
                );
            } else if name == "an intermediate with its key usage twice" {
                // webpki stops at it; we pass over it, as OpenSSL does, and then no path is left.
                assert_eq!(
                    reason(verdict.as_ref().unwrap_err()),
                    Reason::MalformedCertificate
                );
            } else if NOT_SEEN_BY_WEBPKI.contains(&name) && case.expected.is_err() {
                assert!(verdict.is_ok(), "{name}: {verdict:?}");
            } else {
                let reason = verdict.as_ref().map(|_| ()).map_err(reason);
                assert_eq!(reason, case.expected, "{name}: {verdict:?}");
            }
        }
    }

    fn reason(error: &Error) -> Reason {
        match error {
            Error::BadDer | Error::ExtensionValueInvalid | Error::TrailingData(_) => {
                Reason::MalformedCertificate
            }
            Error::CaUsedAsEndEntity => Reason::LeafIsCa,
            Error::CertExpired { .. } => Reason::Expired,
            Error::CertNotValidForName(_) => Reason::NameMismatch,
            Error::CertNotValidYet { .. } => Reason::NotYetValid,
            Error::EndEntityUsedAsCa => Reason::IssuerNotCa,
            Error::InvalidSignatureForPublicKey | Error::UnknownIssuer => Reason::UnknownIssuer,
            Error::MaximumPathDepthExceeded => Reason::PathTooLong,
            Error::NameConstraintViolation => Reason::NameConstraintViolated,
            Error::PathLenConstraintViolated => Reason::PathLengthExceeded,
            Error::RequiredEkuNotFoundContext(_) => Reason::WrongExtendedKeyUsage,
            Error::UnsupportedCertVersion => Reason::UnsupportedVersion,
            Error::UnsupportedCriticalExtension => Reason::UnhandledCriticalExtension,
            Error::UnsupportedSignatureAlgorithmContext(_) => Reason::UnsupportedSignatureAlgorithm,
            other => panic!("no case has {other:?}"),
        }
    }

    fn verify(case: &Case) -> Result<(), Error> {
        let (leaf, above) = case
            .presented
            .chain
            .split_first()
            .expect("nothing to verify");
        let anchors: Result<Vec<_>, _> =
            case.anchors.iter().map(anchor_from_trusted_cert).collect();
        let leaf = EndEntityCert::try_from(leaf)?;
        let usage = match case.server_name {
            Some(_) => KeyUsage::server_auth(),
            None => KeyUsage::client_auth(),
        };
        let algorithms = default_provider().signature_verification_algorithms.all;
        leaf.verify_for_usage(
            algorithms,
            &anchors?,
            above,
            UnixTime::now(),
            usage,
            None,
            None,
        )?;
        if let Some(name) = case.server_name {
            leaf.verify_is_valid_for_subject_name(&ServerName::try_from(name).unwrap())?;
        }
        Ok(())
    }

    #[test]
    fn raw_clients_report_the_alert_after_a_handshake() {
        const DECRYPT_ERROR: u8 = 51;
        const CERTIFICATE_REQUIRED: u8 = 116;
        let cast = Cast::assemble();
        for tool in raw::tools() {
            for version in Version::ALL {
                let anonymous = Peer::new(version).says(b"hello");
                let stranger = anonymous.clone().presents(&cast.mallory);
                for (peer, alert) in [(anonymous, CERTIFICATE_REQUIRED), (stranger, DECRYPT_ERROR)]
                {
                    let called = rejected_by_stock_rustls(&cast, tool, peer);
                    let context = format!("{}, {version:?}: {called:?}", tool.name);
                    assert_eq!(called.completed, version == Version::Tls13, "{context}");
                    assert_eq!(called.alert, Some(alert), "{context}");
                    assert!(called.received.is_empty() && !called.accepted());
                }
            }
        }
    }

    /// A server that verifies by rustls' own verifier, and closes as soon as it is done.
    fn rejected_by_stock_rustls(cast: &Cast, tool: raw::Tool, peer: Peer) -> raw::RawOutcome {
        let provider = Arc::new(default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(cast.root.certificate()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(cast.server.chain.clone(), cast.server.key_der())
            .unwrap();
        let (near, mut far) = raw::socket_pair();
        let called = tool.call_over(near, peer);
        let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
        let rejection =
            std::io::Read::read(&mut Stream::new(&mut connection, &mut far), &mut [0; 16]);
        rejection.expect_err("stock rustls accepted");
        drop(far);
        called.outcome()
    }
}

#[cfg(feature = "openssl")]
mod oddities {
    //! Odd leaves are odd in the way they say.

    use openssl::nid::Nid;
    use openssl::pkey::Id;
    use openssl::x509::X509;

    use super::*;
    use common::odd::Odd;

    #[test]
    fn odd_leaves_are_odd() {
        let cast = Cast::assemble();
        let issuer = X509::from_der(&cast.root.certificate()).unwrap();
        for odd in Odd::ALL {
            let made = odd.issued_by(&cast.root, "odd.test");
            let leaf = X509::from_der(made.leaf()).unwrap();
            let key = leaf.public_key().unwrap();
            assert!(
                leaf.verify(&issuer.public_key().unwrap()).unwrap(),
                "{odd:?}"
            );
            assert_eq!(
                leaf.version(),
                if odd == Odd::X509V1 { 0 } else { 2 },
                "{odd:?}"
            );
            let names = leaf.subject_alt_names().is_some();
            assert_eq!(
                names,
                ![Odd::X509V1, Odd::CommonNameOnly].contains(&odd),
                "{odd:?}"
            );
            let (id, bits) = match odd {
                Odd::CommonNameOnly | Odd::EarlyGeneralTime | Odd::Sha1Signed => (Id::EC, 256),
                Odd::Ed448 => (Id::ED448, 456),
                Odd::P521 => (Id::EC, 521),
                Odd::Rsa1024 => (Id::RSA, 1024),
                Odd::RsaPss => (Id::RSA_PSS, 2048),
                Odd::X509V1 => (Id::RSA, 2048),
            };
            assert_eq!((key.id(), key.bits()), (id, bits), "{odd:?}");
            let signature = leaf.signature_algorithm().object().nid();
            assert_eq!(
                signature == Nid::ECDSA_WITH_SHA1,
                odd == Odd::Sha1Signed,
                "{odd:?}"
            );
        }
    }
}
