//! native-tls cannot ask for a client certificate, so it cannot be a server.

use mtls::{MtlsServer, NativeTls};

fn main() {
    let _ = MtlsServer::builder().build(NativeTls::default());
}
