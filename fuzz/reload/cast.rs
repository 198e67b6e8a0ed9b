//! Everything that may lie in the files, made once for each process.

use std::sync::LazyLock;
use std::time::Duration;

use mtls::pki_types::{CertificateDer, UnixTime};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, SanType,
    SerialNumber, SigningKey, date_time_ymd,
};

use super::super::encoding::{armour, element, tlv};

/// What a file of certificates holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    /// Of so many: the intermediate follows.
    Good(u8),
    /// The same without the intermediate.
    Cut(u8),
    /// Valid from 2031 on.
    Early,
    /// Valid until 2028.
    Expired,
    /// Issued by the other root.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchors {
    /// The root, the other root.
    Both,
    /// The root's name and key, until 2028.
    Expired,
    Other,
    Root,
}

/// Of the root, unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// By its number, from 1; the first is current until the summer of 2030.
    Good(u8),
    /// With a high number, by the other root.
    Other,
    /// With a high number, until 2028.
    Stale,
    /// As `Good`, on the same day, but without a CRL number.
    Unnumbered(u8),
}

pub const CHAINS: [Chain; 10] = [
    Chain::Good(0),
    Chain::Good(1),
    Chain::Good(2),
    Chain::Good(3),
    Chain::Cut(0),
    Chain::Cut(1),
    Chain::Cut(2),
    Chain::Early,
    Chain::Expired,
    Chain::Other,
];
pub const ANCHORS: [Anchors; 4] = [
    Anchors::Both,
    Anchors::Expired,
    Anchors::Other,
    Anchors::Root,
];
pub const LISTS: [List; 9] = [
    List::Good(1),
    List::Good(2),
    List::Good(3),
    List::Good(4),
    List::Other,
    List::Stale,
    List::Unnumbered(1),
    List::Unnumbered(2),
    List::Unnumbered(3),
];

/// 1 January 2030, and 1 June 2031.
pub const TIMES: [UnixTime; 2] = [
    UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000)),
    UnixTime::since_unix_epoch(Duration::from_secs(1_938_038_400)),
];

/// PEM of each of [`CHAINS`] with its key, and of the other two.
pub struct Cast {
    pub chains: Vec<String>,
    pub keys: Vec<String>,
    pub leaves: Vec<CertificateDer<'static>>,
    pub anchors: Vec<String>,
    pub lists: Vec<String>,
    /// Of a client below the root.
    pub client: (CertificateDer<'static>, Vec<u8>),
}

impl Chain {
    pub fn years(self) -> (i32, i32) {
        match self {
            Self::Good(index) | Self::Cut(index) => (2025, 2031 + i32::from(index)),
            Self::Early => (2031, 2036),
            Self::Expired => (2020, 2028),
            Self::Other => (2025, 2037),
        }
    }

    /// Which key is its own.
    pub fn key(self) -> usize {
        let own = match self {
            Self::Cut(index) => Self::Good(index),
            other => other,
        };
        CHAINS.iter().position(|chain| *chain == own).unwrap()
    }
}

impl Anchors {
    pub fn first_year_after(self) -> i32 {
        match self {
            Self::Both => 2045,
            Self::Expired => 2028,
            Self::Other => 2045,
            Self::Root => 2050,
        }
    }
}

impl List {
    /// The day after.
    pub fn next_update(self) -> (i32, u8) {
        match self {
            Self::Good(1) | Self::Unnumbered(1) => (2030, 6),
            Self::Good(day) | Self::Unnumbered(day) => (2031 + i32::from(day), 1),
            Self::Other => (2040, 1),
            Self::Stale => (2028, 1),
        }
    }
}

pub static CAST: LazyLock<Cast> = LazyLock::new(|| {
    let key = || KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let ca = |name: &str, years: (i32, i32)| {
        let mut params = named(name, years);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
    };
    let (root_key, other_key, sub_key) = (key(), key(), key());
    let (root, other) = (ca("Root", (2020, 2050)), ca("Other", (2020, 2045)));
    let anchor = |params: &CertificateParams, key| {
        let certificate = params.self_signed(key).unwrap();
        armour("CERTIFICATE", certificate.der())
    };
    let old = ca("Root", (2020, 2028));
    let anchors = ANCHORS.map(|anchors| match anchors {
        Anchors::Both => anchor(&root, &root_key) + &anchor(&other, &other_key),
        Anchors::Expired => anchor(&old, &root_key),
        Anchors::Other => anchor(&other, &other_key),
        Anchors::Root => anchor(&root, &root_key),
    });
    let mut sub = ca("Sub", (2020, 2049));
    // It cannot vouch for clients, so that a chain in place of the anchors is rejected.
    sub.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let (root_key, other_key) = (&root_key, &other_key);
    let by_root = Issuer::from_params(&root, root_key);
    let by_other = Issuer::from_params(&other, other_key);
    let sub_pem = armour(
        "CERTIFICATE",
        sub.signed_by(&sub_key, &by_root).unwrap().der(),
    );
    let by_sub = Issuer::from_params(&sub, &sub_key);

    let keys: Vec<KeyPair> = CHAINS.iter().map(|_| key()).collect();
    let leaves: Vec<CertificateDer<'static>> = CHAINS
        .iter()
        .map(|chain| {
            let mut params = named("server", chain.years());
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            params.subject_alt_names = vec![SanType::DnsName("server.test".try_into().unwrap())];
            let issuer = if *chain == Chain::Other {
                &by_other
            } else {
                &by_sub
            };
            let own = CHAINS[chain.key()];
            params.serial_number = Some(SerialNumber::from(1 + own.key() as u64));
            let signed = params.signed_by(&keys[chain.key()], issuer);
            signed.unwrap().into()
        })
        .collect();
    let chains = CHAINS.iter().zip(&leaves).map(|(chain, leaf)| {
        let leaf = armour("CERTIFICATE", leaf);
        match chain {
            Chain::Cut(_) | Chain::Other => leaf,
            _ => leaf + &sub_pem,
        }
    });
    let lists = LISTS.map(|list| {
        let (year, month) = list.next_update();
        let params = CertificateRevocationListParams {
            this_update: match list {
                List::Good(day) | List::Unnumbered(day) => date_time_ymd(2029, 1, day),
                List::Other => date_time_ymd(2029, 2, 1),
                List::Stale => date_time_ymd(2027, 1, 1),
            },
            next_update: date_time_ymd(year, month, 1),
            crl_number: SerialNumber::from(match list {
                List::Good(number) => number.into(),
                List::Other | List::Stale | List::Unnumbered(_) => 100_u64,
            }),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let issuer = if list == List::Other {
            &by_other
        } else {
            &by_root
        };
        let der = params.signed_by(issuer).unwrap();
        match list {
            List::Unnumbered(_) => armour("X509 CRL", &without_number(der.der(), root_key)),
            _ => armour("X509 CRL", der.der()),
        }
    });
    let client_key = key();
    let mut client = named("client", (2025, 2045));
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let client = client.signed_by(&client_key, &by_root).unwrap();
    Cast {
        chains: chains.collect(),
        keys: keys
            .iter()
            .map(|key| armour("PRIVATE KEY", key.serialized_der()))
            .collect(),
        leaves,
        anchors: anchors.to_vec(),
        lists: lists.to_vec(),
        client: (client.into(), client_key.serialize_der()),
    }
});

/// The list without its CRL number, signed anew.
fn without_number(list: &[u8], key: &KeyPair) -> Vec<u8> {
    const NUMBER: &[u8] = b"\x06\x03\x55\x1d\x14";
    let (_, whole, _) = element(list).unwrap();
    let (_, tbs, rest) = element(whole).unwrap();
    let algorithm = &rest[..rest.len() - element(rest).unwrap().2.len()];
    let mut fields: Vec<Vec<u8>> = elements(tbs);
    let extensions = fields.last_mut().unwrap();
    let (_, inside, _) = element(extensions).unwrap();
    let all = elements(element(inside).unwrap().1);
    let left: Vec<u8> = all
        .into_iter()
        .filter(|extension| !element(extension).unwrap().1.starts_with(NUMBER))
        .flatten()
        .collect();
    *extensions = tlv(0xa0, &[&tlv(0x30, &[&left])]);
    let tbs = tlv(0x30, &[&fields.concat()]);
    let signature = [&[0], &*key.sign(&tbs).unwrap()].concat();
    tlv(0x30, &[&tbs, algorithm, &tlv(0x03, &[&signature])])
}

/// The DER values of a content, each whole.
fn elements(mut content: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    while let Some((_, _, rest)) = element(content) {
        all.push(content[..content.len() - rest.len()].to_vec());
        content = rest;
    }
    all
}

fn named(name: &str, (from, until): (i32, i32)) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
    params
}
