//! What ordinary CAs make, with one fault that bears on trust: accepted without the fault, and
//! rejected with it for its own reason.

use mtls::pki_types::CertificateDer;
use mtls::policy::{CertificateProfile, RevocationDepth};
use mtls::{
    BuildError, HandshakeError, RejectionReason as Reason, RevocationLists, RevocationRules,
};

use crate::common::raw::{Tool, Version};
use crate::issued::{CertifiedKey, Issued, Unaccepted, algorithms, in_words};
use crate::meetings::{Failed, World, meet_client, servers};
use crate::private_cas;
use crate::reissue::{CERTIFICATES_AND_LISTS, Draft, another_key, list_with};
use crate::tools;

/// What a fault does to what was issued, and with it what has to come of it.
struct Fault {
    name: &'static str,
    /// The same change without the fault: it has to be accepted.
    control: fn(&Issued) -> Changed,
    faulty: fn(&Issued) -> Changed,
    expected: Expected,
}

#[derive(Clone, Copy)]
enum Expected {
    Rejected(Reason),
    /// No anchor can prove a peer: nothing is built.
    NotBuilt,
}

struct Changed {
    issued: Issued,
    lists: Option<RevocationLists>,
}

const FAULTS: &[Fault] = &[
    Fault {
        name: "the leaf has expired",
        control: |issued| leaf(issued, |leaf| leaf),
        faulty: |issued| leaf(issued, Draft::expired),
        expected: Expected::Rejected(Reason::Expired),
    },
    Fault {
        name: "another key signed the leaf",
        control: |issued| leaf(issued, |leaf| leaf),
        faulty: |issued| {
            let mut issued = issued.clone();
            let key = another_key(&issuer(&issued).key, "Mallory").key;
            issued.leaf.certificate = Draft::of(&issued.leaf.certificate).signed_by(&key);
            issued.into()
        },
        expected: Expected::Rejected(Reason::UnknownIssuer),
    },
    Fault {
        name: "the leaf is for e-mail",
        control: |issued| leaf(issued, |leaf| leaf),
        faulty: |issued| leaf(issued, Draft::for_email),
        expected: Expected::Rejected(Reason::WrongExtendedKeyUsage),
    },
    Fault {
        name: "the anchor has no CA flag",
        control: |issued| anchor(issued.clone(), |anchor| anchor),
        faulty: |issued| anchor(issued.clone(), Draft::not_a_ca),
        expected: Expected::NotBuilt,
    },
    Fault {
        name: "the anchor says that it is no CA's",
        control: |issued| anchor(issued.clone(), |anchor| anchor),
        faulty: |issued| anchor(issued.clone(), Draft::denies_to_be_a_ca),
        expected: Expected::NotBuilt,
    },
    Fault {
        name: "an intermediate says that it is no CA's",
        control: |issued| below(issued, |below| below),
        faulty: |issued| below(issued, Draft::denies_to_be_a_ca),
        expected: Expected::Rejected(Reason::IssuerNotCa),
    },
    Fault {
        name: "an intermediate has no CA flag",
        control: |issued| below(issued, |below| below),
        faulty: |issued| below(issued, Draft::not_a_ca),
        expected: Expected::Rejected(Reason::IssuerNotCa),
    },
    Fault {
        name: "an intermediate may not sign certificates",
        control: |issued| below(issued, |below| below),
        faulty: |issued| below(issued, |below| below.key_usage(b"\x03\x02\x07\x80")),
        expected: Expected::Rejected(Reason::UnknownIssuer),
    },
    Fault {
        name: "an intermediate has expired",
        control: |issued| below(issued, |below| below),
        faulty: |issued| below(issued, Draft::expired),
        expected: Expected::Rejected(Reason::Expired),
    },
    Fault {
        name: "an intermediate is for e-mail",
        control: |issued| below(issued, |below| below),
        faulty: |issued| below(issued, Draft::for_email),
        expected: Expected::Rejected(Reason::WrongExtendedKeyUsage),
    },
    Fault {
        name: "one intermediate too many",
        control: |issued| one_more(issued, 1),
        faulty: |issued| one_more(issued, 0),
        expected: Expected::Rejected(Reason::PathLengthExceeded),
    },
    Fault {
        name: "the anchor's constraints exclude a name",
        control: |issued| constrained_anchor(issued, "other.server.test"),
        faulty: |issued| constrained_anchor(issued, "excluded.server.test"),
        expected: Expected::Rejected(Reason::NameConstraintViolated),
    },
    Fault {
        name: "an intermediate's constraints, which are not critical, exclude a name",
        control: |issued| constrained_below(issued, "other.server.test"),
        faulty: |issued| constrained_below(issued, "excluded.server.test"),
        expected: Expected::Rejected(Reason::NameConstraintViolated),
    },
    Fault {
        name: "the leaf is revoked",
        control: |issued| listed(issued, &issued.cas[0].certificate),
        faulty: |issued| listed(issued, &issued.leaf.certificate),
        expected: Expected::Rejected(Reason::Revoked),
    },
];

#[test]
fn a_fault_is_rejected_for_its_own_reason() {
    let by_recipe = private_cas::by_recipe()
        .iter()
        .step_by(private_cas::KEYS.len());
    let all: Vec<_> = by_recipe.chain(tools::issued()).collect();
    let mut wrong = Vec::new();
    let mut count = 0;
    for &issued in &all {
        for fault in FAULTS {
            for (what, changed, expected) in [
                ("control", (fault.control)(issued), None),
                ("faulty", (fault.faulty)(issued), Some(fault.expected)),
            ] {
                for (library, algorithms) in algorithms() {
                    let profile = CertificateProfile::default();
                    let lists = changed.lists.as_ref();
                    for verdict in changed.issued.verify(profile, lists, &algorithms) {
                        count += 1;
                        if !is_as_expected(&verdict, expected) {
                            let (maker, fault) = (&issued.name, fault.name);
                            let verdict = in_words(&verdict);
                            wrong.push(format!("{maker}: {fault}, {what}, {library}: {verdict}"));
                        }
                    }
                }
            }
        }
    }
    println!("{} certificates, {count} verdicts", all.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A sample of the clients, by every server of ours in both versions.
#[test]
fn a_fault_is_rejected_over_sockets() {
    let by_recipe = private_cas::by_recipe()
        .iter()
        .step_by(private_cas::KEYS.len());
    let clients = by_recipe
        .chain(tools::issued())
        .filter(|issued| issued.is_client());
    let mut wrong = Vec::new();
    for issued in clients.step_by(5) {
        for fault in FAULTS {
            let changed = (fault.faulty)(issued);
            let mut policy = issued.policy_for_clients();
            if changed.lists.is_some() {
                policy = policy.revocation(RevocationRules::require(RevocationDepth::Leaf));
            }
            let world = World::new(&changed.issued.anchors(), policy).with_lists(changed.lists);
            let credential = changed.issued.credential();
            for (server, accept) in servers() {
                for version in Version::ALL {
                    let result = meet_client(accept, &world, version, Tool::RUSTLS, &credential);
                    let verdict = result.map(drop).map_err(|failed| match failed {
                        Failed::Built(error) => Ok(Unaccepted::Built(error)),
                        Failed::Handshake(HandshakeError::Rejected(rejection)) => {
                            Ok(Unaccepted::Rejected("as a client", rejection))
                        }
                        Failed::Handshake(error) => Err(error.to_string()),
                    });
                    let verdict = match verdict {
                        Ok(()) => Ok(()),
                        Err(Ok(unaccepted)) => Err(unaccepted),
                        Err(Err(error)) => panic!("{}, {}: {error}", issued.name, fault.name),
                    };
                    if !is_as_expected(&verdict, Some(fault.expected)) {
                        let (maker, fault) = (&issued.name, fault.name);
                        let verdict = in_words(&verdict);
                        wrong.push(format!(
                            "{maker}: {fault}, {server}, {version:?}: {verdict}"
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn is_as_expected(verdict: &Result<(), Unaccepted>, expected: Option<Expected>) -> bool {
    match (verdict, expected) {
        (Ok(()), None) => true,
        (Err(Unaccepted::Rejected(_, rejection)), Some(Expected::Rejected(reason))) => {
            rejection.reason() == reason
        }
        (Err(Unaccepted::Built(error)), Some(Expected::NotBuilt)) => {
            matches!(error, BuildError::UnusableTrustAnchors { .. })
        }
        _ => false,
    }
}

impl From<Issued> for Changed {
    fn from(issued: Issued) -> Self {
        Self {
            issued,
            lists: None,
        }
    }
}

/// Who issued the leaf.
fn issuer(issued: &Issued) -> &CertifiedKey {
    issued.cas.last().unwrap()
}

/// With the leaf changed, signed by its issuer.
fn leaf(issued: &Issued, change: impl Fn(Draft) -> Draft) -> Changed {
    let mut issued = issued.clone();
    let draft = change(Draft::of(&issued.leaf.certificate));
    issued.leaf.certificate = draft.signed_by(&issuer(&issued).key);
    issued.into()
}

/// With the anchor changed, signed by itself.
fn anchor(mut issued: Issued, change: impl Fn(Draft) -> Draft) -> Changed {
    let anchor = &mut issued.cas[0];
    anchor.certificate = change(Draft::of(&anchor.certificate)).signed_by(&anchor.key);
    issued.into()
}

/// With an intermediate of its own above the leaf, which no path length above forbids.
fn below(issued: &Issued, change: impl Fn(Draft) -> Draft) -> Changed {
    let mut issued = issued.clone();
    for index in 0..issued.cas.len() {
        let draft = Draft::of(&issued.cas[index].certificate).ca(None);
        let key = issued.cas[index.saturating_sub(1)].key.clone_key();
        issued.cas[index].certificate = draft.signed_by(&key);
    }
    let issuer = issuer(&issued).clone();
    let mut below = another_key(&issuer.key, "Below");
    let draft = Draft::of(&issuer.certificate).below(&below);
    below.certificate = change(draft.clone()).signed_by(&issuer.key);
    let leaf = Draft::of(&issued.leaf.certificate).issued_by(&draft);
    issued.leaf.certificate = leaf.signed_by(&below.key);
    issued.cas.push(below);
    issued.into()
}

/// With one more intermediate, and an anchor that allows those that were there and so many more.
fn one_more(issued: &Issued, more: u8) -> Changed {
    let allowed = u8::try_from(issued.cas.len() - 1).unwrap() + more;
    let changed = below(issued, |below| below);
    anchor(changed.issued, |anchor| anchor.ca(Some(allowed)))
}

fn constrained_anchor(issued: &Issued, name: &str) -> Changed {
    let changed = leaf(issued, |leaf| leaf.named(name));
    anchor(changed.issued, |anchor| {
        anchor.excludes("excluded.server.test", true)
    })
}

fn constrained_below(issued: &Issued, name: &str) -> Changed {
    let changed = leaf(issued, |leaf| leaf.named(name));
    below(&changed.issued, |below| {
        below.excludes("excluded.server.test", false)
    })
}

/// With a list of the leaf's issuer that this certificate is on.
fn listed(issued: &Issued, revoked: &CertificateDer<'_>) -> Changed {
    let mut changed = Changed::from(issued.clone());
    if issued.cas.len() == 1 {
        // Some say that they make no lists.
        changed = anchor(changed.issued, |anchor| {
            anchor.key_usage(CERTIFICATES_AND_LISTS)
        });
    }
    changed.lists = Some(list_with(issuer(issued), revoked));
    changed
}
