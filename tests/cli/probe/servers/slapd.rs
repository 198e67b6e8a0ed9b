use std::fs;

use super::{Server, command_of_a_user, free_port};
use crate::common::programs::Program;
use crate::probe::world::{SERVER_USER, World, is_root};

/// The server of `OpenLDAP`, which demands a client certificate where it has TLS.
pub(crate) fn start(world: &World, has_tls: bool) -> Option<Server> {
    let program = Program::slapd()?;
    let port = free_port();
    let folder = world.path(&format!("slapd-{port}"));
    fs::create_dir(&folder).unwrap();
    if is_root() {
        std::os::unix::fs::chown(&folder, Some(SERVER_USER), Some(SERVER_USER)).unwrap();
    }
    let path = |name: &str| world.path(name).display().to_string();
    let tls = format!(
        "TLSCertificateFile {}\nTLSCertificateKeyFile {}\nTLSCACertificateFile {}\nTLSVerifyClient demand\n",
        path("server-None.crt"),
        path("server-None.key"),
        path("ca.crt"),
    );
    let here = folder.display();
    let configuration = format!(
        "pidfile {here}/pid\nargsfile {here}/args\n{}",
        if has_tls { &tls } else { "" }
    );
    let file = folder.join("slapd.conf");
    fs::write(&file, configuration).unwrap();
    let mut command = command_of_a_user(&program)?;
    command
        .args(["-d", "0", "-h", &format!("ldap://127.0.0.1:{port}"), "-f"])
        .arg(&file);
    Some(Server::start(&mut command, port))
}
