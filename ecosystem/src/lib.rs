//! What the programs share: nothing here makes a TLS connection.

use std::env;
use std::error::Error;
use std::time::Duration;

use mtls::{PeerIdentity, Report};

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The pause between two requests.
const PAUSE: Duration = Duration::from_millis(100);

/// Returns the port in the command line.
///
/// # Errors
/// There is none, or it is not a number.
pub fn port() -> Result<u16> {
    let port = env::args().nth(1).ok_or("usage: give a port")?;
    Ok(port.parse()?)
}

/// Sends the request again and again, and prints each answer and each failure.
pub async fn repeat(mut request: impl AsyncFnMut() -> Result<String>) -> Result<()> {
    loop {
        match request().await {
            Ok(answer) => println!("{answer}"),
            Err(error) => println!("failed: {}", Report::new(&*error)),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Returns the subject and the serial number of a peer.
#[must_use]
pub fn show(peer: Option<&PeerIdentity>) -> String {
    match peer {
        Some(peer) => format!("{} {:02x?}", peer.subject(), peer.serial_number()),
        None => "no certificate".to_owned(),
    }
}

/// The gRPC service of `tonic_client.rs` and `tonic_server.rs`, which `build.rs` generates.
pub mod greeter {
    #![allow(clippy::all, clippy::pedantic, missing_docs, unused_qualifications)]
    include!(concat!(env!("OUT_DIR"), "/ecosystem.Greeter.rs"));
}
