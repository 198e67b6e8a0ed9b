//! Clients whose certificates are for servers, and the opt-in for them.

use mtls::pki_types::{ServerName, UnixTime};
use mtls::test_util::ExtendedKeyUsage::{
    self as Purpose, Any, ClientAuth, EmailProtection, ServerAuth,
};
use mtls::{
    BuildError, MtlsClient, MtlsIdentity, MtlsServer, PeerMatcher, PeerVerifier,
    RejectionReason as Reason, Rustls, VerifierPolicy,
};

use super::common::pki::{Authority, AuthorityBuilder, Credential, Leaf, Validity};
use super::{anchors, client, reason, verifier};

/// What matchers of exact names look like.
const EXACT: &[&str] = &[
    r#"dns("peer.example")"#,
    r#"uri("https://peer.example/a")"#,
    r#"spiffe_id("spiffe://prod.example/a")"#,
    r#"ip("192.0.2.1")"#,
    r#"email("peer@peer.example")"#,
    r#"spki_sha256("PIN")"#,
    r#"certificate_sha256("PIN")"#,
    r#"any_of(dns("a.example"), dns("b.example"), ip("192.0.2.1"))"#,
    r#"all_of(dns("a.example"), dns_suffix("example"))"#,
    r#"all_of(any_authenticated(), not(dns("b.example")), dns("a.example"))"#,
    r#"any_of(dns("a.example"), all_of(dns_suffix("example"), spki_sha256("PIN")))"#,
    r#"all_of(organization("Example"), any_of(dns("a.example"), uri("https://a.example/")))"#,
    r#"not(not(dns("a.example")))"#,
];

const WIDE: &[&str] = &[
    "any_authenticated()",
    r#"dns_suffix("example")"#,
    r#"dns_prefix("www")"#,
    r#"uri_prefix("https://peer.example")"#,
    r#"trust_domain("prod.example")"#,
    r#"spiffe_path_prefix("spiffe://prod.example/a")"#,
    r#"ip_network("192.0.2.0/24")"#,
    r#"email_domain("peer.example")"#,
    r#"email_domain_suffix("example")"#,
    r#"common_name("peer.example")"#,
    r#"common_name_prefix("peer")"#,
    r#"common_name_suffix("peer")"#,
    r#"organization("Example")"#,
    r#"organizational_unit("Unit")"#,
    r#"issuer("CN=CA")"#,
    r#"issuer_spki_sha256("PIN")"#,
    r#"trust_anchor_sha256("PIN")"#,
    r#"not(dns("a.example"))"#,
    r#"any_of(dns("a.example"), dns_suffix("example"))"#,
    r#"any_of(dns("a.example"), not(dns("b.example")))"#,
    r#"any_of(dns("a.example"), common_name("a.example"))"#,
    r#"all_of(dns_suffix("example"), not(dns("b.example")))"#,
    r#"all_of(any_of(dns("a.example"), any_authenticated()), organization("Example"))"#,
    r#"any_of(dns("a.example"), all_of(trust_domain("a.example"), issuer("CN=CA")))"#,
];

fn matcher(text: &str) -> PeerMatcher {
    let pin = "5a".repeat(32);
    text.replace("PIN", &pin).parse().expect(text)
}

fn exact(name: &str) -> VerifierPolicy {
    VerifierPolicy::allow(PeerMatcher::dns(name).unwrap())
}

#[track_caller]
fn assert_invalid<T>(built: Result<T, BuildError>, words: &str) {
    let Err(error) = built else {
        panic!("it was built")
    };
    let BuildError::InvalidSetting { setting, problem } = &error else {
        panic!("{error}")
    };
    assert_eq!(*setting, "policy");
    assert!(problem.to_string().contains(words), "{problem}");
}

#[test]
fn every_branch_has_to_name_the_client() {
    let root = Authority::named("Root");
    let own = Leaf::named("own").server().issued_by(&root);
    let own = MtlsIdentity::from_der(own.chain.clone(), own.key.secret_pkcs8_der()).unwrap();
    let server = |policy: VerifierPolicy| {
        MtlsServer::builder()
            .identity(own.clone())
            .trust_anchors(anchors(&[&root]))
            .policy(policy)
            .build(Rustls::default())
    };
    for text in EXACT {
        let policy = VerifierPolicy::allow(matcher(text)).danger_allow_server_auth_for_clients();
        verifier(&root, policy.clone()).expect(text);
        server(policy).expect(text);
    }
    let custom = PeerMatcher::custom("anyone", |_| Ok(()));
    let wide = WIDE.iter().map(|text| matcher(text)).chain([
        custom.clone(),
        PeerMatcher::any_of([matcher(EXACT[0]), custom.clone()]).unwrap(),
        PeerMatcher::not(custom.clone()),
    ]);
    for matcher in wide {
        let words = "needs an exact name on every branch of its matcher";
        let policy = VerifierPolicy::allow(matcher);
        verifier(&root, policy.clone()).unwrap();
        let policy = policy.danger_allow_server_auth_for_clients();
        assert_invalid(verifier(&root, policy.clone()), words);
        assert_invalid(server(policy), words);
    }
    let both = PeerMatcher::all_of([custom, matcher(EXACT[0])]).unwrap();
    server(VerifierPolicy::allow(both).danger_allow_server_auth_for_clients()).unwrap();
}

#[test]
fn it_is_a_server_s_policy() {
    let root = Authority::named("Root");
    let own = Leaf::named("own").client().issued_by(&root);
    let own = MtlsIdentity::from_der(own.chain.clone(), own.key.secret_pkcs8_der()).unwrap();
    let builder = || {
        MtlsClient::builder()
            .identity(own.clone())
            .trust_anchors(anchors(&[&root]))
            .policy(exact("a.example").danger_allow_server_auth_for_clients())
    };
    let words = "is for a server's policy";
    assert_invalid(builder().build(Rustls::default()), words);
    #[cfg(feature = "openssl")]
    assert_invalid(builder().build(mtls::OpenSsl::default()), words);
    #[cfg(feature = "native-tls")]
    assert_invalid(builder().build(mtls::NativeTls::default()), words);
}

/// Every leaf under every intermediate and anchor, against a model that says which purpose all of
/// them must have.
#[test]
fn the_whole_path_is_for_one_purpose() {
    const USAGES: &[&[Purpose]] = &[&[], &[ClientAuth], &[ServerAuth], &[ClientAuth, ServerAuth]];
    const LEAVES: &[&[Purpose]] = &[
        &[],
        &[ClientAuth],
        &[ServerAuth],
        &[ClientAuth, ServerAuth],
        &[ServerAuth, EmailProtection],
        &[EmailProtection],
        &[Any],
        &[ServerAuth, Any],
    ];
    let has = |usages: &[Purpose], wanted: &Purpose| usages.is_empty() || usages.contains(wanted);
    let (mut accepted, mut by_opt_in) = (0, 0);
    for anchor in USAGES {
        let root = AuthorityBuilder::named("Root").extended_key_usages(anchor);
        let root = root.self_signed();
        for issuer in USAGES {
            let between = AuthorityBuilder::named("Between").extended_key_usages(issuer);
            let between = between.issued_by(&root);
            for leaf in LEAVES {
                let mut peer = Leaf::named("peer").dns("peer.example");
                for usage in *leaf {
                    peer = peer.extended_key_usage(usage.clone());
                }
                let chain = peer.issued_by(&between).with(&between).chain;
                let all = [*anchor, *issuer, *leaf];
                let is_for = |wanted: &Purpose| all.iter().all(|usages| has(usages, wanted));
                let strict = client(&root, exact("peer.example"), &chain);
                assert_eq!(strict.is_ok(), is_for(&ClientAuth), "{all:?}");
                let policy = exact("peer.example").danger_allow_server_auth_for_clients();
                let lax = client(&root, policy, &chain);
                let is_server = leaf.contains(&ServerAuth) && !leaf.contains(&ClientAuth);
                let expected = is_for(if is_server { &ServerAuth } else { &ClientAuth });
                assert_eq!(lax.is_ok(), expected, "{all:?}");
                for verdict in [&strict, &lax] {
                    let reason = verdict.as_ref().map_err(mtls::Rejection::reason);
                    assert!(matches!(reason, Ok(_) | Err(Reason::WrongExtendedKeyUsage)));
                }
                accepted += usize::from(strict.is_ok());
                by_opt_in += usize::from(strict.is_err() && lax.is_ok());
            }
        }
    }
    // Three leaves are for clients, three for servers alone; three of four intermediates and
    // anchors are for either.
    assert_eq!((accepted, by_opt_in), (27, 27));
}

/// Nothing else changes.
#[test]
fn the_rest_is_verified_as_before() {
    let root = Authority::named("Root");
    let policy = || exact("peer.example").danger_allow_server_auth_for_clients();
    let leaf = || Leaf::named("peer").dns("peer.example").server();
    let verify = |peer: Credential| reason(client(&root, policy(), &peer.chain));
    assert_eq!(verify(leaf().issued_by(&root)), None);
    let other = Leaf::named("peer").dns("other.example").server();
    assert_eq!(verify(other.issued_by(&root)), Some(Reason::NotAuthorized));
    let expired = leaf().validity(Validity::expired());
    assert_eq!(verify(expired.issued_by(&root)), Some(Reason::Expired));
    let stranger = leaf().issued_by(&Authority::named("Stranger"));
    assert_eq!(verify(stranger), Some(Reason::UnknownIssuer));
    let ca = leaf().marked_as_ca().issued_by(&root);
    assert_eq!(verify(ca), Some(Reason::LeafIsCa));
    // A server is for servers, whatever the policy says of clients.
    let verifier: PeerVerifier = verifier(&root, policy()).unwrap();
    let name = ServerName::try_from("peer.example").unwrap();
    let at = |peer: Credential| reason(verifier.verify_server(&peer.chain, &name, UnixTime::now()));
    assert_eq!(at(leaf().issued_by(&root)), None);
    let client = Leaf::named("peer").dns("peer.example").client();
    assert_eq!(
        at(client.issued_by(&root)),
        Some(Reason::WrongExtendedKeyUsage)
    );
}

#[test]
fn hints_say_what_helps() {
    let root = Authority::named("Root");
    let limited = AuthorityBuilder::named("Limited").extended_key_usages(&[ServerAuth]);
    let (above, between) = (limited.clone().self_signed(), limited.issued_by(&root));
    let leaf = || Leaf::named("peer").dns("peer.example");
    let of = |authority: &Authority, peer: Credential| {
        let verdict = client(authority, exact("peer.example"), &peer.chain);
        let rejection = verdict.unwrap_err();
        assert_eq!(rejection.reason(), Reason::WrongExtendedKeyUsage);
        rejection.hint().into_owned()
    };
    let hint = of(&root, leaf().server().issued_by(&root));
    for words in [
        "a private CA",
        "danger_allow_server_auth_for_clients",
        "guide `client_auth`",
    ] {
        assert!(hint.contains(words), "no {words:?} in {hint:?}");
    }
    // The opt-in does not help here, so that it is not named.
    let mail = leaf().extended_key_usage(EmailProtection).issued_by(&root);
    let under = leaf().client().issued_by(&between).with(&between);
    for hint in [
        of(&root, mail),
        of(&root, under),
        of(&above, leaf().client().issued_by(&above)),
    ] {
        assert!(hint.contains("clientAuth"), "{hint}");
        assert!(!hint.contains("danger"), "{hint}");
    }
}

/// A common name is free text: it must not stand for the exact name that the opt-in takes.
#[test]
fn a_common_name_does_not_stand_in_for_an_exact_name() {
    let root = Authority::named("Root");
    let exact = PeerMatcher::dns("peer.example").unwrap();
    let policy = VerifierPolicy::allow(exact)
        .danger_allow_server_auth_for_clients()
        .danger_allow_common_name_as_dns();
    let error = verifier(&root, policy).unwrap_err();
    assert!(
        matches!(error, BuildError::InvalidSetting { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("cannot be combined"), "{error}");
}
