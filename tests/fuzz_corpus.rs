//! Replays the committed corpus of the fuzz targets, on stable, with the assertions that they have.

// The checks need signature algorithms.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]

#[path = "../fuzz/checks.rs"]
mod checks;

use std::fs;
use std::path::Path;

fn replay(target: &str, check: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut replayed = 0;
    for entry in fs::read_dir(&corpus).unwrap() {
        let path = entry.unwrap().path();
        // Printed by the test harness when a check panics.
        println!("{}", path.display());
        check(&fs::read(&path).unwrap());
        replayed += 1;
    }
    assert!(replayed > 0, "{} is empty", corpus.display());
}

#[test]
fn ber() {
    replay("ber", checks::ber);
}

#[test]
fn certificate() {
    replay("certificate", checks::certificate);
}

#[cfg(feature = "http")]
#[test]
fn client_cert() {
    replay("client_cert", checks::client_cert);
}

#[test]
fn crl() {
    replay("crl", checks::crl);
}

#[cfg(all(feature = "openssl", feature = "encrypted-keys"))]
#[test]
fn encrypted_key() {
    replay("encrypted_key", checks::encrypted_key);
}

#[test]
fn identity_pem() {
    replay("identity_pem", checks::identity_pem);
}

#[test]
fn peer_identity() {
    replay("peer_identity", checks::peer_identity);
}

#[test]
fn pem() {
    replay("pem", checks::pem);
}

#[cfg(feature = "openssl")]
#[test]
fn pem_differential() {
    replay("pem_differential", checks::pem_differential);
}

#[cfg(all(feature = "openssl", feature = "pkcs12"))]
#[test]
fn pkcs12() {
    replay("pkcs12", checks::pkcs12);
}

#[test]
fn pkcs7() {
    replay("pkcs7", checks::pkcs7);
}

#[cfg(feature = "config")]
#[test]
fn config_environment() {
    replay("config_environment", checks::config_environment);
}

#[cfg(feature = "config")]
#[test]
fn config_file() {
    replay("config_file", checks::config_file);
}

#[cfg(feature = "tokio")]
#[test]
fn proxy_header() {
    replay("proxy_header", checks::proxy_header);
}

#[test]
fn inspect() {
    replay("inspect", checks::inspect);
}

#[test]
fn policy_text() {
    replay("policy_text", checks::policy_text);
}

#[test]
fn private_key() {
    replay("private_key", checks::private_key);
}

#[cfg(all(feature = "aws-lc-rs", feature = "watch"))]
#[test]
fn reload_model() {
    replay("reload_model", checks::reload_model);
}

#[cfg(feature = "openssl")]
#[test]
fn san_differential() {
    replay("san_differential", checks::san_differential);
}

#[test]
fn sniff() {
    replay("sniff", checks::sniff);
}

#[test]
fn spiffe_id() {
    replay("spiffe_id", checks::spiffe_id);
}

#[test]
fn trust_anchors() {
    replay("trust_anchors", checks::trust_anchors);
}

#[test]
fn verdict_differential() {
    replay("verdict_differential", checks::verdict_differential);
}

#[test]
fn verify_chain() {
    replay("verify_chain", checks::verify_chain);
}

#[cfg(feature = "http")]
#[test]
fn xfcc() {
    replay("xfcc", checks::xfcc);
}
