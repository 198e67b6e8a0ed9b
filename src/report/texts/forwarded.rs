use core::convert::identity;

use super::{Sample, samples};
use crate::error::{ForwardedError, MaterialError, MaterialProblem};

pub(super) fn samples() -> Vec<Sample> {
    let header = "X-Forwarded-Client-Cert";
    samples!(
        ForwardedError,
        identity,
        [
            ChainWithoutLeaf,
            HashMismatch,
            InvalidCertificates {
                header,
                problem: MaterialError::from(MaterialProblem::NoPem)
            },
            InvalidName {
                header,
                problem: "‹cause›".into()
            },
            KeyAfterNames { key: "Cert" },
            LeafMismatch,
            Malformed { header, offset: 7 },
            MissingKey { key: "Cert" },
            RepeatedKey { key: "Hash" },
            SeveralElements { found: 2 },
            TooLong {
                header,
                bytes: 65_537,
                limit: 65_536
            },
            TooManyElements { limit: 16 },
            TooManyHeaders { header },
            UnknownKey {
                key: "‹key›".to_owned()
            },
        ]
    )
}
