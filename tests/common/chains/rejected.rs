//! Client chains of sound certificates that must not be accepted.

use mtls::RejectionReason as Reason;
use mtls::test_util::{ExtendedKeyUsage, Extension, KeyUsage};

use super::{Case, Presenter, line, upward};
use crate::common::pki::{Authority, AuthorityBuilder, Credential, Leaf, Validity};

pub(super) fn cases() -> Vec<Case> {
    [paths(), times(), usages(), authorities(), constraints()].concat()
}

fn paths() -> Vec<Case> {
    let too_long = |name, count| {
        let line = line(count);
        let chain = alice()
            .issued_by(line.last().unwrap())
            .above(&upward(&line));
        Case::rejected(name, &[&line[0]], chain, Reason::PathTooLong)
    };
    let root = Authority::named("Rhea");
    let branch = root.intermediate("Ivo");
    let twig = branch.intermediate("Tova");
    let namesake = root.namesake();
    let stranger = Authority::named("Stranger");
    let empty = Credential {
        chain: Vec::new(),
        ..branch.credential()
    };
    let unknown = |name, anchors: &[&Authority], chain| {
        Case::rejected(name, anchors, chain, Reason::UnknownIssuer)
    };
    let unnamed = alice().without_key_identifier();
    vec![
        too_long("seven intermediates", 7),
        too_long("eight intermediates", 8),
        Case::rejected("nothing at all", &[&root], empty, Reason::NoCertificate)
            .presenter(Presenter::NoCertificate),
        unknown("another root", &[&stranger], alice().issued_by(&root)),
        unknown(
            "another root, with its own sent",
            &[&stranger],
            alice().issued_by(&root).with(&root),
        ),
        unknown(
            "the intermediate is missing",
            &[&root],
            alice().issued_by(&branch),
        ),
        unknown(
            "the upper intermediate is missing",
            &[&root],
            alice().issued_by(&twig).with(&twig),
        ),
        unknown(
            "the lower intermediate is missing",
            &[&root],
            alice().issued_by(&twig).with(&branch),
        ),
        unknown("self-signed leaf", &[&root], alice().self_signed()),
        Case::rejected(
            "another authority of the anchor's name",
            &[&root],
            alice().issued_by(&namesake),
            Reason::UnknownIssuer,
        ),
        Case::rejected(
            "another authority of the anchor's name, no key identifiers",
            &[&root],
            unnamed.issued_by(&namesake),
            Reason::UnknownIssuer,
        ),
        Case::rejected(
            "an intermediate of another authority of the anchor's name",
            &[&root],
            {
                let branch = namesake.intermediate("Ivo");
                alice().issued_by(&branch).with(&branch)
            },
            Reason::UnknownIssuer,
        ),
    ]
}

fn times() -> Vec<Case> {
    let root = Authority::named("Rhea");
    let branch = |validity| {
        AuthorityBuilder::named("Ivo")
            .validity(validity)
            .issued_by(&root)
    };
    let (over, early) = (branch(Validity::expired()), branch(Validity::not_yet()));
    let anchor = |name| AuthorityBuilder::named(name);
    let over_anchor = anchor("Rhea Over")
        .validity(Validity::expired())
        .self_signed();
    let early_anchor = anchor("Rhea Early")
        .validity(Validity::not_yet())
        .self_signed();
    let case = |name, chain, reason| Case::rejected(name, &[&root], chain, reason);
    vec![
        case(
            "leaf expired",
            alice().validity(Validity::expired()).issued_by(&root),
            Reason::Expired,
        ),
        case(
            "leaf not yet valid",
            alice().validity(Validity::not_yet()).issued_by(&root),
            Reason::NotYetValid,
        ),
        case(
            "intermediate expired",
            alice().issued_by(&over).with(&over),
            Reason::Expired,
        ),
        case(
            "intermediate not yet valid",
            alice().issued_by(&early).with(&early),
            Reason::NotYetValid,
        ),
        Case::rejected(
            "anchor expired",
            &[&over_anchor, &root],
            alice().issued_by(&over_anchor),
            Reason::AnchorExpired,
        ),
        Case::rejected(
            "anchor not yet valid",
            &[&early_anchor, &root],
            alice().issued_by(&early_anchor),
            Reason::AnchorExpired,
        ),
    ]
}

fn usages() -> Vec<Case> {
    use ExtendedKeyUsage::{Any, CodeSigning, ServerAuth};
    let root = Authority::named("Rhea");
    let for_servers = AuthorityBuilder::named("For Servers")
        .extended_key_usages(&[ServerAuth])
        .issued_by(&root);
    let plain = || Leaf::named("alice").dns("alice.test");
    let wrong = |name, leaf: Leaf| {
        Case::rejected(
            name,
            &[&root],
            leaf.issued_by(&root),
            Reason::WrongExtendedKeyUsage,
        )
    };
    vec![
        wrong("a server's extended key usage", plain().server()),
        wrong(
            "some other extended key usage",
            plain().extended_key_usage(CodeSigning),
        ),
        wrong("any extended key usage", plain().extended_key_usage(Any)),
        Case::rejected(
            "an intermediate for servers",
            &[&root],
            alice().issued_by(&for_servers).with(&for_servers),
            Reason::WrongExtendedKeyUsage,
        ),
    ]
}

fn authorities() -> Vec<Case> {
    let root = Authority::named("Rhea");
    let branch = root.intermediate("Ivo");
    let odd = |builder: AuthorityBuilder| builder.issued_by(&root);
    let silent = odd(AuthorityBuilder::named("No Constraints").not_a_ca(false));
    let denying = odd(AuthorityBuilder::named("Denying").not_a_ca(true));
    let unsigning = odd(AuthorityBuilder::named("No Cert Sign").key_usages(&[KeyUsage::CrlSign]));
    let closed = odd(AuthorityBuilder::named("Closed").path_length(0));
    let below = closed.intermediate("Below Closed");
    let strict = AuthorityBuilder::named("Strict")
        .path_length(0)
        .self_signed();
    let below_strict = strict.intermediate("Below Strict");
    let case = |name, chain: Credential, reason| Case::rejected(name, &[&root], chain, reason);
    let mut upside_down = branch.credential();
    upside_down
        .chain
        .push(alice().issued_by(&branch).leaf().clone());
    vec![
        case(
            "leaf marked as authority",
            alice().marked_as_ca().issued_by(&root),
            Reason::LeafIsCa,
        ),
        case(
            "an intermediate as leaf",
            branch.credential(),
            Reason::LeafIsCa,
        ),
        case("the anchor as leaf", root.credential(), Reason::LeafIsCa),
        case("the whole chain in reverse", upside_down, Reason::LeafIsCa),
        case(
            "issuer without basic constraints",
            alice().issued_by(&silent).with(&silent),
            Reason::IssuerNotCa,
        ),
        case(
            "issuer marked as no authority",
            alice().issued_by(&denying).with(&denying),
            Reason::IssuerNotCa,
        ),
        case(
            "issuer must not sign certificates",
            alice().issued_by(&unsigning).with(&unsigning),
            Reason::UnknownIssuer,
        ),
        case(
            "path length exceeded",
            alice().issued_by(&below).above(&[&below, &closed]),
            Reason::PathLengthExceeded,
        ),
        Case::rejected(
            "path length of the anchor exceeded",
            &[&strict],
            alice().issued_by(&below_strict).with(&below_strict),
            Reason::PathLengthExceeded,
        ),
    ]
}

fn constraints() -> Vec<Case> {
    let root = Authority::named("Rhea");
    let branch = || AuthorityBuilder::named("Constrained");
    let only_bob = branch().permits_dns("bob.test").issued_by(&root);
    let not_alice = branch().excludes_dns("alice.test").issued_by(&root);
    let only_alice = branch().permits_dns("alice.test").issued_by(&root);
    let unknown = || Extension::critical(&[1, 3, 6, 1, 4, 1, 99999, 1], [5, 0]);
    let mysterious = AuthorityBuilder::named("Mysterious")
        .extension(unknown())
        .issued_by(&root);
    let violated = |name, leaf: Leaf, issuer: &Authority| {
        let chain = leaf.issued_by(issuer).with(issuer);
        Case::rejected(name, &[&root], chain, Reason::NameConstraintViolated)
    };
    let unhandled =
        |name, chain| Case::rejected(name, &[&root], chain, Reason::UnhandledCriticalExtension);
    vec![
        violated("name not permitted", alice(), &only_bob),
        violated("name excluded", alice(), &not_alice),
        violated(
            "one of two names not permitted",
            alice().dns("bob.test"),
            &only_alice,
        ),
        unhandled(
            "unknown critical extension on the leaf",
            alice().extension(unknown()).issued_by(&root),
        ),
        unhandled(
            "unknown critical extension on the intermediate",
            alice().issued_by(&mysterious).with(&mysterious),
        ),
    ]
}

fn alice() -> Leaf {
    Leaf::named("alice").dns("alice.test").client()
}
