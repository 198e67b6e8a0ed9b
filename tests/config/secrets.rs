//! No key and no passphrase shows in an error, in `Debug`, or in a configuration that is written.

use std::error::Error;

use mtls::config::{Format, ServerConfig};
use mtls::{Report, Rustls};

use super::common::pki::Leaf;
use super::place::Place;

const PASSPHRASE: &str = "correct-horse-battery";

/// The base64 of the key alone, in one line.
fn secret_of(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

/// Neither the secret nor any 12 characters of it in a row.
#[track_caller]
fn is_clean(text: &str, secret: &str) {
    let dense: String = text.split_whitespace().collect();
    for window in secret.as_bytes().windows(12) {
        let window = std::str::from_utf8(window).unwrap();
        assert!(!dense.contains(window), "{window} in {text}");
    }
}

#[test]
fn an_inline_key_shows_nowhere() {
    let place = Place::new();
    let server = place.issue(Leaf::named("server").server().dns("server.test"));
    let (key, secret) = (server.key_pem(), secret_of(&server.key_pem()));
    let config = serde_json::json!({
        "identity": {
            "chain": { "inline": server.chain_pem() },
            "key": { "inline": key },
            "passphrase": { "inline": PASSPHRASE },
        },
        "trust_anchors": { "base64": base64(place.root.pem().as_bytes()) },
        "policy": { "allow": "any_authenticated()" },
    });
    let config = ServerConfig::from_text(&config.to_string(), Format::Json, "").unwrap();
    config.builder().unwrap().build(Rustls::default()).unwrap();
    let written = serde_json::to_string(&config).unwrap();
    let debug = format!("{config:?} {:?}", config.builder().unwrap());
    for text in [&written, &debug] {
        is_clean(text, &secret);
        is_clean(text, PASSPHRASE);
        is_clean(text, &base64(place.root.pem().as_bytes()));
    }
    // What was left out is not taken for a value.
    let error = ServerConfig::from_text(&written, Format::Json, "").unwrap_err();
    assert!(error.to_string().contains("give it again"), "{error}");
}

/// A key in each field, in each form and format: as a text, in a list, as a key of a table.
#[test]
fn a_key_in_the_wrong_place_shows_in_no_error() {
    let place = Place::new();
    let key = place.issue(Leaf::named("server")).key_pem();
    let secret = secret_of(&key);
    let fields = [
        "identity",
        "trust_anchors",
        "trust_bundles",
        "revocation_lists",
        "policy",
        "shadow_policy",
        "protocol_versions",
        "alpn",
        "resumption",
        "handshake_timeout",
        "live_connections",
        "retire_connections",
        "on_expiry",
        "on_source_lost",
        "self_trust",
        "key_permissions",
        "warn_before_expiry",
        "poll_interval",
        "ca_names",
        "listener",
        "unknown",
    ];
    let values = |text: &str| {
        let text = serde_json::Value::from(text);
        let table = |name: &str, value: &serde_json::Value| serde_json::json!({ name: value });
        let mut values = vec![
            text.clone(),
            serde_json::json!([text]),
            serde_json::json!([[text]]),
        ];
        for name in [
            "chain",
            "key",
            "file",
            "env",
            "base64",
            "passphrase",
            "friendly_name",
            "repair_chain",
            "allow",
            "server_spiffe",
            "profile",
            "max_intermediates",
            "revocation",
            "max_age",
            "reject_after",
            "max_connections",
            "proxy_protocol",
            "dns",
            "inline",
        ] {
            values.push(table(name, &text));
            values.push(table(name, &table(name, &text)));
            values.push(table(name, &table("any_of", &serde_json::json!([text]))));
        }
        values.push(table(text.as_str().unwrap(), &text));
        values
    };
    let mut errors = 0;
    for text in [&*key, &*secret] {
        for field in fields {
            for value in values(text) {
                let mut config = serde_json::json!({
                    "identity": { "file": "tls.pem" },
                    "trust_anchors": "ca.crt",
                    "policy": { "allow": "any_authenticated()" },
                });
                config[field] = value;
                let json = config.to_string();
                // JSON is YAML.
                for format in [Format::Json, Format::Yaml] {
                    if let Err(error) = read(&json, format, &secret) {
                        errors += 1;
                        let report = Report::new(&*error).to_string();
                        is_clean(&report, &secret);
                        assert!(report.len() < 4096, "{report}");
                    }
                }
                if let Some(toml) = toml_of(&config)
                    && let Err(error) = read(&toml, Format::Toml, &secret)
                {
                    errors += 1;
                    let report = Report::new(&*error).to_string();
                    is_clean(&report, &secret);
                }
            }
        }
    }
    assert!(errors > 1000, "{errors}");
}

/// Reads it; what is accepted shows no key either.
fn read(text: &str, format: Format, secret: &str) -> Result<(), Box<dyn Error>> {
    let config = ServerConfig::from_text(text, format, "")?;
    let builder = config.builder()?;
    let written = serde_json::to_string(&config)?;
    for shown in [written, format!("{config:?} {builder:?}")] {
        is_clean(&shown, secret);
    }
    Ok(())
}

/// The same in TOML; `None` for what it has no form for.
fn toml_of(config: &serde_json::Value) -> Option<String> {
    fn value(value: &serde_json::Value) -> Option<String> {
        Some(match value {
            serde_json::Value::Object(map) => {
                let entries = map.iter().map(|(key, entry)| {
                    Some(format!(
                        "{} = {}",
                        serde_json::to_string(key).ok()?,
                        value_of(entry)?
                    ))
                });
                format!("{{ {} }}", entries.collect::<Option<Vec<_>>>()?.join(", "))
            }
            other => value_of(other)?,
        })
    }
    fn value_of(entry: &serde_json::Value) -> Option<String> {
        match entry {
            serde_json::Value::Null => None,
            serde_json::Value::Object(_) => value(entry),
            serde_json::Value::Array(list) => {
                let list = list.iter().map(value_of).collect::<Option<Vec<_>>>()?;
                Some(format!("[{}]", list.join(", ")))
            }
            scalar => serde_json::to_string(scalar).ok(),
        }
    }
    let lines = config.as_object()?.iter().map(|(key, entry)| {
        Some(format!(
            "{} = {}",
            serde_json::to_string(key).ok()?,
            value_of(entry)?
        ))
    });
    Some(lines.collect::<Option<Vec<_>>>()?.join("\n"))
}

fn base64(bytes: &[u8]) -> String {
    let pem = super::common::pki::pem("X", bytes);
    secret_of(&pem)
}
