//! What it costs to read a bundle of trust anchors, beside what the libraries take for the same file.
//!
//! The bundle is the system's own where there is one, else as many generated anchors as such bundles have. "webpki" is
//! rustls-pki-types and rustls-webpki by hand, which is what rustls' `RootCertStore` does; "OpenSSL" is its PEM loader.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use mtls::TrustAnchors;
use mtls::pki_types::CertificateDer;
use mtls::pki_types::pem::{self, PemObject};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose};

const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Anchors of a generated bundle: as many as Mozilla's list has.
const GENERATED: usize = 140;

/// How often each loader is run beside the others for the ratios.
const ROUNDS: usize = 300;

/// Reads the bundle and says how many anchors it has.
type Load = Box<dyn Fn() -> usize>;

struct Bundle {
    path: PathBuf,
    pem: &'static [u8],
    /// Where a generated one lives.
    _folder: Option<tempfile::TempDir>,
}

impl Bundle {
    fn new() -> Self {
        if let Ok(pem) = std::fs::read(SYSTEM) {
            return Self {
                path: SYSTEM.into(),
                pem: pem.leak(),
                _folder: None,
            };
        }
        println!("there is no {SYSTEM}: a generated bundle of P-256 anchors");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("generated.pem");
        let pem = generated();
        std::fs::write(&path, &pem).unwrap();
        Self {
            path,
            pem: pem.leak(),
            _folder: Some(folder),
        }
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

/// Ours for bytes and for a file stand first and third.
fn loaders(bundle: &Bundle) -> Vec<(&'static str, Load)> {
    let pem = bundle.pem;
    let (ours, theirs) = (bundle.path.clone(), bundle.path.clone());
    #[allow(unused_mut, reason = "OpenSSL adds to it")]
    let mut loaders: Vec<(&'static str, Load)> = vec![
        (
            "bytes, mtls",
            Box::new(|| TrustAnchors::from_pem(pem).unwrap().as_slice().len()),
        ),
        (
            "bytes, webpki",
            Box::new(|| by_webpki(CertificateDer::pem_slice_iter(pem))),
        ),
        (
            "file, mtls",
            Box::new(move || TrustAnchors::from_file(&ours).unwrap().as_slice().len()),
        ),
        (
            "file, webpki",
            Box::new(move || by_webpki(CertificateDer::pem_file_iter(&theirs).unwrap())),
        ),
    ];
    #[cfg(feature = "openssl")]
    loaders.extend([
        ("bytes, OpenSSL", Box::new(|| openssl::stack(pem)) as Load),
        (
            "bytes, OpenSSL into a store",
            Box::new(|| openssl::store(pem)),
        ),
    ]);
    loaders
}

fn by_webpki(
    certificates: impl Iterator<Item = Result<CertificateDer<'static>, pem::Error>>,
) -> usize {
    let certificates: Vec<_> = certificates.collect::<Result<_, _>>().unwrap();
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
    let bundle = Bundle::new();
    let loaders = loaders(&bundle);
    let count = by_webpki(CertificateDer::pem_slice_iter(bundle.pem));
    let mut group = criterion.benchmark_group("read the anchors");
    for (name, load) in &loaders {
        assert_eq!(load(), count, "{name}");
        group.bench_function(*name, |bencher| bencher.iter(load));
    }
    group.finish();
    let (path, bytes) = (bundle.path.display(), bundle.pem.len());
    println!("{count} anchors, {bytes} bytes, {path}; the best of {ROUNDS} runs of each, in turn:");
    for (name, other) in &loaders {
        // Ours for bytes and for a file.
        let own = if name.starts_with("file") { 2 } else { 0 };
        let (ours, theirs) = side_by_side(&loaders[own].1, other);
        let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
        println!("{name}: {theirs:?}, mtls {ours:?}: ratio {ratio:.3}");
    }
}

/// In turn, so that whatever else the machine does bears on both.
fn side_by_side(one: &Load, other: &Load) -> (Duration, Duration) {
    let time = |load: &Load| {
        let start = Instant::now();
        black_box(load());
        start.elapsed()
    };
    let mut best = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        best = (best.0.min(time(one)), best.1.min(time(other)));
    }
    best
}

criterion_group!(benches, reading);
criterion_main!(benches);
