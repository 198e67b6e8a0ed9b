//! The vectors, as their file holds them.

use std::env;
use std::fs;
use std::io::Write;
use std::sync::LazyLock;

use mtls::pki_types::{CertificateDer, UnixTime, pem::PemObject};
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Names the file with the vectors.
pub(crate) const PATH: &str = "MTLS_CONFORMANCE_VECTORS";

/// All of them; `None`, said aloud, where there is no file to read.
pub(crate) fn all() -> Option<&'static [Case]> {
    static CASES: LazyLock<Option<Vec<Case>>> = LazyLock::new(|| {
        let Some(path) = env::var_os(PATH).filter(|path| !path.is_empty()) else {
            report(&format!(
                "NOT TESTED: conformance. Set {PATH} to a file of vectors in the format of x509-limbo, such as \
                 limbo.json of https://github.com/C2SP/x509-limbo"
            ));
            return None;
        };
        let json = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let vectors: Vectors = serde_json::from_slice(&json).expect("not in the format of limbo");
        assert!(
            !vectors.testcases.is_empty(),
            "{} holds no case",
            path.display()
        );
        Some(vectors.testcases)
    });
    CASES.as_deref()
}

#[derive(Deserialize)]
struct Vectors {
    testcases: Vec<Case>,
}

/// One chain, and what is expected of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) description: String,
    #[serde(rename = "validation_kind")]
    pub(crate) peer: Peer,
    trusted_certs: Vec<String>,
    untrusted_intermediates: Vec<String>,
    peer_certificate: String,
    pub(crate) peer_certificate_key: Option<String>,
    validation_time: Option<String>,
    expected_peer_name: Option<Name>,
    pub(crate) expected_peer_names: Vec<Name>,
    pub(crate) max_chain_depth: Option<usize>,
    #[serde(default)]
    crls: Vec<String>,
    pub(crate) expected_result: Expected,
}

/// Which end the chain is presented by.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Peer {
    Client,
    Server,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Expected {
    Failure,
    Success,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Name {
    pub(crate) kind: String,
    pub(crate) value: String,
}

impl Case {
    pub(crate) fn anchors(&self) -> String {
        self.trusted_certs.concat()
    }

    /// The revocation lists of the case, in PEM; empty where there are none.
    pub(crate) fn revocation_lists(&self) -> String {
        self.crls.concat()
    }

    /// The leaf, then what the peer sends beside it.
    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        let others = &self.untrusted_intermediates;
        [&self.peer_certificate]
            .into_iter()
            .chain(others)
            .map(|pem| CertificateDer::from_pem_slice(pem.as_bytes()).expect("PEM"))
            .collect()
    }

    /// The server name that the client asks for: an unused one where the case is about no name.
    pub(crate) fn server_name(&self) -> &str {
        let name = self.expected_peer_name.as_ref();
        name.map_or("unused.invalid", |name| &name.value)
    }

    pub(crate) fn has_server_name(&self) -> bool {
        self.expected_peer_name.is_some()
    }

    pub(crate) fn time(&self) -> UnixTime {
        let Some(time) = &self.validation_time else {
            return UnixTime::now();
        };
        let time = OffsetDateTime::parse(time, &Rfc3339).expect("RFC 3339");
        let seconds = u64::try_from(time.unix_timestamp()).expect("after 1970");
        UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
    }
}

/// Past the capture of the test harness, which shows nothing of a test that passes.
pub(crate) fn report(message: &str) {
    writeln!(std::io::stderr(), "{message}").ok();
}
