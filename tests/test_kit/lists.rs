//! The lists of a CA, as OpenSSL reads them.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use mtls::material::RevocationList;
use mtls::test_util::{Fault, TestCa, TestCredential, TestFiles};

use crate::common::programs::{Program, run};

/// What OpenSSL says of a chain by the lists of `ca`, where each CA has to have one.
fn verdict(openssl: &Program, ca: &TestCa, credential: &TestCredential) -> String {
    let files = TestFiles::of(ca, "localhost");
    let chain = files.folder().join("chain.pem");
    fs::write(&chain, credential.chain_pem()).unwrap();
    let mut command = openssl.command();
    command.args(["verify", "-crl_check_all", "-CAfile"]);
    command.arg(files.anchors());
    command.arg("-CRLfile").arg(files.revocation_lists());
    command.arg("-untrusted").arg(&chain).arg(&chain);
    let finished = run(&mut command, b"", Duration::from_secs(20));
    let first = finished.stderr.lines().find(|line| line.contains("lookup"));
    match first.and_then(|line| line.split(": ").last()) {
        Some(reason) => reason.to_owned(),
        None => finished.expect_success(),
    }
}

/// Without these lists each of them was "unable to get certificate CRL".
#[test]
fn no_fault_is_hidden_by_a_missing_list() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let ca = TestCa::new("Example CA");
    let expected = HashMap::from([
        (Fault::ExpiredIntermediate, "certificate has expired"),
        (Fault::IssuerNotCa, "invalid CA certificate"),
        (Fault::NameConstraintViolated, "excluded subtree violation"),
        (Fault::PathLengthExceeded, "path length constraint exceeded"),
        (Fault::Revoked, "certificate revoked"),
    ]);
    for (fault, expected) in expected {
        let credential = ca.leaf("payments").client().fault(fault).credential();
        assert_eq!(verdict(&openssl, &ca, &credential), expected, "{fault:?}");
    }
    // OpenSSL follows as many intermediates.
    for leaf in [
        ca.leaf("payments").client(),
        ca.leaf("payments").client().fault(Fault::PathTooLong),
    ] {
        let text = verdict(&openssl, &ca, &leaf.credential());
        assert!(text.ends_with(": OK\n"), "{text}");
    }
}

#[test]
fn the_lists_of_a_ca_come_first_and_their_numbers_grow() {
    let root = TestCa::new("Example CA");
    let branch = root.intermediate("Example Branch");
    let lists = [branch.revocation_lists(), branch.revocation_lists()];
    for lists in &lists {
        let issuers: Vec<String> = lists.iter().map(RevocationList::issuer).collect();
        assert_eq!(issuers[0], "CN=Example Branch");
        assert!(issuers[1].contains("CN=Example CA"), "{issuers:?}");
        assert_eq!(issuers.len(), 11, "{issuers:?}");
    }
    for (before, after) in lists[0].iter().zip(lists[1].iter()) {
        assert_eq!(before.issuer(), after.issuer());
        assert!(before.number() < after.number(), "{}", before.issuer());
    }
}
