//! What revocation lists cost a verification, by how long they are, and how long it takes to load one.

#[path = "revocation/lists.rs"]
mod lists;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use mtls::RevocationLists;

fn verification(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify a client chain");
    for (name, verify) in lists::verifies() {
        group.bench_function(name, |bencher| bencher.iter(|| black_box(verify())));
    }
    group.finish();
}

fn loading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load a list of 100,000 entries");
    group.sample_size(10);
    let (der, pem) = lists::longest();
    group.bench_function("DER", |bencher| {
        bencher.iter(|| RevocationLists::from_der([der.clone()]).unwrap());
    });
    group.bench_function("PEM", |bencher| {
        bencher.iter(|| RevocationLists::from_pem(pem.as_bytes()).unwrap());
    });
    group.finish();
}

criterion_group!(benches, verification, loading);
criterion_main!(benches);
