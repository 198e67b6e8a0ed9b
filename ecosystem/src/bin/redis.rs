//! Redis, with redis-rs over a stream of `mtls`: sends `PING` in a new connection each time.

use mtls::{FileSource, MtlsClient, Rustls};
use mtls_ecosystem::{Result, port, repeat};
use redis::RedisConnectionInfo;
use redis::aio::MultiplexedConnection;
use tokio::net::TcpStream;

#[tokio::main]
async fn main() -> Result<()> {
    let port = port()?;
    let info = RedisConnectionInfo::default();

    // mtls: begin
    let pki = FileSource::from_files("client.crt", "client.key", "ca.crt");
    let client = MtlsClient::builder().source(pki).build(Rustls::default())?;
    // mtls: end

    repeat(async || {
        let tcp = TcpStream::connect(("localhost", port)).await?;
        // mtls: begin
        let stream = client.connect_async("localhost", tcp).await?;
        // mtls: end
        let (mut connection, driver) =
            MultiplexedConnection::new_with_config(&info, stream, Default::default()).await?;
        tokio::spawn(driver);
        Ok(redis::cmd("PING").query_async(&mut connection).await?)
    })
    .await
}
