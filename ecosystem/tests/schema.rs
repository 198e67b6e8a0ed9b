//! The JSON Schemas of configurations and the configurations themselves reject the same faults.

use jsonschema::Validator;
use mtls::config::{ClientConfig, Format, ServerConfig};
use serde_json::{Map, Value, json};

/// Every field, so that a fault can be made in each.
fn server() -> Value {
    json!({
        "identity": {
            "chain": { "credential": "tls.crt" },
            "key": "tls.key",
            "passphrase": { "env": "PASSPHRASE" },
            "friendly_name": "web",
            "repair_chain": true
        },
        "trust_anchors": ["ca.crt", { "directory": "anchors.d" }, { "env": "CA" }, { "base64": "AA==" }],
        "revocation_lists": { "file": "ca.crl" },
        "policy": {
            "allow": {
                "any_of": [
                    { "spiffe_id": "spiffe://prod.example/a" },
                    { "all_of": [{ "dns_suffix": "internal" }, { "not": { "ip_network": "10.0.0.0/8" } }] },
                    "dns(\"a.example\")"
                ]
            },
            "profile": "rfc5280",
            "max_intermediates": 2,
            "min_rsa_bits": 3072,
            "max_leaf_lifetime": "1day 6h",
            "revocation": {
                "depth": "leaf",
                "danger_allow_unknown_status": true,
                "danger_allow_stale_lists": false,
                "danger_cover_certificates_without_distribution_point": false
            },
            "danger_allow_x509_v1_leaf": false,
            "danger_allow_common_name_as_dns": false,
            "danger_allow_server_auth_for_clients": false
        },
        "shadow_policy": { "allow": { "any_authenticated": true } },
        "protocol_versions": ["tls1.2", "tls1.3"],
        "alpn": ["h2"],
        "resumption": { "max_age": "1h" },
        "handshake_timeout": "5s",
        "live_connections": "close",
        "retire_connections": "30s",
        "on_expiry": "reject",
        "on_source_lost": { "reject_after": "1h" },
        "self_trust": "require",
        "key_permissions": "deny",
        "warn_before_expiry": ["7days", "1day"],
        "poll_interval": "1min",
        "wait_for_first": "1min",
        "clock_skew": "10s",
        "self_validity": "require",
        "name": "orders",
        "ca_names": false,
        "listener": {
            "max_handshakes": 10,
            "max_connections": 20,
            "max_per_client": 5,
            "proxy_protocol": ["10.0.0.7"]
        }
    })
}

fn client() -> Value {
    json!({
        "identity": { "file": "client.p12", "passphrase": { "file": "passphrase" } },
        "trust_bundles": { "prod.example": ["a.crt", "b.crt"], "other.example": "c.crt" },
        "policy": { "server_spiffe": "trust_domain(\"prod.example\")" },
        "server_name": "db.internal"
    })
}

/// The place of a value, and the value with a fault there.
type Fault = (String, Value);

/// Each value with another type, and each table with an unknown field.
fn faults(value: &Value, at: &str, rebuild: &dyn Fn(Value) -> Value, faults: &mut Vec<Fault>) {
    let wrong = match value {
        Value::Number(_) | Value::Bool(_) => json!("text"),
        _ => json!(5.5),
    };
    faults.push((format!("{at}: another type"), rebuild(wrong)));
    faults.push((format!("{at}: null"), rebuild(Value::Null)));
    match value {
        Value::Object(map) => {
            if !at.ends_with("trust_bundles") {
                let mut more = map.clone();
                more.insert("unknown".to_owned(), json!("x"));
                faults.push((format!("{at}: unknown field"), rebuild(Value::Object(more))));
            }
            for (key, inner) in map {
                let with = |inner: Value| {
                    let mut map: Map<String, Value> = map.clone();
                    map.insert(key.clone(), inner);
                    rebuild(Value::Object(map))
                };
                self::faults(inner, &format!("{at}.{key}"), &with, faults);
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                let with = |inner: Value| {
                    let mut list = list.clone();
                    list[index] = inner;
                    rebuild(Value::Array(list))
                };
                self::faults(inner, &format!("{at}[{index}]"), &with, faults);
            }
        }
        _ => {}
    }
}

/// Required fields that are left out.
fn missing(value: &Value, paths: &[&str]) -> Vec<Fault> {
    let without = |path: &&str| {
        let mut faulty = value.clone();
        let (table, key) = path.rsplit_once('/').unwrap();
        let table = faulty.pointer_mut(table).unwrap().as_object_mut().unwrap();
        assert!(table.remove(key).is_some(), "{path}");
        (format!("{path}: missing"), faulty)
    };
    paths.iter().map(without).collect()
}

fn compare(schema: &str, good: &Value, faulty: Vec<Fault>, reads: fn(&str) -> Result<(), String>) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let schema: Validator = jsonschema::validator_for(&schema).unwrap();
    let problems: Vec<_> = schema.iter_errors(good).map(|e| e.to_string()).collect();
    assert_eq!(problems, [""; 0]);
    reads(&good.to_string()).unwrap();
    for (what, value) in &faulty {
        assert!(!schema.is_valid(value), "the schema accepts {what}");
        assert!(reads(&value.to_string()).is_err(), "it is read: {what}");
    }
}

#[test]
fn a_server_is_judged_alike() {
    let mut faulty = Vec::new();
    faults(&server(), "", &|value| value, &mut faulty);
    assert!(faulty.len() > 80, "{}", faulty.len());
    faulty.extend(missing(
        &server(),
        &[
            "/identity",
            "/policy",
            "/policy/revocation/depth",
            "/resumption/max_age",
            "/on_source_lost/reject_after",
        ],
    ));
    compare(ServerConfig::JSON_SCHEMA, &server(), faulty, |text| {
        let config = ServerConfig::from_text(text, Format::Json, "");
        config.map(drop).map_err(|error| error.to_string())
    });
}

#[test]
fn a_client_is_judged_alike() {
    let mut faulty = Vec::new();
    faults(&client(), "", &|value| value, &mut faulty);
    faulty.extend(missing(&client(), &["/identity"]));
    compare(ClientConfig::JSON_SCHEMA, &client(), faulty, |text| {
        let config = ClientConfig::from_text(text, Format::Json, "");
        config.map(drop).map_err(|error| error.to_string())
    });
}
