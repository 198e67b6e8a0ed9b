use std::fs;
use std::path::{Path, PathBuf};

use mtls::pki_types::{CertificateDer, CertificateRevocationListDer};
use mtls::{MtlsIdentity, RevocationLists, TrustAnchors};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationList,
    CertificateRevocationListParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RevocationReason, RevokedCertParams, RsaKeySize,
    SanType, SerialNumber,
};
use time::{Duration, OffsetDateTime};

use super::SERVER;

/// The certificates of a server and its clients.
///
/// Every identity has intermediates of its own, so that a peer that has not been met shares no
/// signature with one that has, unless the clients are of one CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PkiSpec {
    pub(crate) key: Key,
    /// Intermediates between a leaf and its anchor.
    pub(crate) intermediates: usize,
    /// Whether all clients have the same intermediates.
    pub(crate) has_one_client_ca: bool,
    /// DNS names of each leaf; the server's own is the first.
    pub(crate) names: usize,
    pub(crate) anchors: Anchors,
    /// Entries in the list of each last intermediate. The root's list is empty.
    pub(crate) lists: Option<usize>,
    pub(crate) clients: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    P256,
    Rsa2048,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchors {
    /// Each with a name of its own; the one that counts is in the middle.
    Distinct(usize),
    /// All with one name; the one that counts is the last.
    Namesakes(usize),
}

/// The certificates, read from a folder, so that what is measured reads and does not make them.
pub(crate) struct Pki {
    pub(crate) anchors: Vec<CertificateDer<'static>>,
    /// The anchors in PEM.
    pub(crate) anchors_file: PathBuf,
    pub(crate) server: Own,
    pub(crate) clients: Vec<Own>,
    pub(crate) lists: Vec<CertificateRevocationListDer<'static>>,
    /// The lists in PEM.
    pub(crate) lists_file: PathBuf,
}

/// A chain, leaf first, and its key in PKCS#8.
pub(crate) struct Own {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: Vec<u8>,
}

impl PkiSpec {
    pub(crate) const PLAIN: Self = Self {
        key: Key::P256,
        intermediates: 1,
        has_one_client_ca: false,
        names: 1,
        anchors: Anchors::Distinct(1),
        lists: None,
        clients: 1,
    };
}

impl Pki {
    /// Reads the certificates below this folder; makes them first if they are not there.
    pub(crate) fn open(folder: &Path, spec: PkiSpec) -> Self {
        let folder = folder.join(spec.folder());
        if !folder.exists() {
            spec.write(&folder);
        }
        Self {
            anchors: values(&folder.join("anchors")),
            anchors_file: folder.join("anchors.pem"),
            server: Own::read(&folder, "server"),
            clients: (0..spec.clients)
                .map(|number| Own::read(&folder, &format!("client-{number}")))
                .collect(),
            lists: values(&folder.join("lists")),
            lists_file: folder.join("lists.pem"),
        }
    }

    pub(crate) fn trust_anchors(&self) -> TrustAnchors {
        TrustAnchors::from_der(self.anchors.clone()).unwrap()
    }

    pub(crate) fn revocation_lists(&self) -> RevocationLists {
        RevocationLists::from_der(self.lists.clone()).unwrap()
    }
}

impl Own {
    pub(crate) fn identity(&self) -> MtlsIdentity {
        MtlsIdentity::from_der(self.chain.clone(), &self.key).unwrap()
    }

    fn read(folder: &Path, name: &str) -> Self {
        Self {
            chain: values(&folder.join(name)),
            key: fs::read(folder.join(format!("{name}.key"))).unwrap(),
        }
    }
}

/// What is above a leaf, the lowest last.
struct Authorities<'a> {
    root: &'a Issuer<'a, KeyPair>,
    intermediates: Vec<CertifiedIssuer<'static, KeyPair>>,
}

impl Authorities<'_> {
    fn last(&self) -> &Issuer<'_, KeyPair> {
        self.intermediates.last().map_or(self.root, |last| last)
    }
}

impl PkiSpec {
    fn folder(self) -> String {
        let name = format!("{self:?}").to_lowercase();
        name.replace(|other: char| !other.is_ascii_alphanumeric(), "_")
    }

    fn write(self, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        let (before, namesake, after) = match self.anchors {
            Anchors::Distinct(count) => (count / 2, false, count - count / 2 - 1),
            Anchors::Namesakes(count) => (count - 1, true, 0),
        };
        let other = |number: usize| {
            let name = if namesake {
                "Root".to_owned()
            } else {
                format!("Root {number}")
            };
            let params = authority(&name);
            params.self_signed(&self.key()).unwrap()
        };
        let root = CertifiedIssuer::self_signed(authority("Root"), self.key()).unwrap();
        let mut anchors: Vec<_> = (0..before).map(other).collect();
        anchors.push(root.as_ref().clone());
        anchors.extend((before..before + after).map(other));
        let der: Vec<_> = anchors.iter().map(|anchor| anchor.der().to_vec()).collect();
        fs::write(folder.join("anchors"), der.concat()).unwrap();
        let pem: String = anchors.iter().map(Certificate::pem).collect();
        fs::write(folder.join("anchors.pem"), pem).unwrap();

        let mut lists = Vec::new();
        if self.lists.is_some() {
            lists.push(list(&root, 0));
        }
        let server = ExtendedKeyUsagePurpose::ServerAuth;
        let above = self.authorities("server", &root);
        lists.extend(self.write_identity(folder, "server", server, &above));
        let mut above = self.authorities("client-0", &root);
        for number in 0..self.clients {
            let name = format!("client-{number}");
            if number > 0 && !self.has_one_client_ca {
                above = self.authorities(&name, &root);
            }
            let client = ExtendedKeyUsagePurpose::ClientAuth;
            lists.extend(self.write_identity(folder, &name, client, &above));
        }
        let der: Vec<_> = lists.iter().map(|list| list.der().to_vec()).collect();
        fs::write(folder.join("lists"), der.concat()).unwrap();
        let pem: String = lists.iter().map(|list| list.pem().unwrap()).collect();
        fs::write(folder.join("lists.pem"), pem).unwrap();
    }

    /// Makes the intermediates of an identity.
    fn authorities<'a>(self, name: &str, root: &'a Issuer<'a, KeyPair>) -> Authorities<'a> {
        let mut above = Authorities {
            root,
            intermediates: Vec::new(),
        };
        for level in 0..self.intermediates {
            let params = authority(&format!("Intermediate {level} of {name}"));
            let issuer = CertifiedIssuer::signed_by(params, self.key(), above.last()).unwrap();
            above.intermediates.push(issuer);
        }
        above
    }

    /// Writes a chain and its key. Returns the list of the last intermediate.
    fn write_identity(
        self,
        folder: &Path,
        name: &str,
        usage: ExtendedKeyUsagePurpose,
        above: &Authorities<'_>,
    ) -> Option<CertificateRevocationList> {
        let by = above.last();
        let mut params = named(name);
        let others = (1..self.names).map(|number| format!("host-{number}.service.example"));
        params.subject_alt_names = [SERVER.to_owned()]
            .into_iter()
            .chain(others)
            .map(|name| SanType::DnsName(name.try_into().unwrap()))
            .collect();
        params.extended_key_usages = vec![usage];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let key = self.key();
        let mut chain = vec![params.signed_by(&key, by).unwrap().der().to_vec()];
        let intermediates = above.intermediates.iter().rev();
        chain.extend(intermediates.map(|issuer| issuer.der().to_vec()));
        fs::write(folder.join(name), chain.concat()).unwrap();
        fs::write(folder.join(format!("{name}.key")), key.serialized_der()).unwrap();
        self.lists.map(|entries| list(by, entries))
    }

    fn key(self) -> KeyPair {
        match self.key {
            Key::P256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
            Key::Rsa2048 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048),
        }
        .unwrap()
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn list(issuer: &Issuer<'_, KeyPair>, entries: usize) -> CertificateRevocationList {
    let now = OffsetDateTime::now_utc();
    let revoked = (0..entries).map(|number| RevokedCertParams {
        serial_number: serial(number as u64),
        revocation_time: now,
        reason_code: Some(RevocationReason::Superseded),
        invalidity_date: None,
    });
    let params = CertificateRevocationListParams {
        this_update: now - Duration::hours(1),
        next_update: now + Duration::days(7),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: revoked.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(issuer).unwrap()
}

/// Sixteen octets that look random, as those of real CAs.
fn serial(number: u64) -> SerialNumber {
    let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let bytes = [mixed.to_be_bytes(), number.to_be_bytes()].concat();
    SerialNumber::from_slice(&[&[0x40 | bytes[0] & 0x3f], &bytes[1..]].concat())
}

/// The DER values of a file, one after the other.
fn values<T: From<Vec<u8>>>(file: &Path) -> Vec<T> {
    let bytes = fs::read(file).unwrap();
    let mut rest = bytes.as_slice();
    let mut values = Vec::new();
    while let [_, first, ..] = *rest {
        // Lengths of 128 and more stand in the octets after the first.
        let octets = usize::from(first & 0x7f) * usize::from(first >> 7);
        let long = rest[2..2 + octets]
            .iter()
            .fold(0, |length, octet| length << 8 | usize::from(*octet));
        let short = usize::from(first) * usize::from(first < 0x80);
        let (value, after) = rest.split_at(2 + octets + long + short);
        values.push(value.to_vec().into());
        rest = after;
    }
    values
}
