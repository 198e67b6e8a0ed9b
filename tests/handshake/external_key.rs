//! Identities whose private key is elsewhere: what they sign, what their failures look like, and where they are
//! rejected.

mod failing;
mod rejected;
mod signing;
mod soft;

use std::sync::Arc;

use mtls::material::SigningKey;
use mtls::{BuildError, CertificateChain, MaterialError, MtlsIdentity, Rustls, VerifierPolicy};
use rustls::crypto::CryptoProvider;

use crate::common::ends::facade::{Notes, Run, client_builder, converse, server_builder};
use crate::common::ends::{Ready, Setup};
use crate::common::pki::{Cast, Credential, KeyAlgorithm, Leaf};

/// Every crypto provider that is compiled in.
fn providers() -> Vec<Arc<CryptoProvider>> {
    vec![
        #[cfg(feature = "aws-lc-rs")]
        Arc::new(rustls::crypto::aws_lc_rs::default_provider()),
        #[cfg(feature = "ring")]
        Arc::new(rustls::crypto::ring::default_provider()),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

impl Side {
    const BOTH: [Self; 2] = [Self::Client, Self::Server];
}

/// A certificate for either side, with a key of this kind.
fn credential(cast: &Cast, algorithm: KeyAlgorithm) -> Credential {
    let leaf = Leaf::named("external").dns("localhost").client().server();
    let leaf = leaf.algorithm(algorithm).issued_by(&cast.intermediate);
    leaf.with(&cast.intermediate)
}

fn identity(
    credential: &Credential,
    key: &Arc<impl SigningKey + 'static>,
) -> Result<MtlsIdentity, MaterialError> {
    let chain = CertificateChain::from_der(credential.chain.clone())?;
    MtlsIdentity::from_signing_key(chain, Arc::clone(key) as Arc<dyn SigningKey>)
}

/// One end on rustls with this identity.
fn ready(
    side: Side,
    setup: &Setup,
    identity: &MtlsIdentity,
    provider: &Arc<CryptoProvider>,
) -> Result<Box<dyn Ready>, BuildError> {
    let notes = Notes::default();
    let backend = Rustls::with_provider(Arc::clone(provider));
    match side {
        Side::Client => {
            let builder = client_builder(setup, &notes).identity(identity.clone());
            let client = builder.build(backend)?;
            Ok(Run::boxed(move |socket| {
                let stream = client.connect("localhost", socket);
                notes.with(converse(stream, |peer| Some(peer.clone())))
            }))
        }
        Side::Server => {
            let builder = server_builder(setup, &notes).identity(identity.clone());
            let server = builder.build(backend)?;
            Ok(Run::boxed(move |socket| {
                let stream = server.accept(socket);
                notes.with(converse(stream, |peer| Some(peer.clone())))
            }))
        }
    }
}

/// Sets up a side that trusts the cast's root and accepts every authenticated peer.
fn setup(cast: &Cast, credential: &Credential) -> Setup {
    Setup {
        policy: VerifierPolicy::allow_any_authenticated(),
        ..Setup::new(credential, &cast.root)
    }
}
