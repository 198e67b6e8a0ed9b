//! `mtls check`: each cause for which peers reject an identity is named before they do.

use std::fs;

use mtls::test_util::{ExtendedKeyUsage, Extension};
use tempfile::TempDir;

use crate::answer::{Answer, answer, command};
use crate::common::pki::crl::Crl;
use crate::common::pki::{self, Authority, AuthorityBuilder, Credential, Leaf, Validity};
use crate::common::programs::{Program, run};
use crate::workshop::LIMIT;

/// A folder with the files of one identity.
struct Files(TempDir);

impl Files {
    fn of(identity: &Credential, anchors: &[&Authority]) -> Self {
        let files = Self(TempDir::new().unwrap());
        files.write("chain.pem", &identity.chain_pem());
        files.write("key.pem", &identity.key_pem());
        let anchors: String = anchors.iter().map(|anchor| anchor.pem()).collect();
        files.write("ca.pem", &anchors);
        files
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        #[cfg(unix)]
        if name == "key.pem" {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    /// Checks the identity with these arguments more.
    #[track_caller]
    fn check(&self, more: &[&str]) -> Answer {
        let files = ["check", "--cert", "chain.pem", "--key", "key.pem"];
        let arguments: Vec<&str> = files.iter().chain(more).copied().collect();
        answer(self.0.path(), &arguments, b"")
    }

    fn with_anchors(&self) -> Answer {
        self.check(&["--cacert", "ca.pem"])
    }
}

impl Files {
    /// Returns what people read.
    fn text(&self, more: &[&str]) -> String {
        let files = ["check", "--cert", "chain.pem", "--key", "key.pem"];
        let mut command = command(self.0.path(), &files);
        run(command.args(more), b"", LIMIT).stdout
    }
}

/// Returns the verdict and the reason of a side.
fn side<'a>(answer: &'a Answer, side: &str) -> (&'a str, &'a str) {
    let sides = answer.json["identities"][0]["sides"].as_array().unwrap();
    let side = sides.iter().find(|one| one["side"] == side).unwrap();
    let reason = side.get("reason").and_then(|reason| reason.as_str());
    (
        side["verdict"].as_str().unwrap(),
        reason.unwrap_or_default(),
    )
}

fn both() -> Leaf {
    Leaf::named("alice").dns("alice.test").client().server()
}

#[track_caller]
fn is_rejected(files: &Files, reason: &str) {
    let found = files.with_anchors();
    assert_eq!(found.code, 1, "{found:#?}");
    assert!(found.reasons().contains(&reason), "{reason}: {found:#?}");
    assert_eq!(side(&found, "client"), ("rejected", reason), "{found:#?}");
}

#[test]
fn a_good_identity_is_good_for_what_it_is_meant() {
    let root = Authority::named("Rhea");
    let issuing = root.intermediate("Ivo");
    let files = Files::of(&both().issued_by(&issuing).with(&issuing), &[&root]);
    let found = files.with_anchors();
    assert_eq!(
        (
            found.code,
            side(&found, "client").0,
            side(&found, "server").0
        ),
        (0, "good", "good")
    );
    let names = &found.json["identities"][0]["sides"][1]["names"];
    assert_eq!(names[0]["name"], "alice.test");

    // One side alone is enough where the certificate is for one.
    let client = Leaf::named("bob").client().issued_by(&root);
    let found = Files::of(&client, &[&root]).with_anchors();
    assert_eq!(found.code, 0, "{found:#?}");
    assert_eq!(side(&found, "client").0, "good");
    assert_eq!(
        side(&found, "server"),
        ("rejected", "wrong_extended_key_usage")
    );
    // But not for the other.
    let found = Files::of(&client, &[&root]).check(&["--cacert", "ca.pem", "--side", "server"]);
    assert_eq!(
        (found.code, found.reasons()),
        (1, vec!["wrong_extended_key_usage"])
    );

    // Nothing limits it, and it has no name: it is a client's.
    let found = Files::of(&Leaf::named("carol").issued_by(&root), &[&root]).with_anchors();
    assert_eq!(
        (found.code, side(&found, "client").0),
        (0, "good"),
        "{found:#?}"
    );
    // It is known by its SPIFFE ID, on both sides.
    let svid = Leaf::named("dave")
        .uri("spiffe://prod.test/dave")
        .client()
        .server();
    let found = Files::of(&svid.issued_by(&root), &[&root]).with_anchors();
    assert_eq!(
        (found.code, side(&found, "server").0),
        (0, "good"),
        "{found:#?}"
    );
}

#[test]
fn without_anchors_trust_is_not_known() {
    let root = Authority::named("Rhea");
    let issuing = root.intermediate("Ivo");
    let files = Files::of(&both().issued_by(&issuing).with(&issuing), &[&root]);
    let found = files.check(&[]);
    assert_eq!(
        (found.code, side(&found, "client").0),
        (3, "unknown"),
        "{found:#?}"
    );
    assert_eq!(found.reasons(), ["missing_trust_anchors"]);
    let findings = found.json["findings"].as_array().unwrap();
    let hint = findings[findings.len() - 1]["hint"].as_str().unwrap();
    assert!(
        hint.contains("CN=Rhea") && hint.contains("--cacert"),
        "{hint}"
    );
    // What is wrong with it shows all the same.
    let expired = both()
        .validity(Validity::expired())
        .issued_by(&issuing)
        .with(&issuing);
    let found = Files::of(&expired, &[&root]).check(&[]);
    assert_eq!(
        (found.code, side(&found, "server").0),
        (1, "rejected"),
        "{found:#?}"
    );
    let alone = both().validity(Validity::expired()).issued_by(&issuing);
    let found = Files::of(&alone, &[&root]).check(&[]);
    assert_eq!(
        (found.code, found.json["reason"].as_str()),
        (1, Some("expired"))
    );
}

#[test]
fn each_cause_of_a_rejection_is_named() {
    let root = Authority::named("Rhea");
    let issuing = root.intermediate("Ivo");
    let of = |leaf: Leaf| Files::of(&leaf.issued_by(&root), &[&root]);
    is_rejected(&of(both().validity(Validity::expired())), "expired");
    is_rejected(&of(both().validity(Validity::not_yet())), "not_yet_valid");
    let other = Leaf::named("x").extended_key_usage(ExtendedKeyUsage::CodeSigning);
    is_rejected(&of(other), "wrong_extended_key_usage");
    is_rejected(
        &Files::of(&both().issued_by(&issuing), &[&root]),
        "unknown_issuer",
    );
    let stranger = Authority::named("Sam");
    is_rejected(
        &Files::of(&both().issued_by(&stranger), &[&root]),
        "unknown_issuer",
    );
    let namesake = root.namesake();
    is_rejected(
        &Files::of(&both().issued_by(&namesake), &[&root]),
        "unknown_issuer",
    );
    let limited = AuthorityBuilder::named("Lim").permits_dns("other.test");
    let limited = limited.issued_by(&root);
    let outside = both().issued_by(&limited).with(&limited);
    is_rejected(&Files::of(&outside, &[&root]), "name_constraint_violated");
    let odd = Extension::critical(&[1, 3, 6, 1, 4, 1, 99999, 1], [5, 0]);
    is_rejected(&of(both().extension(odd)), "unhandled_critical_extension");
}

#[test]
fn certificates_that_are_made_for_tests_are_pointed_out() {
    let root = Authority::named("Rhea");
    let found = Files::of(&both().issued_by(&root), &[&root]).with_anchors();
    assert_eq!(found.code, 0);
    let warnings: Vec<_> = found.findings("warning").collect();
    assert_eq!(warnings, ["test_certificate", "test_certificate"]);
    assert_eq!(
        found.json["identities"][0]["certificates"][0]["is_test"],
        true
    );
}

#[test]
fn a_certificate_of_a_ca_is_no_identity() {
    let root = Authority::named("Rhea");
    let files = Files::of(&both().marked_as_ca().issued_by(&root), &[&root]);
    let found = files.with_anchors();
    assert_eq!((found.code, found.reasons()), (1, vec!["ca_leaf"]));
}

#[test]
fn revoked_and_stale_lists_are_found() {
    let root = Authority::named("Rhea");
    let alice = both().issued_by(&root);
    let files = Files::of(&alice, &[&root]);
    let list = |name: &str, list: &[u8]| files.write(name, &pki::pem("X509 CRL", list));
    list("good.crl", &Crl::new().signed_by(&root));
    list(
        "revoked.crl",
        &Crl::new().lists(alice.leaf()).signed_by(&root),
    );
    list("stale.crl", &Crl::stale().signed_by(&root));
    list(
        "foreign.crl",
        &Crl::new().signed_by(&Authority::named("Sam")),
    );
    let with = |list: &str| files.check(&["--cacert", "ca.pem", "--crl", list]);
    assert_eq!(with("good.crl").code, 0);
    let found = with("revoked.crl");
    assert_eq!(
        (found.code, side(&found, "client")),
        (1, ("rejected", "revoked"))
    );
    let found = with("stale.crl");
    assert_eq!(
        (found.code, side(&found, "client")),
        (1, ("rejected", "revocation_list_stale"))
    );
    let found = with("foreign.crl");
    assert_eq!(
        side(&found, "client"),
        ("rejected", "revocation_status_unknown")
    );
    assert!(
        found.reasons().contains(&"unclaimed_revocation_list"),
        "{found:#?}"
    );
}

#[test]
fn a_stale_list_that_a_service_requires_is_a_fault() {
    let root = Authority::named("Rhea");
    let files = Files::of(&both().issued_by(&root), &[&root]);
    files.write(
        "stale.crl",
        &pki::pem("X509 CRL", &Crl::stale().signed_by(&root)),
    );
    let config = |rules: &str| {
        let text = format!(
            "[tls]\nidentity = {{ chain = \"chain.pem\", key = \"key.pem\" }}\ntrust_anchors = \"ca.pem\"\n\
             revocation_lists = \"stale.crl\"\npolicy = {{ allow = \"any_authenticated()\", revocation = {{ {rules} }} }}\n"
        );
        files.write("service.toml", &text);
        answer(files.0.path(), &["check", "--config", "service.toml"], b"")
    };
    let found = config("depth = \"leaf\"");
    assert_eq!(found.code, 1, "{found:#?}");
    assert!(
        found
            .findings("fault")
            .any(|one| one == "revocation_list_stale")
    );
    let found = config("depth = \"leaf\", danger_allow_stale_lists = true");
    assert_eq!(found.code, 0, "{found:#?}");
    assert!(
        found
            .findings("warning")
            .any(|one| one == "revocation_list_stale")
    );
}

#[test]
fn anchors_and_certificates_that_end_soon_are_warnings() {
    let root = Authority::named("Rhea");
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let day = 86_400;
    let soon = both()
        .validity(Validity::between_unix(now - day * 20, now + day * 5))
        .issued_by(&root);
    let over = AuthorityBuilder::named("Old")
        .validity(Validity::expired())
        .self_signed();
    let leaf = Leaf::named("no CA").self_signed();
    let files = Files::of(&soon, &[&root, &over]);
    let anchors = root.pem() + &over.pem() + &pki::certificate_pem(leaf.leaf());
    files.write("ca.pem", &anchors);
    let found = files.with_anchors();
    assert_eq!(found.code, 0, "{found:#?}");
    for reason in ["expires_soon", "anchor_expired", "anchor_not_ca"] {
        assert!(
            found.findings("warning").any(|one| one == reason),
            "{reason}: {found:#?}"
        );
    }
    // At another time it has ended.
    let found = files.check(&["--cacert", "ca.pem", "--at", "2100-01-01T00:00:00Z"]);
    assert_eq!(
        (found.code, found.json["reason"].as_str()),
        (1, Some("expired"))
    );
}

#[cfg(unix)]
#[test]
fn a_key_that_others_may_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt;

    let root = Authority::named("Rhea");
    let files = Files::of(&both().issued_by(&root), &[&root]);
    let key = files.0.path().join("key.pem");
    fs::set_permissions(key, fs::Permissions::from_mode(0o644)).unwrap();
    let found = files.with_anchors();
    assert_eq!(
        (found.code, found.reasons()),
        (0, vec!["insecure_key_file"])
    );
}

#[test]
fn a_chain_in_the_wrong_order_can_be_repaired() {
    let root = Authority::named("Rhea");
    let issuing = root.intermediate("Ivo");
    let alice = both().issued_by(&issuing);
    let files = Files::of(&alice, &[&root]);
    files.write("chain.pem", &(issuing.pem() + &alice.chain_pem()));
    let found = files.with_anchors();
    assert_eq!(
        (found.code, found.reasons()),
        (1, vec!["leaf_not_first", "repairable_chain"])
    );
}

#[test]
fn weak_keys_and_old_versions_are_found() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let script = r#"
set -e
printf '[req]\ndistinguished_name=dn\n[dn]\n' >c.conf
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=Rhea \
    -config c.conf -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out weak.key
openssl req -new -key weak.key -subj /CN=weak -config c.conf -out weak.csr
openssl x509 -req -in weak.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 9 -out weak.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out old.key
openssl req -new -key old.key -subj /CN=old -config c.conf -out old.csr
openssl x509 -req -in old.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 9 -out old.pem
"#;
    let mut shell = std::process::Command::new("bash");
    shell.args(["-c", script]).current_dir(folder.path());
    let limit = std::time::Duration::from_secs(60);
    run(&mut shell, b"", limit).expect_success();
    drop(openssl);
    let check = |name: &str| {
        let (cert, key) = (format!("{name}.pem"), format!("{name}.key"));
        let files = [
            "check", "--cacert", "ca.pem", "--cert", &cert, "--key", &key,
        ];
        answer(folder.path(), &files, b"")
    };
    let found = check("weak");
    assert_eq!((found.code, found.reasons()), (1, vec!["key_unsupported"]));
    let found = check("old");
    assert_eq!(
        (found.code, side(&found, "client")),
        (1, ("rejected", "unsupported_version"))
    );
    assert_eq!(found.reasons(), ["unsupported_version"], "{found:#?}");
}

#[test]
fn a_configuration_is_built() {
    let root = Authority::named("Rhea");
    let files = Files::of(&both().issued_by(&root), &[&root]);
    let config = |text: &str| {
        files.write("service.toml", text);
        answer(files.0.path(), &["check", "--config", "service.toml"], b"")
    };
    let tls = "[tls]\nidentity = { chain = \"chain.pem\", key = \"key.pem\" }\ntrust_anchors = \"ca.pem\"\n";
    let found = config(&format!(
        "{tls}policy = {{ allow = \"dns(alice.test)\" }}\n"
    ));
    assert_eq!(found.code, 1, "{found:#?}");
    assert_eq!(found.reasons(), ["invalid_matcher"]);
    let message = found.json["message"].as_str().unwrap();
    assert!(
        message.contains("tls.policy.allow") && message.contains("service.toml:4:"),
        "{message}"
    );
    let found = config(&format!(
        "{tls}policy = {{ allow = 'dns(\"alice.test\")' }}\n"
    ));
    assert_eq!(
        (found.code, side(&found, "server").0),
        (0, "good"),
        "{found:#?}"
    );
    let upstream = tls.replace("tls", "upstream");
    let found = config(&format!(
        "{tls}policy = {{ allow = 'dns(\"alice.test\")' }}\n{upstream}server_name = \"db.test\"\nhandshake_timeout = \"0s\"\n"
    ));
    assert_eq!(
        (found.code, found.reasons()),
        (1, vec!["invalid_setting"]),
        "{found:#?}"
    );
    // Our CA need not be the CA of our peers.
    let stranger = Authority::named("Sam");
    files.write("ca.pem", &stranger.pem());
    let found = config(&format!(
        "{tls}policy = {{ allow = 'dns(\"alice.test\")' }}\n"
    ));
    assert_eq!(
        (found.code, side(&found, "server")),
        (3, ("unknown", "unknown_issuer"))
    );
}

#[test]
fn nothing_given_and_a_wrong_option_differ() {
    let folder = TempDir::new().unwrap();
    let found = answer(folder.path(), &["check"], b"");
    assert_eq!((found.code, found.reasons()), (2, vec!["missing_identity"]));
    let mut command = command(folder.path(), &["check", "--nothing"]);
    assert_eq!(command.output().unwrap().status.code(), Some(2));
}

#[test]
fn each_fact_is_said_once() {
    let root = Authority::named("Rhea");
    let odd = Extension::critical(&[1, 3, 6, 1, 4, 1, 99999, 1], [5, 0]);
    let files = Files::of(&both().extension(odd).issued_by(&root), &[&root]);
    let found = files.with_anchors();
    assert_eq!(found.reasons(), ["unhandled_critical_extension"]);
    let text = files.text(&["--cacert", "ca.pem"]);
    assert_eq!(text.matches("1.3.6.1.4.1.99999.1").count(), 1, "{text}");
    // Without anchors the fault is that of the leaf alone.
    let found = files.check(&[]);
    assert_eq!(found.reasons(), ["rejected_leaf", "missing_trust_anchors"]);

    let files = Files::of(&both().issued_by(&root), &[&root]);
    files.write(
        "stale.crl",
        &pki::pem("X509 CRL", &Crl::stale().signed_by(&root)),
    );
    let found = files.check(&["--cacert", "ca.pem", "--crl", "stale.crl"]);
    assert_eq!(found.reasons(), ["revocation_list_stale"]);
}

#[test]
fn a_side_that_a_certificate_is_not_for_is_not_meant() {
    let root = Authority::named("Rhea");
    let server = Leaf::named("a").dns("a.test").server().issued_by(&root);
    let files = Files::of(&server, &[&root]);
    let text = files.text(&["--cacert", "ca.pem"]);
    let line = "as client: not meant (its extended key usage is serverAuth)\nas server: good\n";
    assert!(text.contains(line), "{text}");
    let found = files.with_anchors();
    assert_eq!(side(&found, "client").1, "wrong_extended_key_usage");
    assert_eq!(found.code, 0);
}

#[test]
fn a_chain_that_ends_below_an_unknown_ca_says_what_may_be_missing() {
    let root = Authority::named("Rhea");
    let intermediate = root.intermediate("Ivo");
    let server = Leaf::named("a").dns("a.test").server();
    let files = Files::of(&server.issued_by(&intermediate), &[&root]);
    let config = "[tls]\nidentity = { chain = 'chain.pem', key = 'key.pem' }\n\
                  trust_anchors = 'ca.pem'\npolicy = { allow = 'any_authenticated()' }\n";
    files.write("service.toml", config);
    let found = answer(files.0.path(), &["check", "--config", "service.toml"], b"");
    assert_eq!(
        (found.code, found.reasons()),
        (3, vec!["unproved_identity"])
    );
    let hint = found.json["findings"].to_string();
    assert!(hint.contains("append the certificate of CN=Ivo"), "{hint}");
    // By arguments the anchors are those of peers, so that it is a fault.
    let found = files.with_anchors();
    assert_eq!(found.json["reason"], "unknown_issuer");
    let hint = found.json["hint"].as_str().unwrap();
    assert!(
        hint.contains("Most likely CN=Ivo is an intermediate"),
        "{hint}"
    );
}
