//! Each mistake that people make with files is named at the first try.

use std::fs;

use crate::answer::answer;
use crate::formats::mistake_cases::MISTAKES;
use crate::formats::workshop::Workshop;
use crate::formats::write_passphrase;

/// What a mistake shows.
#[derive(Clone, Copy, Debug)]
enum Shown {
    /// A finding with this reason, which makes the command fail.
    Fault(&'static str),
    /// A finding with this reason, which does not.
    Finding(&'static str),
    /// Nothing: only code can make the mistake, or the command reads it.
    Nothing,
}
use Shown::{Fault, Finding, Nothing};

/// The arguments, in which `MADE` is the file of the mistake.
const SHOWN: &[(&str, &str, Shown)] = &[
    (
        "a path with a typing error",
        "check --cert p256.chain.pem --key p265.key",
        Fault("unreadable_file"),
    ),
    (
        "a directory in place of a file",
        "check --cert p256.chain.pem --key MADE",
        Fault("not_a_file"),
    ),
    (
        "certificate and key in each other's place",
        "check --cert p256.key --key p256.chain.pem",
        Fault("key_instead_of_certificate"),
    ),
    (
        "the key of another certificate",
        "inspect p256.chain.pem MADE",
        Fault("key_mismatch"),
    ),
    (
        "the CA's key",
        "check --cert p256.chain.pem --key MADE",
        Fault("ca_key"),
    ),
    (
        "the CA's certificate as one's own",
        "check --cert MADE --key issuing.key",
        Fault("ca_leaf"),
    ),
    (
        "a chain upside down",
        "inspect MADE",
        Fault("leaf_not_first"),
    ),
    (
        "the root in place of the intermediate",
        "inspect MADE",
        Fault("missing_intermediate"),
    ),
    (
        "repairing a chain that lacks its intermediate",
        "check --cert MADE --key p256.key",
        Fault("leaf_not_first"),
    ),
    (
        "an encrypted key without its passphrase",
        "inspect MADE",
        Finding("encrypted"),
    ),
    (
        "a wrong passphrase",
        "inspect MADE --passphrase-file passphrase",
        Fault("wrong_passphrase"),
    ),
    (
        "a passphrase from a variable that is not set",
        "check --config variable.toml --section tls",
        Fault("unreadable_passphrase"),
    ),
    (
        "a passphrase from a file that is not there",
        "inspect MADE --passphrase-file nowhere",
        Fault("unreadable_file"),
    ),
    (
        "a secret store that does not answer",
        "inspect MADE",
        Nothing,
    ),
    (
        "the request in place of the certificate",
        "check --cert MADE --key p256.key",
        Fault("unexpected_section"),
    ),
    (
        "the public key in place of the private one",
        "check --cert p256.chain.pem --key MADE",
        Fault("unexpected_section"),
    ),
    (
        "a key of ssh-keygen",
        "inspect MADE",
        Fault("unexpected_section"),
    ),
    (
        "a key on secp256k1",
        "inspect MADE",
        Fault("key_unsupported"),
    ),
    (
        "an RSA key of 1024 bits",
        "inspect MADE",
        Fault("key_unsupported"),
    ),
    (
        "a key with its curve spelled out",
        "inspect MADE",
        Fault("key_without_curve_name"),
    ),
    (
        "PKCS#12 where PEM is expected",
        "check --cert p256.chain.pem --key MADE",
        Fault("unexpected_pkcs12"),
    ),
    (
        "PKCS#12 without its passphrase",
        "check --cert MADE",
        Fault("passphrase_missing"),
    ),
    (
        "PKCS#12 that nothing protects",
        "inspect MADE --passphrase-file passphrase",
        Fault("pkcs12_without_mac"),
    ),
    (
        "an identity as a store of trust anchors",
        "check --cacert MADE --passphrase-file passphrase --cert p256.chain.pem --key p256.key",
        Fault("identity_instead_of_anchors"),
    ),
    (
        "an old Java keystore",
        "inspect MADE",
        Fault("unexpected_content"),
    ),
    (
        "PKCS#7 as an identity",
        "check --cert MADE",
        Fault("unexpected_content"),
    ),
    ("DER where PEM is expected", "inspect MADE", Nothing),
    (
        "saved by PowerShell",
        "inspect MADE",
        Fault("unexpected_utf16"),
    ),
    (
        "line breaks lost in an environment variable",
        "inspect MADE",
        Fault("literal_line_breaks"),
    ),
    (
        "files put together without a line break",
        "inspect MADE",
        Fault("end_and_begin_share_line"),
    ),
    (
        "a file that was cut off",
        "inspect MADE",
        Fault("missing_end"),
    ),
    ("an empty file", "inspect MADE", Fault("empty_input")),
    (
        "an error page in place of a certificate",
        "inspect MADE",
        Fault("unexpected_content"),
    ),
    (
        "a certificate with OpenSSL's trust settings",
        "inspect MADE",
        Fault("unexpected_section"),
    ),
    (
        "a certificate as a revocation list",
        "check --cert p256.chain.pem --key p256.key --cacert root.crt --crl MADE",
        Fault("certificate_instead_of_revocation_list"),
    ),
    (
        "two keys in one file",
        "check --cert p256.chain.pem --key MADE",
        Fault("second_key"),
    ),
    (
        "a key that takes an hour to open",
        "inspect MADE --passphrase-file passphrase",
        Fault("too_costly"),
    ),
    (
        "a folder of anchors with something else in it",
        "inspect MADE",
        Fault("unexpected_content"),
    ),
    (
        "an empty folder of anchors",
        "inspect MADE",
        Fault("no_certificate_in_directory"),
    ),
    (
        "a key that every user may read, where that is denied",
        "inspect MADE",
        Finding("insecure_key_file"),
    ),
];

const VARIABLE: &str = r#"
[tls]
identity = { chain = "p256.chain.pem", key = "out/x", passphrase = { env = "CLIENT_KEY_PASSPHRASE" } }
trust_anchors = "root.crt"
policy = { allow = 'dns("db.test")' }
"#;

#[test]
fn each_mistake_is_named_by_one_command() {
    let Some(workshop) = Workshop::open() else {
        return;
    };
    let folder = workshop.path("");
    write_passphrase(&workshop);
    fs::write(folder.join("variable.toml"), VARIABLE).unwrap();
    let named: Vec<&str> = SHOWN.iter().map(|(mistake, ..)| *mistake).collect();
    let made: Vec<&str> = MISTAKES.iter().map(|(mistake, ..)| *mistake).collect();
    assert_eq!(named, made);
    let mut wrong = Vec::new();
    for ((mistake, command, _), (_, arguments, shown)) in MISTAKES.iter().zip(SHOWN) {
        let made = workshop.make(command);
        let arguments: Vec<&str> = arguments
            .split(' ')
            .map(|word| {
                if word == "MADE" {
                    made.to_str().unwrap()
                } else {
                    word
                }
            })
            .collect();
        let answer = answer(&folder, &arguments, b"");
        let is_shown = match shown {
            Fault(reason) => answer.code == 1 && answer.findings("fault").any(|one| one == *reason),
            Finding(reason) => answer.code != 1 && answer.reasons().contains(reason),
            Nothing => answer.code == 0,
        };
        if !is_shown {
            wrong.push(format!("{mistake}: {shown:?}, but {}", answer.printed));
        }
        // Each says what to do.
        for finding in answer.json["findings"].as_array().unwrap() {
            if finding["hint"].as_str().is_none_or(str::is_empty) {
                wrong.push(format!("{mistake}: no hint: {finding}"));
            }
            if finding.to_string().contains("in code") {
                wrong.push(format!("{mistake}: a hint for programmers: {finding}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
