pub(crate) mod baseline;
pub(crate) mod poller;
pub(crate) mod reload_outcome;
pub(crate) mod reload_trigger;

use core::error::Error;

use super::rotation::Rotation;
use reload_trigger::ReloadTrigger;

/// A source of identity, trust anchors, revocation lists and policy, polled for changes.
///
/// Examples are files, the SPIFFE Workload API, and a service of yours (Vault, a cloud's KMS).
///
/// A client or server polls it when it is built, on the thread that builds it. After that it polls
/// on a thread of its own: at each [`poll_interval`](crate::ClientBuilder::poll_interval), and when
/// the source calls the `reload` trigger. Parts that the source gave before change nothing, even
/// if `rotate` has replaced them since. When it fails, the last good revision goes on serving, the
/// failure is reported and counted, and the source is polled again.
///
/// It returns what it has now, at each poll. A source that has certificates issued keeps the last
/// one and returns it until it is time for the next. A [`SigningKey`](crate::material::SigningKey)
/// or a custom matcher that is made anew counts as a different one, so a source keeps these as
/// well. `load` may block (on the network, with a time limit of its own) and delays only its own
/// thread.
///
/// ```no_run
/// use mtls::{MtlsIdentity, Rotation, Source};
/// use mtls::rotation::{ReloadTrigger, SourceError};
///
/// /// A closure that gets chain and key in PEM from Vault, a new pair after half of the lifetime.
/// struct Vault<F>(F);
///
/// impl<F> Source for Vault<F>
/// where
///     F: FnMut() -> Result<(Vec<u8>, Vec<u8>), SourceError> + Send + 'static,
/// {
///     fn load(&mut self, _reload: &ReloadTrigger) -> Result<Rotation, SourceError> {
///         let (chain, key) = (self.0)()?;
///         Ok(Rotation::new()
///             .identity(MtlsIdentity::from_pem(&chain, &key)?)
///             .origin("vault pki/issue/web"))
///     }
/// }
/// ```
pub trait Source: Send + 'static {
    /// Returns what the source has now.
    ///
    /// # Errors
    /// What prevented it, with a description that names the source of the data (the file, the
    /// address).
    fn load(&mut self, reload: &ReloadTrigger) -> Result<Rotation, SourceError>;
}

/// The error of a [`Source`].
pub type SourceError = Box<dyn Error + Send + Sync>;

impl Source for Box<dyn Source> {
    fn load(&mut self, reload: &ReloadTrigger) -> Result<Rotation, SourceError> {
        (**self).load(reload)
    }
}
