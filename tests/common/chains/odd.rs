//! Chains under the leaves of [`Odd`], on either end.

use super::{Case, Presentable};
use crate::common::odd::Odd;
use crate::common::pki::Authority;

pub(super) fn client_cases() -> Vec<Case> {
    let root = Authority::root("Rhea Odd");
    let case = |name, odd: Odd, reason, presentable| {
        let chain = odd.issued_by(&root, "alice.test");
        Case::refused(name, &[&root], chain, reason).presentable(presentable)
    };
    use Presentable::{ByAnyone, ByOpenssl, ByOpensslOnOffer};
    vec![
        case(
            "X.509 version 1 leaf",
            Odd::X509V1,
            "UnsupportedVersion",
            ByAnyone,
        ),
        case("RSA 1024 leaf", Odd::Rsa1024, "UnacceptableKey", ByOpenssl),
        case(
            "RSA-PSS leaf",
            Odd::RsaPss,
            "UnacceptableKey",
            ByOpensslOnOffer,
        ),
        case(
            "Ed448 leaf",
            Odd::Ed448,
            "UnacceptableKey",
            ByOpensslOnOffer,
        ),
        case("P-521 leaf", Odd::P521, "UnacceptableKey", ByOpensslOnOffer),
        case(
            "leaf signed over SHA-1",
            Odd::Sha1Signed,
            "UnsupportedSignatureAlgorithm",
            ByAnyone,
        ),
        Case::accepted(
            "common name only",
            &[&root],
            Odd::CommonNameOnly.issued_by(&root, "alice.test"),
        ),
    ]
}

pub(super) fn server_cases() -> Vec<Case> {
    let root = Authority::root("Rhea Odd");
    let case = |name, odd: Odd, reason, presentable| Case {
        server_name: Some("server.test"),
        ..Case::refused(name, &[&root], odd.issued_by(&root, "server.test"), reason)
            .presentable(presentable)
    };
    use Presentable::{ByAnyone, ByOpenssl};
    vec![
        case(
            "server: X.509 version 1 leaf",
            Odd::X509V1,
            "UnsupportedVersion",
            ByAnyone,
        ),
        case(
            "server: RSA 1024 leaf",
            Odd::Rsa1024,
            "UnacceptableKey",
            ByOpenssl,
        ),
        case(
            "server: common name only, v3",
            Odd::CommonNameOnly,
            "NameMismatch",
            ByAnyone,
        ),
        case(
            "server: leaf signed over SHA-1",
            Odd::Sha1Signed,
            "UnsupportedSignatureAlgorithm",
            ByAnyone,
        ),
    ]
}
