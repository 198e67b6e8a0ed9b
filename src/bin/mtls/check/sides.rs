//! The verdict of a peer about us, as a client and as a server.

use mtls::connection::Side;
use mtls::material::{AlternativeName, CertificateDescription, IdentityWarning};
use mtls::pki_types::{ServerName, UnixTime};
use mtls::{PeerVerifier, Rejection, RejectionReason};
use serde::{Serialize, Serializer};

use super::subject::Subject;
use crate::output::Finding;

/// The most names that are tried.
const MAX_NAMES: usize = 64;
/// A name that no certificate has (RFC 6761, section 6.4).
const NO_NAME: &str = "name.invalid";

/// What a peer decides, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Good,
    Unknown,
    Rejected,
}

/// What a peer decides about us on one side.
#[derive(Serialize)]
pub(super) struct SideReport {
    #[serde(serialize_with = "side_name")]
    pub(super) side: Side,
    pub(super) verdict: Verdict,
    /// Whether the identity has to be good for this side.
    pub(super) is_meant: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
    /// The names by which clients reach us.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) names: Vec<NameReport>,
    #[serde(skip)]
    pub(super) finding: Option<Finding>,
    /// Whether its message is that of a finding.
    #[serde(skip)]
    pub(super) is_found: bool,
}

#[derive(Serialize)]
pub(super) struct NameReport {
    pub(super) name: String,
    pub(super) verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'static str>,
}

impl NameReport {
    fn is_rejected(&self) -> bool {
        self.verdict == Verdict::Rejected
    }
}

/// An identity, and what each side of it is verified with.
pub(super) struct SideChecks<'a> {
    pub(super) subject: &'a Subject,
    pub(super) leaf: Option<&'a CertificateDescription>,
    pub(super) server_name: Option<&'a ServerName<'static>>,
    pub(super) at: UnixTime,
}

impl SideChecks<'_> {
    /// Returns the verdict of a peer with this verifier; without one, what the leaf itself shows.
    pub(super) fn side(&self, side: Side, verifier: Option<&PeerVerifier>) -> SideReport {
        let Some(verifier) = verifier else {
            return self.by_the_leaf(side);
        };
        let chain = self.subject.identity.chain().as_slice();
        let mut names = Vec::new();
        let rejection = match side {
            Side::Client => verifier.verify_client(chain, self.at).err(),
            Side::Server => {
                let (found, rejection) = self.server(verifier);
                names = found;
                rejection
            }
        };
        match rejection {
            Some(rejection) if self.is_not_about_us(&rejection) => SideReport {
                reason: Some(rejection.reason().as_str()),
                message: Some(
                    "the trust anchors for our peers do not prove our own certificate".to_owned(),
                ),
                names: Vec::new(),
                ..SideReport::new(side, Verdict::Unknown)
            },
            Some(rejection) => SideReport {
                names,
                ..SideReport::rejected(side, Finding::from(&rejection))
            },
            None if !names.is_empty() && names.iter().all(NameReport::is_rejected) => SideReport {
                names,
                ..SideReport::rejected(
                    side,
                    Finding::fault(
                        RejectionReason::MalformedName.as_str(),
                        "no name of the certificate is one by which clients reach servers",
                    )
                    .hint("have it issued with the DNS name of the server"),
                )
            },
            None if self.subject.trust.is_none() => SideReport::new(side, Verdict::Unknown),
            None => SideReport {
                names,
                ..SideReport::new(side, Verdict::Good)
            },
        }
    }

    /// Returns whether a configuration's anchors are for another CA than ours, as they may be.
    fn is_not_about_us(&self, rejection: &Rejection) -> bool {
        self.subject.configuration.is_some()
            && matches!(
                rejection.reason(),
                RejectionReason::UnknownIssuer | RejectionReason::UnknownTrustDomain
            )
    }

    /// Verifies us by each name; the rejection is the first one.
    fn server(&self, verifier: &PeerVerifier) -> (Vec<NameReport>, Option<Rejection>) {
        let chain = self.subject.identity.chain().as_slice();
        let (mut reports, mut first) = (Vec::new(), None);
        for (name, server_name) in self.names() {
            let result = server_name.map(|name| verifier.verify_server(chain, &name, self.at));
            let (verdict, rejection) = match result {
                None => {
                    reports.push(NameReport {
                        name,
                        verdict: Verdict::Rejected,
                        reason: Some(RejectionReason::MalformedName.as_str()),
                    });
                    continue;
                }
                Some(Ok(_)) => (Verdict::Good, None),
                Some(Err(rejection)) => (Verdict::Rejected, Some(rejection)),
            };
            reports.push(NameReport {
                name,
                verdict,
                reason: rejection
                    .as_ref()
                    .map(|rejection| rejection.reason().as_str()),
            });
            first = first.or(rejection);
        }
        if reports.is_empty() {
            let nameless = ServerName::try_from(NO_NAME).ok();
            let result = nameless.map(|name| verifier.verify_server(chain, &name, self.at));
            first = result.and_then(Result::err);
            // A peer of SPIFFE is known by its ID, and names are compared last.
            let is_name = |r: &Rejection| r.reason() == RejectionReason::NameMismatch;
            if self.has_spiffe_id() && first.as_ref().is_some_and(is_name) {
                first = None;
            }
        }
        (reports, first)
    }

    /// Returns the names to try, each with its form in a handshake if it has one.
    fn names(&self) -> Vec<(String, Option<ServerName<'static>>)> {
        if let Some(name) = self.server_name {
            return vec![(name.to_str().into_owned(), Some(name.clone()))];
        }
        let names = self.leaf.map_or(&[][..], |leaf| &leaf.names);
        let names = names.iter().filter_map(|name| match name {
            AlternativeName::Dns(name) => {
                let one = name.strip_prefix("*.").map(|rest| format!("any.{rest}"));
                let one = one.unwrap_or_else(|| name.clone());
                Some((name.clone(), ServerName::try_from(one).ok()))
            }
            AlternativeName::Ip(address) => Some((
                address.to_string(),
                Some(ServerName::IpAddress((*address).into())),
            )),
            _ => None,
        });
        names.take(MAX_NAMES).collect()
    }

    fn has_spiffe_id(&self) -> bool {
        let names = self.leaf.map_or(&[][..], |leaf| &leaf.names);
        let is_spiffe = |name: &AlternativeName| matches!(name, AlternativeName::Uri(uri) if uri.starts_with("spiffe://"));
        names.iter().any(is_spiffe)
    }

    /// Returns what the leaf shows without an issuer.
    fn by_the_leaf(&self, side: Side) -> SideReport {
        let Some(leaf) = self.leaf else {
            return SideReport::new(side, Verdict::Unknown);
        };
        let purpose = purpose(side);
        let mut warnings = self.subject.identity.warnings().iter();
        let rejected = warnings.find(|warning| {
            matches!(
                warning,
                IdentityWarning::RejectedLeaf { .. } | IdentityWarning::X509V1Leaf { .. }
            )
        });
        let is_listed = |purposes: &Vec<String>| purposes.iter().any(|one| one == purpose);
        if let Some(purposes) = leaf.extended_key_usages.as_ref().filter(|p| !is_listed(p)) {
            let missing = IdentityWarning::MissingPurpose {
                subject: leaf.subject.clone(),
                missing: purpose,
                listed: purposes.join(", "),
            };
            let reason = RejectionReason::WrongExtendedKeyUsage.as_str();
            let finding = Finding::fault(reason, missing.to_string()).hint(missing.hint());
            return SideReport::rejected(side, finding);
        }
        if let Some(warning) = rejected {
            let finding = Finding::fault(warning.as_str(), warning.to_string());
            return SideReport::rejected(side, finding.hint(warning.hint()));
        }
        SideReport::new(side, Verdict::Unknown)
    }
}

impl SideReport {
    fn new(side: Side, verdict: Verdict) -> Self {
        Self {
            side,
            verdict,
            is_meant: false,
            reason: None,
            message: None,
            names: Vec::new(),
            finding: None,
            is_found: false,
        }
    }

    fn rejected(side: Side, finding: Finding) -> Self {
        Self {
            reason: Some(finding.reason),
            message: Some(finding.message.clone()),
            finding: Some(finding),
            ..Self::new(side, Verdict::Rejected)
        }
    }
}

/// Returns the extended key usage of a side (RFC 5280, section 4.2.1.12).
pub(super) fn purpose(side: Side) -> &'static str {
    match side {
        Side::Client => "clientAuth",
        Side::Server => "serverAuth",
    }
}

fn side_name<S: Serializer>(side: &Side, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(side.as_str())
}
