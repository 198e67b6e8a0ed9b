//! Our clients, and servers that give every session and take it back: a server that is rejected by now is not resumed with,
//! and who we are is what we are now.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mtls::backend::ClientBackend;
use mtls::connection::Resumption;
use mtls::policy::RevocationDepth;
use mtls::{
    ClientBuilder, MtlsClient, PeerMatcher, RejectionReason as Reason, RevocationLists,
    RevocationRules, Rotation, Rustls, VerifierPolicy,
};
use rustls::server::{ServerSessionMemoryCache, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use time::OffsetDateTime;

use super::callers::{Caller, Keeping, Ours, crypto, versions};
use super::hosts::{Host, accepts, drives};
use super::{BOUND, DAY, HOUR, Stage, anchors, assert_accepted, assert_rejected, identity};
use crate::common::pki::crl::{Crl, CrlTools as _};
use crate::common::pki::{AuthorityBuilder, Leaf, Validity};
use crate::common::raw::Version;

/// Plain rustls.
pub(super) fn rustls_that_gives(stage: &Stage, version: Version) -> ServerConfig {
    let mut roots = RootCertStore::empty();
    roots.add(stage.client_ca.certificate()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), crypto());
    let mut config = ServerConfig::builder_with_provider(crypto())
        .with_protocol_versions(&versions(version))
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(stage.server.chain.clone(), stage.server.key_der())
        .unwrap();
    config.session_storage = ServerSessionMemoryCache::new(64);
    config
}

/// Plain OpenSSL, with tickets.
#[cfg(feature = "openssl")]
fn openssl_that_gives(stage: &Stage, version: Version) -> Host {
    use openssl::pkey::PKey;
    use openssl::ssl::{Ssl, SslContext, SslMethod, SslVerifyMode, SslVersion};
    use openssl::x509::X509;

    use super::callers::talk;
    use super::hosts::{Answer, hang_up};

    let version = match version {
        Version::Tls12 => SslVersion::TLS1_2,
        Version::Tls13 => SslVersion::TLS1_3,
    };
    let mut context = SslContext::builder(SslMethod::tls_server()).unwrap();
    context.set_min_proto_version(Some(version)).unwrap();
    context.set_max_proto_version(Some(version)).unwrap();
    let key = PKey::private_key_from_pkcs8(stage.server.key.secret_pkcs8_der()).unwrap();
    let leaf = X509::from_der(stage.server.leaf()).unwrap();
    context.set_certificate(&leaf).unwrap();
    context.set_private_key(&key).unwrap();
    context.set_verify_callback(SslVerifyMode::PEER, |_, _| true);
    context.set_session_id_context(b"gives").unwrap();
    let context = context.build();
    Box::new(move |socket| {
        let mut far = socket.try_clone().unwrap();
        let mut stream = match Ssl::new(&context).unwrap().accept(socket) {
            Ok(stream) => stream,
            Err(error) => {
                hang_up(&mut far);
                return Answer::failed(&error);
            }
        };
        let result = talk(&mut stream);
        stream.shutdown().ok();
        let peer = stream.ssl().peer_certificate();
        Answer {
            leaf: peer
                .filter(|_| result.is_ok())
                .map(|leaf| leaf.to_der().unwrap()),
            resumed: result.is_ok() && stream.ssl().session_reused(),
            error: result.err().map(|error| error.to_string()),
        }
    })
}

/// Each way to keep sessions.
fn givers(stage: &Stage, version: Version) -> Vec<Host> {
    let stateful = rustls_that_gives(stage, version);
    let mut stateless = stateful.clone();
    stateless.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new().unwrap();
    vec![
        drives(Arc::new(stateful)),
        drives(Arc::new(stateless)),
        #[cfg(feature = "openssl")]
        openssl_that_gives(stage, version),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    PolicyNarrowed,
    AnchorRemoved,
    Revoked,
    Expired,
}

impl Change {
    const ALL: [Self; 4] = [
        Self::PolicyNarrowed,
        Self::AnchorRemoved,
        Self::Revoked,
        Self::Expired,
    ];

    fn reason(self) -> Reason {
        match self {
            Self::PolicyNarrowed => Reason::NotAuthorized,
            Self::AnchorRemoved => Reason::UnknownIssuer,
            Self::Revoked => Reason::Revoked,
            Self::Expired => Reason::Expired,
        }
    }

    fn prepare(self, stage: &Stage, client: ClientBuilder) -> ClientBuilder {
        if self != Self::Revoked {
            return client;
        }
        let rules = RevocationRules::require(RevocationDepth::Leaf);
        client
            .policy(VerifierPolicy::allow_any_authenticated().revocation(rules))
            .revocation_lists(lists(stage, &Crl::new()))
    }

    fn make<B: ClientBackend>(self, stage: &Stage, client: &MtlsClient<B>) {
        let rotation = match self {
            Self::PolicyNarrowed => {
                let other = PeerMatcher::dns("other.test").unwrap();
                Rotation::new().policy(VerifierPolicy::allow(other))
            }
            Self::AnchorRemoved => Rotation::new().trust_anchors(anchors(&[&stage.spare_ca])),
            Self::Revoked => {
                let list = Crl::new().number(&[2]).lists(stage.server.leaf());
                Rotation::new().revocation_lists(lists(stage, &list))
            }
            // Past the server's thirty days.
            Self::Expired => return stage.clock.pass(DAY * 31),
        };
        assert_eq!(client.handle().rotate(rotation).unwrap(), 2);
    }
}

fn lists(stage: &Stage, list: &Crl) -> RevocationLists {
    RevocationLists::from_der([list.signed_by(&stage.server_ca)]).unwrap()
}

/// A backend that may have a `live_config()`.
trait MayLive: ClientBackend + Default {
    fn live(_: &MtlsClient<Self>) -> Option<Box<dyn Caller>> {
        None
    }
}

impl MayLive for Rustls {
    fn live(client: &MtlsClient<Self>) -> Option<Box<dyn Caller>> {
        let config = client.live_config();
        Some(Box::new(Keeping { config }))
    }
}

#[cfg(feature = "openssl")]
impl MayLive for mtls::OpenSsl {}

fn no_server_survives<B: MayLive>(version: Version, resumption: Resumption) {
    for change in Change::ALL {
        let stage = Stage::set();
        for host in givers(&stage, version) {
            println!("{} {version:?} {resumption:?} {change:?}", B::KIND);
            let client = stage.client(version, &stage.alice).resumption(resumption);
            let client = change.prepare(&stage, client).build(B::default()).unwrap();
            let caller = Ours(client.clone());
            assert_accepted(&host, &caller, &stage.alice, false);
            for _ in 0..2 {
                let resumes = resumption != Resumption::Off;
                assert_accepted(&host, &caller, &stage.alice, resumes);
            }
            assert_eq!(stage.reported(), []);
            let live = B::live(&client);
            if let Some(live) = &live {
                assert_accepted(&host, &**live, &stage.alice, false);
                assert_accepted(&host, &**live, &stage.alice, false);
            }
            change.make(&stage, &client);
            for caller in [Some(Box::new(caller) as Box<dyn Caller>), live]
                .iter()
                .flatten()
            {
                for _ in 0..2 {
                    assert_rejected(&host, &**caller);
                    assert_eq!(stage.reported(), [change.reason()], "reported once");
                }
            }
            stage.clock.0.store(0, Ordering::SeqCst);
        }
    }
}

#[test]
fn for_rustls() {
    for version in Version::ALL {
        no_server_survives::<Rustls>(version, Resumption::Off);
        no_server_survives::<Rustls>(version, BOUND);
    }
}

#[cfg(feature = "openssl")]
#[test]
fn for_openssl() {
    for version in Version::ALL {
        no_server_survives::<mtls::OpenSsl>(version, Resumption::Off);
    }
}

/// Every server sees our new identity after a rotation.
fn becomes_bob<B: ClientBackend + Default>(resumption: Resumption) {
    for version in Version::ALL {
        let stage = Stage::set();
        let bound = stage.server(version).resumption(BOUND);
        let mut hosts = givers(&stage, version);
        hosts.push(accepts(&bound.build(Rustls::default()).unwrap()));
        for host in hosts {
            let client = stage.client(version, &stage.alice).resumption(resumption);
            let client = client.build(B::default()).unwrap();
            let caller = Ours(client.clone());
            let resumes = resumption != Resumption::Off;
            assert_accepted(&host, &caller, &stage.alice, false);
            assert_accepted(&host, &caller, &stage.alice, resumes);
            let bob = Rotation::new().identity(identity(&stage.bob));
            assert_eq!(client.handle().rotate(bob).unwrap(), 2);
            assert_accepted(&host, &caller, &stage.bob, false);
            assert_accepted(&host, &caller, &stage.bob, resumes);
        }
    }
}

#[test]
fn a_new_identity_is_the_one_that_is_seen() {
    becomes_bob::<Rustls>(Resumption::Off);
    becomes_bob::<Rustls>(BOUND);
    #[cfg(feature = "openssl")]
    becomes_bob::<mtls::OpenSsl>(Resumption::Off);
}

/// What was handed out before a rotation stays what it was, and never resumes.
#[test]
fn snapshots_stay_as_they_were() {
    for version in Version::ALL {
        let stage = Stage::set();
        for host in givers(&stage, version) {
            let client = stage.client(version, &stage.alice).resumption(BOUND);
            let client = client.build(Rustls::default()).unwrap();
            let before = Keeping {
                config: client.config(),
            };
            assert_accepted(&host, &before, &stage.alice, false);
            let bob = Rotation::new().identity(identity(&stage.bob));
            client
                .handle()
                .rotate(bob.trust_anchors(anchors(&[&stage.spare_ca])))
                .unwrap();
            assert_accepted(&host, &before, &stage.alice, false);
            let after: Box<dyn Caller> = Box::new(Keeping {
                config: client.config(),
            });
            assert_rejected(&host, &*after);
            assert_eq!(stage.reported(), [Reason::UnknownIssuer]);
        }
    }
}

/// Nothing rotates, and the leaf is as good as it was: what ends is what is above it, and what says that it is not revoked.
#[test]
fn a_server_is_verified_again_as_a_whole() {
    let soon = Validity {
        not_before: (OffsetDateTime::now_utc() - time::Duration::HOUR).into(),
        not_after: (OffsetDateTime::now_utc() + time::Duration::minutes(30)).into(),
    };
    for version in Version::ALL {
        for reason in [Reason::AnchorExpired, Reason::RevocationListStale] {
            let mut stage = Stage::set();
            if reason == Reason::AnchorExpired {
                let root = AuthorityBuilder::named("Servers' Root").validity(soon);
                stage.server_ca = root.self_signed();
                let leaf = Leaf::named("server").dns("localhost").server();
                stage.server = leaf.issued_by(&stage.server_ca);
            }
            for host in givers(&stage, version) {
                let client = stage.client(version, &stage.alice).resumption(BOUND);
                let client = match reason {
                    Reason::AnchorExpired => client,
                    _ => {
                        let rules = RevocationRules::require(RevocationDepth::Leaf);
                        let until = Some(time::Duration::minutes(30));
                        let list = Crl::new().dated_by(time::Duration::hours(-1), until);
                        client
                            .policy(VerifierPolicy::allow_any_authenticated().revocation(rules))
                            .revocation_lists(lists(&stage, &list))
                    }
                };
                let caller = Ours(client.build(Rustls::default()).unwrap());
                assert_accepted(&host, &caller, &stage.alice, false);
                assert_accepted(&host, &caller, &stage.alice, true);
                stage.clock.pass(HOUR / 2 + Duration::from_secs(2));
                assert_rejected(&host, &caller);
                assert_eq!(stage.reported(), [reason], "reported once");
                stage.clock.0.store(0, Ordering::SeqCst);
            }
        }
    }
}
