//! How long a mutual handshake takes, by the facade and by each library alone, in one run.

mod support;

use criterion::{Criterion, criterion_group, criterion_main};

fn handshakes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mutual handshake");
    for (name, mut handshake) in support::all() {
        group.bench_function(name, |bencher| bencher.iter(&mut handshake));
    }
    group.finish();
}

criterion_group!(benches, handshakes);
criterion_main!(benches);
