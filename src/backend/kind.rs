use crate::error::BackendKind;
use crate::error::alert::Alert;
use crate::policy::RejectionReason;

impl BackendKind {
    /// Returns the alert that a backend sends for this reason (RFC 8446, section 6.2).
    ///
    /// rustls chooses the alert by its own error, OpenSSL by the verification code that we can
    /// produce. Where they cannot send the same alert, each sends what it can:
    ///
    #[doc = include_str!("alerts.md")]
    ///
    /// OpenSSL sends `certificate_unknown` for `Revoked` on systems without `/dev/fd`,
    /// `decode_error` for a certificate that it cannot decode at all, and `handshake_failure` for
    /// `NoCertificate` in TLS 1.2.
    ///
    /// An unknown status, or one known only from stale lists, is not the peer's fault. It receives
    /// `certificate_unknown`, because the libraries' own alerts for this (`unknown_ca`,
    /// `certificate_expired`) would point to the wrong fault.
    ///
    /// native-tls sends no alert for what our policy rejects, and its platform's own for what the
    /// platform rejects.
    ///
    /// ```
    /// use mtls::RejectionReason;
    /// use mtls::backend::BackendKind;
    /// use mtls::error::Alert;
    ///
    /// let alert = BackendKind::Rustls.alert_for(RejectionReason::UnknownIssuer);
    /// assert_eq!(alert, Some(Alert::UNKNOWN_CA));
    /// ```
    pub fn alert_for(self, reason: RejectionReason) -> Option<Alert> {
        (self.capabilities().alert_for)(reason)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::policy::verdict::every_reason::{EVERY_REASON, name};

    type Row = (Vec<Option<Alert>>, Vec<RejectionReason>);

    /// Returns a row for each combination of alerts, and those of most reasons.
    fn rows(backends: &[BackendKind]) -> (Vec<Row>, Vec<Option<Alert>>) {
        let alerts = |reason| -> Vec<_> { backends.iter().map(|b| b.alert_for(reason)).collect() };
        let mut rows: Vec<Row> = Vec::new();
        for reason in EVERY_REASON {
            let alerts = alerts(*reason);
            match rows.iter_mut().find(|row| row.0 == alerts) {
                Some((_, reasons)) => reasons.push(*reason),
                None => rows.push((alerts, vec![*reason])),
            }
        }
        let usual = alerts(RejectionReason::NotAuthorized);
        rows.retain(|row| row.0 != usual);
        (rows, usual)
    }

    /// Writes the table of the documentation: a column for each backend that sends alerts.
    fn table() -> String {
        let sends = |backend: &BackendKind| {
            let alert = backend.alert_for(RejectionReason::NotAuthorized);
            alert.is_some()
        };
        let backends = BackendKind::ALL.iter().copied().filter(sends);
        let backends: Vec<BackendKind> = backends.collect();
        let (rows, usual) = rows(&backends);
        let heads = backends.iter().map(ToString::to_string);
        let mut table = line("reason", heads);
        table.push_str(&line("---", backends.iter().map(|_| "---".to_owned())));
        let cell = |alert: Option<Alert>| alert.map_or("none".to_owned(), |a| format!("`{a}`"));
        for (alerts, reasons) in rows {
            let names = reasons.iter().map(|reason| format!("`{}`", name(*reason)));
            let names = names.collect::<Vec<_>>().join(", ");
            table.push_str(&line(&names, alerts.into_iter().map(cell)));
        }
        let usual = usual.into_iter().map(cell);
        table.push_str(&line("`NotAuthorized` and all others", usual));
        table
    }

    fn line(first: &str, cells: impl Iterator<Item = String>) -> String {
        let cells: Vec<String> = cells.collect();
        format!("| {first} | {} |\n", cells.join(" | "))
    }

    #[test]
    fn the_table_of_alerts_is_the_code_s() {
        let table = table();
        if std::env::var_os("UPDATE_BACKENDS").is_some() {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/backend/alerts.md");
            std::fs::write(path, table).unwrap();
            return;
        }
        let documented = include_str!("alerts.md");
        assert_eq!(documented, table, "run with UPDATE_BACKENDS=1");
        for reason in EVERY_REASON {
            assert_eq!(BackendKind::NativeTls.alert_for(*reason), None);
        }
    }
    /// The table above is written from the code; these are what RFC 8446, section 6.2, asks for.
    #[test]
    fn the_alerts_of_the_common_reasons_are_those_of_the_rfc() {
        for (reason, alert) in [
            (RejectionReason::Expired, Alert::CERTIFICATE_EXPIRED),
            (
                RejectionReason::MalformedCertificate,
                Alert::BAD_CERTIFICATE,
            ),
            (RejectionReason::NoCertificate, Alert::CERTIFICATE_REQUIRED),
            (RejectionReason::NotAuthorized, Alert::CERTIFICATE_UNKNOWN),
            (RejectionReason::Revoked, Alert::CERTIFICATE_REVOKED),
            (RejectionReason::UnknownIssuer, Alert::UNKNOWN_CA),
            (
                RejectionReason::WrongExtendedKeyUsage,
                Alert::UNSUPPORTED_CERTIFICATE,
            ),
        ] {
            for backend in [BackendKind::OpenSsl, BackendKind::Rustls] {
                assert_eq!(backend.alert_for(reason), Some(alert), "{backend} {reason}");
            }
        }
    }
}
