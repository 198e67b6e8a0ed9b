use std::fmt;
use std::str::FromStr;

use hyper::Uri;

/// An absolute `https` URL.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    uri: Uri,
    host: String,
}

impl Target {
    /// Returns a DNS name or an IP address, without the brackets around IPv6 in a URL.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or(443)
    }

    /// Returns host and port as written in the URL, which HTTP calls the host.
    pub(crate) fn authority(&self) -> &str {
        self.uri.authority().map_or(&self.host, |a| a.as_str())
    }

    /// Returns path and query; `/` if there are none.
    pub(crate) fn path(&self) -> &str {
        self.uri.path_and_query().map_or("/", |p| p.as_str())
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let uri: Uri = url
            .parse()
            .map_err(|error| format!("{url} is no URL: {error}"))?;
        if uri.scheme_str() != Some("https") {
            return Err(format!("{url} does not begin with https://"));
        }
        if uri.authority().is_some_and(|a| a.as_str().contains('@')) {
            return Err(format!(
                "{url} holds a user name, which this client does not send"
            ));
        }
        let host = uri.host().unwrap_or_default();
        let host = host
            .strip_prefix('[')
            .and_then(|h| h.strip_suffix(']'))
            .unwrap_or(host);
        if host.is_empty() {
            return Err(format!("{url} names no host"));
        }
        Ok(Self {
            host: host.to_owned(),
            uri,
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uri.fmt(f)
    }
}
