use std::fmt;

use mtls::BuildError;
use mtls::backend::BackendKind;

use super::facade::Run;
use super::{End, MESSAGE, Ready, Seen, Setup};
use crate::common::raw::{self, Peer, RawOutcome, Tool};

pub fn tools(wanted: &[&str]) -> impl Iterator<Item = Tool> {
    raw::tools()
        .into_iter()
        .filter(move |tool| wanted.contains(&tool.name))
}

pub fn client(tool: Tool) -> Box<dyn End> {
    Box::new(Client(tool))
}

pub fn server(tool: Tool) -> Box<dyn End> {
    Box::new(Server(tool))
}

struct Client(Tool);
struct Server(Tool);

impl End for Client {
    fn kind(&self) -> Option<BackendKind> {
        None
    }

    fn ready(&self, setup: &Setup) -> Result<Box<dyn Ready>, BuildError> {
        let (tool, peer) = (self.0, peer(setup));
        Ok(Run::boxed(move |socket| {
            seen(tool.call_over(socket, peer.clone()).outcome())
        }))
    }
}

impl End for Server {
    fn kind(&self) -> Option<BackendKind> {
        None
    }

    fn ready(&self, setup: &Setup) -> Result<Box<dyn Ready>, BuildError> {
        let (tool, peer) = (self.0, peer(setup));
        Ok(Run::boxed(move |socket| {
            seen(tool.serve_over(socket, peer.clone()).outcome())
        }))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "raw {} client", self.0.name)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "raw {} server", self.0.name)
    }
}

fn peer(setup: &Setup) -> Peer {
    let peer = Peer::new(setup.version)
        .alpn(setup.alpn)
        .server_name(setup.server_name)
        .says(MESSAGE)
        .hears(MESSAGE.len());
    match &setup.identity {
        Some(identity) => peer.presents(identity),
        None => peer,
    }
}

fn seen(outcome: RawOutcome) -> Seen {
    Seen {
        completed: outcome.completed,
        presented: outcome.presented,
        alpn: outcome.alpn,
        reported: outcome.alert,
        received: outcome.received,
        ..Seen::default()
    }
}
