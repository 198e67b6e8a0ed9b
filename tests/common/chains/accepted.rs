//! Client chains that lead to an anchor.

use mtls::test_util::ExtendedKeyUsage;

use super::{Case, line, upward};
use crate::common::pki::{Authority, AuthorityBuilder, Credential, KeyAlgorithm, Leaf, Validity};

pub(super) fn cases() -> Vec<Case> {
    [paths(), orders(), choices(), kinds()].concat()
}

fn paths() -> Vec<Case> {
    let long = |name, count| {
        let line = line(count);
        let chain = alice(line.last().unwrap()).above(&upward(&line));
        Case::accepted(name, &[&line[0]], chain)
    };
    let root = Authority::named("Rhea");
    let branch = root.intermediate("Ivo");
    let closed = AuthorityBuilder::named("Closed")
        .path_length(0)
        .issued_by(&root);
    let one = AuthorityBuilder::named("One Below")
        .path_length(1)
        .issued_by(&root);
    let below = one.intermediate("Below One");
    vec![
        long("issued by the anchor", 0),
        long("one intermediate", 1),
        long("two intermediates", 2),
        long("three intermediates", 3),
        long("six intermediates", 6),
        Case::accepted("an intermediate is the anchor", &[&branch], alice(&branch)),
        Case::accepted(
            "an intermediate is the anchor and is sent as well",
            &[&branch],
            alice(&branch).with(&branch),
        ),
        Case::accepted(
            "root and intermediate are anchors",
            &[&root, &branch],
            alice(&branch).with(&branch),
        ),
        Case::accepted(
            "path length zero with nothing below",
            &[&root],
            alice(&closed).with(&closed),
        ),
        Case::accepted(
            "path length used up exactly",
            &[&root],
            alice(&below).above(&[&below, &one]),
        ),
    ]
}

fn orders() -> Vec<Case> {
    let line = line(3);
    let (root, a, b, c) = (&line[0], &line[1], &line[2], &line[3]);
    let stranger = Authority::named("Stranger");
    let strange_branch = stranger.intermediate("Stranger Below");
    let case = |name, above: &[&Authority]| Case::accepted(name, &[root], alice(c).above(above));
    let mut twice = alice(c);
    let leaf = twice.leaf().clone();
    twice.chain.push(leaf);
    vec![
        case("the root is sent as well", &[c, b, a, root]),
        case("intermediates in reverse", &[a, b, c]),
        case("intermediates shuffled", &[b, c, a]),
        case("an intermediate twice", &[c, b, b, a]),
        case("every intermediate twice", &[c, b, a, c, b, a]),
        case(
            "unrelated certificates behind",
            &[c, b, a, &strange_branch, &stranger],
        ),
        case(
            "unrelated certificates between",
            &[&stranger, c, &strange_branch, b, a],
        ),
        Case::accepted("the leaf twice", &[root], {
            let mut chain = twice;
            chain.chain.extend([c, b, a].map(Authority::certificate));
            chain
        }),
        Case::accepted(
            "unrelated anchors beside",
            &[&stranger, root],
            alice(c).above(&[c, b, a]),
        ),
    ]
}

/// Where more than one path can be tried.
fn choices() -> Vec<Case> {
    let (old, new) = (Authority::named("Old Root"), Authority::named("New Root"));
    let bridge = new.cross_signed_by(&old);
    let branch = new.intermediate("Branch");
    let crossed = branch.cross_signed_by(&old);
    let namesake = old.namesake();
    let under_old = old.intermediate("Under Old");
    let stale = branch.again().validity(Validity::expired()).issued_by(&new);
    let closed = branch.again().path_length(0).issued_by(&new);
    let deep = branch.intermediate("Deep");
    let unnamed = Leaf::named("alice")
        .dns("alice.test")
        .client()
        .without_key_identifier();
    let case = |name, anchors: &[&Authority], leaf_of: &Authority, above: &[&Authority]| {
        Case::accepted(name, anchors, alice(leaf_of).above(above)).several_issuers()
    };
    vec![
        case(
            "cross-signed root, the old one trusted",
            &[&old],
            &branch,
            &[&branch, &bridge],
        ),
        case(
            "cross-signed root, the new one trusted",
            &[&new],
            &branch,
            &[&branch, &bridge],
        ),
        case(
            "cross-signed root, both trusted",
            &[&old, &new],
            &branch,
            &[&branch, &bridge],
        ),
        case(
            "cross-signed intermediate, useful one last",
            &[&old],
            &branch,
            &[&branch, &crossed],
        ),
        case(
            "cross-signed intermediate, useful one first",
            &[&old],
            &branch,
            &[&crossed, &branch],
        ),
        case(
            "two anchors of one name, first fits",
            &[&old, &namesake],
            &under_old,
            &[&under_old],
        ),
        case(
            "two anchors of one name, second fits",
            &[&namesake, &old],
            &under_old,
            &[&under_old],
        ),
        Case::accepted(
            "two anchors of one name, no key identifiers",
            &[&namesake, &old],
            unnamed.issued_by(&old),
        )
        .several_issuers(),
        case(
            "an impostor of the issuer's name is sent first",
            &[&old],
            &under_old,
            &[&Authority::named("Under Old"), &under_old],
        ),
        case(
            "expired among good, expired first",
            &[&new],
            &branch,
            &[&stale, &branch],
        ),
        case(
            "expired among good, expired last",
            &[&new],
            &branch,
            &[&branch, &stale],
        ),
        case(
            "too short a path length among good",
            &[&new],
            &deep,
            &[&deep, &closed, &branch],
        ),
    ]
}

/// Leaves and authorities of every kind that is welcome.
fn kinds() -> Vec<Case> {
    let root = Authority::named("Rhea");
    let leaf = || Leaf::named("alice").dns("alice.test").client();
    let by_root = |name, leaf: Leaf| Case::accepted(name, &[&root], leaf.issued_by(&root));
    let under = |name, algorithm| {
        let root = AuthorityBuilder::named("Rhea Other Key")
            .algorithm(algorithm)
            .self_signed();
        let branch = AuthorityBuilder::named("Ivo Other Key")
            .algorithm(algorithm)
            .issued_by(&root);
        Case::accepted(name, &[&root], leaf().issued_by(&branch).with(&branch))
    };
    let for_clients = AuthorityBuilder::named("For Clients")
        .extended_key_usages(&[ExtendedKeyUsage::ClientAuth])
        .issued_by(&root);
    let permitted = AuthorityBuilder::named("Permitted")
        .permits_dns("alice.test")
        .excludes_dns("bob.test")
        .issued_by(&root);
    vec![
        by_root("Ed25519 leaf", leaf().algorithm(KeyAlgorithm::Ed25519)),
        by_root("P-384 leaf", leaf().algorithm(KeyAlgorithm::P384)),
        by_root("RSA 2048 leaf", leaf().algorithm(KeyAlgorithm::Rsa)),
        under("authorities with RSA keys", KeyAlgorithm::Rsa),
        under("authorities with P-384 keys", KeyAlgorithm::P384),
        under("authorities with Ed25519 keys", KeyAlgorithm::Ed25519),
        by_root("both extended key usages", leaf().server()),
        by_root("many names of every sort", {
            let names = leaf()
                .dns("a.test")
                .dns("b.test")
                .ip("192.0.2.1")
                .ip("2001:db8::1");
            names
                .uri("spiffe://prod.test/alice")
                .email("alice@alice.test")
        }),
        by_root("one name twice", leaf().dns("alice.test")),
        by_root("no subject, names only", leaf().without_subject()),
        by_root("no names, subject only", Leaf::named("alice").client()),
        Case::accepted(
            "an intermediate for clients",
            &[&root],
            alice(&for_clients).with(&for_clients),
        ),
        Case::accepted(
            "name constraints kept",
            &[&root],
            alice(&permitted).with(&permitted),
        ),
    ]
}

fn alice(issuer: &Authority) -> Credential {
    let alice = Leaf::named("alice").dns("alice.test").client();
    alice.issued_by(issuer)
}
