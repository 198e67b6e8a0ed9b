//! AMQP, with amqprs: opens and closes a connection again and again, as the user that the
//! certificate names.

use amqprs::connection::{Connection, OpenConnectionArguments};
use amqprs::security::SecurityCredentials;
use amqprs::tls::TlsAdaptor;
use mtls::{FileSource, MtlsClient, Rustls};
use mtls_ecosystem::{Result, port, repeat};

#[tokio::main]
async fn main() -> Result<()> {
    let mut options = OpenConnectionArguments::new("localhost", port()?, "", "");

    // mtls: begin
    let pki = FileSource::from_files("client.crt", "client.key", "ca.crt");
    let client = MtlsClient::builder().source(pki).build(Rustls::default())?;
    let tls = TlsAdaptor::new(client.live_config().into(), "localhost".into());
    options.tls_adaptor(tls);
    options.credentials(SecurityCredentials::new_external());
    // mtls: end

    repeat(async || {
        let connection = Connection::open(&options).await?;
        connection.close().await?;
        Ok("connected".to_owned())
    })
    .await
}
