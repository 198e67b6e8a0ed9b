use core::net::IpAddr;

use super::ListenerLimits;
use crate::error::PatternProblem;
use crate::policy::matcher::pattern::network::{Network, parse_ip};

/// The limits of a listener, and the proxies in front of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListenerSettings {
    pub(crate) limits: ListenerLimits,
    pub(crate) proxies: ProxySenders,
}

/// The addresses whose connections begin with a PROXY header.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProxySenders(Vec<Network>);

impl ProxySenders {
    /// Parses addresses and networks.
    ///
    /// # Errors
    /// The first text that is neither, with its fault.
    pub(crate) fn parse<'a>(
        senders: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, (&'a str, PatternProblem)> {
        let network = |text: &'a str| network(text).map_err(|problem| (text, problem));
        let networks = senders.into_iter().map(network);
        Ok(Self(networks.collect::<Result<_, _>>()?))
    }

    pub(crate) fn contain(&self, ip: IpAddr) -> bool {
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
