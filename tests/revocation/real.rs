//! Lists by `openssl ca -gencrl`, as people make them.

use std::fs;
use std::time::Duration;

use mtls::RejectionReason::{RevocationListStale, RevocationStatusUnknown, Revoked};
use mtls::error::MaterialProblem;
use mtls::pki_types::pem::PemObject;
use mtls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use mtls::{MaterialError, RejectionReason, RevocationLists, RevocationRules, VerifierPolicy};

use crate::common::openssl_ca::{CONFIG, Cas};
use crate::common::pki::pem;
use crate::common::programs::{self, Program};
use crate::scene::Scene;
use crate::{assert_rejected, chain_depth, leaf_depth};

/// The handshakes of peers that the CAs certified.
trait Meetings {
    fn scene(&self) -> Scene;

    #[track_caller]
    fn assert(
        &self,
        rules: RevocationRules,
        lists: &RevocationLists,
        expected: Result<(), (RejectionReason, usize)>,
    );

    fn verify(
        &self,
        rules: RevocationRules,
        lists: &[CertificateRevocationListDer<'static>],
    ) -> Result<(), mtls::Rejection>;
}

impl Meetings for Cas {
    fn scene(&self) -> Scene {
        let mut scene = Scene::new()
            .client_presents(&self.credential("alice"))
            .server_presents(&self.credential("server"));
        let anchors = vec![self.certificate("root/ca.crt")];
        scene.client.anchors = anchors.clone();
        scene.server.anchors = anchors;
        scene
    }

    /// Pure and over sockets, by clients and by servers.
    #[track_caller]
    fn assert(
        &self,
        rules: RevocationRules,
        lists: &RevocationLists,
        expected: Result<(), (RejectionReason, usize)>,
    ) {
        let ders: Vec<CertificateRevocationListDer<'_>> =
            lists.iter().map(|list| list.as_der().clone()).collect();
        let verdict = self.verify(rules, &ders);
        match expected {
            Ok(()) => verdict.unwrap(),
            Err((reason, index)) => assert_rejected(verdict, reason, Some(index), ""),
        }
        let policy = VerifierPolicy::allow_any_authenticated().revocation(rules);
        let mut by_server = self.scene();
        by_server.server.policy = policy.clone();
        by_server.server.revocation_lists = Some(lists.clone());
        let mut by_client = self.scene().without_native_tls();
        by_client.client.policy = policy;
        by_client.client.revocation_lists = Some(lists.clone());
        match expected {
            Ok(()) => {
                by_server.is_allowed();
                by_client.is_allowed();
            }
            Err((reason, index)) => {
                let words = format!("certificate {index}");
                by_server.client_is_rejected(reason, &[&words]);
                by_client.server_is_rejected(reason, &[&words]);
            }
        }
    }

    fn verify(
        &self,
        rules: RevocationRules,
        lists: &[CertificateRevocationListDer<'static>],
    ) -> Result<(), mtls::Rejection> {
        let anchors = [self.certificate("root/ca.crt")];
        let chain = self.credential("alice").chain;
        crate::verify_by(&anchors, rules, lists, &chain, UnixTime::now())
    }
}

#[test]
fn good_and_revoked() {
    let Some(cas) = Cas::new() else { return };
    let good = cas.both("");
    cas.assert(leaf_depth(), &good, Ok(()));
    cas.assert(chain_depth(), &good, Ok(()));
    cas.revoke("issuing", "alice.crt");
    cas.revoke("issuing", "server.crt");
    let revoked = cas.both("");
    cas.assert(leaf_depth(), &revoked, Err((Revoked, 0)));
    cas.assert(chain_depth(), &revoked, Err((Revoked, 0)));
    // The lists of before and of now, in both orders.
    let [before, now] = [&good, &revoked];
    for parts in [[before, now], [now, before]] {
        let lists = RevocationLists::join(parts.map(Clone::clone)).unwrap();
        cas.assert(chain_depth(), &lists, Err((Revoked, 0)));
    }
    let numbers: Vec<_> = revoked
        .iter()
        .map(|list| list.number().unwrap().to_vec())
        .collect();
    assert_eq!(numbers, [[2], [2]]);
}

#[test]
fn a_revoked_ca() {
    let Some(cas) = Cas::new() else { return };
    cas.revoke("root", "../issuing/ca.crt");
    let lists = cas.both("");
    cas.assert(leaf_depth(), &lists, Ok(()));
    cas.assert(chain_depth(), &lists, Err((Revoked, 1)));
}

#[test]
fn stale_or_missing() {
    let Some(cas) = Cas::new() else { return };
    let dates = "-crl_lastupdate 20250101000000Z -crl_nextupdate 20250201000000Z";
    let stale = cas.both(dates);
    cas.assert(leaf_depth(), &stale, Err((RevocationListStale, 0)));
    cas.assert(chain_depth().danger_allow_stale_lists(), &stale, Ok(()));
    let of_root = cas.list("root", "");
    cas.assert(leaf_depth(), &of_root, Err((RevocationStatusUnknown, 0)));
    let of_issuing = cas.list("issuing", "");
    cas.assert(leaf_depth(), &of_issuing, Ok(()));
    cas.assert(
        chain_depth(),
        &of_issuing,
        Err((RevocationStatusUnknown, 1)),
    );
    cas.assert(
        chain_depth().danger_allow_unknown_status(),
        &of_issuing,
        Ok(()),
    );
}

#[test]
fn der_and_pem_are_one() {
    let Some(cas) = Cas::new() else { return };
    cas.revoke("issuing", "alice.crt");
    let lists = cas.list("issuing", "");
    cas.run("issuing", "crl -in now.crl -outform DER -out now.der");
    let file = cas.path("issuing").join("now.der");
    assert_eq!(RevocationLists::from_file(&file).unwrap(), lists);
    let text = pem("X509 CRL", &fs::read(&file).unwrap());
    assert_eq!(RevocationLists::from_pem(text.as_bytes()).unwrap(), lists);
}

/// As easy-rsa makes them: extensions, but no number.
#[test]
fn without_a_number() {
    let Some(cas) = Cas::new() else { return };
    let without = CONFIG.replace("crlnumber = $dir/crlnumber\n", "");
    for ca in ["root", "issuing"] {
        fs::write(cas.path(ca).join("config"), &without).unwrap();
    }
    let good = cas.both("");
    assert!(good.iter().all(|list| list.number().is_none()));
    cas.assert(chain_depth(), &good, Ok(()));
    cas.revoke("issuing", "alice.crt");
    cas.revoke("issuing", "server.crt");
    let revoked = cas.both("");
    cas.assert(chain_depth(), &revoked, Err((Revoked, 0)));
    let lists = RevocationLists::join([revoked, good]).unwrap();
    cas.assert(chain_depth(), &lists, Err((Revoked, 0)));
}

/// cfssl makes them by Go's `CreateCRL`.
#[test]
fn by_cfssl() {
    let (Some(cfssl), Some(cas)) = (Program::cfssl(), Cas::new()) else {
        return;
    };
    let list_of = |serials: &str| {
        fs::write(cas.path("issuing").join("serials"), serials).unwrap();
        let mut command = cfssl.command();
        command
            .args(["gencrl", "serials", "ca.crt", "ca.key"])
            .current_dir(cas.path("issuing"));
        let base64 = programs::run(&mut command, b"", Duration::from_secs(30)).expect_success();
        let text = format!("-----BEGIN X509 CRL-----\n{base64}\n-----END X509 CRL-----\n");
        RevocationLists::from_pem(text.as_bytes()).unwrap()
    };
    let (good, revoking) = (list_of("5\n"), list_of("4096\n4097\n"));
    assert!(good.iter().all(|list| list.number().is_none()));
    cas.assert(leaf_depth(), &good, Ok(()));
    cas.assert(leaf_depth(), &revoking, Err((Revoked, 0)));
}

#[test]
fn without_extensions_it_is_of_version_1() {
    let Some(cas) = Cas::new() else { return };
    let without = CONFIG
        .replace("crlnumber = $dir/crlnumber\n", "")
        .replace("crl_extensions = crl\n", "");
    fs::write(cas.path("root").join("config"), without).unwrap();
    cas.run("root", "ca -gencrl -config config -out now.crl");
    let error = RevocationLists::from_file(cas.path("root").join("now.crl")).unwrap_err();
    assert_version_1(&error);
    // What the message says is enough.
    let with_number = CONFIG.replace("crl_extensions = crl\n", "");
    fs::write(cas.path("root").join("config"), with_number).unwrap();
    let lists = cas.list("root", "");
    assert_eq!(lists.iter().next().unwrap().number(), Some(&[1][..]));
}

/// The CA is in a keystore; what the documentation of `RevocationLists` says is followed to the
/// letter.
#[test]
fn of_a_ca_in_a_keystore() {
    let (Some(keytool), Some(openssl)) = (Program::keytool(), Program::openssl()) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let run = |program: &Program, line: &str| {
        let mut command = program.command();
        command
            .args(line.split_whitespace())
            .current_dir(folder.path());
        programs::run(&mut command, b"", Duration::from_secs(60)).expect_success()
    };
    let java = |line: &str| run(&keytool, &format!("{line} -storepass secret"));
    let file = |name: &str| folder.path().join(name);
    java(
        "-genkeypair -keystore ca.jks -alias ca -keyalg EC -dname CN=Kay -validity 60 -ext \
         bc:critical=ca:true -ext ku:critical=keyCertSign,cRLSign",
    );
    java("-exportcert -keystore ca.jks -alias ca -rfc -file ca.crt");
    for name in ["alice", "bob"] {
        java(&format!(
            "-genkeypair -keystore leaves.jks -alias {name} -keyalg EC -dname CN={name}"
        ));
        java(&format!(
            "-certreq -keystore leaves.jks -alias {name} -file {name}.csr"
        ));
        java(&format!(
            "-gencert -keystore ca.jks -alias ca -infile {name}.csr -rfc -outfile {name}.crt \
             -validity 30 -ext bc=ca:false -ext ku:critical=digitalSignature -ext eku=clientAuth"
        ));
    }
    java("-gencrl -keystore ca.jks -alias ca -id 5 -rfc -file v1.crl");
    assert_version_1(&RevocationLists::from_file(file("v1.crl")).unwrap_err());

    run(
        &keytool,
        "-importkeystore -srckeystore ca.jks -destkeystore ca.p12 -deststoretype PKCS12 \
         -srcstorepass secret -deststorepass secret",
    );
    run(
        &openssl,
        "pkcs12 -in ca.p12 -nodes -out ca.pem -passin pass:secret",
    );
    let config = "[ca]\ndefault_ca = lists\n[lists]\ndatabase = index.txt\ncrlnumber = crlnumber\n\
                  default_md = sha256\ndefault_crl_days = 30\n";
    fs::write(file("crl.cnf"), config).unwrap();
    fs::write(file("index.txt"), "").unwrap();
    fs::write(file("crlnumber"), "01\n").unwrap();
    let ca = "ca -config crl.cnf -cert ca.pem -keyfile ca.pem";
    run(&openssl, &format!("{ca} -revoke alice.crt"));
    run(&openssl, &format!("{ca} -gencrl -out ca.crl"));

    let lists = RevocationLists::from_file(file("ca.crl")).unwrap();
    let ders: Vec<_> = lists.iter().map(|list| list.as_der().clone()).collect();
    let certificate = |name: &str| CertificateDer::from_pem_file(file(name)).unwrap();
    let verify = |name: &str| {
        let anchors = [certificate("ca.crt")];
        let chain = [certificate(name)];
        crate::verify_by(&anchors, leaf_depth(), &ders, &chain, UnixTime::now())
    };
    verify("bob.crt").unwrap();
    assert_rejected(verify("alice.crt"), Revoked, Some(0), "");
}

#[track_caller]
fn assert_version_1(error: &MaterialError) {
    let is_it = matches!(error.problem(), MaterialProblem::RevocationListVersion1);
    assert!(is_it, "{error}");
}
