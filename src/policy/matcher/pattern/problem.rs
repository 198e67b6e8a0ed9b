use core::net::{IpAddr, Ipv4Addr};
use std::borrow::Cow;

use crate::peer::spiffe::SpiffeIdError;

/// The fault of a constructor's argument: it can never match, or would match too much.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternProblem {
    /// The network `/0` contains every address.
    #[error("it contains every address")]
    AllAddresses,
    /// The text of a subject has a control character.
    #[error("it has a control character")]
    ControlCharacter,
    /// The text is empty.
    #[error("it is empty")]
    Empty,
    /// The list has no entry.
    #[error("the list is empty")]
    EmptyList,
    /// Bits of the network's address are set after its prefix.
    #[error("bits are set after the prefix")]
    HostBits {
        /// The address of the network that contains it.
        address: IpAddr,
        /// The length of the prefix in bits.
        length: u8,
    },
    /// The authority of a URI prefix is missing, or has several spellings.
    #[error("its authority is missing, or has upper case, a user name or an escape")]
    InvalidAuthority,
    /// The path of a URI prefix has several spellings.
    #[error("its path has an escape, a query, a fragment, or an empty or dot segment")]
    InvalidPath,
    /// It is an IPv4 address mapped into IPv6 (RFC 4291, section 2.5.5.2).
    #[error("it is an IPv4 address mapped into IPv6")]
    MappedAddress {
        /// The IPv4 address.
        address: Ipv4Addr,
    },
    /// The URI has no scheme (RFC 3986, section 3).
    #[error("it has no scheme")]
    MissingScheme,
    /// A prefix of SPIFFE IDs has no path.
    #[error("it has no path")]
    NoPath,
    /// The text is not a directory name.
    #[error("it is not a name in the form of RFC 4514")]
    NotADirectoryName,
    /// The text is not a host name (RFC 1123, section 2.1).
    #[error("it is not a host name")]
    NotAHostName,
    /// The text is not a network (RFC 4632, section 3.1).
    #[error("it is not a network")]
    NotANetwork,
    /// The text is not a SHA-256 digest.
    #[error("it is not a SHA-256 digest in hexadecimal")]
    NotASha256,
    /// The text is not the beginning of a URI with an authority.
    #[error("it is not `scheme://authority`, with or without a path")]
    NotAUriPrefix,
    /// The text is not an e-mail address.
    #[error("it is not local@domain")]
    NotAnEmailAddress,
    /// The text is not an IP address.
    #[error("it is not an IP address")]
    NotAnIpAddress,
    /// The directory name is not written as this crate writes it.
    #[error("it is not in the RFC 4514 form that this crate writes")]
    NotCanonicalName {
        /// The name in that form, at most 256 bytes of it.
        canonical: String,
    },
    /// The URI has a space, a control character, or a character outside ASCII.
    #[error("it has a character that a URI must not contain")]
    NotPrintable,
    /// The prefix has more bits than the address.
    #[error("its prefix is longer than the address")]
    PrefixTooLong,
    /// The text is not a SPIFFE ID, or not a trust domain.
    #[error(transparent)]
    SpiffeId(SpiffeIdError),
    /// Lists are nested more than [`MAX_DEPTH`](crate::PeerMatcher::MAX_DEPTH) deep.
    #[error("lists are nested more than {limit} deep")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// The text has more than
    /// [`MAX_PATTERN_BYTES`](crate::PeerMatcher::MAX_PATTERN_BYTES).
    #[error("it is longer than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// A URI prefix ends in a slash.
    #[error("it ends in `/`")]
    TrailingSlash,
    /// The scheme of a URI prefix has other characters than lower-case ones.
    #[error("its scheme is not in lower case")]
    UpperCaseScheme,
}

impl PatternProblem {
    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::AllAddresses => {
                "use a longer prefix, such as `10.0.0.0/8`; every peer that the trust anchors prove matches \
                 `any_authenticated`"
            }
            Self::ControlCharacter => {
                "remove the control character: no certificate with one is accepted"
            }
            Self::Empty => "give a value: an empty one would match nothing, or everything",
            Self::EmptyList => {
                "give at least one matcher; every peer that the trust anchors prove matches `any_authenticated`"
            }
            Self::HostBits { address, length } => {
                return format!("write the network as `{address}/{length}`").into();
            }
            Self::InvalidAuthority => {
                "write the host in lower case, and its port if it has one: `https://a.example:8443`"
            }
            Self::InvalidPath => {
                "write plain segments, as in `https://a.example/pay/x`; match a whole URI of another form by `uri`"
            }
            Self::MappedAddress { address } => {
                return format!(
                    "write the IPv4 address {address}, which is what certificates have"
                )
                .into();
            }
            Self::MissingScheme => "write the whole URI, as in `https://billing.example/agent`",
            Self::NoPath => "match all of a trust domain by `trust_domain`, or add a path",
            Self::NotADirectoryName => {
                "write it as `PeerIdentity::issuer` returns it: `CN=Payments CA,O=Example Ltd`"
            }
            Self::NotAHostName => {
                "write a name such as `billing.svc.local`: wildcards are never expanded, and no dot begins or ends it"
            }
            Self::NotANetwork => "write an address and a prefix length, as in `10.0.0.0/8`",
            Self::NotASha256 => {
                "write 64 hexadecimal digits, as `openssl x509 -in CERT -outform DER | sha256sum` prints them for a \
                 certificate, and `openssl x509 -in CERT -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum` \
                 for a key"
            }
            Self::NotAUriPrefix => "write it as `https://a.example` or `https://a.example/pay`",
            Self::NotAnEmailAddress => "write it as `ops@prod.example`, in printable ASCII",
            Self::NotAnIpAddress => {
                "write an IPv4 or IPv6 address, such as `192.0.2.7` or `2001:db8::7`"
            }
            Self::NotCanonicalName { canonical } => {
                return format!("write it as {canonical:?}").into();
            }
            Self::NotPrintable => {
                "write the character in percent-encoding, as the certificate does: `%20` for a space"
            }
            Self::PrefixTooLong => "use at most 32 bits for IPv4 and 128 for IPv6",
            Self::SpiffeId(error) => return error.hint(),
            Self::TooDeep { .. } => MERGE_LISTS,
            Self::TooLong { .. } => {
                "shorten it, or match a part of the value by a prefix or suffix"
            }
            Self::TrailingSlash => "leave out the slash: a prefix ends with a whole segment",
            Self::UpperCaseScheme => "write the scheme in lower case, as in `https://a.example`",
        })
    }
}

pub(in crate::policy::matcher) const MERGE_LISTS: &str =
    "merge each `any_of` within an `any_of`, and each `all_of` within an `all_of`, into one list";
