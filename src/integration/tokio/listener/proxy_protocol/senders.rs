use core::net::IpAddr;

use crate::error::PatternProblem;
use crate::integration::tokio::listener::error::ProxySenderError;
use crate::policy::matcher::pattern::network::{Network, parse_ip};

/// The addresses whose connections begin with a PROXY header.
#[derive(Clone, Debug, Default)]
pub(in crate::integration::tokio::listener) struct ProxySenders(Vec<Network>);

impl ProxySenders {
    pub(in crate::integration::tokio::listener) fn parse<'a>(
        senders: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, ProxySenderError> {
        let network = |text: &str| {
            network(text).map_err(|problem| ProxySenderError {
                sender: text.to_owned(),
                problem,
            })
        };
        let networks = senders.into_iter().map(network);
        Ok(Self(networks.collect::<Result<_, _>>()?))
    }

    pub(in crate::integration::tokio::listener) fn contain(&self, ip: IpAddr) -> bool {
        // A socket for both versions shows IPv4 addresses mapped into IPv6.
        let ip = ip.to_canonical();
        self.0.iter().any(|network| network.contains(ip))
    }
}

fn network(text: &str) -> Result<Network, PatternProblem> {
    if text.contains('/') {
        return Network::parse(text);
    }
    let ip = parse_ip(text)?;
    let whole = if ip.is_ipv4() { 32 } else { 128 };
    Network::around(ip, whole).ok_or(PatternProblem::PrefixTooLong)
}
