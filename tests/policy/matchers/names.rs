use mtls::PeerMatcher as M;

use super::{PAYMENTS, Peer, are_rejected, payments};
use crate::common::pki::Leaf;

#[test]
fn spiffe_ids() {
    Peer::with(payments())
        .is([
            M::spiffe_id(PAYMENTS),
            M::trust_domain("prod.example"),
            M::spiffe_path_prefix(PAYMENTS),
            M::uri(PAYMENTS),
            M::uri_prefix(PAYMENTS),
            M::uri_prefix("spiffe://prod.example"),
        ])
        .is_not([
            M::spiffe_id("spiffe://prod.example/payments/v2"),
            M::spiffe_id("spiffe://prod.example/pay"),
            M::spiffe_id("spiffe://prod.example"),
            M::spiffe_path_prefix("spiffe://prod.example/pay"),
            M::spiffe_path_prefix("spiffe://prod.example/payments/v2"),
            M::spiffe_path_prefix("spiffe://prod.exampl/payments"),
            M::trust_domain("example"),
            M::trust_domain("prod"),
            M::trust_domain("prod.example.evil"),
            M::trust_domain("xprod.example"),
            M::uri("spiffe://PROD.example/payments"),
        ]);
    Peer::with(Leaf::named("x").uri("spiffe://prod.example.evil/pay/a/b"))
        .is([
            M::spiffe_path_prefix("spiffe://prod.example.evil/pay"),
            M::spiffe_path_prefix("spiffe://prod.example.evil/pay/a"),
            M::trust_domain("prod.example.evil"),
        ])
        .is_not([
            M::trust_domain("prod.example"),
            M::spiffe_path_prefix("spiffe://prod.example/pay"),
            M::spiffe_path_prefix("spiffe://prod.example.evil/pa"),
            M::spiffe_path_prefix("spiffe://prod.example.evil/a"),
        ]);
    are_rejected(
        M::spiffe_id,
        &[
            "",
            "prod.example/payments",
            "spiffe://prod.example/",
            "SPIFFE://a/b",
            "spiffe://A/b",
        ],
    );
    are_rejected(
        M::trust_domain,
        &["", "spiffe://prod.example", "Prod", "a/b", "a:1"],
    );
    are_rejected(
        M::spiffe_path_prefix,
        &[
            "",
            "spiffe://",
            "spiffe://a",
            "spiffe://a/",
            "spiffe://a/b/",
            "spiffe://a/b/../c",
            "/b",
        ],
    );
}

#[test]
fn two_uri_names_are_no_spiffe_id() {
    Peer::with(
        Leaf::named("two")
            .uri(PAYMENTS)
            .uri("https://prod.example/"),
    )
    .is([M::uri(PAYMENTS), M::uri_prefix("https://prod.example")])
    .is_neither([
        M::spiffe_id(PAYMENTS),
        M::spiffe_id("spiffe://other/x"),
        M::trust_domain("prod.example"),
        M::trust_domain("other"),
        M::spiffe_path_prefix(PAYMENTS),
    ]);
}

#[test]
fn dns_names() {
    Peer::with(Leaf::named("x").dns("Pay.svc.local").dns("a.b.example"))
        .is([
            M::dns("pay.svc.local"),
            M::dns("PAY.svc.local"),
            M::dns("a.b.example"),
            M::dns_suffix("svc.local"),
            M::dns_suffix("SVC.Local"),
            M::dns_suffix("local"),
            M::dns_suffix("example"),
            M::dns_prefix("pay"),
            M::dns_prefix("Pay.SVC"),
            M::dns_prefix("a"),
            M::dns_prefix("a.b"),
        ])
        .is_not([
            M::dns("svc.local"),
            M::dns("pay"),
            M::dns_suffix("pay.svc.local"),
            M::dns_suffix("x.pay.svc.local"),
            M::dns_suffix("vc.local"),
            M::dns_suffix("pay"),
            M::dns_prefix("pa"),
            M::dns_prefix("pay.svc.local"),
            M::dns_prefix("svc"),
        ]);
    for trap in [
        "evil-svc.local",
        "svc.local.evil",
        "svc.local",
        "xsvc.local",
    ] {
        Peer::with(Leaf::named("x").dns(trap)).is_not([M::dns_suffix("svc.local")]);
    }
    for trap in ["payments.example", "x.pay.example", "pay-x.example"] {
        Peer::with(Leaf::named("x").dns(trap)).is_not([M::dns_prefix("pay")]);
    }
    for make in [
        M::dns,
        M::dns_suffix,
        M::dns_prefix,
        M::email_domain,
        M::email_domain_suffix,
    ] {
        are_rejected(
            make,
            &[
                "",
                ".",
                ".a",
                "a.",
                "*",
                "*.example",
                "a b",
                "a..b",
                "-a.example",
                "é.example",
            ],
        );
    }
}

#[test]
fn a_wildcard_is_neither_a_match_nor_none() {
    Peer::with(Leaf::named("w").dns("*.prod.example")).is_neither([
        M::dns("pay.prod.example"),
        M::dns("prod.example"),
        M::dns("other.example"),
        M::dns_suffix("prod.example"),
        M::dns_suffix("example"),
        M::dns_prefix("pay"),
    ]);
    Peer::with(Leaf::named("w").dns("*.prod.example").dns("a.test"))
        .is([M::dns("a.test"), M::dns_suffix("test")])
        .is_neither([M::dns("b.test"), M::dns_suffix("prod.example")]);
}

#[test]
fn uris() {
    Peer::with(Leaf::named("x").uri("https://a.example:8443/pay/v1"))
        .is([
            M::uri("https://a.example:8443/pay/v1"),
            M::uri_prefix("https://a.example:8443/pay/v1"),
            M::uri_prefix("https://a.example:8443/pay"),
            M::uri_prefix("https://a.example:8443"),
        ])
        .is_not([
            M::uri("https://a.example:8443/pay"),
            M::uri("HTTPS://a.example:8443/pay/v1"),
            M::uri_prefix("https://a.example:8443/pa"),
            M::uri_prefix("https://a.example:8443/pay/v"),
            M::uri_prefix("https://a.example:8443/pay/v1/x"),
            M::uri_prefix("https://a.example:844"),
            M::uri_prefix("https://a.example"),
            M::uri_prefix("https://a.exampl"),
            M::uri_prefix("http://a.example:8443"),
        ]);
    Peer::with(Leaf::named("x").uri("https://a.example/payments/"))
        .is([M::uri_prefix("https://a.example/payments")])
        .is_not([M::uri_prefix("https://a.example/pay")]);
    Peer::with(Leaf::named("x").uri("urn:uuid:1"))
        .is([M::uri("urn:uuid:1")])
        .is_not([M::uri_prefix("https://a.example")]);
    are_rejected(
        M::uri,
        &[
            "",
            "no-scheme",
            ":x",
            "x:",
            "a b:c",
            "https://é",
            "1x:y",
            "https://a b",
        ],
    );
    are_rejected(
        M::uri_prefix,
        &[
            "",
            "https:",
            "https://",
            "https:///pay",
            "://a",
            "HTTPS://a",
            "https://A",
            "/pay",
            "https://a/",
            "https://a/b/",
            "https://a//b",
            "https://a/./b",
            "https://a/b/..",
            "https://a/%62",
            "https://a%2eb",
            "https://u@a/b",
            "https://a/b?c",
            "https://a/b#c",
            "https://a?b",
            "https://a\\b",
            "urn:x:y",
            "https://a/ b",
        ],
    );
}

#[test]
fn a_uri_with_other_spellings_is_neither_below_a_prefix_nor_not() {
    for odd in [
        "https://a.example/pay/../admin",
        "https://a.example/pay/.",
        "https://a.example/pay/%2e%2e/admin",
        "https://a.example/pay/%2Fadmin",
        "https://a.example/pay\\..\\admin",
        "https://a.example/pay?to=admin",
        "https://a.example/pay#admin",
        "https://a.example//pay",
        "https://a.example/x//pay",
        "https://A.example/pay",
        "HTTPS://a.example/pay",
        "https://a.example@evil.example/pay",
        "https://a.example%40evil.example/pay",
        "https:/a.example/pay",
        "https://a.example?pay",
    ] {
        Peer::with(Leaf::named("x").uri(odd))
            .is([M::uri(odd)])
            .is_neither([
                M::uri_prefix("https://a.example/pay"),
                M::uri_prefix("https://a.example"),
                M::uri_prefix("https://other.example"),
            ]);
    }
    for trap in [
        "https://a.example.evil/pay",
        "https://a.example/payments",
        "https://a.example:1/pay",
    ] {
        Peer::with(Leaf::named("x").uri(trap)).is_not([M::uri_prefix("https://a.example/pay")]);
    }
}

#[test]
fn ip_addresses() {
    Peer::with(Leaf::named("x").ip("10.1.2.3").ip("2001:db8::7"))
        .is([
            M::ip("10.1.2.3".parse().unwrap()),
            M::ip("2001:0db8:0:0::7".parse().unwrap()),
            M::ip_network("10.0.0.0/8"),
            M::ip_network("10.1.2.0/24"),
            M::ip_network("10.1.2.3/32"),
            M::ip_network("0.0.0.0/1"),
            M::ip_network("2001:db8::/32"),
            M::ip_network("2001:db8::7/128"),
            M::ip_network("::/1"),
        ])
        .is_not([
            M::ip("10.1.2.4".parse().unwrap()),
            M::ip("::10.1.2.3".parse().unwrap()),
            M::ip_network("11.0.0.0/8"),
            M::ip_network("10.1.3.0/24"),
            M::ip_network("10.1.2.2/32"),
            M::ip_network("128.0.0.0/1"),
            M::ip_network("2001:db9::/32"),
            M::ip_network("a00::/8"),
        ]);
    are_rejected(
        |text| format!("ip({text:?})").parse(),
        &[
            "",
            "10.1.2",
            "10.1.2.03",
            "10.1.2.3/32",
            "::ffff:10.1.2.3",
            "fe80::1%eth0",
            "a.example",
            " 10.1.2.3",
        ],
    );
    are_rejected(
        M::ip_network,
        &[
            "",
            "10.0.0.0",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/08",
            "10.0.0.1/8",
            "0.0.0.0/0",
            "::/0",
            "::/129",
            "::1/64",
            "::ffff:10.0.0.0/104",
            "10/8",
            "/8",
            "10.0.0.0/256",
        ],
    );
}

/// Some software takes it for the IPv4 address, some does not.
#[test]
fn a_mapped_address_is_neither_the_one_nor_the_other() {
    Peer::with(Leaf::named("x").ip("::ffff:10.1.2.3")).is_neither([
        M::ip("10.1.2.3".parse().unwrap()),
        M::ip("10.1.2.4".parse().unwrap()),
        M::ip_network("10.0.0.0/8"),
        M::ip_network("::/1"),
        M::ip_network("2001:db8::/32"),
    ]);
}

#[test]
fn email_addresses() {
    Peer::with(Leaf::named("x").email("Ops@Mail.Prod.example"))
        .is([
            M::email("Ops@Mail.Prod.example"),
            M::email("Ops@mail.prod.EXAMPLE"),
            M::email_domain("mail.prod.example"),
            M::email_domain("MAIL.prod.example"),
            M::email_domain_suffix("prod.example"),
            M::email_domain_suffix("Example"),
        ])
        .is_not([
            M::email("ops@mail.prod.example"),
            M::email("Ops@prod.example"),
            M::email_domain("prod.example"),
            M::email_domain("xmail.prod.example"),
            M::email_domain_suffix("mail.prod.example"),
            M::email_domain_suffix("il.prod.example"),
        ]);
    Peer::with(Leaf::named("x").email("ops@evil-prod.example"))
        .is_not([M::email_domain_suffix("prod.example")]);
    Peer::with(Leaf::named("x").email("prod.example@evil.test")).is_not([
        M::email_domain("prod.example"),
        M::email_domain_suffix("example"),
    ]);
    are_rejected(
        M::email,
        &["", "a", "@a", "a@", "a@b@c", "a b@c", "a@*.b", "é@b"],
    );
}
