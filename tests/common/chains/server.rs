//! What servers present: names above all, and the rest of the rules once more from the other side.

use mtls::RejectionReason as Reason;

use super::{Case, line, upward};
use crate::common::pki::{Authority, AuthorityBuilder, Leaf, Validity};

pub(super) fn cases() -> Vec<Case> {
    [names(), rules(), paths()].concat()
}

fn names() -> Vec<Case> {
    let root = Authority::named("Rhea");
    let fits = |name, asked, leaf: Leaf| Case {
        server_name: Some(asked),
        ..Case::accepted(name, &[&root], leaf.issued_by(&root))
    };
    let differs = |name, asked, leaf: Leaf| Case {
        expected: Err(Reason::NameMismatch),
        ..fits(name, asked, leaf)
    };
    let plain = || Leaf::named("a server").server();
    vec![
        fits(
            "server: DNS name",
            "server.test",
            plain().dns("server.test"),
        ),
        fits(
            "server: DNS name in capitals",
            "server.test",
            plain().dns("SERVER.Test"),
        ),
        fits(
            "server: last of several names",
            "c.test",
            plain().dns("a.test").dns("b.test").dns("c.test"),
        ),
        fits(
            "server: one name twice",
            "a.test",
            plain().dns("a.test").dns("a.test"),
        ),
        fits(
            "server: wildcard",
            "a.server.test",
            plain().dns("*.server.test"),
        ),
        fits("server: IPv4 address", "127.0.0.1", plain().ip("127.0.0.1")),
        fits("server: IPv6 address", "::1", plain().ip("::1")),
        differs(
            "server: another name",
            "server.test",
            plain().dns("other.test"),
        ),
        differs(
            "server: a name below",
            "a.server.test",
            plain().dns("server.test"),
        ),
        differs(
            "server: a name above",
            "server.test",
            plain().dns("a.server.test"),
        ),
        differs(
            "server: wildcard, two labels deep",
            "a.b.server.test",
            plain().dns("*.server.test"),
        ),
        differs(
            "server: wildcard, the bare domain",
            "server.test",
            plain().dns("*.server.test"),
        ),
        differs(
            "server: another IP address",
            "127.0.0.1",
            plain().ip("127.0.0.2"),
        ),
        differs(
            "server: IP address, DNS names only",
            "127.0.0.1",
            plain().dns("localhost"),
        ),
        differs(
            "server: DNS name, IP addresses only",
            "localhost",
            plain().ip("127.0.0.1"),
        ),
        differs(
            "server: IP address in the common name",
            "127.0.0.1",
            Leaf::named("127.0.0.1").server(),
        ),
        differs(
            "server: no names but a common name",
            "server.test",
            Leaf::named("server.test").server(),
        ),
        differs(
            "server: common name fits, names do not",
            "server.test",
            Leaf::named("server.test").server().dns("other.test"),
        ),
    ]
}

fn rules() -> Vec<Case> {
    let root = Authority::named("Rhea");
    let namesake = root.namesake();
    let branch = root.intermediate("Ivo");
    let stale = AuthorityBuilder::named("Stale")
        .validity(Validity::expired())
        .issued_by(&root);
    let elsewhere = AuthorityBuilder::named("Elsewhere")
        .permits_dns("elsewhere.test")
        .issued_by(&root);
    let case = |name, chain, reason| Case {
        server_name: Some("server.test"),
        ..Case::rejected(name, &[&root], chain, reason)
    };
    let plain = || Leaf::named("a server").dns("server.test");
    vec![
        case(
            "server: a client's extended key usage",
            plain().client().issued_by(&root),
            Reason::WrongExtendedKeyUsage,
        ),
        Case {
            server_name: Some("server.test"),
            ..Case::accepted(
                "server: no extended key usage",
                &[&root],
                plain().issued_by(&root),
            )
        },
        case(
            "server: expired",
            server().validity(Validity::expired()).issued_by(&root),
            Reason::Expired,
        ),
        case(
            "server: not yet valid",
            server().validity(Validity::not_yet()).issued_by(&root),
            Reason::NotYetValid,
        ),
        case(
            "server: intermediate expired",
            server().issued_by(&stale).with(&stale),
            Reason::Expired,
        ),
        case(
            "server: self-signed",
            server().self_signed(),
            Reason::UnknownIssuer,
        ),
        case(
            "server: intermediate missing",
            server().issued_by(&branch),
            Reason::UnknownIssuer,
        ),
        case(
            "server: another authority of the name",
            server().issued_by(&namesake),
            Reason::UnknownIssuer,
        ),
        case(
            "server: marked as authority",
            server().marked_as_ca().issued_by(&root),
            Reason::LeafIsCa,
        ),
        case(
            "server: name not permitted",
            server().issued_by(&elsewhere).with(&elsewhere),
            Reason::NameConstraintViolated,
        ),
    ]
}

fn paths() -> Vec<Case> {
    let (old, new) = (Authority::named("Old Root"), Authority::named("New Root"));
    let bridge = new.cross_signed_by(&old);
    let branch = new.intermediate("Branch");
    let stale = branch.again().validity(Validity::expired()).issued_by(&new);
    let twig = branch.intermediate("Twig");
    let (six, seven) = (line(6), line(7));
    let case = |name, anchors: &[&Authority], issuer: &Authority, above: &[&Authority]| Case {
        server_name: Some("server.test"),
        ..Case::accepted(name, anchors, server().issued_by(issuer).above(above))
    };
    let too_long = case(
        "server: seven intermediates",
        &[&seven[0]],
        &seven[7],
        &upward(&seven),
    );
    vec![
        case("server: one intermediate", &[&new], &branch, &[&branch]),
        case(
            "server: intermediates in reverse",
            &[&new],
            &twig,
            &[&branch, &twig],
        ),
        case(
            "server: intermediates twice",
            &[&new],
            &twig,
            &[&twig, &twig, &branch, &branch],
        ),
        case(
            "server: unrelated certificates",
            &[&new],
            &twig,
            &[&old, &twig, &branch],
        ),
        case(
            "server: an intermediate is the anchor",
            &[&branch],
            &branch,
            &[],
        ),
        case(
            "server: six intermediates",
            &[&six[0]],
            &six[6],
            &upward(&six),
        ),
        case(
            "server: cross-signed root",
            &[&old],
            &branch,
            &[&branch, &bridge],
        )
        .several_issuers(),
        case(
            "server: expired among good",
            &[&new],
            &branch,
            &[&stale, &branch],
        )
        .several_issuers(),
        case(
            "server: two anchors of one name",
            &[&new.namesake(), &new],
            &branch,
            &[&branch],
        )
        .several_issuers(),
        Case {
            expected: Err(Reason::PathTooLong),
            ..too_long
        },
    ]
}

fn server() -> Leaf {
    Leaf::named("a server").dns("server.test").server()
}
