//! Chains under the leaves of [`Odd`], on either end.

use mtls::RejectionReason as Reason;

use super::{Case, Presenter};
use crate::common::odd::Odd;
use crate::common::pki::{Authority, Leaf};

pub(super) fn client_cases() -> Vec<Case> {
    let root = Authority::named("Rhea Odd");
    let branch = root.intermediate("Ivo Odd");
    let alice = || Leaf::named("alice").dns("alice.test").client();
    let case = |name, odd: Odd, reason, presenter| {
        let chain = odd.issued_by(&root, "alice.test");
        Case::rejected(name, &[&root], chain, reason).presenter(presenter)
    };
    let [general_time, by_rfc5280] = Case::form(
        "a GeneralizedTime of before 2050",
        &[&root],
        Odd::EarlyGeneralTime.issued_by(&root, "alice.test"),
        Reason::MalformedCertificate,
    );
    use Presenter::{Anyone, Openssl, OpensslOnOffer};
    vec![
        general_time,
        by_rfc5280,
        case(
            "X.509 version 1 leaf",
            Odd::X509V1,
            Reason::UnsupportedVersion,
            Anyone,
        ),
        case(
            "RSA 1024 leaf",
            Odd::Rsa1024,
            Reason::UnsupportedKey,
            Openssl,
        ),
        case(
            "RSA-PSS leaf",
            Odd::RsaPss,
            Reason::UnsupportedKey,
            OpensslOnOffer,
        ),
        case(
            "Ed448 leaf",
            Odd::Ed448,
            Reason::UnsupportedKey,
            OpensslOnOffer,
        ),
        Case::accepted(
            "P-521 leaf",
            &[&root],
            Odd::P521.issued_by(&root, "alice.test"),
        )
        .presenter(Openssl),
        case(
            "leaf signed over SHA-1",
            Odd::Sha1Signed,
            Reason::UnsupportedSignatureAlgorithm,
            Anyone,
        ),
        Case::accepted(
            "common name only",
            &[&root],
            Odd::CommonNameOnly.issued_by(&root, "alice.test"),
        ),
        Case::accepted("a version 1 certificate behind", &[&root], {
            let old = Odd::X509V1.issued_by(&root, "Old Root");
            let mut chain = alice().issued_by(&branch).with(&branch);
            chain.chain.extend(old.chain);
            chain
        }),
    ]
}

pub(super) fn server_cases() -> Vec<Case> {
    let root = Authority::named("Rhea Odd");
    let case = |name, odd: Odd, reason, presenter| Case {
        server_name: Some("server.test"),
        ..Case::rejected(name, &[&root], odd.issued_by(&root, "server.test"), reason)
            .presenter(presenter)
    };
    use Presenter::{Anyone, Openssl};
    vec![
        case(
            "server: X.509 version 1 leaf",
            Odd::X509V1,
            Reason::UnsupportedVersion,
            Anyone,
        ),
        case(
            "server: RSA 1024 leaf",
            Odd::Rsa1024,
            Reason::UnsupportedKey,
            Openssl,
        ),
        case(
            "server: common name only, v3",
            Odd::CommonNameOnly,
            Reason::NameMismatch,
            Anyone,
        ),
        case(
            "server: leaf signed over SHA-1",
            Odd::Sha1Signed,
            Reason::UnsupportedSignatureAlgorithm,
            Anyone,
        ),
    ]
}
