use std::fs;

use super::{Server, Setup, free_port};
use crate::common::programs::Program;
use crate::probe::world::Fault;

/// nginx, which accepts every client in TLS, and rejects it by an answer of HTTP.
pub(crate) fn start(setup: &Setup<'_>) -> Option<Server> {
    let program = Program::nginx()?;
    let port = free_port();
    let path = |name: &str| setup.world.path(name).display().to_string();
    let folder = setup.world.path(&format!("nginx-{port}"));
    fs::create_dir(&folder).unwrap();
    let (ca, list, identity) = (path("ca.crt"), path("ca.crl"), path(setup.identity));
    let more = match setup.finds {
        Fault::Revoked => format!("ssl_crl {list};"),
        Fault::WrongScheme => {
            "ssl_conf_command ClientSignatureAlgorithms RSA-PSS+SHA256;".to_owned()
        }
        Fault::WrongName => r#"if ($ssl_client_s_dn != "CN=alice") { return 403; }"#.to_owned(),
        _ => String::new(),
    };
    let here = folder.display();
    let configuration = format!(
        "daemon off; master_process off; pid {here}/pid; error_log stderr;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {here}/body; proxy_temp_path {here}/proxy; fastcgi_temp_path {here}/fastcgi;
  uwsgi_temp_path {here}/uwsgi; scgi_temp_path {here}/scgi;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {identity}.crt;
    ssl_certificate_key {identity}.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_client_certificate {ca};
    ssl_verify_client on;
    ssl_verify_depth 3;
    {more}
    location / {{ return 200; }}
  }}
}}
"
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, configuration).unwrap();
    let mut command = program.command();
    command.arg("-p").arg(&folder).arg("-c").arg(&file);
    command.args(["-e", "stderr"]);
    Some(Server::start(&mut command, port))
}
