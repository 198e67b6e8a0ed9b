//! What is done without a connection: building, loading, rotating, matching, rejecting.

use std::fs;
use std::hint::black_box;

use mtls::pki_types::pem::PemObject;
use mtls::pki_types::{CertificateDer, UnixTime};
use mtls::{PeerMatcher, PeerVerifier, RevocationLists, Rotation, TrustAnchors, VerifierPolicy};
use openssl::x509::X509;
use webpki::OwnedCertRevocationList;

use crate::crowded;
use crate::ends::{By, Library, Setup, our_client};
use crate::support::Pki;
use crate::work::Times;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offline {
    /// A client from material in DER.
    Build,
    /// A bundle of anchors from PEM. Raw are pki-types with webpki, or OpenSSL.
    LoadAnchors,
    /// The same of the system's own bundle.
    LoadSystemAnchors,
    /// A revocation list of DER. Raw is webpki.
    LoadList,
    /// A client gets another identity.
    Rotate,
    /// A policy of this many names on a peer that has the last of them.
    Match(usize),
    /// The rejection, with its text, of a client whose subject has this many attributes.
    Reject(u64),
}

pub(crate) const SYSTEM_BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

impl Offline {
    pub(crate) fn has_raw(self) -> bool {
        !matches!(self, Self::Match(_) | Self::Reject(_) | Self::Rotate)
    }

    pub(crate) fn repeat(self, setup: &Setup, by: By, times: Times, pki: &Pki) -> ! {
        match self {
            Self::Build => times.each(|_| drop(setup.client(by, pki, &pki.clients[0]))),
            Self::LoadAnchors => {
                let pem = fs::read(&pki.anchors_file).unwrap();
                times.each(|_| _ = black_box(load(setup, by, &pem)))
            }
            Self::LoadSystemAnchors => {
                let pem = fs::read(SYSTEM_BUNDLE).unwrap();
                times.each(|_| _ = black_box(load(setup, by, &pem)))
            }
            Self::LoadList => times.each(|_| match by {
                By::Raw => {
                    let list = OwnedCertRevocationList::from_der(&pki.lists[1]).unwrap();
                    drop(black_box(list));
                }
                By::Mtls => {
                    let list = RevocationLists::from_der([pki.lists[1].clone()]).unwrap();
                    drop(black_box(list));
                }
            }),
            Self::Rotate => {
                let rotate = rotations(setup, pki);
                times.each(rotate)
            }
            Self::Match(names) => {
                let verify = |matcher: PeerMatcher| {
                    let algorithms = setup.rustls().signature_algorithms().unwrap();
                    let policy = VerifierPolicy::allow(matcher);
                    PeerVerifier::new(pki.trust_anchors(), policy, algorithms).unwrap()
                };
                let any = verify(PeerMatcher::any_authenticated());
                let chain = &pki.clients[0].chain;
                let peer = any.verify_client(chain, UnixTime::now()).unwrap();
                let others = (1..names).map(|number| format!("other-{number:08}.example"));
                let own = peer.dns_names().next().unwrap().to_owned();
                let all = others.chain([own]);
                let all = all.map(|name| PeerMatcher::dns(&name).unwrap());
                let matcher = PeerMatcher::any_of(all).unwrap();
                times.each(|_| assert!(matcher.matches(black_box(&peer))))
            }
            Self::Reject(attributes) => {
                let mut reject = crowded::rejections(attributes);
                times.each(|_| reject())
            }
        }
    }
}

/// What gives a client one of two identities in turn.
pub(crate) fn rotations(setup: &Setup, pki: &Pki) -> impl FnMut(usize) + use<> {
    let client = our_client(setup, setup.rustls(), pki, &pki.clients[0]);
    let rotations = [1, 0].map(|own: usize| Rotation::new().identity(pki.clients[own].identity()));
    let mut last = 0;
    move |number| {
        let revision = client
            .handle()
            .rotate(rotations[number % 2].clone())
            .unwrap();
        assert!(revision > last, "nothing was rotated");
        last = revision;
    }
}

fn load(setup: &Setup, by: By, pem: &[u8]) -> usize {
    match (by, setup.library) {
        (By::Mtls, _) => TrustAnchors::from_pem(pem).unwrap().as_slice().len(),
        (By::Raw, Library::OpenSsl) => X509::stack_from_pem(pem).unwrap().len(),
        (By::Raw, _) => {
            let certificates = CertificateDer::pem_slice_iter(pem);
            let certificates: Vec<_> = certificates.collect::<Result<_, _>>().unwrap();
            let anchors = certificates.iter().map(webpki::anchor_from_trusted_cert);
            black_box(anchors.collect::<Result<Vec<_>, _>>().unwrap()).len()
        }
    }
}
