//! Certificate authorities and leaves in memory, each with its own subject and serial number.
//!
//! ```text
//! let root = Authority::named("Rhea");
//! let branch = root.intermediate("Ivo");
//! let alice = Leaf::named("alice").dns("alice.test").client().issued_by(&branch).with(&branch);
//! ```

pub mod crl;

use pki_types::CertificateDer;

pub use mtls::test_util::{
    KeyAlgorithm, TestCa as Authority, TestCaBuilder as AuthorityBuilder,
    TestCredential as Credential, TestLeaf as Leaf, Validity, pem,
};

/// The smallest whole cast: one root, one intermediate, a server and a client under it.
#[derive(Clone, Debug)]
pub struct Cast {
    pub root: Authority,
    pub intermediate: Authority,
    /// `server.test`, `localhost`, `127.0.0.1`.
    pub server: Credential,
    /// `alice.test`, `spiffe://prod.test/alice`.
    pub alice: Credential,
    /// Has the root's name and nothing else.
    pub impostor: Authority,
    /// A client like `alice`, issued by the impostor.
    pub mallory: Credential,
}

impl Cast {
    pub fn assemble() -> Self {
        let root = Authority::named("Rhea Root");
        let intermediate = root.intermediate("Ivo Intermediate");
        let impostor = root.namesake();
        let alice = Leaf::named("alice")
            .dns("alice.test")
            .uri("spiffe://prod.test/alice")
            .client();
        Self {
            server: Leaf::named("server")
                .dns("server.test")
                .dns("localhost")
                .ip("127.0.0.1")
                .server()
                .issued_by(&intermediate)
                .with(&intermediate),
            alice: alice.issued_by(&intermediate).with(&intermediate),
            mallory: Leaf::named("mallory")
                .dns("alice.test")
                .uri("spiffe://prod.test/alice")
                .client()
                .issued_by(&impostor),
            root,
            intermediate,
            impostor,
        }
    }
}

pub fn certificate_pem(certificate: &CertificateDer<'_>) -> String {
    pem("CERTIFICATE", certificate)
}
