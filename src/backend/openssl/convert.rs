//! Conversion of our settings into OpenSSL's.

use std::sync::LazyLock;

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, Id, PKey, PKeyRef, Private};
use openssl::sign::Signer;
use openssl::ssl::{
    NameType, SslCipherRef, SslContextBuilder, SslMethod, SslMode, SslOptions, SslRef,
    SslSessionCacheMode, SslVersion,
};
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::{X509, X509Name};

use super::algorithms::{self, has_ml_dsa};
use crate::backend::session::session_info::X25519_ML_KEM_768;
use crate::backend::settings::{PROBE, held_key, key_mismatch, takes_proof};
use crate::backend::{Crypto, ProtocolVersion, SessionInfo, Versions};
use crate::error::BackendKind;
use crate::material::MtlsIdentity;
use crate::policy::BuildError;
use crate::x509::Certificate;

/// The suites of rustls: authenticated encryption, keys by ECDHE.
const TLS12_CIPHERS: &str = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:\
     ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:\
     ECDHE-RSA-CHACHA20-POLY1305";
const TLS13_CIPHERS: &str =
    "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";
/// In TLS 1.2 the groups also limit the curves of keys that OpenSSL accepts: hence P-521.
const GROUPS: &str = "X25519:P-256:P-384:P-521";
/// The same groups after the post-quantum hybrid, from OpenSSL 3.5 on.
///
/// The first two have key shares, as on rustls.
const HYBRID_GROUPS: &str = "*X25519MLKEM768:*X25519:P-256:P-384:P-521";
/// The same schemes in the same order as on rustls.
const SCHEMES: &str = "ecdsa_secp384r1_sha384:ecdsa_secp256r1_sha256:\
     ecdsa_secp521r1_sha512:ed25519:\
     rsa_pss_rsae_sha512:rsa_pss_rsae_sha384:rsa_pss_rsae_sha256:\
     rsa_pkcs1_sha512:rsa_pkcs1_sha384:rsa_pkcs1_sha256";
/// For an OpenSSL with ML-DSA, which it accepts only in TLS 1.3.
const ML_DSA_SCHEMES: &str = ":mldsa65:mldsa87:mldsa44";
/// The certificates that an OpenSSL server follows from a leaf upwards, to show them to us.
///
/// Our own verifier stops far earlier, with a reason.
const PATH: u32 = 100;
/// Ends OpenSSL's own path at the leaf; it is the C `int` -2.
///
/// A client reads what the server sent elsewhere, so that a longer path would only cost OpenSSL's
/// verification of each of its signatures. OpenSSL adds one and compares the sum with the length
/// of its path, from the leaf on (`build_chain` in `crypto/x509/x509_vfy.c`: the same in 3.0, 3.5
/// and 3.6). Its limit is then -1: it looks for no issuer, and calls us with
/// `X509_V_ERR_CERT_CHAIN_TOO_LONG` and as often as it did before. 0 would keep one link, and -1
/// is the number for "not set". A release that ignores this number follows the path as on a server;
/// one that calls nothing at this depth has no trust anchor to accept by, and `slot::conclude`
/// accepts no peer without our verdict.
pub(super) const LEAF_ALONE: u32 = u32::MAX - 1;

/// Makes the context of either side.
///
/// The builder is a bare one, because a connector's would read the system's trust store.
pub(super) fn context(
    method: SslMethod,
    identity: &MtlsIdentity,
    versions: Versions,
) -> Result<SslContextBuilder, BuildError> {
    let mut context =
        SslContextBuilder::new(method).map_err(build_error("a new context", LIBRARY_ADVICE))?;
    harden(&mut context, versions).map_err(build_error("the TLS settings", LIBRARY_ADVICE))?;
    present(&mut context, identity)?;
    Ok(context)
}

fn harden(context: &mut SslContextBuilder, versions: Versions) -> Result<(), ErrorStack> {
    let (least, most) = bounds(versions);
    context.set_min_proto_version(Some(least))?;
    context.set_max_proto_version(Some(most))?;
    context.set_cipher_list(TLS12_CIPHERS)?;
    context.set_ciphersuites(TLS13_CIPHERS)?;
    let ml_dsa = if has_ml_dsa() { ML_DSA_SCHEMES } else { "" };
    context.set_sigalgs_list(&format!("{SCHEMES}{ml_dsa}"))?;
    context.set_groups_list(groups())?;
    // What a level would limit is fixed above. A higher level would reject keys and digests before
    // our own verifier, and without its reason.
    context.set_security_level(0);
    // Without anchors, OpenSSL alone never accepts a chain.
    context.set_cert_store(X509StoreBuilder::new()?.build());
    context.set_verify_depth(PATH);
    context.set_options(
        SslOptions::NO_TICKET | SslOptions::NO_RENEGOTIATION | SslOptions::NO_COMPRESSION,
    );
    // With NO_TICKET, all three: each alone leaves sessions that outlive the policy that accepted
    // them.
    context.set_session_cache_mode(SslSessionCacheMode::OFF);
    context.set_num_tickets(0)?;
    context.set_mode(
        SslMode::ACCEPT_MOVING_WRITE_BUFFER
            | SslMode::AUTO_RETRY
            | SslMode::ENABLE_PARTIAL_WRITE
            | SslMode::NO_AUTO_CHAIN
            | SslMode::RELEASE_BUFFERS,
    );
    // Otherwise each record takes two reads, of its header and of the rest.
    context.set_read_ahead(true);
    Ok(())
}

fn groups() -> &'static str {
    if has_ml_kem() { HYBRID_GROUPS } else { GROUPS }
}

/// Whether this OpenSSL has the hybrid. It may be newer than the one at compile time.
pub(super) fn has_ml_kem() -> bool {
    static HAS: LazyLock<bool> = LazyLock::new(|| {
        let context = SslContextBuilder::new(SslMethod::tls());
        context.is_ok_and(|mut context| context.set_groups_list(HYBRID_GROUPS).is_ok())
    });
    *HAS
}

fn bounds(versions: Versions) -> (SslVersion, SslVersion) {
    match (versions.tls12, versions.tls13) {
        (true, false) => (SslVersion::TLS1_2, SslVersion::TLS1_2),
        (false, _) => (SslVersion::TLS1_3, SslVersion::TLS1_3),
        (true, true) => (SslVersion::TLS1_2, SslVersion::TLS1_3),
    }
}

/// Sets our own chain, complete, and its key.
fn present(context: &mut SslContextBuilder, identity: &MtlsIdentity) -> Result<(), BuildError> {
    let kind = identity.key_type();
    if kind.is_ml_dsa() && !has_ml_dsa() {
        return Err(BuildError::Unsupported {
            setting: "identity",
            backend: BackendKind::OpenSsl,
            what: "an identity with an ML-DSA key",
            reason: "ML-DSA requires OpenSSL 3.5 or newer",
        });
    }
    let mut chain = identity.chain().as_slice().iter();
    // The leaf before the key: OpenSSL silently drops a key that does not match a leaf set after
    // it.
    if let Some(leaf) = chain.next() {
        X509::from_der(leaf)
            .and_then(|leaf| context.set_certificate(&leaf))
            .map_err(build_error("our own leaf certificate", CHAIN_ADVICE))?;
    }
    for certificate in chain {
        X509::from_der(certificate)
            .and_then(|certificate| context.add_extra_chain_cert(certificate))
            .map_err(build_error("a certificate of our own chain", CHAIN_ADVICE))?;
    }
    // DER, never PEM: for an encrypted PEM key OpenSSL prompts for the passphrase on the terminal.
    let pkcs8 = held_key(identity, BackendKind::OpenSsl)?.pkcs8_der();
    let key = PKey::private_key_from_pkcs8(pkcs8.secret_pkcs8_der());
    // OpenSSL compares the leaf with the public key that the file states beside the private one.
    let is_of_leaf = || key.as_ref().is_ok_and(|key| is_of_leaf(key, identity));
    if takes_proof(kind) && !is_of_leaf() {
        return Err(key_mismatch(identity));
    }
    let key = key.map_err(build_error("our own private key", KEY_ADVICE))?;
    context
        .set_private_key(&key)
        .and_then(|()| context.check_private_key())
        .map_err(build_error("our own private key", KEY_ADVICE))
}

const CHAIN_ADVICE: &str =
    "have the certificate reissued in a form that `openssl x509 -in FILE -noout -text` reads";
const KEY_ADVICE: &str = "export it again from where it was made";
/// What to do where OpenSSL itself is not as this crate needs it.
pub(super) const LIBRARY_ADVICE: &str = "look whether OpenSSL's configuration (`openssl.cnf`, FIPS mode) excludes what its own error \
     names, or use another build of OpenSSL";

/// Whether the key's signature verifies with the leaf.
fn is_of_leaf(key: &PKeyRef<Private>, identity: &MtlsIdentity) -> bool {
    let sign = || {
        let mut signer = if identity.key_type().is_ml_dsa() {
            Signer::new_without_digest(key)?
        } else {
            Signer::new(MessageDigest::sha512(), key)?
        };
        signer.sign_oneshot_to_vec(PROBE)
    };
    let signature: Result<Vec<u8>, ErrorStack> = sign();
    let leaf = Certificate::from_der(identity.chain().leaf());
    match (signature, leaf) {
        (Ok(signature), Ok(leaf)) => algorithms::is_by(&leaf.public_key, PROBE, &signature),
        _ => false,
    }
}

/// Encodes the list of protocols for the wire (RFC 7301, section 3.1).
pub(super) fn alpn_wire(protocols: &[Vec<u8>]) -> Vec<u8> {
    let mut wire = Vec::new();
    for protocol in protocols {
        // The facade checked that each has 1 to 255 bytes.
        wire.extend(u8::try_from(protocol.len()));
        wire.extend_from_slice(protocol);
    }
    wire
}

/// Returns our first protocol that the client offers, as a slice of its list.
pub(super) fn alpn_select<'a>(ours: &[Vec<u8>], offered: &'a [u8]) -> Option<&'a [u8]> {
    ours.iter()
        .find_map(|wanted| alpn_names(offered).find(|name| name == wanted))
}

fn alpn_names(mut wire: &[u8]) -> impl Iterator<Item = &[u8]> {
    core::iter::from_fn(move || {
        let (length, rest) = wire.split_first()?;
        let (name, rest) = rest.split_at_checked(usize::from(*length))?;
        wire = rest;
        Some(name)
    })
}

/// Converts the names (each a DER `Name`) for the certificate request.
pub(super) fn ca_names(names: &[Vec<u8>]) -> Result<Stack<X509Name>, ErrorStack> {
    let mut stack = Stack::new()?;
    for name in names {
        stack.push(X509Name::from_der(name)?)?;
    }
    Ok(stack)
}

/// `is_fips` is unknown: the openssl crate does not show it for OpenSSL 3.
pub(super) fn crypto(versions: Versions) -> Crypto {
    Crypto {
        is_fips: None,
        prefers_ml_kem: Some(versions.tls13 && has_ml_kem()),
    }
}

pub(super) fn session(ssl: &SslRef, alpn: Option<Vec<u8>>) -> SessionInfo {
    let suite = ssl.current_cipher().and_then(SslCipherRef::standard_name);
    let server_name = ssl.servername(NameType::HOST_NAME);
    SessionInfo {
        protocol_version: match ssl.version2() {
            Some(SslVersion::TLS1_3) => ProtocolVersion::Tls13,
            _ => ProtocolVersion::Tls12,
        },
        cipher_suite: suite.map(Into::into),
        key_exchange_group: key_exchange_group(ssl).map(Into::into),
        signature_scheme: None,
        alpn,
        server_name: server_name.map(Into::into),
        is_resumed: false,
    }
}

/// Finds the group by the temporary keys that OpenSSL keeps.
///
/// Of a hybrid, the client has only its own key, and the server the client's. In TLS 1.2 the client
/// has the server's key, and the server none.
fn key_exchange_group(ssl: &SslRef) -> Option<&'static str> {
    let theirs = ssl.peer_tmp_key().ok().and_then(|key| group_of(&key));
    theirs.or_else(|| group_of(&*ssl.tmp_key().ok()?))
}

/// Returns the group among [`GROUPS`] of a temporary key.
fn group_of<T: HasPublic>(key: &PKeyRef<T>) -> Option<&'static str> {
    const HYBRID_BYTES: usize = 1184 + 32;
    match key.id() {
        Id::X25519 => Some("x25519"),
        Id::EC => match key.ec_key().ok()?.group().curve_name()? {
            Nid::X9_62_PRIME256V1 => Some("secp256r1"),
            Nid::SECP384R1 => Some("secp384r1"),
            Nid::SECP521R1 => Some("secp521r1"),
            _ => None,
        },
        // OpenSSL has no number for the hybrid.
        _ => (key.raw_public_key().ok()?.len() == HYBRID_BYTES).then_some(X25519_ML_KEM_768),
    }
}

pub(super) fn build_error(
    what: &'static str,
    advice: &'static str,
) -> impl FnOnce(ErrorStack) -> BuildError {
    move |source| BuildError::Backend {
        backend: BackendKind::OpenSsl,
        what,
        advice,
        source: Box::new(source),
    }
}
