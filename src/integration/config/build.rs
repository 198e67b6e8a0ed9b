//! From a configuration to a builder.

use core::time::Duration;

use super::document::field_path::FieldPath;
use super::error::ConfigError;
use super::fields::settings::{ClientConfig, Config, ServerConfig, Shared};
use super::fields::value::Time;
use super::origin::Origin;
use super::source::{ConfigSource, CurrentOrigin};
use crate::backend::Resumption;
use crate::builder::{Builder, Locate};
use crate::client::{ClientBuilder, MtlsClient};
use crate::error::SettingProblem;
use crate::policy::{BuildError, SignatureMemo};
use crate::rotation::OnSourceLost;
use crate::server::{MtlsServer, ServerBuilder};

impl ServerConfig {
    /// Returns a builder with these settings, which follows the files.
    ///
    /// The builder takes more: an [observer](crate::ServerBuilder::observer), a
    /// [clock](crate::ServerBuilder::clock). What is set in code after that counts, but for
    /// identity, trust, lists and policies, which the files give. An error of `build` names the
    /// field ([`BuildError::Configured`]).
    ///
    /// ```no_run
    /// use mtls::Rustls;
    /// use mtls::config::ServerConfig;
    ///
    /// let config = ServerConfig::from_file("service.toml", "tls")?;
    /// let server = config.builder()?.build(Rustls::default())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ConfigError`] for a contradiction, or a policy that cannot be read. Material is loaded by
    /// `build`.
    pub fn builder(&self) -> Result<ServerBuilder, ConfigError> {
        let mut config = self.clone();
        config.origin.keep_directory();
        let origin = CurrentOrigin::new(config.origin.clone());
        let mut builder = apply(MtlsServer::builder(), &self.shared(), &origin)?;
        if self.ca_names == Some(false) {
            builder = builder.without_ca_names();
        }
        if let Some(listener) = &self.listener {
            let settings = listener
                .settings()
                .map_err(|fault| self.origin.error(fault))?;
            builder.settings.listener = settings;
        }
        Ok(builder.source(ConfigSource::new(config, origin)))
    }
}

impl ClientConfig {
    /// Returns a builder with these settings, which follows the files.
    ///
    /// See [`ServerConfig::builder`].
    ///
    /// ```no_run
    /// use mtls::Rustls;
    /// use mtls::config::ClientConfig;
    ///
    /// let config = ClientConfig::from_file("service.toml", "upstream")?;
    /// let client = config.builder()?.build(Rustls::default())?;
    /// let tcp = std::net::TcpStream::connect("db.internal:5433")?;
    /// let stream = client.connect(config.server_name()?, tcp)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ConfigError`] for a contradiction, or a policy that cannot be read. Material is loaded by
    /// `build`.
    pub fn builder(&self) -> Result<ClientBuilder, ConfigError> {
        let mut config = self.clone();
        config.origin.keep_directory();
        let origin = CurrentOrigin::new(config.origin.clone());
        let builder = apply(MtlsClient::builder(), &self.shared(), &origin)?;
        Ok(builder.source(ConfigSource::new(config, origin)))
    }

    /// Returns the name of the server that the client is for.
    ///
    /// # Errors
    /// [`ConfigError`] if the configuration has none.
    pub fn server_name(&self) -> Result<&str, ConfigError> {
        self.server_name.as_deref().ok_or_else(|| {
            let field = FieldPath::default().key("server_name");
            self.origin
                .error((field, super::error::ConfigProblem::Missing))
        })
    }
}

fn apply<T>(
    mut builder: Builder<T>,
    shared: &Shared<'_>,
    origin: &CurrentOrigin,
) -> Result<Builder<T>, ConfigError> {
    shared.check()?;
    if let Some(versions) = shared.protocol_versions {
        builder = builder.protocol_versions(versions.iter().map(|version| (*version).into()));
    }
    if let Some(protocols) = shared.alpn {
        builder = builder.alpn(protocols);
    }
    if let Some(bytes) = shared.signature_memo {
        builder = builder.signature_memo(SignatureMemo::with_max_bytes(bytes));
    }
    if let Some(resumption) = shared.resumption {
        builder = builder.resumption(Resumption::BoundToRevision {
            max_age: resumption.max_age.0,
        });
    }
    if let Some(Time(timeout)) = shared.handshake_timeout {
        builder = builder.handshake_timeout(timeout);
    }
    if let Some(setting) = shared.live_connections {
        builder = builder.live_connections(setting.into());
    }
    if let Some(Time(within)) = shared.retire_connections {
        builder = builder.retire_connections(within);
    }
    if let Some(choice) = shared.on_expiry {
        builder = builder.on_expiry(choice.into());
    }
    if let Some(choice) = shared.on_source_lost {
        builder = builder.on_source_lost(OnSourceLost::RejectAfter(choice.reject_after.0));
    }
    if let Some(choice) = shared.self_trust {
        builder = builder.self_trust(choice.into());
    }
    if let Some(permissions) = shared.key_permissions {
        builder = builder.key_permissions(permissions.into());
    }
    if let Some(times) = shared.warn_before_expiry {
        let times: Vec<Duration> = times.iter().map(|Time(time)| *time).collect();
        builder = builder.warn_before_expiry(times);
    }
    if let Some(Time(pause)) = shared.poll_interval {
        builder = builder.poll_interval(pause);
    }
    if let Some(Time(at_most)) = shared.wait_for_first {
        builder = builder.wait_for_first(at_most);
    }
    if let Some(Time(skew)) = shared.clock_skew {
        builder = builder.clock_skew(skew);
    }
    if let Some(choice) = shared.self_validity {
        builder = builder.self_validity(choice.into());
    }
    if let Some(name) = shared.name {
        builder = builder.name(name);
    }
    let origin = origin.clone();
    builder.settings.locate = Locate::new(move |error| located(&origin.get(), error));
    Ok(builder)
}

/// Adds the field to an error of building.
fn located(origin: &Origin, error: BuildError) -> BuildError {
    let Some(setting) = setting(&error) else {
        return error;
    };
    let mut path = FieldPath::default().key(setting);
    if let BuildError::InvalidSetting { problem, .. } = &error
        && let Some(field) = policy_field(problem)
    {
        path = path.key(field);
    }
    let mut field = origin.field(&path);
    field.hint = hint(&error);
    let error = Box::new(error);
    BuildError::Configured { field, error }
}

/// Returns the field that an error is about.
fn setting(error: &BuildError) -> Option<&'static str> {
    match error {
        BuildError::InvalidSetting { setting, .. } | BuildError::Unsupported { setting, .. } => {
            Some(setting)
        }
        BuildError::IdentityChain { .. }
        | BuildError::KeyMismatch { .. }
        | BuildError::MissingIdentity
        | BuildError::OwnChainRejected(_)
        | BuildError::SigningKeyFailed { .. }
        | BuildError::SigningKeyMismatch { .. } => Some("identity"),
        BuildError::IdentityNotValid(_) => Some("self_validity"),
        BuildError::InsecureKeyFile { .. } | BuildError::InsecurePassphraseFile { .. } => {
            Some("key_permissions")
        }
        BuildError::MissingPolicy | BuildError::MissingRevocationRules => Some("policy"),
        BuildError::MissingRevocationLists => Some("revocation_lists"),
        BuildError::MissingTrustAnchors
        | BuildError::TrustAnchorsExpired { .. }
        | BuildError::UnusableTrustAnchors(_) => Some("trust_anchors"),
        BuildError::Backend { .. }
        | BuildError::Configured { .. }
        | BuildError::NoCryptoProvider
        | BuildError::Source(_)
        | BuildError::SourceTaken
        | BuildError::Thread(_) => None,
    }
}

/// Returns the field of a policy that a problem is about.
fn policy_field(problem: &SettingProblem) -> Option<&'static str> {
    Some(match problem {
        SettingProblem::TooManyIntermediates { .. } => "max_intermediates",
        SettingProblem::RsaBitsOutOfRange { .. } => "min_rsa_bits",
        SettingProblem::LeafLifetimeTooShort => "max_leaf_lifetime",
        SettingProblem::ServerSpiffeOnServer | SettingProblem::ServerSpiffeWithoutId => {
            "server_spiffe"
        }
        SettingProblem::ServerAuthOnClient | SettingProblem::ServerAuthWithoutExactName => {
            "danger_allow_server_auth_for_clients"
        }
        SettingProblem::CommonNameWithServerAuth => "danger_allow_common_name_as_dns",
        SettingProblem::X509V1LeafWithRevocation | SettingProblem::X509V1LeafWithWebPki => {
            "danger_allow_x509_v1_leaf"
        }
        _ => return None,
    })
}

/// Returns what an operator does about an error whose own hint names calls.
fn hint(error: &BuildError) -> Option<&'static str> {
    let problem = match error {
        BuildError::InvalidSetting { problem, .. } => problem,
        BuildError::InsecureKeyFile { .. } | BuildError::InsecurePassphraseFile { .. } => {
            return Some(
                "close the file by `chmod 600`, or for a Kubernetes secret by `defaultMode: 0400`",
            );
        }
        BuildError::OwnChainRejected(_) => {
            return Some(
                "verify that these are the trust anchors that were meant; where peers and we have \
                 different CAs, set `self_trust` to \"skip\"",
            );
        }
        _ => return None,
    };
    Some(match problem {
        SettingProblem::EmptyVersions => {
            "name \"tls1.2\", \"tls1.3\" or both, or leave the field out"
        }
        SettingProblem::MaxAgeTooLong { .. } => "give at most \"24h\": no session is kept longer",
        SettingProblem::NoObserver => {
            "leave it out: the service takes no events, and nothing would show what it finds"
        }
        SettingProblem::RejectAfterTooShort { .. } => {
            "give `reject_after` a time longer than `poll_interval`, for several attempts"
        }
        SettingProblem::ServerSpiffeOnServer => "write `allow` on a server",
        SettingProblem::ZeroHandshakeTimeout
        | SettingProblem::ZeroMaxAge
        | SettingProblem::ZeroPollInterval => "give it a time above zero, such as \"10s\"",
        _ => return None,
    })
}
