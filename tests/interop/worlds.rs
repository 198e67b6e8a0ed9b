//! Both walk-throughs, in one form.

use crate::common::walkthrough;
use crate::examples::End;

/// A server and a client that trust each other, and a client that the server does not trust.
pub struct World {
    pub name: &'static str,
    /// Its certificate names `localhost`.
    pub server: End,
    pub client: End,
    /// What our server greets `client` as.
    pub client_name: &'static str,
    /// Trusts the server, and has a certificate of another CA.
    pub stranger: End,
    /// Whether the leaves are X.509 version 1, which is rejected unless it is asked for.
    pub version_1: bool,
}

impl World {
    /// The options of our examples that accept the peers of this world.
    pub fn opt_in(&self) -> &'static [&'static str] {
        if self.version_1 {
            &["--danger-allow-x509-v1"]
        } else {
            &[]
        }
    }
}

/// None where there is no `openssl` command, which has been said aloud by then.
pub fn all() -> Vec<World> {
    let (Some(plain), Some(layered)) = (walkthrough::plain(), walkthrough::layered()) else {
        return Vec::new();
    };
    let stranger = End {
        files: layered.stranger.clone(),
        encrypted: true,
        intermediate: None,
        ca: layered.root.clone(),
    };
    vec![
        World {
            name: "plain",
            server: End {
                files: plain.server.clone(),
                encrypted: false,
                intermediate: None,
                ca: plain.ca.clone(),
            },
            client: End {
                files: plain.client.clone(),
                encrypted: false,
                intermediate: None,
                ca: plain.ca.clone(),
            },
            client_name: "my-client",
            stranger: End {
                ca: plain.ca.clone(),
                ..stranger.clone()
            },
            version_1: true,
        },
        World {
            name: "layered",
            server: End {
                files: layered.server.clone(),
                encrypted: true,
                intermediate: Some(layered.intermediate.clone()),
                ca: layered.root.clone(),
            },
            client: End {
                files: layered.client.clone(),
                encrypted: true,
                intermediate: Some(layered.intermediate.clone()),
                ca: layered.root.clone(),
            },
            client_name: "client-a",
            stranger,
            version_1: false,
        },
    ]
}
