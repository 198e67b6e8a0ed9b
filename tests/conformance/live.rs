//! The vectors whose key is known, in real handshakes: a raw peer presents the chain, and every backend has to come to
//! the verdict of the verifier by itself, for the same reason.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpStream;

use mtls::backend::ServerBackend;
use mtls::backend::{BackendKind, ClientBackend};
#[cfg(feature = "openssl")]
use mtls::pki_types::{CertificateDer, pem::PemObject};
use mtls::pki_types::{PrivatePkcs8KeyDer, UnixTime};
use mtls::policy::CertificateProfile;
use mtls::{
    HandshakeError, MtlsClient, MtlsServer, PrivateKey, RejectionReason, TrustAnchors,
    VerifierPolicy,
};

use crate::common::pki::{Cast, Credential};
use crate::common::raw::{Peer as Raw, RawOutcome, Tool, Version, socket_pair, tools};
use crate::divergences::{
    self, ACCEPTED, ANCHORS_REJECTED, LISTS_REJECTED, NAME_REJECTED, NOT_PRESENTED, Verdicts,
};
use crate::meetings::{identity, protocol};
use crate::pure::{is_about_no_name, policy, revocation_lists, rustls, verify_by};
use crate::vectors::{self, Case, Peer};

#[test]
fn servers_before_rustls() {
    replay(Peer::Server, as_client(mtls::Rustls::default), |_, _| false);
}

#[test]
fn clients_before_rustls() {
    replay(Peer::Client, as_server(mtls::Rustls::default), |_, _| false);
}

#[cfg(feature = "openssl")]
#[test]
fn servers_before_openssl() {
    replay(Peer::Server, as_client(mtls::OpenSsl::default), |_, _| {
        false
    });
}

/// OpenSSL's server shows the one path that it picked: where several issuers have one name it may reject more.
#[cfg(feature = "openssl")]
#[test]
fn clients_before_openssl() {
    /// Whether two of the certificates that can issue have one subject.
    fn have_one_name(case: &Case) -> bool {
        let anchors = CertificateDer::pem_slice_iter(case.anchors().as_bytes())
            .map(Result::unwrap)
            .collect::<Vec<_>>();
        let mut subjects: Vec<_> = (case.chain().iter().skip(1).chain(&anchors))
            .filter_map(|der| openssl::x509::X509::from_der(der).ok())
            .map(|certificate| certificate.subject_name().to_der().unwrap())
            .collect();
        let count = subjects.len();
        subjects.sort();
        subjects.dedup();
        subjects.len() < count
    }
    let may_differ = |case: &Case, live: &str| live.starts_with("rejected") && have_one_name(case);
    replay(Peer::Client, as_server(mtls::OpenSsl::default), may_differ);
}

/// The platform verifies as well, and by its own clock, so that it may reject more. The leaf is never
/// verified less strictly; above the leaf the platform's rules hold, and what it accepts by them is
/// listed.
#[cfg(feature = "native-tls")]
#[test]
fn servers_before_native_tls() {
    let may_differ = |_: &Case, live: &str| live.starts_with("rejected");
    replay(
        Peer::Server,
        as_client(mtls::NativeTls::default),
        may_differ,
    );
}

/// What one end makes of a chain that a raw peer presents to it.
type Verifier = Box<dyn Fn(&Case, VerifierPolicy, &TrustAnchors, Version, TcpStream) -> Received>;

enum Received {
    Verdict(String),
    /// It could not be built for this case, or does not do what the case asks for.
    NotBuilt(String),
    /// It came to none: the other end could not present the chain, or a limit of the library ended it.
    Nothing(HandshakeError),
}

/// Every case that can be presented, by every raw peer that can, in both versions: under the
/// default profile, and under RFC 5280's where that has another verdict.
#[track_caller]
fn replay(peer: Peer, verifier: (BackendKind, Verifier), may_differ: impl Fn(&Case, &str) -> bool) {
    let Some(cases) = vectors::all() else { return };
    let (kind, verify) = verifier;
    let (mut meetings, mut differ, mut wrong) = (0, Vec::new(), Vec::new());
    let mut left_out: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (case, policy) in cases.iter().flat_map(|case| policies(case, peer)) {
        let mut leave_out = |why: &str| left_out.entry(why.to_owned()).or_default().push(&case.id);
        let Some(credential) = credential(case) else {
            leave_out("no key");
            continue;
        };
        let expected = verify_by(case, policy.clone(), &rustls(), peer, case.time()).verdict;
        if [ANCHORS_REJECTED, LISTS_REJECTED, NAME_REJECTED].contains(&expected.as_str()) {
            leave_out(&expected);
            continue;
        }
        let now = verify_by(case, policy.clone(), &rustls(), peer, UnixTime::now()).verdict;
        if kind == BackendKind::NativeTls && now != expected {
            leave_out("another verdict by the system's clock");
            continue;
        }
        let anchors = TrustAnchors::from_pem(case.anchors().as_bytes()).unwrap();
        let mut verdicts = BTreeSet::new();
        let mut is_built = true;
        for (tool, version) in tools()
            .into_iter()
            .flat_map(|t| Version::ALL.map(|v| (t, v)))
        {
            let (near, far) = socket_pair();
            let presents = Raw::new(version).presents(&credential);
            let (received, outcome) = match peer {
                Peer::Server => {
                    let serving = tool.serve_over(far, presents);
                    (
                        verify(case, policy.clone(), &anchors, version, near),
                        serving.outcome(),
                    )
                }
                Peer::Client => {
                    let calling = tool.call_over(near, presents);
                    (
                        verify(case, policy.clone(), &anchors, version, far),
                        calling.outcome(),
                    )
                }
            };
            match received {
                Received::Verdict(verdict) => {
                    meetings += 1;
                    verdicts.insert(verdict);
                }
                Received::NotBuilt(error) => {
                    leave_out(&format!("not built: {error}"));
                    is_built = false;
                }
                Received::Nothing(error) => {
                    leave_out(&not_presented(tool, version, &error, &outcome));
                }
            }
        }
        if verdicts.is_empty() && !is_built {
            continue;
        }
        if verdicts.is_empty() {
            verdicts.insert(NOT_PRESENTED.to_owned());
        }
        verdicts.remove(&expected);
        let (allowed, other) = verdicts.into_iter().partition(|v| may_differ(case, v));
        differ.extend(BTreeSet::into_iter(allowed).map(|verdict| (&case.id, verdict)));
        let listed = divergences::of_live(&case.id, &format!("{kind:?}"), peer);
        if listed != other {
            wrong.push(format!(
                "{}: {other:?}, listed {listed:?}; by itself {expected} by {policy:?}",
                case.id
            ));
        }
    }
    println!(
        "{kind:?}, {peer:?}s: {meetings} handshakes, {} differ: {differ:#?}",
        differ.len()
    );
    for (why, ids) in &left_out {
        println!("left out, {why}: {}, {:?}", ids.len(), ids.first());
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(meetings > 0, "nothing was replayed");
}

fn policies(case: &Case, peer: Peer) -> Vec<(&Case, VerifierPolicy)> {
    let by_default = policy(case);
    let strict = by_default.clone().profile(CertificateProfile::Rfc5280);
    let verdict = |policy: &VerifierPolicy| {
        verify_by(case, policy.clone(), &rustls(), peer, case.time()).verdict
    };
    let mut policies = vec![(case, by_default)];
    if verdict(&policies[0].1) != verdict(&strict) {
        policies.push((case, strict));
    }
    policies
}

fn not_presented(tool: Tool, version: Version, error: &HandshakeError, saw: &RawOutcome) -> String {
    let (name, why) = (tool.name, saw.error.as_deref());
    format!(
        "{name} in {version:?}: {}; we: {error}",
        why.unwrap_or("no error")
    )
}

fn as_client<B: ClientBackend + 'static>(backend: fn() -> B) -> (BackendKind, Verifier) {
    let cast = Cast::assemble();
    let verify = move |case: &Case, policy, anchors: &TrustAnchors, version, socket| {
        let time = case.time();
        let mut builder = MtlsClient::builder()
            .identity(identity(&cast.alice))
            .trust_anchors(anchors.clone())
            .policy(policy)
            .protocol_versions([protocol(version)])
            .clock(move || time);
        if let Some(lists) = revocation_lists(case) {
            builder = builder.revocation_lists(lists.unwrap());
        }
        match builder.build(backend()) {
            Ok(client) => received(
                case,
                Peer::Server,
                client.connect(case.server_name(), socket),
            ),
            Err(error) => Received::NotBuilt(error.to_string()),
        }
    };
    (B::KIND, Box::new(verify))
}

fn as_server<B: ServerBackend + 'static>(backend: fn() -> B) -> (BackendKind, Verifier) {
    let cast = Cast::assemble();
    let verify = move |case: &Case, policy, anchors: &TrustAnchors, version, socket| {
        let time = case.time();
        let mut builder = MtlsServer::builder()
            .identity(identity(&cast.server))
            .trust_anchors(anchors.clone())
            .policy(policy)
            .protocol_versions([protocol(version)])
            .clock(move || time);
        if let Some(lists) = revocation_lists(case) {
            builder = builder.revocation_lists(lists.unwrap());
        }
        match builder.build(backend()) {
            Ok(server) => received(case, Peer::Client, server.accept(socket)),
            Err(error) => Received::NotBuilt(error.to_string()),
        }
    };
    (B::KIND, Box::new(verify))
}

fn received<S>(case: &Case, peer: Peer, result: Result<S, HandshakeError>) -> Received {
    match result {
        Ok(_) => Received::Verdict(ACCEPTED.to_owned()),
        // A client whose key fits no signature scheme that is offered to it presents nothing.
        Err(HandshakeError::Rejected(rejection))
            if rejection.reason() == RejectionReason::NoCertificate =>
        {
            Received::Nothing(HandshakeError::Rejected(rejection))
        }
        Err(HandshakeError::Rejected(rejection)) => {
            if is_about_no_name(case, peer, rejection.reason()) {
                Received::Verdict(ACCEPTED.to_owned())
            } else {
                Received::Verdict(Verdicts::of(Err(rejection)).verdict)
            }
        }
        Err(error) => Received::Nothing(error),
    }
}

/// The chain and its key; `None` where the key is not known.
fn credential(case: &Case) -> Option<Credential> {
    let pem = case.peer_certificate_key.as_deref()?;
    let key = match PrivateKey::from_pem(pem.as_bytes()) {
        Ok(key) => key.pkcs8_der().secret_pkcs8_der().to_vec(),
        Err(error) => weak_key(pem).unwrap_or_else(|| panic!("{}: {error}", case.id)),
    };
    Some(Credential {
        chain: case.chain(),
        key: PrivatePkcs8KeyDer::from(key),
    })
}

/// A key that we would not take, which a raw peer may have all the same.
#[cfg(feature = "openssl")]
fn weak_key(pem: &str) -> Option<Vec<u8>> {
    let key = openssl::pkey::PKey::private_key_from_pem(pem.as_bytes()).ok()?;
    key.private_key_to_pkcs8().ok()
}

#[cfg(not(feature = "openssl"))]
fn weak_key(_: &str) -> Option<Vec<u8>> {
    None
}
