// Certificates, keys and connections for the examples of the documentation, made in memory. An
// example includes this file as its module `pki`.

use std::net::{TcpListener, TcpStream};
use std::sync::OnceLock;

use mtls::test_util::{Extension, TestCa, TestCaBuilder, TestCrl, TestLeaf, Validity, pem};
use mtls::{
    ClientBuilder, MtlsClient, MtlsIdentity, MtlsServer, MtlsStream, PeerIdentity, PeerVerifier,
    RevocationLists, Rustls, ServerBuilder, TrustAnchors, VerifierPolicy,
};

/// The reason code of an entry: ENUMERATED 1 (RFC 5280, section 5.3.1).
const KEY_COMPROMISE: [u8; 3] = [0x0a, 1, 1];

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
        let ca = TestCaBuilder::named("Example CA").validity(decades());
        let ca = ca.self_signed();
        let server = leaf(&ca, "db", 1).dns("db.internal").server().credential();
        let client = leaf(&ca, "payments", 2)
            .uri("spiffe://prod.example/payments")
            .dns("payments.example")
            .email("ops@payments.example")
            .ip("10.0.0.1")
            .client()
            .credential();
        let Validity {
            not_before,
            not_after,
        } = decades();
        let reason = Extension::new(&[2, 5, 29, 21], KEY_COMPROMISE).to_der();
        let list = TestCrl::new()
            .dated(not_before, Some(not_after))
            .lists_entry(&[7], not_before, &reason)
            .signed_by(&ca);
        Pki {
            crl: pem("X509 CRL", &list),
            ca: ca.pem(),
            server: server.chain_pem(),
            server_key: server.key_pem(),
            client: client.chain_pem(),
            client_key: client.key_pem(),
        }
    })
}

fn leaf(ca: &TestCa, common_name: &str, serial: u8) -> TestLeaf {
    ca.leaf(common_name)
        .without_subject()
        .organization("Example")
        .organizational_unit("Billing")
        .attribute(&[2, 5, 4, 3], common_name)
        .key_usages(&[])
        .serial_number(&[serial])
        .validity(decades())
}

/// From 2020 to 2040.
fn decades() -> Validity {
    Validity::between_unix(1_577_836_800, 2_208_988_800)
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
