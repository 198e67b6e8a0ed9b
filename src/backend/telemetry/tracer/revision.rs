//! Events about our own material.

use tracing::{info, warn};

use super::emit::TARGET;
use crate::backend::event::Event;
use crate::backend::telemetry::text::{Bounded, Causes};
use crate::side::Side;

pub(super) fn record(name: &str, side: Side, event: &Event<'_>) {
    let side = side.as_str();
    match *event {
        Event::Rotated { revision } => info!(
            target: TARGET,
            {
                otel.kind = side,
                mtls.name = name,
                mtls.revision = revision,
            },
            "another revision serves"
        ),
        Event::ReloadFailed(failure) => warn!(
            target: TARGET,
            {
                otel.kind = side,
                mtls.name = name,
                mtls.consecutive = failure.consecutive(),
                error.message = %Bounded(Causes(failure)),
                mtls.hint = %Bounded(failure.hint()),
            },
            "the source failed"
        ),
        Event::Expiring {
            what,
            subject,
            expires_at,
            left,
        } => warn!(
            target: TARGET,
            {
                otel.kind = side,
                mtls.name = name,
                mtls.item = what.as_str(),
                mtls.subject = %Bounded(subject),
                mtls.expires_at = expires_at.as_secs(),
                mtls.seconds = left.as_secs(),
            },
            "something expires soon"
        ),
        Event::IdentityWarning(warning) => warn!(
            target: TARGET,
            {
                otel.kind = side,
                mtls.name = name,
                error.message = %Bounded(warning),
                mtls.hint = %Bounded(warning.hint()),
            },
            "our identity should be corrected"
        ),
        Event::RuleRelaxed { setting } => warn!(
            target: TARGET,
            {
                otel.kind = side,
                mtls.name = name,
                mtls.setting = setting,
            },
            "the policy relaxes a rule"
        ),
        Event::UnusableTrustAnchor(anchor) => warn!(
            target: TARGET,
            {
                otel.kind = side,
                mtls.name = name,
                error.message = %Bounded(anchor),
                mtls.hint = %Bounded(anchor.hint()),
            },
            "a trust anchor proves no peer"
        ),
        Event::UnclaimedRevocationList(list) => warn!(
            target: TARGET,
            {
                otel.kind = side,
                mtls.name = name,
                mtls.issuer = %Bounded(list.issuer()),
            },
            "no known CA signed a revocation list"
        ),
        _ => {}
    }
}
