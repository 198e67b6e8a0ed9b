use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, process};

use super::pki::ca::TestCa;
use super::pki::pem::{certificate_pem, pem};
use crate::material::anchors::TrustAnchors;
use crate::material::identity::MtlsIdentity;
use crate::material::revocation::RevocationLists;

/// A folder with the files that a service reads, which can be replaced, torn and removed.
///
/// Files are replaced as a careful program does it: written beside, and renamed. The key's file has
/// mode 0600. Every function panics if the system does not do what it is asked.
///
/// ```
/// use mtls::test_util::{TestCa, TestFiles};
/// use mtls::{MtlsIdentity, TrustAnchors};
///
/// let ca = TestCa::new("Example CA");
/// let files = TestFiles::of(&ca, "localhost");
/// MtlsIdentity::from_files(files.chain(), files.key())?;
/// files.tear(&files.anchors());
/// assert!(TrustAnchors::from_file(files.anchors()).is_err());
/// # Ok::<(), mtls::MaterialError>(())
/// ```
#[derive(Debug)]
pub struct TestFiles {
    folder: PathBuf,
    is_temporary: bool,
}

impl TestFiles {
    /// Uses this folder, which is created where it is missing.
    ///
    /// # Panics
    ///
    /// If it cannot be created.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        fs::create_dir_all(&folder).expect("cannot create the folder");
        Self {
            folder,
            is_temporary: false,
        }
    }

    /// Creates a folder among the system's temporary files. It is removed with this value.
    ///
    /// # Panics
    ///
    /// If it cannot be created.
    pub fn temporary() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("mtls-test-{}-{number}", process::id());
            let folder = env::temp_dir().join(name);
            // An earlier process of this number may have left one behind.
            if fs::create_dir(&folder).is_ok() {
                return Self {
                    folder,
                    is_temporary: true,
                };
            }
            assert!(number < 1000, "cannot create {}", folder.display());
        }
    }

    /// Creates a temporary folder with what a service called `name` reads: its identity, `ca` as
    /// its trust anchor, and the lists of `ca`.
    ///
    /// # Panics
    ///
    /// If it cannot be created.
    pub fn of(ca: &TestCa, name: &str) -> Self {
        let files = Self::temporary();
        files.write_identity(&ca.leaf(name).dns(name).server().issue());
        files.write_anchors(&ca.anchors());
        files.write_revocation_lists(&ca.revocation_lists());
        files
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the path of the certificate chain, `tls.crt`.
    pub fn chain(&self) -> PathBuf {
        self.folder.join("tls.crt")
    }

    /// Returns the path of the private key, `tls.key`.
    pub fn key(&self) -> PathBuf {
        self.folder.join("tls.key")
    }

    /// Returns the path of the trust anchors, `ca.crt`.
    pub fn anchors(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    /// Returns the path of the revocation lists, `ca.crl`.
    pub fn revocation_lists(&self) -> PathBuf {
        self.folder.join("ca.crl")
    }

    /// Writes chain and key: first the key, then the chain.
    ///
    /// Between the two renames they do not belong together, as with most tools. A source has to
    /// wait that out.
    ///
    /// # Panics
    ///
    /// If the key is elsewhere (a [`SigningKey`](crate::material::SigningKey)).
    pub fn write_identity(&self, identity: &MtlsIdentity) {
        self.write_key_of(identity);
        self.write_chain_of(identity);
    }

    /// Writes the chain alone, without its key.
    pub fn write_chain_of(&self, identity: &MtlsIdentity) {
        let chain = identity.chain().as_slice();
        let chain: String = chain.iter().map(certificate_pem).collect();
        replace(&self.chain(), chain.as_bytes(), false);
    }

    /// Writes the key alone, without its chain.
    ///
    /// # Panics
    ///
    /// If the key is elsewhere.
    pub fn write_key_of(&self, identity: &MtlsIdentity) {
        let key = identity.private_key().expect("the key is elsewhere");
        let key = pem("PRIVATE KEY", key.pkcs8_der().secret_pkcs8_der());
        replace(&self.key(), key.as_bytes(), true);
    }

    /// Writes the trust anchors.
    pub fn write_anchors(&self, anchors: &TrustAnchors) {
        let anchors: String = anchors.as_slice().iter().map(certificate_pem).collect();
        replace(&self.anchors(), anchors.as_bytes(), false);
    }

    /// Writes the revocation lists, such as those of [`TestCa::revoke`](crate::test_util::TestCa::revoke).
    pub fn write_revocation_lists(&self, lists: &RevocationLists) {
        let lists = lists.iter().map(|list| pem("X509 CRL", list.as_der()));
        let lists: String = lists.collect();
        replace(&self.revocation_lists(), lists.as_bytes(), false);
    }

    /// Cuts a file of this folder to its first half, in place: what a reader sees while a careless
    /// program writes, or after a full disk.
    pub fn tear(&self, path: &Path) {
        let half = fs::metadata(path).expect("no such file").len() / 2;
        let file = OpenOptions::new().write(true).open(path);
        let file = file.expect("cannot open the file");
        file.set_len(half).expect("cannot cut the file");
    }

    /// Removes a file of this folder.
    pub fn remove(&self, path: &Path) {
        fs::remove_file(path).expect("cannot remove the file");
    }
}

impl Drop for TestFiles {
    fn drop(&mut self) {
        if self.is_temporary {
            // What cannot be removed is left to the system, as a test may be over by a panic.
            fs::remove_dir_all(&self.folder).ok();
        }
    }
}

/// Replaces a file at once: no reader sees a part of it.
fn replace(path: &Path, bytes: &[u8], is_secret: bool) {
    let mut name = path.file_name().expect("no file name").to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    let mut file = create(&beside, is_secret);
    file.write_all(bytes).expect("cannot write the file");
    drop(file);
    fs::rename(&beside, path).expect("cannot replace the file");
}

#[cfg(unix)]
fn create(path: &Path, is_secret: bool) -> File {
    use std::os::unix::fs::OpenOptionsExt;
    let mode = if is_secret { 0o600 } else { 0o644 };
    // An old one may be open to others.
    fs::remove_file(path).ok();
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(mode);
    options.open(path).expect("cannot create the file")
}

#[cfg(not(unix))]
fn create(path: &Path, _is_secret: bool) -> File {
    File::create(path).expect("cannot create the file")
}
