use core::fmt;
use core::net::{IpAddr, Ipv4Addr};

use super::problem::PatternProblem;

/// An IP network; no bit after the prefix is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Network {
    address: IpAddr,
    length: u8,
}

impl Network {
    /// Parses an address, a slash and the length of the prefix (RFC 4632, section 3.1).
    pub(crate) fn parse(text: &str) -> Result<Self, PatternProblem> {
        let form = || PatternProblem::NotANetwork;
        let (address, length) = text.split_once('/').ok_or_else(form)?;
        let is_plain = |digits: &str| {
            digits.bytes().all(|b| b.is_ascii_digit())
                && (digits == "0" || !digits.starts_with('0'))
        };
        if !is_plain(length) {
            return Err(form());
        }
        let address = parse_ip(address)?;
        let length: u8 = length.parse().map_err(|_| form())?;
        match Self::around(address, length) {
            None => Err(PatternProblem::PrefixTooLong),
            Some(_) if length == 0 => Err(PatternProblem::AllAddresses),
            Some(network) if network.address != address => Err(PatternProblem::HostBits {
                address: network.address,
                length,
            }),
            Some(network) => Ok(network),
        }
    }

    /// Returns the network with this prefix length that contains the address.
    pub(crate) fn around(ip: IpAddr, length: u8) -> Option<Self> {
        let address = match ip {
            IpAddr::V4(v4) => {
                let host_bits = 32_u32.checked_sub(length.into())?;
                let mask = u32::MAX.checked_shl(host_bits).unwrap_or(0);
                IpAddr::V4((v4.to_bits() & mask).into())
            }
            IpAddr::V6(v6) => {
                let host_bits = 128_u32.checked_sub(length.into())?;
                let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
                IpAddr::V6((v6.to_bits() & mask).into())
            }
        };
        Some(Self { address, length })
    }

    pub(crate) fn contains(&self, ip: IpAddr) -> bool {
        Self::around(ip, self.length) == Some(*self)
    }

    pub(in crate::policy::matcher) fn length(&self) -> u8 {
        self.length
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

/// Parses an address that is not an IPv4 address mapped into IPv6.
pub(crate) fn parse_ip(text: &str) -> Result<IpAddr, PatternProblem> {
    let ip = text.parse().map_err(|_| PatternProblem::NotAnIpAddress)?;
    match mapped(ip) {
        Some(address) => Err(PatternProblem::MappedAddress { address }),
        None => Ok(ip),
    }
}

pub(super) fn mapped(ip: IpAddr) -> Option<Ipv4Addr> {
    match ip {
        IpAddr::V4(_) => None,
        IpAddr::V6(v6) => v6.to_ipv4_mapped(),
    }
}
