//! The certificates of every cause, as files.

use mtls::test_util::ExtendedKeyUsage;

use crate::common::pki::crl::Crl;
use crate::common::pki::{Authority, Credential, Leaf, Validity, pem};
use crate::common::programs::{Program, run};
use crate::workshop::{LIMIT, Workshop};

/// The servers are at `localhost`, and the client's name is `orders`.
pub(super) fn write(workshop: &Workshop, openssl: &Program) {
    let root = Authority::named("Example Root");
    let issuing = root.intermediate("Example Issuing");
    let other = Authority::named("Other Root");
    let server = || Leaf::named("db").dns("localhost").server();
    let client = || Leaf::named("orders").dns("orders.internal").client();
    let whole = |leaf: Leaf| leaf.issued_by(&issuing).with(&issuing);
    let revoked = whole(client());
    let identities: [(&str, Credential); 14] = [
        ("server", whole(server())),
        (
            "server-expired",
            whole(server().validity(Validity::expired())),
        ),
        (
            "server-early",
            whole(server().validity(Validity::not_yet())),
        ),
        (
            "server-name",
            whole(Leaf::named("db").dns("db.internal").server()),
        ),
        ("server-other", server().issued_by(&other)),
        ("server-self", server().self_signed()),
        ("server-leaf", server().issued_by(&issuing)),
        (
            "server-usage",
            whole(Leaf::named("db").dns("localhost").client()),
        ),
        ("client", whole(client())),
        (
            "client-expired",
            whole(client().validity(Validity::expired())),
        ),
        ("client-other", client().issued_by(&other)),
        ("client-leaf", client().issued_by(&issuing)),
        (
            "client-usage",
            whole(
                Leaf::named("orders")
                    .dns("orders.internal")
                    .extended_key_usage(ExtendedKeyUsage::ServerAuth),
            ),
        ),
        ("client-revoked", revoked.clone()),
    ];
    workshop.write("ca.crt", &root.pem());
    for (name, credential) in &identities {
        workshop.write_identity(name, credential);
    }
    for name in ["client-mixed", "client-locked"] {
        workshop.write(&format!("{name}.crt"), &identities[8].1.chain_pem());
    }
    workshop.write("client-mixed.key", &identities[0].1.key_pem());
    lock(workshop, openssl);
    let list = |list: Crl, issuer: &Authority| pem("X509 CRL", &list.signed_by(issuer));
    let lists = list(Crl::new().lists(revoked.leaf()), &issuing) + &list(Crl::new(), &root);
    workshop.write("ca.crl", &lists);
    let stale = list(Crl::stale(), &issuing) + &list(Crl::new(), &root);
    workshop.write("stale-list.crl", &stale);
}

/// Encrypts the client's key.
fn lock(workshop: &Workshop, openssl: &Program) {
    let mut command = openssl.command();
    command.current_dir(workshop.path()).args([
        "pkcs8",
        "-topk8",
        "-v2",
        "aes-256-cbc",
        "-in",
        "client.key",
        "-out",
        "client-locked.key",
        "-passout",
        "pass:not a secret",
    ]);
    run(&mut command, b"", LIMIT).expect_success();
}
