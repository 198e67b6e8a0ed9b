//! A self-issued intermediate, as a CA makes when it changes its key, counts in no path length
//! (RFC 5280, sections 4.2.1.9 and 6.1.4 (l)), and is held to no name constraints.

use mtls::pki_types::CertificateDer;
use mtls::test_util::Extension;
use mtls::{RejectionReason as Reason, VerifierPolicy};

use super::common::pki::{Authority, AuthorityBuilder, Leaf};
use super::{client, reason};

/// A root, the certificate that it issued to its own new key, and leaves below the new key.
struct Rollover {
    root: Authority,
    /// The new key's certificate, signed by the root's key.
    new_with_old: Authority,
}

impl Rollover {
    fn new(root: AuthorityBuilder) -> Self {
        let root = root.self_signed();
        let new_with_old = AuthorityBuilder::named("Root").issued_by(&root);
        Self { root, new_with_old }
    }

    fn leaf(&self) -> Vec<CertificateDer<'static>> {
        let leaf = alice().issued_by(&self.new_with_old);
        leaf.with(&self.new_with_old).chain
    }

    fn leaf_below_an_intermediate(&self) -> Vec<CertificateDer<'static>> {
        let intermediate = self.new_with_old.intermediate("Intermediate");
        let leaf = alice().issued_by(&intermediate);
        leaf.with(&intermediate).with(&self.new_with_old).chain
    }
}

#[test]
fn does_not_count_in_the_anchor_s_path_length() {
    let verify = |rollover: &Rollover, chain: &[_]| reason(client(&rollover.root, any(), chain));
    let rollover = Rollover::new(AuthorityBuilder::named("Root").path_length(0));
    assert_eq!(verify(&rollover, &rollover.leaf()), None);
    assert_eq!(
        verify(&rollover, &rollover.leaf_below_an_intermediate()),
        Some(Reason::PathLengthExceeded)
    );
    let longer = Rollover::new(AuthorityBuilder::named("Root").path_length(1));
    assert_eq!(verify(&longer, &longer.leaf_below_an_intermediate()), None);
}

#[test]
fn does_not_count_in_the_policy_s_number_of_intermediates() {
    let rollover = Rollover::new(AuthorityBuilder::named("Root"));
    let at_most = |n, chain: &[_]| {
        let policy = any().max_intermediates(n);
        reason(client(&rollover.root, policy, chain))
    };
    assert_eq!(at_most(0, &rollover.leaf()), None);
    let below = rollover.leaf_below_an_intermediate();
    assert_eq!(at_most(0, &below), Some(Reason::PathTooLong));
    assert_eq!(at_most(1, &below), None);
}

/// rustls-webpki counts it, and the rejection says how many certificates there are on the path:
/// another self-issued one, which issued none of them, is not among them.
#[test]
fn the_rejection_counts_what_is_on_the_path() {
    let top = Authority::named("Top");
    let short = AuthorityBuilder::named("Root")
        .path_length(0)
        .issued_by(&top);
    let renewed = AuthorityBuilder::named("Root").issued_by(&short);
    let peer = alice().issued_by(&renewed).above(&[&top, &renewed, &short]);
    let rejection = client(&top, any(), &peer.chain).unwrap_err();
    assert_eq!(
        rejection.reason(),
        Reason::PathLengthExceeded,
        "{rejection}"
    );
    assert_eq!(rejection.certificate(), Some((3, "CN=Root")));
    assert_eq!(
        rejection.presented(),
        Some("1, of which certificate 2 is self-issued")
    );
}

/// RFC 5280, section 4.2.1.10: name constraints are not applied to it, and apply below it.
#[test]
fn is_not_held_to_limits_of_email_addresses() {
    let email = || [1, 2, 840, 113_549, 1, 9, 1];
    let named = || AuthorityBuilder::named("Root").attribute(&email(), "ca@outside.example");
    // permitted: rfc822Name good.example
    let content = b"\x30\x12\xa0\x10\x30\x0e\x81\x0cgood.example";
    let limits = Extension::critical(&[2, 5, 29, 30], content);
    for (root, expected) in [
        (named(), None),
        (
            named().extension(limits),
            Some(Reason::NameConstraintViolated),
        ),
    ] {
        let root = root.self_signed();
        let new_with_old = named().issued_by(&root);
        let chain = alice().issued_by(&new_with_old).with(&new_with_old).chain;
        assert_eq!(reason(client(&root, any(), &chain)), None);
        // One of another name is, where there are limits.
        let other = AuthorityBuilder::named("Other").attribute(&email(), "ca@outside.example");
        let other = other.issued_by(&root);
        let chain = alice().issued_by(&other).with(&other).chain;
        assert_eq!(reason(client(&root, any(), &chain)), expected);
    }
}

fn any() -> VerifierPolicy {
    VerifierPolicy::allow_any_authenticated()
}

fn alice() -> Leaf {
    Leaf::named("alice").dns("alice.example").client()
}
