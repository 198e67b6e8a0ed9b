//! The parameters that rustls negotiated, by IANA's names.

use std::borrow::Cow;

use pki_types::ServerName;
use rustls::{CipherSuite, NamedGroup};

use super::stream::handshake_params::SideParams;
use super::stream::side_connection::SideConnection;
use crate::backend::session::session_info::X25519_ML_KEM_768;
use crate::backend::{ProtocolVersion, SessionInfo};
use crate::material::SignatureScheme;

/// Collects the parameters; `signature` is the scheme of the peer's signature.
pub(super) fn of(
    connection: &SideConnection,
    end: &SideParams,
    signature: Option<SignatureScheme>,
    is_resumed: bool,
) -> SessionInfo {
    let suite = connection.negotiated_cipher_suite();
    let group = connection.negotiated_key_exchange_group();
    let server_name = match (end, connection) {
        (SideParams::Client(ServerName::DnsName(name)), _) => Some(name.as_ref()),
        (_, SideConnection::Server(connection)) => connection.server_name(),
        _ => None,
    };
    SessionInfo {
        protocol_version: negotiated(connection.protocol_version()),
        cipher_suite: suite.and_then(|suite| suite_name(suite.suite())),
        key_exchange_group: group.map(|group| group_name(group.name())),
        signature_scheme: signature,
        alpn: connection.alpn_protocol().map(<[u8]>::to_vec),
        server_name: server_name.map(Into::into),
        is_resumed,
    }
}

fn negotiated(version: Option<rustls::ProtocolVersion>) -> ProtocolVersion {
    match version {
        Some(rustls::ProtocolVersion::TLSv1_3) => ProtocolVersion::Tls13,
        _ => ProtocolVersion::Tls12,
    }
}

/// Returns IANA's name of a suite; rustls has its own names in TLS 1.3.
fn suite_name(suite: CipherSuite) -> Option<Cow<'static, str>> {
    let name = suite.as_str()?;
    Some(match name.strip_prefix("TLS13_") {
        Some("AES_128_GCM_SHA256") => "TLS_AES_128_GCM_SHA256".into(),
        Some("AES_256_GCM_SHA384") => "TLS_AES_256_GCM_SHA384".into(),
        Some("CHACHA20_POLY1305_SHA256") => "TLS_CHACHA20_POLY1305_SHA256".into(),
        Some(rest) => format!("TLS_{rest}").into(),
        None => name.into(),
    })
}

/// Returns IANA's name of a group.
pub(super) fn group_name(group: NamedGroup) -> Cow<'static, str> {
    match group {
        NamedGroup::X25519 => "x25519".into(),
        NamedGroup::X25519MLKEM768 => X25519_ML_KEM_768.into(),
        NamedGroup::secp256r1 => "secp256r1".into(),
        NamedGroup::secp384r1 => "secp384r1".into(),
        other => format!("{other:?}").into(),
    }
}
