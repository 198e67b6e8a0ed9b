// Certificates, keys and connections for the examples of the documentation, made in memory. An
// example includes this file as its module `pki`.

use std::net::{TcpListener, TcpStream};
use std::sync::OnceLock;

use mtls::{
    ClientBuilder, MtlsClient, MtlsIdentity, MtlsServer, MtlsStream, PeerIdentity, PeerVerifier,
    RevocationLists, Rustls, ServerBuilder, TrustAnchors, VerifierPolicy,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer,
    DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevocationReason, RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};

pub struct Pki {
    pub ca: String,
    pub server: String,
    pub server_key: String,
    pub client: String,
    pub client_key: String,
    /// It lists the serial number 7.
    pub crl: String,
}

pub fn pki() -> &'static Pki {
    static PKI: OnceLock<Pki> = OnceLock::new();
    PKI.get_or_init(|| {
        let mut params = CertificateParams::default();
        params.distinguished_name = name(&[(DnType::CommonName, "Example CA")]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let leaf = |common_name: &str, serial: u64, sans, usage| {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::default();
            params.distinguished_name = name(&[
                (DnType::OrganizationName, "Example"),
                (DnType::OrganizationalUnitName, "Billing"),
                (DnType::CommonName, common_name),
            ]);
            params.serial_number = Some(SerialNumber::from(serial));
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2040, 1, 1);
            params.subject_alt_names = sans;
            params.extended_key_usages = vec![usage];
            let certificate = params.signed_by(&key, &ca).unwrap();
            (certificate.pem(), key.serialize_pem())
        };
        let (server, server_key) = leaf(
            "db",
            1,
            vec![SanType::DnsName("db.internal".try_into().unwrap())],
            ExtendedKeyUsagePurpose::ServerAuth,
        );
        let (client, client_key) = leaf(
            "payments",
            2,
            vec![
                SanType::URI("spiffe://prod.example/payments".try_into().unwrap()),
                SanType::DnsName("payments.example".try_into().unwrap()),
                SanType::Rfc822Name("ops@payments.example".try_into().unwrap()),
                SanType::IpAddress([10, 0, 0, 1].into()),
            ],
            ExtendedKeyUsagePurpose::ClientAuth,
        );
        let crl = CertificateRevocationListParams {
            this_update: date_time_ymd(2025, 1, 1),
            next_update: date_time_ymd(2040, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: vec![RevokedCertParams {
                serial_number: SerialNumber::from(7),
                revocation_time: date_time_ymd(2025, 1, 1),
                reason_code: Some(RevocationReason::KeyCompromise),
                invalidity_date: None,
            }],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Pki {
            crl: crl.signed_by(&ca).unwrap().pem().unwrap(),
            ca: ca.pem(),
            server,
            server_key,
            client,
            client_key,
        }
    })
}

fn name(attributes: &[(DnType, &str)]) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    for (kind, value) in attributes {
        name.push(kind.clone(), *value);
    }
    name
}

pub fn anchors() -> TrustAnchors {
    TrustAnchors::from_pem(pki().ca.as_bytes()).unwrap()
}

pub fn lists() -> RevocationLists {
    RevocationLists::from_pem(pki().crl.as_bytes()).unwrap()
}

pub fn client_identity() -> MtlsIdentity {
    MtlsIdentity::from_pem(pki().client.as_bytes(), pki().client_key.as_bytes()).unwrap()
}

pub fn server_identity() -> MtlsIdentity {
    MtlsIdentity::from_pem(pki().server.as_bytes(), pki().server_key.as_bytes()).unwrap()
}

pub fn verifier(policy: VerifierPolicy) -> PeerVerifier {
    PeerVerifier::new(
        anchors(),
        policy,
        Rustls::default().signature_algorithms().unwrap(),
    )
    .unwrap()
}

/// The client, verified.
pub fn peer() -> PeerIdentity {
    verifier(VerifierPolicy::allow_any_authenticated())
        .verify_client(
            client_identity().chain().as_slice(),
            mtls::pki_types::UnixTime::now(),
        )
        .unwrap()
}

pub fn client_builder() -> ClientBuilder {
    MtlsClient::builder()
        .identity(client_identity())
        .trust_anchors(anchors())
}

pub fn server_builder() -> ServerBuilder {
    MtlsServer::builder()
        .identity(server_identity())
        .trust_anchors(anchors())
        .policy(VerifierPolicy::allow_any_authenticated())
}

pub type Stream = MtlsStream<TcpStream, PeerIdentity, Rustls>;

/// The client's and the server's end of one connection.
pub fn connect(client: &MtlsClient<Rustls>, server: &MtlsServer<Rustls>) -> (Stream, Stream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (accepted, _) = listener.accept().unwrap();
    std::thread::scope(|scope| {
        let served = scope.spawn(|| server.accept(accepted).unwrap());
        (
            client.connect("db.internal", tcp).unwrap(),
            served.join().unwrap(),
        )
    })
}
