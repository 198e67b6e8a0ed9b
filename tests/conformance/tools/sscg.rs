//! sscg, whose CA has name constraints that are not critical, and is called after the server.

use super::{Made, below_root};
use crate::common::programs::Program;
use crate::recipes::Side;
use crate::workshop::Workshop;

pub(super) fn make(workshop: &Workshop) -> Option<Made> {
    let mut sscg = Program::sscg()?.command();
    sscg.args("--quiet --hostname server.test --ca-file ca.crt --ca-key-file ca.key".split(' '));
    sscg.args("--cert-file server.crt --cert-key-file server.key".split(' '));
    sscg.args("--client-file client.crt --client-key-file client.key".split(' '));
    workshop.run(sscg, b"");
    let root = workshop.certified_key("ca");
    let issued =
        |name: &str, file: &str, side| below_root(name, &root, workshop.certified_key(file), side);
    Some(Made {
        issued: vec![
            issued("sscg, the client's", "client", Side::Client),
            issued("sscg, the server's", "server", Side::Server),
        ],
        lists: vec![],
    })
}
