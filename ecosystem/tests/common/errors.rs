//! What an error of a library holds.

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use mtls::event::HandshakeOutcome;
use mtls::{
    Event, FileSource, HandshakeError, MtlsClient, Rejection, RejectionReason, Report, Rustls,
};

type DynError = dyn Error + 'static;

/// An error and its causes, also those that an `io::Error` or an `Arc` wraps.
pub fn chain(error: &DynError) -> Vec<&DynError> {
    let mut chain = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        chain.push(error);
        let shared = error.downcast_ref::<Arc<dyn Error + Send + Sync>>();
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match (shared, wrapped) {
            (Some(shared), _) => Some(&**shared),
            (None, Some(wrapped)) => Some(wrapped),
            (None, None) => error.source(),
        };
    }
    chain
}

pub fn find<T: Error + 'static>(error: &DynError) -> Option<&T> {
    chain(error)
        .into_iter()
        .find_map(|error| error.downcast_ref())
}

/// A client with the files of this folder, and what it rejects.
pub fn client_in(folder: &Path) -> (MtlsClient, Rejections) {
    let files = FileSource::new()
        .identity(folder.join("client.crt"), folder.join("client.key"))
        .trust_anchors(folder.join("ca.crt"));
    let rejections = Rejections::default();
    let seen = rejections.clone();
    let client = MtlsClient::builder()
        .source(files)
        .observer(move |event| seen.see(event))
        .build(Rustls::default())
        .unwrap();
    (client, rejections)
}

/// What the observer has received.
#[derive(Clone, Debug, Default)]
pub struct Rejections(Arc<Mutex<Vec<Rejection>>>);

impl Rejections {
    /// The rejection in an event, if there is one.
    pub fn see(&self, event: &Event<'_>) {
        let rejection = match event {
            Event::PeerVerified {
                verdict: Err(rejection),
                ..
            } => rejection,
            Event::Handshake(handshake) => match handshake.outcome {
                HandshakeOutcome::Failed(HandshakeError::Rejected(rejection)) => rejection,
                _ => return,
            },
            _ => return,
        };
        self.0.lock().unwrap().push(rejection.clone());
    }

    /// What has been received since the last call.
    pub fn take(&self) -> Vec<Rejection> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// Expects one of a certificate whose CA is not known, with a hint.
    #[track_caller]
    pub fn expect_unknown_issuer(&self) {
        let rejections = self.0.lock().unwrap();
        let [rejection] = &**rejections else {
            panic!("not one rejection: {rejections:?}");
        };
        expect_unknown_issuer(rejection);
    }

    pub fn is_empty(&self) -> bool {
        self.0.lock().unwrap().is_empty()
    }
}

#[track_caller]
pub fn expect_unknown_issuer(rejection: &Rejection) {
    assert_eq!(rejection.reason(), RejectionReason::UnknownIssuer);
    let hint = rejection.hint();
    assert!(
        hint.contains("CN=Nyx"),
        "the hint does not name the CA: {hint}"
    );
}

/// Expects that rustls' error arrives, which has room for the reason alone, and gives its hint.
#[track_caller]
pub fn expect_rustls_error(error: &DynError) {
    use rustls::CertificateError::UnknownIssuer;
    let found = find::<rustls::Error>(error);
    let expected = rustls::Error::InvalidCertificate(UnknownIssuer);
    assert_eq!(found, Some(&expected), "{:?}", chain(error));
    assert!(find::<HandshakeError>(error).is_none());
    let hint = Report::new(error).hint().unwrap();
    assert!(
        hint.contains("the CA that issued the peer's certificate"),
        "{hint}"
    );
}
