//! The guide `src/guides/ca_rotation.md`, step by step, with real handshakes between those who have taken a step and those
//! who have not; and out of order.

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::error::RotationError;
use mtls::{
    BuildError, HandshakeError, MtlsClient, MtlsIdentity, MtlsServer, OpenSsl, PeerMatcher,
    RejectionReason, Rotation, Rustls, TrustAnchors, VerifierPolicy,
};
use sha2::{Digest, Sha256};

use crate::common::pki::{Authority, Leaf};
use crate::stage::{LIMIT, Received, anchors, identity, meet, rejection};

const GUIDE: &str = include_str!("../../src/guides/ca_rotation.md");

/// A CA: a root, and who issues under it.
struct Ca {
    root: Authority,
    issuing: Authority,
}

impl Ca {
    fn new(name: &str) -> Self {
        let root = Authority::named(&format!("{name} root"));
        let issuing = root.intermediate(&format!("{name} issuing"));
        Self { root, issuing }
    }

    fn issue(&self, name: &str) -> MtlsIdentity {
        let leaf = Leaf::named(name).dns("localhost").server().client();
        identity(&leaf.issued_by(&self.issuing).with(&self.issuing))
    }
}

/// The two CAs of the guide.
struct Cas {
    old: Ca,
    new: Ca,
}

/// What a member has after each step, of which the first is the state before the rotation.
const STEPS: [Step; 4] = [
    Step {
        trusts: "old",
        is_of: "old",
    },
    Step {
        trusts: "both",
        is_of: "old",
    },
    Step {
        trusts: "both",
        is_of: "new",
    },
    Step {
        trusts: "new",
        is_of: "new",
    },
];

#[derive(Clone, Copy, Debug)]
struct Step {
    trusts: &'static str,
    is_of: &'static str,
}

impl Cas {
    fn new() -> Self {
        Self {
            old: Ca::new("old"),
            new: Ca::new("new"),
        }
    }

    fn anchors(&self, trusts: &str) -> TrustAnchors {
        match trusts {
            "old" => anchors(&[&self.old.root]),
            "both" => anchors(&[&self.old.root, &self.new.root]),
            _ => anchors(&[&self.new.root]),
        }
    }

    fn identity(&self, is_of: &str) -> MtlsIdentity {
        let ca = if is_of == "old" { &self.old } else { &self.new };
        ca.issue(&format!("of the {is_of} ca"))
    }

    fn server<B: ServerBackend + Default>(&self, step: Step) -> MtlsServer<B> {
        MtlsServer::builder()
            .identity(self.identity(step.is_of))
            .trust_anchors(self.anchors(step.trusts))
            .policy(VerifierPolicy::allow_any_authenticated())
            .handshake_timeout(LIMIT)
            .build(B::default())
            .unwrap()
    }

    fn client<B: ClientBackend + Default>(&self, step: Step) -> MtlsClient<B> {
        MtlsClient::builder()
            .identity(self.identity(step.is_of))
            .trust_anchors(self.anchors(step.trusts))
            .handshake_timeout(LIMIT)
            .build(B::default())
            .unwrap()
    }

    /// What a step changes, and no more.
    fn rotation(&self, from: Step, to: Step) -> Rotation {
        let rotation = Rotation::new();
        if from.trusts == to.trusts {
            rotation.identity(self.identity(to.is_of))
        } else {
            rotation.trust_anchors(self.anchors(to.trusts))
        }
    }
}

fn sha256(certificate: &[u8]) -> [u8; 32] {
    Sha256::digest(certificate).into()
}

#[test]
fn in_order_no_handshake_fails_at_any_step() {
    let rustls = in_order::<Rustls, Rustls>();
    for shaken in [
        in_order::<OpenSsl, Rustls>(),
        in_order::<Rustls, OpenSsl>(),
        in_order::<OpenSsl, OpenSsl>(),
    ] {
        assert_eq!(shaken, rustls);
    }
    // Three steps of two clients and two servers, each of which meets each after every single one, and once before.
    assert_eq!(rustls, (3 * 4 + 1) * 4);
}

/// Two clients and two servers go through the steps one after the other. How many handshakes were made.
fn in_order<C: ClientBackend + Default, S: ServerBackend + Default>() -> usize {
    let cas = Cas::new();
    let servers = [(); 2].map(|()| cas.server::<S>(STEPS[0]));
    let clients = [(); 2].map(|()| cas.client::<C>(STEPS[0]));
    let mut shaken = 0;
    let mut all_meet = || {
        for client in &clients {
            for server in &servers {
                let (connected, served) = meet(client, server);
                let (connected, served) = (connected.unwrap(), served.unwrap());
                assert_eq!(connected.revision(), client.handle().status().revision());
                assert_eq!(served.revision(), server.handle().status().revision());
                shaken += 1;
            }
        }
    };
    all_meet();
    for (from, to) in STEPS.iter().zip(&STEPS[1..]) {
        // A server first, then a client, so that every pair of ahead and behind is there in between.
        for (server, client) in servers.iter().zip(&clients) {
            server.handle().rotate(cas.rotation(*from, *to)).unwrap();
            all_meet();
            client.handle().rotate(cas.rotation(*from, *to)).unwrap();
            all_meet();
        }
    }
    shaken
}

#[test]
fn one_who_is_a_step_ahead_or_behind_is_met_and_who_is_two_is_not() {
    two_apart::<Rustls, Rustls>();
    two_apart::<OpenSsl, OpenSsl>();
}

fn two_apart<C: ClientBackend + Default, S: ServerBackend + Default>() {
    let cas = Cas::new();
    let servers = STEPS.map(|step| cas.server::<S>(step));
    let clients = STEPS.map(|step| cas.client::<C>(step));
    for (of_client, client) in clients.iter().enumerate() {
        for (of_server, server) in servers.iter().enumerate() {
            let (connected, served) = meet(client, server);
            let what = format!("client after step {of_client}, server after step {of_server}");
            match of_client.abs_diff(of_server) {
                0 | 1 => {
                    connected.unwrap_or_else(|error| panic!("{what}: {error}"));
                    served.unwrap_or_else(|error| panic!("{what}: {error}"));
                }
                _ => assert!(connected.is_err() || served.is_err(), "{what}"),
            }
        }
    }
}

/// A rejected rotation changes nothing; the words are those of the guide.
#[track_caller]
fn assert_rejected_by_itself<B: ServerBackend>(server: &MtlsServer<B>, rotation: Rotation) {
    let before = server.handle().status().revision();
    let error = server.handle().rotate(rotation).unwrap_err();
    assert!(
        matches!(error, RotationError::Build(BuildError::OwnChainRejected(_))),
        "{error}"
    );
    let words = "our own trust anchors do not authenticate our own identity";
    assert!(error.to_string().starts_with(words), "{error}");
    assert!(GUIDE.contains(words) && GUIDE.contains("OwnChainRejected"));
    assert_eq!(server.handle().status().revision(), before);
}

#[test]
fn out_of_order_at_one_member_its_own_check_rejects() {
    rejected_by_itself::<Rustls>();
    rejected_by_itself::<OpenSsl>();
}

fn rejected_by_itself<B: ServerBackend + Default>() {
    let cas = Cas::new();
    let server = cas.server::<B>(STEPS[0]);
    let peer = cas.client::<Rustls>(STEPS[0]);
    // The new identity before the new CA, and the old CA away before the new identity.
    assert_rejected_by_itself(&server, Rotation::new().identity(cas.identity("new")));
    assert_rejected_by_itself(&server, Rotation::new().trust_anchors(cas.anchors("new")));
    meet(&peer, &server).1.unwrap();
    server
        .handle()
        .rotate(cas.rotation(STEPS[0], STEPS[1]))
        .unwrap();
    assert_rejected_by_itself(&server, Rotation::new().trust_anchors(cas.anchors("new")));
    meet(&peer, &server).1.unwrap();
    // Both at once is consistent in itself.
    let both = Rotation::new()
        .identity(cas.identity("new"))
        .trust_anchors(cas.anchors("new"));
    server.handle().rotate(both).unwrap();
    assert_eq!(
        client_rejection(meet(&peer, &server).0),
        RejectionReason::UnknownIssuer
    );
}

#[test]
fn a_fleet_out_of_order_is_rejected_by_those_who_are_behind_or_ahead() {
    rejected_by_others::<Rustls, Rustls>();
    rejected_by_others::<OpenSsl, Rustls>();
    rejected_by_others::<Rustls, OpenSsl>();
    rejected_by_others::<OpenSsl, OpenSsl>();
}

fn rejected_by_others<C: ClientBackend + Default, S: ServerBackend + Default>() {
    let cas = Cas::new();
    // Issued anew before all have the new CA.
    let (client, server) = (cas.client::<C>(STEPS[2]), cas.server::<S>(STEPS[0]));
    assert_eq!(
        rejection(meet(&client, &server).1),
        RejectionReason::UnknownIssuer
    );
    server
        .handle()
        .rotate(cas.rotation(STEPS[0], STEPS[1]))
        .unwrap();
    meets(meet(&client, &server));
    let (client, server) = (cas.client::<C>(STEPS[0]), cas.server::<S>(STEPS[2]));
    assert_eq!(
        client_rejection(meet(&client, &server).0),
        RejectionReason::UnknownIssuer
    );
    client
        .handle()
        .rotate(cas.rotation(STEPS[0], STEPS[1]))
        .unwrap();
    meets(meet(&client, &server));
    // The old CA removed before all are issued anew.
    let (client, server) = (cas.client::<C>(STEPS[1]), cas.server::<S>(STEPS[3]));
    assert_eq!(
        rejection(meet(&client, &server).1),
        RejectionReason::UnknownIssuer
    );
    let back = Rotation::new().trust_anchors(cas.anchors("both"));
    server.handle().rotate(back).unwrap();
    meets(meet(&client, &server));
    let (client, server) = (cas.client::<C>(STEPS[3]), cas.server::<S>(STEPS[1]));
    assert_eq!(
        client_rejection(meet(&client, &server).0),
        RejectionReason::UnknownIssuer
    );
    server
        .handle()
        .rotate(cas.rotation(STEPS[1], STEPS[2]))
        .unwrap();
    meets(meet(&client, &server));
    assert!(GUIDE.contains("`RejectionReason::UnknownIssuer`"));
}

#[track_caller]
fn meets<C, S>((connected, served): (Result<C, HandshakeError>, Result<S, HandshakeError>)) {
    assert!(connected.is_ok(), "{:?}", connected.err());
    assert!(served.is_ok(), "{:?}", served.err());
}

#[track_caller]
fn client_rejection<T>(connected: Result<T, HandshakeError>) -> RejectionReason {
    match connected {
        Err(HandshakeError::Rejected(rejection)) => rejection.reason(),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("not rejected"),
    }
}

#[test]
fn status_and_peers_report_who_has_taken_a_step() {
    taken::<Rustls>();
    taken::<OpenSsl>();
}

fn taken<B: ServerBackend + Default>() {
    let cas = Cas::new();
    let received = Received::default();
    let server = MtlsServer::builder()
        .identity(cas.identity("old"))
        .trust_anchors(cas.anchors("old"))
        .policy(VerifierPolicy::allow_any_authenticated())
        .observer(received.listen())
        .build(B::default())
        .unwrap();
    let [old_ca, new_ca] = [&cas.old, &cas.new].map(|ca| sha256(&ca.root.certificate()));
    let trusts = |ca| {
        server
            .handle()
            .status()
            .trust_anchor_sha256s()
            .contains(&ca)
    };
    assert!(trusts(old_ca) && !trusts(new_ca));
    let own = server.handle().status().certificate_sha256();

    // Another rotation is a later revision, and no step.
    let policy = VerifierPolicy::allow_any_authenticated().max_intermediates(3);
    server
        .handle()
        .rotate(Rotation::new().policy(policy))
        .unwrap();
    assert!(trusts(old_ca) && !trusts(new_ca));

    // 1. Both CAs are trusted, and our own identity is the same.
    server
        .handle()
        .rotate(cas.rotation(STEPS[0], STEPS[1]))
        .unwrap();
    assert!(trusts(old_ca) && trusts(new_ca));
    assert_eq!(server.handle().status().certificate_sha256(), own);

    // 2. It is the new one, and peers are seen to come from the one CA or the other.
    let issued = cas.identity("new");
    let new = sha256(&issued.chain().as_slice()[0]);
    server
        .handle()
        .rotate(Rotation::new().identity(issued))
        .unwrap();
    assert_eq!(server.handle().status().certificate_sha256(), new);
    assert!(trusts(old_ca) && trusts(new_ca));
    let late = cas.client::<Rustls>(STEPS[1]);
    let done = cas.client::<Rustls>(STEPS[2]);
    for (client, ca) in [(&late, &cas.old), (&done, &cas.new)] {
        let served = meet(client, &server).1.unwrap();
        assert_eq!(served.peer().trust_anchor(), Some(&ca.root.certificate()));
    }

    // The shadow policy names who is not there yet, before anything is enforced.
    let not_old = PeerMatcher::not(PeerMatcher::trust_anchor_sha256(old_ca));
    let without_old = VerifierPolicy::allow(not_old);
    let shadow = Rotation::new().shadow_policy(without_old);
    server.handle().rotate(shadow).unwrap();
    meet(&done, &server).1.unwrap();
    assert_eq!(received.count("ShadowRejected"), 0, "{:?}", received.all());
    meet(&late, &server).1.unwrap();
    assert_eq!(received.count("ShadowRejected"), 1, "{:?}", received.all());
    late.handle()
        .rotate(cas.rotation(STEPS[1], STEPS[2]))
        .unwrap();
    meet(&late, &server).1.unwrap();
    assert_eq!(received.count("ShadowRejected"), 1, "{:?}", received.all());

    // 3. The old CA is no longer trusted.
    server
        .handle()
        .rotate(cas.rotation(STEPS[2], STEPS[3]))
        .unwrap();
    assert!(!trusts(old_ca) && trusts(new_ca));
    assert_eq!(server.handle().status().certificate_sha256(), new);
    meet(&late, &server).1.unwrap();
}
