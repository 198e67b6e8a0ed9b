//! The raw peer on OpenSSL, at security level 0: the only one that can use a weak or unusual key.

use std::error::Error;
use std::io::{Read, Write};
use std::iter;
use std::net::{IpAddr, TcpStream};

use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{
    AlpnError, HandshakeError, Ssl, SslContext, SslContextBuilder, SslMethod, SslOptions, SslRef,
    SslSessionCacheMode, SslStream, SslVerifyMode, SslVersion,
};
use openssl::x509::X509;
use pki_types::CertificateDer;

use super::{Peer, RawOutcome, Version};

pub fn client(socket: TcpStream, peer: &Peer) -> RawOutcome {
    let ssl = client_context(peer).and_then(|context| {
        let mut ssl = Ssl::new(&context)?;
        if peer.server_name.parse::<IpAddr>().is_err() {
            ssl.set_hostname(&peer.server_name)?;
        }
        Ok(ssl)
    });
    match ssl {
        Ok(ssl) => converse(ssl.connect(socket), peer),
        Err(error) => RawOutcome::failed(error),
    }
}

pub fn server(socket: TcpStream, peer: &Peer) -> RawOutcome {
    match server_context(peer).and_then(|context| Ssl::new(&context)) {
        Ok(ssl) => converse(ssl.accept(socket), peer),
        Err(error) => RawOutcome::failed(error),
    }
}

fn client_context(peer: &Peer) -> Result<SslContext, ErrorStack> {
    let mut builder = context(SslMethod::tls_client(), peer)?;
    builder.set_verify(SslVerifyMode::NONE);
    if !peer.alpn.is_empty() {
        builder.set_alpn_protos(&wire_format(&peer.alpn))?;
    }
    Ok(builder.build())
}

fn server_context(peer: &Peer) -> Result<SslContext, ErrorStack> {
    let mut builder = context(SslMethod::tls_server(), peer)?;
    if peer.asks {
        builder.set_verify_callback(SslVerifyMode::PEER, |_, _| true);
    }
    builder.set_num_tickets(0)?;
    if !peer.alpn.is_empty() {
        let ours = peer.alpn.clone();
        builder.set_alpn_select_callback(move |_, theirs| {
            choose(&ours, theirs).ok_or(AlpnError::ALERT_FATAL)
        });
    }
    Ok(builder.build())
}

fn context(method: SslMethod, peer: &Peer) -> Result<SslContextBuilder, ErrorStack> {
    let version = match peer.version {
        Version::Tls12 => SslVersion::TLS1_2,
        Version::Tls13 => SslVersion::TLS1_3,
    };
    let mut builder = SslContext::builder(method)?;
    builder.set_security_level(0);
    builder.set_min_proto_version(Some(version))?;
    builder.set_max_proto_version(Some(version))?;
    builder.set_options(SslOptions::NO_TICKET | SslOptions::NO_RENEGOTIATION);
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    if let Some(credential) = peer.presented() {
        let key = PKey::private_key_from_pkcs8(credential.key.secret_pkcs8_der())?;
        builder.set_certificate(X509::from_der(credential.leaf())?.as_ref())?;
        for certificate in &credential.chain[1..] {
            builder.add_extra_chain_cert(X509::from_der(certificate)?)?;
        }
        builder.set_private_key(&key)?;
    }
    Ok(builder)
}

fn converse(
    handshake: Result<SslStream<TcpStream>, HandshakeError<TcpStream>>,
    peer: &Peer,
) -> RawOutcome {
    let mut outcome = RawOutcome::default();
    let mut stream = match handshake {
        Ok(stream) => stream,
        Err(error) => {
            note(&mut outcome, &error);
            if let HandshakeError::Failure(stream) | HandshakeError::WouldBlock(stream) = &error {
                outcome.alert = alert(stream.error());
                outcome.presented = presented(stream.ssl());
            }
            return outcome;
        }
    };
    outcome.completed = true;
    outcome.alpn = stream.ssl().selected_alpn_protocol().map(<[u8]>::to_vec);
    outcome.presented = presented(stream.ssl());
    // A write that fails is no end: the alert of the other end lies in the socket still.
    if let Err(error) = stream.write_all(&peer.message) {
        note(&mut outcome, &error);
    }
    let mut buffer = [0; 4096];
    while outcome.received.len() < peer.enough {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => outcome.received.extend_from_slice(&buffer[..count]),
            Err(error) => {
                outcome.alert = error
                    .get_ref()
                    .and_then(|e| e.downcast_ref())
                    .and_then(alert);
                note(&mut outcome, &error);
                return outcome;
            }
        }
    }
    stream.shutdown().ok();
    outcome
}

fn presented(ssl: &SslRef) -> Vec<CertificateDer<'static>> {
    let mut chain = Vec::new();
    // A client finds the leaf in the chain, a server beside it.
    if ssl.is_server() {
        chain.extend(ssl.peer_certificate());
    }
    let sent = ssl.peer_cert_chain().into_iter().flatten();
    chain.extend(sent.map(ToOwned::to_owned));
    let der = chain.iter().map(|certificate| certificate.to_der());
    der.map(|der| der.unwrap().into()).collect()
}

/// OpenSSL reports an alert from the other end as error reason 1000 plus its number (`SSL_AD_REASON_OFFSET`).
fn alert(error: &openssl::ssl::Error) -> Option<u8> {
    let stack = error.ssl_error()?;
    let codes = stack
        .errors()
        .iter()
        .map(openssl::error::Error::reason_code);
    let mut alerts = codes.filter_map(|code| u8::try_from(code - 1000).ok());
    alerts.next()
}

fn note(outcome: &mut RawOutcome, error: &(dyn Error + 'static)) {
    outcome.error.get_or_insert_with(|| error.to_string());
}

/// Protocol names, each behind its length.
fn wire_format(protocols: &[Vec<u8>]) -> Vec<u8> {
    let mut wire = Vec::new();
    for protocol in protocols {
        wire.push(u8::try_from(protocol.len()).unwrap());
        wire.extend_from_slice(protocol);
    }
    wire
}

/// The first of ours that they know too.
fn choose<'a>(ours: &[Vec<u8>], theirs: &'a [u8]) -> Option<&'a [u8]> {
    let mut preferred = ours.iter();
    preferred.find_map(|name| protocols(theirs).find(|offered| offered == name))
}

fn protocols(mut wire: &[u8]) -> impl Iterator<Item = &[u8]> {
    iter::from_fn(move || {
        let (&length, rest) = wire.split_first()?;
        let (name, rest) = rest.split_at_checked(length.into())?;
        wire = rest;
        Some(name)
    })
}
