//! The documented table of capabilities is the one of the code.

use mtls::backend::{BackendKind, Capability};

#[test]
fn the_capability_table_is_the_code_s() {
    let documented = include_str!("../src/backend/capabilities.md");
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
        documented == table,
        "src/backend/capabilities.md should be:\n{table}"
    );
}
