use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use mtls::{
    BackendKind, MtlsServer, PeerMatcher, RevocationDepth, RevocationLists, RevocationRules,
    ServerBackend, VerifierPolicy,
};

use crate::support::{Common, Result};

pub(crate) const USAGE: &str = "\
usage: server --backend rustls|openssl --cert FILE --key FILE [--passphrase TEXT] --cacert FILE
              [--allow MATCHER]... [--allow-spiffe-id ID]... [--allow-dns NAME]...
              [--crl FILE]... [--danger-allow-x509-v1]
              [--listen HOST:PORT]

  --backend NAME          the TLS library
  --cert FILE             our certificate chain, the leaf first (PEM)
  --key FILE              our private key (PEM)
  --passphrase TEXT       of the key, if it is encrypted; others on this machine can see it
  --cacert FILE           the CAs that vouch for clients (PEM)
  --allow MATCHER         admit whom a matcher matches, such as
                          'all_of(dns_suffix(\"prod.example\"), not(organizational_unit(\"Test\")))';
                          may be repeated
  --allow-spiffe-id ID    admit this SPIFFE ID; may be repeated
  --allow-dns NAME        admit this DNS name; may be repeated. Without any --allow-.. option,
                          everyone is admitted that the CAs vouch for
  --crl FILE              revocation lists (PEM); may be repeated. With any, a client has to be
                          known not to be revoked
  --danger-allow-x509-v1  accept clients' X.509 version 1 certificates, which say nothing about
                          their use, and a common name in place of a DNS name
  --listen HOST:PORT      initially 127.0.0.1:8443; port 0 is any that is free
  --help                  say this

It prints `listening on HOST:PORT`, answers every request with `hello NAME` and the request's body,
and says on standard error whom it refused and why.
";

/// How long a client may take to prove who it is. Whoever does not get that far holds a connection for no longer.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) struct Options {
    common: Common,
    allowed: Vec<PeerMatcher>,
    lists: Vec<RevocationLists>,
    pub(crate) listen: String,
}

impl Options {
    /// `None`: help is asked for.
    pub(crate) fn from_arguments() -> Result<Option<Self>> {
        let mut options = Self {
            common: Common::default(),
            allowed: Vec::new(),
            lists: Vec::new(),
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
                "allow" => {
                    let matcher = parser.value()?.string()?;
                    options.allowed.push(matcher.parse()?);
                }
                "crl" => {
                    let file = parser.value()?;
                    options.lists.push(RevocationLists::from_pem_file(file)?);
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

    pub(crate) fn backend(&self) -> Result<BackendKind> {
        Ok(self.common.backend()?)
    }

    pub(crate) fn server<B: ServerBackend>(&self, backend: B) -> Result<MtlsServer<B>> {
        let policy = self.common.relaxed(self.policy()?);
        let builder = MtlsServer::builder()
            .identity(self.common.identity()?)
            .trust_anchors(self.common.anchors()?)
            .alpn(["h2", "http/1.1"])
            .handshake_timeout(HANDSHAKE_TIMEOUT);
        let builder = match self.lists.is_empty() {
            true => builder.policy(policy),
            false => builder
                .policy(policy.with_revocation(RevocationRules::require(RevocationDepth::Leaf)))
                .revocation_lists(RevocationLists::together(self.lists.iter().cloned())?),
        };
        Ok(builder.build(backend)?)
    }

    fn policy(&self) -> Result<VerifierPolicy> {
        Ok(match self.allowed.is_empty() {
            true => VerifierPolicy::allow_any_authenticated(),
            false => VerifierPolicy::allow(PeerMatcher::any_of(self.allowed.iter().cloned())?),
        })
    }
}
