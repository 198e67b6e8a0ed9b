//! One verdict: the verifier by itself, and every backend in a handshake, say the same of the same chain.

#![cfg_attr(
    not(any(feature = "rustls", feature = "openssl")),
    allow(
        dead_code,
        reason = "without a backend that has algorithms the verifier is not asked by itself"
    )
)]

mod common;

use common::chains::{self, Case, Presenter};
use common::ends::{self, End, Ended, Ends, Seen, Setup, meet};
use common::pki::Cast;
use common::raw::{self, Version};
use mtls::backend::BackendKind;
use mtls::policy::{SignatureAlgorithms, SignatureMemo};
use mtls::{HandshakeError, PeerVerifier, RejectionReason as Reason, TrustAnchors, VerifierPolicy};
use pki_types::{ServerName, UnixTime};

type Verdict = Result<(), Reason>;

#[cfg(feature = "rustls")]
#[test]
fn the_verifier_alone_with_the_algorithms_of_rustls() {
    assert_verified_as_expected(&mtls::Rustls::default().signature_algorithms().unwrap());
}

#[cfg(feature = "openssl")]
#[test]
fn the_verifier_alone_with_the_algorithms_of_openssl() {
    let openssl = mtls::OpenSsl::default();
    assert_verified_as_expected(&openssl.signature_algorithms().unwrap());
}

fn assert_verified_as_expected(algorithms: &SignatureAlgorithms) {
    let cases = [chains::clients(), chains::servers()].concat();
    for bytes in [0, 1_500, SignatureMemo::DEFAULT_MAX_BYTES] {
        let memo = SignatureMemo::with_max_bytes(bytes);
        let algorithms = algorithms.clone().with_memo(&memo);
        for case in &cases {
            meet_signatures(case, &algorithms);
        }
        let before = memo.hits();
        let wrong: Vec<_> = cases
            .iter()
            .map(|case| (case.name, verify(case, algorithms.clone()), case.expected))
            .filter(|(_, verdict, expected)| verdict != expected)
            .collect();
        assert!(wrong.is_empty(), "{bytes}: {wrong:#?}");
        let hits = memo.hits() - before;
        println!("{bytes}: {hits} signatures found");
        // Where all have room, those of a chain are found when it is verified.
        let has_room = bytes == SignatureMemo::DEFAULT_MAX_BYTES;
        assert!(hits > cases.len() as u64 / 2 || !has_room);
    }
}

/// Verifies what a chain may be signed by so often that the memo keeps it.
fn meet_signatures(case: &Case, algorithms: &SignatureAlgorithms) {
    for issuer in case.presented.chain.iter().chain(&case.anchors) {
        for certificate in &case.presented.chain {
            for _ in 0..2 {
                let _: Option<bool> = algorithms.is_signed_by(certificate, issuer);
            }
        }
    }
}

/// The verdict of the verifier alone.
fn verify(case: &Case, algorithms: SignatureAlgorithms) -> Verdict {
    let anchors = TrustAnchors::from_der(case.anchors.clone()).unwrap();
    let verifier = PeerVerifier::new(&anchors, policy(case), algorithms).unwrap();
    let (chain, now) = (&case.presented.chain, UnixTime::now());
    let verdict = match case.server_name {
        None => verifier.verify_client(chain, now),
        Some(name) => verifier.verify_server(chain, &ServerName::try_from(name).unwrap(), now),
    };
    verdict.map(drop).map_err(|rejection| {
        assert!(!rejection.hint().is_empty(), "{}: no hint", case.name);
        rejection.reason()
    })
}

fn policy(case: &Case) -> VerifierPolicy {
    VerifierPolicy::allow_any_authenticated().profile(case.profile)
}

#[test]
fn client_chains_before_live_servers() {
    let cases = chains::clients();
    assert!(cases.len() >= 47);
    assert_agree(&cases, &ends::servers(), Side::Server);
}

#[test]
fn server_chains_before_live_clients() {
    let cases = chains::servers();
    assert!(cases.len() >= 18);
    assert_agree(&cases, &ends::clients(), Side::Client);
}

/// Which end verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

/// Runs every case with every presenter and every verifier, in both TLS versions.
///
/// Without a memo and with one, by which a chain is known to a verifier from the second presenter on.
fn assert_agree(cases: &[Case], verifiers: &Ends, side: Side) {
    let cast = Cast::assemble();
    for verifier in verifiers {
        let memos = [SignatureMemo::off(), SignatureMemo::default()];
        let runs = Version::ALL.map(|version| memos.each_ref().map(|memo| (version, memo)));
        for (version, memo) in runs.into_iter().flatten() {
            let mut differences = Vec::new();
            let mut handshakes = 0;
            for case in cases {
                for verdict in verdicts(case, &**verifier, (version, memo), side, &cast) {
                    handshakes += 1;
                    let expected = expected_live(case);
                    if verdict != expected {
                        let said = format!("{}: {verdict:?}, not {expected:?}", case.name);
                        let kind = verifier.kind().unwrap();
                        assert!(
                            may_differ(case, kind, side, verdict),
                            "{verifier:?}: {said}"
                        );
                        differences.push(said);
                    }
                }
            }
            let (count, differ) = (cases.len(), differences.len());
            let uses_memo = verifier.kind() != Some(BackendKind::NativeTls);
            let is_on = memo.max_bytes() > 0;
            assert_eq!(memo.misses() > 0, is_on && uses_memo, "{verifier:?}");
            println!(
                "{verifier:?}, {version:?}: {count} chains, {handshakes} handshakes, {differ} differences: {differences:#?}"
            );
        }
    }
}

/// What the verifier says, of the chain as each library presents it.
fn verdicts(
    case: &Case,
    verifier: &dyn End,
    (version, memo): (Version, &SignatureMemo),
    side: Side,
    cast: &Cast,
) -> Vec<Verdict> {
    let ours = match side {
        Side::Client => &cast.alice,
        Side::Server => &cast.server,
    };
    let presenting = Setup {
        version,
        identity: (case.presenter != Presenter::NoCertificate).then(|| case.presented.clone()),
        ..Setup::new(ours, &cast.root)
    };
    let verifying = Setup {
        version,
        anchors: case.anchors.clone(),
        server_name: case.server_name.unwrap_or("localhost"),
        policy: policy(case),
        memo: memo.clone(),
        ..Setup::new(ours, &cast.root)
    };
    let verifier = verifier.ready(&verifying).unwrap();
    let tools = raw::tools()
        .into_iter()
        .filter(|tool| case.presentable_by(*tool));
    tools
        .map(|tool| {
            let seen = match side {
                Side::Client => {
                    let presenter = ends::raw_servers(&[tool.name])[0].ready(&presenting);
                    meet(&*verifier, &*presenter.unwrap()).0
                }
                Side::Server => {
                    let presenter = ends::raw_clients(&[tool.name])[0].ready(&presenting);
                    meet(&*presenter.unwrap(), &*verifier).1
                }
            };
            println!("{} by {}: {seen:?}", case.name, tool.name);
            verdict(&seen)
        })
        .collect()
}

fn verdict(seen: &Seen) -> Verdict {
    match &seen.ended {
        None if seen.completed => Ok(()),
        Some(Ended::Handshake(HandshakeError::Rejected(rejection))) => Err(rejection.reason()),
        _ => panic!("no verdict: {seen:?}"),
    }
}

/// A client whose key fits no signature scheme that is offered to it presents nothing.
fn expected_live(case: &Case) -> Verdict {
    if case.presenter == Presenter::OpensslOnOffer {
        Err(Reason::NoCertificate)
    } else {
        case.expected
    }
}

/// The lines of the capability table: a server on OpenSSL is shown one path and nothing beside it,
/// and accepts no path that is rejected elsewhere. On native-tls the platform verifies as well: the
/// leaf never more loosely, and what is above the leaf by its own rules.
fn may_differ(case: &Case, kind: BackendKind, side: Side, verdict: Verdict) -> bool {
    match (kind, side) {
        (BackendKind::OpenSsl, Side::Server) => {
            case.several_issuers_of_one_name && verdict.is_err()
        }
        // How long a chain may be is a limit of our own verifier, which is not asked there.
        (BackendKind::NativeTls, _) => {
            verdict.is_err() || case.expected == Err(Reason::PathTooLong)
        }
        _ => false,
    }
}
