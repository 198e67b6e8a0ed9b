//! What people do wrong, and the reports that they get: these alone have to say what to do.
//!
//! `UPDATE_MISTAKES=1` writes the list anew.

use std::fs;
use std::path::Path;

use crate::mistake_cases::MISTAKES;
use crate::workshop::Workshop;

const LIST: &str = "tests/formats/mistakes.md";

#[test]
fn the_messages_about_typical_mistakes() {
    let Some(workshop) = Workshop::open() else {
        return;
    };
    let mut list = String::from("Mistakes with files, and the error of each.\n");
    for (mistake, command, attempt) in MISTAKES {
        let made = workshop.make(command);
        let reported = attempt(&workshop, &made).unwrap_or_else(|| panic!("{mistake}: it worked"));
        // One line for the fact, one for each cause, and one for the hint.
        let is_expected = |line: &str| line.starts_with("  ") || line.starts_with("hint: ");
        assert!(
            reported.lines().skip(1).all(is_expected),
            "{mistake}: {reported}"
        );
        let reported = workshop.steady(&reported).replace('\n', "\n      ");
        list.push_str(&format!("\n- {mistake}\n\n      {reported}\n"));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(LIST);
    if std::env::var_os("UPDATE_MISTAKES").is_some() {
        fs::write(&path, &list).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    let differences: Vec<_> = list
        .lines()
        .zip(expected.lines())
        .filter(|(a, b)| a != b)
        .collect();
    assert!(
        expected == list,
        "run with UPDATE_MISTAKES=1; {differences:#?}"
    );
}
