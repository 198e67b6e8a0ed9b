use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Uri;
use http::uri::Authority;

use crate::backend::HandshakeError;
use crate::connection::{ConnectionHandle, RejectionCell};

/// The most authorities whose last connection is remembered.
const MAX_AUTHORITIES: usize = 256;

/// How the last connection to each authority was rejected, if it was.
///
/// A connection may end before a request is sent on it. Then the library's error does not tell
/// which connection it was.
#[derive(Clone, Debug, Default)]
pub(in crate::integration) struct LastConnections(Arc<Mutex<Connections>>);

type Connections = VecDeque<(Option<Authority>, RejectionCell)>;

impl LastConnections {
    pub(in crate::integration) fn opened(&self, uri: &Uri, connection: &ConnectionHandle) {
        let mut connections = self.connections();
        connections.retain(|(authority, _)| authority.as_ref() != uri.authority());
        if connections.len() >= MAX_AUTHORITIES {
            connections.pop_front();
        }
        let cell = Arc::clone(connection.rejection_cell());
        connections.push_back((uri.authority().cloned(), cell));
    }

    pub(in crate::integration) fn rejection(&self, uri: &Uri) -> Option<Arc<HandshakeError>> {
        let connections = self.connections();
        let mut connections = connections.iter();
        let (_, cell) = connections.find(|(authority, _)| authority.as_ref() == uri.authority())?;
        cell.get().cloned()
    }

    /// For a connector that connects to one authority alone.
    #[allow(dead_code, reason = "a channel of tonic alone needs it")]
    pub(in crate::integration) fn newest_rejection(&self) -> Option<Arc<HandshakeError>> {
        self.connections().back()?.1.get().cloned()
    }

    fn connections(&self) -> MutexGuard<'_, Connections> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
