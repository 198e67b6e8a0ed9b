//! The documented table of capabilities is the one of the code.
//!
//! `UPDATE_BACKENDS=1` writes it anew.

use std::path::Path;

use mtls::backend::{BackendKind, Capability};

#[test]
fn the_capability_table_is_the_code_s() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/backend/capabilities.md");
    let backends = BackendKind::ALL;
    let names: Vec<String> = backends.iter().map(ToString::to_string).collect();
    let rule = "---|".repeat(backends.len());
    let mut table = format!("| | {} |\n|---|{rule}\n", names.join(" | "));
    for capability in Capability::ALL {
        let cells = backends.iter().map(|b| capability.on(*b).to_string());
        let cells: Vec<String> = cells.collect();
        table.push_str(&format!("| {capability} | {} |\n", cells.join(" | ")));
    }
    if std::env::var_os("UPDATE_BACKENDS").is_some() {
        std::fs::write(path, table).unwrap();
        return;
    }
    let documented = std::fs::read_to_string(path).unwrap();
    assert!(
        documented == table,
        "src/backend/capabilities.md differs: run with UPDATE_BACKENDS=1:\n{table}"
    );
}
