//! What an agent says, and who issues it.

use std::collections::BTreeMap;

use mtls::test_util::Extension;
use serde_json::{Value, json};

use super::common::pki::{Authority, Credential, Leaf};

/// A trust domain with its CA.
#[derive(Clone, Debug)]
pub(crate) struct Domain {
    pub(crate) name: &'static str,
    pub(crate) root: Authority,
}

impl Domain {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            root: Authority::named(&format!("CA of {name}")),
        }
    }

    /// The same name with another CA.
    pub(crate) fn renewed(&self) -> Self {
        Self {
            name: self.name,
            root: Authority::named(&format!("next CA of {}", self.name)),
        }
    }

    /// An SVID of this path, whose subject is `name`.
    pub(crate) fn svid(&self, name: &str, path: &str) -> Credential {
        svid(name, &format!("spiffe://{}{path}", self.name)).issued_by(&self.root)
    }

    pub(crate) fn entry(&self, name: &str, path: &str) -> Entry {
        let entry = Entry {
            spiffe_id: format!("spiffe://{}{path}", self.name),
            chain: Vec::new(),
            key: Vec::new(),
            bundle: self.bundle(),
            hint: String::new(),
        };
        entry.with(|entry| entry.present(&self.svid(name, path)))
    }

    pub(crate) fn bundle(&self) -> Vec<u8> {
        self.root.certificate().to_vec()
    }
}

/// A leaf as SPIRE issues them: for both ends, with basicConstraints that say it is no CA.
pub(crate) fn svid(name: &str, id: &str) -> Leaf {
    const BASIC_CONSTRAINTS: &[u64] = &[2, 5, 29, 19];
    const EMPTY_SEQUENCE: [u8; 2] = [0x30, 0];
    let no_ca = Extension::critical(BASIC_CONSTRAINTS, EMPTY_SEQUENCE.to_vec());
    Leaf::named(name).uri(id).client().server().extension(no_ca)
}

/// `X509SVID`.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) spiffe_id: String,
    pub(crate) chain: Vec<u8>,
    pub(crate) key: Vec<u8>,
    pub(crate) bundle: Vec<u8>,
    pub(crate) hint: String,
}

impl Entry {
    pub(crate) fn hint(mut self, hint: &str) -> Self {
        self.hint = hint.to_owned();
        self
    }

    pub(crate) fn present(&mut self, credential: &Credential) {
        self.chain = credential.chain.iter().flat_map(|c| c.to_vec()).collect();
        self.key = credential.key.secret_pkcs8_der().to_vec();
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// `X509SVIDResponse`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    pub(crate) svids: Vec<Entry>,
    pub(crate) federated: BTreeMap<String, Vec<u8>>,
}

impl Message {
    pub(crate) fn of(svids: impl IntoIterator<Item = Entry>) -> Self {
        Self {
            svids: svids.into_iter().collect(),
            federated: BTreeMap::new(),
        }
    }

    pub(crate) fn federated(self, domain: &Domain) -> Self {
        self.federated_bytes(domain.name, domain.bundle())
    }

    pub(crate) fn federated_bytes(mut self, domain: &str, bundle: impl Into<Vec<u8>>) -> Self {
        let key = format!("spiffe://{domain}");
        self.federated.insert(key, bundle.into());
        self
    }

    pub(crate) fn json(&self) -> Value {
        let svids = self.svids.iter().map(|entry| {
            json!({
                "spiffe_id": entry.spiffe_id,
                "x509_svid": hex(&entry.chain),
                "x509_svid_key": hex(&entry.key),
                "bundle": hex(&entry.bundle),
                "hint": entry.hint,
            })
        });
        let federated = self.federated.iter();
        let federated: BTreeMap<_, _> = federated.map(|(key, der)| (key, hex(der))).collect();
        json!({ "svids": svids.collect::<Vec<_>>(), "federated_bundles": federated })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
