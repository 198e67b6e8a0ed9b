use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use http::Uri;
use http::uri::{Authority, Scheme};

use crate::backend::HandshakeError;
use crate::connection::ConnectionHandle;
use crate::current::Current;

/// The most servers whose last rejection is remembered.
const MAX_SERVERS: usize = 256;

/// The last rejection among the connections to each server, and when it was decided.
///
/// A request may fail by a connection that it is not on yet, also by one that was opened for
/// another request. Then the library's error does not tell which connection it was.
#[derive(Clone, Debug, Default)]
pub(in crate::integration) struct LastRejections(Arc<Mutex<Servers>>);

/// The one whose connection was opened last is at the end.
type Servers = VecDeque<(Server, LastRejection)>;

/// What the library pools connections by.
type Server = (Scheme, Option<Authority>);

/// Shared with the connections, which may be rejected at any time.
type LastRejection = Arc<Current<Option<(Instant, Arc<HandshakeError>)>>>;

impl LastRejections {
    /// Records the rejection of a connection that was opened for this URI.
    pub(in crate::integration) fn watch(&self, uri: &Uri, connection: &ConnectionHandle) {
        let last = self.of(uri);
        connection.on_rejection(move |error| last.store(Arc::new(Some((Instant::now(), error)))));
    }

    /// Returns the last rejection since a request to this URI began; an earlier one has failed
    /// others.
    pub(in crate::integration) fn since(
        &self,
        begun: Instant,
        uri: &Uri,
    ) -> Option<Arc<HandshakeError>> {
        let servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_asked = |(server, _): &&(_, _)| *server == key(uri);
        let last = servers.iter().find(is_asked)?.1.load();
        let (at, error) = last.as_ref().as_ref()?;
        (*at >= begun).then(|| Arc::clone(error))
    }

    fn of(&self, uri: &Uri) -> LastRejection {
        let mut servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = key(uri);
        let known = servers.iter().position(|(server, _)| *server == key);
        let known = known.and_then(|at| servers.remove(at));
        let last = known.map(|(_, last)| last).unwrap_or_default();
        if servers.len() >= MAX_SERVERS {
            servers.pop_front();
        }
        servers.push_back((key, Arc::clone(&last)));
        last
    }
}

/// The library adds the scheme to the URI of CONNECT, which has none, by the port.
fn key(uri: &Uri) -> Server {
    let scheme = uri.scheme().cloned().unwrap_or_else(|| {
        let is_https = uri.port_u16() == Some(443);
        if is_https {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        }
    });
    (scheme, uri.authority().cloned())
}

#[cfg(test)]
impl LastRejections {
    /// As if a connection were rejected now.
    pub(super) fn record(&self, uri: &Uri, error: Arc<HandshakeError>) {
        self.of(uri).store(Arc::new(Some((Instant::now(), error))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    fn error() -> Arc<HandshakeError> {
        Arc::new(HandshakeError::Cancelled)
    }

    #[test]
    fn a_rejection_counts_for_its_server_from_the_beginning_of_the_request() {
        let rejections = LastRejections::default();
        let asked = uri("https://one.test:8443/path");
        let before = Instant::now();
        rejections.record(&asked, error());
        assert!(rejections.since(before, &asked).is_some());
        let other_path = uri("https://ONE.test:8443/other");
        assert!(rejections.since(before, &other_path).is_some());
        let other_port = uri("https://one.test/path");
        assert!(rejections.since(before, &other_port).is_none());
        let other_scheme = uri("http://one.test:8443/path");
        assert!(rejections.since(before, &other_scheme).is_none());
        let decided = Instant::now();
        while Instant::now() <= decided {}
        assert!(rejections.since(Instant::now(), &asked).is_none());
    }

    #[test]
    fn the_uri_of_connect_has_the_scheme_of_its_port() {
        let rejections = LastRejections::default();
        for (connected, asked) in [
            ("https://one.test:443/", "one.test:443"),
            ("http://one.test:8443/", "one.test:8443"),
        ] {
            let begun = Instant::now();
            rejections.record(&uri(connected), error());
            assert!(rejections.since(begun, &uri(asked)).is_some(), "{asked}");
        }
    }

    /// Another request connects again before the first has looked.
    #[test]
    fn a_new_connection_hides_no_rejection() {
        let rejections = LastRejections::default();
        let (begun, asked) = (Instant::now(), uri("https://one.test/"));
        rejections.record(&asked, error());
        // As for a connection that opens.
        drop(rejections.of(&asked));
        assert!(rejections.since(begun, &asked).is_some());
    }

    #[test]
    fn the_servers_that_were_connected_to_last_are_remembered() {
        let rejections = LastRejections::default();
        let begun = Instant::now();
        for server in 0..=MAX_SERVERS {
            rejections.record(&uri(&format!("https://{server}.test/")), error());
            rejections.of(&uri("https://0.test/"));
        }
        assert_eq!(rejections.0.lock().unwrap().len(), MAX_SERVERS);
        let is_known = |server: &str| rejections.since(begun, &uri(server)).is_some();
        assert!(is_known("https://0.test/") && is_known("https://256.test/"));
        assert!(!is_known("https://1.test/"));
    }
}
