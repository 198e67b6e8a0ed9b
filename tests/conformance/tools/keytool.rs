//! keytool, whose CAs have no keyUsage and whose lists are of version 1.

use super::{Made, below_root};
use crate::common::programs::Program;
use crate::recipes::Side;
use crate::workshop::Workshop;

pub(super) fn make(workshop: &Workshop) -> Option<Made> {
    let keytool = Program::keytool()?;
    let run = |arguments: &str, more: &[&str], stdin: &[u8]| {
        let mut command = keytool.command();
        command.args(arguments.split(' ')).args(more);
        command.args([
            "-keystore",
            "ca.p12",
            "-storepass",
            "changeit",
            "-alias",
            "ca",
        ]);
        workshop.run(command, stdin)
    };
    run(
        "-genkeypair -keyalg EC -ext bc=ca:true -validity 3650 -dname",
        &["CN=Java CA, O=Company"],
        b"",
    );
    let container = "pkcs12 -in ca.p12 -nodes -passin pass:changeit";
    workshop.openssl(&format!("{container} -nokeys -out ca.crt"), &[]);
    workshop.openssl(&format!("{container} -nocerts -out ca.key"), &[]);
    let new_key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key";
    workshop.write("request.cnf", "[req]\ndistinguished_name=dn\n[dn]\n");
    workshop.openssl(
        &format!("req -new {new_key} -config request.cnf -subj /CN=server.test -out leaf.csr"),
        &[],
    );
    let leaf = run(
        "-gencert -rfc -ext san=dns:server.test -ext eku=serverAuth,clientAuth",
        &[],
        workshop.read("leaf.csr").as_bytes(),
    );
    workshop.write("leaf.crt", &leaf);
    let (root, leaf) = (workshop.certified_key("ca"), workshop.certified_key("leaf"));
    Some(Made {
        issued: vec![below_root("keytool", &root, leaf, Side::Both)],
        lists: vec![],
    })
}
