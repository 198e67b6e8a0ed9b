//! cfssl: a CA, leaves with and without a subject, and a list without a CRL number.

use mtls::PrivateKey;
use mtls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, pem::PemObject};
use serde_json::Value;

use super::{List, Made, below_root};
use crate::common::pki::crl::serial_of;
use crate::common::programs::Program;
use crate::issued::CertifiedKey;
use crate::recipes::Side;
use crate::workshop::Workshop;

/// What `cfssl print-defaults` prints, with a profile for both ends.
const CONFIG: &str = r#"{"signing":{"default":{"expiry":"168h"},"profiles":{
"www":{"expiry":"8760h","usages":["signing","key encipherment","server auth"]},
"client":{"expiry":"8760h","usages":["signing","key encipherment","client auth"]},
"peer":{"expiry":"8760h","usages":["signing","key encipherment","server auth","client auth"]}}}}"#;

const CA: &str = r#"{"CN":"My own CA","key":{"algo":"ecdsa","size":256},
"names":[{"C":"US","ST":"CA","L":"San Francisco"}]}"#;

const SERVER: &str = r#"{"CN":"server.test","hosts":["server.test"],
"key":{"algo":"ecdsa","size":256},"names":[{"C":"US","ST":"CA","L":"San Francisco"}]}"#;

const CLIENT: &str = r#"{"CN":"client","hosts":[],"key":{"algo":"ecdsa","size":256}}"#;

/// As many guides have it: one host, which is empty.
const EMPTY_HOST: &str = r#"{"CN":"client","hosts":[""],"key":{"algo":"ecdsa","size":256}}"#;

const WITHOUT_SUBJECT: &str = r#"{"hosts":["server.test"],"key":{"algo":"ecdsa","size":256}}"#;

pub(super) fn make(workshop: &Workshop) -> Option<Made> {
    let cfssl = Program::cfssl()?;
    let run = |arguments: &str| {
        let mut command = cfssl.command();
        command.args(arguments.split(' '));
        workshop.run(command, b"")
    };
    let generate = |arguments: &str, request: &str| {
        workshop.write("request.json", request);
        let json = run(&format!("gencert {arguments} request.json"));
        let json: Value = serde_json::from_str(&json).unwrap();
        let text = |field: &str| json[field].as_str().unwrap().to_owned();
        (text("cert"), text("key"))
    };
    let (ca_pem, ca_key) = generate("-initca", CA);
    workshop.write("ca.pem", &ca_pem);
    workshop.write("ca-key.pem", &ca_key);
    workshop.write("config.json", CONFIG);
    let root = certified_key((ca_pem, ca_key));
    let leaf = |profile: &str, request: &str| {
        let ca = "-ca ca.pem -ca-key ca-key.pem -config config.json";
        certified_key(generate(&format!("{ca} -profile {profile}"), request))
    };
    let client = || {
        below_root(
            "cfssl, a client's",
            &root,
            leaf("client", CLIENT),
            Side::Client,
        )
    };
    let revoked = client();
    let serial = serial_of(&revoked.leaf.certificate);
    workshop.write("serials", &format!("{}\n", decimal(&serial)));
    let list = run("gencrl serials ca.pem ca-key.pem");
    Some(Made {
        issued: vec![
            client(),
            below_root(
                "cfssl, a client's, with an empty host",
                &root,
                leaf("client", EMPTY_HOST),
                Side::Client,
            ),
            below_root(
                "cfssl, a server's",
                &root,
                leaf("www", SERVER),
                Side::Server,
            ),
            below_root("cfssl, a peer's", &root, leaf("peer", SERVER), Side::Both),
            below_root(
                "cfssl, without a subject",
                &root,
                leaf("peer", WITHOUT_SUBJECT),
                Side::Both,
            ),
        ],
        lists: vec![List {
            name: "cfssl gencrl",
            revoked,
            good: client(),
            pem: format!(
                "-----BEGIN X509 CRL-----\n{}\n-----END X509 CRL-----\n",
                list.trim()
            ),
        }],
    })
}

fn certified_key((certificate, key): (String, String)) -> CertifiedKey {
    let key = PrivateKey::from_pem(key.as_bytes()).unwrap();
    let key = key.pkcs8_der().secret_pkcs8_der().to_vec();
    CertifiedKey {
        certificate: CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap(),
        key: PrivatePkcs8KeyDer::from(key),
    }
}

/// Of a big-endian number.
fn decimal(bytes: &[u8]) -> String {
    let mut digits = vec![0u8];
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            let value = u32::from(*digit) * 256 + carry;
            *digit = (value % 10) as u8;
            carry = value / 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    digits
        .iter()
        .rev()
        .map(|digit| char::from(b'0' + digit))
        .collect()
}
