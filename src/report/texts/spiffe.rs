use core::convert::identity;
use core::time::Duration;
use std::sync::Arc;

use super::{Sample, samples};
use crate::error::{
    MaterialError, MaterialProblem, SpiffeAddressProblem, SpiffeConnectProblem, SpiffeError,
    SpiffePart, SpiffePartProblem, SpiffeStreamProblem, TrustBundlesError,
};

pub(super) fn samples() -> Vec<Sample> {
    let (address, text) = ("‹address›".to_owned(), "‹text›".to_owned());
    let mut samples = samples!(
        SpiffeError,
        identity,
        [
            Address {
                address: address.clone(),
                problem: SpiffeAddressProblem::NoPort
            },
            Interrupted {
                address: address.clone(),
                problem: SpiffeStreamProblem::Closed
            },
            NoAddress,
            NoAnswer {
                address: address.clone(),
                within: Duration::from_secs(10)
            },
            NoIdentity {
                address: address.clone(),
                words: text.clone()
            },
            NotGiven {
                address: address.clone(),
                wanted: "‹id›".to_owned(),
                given: "‹ids›".to_owned()
            },
            Unreachable {
                address: address.clone(),
                problem: SpiffeConnectProblem::NoSocket
            },
            Unusable {
                address: address.clone(),
                part: SpiffePart::Svid {
                    id: "‹id›".to_owned()
                },
                problem: SpiffePartProblem::OtherSpiffeId
            },
        ]
    );
    samples.extend(samples!(
        SpiffeAddressProblem,
        identity,
        [
            ExtraParts,
            HostNotIp,
            NoPort,
            NoSocketPath,
            NotAUri,
            OtherHost,
            Space,
            UnexpectedPart,
            WrongScheme,
        ]
    ));
    samples.extend(samples!(
        SpiffeConnectProblem,
        identity,
        [
            NotListening,
            NoSocket,
            Other { text: text.clone() },
            PermissionDenied,
        ]
    ));
    samples.extend(samples!(
        SpiffePartProblem,
        identity,
        [
            Bundles(TrustBundlesError::Empty),
            EmptyOwnBundle,
            Material(Arc::new(MaterialError::from(MaterialProblem::NoPem))),
            OtherSpiffeId,
            TooMany {
                found: 101,
                limit: 100
            },
            Unreadable { text: text.clone() },
        ]
    ));
    samples.extend(samples!(
        SpiffeStreamProblem,
        identity,
        [
            Closed,
            NoThread { text: text.clone() },
            Status {
                code: "‹unavailable›".to_owned(),
                text
            },
            ThreadEnded,
        ]
    ));
    samples
}
