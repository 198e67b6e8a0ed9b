//! Constructors for what stands in the subject alternative names (RFC 5280, section 4.2.1.6).

use crate::error::BuildError;
use crate::policy::matcher::attribute::Kind;
use crate::policy::matcher::tree::PeerMatcher;

/// # SPIFFE
///
/// These match certificates with exactly one URI name (SPIFFE X.509-SVID, section 2).
impl PeerMatcher {
    /// One SPIFFE ID, byte for byte.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// use mtls::PeerMatcher;
    /// PeerMatcher::spiffe_id("spiffe://prod.example/payments")?;
    /// assert!(PeerMatcher::spiffe_id("spiffe://Prod.example/payments/").is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for what is no SPIFFE ID (SPIFFE-ID, section 2).
    pub fn spiffe_id(id: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::SpiffeId, id)
    }

    /// Every SPIFFE ID of one trust domain, given by its name alone: `prod.example`.
    ///
    /// Trust domains have no hierarchy: `prod.example` is no part of `example`.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// mtls::PeerMatcher::trust_domain("prod.example")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for what is no trust domain's name (SPIFFE-ID, section 2.1).
    pub fn trust_domain(name: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::TrustDomain, name)
    }

    /// A SPIFFE ID and those below it: `spiffe://prod.example/ns/pay` matches itself and
    /// `spiffe://prod.example/ns/pay/api`, but not `spiffe://prod.example/ns/payments`.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// mtls::PeerMatcher::spiffe_path_prefix("spiffe://prod.example/ns/pay")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for what is no SPIFFE ID, or has no path.
    pub fn spiffe_path_prefix(prefix: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::SpiffePathPrefix, prefix)
    }
}

/// # DNS names
///
/// A wildcard in a peer's certificate is never expanded; it is neither a match nor none, so that `not` does not admit it
/// either.
impl PeerMatcher {
    /// A DNS name among the subject alternative names, whole, without regard to case.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// use mtls::PeerMatcher;
    /// PeerMatcher::dns("billing.svc.local")?;
    /// assert!(PeerMatcher::dns("*.svc.local").is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for what is no host name (RFC 1123, section 2.1; underscores are allowed).
    pub fn dns(name: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::Dns, name)
    }

    /// Every DNS name below a domain, by whole labels: `svc.local` matches `a.svc.local` and `b.a.svc.local`, but not
    /// `evil-svc.local`, and not `svc.local` itself, for which there is [`dns`](Self::dns).
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// mtls::PeerMatcher::dns_suffix("svc.local")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for what is no host name. A dot does not begin it.
    pub fn dns_suffix(domain: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::DnsSuffix, domain)
    }

    /// Every DNS name that begins with these whole labels and has more behind them: `pay` matches `pay.svc.local`, but
    /// neither `payments.svc.local` nor `pay` itself.
    ///
    /// The first labels do not say whose name it is. Use it where the trust anchors issue in domains of yours alone.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// mtls::PeerMatcher::dns_prefix("pay")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for what is no host name. A dot does not end it.
    pub fn dns_prefix(labels: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::DnsPrefix, labels)
    }
}

/// # URIs
impl PeerMatcher {
    /// A URI among the subject alternative names, byte for byte.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// mtls::PeerMatcher::uri("https://billing.example/agent")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for a text without a scheme, or with characters that a URI may not hold
    /// (RFC 3986, section 3).
    pub fn uri(uri: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::Uri, uri)
    }

    /// A URI and those below it, by whole segments: `https://a.example/pay` matches itself and
    /// `https://a.example/pay/x`, but not `https://a.example/payments`; `https://a.example` all of that authority.
    ///
    /// A port is a part of the authority. Scheme and authority are in lower case. A URI of the peer that has other
    /// spellings (escapes, a query, a fragment, a user's name, segments that are empty or of dots: RFC 3986, section
    /// 6.2) is neither a match nor none.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// use mtls::PeerMatcher;
    /// PeerMatcher::uri_prefix("https://a.example/pay")?;
    /// assert!(PeerMatcher::uri_prefix("https://").is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] where scheme or authority is missing, for a slash at the end, and for what has
    /// other spellings.
    pub fn uri_prefix(prefix: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::UriPrefix, prefix)
    }
}

/// # IP addresses
///
/// An IPv4 address that a certificate holds in its form mapped into IPv6 (RFC 4291, section 2.5.5.2) is neither the one
/// nor the other: no pattern matches it and `not` does not admit it.
impl PeerMatcher {
    /// An IP address among the subject alternative names, of version 4 or 6.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// mtls::PeerMatcher::ip("2001:db8::7")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for what is no address, and for a mapped one.
    pub fn ip(address: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::Ip, address)
    }

    /// The addresses of a network: `10.0.0.0/8` (RFC 4632, section 3.1).
    ///
    /// This is about the addresses in the certificate, not about the one that the peer calls from.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// use mtls::PeerMatcher;
    /// PeerMatcher::ip_network("10.0.0.0/8")?;
    /// assert!(PeerMatcher::ip_network("10.0.0.1/8").is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for what is no address with a prefix length, for bits that are set behind the
    /// prefix, for mapped addresses, and for `/0`, which is every address.
    pub fn ip_network(network: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::IpNetwork, network)
    }
}

/// # E-mail addresses
///
/// The domain compares without regard to case, what stands before the `@` byte for byte (RFC 5280, section 7.5).
impl PeerMatcher {
    /// An e-mail address among the subject alternative names, whole.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// mtls::PeerMatcher::email("ops@prod.example")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for what is not `local@domain` in printable ASCII.
    pub fn email(address: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::Email, address)
    }

    /// Every e-mail address of one domain: `prod.example` matches `ops@prod.example`, but not `ops@mail.prod.example`.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// mtls::PeerMatcher::email_domain("prod.example")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for what is no host name.
    pub fn email_domain(domain: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::EmailDomain, domain)
    }

    /// Every e-mail address of the domains below one, by whole labels: `prod.example` matches `ops@mail.prod.example`,
    /// but neither `ops@prod.example` nor `ops@evil-prod.example`.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
    /// mtls::PeerMatcher::email_domain_suffix("prod.example")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidPattern`] for what is no host name.
    pub fn email_domain_suffix(domain: &str) -> Result<Self, BuildError> {
        Self::parsed(Kind::EmailDomainSuffix, domain)
    }
}
