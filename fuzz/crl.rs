//! What must hold of revocation lists.

use mtls::material::RevocationList;
use mtls::pki_types::{CertificateRevocationListDer, UnixTime};
use mtls::policy::RevocationDepth;
use mtls::{PeerVerifier, RejectionReason, RevocationLists, RevocationRules, VerifierPolicy};
use webpki::{BorrowedCertRevocationList, Error};

use super::encoding::{armour, certificates, element, is_pem};
use super::secrets::Secrets;
use super::verifiers::{ANCHORS, CHAIN, NOW, ODD_TIMES, credulous};
use super::{check_error, check_line, check_rejection};

/// Lists: PEM, or DER end to end.
pub fn crl(input: &[u8]) {
    let loaded = if is_pem(input) {
        RevocationLists::from_pem(input)
    } else {
        let given = certificates(input).into_iter();
        let given: Vec<CertificateRevocationListDer<'_>> =
            given.map(|der| der.to_vec().into()).collect();
        let pem: String = given.iter().map(|der| armour("X509 CRL", der)).collect();
        let from_der = RevocationLists::from_der(given);
        let of_der = from_der.as_ref().ok();
        let from_pem = RevocationLists::from_pem(pem.as_bytes());
        assert_eq!(from_pem.ok().as_ref(), of_der, "DER, the same in PEM");
        from_der
    };
    let lists = match loaded {
        Ok(lists) => lists,
        Err(error) => return check_error(&error, &Secrets::default()),
    };
    let ders = lists.iter().map(|list| list.as_der().clone());
    assert_eq!(RevocationLists::from_der(ders).as_ref().ok(), Some(&lists));
    lists.iter().for_each(check_list);
    let both = [RevocationDepth::Leaf, RevocationDepth::Chain].map(RevocationRules::require);
    for rules in both {
        let strict = verify(rules, &lists, NOW);
        let covering = rules.danger_cover_certificates_without_distribution_point();
        let stale = verify(covering.danger_allow_stale_lists(), &lists, NOW);
        let unknown = verify(rules.danger_allow_unknown_status(), &lists, NOW);
        for certificate in asked(rules) {
            let (issuer, serial) = issuer_and_serial(certificate);
            let of_issuer = |list: &&RevocationList| is_by(list, issuer);
            let is_listed = lists
                .iter()
                .filter(of_issuer)
                .any(|list| list.find(serial).is_some());
            if is_listed {
                assert!(strict.is_err() && stale.is_err());
                assert_eq!(unknown, Err(RejectionReason::Revoked));
            }
            let is_known = lists.iter().any(|list| is_by(list, issuer));
            assert!(is_known || (strict.is_err() && stale.is_err()));
        }
        assert!(
            strict.is_err() || (stale.is_ok() && unknown.is_ok()),
            "not laxer"
        );
        for now in ODD_TIMES {
            let _ = verify(rules, &lists, now);
        }
    }
}

/// What the list says of itself, and that another reader finds the same in it.
fn check_list(list: &RevocationList) {
    check_line(&list.issuer());
    check_line(&format!("{list:?}"));
    assert!(list.number().is_none_or(|number| number.len() <= 20));
    let other = match BorrowedCertRevocationList::from_der(list.as_der()) {
        Ok(other) => other,
        Err(
            Error::UnsupportedRevocationReasonsPartitioning
            | Error::UnsupportedCrlIssuingDistributionPoint,
        ) => return,
        Err(error) => panic!("webpki rejects it: {error}"),
    };
    let mut count = 0;
    for entry in &other {
        let entry = entry.expect("webpki rejects an entry");
        let found = list.find(entry.serial_number).expect("not found");
        let dates = (&other).into_iter().flatten();
        let mut dates = dates.filter(|other| other.serial_number == entry.serial_number);
        assert!(dates.any(|other| other.revocation_date == found.date()));
        check_line(found.reason());
        count += 1;
    }
    assert_eq!(list.entries(), count);
    assert_eq!(list.find(b"no such serial number"), None);
}

/// The verdict on the chain; neither the order of the lists nor the recorder changes it.
fn verify(
    rules: RevocationRules,
    lists: &RevocationLists,
    now: UnixTime,
) -> Result<(), RejectionReason> {
    let mut ders: Vec<_> = lists.iter().map(|list| list.as_der().clone()).collect();
    ders.reverse();
    let reversed = RevocationLists::from_der(ders).unwrap();
    let verdicts = [lists, &reversed].map(|lists| {
        let policy = VerifierPolicy::allow_any_authenticated().revocation(rules);
        let verifier = PeerVerifier::new(&*ANCHORS, policy, credulous()).unwrap();
        let verifier = verifier.with_revocation_lists(lists).unwrap();
        let verdict = verifier.verify_client(&CHAIN, now);
        let explained = verifier.explain_client(&CHAIN, now);
        assert_eq!(explained.verdict().err(), verdict.as_ref().err());
        verdict.map(drop).map_err(|rejection| {
            check_rejection(&rejection, CHAIN.len());
            rejection.reason()
        })
    });
    assert_eq!(verdicts[0], verdicts[1], "the order of the lists");
    verdicts[0]
}

/// The certificates of the chain that are asked about.
fn asked(rules: RevocationRules) -> impl Iterator<Item = &'static [u8]> {
    let most = match rules.depth() {
        RevocationDepth::Leaf => 1,
        _ => CHAIN.len(),
    };
    CHAIN.iter().take(most).map(AsRef::as_ref)
}

/// The content of `issuer`, and of `serialNumber`.
fn issuer_and_serial(certificate: &'static [u8]) -> (&'static [u8], &'static [u8]) {
    let next = |der| element(der).expect("a certificate of the fixtures");
    let tbs = next(next(certificate).1).1;
    let (_, serial, rest) = next(next(tbs).2);
    let (_, issuer, _) = next(next(rest).2);
    (issuer, serial)
}

/// Whether the list has this issuer, and the signature algorithm of its key; credulous as the verifiers are, that makes
/// the list the issuer's.
fn is_by(list: &RevocationList, issuer: &[u8]) -> bool {
    const ECDSA_SHA256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
    let next = |der| element(der).expect("a list that was loaded");
    let (_, tbs, rest) = next(next(list.as_der()).1);
    let (_, algorithm, _) = next(rest);
    let (_, own, _) = next(next(next(tbs).2).2);
    own == issuer && algorithm == ECDSA_SHA256
}
