//! The examples of the documentation are configurations that work.

use mtls::config::{ClientConfig, Format, ServerConfig};
use mtls::{OpenSsl, Rustls};

use super::place::Place;

const GUIDE: &str = include_str!("../../src/guides/configuration.md");
const MODULE: &str = include_str!("../../src/integration/config/example.toml");

/// The blocks of the guide, each with its language.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let parts = GUIDE.split("\n```").skip(1).step_by(2);
    parts.map(|block| block.split_once('\n').unwrap()).collect()
}

#[test]
fn the_servers_of_the_guide_are_built_on_both_backends() {
    let place = Place::new();
    let mut built = 0;
    for (language, text) in blocks() {
        if !matches!(language, "toml" | "yaml" | "json") || !text.contains("retire_connections") {
            continue;
        }
        let name = format!("service.{language}");
        place.write(&name, text);
        let config = ServerConfig::from_file(place.path(&name), "tls").unwrap();
        config.builder().unwrap().build(Rustls::default()).unwrap();
        config.builder().unwrap().build(OpenSsl::default()).unwrap();
        built += 1;
    }
    assert_eq!(built, 3);
}

#[test]
fn the_other_examples_are_read() {
    let mut read = 0;
    for (language, text) in blocks() {
        let (format, identity) = match language {
            "toml" => (
                Format::Toml,
                "\n[tls.identity]\nfile = 'a'\n[tls.trust_bundles]\n'a' = 'b'",
            ),
            "yaml" => (Format::Yaml, "  identity: {file: a}\n  trust_anchors: b\n"),
            _ => continue,
        };
        if text.contains("retire_connections") {
            continue;
        }
        if text.contains("[tls.listener]") {
            ServerConfig::from_text(text, format, "tls").unwrap();
        } else if text.contains("[upstream]") {
            ClientConfig::from_text(text, format, "upstream").unwrap();
        } else {
            // A policy alone.
            ServerConfig::from_text(&format!("{text}\n{identity}"), format, "tls").unwrap();
        }
        read += 1;
    }
    assert_eq!(read, 4);
}

#[test]
fn the_example_of_the_module_is_read() {
    ServerConfig::from_text(MODULE, Format::Toml, "tls").unwrap();
    let client = ClientConfig::from_text(MODULE, Format::Toml, "upstream").unwrap();
    assert_eq!(client.server_name().unwrap(), "db.internal");
}

/// Each field of the schema stands in the guide.
#[test]
fn the_guide_has_every_field() {
    for schema in [ServerConfig::JSON_SCHEMA, ClientConfig::JSON_SCHEMA] {
        let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
        let mut fields: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
        for table in [
            "IdentityConfig",
            "PolicyConfig",
            "RevocationConfig",
            "ListenerConfig",
        ] {
            if let Some(table) = schema["$defs"][table]["properties"].as_object() {
                fields.extend(table.keys());
            }
        }
        assert!(fields.len() > 20);
        for field in fields {
            assert!(
                GUIDE.contains(&format!("`{field}`")) || GUIDE.contains(&format!("{field} =")),
                "{field}"
            );
        }
    }
}
