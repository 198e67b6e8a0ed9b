//! The arguments as the configuration of a service, which follows its files.

use std::path::{Path, PathBuf};

use mtls::config::{ClientConfig, Format, ServerConfig};
use mtls::connection::Side;
use serde_json::{Map, Value, json};

use super::material::{CA_FILE, CERT_FILE, KEY_FILE, MaterialArguments, given};
use crate::output::Finding;

impl MaterialArguments {
    /// Returns the configuration of a server. Without a file, arguments give a policy.
    pub(crate) fn server_config(&self) -> Result<ServerConfig, Box<Finding>> {
        if let Some((file, section)) = self.configuration(Side::Server) {
            return ServerConfig::from_file(file, section).map_err(Finding::boxed);
        }
        if self.policy.is_none() {
            return Err(missing(
                "missing_policy",
                "the policy",
                "--policy or --config",
            ));
        }
        ServerConfig::from_text(&self.document()?, Format::Json, "").map_err(Finding::boxed)
    }

    /// Returns the configuration of a client.
    pub(crate) fn client_config(&self) -> Result<ClientConfig, Box<Finding>> {
        if let Some((file, section)) = self.configuration(Side::Client) {
            return ClientConfig::from_file(file, section).map_err(Finding::boxed);
        }
        ClientConfig::from_text(&self.document()?, Format::Json, "").map_err(Finding::boxed)
    }

    /// Writes the arguments as the text of a configuration.
    fn document(&self) -> Result<String, Box<Finding>> {
        let Some(chain) = given(self.cert.as_deref(), CERT_FILE) else {
            return Err(missing(
                "missing_identity",
                "our certificate",
                "--cert or --config",
            ));
        };
        let mut anchors = self.cacert.clone();
        if anchors.is_empty() {
            anchors.extend(given(None, CA_FILE));
        }
        if anchors.is_empty() {
            let argument = "--cacert or --config";
            return Err(missing(
                "missing_trust_anchors",
                "the trust anchors",
                argument,
            ));
        }
        let mut identity = Map::new();
        match given(self.key.as_deref(), KEY_FILE) {
            Some(key) => {
                identity.insert("chain".to_owned(), text(&chain)?.into());
                identity.insert("key".to_owned(), text(&key)?.into());
            }
            None => {
                identity.insert("file".to_owned(), text(&chain)?.into());
            }
        }
        if let Some(file) = &self.passphrase_file {
            identity.insert("passphrase".to_owned(), json!({ "file": text(file)? }));
        }
        let mut document = Map::new();
        document.insert("identity".to_owned(), identity.into());
        document.insert("trust_anchors".to_owned(), inputs(&anchors)?);
        document.insert("live_connections".to_owned(), "close".into());
        let mut policy = Map::new();
        if let Some(matcher) = &self.policy {
            policy.insert("allow".to_owned(), matcher.to_string().into());
        }
        if !self.crl.is_empty() {
            document.insert("revocation_lists".to_owned(), inputs(&self.crl)?);
            let depth = json!({ "depth": self.crl_depth.as_str() });
            policy.insert("revocation".to_owned(), depth);
        }
        if !policy.is_empty() {
            document.insert("policy".to_owned(), policy.into());
        }
        Ok(Value::from(document).to_string())
    }
}

/// Returns the paths as inputs of a configuration. They belong to the current directory.
fn inputs(paths: &[PathBuf]) -> Result<Value, Box<Finding>> {
    let inputs = paths.iter().map(|path| {
        let kind = if path.is_dir() { "directory" } else { "file" };
        Ok(json!({ kind: text(path)? }))
    });
    Ok(inputs.collect::<Result<Vec<_>, Box<Finding>>>()?.into())
}

fn text(path: &Path) -> Result<String, Box<Finding>> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.to_str().map(str::to_owned).ok_or_else(|| {
        let message = format!("the path {} is not UTF-8", path.display());
        Box::new(Finding::fault("path_not_utf8", message).hint("give it a name in UTF-8"))
    })
}

fn missing(reason: &'static str, what: &str, argument: &str) -> Box<Finding> {
    Box::new(
        Finding::usage(reason, format!("{what} is missing")).hint(format!("give it by {argument}")),
    )
}
