use core::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::backend::Judge;

/// An immutable set of identity, anchors and policy, as a backend's configuration and its judge.
///
/// A handshake takes one and keeps it to its end.
#[derive(Debug)]
pub(crate) struct Revision<C> {
    pub(crate) number: u64,
    pub(crate) config: C,
    pub(crate) judge: Arc<Judge>,
}

/// The revision that new handshakes run under. Reading it never waits.
pub(crate) struct Current<C>(ArcSwap<Revision<C>>);

impl<C> Current<C> {
    pub(crate) fn first(config: C, judge: Arc<Judge>) -> Self {
        Self(ArcSwap::from_pointee(Revision {
            number: 1,
            config,
            judge,
        }))
    }

    pub(crate) fn load(&self) -> Arc<Revision<C>> {
        self.0.load_full()
    }
}

impl<C> fmt::Debug for Current<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Current")
            .field(&self.0.load().number)
            .finish()
    }
}
