//! The fixed part of every verification: anchors, sides, policies, signature algorithms.

use std::sync::LazyLock;
use std::time::Duration;

use mtls::pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, ServerName,
    SignatureVerificationAlgorithm, UnixTime, alg_id,
};
use mtls::policy::SignatureAlgorithms;
use mtls::{PeerIdentity, PeerMatcher, PeerVerifier, Rustls, TrustAnchors, VerifierPolicy};

use super::encoding::certificates;

/// In 2033: later than any seed was made, so that it does not matter when that was.
pub(super) const NOW: UnixTime = at(2_000_000_000);
/// The ends of what clocks and certificates can say, and what lies beyond.
pub(super) const ODD_TIMES: [UnixTime; 4] = [at(0), at(1 << 32), at(253_402_300_800), at(u64::MAX)];

/// The CAs of `make_corpus.sh`, whose keys were not kept.
pub(super) static ANCHORS: LazyLock<TrustAnchors> =
    LazyLock::new(|| TrustAnchors::from_pem(include_bytes!("fixtures/anchors.pem")).unwrap());

/// A client below an intermediate, and that intermediate.
pub(super) static CHAIN: LazyLock<Vec<CertificateDer<'static>>> =
    LazyLock::new(|| certificates(include_bytes!("fixtures/chain.der")));

/// Every leaf that those CAs ever issued.
pub(super) static ISSUED: LazyLock<Vec<CertificateDer<'static>>> =
    LazyLock::new(|| certificates(include_bytes!("fixtures/issued.der")));

/// Without opt-in, with version 1 leaves, with common names, with both.
pub(super) type Strictness = [PeerVerifier; 4];

pub(super) static HONEST: LazyLock<Strictness> = LazyLock::new(|| strictness(honest));
pub(super) static CREDULOUS: LazyLock<Strictness> = LazyLock::new(|| strictness(credulous));

pub(super) static SPIFFE: LazyLock<PeerVerifier> = LazyLock::new(|| {
    let matcher = PeerMatcher::trust_domain("prod.test").unwrap();
    verify(VerifierPolicy::server_spiffe(matcher), credulous())
});

pub(super) enum Side {
    Client,
    Server(ServerName<'static>),
}

pub(super) static SIDES: LazyLock<[Side; 4]> = LazyLock::new(|| {
    let server = |name: &'static str| Side::Server(ServerName::try_from(name).unwrap());
    [
        Side::Client,
        server("server.test"),
        server("a.wild.test"),
        server("127.0.0.1"),
    ]
});

/// One matcher, and those that are made of it.
pub(super) struct MatcherVerifiers {
    pub(super) matcher: PeerMatcher,
    pub(super) plain: PeerVerifier,
    pub(super) relaxed: PeerVerifier,
    pub(super) not: PeerVerifier,
    pub(super) not_not: PeerVerifier,
    /// Together with the first of the matchers.
    pub(super) any_of: PeerVerifier,
    pub(super) all_of: PeerVerifier,
}

impl MatcherVerifiers {
    pub(super) fn new(matcher: PeerMatcher) -> Self {
        let verify = |matcher| verify(VerifierPolicy::allow(matcher), credulous());
        let pair = || [matcher.clone(), alice()];
        let relaxed = VerifierPolicy::allow(matcher.clone()).danger_allow_common_name_as_dns();
        let not = PeerMatcher::not(matcher.clone());
        Self {
            plain: verify(matcher.clone()),
            relaxed: self::verify(relaxed, credulous()),
            not: verify(not.clone()),
            not_not: verify(PeerMatcher::not(not)),
            any_of: verify(PeerMatcher::any_of(pair()).unwrap()),
            all_of: verify(PeerMatcher::all_of(pair()).unwrap()),
            matcher,
        }
    }
}

pub(super) static MATCHERS: LazyLock<Vec<MatcherVerifiers>> = LazyLock::new(|| {
    let even = |peer: &PeerIdentity| match peer.serial_number().last() {
        Some(byte) if byte % 2 == 0 => Ok(()),
        _ => Err("odd".to_owned()),
    };
    let matchers = [
        alice(),
        PeerMatcher::any_authenticated(),
        PeerMatcher::common_name("alice").unwrap(),
        PeerMatcher::custom("even", even),
        PeerMatcher::spiffe_id("spiffe://prod.test/alice").unwrap(),
        PeerMatcher::spki_sha256([7; 32]),
        PeerMatcher::trust_domain("prod.test").unwrap(),
        PeerMatcher::uri("https://a.test/b").unwrap(),
    ];
    matchers.into_iter().map(MatcherVerifiers::new).collect()
});

type Has = fn(&PeerIdentity) -> bool;

/// Whether a peer has an attribute, and who accepts those that have it with another value.
pub(super) static OTHERS: LazyLock<[(Has, PeerVerifier); 5]> = LazyLock::new(|| {
    let all: [(Has, _); 5] = [
        (
            |peer| peer.common_name().is_some(),
            PeerMatcher::common_name("x"),
        ),
        (
            |peer| peer.dns_names().next().is_some(),
            PeerMatcher::dns("x.test"),
        ),
        (
            |peer| peer.spiffe_id().is_some(),
            PeerMatcher::spiffe_id("spiffe://x/y"),
        ),
        (
            |peer| peer.spiffe_id().is_some(),
            PeerMatcher::trust_domain("x"),
        ),
        (|peer| peer.uris().next().is_some(), PeerMatcher::uri("x:y")),
    ];
    all.map(|(has, matcher)| {
        let policy = VerifierPolicy::allow(PeerMatcher::not(matcher.unwrap()));
        (has, verify(policy, credulous()))
    })
});

pub(super) fn honest() -> SignatureAlgorithms {
    Rustls::default().signature_algorithms().unwrap()
}

/// Finds every signature good: without it the fuzzer would never see what comes after the first.
pub(super) fn credulous() -> SignatureAlgorithms {
    static ALL: [Credulous; 6] = [
        Credulous(alg_id::ECDSA_P256, alg_id::ECDSA_SHA256),
        Credulous(alg_id::ECDSA_P384, alg_id::ECDSA_SHA256),
        Credulous(alg_id::ECDSA_P521, alg_id::ECDSA_SHA256),
        Credulous(alg_id::ED25519, alg_id::ED25519),
        Credulous(alg_id::ML_DSA_65, alg_id::ML_DSA_65),
        Credulous(alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA256),
    ];
    let all = ALL.iter().map(|a| a as &dyn SignatureVerificationAlgorithm);
    SignatureAlgorithms::new(all)
}

#[derive(Debug)]
struct Credulous(AlgorithmIdentifier, AlgorithmIdentifier);

impl SignatureVerificationAlgorithm for Credulous {
    fn verify_signature(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
        Ok(())
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.0
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.1
    }
}

fn strictness(algorithms: fn() -> SignatureAlgorithms) -> Strictness {
    let any = VerifierPolicy::allow_any_authenticated;
    let v1 = any().danger_allow_x509_v1_leaf();
    let both = v1.clone().danger_allow_common_name_as_dns();
    let common_name = any().danger_allow_common_name_as_dns();
    [any(), v1, common_name, both].map(|policy| verify(policy, algorithms()))
}

fn verify(policy: VerifierPolicy, algorithms: SignatureAlgorithms) -> PeerVerifier {
    PeerVerifier::new(&*ANCHORS, policy, algorithms).unwrap()
}

fn alice() -> PeerMatcher {
    PeerMatcher::dns("alice.test").unwrap()
}

const fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}
