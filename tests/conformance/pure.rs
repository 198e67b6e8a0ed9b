//! The verifier by itself.

use mtls::pki_types::{ServerName, UnixTime};
use mtls::{
    CertificateProfile, MaterialError, PeerIdentity, PeerVerifier, Rejection, RejectionReason,
    RevocationDepth, RevocationLists, RevocationRules, Rustls, SignatureAlgorithms, TrustAnchors,
    VerifierPolicy,
};

use crate::divergences::{
    ANCHORS_REFUSED, DEFAULT, Judged, LISTS_REFUSED, NAME_REFUSED, WEBPKI, assert_as_listed,
};
use crate::vectors::{self, Case, Peer};

#[test]
fn by_the_default_profile() {
    let Some(cases) = vectors::all() else { return };
    let judged = cases.iter().map(|case| (case, judge(case, &rustls())));
    assert_as_listed(DEFAULT, judged);
}

/// What the CA/Browser Forum asks of public web servers is a profile of its own.
#[test]
fn by_the_profile_of_the_public_web() {
    let Some(cases) = vectors::all() else { return };
    let web = cases.iter().filter(|case| case.id.starts_with("webpki::"));
    let judged = web.map(|case| {
        let policy = policy(case).with_profile(CertificateProfile::WebPki);
        (
            case,
            judge_by(case, policy, &rustls(), case.peer, case.time()),
        )
    });
    assert_as_listed(WEBPKI, judged);
}

#[cfg(feature = "openssl")]
#[test]
fn the_algorithms_of_openssl_come_to_the_same() {
    let Some(cases) = vectors::all() else { return };
    let openssl = mtls::OpenSsl::default().signature_algorithms().unwrap();
    let different: Vec<_> = cases
        .iter()
        .map(|case| (&case.id, judge(case, &rustls()), judge(case, &openssl)))
        .filter(|(_, ours, theirs)| ours.verdict != theirs.verdict)
        .collect();
    assert!(different.is_empty(), "{different:#?}");
}

pub(crate) fn rustls() -> SignatureAlgorithms {
    Rustls::default().signature_algorithms().unwrap()
}

/// What a case says about who judges.
pub(crate) fn policy(case: &Case) -> VerifierPolicy {
    /// The most that a policy can ask for.
    const MOST: usize = 6;
    let mut policy = VerifierPolicy::allow_any_authenticated();
    if let Some(depth) = case.max_chain_depth {
        policy = policy.with_max_intermediates(depth.min(MOST));
    }
    if !case.revocation_lists().is_empty() {
        policy = policy.with_revocation(RevocationRules::require(RevocationDepth::Chain));
    }
    policy
}

/// `None` where the case has none.
pub(crate) fn revocation_lists(case: &Case) -> Option<Result<RevocationLists, MaterialError>> {
    let lists = case.revocation_lists();
    (!lists.is_empty()).then(|| RevocationLists::from_pem(lists.as_bytes()))
}

/// The verdict, in the words of the list.
fn judge(case: &Case, algorithms: &SignatureAlgorithms) -> Judged {
    judge_by(case, policy(case), algorithms, case.peer, case.time())
}

pub(crate) fn judge_by(
    case: &Case,
    policy: VerifierPolicy,
    algorithms: &SignatureAlgorithms,
    peer: Peer,
    now: UnixTime,
) -> Judged {
    let anchors = match TrustAnchors::from_pem(case.anchors().as_bytes()) {
        Ok(anchors) => anchors,
        Err(error) => return Judged::unfit(ANCHORS_REFUSED, &error),
    };
    let verifier = match PeerVerifier::new(&anchors, policy, algorithms.clone()) {
        Ok(verifier) => verifier,
        Err(error) => return Judged::unfit(ANCHORS_REFUSED, &error),
    };
    let verifier = match revocation_lists(case) {
        None => verifier,
        Some(Err(error)) => return Judged::unfit(LISTS_REFUSED, &error),
        Some(Ok(lists)) => match verifier.with_revocation_lists(&lists) {
            Ok(verifier) => verifier,
            Err(error) => return Judged::unfit(LISTS_REFUSED, &error),
        },
    };
    match ServerName::try_from(case.server_name()) {
        Ok(name) => Judged::of(verdict(case, &verifier, peer, &name, now)),
        Err(error) => Judged::unfit(NAME_REFUSED, &error),
    }
}

fn verdict(
    case: &Case,
    verifier: &PeerVerifier,
    peer: Peer,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<String, Rejection> {
    let chain = case.chain();
    let verdict = match peer {
        Peer::Client => verifier.verify_client(&chain, now),
        Peer::Server => verifier.verify_server(&chain, name, now),
    };
    match verdict {
        Ok(peer) => {
            assert_named(case, &peer);
            Ok(peer.to_string())
        }
        Err(rejection) if is_about_no_name(case, peer, rejection.reason()) => {
            Ok(rejection.to_string())
        }
        Err(rejection) => Err(rejection),
    }
}

/// A server that is asked for by no name: the name is judged last, so whoever has only that against it is accepted.
pub(crate) fn is_about_no_name(case: &Case, peer: Peer, reason: RejectionReason) -> bool {
    peer == Peer::Server && !case.has_server_name() && reason == RejectionReason::NameMismatch
}

/// A peer that is accepted shows the names that it should have.
fn assert_named(case: &Case, peer: &PeerIdentity) {
    for name in &case.expected_peer_names {
        let names = match name.kind.as_str() {
            "RFC822" => peer.email_addresses().map(str::to_owned).collect(),
            "DNS" => peer.dns_names().map(str::to_owned).collect::<Vec<_>>(),
            "IP" => peer.ip_addresses().map(|ip| ip.to_string()).collect(),
            other => panic!("{}: a name of kind {other}", case.id),
        };
        assert!(names.contains(&name.value), "{}: {names:?}", case.id);
    }
}
