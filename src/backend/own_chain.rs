use pki_types::UnixTime;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};

use crate::material::CertificateChain;
use crate::x509::{Certificate, Version, rfc4514};

/// Our own chain, as one looks at it whom a peer has refused.
///
/// Of a handshake that succeeds it costs nothing: its certificates are read where somebody asks.
#[derive(Debug)]
pub(crate) struct OwnChain {
    end: End,
    chain: CertificateChain,
    /// The issuer of each certificate, a DER `Name`: compared with what servers ask for.
    issuers: Vec<Vec<u8>>,
}

/// Which end of the connection we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Client,
    Server,
}

/// When a certificate of ours is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overdue {
    ExpiredAt(UnixTime),
    ValidFrom(UnixTime),
}

impl OwnChain {
    pub(crate) fn new(end: End, chain: &CertificateChain) -> Self {
        let issuers = certificates(chain).map(|(_, certificate)| certificate.issuer.to_vec());
        Self {
            end,
            issuers: issuers.collect(),
            chain: chain.clone(),
        }
    }

    pub(super) fn end(&self) -> End {
        self.end
    }

    pub(super) fn length(&self) -> usize {
        self.chain.as_slice().len()
    }

    /// Whether one of our certificates was issued by the CA of this name (a DER `Name`), byte for byte.
    pub(super) fn is_issued_by(&self, name: &[u8]) -> bool {
        self.issuers.iter().any(|issuer| issuer == name)
    }

    /// The same in words, which other encodings of the name share.
    pub(super) fn is_issued_by_one_called(&self, name: &str) -> bool {
        let mut issuers = self.issuers.iter().map(|issuer| rfc4514(issuer));
        issuers.any(|issuer| issuer.eq_ignore_ascii_case(name))
    }

    /// Who issued the last of our certificates.
    pub(super) fn top_issuer(&self) -> String {
        self.issuers
            .last()
            .map_or_else(String::new, |issuer| rfc4514(issuer))
    }

    /// Our certificates that are not valid now, each with its index and its subject.
    pub(super) fn overdue(&self, now: UnixTime) -> Vec<(usize, String, Overdue)> {
        certificates(&self.chain)
            .filter_map(|(index, certificate)| {
                let overdue = if now < certificate.not_before {
                    Overdue::ValidFrom(certificate.not_before)
                } else if now > certificate.not_after {
                    Overdue::ExpiredAt(certificate.not_after)
                } else {
                    return None;
                };
                Some((index, rfc4514(certificate.subject), overdue))
            })
            .collect()
    }

    /// The purposes in the leaf's extended key usage, where ours is not among them: first the one that is missing.
    pub(super) fn missing_purpose(&self) -> Option<(&'static str, Vec<String>)> {
        let (_, leaf) = certificates(&self.chain).next()?;
        let usage = leaf.extended_key_usage().ok()??;
        let (wanted, name) = match self.end {
            End::Client => (ID_KP_CLIENT_AUTH, "clientAuth"),
            End::Server => (ID_KP_SERVER_AUTH, "serverAuth"),
        };
        match usage.0.contains(&wanted) {
            true => None,
            false => Some((name, usage.0.iter().map(purpose_name).collect())),
        }
    }

    /// Whether the leaf is of a version before 3.
    pub(super) fn has_old_leaf(&self) -> bool {
        certificates(&self.chain)
            .next()
            .is_some_and(|(_, leaf)| leaf.version != Version::V3)
    }

    /// What the leaf's key is.
    pub(super) fn key(&self) -> String {
        certificates(&self.chain)
            .next()
            .and_then(|(_, leaf)| leaf.public_key.kind().ok())
            .map_or_else(|| "(unreadable)".to_owned(), |kind| kind.to_string())
    }
}

/// All of them can be read: that was seen when the chain was made.
fn certificates(chain: &CertificateChain) -> impl Iterator<Item = (usize, Certificate<'_>)> {
    chain
        .as_slice()
        .iter()
        .enumerate()
        .filter_map(|(index, der)| Some((index, Certificate::from_der(der).ok()?)))
}

fn purpose_name(oid: &ObjectIdentifier) -> String {
    match *oid {
        ID_KP_CLIENT_AUTH => "clientAuth".to_owned(),
        ID_KP_SERVER_AUTH => "serverAuth".to_owned(),
        other => other.to_string(),
    }
}
