use super::capability::{Capability, Support};
use super::{native_tls_capabilities, openssl_capabilities, rustls_capabilities};
use crate::error::BackendKind;
use crate::error::alert::Alert;
use crate::policy::RejectionReason;

impl BackendKind {
    /// Returns the alert that a backend sends for this reason (RFC 8446, section 6.2).
    ///
    /// rustls chooses the alert by its own error, OpenSSL by the verification code that we can
    /// produce. Where they cannot send the same alert, each sends what it can:
    ///
    /// | reason | rustls | OpenSSL |
    /// |---|---|---|
    /// | `Expired`, `AnchorExpired` | `certificate_expired` | `certificate_expired` |
    /// | `NotYetValid` | `certificate_expired` | `bad_certificate` |
    /// | `UnknownIssuer` | `unknown_ca` | `unknown_ca` |
    /// | `WrongExtendedKeyUsage` | `unsupported_certificate` | `unsupported_certificate` |
    /// | `Revoked` | `certificate_revoked` | `certificate_revoked`; `certificate_unknown` on systems without `/dev/fd` |
    /// | `NameMismatch`, `MalformedName`, `UnsupportedVersion` | `bad_certificate` | `bad_certificate` |
    /// | `MalformedCertificate` | `bad_certificate` | `bad_certificate`; `decode_error` where OpenSSL cannot decode it at all |
    /// | `NoCertificate` | `certificate_required` | `certificate_required`; `handshake_failure` in TLS 1.2 |
    /// | `NotAuthorized` and all others | `certificate_unknown` | `certificate_unknown` |
    ///
    /// A peer cannot change that its status is unknown, or known only from stale lists. It receives
    /// `certificate_unknown`, because the libraries' own alerts for this (`unknown_ca`,
    /// `certificate_expired`) would point to the wrong fault.
    ///
    /// native-tls sends no alert for what our policy rejects, and its platform's own for what the
    /// platform rejects.
    pub fn alert_for(self, reason: RejectionReason) -> Option<Alert> {
        match self {
            Self::NativeTls => native_tls_capabilities::alert_for(reason),
            Self::OpenSsl => openssl_capabilities::alert_for(reason),
            Self::Rustls => rustls_capabilities::alert_for(reason),
        }
    }

    pub(super) fn support(self, capability: Capability) -> Support {
        match self {
            Self::NativeTls => native_tls_capabilities::support(capability),
            Self::OpenSsl => openssl_capabilities::support(capability),
            Self::Rustls => rustls_capabilities::support(capability),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::verdict::every_reason::{EVERY_REASON, name};

    /// The texts in backticks.
    fn quoted(cell: &str) -> Vec<&str> {
        cell.split('`').skip(1).step_by(2).collect()
    }

    /// Reads the table in the docs of `BackendKind::alert_for`.
    ///
    /// Returns the reasons of each row, and the alerts on rustls and on OpenSSL.
    fn documented() -> Vec<(Vec<&'static str>, [Alert; 2])> {
        let rows = include_str!("kind.rs").lines().filter_map(|line| {
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
        assert_eq!(others.0, ["NotAuthorized"]);
        for reason in EVERY_REASON {
            let rows: Vec<_> = rest
                .iter()
                .filter(|(reasons, _)| reasons.contains(&name(*reason)))
                .collect();
            assert!(rows.len() < 2, "{reason:?} stands there twice");
            let [rustls, openssl] = rows.first().map_or(others.1, |row| row.1);
            assert_eq!(
                BackendKind::Rustls.alert_for(*reason),
                Some(rustls),
                "{reason:?}"
            );
            assert_eq!(
                BackendKind::OpenSsl.alert_for(*reason),
                Some(openssl),
                "{reason:?}"
            );
            assert_eq!(
                BackendKind::NativeTls.alert_for(*reason),
                None,
                "{reason:?}"
            );
        }
        for documented in table.iter().flat_map(|(reasons, _)| reasons) {
            let mut names = EVERY_REASON.iter().map(|reason| name(*reason));
            assert!(
                names.any(|name| name == *documented),
                "{documented} is no reason"
            );
        }
    }
}
