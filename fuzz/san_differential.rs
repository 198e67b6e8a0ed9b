//! Our reading of subject alternative names against OpenSSL's.

use std::net::IpAddr;
use std::sync::LazyLock;

use mtls::PeerIdentity;
use mtls::pki_types::CertificateDer;
use openssl::x509::X509;

use super::tree::{Content, Node};
use super::verifiers::{CREDULOUS, ISSUED, NOW};

/// One certificate, or what stands in the extension of one (`GeneralNames`).
///
/// Of a certificate that is accepted both list the same DNS names, URIs, addresses and e-mail addresses, in the same
/// order and no fewer, but for those that we call unreadable. DNS names are in lower case on our side. What no matcher asks for (directory names, registered
/// IDs, other names) is passed over. A certificate that is rejected may have any names: ours is the stricter reading.
/// One that OpenSSL cannot decode has no other reading, and neither have names among which it stumbles over one of a
/// kind that no matcher asks for.
pub fn san_differential(input: &[u8]) {
    compare(input);
    compare(&with_san(input));
}

fn compare(der: &[u8]) {
    let chain = [CertificateDer::from(der)];
    // Signatures are taken on trust, so that names can be changed.
    let Ok(peer) = CREDULOUS[0].verify_client(&chain, NOW) else {
        return;
    };
    let Ok(certificate) = X509::from_der(der) else {
        return;
    };
    let theirs = Listed::by_openssl(&certificate);
    if theirs.is_some() || !has_other_kinds(der) {
        let (ours, theirs) = (Listed::by_us(&peer), theirs.unwrap_or_default());
        if peer.unreadable_names().next().is_none() {
            assert_eq!(ours, theirs);
        } else {
            ours.assert_is_a_part_of(&theirs);
        }
    }
}

#[derive(Debug, Default, PartialEq)]
struct Listed {
    dns: Vec<String>,
    uris: Vec<String>,
    ips: Vec<Vec<u8>>,
    emails: Vec<String>,
}

impl Listed {
    fn by_us(peer: &PeerIdentity) -> Self {
        let octets = |ip: IpAddr| match ip {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        Self {
            dns: peer.dns_names().map(str::to_owned).collect(),
            uris: peer.uris().map(str::to_owned).collect(),
            ips: peer.ip_addresses().map(octets).collect(),
            emails: peer.email_addresses().map(str::to_owned).collect(),
        }
    }

    /// The same names in the same order, with others between them.
    fn assert_is_a_part_of(&self, all: &Self) {
        fn is_a_part<T: PartialEq>(part: &[T], all: &[T]) -> bool {
            let mut all = all.iter();
            part.iter().all(|name| all.any(|other| name == other))
        }
        let is_a_part = is_a_part(&self.dns, &all.dns)
            && is_a_part(&self.uris, &all.uris)
            && is_a_part(&self.ips, &all.ips)
            && is_a_part(&self.emails, &all.emails);
        assert!(is_a_part, "{self:?} {all:?}");
    }

    /// `None` without the extension, and where it cannot be read.
    fn by_openssl(certificate: &X509) -> Option<Self> {
        let mut listed = Self::default();
        for name in certificate.subject_alt_names()? {
            if let Some(dns) = name.dnsname() {
                listed.dns.push(dns.to_ascii_lowercase());
            }
            listed.uris.extend(name.uri().map(str::to_owned));
            listed.ips.extend(name.ipaddress().map(<[u8]>::to_vec));
            listed.emails.extend(name.email().map(str::to_owned));
        }
        Some(listed)
    }
}

/// Whether one of the names is no DNS name, URI, address or e-mail address.
fn has_other_kinds(der: &[u8]) -> bool {
    let Some(mut certificate) = Node::read(der) else {
        return false;
    };
    let kinds = find(&mut certificate).and_then(|san| san.children().first());
    let mut tags = kinds.iter().flat_map(|names| names.children());
    tags.any(|name| ![0x81, 0x82, 0x86, 0x87].contains(&name.tag))
}

/// A sound certificate, with these names instead of its own.
fn with_san(names: &[u8]) -> Vec<u8> {
    let mut certificate = TEMPLATE.clone();
    let san = find(&mut certificate).expect("the template has names");
    san.content = Content::Bytes(names.to_vec());
    certificate.to_der()
}

static TEMPLATE: LazyLock<Node> = LazyLock::new(|| {
    let mut template = Node::read(&ISSUED[0]).unwrap();
    assert!(find(&mut template).is_some(), "no names in the template");
    template
});

/// The value of the extension: it stands last beside its OID.
fn find(node: &mut Node) -> Option<&mut Node> {
    let is_san = |child: &Node| matches!(&child.content, Content::Bytes(oid) if oid == SAN);
    let holds = node.children().first().is_some_and(is_san);
    let Content::Nodes(_, nodes) = &mut node.content else {
        return None;
    };
    if holds {
        nodes.last_mut()
    } else {
        nodes.iter_mut().find_map(find)
    }
}

/// id-ce-subjectAltName.
const SAN: &[u8] = &[0x55, 0x1d, 0x11];
