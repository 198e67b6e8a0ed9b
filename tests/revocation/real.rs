//! Lists by `openssl ca -gencrl`, as people make them.

use std::fs;

use mtls::RejectionReason::{RevocationListStale, RevocationStatusUnknown, Revoked};
use mtls::pki_types::{CertificateRevocationListDer, UnixTime};
use mtls::{RejectionReason, RevocationLists, RevocationRules, VerifierPolicy};

use crate::common::openssl_ca::{CONFIG, Cas};
use crate::common::pki::pem;
use crate::scene::Scene;
use crate::{assert_refused, chain_depth, leaf_depth};

/// The meetings of those whom the CAs certified.
trait Meetings {
    fn scene(&self) -> Scene;

    #[track_caller]
    fn assert(
        &self,
        rules: RevocationRules,
        lists: &RevocationLists,
        expected: Result<(), (RejectionReason, usize)>,
    );

    fn judge(
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
        let verdict = self.judge(rules, &ders);
        match expected {
            Ok(()) => verdict.unwrap(),
            Err((reason, index)) => assert_refused(verdict, reason, Some(index), ""),
        }
        let policy = VerifierPolicy::allow_any_authenticated().with_revocation(rules);
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
                by_server.client_is_refused(reason, &[&words]);
                by_client.server_is_refused(reason, &[&words]);
            }
        }
    }

    fn judge(
        &self,
        rules: RevocationRules,
        lists: &[CertificateRevocationListDer<'static>],
    ) -> Result<(), mtls::Rejection> {
        let anchors = [self.certificate("root/ca.crt")];
        let chain = self.credential("alice").chain;
        crate::judge_by(&anchors, rules, lists, &chain, UnixTime::now())
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
        let lists = RevocationLists::together(parts.map(Clone::clone)).unwrap();
        cas.assert(chain_depth(), &lists, Err((Revoked, 0)));
    }
    let numbers: Vec<_> = revoked.iter().map(|list| list.number().to_vec()).collect();
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
    assert_eq!(RevocationLists::from_der_file(&file).unwrap(), lists);
    let text = pem("X509 CRL", &fs::read(&file).unwrap());
    assert_eq!(RevocationLists::from_pem(text.as_bytes()).unwrap(), lists);
}

#[test]
fn without_a_number_it_is_refused() {
    let Some(cas) = Cas::new() else { return };
    let without = CONFIG
        .replace("crlnumber = $dir/crlnumber\n", "")
        .replace("crl_extensions = crl\n", "");
    fs::write(cas.path("root").join("config"), without).unwrap();
    cas.run("root", "ca -gencrl -config config -out now.crl");
    let error = RevocationLists::from_pem_file(cas.path("root").join("now.crl")).unwrap_err();
    // Without extensions it is of version 1.
    assert!(error.to_string().contains("version 2"), "{error}");
}
