//! `Client-Cert` and `Client-Cert-Chain`: byte sequences of structured fields (RFC 9440, section 2;
//! RFC 9651, section 3.3.5).

use core::fmt;

use pki_types::CertificateDer;
use sfv::visitor::{
    EntryVisitor, Ignored, InnerListVisitor, ItemVisitor, ListVisitor, ParameterVisitor,
};
use sfv::{BareItemFromInput, Parser};

use super::error::ForwardedError;
use super::header_names::{CLIENT_CERT, CLIENT_CERT_CHAIN};
use crate::material::CertificateChain;

/// Reads the values of the two headers.
pub(super) fn read(leaf: &[u8], chain: Option<&[u8]>) -> Result<CertificateChain, ForwardedError> {
    let leaf: Vec<u8> = Parser::new(leaf)
        .parse_item()
        .map_err(|error| malformed(CLIENT_CERT, &error))?;
    let mut all = vec![CertificateDer::from(leaf)];
    if let Some(chain) = chain {
        Parser::new(chain)
            .parse_list_with_visitor(Certificates(&mut all))
            .map_err(|error| malformed(CLIENT_CERT_CHAIN, &error))?;
    }
    CertificateChain::from_der(all).map_err(|problem| ForwardedError::InvalidCertificates {
        header: CLIENT_CERT,
        problem,
    })
}

fn malformed(header: &'static str, error: &sfv::Error) -> ForwardedError {
    ForwardedError::Malformed {
        header,
        // A value of another type has no position.
        offset: error.index().unwrap_or_default(),
    }
}

/// Adds the members of a list.
struct Certificates<'a>(&'a mut Vec<CertificateDer<'static>>);

#[derive(Debug)]
struct NoByteSequence;

impl fmt::Display for NoByteSequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is no byte sequence")
    }
}

impl core::error::Error for NoByteSequence {}

impl<'de> ListVisitor<'de> for Certificates<'_> {
    type Out = ();
    type Error = NoByteSequence;

    fn entry(&mut self) -> Result<impl EntryVisitor<'de>, NoByteSequence> {
        Ok(Certificates(self.0))
    }

    fn finish(self) -> Result<(), NoByteSequence> {
        Ok(())
    }
}

impl<'de> EntryVisitor<'de> for Certificates<'_> {
    type Error = NoByteSequence;

    fn item(self) -> Result<impl ItemVisitor<'de>, NoByteSequence> {
        Ok(self)
    }

    fn inner_list(self) -> Result<impl InnerListVisitor<'de>, NoByteSequence> {
        Err::<Ignored, _>(NoByteSequence)
    }
}

impl<'de> ItemVisitor<'de> for Certificates<'_> {
    type Out = ();
    type Error = NoByteSequence;

    fn bare_item(
        self,
        item: BareItemFromInput<'de>,
    ) -> Result<impl ParameterVisitor<'de, Out = ()>, NoByteSequence> {
        let BareItemFromInput::ByteSequence(der) = item else {
            return Err(NoByteSequence);
        };
        self.0.push(der.into());
        // RFC 9440 has no parameters; unknown ones are ignored (RFC 9651, section 2.1).
        Ok(Ignored)
    }
}
