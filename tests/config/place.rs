//! A folder with the material of a server and a client, and their configurations.

#![allow(unreachable_pub, reason = "shared by the files of this target")]

use std::fs;
use std::path::{Path, PathBuf};

use super::common::pki::crl::Crl;
use super::common::pki::{Authority, Credential, Leaf, pem};

/// A key that needs a passphrase; of no use to anyone.
const LOCKED: &str = include_str!("../fixtures/material/ed25519_pbes2_aes-256-cbc.pem");

pub struct Place {
    folder: tempfile::TempDir,
    pub root: Authority,
}

impl Place {
    /// `tls.crt`, `tls.key`, `tls.pem` of `server.test`; `ca.crt`, `ca.crl`; `alice.crt`, `alice.key`; and some that do
    /// not fit.
    pub fn new() -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
            root: Authority::named("Rhea Root"),
        };
        let server = place.issue(Leaf::named("server").server().dns("server.test"));
        place.write("tls.pem", server.chain_pem() + &server.key_pem());
        place.write_pair("tls", &server);
        let alice = Leaf::named("alice")
            .client()
            .uri("spiffe://prod.test/alice");
        place.write_pair("alice", &place.issue(alice));
        place.write("ca.crt", place.root.pem());
        let lists = Crl::new().signed_by(&place.root);
        place.write("ca.crl", pem("X509 CRL", &lists));
        place.write("other.key", place.issue(Leaf::named("other")).key_pem());
        place.write("locked.key", LOCKED);
        place.write("other-ca.crt", Authority::named("Otto Other").pem());
        place
    }

    pub fn issue(&self, leaf: Leaf) -> Credential {
        leaf.issued_by(&self.root)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Puts the file in its place by one step, as an operator's tool does.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let new = self.path(&format!(".{name}.new"));
        fs::write(&new, content).unwrap();
        fs::rename(new, self.path(name)).unwrap();
    }

    pub fn write_pair(&self, name: &str, credential: &Credential) {
        self.write(&format!("{name}.crt"), credential.chain_pem());
        self.write(&format!("{name}.key"), credential.key_pem());
    }
}
