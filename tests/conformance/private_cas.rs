//! Chains in the shape that ordinary private CAs give them by default: every backend accepts them.

use std::sync::LazyLock;

use mtls::policy::CertificateProfile;
use mtls::{RejectionReason, VerifierPolicy};

use crate::common::raw::{Tool, Version};
use crate::issued::{Issued, Unaccepted, algorithms, in_words};
use crate::meetings::{World, clients, meet_client, meet_server, servers};
use crate::recipes::{self, Ca, Leaf};
use crate::tools;
use crate::workshop::Workshop;

/// The kind of all keys of a chain.
pub(crate) struct Key {
    name: &'static str,
    options: &'static [&'static str],
    digest: &'static str,
}

pub(crate) const KEYS: &[Key] = &[
    Key {
        name: "P-256",
        options: &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        digest: "sha256",
    },
    Key {
        name: "P-521",
        options: &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
        digest: "sha512",
    },
    Key {
        name: "RSA",
        options: &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        digest: "sha256",
    },
];

/// What the recipes make by the openssl command, with each kind of key in turn, once for all tests.
/// Nothing where the command is missing.
pub(crate) fn by_recipe() -> &'static [Issued] {
    static ISSUED: LazyLock<Vec<Issued>> = LazyLock::new(|| make_all().unwrap_or_default());
    &ISSUED
}

fn make_all() -> Option<Vec<Issued>> {
    let workshops: Option<Vec<_>> = KEYS.iter().map(|_| Workshop::open()).collect();
    let workshops = workshops?;
    let kinds = || KEYS.iter().zip(&workshops);
    for (kind, workshop) in kinds() {
        for key in ["root", "intermediate", "leaf"] {
            workshop.openssl(&format!("genpkey -quiet -out {key}.key"), kind.options);
        }
    }
    let mut issued = Vec::new();
    for ca in recipes::all() {
        for (kind, workshop) in kinds() {
            make_ca(workshop, ca, kind);
        }
        for leaf in ca.leaves {
            issued.extend(kinds().map(|(kind, workshop)| make_leaf(workshop, ca, leaf, kind)));
        }
    }
    Some(issued)
}

/// Accepted up to the profile that it is for, and by none that is stricter.
#[test]
fn what_they_make_is_accepted() {
    use CertificateProfile::{Interoperable, Rfc5280};
    assert_accepted(by_recipe(), Interoperable, |_| true);
    assert_accepted(by_recipe(), Rfc5280, |issued| issued.profile == Rfc5280);
}

/// What other releases of a tool make may keep more of RFC 5280.
#[test]
fn what_their_tools_make_is_accepted() {
    assert_accepted(tools::issued(), CertificateProfile::default(), |_| true);
}

#[test]
fn lists_of_their_tools_revoke() {
    for list in tools::all().iter().flat_map(|made| &made.lists) {
        let lists = list
            .load()
            .unwrap_or_else(|error| panic!("{list:?}: {error}"));
        for (library, algorithms) in algorithms() {
            let profile = CertificateProfile::default();
            let verify = |issued: &Issued| issued.verify(profile, Some(&lists), &algorithms);
            for verdict in verify(&list.good) {
                verdict.unwrap_or_else(|error| panic!("{list:?}, {library}: {error}"));
            }
            for verdict in verify(&list.revoked) {
                let Err(Unaccepted::Rejected(_, rejection)) = verdict else {
                    panic!("{list:?}, {library}: {}", in_words(&verdict));
                };
                let reason = rejection.reason();
                assert_eq!(reason, RejectionReason::Revoked, "{list:?}, {library}");
            }
        }
    }
}

/// Over sockets, by every server and client of ours, in both versions.
#[test]
fn they_shake_hands() {
    let all = by_recipe()
        .iter()
        .step_by(KEYS.len())
        .chain(tools::issued());
    let (mut meetings, mut rejected) = (0, Vec::new());
    for issued in all {
        let world = |policy: VerifierPolicy| World::new(&issued.anchors(), policy);
        let credential = issued.credential();
        let mut note = |who: String, verdict: Result<(), String>| {
            meetings += 1;
            if let Err(error) = verdict {
                rejected.push(format!("{} before {who}: {error}", issued.name));
            }
        };
        for version in Version::ALL {
            if issued.is_client() {
                let world = world(issued.policy_for_clients());
                for (name, accept) in servers() {
                    let verdict = meet_client(accept, &world, version, Tool::RUSTLS, &credential);
                    note(
                        format!("{name}'s server, {version:?}"),
                        verdict.map(drop).map_err(|e| e.to_string()),
                    );
                }
            }
            if issued.is_server() {
                let world = world(issued.policy_for_servers());
                for (name, connect) in clients() {
                    let verdict = meet_server(connect, &world, version, Tool::RUSTLS, &credential);
                    note(
                        format!("{name}'s client, {version:?}"),
                        verdict.map(drop).map_err(|e| e.to_string()),
                    );
                }
            }
        }
    }
    println!("{meetings} handshakes");
    assert!(rejected.is_empty(), "{rejected:#?}");
}

#[track_caller]
fn assert_accepted<'a>(
    all: impl IntoIterator<Item = &'a Issued>,
    profile: CertificateProfile,
    expected: impl Fn(&Issued) -> bool,
) {
    let mut wrong = Vec::new();
    for issued in all {
        for (library, algorithms) in algorithms() {
            for verdict in issued.verify(profile, None, &algorithms) {
                if verdict.is_ok() != expected(issued) {
                    let (name, verdict) = (&issued.name, in_words(&verdict));
                    wrong.push(format!("{name}, {library}: {verdict}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The root, and the intermediate if the CA works with one.
fn make_ca(workshop: &Workshop, ca: &Ca, kind: &Key) {
    let config = format!("[req]\ndistinguished_name=dn\n[dn]\n{}", ca.root);
    workshop.write("root.cnf", &config);
    workshop.openssl(
        &format!(
            "req -x509 -new -key root.key -days 3650 -out root.crt -config root.cnf -extensions ext \
             -{}",
            kind.digest
        ),
        &["-subj", ca.subject],
    );
    if let Some(intermediate) = ca.intermediate {
        let subject = &format!("{} Intermediate", ca.subject);
        request(workshop, "intermediate", subject, "utf8only");
        issue(
            workshop,
            kind,
            "intermediate",
            "root",
            intermediate,
            &["-days", "1800"],
        );
    }
}

fn make_leaf(workshop: &Workshop, ca: &Ca, leaf: &Leaf, kind: &Key) -> Issued {
    let issuer = ca.intermediate.map_or("root", |_| "intermediate");
    request(workshop, "leaf", leaf.subject, leaf.string_mask);
    if ca.issued_by_ca_command {
        issue_by_ca_command(workshop, kind, leaf);
    } else {
        issue(
            workshop,
            kind,
            "leaf",
            issuer,
            leaf.extensions,
            leaf.options,
        );
    }
    let mut cas = vec![workshop.certified_key("root")];
    if ca.intermediate.is_some() {
        cas.push(workshop.certified_key("intermediate"));
    }
    Issued {
        name: format!("{}, {}, {}", ca.name, leaf.name, kind.name),
        cas,
        leaf: workshop.certified_key("leaf"),
        side: leaf.side,
        profile: ca.profile,
    }
}

fn issue(
    workshop: &Workshop,
    kind: &Key,
    name: &str,
    issuer: &str,
    extensions: &str,
    options: &[&str],
) {
    workshop.write("extensions.cnf", extensions);
    workshop.openssl(
        &format!(
            "x509 -req -in {name}.csr -out {name}.crt -CA {issuer}.crt -CAkey {issuer}.key \
             -CAcreateserial -extfile extensions.cnf -extensions ext -{}",
            kind.digest
        ),
        options,
    );
}

/// `openssl ca` with the directory of `CA.pl`.
fn issue_by_ca_command(workshop: &Workshop, kind: &Key, leaf: &Leaf) {
    for (file, text) in [
        ("index.txt", ""),
        ("index.txt.attr", ""),
        ("serial", "01\n"),
    ] {
        workshop.write(file, text);
    }
    workshop.write("ca.cnf", leaf.extensions);
    workshop.openssl(
        "ca -batch -notext -config ca.cnf -in leaf.csr -out leaf.crt -cert root.crt -keyfile root.key",
        &["-md", kind.digest],
    );
}

fn request(workshop: &Workshop, name: &str, subject: &str, string_mask: &str) {
    let config = format!("[req]\ndistinguished_name=dn\nstring_mask={string_mask}\n[dn]\n");
    workshop.write("request.cnf", &config);
    workshop.openssl(
        &format!("req -new -key {name}.key -out {name}.csr -config request.cnf"),
        &["-subj", subject],
    );
}
