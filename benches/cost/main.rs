//! What a handshake costs, and all around it, beside the libraries alone. `benches/cost.sh` runs it.

mod check;
mod cpu_time;
#[path = "../support/crowded.rs"]
mod crowded;
mod ends;
mod meter;
mod offline;
mod on_tokio;
mod plot;
mod record;
mod rows;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod work;

use std::env;
use std::path::Path;
use std::process::ExitCode;

use ends::By;
use record::{Measured, Record};
use work::Times;

const USAGE: &str = "\
usage: benches/cost.sh table [NAME..]    measures all rows and records them: cost.json, cost.svg, README.md;
                                         with names, only the rows whose names contain one of them
       benches/cost.sh row NAME..        shows these rows and records nothing
       benches/cost.sh check             compares ratios with the record; fails where one grew by more than 1 %
       benches/cost.sh list              the names of all rows
       benches/cost.sh page              writes README.md and cost.svg again, from cost.json
       benches/cost.sh time              CPU time of handshakes and rotations, beside tokio-rustls in turn
       benches/cost.sh once ROW raw|mtls COUNT DIR
                                         does one thing COUNT times, with certificates from DIR; callgrind counts
                                         that alone with --zero-before='*counting_begins*'";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let folder = tempfile::tempdir().unwrap();
    match arguments.as_slice() {
        // Among all benches there is nothing to do.
        ["--bench"] => (),
        ["table", names @ ..] => table::measure(names, folder.path()),
        ["row", names @ ..] => {
            for row in rows::all() {
                if names.iter().any(|name| row.name.contains(name)) {
                    Measured::of(&row, folder.path());
                }
            }
        }
        ["check"] => return ExitCode::from(u8::from(!check::passes(folder.path()))),
        ["list"] => rows::all().iter().for_each(|row| println!("{}", row.name)),
        ["page"] => table::write(&Record::read()),
        ["time"] => cpu_time::show(folder.path()),
        ["once", name, by, counted, certificates] => {
            let row = rows::named(name);
            let by = if *by == "raw" { By::Raw } else { By::Mtls };
            let times = Times {
                counted: counted.parse().expect("a number"),
                ..row.times
            };
            row.work
                .repeat(&row.setup, by, times, Path::new(certificates));
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
