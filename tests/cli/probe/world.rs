//! Certificates with one fault each, as files.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use mtls::test_util::Extension;
use pki_types::CertificateRevocationListDer;
use tempfile::TempDir;

use crate::common::pki::crl::Crl;
use crate::common::pki::{Authority, Credential, KeyAlgorithm, Leaf, Validity, pem};

/// The user that servers run as where they must not run as root.
pub(crate) const SERVER_USER: u32 = 65534;

/// What a certificate, or what a server demands of one, is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    Expired,
    MissingIntermediate,
    NotYetValid,
    Revoked,
    SelfSigned,
    UnknownCa,
    WrongEku,
    WrongName,
    /// A client's only: it has no certificate.
    NoCertificate,
    /// A client's only: the server takes RSA keys alone.
    WrongScheme,
}

impl Fault {
    pub(crate) const OF_SERVERS: [Self; 9] = [
        Self::None,
        Self::Expired,
        Self::NotYetValid,
        Self::WrongName,
        Self::UnknownCa,
        Self::MissingIntermediate,
        Self::WrongEku,
        Self::SelfSigned,
        Self::Revoked,
    ];
    pub(crate) const OF_CLIENTS: [Self; 9] = [
        Self::None,
        Self::NoCertificate,
        Self::Expired,
        Self::UnknownCa,
        Self::WrongEku,
        Self::Revoked,
        Self::MissingIntermediate,
        Self::WrongScheme,
        Self::WrongName,
    ];

    /// The name of the files.
    pub(crate) fn name(self) -> String {
        format!("{self:?}")
    }
}

/// A root and an intermediate that both sides trust, a root that neither does, and their leaves.
#[derive(Debug)]
pub(crate) struct World {
    folder: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let world = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::set_permissions(world.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let root = Authority::named("Rhea Root");
        let intermediate = root.intermediate("Ivo Intermediate");
        let stranger = Authority::named("Nyx Root");
        world.write("ca.crt", &root.pem());
        world.write("intermediate.crt", &intermediate.pem());
        world.write("stranger.crt", &stranger.pem());

        let mut revoked = Crl::new();
        for fault in Fault::OF_SERVERS {
            let leaf = server(fault);
            let identity = issue(leaf, fault, &intermediate, &stranger);
            if fault == Fault::Revoked {
                revoked = revoked.lists(identity.leaf());
            }
            world.write_identity(&format!("server-{}", fault.name()), &identity);
        }
        let rsa = server(Fault::None).algorithm(KeyAlgorithm::Rsa);
        let rsa = rsa.issued_by(&intermediate).with(&intermediate);
        world.write_identity("server-rsa", &rsa);
        for fault in Fault::OF_CLIENTS {
            let identity = issue(client(fault), fault, &intermediate, &stranger);
            if fault == Fault::Revoked {
                revoked = revoked.lists(identity.leaf());
            }
            world.write_identity(&format!("client-{}", fault.name()), &identity);
        }
        let odd = client(Fault::None).algorithm(KeyAlgorithm::P521);
        let odd = odd.issued_by(&intermediate).with(&intermediate);
        world.write_identity("client-p521", &odd);
        let weak = client(Fault::None).algorithm(KeyAlgorithm::Rsa);
        let weak = weak.issued_by(&intermediate).with(&intermediate);
        world.write_identity("client-rsa", &weak);
        let critical = Extension::critical(&[1, 3, 6, 1, 4, 1, 99999, 1], [5, 0]);
        let critical = client(Fault::None).extension(critical);
        let critical = critical.issued_by(&intermediate).with(&intermediate);
        world.write_identity("client-critical", &critical);
        world.write("namesake.crt", &Authority::named("Rhea Root").pem());
        world.write("cas.crt", &(root.pem() + &intermediate.pem()));
        // OpenSSL wants a list of each CA above, where it looks at the whole chain.
        let lists = [
            revoked.signed_by(&intermediate),
            Crl::new().signed_by(&root),
        ];
        world.write("ca.crl", &lists.iter().map(list_pem).collect::<String>());
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Appends so many CAs to a file, each with a name of so many letters.
    pub(crate) fn add_cas(&self, file: &str, count: usize, letters: usize) {
        let mut text = fs::read_to_string(self.path(file)).unwrap();
        for number in 0..count {
            let name = format!("{number} {}", "x".repeat(letters));
            text += &Authority::named(&name).pem();
        }
        self.write(file, &text);
    }

    fn write_identity(&self, name: &str, identity: &Credential) {
        self.write(&format!("{name}.crt"), &identity.chain_pem());
        self.write(&format!("{name}.key"), &identity.key_pem());
        private(&self.path(&format!("{name}.key")));
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }
}

/// For its owner alone, who is the user that servers run as.
fn private(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    if is_root() {
        chown(path, Some(SERVER_USER), Some(SERVER_USER)).unwrap();
    }
}

/// Whether the tests run as root.
pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").unwrap().uid() == 0
}

fn server(fault: Fault) -> Leaf {
    let leaf = Leaf::named("server");
    let leaf = if fault == Fault::WrongName {
        leaf.dns("other.test")
    } else {
        leaf.dns("localhost").ip("127.0.0.1")
    };
    if fault == Fault::WrongEku {
        leaf.client()
    } else {
        leaf.server()
    }
}

fn client(fault: Fault) -> Leaf {
    let name = if fault == Fault::WrongName {
        "bob"
    } else {
        "alice"
    };
    let leaf = Leaf::named(name).dns(&format!("{name}.test"));
    if fault == Fault::WrongEku {
        leaf.server()
    } else {
        leaf.client()
    }
}

fn issue(leaf: Leaf, fault: Fault, intermediate: &Authority, stranger: &Authority) -> Credential {
    let leaf = match fault {
        Fault::Expired => leaf.validity(Validity::expired()),
        Fault::NotYetValid => leaf.validity(Validity::not_yet()),
        _ => leaf,
    };
    match fault {
        Fault::SelfSigned => leaf.self_signed(),
        Fault::UnknownCa => leaf.issued_by(stranger),
        Fault::MissingIntermediate => leaf.issued_by(intermediate),
        _ => leaf.issued_by(intermediate).with(intermediate),
    }
}

fn list_pem(list: &CertificateRevocationListDer<'_>) -> String {
    pem("X509 CRL", list)
}
