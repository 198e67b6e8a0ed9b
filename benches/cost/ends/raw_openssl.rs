//! OpenSSL alone, with its own verification: what a careful service would write by hand.
//!
//! Suites, groups, schemes and modes are those of this crate.

use openssl::pkey::PKey;
use openssl::ssl::{
    Ssl, SslContext, SslContextBuilder, SslFiletype, SslMethod, SslMode, SslOptions,
    SslSessionCacheMode, SslStream, SslVerifyMode, SslVersion,
};
use openssl::stack::Stack;
use openssl::x509::X509;
use openssl::x509::store::{X509Lookup, X509StoreBuilder};
use openssl::x509::verify::X509VerifyFlags;

use super::{Connection, End, Setup};
use crate::support::{Own, Pki, SERVER, Wire};

struct Client(SslContext);

struct Server(SslContext);

pub(super) fn client(_: &Setup, pki: &Pki, own: &Own) -> Box<dyn End> {
    Box::new(Client(context(SslMethod::tls_client(), pki, own).build()))
}

pub(super) fn server(setup: &Setup, pki: &Pki) -> Box<dyn End> {
    let mut context = context(SslMethod::tls_server(), pki, &pki.server);
    let mut names = Stack::new().unwrap();
    if setup.sends_ca_names() {
        for anchor in &pki.anchors {
            let anchor = X509::from_der(anchor).unwrap();
            names
                .push(anchor.subject_name().to_owned().unwrap())
                .unwrap();
        }
    }
    context.set_client_ca_list(names);
    Box::new(Server(context.build()))
}

fn context(method: SslMethod, pki: &Pki, own: &Own) -> SslContextBuilder {
    let mut store = X509StoreBuilder::new().unwrap();
    for anchor in &pki.anchors {
        store.add_cert(X509::from_der(anchor).unwrap()).unwrap();
    }
    if !pki.lists.is_empty() {
        let lists = store.add_lookup(X509Lookup::file()).unwrap();
        lists
            .load_crl_file(&pki.lists_file, SslFiletype::PEM)
            .unwrap();
        let flags = X509VerifyFlags::CRL_CHECK | X509VerifyFlags::CRL_CHECK_ALL;
        store.set_flags(flags).unwrap();
    }
    let mut context = SslContextBuilder::new(method).unwrap();
    context.set_cert_store(store.build());
    context.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    context
        .set_min_proto_version(Some(SslVersion::TLS1_3))
        .unwrap();
    let suites = "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";
    context.set_ciphersuites(suites).unwrap();
    context.set_groups_list("X25519:P-256:P-384:P-521").unwrap();
    let schemes = "ecdsa_secp384r1_sha384:ecdsa_secp256r1_sha256:ecdsa_secp521r1_sha512:ed25519:\
        rsa_pss_rsae_sha512:rsa_pss_rsae_sha384:rsa_pss_rsae_sha256:\
        rsa_pkcs1_sha512:rsa_pkcs1_sha384:rsa_pkcs1_sha256";
    context.set_sigalgs_list(schemes).unwrap();
    context.set_options(SslOptions::NO_TICKET | SslOptions::NO_RENEGOTIATION);
    context.set_session_cache_mode(SslSessionCacheMode::OFF);
    context.set_num_tickets(0).unwrap();
    context.set_mode(
        SslMode::ACCEPT_MOVING_WRITE_BUFFER
            | SslMode::AUTO_RETRY
            | SslMode::ENABLE_PARTIAL_WRITE
            | SslMode::NO_AUTO_CHAIN
            | SslMode::RELEASE_BUFFERS,
    );
    let (leaf, rest) = own.chain.split_first().unwrap();
    context
        .set_certificate(&X509::from_der(leaf).unwrap())
        .unwrap();
    for certificate in rest {
        let certificate = X509::from_der(certificate).unwrap();
        context.add_extra_chain_cert(certificate).unwrap();
    }
    let key = PKey::private_key_from_pkcs8(&own.key).unwrap();
    context.set_private_key(&key).unwrap();
    context.check_private_key().unwrap();
    context
}

impl End for Client {
    fn open(&self, wire: Wire) -> Box<dyn Connection> {
        let mut ssl = Ssl::new(&self.0).unwrap();
        ssl.set_hostname(SERVER).unwrap();
        ssl.param_mut().set_host(SERVER).unwrap();
        let mut stream = SslStream::new(ssl, wire).unwrap();
        stream.connect().unwrap();
        Box::new(stream)
    }
}

impl End for Server {
    fn open(&self, wire: Wire) -> Box<dyn Connection> {
        let mut stream = SslStream::new(Ssl::new(&self.0).unwrap(), wire).unwrap();
        stream.accept().unwrap();
        Box::new(stream)
    }
}

impl Connection for SslStream<Wire> {
    fn is_resumed(&self) -> bool {
        self.ssl().session_reused()
    }
}
