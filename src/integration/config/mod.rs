//! Clients and servers that operators configure: by files in TOML, YAML and JSON, or by the
//! environment.
//!
//! ```no_run
//! use mtls::config::ServerConfig;
//! use mtls::{Event, Report, Rustls};
//!
//! let config = ServerConfig::from_file("service.toml", "tls")?;
//! let observed = config.builder()?.observer(|event| match event {
//!     Event::ReloadFailed(failure) => eprintln!("{}", Report::new(*failure)),
//!     _ => {}
//! });
//! let server = observed.build(Rustls::default())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ```toml
#![doc = include_str!("example.toml")]
//! ```
//!
//! - **Nothing goes unenforced.** An unknown field, a contradiction, an empty policy, and a setting
//!   that the backend cannot enforce are errors. Each names the field, and its line and column.
//! - **Files are followed**: the configuration itself, and all files and directories that it names.
//!   A change becomes a rotation, all or nothing. Fields that cannot change while the service runs
//!   (the versions, ALPN, limits) make the reload fail
//!   ([`NeedsRestart`](ConfigProblem::NeedsRestart)); what was in force stays.
//! - **Relative paths** belong to the folder of the configuration's file; without a file, to the
//!   current directory.
//! - **Secrets** are shown by neither `Debug` nor an error. A configuration that is serialized
//!   shows where they come from instead.
//! - **Other formats**: both types implement `Deserialize`, so they can be fields of a service's
//!   own configuration. Errors come from the format's library then, and the configuration's own
//!   file is not followed; the files that it names are.
//!
//! [`ServerConfig::JSON_SCHEMA`] and [`ClientConfig::JSON_SCHEMA`] are for editors. The guide
//! [`configuration`](crate::guides::configuration) has all fields and the variables of the
//! environment.

mod build;
mod document;
mod environment;
mod error;
mod fields;
mod material;
mod origin;
mod reading;
#[cfg(test)]
mod schema;
mod source;
mod watched;

pub use document::Format;
pub use error::{ConfigError, ConfigProblem};
pub use fields::settings::{ClientConfig, ServerConfig};
pub use material::ConfigMaterial;

/// Returns the hint of one of these errors.
pub(crate) fn hint_of<'a>(
    error: &'a (dyn core::error::Error + 'static),
) -> Option<std::borrow::Cow<'a, str>> {
    if let Some(error) = error.downcast_ref::<ConfigError>() {
        return Some(error.hint());
    }
    // A source shares its error between attempts.
    Some(error.downcast_ref::<std::sync::Arc<ConfigError>>()?.hint())
}
