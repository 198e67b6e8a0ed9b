//! The JSON Schema of configurations, and the test that the files in `schema/` are current.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::{env, fs};

use schemars::generate::SchemaSettings;
use serde_json::Value;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::fields::identity::PassphraseConfig;
use super::fields::input::{InputConfig, Inputs};
use super::fields::matcher::MatcherConfig;
use super::fields::secret::Secret;
use super::fields::settings::{ClientConfig, ServerConfig};
use super::fields::value::Time;
use crate::policy::matcher::PeerMatcher;

/// Implements the schema of a type whose `Deserialize` is written by hand.
macro_rules! schema {
    ($type:ident, $make:expr) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let make: fn(&mut SchemaGenerator) -> Schema = $make;
                make(generator)
            }
        }
    };
}

schema!(Secret, |_| json_schema!({ "type": "string" }));
schema!(Time, |_| json_schema!({
    "description": "A time with its unit, such as `30s`, `12h` or `1day 6h`.",
    "type": "string",
    "pattern": Time::PATTERN,
}));
schema!(InputConfig, |_| places(InputConfig::KEYS, true));
schema!(PassphraseConfig, |_| places(PassphraseConfig::KEYS, false));
schema!(Inputs, |generator| {
    let one = generator.subschema_for::<InputConfig>();
    json_schema!({
        "description": "One place, or a list of places.",
        "anyOf": [one, { "type": "array", "items": one, "minItems": 1, "maxItems": 1024 }],
    })
});
schema!(MatcherConfig, |generator| {
    let this = generator.subschema_for::<MatcherConfig>();
    let list = || json_schema!({ "type": "array", "items": this, "minItems": 1 });
    let mut fields = BTreeMap::from([
        ("all_of", list()),
        ("any_authenticated", json_schema!({ "const": true })),
        ("any_of", list()),
        ("file", path()),
        ("not", this.clone()),
    ]);
    fields.extend(
        PeerMatcher::pattern_names().map(|name| (name, json_schema!({ "type": "string" }))),
    );
    let table = table(fields);
    json_schema!({
        "description": "Who matches: the text of a matcher, or a table with the name of one.",
        "anyOf": [{ "type": "string" }, table],
    })
});

fn path() -> Schema {
    json_schema!({ "type": "string", "minLength": 1 })
}

/// A table with one of these keys.
fn places(keys: &[&'static str], has_short_form: bool) -> Schema {
    let place = |key: &&'static str| match *key {
        "file" | "directory" | "env" => (*key, path()),
        _ => (*key, json_schema!({ "type": "string" })),
    };
    let table = table(keys.iter().map(place).collect());
    if has_short_form {
        json_schema!({
            "description": "A path, or a table that names another place.",
            "anyOf": [path(), table],
        })
    } else {
        table
    }
}

fn table(fields: BTreeMap<&str, Schema>) -> Schema {
    json_schema!({
        "type": "object",
        "properties": fields,
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 1,
    })
}

/// An optional field is left out, and never `null`.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [only] = &**types {
                    let only = only.clone();
                    map.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(choices)) = map.get_mut("anyOf") {
                choices.retain(|choice| choice["type"] != "null");
                if let [Value::Object(only)] = &**choices {
                    let only = only.clone();
                    map.remove("anyOf");
                    map.extend(only);
                }
            }
            map.remove("default");
            map.values_mut().for_each(without_null);
        }
        Value::Array(list) => list.iter_mut().for_each(without_null),
        _ => {}
    }
}

fn generated<T: JsonSchema>() -> String {
    let schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<T>();
    let mut schema = serde_json::to_value(schema).unwrap();
    without_null(&mut schema);
    let schema = schema.as_object_mut().unwrap();
    schema.insert("title".to_owned(), T::schema_name().into_owned().into());
    let mut text = serde_json::to_string_pretty(schema).unwrap();
    text.push('\n');
    text
}

/// `MTLS_BLESS=1` writes the files.
#[test]
fn the_schemas_are_current() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/schema");
    for (name, generated, compiled) in [
        (
            "client-config.json",
            generated::<ClientConfig>(),
            ClientConfig::JSON_SCHEMA,
        ),
        (
            "server-config.json",
            generated::<ServerConfig>(),
            ServerConfig::JSON_SCHEMA,
        ),
    ] {
        if env::var_os("MTLS_BLESS").is_some() {
            fs::write(format!("{folder}/{name}"), &generated).unwrap();
        } else {
            assert!(
                compiled == generated,
                "{name} is not current: run this test with MTLS_BLESS=1"
            );
        }
    }
}
