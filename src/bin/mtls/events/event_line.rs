use std::io;

use mtls::event::{ExpiringItem, HandshakeOutcome};
use mtls::pki_types::UnixTime;
use mtls::{Event, Status};
use serde::Serialize;

use crate::output::{Details, Finding, Page, Severity, Time};

/// Something that happened, at a time.
#[derive(Debug, Serialize)]
pub(crate) struct EventLine {
    at: Time,
    event: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote_addr: Option<String>,
    /// What was found, and what to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    finding: Option<Finding>,
}

impl EventLine {
    pub(crate) fn new(event: &'static str, message: impl Into<String>) -> Self {
        Self {
            at: Time(UnixTime::now()),
            event,
            message: message.into(),
            revision: None,
            remote_addr: None,
            finding: None,
        }
    }

    pub(crate) fn with(self, finding: Finding) -> Self {
        Self {
            finding: Some(finding),
            ..self
        }
    }

    /// Describes an event; `None` for those that say nothing new to an operator.
    pub(crate) fn of(event: &Event<'_>) -> Option<Self> {
        Some(match event {
            Event::AcceptFailed(error) => {
                Self::new("accept_failed", "a connection was not accepted")
                    .with(Finding::of_error(*error))
            }
            Event::ConnectionEnding {
                connection, reason, ..
            } => {
                let text = format!("a connection ends: {reason}");
                let line =
                    Self::new("connection_ending", text).of_address(connection.remote_addr());
                match reason.rejection() {
                    Some(rejection) => line.with(rejection.into()),
                    None => line,
                }
            }
            Event::Handshake(handshake) => {
                let HandshakeOutcome::Failed(error) = handshake.outcome else {
                    return None;
                };
                Self::new("handshake_failed", "a handshake failed")
                    .of_address(handshake.remote_addr)
                    .with(Finding::of_error(error))
            }
            Event::IdentityWarning(warning) => {
                Self::new("identity_warning", "our identity has a flaw")
                    .with(Finding::of_warning(warning))
            }
            Event::Expiring {
                what,
                subject,
                expires_at,
                left,
                ..
            } => {
                let what_expires = match what {
                    ExpiringItem::RevocationList => format!("the revocation list of {subject}"),
                    ExpiringItem::TrustAnchor => format!("the trust anchor {subject}"),
                    _ => format!("our certificate {subject}"),
                };
                let time = Time(*expires_at);
                let text = if left.is_zero() {
                    format!("{what_expires} has expired at {time}")
                } else {
                    let left = humantime::format_duration(*left);
                    format!("{what_expires} expires in {left}, at {time}")
                };
                let finding = Finding::warning(what.as_str(), text.clone());
                Self::new("expiring", text).with(finding.hint("renew it and put it in place"))
            }
            Event::ReloadFailed(failure) => {
                Self::new("reload_failed", "a reload failed").with(Finding::of_error(*failure))
            }
            Event::Rotated { revision, .. } => Self {
                revision: Some(*revision),
                ..Self::new("rotated", format!("revision {revision} is in force"))
            },
            Event::RuleRelaxed { setting, .. } => {
                let text = format!("the configuration relaxes a rule: {setting}");
                Self::new("rule_relaxed", text)
            }
            Event::UnusableTrustAnchor(anchor) => {
                Self::new("unusable_trust_anchor", "a trust anchor is not used")
                    .with(Finding::of_error(*anchor))
            }
            Event::UnclaimedRevocationList(list) => {
                let issuer = list.issuer();
                let text = format!(
                    "the list of {issuer} counts once a peer presents the CA that signed it: no trust anchor did"
                );
                Self::new("unclaimed_revocation_list", text)
            }
            Event::ShadowRejected {
                peer, rejection, ..
            } => {
                let text = format!("the shadow policy rejects {peer}");
                Self::new("shadow_rejected", text).with((*rejection).into())
            }
            Event::ShadowAccepted { peer, .. } => Self::new(
                "shadow_accepted",
                format!("the shadow policy accepts {peer}"),
            ),
            _ => return None,
        })
    }

    /// Describes what is in force.
    pub(crate) fn of_status(event: &'static str, status: &Status) -> Self {
        let mut text = format!(
            "revision {}: our certificate is valid until {}, the anchors until {}",
            status.revision(),
            Time(status.identity_expires_at()),
            Time(status.anchors_expire_at()),
        );
        if let Some(time) = status.revocation_lists_expire_at() {
            text.push_str(&format!(", the revocation lists until {}", Time(time)));
        }
        if let Some(reason) = status.degraded() {
            text.push_str(&format!("; degraded: {reason}"));
        }
        Self {
            revision: Some(status.revision()),
            ..Self::new(event, text)
        }
    }

    pub(super) fn of_lost(lines: u64) -> Self {
        Self::new("lines_left_out", format!("{lines} lines were left out"))
    }

    /// Whether a peer can cause any number of it.
    pub(super) fn is_of_connection(&self) -> bool {
        matches!(
            self.event,
            "accept_failed"
                | "connection_ending"
                | "handshake_failed"
                | "shadow_accepted"
                | "shadow_rejected"
                | "forward_failed"
        )
    }

    /// Whether newer files are in force.
    pub(crate) fn is_rotation(&self) -> bool {
        self.event == "rotated"
    }

    /// Whether it is the last one.
    pub(crate) fn is_end(&self) -> bool {
        self.event == "ended"
    }

    pub(crate) fn of_address(self, address: Option<std::net::SocketAddr>) -> Self {
        Self {
            remote_addr: address.map(|address| address.to_string()),
            ..self
        }
    }
}

impl Details for EventLine {
    fn finding_mut(&mut self) -> Option<&mut Finding> {
        self.finding.as_mut()
    }

    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let from = match &self.remote_addr {
            Some(address) => format!(" ({address})"),
            None => String::new(),
        };
        page.entry(self.at, &format!("{}{from}", self.message))?;
        match &self.finding {
            Some(finding)
                if finding.severity != Severity::Warning || finding.message != self.message =>
            {
                page.finding(finding)
            }
            Some(finding) => page.field("hint", finding.hint.as_deref().unwrap_or_default()),
            None => Ok(()),
        }
    }
}
