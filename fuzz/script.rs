//! An input as a script: which of the fixed chains, how it is verified, and what is changed in it first. Most inputs get
//! past the parsers this way, and many past the signatures: what was changed can be signed again.

use std::sync::LazyLock;

use mtls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::SignatureScheme;
use rustls::crypto::CryptoProvider;
use rustls::sign::Signer;

use super::encoding::{certificates, element};
use super::tree::{Content, INDEFINITE, Node};
use super::tricks::{change_key, change_signature};

/// The root of every chain, whose key is public.
pub(super) const ROOT: &[u8] = include_bytes!("fixtures/signer.der");

/// What a script comes to.
pub(super) struct Scene {
    pub(super) chain: Vec<CertificateDer<'static>>,
    /// Bits that say how to verify.
    pub(super) how: u8,
}

/// More are not read: a script costs time.
const MAX_EDITS: usize = 24;
const MAX_CERTIFICATES: usize = 6;

/// Of a script's second byte: the root signs the leaf, and its issuer.
const SIGN_LEAF: u8 = 1;
const SIGN_ISSUER: u8 = 2;

/// Certificates end to end as they are (they begin with a SEQUENCE), or a script.
pub(super) fn play(input: &[u8]) -> Scene {
    if input.first() == Some(&0x30) {
        let mut chain = certificates(input);
        chain.truncate(MAX_CERTIFICATES);
        return Scene { chain, how: 0 };
    }
    let mut script = Script(input);
    let pair = usize::from(script.next()) % CHAINS.len();
    let mut how = script.next();
    let mut chain = CHAINS[pair].to_vec();
    for _ in 0..MAX_EDITS {
        if script.0.is_empty() {
            break;
        }
        how |= edit(&mut chain, &mut script);
    }
    let mut ders: Vec<_> = chain.iter().map(Node::to_der).collect();
    for (bit, index) in [(SIGN_LEAF, 0), (SIGN_ISSUER, 1)] {
        if how & bit != 0
            && let Some(der) = ders.get_mut(index)
            && let Some(signed) = sign(der)
        {
            *der = signed;
        }
    }
    let chain = ders.into_iter().map(CertificateDer::from).collect();
    Scene { chain, how }
}

/// The bytes of a script; behind its end there are zeros.
struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn next(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    fn below(&mut self, count: usize) -> usize {
        usize::from(self.next()) % count.max(1)
    }

    fn bytes(&mut self) -> &'a [u8] {
        let count = usize::from(self.next() & 0x3f).min(self.0.len());
        let (bytes, rest) = self.0.split_at(count);
        self.0 = rest;
        bytes
    }
}

static CHAINS: LazyLock<Vec<[Node; 2]>> = LazyLock::new(|| {
    let all = certificates(include_bytes!("fixtures/chains.der"));
    let read = |der: &CertificateDer<'_>| {
        let node = Node::read(der).unwrap();
        assert_eq!(node.to_der(), der.as_ref(), "written as it was read");
        node
    };
    all.chunks_exact(2)
        .map(|pair| [read(&pair[0]), read(&pair[1])])
        .collect()
});

/// One edit: what, in which certificate, at which node of it. Tells what has to be signed again.
fn edit(chain: &mut Vec<Node>, script: &mut Script<'_>) -> u8 {
    let what = script.next();
    if what & 0x30 != 0 {
        // On the leaf's signature and on the key that must have made it.
        let (which, how) = (script.next(), script.next());
        if what & 0x10 != 0
            && let Some(issuer) = chain.get_mut(1)
        {
            change_key(issuer, which, how);
        }
        if what & 0x20 != 0
            && let Some(leaf) = chain.first_mut()
        {
            change_signature(leaf, which, how);
        }
        return (what & 0x10) / 0x10 * SIGN_ISSUER;
    }
    let index = script.below(chain.len());
    let other = |script: &mut Script<'_>| {
        let pair = &CHAINS[script.below(CHAINS.len())];
        pair[script.below(2)].clone()
    };
    match what & 0x0f {
        0 if chain.len() > 1 => drop(chain.remove(index)),
        1 if chain.len() < MAX_CERTIFICATES => chain.push(chain[index].clone()),
        2 => {
            let to = script.below(chain.len());
            chain.swap(index, to);
        }
        3 if chain.len() < MAX_CERTIFICATES => chain.insert(index, other(script)),
        _ => {
            let Some(certificate) = chain.get(index) else {
                return 0;
            };
            let number = script.below(certificate.count());
            // Like from like: the same node of another certificate.
            let mut other = (what & 0x0f == 4).then(|| other(script));
            let donor = other.as_mut().and_then(|other| other.nth(number));
            if let Some(node) = chain[index].nth(number) {
                match donor {
                    Some(donor) => *node = donor.clone(),
                    None => change(node, what & 0x0f, script),
                }
            }
        }
    }
    0
}

fn change(node: &mut Node, what: u8, script: &mut Script<'_>) {
    match (what, &mut node.content) {
        (5, _) => node.tag = script.next(),
        (6, _) => node.padding = [0, 1, 2, INDEFINITE][script.below(4)],
        (7, _) => node.content = Content::Bytes(script.bytes().to_vec()),
        // What stands before the children are the unused bits.
        (8, Content::Nodes(before, _)) => *before = script.bytes().to_vec(),
        (8 | 9, Content::Bytes(bytes)) => {
            let at = script.below(bytes.len() + 1);
            let new = script.bytes();
            bytes.splice(at..at, new.iter().copied());
        }
        (10, Content::Bytes(bytes)) => {
            let at = script.below(bytes.len());
            let to = (at + script.below(4)).min(bytes.len());
            bytes.drain(at..to);
        }
        (_, Content::Bytes(bytes)) => {
            let at = script.below(bytes.len());
            let new = script.next();
            match bytes.get_mut(at) {
                Some(byte) if what < 13 => *byte = new,
                Some(byte) => *byte ^= 1 << (new & 7),
                None => bytes.push(new),
            }
        }
        (_, Content::Nodes(_, nodes)) if !nodes.is_empty() => {
            let at = script.below(nodes.len());
            match what {
                9 | 10 => drop(nodes.remove(at)),
                11 | 12 => nodes.insert(at, nodes[at].clone()),
                _ => {
                    let to = script.below(nodes.len());
                    nodes.swap(at, to);
                }
            }
        }
        _ => {}
    }
}

/// A certificate, what is signed of it kept to the byte, under the root's signature.
fn sign(der: &[u8]) -> Option<Vec<u8>> {
    let body = element(der)?.1;
    let rest = element(body)?.2;
    let tbs = &body[..body.len() - rest.len()];
    let bytes = |tag, bytes: &[u8]| Node {
        tag,
        padding: 0,
        content: Content::Bytes(bytes.to_vec()),
    };
    let signature = SIGNER.sign(tbs).ok()?;
    let algorithm = b"\x30\x05\x06\x03\x2b\x65\x70";
    let mut content = [tbs, algorithm].concat();
    bytes(3, &[&[0], &signature[..]].concat()).write(&mut content);
    Some(bytes(0x30, &content).to_der())
}

static SIGNER: LazyLock<Box<dyn Signer>> = LazyLock::new(|| {
    let mut pkcs8 = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
    pkcs8.extend([7; 32]);
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pkcs8));
    let key = provider().key_provider.load_private_key(key).unwrap();
    key.choose_scheme(&[SignatureScheme::ED25519]).unwrap()
});

#[cfg(feature = "ring")]
fn provider() -> CryptoProvider {
    rustls::crypto::ring::default_provider()
}

#[cfg(not(feature = "ring"))]
fn provider() -> CryptoProvider {
    rustls::crypto::aws_lc_rs::default_provider()
}
