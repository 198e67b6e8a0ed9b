use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use mtls::backend::{BackendKind, ClientBackend};
use mtls::{MtlsClient, VerifierPolicy};

use crate::support::{Common, Result};
use crate::target::Target;

pub(crate) const USAGE: &str = "\
usage: client --cert FILE [--key FILE] [--passphrase TEXT] --cacert FILE [--backend NAME]
              [--crl FILE]... [--profile NAME] [--danger-allow-x509-v1]
              [--data TEXT] [--verbose] URL

  --cert FILE             our certificate chain; with the key in the same file, without --key
  --key FILE              our private key
  --passphrase TEXT       of the key, if it is encrypted; others on this machine can see it
  --cacert FILE           the CAs that issue the server's certificate
  --backend NAME          the TLS library, by default rustls; an unknown name lists all
  --crl FILE              revocation lists; may be repeated. With any, the server's certificate
                          has to be known not to be revoked
  --profile NAME          how strict to be about the form of certificates: interoperable, rfc5280
                          or web_pki
  --danger-allow-x509-v1  accept a server's X.509 version 1 certificate, which says nothing about
                          its use, and a common name in place of a DNS name
  --data TEXT             POST this instead of GET
  --verbose               print the server's name, and the protocols that are spoken
  --help                  print this

Files are recognised by their content: PEM, DER or PKCS#7; PKCS#12 with our certificate and key.

The client prints the body of the answer. When it rejects the server, or the server rejects it, it
says why and ends with status 1.
";

/// The time from the first packet to the last byte of the response.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) struct Options {
    common: Common,
    pub(crate) data: Option<String>,
    pub(crate) verbose: bool,
    pub(crate) target: Target,
}

impl Options {
    /// Parses the arguments; `None` if help is requested.
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

    pub(crate) fn backend(&self) -> BackendKind {
        self.common.backend()
    }

    pub(crate) fn client<B: ClientBackend>(&self, backend: B) -> Result<MtlsClient<B>> {
        let policy = VerifierPolicy::allow_any_authenticated();
        let builder = MtlsClient::builder().alpn(["h2", "http/1.1"]);
        Ok(self.common.set_up(builder, policy)?.build(backend)?)
    }
}
