use super::*;

/// The content of a `DistributionPointName`.
fn point_names() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = names().iter().map(|name| tlv(0xa0, name)).collect();
    let attribute = |value| sequence(&[&tlv(6, &[0x55, 4, 3]), &tlv(0x0c, value)]);
    for attributes in [
        vec![],
        vec![attribute(b"a")],
        vec![attribute(b"a"), attribute(b"b")],
        vec![attribute(b"b"), attribute(b"a")],
        vec![attribute(b"a"), attribute(b"a")],
    ] {
        all.push(tlv(0xa1, &attributes.concat()));
    }
    all.push(tlv(0xa2, b""));
    all
}

fn our_point(name: &Option<DistributionPointName>) -> String {
    shown(&name.as_ref().map(|name| match name {
        DistributionPointName::FullName(names) => our_names(names),
        DistributionPointName::NameRelativeToCRLIssuer(last) => {
            let mut der = Vec::new();
            last.encode_to_vec(&mut der).unwrap();
            shown(&der)
        }
    }))
}

fn their_point(name: &Option<theirs::name::DistributionPointName>) -> String {
    use theirs::name::DistributionPointName as Theirs;
    shown(&name.as_ref().map(|name| match name {
        Theirs::FullName(names) => their_names(names),
        Theirs::NameRelativeToCRLIssuer(last) => shown(&last.to_der().unwrap()),
    }))
}

#[test]
fn distribution_points() {
    let mut values = Vec::new();
    for name in point_names() {
        let point = tlv(0xa0, &name);
        values.push(sequence(&[&sequence(&[&point])]));
        values.push(sequence(&[&sequence(&[&point, &tlv(0x81, &[5, 0x60])])]));
    }
    for name in names() {
        values.push(sequence(&[&sequence(&[&tlv(0xa2, &name)]), &sequence(&[])]));
    }
    let read = same::<CrlDistributionPoints, theirs::CrlDistributionPoints>(
        &values,
        |points| {
            let one = |p: &DistributionPoint| {
                let issuer = p.crl_issuer.as_ref().map(|names| our_names(names));
                (
                    our_point(&p.distribution_point),
                    p.reasons.map(|r| r.bits()),
                    issuer,
                )
            };
            shown(&points.0.iter().map(one).collect::<Vec<_>>())
        },
        |points| {
            let one = |p: &theirs::crl::dp::DistributionPoint| {
                let issuer = p.crl_issuer.as_ref().map(|names| their_names(names));
                (
                    their_point(&p.distribution_point),
                    p.reasons.map(der::flagset::FlagSet::bits),
                    issuer,
                )
            };
            shown(&points.0.iter().map(one).collect::<Vec<_>>())
        },
    );
    assert!(read > 100, "{read}");
}

#[test]
fn issuing_distribution_points() {
    use theirs::crl::dp::IssuingDistributionPoint as Theirs;
    let mut values = Vec::new();
    for name in point_names() {
        values.push(sequence(&[&tlv(0xa0, &name), &tlv(0x83, &[5, 0x60])]));
    }
    for bits in bits() {
        values.push(sequence(&[&tlv(0x83, &bits)]));
    }
    for flag in 0x81..=0x85 {
        for value in [0xff, 0] {
            values.push(sequence(&[&tlv(flag, &[value])]));
            values.push(sequence(&[&tlv(flag, &[value]), &tlv(0x83, &[6, 0x40])]));
        }
    }
    let read = same::<IssuingDistributionPoint, Theirs>(
        &values,
        |p| {
            let flags = (
                p.only_contains_user_certs,
                p.only_contains_ca_certs,
                p.indirect_crl,
            );
            let reasons = p.only_some_reasons.map(|r| r.bits());
            shown(&(
                our_point(&p.distribution_point),
                flags,
                reasons,
                p.only_contains_attribute_certs,
            ))
        },
        |p| {
            let flags = (
                p.only_contains_user_certs,
                p.only_contains_ca_certs,
                p.indirect_crl,
            );
            let reasons = p.only_some_reasons.map(der::flagset::FlagSet::bits);
            shown(&(
                their_point(&p.distribution_point),
                flags,
                reasons,
                p.only_contains_attribute_certs,
            ))
        },
    );
    assert!(read > 100, "{read}");
    for value in values.iter().flat_map(|value| near(value)) {
        if let (Ok(our), Ok(their)) = (
            IssuingDistributionPoint::from_der(&value),
            Theirs::from_der(&value),
        ) {
            assert_eq!(our.is_der, their.to_der().unwrap() == value, "{value:02x?}");
        }
    }
}

#[test]
fn reasons_and_times() {
    let values: Vec<_> = (0..=12).map(|reason| tlv(10, &[reason])).collect();
    same::<CrlReason, theirs::CrlReason>(&values, shown, shown);
    let values = [
        tlv(0x17, b"260102030405Z"),
        tlv(0x17, b"500102030405Z"),
        tlv(0x17, b"2601020304Z"),
        tlv(0x18, b"20260102030405Z"),
        tlv(0x18, b"20260102030405.5Z"),
        tlv(0x0c, b"20260102030405Z"),
    ];
    let read = same::<Time, x509_cert::time::Time>(
        &values,
        |time| shown(&time.to_unix_duration()),
        |time| shown(&time.to_unix_duration()),
    );
    assert!(read >= 4, "{read}");
}

#[test]
fn text_of_names() {
    let mut texts: Vec<String> = [
        "",
        "CN=a",
        "CN=a,O=b",
        "CN=a+O=b",
        "O=b+CN=a",
        "cn=a",
        "1.2.3=a",
        "X=a",
        "CN",
        "=a",
        "CN=",
        "CN=a\\,b",
        "CN=a\\\\,O=b",
        "CN=a\\2cb",
        "CN=a\\2Cb",
        "CN=a\\x",
        "CN=#0c0161",
        "CN=#c0161",
        "CN=#0c",
        "CN=#zz",
        "CN=#",
        "C=DE",
        "DC=example,DC=org",
        "emailAddress=a@b.test",
        "serialNumber=1",
        "CN=ä\\C3\\A4",
        "CN=a\\ ",
        "CN=a,",
        ",",
        "CN=a+CN=a",
        "CN=a=b",
    ]
    .map(str::to_owned)
    .to_vec();
    for text in texts.clone() {
        for at in text.char_indices().map(|(at, _)| at) {
            for inserted in ["\\", ",", "+", "=", "#", "4", "\""] {
                let (before, after) = text.split_at(at);
                texts.push(format!("{before}{inserted}{after}"));
            }
        }
    }
    let mut read = 0;
    for text in texts {
        let our = Name::parse(&text).map(|name| name.to_der().unwrap());
        let their = x509_cert::name::Name::from_str(&text).map(|name| name.to_der().unwrap());
        assert_eq!(our, their.ok(), "{text:?}");
        read += usize::from(our.is_some());
    }
    assert!(read > 100, "{read}");
}
