//! MQTT, with rumqttc: connects and disconnects again and again.

use mtls::{FileSource, MtlsClient, Rustls};
use mtls_ecosystem::{Result, port, repeat};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, TlsConfiguration, Transport};

#[tokio::main]
async fn main() -> Result<()> {
    let mut options = MqttOptions::new("meter", "localhost", port()?);

    // mtls: begin
    let pki = FileSource::from_files("client.crt", "client.key", "ca.crt");
    let client = MtlsClient::builder().source(pki).build(Rustls::default())?;
    let tls = TlsConfiguration::Rustls(client.live_config());
    options.set_transport(Transport::tls_with_config(tls));
    // mtls: end

    repeat(async || {
        let (client, mut events) = AsyncClient::new(options.clone(), 10);
        while !matches!(events.poll().await?, Event::Incoming(Packet::ConnAck(_))) {}
        client.disconnect().await?;
        events.poll().await?;
        Ok("connected".to_owned())
    })
    .await
}
