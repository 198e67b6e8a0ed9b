//! Keys and signatures of every encoding, before the verifier alone and live, on rustls and on
//! OpenSSL.

use std::sync::Arc;

use mtls::backend::BackendKind;
use mtls::policy::SignatureAlgorithms;
use mtls::{
    HandshakeError, OpenSsl, PeerVerifier, Rejection, RejectionReason as Reason, Rustls,
    TrustAnchors, VerifierPolicy,
};
use openssl::nid::Nid;
use pki_types::{CertificateDer, ServerName, UnixTime};

use crate::anchors;
use crate::common::ends::{self, Ended, Ends, Ready, Setup, meet};
use crate::common::pki::{Cast, Credential};
use crate::common::raw::Version;
use crate::forge::{Ca, ec, ecdsa, has_ml_dsa};
use crate::keys::{self, LeafKey};
use crate::signatures;

type Verdict = Result<(), Reason>;

const NAME: &str = "peer.test";

/// Those who verifier: the verifier by itself with each library's algorithms, and both ends on each
/// backend.
struct Verifiers {
    trust: TrustAnchors,
    servers: Vec<(String, Version, Box<dyn Ready>)>,
    clients: Vec<(String, Version, Box<dyn Ready>)>,
}

impl Verifiers {
    fn new(certificates: &[CertificateDer<'static>], versions: &[Version], cast: &Cast) -> Self {
        let setup = |version, identity: &Credential| Setup {
            version,
            anchors: certificates.to_vec(),
            server_name: NAME,
            ..Setup::new(identity, &cast.root)
        };
        let built = |ends: &Ends, identity: &Credential| {
            let ours = ends
                .iter()
                .filter(|e| e.kind() != Some(BackendKind::NativeTls));
            let pairs = ours.flat_map(|end| versions.iter().map(move |version| (*version, end)));
            pairs
                .map(|(version, end)| {
                    let ready = end.ready(&setup(version, identity)).unwrap();
                    (format!("{end:?}"), version, ready)
                })
                .collect()
        };
        Self {
            trust: anchors(certificates),
            servers: built(&ends::servers(), &cast.server),
            clients: built(&ends::clients(), &cast.alice),
        }
    }

    /// Asks everyone; the verdict has to be one.
    fn verify(&self, presented: &Presented, expected: Verdict, tally: &mut Tally) {
        let name = &presented.name;
        tally.cases += 1;
        let said = |tally: &mut Tally, who: &str, verdict: Result<(), Rejection>| {
            let reason = verdict.as_ref().err().map(Rejection::reason);
            if reason.map_or(Ok(()), Err) != expected {
                tally.differ(format!("{name}: {who}: {verdict:?}, not {expected:?}"));
            }
            if let Err(rejection) = verdict {
                names_no_number(name, &rejection);
            }
        };
        let aws = Rustls::default().signature_algorithms().unwrap();
        let openssl = OpenSsl::default().signature_algorithms().unwrap();
        for (who, algorithms) in [("aws-lc-rs", aws), ("openssl", openssl)] {
            let (client, server) = self.pure(presented, algorithms);
            said(tally, &format!("client by {who}"), client);
            said(tally, &format!("server by {who}"), server);
        }
        self.on_ring(presented, expected, tally);
        let mut met = Vec::new();
        for (who, version, verify) in &self.servers {
            let client = presented.by_client(*version);
            met.push((who, version, meet(&*client, &**verify).1));
        }
        for (who, version, verify) in &self.clients {
            let server = presented.by_server(*version);
            met.push((who, version, meet(&**verify, &*server).0));
        }
        for (who, version, seen) in met {
            tally.handshakes += 1;
            match seen.ended {
                None if seen.completed => said(tally, who, Ok(())),
                Some(Ended::Handshake(HandshakeError::Rejected(rejection))) => {
                    said(tally, who, Err(rejection));
                }
                _ => tally.differ(format!(
                    "{name}: {who} in {version:?}: no verdict: {seen:?}"
                )),
            }
        }
    }

    fn pure(
        &self,
        presented: &Presented,
        algorithms: SignatureAlgorithms,
    ) -> (Result<(), Rejection>, Result<(), Rejection>) {
        let policy = VerifierPolicy::allow_any_authenticated();
        let verifier = PeerVerifier::new(&self.trust, policy, algorithms).unwrap();
        let (chain, now) = (&presented.credential.chain, UnixTime::now());
        let name = ServerName::try_from(NAME).unwrap();
        (
            verifier.verify_client(chain, now).map(drop),
            verifier.verify_server(chain, &name, now).map(drop),
        )
    }

    /// ring lacks algorithms, and differs by nothing else.
    fn on_ring(&self, presented: &Presented, expected: Verdict, tally: &mut Tally) {
        let provider = rustls::crypto::ring::default_provider();
        let ring = Rustls::with_provider(Arc::new(provider));
        let (client, server) = self.pure(presented, ring.signature_algorithms().unwrap());
        for verdict in [client, server] {
            let reason = verdict.as_ref().err().map(Rejection::reason);
            let lacks = [
                Reason::UnsupportedKey,
                Reason::UnsupportedSignatureAlgorithm,
            ];
            let is_lacked = LACKED_BY_RING
                .iter()
                .any(|name| presented.name.contains(name));
            let is_lack = is_lacked && reason.is_some_and(|reason| lacks.contains(&reason));
            if reason.map_or(Ok(()), Err) != expected && !is_lack {
                tally.differ(format!("{}: ring: {verdict:?}", presented.name));
            }
        }
    }
}

/// As the cases are named.
const LACKED_BY_RING: [&str; 3] = ["P-521", "ecdsa-with-SHA512", "ML-DSA"];

/// Messages name algorithms.
fn names_no_number(name: &str, rejection: &Rejection) {
    let said = format!("{rejection} {}", rejection.hint());
    let bare = [
        "1.2.840", "1.3.101", "1.3.132", "2.16.840", "1.3.36", "1.3.14",
    ];
    assert!(!bare.iter().any(|oid| said.contains(oid)), "{name}: {said}");
    let unknown = said.contains("1.2.3.4");
    assert!(
        !unknown || said.contains("an unknown algorithm (OID 1.2.3.4)"),
        "{name}: {said}"
    );
}

/// What was tried, and where it was not as it has to be.
#[derive(Default)]
struct Tally {
    cases: usize,
    handshakes: usize,
    differences: Vec<String>,
}

impl Tally {
    fn differ(&mut self, what: String) {
        self.differences.push(what);
    }

    fn check(&self, what: &str, at_least: usize) {
        let Self {
            cases,
            handshakes,
            differences,
        } = self;
        let count = differences.len();
        println!("{cases} {what}, {handshakes} handshakes, {count} differences");
        assert!(differences.is_empty(), "{differences:#?}");
        assert!(*cases >= at_least, "{cases}");
    }
}

/// A leaf, and a peer that verifies nothing and presents it.
struct Presented {
    name: String,
    credential: Credential,
    setup: Setup,
}

impl Presented {
    /// Where there is no private half, the peer signs by another key: the verdict comes first.
    fn new(name: String, leaf: CertificateDer<'static>, key: &LeafKey, cast: &Cast) -> Self {
        let other = || ec(Nid::X9_62_PRIME256V1);
        let private = key.key.clone().unwrap_or_else(other);
        let credential = Credential {
            chain: vec![leaf],
            key: private.private_key_to_pkcs8().unwrap().into(),
        };
        let setup = Setup::new(&credential, &cast.root);
        Self {
            name,
            credential,
            setup,
        }
    }

    fn setup(&self, version: Version) -> Setup {
        Setup {
            version,
            ..self.setup.clone()
        }
    }

    fn by_client(&self, version: Version) -> Box<dyn Ready> {
        let client = &ends::raw_clients(&["rustls"])[0];
        client.ready(&self.setup(version)).unwrap()
    }

    fn by_server(&self, version: Version) -> Box<dyn Ready> {
        let server = &ends::raw_servers(&["rustls"])[0];
        server.ready(&self.setup(version)).unwrap()
    }
}

/// Beside the CA in question, so that one that cannot prove a peer does no harm.
fn spare() -> Ca {
    Ca::new("Spare CA", ec(Nid::X9_62_PRIME256V1), &ecdsa("SHA256"))
}

/// P-521 is presented by rustls to OpenSSL in TLS 1.3 alone (see the capability table), and ML-DSA
/// is for it.
fn is_for_both_versions(key: &LeafKey) -> bool {
    key.name != "P-521" && !key.name.starts_with("ML-DSA")
}

#[test]
fn every_signature_over_every_sound_key() {
    let (cast, spare, ml_dsa) = (Cast::assemble(), spare(), has_ml_dsa());
    let keys = keys::sound(ml_dsa);
    let mut tally = Tally::default();
    for signed in signatures::all(ml_dsa) {
        let trusted = [signed.ca.certificate.clone(), spare.certificate.clone()];
        let in_both = Verifiers::new(&trusted, &Version::ALL, &cast);
        let in_13 = Verifiers::new(&trusted, &[Version::Tls13], &cast);
        // What is rejected for its signature is so whatever the key.
        let enough = if signed.expected.is_ok() {
            keys.len()
        } else {
            1
        };
        for key in keys.iter().take(enough) {
            let leaf = signed.ca.issue(NAME, &key.spki, &signed.signature);
            let name = format!("{} under {}", key.name, signed.signature.name);
            let presented = Presented::new(name, leaf, key, &cast);
            let verifies = if is_for_both_versions(key) {
                &in_both
            } else {
                &in_13
            };
            verifies.verify(&presented, signed.expected, &mut tally);
        }
    }
    let at_least = if ml_dsa { 200 } else { 80 };
    tally.check("combinations of key and signature", at_least);
}

/// The message says what is wrong with a key of a known kind.
#[test]
fn a_fault_is_named() {
    let ca = spare();
    let verifies = Verifiers::new(
        std::slice::from_ref(&ca.certificate),
        &[],
        &Cast::assemble(),
    );
    let words = [
        (
            "RSA without parameters",
            "RSA 2048 bits with other parameters",
        ),
        (
            "RSA with the exponent 2",
            "a public exponent that is not an odd number",
        ),
        ("RSA with an even modulus", "with an even modulus"),
        (
            "P-521 off the curve",
            "ECDSA P-521 with a point that is not on the curve",
        ),
        ("Ed25519 with NULL", "Ed25519 with other parameters"),
        (
            "ML-DSA-65 too short",
            "ML-DSA-65 with a public key of the wrong length",
        ),
        ("EC: brainpoolP256r1", "ECDSA brainpoolP256r1"),
        ("SLH-DSA-SHA2-128s", "SLH-DSA-SHA2-128s"),
        ("an unknown algorithm", "an unknown algorithm (OID 1.2.3.4)"),
    ];
    let keys = keys::unusual();
    for (name, words) in words {
        let key = keys.iter().find(|key| key.name == name).unwrap();
        let leaf = ca.issue(NAME, &key.spki, &ecdsa("SHA256"));
        let presented = Presented::new(name.to_owned(), leaf, key, &Cast::assemble());
        let algorithms = Rustls::default().signature_algorithms().unwrap();
        let said = verifies
            .pure(&presented, algorithms)
            .0
            .unwrap_err()
            .to_string();
        assert!(said.contains(words), "{name}: {said}");
    }
}

#[test]
fn every_form_of_key() {
    let (cast, ca) = (Cast::assemble(), spare());
    let verifies = Verifiers::new(std::slice::from_ref(&ca.certificate), &Version::ALL, &cast);
    let mut tally = Tally::default();
    for key in keys::unusual() {
        let leaf = ca.issue(NAME, &key.spki, &ecdsa("SHA256"));
        let presented = Presented::new(key.name.clone(), leaf, &key, &cast);
        verifies.verify(&presented, key.expected, &mut tally);
    }
    tally.check("forms of keys", 90);
}
