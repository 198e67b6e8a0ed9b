//! The verifier by itself.

use mtls::pki_types::{ServerName, UnixTime};
use mtls::policy::{CertificateProfile, RevocationDepth, SignatureAlgorithms};
use mtls::{
    MaterialError, PeerIdentity, PeerVerifier, Rejection, RejectionReason, RevocationLists,
    RevocationRules, Rustls, TrustAnchors, VerifierPolicy,
};

use crate::divergences::{
    ACCEPTED, ANCHORS_REJECTED, INTEROPERABLE, LISTS_REJECTED, NAME_REJECTED, RFC5280, Verdicts,
    WEBPKI, assert_as_listed,
};
use crate::vectors::{self, Case, Peer};

/// The default: each case that it accepts against the vectors' word is listed with the reason why
/// its fault does not bear on trust.
#[test]
fn under_the_default_profile() {
    assert_eq!(
        CertificateProfile::default(),
        CertificateProfile::Interoperable
    );
    let Some(cases) = vectors::all() else { return };
    let verified = cases.iter().map(|case| (case, verify(case, &rustls())));
    assert_as_listed(INTEROPERABLE, verified);
}

#[test]
fn under_the_profile_of_rfc_5280() {
    let Some(cases) = vectors::all() else { return };
    let verified = cases.iter().map(|case| {
        let verified = verify_under(CertificateProfile::Rfc5280, case);
        (case, verified)
    });
    assert_as_listed(RFC5280, verified);
}

/// What the CA/Browser Forum asks of public web servers is a profile of its own.
#[test]
fn under_the_profile_of_the_public_web() {
    let Some(cases) = vectors::all() else { return };
    let web = cases.iter().filter(|case| case.id.starts_with("webpki::"));
    let verified = web.map(|case| (case, verify_under(CertificateProfile::WebPki, case)));
    assert_as_listed(WEBPKI, verified);
}

/// What one of the other profiles accepts, the default accepts.
#[test]
fn the_default_profile_accepts_the_most() {
    let Some(cases) = vectors::all() else { return };
    let accepts = |profile, case| verify_under(profile, case).verdict == ACCEPTED;
    for stricter in [CertificateProfile::Rfc5280, CertificateProfile::WebPki] {
        let accepted_there_alone: Vec<_> = cases
            .iter()
            .filter(|case| accepts(stricter, case))
            .filter(|case| !accepts(CertificateProfile::default(), case))
            .map(|case| &case.id)
            .collect();
        assert!(accepted_there_alone.is_empty(), "{accepted_there_alone:?}");
    }
}

#[cfg(feature = "openssl")]
#[test]
fn the_algorithms_of_openssl_come_to_the_same() {
    let Some(cases) = vectors::all() else { return };
    let openssl = mtls::OpenSsl::default().signature_algorithms().unwrap();
    let different: Vec<_> = cases
        .iter()
        .map(|case| (&case.id, verify(case, &rustls()), verify(case, &openssl)))
        .filter(|(_, ours, theirs)| ours.verdict != theirs.verdict)
        .collect();
    assert!(different.is_empty(), "{different:#?}");
}

pub(crate) fn rustls() -> SignatureAlgorithms {
    Rustls::default().signature_algorithms().unwrap()
}

/// What a case says about who verifies.
pub(crate) fn policy(case: &Case) -> VerifierPolicy {
    /// The most that a policy can ask for.
    const MOST: usize = 6;
    let mut policy = VerifierPolicy::allow_any_authenticated();
    if let Some(depth) = case.max_chain_depth {
        policy = policy.max_intermediates(depth.min(MOST));
    }
    if !case.revocation_lists().is_empty() {
        policy = policy.revocation(RevocationRules::require(RevocationDepth::Chain));
    }
    policy
}

/// `None` where the case has none.
pub(crate) fn revocation_lists(case: &Case) -> Option<Result<RevocationLists, MaterialError>> {
    let lists = case.revocation_lists();
    (!lists.is_empty()).then(|| RevocationLists::from_pem(lists.as_bytes()))
}

fn verify_under(profile: CertificateProfile, case: &Case) -> Verdicts {
    let policy = policy(case).profile(profile);
    verify_by(case, policy, &rustls(), case.peer, case.time())
}

/// The verdict, in the words of the list.
fn verify(case: &Case, algorithms: &SignatureAlgorithms) -> Verdicts {
    verify_by(case, policy(case), algorithms, case.peer, case.time())
}

pub(crate) fn verify_by(
    case: &Case,
    policy: VerifierPolicy,
    algorithms: &SignatureAlgorithms,
    peer: Peer,
    now: UnixTime,
) -> Verdicts {
    let anchors = match TrustAnchors::from_pem(case.anchors().as_bytes()) {
        Ok(anchors) => anchors,
        Err(error) => return Verdicts::unfit(ANCHORS_REJECTED, &error),
    };
    let verifier = match PeerVerifier::new(&anchors, policy, algorithms.clone()) {
        Ok(verifier) => verifier,
        Err(error) => return Verdicts::unfit(ANCHORS_REJECTED, &error),
    };
    let verifier = match revocation_lists(case) {
        None => verifier,
        Some(Err(error)) => return Verdicts::unfit(LISTS_REJECTED, &error),
        Some(Ok(lists)) => match verifier.with_revocation_lists(&lists) {
            Ok(verifier) => verifier,
            Err(error) => return Verdicts::unfit(LISTS_REJECTED, &error),
        },
    };
    match ServerName::try_from(case.server_name()) {
        Ok(name) => Verdicts::of(verdict(case, &verifier, peer, &name, now)),
        Err(error) => Verdicts::unfit(NAME_REJECTED, &error),
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

/// Whether a chain fails only because the case names no server. The name is verified last, so such
/// a chain counts as accepted.
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
