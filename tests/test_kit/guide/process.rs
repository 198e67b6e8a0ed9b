use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mtls::test_util::{
    Fault, TestCa, TestFiles, assert_follows_rotation, assert_rejects_all,
    assert_rejects_revoked_within,
};

/// A service that is a program of this package, and prints its address as its first line.
struct Service(Child, SocketAddr);

impl Service {
    fn start(files: &TestFiles) -> Self {
        let mut child = Command::new(super::this_program())
            .args(super::SERVICE)
            .env("TLS_FOLDER", files.folder())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| line.unwrap().parse().ok()).unwrap();
        Self(child, address)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test]
async fn the_service_lets_nobody_in_who_should_be_out() {
    let ca = TestCa::new("Example CA");
    let files = TestFiles::of(&ca, "localhost");
    let service = Service::start(&files);
    let (address, at_most) = (service.1, Duration::from_secs(2));

    let faults = [&Fault::of_clients()[..], &[Fault::Revoked]].concat();
    assert_rejects_all(address, "localhost", &ca, &faults).await;

    let next = ca.leaf("localhost").dns("localhost").server().issue();
    let publish = async { files.write_identity(&next) };
    assert_follows_rotation(address, "localhost", &ca, &next, at_most, publish).await;

    let publish = async { files.write_revocation_lists(&ca.revocation_lists()) };
    assert_rejects_revoked_within(address, "localhost", &ca, at_most, publish).await;
}
