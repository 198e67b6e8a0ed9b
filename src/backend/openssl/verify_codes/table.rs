//! Every reason has the code with which OpenSSL sends the alert of our table.

use super::code_for;
use crate::error::{Alert, BackendKind};
use crate::policy::RejectionReason;
use crate::policy::verdict::every_reason::EVERY_REASON;

/// As in OpenSSL's `ssl_x509err2alert`, for the codes that we set.
fn alert_for(code: i32) -> Alert {
    match code {
        9 | 62 => Alert::BAD_CERTIFICATE,
        10 => Alert::CERTIFICATE_EXPIRED,
        20 => Alert::UNKNOWN_CA,
        23 => Alert::CERTIFICATE_REVOKED,
        26 => Alert::UNSUPPORTED_CERTIFICATE,
        43 => Alert::CERTIFICATE_UNKNOWN,
        other => panic!("the code {other} is not ours"),
    }
}

#[test]
fn every_reason_has_its_alert() {
    for reason in EVERY_REASON {
        // OpenSSL finds a missing certificate itself, without a callback.
        if *reason == RejectionReason::NoCertificate {
            continue;
        }
        let alert = alert_for(code_for(*reason).as_raw());
        assert_eq!(
            BackendKind::OpenSsl.alert_for(*reason),
            Some(alert),
            "{reason:?}"
        );
    }
}
