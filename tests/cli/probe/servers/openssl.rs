use super::{Server, Setup, free_port};
use crate::common::programs::Program;
use crate::probe::world::Fault;

/// `openssl s_server -Verify`, which ends each handshake by an alert.
pub(crate) fn start(setup: &Setup<'_>) -> Option<Server> {
    let path = |name: &str| setup.world.path(name);
    let port = free_port();
    let mut command = Program::openssl()?.command();
    command
        .args(["s_server", "-quiet", "-Verify", "3", "-verify_return_error"])
        .args(["-accept", &port.to_string()])
        .arg("-cert")
        .arg(path(&format!("{}.crt", setup.identity)))
        .arg("-key")
        .arg(path(&format!("{}.key", setup.identity)))
        .arg("-CAfile")
        .arg(path("ca.crt"));
    let lacks_chain = [
        "server-MissingIntermediate",
        "server-SelfSigned",
        "server-UnknownCa",
    ];
    if !lacks_chain.contains(&setup.identity) {
        command.arg("-cert_chain").arg(path("intermediate.crt"));
    }
    match setup.finds {
        Fault::Revoked => {
            command.args(["-crl_check", "-CRL"]).arg(path("ca.crl"));
        }
        Fault::WrongScheme => {
            command.args(["-client_sigalgs", "RSA-PSS+SHA256"]);
        }
        _ => {}
    }
    Some(Server::start(&mut command, port))
}
