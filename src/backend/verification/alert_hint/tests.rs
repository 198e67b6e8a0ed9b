use core::time::Duration;

use rcgen::{CertificateParams, DnType, DnValue, Issuer, KeyPair, KeyUsagePurpose};

use super::*;
use crate::material::CertificateChain;
use crate::side::Side;
use crate::x509::Certificate;

const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));

/// A leaf that a CA of this name issued.
fn own(side: Side, issuer: DnValue) -> OwnChain {
    own_with(side, issuer, &[])
}

fn own_with(side: Side, issuer: DnValue, usages: &[KeyUsagePurpose]) -> OwnChain {
    let key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::default();
    ca.distinguished_name.push(DnType::CommonName, issuer);
    let mut leaf = CertificateParams::new(["own.test".to_owned()]).unwrap();
    leaf.key_usages = usages.to_vec();
    let leaf = leaf.signed_by(&key, &Issuer::new(ca, &key)).unwrap();
    let chain = CertificateChain::from_der([leaf.der().clone()]).unwrap();
    OwnChain::new(side, &chain)
}

fn name(value: DnValue) -> Vec<u8> {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, value);
    let certificate = params.self_signed(&key).unwrap();
    Certificate::from_der(certificate.der())
        .unwrap()
        .subject
        .to_vec()
}

fn utf8(text: &str) -> DnValue {
    DnValue::Utf8String(text.to_owned())
}

fn said(own: &OwnChain, request: &CertificateRequest, alert: Alert) -> String {
    hint(own, request, Some(NOW), alert)
}

#[test]
fn a_name_is_the_same_in_every_encoding() {
    let own = own(Side::Client, utf8("Some CA"));
    let printable = name(DnValue::PrintableString("Some CA".try_into().unwrap()));
    assert_ne!(printable, name(utf8("Some CA")));
    let request = CertificateRequest::received(&own, &[&printable], true);
    let said_of_it = said(&own, &request, Alert::UNKNOWN_CA);
    assert!(!said_of_it.contains("requested"), "{said_of_it}");
    let other = CertificateRequest::received(&own, &[&name(utf8("Other CA"))], true);
    let said_of_other = said(&own, &other, Alert::UNKNOWN_CA);
    assert!(said_of_other.contains("\"CN=Other CA\""), "{said_of_other}");
}

#[test]
fn names_are_kept_where_they_matter_and_within_limits() {
    let own = own(Side::Client, utf8("Some CA"));
    let (ours, other) = (name(utf8("Some CA")), name(utf8("Other CA")));
    for fitting in [&[][..], &[&*other, &*ours]] {
        let kept = CertificateRequest::received(&own, fitting, true);
        assert_eq!(
            kept,
            CertificateRequest::Received {
                is_answered: true,
                other_cas: None
            }
        );
    }
    let long = name(utf8(&"x".repeat(1000)));
    let many = vec![&*long; 100];
    let request = CertificateRequest::received(&own, &many, true);
    let CertificateRequest::Received {
        other_cas: Some(kept),
        ..
    } = &request
    else {
        panic!("nothing kept");
    };
    let bytes: usize = kept.names.iter().map(Vec::len).sum();
    assert!(bytes <= MAX_KEPT && kept.names.len() > 10, "{bytes}");
    let said = said(&own, &request, Alert::UNKNOWN_CA);
    assert!(said.contains("100 more") && !said.contains("xxx"), "{said}");
}

#[test]
fn a_key_that_may_not_sign_is_seen() {
    use KeyUsagePurpose::{DigitalSignature, KeyEncipherment};
    for (usages, is_wrong) in [
        (&[][..], false),
        (&[DigitalSignature, KeyEncipherment], false),
        (&[KeyEncipherment], true),
    ] {
        let own = own_with(Side::Server, utf8("Some CA"), usages);
        let said = said(
            &own,
            &CertificateRequest::NotShown,
            Alert::UNSUPPORTED_CERTIFICATE,
        );
        let words = "our certificate's key usage (keyEncipherment) lacks digitalSignature";
        assert_eq!(said.contains(words), is_wrong, "{said}");
    }
}

#[test]
fn names_that_are_none_do_no_harm() {
    let own = own(Side::Client, utf8("Some CA"));
    let request = CertificateRequest::received(&own, &[b"\xff\x00junk", b""], true);
    let said = said(&own, &request, Alert::UNKNOWN_CA);
    assert!(said.contains("(unreadable)"), "{said}");
}

#[test]
fn an_unrequested_certificate_has_no_hint() {
    let own = own(Side::Client, utf8("Some CA"));
    let words = said(
        &own,
        &CertificateRequest::Pending,
        Alert::CERTIFICATE_REQUIRED,
    );
    assert!(words.contains("did not request"), "{words}");
    let words = said(&own, &CertificateRequest::Pending, Alert::BAD_CERTIFICATE);
    assert!(words.contains("has not requested"), "{words}");
}

/// The hint of an alert about something else does not mention our certificate's faults.
#[test]
fn other_alerts_keep_their_hints() {
    let own = own(Side::Server, utf8("Some CA"));
    let long_after = UnixTime::since_unix_epoch(Duration::from_secs(100_000_000_000));
    for code in 0..=u8::MAX {
        let alert = Alert::from_code(code);
        let words = hint(&own, &CertificateRequest::NotShown, Some(long_after), alert);
        if is_about_certificates(alert) {
            assert!(words.contains("has expired at"), "{alert}: {words}");
        } else {
            assert_eq!(words, alert.hint());
        }
        // Without a time, no validity is checked.
        let words = hint(&own, &CertificateRequest::NotShown, None, alert);
        assert!(words.starts_with(alert.hint()), "{alert}: {words}");
    }
}
