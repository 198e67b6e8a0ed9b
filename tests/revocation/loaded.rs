//! What loads, and what is said of the rest.

use std::error::Error;

use mtls::error::MaterialProblem as Problem;
use mtls::material::RevocationList;
use mtls::pki_types::CertificateRevocationListDer;
use mtls::test_util::Extension;
use mtls::{MaterialError, RevocationLists, TrustAnchors};
use time::Duration;

use crate::common::pki::crl::{
    Crl, CrlTools as _, extension, point_name, relative_point_name, serial_of, tlv,
};
use crate::common::pki::{Authority, Leaf, pem};

type Der = CertificateRevocationListDer<'static>;

fn load(crl: &Crl) -> Result<RevocationLists, MaterialError> {
    RevocationLists::from_der([crl.signed_by(&Authority::named("Root"))])
}

/// The error with all its causes.
fn in_full(error: &MaterialError) -> String {
    let mut text = error.to_string();
    let mut deepest: &dyn Error = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
        text += &format!(": {cause}");
    }
    text
}

#[track_caller]
fn assert_unfit(crl: &Crl, words: &str) {
    let error = load(crl).unwrap_err();
    let is_unfit = matches!(
        error.problem(),
        Problem::RevocationListUnfit { .. } | Problem::RevocationList { .. }
    );
    assert!(is_unfit, "{error:?}");
    let said = in_full(&error);
    assert!(said.contains("X509 CRL 0: "), "{said}");
    assert!(said.contains(words), "no {words:?} in {said:?}");
}

#[test]
fn what_breaks_the_profile() {
    let new = Crl::new;
    assert_unfit(
        &new().without_number().with(20, true, b"\x02\x01\x01"),
        "critical",
    );
    assert_unfit(&new().number(&[1; 21]), "more than 20 octets");
    load(&new().number(&[0x7f; 20])).unwrap();
    assert_unfit(&new().number(&[0xff]), "2.5.29.20 cannot be read");
    assert_unfit(&new().dated_by(Duration::ZERO, None), "no nextUpdate");
    assert_unfit(
        &new().inner_algorithm(b"\x30\x05\x06\x03\x2b\x65\x70"),
        "differ",
    );
    assert_unfit(&new().with(99, true, b""), "critical extension 2.5.29.99");
    load(&new().with(99, false, b"")).unwrap();
    assert_unfit(&new().with(20, false, b"\x02\x01\x02"), "twice");
    assert_unfit(&new().scope(&[b"\x85\x01\xff"]), "attribute certificates");
    assert_unfit(
        &new().scope(&[b"\x81\x01\xff\x82\x01\xff"]),
        "2.5.29.28 cannot be read",
    );
    assert_unfit(&new().scope(&[b"\x81\x01\x01"]), "2.5.29.28 cannot be read");
    load(&new().scope(&[&relative_point_name("shard")])).unwrap();
    let nameless = new().signed_as(b"\x30\x00", &Authority::named("Root"));
    let error = RevocationLists::from_der([nameless]).unwrap_err();
    assert!(error.to_string().contains("no name"), "{error}");
}

#[test]
fn version_1() {
    let error = load(&Crl::new().version1()).unwrap_err();
    assert!(
        matches!(error.problem(), Problem::RevocationListVersion1),
        "{error}"
    );
    let said = mtls::Report::new(&error).to_string();
    for words in ["version 1", "keytool -importkeystore", "openssl ca -gencrl"] {
        assert!(said.contains(words), "no {words:?} in {said:?}");
    }
}

/// As Go's `CreateCRL`, cfssl and easy-rsa make them.
#[test]
fn a_number_is_optional() {
    let crl = Crl::new().without_number().key_identifier(b"of the CA");
    for crl in [Crl::new().without_number(), crl] {
        let lists = load(&crl.lists_serial_by(&[5], Duration::ZERO, &[])).unwrap();
        let list = lists.iter().next().unwrap();
        assert_eq!(list.number(), None);
        assert!(list.find(&[5]).is_some());
    }
    let zero = load(&Crl::new().number(&[0])).unwrap();
    assert_eq!(zero.iter().next().unwrap().number(), Some(&[0][..]));
}

/// A base list with the extensions that AD CS writes: the CA's version, when the next one comes,
/// and where the delta is.
#[test]
fn a_base_list_that_names_a_delta() {
    let microsoft = |last, value: &[u8]| Extension::new(&[1, 3, 6, 1, 4, 1, 311, 21, last], value);
    let delta = tlv(0x30, &[&tlv(0x30, &[&point_name("ldap:///CN=CA+,CN=CDP")])]);
    let base = Crl::new()
        .extension(&microsoft(1, &[0x02, 0x01, 0x00]))
        .extension(&microsoft(4, b"\x17\x0d270101000000Z"))
        .with(46, false, &delta)
        .lists_serial_by(&[5], Duration::ZERO, &[]);
    let lists = load(&base).unwrap();
    assert!(lists.iter().next().unwrap().find(&[5]).is_some());
    let critical = Crl::new().with(46, true, &delta);
    assert_unfit(&critical, "critical extension 2.5.29.46");
}

#[test]
fn what_an_entry_may_not_have() {
    let entry = |extensions: &[u8]| Crl::new().lists_serial_by(&[5], Duration::ZERO, extensions);
    assert_unfit(&entry(&extension(99, true, b"")), "2.5.29.99");
    load(&entry(&extension(99, false, b""))).unwrap();
    // 7 is no reason.
    assert_unfit(&entry(&extension(21, false, b"\x0a\x01\x07")), "");
    assert_unfit(
        &Crl::new().lists_serial_by(&[0, 5], Duration::ZERO, &[]),
        "",
    );
}

#[test]
fn of_one_serial_number_the_first_entry_counts() {
    let held = extension(21, false, b"\x0a\x01\x06");
    let twice = Crl::new()
        .lists_serial_by(&[5], Duration::hours(-2), &held)
        .lists_serial_by(&[5], Duration::hours(-1), &[]);
    let lists = load(&twice).unwrap();
    let list = lists.iter().next().unwrap();
    assert_eq!(list.entries(), 2);
    assert_eq!(list.find(&[5]).unwrap().reason(), "certificateHold");
    assert!(list.find(&[6]).is_none());
    // A log gets no long list of entries.
    assert_eq!(
        format!("{lists:?}"),
        r#"[RevocationList { issuer: "CN=Root", entries: 2, .. }]"#
    );
}

#[test]
fn kinds_that_are_not_used() {
    let delta = Crl::new().with(27, true, b"\x02\x01\x01");
    let error = load(&delta).unwrap_err();
    assert!(
        matches!(error.problem(), Problem::DeltaRevocationList),
        "{error}"
    );
    assert!(error.hint().contains("the complete list"), "{error}");
    let by_point = Crl::new().scope(&[b"\x84\x01\xff"]);
    let issuer = extension(29, true, b"\x30\x02\xa4\x00");
    let by_entry = Crl::new().lists_serial_by(&[5], Duration::ZERO, &issuer);
    for crl in [by_point, by_entry] {
        let error = load(&crl).unwrap_err();
        assert!(
            matches!(error.problem(), Problem::IndirectRevocationList),
            "{error}"
        );
    }
}

#[test]
fn pem_of_many() {
    let roots = ["One", "Two"].map(Authority::named);
    let lists = roots.each_ref().map(|root| Crl::new().signed_by(root));
    let text = |list: &Der| format!("a remark\n{}", pem("X509 CRL", list));
    let both = lists.each_ref().map(text).concat();
    let loaded = RevocationLists::from_pem(both.as_bytes()).unwrap();
    assert_eq!(loaded, RevocationLists::from_der(lists.clone()).unwrap());
    let issuers: Vec<_> = loaded.iter().map(RevocationList::issuer).collect();
    assert_eq!(issuers, ["CN=One", "CN=Two"]);
    // One bad section fails the whole load, and is named.
    let damaged = text(&lists[0]) + &pem("X509 CRL", b"\x30\x03\x02\x01\x05");
    let error = RevocationLists::from_pem(damaged.as_bytes()).unwrap_err();
    let place = error.place().unwrap();
    assert_eq!(
        (place.index, place.offset),
        (1, Some(text(&lists[0]).len()))
    );
    assert!(
        matches!(error.problem(), Problem::RevocationList { .. }),
        "{error}"
    );
}

#[test]
fn files() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = ["One", "Two"].map(|name| Crl::new().signed_by(&Authority::named(name)));
    let (pem_file, der_file) = (folder.path().join("one.pem"), folder.path().join("two.crl"));
    std::fs::write(&pem_file, pem("X509 CRL", &one)).unwrap();
    std::fs::write(&der_file, &two).unwrap();
    let parts = [
        RevocationLists::from_file(&pem_file).unwrap(),
        RevocationLists::from_file(&der_file).unwrap(),
    ];
    let together = RevocationLists::join(parts).unwrap();
    assert_eq!(together, RevocationLists::from_der([one, two]).unwrap());
    let [pem_bytes, der_bytes] = [&pem_file, &der_file].map(|file| std::fs::read(file).unwrap());
    let error = RevocationLists::from_pem(&der_bytes).unwrap_err();
    assert!(
        matches!(error.problem(), Problem::DerInsteadOfPem { .. }),
        "{error}"
    );
    let error = RevocationLists::from_der([pem_bytes.into()]).unwrap_err();
    assert!(
        matches!(error.problem(), Problem::PemInsteadOfDer),
        "{error}"
    );
    // A file is recognized by its content, and an error names it.
    std::fs::write(&der_file, der_bytes.split_last().unwrap().1).unwrap();
    let error = RevocationLists::from_file(&der_file).unwrap_err();
    assert!(
        error.to_string().contains(der_file.to_str().unwrap()),
        "{error}"
    );
}

#[test]
fn something_else_than_a_list() {
    let root = Authority::named("Root");
    for error in [
        RevocationLists::from_pem(root.pem().as_bytes()).unwrap_err(),
        RevocationLists::from_der([root.certificate().to_vec().into()]).unwrap_err(),
    ] {
        let problem = error.problem();
        let is_certificate = matches!(problem, Problem::CertificateInsteadOfRevocationList);
        assert!(is_certificate, "{error}");
    }
    // A damaged list looks like a certificate where no time follows the issuer.
    let list = Crl::new().signed_by(&root);
    let mut damaged = list.as_ref().to_vec();
    let time = damaged.windows(2).position(|w| w == [0x17, 13]).unwrap();
    damaged[time] = 0x16;
    let error = RevocationLists::from_der([damaged.into()]).unwrap_err();
    let is_damaged = matches!(error.problem(), Problem::RevocationList { .. });
    assert!(is_damaged, "{error}");
    let key = pem("PRIVATE KEY", root.key_der().secret_pkcs8_der());
    let error = RevocationLists::from_pem(key.as_bytes()).unwrap_err();
    assert!(
        matches!(error.problem(), Problem::UnexpectedSection { .. }),
        "{error}"
    );
    let none = RevocationLists::from_der([]).unwrap_err();
    assert!(
        matches!(none.problem(), Problem::NoRevocationList),
        "{none}"
    );
    let none = RevocationLists::join([]).unwrap_err();
    assert!(
        matches!(none.problem(), Problem::NoRevocationList),
        "{none}"
    );
    // And the other way round.
    let list = pem("X509 CRL", &Crl::new().signed_by(&root));
    let error = TrustAnchors::from_pem(list.as_bytes()).unwrap_err();
    assert!(error.hint().contains("RevocationLists"), "{error}");
}

#[test]
fn what_a_list_reports() {
    let root = Authority::named("Root");
    let leaf = Leaf::named("alice").issued_by(&root);
    let crl = Crl::new().number(&[0, 0x80]).lists_for(leaf.leaf(), 6);
    let lists = load(&crl).unwrap();
    let list = lists.iter().next().unwrap();
    assert_eq!((list.entries(), list.number()), (1, Some(&[0x80][..])));
    let unix = |time| time::OffsetDateTime::from(time).unix_timestamp() as u64;
    let end = unix(crl.next_update.unwrap());
    assert_eq!(list.next_update().as_secs(), end);
    assert_eq!(lists.next_update().as_secs(), end);
    assert_eq!(list.this_update().as_secs(), unix(crl.this_update));
    let found = list.find(&serial_of(leaf.leaf())).unwrap();
    assert_eq!(found.reason(), "certificateHold");
    assert!(found.date() < list.this_update());
    assert_eq!(list.find(&[1, 2, 3]), None);
}

#[test]
fn every_entry_is_found_and_nothing_else() {
    // Many short lists: places are found by a random hash, and a search has to go on at the beginning of the table.
    let short = [1_u32, 2, 3, 7].into_iter().cycle().take(400);
    for count in short.chain([1_000]) {
        let serial = |i: u32| [&[1][..], &i.wrapping_mul(2_654_435_761).to_be_bytes()].concat();
        let mut crl = Crl::new();
        for i in 0..count {
            crl = crl.lists_serial_by(&serial(i), Duration::ZERO, &[]);
        }
        let lists = load(&crl).unwrap();
        let list = lists.iter().next().unwrap();
        assert_eq!(list.entries(), count as usize);
        assert!((0..count).all(|i| list.find(&serial(i)).is_some()));
        assert!((count..3 * count).all(|i| list.find(&serial(i)).is_none()));
    }
}

#[test]
fn too_much() {
    let list = Crl::new().signed_by(&Authority::named("Root"));
    let most = RevocationLists::MAX_LISTS;
    let many = RevocationLists::from_der(vec![list.clone(); most]).unwrap();
    let mut long = Crl::new();
    for i in 0..=(RevocationLists::MAX_ENTRIES / most) as u32 {
        let serial = [&[1][..], &i.to_be_bytes()].concat();
        long = long.lists_serial_by(&serial, Duration::ZERO, &[]);
    }
    for error in [
        RevocationLists::from_der(vec![list.clone(); most + 1]).unwrap_err(),
        RevocationLists::from_der(std::iter::repeat(list.clone())).unwrap_err(),
        RevocationLists::from_pem(pem("X509 CRL", &list).repeat(most + 1).as_bytes()).unwrap_err(),
        RevocationLists::join([many, load(&Crl::new()).unwrap()]).unwrap_err(),
        RevocationLists::from_der([vec![0x30; RevocationLists::MAX_INPUT_BYTES + 1].into()])
            .unwrap_err(),
        RevocationLists::join(vec![load(&long).unwrap(); most]).unwrap_err(),
        RevocationLists::from_pem(&vec![b'\n'; RevocationLists::MAX_INPUT_BYTES + 1]).unwrap_err(),
    ] {
        assert!(
            matches!(error.problem(), Problem::TooMany { .. }),
            "{error}"
        );
    }
}

#[test]
fn bytes_after_the_end() {
    let list = Crl::new().signed_by(&Authority::named("Root"));
    let longer = [&list[..], &[0]].concat();
    let inside = tlv(0x30, &[&list]);
    for bytes in [longer, inside, vec![0x30, 0x00], vec![]] {
        assert!(RevocationLists::from_der([bytes.into()]).is_err());
    }
}
