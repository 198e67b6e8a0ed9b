//! What is kept of a certificate that was read, so that it need not be read again.

use const_oid::db::rfc5280::{
    ID_CE_BASIC_CONSTRAINTS, ID_CE_EXT_KEY_USAGE, ID_CE_KEY_USAGE, ID_CE_NAME_CONSTRAINTS,
};
use pki_types::UnixTime;

use super::error::Version;
use super::view::Certificate;
use crate::x509::element::Span;

/// The parts of a certificate that count in a trust anchor, as places in its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outline {
    /// The subject, with its header.
    pub(crate) subject: Span,
    /// The issuer, with its header.
    pub(crate) issuer: Span,
    pub(crate) serial: Span,
    /// The `SubjectPublicKeyInfo`, with its header.
    pub(crate) spki: Span,
    /// The content of the subjectKeyIdentifier.
    pub(crate) key_identifier: Option<Span>,
    pub(crate) not_before: UnixTime,
    pub(crate) not_after: UnixTime,
    pub(crate) is_plain_ca: bool,
}

impl Outline {
    pub(crate) fn of(certificate: &Certificate<'_>) -> Self {
        let span = |part: &[u8]| Span::of(certificate.der, part);
        Self {
            subject: span(certificate.subject),
            issuer: span(certificate.issuer),
            serial: span(certificate.serial),
            spki: span(certificate.public_key.spki),
            key_identifier: certificate.subject_key().ok().flatten().map(span),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            is_plain_ca: certificate.is_plain_ca(),
        }
    }
}

/// The values of basicConstraints and keyUsage that nearly every root has, in DER.
const PLAIN_CONSTRAINTS: &[u8] = &[0x30, 3, 1, 1, 0xff];
const PLAIN_USAGES: [&[u8]; 4] = [
    // cRLSign and keyCertSign, keyCertSign, and both with digitalSignature.
    &[3, 2, 1, 0x06],
    &[3, 2, 2, 0x04],
    &[3, 2, 1, 0x86],
    &[3, 2, 2, 0x84],
];

impl Certificate<'_> {
    /// Returns whether it is a CA's, of the plainest form, by the bytes of its extensions.
    ///
    /// Such a certificate is of version 3, has subject and issuer, basicConstraints that say `CA`
    /// and nothing else, a keyUsage with keyCertSign or none, and neither an extended key usage nor
    /// name constraints. Others may be CAs' too.
    fn is_plain_ca(&self) -> bool {
        let mut is_ca = false;
        for extension in &self.extensions {
            if extension.is(ID_CE_BASIC_CONSTRAINTS) {
                is_ca = extension.value() == PLAIN_CONSTRAINTS;
            } else if extension.is(ID_CE_KEY_USAGE) {
                if !PLAIN_USAGES.contains(&extension.value()) {
                    return false;
                }
            } else if extension.is(ID_CE_EXT_KEY_USAGE) || extension.is(ID_CE_NAME_CONSTRAINTS) {
                return false;
            }
        }
        is_ca
            && self.version == Version::V3
            && !self.has_empty_subject()
            && !self.has_empty_issuer()
    }
}

#[cfg(test)]
mod tests {
    use crate::x509::pkix::KeyUsages;
    use rcgen::{BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose};
    use rcgen::{IsCa, KeyPair, KeyUsagePurpose};

    use super::*;

    /// Whatever its extensions hold: what is plain is what the decoders say, too.
    #[test]
    fn a_plain_ca_is_one_by_its_decoded_extensions() {
        let key = KeyPair::generate().unwrap();
        let extension = |arc, content: &[u8]| {
            CustomExtension::from_oid_content(&[2, 5, 29, arc], content.to_vec())
        };
        let constraints = [
            PLAIN_CONSTRAINTS,
            &[0x30, 0],
            &[0x30, 3, 1, 1, 0],
            &[0x30, 6, 1, 1, 0xff, 2, 1, 0],
            &[0x30, 3, 1, 1, 0xfe],
        ];
        let usages: Vec<Vec<u8>> = (0..=7_u8)
            .flat_map(|unused| (0..=255).map(move |bits| vec![3, 2, unused, bits]))
            .collect();
        let mut plain = 0;
        for (count, usage) in usages.iter().enumerate() {
            let mut params = CertificateParams::new(["a.example".to_owned()]).unwrap();
            let constraints = constraints[if count % 3 == 0 { count % 5 } else { 0 }];
            params.custom_extensions = vec![extension(19, constraints), extension(15, usage)];
            let der = params.self_signed(&key).unwrap().der().to_vec();
            let certificate = Certificate::from_der(&der).unwrap();
            if !Outline::of(&certificate).is_plain_ca {
                continue;
            }
            plain += 1;
            let constraints = certificate.basic_constraints().unwrap().unwrap();
            assert!(constraints.ca && constraints.path_len_constraint.is_none());
            let usage = certificate.key_usage().unwrap().unwrap();
            assert!(usage.0.contains(KeyUsages::KeyCertSign), "{usage:?}");
        }
        assert!(plain > 1, "{plain}");
    }

    #[test]
    fn limits_and_other_purposes_are_not_plain() {
        let key = KeyPair::generate().unwrap();
        let plain = || {
            let mut params = CertificateParams::default();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            params
        };
        let is_plain = |params: CertificateParams| {
            let der = params.self_signed(&key).unwrap().der().to_vec();
            let certificate = Certificate::from_der(&der).unwrap();
            let outline = Outline::of(&certificate);
            let identifier = outline.key_identifier.map(|span| span.part(&der));
            assert_eq!(identifier, certificate.subject_key().unwrap());
            assert_eq!(outline.subject.part(&der), certificate.subject);
            assert_eq!(outline.issuer.part(&der), certificate.issuer);
            assert_eq!(outline.serial.part(&der), certificate.serial);
            assert_eq!(outline.spki.part(&der), certificate.public_key.spki);
            outline.is_plain_ca
        };
        assert!(is_plain(plain()));
        let with = |change: fn(&mut CertificateParams)| {
            let mut params = plain();
            change(&mut params);
            is_plain(params)
        };
        assert!(with(|params| params.key_usages.clear()));
        assert!(!with(|params| params.is_ca = IsCa::NoCa));
        assert!(!with(|params| params.is_ca = IsCa::ExplicitNoCa));
        assert!(!with(|params| {
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
        }));
        assert!(!with(
            |params| params.key_usages = vec![KeyUsagePurpose::CrlSign]
        ));
        assert!(!with(|params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        }));
        assert!(!with(
            |params| params.distinguished_name = rcgen::DistinguishedName::new()
        ));
        assert!(!with(|params| {
            let host = rcgen::GeneralSubtree::DnsName("a.example".to_owned());
            params.name_constraints = Some(rcgen::NameConstraints {
                permitted_subtrees: vec![host],
                excluded_subtrees: Vec::new(),
            });
        }));
    }
}
