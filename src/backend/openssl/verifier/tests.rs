//! A path of OpenSSL to another leaf than the server's, which no server can cause.

use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use pki_types::ServerName;

use super::*;
use crate::backend::openssl::slot::der;
use crate::backend::openssl::tests::connected;
use crate::backend::tests::Cast;
use crate::material::MtlsIdentity;

#[test]
fn what_the_server_sent_is_verified_where_its_leaf_is_the_path_s() {
    let cast = Cast::new();
    let connected = connected(&cast, Some(&cast.alice));
    let ssl = connected.client.ssl();
    let path_to = |identity: &MtlsIdentity| {
        let leaf = X509::from_der(&identity.chain().as_slice()[0]).unwrap();
        let store = X509StoreBuilder::new().unwrap().build();
        let peer = ExpectedPeer::Server(ServerName::try_from("localhost").unwrap());
        let mut context = X509StoreContext::new().unwrap();
        let none = Stack::new().unwrap();
        let shown = context.init(&store, &leaf, &none, |context| {
            // Nothing is trusted; the path is as long as OpenSSL finds it.
            assert!(!context.verify_cert()?);
            der(shown(context, ssl, &peer)?.unwrap())
        });
        shown.unwrap()
    };
    let sent = cast.server.chain().as_slice();
    assert_eq!(path_to(&cast.server), sent);
    assert_eq!(sent.len(), 2, "OpenSSL's own path has one certificate");
    assert_eq!(path_to(&cast.bob), cast.bob.chain().as_slice());
}
