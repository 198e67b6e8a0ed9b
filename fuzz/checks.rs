//! What must hold for every input, whoever wrote it: one function for each fuzz target.
//!
//! The targets in `fuzz_targets/` compile this file, and so does `tests/fuzz_corpus.rs`, which
//! replays the corpus.

// Each target uses one of the functions.
#![allow(dead_code, unreachable_pub)]

use std::error::Error;
use std::net::IpAddr;
use std::sync::LazyLock;

use mtls::pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, ServerName,
    SignatureVerificationAlgorithm, UnixTime, alg_id,
};
use mtls::{
    BackendKind, CertificateChain, KeyType, MaterialError, MtlsClient, MtlsIdentity, PeerIdentity,
    PeerMatcher, PeerVerifier, PrivateKey, Rejection, RejectionReason, Rustls, SignatureAlgorithms,
    SpiffeId, TrustAnchors, VerifierPolicy,
};

/// PEM with chain and key in it, or with a NUL between the two; or certificates and a key in DER, end
/// to end.
pub fn identity_pem(input: &[u8]) {
    if is_pem(input) {
        let secrets = Secrets::in_pem(input);
        check_identity(MtlsIdentity::from_pem_bundle(input), &secrets);
        if let Some(at) = input.iter().position(|byte| *byte == 0) {
            let (chain, key) = (&input[..at], &input[at + 1..]);
            check_identity(MtlsIdentity::from_pem(chain, key), &secrets);
        }
        return;
    }
    let mut chain = certificates(input);
    let key = chain.pop().unwrap_or_else(|| Vec::new().into());
    let secrets = Secrets::of_der(&key);
    let (chain_pem, key_pem) = (armour_all(&chain), armour("PRIVATE KEY", &key));
    let from_pem = MtlsIdentity::from_pem(chain_pem.as_bytes(), key_pem.as_bytes());
    let from_der = MtlsIdentity::from_der(chain, &key);
    assert_eq!(
        from_pem.is_ok(),
        from_der.is_ok(),
        "DER, and the same in PEM"
    );
    check_identity(from_pem, &secrets);
    check_identity(from_der, &secrets);
}

/// A private key, PEM or DER, in the clear or under the passphrase `fuzz`.
pub fn private_key(input: &[u8]) {
    let secrets = match is_pem(input) {
        true => Secrets::in_pem(input),
        false => Secrets::of_der(input),
    };
    let plain = check_key(PrivateKey::from_pem(input), &secrets);
    let from_der = check_key(PrivateKey::from_der(input), &secrets);
    let armoured = armour("PRIVATE KEY", input);
    let from_pem = check_key(PrivateKey::from_pem(armoured.as_bytes()), &secrets);
    assert_eq!(from_der, from_pem, "DER, and the same in PEM");
    #[cfg(feature = "encrypted-keys")]
    if secrets.0.iter().all(|der| is_affordable(der)) {
        let passphrase = mtls::Passphrase::new("fuzz");
        let open =
            |pem: &[u8]| check_key(PrivateKey::from_encrypted_pem(pem, &passphrase), &secrets);
        let opened = open(input);
        assert!(
            plain.is_none() || plain == opened,
            "a key in the clear needs no passphrase"
        );
        open(armour("ENCRYPTED PRIVATE KEY", input).as_bytes());
    }
}

/// Certificates of CAs: PEM, or DER end to end.
pub fn trust_anchors(input: &[u8]) {
    let secrets = Secrets::in_pem(input);
    let (anchors, chain) = if is_pem(input) {
        (
            TrustAnchors::from_pem(input),
            CertificateChain::from_pem(input),
        )
    } else {
        let given = certificates(input);
        let from_pem = TrustAnchors::from_pem(armour_all(&given).as_bytes());
        let from_der = TrustAnchors::from_der(given.clone());
        assert_eq!(
            from_pem.ok(),
            from_der.as_ref().ok().cloned(),
            "DER, and the same in PEM"
        );
        (from_der, CertificateChain::from_der(given))
    };
    let anchors = match anchors {
        Ok(anchors) => anchors,
        Err(error) => {
            check_material_error(&error, &secrets);
            return check_material_error(&chain.expect_err("no anchors, but a chain"), &secrets);
        }
    };
    let count = anchors.as_slice().len();
    assert!((1..=TrustAnchors::MAX_CERTIFICATES).contains(&count));
    assert_eq!(chain.is_ok(), count <= CertificateChain::MAX_CERTIFICATES);
    let again = TrustAnchors::from_pem(armour_all(anchors.as_slice()).as_bytes());
    assert_eq!(again.ok().as_ref(), Some(&anchors));
    let policy = VerifierPolicy::allow_any_authenticated();
    if let Err(error) = PeerVerifier::new(&anchors, policy, honest()) {
        check_error(&error, &secrets);
    }
}

/// One certificate in DER, whose signature is taken on trust, before every kind of matcher.
pub fn peer_identity(input: &[u8]) {
    let chain = [CertificateDer::from(input)];
    for role in ROLES.iter() {
        verdict(&HONEST[3], &chain, role, NOW)
            .is_ok()
            .then(|| assert_issued(input));
    }
    let judge = |policy| {
        let verifier = PeerVerifier::new(&ANCHORS, policy, credulous()).unwrap();
        verdict(&verifier, &chain, &Role::Client, NOW)
    };
    let Ok(peer) = judge(VerifierPolicy::allow_any_authenticated()) else {
        return;
    };
    let admits = |matcher: PeerMatcher| {
        let relaxed = VerifierPolicy::allow(matcher.clone()).danger_allow_common_name_as_dns();
        match (judge(VerifierPolicy::allow(matcher)), judge(relaxed)) {
            (Ok(_), relaxed) => relaxed.is_ok() || panic!("an opt-in took an acceptance away"),
            (Err(rejection), _) => rejection.reason() != RejectionReason::NotAllowed,
        }
    };
    let other = PeerMatcher::dns("alice.test").unwrap();
    let other_admits = admits(other.clone());
    for matcher in MATCHERS.iter() {
        let (yes, not) = (admits(matcher.clone()), PeerMatcher::not(matcher.clone()));
        assert!(!yes || !admits(not.clone()), "{matcher:?} and its negation");
        assert_eq!(
            yes,
            admits(PeerMatcher::not(not)),
            "{matcher:?} negated twice"
        );
        let pair = || [matcher.clone(), other.clone()];
        assert_eq!(
            yes || other_admits,
            admits(PeerMatcher::any_of(pair()).unwrap())
        );
        assert_eq!(
            yes && other_admits,
            admits(PeerMatcher::all_of(pair()).unwrap())
        );
    }
    for own in own_matchers(&peer) {
        assert!(admits(own.clone()), "{own:?} is its own");
        assert!(!admits(PeerMatcher::not(own)));
    }
}

/// Certificates in DER, end to end, leaf first, judged in every role and by every opt-in.
pub fn verify_chain(input: &[u8]) {
    let chain = certificates(input);
    for role in ROLES.iter() {
        let honest = HONEST
            .each_ref()
            .map(|judge| verdict(judge, &chain, role, NOW).is_ok());
        let credulous = CREDULOUS
            .each_ref()
            .map(|judge| verdict(judge, &chain, role, NOW).is_ok());
        for [strict, v1, common_name, both] in [honest, credulous] {
            assert!(
                !strict || (v1 && common_name),
                "an opt-in took an acceptance away"
            );
            assert!(
                !(v1 || common_name) || both,
                "an opt-in took an acceptance away"
            );
        }
        for (honest, credulous) in honest.into_iter().zip(credulous) {
            assert!(!honest || credulous, "accepted for its bad signatures");
            honest.then(|| assert_issued(&chain[0]));
        }
        for (judge, names_of_cn) in [(&CREDULOUS[0], false), (&CREDULOUS[3], true)] {
            if let (Ok(peer), Role::Server(name)) = (verdict(judge, &chain, role, NOW), role) {
                assert!(
                    is_named(&peer, name, names_of_cn),
                    "{peer:?} is not {name:?}"
                );
            }
        }
        if let Ok(peer) = verdict(&SPIFFE, &chain, role, NOW) {
            assert_eq!(peer.spiffe_id().unwrap().trust_domain(), "prod.test");
        }
    }
    for seconds in [0, 1, u64::from(u32::MAX), 253_402_300_800, u64::MAX] {
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        let accepted = CREDULOUS
            .each_ref()
            .map(|judge| verdict(judge, &chain, &Role::Client, now).is_ok());
        assert!(
            !accepted[0] || accepted[3],
            "an opt-in took an acceptance away"
        );
    }
}

/// In 2033: later than any seed was made, so that it does not matter when that was.
const NOW: UnixTime = UnixTime::since_unix_epoch(std::time::Duration::from_secs(2_000_000_000));

/// The CAs of `make_corpus.sh`, whose keys nobody has any more.
static ANCHORS: LazyLock<TrustAnchors> =
    LazyLock::new(|| TrustAnchors::from_pem(include_bytes!("fixtures/anchors.pem")).unwrap());

/// Every leaf that those CAs ever issued.
static ISSUED: LazyLock<Vec<CertificateDer<'static>>> =
    LazyLock::new(|| certificates(include_bytes!("fixtures/issued.der")));

static HONEST: LazyLock<[PeerVerifier; 4]> = LazyLock::new(|| judges(honest));
static CREDULOUS: LazyLock<[PeerVerifier; 4]> = LazyLock::new(|| judges(credulous));
static SPIFFE: LazyLock<PeerVerifier> = LazyLock::new(|| {
    let policy = VerifierPolicy::server_spiffe(PeerMatcher::trust_domain("prod.test").unwrap());
    PeerVerifier::new(&ANCHORS, policy, credulous()).unwrap()
});

static ROLES: LazyLock<[Role; 4]> = LazyLock::new(|| {
    let server = |name: &'static str| Role::Server(ServerName::try_from(name).unwrap());
    [
        Role::Client,
        server("server.test"),
        server("a.wild.test"),
        server("127.0.0.1"),
    ]
});

static MATCHERS: LazyLock<Vec<PeerMatcher>> = LazyLock::new(|| {
    let refuse = |_: &PeerIdentity| Err("never".to_owned());
    let by_name = |peer: &PeerIdentity| match peer.common_name() {
        Some(name) if name.len() % 2 == 0 => Ok(()),
        _ => Err("an odd name".to_owned()),
    };
    vec![
        PeerMatcher::any_authenticated(),
        PeerMatcher::common_name("alice").unwrap(),
        PeerMatcher::custom("by_name", by_name),
        PeerMatcher::custom("refuse", refuse),
        PeerMatcher::dns("alice.test").unwrap(),
        PeerMatcher::spiffe_id("spiffe://prod.test/alice").unwrap(),
        PeerMatcher::spki_sha256([7; 32]),
        PeerMatcher::trust_domain("prod.test").unwrap(),
        PeerMatcher::uri("https://a.test/b").unwrap(),
    ]
});

/// No opt-in, version 1 leaves, common names, both.
fn judges(algorithms: fn() -> SignatureAlgorithms) -> [PeerVerifier; 4] {
    let strict = VerifierPolicy::allow_any_authenticated;
    [
        strict(),
        strict().danger_allow_x509_v1_leaf(),
        strict().danger_allow_common_name_as_dns(),
        strict()
            .danger_allow_x509_v1_leaf()
            .danger_allow_common_name_as_dns(),
    ]
    .map(|policy| PeerVerifier::new(&ANCHORS, policy, algorithms()).unwrap())
}

fn honest() -> SignatureAlgorithms {
    Rustls::default().signature_algorithms().unwrap()
}

/// Finds every signature good: without it the fuzzer would never see what comes after the first.
fn credulous() -> SignatureAlgorithms {
    static ALL: [Credulous; 4] = [
        Credulous(alg_id::ECDSA_P256, alg_id::ECDSA_SHA256),
        Credulous(alg_id::ECDSA_P384, alg_id::ECDSA_SHA256),
        Credulous(alg_id::ED25519, alg_id::ED25519),
        Credulous(alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA256),
    ];
    SignatureAlgorithms::new(
        ALL.iter()
            .map(|a| a as &'static dyn SignatureVerificationAlgorithm),
    )
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

enum Role {
    Client,
    Server(ServerName<'static>),
}

/// Judges, twice, and checks whatever comes out.
fn verdict(
    judge: &PeerVerifier,
    chain: &[CertificateDer<'_>],
    role: &Role,
    now: UnixTime,
) -> Result<PeerIdentity, Rejection> {
    let once = || match role {
        Role::Client => judge.verify_client(chain, now),
        Role::Server(name) => judge.verify_server(chain, name, now),
    };
    let verdict = once();
    match (&verdict, once()) {
        (Ok(peer), Ok(again)) => {
            assert_eq!(format!("{peer:?}"), format!("{again:?}"));
            check_peer(peer, chain, now);
        }
        (Err(rejection), Err(again)) => {
            assert_eq!(*rejection, again);
            check_rejection(rejection, chain.len());
        }
        (first, second) => panic!("{first:?}, then {second:?}"),
    }
    verdict
}

fn check_peer(peer: &PeerIdentity, chain: &[CertificateDer<'_>], now: UnixTime) {
    assert_eq!(peer.chain(), chain);
    assert!((peer.not_before()..=peer.not_after()).contains(&now));
    for name in peer.dns_names() {
        assert_eq!(*name, name.to_ascii_lowercase());
        ServerName::try_from(name.trim_start_matches("*.")).unwrap();
    }
    if let Some(id) = peer.spiffe_id() {
        assert_eq!(peer.uris(), [id.as_str()]);
        assert_eq!(id.as_str().parse::<SpiffeId>().as_ref(), Ok(id));
        assert_eq!(
            format!("spiffe://{}{}", id.trust_domain(), id.path()),
            id.as_str()
        );
    }
    for uri in peer.uris() {
        assert!(
            uri.contains(':') && uri.bytes().all(|b| b.is_ascii_graphic()),
            "{uri:?}"
        );
    }
    for email in peer.email_addresses() {
        assert!(
            email.contains('@') && email.bytes().all(|b| b.is_ascii_graphic()),
            "{email:?}"
        );
    }
    for line in [peer.to_string(), peer.subject(), peer.issuer()] {
        check_line(&line);
    }
    assert!(
        peer.common_name()
            .is_none_or(|name| !name.contains(char::is_control))
    );
}

fn check_rejection(rejection: &Rejection, certificates: usize) {
    check_error(rejection, &Secrets::default());
    check_line(rejection.hint());
    let parts = [
        rejection.expected(),
        rejection.presented(),
        rejection.certificate().map(|c| c.1),
    ];
    parts.into_iter().flatten().for_each(check_line);
    assert!(
        rejection
            .certificate()
            .is_none_or(|(index, _)| index < certificates)
    );
    for backend in [
        BackendKind::NativeTls,
        BackendKind::OpenSsl,
        BackendKind::Rustls,
    ] {
        let alert = rejection.alert(backend);
        assert_eq!(alert.is_none(), backend == BackendKind::NativeTls);
        alert
            .iter()
            .for_each(|alert| check_line(&alert.to_string()));
    }
}

/// Nobody but those CAs can sign; what a signature covers is the certificate's first element.
fn assert_issued(leaf: &[u8]) {
    let signed = |der: &[u8]| element(element(der)?.1).map(|(_, tbs, _)| tbs.to_vec());
    assert!(
        ISSUED.iter().any(|known| signed(known) == signed(leaf)),
        "a forged leaf was accepted"
    );
}

fn is_named(peer: &PeerIdentity, name: &ServerName<'_>, by_common_name: bool) -> bool {
    match name {
        ServerName::DnsName(dns) => {
            let dns = dns.as_ref();
            let wildcard = dns.split_once('.').map(|(_, parent)| format!("*.{parent}"));
            let named = |own: &String| own == dns || Some(own) == wildcard.as_ref();
            let common_name = peer
                .common_name()
                .filter(|_| by_common_name && peer.dns_names().is_empty());
            peer.dns_names().iter().any(named)
                || common_name.is_some_and(|own| own.eq_ignore_ascii_case(dns))
        }
        ServerName::IpAddress(ip) => peer.ip_addresses().contains(&IpAddr::from(*ip)),
        _ => false,
    }
}

/// A matcher for each thing that the peer is.
fn own_matchers(peer: &PeerIdentity) -> Vec<PeerMatcher> {
    let mut own = vec![PeerMatcher::spki_sha256(peer.spki_sha256())];
    let names = peer
        .dns_names()
        .iter()
        .filter(|name| !name.starts_with('*'));
    own.extend(names.map(|name| PeerMatcher::dns(name).unwrap()));
    own.extend(peer.uris().iter().map(|uri| PeerMatcher::uri(uri).unwrap()));
    own.extend(
        peer.spiffe_id()
            .map(|id| PeerMatcher::spiffe_id(id.as_str()).unwrap()),
    );
    own.extend(
        peer.spiffe_id()
            .map(|id| PeerMatcher::trust_domain(id.trust_domain()).unwrap()),
    );
    let common_name = peer.common_name().filter(|name| !name.is_empty());
    own.extend(common_name.map(|name| PeerMatcher::common_name(name).unwrap()));
    own
}

fn check_identity(identity: Result<MtlsIdentity, MaterialError>, secrets: &Secrets) {
    let identity = match identity {
        Ok(identity) => identity,
        Err(error) => return check_material_error(&error, secrets),
    };
    let chain = identity.chain().as_slice();
    assert!((1..=CertificateChain::MAX_CERTIFICATES).contains(&chain.len()));
    let key = identity.private_key().pkcs8_der();
    let key_pem = armour("PRIVATE KEY", key.secret_pkcs8_der());
    let bundle = key_pem.clone() + &armour_all(chain);
    for again in [
        MtlsIdentity::from_pem(armour_all(chain).as_bytes(), key_pem.as_bytes()),
        MtlsIdentity::from_pem_bundle(bundle.as_bytes()),
        MtlsIdentity::from_der(chain.to_vec(), key.secret_pkcs8_der()),
    ] {
        let again = again.expect("an identity loads again");
        assert_eq!(again.chain(), identity.chain());
        assert_eq!(again.private_key().pkcs8_der(), key);
        assert_eq!(again.warnings(), identity.warnings());
    }
    identity
        .warnings()
        .iter()
        .for_each(|warning| check_line(&warning.to_string()));
    secrets.check(&format!("{identity:?}"));
    Secrets::of_der(key.secret_pkcs8_der()).check(&format!("{identity:?}"));
    check_possession(&identity, secrets);
}

/// The TLS library's own idea of the public key has to stand in the leaf.
fn check_possession(identity: &MtlsIdentity, secrets: &Secrets) {
    let builder = MtlsClient::builder()
        .identity(identity.clone())
        .trust_anchors(ANCHORS.clone());
    match builder.build(Rustls::default()) {
        Ok(client) => {
            let resolver = &client.config().client_auth_cert_resolver;
            let presented = resolver
                .resolve(&[], &[])
                .expect("a client presents its certificate");
            let public = presented.key.public_key().expect("a public key");
            // The end of the key itself, since its algorithm can be written in more than one way.
            let end = &public[public.len() - 32..];
            assert!(contains(identity.chain().leaf(), end), "not the leaf's key");
        }
        Err(error) => check_error(&error, secrets),
    }
}

fn check_key(
    key: Result<PrivateKey, MaterialError>,
    secrets: &Secrets,
) -> Option<(KeyType, Vec<u8>)> {
    let key = match key {
        Ok(key) => key,
        Err(error) => {
            check_material_error(&error, secrets);
            return None;
        }
    };
    let der = key.pkcs8_der().secret_pkcs8_der().to_vec();
    let from_pem = PrivateKey::from_pem(armour("PRIVATE KEY", &der).as_bytes());
    for again in [PrivateKey::from_der(&der), from_pem, Ok(key.clone_key())] {
        let again = again.expect("a key loads again");
        assert_eq!(again.pkcs8_der(), key.pkcs8_der());
        assert_eq!(again.kind(), key.kind());
    }
    if let KeyType::Rsa { bits } = key.kind() {
        assert!((2048..=8192).contains(&bits));
    }
    secrets.check(&format!("{key:?}"));
    Secrets::of_der(&der).check(&format!("{key:?}"));
    Some((key.kind(), der))
}

fn check_material_error(error: &MaterialError, secrets: &Secrets) {
    check_error(error, secrets);
    if let Some(place) = error.place() {
        assert!(place.index <= TrustAnchors::MAX_CERTIFICATES);
        assert_eq!(place.label.is_some() && place.offset.is_none(), false);
    }
}

fn check_error(error: &dyn Error, secrets: &Secrets) {
    secrets.check(&format!("{error:?}"));
    let mut cause = Some(error);
    for _ in 0..8 {
        let Some(error) = cause else { return };
        let words = error.to_string();
        check_line(&words);
        secrets.check(&words);
        cause = error.source();
    }
    panic!("an endless chain of causes");
}

/// What goes into logs is there, and cannot begin a line of its own.
fn check_line(words: &str) {
    assert!(!words.is_empty());
    assert!(!words.contains(char::is_control), "{words:?}");
}

/// Keys, as they came in and decoded, which no message may quote.
#[derive(Default)]
struct Secrets(Vec<Vec<u8>>);

impl Secrets {
    /// The bodies of the sections with private keys.
    fn in_pem(text: &[u8]) -> Self {
        let mut found = Self::default();
        let mut open: Option<Vec<u8>> = None;
        for line in text.split(|byte| matches!(byte, b'\n' | b'\r')) {
            match &mut open {
                None if line.starts_with(b"-----BEGIN ") && contains(line, b"PRIVATE KEY") => {
                    open = Some(Vec::new());
                }
                Some(body) if line.starts_with(b"-----END ") => {
                    found.0.push(decode(body));
                    found.0.push(core::mem::take(body));
                    open = None;
                }
                // Headers have a colon.
                Some(body) if !line.contains(&b':') => {
                    body.extend(line.iter().filter(|byte| BASE64.contains(byte)));
                }
                _ => {}
            }
        }
        found
    }

    fn of_der(der: &[u8]) -> Self {
        Self(vec![der.to_vec(), encode(der).into_bytes()])
    }

    /// No 16 bytes as they are, and no 8 in hexadecimal or in decimal.
    fn check(&self, words: &str) {
        let raw = words.as_bytes().windows(16).filter(|w| !w.contains(&b' '));
        let hex = words
            .split(|c: char| !c.is_ascii_hexdigit())
            .filter(|run| run.len() >= 16);
        let hex = hex.map(|run| {
            run.as_bytes()
                .chunks(2)
                .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
                .collect::<Vec<u8>>()
        });
        let decimal = words.split(|c: char| !c.is_ascii_digit() && c != ',' && c != ' ');
        let decimal = decimal.map(|run| {
            run.split(", ")
                .filter_map(|n| n.trim().parse().ok())
                .collect::<Vec<u8>>()
        });
        let numbers: Vec<Vec<u8>> = hex.chain(decimal).filter(|run| run.len() >= 8).collect();
        let coded = numbers.iter().flat_map(|run| run.windows(8));
        for quote in raw.chain(coded).filter(|w| is_telling(w)) {
            let quoted = self.0.iter().any(|secret| contains(secret, quote));
            assert!(!quoted, "{words:?} quotes a key");
        }
    }
}

/// Repeated bytes are found everywhere.
fn is_telling(window: &[u8]) -> bool {
    let mut bytes = window.to_vec();
    bytes.sort_unstable();
    bytes.dedup();
    bytes.len() >= 6
}

/// Whether opening costs little. The library's limits are too far for a fuzzer; beyond them it is to
/// refuse at once.
#[cfg(feature = "encrypted-keys")]
fn is_affordable(der: &[u8]) -> bool {
    const PBKDF2: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c";
    const SCRYPT: &[u8] = b"\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x04\x0b";
    /// Rounds of PBKDF2, and kilobytes of scrypt.
    const FEW: u64 = 4096;
    let costs = der
        .windows(PBKDF2.len())
        .enumerate()
        .filter_map(|(at, oid)| {
            // The parameters: a salt, then numbers.
            let (_, parameters, _) = element(&der[at + oid.len()..])?;
            let (_, _, mut rest) = element(parameters)?;
            let mut numbers = [1_u64; 3];
            for number in &mut numbers {
                let Some((2, content, after)) = element(rest) else {
                    break;
                };
                *number = content.iter().fold(0, |n: u64, byte| {
                    n.saturating_mul(256).saturating_add((*byte).into())
                });
                rest = after;
            }
            match oid {
                PBKDF2 => Some((numbers[0], PrivateKey::MAX_KDF_ITERATIONS.into())),
                SCRYPT => Some((
                    numbers.into_iter().fold(128, u64::saturating_mul) >> 10,
                    PrivateKey::MAX_SCRYPT_WORK >> 10,
                )),
                _ => None,
            }
        });
    costs
        .into_iter()
        .all(|(cost, limit)| cost <= FEW || cost > limit)
}

fn is_pem(input: &[u8]) -> bool {
    contains(input, b"-----BEGIN ")
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

/// DER values that stand end to end; what is none is the last.
fn certificates(mut input: &[u8]) -> Vec<CertificateDer<'static>> {
    let mut found = Vec::new();
    while !input.is_empty() {
        let rest = element(input).map_or(&[][..], |(_, _, rest)| rest);
        found.push(input[..input.len() - rest.len()].to_vec().into());
        input = rest;
    }
    found
}

/// Tag and content of the first DER element, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*first) {
        short @ 0..=0x7f => (short, rest),
        long => {
            let (length, rest) = rest.split_at_checked(long & 0x7f)?;
            (
                length
                    .iter()
                    .try_fold(0_usize, |n, b| n.checked_mul(256)?.checked_add((*b).into()))?,
                rest,
            )
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

fn armour_all(certificates: &[CertificateDer<'_>]) -> String {
    certificates
        .iter()
        .map(|der| armour("CERTIFICATE", der))
        .collect()
}

fn armour(label: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        encode(der)
    )
}

const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0, |n, i| n << 8 | usize::from(*group.get(i).unwrap_or(&0)));
        for i in 0..4 {
            let digit = BASE64[bits >> (18 - 6 * i) & 63];
            text.push(if i <= group.len() { digit.into() } else { '=' });
        }
    }
    text
}

fn decode(text: &[u8]) -> Vec<u8> {
    let value = |byte: &u8| BASE64.iter().position(|digit| digit == byte).unwrap_or(0);
    let groups = text
        .chunks(4)
        .map(|group| (0..4).fold(0, |n, i| n << 6 | group.get(i).map_or(0, value)));
    groups
        .flat_map(|bits| [(bits >> 16) as u8, (bits >> 8) as u8, bits as u8])
        .collect()
}
