//! Two CAs, and the files of a client and a server in folders that any user may read.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer,
    DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevokedCertParams,
};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

type Ca = CertifiedIssuer<'static, KeyPair>;

/// The user that servers run as where they must not run as root.
pub const SERVER_USER: u32 = 65534;

pub struct Workshop {
    folder: TempDir,
    ca: Ca,
    unknown_ca: Ca,
}

impl Workshop {
    /// The client is alice, of serial number 0x1001, and the server has 0x2001.
    pub fn open() -> Self {
        let workshop = Self {
            folder: tempfile::tempdir().unwrap(),
            ca: authority("Rhea"),
            unknown_ca: authority("Nyx"),
        };
        let folder = workshop.folder.path();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        for side in ["client", "server", "stranger"] {
            fs::create_dir(folder.join(side)).unwrap();
            replace(&folder.join(side).join("ca.crt"), &workshop.ca.pem());
        }
        workshop.issue_client("alice", 0x1001);
        workshop.issue_server(0x2001);
        // A server whose CA the client does not know, and a client whose CA the server does not.
        let unknown = &workshop.unknown_ca;
        workshop.issue("stranger", "server", unknown, server(0x3001));
        workshop.issue("stranger", "client", unknown, client("eve", 0x3002));
        workshop
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes the one in this folder trust both CAs.
    pub fn trust_all_in(&self, folder: &str) {
        let both = self.ca.pem() + &self.unknown_ca.pem();
        replace(&self.path(folder).join("ca.crt"), &both);
    }

    /// Replaces the client's files.
    pub fn issue_client(&self, name: &str, serial: u64) -> Vec<u8> {
        self.issue("client", "client", &self.ca, client(name, serial))
    }

    /// Replaces the server's files.
    pub fn issue_server(&self, serial: u64) -> Vec<u8> {
        self.issue("server", "server", &self.ca, server(serial))
    }

    /// Makes a folder for one that is a client and a server, with identities and anchor.
    pub fn open_folder(&self, folder: &str) {
        fs::create_dir(self.path(folder)).unwrap();
        self.trust_in(folder, None);
        self.issue(folder, "client", &self.ca, client("alice", 0x1002));
        self.issue(folder, "server", &self.ca, server(0x2002));
    }

    /// Replaces the client's files in any folder.
    pub fn issue_client_in(&self, folder: &str, name: &str, serial: u64) {
        self.issue(folder, "client", &self.ca, client(name, serial));
    }

    /// Replaces the server's files in any folder, by a certificate with so much time left.
    pub fn issue_server_for(&self, folder: &str, serial: u64, left: Duration) {
        let mut leaf = server(serial);
        leaf.not_after = OffsetDateTime::now_utc() + left;
        self.issue(folder, "server", &self.ca, leaf);
    }

    /// Makes the one in this folder trust the CA, and another with so much time left.
    pub fn trust_in(&self, folder: &str, other: Option<Duration>) {
        let mut anchors = self.ca.pem();
        if let Some(left) = other {
            let mut params = authority_params("Eos");
            params.not_after = OffsetDateTime::now_utc() + left;
            let other = Ca::self_signed(params, KeyPair::generate().unwrap()).unwrap();
            anchors += &other.pem();
        }
        replace(&self.path(folder).join("ca.crt"), &anchors);
    }

    /// Replaces the CA's revocation list in a folder, by one of this age and with so much time left.
    pub fn publish_list(
        &self,
        folder: &str,
        number: u64,
        revoked: &[u64],
        (age, left): (Duration, Duration),
    ) {
        let now = OffsetDateTime::now_utc();
        let revoked = revoked.iter().map(|serial| RevokedCertParams {
            serial_number: (*serial).into(),
            revocation_time: now,
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: now - age,
            next_update: now + left,
            crl_number: number.into(),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&self.ca).unwrap().pem().unwrap();
        replace(&self.path(folder).join("ca.crl"), &list);
    }

    /// Returns the certificate.
    fn issue(&self, folder: &str, name: &str, ca: &Ca, leaf: CertificateParams) -> Vec<u8> {
        let key = KeyPair::generate().unwrap();
        let certificate = leaf.signed_by(&key, ca).unwrap();
        let folder = self.path(folder);
        replace(&folder.join(format!("{name}.key")), &key.serialize_pem());
        replace(&folder.join(format!("{name}.crt")), &certificate.pem());
        certificate.der().to_vec()
    }
}

fn authority(name: &str) -> Ca {
    Ca::self_signed(authority_params(name), KeyPair::generate().unwrap()).unwrap()
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn client(name: &str, serial: u64) -> CertificateParams {
    leaf(named(name), serial, ExtendedKeyUsagePurpose::ClientAuth)
}

fn server(serial: u64) -> CertificateParams {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.distinguished_name = named("server").distinguished_name;
    leaf(params, serial, ExtendedKeyUsagePurpose::ServerAuth)
}

fn leaf(
    mut params: CertificateParams,
    serial: u64,
    usage: ExtendedKeyUsagePurpose,
) -> CertificateParams {
    params.serial_number = Some(serial.into());
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![usage];
    params.use_authority_key_identifier_extension = true;
    params
}

/// `name` is the common name only.
fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// By renaming, so that a reader never finds half a file.
fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
    if is_root() {
        chown(&new, Some(SERVER_USER), Some(SERVER_USER)).unwrap();
    }
    fs::rename(new, path).unwrap();
}

/// Whether the tests run as root.
pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").unwrap().uid() == 0
}
