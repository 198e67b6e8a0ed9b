//! The control: compiles.

use mtls::{MtlsClient, NativeTls};

fn main() {
    let _ = MtlsClient::builder().build(NativeTls::default());
}
