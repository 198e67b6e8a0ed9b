//! A client and a server whose private keys never leave an "HSM".
//!
//! The "HSM" is a thread that holds the key and answers requests to sign.
//!
//! ```text
//! cargo run --example external_key
//! ```

use std::error::Error;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mtls::material::{SignatureScheme, SigningKey};
use mtls::pki_types::SubjectPublicKeyInfoDer;
use mtls::{
    CertificateChain, MtlsClient, MtlsIdentity, MtlsServer, Rustls, TrustAnchors, VerifierPolicy,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PublicKeyData,
};

type Failure = Box<dyn Error + Send + Sync>;

/// A key in the "HSM": its public half, and the channel for requests to sign.
///
/// For a KMS this would be a client of the service and the id of the key. `new` would fetch the
/// public key once (AWS KMS: `GetPublicKey`; PKCS#11: `CKA_PUBLIC_KEY_INFO`; TPM:
/// `TPM2_ReadPublic`) and keep it.
struct HsmKey {
    spki: Vec<u8>,
    requests: Mutex<Sender<Request>>,
}

struct Request {
    message: Vec<u8>,
    answer: Sender<Result<Vec<u8>, String>>,
}

impl HsmKey {
    fn new() -> Result<Self, Failure> {
        let key = KeyPair::generate()?;
        let spki = key.subject_public_key_info();
        let (requests, inbox) = channel::<Request>();
        // Only this thread has the key.
        thread::spawn(move || {
            for Request { message, answer } in inbox {
                let signature = rcgen::SigningKey::sign(&key, &message);
                answer.send(signature.map_err(|e| e.to_string())).ok();
            }
        });
        let requests = Mutex::new(requests);
        Ok(Self { spki, requests })
    }
}

impl SigningKey for HsmKey {
    fn public_key(&self) -> SubjectPublicKeyInfoDer<'_> {
        self.spki.as_slice().into()
    }

    fn schemes(&self) -> &[SignatureScheme] {
        // An RSA key would return RsaPssSha256, and for TLS 1.2 RsaPkcs1Sha256 after it.
        &[SignatureScheme::EcdsaP256Sha256]
    }

    /// Sends one request and waits for the signature.
    ///
    /// A KMS gets the message, or its SHA-256 if the service expects digests. ECDSA signatures have
    /// to be in DER; PKCS#11 returns only the two numbers, which have to be encoded.
    fn sign(&self, _: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, Failure> {
        let (answer, signature) = channel();
        let message = message.to_vec();
        let requests = self
            .requests
            .lock()
            .map_err(|_| "the HSM's queue is gone")?;
        requests
            .send(Request { message, answer })
            .map_err(|_| "the HSM is gone")?;
        // Lets other threads sign while this one waits.
        drop(requests);
        // The handshake's timeout does not interrupt `sign`, so it needs its own.
        Ok(signature.recv_timeout(Duration::from_secs(2))??)
    }
}

/// The public key is enough to have a certificate issued.
impl PublicKeyData for HsmKey {
    fn der_bytes(&self) -> &[u8] {
        // For P-256 the bits of the key are the last 65 bytes.
        &self.spki[self.spki.len() - 65..]
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

fn main() -> Result<(), Failure> {
    let mut params = named("Example CA", [])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let anchors = TrustAnchors::from_pem(ca.pem().as_bytes())?;
    let server = MtlsServer::builder()
        .identity(identity(&ca, "server.example")?)
        .trust_anchors(anchors.clone())
        .policy(VerifierPolicy::allow_any_authenticated())
        .build(Rustls::default())?; // the key signs a test text here: a wrong key id is found now
    let client = MtlsClient::builder()
        .identity(identity(&ca, "client.example")?)
        .trust_anchors(anchors)
        .build(Rustls::default())?;

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let serving = thread::spawn(move || -> Result<(), Failure> {
        let mut stream = server.accept(listener.accept()?.0)?;
        let greeting = format!("hello {}", stream.peer());
        stream.write_all(greeting.as_bytes())?;
        Ok(stream.close()?)
    });
    let mut stream = client.connect("server.example", TcpStream::connect(address)?)?;
    let mut greeting = String::new();
    stream.read_to_string(&mut greeting)?;
    println!("{} says: {greeting}", stream.peer());
    stream.close()?;
    serving.join().map_err(|_| "the server panicked")??;
    Ok(())
}

fn identity(ca: &CertifiedIssuer<'static, KeyPair>, name: &str) -> Result<MtlsIdentity, Failure> {
    let key = HsmKey::new()?;
    let mut params = named(name, [name.to_owned()])?;
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, ca)?;
    let chain = CertificateChain::from_der([certificate.der().clone()])?;
    let identity = MtlsIdentity::from_signing_key(chain, Arc::new(key))?;
    println!("{}\n", identity.describe());
    Ok(identity)
}

fn named<const N: usize>(name: &str, dns: [String; N]) -> Result<CertificateParams, Failure> {
    let mut params = CertificateParams::new(dns)?;
    params.distinguished_name = Default::default();
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}
