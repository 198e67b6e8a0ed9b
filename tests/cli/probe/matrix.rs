//! Every kind of server with every fault on either side: the right cause, or none.

use std::fmt::Write;
use std::thread;

use super::probing::Probed;
use super::servers::{KINDS, Kind, Setup};
use super::world::{Fault, World};
use crate::common::programs::report;

/// What a probe says about a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cell {
    /// It names the fault.
    Right(String),
    /// It says that the cause cannot be known from outside.
    Unknown(String),
    Wrong(String),
    /// The server cannot find this fault.
    None,
}

#[test]
fn a_probe_names_the_fault_of_either_side() {
    let rows: Vec<_> = thread::scope(|scope| {
        let rows = KINDS.iter().map(|kind| scope.spawn(|| row(kind)));
        let rows: Vec<_> = rows.collect();
        rows.into_iter()
            .filter_map(|row| row.join().unwrap())
            .collect()
    });
    let mut table = String::new();
    for (kind, servers, clients) in &rows {
        for (side, cells) in [("server", servers), ("client", clients)] {
            writeln!(table, "{kind}, {side}:").unwrap();
            for (fault, cell) in cells {
                writeln!(table, "  {:<20} {cell:?}", fault.name()).unwrap();
            }
        }
    }
    report(&table);
    let all = || {
        let cells = rows.iter().flat_map(|(_, a, b)| a.iter().chain(b));
        cells
            .map(|(_, cell)| cell)
            .filter(|cell| **cell != Cell::None)
    };
    let right = all().filter(|cell| matches!(cell, Cell::Right(_))).count();
    let wrong = all().filter(|cell| matches!(cell, Cell::Wrong(_))).count();
    report(&format!(
        "{right} of {} causes are named, {wrong} wrong",
        all().count()
    ));
    assert_eq!(wrong, 0, "{table}");
    assert!(right * 10 >= all().count() * 9, "{table}");
}

type Row = (&'static str, Vec<(Fault, Cell)>, Vec<(Fault, Cell)>);

/// `None` if the program is not here, which has been reported then.
fn row(kind: &Kind) -> Option<Row> {
    let world = World::new();
    let mut servers = Vec::new();
    for fault in Fault::OF_SERVERS {
        let identity = format!("server-{}", fault.name());
        let setup = Setup {
            world: &world,
            identity: &identity,
            finds: Fault::None,
        };
        let server = (kind.start)(&setup)?;
        let list = world.path("ca.crl").display().to_string();
        let mut arguments = kind.arguments.to_vec();
        if fault == Fault::Revoked {
            arguments.extend(["--crl", &list, "--crl-depth", "leaf"]);
        }
        let probed = Probed::of(&world, server.port, Some("client-None"), &arguments);
        servers.push((fault, server_cell(fault, &probed)));
    }
    let clients = Fault::OF_CLIENTS.map(|fault| (fault, client(kind, &world, fault, &[])));
    Some((kind.name, servers, clients.to_vec()))
}

/// TLS 1.2 has other alerts, and its servers answer before the handshake is complete.
#[test]
fn a_probe_by_tls_1_2_names_no_wrong_cause() {
    thread::scope(|scope| {
        for kind in KINDS {
            scope.spawn(move || {
                let world = World::new();
                let setup = Setup {
                    world: &world,
                    identity: "server-None",
                    finds: Fault::None,
                };
                if (kind.start)(&setup).is_none() {
                    return;
                }
                for fault in Fault::OF_CLIENTS {
                    let cell = client(kind, &world, fault, &["--tls", "1.2"]);
                    report(&format!("TLS 1.2, {}: {fault:?} {cell:?}", kind.name));
                    assert!(
                        !matches!(cell, Cell::Wrong(_)),
                        "{}: {fault:?} {cell:?}",
                        kind.name
                    );
                    if matches!(fault, Fault::None | Fault::NoCertificate | Fault::Expired) {
                        assert!(matches!(cell, Cell::Right(_)), "{}: {cell:?}", kind.name);
                    }
                }
            });
        }
    });
}

fn server_cell(fault: Fault, probed: &Probed) -> Cell {
    let reason = probed.text("/reason");
    let said = format!("{} {reason}", probed.text("/outcome"));
    let expected = match fault {
        Fault::None => "",
        Fault::Expired => "expired",
        Fault::NotYetValid => "not_yet_valid",
        Fault::Revoked => "revoked",
        Fault::WrongEku => "wrong_extended_key_usage",
        Fault::WrongName => "name_mismatch",
        _ => "unknown_issuer",
    };
    let is_good = fault == Fault::None;
    let outcome = if is_good { "accepted" } else { "rejected" };
    let is_right = reason == expected
        && probed.text("/outcome") == outcome
        && probed.code() == Some(if is_good { 0 } else { 1 })
        && probed.is("/policy/is_accepted") == Some(is_good)
        // Our certificate goes to no server that we reject.
        && probed.is("/identity/is_presented") == Some(is_good);
    if is_right {
        Cell::Right(said)
    } else {
        Cell::Wrong(format!("{said}: {}", probed.json))
    }
}

fn client(kind: &Kind, world: &World, fault: Fault, more: &[&str]) -> Cell {
    if kind.lacks.contains(&fault) {
        return Cell::None;
    }
    let setup = Setup {
        world,
        identity: if fault == Fault::WrongScheme {
            "server-rsa"
        } else {
            "server-None"
        },
        finds: fault,
    };
    let server = (kind.start)(&setup).unwrap();
    let identity = match fault {
        Fault::NoCertificate => None,
        Fault::WrongScheme => Some(kind.wrong_scheme.to_owned()),
        _ => Some(format!("client-{}", fault.name())),
    };
    let arguments = [kind.arguments, more].concat();
    let probed = Probed::of(world, server.port, identity.as_deref(), &arguments);
    client_cell(fault, &probed)
}

fn client_cell(fault: Fault, probed: &Probed) -> Cell {
    let outcome = probed.text("/outcome");
    let cause = probed.text("/acceptance/cause/reason");
    let confidence = probed.text("/acceptance/cause/confidence");
    let said = format!("{outcome} {cause} {confidence}");
    let expected = match fault {
        Fault::None => "",
        Fault::Expired => "expired",
        Fault::MissingIntermediate => "missing_intermediate",
        Fault::NoCertificate => "no_certificate",
        Fault::Revoked => "revoked",
        Fault::UnknownCa => "unknown_issuer",
        Fault::WrongEku => "wrong_extended_key_usage",
        Fault::WrongName => "not_authorized",
        Fault::WrongScheme => "unsupported_signature_scheme",
        other => panic!("no client has {other:?}"),
    };
    let code = probed.code();
    let is_right = match fault {
        Fault::None => outcome == "accepted" && code == Some(0),
        _ => outcome == "rejected" && code == Some(1) && confidence != "unknown",
    };
    let is_unknown = confidence == "unknown"
        && (outcome == "rejected" && code == Some(1) || outcome == "unknown" && code == Some(3));
    if is_right && cause == expected {
        Cell::Right(said)
    } else if is_unknown && fault != Fault::None {
        let hint = probed.text("/hint");
        let is_about_us = probed.is("/identity/is_presented") == Some(true);
        let is_a_rejection = probed.text("/message").contains("cannot be known");
        assert!(
            hint.contains("`mtls check`") || !is_about_us || !is_a_rejection,
            "{fault:?}: {hint}"
        );
        Cell::Unknown(said)
    } else {
        Cell::Wrong(format!("{said}: {}", probed.json))
    }
}
