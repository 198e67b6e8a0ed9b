//! The intermediates that only faults have.
//!
//! Those of one CA share a key that the CA keeps. So it can make their lists before they exist: a
//! service that requires a list of every CA would reject them for a missing one otherwise.

use pki_types::CertificateRevocationListDer;

use super::crl::TestCrl;
use crate::test_util::pki::ca::TestCa;
use crate::test_util::pki::ca_builder::TestCaBuilder;

const BRANCH: &str = "Test Branch";
const TWIG: &str = "Test Twig";

/// An intermediate with one thing that is wrong, or that is left out.
pub(in crate::test_util) fn branch(ca: &TestCa) -> TestCaBuilder {
    named(ca, BRANCH)
}

/// One below [`branch`].
pub(in crate::test_util) fn twig(ca: &TestCa) -> TestCaBuilder {
    named(ca, TWIG)
}

/// More intermediates, from the uppermost, than this crate follows.
pub(in crate::test_util) fn too_many(ca: &TestCa) -> impl Iterator<Item = TestCaBuilder> {
    (1..=7).map(|number| named(ca, &format!("{BRANCH} {number}")))
}

/// Makes a list of each, without an entry.
pub(in crate::test_util::pki) fn lists_of(
    ca: &TestCa,
) -> impl Iterator<Item = CertificateRevocationListDer<'static>> {
    let all = [branch(ca), twig(ca)].into_iter().chain(too_many(ca));
    let list = TestCrl::new().number(&ca.lists.number());
    all.map(move |issuer| list.signed_by(&issuer.self_signed()))
}

fn named(ca: &TestCa, common_name: &str) -> TestCaBuilder {
    TestCaBuilder::named(common_name).key(ca.lists.branch_key())
}
