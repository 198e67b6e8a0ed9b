use mtls::pki_types::ServerName;

/// Parses the name by which clients reach a server.
pub(crate) fn server_name(name: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(name.to_owned())
        .map_err(|_| "this is neither a DNS name nor an IP address".to_owned())
}
