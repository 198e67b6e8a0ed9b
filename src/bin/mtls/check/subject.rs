//! What is checked: an identity and what goes with it, from files or a configuration.

use std::path::Path;

use mtls::config::{ClientConfig, ConfigError, ConfigProblem, ServerConfig};
use mtls::connection::Side;
use mtls::policy::{RevocationDepth, Trust};
use mtls::{
    MtlsIdentity, PeerVerifier, RevocationLists, RevocationRules, Rustls, TrustAnchors,
    VerifierPolicy,
};
use serde::Serialize;

use crate::arguments::{Material, MaterialArguments};
use crate::output::Finding;

/// An identity, the sides that it is checked for, and what it is checked against.
pub(super) struct Subject {
    pub(super) configuration: Option<ConfigurationName>,
    pub(super) sides: Vec<Side>,
    pub(super) identity: MtlsIdentity,
    pub(super) trust: Option<Trust>,
    pub(super) revocation_lists: Option<RevocationLists>,
    /// Whether the service rejects every peer whose list is stale.
    pub(super) needs_current_lists: bool,
    /// What a peer asks of us, if that is known.
    policy: Option<VerifierPolicy>,
}

/// The file of a configuration and the section in it.
#[derive(Clone, Serialize)]
pub(super) struct ConfigurationName {
    pub(super) file: String,
    pub(super) section: String,
}

/// Loads what the arguments name; the findings are the faults of what cannot be used.
pub(super) fn load(
    arguments: &MaterialArguments,
    side: Option<Side>,
) -> (Vec<Subject>, Vec<Finding>) {
    if arguments.configuration(Side::Server).is_some() {
        return from_configuration(arguments, side);
    }
    let material = match arguments.load(Side::Client) {
        Ok(material) => material,
        Err(finding) => {
            let repair = repair(arguments, &finding);
            return (Vec::new(), [*finding].into_iter().chain(repair).collect());
        }
    };
    let sides = side.map_or_else(|| vec![Side::Client, Side::Server], |side| vec![side]);
    let Some(identity) = material.identity else {
        let finding = Finding::usage("missing_identity", "no identity is given")
            .hint("name it by `--cert FILE --key FILE`, or its configuration by `--config FILE`");
        return (Vec::new(), vec![finding]);
    };
    let subject = Subject {
        configuration: None,
        sides,
        identity,
        trust: material.trust,
        revocation_lists: material.revocation_lists,
        needs_current_lists: false,
        policy: material.policy,
    };
    (vec![subject], Vec::new())
}

/// Returns the note that a chain can be put in order.
fn repair(arguments: &MaterialArguments, fault: &Finding) -> Option<Finding> {
    let is_of_order = matches!(
        fault.reason,
        "duplicate_certificate"
            | "issuer_name_mismatch"
            | "leaf_not_first"
            | "missing_intermediate"
    );
    if !is_of_order {
        return None;
    }
    let repaired = arguments.repaired_identity()?;
    let repairs = repaired.warnings().iter();
    let repairs: Vec<_> = repairs.map(ToString::to_string).collect();
    let message = format!("the chain can be put in order: {}", repairs.join("; "));
    Some(
        Finding::note("repairable_chain", message)
            .hint("write the file anew in this order, or let the service do it at each start"),
    )
}

fn from_configuration(
    arguments: &MaterialArguments,
    side: Option<Side>,
) -> (Vec<Subject>, Vec<Finding>) {
    let sides = side.map_or_else(|| vec![Side::Server, Side::Client], |side| vec![side]);
    // A section that is named is for one side, and its fields show which.
    let is_named = named(arguments, Side::Server) == named(arguments, Side::Client);
    let (mut subjects, mut findings, mut absent) = (Vec::new(), Vec::new(), Vec::new());
    for side in sides {
        let Some((file, section)) = arguments.configuration(side) else {
            continue;
        };
        match of_side(file, section, side) {
            Ok(subject) => {
                subjects.push(subject);
                if is_named {
                    return (subjects, Vec::new());
                }
            }
            Err(ConfigurationFault::NoSection(finding)) => absent.push(*finding),
            Err(ConfigurationFault::Other(finding)) => findings.push(*finding),
        }
    }
    if subjects.is_empty() && findings.is_empty() {
        findings = absent;
    }
    if is_named {
        // The fault of the server's reading; that of the client's is about the same text.
        findings.truncate(1);
    }
    (subjects, findings)
}

fn named(arguments: &MaterialArguments, side: Side) -> Option<&str> {
    Some(arguments.configuration(side)?.1)
}

enum ConfigurationFault {
    NoSection(Box<Finding>),
    Other(Box<Finding>),
}

/// Reads a section for a side, builds the client or server, and loads what it names.
fn of_side(file: &Path, section: &str, side: Side) -> Result<Subject, ConfigurationFault> {
    let fault = |error: ConfigError| {
        let is_absent =
            matches!(error.problem(), ConfigProblem::Missing) && error.field().path() == section;
        let finding = Box::new(Finding::of_error(&error));
        if is_absent {
            ConfigurationFault::NoSection(finding)
        } else {
            ConfigurationFault::Other(finding)
        }
    };
    let unbuilt = |error| ConfigurationFault::Other(Box::new(Finding::of_error(&error)));
    let (material, needs_current_lists) = if side == Side::Server {
        let config = ServerConfig::from_file(file, section).map_err(fault)?;
        let builder = config.builder().map_err(fault)?;
        builder.build(Rustls::default()).map_err(unbuilt)?;
        (config.load().map_err(fault)?, needs_current_lists(&config))
    } else {
        let config = ClientConfig::from_file(file, section).map_err(fault)?;
        let builder = config.builder().map_err(fault)?;
        builder.build(Rustls::default()).map_err(unbuilt)?;
        (config.load().map_err(fault)?, needs_current_lists(&config))
    };
    Ok(Subject {
        configuration: Some(ConfigurationName {
            file: file.display().to_string(),
            section: section.to_owned(),
        }),
        sides: vec![side],
        identity: material.identity,
        trust: Some(material.trust),
        revocation_lists: material.revocation_lists,
        needs_current_lists,
        // Its policy is about peers, not about us.
        policy: None,
    })
}

/// Whether the policy of a configuration rejects peers of a CA whose list is stale.
fn needs_current_lists(config: &impl Serialize) -> bool {
    let Ok(config) = serde_json::to_value(config) else {
        return true;
    };
    config.pointer("/policy/revocation").is_some_and(|rules| {
        rules.get("danger_allow_stale_lists") != Some(&serde_json::Value::Bool(true))
    })
}

impl Subject {
    /// Returns the verifier of a peer with the same trust, or with our top CA as its anchor.
    pub(super) fn verifier(&self) -> (Option<PeerVerifier>, Vec<Finding>) {
        let Some(trust) = &self.trust else {
            return (self.verifier_by_own_ca(), Vec::new());
        };
        let material = Material {
            identity: None,
            trust: Some(trust.clone()),
            revocation_lists: self.revocation_lists.clone(),
            policy: self.policy.clone().or_else(|| self.rules()),
            server_name: None,
            chain_file: None,
        };
        match material.verifier() {
            Ok(verifier) => (Some(verifier), Vec::new()),
            Err(finding) => (None, vec![*finding]),
        }
    }

    /// Returns rules for lists that are about peers: what they list is revoked, and we need not be
    /// covered.
    fn rules(&self) -> Option<VerifierPolicy> {
        self.revocation_lists.as_ref()?;
        let rules = RevocationRules::require(RevocationDepth::Chain)
            .danger_allow_unknown_status()
            .danger_allow_stale_lists();
        Some(VerifierPolicy::allow_any_authenticated().revocation(rules))
    }

    /// Returns a verifier that trusts our last certificate, which shows what is wrong below it.
    fn verifier_by_own_ca(&self) -> Option<PeerVerifier> {
        let [_, .., top] = self.identity.chain().as_slice() else {
            return None;
        };
        let anchors = TrustAnchors::from_der([top.clone()]).ok()?;
        let algorithms = Rustls::default().signature_algorithms().ok()?;
        let policy = VerifierPolicy::allow_any_authenticated();
        PeerVerifier::new(anchors, policy, algorithms).ok()
    }
}
