//! Matchers in words, and back.

use std::error::Error;

use mtls::PeerMatcher as M;
use mtls::error::MatcherProblem as Problem;

#[test]
fn every_constructor_reads_as_it_is_written() {
    let digest = [0xa5; 32];
    let all = [
        M::any_authenticated(),
        M::spiffe_id("spiffe://prod.example/pay").unwrap(),
        M::spiffe_path_prefix("spiffe://prod.example/ns").unwrap(),
        M::trust_domain("prod.example").unwrap(),
        M::dns("A.example").unwrap(),
        M::dns_prefix("a").unwrap(),
        M::dns_suffix("svc.local").unwrap(),
        M::uri("https://a.example/%20?b#c").unwrap(),
        M::uri_prefix("https://a.example/b").unwrap(),
        M::ip("2001:DB8::1".parse().unwrap()).unwrap(),
        M::ip_network("10.0.0.0/8").unwrap(),
        M::email("\"quoted\\\"@a.example").unwrap(),
        M::email_domain("a.example").unwrap(),
        M::email_domain_suffix("example").unwrap(),
        M::common_name("a \"b\" \\ c \u{202e} é").unwrap(),
        M::common_name(mtls::policy::StringMatch::prefix("a")).unwrap(),
        M::common_name(mtls::policy::StringMatch::suffix("b")).unwrap(),
        M::organizational_unit("a").unwrap(),
        M::organizational_unit(mtls::policy::StringMatch::prefix("a")).unwrap(),
        M::organizational_unit(mtls::policy::StringMatch::suffix("b")).unwrap(),
        M::organization("# no comment").unwrap(),
        M::organization(mtls::policy::StringMatch::prefix("a, b)")).unwrap(),
        M::organization(mtls::policy::StringMatch::suffix("b")).unwrap(),
        M::issuer(r"CN=a\,b,O=c").unwrap(),
        M::issuer_spki_sha256(digest),
        M::trust_anchor_sha256(digest),
        M::spki_sha256(digest),
        M::certificate_sha256(digest),
    ];
    for matcher in all {
        let text = matcher.to_string();
        assert!(!text.contains(char::is_control), "{text}");
        for matcher in [
            matcher.clone(),
            M::not(matcher.clone()),
            M::any_of([matcher.clone()]).unwrap(),
            M::all_of([matcher]).unwrap(),
        ] {
            let text = matcher.to_string();
            let again: M = text.parse().unwrap();
            assert_eq!(again, matcher, "{text}");
            assert_eq!(again.to_string(), text);
        }
    }
    let text = r#"common_name("a \"b\" \\ c \u{202e} é")"#;
    assert_eq!(text.parse::<M>().unwrap().to_string(), text);
}

#[test]
fn whitespace_comments_and_commas_at_the_end_are_free() {
    let plain: M = r#"any_of(dns("a.test"), not(all_of(uri("x:y"), any_authenticated())))"#
        .parse()
        .unwrap();
    let spaced: M = "# who\n any_of\t(\r\n  dns ( \"a.test\" ) ,# (\n not( all_of(uri(\"x:y\"),any_authenticated ( ),)),\n)\n # end"
        .parse()
        .unwrap();
    assert_eq!(plain, spaced);
    // Sorted, and no pattern twice.
    let text = r#"any_of(dns("b.test"), spiffe_id("spiffe://a/b"), dns("a.test"), dns("B.test"))"#;
    assert_eq!(
        text.parse::<M>().unwrap().to_string(),
        r#"any_of(spiffe_id("spiffe://a/b"), dns("a.test"), dns("b.test"))"#
    );
}

#[test]
fn random_matchers_parse_back() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..2_000 {
        let matcher = random.matcher(5);
        let text = matcher.to_string();
        let again: M = text
            .parse()
            .unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(again, matcher, "{text}");
        assert_eq!(again.to_string(), text);
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    fn text(&mut self) -> String {
        const CHARACTERS: [char; 14] = [
            'a', 'Z', '7', ' ', '"', '\\', '(', ')', ',', '#', '{', 'é', '\u{200b}', '\u{feff}',
        ];
        (0..=self.below(6))
            .map(|_| CHARACTERS[self.below(CHARACTERS.len())])
            .collect()
    }

    fn label(&mut self) -> String {
        format!(
            "{}{}",
            ["a", "B", "x-y", "_u"][self.below(4)],
            self.below(100)
        )
    }

    fn matcher(&mut self, depth: usize) -> M {
        if depth > 0 && self.below(2) == 0 {
            let count = 1 + self.below(4);
            let list: Vec<M> = (0..count).map(|_| self.matcher(depth - 1)).collect();
            return match self.below(3) {
                0 => M::any_of(list).unwrap(),
                1 => M::all_of(list).unwrap(),
                _ => M::not(list.into_iter().next().unwrap()),
            };
        }
        let (label, text) = (self.label(), self.text());
        match self.below(16) {
            0 => M::any_authenticated(),
            1 => M::common_name(&text).unwrap(),
            2 => M::organization(mtls::policy::StringMatch::prefix(&text)).unwrap(),
            3 => M::organizational_unit(mtls::policy::StringMatch::suffix(&text)).unwrap(),
            4 => M::dns(&label).unwrap(),
            5 => M::dns_suffix(&label).unwrap(),
            6 => M::email(&format!("{label}@{label}")).unwrap(),
            7 => M::email_domain(&label).unwrap(),
            8 => M::spiffe_id(&format!("spiffe://td/{label}")).unwrap(),
            9 => M::spiffe_path_prefix(&format!("spiffe://td/{label}")).unwrap(),
            10 => M::uri(&format!("x:{label}\"\\")).unwrap(),
            11 => M::uri_prefix(&format!("x://y/{label}")).unwrap(),
            12 => M::ip([10, 0, 0, self.below(256) as u8].into()).unwrap(),
            13 => M::ip_network(&format!("2001:{:x}::/32", self.below(0x10000))).unwrap(),
            14 => M::spki_sha256([self.below(256) as u8; 32]),
            _ => M::trust_anchor_sha256([self.below(256) as u8; 32]),
        }
    }
}

#[test]
fn an_error_says_where_and_what() {
    let cases = [
        ("", 1, 1, "expected a matcher, found the end of the text"),
        (
            "  \n # x",
            2,
            5,
            "expected a matcher, found the end of the text",
        ),
        (
            "any_of(dns(\"a.test\")",
            1,
            21,
            "expected `,` or `)`, found the end of the text",
        ),
        ("any_of(,)", 1, 8, "expected a matcher, found `,`"),
        (
            "any_of(dns(\"a.test\"),,)",
            1,
            22,
            "expected a matcher, found `,`",
        ),
        ("dns(\"é\" \"b\")", 1, 9, "expected `)`, found a string"),
        (
            "dns(a.test)",
            1,
            5,
            "expected a string in double quotes, found `a`",
        ),
        (
            "dns(\"a.test\"))",
            1,
            14,
            "expected the end of the text, found `)`",
        ),
        ("dns", 1, 4, "expected `(`, found the end of the text"),
        (
            "dns(\"a.test",
            1,
            12,
            "expected a closing `\"`, found the end of the text",
        ),
        (
            "\n\tDNS(\"a.test\")",
            2,
            2,
            "expected a matcher, a string, `,`, `)` or the end, found `D`",
        ),
        (
            "'a'",
            1,
            1,
            "expected a matcher, a string, `,`, `)` or the end, found `'`",
        ),
        (
            "any_of(\u{202e})",
            1,
            8,
            "expected a matcher, a string, `,`, `)` or the end, found U+202E",
        ),
        (
            "\u{feff}dns(\"a.test\")",
            1,
            1,
            "expected a matcher, a string, `,`, `)` or the end, found U+FEFF",
        ),
        (
            "any_authenticated",
            1,
            18,
            "expected `(`, found the end of the text",
        ),
        (
            "any_authenticated(\"\")",
            1,
            19,
            "expected `)`, found a string",
        ),
        (
            "not(dns(\"a.test\"), dns(\"b.test\"))",
            1,
            18,
            "expected `)`, found `,`",
        ),
        ("not()", 1, 5, "expected a matcher, found `)`"),
        (
            "uri(\"a\nb\")",
            1,
            7,
            "expected a visible character or `\\u{..}`, found U+000A",
        ),
        (
            "any_of(dns(\"a.test\"),\n custom(\"x\"))",
            2,
            2,
            "a custom matcher is code and cannot be parsed",
        ),
        (
            "any_of(\n  dns(\"a b\"))",
            2,
            3,
            "dns(\"a b\"): it is not a host name",
        ),
        ("all_of( )", 1, 1, "all_of(\"\"): the list is empty"),
    ];
    for (text, line, column, problem) in cases {
        let error = text.parse::<M>().expect_err(text);
        assert_eq!(
            error.to_string(),
            format!("line {line}, column {column}: {problem}")
        );
        assert_eq!(error.position(), Some((line, column)), "{text}");
        let is_meant = match error.problem() {
            Problem::Custom => text.contains("custom("),
            Problem::Pattern {
                matcher,
                value,
                problem: fault,
            } => problem == format!("{matcher}({value:?}): {fault}"),
            Problem::Unexpected { found, expected } => {
                problem == format!("expected {expected}, found {found}")
            }
            _ => false,
        };
        assert!(is_meant, "{text}: {:?}", error.problem());
        // The text of the error holds that of its problem, which a report must not repeat.
        assert!(error.source().is_none(), "{text}");
    }
    let error = "dns_sufix(\"a\")".parse::<M>().unwrap_err();
    let hint = error.hint();
    assert!(hint.contains("one of any_authenticated, any_of"), "{hint}");
    assert!(error.to_string().ends_with("found `dns_sufix`"), "{error}");
    let hint = |text: &str| text.parse::<M>().unwrap_err().hint().into_owned();
    assert!(hint("custom(\"x\")").contains("`PeerMatcher::custom`"));
    let of_a_name = hint("dns(\"a b\")");
    for words in ["wildcards are never expanded", "no dot begins or ends it"] {
        assert!(of_a_name.contains(words), "{of_a_name}");
    }
    assert!(hint("ip_network(\"10.0.0.1/8\")").contains("`10.0.0.0/8`"));
    assert!(hint("issuer(\"cn=a\")").contains("\"CN=a\""));
}

#[test]
fn escapes() {
    assert_eq!(
        r#"common_name("\u{41}\u{00000e9}")"#.parse::<M>().unwrap_err().position(),
        Some((1, 20))
    );
    assert_eq!(
        r#"common_name("\u{41}\u{e9}\u{10FFFD}\"\\")"#.parse::<M>().unwrap(),
        M::common_name("Aé\u{10fffd}\"\\").unwrap()
    );
    for wrong in [
        r"\n",
        r"\x41",
        r"\u{}",
        r"\u{110000}",
        r"\u{d800}",
        r"\u41",
        r"\u{41",
        r"\u{+1}",
        r"\",
        r"\u{0000041}",
    ] {
        let error = format!("common_name(\"{wrong}\")")
            .parse::<M>()
            .unwrap_err();
        assert!(
            matches!(error.problem(), Problem::Unexpected { .. }),
            "{error}"
        );
    }
}

#[test]
fn texts_are_bounded() {
    let deep = |name: &str, depth| {
        format!(
            "{}{}{}",
            format!("{name}(").repeat(depth),
            "any_authenticated()",
            ")".repeat(depth)
        )
    };
    assert!(deep("any_of", M::MAX_DEPTH).parse::<M>().is_ok());
    for text in [
        deep("any_of", M::MAX_DEPTH + 1),
        deep("all_of", 100_000),
        "any_of(".repeat(1_000_000),
    ] {
        let error = text.parse::<M>().unwrap_err();
        assert_eq!(error.problem(), &Problem::TooDeep(M::MAX_DEPTH));
    }
    // Negations are counted, not nested.
    assert_eq!(
        deep("not", 100_000).parse::<M>().unwrap(),
        M::any_authenticated()
    );
    let error = "not("
        .repeat(M::MAX_TEXT_MATCHERS + 1)
        .parse::<M>()
        .unwrap_err();
    assert_eq!(error.problem(), &Problem::TooMany(M::MAX_TEXT_MATCHERS));
    let error = " ".repeat(M::MAX_TEXT_BYTES + 1).parse::<M>().unwrap_err();
    assert_eq!(error.problem(), &Problem::TooLong(M::MAX_TEXT_BYTES));
    let error = " ".repeat(M::MAX_TEXT_BYTES).parse::<M>().unwrap_err();
    assert!(
        matches!(error.problem(), Problem::Unexpected { .. }),
        "{error}"
    );
    let long = "a".repeat(1_000_000);
    for text in [
        format!("{long}()"),
        format!("dns(\"{long}\")"),
        format!("dns({long})"),
    ] {
        let error = text.parse::<M>().unwrap_err();
        let source = error.source().map(ToString::to_string);
        assert!(error.to_string().len() < 1_000 && source.is_none_or(|words| words.len() < 1_000));
    }
}
