//! Our verifier in OpenSSL's verify callback.
//!
//! OpenSSL's store is empty, so it rejects every chain and calls us. Its own result is ignored; our
//! verifier decides about the certificates that it shows.

use std::panic::{AssertUnwindSafe, catch_unwind};

use openssl::error::ErrorStack;
use openssl::ssl::SslRef;
use openssl::stack::StackRef;
use openssl::x509::{X509, X509StoreContext, X509StoreContextRef, X509VerifyResult};
use pki_types::CertificateDer;

use super::slot::{ExpectedPeer, Slot};
use super::verify_codes::code_for;

/// `X509_V_ERR_EE_KEY_TOO_SMALL`, the one error that comes before a path is built.
const EE_KEY_TOO_SMALL: i32 = 66;

/// The callback of `set_verify_callback`. It sets the code that chooses the alert.
pub(super) fn verify(_opinion: bool, context: &mut X509StoreContextRef) -> bool {
    // A panic must not reach OpenSSL, which would abort the process. `SessionVerifier` catches the
    // policy's.
    let answer = catch_unwind(AssertUnwindSafe(|| answer(context)));
    let answer = answer.unwrap_or(Err(X509VerifyResult::APPLICATION_VERIFICATION));
    let (code, accepted) = match answer {
        Ok(()) => (X509VerifyResult::OK, true),
        Err(code) => (code, false),
    };
    context.set_error(code);
    accepted
}

fn answer(context: &X509StoreContextRef) -> Result<(), X509VerifyResult> {
    if context.error().as_raw() == EE_KEY_TOO_SMALL {
        // OpenSSL calls again with a path, because its store is empty.
        return Ok(());
    }
    let rejected = X509VerifyResult::APPLICATION_VERIFICATION;
    let ssl = X509StoreContext::ssl_idx()
        .ok()
        .and_then(|index| context.ex_data(index))
        .ok_or(rejected)?;
    // Without a slot the expected server is unknown; the `Ssl` alone is not trusted.
    let slot = Slot::of(ssl).ok_or(rejected)?;
    let chain = shown(context, ssl, slot.peer()).map_err(|_| rejected)?;
    match slot.verify(chain) {
        Ok(_) => Ok(()),
        Err(rejection) => Err(code_for(rejection.reason())),
    }
}

/// Returns the peer's certificates.
///
/// A client sees all that the server sent, a server only the path that OpenSSL chose.
fn shown(
    context: &X509StoreContextRef,
    ssl: &SslRef,
    peer: &ExpectedPeer,
) -> Result<Vec<CertificateDer<'static>>, ErrorStack> {
    let path = context.chain().map_or(Ok(Vec::new()), der)?;
    if let (ExpectedPeer::Server(_), Some(sent)) = (peer, ssl.peer_cert_chain()) {
        let sent = der(sent)?;
        if sent.first() == path.first() {
            return Ok(sent);
        }
    }
    Ok(path)
}

fn der(chain: &StackRef<X509>) -> Result<Vec<CertificateDer<'static>>, ErrorStack> {
    chain
        .iter()
        .map(|certificate| certificate.to_der().map(CertificateDer::from))
        .collect()
}

#[cfg(test)]
mod tests;
