use std::time::Duration;

use crate::common::pki::Leaf;
use crate::workshop::{LIMIT, Workshop};

const CONFIG: &str = "[tls]\nidentity = { chain = 'server.crt', key = 'server.key' }\n\
    trust_anchors = 'ca.crt'\npolicy = { allow = 'any_authenticated()' }\npoll_interval = '200ms'\n";

#[test]
fn changes_and_failures_are_shown_as_they_happen() {
    let workshop = Workshop::new();
    workshop.write("service.toml", CONFIG);
    let watch = workshop.start("watch --config service.toml --json");
    watch.wait_for_line(r#""event":"started""#, LIMIT);

    let next = Leaf::named("server").dns("next.test").server();
    let next = next.issued_by(&workshop.cast.root);
    workshop.write_identity("server", &next);
    watch.wait_for_line(r#""revision":2"#, LIMIT);

    workshop.write("server.crt", "this is no certificate");
    let line = watch.wait_for_line(r#""event":"reload_failed""#, LIMIT);
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["finding"]["severity"], "fault");
    assert!(
        line["finding"]["place"]
            .as_str()
            .unwrap()
            .ends_with("server.crt")
    );
    assert!(line["finding"]["hint"].is_string());
    crate::secrets::expect_none(workshop.path(), &watch.stdout());
    crate::secrets::expect_none(workshop.path(), &watch.stderr());
}

#[test]
fn the_exit_code_tells_whether_the_newest_files_are_in_force() {
    let workshop = Workshop::new();
    workshop.write("service.toml", CONFIG);
    let good = workshop.run("watch --config service.toml --for 1s");
    assert_eq!(good.status.unwrap().code(), Some(0), "{good:#?}");
    let mut command = workshop.command("watch --config service.toml --for 3s");
    let bad = crate::common::programs::Running::start(&mut command);
    bad.wait_for_line("revision 1", LIMIT);
    workshop.write("ca.crt", "");
    let bad = bad.finish(Duration::from_secs(30));
    assert_eq!(bad.status.unwrap().code(), Some(1), "{bad:#?}");
}

#[test]
fn what_a_service_could_not_start_with_is_a_fault() {
    let workshop = Workshop::new();
    workshop.write("service.toml", &CONFIG.replace("ca.crt", "missing.crt"));
    let (code, document) = workshop.json("watch --config service.toml");
    assert_eq!((code, &document["outcome"]), (1, &"fault".into()));
    assert!(
        document["message"]
            .as_str()
            .unwrap()
            .contains("missing.crt")
    );
}
