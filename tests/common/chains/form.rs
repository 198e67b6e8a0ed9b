//! Client chains on both sides of the rules about the form of certificates.

use mtls::RejectionReason as Reason;
use mtls::test_util::{ExtendedKeyUsage, Extension, KeyUsage};

use super::Case;
use crate::common::pki::{Authority, AuthorityBuilder, Leaf};

pub(super) fn cases() -> Vec<Case> {
    [leaves(), intermediates(), anchors()].concat()
}

fn leaves() -> Vec<Case> {
    let root = Authority::named("Rhea");
    let good = |name, leaf: Leaf| vec![Case::accepted(name, &[&root], leaf.issued_by(&root))];
    let bad = |name, leaf: Leaf, reason| {
        vec![Case::rejected(
            name,
            &[&root],
            leaf.issued_by(&root),
            reason,
        )]
    };
    let form = |name, leaf: Leaf, reason| {
        Case::form(name, &[&root], leaf.issued_by(&root), reason).to_vec()
    };
    [
        good(
            "no extended key usage",
            Leaf::named("alice").dns("alice.test"),
        ),
        good("no key usage", alice().key_usages(&[])),
        good(
            "serial number of 20 octets",
            alice().serial_number(&[0x7f; 20]),
        ),
        form(
            "serial number zero",
            alice().serial_number(&[0]),
            Reason::InvalidSerialNumber,
        ),
        form(
            "serial number of 21 octets",
            alice().serial_number(&[1; 21]),
            Reason::InvalidSerialNumber,
        ),
        bad(
            "key usage without digital signature",
            alice().key_usages(&[KeyUsage::KeyEncipherment]),
            Reason::WrongKeyUsage,
        ),
        form(
            "a leaf that may sign certificates",
            alice().key_usages(&[KeyUsage::DigitalSignature, KeyUsage::KeyCertSign]),
            Reason::WrongKeyUsage,
        ),
        good("neither key identifier", alice().without_key_identifier()),
        form(
            "its own key identifier alone",
            alice()
                .without_key_identifier()
                .extension(extension(SUBJECT_KEY_IDENTIFIER, b"\x04\x02\x01\x02")),
            Reason::MissingKeyIdentifier,
        ),
        form(
            "an authority key identifier without a key",
            alice()
                .without_key_identifier()
                .extension(extension(SUBJECT_KEY_IDENTIFIER, b"\x04\x02\x01\x02"))
                .extension(extension(AUTHORITY_KEY_IDENTIFIER, b"\x30\x00")),
            Reason::MissingKeyIdentifier,
        ),
        form(
            "an authority key identifier of another key",
            alice().without_key_identifier().extension(extension(
                AUTHORITY_KEY_IDENTIFIER,
                b"\x30\x04\x80\x02\x01\x02",
            )),
            Reason::UnknownIssuer,
        ),
        bad(
            "a critical authority key identifier",
            alice().without_key_identifier().extension(critical(
                AUTHORITY_KEY_IDENTIFIER,
                b"\x30\x04\x80\x02\x01\x02",
            )),
            Reason::UnhandledCriticalExtension,
        ),
        bad(
            "a critical subject key identifier",
            alice().extension(critical(SUBJECT_KEY_IDENTIFIER, b"\x04\x02\x01\x02")),
            Reason::UnhandledCriticalExtension,
        ),
        form(
            "an authorityInfoAccess that is none",
            alice().extension(extension(AUTHORITY_INFO_ACCESS, b"malformed")),
            Reason::MalformedCertificate,
        ),
        form(
            "an empty authorityInfoAccess",
            alice().extension(extension(AUTHORITY_INFO_ACCESS, b"\x30\x00")),
            Reason::MalformedCertificate,
        ),
        form(
            "name constraints in a leaf",
            alice().extension(critical(
                NAME_CONSTRAINTS,
                b"\x30\x0a\xa0\x08\x30\x06\x82\x04test",
            )),
            Reason::ForbiddenExtension,
        ),
        form(
            "an underscore in a DNS name",
            Leaf::named("alice").dns("alice_1.test").client(),
            Reason::MalformedName,
        ),
        form(
            "names that are not critical beside an empty subject",
            Leaf::named("alice")
                .client()
                .without_subject()
                .extension(extension(SUBJECT_ALT_NAME, b"\x30\x0c\x82\x0aalice.test")),
            Reason::WrongCriticality,
        ),
        good(
            "critical names beside an empty subject",
            Leaf::named("alice")
                .client()
                .dns("alice.test")
                .without_subject(),
        ),
    ]
    .concat()
}

fn intermediates() -> Vec<Case> {
    let root = Authority::named("Rhea");
    let under = |builder: AuthorityBuilder| {
        let branch = builder.issued_by(&root);
        alice()
            .without_key_identifier()
            .issued_by(&branch)
            .with(&branch)
    };
    let bad = |name, builder, reason| vec![Case::rejected(name, &[&root], under(builder), reason)];
    let form = |name, builder, reason| Case::form(name, &[&root], under(builder), reason).to_vec();
    let named = |name: &str| AuthorityBuilder::named(name);
    // The kit writes basicConstraints of its own for a CA only.
    let by_hand = |name: &str| named(name).not_a_ca(false).extension(key_identifier());
    [
        vec![Case::accepted(
            "a critical basicConstraints made by hand",
            &[&root],
            under(by_hand("Hand Made").extension(critical(BASIC_CONSTRAINTS, CA_TRUE))),
        )],
        form(
            "an intermediate whose basicConstraints is not critical",
            by_hand("Not Critical").extension(extension(BASIC_CONSTRAINTS, CA_TRUE)),
            Reason::WrongCriticality,
        ),
        form(
            "an intermediate without its own key identifier",
            named("Without Own")
                .not_a_ca(false)
                .extension(critical(BASIC_CONSTRAINTS, CA_TRUE)),
            Reason::MissingKeyIdentifier,
        ),
        form(
            "an intermediate without its issuer's key identifier",
            named("Without Issuer's").without_key_identifier(),
            Reason::MissingKeyIdentifier,
        ),
        form(
            "an intermediate whose policyConstraints is not critical",
            named("Policy").extension(extension(POLICY_CONSTRAINTS, b"\x30\x03\x80\x01\x00")),
            Reason::WrongCriticality,
        ),
        form(
            "an intermediate whose nameConstraints is not critical",
            named("Names").extension(extension(
                NAME_CONSTRAINTS,
                b"\x30\x0a\xa0\x08\x30\x06\x82\x04test",
            )),
            Reason::WrongCriticality,
        ),
        form(
            "an intermediate that limits names to some behind a dot",
            named("Dot").extension(critical(
                NAME_CONSTRAINTS,
                b"\x30\x0b\xa0\x09\x30\x07\x82\x05.test",
            )),
            Reason::MalformedCertificate,
        ),
        vec![Case::accepted(
            "an intermediate that limits names",
            &[&root],
            under(named("Limits").extension(critical(
                NAME_CONSTRAINTS,
                b"\x30\x0a\xa0\x08\x30\x06\x82\x04test",
            ))),
        )],
        bad(
            "an intermediate with empty name constraints",
            named("Constrained").extension(critical(NAME_CONSTRAINTS, b"\x30\x00")),
            Reason::MalformedCertificate,
        ),
    ]
    .concat()
}

fn anchors() -> Vec<Case> {
    let root = Authority::named("Rhea");
    let odd = || critical(&[1, 3, 6, 1, 4, 1, 99999, 3], b"\x05\x00");
    let unknown = AuthorityBuilder::named("Unknown")
        .extension(odd())
        .self_signed();
    let for_servers = AuthorityBuilder::named("For Servers")
        .extended_key_usages(&[ExtendedKeyUsage::ServerAuth])
        .self_signed();
    let for_clients = AuthorityBuilder::named("For Clients")
        .extended_key_usages(&[ExtendedKeyUsage::ClientAuth])
        .self_signed();
    let loose = AuthorityBuilder::named("Loose")
        .not_a_ca(false)
        .extension(key_identifier())
        .extension(extension(BASIC_CONSTRAINTS, CA_TRUE))
        .self_signed();
    let bad = |name, anchor: &Authority, reason| {
        let leaf = alice().without_key_identifier();
        vec![Case::rejected(
            name,
            &[anchor, &root],
            leaf.issued_by(anchor),
            reason,
        )]
    };
    let form = |name, anchor: &Authority, reason| {
        let leaf = alice().without_key_identifier();
        Case::form(name, &[anchor, &root], leaf.issued_by(anchor), reason).to_vec()
    };
    [
        form(
            "an anchor with an unknown critical extension",
            &unknown,
            Reason::UnhandledCriticalExtension,
        ),
        vec![Case::accepted(
            "another anchor with an unknown critical extension",
            &[&unknown, &root],
            alice().issued_by(&root),
        )],
        bad(
            "an anchor for servers",
            &for_servers,
            Reason::WrongExtendedKeyUsage,
        ),
        vec![Case::accepted(
            "an anchor for clients",
            &[&for_clients],
            alice().issued_by(&for_clients),
        )],
        form(
            "an anchor whose basicConstraints is not critical",
            &loose,
            Reason::WrongCriticality,
        ),
    ]
    .concat()
}

fn alice() -> Leaf {
    Leaf::named("alice").dns("alice.test").client()
}

fn extension(oid: &[u64], content: &[u8]) -> Extension {
    Extension::new(oid, content)
}

fn critical(oid: &[u64], content: &[u8]) -> Extension {
    Extension::critical(oid, content)
}

/// Not the one that the kit computes, so that no certificate below may name it.
fn key_identifier() -> Extension {
    extension(SUBJECT_KEY_IDENTIFIER, b"\x04\x02\x01\x02")
}

const CA_TRUE: &[u8] = b"\x30\x03\x01\x01\xff";

const AUTHORITY_INFO_ACCESS: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 1];
const POLICY_CONSTRAINTS: &[u64] = &[2, 5, 29, 36];
const SUBJECT_KEY_IDENTIFIER: &[u64] = &[2, 5, 29, 14];
const SUBJECT_ALT_NAME: &[u64] = &[2, 5, 29, 17];
const BASIC_CONSTRAINTS: &[u64] = &[2, 5, 29, 19];
const NAME_CONSTRAINTS: &[u64] = &[2, 5, 29, 30];
const AUTHORITY_KEY_IDENTIFIER: &[u64] = &[2, 5, 29, 35];
