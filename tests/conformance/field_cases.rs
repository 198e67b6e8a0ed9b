//! Inputs of situations that people report, each with the verdict that its README gives.
//!
//! They are no part of the project: [`FOLDER`] names their folder. Where it is not set these tests
//! say so and pass.

use std::env;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use mtls::peer::NameKind;
use mtls::pki_types::{CertificateDer, UnixTime, pem::PemObject};
use mtls::policy::RevocationDepth;
use mtls::{
    BuildError, HandshakeError, MaterialError, PeerIdentity, PeerMatcher, PeerVerifier, PrivateKey,
    Rejection, RejectionReason as Reason, RevocationLists, RevocationRules, TrustAnchors,
    VerifierPolicy,
};

use crate::common::pki::Credential;
use crate::common::raw::{Version, tools};
use crate::issued::algorithms;
use crate::meetings::{Failed, World, meet_client, servers};
use crate::vectors::report;

/// Names the folder with the cases.
const FOLDER: &str = "MTLS_FIELD_CASES";

/// When the cases were made, in seconds since 1970: 2026-11-28, 20:00 UTC.
const MADE: u64 = 1_795_896_000;

#[derive(Clone, Copy, Debug)]
enum Expected {
    Accepted,
    Rejected(Reason),
    /// No anchor can prove a peer: nothing is built.
    NotBuilt,
}
use Expected::{Accepted, NotBuilt, Rejected};

/// A folder, which chain of it is presented, and what has to come of it.
const CHAINS: &[(&str, &str, Expected)] = &[
    ("ca-no-ski", "chain.pem", Accepted),
    ("cn-printable-under", "chain.pem", Accepted),
    ("cn-t61-latin1", "chain.pem", Accepted),
    ("crl-idp", "chain.pem", Accepted),
    ("easy-rsa", "chain.pem", Accepted),
    (
        "eku-serveronly-as-client",
        "chain.pem",
        Rejected(Reason::WrongExtendedKeyUsage),
    ),
    ("gov-root-critical-policyconstraints", "chain.pem", Accepted),
    ("keytool-ca", "chain.pem", Accepted),
    ("leaf-empty-subject-san-noncrit", "chain.pem", Accepted),
    ("nc-dns-dot", "chain.pem", Accepted),
    ("renewed-ca-new-serial", "chain.pem", Accepted),
    ("san-good-and-underscore", "chain.pem", Accepted),
    ("san-opcua", "chain.pem", Accepted),
    ("sig-p256-sha512", "chain.pem", Accepted),
    ("ss-ca", "chain.pem", Rejected(Reason::LeafIsCa)),
    ("ss-cafalse", "chain.pem", NotBuilt),
];

/// Lists of such a folder: the chain that they are asked about, and what has to come of it.
const LISTS: &[(&str, &str, &str, Expected)] = &[
    (
        "crl-idp",
        "issuer-printable.crl",
        "chain-revoked.pem",
        Rejected(Reason::Revoked),
    ),
    ("crl-idp", "issuer-printable.crl", "chain.pem", Accepted),
    (
        "crl-idp",
        "base-idp.crl",
        "chain.pem",
        Rejected(Reason::RevocationStatusUnknown),
    ),
    (
        "crl-idp",
        "base-idp.crl",
        "chain-revoked.pem",
        Rejected(Reason::Revoked),
    ),
    ("easy-rsa", "crl.pem", "chain.pem", Accepted),
    (
        "easy-rsa",
        "crl.pem",
        "revoked.pem",
        Rejected(Reason::Revoked),
    ),
];

#[test]
fn chains_get_their_verdict() {
    let Some(folder) = folder() else { return };
    let mut wrong = Vec::new();
    for (case, chain, expected) in CHAINS {
        let input = folder.input(case, chain, None);
        input.assert(*expected, any(), &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn lists_get_their_verdict() {
    let Some(folder) = folder() else { return };
    let mut wrong = Vec::new();
    for (case, list, chain, expected) in LISTS {
        let rules = RevocationRules::require(RevocationDepth::Chain);
        let input = folder.input(case, chain, Some(list));
        input.assert(*expected, any().revocation(rules), &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A list of a distribution point over a certificate that names none: the hint names the switch,
/// which works.
#[test]
fn a_list_of_a_point_is_for_certificates_without_one_by_a_switch() {
    let Some(folder) = folder() else { return };
    let rules = RevocationRules::require(RevocationDepth::Chain);
    let verdict = |chain, rules| {
        let input = folder.input("crl-idp", chain, Some("base-idp.crl"));
        input.verdict(any().revocation(rules))
    };
    let rejection = verdict("chain.pem", rules).unwrap_err();
    let switch = "danger_cover_certificates_without_distribution_point";
    assert!(rejection.hint().contains(switch), "{}", rejection.hint());
    let rules = rules.danger_cover_certificates_without_distribution_point();
    verdict("chain.pem", rules).unwrap();
    let reason = verdict("chain-revoked.pem", rules).unwrap_err().reason();
    assert_eq!(reason, Reason::Revoked);
}

#[test]
fn a_list_of_version_1_is_rejected_with_a_remedy() {
    let Some(folder) = folder() else { return };
    let list = folder.read("chains/keytool-ca/crl-v1.pem");
    let error = mtls::Loader::new()
        .load_revocation_lists(mtls::material::Input::bytes(&list))
        .unwrap_err();
    let words = in_words(&error);
    assert!(
        words.contains("version 1") || words.contains("version 2"),
        "{words}"
    );
    assert!(words.contains("keytool"), "{words}");
}

#[test]
fn a_delta_list_is_no_complete_list() {
    let Some(folder) = folder() else { return };
    let delta = folder.read("chains/crl-idp/delta.crl");
    mtls::Loader::new()
        .load_revocation_lists(mtls::material::Input::bytes(&delta))
        .unwrap_err();
}

/// Its certificate is the anchor: what comes of it does not change when the advice is followed.
#[test]
fn a_self_signed_peer_gets_one_answer() {
    let Some(folder) = folder() else { return };
    let rejection = folder.input("ss-ca", "chain.pem", None).verdict(any());
    let hint = rejection.unwrap_err().hint().into_owned();
    assert!(!hint.contains("trust anchor"), "{hint}");
    let anchors = folder.input("ss-cafalse", "chain.pem", None).anchors;
    let (_, algorithms) = algorithms().remove(0);
    let error = PeerVerifier::new(&anchors, any(), algorithms)
        .err()
        .unwrap();
    assert!(
        matches!(error, BuildError::UnusableTrustAnchors(_)),
        "{error}"
    );
}

/// It is accepted from a named client, by an opt-in that the hint names.
#[test]
fn a_leaf_for_servers_is_a_clients_by_an_opt_in() {
    let Some(folder) = folder() else { return };
    let input = folder.input("eku-serveronly-as-client", "chain.pem", None);
    let hint = input.verdict(any()).unwrap_err().hint().into_owned();
    let opt_in = "danger_allow_server_auth_for_clients";
    assert!(
        hint.contains("clientAuth") && hint.contains(opt_in),
        "{hint}"
    );
    let allow = |name| VerifierPolicy::allow(dns(name)).danger_allow_server_auth_for_clients();
    let mut wrong = Vec::new();
    input.assert(Accepted, allow("peer.example"), &mut wrong);
    let other = Rejected(Reason::NotAuthorized);
    input.assert(other, allow("other.example"), &mut wrong);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What reads in one way only is matched as it stands.
#[test]
fn a_name_with_an_underscore_matches() {
    let Some(folder) = folder() else { return };
    let input = folder.input("san-good-and-underscore", "chain.pem", None);
    let peer = input.verdict(any()).unwrap();
    assert!(peer.dns_names().eq(["good.example", "my_service"]));
    for name in ["good.example", "my_service"] {
        input.verdict(VerifierPolicy::allow(dns(name))).unwrap();
    }
    let not_it = VerifierPolicy::allow(PeerMatcher::not(dns("my_service")));
    let rejection = input.verdict(not_it).unwrap_err();
    assert_eq!(rejection.reason(), Reason::NotAuthorized);
}

/// What cannot be read is shown as it stands.
#[test]
fn unreadable_names_are_shown() {
    let Some(folder) = folder() else { return };
    for (case, kind, value) in [
        ("cn-printable-under", NameKind::CommonName, &b"my_host"[..]),
        ("cn-t61-latin1", NameKind::CommonName, b"Ger\xe4t 7"),
        ("san-opcua", NameKind::Uri, b"urn:host:UA Server"),
    ] {
        let peer = folder
            .input(case, "chain.pem", None)
            .verdict(any())
            .unwrap();
        let unreadable: Vec<_> = peer.unreadable_names().collect();
        let [name] = unreadable[..] else {
            panic!("{case}: {unreadable:?}");
        };
        assert_eq!((name.kind(), name.as_bytes()), (kind, value), "{case}");
    }
}

/// What cannot be read matches nothing, and `not` of it does not either.
#[test]
fn an_unreadable_name_decides_nothing() {
    let Some(folder) = folder() else { return };
    let input = |case| folder.input(case, "chain.pem", None);
    let common_name = |name| PeerMatcher::common_name(name).unwrap();
    let uri = |uri| PeerMatcher::uri(uri).unwrap();
    for (case, matcher, accepts) in [
        ("cn-printable-under", dns("peer.example"), true),
        ("cn-printable-under", common_name("my_host"), false),
        ("cn-printable-under", common_name("other"), false),
        (
            "cn-printable-under",
            PeerMatcher::not(common_name("other")),
            false,
        ),
        (
            "cn-printable-under",
            PeerMatcher::not(dns("other.example")),
            true,
        ),
        ("cn-t61-latin1", dns("peer.example"), true),
        (
            "cn-t61-latin1",
            PeerMatcher::not(common_name("other")),
            false,
        ),
        ("san-opcua", dns("host"), true),
        ("san-opcua", PeerMatcher::not(dns("other.example")), true),
        ("san-opcua", uri("urn:host:other"), false),
        ("san-opcua", PeerMatcher::not(uri("urn:host:other")), false),
    ] {
        let words = matcher.to_string();
        let verdict = input(case).verdict(VerifierPolicy::allow(matcher));
        assert_eq!(verdict.is_ok(), accepts, "{case}, {words}: {verdict:?}");
    }
}

/// The chain is accepted, or its rejection differs from that of a missing CA.
#[test]
fn a_rejection_names_an_issuer_that_differs_in_encoding() {
    let Some(folder) = folder() else { return };
    let input = folder.input("issuer-printable", "chain.pem", None);
    if let Err(rejection) = input.verdict(any()) {
        let words = format!("{rejection}; {}", rejection.hint());
        assert!(words.contains("encod"), "{words}");
        assert!(!words.contains("If it is neither"), "{words}");
    }
}

/// Each folder has its verdict above.
#[test]
fn every_folder_is_verified() {
    let Some(folder) = folder() else { return };
    let known = |name: &str| {
        let verified = CHAINS.iter().any(|(case, ..)| *case == name);
        verified || name == "issuer-printable"
    };
    let all = fs::read_dir(folder.0.join("chains")).unwrap();
    let names = all.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let unknown: Vec<_> = names.filter(|name| !known(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

pub(crate) struct Folder(PathBuf);

/// `None`, said aloud, where there is none to read.
pub(crate) fn folder() -> Option<Folder> {
    let path = env::var_os(FOLDER).filter(|path| !path.is_empty());
    if path.is_none() {
        report(&format!(
            "NOT TESTED: field cases. Set {FOLDER} to their folder"
        ));
    }
    path.map(|path| Folder(path.into()))
}

impl Folder {
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn input(&self, case: &str, chain: &str, list: Option<&str>) -> Input {
        let read = |name: &str| self.read(&format!("chains/{case}/{name}"));
        let key = self.0.join(format!("chains/{case}/key.pem"));
        let certificates = CertificateDer::pem_slice_iter(&read(chain))
            .map(Result::unwrap)
            .collect();
        Input {
            name: format!("{case}, {chain}, {}", list.unwrap_or("no list")),
            anchors: TrustAnchors::from_pem(&read("ca.pem")).unwrap(),
            chain: certificates,
            // The key is that of `chain.pem`.
            key: (chain == "chain.pem" && key.exists())
                .then(|| PrivateKey::from_pem(&read("key.pem")).unwrap()),
            lists: list.map(|list| {
                mtls::Loader::new().load_revocation_lists(mtls::material::Input::bytes(read(list)))
            }),
        }
    }
}

/// A chain, the anchors that prove it, and the lists that are asked.
struct Input {
    name: String,
    anchors: TrustAnchors,
    chain: Vec<CertificateDer<'static>>,
    /// Where it is known: the chain is presented over sockets as well.
    key: Option<PrivateKey>,
    lists: Option<Result<RevocationLists, MaterialError>>,
}

impl Input {
    /// By the verifier with the algorithms of each backend, and by each server in both versions.
    fn assert(&self, expected: Expected, policy: VerifierPolicy, wrong: &mut Vec<String>) {
        let mut note = |who: &str, verdict: Result<(), Failure>| {
            let is_as_expected = match (&verdict, expected) {
                (Ok(()), Accepted) | (Err(Failure::NotBuilt(_)), NotBuilt) => true,
                (Err(Failure::Rejected(rejection)), Rejected(reason)) => {
                    rejection.reason() == reason
                }
                _ => false,
            };
            if !is_as_expected {
                let words = verdict.map_or_else(|error| error.to_string(), |()| "accepted".into());
                wrong.push(format!("{}, {who}: {words}", self.name));
            }
        };
        for (library, algorithms) in algorithms() {
            let verdict = PeerVerifier::new(&self.anchors, policy.clone(), algorithms);
            let verdict = verdict.map_err(Failure::NotBuilt).and_then(|verifier| {
                let verifier = self.with_lists(verifier)?;
                let verdict = verifier.verify_client(&self.chain, now()).map(drop);
                verdict.map_err(Failure::Rejected)
            });
            note(library, verdict);
        }
        let Some(key) = &self.key else { return };
        let credential = Credential {
            chain: self.chain.clone(),
            key: key.pkcs8_der().secret_pkcs8_der().to_vec().into(),
        };
        let lists = match &self.lists {
            Some(Err(_)) => return,
            Some(Ok(lists)) => Some(lists.clone()),
            None => None,
        };
        let world = World::new(&self.anchors, policy)
            .at(now())
            .with_lists(lists);
        for (name, accept) in servers() {
            for (version, tool) in Version::ALL
                .into_iter()
                .flat_map(|v| tools().into_iter().map(move |t| (v, t)))
            {
                let verdict = meet_client(accept, &world, version, tool, &credential);
                let verdict = verdict.map(drop).map_err(|failed| match failed {
                    Failed::Built(error) => Failure::NotBuilt(error),
                    Failed::Handshake(HandshakeError::Rejected(rejection)) => {
                        Failure::Rejected(rejection)
                    }
                    Failed::Handshake(error) => Failure::Other(error.to_string()),
                });
                note(
                    &format!("{name}'s server, {version:?}, {}", tool.name),
                    verdict,
                );
            }
        }
    }

    /// By the verifier with the algorithms of rustls.
    fn verdict(&self, policy: VerifierPolicy) -> Result<PeerIdentity, Rejection> {
        let (_, algorithms) = algorithms().remove(0);
        let verifier = PeerVerifier::new(&self.anchors, policy, algorithms).unwrap();
        let verifier = self.with_lists(verifier).map_err(|error| error.to_string());
        let verifier = verifier.unwrap();
        verifier.verify_client(&self.chain, now())
    }

    fn with_lists(&self, verifier: PeerVerifier) -> Result<PeerVerifier, Failure> {
        match &self.lists {
            None => Ok(verifier),
            Some(Err(error)) => Err(Failure::Other(in_words(error))),
            Some(Ok(lists)) => verifier
                .with_revocation_lists(lists)
                .map_err(Failure::NotBuilt),
        }
    }
}

enum Failure {
    NotBuilt(BuildError),
    Rejected(Rejection),
    Other(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBuilt(error) => write!(f, "not built: {error}"),
            Self::Rejected(rejection) => rejection.fmt(f),
            Self::Other(words) => f.write_str(words),
        }
    }
}

fn any() -> VerifierPolicy {
    VerifierPolicy::allow_any_authenticated()
}

fn dns(name: &str) -> PeerMatcher {
    PeerMatcher::dns(name).unwrap()
}

fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(MADE))
}

/// With what is said about its cause.
pub(crate) fn in_words(error: &MaterialError) -> String {
    mtls::Report::new(error).to_string()
}
