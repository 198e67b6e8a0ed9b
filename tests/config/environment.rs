//! The environment as a configuration.

use std::env;
use std::ffi::OsString;
use std::process::Command;

use mtls::config::{ClientConfig, ServerConfig};
use mtls::{Report, Rustls};

use super::place::Place;

/// Set in the process that reads its own environment.
const CHILD: &str = "CONFIG_TEST_CHILD";

fn variables<'a>(
    place: &'a Place,
    pairs: &'a [(&'a str, &'a str)],
) -> impl Iterator<Item = (OsString, OsString)> + 'a {
    pairs.iter().map(|(name, value)| {
        let is_path = name.ends_with("_FILE") || name.ends_with("_DIRECTORY");
        let value = match value {
            value if is_path && !value.is_empty() => place.path(value).into(),
            value => OsString::from(value),
        };
        (OsString::from(name), value)
    })
}

const WHOLE: [(&str, &str); 6] = [
    ("PATH", "/bin"),
    ("MTLS_CERT_FILE", "tls.crt"),
    ("MTLS_KEY_FILE", "tls.key"),
    ("MTLS_CA_FILE", "ca.crt"),
    ("MTLS_CRL_FILE", "ca.crl"),
    ("MTLS_POLICY", "trust_domain(\"prod.test\")"),
];

#[test]
fn a_server_is_built_from_the_environment_alone() {
    let place = Place::new();
    let config = ServerConfig::from_variables("MTLS_", variables(&place, &WHOLE)).unwrap();
    let server = config.builder().unwrap().build(Rustls::default()).unwrap();
    let status = server.handle().status();
    assert!(status.revocation_lists_expire_at().is_some(), "{status}");
    let shown = serde_json::to_value(&config).unwrap();
    assert_eq!(shown["policy"]["revocation"]["depth"], "chain");
    assert_eq!(shown["policy"]["allow"], "trust_domain(\"prod.test\")");
}

#[test]
fn a_prefix_names_the_variables_of_one_client() {
    let place = Place::new();
    let pairs = [
        ("UPSTREAM_IDENTITY_FILE", "tls.pem"),
        ("UPSTREAM_CA_DIRECTORY", "anchors"),
        ("UPSTREAM_SERVER_NAME", "server.test"),
        ("MTLS_CERT_FILE", "of another client"),
        // Kubernetes sets these for a service called `upstream`.
        ("UPSTREAM_SERVICE_HOST", "10.0.0.1"),
        ("UPSTREAM_SERVICE_PORT", "5432"),
        ("UPSTREAM_SERVICE_PORT_HTTPS", "5432"),
        ("UPSTREAM_PORT", "tcp://10.0.0.1:5432"),
        ("UPSTREAM_PORT_5432_TCP_ADDR", "10.0.0.1"),
    ];
    std::fs::create_dir(place.path("anchors")).unwrap();
    std::fs::copy(place.path("ca.crt"), place.path("anchors/ca.crt")).unwrap();
    let config = ClientConfig::from_variables("UPSTREAM_", variables(&place, &pairs)).unwrap();
    config.builder().unwrap().build(Rustls::default()).unwrap();
    assert_eq!(config.server_name().unwrap(), "server.test");
}

/// The variable that is wrong, with what, and the remedy.
#[test]
fn a_wrong_variable_is_named() {
    let place = Place::new();
    let with = |changes: &[(&'static str, &'static str)]| {
        let mut pairs: Vec<_> = WHOLE.to_vec();
        for (name, value) in changes {
            pairs.retain(|(other, _)| other != name);
            if *value != "(unset)" {
                pairs.push((name, value));
            }
        }
        let config = ServerConfig::from_variables("MTLS_", variables(&place, &pairs));
        let error = config.expect_err(changes[0].0);
        Report::new(&error).to_string()
    };
    for (changes, variable, part) in [
        (
            vec![("MTLS_CERT_FILE", "(unset)")],
            "MTLS_CERT_FILE",
            "it is required",
        ),
        (
            vec![("MTLS_KEY_FILE", "(unset)")],
            "MTLS_KEY_FILE",
            "it is required",
        ),
        (
            vec![("MTLS_CA_FILE", "(unset)")],
            "MTLS_CA_FILE",
            "it is required",
        ),
        (
            vec![("MTLS_POLICY", "(unset)")],
            "MTLS_POLICY",
            "it is required",
        ),
        (vec![("MTLS_POLICY", "")], "MTLS_POLICY", "it is empty"),
        (
            vec![("MTLS_POLICY", "any_of()")],
            "MTLS_POLICY",
            "the matcher is wrong",
        ),
        (vec![("MTLS_CRL_FILE", "")], "MTLS_CRL_FILE", "it is empty"),
        (
            vec![("MTLS_CRL_DEPTH", "all")],
            "MTLS_CRL_DEPTH",
            "neither `chain` nor `leaf`",
        ),
        (
            vec![("MTLS_CRL_FILE", "(unset)"), ("MTLS_CRL_DEPTH", "leaf")],
            "MTLS_CRL_FILE",
            "it is required",
        ),
        (
            vec![("MTLS_CA_DIRECTORY", "anchors")],
            "MTLS_CA_",
            "it cannot be given together",
        ),
        (
            vec![("MTLS_CRT_FILE", "tls.crt")],
            "MTLS_CRT_FILE",
            "MTLS_CERT_FILE, MTLS_KEY_FILE",
        ),
        (
            vec![("MTLS_SERVER_NAME", "a.example")],
            "MTLS_SERVER_NAME",
            "for clients",
        ),
        (
            vec![("MTLS_DANGER_ALLOW_UNKNOWN_STATUS", "true")],
            "MTLS_DANGER_ALLOW_UNKNOWN_STATUS",
            "the environment cannot relax a rule",
        ),
        (
            vec![("MTLS_IDENTITY_FILE", "tls.pem")],
            "identity",
            "the identity is given twice",
        ),
    ] {
        let report = with(&changes);
        assert!(report.starts_with(variable), "{variable}: {report}");
        assert!(report.contains(part), "{part}: {report}");
        assert!(report.contains("\nhint: "), "{report}");
    }
}

/// A real process with a real environment.
#[test]
fn a_process_reads_its_own_environment() {
    if env::var_os(CHILD).is_some() {
        let config = ServerConfig::from_env().unwrap();
        config.builder().unwrap().build(Rustls::default()).unwrap();
        println!("built from the environment");
        return;
    }
    let place = Place::new();
    let this = "environment::a_process_reads_its_own_environment";
    let child = Command::new(env::current_exe().unwrap())
        .args(["--exact", this, "--nocapture"])
        .env_clear()
        .envs(variables(&place, &WHOLE))
        .env(CHILD, "1")
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{child:?}");
    assert!(output.contains("built from the environment"), "{output}");
}
