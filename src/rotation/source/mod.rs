pub(crate) mod baseline;
pub(crate) mod poller;
pub(crate) mod reload_trigger;

use core::error::Error;

use super::rotation::Rotation;
use reload_trigger::ReloadTrigger;

/// Where identity, anchors, revocation lists and policy come from, and come again when they change: files, the SPIFFE
/// Workload API, or yours (Vault, a cloud's KMS).
///
/// A client or server asks it when it is built, on the thread that builds it, and then on a thread of its own: at each
/// [`poll_interval`](crate::ClientBuilder::poll_interval), and whenever the source says by `reload` that there is
/// something new. What it gives and has given before changes nothing, also where `rotate` has put something else into its
/// place since. When it fails, the last good revision goes on serving, the failure is told and counted, and it is asked
/// again.
///
/// It gives what there is now, as often as it is asked: one that has certificates issued keeps the last and gives it
/// until it is time for the next. A [`SigningKey`](crate::material::SigningKey) or a custom matcher made anew is another one, so it
/// keeps these as well. It may wait (for the network, with a limit of its own), and nobody else waits with it.
///
/// ```no_run
/// use mtls::{MtlsIdentity, Rotation, Source};
/// use mtls::rotation::{ReloadTrigger, SourceError};
///
/// /// Whatever asks Vault for chain and key in PEM once half of the last certificate's time is spent, and gives those
/// /// until then.
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
    /// Gives what there is now.
    ///
    /// # Errors
    /// Whatever keeps it from doing so, in words that name what was asked (the file, the address).
    fn load(&mut self, reload: &ReloadTrigger) -> Result<Rotation, SourceError>;
}

/// What kept a [`Source`] from giving.
pub type SourceError = Box<dyn Error + Send + Sync>;

impl Source for Box<dyn Source> {
    fn load(&mut self, reload: &ReloadTrigger) -> Result<Rotation, SourceError> {
        (**self).load(reload)
    }
}
