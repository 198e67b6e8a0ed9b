use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        /// The longest DNS name (RFC 1035, section 2.3.4).
        const MAX_HOST: usize = 253;
        if text.contains("://") || text.contains('/') {
            return Err("give the host and the port alone, such as db.internal:5432".to_owned());
        }
        let Some((host, port)) = text.rsplit_once(':') else {
            return Err("the port is missing, such as in db.internal:5432".to_owned());
        };
        let is_bare_ipv6 = text.parse::<IpAddr>().is_ok();
        let host = match host.strip_prefix('[') {
            Some(inside) => inside.strip_suffix(']').ok_or("a bracket is not closed")?,
            None if host.contains(':') || is_bare_ipv6 => {
                return Err("put an IPv6 address in brackets, such as [::1]:443".to_owned());
            }
            None => host,
        };
        if host.is_empty() || host.len() > MAX_HOST {
            return Err(format!("the host has between 1 and {MAX_HOST} letters"));
        }
        let port = port.parse().ok().filter(|port| *port != 0);
        Ok(Self {
            host: host.to_owned(),
            port: port.ok_or("a port is a number between 1 and 65535")?,
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_has_a_host_and_a_port() {
        for (text, host, port) in [
            ("db.internal:5432", "db.internal", 5432),
            ("10.0.0.1:443", "10.0.0.1", 443),
            ("[::1]:443", "::1", 443),
        ] {
            let target: Target = text.parse().unwrap();
            assert_eq!((target.host.as_str(), target.port), (host, port));
            assert_eq!(target.to_string(), text);
        }
        for text in [
            "db.internal",
            "db.internal:",
            "db.internal:0",
            "db.internal:65536",
            ":443",
            "::1",
            "::1:443",
            "[::1:443",
            "https://db.internal:443",
            "db.internal:443/path",
        ] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
