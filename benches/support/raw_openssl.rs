//! OpenSSL alone, with its own verification: what a careful service would write by hand.

use std::io::{Read, Write};

use openssl::pkey::PKey;
use openssl::ssl::{
    Ssl, SslContext, SslContextBuilder, SslMethod, SslOptions, SslSessionCacheMode, SslStream,
    SslVerifyMode, SslVersion,
};
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;

use super::pki::{Own, Pki};
use super::{Handshakes, SERVER, dial, serve};

pub(crate) fn handshakes(pki: &Pki) -> Handshakes {
    let server = context(SslMethod::tls_server(), pki, &pki.server);
    let client = context(SslMethod::tls_client(), pki, &pki.client);
    let connections = serve(move |pipe| {
        let mut stream = SslStream::new(Ssl::new(&server).unwrap(), pipe).unwrap();
        stream.accept().unwrap();
        stream.write_all(&[1]).unwrap();
    });
    Box::new(move || {
        let mut ssl = Ssl::new(&client).unwrap();
        ssl.set_hostname(SERVER).unwrap();
        ssl.param_mut().set_host(SERVER).unwrap();
        let mut stream = SslStream::new(ssl, dial(&connections)).unwrap();
        stream.connect().unwrap();
        stream.read_exact(&mut [0]).unwrap();
    })
}

fn context(method: SslMethod, pki: &Pki, own: &Own) -> SslContext {
    let mut store = X509StoreBuilder::new().unwrap();
    store.add_cert(X509::from_der(&pki.root).unwrap()).unwrap();
    let mut context = SslContextBuilder::new(method).unwrap();
    context.set_cert_store(store.build());
    context.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    context
        .set_min_proto_version(Some(SslVersion::TLS1_3))
        .unwrap();
    context.set_options(SslOptions::NO_TICKET);
    context.set_session_cache_mode(SslSessionCacheMode::OFF);
    context.set_num_tickets(0).unwrap();
    let (leaf, rest) = own.chain.split_first().unwrap();
    context
        .set_certificate(&X509::from_der(leaf).unwrap())
        .unwrap();
    for certificate in rest {
        context
            .add_extra_chain_cert(X509::from_der(certificate).unwrap())
            .unwrap();
    }
    let key = PKey::private_key_from_pkcs8(&own.key).unwrap();
    context.set_private_key(&key).unwrap();
    context.check_private_key().unwrap();
    context.build()
}
