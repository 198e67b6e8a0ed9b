//! The code "certificate revoked", for which OpenSSL needs a revocation list.
//!
//! The openssl crate has only one call for that, which takes a file name. A pipe has a name where
//! the system has `/dev/fd`; nothing is written to disk.

use openssl::error::ErrorStack;
use openssl::x509::X509VerifyResult;

use super::ProbeChain;

#[cfg(not(unix))]
pub(crate) fn produce(_pair: &ProbeChain) -> Result<X509VerifyResult, ErrorStack> {
    Err(ErrorStack::get())
}

#[cfg(unix)]
pub(crate) use unix::produce;

#[cfg(unix)]
mod unix {
    use std::io::{self, PipeReader, Write};
    use std::os::fd::AsRawFd;

    use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Time};
    use openssl::hash::MessageDigest;
    use openssl::ssl::SslFiletype;
    use openssl::x509::store::{X509Lookup, X509StoreBuilder};
    use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
    use openssl::x509::{X509CrlBuilder, X509Extension, X509RevokedBuilder};

    use super::{ErrorStack, ProbeChain, X509VerifyResult};
    use crate::backend::openssl::verify_codes::{BEGIN, END, NOW};

    pub(crate) fn produce(pair: &ProbeChain) -> Result<X509VerifyResult, ErrorStack> {
        let list = list(pair)?;
        // Short enough for the buffer of the pipe.
        let pipe = filled(&list).map_err(|_| ErrorStack::get())?;
        let mut param = X509VerifyParam::new()?;
        param.set_time(NOW.into());
        param.set_flags(X509VerifyFlags::CRL_CHECK)?;
        let mut store = X509StoreBuilder::new()?;
        store.add_cert(pair.root.clone())?;
        store.set_param(&param)?;
        store
            .add_lookup(X509Lookup::file())?
            .load_crl_file(format!("/dev/fd/{}", pipe.as_raw_fd()), SslFiletype::ASN1)?;
        pair.verify_by(store)
    }

    /// Returns the reading side of a pipe with these bytes; the writing side is closed.
    fn filled(bytes: &[u8]) -> io::Result<PipeReader> {
        let (reader, mut writer) = io::pipe()?;
        writer.write_all(bytes)?;
        Ok(reader)
    }

    /// Makes a list of the root with the leaf on it.
    fn list(pair: &ProbeChain) -> Result<Vec<u8>, ErrorStack> {
        let begin = Asn1Time::from_unix(BEGIN.into())?;
        let mut revoked = X509RevokedBuilder::new()?;
        revoked.set_serial_number(pair.leaf.serial_number())?;
        revoked.set_revocation_date(&begin)?;
        let mut list = X509CrlBuilder::new()?;
        list.set_issuer_name(pair.root.subject_name())?;
        list.set_last_update(&begin)?;
        list.set_next_update(&*Asn1Time::from_unix(END.into())?)?;
        // An empty authority key identifier and the number 1: the builder requires both.
        list.append_extension(extension("2.5.29.35", b"\x30\x00")?)?;
        list.append_extension(extension("2.5.29.20", b"\x02\x01\x01")?)?;
        list.add_revoked(revoked.build())?;
        list.sign(&pair.key, MessageDigest::sha256())?;
        list.build()?.to_der()
    }

    fn extension(oid: &str, value: &[u8]) -> Result<X509Extension, ErrorStack> {
        let value = Asn1OctetString::new_from_bytes(value)?;
        X509Extension::new_from_der(&*Asn1Object::from_str(oid)?, false, &value)
    }
}
