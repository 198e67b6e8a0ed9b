//! Trust anchors for each trust domain, and rules about the chain above the leaf, in handshakes.

use mtls::policy::CertificateProfile;
use mtls::{RejectionReason as Reason, TrustAnchors, TrustBundles, VerifierPolicy};

use crate::common::pki::{Authority, Leaf};
use crate::scene::{Scene, alice};

fn bundles(domains: &[(&str, &Authority)]) -> TrustBundles {
    let anchors = |a: &Authority| TrustAnchors::from_der([a.certificate()]).unwrap();
    TrustBundles::new(domains.iter().map(|(name, ca)| (name, anchors(ca)))).unwrap()
}

fn workload(id: &str) -> Leaf {
    let leaf = Leaf::named("workload").uri(id);
    leaf.dns("localhost").client().server()
}

#[test]
fn a_client_of_each_domain_is_allowed() {
    let scene = Scene::new();
    let (prod, partner) = (scene.cast.root.clone(), Authority::named("Partner"));
    let both = bundles(&[("prod.test", &prod), ("partner.test", &partner)]);
    let ours = workload("spiffe://prod.test/a").issued_by(&prod);
    let theirs = workload("spiffe://partner.test/a").issued_by(&partner);
    let scene = scene.server_federates(both);
    scene.clone().client_presents(&ours).is_allowed();
    scene.client_presents(&theirs).is_allowed();
}

#[test]
fn a_client_by_the_ca_of_another_domain() {
    let scene = Scene::new();
    let (prod, partner) = (scene.cast.root.clone(), Authority::named("Partner"));
    let both = bundles(&[("prod.test", &prod), ("partner.test", &partner)]);
    let forged = workload("spiffe://prod.test/a").issued_by(&partner);
    scene
        .server_federates(both)
        .client_presents(&forged)
        .client_is_rejected(Reason::UnknownIssuer, &["CN=workload", "CN=Partner"]);
}

#[test]
fn a_client_of_no_domain_that_is_known() {
    let scene = Scene::new();
    let prod = scene.cast.root.clone();
    let stranger = workload("spiffe://stranger.test/a").issued_by(&prod);
    let scene = scene.server_federates(bundles(&[("prod.test", &prod)]));
    scene.clone().client_presents(&stranger).client_is_rejected(
        Reason::UnknownTrustDomain,
        &["spiffe://stranger.test/a", "prod.test"],
    );
    scene
        .client_presents(&alice().issued_by(&prod))
        .client_is_rejected(Reason::InvalidSvid, &["CN=alice", "SPIFFE ID"]);
}

/// Building a client of native-tls with bundles fails: it does not show where a path ends.
#[test]
fn servers_of_trust_domains() {
    let scene = Scene::new();
    let (prod, partner) = (scene.cast.root.clone(), Authority::named("Partner"));
    let both = bundles(&[("prod.test", &prod), ("partner.test", &partner)]);
    let theirs = workload("spiffe://partner.test/a").issued_by(&partner);
    let forged = workload("spiffe://partner.test/a").issued_by(&prod);
    let scene = scene.client_federates(both);
    scene.clone().server_presents(&theirs).is_allowed();
    scene
        .server_presents(&forged)
        .server_is_rejected(Reason::UnknownIssuer, &["CN=workload"]);
}

/// As do rules about certificates that native-tls does not show.
#[test]
fn rules_above_the_leaf() {
    let policy = VerifierPolicy::allow_any_authenticated;
    let scene = Scene::new();
    let server = workload("spiffe://prod.test/a")
        .issued_by(&scene.cast.intermediate)
        .with(&scene.cast.intermediate);
    let scene = scene.server_presents(&server);
    for policy in [
        policy().max_intermediates(1),
        policy().min_rsa_bits(3072),
        policy().profile(CertificateProfile::Rfc5280),
    ] {
        scene.clone().client_relaxes(policy).is_allowed();
    }
    scene
        .client_relaxes(policy().max_intermediates(0))
        .server_is_rejected(Reason::PathTooLong, &["at most 0 intermediates"]);
}
