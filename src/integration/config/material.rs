//! What a configuration gives to a revision, and its contradictions.

use super::document::field_path::{Fault, FieldPath};
use super::error::{ConfigError, ConfigProblem};
use super::fields::input::Inputs;
use super::fields::settings::Shared;
use super::watched::Watched;
use crate::material::{Loader, RevocationLists, TrustAnchors};
use crate::policy::TrustBundles;
use crate::policy::matcher::PeerMatcher;
use crate::rotation::Rotation;

impl Shared<'_> {
    /// Checks what can be checked without reading files.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let checked = self.contradiction().and_then(|()| self.matchers());
        checked.map_err(|fault| self.origin.error(fault))
    }

    fn matchers(&self) -> Result<(), Fault> {
        if let Some(policy) = self.policy {
            policy.policy(&field("policy"), None)?;
        }
        if let Some(policy) = self.shadow_policy {
            policy.policy(&field("shadow_policy"), None)?;
        }
        Ok(())
    }

    fn contradiction(&self) -> Result<(), Fault> {
        self.identity.parts(&field("identity"))?;
        match (self.trust_anchors, self.trust_bundles) {
            (Some(_), Some(_)) => {
                let other = "trust_bundles";
                return Err((field("trust_anchors"), ConfigProblem::Conflict { other }));
            }
            (None, None) => return Err((field("trust_anchors"), ConfigProblem::Missing)),
            _ => {}
        }
        let has_rules = |policy: Option<&super::fields::policy::PolicyConfig>| {
            policy.is_some_and(super::fields::policy::PolicyConfig::has_revocation_rules)
        };
        let rules = has_rules(self.policy) || has_rules(self.shadow_policy);
        match (self.revocation_lists, rules) {
            (Some(_), false) => {
                let rules = field("policy").key("revocation");
                Err((rules, ConfigProblem::ListsWithoutRules))
            }
            (None, true) => Err((field("revocation_lists"), ConfigProblem::Missing)),
            _ => Ok(()),
        }
    }

    /// Returns everything that it names, loaded.
    pub(super) fn load(&self) -> Result<Rotation, ConfigError> {
        self.rotation().map_err(|fault| self.origin.error(fault))
    }

    fn rotation(&self) -> Result<Rotation, Fault> {
        let base = self.origin.base();
        let loader = Loader::new();
        let mut rotation = Rotation::new();
        if let Some(policy) = self.policy {
            rotation = rotation.policy(policy.policy(&field("policy"), Some(&base))?);
        }
        if let Some(policy) = self.shadow_policy {
            rotation = rotation.shadow_policy(policy.policy(&field("shadow_policy"), Some(&base))?);
        }
        let anchors = |inputs: &Inputs, at: FieldPath| {
            let parts = inputs.load(&at, &base, |input| loader.load_anchors(input))?;
            TrustAnchors::join(parts).map_err(|error| (at, ConfigProblem::Material(error)))
        };
        if let Some(inputs) = self.trust_anchors {
            rotation = rotation.trust_anchors(anchors(inputs, field("trust_anchors"))?);
        }
        if let Some(bundles) = self.trust_bundles {
            let at = field("trust_bundles");
            let bundles = bundles.iter().map(|(domain, inputs)| {
                let anchors = anchors(inputs, at.clone().key(domain))?;
                Ok((domain.as_str(), anchors))
            });
            let bundles = bundles.collect::<Result<Vec<_>, Fault>>()?;
            let bundles = TrustBundles::new(bundles);
            let bundles = bundles.map_err(|error| (at, ConfigProblem::TrustBundles(error)))?;
            rotation = rotation.trust_bundles(bundles);
        }
        if let Some(inputs) = self.revocation_lists {
            let at = field("revocation_lists");
            let parts = inputs.load(&at, &base, |input| loader.load_revocation_lists(input))?;
            let lists = RevocationLists::join(parts);
            let lists = lists.map_err(|error| (at, ConfigProblem::Material(error)))?;
            rotation = rotation.revocation_lists(lists);
        }
        // Last, since its passphrase may cost a second.
        let at = field("identity");
        let mut identity = self.identity.load(&at, &base)?;
        let document = self.origin.document.as_ref();
        // Then the file of the configuration is that of the key.
        if self.identity.is_in_configuration()
            && let Some(exposure) = document.and_then(super::document::Document::exposure)
        {
            let exposed = identity.exposed(Some(exposure.clone()));
            identity = exposed.map_err(|error| (at, ConfigProblem::Material(error)))?;
        }
        Ok(rotation.identity(identity))
    }

    /// Returns every file and folder that it is read from.
    pub(super) fn watched(&self) -> Vec<Watched> {
        let base = self.origin.base();
        let mut watched = Vec::new();
        let document = self.origin.document.as_ref();
        if let Some(path) = document.and_then(super::document::Document::path) {
            watched.push(Watched::file(path.to_owned(), super::document::MAX_BYTES));
        }
        self.identity.watch(&base, &mut watched);
        let bundles = self
            .trust_bundles
            .into_iter()
            .flat_map(|bundles| bundles.values());
        for anchors in self.trust_anchors.into_iter().chain(bundles) {
            anchors.watch(&base, TrustAnchors::MAX_INPUT_BYTES, &mut watched);
        }
        if let Some(lists) = self.revocation_lists {
            lists.watch(&base, RevocationLists::MAX_INPUT_BYTES, &mut watched);
        }
        let mut files = Vec::new();
        for policy in self.policy.into_iter().chain(self.shadow_policy) {
            policy.files(&base, &mut files);
        }
        let files = files.into_iter();
        watched.extend(files.map(|path| Watched::file(path, PeerMatcher::MAX_TEXT_BYTES)));
        watched
    }
}

fn field(name: &str) -> FieldPath {
    FieldPath::default().key(name)
}
