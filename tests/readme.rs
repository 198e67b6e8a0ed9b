//! The README tells the truth about capabilities.

use mtls::backend::{BackendKind, Capability};

#[test]
fn the_capability_table_is_the_code_s() {
    let readme = include_str!("../README.md");
    let backends = [
        BackendKind::Rustls,
        BackendKind::OpenSsl,
        BackendKind::NativeTls,
    ];
    let mut table = String::from("| | rustls | OpenSSL | native-tls |\n|---|---|---|---|\n");
    for capability in Capability::ALL {
        let cells = backends.map(|backend| capability.on(backend).to_string());
        table.push_str(&format!("| {capability} | {} |\n", cells.join(" | ")));
    }
    assert!(
        readme.contains(&table),
        "the README should have this table:\n{table}"
    );
}
