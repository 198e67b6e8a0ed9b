use mtls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use mtls::policy::RevocationDepth;
use mtls::{
    PeerIdentity, PeerVerifier, RevocationLists, RevocationRules, Rustls, TrustAnchors,
    VerifierPolicy,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationList,
    CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod,
    KeyPair, KeyUsagePurpose, RevocationReason, RevokedCertParams, SerialNumber,
};
use time::{Duration, OffsetDateTime};

type Der = CertificateRevocationListDer<'static>;

const LONGEST: u64 = 100_000;

/// A client below an intermediate below a root, all ECDSA P-256.
struct Chain {
    root: Issuer<'static, KeyPair>,
    intermediate: Issuer<'static, KeyPair>,
    anchors: TrustAnchors,
    presented: Vec<CertificateDer<'static>>,
}

impl Chain {
    fn new() -> Self {
        let key = || KeyPair::generate().unwrap();
        let (root_key, key_between, leaf_key) = (key(), key(), key());
        let root_params = authority("root");
        let root_certificate = root_params.self_signed(&root_key).unwrap();
        let root = Issuer::new(root_params, root_key);
        let between = authority("intermediate");
        let certificate_between = between.signed_by(&key_between, &root).unwrap();
        let intermediate = Issuer::new(between, key_between);
        let mut leaf = named("client");
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let leaf = leaf.signed_by(&leaf_key, &intermediate).unwrap();
        Self {
            anchors: TrustAnchors::from_der([root_certificate.der().clone()]).unwrap(),
            presented: vec![leaf.der().clone(), certificate_between.der().clone()],
            root,
            intermediate,
        }
    }

    fn verify(&self, lists: Option<Vec<Der>>) -> impl Fn() -> PeerIdentity + use<> {
        let policy = VerifierPolicy::allow_any_authenticated();
        let algorithms = Rustls::default().signature_algorithms().unwrap();
        let verifier = match lists {
            None => PeerVerifier::new(&self.anchors, policy, algorithms).unwrap(),
            Some(lists) => {
                let rules = RevocationRules::require(RevocationDepth::Chain);
                PeerVerifier::new(&self.anchors, policy.revocation(rules), algorithms)
                    .unwrap()
                    .with_revocation_lists(&RevocationLists::from_der(lists).unwrap())
                    .unwrap()
            }
        };
        let (chain, now) = (self.presented.clone(), UnixTime::now());
        move || verifier.verify_client(&chain, now).unwrap()
    }
}

/// No lists at all, and lists of so many entries by the root and by the intermediate.
pub(crate) fn verifies() -> Vec<(String, impl Fn() -> PeerIdentity)> {
    let chain = Chain::new();
    let mut verifies = vec![("no lists".to_owned(), chain.verify(None))];
    for (by_root, by_intermediate) in [(0, 0), (0, 1_000), (1_000, 0), (0, LONGEST), (LONGEST, 0)] {
        let lists = vec![
            list(&chain.root, by_root),
            list(&chain.intermediate, by_intermediate),
        ];
        verifies.push((
            format!("{by_root} by the root, {by_intermediate} by the intermediate"),
            chain.verify(Some(lists)),
        ));
    }
    verifies
}

/// The longest list, in DER and in PEM.
pub(crate) fn longest() -> (Der, String) {
    let list = signed(&Chain::new().root, LONGEST);
    (list.der().clone(), list.pem().unwrap())
}

fn list(issuer: &Issuer<'_, KeyPair>, entries: u64) -> Der {
    signed(issuer, entries).der().clone()
}

fn signed(issuer: &Issuer<'_, KeyPair>, entries: u64) -> CertificateRevocationList {
    let now = OffsetDateTime::now_utc();
    let revoked = (0..entries).map(|number| RevokedCertParams {
        serial_number: serial(number),
        revocation_time: now,
        reason_code: Some(RevocationReason::Superseded),
        invalidity_date: None,
    });
    let params = CertificateRevocationListParams {
        this_update: now - Duration::hours(1),
        next_update: now + Duration::days(7),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: revoked.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(issuer).unwrap()
}

/// Sixteen octets that look random, as those of real CAs.
fn serial(number: u64) -> SerialNumber {
    let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let bytes = [mixed.to_be_bytes(), number.to_be_bytes()].concat();
    SerialNumber::from_slice(&[&[0x40 | bytes[0] & 0x3f], &bytes[1..]].concat())
}

fn authority(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    params.not_before = OffsetDateTime::now_utc() - Duration::hours(1);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(30);
    params
}
