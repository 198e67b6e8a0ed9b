//! What is asked of a version 1 leaf where such leaves are let in, which is outside of path validation; and of a common
//! name that stands for a host name.

use core::time::Duration;

use mtls::pki_types::UnixTime;
use mtls::test_util::ExtendedKeyUsage;
use mtls::{RejectionReason as Reason, VerifierPolicy};

use super::common::odd::Odd;
use super::common::pki::{Authority, AuthorityBuilder, Leaf, Validity};
use super::{client, reason, server, verifier};

const DAY: u64 = 24 * 3600;

fn relaxed() -> VerifierPolicy {
    VerifierPolicy::allow_any_authenticated()
        .danger_allow_x509_v1_leaf()
        .danger_allow_common_name_as_dns()
}

fn constrained() -> Authority {
    AuthorityBuilder::named("Constrained")
        .permits_dns("inside.test")
        .self_signed()
}

#[test]
fn it_has_a_validity() {
    let root = Authority::named("Root");
    let chain = Odd::X509V1.issued_by(&root, "alice").chain;
    let verifier = verifier(&root, relaxed()).unwrap();
    let now = UnixTime::now().as_secs();
    let at = |seconds| {
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        reason(verifier.verify_client(&chain, now))
    };
    assert_eq!(at(now), None);
    assert_eq!(at(now - DAY), Some(Reason::NotYetValid));
    assert_eq!(at(now + 60 * DAY), Some(Reason::Expired));
}

#[test]
fn it_issues_nothing() {
    let root = Authority::named("Root");
    let branch = root.intermediate("Branch");
    let old = Odd::X509V1.issued_by(&root, "Branch");
    let leaf = Leaf::named("alice").client().issued_by(&branch);
    let chain = [leaf.chain, old.chain].concat();
    let rejection = client(&root, relaxed(), &chain).unwrap_err();
    assert_eq!(rejection.reason(), Reason::UnsupportedVersion);
    assert_eq!(rejection.certificate(), Some((1, "CN=Branch")));
}

#[test]
fn its_key_is_on_the_list() {
    let root = Authority::named("Root");
    let chain = Odd::X509V1.issued_by(&root, "alice").chain;
    let longer = relaxed().min_rsa_bits(3072);
    let verdict = client(&root, longer, &chain);
    assert_eq!(reason(verdict), Some(Reason::UnsupportedKey));
}

#[test]
fn its_anchor_keeps_the_rules() {
    let late = AuthorityBuilder::named("Late").validity(Validity::expired());
    let for_servers =
        AuthorityBuilder::named("Servers").extended_key_usages(&[ExtendedKeyUsage::ServerAuth]);
    for (anchor, expected) in [
        (late.self_signed(), Reason::AnchorExpired),
        (for_servers.self_signed(), Reason::WrongExtendedKeyUsage),
        (constrained(), Reason::NameConstraintViolated),
    ] {
        let chain = Odd::X509V1.issued_by(&anchor, "inside.test").chain;
        let verdict = client(&anchor, relaxed(), &chain);
        assert_eq!(reason(verdict), Some(expected));
    }
}

/// Constraints bind no common name, so under them none stands for a host name, be it one that they permit.
#[test]
fn a_common_name_under_name_constraints_is_no_host_name() {
    for (anchor, expected) in [
        (Authority::named("Root"), None),
        (constrained(), Some(Reason::NameMismatch)),
    ] {
        let named = Odd::CommonNameOnly.issued_by(&anchor, "inside.test");
        let verdict = server(&anchor, relaxed(), &named, "inside.test");
        assert_eq!(reason(verdict), expected);
    }
}
