//! Go's `x509.CreateCertificate`, `CreateRevocationList` and the older `CreateCRL`, whose lists
//! have no CRL number.

use super::{List, Made, below_root};
use crate::common::programs::Program;
use crate::recipes::Side;
use crate::workshop::Workshop;

pub(super) fn make(workshop: &Workshop) -> Option<Made> {
    let mut go = Program::go()?.command();
    workshop.write("make.go", include_str!("make.go"));
    go.args(["run", "make.go"]);
    // No module is looked for, and none is fetched.
    go.env("GO111MODULE", "off");
    workshop.run(go, b"");
    let root = workshop.certified_key("ca");
    let issued = |name: &str| {
        let of = "Go, CreateCertificate";
        below_root(of, &root, workshop.certified_key(name), Side::Both)
    };
    let list = |name, file: &str| List {
        name,
        revoked: issued("revoked"),
        good: issued("leaf"),
        pem: workshop.read(file),
    };
    Some(Made {
        issued: vec![issued("leaf")],
        lists: vec![
            list("Go, CreateRevocationList", "with_number.crl"),
            list("Go, CreateCRL", "without_number.crl"),
        ],
    })
}
