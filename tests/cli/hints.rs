//! Each hint names what the reader of the command can do, by its arguments.

use std::process::Command;

use crate::workshop::{LIMIT, Workshop};

const CONFIG: &str = "[tls]\nidentity = { chain = 'server.crt', key = 'server.key' }\n\
    trust_anchors = 'ca.crt'\npolicy = { allow = 'any_authenticated()' }\npoll_interval = '200ms'\n\
    [upstream]\nidentity = { chain = 'server.crt', key = 'server.key' }\n\
    trust_anchors = 'ca.crt'\nserver_name = 'server.test'\n";

/// Encrypts the server's key, or puts it in a container, by OpenSSL.
fn openssl(workshop: &Workshop, arguments: &str) {
    let mut command = Command::new("openssl");
    command.current_dir(workshop.path());
    let made = command.args(arguments.split(' ')).output().unwrap();
    assert!(made.status.success(), "{arguments}: {made:?}");
}

#[test]
fn a_missing_passphrase_names_where_it_is_given() {
    let workshop = Workshop::new();
    openssl(
        &workshop,
        "pkcs8 -topk8 -v2 aes256 -in server.key -passout pass:x -out closed.key",
    );
    openssl(
        &workshop,
        "pkcs12 -export -in server.crt -inkey server.key -passout pass:x -out closed.p12",
    );
    let closed = CONFIG.replace("server.key", "closed.key");
    workshop.write("service.toml", &closed);
    let key = "--cert server.crt --key closed.key --cacert ca.crt";
    let container = "--cert closed.p12 --cacert ca.crt";
    let config = "--config service.toml";
    let commands = [
        "check",
        "probe localhost:1",
        "watch --for 1s --policy any_authenticated()",
        "proxy --listen 127.0.0.1:0 --forward 127.0.0.1:1 --policy any_authenticated()",
        "explain --chain server.crt --side client",
    ];
    for command in commands {
        for (material, reason, place) in [
            (key, "encrypted_key", "`--passphrase-file FILE`"),
            (container, "passphrase_missing", "`--passphrase-file FILE`"),
            (
                config,
                "encrypted_key",
                "`passphrase = { file = \"FILE\" }` in `identity`",
            ),
        ] {
            let command = match material {
                "--config service.toml" => command.replace(" --policy any_authenticated()", ""),
                _ => command.to_owned(),
            };
            let (code, document) = workshop.json(&format!("{command} {material}"));
            assert_eq!((code, &document["reason"]), (1, &reason.into()));
            let hint = document["hint"].as_str().unwrap();
            assert!(hint.contains(place) && !hint.contains("in code"), "{hint}");
        }
    }
}

#[test]
fn a_key_that_becomes_encrypted_names_where_its_passphrase_is_given() {
    let workshop = Workshop::new();
    workshop.write("service.toml", CONFIG);
    let watch = workshop.start("watch --config service.toml --json");
    watch.wait_for_line(r#""event":"started""#, LIMIT);
    openssl(
        &workshop,
        "pkcs8 -topk8 -v2 aes256 -in server.key -passout pass:x -out closed.key",
    );
    let path = workshop.path();
    std::fs::rename(path.join("closed.key"), path.join("server.key")).unwrap();
    let line = watch.wait_for_line(r#""event":"reload_failed""#, LIMIT);
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    let hint = line["finding"]["hint"].as_str().unwrap();
    assert!(hint.contains("`passphrase = { file"), "{hint}");
}
