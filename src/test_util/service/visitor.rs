use core::time::Duration;
use std::net::SocketAddr;
use std::sync::Arc;

use pki_types::{CertificateDer, ServerName};
use rustls::ClientConfig;
use rustls::client::Resumption;

use super::presenter::Presenter;
use super::verdict::{End, Verdict};
use super::visit::Visit;
use crate::backend::values::Rustls;
use crate::client::MtlsClient;
use crate::error::alert::Alert;
use crate::material::anchors::TrustAnchors;
use crate::material::describe::CertificateDescription;
use crate::test_util::pki::ca::TestCa;
use crate::test_util::pki::credential::TestCredential;

/// After this time without an end, a connection counts as accepted.
pub(super) const SETTLED: Duration = Duration::from_secs(1);

/// A client of a service, which presents what it is given.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    config: Arc<ClientConfig>,
    address: SocketAddr,
    name: ServerName<'static>,
    leaf: Option<CertificateDer<'static>>,
}

impl Visitor {
    pub(super) fn new(
        address: SocketAddr,
        name: &str,
        ca: &TestCa,
        credential: &TestCredential,
    ) -> Self {
        let anchors = ca.upward().map(TestCa::certificate);
        let anchors = TrustAnchors::from_der(anchors).expect("the CA is no trust anchor");
        // The service is verified as any client of this crate does it.
        let client = MtlsClient::builder()
            .identity(ca.leaf("mtls test client").client().issue())
            .trust_anchors(anchors)
            .build(Rustls::default())
            .expect("no client with this CA");
        let mut config = ClientConfig::clone(&client.config());
        let presenter = Presenter::new(credential, config.crypto_provider());
        config.client_auth_cert_resolver = Arc::new(presenter);
        config.resumption = Resumption::disabled();
        Self {
            config: Arc::new(config),
            address,
            name: ServerName::try_from(name.to_owned()).expect("no server name"),
            leaf: credential.chain.first().cloned(),
        }
    }

    /// A client of `ca` without any fault.
    pub(super) fn sound(address: SocketAddr, name: &str, ca: &TestCa) -> Self {
        let credential = ca.client().credential();
        Self::new(address, name, ca, &credential)
    }

    pub(super) fn begin(&self) -> Result<Visit, Verdict> {
        Visit::begin(self.config.clone(), self.address, self.name.clone())
    }

    /// Connects, and waits for the verdict. Only an accepted connection is left open.
    pub(super) fn visit(&self, settled: Duration) -> (Verdict, Option<Visit>) {
        match self.begin() {
            Ok(mut visit) => match visit.verdict(settled) {
                accepted @ Verdict::Accepted(_) => (accepted, Some(visit)),
                other => (other, None),
            },
            Err(verdict) => (verdict, None),
        }
    }

    /// Connects as a client that has to be accepted, and returns the open connection.
    ///
    /// `when` says at which moment of which assertion.
    pub(super) fn must_be_accepted(&self, assertion: &str, when: &str) -> Visit {
        match self.visit(SETTLED) {
            (_, Some(visit)) => visit,
            (verdict, None) => panic!(
                "{assertion}: a sound client of the CA was not accepted {when}: {verdict}\n  \
                 service: {}, called {}\n  client: {}\nhint: {}",
                self.address,
                self.name.to_str(),
                self.client(),
                hint(&verdict)
            ),
        }
    }

    /// The subject and the names of the client.
    fn client(&self) -> String {
        let leaf = self.leaf.as_ref().map(CertificateDescription::from_der);
        let Some(Ok(leaf)) = leaf else {
            return "no readable certificate".to_owned();
        };
        let names = leaf.names.iter().map(ToString::to_string);
        let parts: Vec<String> = core::iter::once(leaf.subject).chain(names).collect();
        parts.join(", ")
    }
}

/// What to do about a sound client that is not accepted.
fn hint(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Rejected(End::Alert(Alert::UNKNOWN_CA)) => {
            "have the service trust the CA (`TestCa::anchors`)"
        }
        Verdict::Rejected(End::Alert(Alert::CERTIFICATE_REVOKED)) => {
            "this client is not revoked: have the service reject those alone that are on its lists"
        }
        Verdict::Rejected(End::Alert(_)) => {
            "have the service trust the CA, with lists of it where it requires them. If it does, \
             its policy may not accept this client: where it names its clients, give the client \
             such a name (`TestCa::clients`)"
        }
        Verdict::Rejected(End::Closed | End::Reset) => {
            "have the service trust the CA, with lists of it where it requires them, and keep an idle connection open for more than a \
             second: a shorter time-out looks like a rejection. If it does both, its policy may \
             not accept this client: where it names its clients, give the client such a name \
             (`TestCa::clients`)"
        }
        Verdict::NotTheService(_) => {
            "have the service present a certificate of the CA for the name that the assertion got \
             (`TestFiles::of`), or correct address and name"
        }
        Verdict::Unreachable(_) => {
            "start the service before the assertion, and give the address that it listens at"
        }
        Verdict::Accepted(_) | Verdict::Stuck => {
            "give the address at which the service takes TLS, and see that it does not hang"
        }
    }
}

/// Starts blocking work on a thread of the runtime. The future passes its panic on.
pub(super) fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = T> {
    let work = tokio::task::spawn_blocking(work);
    async {
        match work.await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(error) => panic!("the runtime ended: {error}"),
            },
        }
    }
}
