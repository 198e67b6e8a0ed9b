//! Chains with the verdict that each must get, on every backend alike.

mod accepted;
mod form;
mod malformed;
#[cfg(feature = "openssl")]
mod odd;
mod rejected;
mod server;

use mtls::RejectionReason as Reason;
use mtls::policy::CertificateProfile;
use pki_types::CertificateDer;

use super::pki::{Authority, Credential};
use super::raw::Tool;

/// One chain and its verdict.
#[derive(Clone, Debug)]
pub struct Case {
    pub name: &'static str,
    pub anchors: Vec<CertificateDer<'static>>,
    /// The chain as it is sent, leaf first, and a key that goes with its first certificate.
    pub presented: Credential,
    /// The name that is asked for, when a server presents the chain; `None` when a client does.
    pub server_name: Option<&'static str>,
    pub expected: Result<(), Reason>,
    /// By which it is verified.
    pub profile: CertificateProfile,
    /// Several issuers have one name. A server on OpenSSL sees the path that OpenSSL picked and no other, so that it
    /// may reject what is accepted elsewhere, or give another reason; it never accepts what is rejected elsewhere.
    pub several_issuers_of_one_name: bool,
    pub presenter: Presenter,
}

/// What it takes to present a chain in a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presenter {
    Anyone,
    /// Some of the bytes are no certificate: OpenSSL can neither send them, nor hand them to a callback when it
    /// receives them (it ends the handshake by itself, with its own error).
    Rustls,
    /// rustls cannot load the key, or does not name its curve among its groups, as OpenSSL asks of
    /// a client in TLS 1.2.
    Openssl,
    /// As [`Openssl`](Self::Openssl), and only to those who offer a signature scheme for such a key; before the
    /// others a client presents no certificate at all.
    OpensslOnOffer,
    /// There is no chain: the peer presents nothing.
    NoCertificate,
}

impl Case {
    /// Whether this raw peer can do it.
    pub fn presentable_by(&self, tool: Tool) -> bool {
        match self.presenter {
            Presenter::Anyone | Presenter::NoCertificate => true,
            Presenter::Rustls => tool.name == "rustls",
            Presenter::Openssl | Presenter::OpensslOnOffer => tool.name == "openssl",
        }
    }

    fn accepted(name: &'static str, anchors: &[&Authority], presented: Credential) -> Self {
        Self {
            name,
            anchors: anchors.iter().map(|a| a.certificate()).collect(),
            presented,
            server_name: None,
            expected: Ok(()),
            profile: CertificateProfile::default(),
            several_issuers_of_one_name: false,
            presenter: Presenter::Anyone,
        }
    }

    fn rejected(
        name: &'static str,
        anchors: &[&Authority],
        presented: Credential,
        reason: Reason,
    ) -> Self {
        Self {
            expected: Err(reason),
            ..Self::accepted(name, anchors, presented)
        }
    }

    /// A matter of form: accepted by default, and rejected for this reason by the profile of RFC 5280.
    fn form(
        name: &'static str,
        anchors: &[&Authority],
        presented: Credential,
        reason: Reason,
    ) -> [Self; 2] {
        let by_default = Self::accepted(name, anchors, presented);
        let by_rfc5280 = Self {
            expected: Err(reason),
            profile: CertificateProfile::Rfc5280,
            ..by_default.clone()
        };
        [by_default, by_rfc5280]
    }

    fn several_issuers(mut self) -> Self {
        self.several_issuers_of_one_name = true;
        self
    }

    fn presenter(mut self, presenter: Presenter) -> Self {
        self.presenter = presenter;
        self
    }
}

/// What clients present.
pub fn clients() -> Vec<Case> {
    [
        accepted::cases(),
        form::cases(),
        rejected::cases(),
        malformed::cases(),
        #[cfg(feature = "openssl")]
        odd::client_cases(),
    ]
    .concat()
}

/// What servers present.
pub fn servers() -> Vec<Case> {
    [
        server::cases(),
        #[cfg(feature = "openssl")]
        odd::server_cases(),
    ]
    .concat()
}

/// A root with `count` intermediates below it, each by the one before; the root is the first.
fn line(count: usize) -> Vec<Authority> {
    let mut line = vec![Authority::named("Line Root")];
    for number in 1..=count {
        let issuer = line.last().expect("there is a root");
        line.push(issuer.intermediate(&format!("Line {number}")));
    }
    line
}

/// All but the root, the leaf's issuer first: the order in which they are sent.
fn upward(line: &[Authority]) -> Vec<&Authority> {
    line.iter().skip(1).rev().collect()
}
