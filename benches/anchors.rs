//! What it costs to read a bundle of trust anchors, beside what the libraries take for the same file.
//!
//! The bundle is the system's own where there is one, else as many generated anchors as such bundles have. "webpki" is
//! rustls-pki-types and rustls-webpki by hand, which is what rustls' `RootCertStore` does; "OpenSSL" is its PEM loader.

use std::cell::RefCell;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use mtls::TrustAnchors;
use mtls::pki_types::CertificateDer;
use mtls::pki_types::pem::PemObject;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose};

const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Anchors of a generated bundle: as many as Mozilla's list has.
const GENERATED: usize = 140;

type Load = Box<dyn Fn(&[u8]) -> usize>;

fn bundle() -> (Vec<u8>, String) {
    match std::fs::read(SYSTEM) {
        Ok(pem) => (pem, SYSTEM.to_owned()),
        Err(_) => (generated(), "a generated bundle, P-256".to_owned()),
    }
}

fn generated() -> Vec<u8> {
    let anchor = |number: usize| {
        let mut params = CertificateParams::default();
        let name = format!("Root {number} of some length, as such names are");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
            .self_signed(&KeyPair::generate().unwrap())
            .unwrap()
            .pem()
    };
    (0..GENERATED).map(anchor).collect::<String>().into_bytes()
}

fn loaders() -> Vec<(&'static str, Load)> {
    #[allow(unused_mut, reason = "OpenSSL adds to it")]
    let mut loaders: Vec<(&'static str, Load)> = vec![
        (
            "mtls",
            Box::new(|pem| TrustAnchors::from_pem(pem).unwrap().as_slice().len()),
        ),
        ("webpki", Box::new(by_webpki)),
    ];
    #[cfg(feature = "openssl")]
    loaders.extend([
        ("OpenSSL", Box::new(openssl::stack) as Load),
        ("OpenSSL, into a store", Box::new(openssl::store)),
    ]);
    loaders
}

fn by_webpki(pem: &[u8]) -> usize {
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .unwrap();
    let anchors: Vec<_> = certificates
        .iter()
        .map(|certificate| webpki::anchor_from_trusted_cert(certificate).unwrap())
        .collect();
    black_box(&anchors).len()
}

#[cfg(feature = "openssl")]
mod openssl {
    use openssl::x509::X509;
    use openssl::x509::store::X509StoreBuilder;

    pub(super) fn stack(pem: &[u8]) -> usize {
        X509::stack_from_pem(pem).unwrap().len()
    }

    pub(super) fn store(pem: &[u8]) -> usize {
        let mut store = X509StoreBuilder::new().unwrap();
        for certificate in X509::stack_from_pem(pem).unwrap() {
            store.add_cert(certificate).unwrap();
        }
        store.build().all_certificates().len()
    }
}

fn reading(criterion: &mut Criterion) {
    let (pem, from) = bundle();
    let count = by_webpki(&pem);
    println!("{count} anchors, {} bytes: {from}", pem.len());
    let mut group = criterion.benchmark_group("read the anchors");
    let fastest = RefCell::new(Vec::new());
    for (name, load) in loaders() {
        assert_eq!(load(&pem), count, "{name}");
        let mut best = Duration::MAX;
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                let start = Instant::now();
                for _ in 0..times {
                    black_box(load(black_box(&pem)));
                }
                let taken = start.elapsed();
                best = best.min(taken / u32::try_from(times).unwrap_or(u32::MAX));
                taken
            });
        });
        fastest.borrow_mut().push((name, best));
    }
    group.finish();
    let fastest = fastest.into_inner();
    let Some((_, ours)) = fastest.iter().find(|(name, _)| *name == "mtls") else {
        return;
    };
    for (name, taken) in &fastest {
        let ratio = ours.as_secs_f64() / taken.as_secs_f64();
        println!("{name}: {taken:?} at best; mtls takes {ratio:.3} of it");
    }
}

criterion_group!(benches, reading);
criterion_main!(benches);
