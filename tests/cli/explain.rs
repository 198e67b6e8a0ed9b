use crate::workshop::Workshop;

const SERVER: &str = "explain --chain server.crt --side server --cacert ca.crt --server-name";

#[test]
fn a_good_chain_is_accepted() {
    let workshop = Workshop::new();
    let (code, document) = workshop.json(&format!("{SERVER} server.test"));
    assert_eq!((code, &document["outcome"]), (0, &"accepted".into()));
    assert_eq!(document["findings"], serde_json::json!([]));
    assert_eq!(document["steps"][0]["outcome"], "passed");
}

#[test]
fn a_rejection_has_reason_certificate_and_hint() {
    let workshop = Workshop::new();
    let (code, document) = workshop.json(&format!("{SERVER} other.test"));
    assert_eq!((code, &document["outcome"]), (1, &"rejected".into()));
    assert_eq!(document["reason"], "name_mismatch");
    assert_eq!(document["certificate"]["index"], 0);
    assert!(document["hint"].as_str().unwrap().contains("reissue it"));
}

#[test]
fn the_chain_is_verified_for_the_given_time() {
    let workshop = Workshop::new();
    let (_, late) = workshop.json(&format!("{SERVER} server.test --at 2100-01-01T00:00:00Z"));
    assert_eq!(late["reason"], "expired");
    assert_eq!(late["at"], "2100-01-01T00:00:00Z");
    let (_, early) = workshop.json(&format!("{SERVER} server.test --at 2000-01-01T00:00:00Z"));
    assert_eq!(early["reason"], "not_yet_valid");
}

#[test]
fn text_keeps_to_80_columns_and_has_no_colour_in_a_pipe() {
    let workshop = Workshop::new();
    let finished = workshop.run(&format!("{SERVER} other.test"));
    assert_eq!(finished.status.unwrap().code(), Some(1));
    assert!(finished.stdout.starts_with("fault[name_mismatch]: "));
    for line in finished.stdout.lines() {
        assert!(
            line.chars().count() <= 80 && !line.contains('\u{1b}'),
            "{line}"
        );
    }
    let colored = workshop.run(&format!("{SERVER} other.test --color always"));
    assert!(colored.stdout.contains("\u{1b}[31m") || colored.stdout.contains("\u{1b}[1m"));
}

#[test]
fn a_reader_that_leaves_does_not_turn_a_fault_into_a_success() {
    let workshop = Workshop::new();
    let text = format!("\"$0\" {SERVER} other.test | true; exit \"${{PIPESTATUS[0]}}\"");
    // The reader may leave before or after the writing: the result is the same.
    for _ in 0..20 {
        let mut shell = std::process::Command::new("bash");
        shell.current_dir(workshop.path()).args(["-c", &text]);
        let status = shell.arg(env!("CARGO_BIN_EXE_mtls")).status().unwrap();
        assert_eq!(status.code(), Some(1));
    }
}

#[test]
fn wrong_arguments_end_with_2() {
    let workshop = Workshop::new();
    for arguments in [
        "explain",
        "explain --chain server.crt --side peer",
        "explain --chain server.crt --side server --at yesterday",
        "explain --chain server.crt --side client --policy other()",
        "explain --chain server.crt --side client --config a.toml --cacert ca.crt",
    ] {
        let finished = workshop.run(arguments);
        assert_eq!(finished.status.unwrap().code(), Some(2), "{arguments}");
        assert!(finished.stdout.is_empty(), "{arguments}");
    }
}

#[test]
fn a_configuration_stands_for_the_arguments() {
    let workshop = Workshop::new();
    let text = "[tls]\nidentity = { chain = 'server.crt', key = 'server.key' }\n\
                trust_anchors = 'ca.crt'\npolicy = { allow = 'dns(\"alice.test\")' }\n";
    workshop.write("service.toml", text);
    let arguments = "explain --chain client.crt --side client --config service.toml";
    assert_eq!(workshop.json(arguments).0, 0);
    workshop.write("service.toml", &text.replace("alice", "bob"));
    assert_eq!(workshop.json(arguments).1["reason"], "not_authorized");
}
