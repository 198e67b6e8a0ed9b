use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use mtls::connection::Side;

use super::address::PlainAddress;
use crate::arguments::MaterialArguments;
use crate::output::Finding;

/// Put mutual TLS in front of a plain service, or a plain port in front of mutual TLS
#[derive(Args, Debug)]
#[command(after_help = "\
Who may connect is the policy of a server; a client calls the server that has
the name, and the policy, if given. Connections whose peer is rejected by newer
files are closed, unless a configuration says otherwise.
SIGHUP reads the files again at once; SIGTERM and SIGINT let open connections
finish. The plain side has neither encryption nor authentication: every user
of this machine can reach a port on loopback, so prefer unix:PATH.

Examples: a service on port 8080 for the clients of our CA that are named api
  mtls proxy --listen 0.0.0.0:8443 --forward 127.0.0.1:8080 \\
      --cert tls.crt --key tls.key --cacert ca.crt \\
      --policy 'dns(\"api.internal\")'
and a program without TLS that calls it
  mtls proxy --side client --listen unix:/run/db.sock \\
      --forward db.internal:8443 --cert api.crt --key api.key --cacert ca.crt")]
pub(crate) struct ProxyArguments {
    /// The side of the TLS connections that the proxy plays: server or client
    #[arg(long, value_name = "SIDE", default_value_t = Side::Server)]
    side: Side,
    /// Where to listen: IP:PORT, or for clients also unix:PATH
    #[arg(long, value_name = "ADDRESS")]
    pub(super) listen: PlainAddress,
    /// Where the bytes go: HOST:PORT, or for servers also unix:PATH
    #[arg(long, value_name = "ADDRESS")]
    pub(super) forward: PlainAddress,
    /// For clients: the name of the server [default: the host of --forward]
    #[arg(long, value_name = "NAME")]
    server_name: Option<String>,
    /// Serve /health, /status and /metrics over HTTP at this loopback address
    #[arg(long, value_name = "IP:PORT")]
    pub(super) status: Option<SocketAddr>,
    /// The most connections that are open at a time [default: as configured, or 8192]
    #[arg(long, value_name = "NUMBER")]
    pub(super) max_connections: Option<usize>,
    /// How long open connections may go on once the proxy is asked to end
    #[arg(long, value_name = "TIME", default_value = "10s",
        value_parser = humantime::parse_duration)]
    pub(super) drain: Duration,
    /// Let the plain side leave this machine, where others can read and change it
    #[arg(long)]
    pub(super) danger_plain_remote: bool,
    #[command(flatten)]
    pub(crate) material: MaterialArguments,
}

impl ProxyArguments {
    pub(super) fn is_server(&self) -> bool {
        self.side == Side::Server
    }

    /// Checks what needs no file and no network.
    pub(super) fn check(&self) -> Result<(), Box<Finding>> {
        if self.is_server()
            && self.max_connections.is_some()
            && self.material.configuration(Side::Server).is_some()
        {
            let text = "--max-connections is given beside --config";
            let hint = "set `listener = { max_connections = .. }` in the configuration";
            return Err(Box::new(
                Finding::usage("invalid_argument", text).hint(hint),
            ));
        }
        if self.max_connections == Some(0) {
            let finding = Finding::usage("invalid_argument", "--max-connections is 0");
            return Err(Box::new(finding.hint("give at least 1")));
        }
        let (secure, plain) = if self.is_server() {
            (("--listen", &self.listen), ("--forward", &self.forward))
        } else {
            (("--forward", &self.forward), ("--listen", &self.listen))
        };
        if let (argument, PlainAddress::Unix(_)) = secure {
            let text = format!("{argument} is a Unix socket, and TLS runs over TCP here");
            let finding = Finding::usage("invalid_argument", text);
            return Err(Box::new(finding.hint("give IP:PORT or HOST:PORT")));
        }
        if let (argument, PlainAddress::Tcp(address)) = plain
            && !self.danger_plain_remote
            && address
                .parse::<SocketAddr>()
                .is_ok_and(|address| !address.ip().is_loopback())
        {
            return Err(Box::new(not_loopback(argument, address)));
        }
        match self.status {
            Some(address) if !address.ip().is_loopback() => Err(Box::new(
                Finding::usage("status_not_loopback", "--status is no loopback address")
                    .hint("give 127.0.0.1:PORT: what it shows is for this machine alone"),
            )),
            _ => Ok(()),
        }
    }

    /// Returns the name of the server that a client proxy calls.
    pub(super) fn server_name(&self, configured: Option<&str>) -> Result<String, Box<Finding>> {
        let host = match &self.forward {
            PlainAddress::Tcp(address) => address.rsplit_once(':').map(|(host, _)| host),
            PlainAddress::Unix(_) => None,
        };
        let host = host.map(|host| host.trim_start_matches('[').trim_end_matches(']'));
        let name = self.server_name.as_deref().or(configured).or(host);
        name.map(str::to_owned).ok_or_else(|| {
            let finding = Finding::usage("missing_server_name", "the server's name is not given");
            Box::new(finding.hint("give it by --server-name"))
        })
    }
}

pub(super) fn not_loopback(argument: &str, address: &str) -> Finding {
    let text = format!("{argument} {address} is plain and leads off this machine");
    Finding::usage("plain_remote", text).hint(
        "give a loopback address or unix:PATH; only where the network between is as safe as this \
         machine, add --danger-plain-remote",
    )
}
