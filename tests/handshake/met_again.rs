//! Peers that are met again: what is remembered of them, and that it accepts no peer that would be rejected without.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::pki_types::UnixTime;
use mtls::policy::{RevocationDepth, SignatureMemo};
use mtls::rotation::SelfTrust;
use mtls::test_util::{TestCa, TestClock, TestCredential, Validity, connect_pair};
use mtls::{
    Event, HandshakeError, MtlsClient, MtlsIdentity, MtlsServer, PeerIdentity, PeerMatcher,
    RejectionReason as Reason, RevocationLists, RevocationRules, Rotation, VerifierPolicy,
};

use crate::common::raw::{self, Peer, Version, socket_pair};

const SERVER: &str = "server.test";
const DAY: Duration = Duration::from_secs(86_400);
const CLIENT_LASTS: Duration = Duration::from_secs(20 * 86_400);
/// What the test kit gives lists.
const LISTS_LAST: Duration = Duration::from_secs(8 * 86_400);

/// A root, the CA below it that issues, a client, and the clock of both sides.
struct World {
    root: TestCa,
    issuer: TestCa,
    client: TestCredential,
    server: MtlsIdentity,
    lists: RevocationLists,
    clock: TestClock,
    /// What a matcher of the server goes by.
    is_banned: Arc<AtomicBool>,
}

impl World {
    fn new() -> Self {
        let root = TestCa::new("Root");
        let issuer = root.intermediate("Issuer");
        let now = SystemTime::now();
        let client = issuer.leaf("client").dns("client.test");
        let client = client.validity(Validity::between(now - DAY, now + CLIENT_LASTS));
        Self {
            client: client.credential(),
            server: issuer.leaf("server").dns(SERVER).dns("other.test").issue(),
            lists: issuer.revocation_lists(),
            root,
            issuer,
            clock: TestClock::now(),
            is_banned: Arc::default(),
        }
    }

    fn client<B: ClientBackend>(&self, backend: B, memo: &SignatureMemo) -> MtlsClient<B> {
        MtlsClient::builder()
            .identity(self.client.identity())
            .trust_anchors(self.root.anchors())
            .signature_memo(memo.clone())
            .clock(self.clock.reader())
            .build(backend)
            .unwrap()
    }

    fn server<B: ServerBackend>(&self, backend: B, memo: &SignatureMemo) -> MtlsServer<B> {
        let is_banned = Arc::clone(&self.is_banned);
        let banned = PeerMatcher::custom("not banned", move |_| {
            if is_banned.load(Ordering::SeqCst) {
                Err("it is banned".to_owned())
            } else {
                Ok(())
            }
        });
        let in_test = PeerMatcher::dns_suffix("test").unwrap();
        let matcher = PeerMatcher::all_of([in_test, banned]).unwrap();
        MtlsServer::builder()
            .identity(self.server.clone())
            .trust_anchors(self.root.anchors())
            .revocation_lists(self.lists.clone())
            .policy(requiring_lists(matcher))
            .self_trust(SelfTrust::Skip)
            .signature_memo(memo.clone())
            .clock(self.clock.reader())
            .build(backend)
            .unwrap()
    }
}

fn requiring_lists(matcher: PeerMatcher) -> VerifierPolicy {
    let rules = RevocationRules::require(RevocationDepth::Chain);
    VerifierPolicy::allow(matcher).revocation(rules)
}

type Verdict = Result<PeerIdentity, Reason>;

/// What the client, and then the server, says of its peer.
fn meet<C: ClientBackend, S: ServerBackend>(
    client: &MtlsClient<C>,
    server: &MtlsServer<S>,
    name: &str,
) -> (Verdict, Verdict) {
    let reason = |error: HandshakeError| match error {
        HandshakeError::Rejected(rejection) => rejection.reason(),
        other => panic!("not rejected by its own verifier: {other:?}"),
    };
    let (connected, accepted) = connect_pair(client, server, name);
    let connected = connected.map(|stream| stream.peer().clone());
    // A client that rejects the server leaves it with an alert.
    let accepted = match (&connected, accepted) {
        (Err(HandshakeError::Rejected(_)), _) => Err(Reason::NotServing),
        (_, accepted) => accepted.map(|stream| stream.peer().clone()).map_err(reason),
    };
    (connected.map_err(reason), accepted)
}

fn shares(one: &PeerIdentity, other: &PeerIdentity) -> bool {
    one.chain().as_ptr() == other.chain().as_ptr()
}

/// Runs a test with every pair of backends that has a memo.
macro_rules! with_backends {
    (|$client:ident, $server:ident| $test:expr) => {
        #[cfg(feature = "rustls")]
        {
            let ($client, $server) = (mtls::Rustls::default(), mtls::Rustls::default());
            $test;
        }
        #[cfg(feature = "openssl")]
        {
            let ($client, $server) = (mtls::OpenSsl::default(), mtls::OpenSsl::default());
            $test;
        }
        #[cfg(all(feature = "rustls", feature = "openssl"))]
        {
            let ($client, $server) = (mtls::Rustls::default(), mtls::OpenSsl::default());
            $test;
            let ($client, $server) = (mtls::OpenSsl::default(), mtls::Rustls::default());
            $test;
        }
    };
}

#[test]
fn a_known_peer_costs_no_signature() {
    with_backends!(|for_client, for_server| {
        let (world, of_client, of_server) = (
            World::new(),
            SignatureMemo::default(),
            SignatureMemo::default(),
        );
        let client = world.client(for_client, &of_client);
        let server = world.server(for_server, &of_server);
        let (first, accepted) = meet(&client, &server, SERVER);
        let (first, accepted) = (first.unwrap(), accepted.unwrap());
        let verified = [of_client.misses(), of_server.misses()];
        for _ in 0..3 {
            let (again, accepted_again) = meet(&client, &server, SERVER);
            assert!(shares(&first, &again.unwrap()) && shares(&accepted, &accepted_again.unwrap()));
        }
        assert_eq!([of_client.misses(), of_server.misses()], verified);
    });
}

#[test]
fn a_rotation_keeps_the_signatures_and_asks_for_the_rest_again() {
    with_backends!(|for_client, for_server| {
        let (world, memo) = (World::new(), SignatureMemo::default());
        let client = world.client(for_client, &SignatureMemo::off());
        let server = world.server(for_server, &memo);
        let narrow = requiring_lists(PeerMatcher::common_name("client").unwrap());
        let wide = requiring_lists(PeerMatcher::any_authenticated());
        let mut last = meet(&client, &server, SERVER).1.unwrap();
        let mut missed = Vec::new();
        for policy in [&narrow, &wide, &narrow, &wide] {
            let before = memo.misses();
            rotate(&server, Rotation::new().policy(policy.clone()));
            let peer = meet(&client, &server, SERVER).1.unwrap();
            assert!(
                !shares(&last, &peer),
                "another revision has verified the peer"
            );
            missed.push(memo.misses() - before);
            last = peer;
        }
        // What was met once is verified once more.
        assert!(missed[0] > 0, "{missed:?}");
        assert_eq!(missed[1..], [0, 0, 0]);
    });
}

#[test]
fn a_memo_that_is_off_keeps_nothing() {
    with_backends!(|for_client, for_server| {
        let (world, memo) = (World::new(), SignatureMemo::off());
        let client = world.client(for_client, &memo);
        let server = world.server(for_server, &memo);
        let (first, second) = (
            meet(&client, &server, SERVER),
            meet(&client, &server, SERVER),
        );
        assert!(!shares(&first.0.unwrap(), &second.0.unwrap()));
        assert!(!shares(&first.1.unwrap(), &second.1.unwrap()));
        assert_eq!((memo.bytes(), memo.hits(), memo.misses()), (0, 0, 0));
    });
}

#[test]
fn libraries_share_a_memo_and_no_entry() {
    #[cfg(all(feature = "rustls", feature = "openssl"))]
    {
        let (world, memo) = (World::new(), SignatureMemo::default());
        let client = world.client(mtls::Rustls::default(), &SignatureMemo::off());
        // Each server is another one, and knows nothing of the peer but what is in the memo.
        let misses_on_rustls = || {
            let before = memo.misses();
            let server = world.server(mtls::Rustls::default(), &memo);
            meet(&client, &server, SERVER).1.unwrap();
            memo.misses() - before
        };
        let misses_on_openssl = || {
            let before = memo.misses();
            let server = world.server(mtls::OpenSsl::default(), &memo);
            meet(&client, &server, SERVER).1.unwrap();
            memo.misses() - before
        };
        let first = misses_on_rustls();
        assert!(first >= 4, "{first}");
        assert!(misses_on_rustls() >= 4, "met once, kept now");
        assert_eq!(misses_on_rustls(), 0);
        assert_eq!(misses_on_openssl(), first);
        assert_eq!(misses_on_openssl(), first);
        assert_eq!((misses_on_openssl(), misses_on_rustls()), (0, 0));
    }
}

/// What changes between two meetings.
type Change<C, S> = fn(&World, &MtlsClient<C>, &MtlsServer<S>);

/// Meets the peers until everything about them is known, makes the change, and meets them again by this name.
///
/// Returns why the client, and the server, rejects the other then.
fn after<C: ClientBackend + Clone, S: ServerBackend + Clone>(
    backends: (&C, &S),
    memo: &SignatureMemo,
    name: &str,
    change: Change<C, S>,
) -> (Option<Reason>, Option<Reason>) {
    let world = World::new();
    let client = world.client(backends.0.clone(), memo);
    let server = world.server(backends.1.clone(), memo);
    for _ in 0..3 {
        let (connected, accepted) = meet(&client, &server, SERVER);
        connected.unwrap();
        accepted.unwrap();
    }
    change(&world, &client, &server);
    let (connected, accepted) = meet(&client, &server, name);
    (connected.err(), accepted.err())
}

fn assert_after<C: ClientBackend + Clone, S: ServerBackend + Clone>(
    backends: (&C, &S),
    name: &str,
    change: Change<C, S>,
    expected: (Option<Reason>, Option<Reason>),
) {
    for bytes in [SignatureMemo::DEFAULT_MAX_BYTES, 1_500, 0] {
        let memo = SignatureMemo::with_max_bytes(bytes);
        assert_eq!(after(backends, &memo, name, change), expected, "{bytes}");
    }
}

fn rotate<S: ServerBackend>(server: &MtlsServer<S>, rotation: Rotation) {
    server.handle().rotate(rotation).unwrap();
}

#[test]
fn a_change_counts_whatever_is_remembered() {
    with_backends!(|for_client, for_server| {
        let ends = (&for_client, &for_server);
        assert_after(ends, SERVER, |_, _, _| {}, (None, None));
        assert_after(ends, "other.test", |_, _, _| {}, (None, None));
        let wrong_name = (Some(Reason::NameMismatch), Some(Reason::NotServing));
        assert_after(ends, "third.test", |_, _, _| {}, wrong_name);

        let revoked: Change<_, _> = |world, _, server| {
            world.issuer.revoke_certificate(world.client.leaf());
            let lists = world.issuer.revocation_lists();
            rotate(server, Rotation::new().revocation_lists(lists));
        };
        assert_after(ends, SERVER, revoked, (None, Some(Reason::Revoked)));

        let distrusted: Change<_, _> = |_, _, server| {
            let anchors = TestCa::new("Root").anchors();
            rotate(server, Rotation::new().trust_anchors(anchors));
        };
        assert_after(
            ends,
            SERVER,
            distrusted,
            (None, Some(Reason::UnknownIssuer)),
        );

        let narrowed: Change<_, _> = |_, _, server| {
            let policy = requiring_lists(PeerMatcher::dns("other.test").unwrap());
            rotate(server, Rotation::new().policy(policy));
        };
        assert_after(ends, SERVER, narrowed, (None, Some(Reason::NotAuthorized)));
    });
}

#[test]
fn time_and_matchers_count_within_a_revision() {
    with_backends!(|for_client, for_server| {
        let ends = (&for_client, &for_server);
        let expired: Change<_, _> = |world, _, _| world.clock.advance(CLIENT_LASTS + DAY);
        assert_after(ends, SERVER, expired, (None, Some(Reason::Expired)));

        let stale: Change<_, _> = |world, _, _| world.clock.advance(LISTS_LAST);
        assert_after(
            ends,
            SERVER,
            stale,
            (None, Some(Reason::RevocationListStale)),
        );

        let early: Change<_, _> = |world, _, _| {
            world.clock.set(UnixTime::since_unix_epoch(DAY));
        };
        let not_yet = (Some(Reason::NotYetValid), Some(Reason::NotServing));
        assert_after(ends, SERVER, early, not_yet);

        let banned: Change<_, _> = |world, _, _| world.is_banned.store(true, Ordering::SeqCst);
        assert_after(ends, SERVER, banned, (None, Some(Reason::NotAuthorized)));
    });
}

/// The shadow policy searches the path of a known peer each time, but verifies its signatures twice at most.
#[test]
fn a_shadow_policy_verifies_no_signature_for_ever() {
    with_backends!(|for_client, for_server| {
        let (world, memo) = (World::new(), SignatureMemo::default());
        let client = world.client(for_client, &SignatureMemo::off());
        let rejected = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&rejected);
        let server = MtlsServer::builder()
            .identity(world.server.clone())
            .trust_anchors(world.root.anchors())
            .policy(VerifierPolicy::allow_any_authenticated())
            .shadow_policy(VerifierPolicy::allow(
                PeerMatcher::dns("other.test").unwrap(),
            ))
            .observer(move |event: &Event<'_>| {
                if let Event::ShadowRejected { .. } = event {
                    count.fetch_add(1, Ordering::SeqCst);
                }
            })
            .self_trust(SelfTrust::Skip)
            .signature_memo(memo.clone())
            .build(for_server)
            .unwrap();
        let misses: Vec<u64> = (0..6)
            .map(|_| {
                meet(&client, &server, SERVER).1.unwrap();
                memo.misses()
            })
            .collect();
        assert!(misses[0] < misses[1], "{misses:?}");
        assert_eq!(misses[1], misses[5], "{misses:?}");
        assert_eq!(rejected.load(Ordering::SeqCst), 6);
    });
}

/// Chains of the same CA, by those who do not have their keys. `MTLS_STRANGERS=25000` has that many on each backend.
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#[test]
fn strangers_evict_no_known_peer() {
    let asked = std::env::var("MTLS_STRANGERS");
    let strangers = asked.map_or(100, |number| number.parse::<u32>().unwrap());
    with_backends!(|for_client, for_server| {
        let (world, memo) = (World::new(), SignatureMemo::with_max_bytes(8_192));
        let client = world.client(for_client, &SignatureMemo::off());
        let server = world.server(for_server, &memo);
        meet(&client, &server, SERVER).1.unwrap();
        let wide = requiring_lists(PeerMatcher::any_authenticated());
        for _ in 0..2 {
            rotate(&server, Rotation::new().policy(wide.clone()));
            meet(&client, &server, SERVER).1.unwrap();
            rotate(
                &server,
                Rotation::new().policy(requiring_lists(PeerMatcher::dns_suffix("test").unwrap())),
            );
            meet(&client, &server, SERVER).1.unwrap();
        }
        let known = meet(&client, &server, SERVER).1.unwrap();
        let kept = memo.bytes();
        let own_key = world.issuer.leaf("thief").credential().key;
        for number in 0..strangers {
            let leaf = world
                .issuer
                .leaf("victim")
                .dns(&format!("victim-{number}.test"));
            let mut stolen: TestCredential = leaf.client().credential();
            assert_eq!(stolen.chain.len(), 2);
            stolen.key = own_key.clone_key();
            let (near, far) = socket_pair();
            let caller =
                raw::tools()[0].call_over(near, Peer::new(Version::Tls13).presents(&stolen));
            server.accept(far).expect_err("it does not have the key");
            caller.outcome();
        }
        assert_eq!(memo.bytes(), kept);
        assert!(
            memo.misses() >= strangers.into(),
            "their leaves were verified"
        );
        assert!(shares(&known, &meet(&client, &server, SERVER).1.unwrap()));
        // The signatures of the one who was met are still there for another revision.
        let misses = memo.misses();
        rotate(&server, Rotation::new().policy(wide));
        meet(&client, &server, SERVER).1.unwrap();
        assert_eq!(memo.misses(), misses);
    });
}
