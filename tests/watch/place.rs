//! A folder with the files of a server, and what is done to them.

#![allow(unreachable_pub, reason = "shared by the files of this target")]

use std::fs;
use std::path::{Path, PathBuf};

use mtls::FileSource;
use pki_types::CertificateRevocationListDer;
use tempfile::TempDir;

use super::common::pki::{Authority, Credential, Leaf, pem};

/// `tls.crt`, `tls.key`, `ca.crt` and `ca.crl`, in order.
pub struct Place {
    folder: TempDir,
    pub root: Authority,
    pub intermediate: Authority,
}

impl Place {
    /// With the files of a server called `first`.
    pub fn new() -> Self {
        let root = Authority::root("Rhea Root");
        let intermediate = root.intermediate("Ivo Intermediate");
        let folder = tempfile::tempdir().unwrap();
        let place = Self {
            folder,
            root,
            intermediate,
        };
        place.write("ca.crt", place.root.pem());
        place.install(&place.server("first"));
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A server's credential with this common name, the intermediate in its chain.
    pub fn server(&self, name: &str) -> Credential {
        self.leaf(name)
            .issued_by(&self.intermediate)
            .with(&self.intermediate)
    }

    pub fn leaf(&self, name: &str) -> Leaf {
        let leaf = Leaf::named(name).dns("localhost").ip("127.0.0.1");
        leaf.server().client()
    }

    /// In place, as an editor or `cp` does.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// Beside it and renamed, as one should.
    pub fn replace(&self, name: &str, content: impl AsRef<[u8]>) {
        let new = self.path(&format!(".{name}.new"));
        fs::write(&new, content).unwrap();
        fs::rename(new, self.path(name)).unwrap();
    }

    /// Chain and key, each renamed into its place.
    pub fn install(&self, credential: &Credential) {
        self.replace("tls.crt", credential.chain_pem());
        self.replace("tls.key", credential.key_pem());
        close(&self.path("tls.key"));
    }

    /// Of the three files, without lists.
    pub fn files(&self) -> FileSource {
        FileSource::new()
            .identity(self.path("tls.crt"), self.path("tls.key"))
            .trust_anchors(self.path("ca.crt"))
    }
}

pub fn crl_pem(list: &CertificateRevocationListDer<'_>) -> String {
    pem("X509 CRL", list)
}

/// Open to its owner alone.
pub fn close(path: &Path) {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}
