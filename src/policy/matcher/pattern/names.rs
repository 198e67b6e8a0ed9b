//! Constructors for subject alternative names (RFC 5280, section 4.2.1.6).

use crate::policy::matcher::error::MatcherError;
use core::net::IpAddr;

use crate::policy::matcher::attribute::Kind;
use crate::policy::matcher::tree::PeerMatcher;

/// # SPIFFE
///
/// These match certificates with exactly one URI name (SPIFFE X.509-SVID, section 2).
impl PeerMatcher {
    /// Matches one SPIFFE ID, byte for byte.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::error::MatcherError> {
    /// use mtls::PeerMatcher;
    /// PeerMatcher::spiffe_id("spiffe://prod.example/payments")?;
    /// assert!(PeerMatcher::spiffe_id("spiffe://Prod.example/payments/").is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`MatcherError`] for an invalid SPIFFE ID (SPIFFE-ID, section 2).
    pub fn spiffe_id(id: &str) -> Result<Self, MatcherError> {
        Self::parsed(Kind::SpiffeId, id)
    }

    /// Matches every SPIFFE ID of one trust domain; the argument is its name alone: `prod.example`.
    ///
    /// Trust domains have no hierarchy: `prod.example` is not a part of `example`.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::error::MatcherError> {
    /// mtls::PeerMatcher::trust_domain("prod.example")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`MatcherError`] for an invalid trust domain name (SPIFFE-ID, section 2.1).
    pub fn trust_domain(name: &str) -> Result<Self, MatcherError> {
        Self::parsed(Kind::TrustDomain, name)
    }

    /// Matches a SPIFFE ID and those below it.
    ///
    /// `spiffe://prod.example/ns/pay` matches itself and `spiffe://prod.example/ns/pay/api`, but
    /// not `spiffe://prod.example/ns/payments`.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::error::MatcherError> {
    /// mtls::PeerMatcher::spiffe_path_prefix("spiffe://prod.example/ns/pay")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`MatcherError`] for an invalid SPIFFE ID, and for one without a path.
    pub fn spiffe_path_prefix(prefix: &str) -> Result<Self, MatcherError> {
        Self::parsed(Kind::SpiffePathPrefix, prefix)
    }
}

/// # DNS names
///
/// A wildcard in a peer's certificate is never expanded. It is undecided, so `not` does not accept
/// it either.
impl PeerMatcher {
    /// Matches a whole DNS name among the subject alternative names, ignoring case.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::error::MatcherError> {
    /// use mtls::PeerMatcher;
    /// PeerMatcher::dns("billing.svc.local")?;
    /// assert!(PeerMatcher::dns("*.svc.local").is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`MatcherError`] for an invalid host name (RFC 1123, section 2.1; underscores
    /// are allowed).
    pub fn dns(name: &str) -> Result<Self, MatcherError> {
        Self::parsed(Kind::Dns, name)
    }

    /// Matches every DNS name below a domain, by whole labels.
    ///
    /// `svc.local` matches `a.svc.local` and `b.a.svc.local`, but not `evil-svc.local`, and not
    /// `svc.local` itself; use [`dns`](Self::dns) for that.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::error::MatcherError> {
    /// mtls::PeerMatcher::dns_suffix("svc.local")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`MatcherError`] for an invalid host name; a leading dot is not allowed.
    pub fn dns_suffix(domain: &str) -> Result<Self, MatcherError> {
        Self::parsed(Kind::DnsSuffix, domain)
    }

    /// Matches every DNS name that begins with these whole labels and has further labels.
    ///
    /// `pay` matches `pay.svc.local`, but neither `payments.svc.local` nor `pay` itself.
    ///
    /// The first labels do not determine the owner of a name. Use this only if the trust anchors
    /// issue certificates for your domains only.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::error::MatcherError> {
    /// mtls::PeerMatcher::dns_prefix("pay")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`MatcherError`] for an invalid host name; a trailing dot is not allowed.
    pub fn dns_prefix(labels: &str) -> Result<Self, MatcherError> {
        Self::parsed(Kind::DnsPrefix, labels)
    }
}

/// # URIs
impl PeerMatcher {
    /// Matches a URI among the subject alternative names, byte for byte.
    ///
    /// Any scheme will do: a WIMSE workload identifier is such a URI
    /// (draft-ietf-wimse-identifier).
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::error::MatcherError> {
    /// mtls::PeerMatcher::uri("https://billing.example/agent")?;
    /// mtls::PeerMatcher::uri("wimse://trust.example/billing/agent")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`MatcherError`] for a text without a scheme, and for characters that a URI
    /// must not contain (RFC 3986, section 3).
    pub fn uri(uri: &str) -> Result<Self, MatcherError> {
        Self::parsed(Kind::Uri, uri)
    }

    /// Matches a URI and those below it, by whole segments.
    ///
    /// `https://a.example/pay` matches itself and `https://a.example/pay/x`, but not
    /// `https://a.example/payments`. `https://a.example` matches every URI of that authority.
    ///
    /// Write the scheme and authority in lower case; a port belongs to the authority. For a URI of
    /// the peer that can be spelled in several ways (escapes, a query, a fragment, a user name,
    /// empty or dot segments: RFC 3986, section 6.2), the pattern neither matches nor fails to
    /// match.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::error::MatcherError> {
    /// use mtls::PeerMatcher;
    /// PeerMatcher::uri_prefix("https://a.example/pay")?;
    /// PeerMatcher::uri_prefix("wimse://trust.example/billing")?;
    /// assert!(PeerMatcher::uri_prefix("https://").is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`MatcherError`] if the scheme or the authority is missing, for a trailing
    /// slash, and for a URI with several spellings.
    pub fn uri_prefix(prefix: &str) -> Result<Self, MatcherError> {
        Self::parsed(Kind::UriPrefix, prefix)
    }
}

/// # IP addresses
///
/// An IPv4 address mapped into IPv6 in a certificate (RFC 4291, section 2.5.5.2) is undecided: no
/// pattern matches it and `not` does not accept it.
impl PeerMatcher {
    /// Matches an IPv4 or IPv6 address among the subject alternative names.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// mtls::PeerMatcher::ip("2001:db8::7".parse()?)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`MatcherError`] for an IPv4 address mapped into IPv6.
    pub fn ip(address: IpAddr) -> Result<Self, MatcherError> {
        Self::parsed(Kind::Ip, &address.to_string())
    }

    /// Matches the addresses of a network: `10.0.0.0/8` (RFC 4632, section 3.1).
    ///
    /// This matches addresses in the certificate, not the peer's network address.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::error::MatcherError> {
    /// use mtls::PeerMatcher;
    /// PeerMatcher::ip_network("10.0.0.0/8")?;
    /// assert!(PeerMatcher::ip_network("10.0.0.1/8").is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`MatcherError`] unless the text is an address with a prefix length, for bits
    /// set after the prefix, for mapped addresses, and for `/0`, which contains every address.
    pub fn ip_network(network: &str) -> Result<Self, MatcherError> {
        Self::parsed(Kind::IpNetwork, network)
    }
}

/// # E-mail addresses
///
/// The domain ignores case; the part before the `@` is compared byte for byte (RFC 5280, section
/// 7.5).
impl PeerMatcher {
    /// Matches a whole e-mail address among the subject alternative names.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::error::MatcherError> {
    /// mtls::PeerMatcher::email("ops@prod.example")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`MatcherError`] unless the text is `local@domain` in printable ASCII.
    pub fn email(address: &str) -> Result<Self, MatcherError> {
        Self::parsed(Kind::Email, address)
    }

    /// Matches every e-mail address of one domain.
    ///
    /// `prod.example` matches `ops@prod.example`, but not `ops@mail.prod.example`.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::error::MatcherError> {
    /// mtls::PeerMatcher::email_domain("prod.example")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`MatcherError`] for an invalid host name.
    pub fn email_domain(domain: &str) -> Result<Self, MatcherError> {
        Self::parsed(Kind::EmailDomain, domain)
    }

    /// Matches every e-mail address of the domains below one, by whole labels.
    ///
    /// `prod.example` matches `ops@mail.prod.example`, but neither `ops@prod.example` nor
    /// `ops@evil-prod.example`.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::error::MatcherError> {
    /// mtls::PeerMatcher::email_domain_suffix("prod.example")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`MatcherError`] for an invalid host name.
    pub fn email_domain_suffix(domain: &str) -> Result<Self, MatcherError> {
        Self::parsed(Kind::EmailDomainSuffix, domain)
    }
}
