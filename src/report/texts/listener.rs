use core::convert::identity;

use super::{Sample, samples};
use crate::error::{ListenerError, PatternProblem, ProxySenderError};

pub(super) fn samples() -> Vec<Sample> {
    let mut samples = samples!(
        ListenerError,
        identity,
        [
            GaveWay,
            MalformedProxyHeader,
            MissingProxyHeader,
            ProxyHeaderTooLong { limit: 4096 },
            TooManyFromClient { limit: 100 },
        ]
    );
    let error = ProxySenderError {
        sender: "‹sender›".to_owned(),
        problem: PatternProblem::AllAddresses,
    };
    samples.push(Sample::new("ProxySenderError".to_owned(), &error));
    samples
}
