use pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};

use super::*;
use crate::backend::SourceDeadline;
use crate::material::{CertificateChain, TrustAnchors};
use crate::policy::{SignatureAlgorithms, SignatureMemo, VerifierPolicy};

/// The room of a table that keeps some three peers.
const SMALL: usize = 8_192;

/// Verifies every signature.
#[derive(Debug)]
struct Trusting;

impl SignatureVerificationAlgorithm for Trusting {
    fn verify_signature(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
        Ok(())
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA256
    }
}

struct Authority(Issuer<'static, KeyPair>, CertificateDer<'static>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self(Issuer::new(params, key), certificate)
    }

    fn client(&self, number: usize) -> CertificateDer<'static> {
        let mut params = CertificateParams::new([format!("{number}.test")]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        params.signed_by(&key, &self.0).unwrap().der().clone()
    }

    fn verifier(&self) -> SessionVerifier {
        let memo = SignatureMemo::with_max_bytes(SMALL);
        let verifier = PeerVerifier::new(
            TrustAnchors::from_der([self.1.clone()]).unwrap(),
            VerifierPolicy::allow_any_authenticated(),
            SignatureAlgorithms::new([&Trusting as _]).with_memo(&memo),
        );
        let own = CertificateChain::from_der([self.1.clone()]).unwrap();
        SessionVerifier::new(
            verifier.unwrap(),
            None,
            KnownPeers::new(&memo),
            OwnChain::new(Side::Server, &own),
            ServingGate {
                until: None,
                source: Arc::new(SourceDeadline::none()),
            },
            Arc::new(UnixTime::now),
            Arc::new(EventSink::new("", None)),
        )
    }
}

/// A handshake with a client, which proves its key. Returns whether it was known.
fn meet(verifier: &SessionVerifier, client: &CertificateDer<'static>) -> (PeerIdentity, bool) {
    let examined = verifier.client(std::slice::from_ref(client), Pass::First);
    let is_known = examined.finding.is_none();
    if let Some(finding) = examined.finding {
        verifier.remember(finding);
    }
    (examined.verdict.unwrap(), is_known)
}

#[test]
fn a_sweep_of_open_connections_evicts_no_known_peer() {
    let authority = Authority::new();
    let before = authority.verifier();
    let open: Vec<PeerIdentity> = (0..40)
        .map(|number| meet(&before, &authority.client(number)).0)
        .collect();

    let after = authority.verifier();
    let regular = authority.client(100);
    assert!(!meet(&after, &regular).1);
    assert!(meet(&after, &regular).1);
    for peer in &open {
        after.verify_again(peer, None).unwrap();
    }
    assert!(meet(&after, &regular).1, "the sweep has evicted it");

    // As many handshakes evict it.
    for number in 200..240 {
        meet(&after, &authority.client(number));
    }
    assert!(!meet(&after, &regular).1);
}
