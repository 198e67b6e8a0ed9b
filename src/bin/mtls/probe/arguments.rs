use std::time::Duration;

use clap::Args;
use mtls::pki_types::ServerName;

use super::starttls::StartTls;
use super::target::Target;
use super::tls::Version;
use crate::arguments::{MaterialArguments, server_name};

/// Show what a server presents and requests, and whether it accepts us
///
/// It makes up to four connections: the first without our certificate, which the log of the server
/// shows as a client that sent none; one by the other version of TLS, to see whether the server
/// speaks it; and one, or two where TLS 1.3 leaves the verdict open, that present our certificate,
/// if our policy accepts the server.
#[derive(Args, Debug)]
#[command(after_help = "\
Example: does this server accept us, and if not, why?
  mtls probe db.internal:5432 --starttls postgres \\
      --cert client.crt --key client.key --cacert ca.crt")]
pub(crate) struct ProbeArguments {
    /// The server; an IPv6 address stands in brackets
    #[arg(value_name = "HOST:PORT")]
    pub(super) target: Target,
    /// The name that its certificate must have, sent as SNI too [default: that of the
    /// configuration, or HOST]
    #[arg(long, value_name = "NAME", value_parser = server_name)]
    pub(super) server_name: Option<ServerName<'static>>,
    /// The only version of TLS to offer [default: both]
    #[arg(long, value_name = "VERSION")]
    pub(super) tls: Option<Version>,
    /// The protocol that asks for TLS first
    #[arg(long, value_name = "PROTOCOL")]
    pub(super) starttls: Option<StartTls>,
    /// An application protocol to offer (ALPN); may be repeated
    #[arg(long, value_name = "PROTOCOL", value_parser = protocol)]
    pub(super) alpn: Vec<String>,
    /// The limit of time for everything
    #[arg(long, value_name = "TIME", value_parser = timeout, default_value = "10s")]
    pub(super) timeout: Duration,
    /// Send `GET /` after the handshake: some servers reject clients only in HTTP. So does --alpn
    /// http/1.1
    #[arg(long, conflicts_with = "starttls")]
    pub(super) http: bool,
    /// The user of PostgreSQL [default: the common name of our certificate]
    #[arg(long, value_name = "NAME", requires = "starttls")]
    pub(super) user: Option<String>,
    /// Present our certificate even to a server that our policy rejects
    #[arg(long)]
    pub(super) danger_present_anyway: bool,
    /// Show each step of our policy, even if it accepts the server
    #[arg(long, short)]
    pub(super) verbose: bool,
    #[command(flatten)]
    pub(crate) material: MaterialArguments,
}

impl ProbeArguments {
    /// Returns the versions of TLS to offer.
    pub(super) fn versions(&self) -> &[Version] {
        match &self.tls {
            Some(version) => std::slice::from_ref(version),
            None => Version::ALL,
        }
    }
}

fn protocol(name: &str) -> Result<String, String> {
    // RFC 7301, section 3.1.
    if (1..=255).contains(&name.len()) {
        Ok(name.to_owned())
    } else {
        Err("a protocol has between 1 and 255 bytes".to_owned())
    }
}

fn timeout(text: &str) -> Result<Duration, String> {
    const RANGE: std::ops::RangeInclusive<Duration> =
        Duration::from_millis(100)..=Duration::from_secs(300);
    let time = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if RANGE.contains(&time) {
        Ok(time)
    } else {
        Err("give a time between 100ms and 5m".to_owned())
    }
}
