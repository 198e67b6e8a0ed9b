//! The text of `X-Forwarded-Client-Cert`, as Envoy documents it.
//!
//! ```text
//! header  = element *( "," element )                      ; spaces may stand around the comma
//! element = pair *( ";" pair )
//! pair    = key "=" ( quoted / *unquoted )                ; text: ASCII, no controls but tab
//! quoted  = DQUOTE *( text / "\" text ) DQUOTE            ; `\"` does not end it
//! ```
//!
//! Envoy quotes `Cert`, `Chain` and `Subject`, and writes URIs and DNS names as they stand in the
//! certificate. A client whose CA lets it choose a URI can so write pairs and elements of its own.
//! Therefore names come from the certificate alone, which has to stand before all names, together
//! with its digest. Envoy writes them in this order: By, Hash, Cert, Chain, Subject, URI, DNS.

use core::str;

use percent_encoding::percent_decode_str;

use super::error::ForwardedError;
use super::header_names::XFCC;
use crate::error::MaterialError;
use crate::material::CertificateChain;
use crate::peer::cut;

/// What one gateway wrote.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Element<'a> {
    hash: Option<&'a str>,
    cert: Option<&'a str>,
    chain: Option<&'a str>,
}

/// Reads all elements, at least one and at most `limit`.
pub(super) fn elements(value: &[u8], limit: usize) -> Result<Vec<Element<'_>>, ForwardedError> {
    let is_text = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~');
    let text = match value.iter().position(|byte| !is_text(byte)) {
        Some(offset) => return Err(malformed(offset)),
        None => str::from_utf8(value).map_err(|error| malformed(error.valid_up_to()))?,
    };
    let mut reader = Reader { text, left: text };
    let mut elements = Vec::new();
    loop {
        if elements.len() == limit {
            return Err(ForwardedError::TooManyElements { limit });
        }
        reader.skip_spaces();
        elements.push(reader.element()?);
        reader.skip_spaces();
        if !reader.skip(',') {
            break;
        }
    }
    if reader.left.is_empty() {
        Ok(elements)
    } else {
        Err(reader.malformed())
    }
}

impl Element<'_> {
    /// Returns the certificates, whose leaf has the digest.
    pub(super) fn certificates(&self) -> Result<CertificateChain, ForwardedError> {
        let hash = self
            .hash
            .ok_or(ForwardedError::MissingKey { key: "Hash" })?;
        let cert = self.cert.map(certificates).transpose()?;
        let chain = self.chain.map(certificates).transpose()?;
        let chain = match (cert, chain) {
            (None, None) => return Err(ForwardedError::MissingKey { key: "Cert" }),
            (Some(chain), None) | (None, Some(chain)) => chain,
            (Some(cert), Some(chain)) if cert.leaf() == chain.leaf() => chain,
            (Some(_), Some(_)) => return Err(ForwardedError::LeafMismatch),
        };
        let mut digest = [0; 32];
        match base16ct::mixed::decode(hash, &mut digest) {
            Ok(read) if read == super::forwarded_peer::sha256(chain.leaf()) => Ok(chain),
            _ => Err(ForwardedError::HashMismatch),
        }
    }
}

fn certificates(value: &str) -> Result<CertificateChain, ForwardedError> {
    let pem = percent_decode_str(value).collect::<Vec<u8>>();
    let invalid = |problem: MaterialError| ForwardedError::InvalidCertificates {
        header: XFCC,
        problem,
    };
    CertificateChain::from_pem(&pem).map_err(invalid)
}

fn malformed(offset: usize) -> ForwardedError {
    ForwardedError::Malformed {
        header: XFCC,
        offset,
    }
}

struct Reader<'a> {
    text: &'a str,
    /// The end of `text` that is not read yet.
    left: &'a str,
}

impl<'a> Reader<'a> {
    fn element(&mut self) -> Result<Element<'a>, ForwardedError> {
        let mut element = Element::default();
        let mut has_names = false;
        loop {
            let key = self.take_while(|c| c.is_ascii_alphanumeric());
            if key.is_empty() || !self.skip('=') {
                return Err(self.malformed());
            }
            let value = self.value()?;
            let (slot, name) = match key.to_ascii_lowercase().as_str() {
                "hash" => (Some(&mut element.hash), "Hash"),
                "cert" => (Some(&mut element.cert), "Cert"),
                "chain" => (Some(&mut element.chain), "Chain"),
                // The connection shows the gateway.
                "by" => (None, ""),
                // The certificate has the names.
                "subject" | "uri" | "dns" => {
                    has_names = true;
                    (None, "")
                }
                _ => {
                    let key = cut(key).into_owned();
                    return Err(ForwardedError::UnknownKey { key });
                }
            };
            if let Some(slot) = slot {
                if has_names {
                    return Err(ForwardedError::KeyAfterNames { key: name });
                }
                if slot.replace(value).is_some() {
                    return Err(ForwardedError::RepeatedKey { key: name });
                }
            }
            if !self.skip(';') {
                return Ok(element);
            }
        }
    }

    fn value(&mut self) -> Result<&'a str, ForwardedError> {
        if !self.skip('"') {
            return Ok(self.take_while(|c| c.is_ascii_graphic() && !matches!(c, '"' | ',' | ';')));
        }
        let mut is_escaped = false;
        let value = self.take_while(|c| {
            let goes_on = is_escaped || c != '"';
            is_escaped = !is_escaped && c == '\\';
            goes_on
        });
        if self.skip('"') {
            Ok(value)
        } else {
            Err(self.malformed())
        }
    }

    fn take_while(&mut self, mut goes_on: impl FnMut(char) -> bool) -> &'a str {
        let end = self.left.find(|c| !goes_on(c)).unwrap_or(self.left.len());
        let (taken, left) = self.left.split_at(end);
        self.left = left;
        taken
    }

    fn skip(&mut self, expected: char) -> bool {
        let left = self.left.strip_prefix(expected);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }

    fn skip_spaces(&mut self) {
        self.left = self.left.trim_start_matches([' ', '\t']);
    }

    fn malformed(&self) -> ForwardedError {
        malformed(self.text.len().saturating_sub(self.left.len()))
    }
}
