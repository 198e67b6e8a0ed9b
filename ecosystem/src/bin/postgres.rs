//! PostgreSQL, with tokio-postgres: asks the server in each new connection which client it sees.

use mtls::{FileSource, MtlsClient, Rustls};
use mtls_ecosystem::{Result, port, repeat};
use rustls::ClientConfig;
use tokio_postgres::SimpleQueryMessage::Row;
use tokio_postgres_rustls::MakeRustlsConnect;

const QUERY: &str = "SELECT client_dn, client_serial FROM pg_stat_ssl WHERE pid = pg_backend_pid()";

#[tokio::main]
async fn main() -> Result<()> {
    let port = port()?;
    let database = format!("host=localhost port={port} user=alice dbname=postgres sslmode=require");

    // mtls: begin
    let pki = FileSource::from_files("client.crt", "client.key", "ca.crt");
    let client = MtlsClient::builder().source(pki).build(Rustls::default())?;
    let tls = MakeRustlsConnect::new(ClientConfig::clone(&client.live_config()));
    // mtls: end

    repeat(async || {
        let (client, connection) = tokio_postgres::connect(&database, tls.clone()).await?;
        tokio::spawn(connection);
        let rows = client.simple_query(QUERY).await?;
        let row = rows.iter().find_map(|message| match message {
            Row(row) => Some(format!("{:?} {:?}", row.get(0), row.get(1))),
            _ => None,
        });
        Ok(row.ok_or("no row")?)
    })
    .await
}
