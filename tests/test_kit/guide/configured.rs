//! The configuration of the guide, in the folder of `TestFiles`.

use std::fs;
use std::time::Duration;

use mtls::Rustls;
use mtls::config::ServerConfig;
use mtls::test_util::{TestCa, TestFiles, assert_rejects_revoked_within};

use super::GUIDE;
use crate::service::serve;

#[tokio::test]
async fn a_configured_service_throws_out_a_revoked_client() {
    let (_, config) = GUIDE.split_once("```toml\n[tls]").unwrap();
    let (config, _) = config.split_once("```").unwrap();
    let ca = TestCa::new("Example CA");
    let files = TestFiles::of(&ca, "localhost");
    let path = files.folder().join("service.toml");
    fs::write(&path, format!("[tls]{config}")).unwrap();
    let config = ServerConfig::from_file(&path, "tls").unwrap();
    let server = config.builder().unwrap().build(Rustls::default()).unwrap();
    let address = serve(server).await.0;
    let publish = async { files.write_revocation_lists(&ca.revocation_lists()) };
    assert_rejects_revoked_within(address, "localhost", &ca, Duration::from_secs(2), publish).await;
}
