use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use mtls::{BackendKind, ClientBackend, MtlsClient, VerifierPolicy};

use crate::support::{Common, Result};
use crate::target::Target;

pub(crate) const USAGE: &str = "\
usage: client --backend rustls|openssl|native-tls --cert FILE --key FILE [--passphrase TEXT]
              --cacert FILE [--data TEXT] [--danger-allow-x509-v1] [--verbose] URL

  --backend NAME          the TLS library
  --cert FILE             our certificate chain, the leaf first (PEM)
  --key FILE              our private key (PEM)
  --passphrase TEXT       of the key, if it is encrypted; others on this machine can see it
  --cacert FILE           the CAs that vouch for the server (PEM)
  --data TEXT             POST this instead of GET
  --danger-allow-x509-v1  accept a server's X.509 version 1 certificate, which says nothing about
                          its use, and a common name in place of a DNS name
  --verbose               say who the server is and what is spoken
  --help                  say this

It prints the body of the answer. When the server is refused, or refuses us, it says why and ends
with status 1.
";

/// From the first packet to the last byte of the answer.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) struct Options {
    common: Common,
    pub(crate) data: Option<String>,
    pub(crate) verbose: bool,
    pub(crate) target: Target,
}

impl Options {
    /// `None`: help is asked for.
    pub(crate) fn from_arguments() -> Result<Option<Self>> {
        let mut common = Common::default();
        let (mut data, mut verbose, mut target) = (None, false, None);
        let mut parser = Parser::from_env();
        while let Some(argument) = parser.next()? {
            let name = match argument {
                Arg::Value(url) if target.is_none() => {
                    target = Some(url.parse_with(str::parse::<Target>)?);
                    continue;
                }
                Arg::Long(name) => name.to_owned(),
                other => return Err(other.unexpected().into()),
            };
            match name.as_str() {
                "help" => return Ok(None),
                "data" => data = Some(parser.value()?.string()?),
                "verbose" => verbose = true,
                _ if common.take(&name, &mut parser)? => {}
                _ => return Err(Arg::Long(&name).unexpected().into()),
            }
        }
        common.check()?;
        let target = target.ok_or_else(|| lexopt::Error::from("the URL is missing"))?;
        Ok(Some(Self {
            common,
            data,
            verbose,
            target,
        }))
    }

    pub(crate) fn backend(&self) -> Result<BackendKind> {
        Ok(self.common.backend()?)
    }

    pub(crate) fn client<B: ClientBackend>(&self, backend: B) -> Result<MtlsClient<B>> {
        let policy = VerifierPolicy::allow_any_authenticated();
        Ok(MtlsClient::builder()
            .identity(self.common.identity()?)
            .trust_anchors(self.common.anchors()?)
            .policy(self.common.relaxed(policy))
            .alpn(["h2", "http/1.1"])
            .build(backend)?)
    }
}
