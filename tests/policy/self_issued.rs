//! A self-issued intermediate, as a CA makes when it changes its key, counts in no path length
//! (RFC 5280, sections 4.2.1.9 and 6.1.4 (l)).

use mtls::pki_types::CertificateDer;
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
    let judge = |rollover: &Rollover, chain: &[_]| reason(client(&rollover.root, any(), chain));
    let rollover = Rollover::new(AuthorityBuilder::named("Root").path_length(0));
    assert_eq!(judge(&rollover, &rollover.leaf()), None);
    assert_eq!(
        judge(&rollover, &rollover.leaf_below_an_intermediate()),
        Some(Reason::PathLengthExceeded)
    );
    let longer = Rollover::new(AuthorityBuilder::named("Root").path_length(1));
    assert_eq!(judge(&longer, &longer.leaf_below_an_intermediate()), None);
}

#[test]
fn does_not_count_in_the_policy_s_number_of_intermediates() {
    let rollover = Rollover::new(AuthorityBuilder::named("Root"));
    let at_most = |n, chain: &[_]| {
        let policy = any().with_max_intermediates(n);
        reason(client(&rollover.root, policy, chain))
    };
    assert_eq!(at_most(0, &rollover.leaf()), None);
    let below = rollover.leaf_below_an_intermediate();
    assert_eq!(at_most(0, &below), Some(Reason::PathTooLong));
    assert_eq!(at_most(1, &below), None);
}

fn any() -> VerifierPolicy {
    VerifierPolicy::allow_any_authenticated()
}

fn alice() -> Leaf {
    Leaf::named("alice").dns("alice.example").client()
}
