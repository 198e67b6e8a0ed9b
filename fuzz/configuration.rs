//! Configurations: whatever an operator's file or environment holds.

use std::ffi::OsString;

use mtls::config::{ClientConfig, ConfigError, Format, ServerConfig};

use super::check_error;
use super::secrets::Secrets;

/// The first byte chooses the format. What is read can be written, and then says the same.
pub fn config_file(input: &[u8]) {
    let Some((first, text)) = input.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let format = match first % 3 {
        0 => Format::Toml,
        1 => Format::Yaml,
        _ => Format::Json,
    };
    let secrets = Secrets::in_pem(text.as_bytes());
    for section in ["", "tls"] {
        match ServerConfig::from_text(text, format, section) {
            Ok(config) => {
                drop(config.builder().map_err(|error| check(&error, &secrets)));
                let written = serde_json::to_string(&config).unwrap();
                match ServerConfig::from_text(&written, Format::Json, "") {
                    Ok(again) => assert_eq!(written, serde_json::to_string(&again).unwrap()),
                    // What the file itself held was left out.
                    Err(error) => assert!(written.contains("redacted"), "{error}: {written}"),
                }
            }
            Err(error) => check(&error, &secrets),
        }
        match ClientConfig::from_text(text, format, section) {
            Ok(config) => drop(config.builder().map_err(|error| check(&error, &secrets))),
            Err(error) => check(&error, &secrets),
        }
    }
}

/// Lines of `NAME=value`.
pub fn config_environment(input: &[u8]) {
    let lines = || {
        input.split(|byte| *byte == b'\n').filter_map(|line| {
            let line = String::from_utf8_lossy(line).into_owned();
            let (name, value) = line.split_once('=')?;
            Some((OsString::from(name), OsString::from(value)))
        })
    };
    // Names are no secrets, and a value of one line holds no PEM.
    let secrets = Secrets::in_pem(&[]);
    for prefix in ["MTLS_", ""] {
        match ServerConfig::from_variables(prefix, lines()) {
            Ok(config) => drop(config.builder().map_err(|error| check(&error, &secrets))),
            Err(error) => check(&error, &secrets),
        }
        match ClientConfig::from_variables(prefix, lines()) {
            Ok(config) => drop(config.builder().map_err(|error| check(&error, &secrets))),
            Err(error) => check(&error, &secrets),
        }
    }
}

fn check(error: &ConfigError, secrets: &Secrets) {
    check_error(error, secrets);
    assert!(error.to_string().len() < 4096, "{error}");
    assert!(!error.hint().is_empty());
}
