use std::sync::Arc;
use std::time::Duration;

use mtls::pki_types::CertificateDer;
use mtls::policy::Explanation;
use rustls::{ClientConfig, ClientConnection, SignatureScheme};

use super::config::{Configs, Recorded, Version};
use super::drive::{self, Ending};
use super::names::group_name;
use super::recorder::Request;
use crate::probe::failure::Failure;
use crate::probe::question::Question;
use crate::probe::transport::Transport;

/// What a connection offers to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// Our identity, if the policy accepts the server.
    Identity,
    /// Our identity, whatever the policy says.
    IdentityAnyway,
    /// No certificate.
    Nothing,
}

/// How long a connection is kept after the handshake.
pub(crate) enum Wait<F> {
    /// Until the server shows its verdict, or answers a question that the function chooses.
    ForVerdict(F),
    Not,
    Shortly,
}

/// What both sides agreed on.
#[derive(Clone, Debug)]
pub(crate) struct Negotiated {
    pub(crate) version: Version,
    pub(crate) cipher_suite: String,
    pub(crate) group: Option<String>,
    pub(crate) alpn: Option<Vec<u8>>,
}

/// One connection, and all that it showed.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) offer: Offer,
    pub(crate) presented: Vec<CertificateDer<'static>>,
    pub(crate) explanation: Option<Explanation>,
    pub(crate) signature_scheme: Option<SignatureScheme>,
    pub(crate) signature_fault: Option<rustls::Error>,
    pub(crate) request: Option<Request>,
    pub(crate) scheme_fits: Option<bool>,
    pub(crate) negotiated: Option<Negotiated>,
    /// Whether the handshake is complete on our side.
    pub(crate) is_complete: bool,
    pub(crate) ending: Ending,
    pub(crate) first_bytes: Vec<u8>,
}

impl Attempt {
    /// Performs one handshake and waits for the verdict.
    ///
    /// The failure is that our own side cannot begin.
    pub(crate) fn run(
        configs: &Configs<'_>,
        versions: &[Version],
        offer: Offer,
        mut transport: Transport,
        wait: Wait<impl FnOnce(&ClientConnection) -> Option<Question>>,
    ) -> Result<Self, Failure> {
        let Recorded { config, recorder } = match offer {
            Offer::Identity => configs.to_present(versions)?,
            Offer::IdentityAnyway => configs.danger_to_present_anyway(versions)?,
            Offer::Nothing => configs.to_look(versions)?,
        };
        let mut connection = connection(config, configs)?;
        let handshake = drive::handshake(&mut connection, &mut transport);
        let is_complete = handshake.is_ok();
        let ending = match handshake {
            Ok(()) => {
                let (question, patience) = match wait {
                    Wait::Not => (None, Duration::ZERO),
                    Wait::Shortly => (None, drive::PATIENCE_AFTER_SIGN),
                    // A server that the policy rejects learns nothing about us.
                    Wait::ForVerdict(_) if offer == Offer::Nothing && !recorder.is_accepted() => {
                        (None, drive::PATIENCE)
                    }
                    Wait::ForVerdict(ask) => (ask(&connection), drive::PATIENCE),
                };
                let seen = (&*recorder, patience);
                drive::verdict(&mut connection, &mut transport, seen, question.as_ref())
            }
            Err(ending) => ending,
        };
        let record = recorder.take();
        Ok(Self {
            offer,
            presented: match connection.peer_certificates() {
                Some(presented) if record.presented.is_empty() => presented.to_vec(),
                _ => record.presented,
            },
            explanation: record.explanation,
            signature_scheme: record.signature_scheme,
            signature_fault: record.signature_fault,
            request: record.request,
            scheme_fits: record.scheme_fits,
            negotiated: Negotiated::of(&connection),
            is_complete,
            ending,
            first_bytes: transport.first_bytes().to_vec(),
        })
    }

    /// Whether our certificate was sent to the server.
    pub(crate) fn has_sent_certificate(&self) -> bool {
        // In TLS 1.2 the server answers to it before the handshake is complete.
        let is_tls12 = |negotiated: &Negotiated| negotiated.version == Version::Tls12;
        let is_answered = matches!(self.ending, Ending::Alert(_) | Ending::Closed { .. })
            && self.negotiated.as_ref().is_some_and(is_tls12);
        self.scheme_fits == Some(true) && (self.is_complete || is_answered)
    }
}

impl Negotiated {
    fn of(connection: &ClientConnection) -> Option<Self> {
        let version = match connection.protocol_version()? {
            rustls::ProtocolVersion::TLSv1_2 => Version::Tls12,
            rustls::ProtocolVersion::TLSv1_3 => Version::Tls13,
            _ => return None,
        };
        let suite = connection.negotiated_cipher_suite()?;
        let group = connection.negotiated_key_exchange_group();
        Some(Self {
            version,
            cipher_suite: format!("{:?}", suite.suite()).replacen("TLS13_", "TLS_", 1),
            group: group.map(|group| group_name(group.name())),
            alpn: connection.alpn_protocol().map(<[u8]>::to_vec),
        })
    }
}

fn connection(config: ClientConfig, configs: &Configs<'_>) -> Result<ClientConnection, Failure> {
    ClientConnection::new(Arc::new(config), configs.name.clone())
        .map_err(|error| Failure::of_error(&error))
}
