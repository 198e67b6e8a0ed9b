//! The address of the issuer's certificate (RFC 5280, section 4.2.2.1).

use const_oid::db::rfc5280::ID_AD_CA_ISSUERS;

use super::view::Certificate;
use crate::x509::pkix::GeneralName;

/// The length of the longest address in bytes; longer ones are unreadable for people.
const MOST: usize = 512;

impl Certificate<'_> {
    /// Returns the address of the issuer's certificate, for people; nothing is fetched from it.
    ///
    /// This is the first HTTP address, else the first address. Only URIs by their characters (RFC
    /// 3986, section 2) that are not too long count; others are skipped, and so is an unreadable
    /// extension. The address is not authenticated, and URIs may contain characters that are
    /// special in a shell (`'`, `$`, `;`, `&`).
    pub(crate) fn ca_issuers(&self) -> Option<String> {
        let access = self.authority_info_access().ok()??;
        let addresses = access
            .0
            .iter()
            .filter(|description| description.access_method == ID_AD_CA_ISSUERS)
            .filter_map(|description| match &description.access_location {
                GeneralName::UniformResourceIdentifier(uri) => Some(uri.as_str()),
                _ => None,
            })
            .filter(|uri| uri.len() <= MOST && uri.contains(':') && uri.bytes().all(is_of_uri));
        let by_http = addresses.clone().find(|uri| is_http(uri));
        by_http
            .or_else(|| addresses.clone().next())
            .map(str::to_owned)
    }
}

fn is_of_uri(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte)
}

fn is_http(uri: &str) -> bool {
    let (scheme, _) = uri.split_once(':').unwrap_or_default();
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, CustomExtension, KeyPair};

    use super::*;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![tag];
        match content.len() {
            short @ 0..=127 => bytes.push(short as u8),
            long => bytes.extend([0x82, (long >> 8) as u8, long as u8]),
        }
        bytes.extend(content);
        bytes
    }

    /// Returns one access description: `id-ad` with this last arc, and a URI.
    fn description(arc: u8, uri: &str) -> Vec<u8> {
        let method = der(6, &[0x2b, 6, 1, 5, 5, 7, 48, arc]);
        der(0x30, &[method, der(0x86, uri.as_bytes())].concat())
    }

    fn address_in(extension: Vec<u8>) -> Option<String> {
        let mut params = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        let oid = &[1, 3, 6, 1, 5, 5, 7, 1, 1];
        params.custom_extensions = vec![CustomExtension::from_oid_content(oid, extension)];
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        Certificate::from_der(certificate.der())
            .unwrap()
            .ca_issuers()
    }

    fn address(descriptions: &[(u8, &str)]) -> Option<String> {
        let all: Vec<_> = descriptions
            .iter()
            .map(|(arc, uri)| description(*arc, uri))
            .collect();
        address_in(der(0x30, &all.concat()))
    }

    #[test]
    fn the_issuers_address_is_reported() {
        const OCSP: u8 = 1;
        const CA_ISSUERS: u8 = 2;
        let http = "http://ca.example/a.crt";
        let ldap = "ldap://ca.example/cn=a?cACertificate";
        let long = format!("http://ca.example/{}", "a".repeat(600));
        for (descriptions, expected) in [
            (&[(CA_ISSUERS, http)][..], Some(http)),
            (
                &[(OCSP, "http://ocsp.example"), (CA_ISSUERS, http)],
                Some(http),
            ),
            (&[(CA_ISSUERS, ldap), (CA_ISSUERS, http)], Some(http)),
            (&[(CA_ISSUERS, ldap)], Some(ldap)),
            (&[(OCSP, http)], None),
            (&[(CA_ISSUERS, "http://a\nb")], None),
            (&[(CA_ISSUERS, "http://a\u{1b}[2Jb")], None),
            (&[(CA_ISSUERS, "http://a`id`")], None),
            (&[(CA_ISSUERS, "ca.example")], None),
            (&[(CA_ISSUERS, &long), (CA_ISSUERS, ldap)], Some(ldap)),
        ] {
            assert_eq!(
                address(descriptions).as_deref(),
                expected,
                "{descriptions:?}"
            );
        }
        assert_eq!(address_in(vec![0x30, 5]), None);
    }
}
