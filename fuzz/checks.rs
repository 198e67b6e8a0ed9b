//! What must hold for every input, a hostile one too: one function for each fuzz target.
//!
//! The targets in `fuzz_targets/` compile this file, and so does `tests/fuzz_corpus.rs`, which
//! replays the corpus.

#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "each target compiles this for itself and uses one of the functions"
)]

mod ber;
#[cfg(feature = "config")]
mod configuration;
mod crl;
mod encoding;
mod files;
#[cfg(feature = "http")]
mod headers;
#[cfg(feature = "openssl")]
mod pem_differential;
#[cfg(feature = "tokio")]
mod proxy_header;
#[cfg(all(feature = "aws-lc-rs", feature = "watch"))]
mod reload;
#[cfg(feature = "openssl")]
mod san_differential;
mod script;
#[cfg(all(feature = "openssl", feature = "encrypted-keys"))]
mod sealed;
mod secrets;
mod texts;
mod tree;
mod tricks;
mod verdict_differential;
mod verifiers;

use std::error::Error;
use std::net::IpAddr;

use mtls::backend::BackendKind;
use mtls::material::KeyType;
use mtls::pki_types::{CertificateDer, ServerName, UnixTime};
use mtls::{
    CertificateChain, MaterialError, MtlsClient, MtlsIdentity, PeerIdentity, PeerMatcher,
    PeerVerifier, PrivateKey, Rejection, RejectionReason, Rustls, SpiffeId, TrustAnchors,
    VerifierPolicy,
};

pub use ber::ber;
#[cfg(feature = "config")]
pub use configuration::{config_environment, config_file};
pub use crl::crl;
use encoding::{armour, armour_all, certificates, contains, element, is_pem};
pub use files::{certificate, inspect, pem, pkcs7, sniff};
#[cfg(feature = "http")]
pub use headers::{client_cert, xfcc};
#[cfg(feature = "openssl")]
pub use pem_differential::pem_differential;
#[cfg(feature = "tokio")]
pub use proxy_header::proxy_header;
#[cfg(all(feature = "aws-lc-rs", feature = "watch"))]
pub use reload::reload_model;
#[cfg(feature = "openssl")]
pub use san_differential::san_differential;
#[cfg(all(feature = "openssl", feature = "encrypted-keys"))]
pub use sealed::encrypted_key;
#[cfg(all(feature = "openssl", feature = "pkcs12"))]
pub use sealed::pkcs12;
use secrets::Secrets;
pub use texts::{policy_text, spiffe_id};
pub use verdict_differential::verdict_differential;
use verifiers::{
    ANCHORS, CREDULOUS, HONEST, ISSUED, MATCHERS, MatcherVerifiers, NOW, ODD_TIMES, OTHERS, SIDES,
    SPIFFE, Side,
};

/// PEM with chain and key in it, or with a NUL between the two; or certificates and a key in DER,
/// end to end.
pub fn identity_pem(input: &[u8]) {
    if is_pem(input) {
        let secrets = Secrets::in_pem(input);
        check_identity(
            mtls::Loader::new().load_identity(mtls::material::Input::bytes(input)),
            &secrets,
        );
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
    assert_eq!(from_pem.is_ok(), from_der.is_ok(), "DER, the same in PEM");
    check_identity(from_pem, &secrets);
    check_identity(from_der, &secrets);
}

/// One certificate in DER, whose signature is taken on trust, before every kind of matcher.
pub fn peer_identity(input: &[u8]) {
    let chain = [CertificateDer::from(input)];
    if verdict(&HONEST[3], &chain, &Side::Client, NOW).is_ok() {
        assert_issued(input);
    }
    let Ok(peer) = verdict(&CREDULOUS[0], &chain, &Side::Client, NOW) else {
        return;
    };
    let again = verdict(&CREDULOUS[0], &chain, &Side::Client, NOW).unwrap();
    assert_eq!(format!("{peer:?}"), format!("{again:?}"));
    let accepts = |verifier: &PeerVerifier| match verifier.verify_client(&chain, NOW) {
        Ok(_) => true,
        Err(rejection) => {
            assert_eq!(rejection.reason(), RejectionReason::NotAuthorized);
            check_rejection(&rejection, 1);
            false
        }
    };
    let other = accepts(&MATCHERS[0].plain);
    for verifiers in MATCHERS.iter() {
        let (yes, not) = (accepts(&verifiers.plain), accepts(&verifiers.not));
        assert!(!(yes && not), "{:?} and its negation", verifiers.matcher);
        assert!(
            !yes || accepts(&verifiers.relaxed),
            "{:?}",
            verifiers.matcher
        );
        assert_eq!(yes, accepts(&verifiers.not_not), "{:?}", verifiers.matcher);
        assert_eq!(
            yes || other,
            accepts(&verifiers.any_of),
            "{:?}",
            verifiers.matcher
        );
        assert_eq!(
            yes && other,
            accepts(&verifiers.all_of),
            "{:?}",
            verifiers.matcher
        );
    }
    for (has, other) in OTHERS.iter() {
        assert!(has(&peer) || !accepts(other), "nothing is not another");
    }
    for own in own_matchers(&peer) {
        let verifiers = MatcherVerifiers::new(own);
        assert!(
            accepts(&verifiers.plain) && accepts(&verifiers.any_of),
            "{:?}",
            verifiers.matcher
        );
        assert!(!accepts(&verifiers.not), "{:?}", verifiers.matcher);
    }
}

/// A private key, PEM or DER, in the clear or under the passphrase `fuzz`.
pub fn private_key(input: &[u8]) {
    let secrets = if is_pem(input) {
        Secrets::in_pem(input)
    } else {
        Secrets::of_der(input)
    };
    let in_clear = check_key(PrivateKey::from_pem(input), &secrets);
    let from_der = check_key(PrivateKey::from_der(input), &secrets);
    let armoured = armour("PRIVATE KEY", input);
    let from_pem = check_key(PrivateKey::from_pem(armoured.as_bytes()), &secrets);
    assert_eq!(from_der, from_pem, "DER, the same in PEM");
    if secrets.are_cheap() {
        let encrypted = armour("ENCRYPTED PRIVATE KEY", input);
        check_key(open(encrypted.as_bytes()), &secrets);
        let opened = check_key(open(input), &secrets);
        assert!(
            in_clear.is_none() || in_clear == opened,
            "it needs no passphrase"
        );
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
        let of_der = from_der.as_ref().ok().cloned();
        assert_eq!(from_pem.ok(), of_der, "DER, the same in PEM");
        (from_der, CertificateChain::from_der(given))
    };
    let anchors = match (anchors, &chain) {
        (Ok(anchors), _) => anchors,
        (Err(error), Err(_)) => return check_material_error(&error, &secrets),
        (Err(error), Ok(chain)) => panic!("no anchors ({error}), but {chain:?}"),
    };
    let count = anchors.as_slice().len();
    assert!((1..=TrustAnchors::MAX_CERTIFICATES).contains(&count));
    assert_eq!(chain.is_ok(), count <= CertificateChain::MAX_CERTIFICATES);
    let again = TrustAnchors::from_pem(armour_all(anchors.as_slice()).as_bytes());
    assert_eq!(again.ok().as_ref(), Some(&anchors));
    let policy = VerifierPolicy::allow_any_authenticated();
    if let Err(error) = PeerVerifier::new(&anchors, policy, verifiers::honest()) {
        check_error(&error, &secrets);
    }
}

/// Certificates in DER, end to end, leaf first, verified on every side and by every opt-in.
pub fn verify_chain(input: &[u8]) {
    let chain = certificates(input);
    for side in SIDES.iter() {
        let verify = |verifier| verdict(verifier, &chain, side, NOW);
        let [strict, v1, common_name, both] = CREDULOUS.each_ref().map(verify);
        assert!(
            strict.is_err() || (v1.is_ok() && common_name.is_ok()),
            "not laxer"
        );
        assert!(
            (v1.is_err() && common_name.is_err()) || both.is_ok(),
            "not laxer"
        );
        for (credulous, honest) in [(&strict, &HONEST[0]), (&both, &HONEST[3])] {
            if verify(honest).is_ok() {
                assert!(credulous.is_ok(), "accepted for its signatures");
                assert_issued(&chain[0]);
            }
        }
        match (&both, verify(&CREDULOUS[3])) {
            (Ok(peer), Ok(again)) => assert_eq!(format!("{peer:?}"), format!("{again:?}")),
            (first, second) => assert_eq!(first.as_ref().err(), second.as_ref().err()),
        }
        if let Side::Server(name) = side {
            assert!(strict.is_err() || is_named(&strict.unwrap(), name, false));
            assert!(both.is_err() || is_named(&both.unwrap(), name, true));
        }
        if let Ok(peer) = verify(&SPIFFE) {
            assert_eq!(peer.spiffe_id().unwrap().trust_domain(), "prod.test");
        }
    }
    for now in ODD_TIMES {
        let _ = verdict(&CREDULOUS[3], &chain, &Side::Client, now);
    }
}

/// Verifies and checks whatever comes out.
fn verdict(
    verifier: &PeerVerifier,
    chain: &[CertificateDer<'_>],
    side: &Side,
    now: UnixTime,
) -> Result<PeerIdentity, Rejection> {
    let verdict = match side {
        Side::Client => verifier.verify_client(chain, now),
        Side::Server(name) => verifier.verify_server(chain, name, now),
    };
    match &verdict {
        Ok(peer) => check_peer(peer, chain, now),
        Err(rejection) => check_rejection(rejection, chain.len()),
    }
    verdict
}

fn check_peer(peer: &PeerIdentity, chain: &[CertificateDer<'_>], now: UnixTime) {
    assert_eq!(peer.chain(), chain);
    assert!((peer.not_before()..=peer.not_after()).contains(&now));
    for name in peer.dns_names() {
        assert!(
            !name.bytes().any(|byte| byte.is_ascii_uppercase()),
            "{name}"
        );
        let parent = name.strip_prefix("*.").unwrap_or(name);
        assert!(PeerMatcher::dns(parent).is_ok(), "{name}");
    }
    if let Some(id) = peer.spiffe_id() {
        assert!(peer.uris().eq([id.as_str()]));
        assert_eq!(id.as_str().parse::<SpiffeId>().as_ref(), Ok(id));
        assert_eq!(
            format!("spiffe://{}{}", id.trust_domain(), id.path()),
            id.as_str()
        );
    }
    let uris = peer.uris().map(|uri| (uri, ':'));
    let emails = peer.email_addresses().map(|email| (email, '@'));
    for (name, part) in uris.chain(emails) {
        let is_plain = name.bytes().all(|byte| byte.is_ascii_graphic());
        assert!(is_plain && name.contains(part), "{name:?}");
    }
    for name in peer.unreadable_names() {
        check_line(&name.to_string());
    }
    for line in [peer.to_string(), peer.subject(), peer.issuer()] {
        check_line(&line);
    }
}

fn check_rejection(rejection: &Rejection, certificates: usize) {
    check_error(rejection, &Secrets::default());
    check_line(&rejection.hint());
    let bytes = rejection.to_string().len() + rejection.hint().len();
    assert!(bytes < 4_096, "{bytes} bytes");
    let (index, subject) = rejection.certificate().unzip();
    assert!(index.is_none_or(|index| index < certificates));
    let parts = [rejection.expected(), rejection.presented(), subject];
    parts.into_iter().flatten().for_each(check_line);
    for backend in BackendKind::ALL {
        let alert = backend.alert_for(rejection.reason());
        assert_eq!(alert.is_none(), *backend == BackendKind::NativeTls);
        alert
            .iter()
            .for_each(|alert| check_line(&alert.to_string()));
    }
}

/// Only those CAs can sign; what a signature covers is the certificate's first element.
fn assert_issued(leaf: &[u8]) {
    let signed = |der: &[u8]| Some(element(element(der)?.1)?.1.to_vec());
    let is_known = ISSUED.iter().any(|known| signed(known) == signed(leaf));
    assert!(is_known, "a forged leaf was accepted");
}

fn is_named(peer: &PeerIdentity, name: &ServerName<'_>, by_common_name: bool) -> bool {
    match name {
        ServerName::DnsName(dns) => {
            let dns = dns.as_ref();
            let wildcard = dns.split_once('.').map(|(_, parent)| format!("*.{parent}"));
            let mut names = peer.dns_names();
            let common_name = peer
                .common_name()
                .filter(|_| by_common_name && names.clone().next().is_none());
            names.any(|own| own == dns || Some(own) == wildcard.as_deref())
                || common_name.is_some_and(|own| own.eq_ignore_ascii_case(dns))
        }
        ServerName::IpAddress(ip) => peer.ip_addresses().any(|own| own == IpAddr::from(*ip)),
        _ => false,
    }
}

/// A matcher for each thing that the peer is.
fn own_matchers(peer: &PeerIdentity) -> Vec<PeerMatcher> {
    let names = peer.dns_names().filter(|name| !name.starts_with('*'));
    let id = peer.spiffe_id();
    let common_name = peer
        .common_name()
        .filter(|name| (1..=PeerMatcher::MAX_PATTERN_BYTES).contains(&name.len()));
    let mut own = vec![Ok(PeerMatcher::spki_sha256(peer.spki_sha256()))];
    own.extend(names.take(3).map(PeerMatcher::dns));
    let uris = peer.uris();
    let uris = uris.filter(|uri| uri.len() <= PeerMatcher::MAX_PATTERN_BYTES);
    own.extend(uris.take(3).map(PeerMatcher::uri));
    own.extend(id.map(|id| PeerMatcher::spiffe_id(id.as_str())));
    own.extend(id.map(|id| PeerMatcher::trust_domain(id.trust_domain())));
    own.extend(common_name.map(PeerMatcher::common_name));
    own.push(Ok(PeerMatcher::certificate_sha256(
        peer.certificate_sha256(),
    )));
    own.push(Ok(PeerMatcher::any_authenticated()));
    let plain_address = |ip: &IpAddr| ip.to_canonical() == *ip;
    let addresses = peer.ip_addresses().filter(plain_address);
    own.extend(addresses.take(3).map(PeerMatcher::ip));
    let emails = peer.email_addresses().take(3);
    own.extend(emails.map(PeerMatcher::email));
    let long = |text: &&str| (1..=PeerMatcher::MAX_PATTERN_BYTES).contains(&text.len());
    let units = peer.organizational_units().filter(long).take(3);
    own.extend(units.map(PeerMatcher::organizational_unit));
    let organizations = peer.organizations().filter(long).take(3);
    own.extend(organizations.map(PeerMatcher::organization));
    own.into_iter().map(Result::unwrap).collect()
}

fn check_identity(identity: Result<MtlsIdentity, MaterialError>, secrets: &Secrets) {
    let identity = match identity {
        Ok(identity) => identity,
        Err(error) => return check_material_error(&error, secrets),
    };
    let chain = identity.chain().as_slice();
    assert!((1..=CertificateChain::MAX_CERTIFICATES).contains(&chain.len()));
    let pkcs8 = identity
        .private_key()
        .expect("its key is at hand")
        .pkcs8_der();
    let key = pkcs8.secret_pkcs8_der();
    let (chain_pem, key_pem) = (armour_all(chain), armour("PRIVATE KEY", key));
    for again in [
        MtlsIdentity::from_pem(chain_pem.as_bytes(), key_pem.as_bytes()),
        mtls::Loader::new().load_identity(mtls::material::Input::bytes(
            (key_pem.clone() + &chain_pem).as_bytes(),
        )),
        MtlsIdentity::from_der(chain.to_vec(), key),
    ] {
        let again = again.expect("an identity loads again");
        assert_eq!(again.chain(), identity.chain());
        assert_eq!(
            again.private_key().map(PrivateKey::pkcs8_der).as_ref(),
            Some(&pkcs8)
        );
        assert_eq!(again.warnings(), identity.warnings());
    }
    let warnings = identity.warnings().iter();
    warnings.for_each(|warning| check_line(&warning.to_string()));
    Secrets::of_der(key).check(&format!("{identity:?}"));
    check_possession(&identity, secrets);
}

/// The TLS library's own idea of the public key has to stand in the leaf.
fn check_possession(identity: &MtlsIdentity, secrets: &Secrets) {
    let client = MtlsClient::builder()
        .identity(identity.clone())
        .trust_anchors(ANCHORS.clone())
        .build(Rustls::default());
    match client {
        Ok(client) => {
            let resolver = &client.config().client_auth_cert_resolver;
            let presented = resolver.resolve(&[], &[]).expect("a client certificate");
            let public = presented.key.public_key().expect("a public key");
            // The end of the key itself, since its algorithm can be written in more than one way.
            let end = &public[public.len() - 32..];
            assert!(contains(identity.chain().leaf(), end), "not the leaf's key");
        }
        Err(error) => check_error(&error, secrets),
    }
}

/// What the seeds are encrypted with.
const PASSPHRASE: &str = "fuzz";

#[cfg(feature = "encrypted-keys")]
fn open(pem: &[u8]) -> Result<PrivateKey, MaterialError> {
    mtls::Loader::new()
        .passphrase(mtls::Passphrase::new(PASSPHRASE))
        .load_key(mtls::material::Input::bytes(pem))
}

#[cfg(not(feature = "encrypted-keys"))]
fn open(pem: &[u8]) -> Result<PrivateKey, MaterialError> {
    PrivateKey::from_pem(pem)
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
    let pkcs8 = key.pkcs8_der();
    let der = pkcs8.secret_pkcs8_der();
    let from_pem = PrivateKey::from_pem(armour("PRIVATE KEY", der).as_bytes());
    for again in [PrivateKey::from_der(der), from_pem, Ok(key.clone_key())] {
        let again = again.expect("a key loads again");
        assert_eq!(
            (again.pkcs8_der(), again.key_type()),
            (key.pkcs8_der(), key.key_type())
        );
    }
    if let KeyType::Rsa { bits } = key.key_type() {
        assert!((2048..=8192).contains(&bits));
    }
    Secrets::of_der(der).check(&format!("{key:?}"));
    Some((key.key_type(), der.to_vec()))
}

fn check_material_error(error: &MaterialError, secrets: &Secrets) {
    check_error(error, secrets);
    if let Some(place) = error.place() {
        assert!(place.index <= TrustAnchors::MAX_CERTIFICATES);
        // A list in DER has the label that it would have in PEM.
        let is_list = place.label.as_deref() == Some("X509 CRL");
        assert!(place.label.is_none() || place.offset.is_some() || is_list);
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

/// What goes into logs says something, and cannot begin a line of its own.
fn check_line(words: &str) {
    assert!(!words.is_empty());
    assert!(!words.contains(char::is_control), "{words:?}");
}
