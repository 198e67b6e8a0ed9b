//! Our verifier in OpenSSL's verify callback.
//!
//! OpenSSL's store is empty, so it rejects every chain and calls us. Its own result is ignored; our
//! verifier decides about the certificates that it shows.

use std::panic::{AssertUnwindSafe, catch_unwind};

use openssl::error::ErrorStack;
use openssl::ssl::SslRef;
use openssl::stack::StackRef;
use openssl::x509::{X509, X509StoreContext, X509StoreContextRef, X509VerifyResult};

use super::slot::{ExpectedPeer, Slot, is_same};
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
    let shown = shown(context, ssl, slot.peer()).map_err(|_| rejected)?;
    let verdict = slot.verify(shown.ok_or(rejected)?).map_err(|_| rejected)?;
    verdict.map_err(code_for)
}

/// Returns the peer's certificates.
///
/// A client sees all that the server sent, and of OpenSSL's path only the leaf. A server sees only
/// the path that OpenSSL chose: it gets what the client sent when the callback has returned.
fn shown<'a>(
    context: &'a X509StoreContextRef,
    ssl: &'a SslRef,
    peer: &ExpectedPeer,
) -> Result<Option<&'a StackRef<X509>>, ErrorStack> {
    let path = context.chain();
    let (ExpectedPeer::Server(_), Some(sent)) = (peer, ssl.peer_cert_chain()) else {
        return Ok(path);
    };
    let leaves = (sent.get(0), path.and_then(|path| path.get(0)));
    let is_of_leaf = match leaves {
        (Some(sent), Some(leaf)) => is_same(sent, leaf) || sent.to_der()? == leaf.to_der()?,
        _ => false,
    };
    Ok(if is_of_leaf { Some(sent) } else { path })
}

#[cfg(test)]
mod tests;
