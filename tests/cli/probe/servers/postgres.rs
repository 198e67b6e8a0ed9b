use std::fs;
use std::os::unix::fs::chown;
use std::path::PathBuf;

use super::{LIMIT, Server, Setup, command_of_a_user, free_port};
use crate::common::programs::{Program, run};
use crate::probe::world::{Fault, SERVER_USER, World, is_root};

/// PostgreSQL, where the role alice may connect with her certificate.
pub(crate) fn start(setup: &Setup<'_>) -> Option<Server> {
    let program = Program::postgresql("postgres")?;
    let path = |name: &str| setup.world.path(name);
    let data = database(setup.world)?;
    let port = free_port();
    let mut command = command_of_a_user(&program)?;
    command.arg("-D").arg(&data);
    for setting in [
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        "unix_socket_directories=".to_owned(),
        "fsync=off".to_owned(),
        "ssl=on".to_owned(),
        format!(
            "ssl_cert_file={}",
            path(&format!("{}.crt", setup.identity)).display()
        ),
        format!(
            "ssl_key_file={}",
            path(&format!("{}.key", setup.identity)).display()
        ),
        format!("ssl_ca_file={}", path("ca.crt").display()),
    ] {
        command.arg("-c").arg(setting);
    }
    match setup.finds {
        Fault::Revoked => {
            let list = format!("ssl_crl_file={}", path("ca.crl").display());
            command.arg("-c").arg(list);
        }
        Fault::WrongScheme => {
            let file = path("openssl.cnf");
            fs::write(
                &file,
                "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = default\n\
                 [default]\nClientSignatureAlgorithms = RSA-PSS+SHA256\n",
            )
            .unwrap();
            command.env("OPENSSL_CONF", file);
        }
        _ => {}
    }
    let server = Server::start(&mut command, port);
    // It accepts connections earlier, and rejects them.
    let running = server.running.as_ref().unwrap();
    running.wait_for_error_line("ready to accept connections", LIMIT);
    Some(server)
}

/// Returns the folder of a database, which one server after the other uses.
fn database(world: &World) -> Option<PathBuf> {
    let data = world.path("postgresql");
    if data.exists() {
        return Some(data);
    }
    fs::create_dir(&data).unwrap();
    if is_root() {
        chown(&data, Some(SERVER_USER), Some(SERVER_USER)).unwrap();
    }
    let mut initdb = command_of_a_user(&Program::postgresql("initdb")?)?;
    initdb.args(["--no-sync", "--auth=reject", "--username=postgres", "-D"]);
    run(initdb.arg(&data), b"", LIMIT).expect_success();
    fs::write(data.join("pg_hba.conf"), "hostssl all all all cert\n").unwrap();
    let mut single = command_of_a_user(&Program::postgresql("postgres")?)?;
    single.arg("--single").arg("-D").arg(&data).arg("postgres");
    run(&mut single, b"CREATE ROLE alice LOGIN;\n", LIMIT).expect_success();
    Some(data)
}
