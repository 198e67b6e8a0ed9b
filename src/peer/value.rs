use crate::x509::Span;

/// The value of a name in a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A text, or the octets of an address, unchanged in the certificate.
    InCertificate(Span),
    /// On the heap, because few are: there may be thousands of names.
    Other(Box<OtherValue>),
}

/// A value that is not in the certificate as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OtherValue {
    /// A text that differs from the certificate: another encoding, or a host in upper case.
    Decoded(Box<str>),
    /// Octets of the certificate that are not a legal name of their kind.
    Unreadable(Span, &'static str),
}

impl Value {
    pub(super) fn decoded(text: String) -> Self {
        Self::Other(Box::new(OtherValue::Decoded(text.into())))
    }

    pub(super) fn unreadable(span: Span, problem: &'static str) -> Self {
        Self::Other(Box::new(OtherValue::Unreadable(span, problem)))
    }
}
