use core::convert::identity;
use core::net::{IpAddr, Ipv4Addr};

use super::{Sample, samples};
use crate::error::{ExpectedToken, MatcherError, MatcherProblem, PatternProblem, SpiffeIdError};
use crate::policy::RejectionReason;

pub(super) fn samples() -> Vec<Sample> {
    let mut samples = samples!(
        MatcherProblem,
        identity,
        [
            Custom,
            Pattern {
                matcher: "dns",
                value: "‹a b›".to_owned(),
                problem: PatternProblem::NotAHostName
            },
            TooDeep(16),
            TooLong(33_554_432),
            TooMany(1_000_000),
            Unexpected {
                found: "‹a string›".to_owned(),
                expected: ExpectedToken::Close
            },
        ]
    );
    samples.extend(samples!(
        PatternProblem,
        identity,
        [
            AllAddresses,
            ControlCharacter,
            Empty,
            EmptyList,
            HostBits {
                address: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)),
                length: 8
            },
            InvalidAuthority,
            InvalidPath,
            MappedAddress {
                address: Ipv4Addr::new(10, 0, 0, 1)
            },
            MissingScheme,
            NoPath,
            NotADirectoryName,
            NotAHostName,
            NotANetwork,
            NotASha256,
            NotAUriPrefix,
            NotAnEmailAddress,
            NotAnIpAddress,
            NotCanonicalName {
                canonical: "‹CN=a,O=b›".to_owned()
            },
            NotPrintable,
            PrefixTooLong,
            SpiffeId(SpiffeIdError::EmptyTrustDomain),
            TooDeep { limit: 16 },
            TooLong { limit: 2048 },
            TrailingSlash,
            UpperCaseScheme,
        ]
    ));
    samples.extend(samples!(
        ExpectedToken,
        expected,
        [
            Argument,
            Close,
            ClosingQuote,
            End,
            Escape,
            ListSeparator,
            Matcher,
            MatcherName,
            Open,
            Token,
            VisibleCharacter,
        ]
    ));
    samples.extend(samples!(
        SpiffeIdError,
        identity,
        [
            BadPathCharacter,
            BadTrustDomainCharacter,
            BadSegment,
            EmptyTrustDomain,
            TooLong,
            WrongScheme,
        ]
    ));
    let located = MatcherError::new("‹any_of(›", 9, MatcherProblem::Custom);
    samples.push(Sample::new("MatcherError".to_owned(), &located));
    let unknown = "‹unknown›".parse::<RejectionReason>().unwrap_err();
    samples.push(Sample::new("UnknownName".to_owned(), &unknown));
    samples
}

fn expected(expected: ExpectedToken) -> MatcherProblem {
    MatcherProblem::Unexpected {
        found: "‹a string›".to_owned(),
        expected,
    }
}
