//! Compares ratios with those of the record.

use std::path::Path;

use crate::ends::Library;
use crate::meter;
use crate::record::{Measured, Record};
use crate::rows::{self, Row};

/// What is measured: what a library alone does too, and takes no minutes.
const CHECKED: &[&str] = &[
    "aws-lc/first",
    "aws-lc/before",
    "aws-lc/intermediates-3/before",
    "aws-lc/lists-1000/before",
    "aws-lc/mebibyte",
    "aws-lc/names-100/before",
    "aws-lc/names-1000/first",
    "aws-lc/namesakes-32/before",
    "aws-lc/ping-pong",
    "aws-lc/resumed/before",
    "aws-lc/system-calls/before",
    "aws-lc/tokio/before",
    "aws-lc/build/anchors-1",
    "aws-lc/build/anchors-10000",
    "aws-lc/load/anchors-145",
    "openssl/first",
    "openssl/before",
    "openssl/intermediates-3/before",
    "openssl/ping-pong",
    "ring/before",
];

/// By how much a ratio may grow.
const LIMIT: f64 = 0.01;

/// Whether no ratio has grown over the limit.
pub(crate) fn passes(folder: &Path) -> bool {
    let record = Record::read();
    let here = openssl::version::version();
    let recorded = &record.made_with[Library::OPENSSL];
    let mut passes = true;
    meter::assert_start_is_left_out(folder);
    let all = rows::all();
    for name in CHECKED {
        assert!(
            all.iter().any(|row| row.name == *name),
            "there is no row {name}"
        );
    }
    for row in all {
        if !CHECKED.contains(&row.name.as_str()) {
            continue;
        }
        if row.setup.library == Library::OpenSsl && here != recorded {
            println!(
                "{:<36}SKIPPED: {here} is here, and {recorded} in the record",
                row.name
            );
            continue;
        }
        passes &= is_within(&row, &record, folder);
    }
    passes
}

fn is_within(row: &Row, record: &Record, folder: &Path) -> bool {
    let Some(recorded) = record.row(&row.name).and_then(Measured::ratio) else {
        println!(
            "{:<36}NOT IN THE RECORD: run benches/cost.sh table",
            row.name
        );
        return false;
    };
    let ratio = Measured::of(row, folder).ratio().expect("only such rows");
    let growth = ratio / recorded - 1.0;
    if growth > LIMIT {
        println!(
            "    GREW by {:.1} %, from {recorded:.4}; the limit is {:.0} %. If it has to be so, record it: \
             benches/cost.sh table",
            growth * 100.0,
            LIMIT * 100.0
        );
    } else if growth < -LIMIT {
        println!("    less than the record's {recorded:.4}: record it by benches/cost.sh table");
    }
    growth <= LIMIT
}
