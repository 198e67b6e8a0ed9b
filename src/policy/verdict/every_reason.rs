//! Every reason, for tests that walk them.

use super::reason::RejectionReason;
use crate::error::BackendKind;
use crate::error::alert::Alert;

/// One that is missing here does not compile.
macro_rules! every {
    ($($reason:ident)*) => {
        pub(crate) const EVERY_REASON: &[RejectionReason] = &[$(RejectionReason::$reason),*];

        fn name(reason: RejectionReason) -> &'static str {
            match reason {
                $(RejectionReason::$reason => stringify!($reason)),*
            }
        }
    };
}

every! {
    AnchorExpired CaAsLeaf Expired InvalidSerialNumber IssuerNotCa LifetimeTooLong MalformedCertificate MalformedName
    MisplacedExtension MissingKeyIdentifier NameConstraintViolated NameMismatch NoCertificate NotAllowed NotAnSvid
    NotYetValid OutOfService PathLengthExceeded PathTooLong PolicyPanicked RevocationListStale RevocationStatusUnknown Revoked UnacceptableKey UnhandledCriticalExtension UnknownIssuer
    UnknownTrustDomain UnsupportedSignatureAlgorithm UnsupportedVersion WrongCriticality WrongExtendedKeyUsage
    WrongKeyUsage
}

/// What stands in backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The rows of the table in the docs of `RejectionReason::alert`: reasons, and the alert on rustls and on OpenSSL.
fn documented() -> Vec<(Vec<&'static str>, [Alert; 2])> {
    let rows = include_str!("reason.rs").lines().filter_map(|line| {
        let row = line.trim().strip_prefix("/// | `")?;
        let cells: Vec<&str> = line[line.len() - row.len() - 1..].split('|').collect();
        let alert = |cell: &str| Alert::from_name(quoted(cell)[0]).expect(cell);
        Some((quoted(cells[0]), [alert(cells[1]), alert(cells[2])]))
    });
    rows.collect()
}

#[test]
fn the_table_of_alerts_is_the_code_s() {
    let table = documented();
    let (others, rest) = table.split_last().expect("no table");
    assert_eq!(others.0, ["NotAllowed"]);
    for reason in EVERY_REASON {
        let rows: Vec<_> = rest
            .iter()
            .filter(|(reasons, _)| reasons.contains(&name(*reason)))
            .collect();
        assert!(rows.len() < 2, "{reason:?} stands there twice");
        let [rustls, openssl] = rows.first().map_or(others.1, |row| row.1);
        assert_eq!(
            reason.alert(BackendKind::Rustls),
            Some(rustls),
            "{reason:?}"
        );
        assert_eq!(
            reason.alert(BackendKind::OpenSsl),
            Some(openssl),
            "{reason:?}"
        );
        assert_eq!(reason.alert(BackendKind::NativeTls), None, "{reason:?}");
    }
    for documented in table.iter().flat_map(|(reasons, _)| reasons) {
        let mut names = EVERY_REASON.iter().map(|reason| name(*reason));
        assert!(
            names.any(|name| name == *documented),
            "{documented} is no reason"
        );
    }
}
