use core::time::Duration;
use std::net::SocketAddr;
use std::sync::Arc;

use pki_types::ServerName;
use rustls::ClientConfig;
use rustls::client::Resumption;

use super::presenter::Presenter;
use super::verdict::Verdict;
use super::visit::Visit;
use crate::backend::values::Rustls;
use crate::client::MtlsClient;
use crate::material::anchors::TrustAnchors;
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
    /// `when` says at which moment of the assertion.
    pub(super) fn must_be_accepted(&self, when: &str) -> Visit {
        match self.visit(SETTLED) {
            (_, Some(visit)) => visit,
            (verdict, None) => panic!(
                "a sound client of the CA was not accepted {when}: {verdict}; the service at {} \
                 has to trust the CA, to present a certificate of it for {:?}, and to accept its \
                 clients, or this assertion shows nothing",
                self.address, self.name
            ),
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
