//! CPU time beside tokio-rustls, in turn, so that whatever else the machine does bears on both.

use std::path::Path;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::ends::By;
use crate::offline::rotations;
use crate::on_tokio::repeatable;
use crate::rows;
use crate::support::Pki;

const ROUNDS: usize = 300;

pub(crate) fn show(folder: &Path) {
    println!("medians of the CPU time of {ROUNDS} rounds, in turn, by tokio-rustls and by mtls:");
    for (name, in_round) in [("aws-lc/tokio/first", 1), ("aws-lc/tokio/before", 10)] {
        let mut row = rows::named(name);
        if row.setup.pki.clients > 1 {
            // A round without being timed comes first.
            row.setup.pki.clients = (ROUNDS + 1) * in_round;
        }
        let pki = Pki::open(folder, row.setup.pki);
        let sides = [By::Raw, By::Mtls];
        let mut shake = sides.map(|by| repeatable(&row.setup, by, &pki));
        let mut times = sides.map(|_| Vec::new());
        for round in 0..=ROUNDS {
            for turn in 0..2 {
                let side = (turn + round) % 2;
                let first = round * in_round;
                let time = cpu_time(|| (first..first + in_round).for_each(&mut shake[side]));
                if round > 0 {
                    times[side].push(time / in_round as u32);
                }
            }
        }
        let [raw, ours] = times.map(median);
        let ratio = ours.as_secs_f64() / raw.as_secs_f64();
        println!("{name:<36}{raw:>12.1?}{ours:>12.1?}{ratio:>10.3}");
    }
    for name in [
        "aws-lc/rotate/anchors-1",
        "aws-lc/rotate/anchors-145",
        "aws-lc/rotate/anchors-10000",
    ] {
        let row = rows::named(name);
        let mut rotate = rotations(&row.setup, &Pki::open(folder, row.setup.pki));
        let times = (0..50).map(|round| cpu_time(|| rotate(round)));
        println!("{name:<36}{:>24.1?}", median(times.collect()));
    }
}

fn cpu_time(work: impl FnOnce()) -> Duration {
    let now = || {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    };
    let start = now();
    work();
    now() - start
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
