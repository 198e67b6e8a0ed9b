//! node-forge, as its documentation shows it: the leaf may sign certificates, and is no CA.

use super::{Made, below_root};
use crate::common::programs::Program;
use crate::recipes::Side;
use crate::workshop::Workshop;

pub(super) fn make(workshop: &Workshop) -> Option<Made> {
    let mut node = Program::node_with("node-forge")?.command();
    workshop.write("forge.js", include_str!("forge.js"));
    node.arg("forge.js");
    workshop.run(node, b"");
    let root = workshop.certified_key("ca");
    let issued =
        |name: &str, file: &str, side| below_root(name, &root, workshop.certified_key(file), side);
    Some(Made {
        issued: vec![
            issued("node-forge", "leaf", Side::Both),
            // A PrintableString that is none.
            issued(
                "node-forge, an address as common name",
                "address",
                Side::Client,
            ),
        ],
        lists: vec![],
    })
}
