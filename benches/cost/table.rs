//! The whole table, as JSON, Markdown and a plot.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::meter::{self, Meter};
use crate::plot;
use crate::record::{Measured, Record, file, made_with};
use crate::rows;

/// The table stands between these lines of `benches/README.md`.
const BEGIN: &str = "<!-- begin: written by benches/cost.sh table -->\n";
const END: &str = "<!-- end -->\n";

/// Measures all, or only the rows whose names contain one of these; the others stay as they are recorded.
pub(crate) fn measure(names: &[&str], folder: &Path) {
    meter::assert_start_is_left_out(folder);
    let old = (!names.is_empty()).then(Record::read);
    let is_meant = |name: &str| names.is_empty() || names.iter().any(|part| name.contains(part));
    let mut rows = Vec::new();
    for row in rows::all() {
        let kept = old.as_ref().and_then(|old| old.row(&row.name));
        match kept.filter(|_| !is_meant(&row.name)) {
            Some(kept) => rows.push(kept.clone()),
            None => rows.push(Measured::of(&row, folder)),
        }
    }
    let record = Record {
        made_with: made_with(),
        rows,
    };
    record.write();
    write(&record);
}

/// Writes the table and the plot of a record.
pub(crate) fn write(record: &Record) {
    let page = fs::read_to_string(file("README.md")).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let table = markdown(record);
    fs::write(
        file("README.md"),
        format!("{before}{BEGIN}{table}{END}{after}"),
    )
    .unwrap();
    fs::write(file("cost.svg"), plot::svg(record)).unwrap();
}

fn markdown(record: &Record) -> String {
    let mut text = String::from("\n");
    for meter in [
        Meter::Instructions,
        Meter::Allocations,
        Meter::LiveBytes,
        Meter::SystemCalls,
    ] {
        let unit = meter.unit();
        _ = writeln!(
            text,
            "| {unit} | raw | `mtls` | ratio | over raw |\n|---|--:|--:|--:|--:|"
        );
        for row in record.rows.iter().filter(|row| row.meter == meter) {
            _ = writeln!(text, "{}", line(row));
        }
        text.push('\n');
    }
    text.push_str("| made with | |\n|---|---|\n");
    for (name, value) in &record.made_with {
        _ = writeln!(text, "| {name} | {value} |");
    }
    text + "\n"
}

fn line(row: &Measured) -> String {
    let (name, ours) = (&row.name, amount(row.mtls));
    match (row.raw, row.ratio()) {
        (Some(raw), Some(ratio)) => {
            let over = row.mtls - raw;
            let sign = if over < 0.0 { "-" } else { "+" };
            let (raw, over) = (amount(raw), amount(over.abs()));
            format!("| `{name}` | {raw} | {ours} | {ratio:.3} | {sign}{over} |")
        }
        _ => format!("| `{name}` | | {ours} | | |"),
    }
}

/// Three digits and more.
fn amount(value: f64) -> String {
    match value {
        100_000_000.0.. => format!("{:.0} M", value / 1e6),
        10_000_000.0.. => format!("{:.1} M", value / 1e6),
        1_000_000.0.. => format!("{:.2} M", value / 1e6),
        100_000.0.. => format!("{:.0} k", value / 1e3),
        10_000.0.. => format!("{:.1} k", value / 1e3),
        _ => format!("{value:.0}"),
    }
}
