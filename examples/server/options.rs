use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use mtls::backend::BackendKind;
use mtls::{MtlsServer, PeerMatcher, ServerBuilder, VerifierPolicy};

use crate::support::{Common, Result};

pub(crate) const USAGE: &str = "\
usage: server --cert FILE [--key FILE] [--passphrase TEXT] --cacert FILE [--backend NAME]
              [--optional] [--allow MATCHER]... [--allow-spiffe-id ID]... [--allow-dns NAME]...
              [--crl FILE]... [--profile NAME] [--danger-allow-x509-v1] [--listen HOST:PORT]

  --cert FILE             our certificate chain; with the key in the same file, without --key
  --key FILE              our private key
  --passphrase TEXT       of the key, if it is encrypted; others on this machine can see it
  --cacert FILE           the CAs that issue the clients' certificates
  --backend NAME          the TLS library, by default rustls; an unknown name lists all
  --optional              accept clients without a certificate too
  --allow MATCHER         accept the clients that a matcher matches, such as
                          'all_of(dns_suffix(\"prod.example\"), not(organizational_unit(\"Test\")))';
                          may be repeated
  --allow-spiffe-id ID    accept this SPIFFE ID; may be repeated
  --allow-dns NAME        accept this DNS name; may be repeated. Without any --allow-.. option,
                          every client of the CAs is accepted
  --crl FILE              revocation lists; may be repeated. With any, a client's certificate has
                          to be known not to be revoked
  --profile NAME          how strict to be about the form of certificates: interoperable, rfc5280
                          or web_pki
  --danger-allow-x509-v1  accept clients' X.509 version 1 certificates, which say nothing about
                          their use, and a common name in place of a DNS name
  --listen HOST:PORT      by default 127.0.0.1:8443; port 0 takes any free port
  --help                  print this

Files are recognised by their content: PEM, DER or PKCS#7; PKCS#12 with our certificate and key.

The server prints `listening on HOST:PORT`, answers every request with `hello NAME` and the
request's body, and says on standard error which clients it rejected and why.
";

/// The timeout of a client's handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) struct Options {
    common: Common,
    allowed: Vec<PeerMatcher>,
    /// Whether clients without a certificate are accepted.
    pub(crate) is_optional: bool,
    pub(crate) listen: String,
}

impl Options {
    /// Parses the arguments; `None` if help is requested.
    pub(crate) fn from_arguments() -> Result<Option<Self>> {
        let mut options = Self {
            common: Common::default(),
            allowed: Vec::new(),
            is_optional: false,
            listen: "127.0.0.1:8443".to_owned(),
        };
        let mut parser = Parser::from_env();
        while let Some(argument) = parser.next()? {
            let Arg::Long(name) = argument else {
                return Err(argument.unexpected().into());
            };
            let name = name.to_owned();
            match name.as_str() {
                "help" => return Ok(None),
                "optional" => options.is_optional = true,
                "allow" => {
                    let matcher = parser.value()?.string()?;
                    options.allowed.push(matcher.parse()?);
                }
                "allow-spiffe-id" => {
                    let id = parser.value()?.string()?;
                    options.allowed.push(PeerMatcher::spiffe_id(&id)?);
                }
                "allow-dns" => {
                    let name = parser.value()?.string()?;
                    options.allowed.push(PeerMatcher::dns(&name)?);
                }
                "listen" => options.listen = parser.value()?.string()?,
                _ if options.common.take(&name, &mut parser)? => {}
                _ => return Err(Arg::Long(&name).unexpected().into()),
            }
        }
        options.common.check()?;
        Ok(Some(options))
    }

    pub(crate) fn backend(&self) -> BackendKind {
        self.common.backend()
    }

    pub(crate) fn builder(&self) -> Result<ServerBuilder> {
        let policy = if self.allowed.is_empty() {
            VerifierPolicy::allow_any_authenticated()
        } else {
            VerifierPolicy::allow(PeerMatcher::any_of(self.allowed.iter().cloned())?)
        };
        let builder = MtlsServer::builder()
            .alpn(["h2", "http/1.1"])
            .handshake_timeout(HANDSHAKE_TIMEOUT);
        self.common.set_up(builder, policy)
    }
}
