//! The programs of the guide `testing`: they are in `guide/`, and run as they stand there.

#[cfg(feature = "config")]
mod configured;
mod listener;
mod process;

use std::time::Duration;

use mtls::connection::LiveConnections;
use mtls::policy::RevocationDepth;
use mtls::{FileSource, MtlsServer, RevocationRules, Rustls, VerifierPolicy};

pub(crate) const GUIDE: &str = include_str!("../../../src/guides/testing.md");

#[test]
fn the_guide_has_these_programs() {
    let programs: Vec<&str> = GUIDE
        .split("```")
        .skip(1)
        .step_by(2)
        .filter_map(|block| block.strip_prefix("text\n"))
        .filter(|block| block.starts_with("use "))
        .collect();
    // What the package calls its program is not a program of this one.
    let process = include_str!("process.rs").replace(
        "Command::new(super::this_program())\n            .args(super::SERVICE)\n",
        "Command::new(env!(\"CARGO_BIN_EXE_payments\"))\n",
    );
    assert_eq!(programs, [include_str!("listener.rs"), &process]);
}

/// The arguments that make this program the service.
const SERVICE: [&str; 4] = ["guide::the_service", "--exact", "--ignored", "--nocapture"];

fn this_program() -> std::path::PathBuf {
    std::env::current_exe().unwrap()
}

/// The service of the second program: a process of its own, which `process.rs` starts and ends.
#[ignore = "runs until it is ended"]
#[tokio::test]
async fn the_service() {
    let folder = std::path::PathBuf::from(std::env::var_os("TLS_FOLDER").unwrap());
    let source = FileSource::new()
        .identity(folder.join("tls.crt"), folder.join("tls.key"))
        .trust_anchors(folder.join("ca.crt"))
        .revocation_lists(folder.join("ca.crl"));
    let rules = RevocationRules::require(RevocationDepth::Leaf);
    let server = MtlsServer::builder()
        .source(source)
        .policy(VerifierPolicy::allow_any_authenticated().revocation(rules))
        .live_connections(LiveConnections::Close)
        .build(Rustls::default())
        .unwrap();
    let (address, serving) = crate::service::serve(server).await;
    println!("\n{address}");
    // A parent that was killed does not end it.
    tokio::time::timeout(Duration::from_secs(60), serving)
        .await
        .unwrap_err();
}
