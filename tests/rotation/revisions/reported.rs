//! Trust anchors that cannot prove a peer: reported beside others that can.

use mtls::test_util::ExtendedKeyUsage;
use mtls::{Rotation, Rustls, VerifierPolicy};

use crate::common::pki::{AuthorityBuilder, Cast, KeyAlgorithm};
use crate::stage::{Received, anchors, client_of, server_of};

/// Though the anchors are the same.
#[test]
fn an_anchor_that_the_next_policy_rejects_is_reported() {
    let cast = Cast::assemble();
    let rsa = AuthorityBuilder::named("RSA")
        .algorithm(KeyAlgorithm::Rsa)
        .self_signed();
    let received = Received::default();
    let server = server_of(&cast)
        .trust_anchors(anchors(&[&cast.root, &rsa]))
        .observer(received.listen())
        .build(Rustls::default())
        .unwrap();
    let rotate = |bits| {
        let policy = VerifierPolicy::allow_any_authenticated().min_rsa_bits(bits);
        server
            .handle()
            .rotate(Rotation::new().policy(policy))
            .unwrap();
        received.count("UnusableTrustAnchor")
    };
    assert_eq!(rotate(2048), 0);
    assert_eq!(rotate(3072), 1, "{:?}", received.all());
    // What is as it was is not reported again.
    assert_eq!(rotate(3072), 1, "{:?}", received.all());
}

#[test]
fn an_anchor_is_reported_by_the_side_that_it_cannot_prove() {
    let cast = Cast::assemble();
    let of_clients = AuthorityBuilder::named("Clients")
        .extended_key_usages(&[ExtendedKeyUsage::ClientAuth])
        .self_signed();
    let both = || anchors(&[&cast.root, &of_clients]);
    let received = Received::default();
    let server = server_of(&cast).trust_anchors(both());
    server
        .observer(received.listen())
        .build(Rustls::default())
        .unwrap();
    assert_eq!(
        received.count("UnusableTrustAnchor"),
        0,
        "{:?}",
        received.all()
    );
    let client = client_of(&cast).trust_anchors(both());
    client
        .observer(received.listen())
        .build(Rustls::default())
        .unwrap();
    assert_eq!(
        received.count("UnusableTrustAnchor"),
        1,
        "{:?}",
        received.all()
    );
}
