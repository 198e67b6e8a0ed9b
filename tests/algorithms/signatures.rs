//! Signatures of every encoding on a certificate, and what has to become of each.

use mtls::RejectionReason as Reason;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};

use crate::forge::{
    Ca, MlDsa, Signature, algorithm, ec, ecdsa, null, oid, rsa, rsa_pss, sequence, tlv,
};

/// A CA, how it signs, and the verdict about what it signed.
pub(crate) struct Signed {
    pub(crate) ca: Ca,
    pub(crate) signature: Signature,
    pub(crate) expected: Result<(), Reason>,
}

/// A CA's key, the signature on its own certificate, and the signatures that it makes, each with
/// its verdict.
struct Signer {
    key: PKey<Private>,
    own: Signature,
    makes: Vec<(Signature, Result<(), Reason>)>,
}

pub(crate) fn all(ml_dsa_too: bool) -> Vec<Signed> {
    let mut signers = curves();
    signers.extend([rsa_2048(), rsa_1024(), rsa_pss_alone(), ed25519(), ed448()]);
    if ml_dsa_too {
        signers.extend(MlDsa::ALL.map(of_ml_dsa));
    }
    let mut all = Vec::new();
    for (number, signer) in signers.into_iter().enumerate() {
        let ca = Ca::new(&format!("CA {number}"), signer.key, &signer.own);
        for (signature, expected) in signer.makes {
            all.push(Signed {
                ca: ca.clone(),
                signature,
                expected,
            });
        }
    }
    all
}

const UNSUPPORTED: Result<(), Reason> = Err(Reason::UnsupportedSignatureAlgorithm);
const UNACCEPTABLE: Result<(), Reason> = Err(Reason::UnsupportedKey);

/// With a NULL where there are to be no parameters, or with none where there is to be NULL.
fn other_parameters(name: &str, oid_text: &str, parameters: &[u8], like: &Signature) -> Signature {
    Signature {
        name: name.to_owned(),
        algorithm: algorithm(oid_text, parameters),
        ..like.clone()
    }
}

fn curves() -> Vec<Signer> {
    let mut signers = Vec::new();
    for (name, curve) in [
        ("P-256", Nid::X9_62_PRIME256V1),
        ("P-384", Nid::SECP384R1),
        ("P-521", Nid::SECP521R1),
    ] {
        let named = |hash: &str| Signature {
            name: format!("{name} ecdsa-with-{hash}"),
            ..ecdsa(hash)
        };
        let null = other_parameters(
            &format!("{name} ecdsa-with-SHA256, NULL"),
            "1.2.840.10045.4.3.2",
            &null(),
            &ecdsa("SHA256"),
        );
        signers.push(Signer {
            key: ec(curve),
            own: ecdsa("SHA256"),
            makes: vec![
                (named("SHA1"), UNSUPPORTED),
                (named("SHA224"), UNSUPPORTED),
                (named("SHA256"), Ok(())),
                (named("SHA384"), Ok(())),
                (named("SHA512"), Ok(())),
                (null, UNSUPPORTED),
            ],
        });
    }
    for (name, curve) in [
        ("P-224", Nid::SECP224R1),
        ("secp256k1", Nid::SECP256K1),
        ("brainpoolP256r1", Nid::BRAINPOOL_P256R1),
        ("brainpoolP384r1", Nid::BRAINPOOL_P384R1),
    ] {
        let signature = Signature {
            name: format!("{name} ecdsa-with-SHA256"),
            ..ecdsa("SHA256")
        };
        signers.push(Signer {
            key: ec(curve),
            own: ecdsa("SHA256"),
            makes: vec![(signature, UNACCEPTABLE)],
        });
    }
    signers
}

fn pkcs1(hash: &str, parameters: &[u8]) -> Signature {
    let (number, digest) = match hash {
        "MD5" => (4, MessageDigest::md5()),
        "SHA1" => (5, MessageDigest::sha1()),
        "SHA224" => (14, MessageDigest::sha224()),
        "SHA256" => (11, MessageDigest::sha256()),
        "SHA384" => (12, MessageDigest::sha384()),
        _ => (13, MessageDigest::sha512()),
    };
    let oid_text = format!("1.2.840.113549.1.1.{number}");
    let name = format!("{hash} with RSA, {} octets of parameters", parameters.len());
    Signature::new(&name, algorithm(&oid_text, parameters), Some(digest))
}

fn hash_number(hash: &str) -> (&'static str, MessageDigest, i32) {
    match hash {
        "SHA1" => ("1.3.14.3.2.26", MessageDigest::sha1(), 20),
        "SHA256" => ("2.16.840.1.101.3.4.2.1", MessageDigest::sha256(), 32),
        "SHA384" => ("2.16.840.1.101.3.4.2.2", MessageDigest::sha384(), 48),
        _ => ("2.16.840.1.101.3.4.2.3", MessageDigest::sha512(), 64),
    }
}

/// RSASSA-PSS-params (RFC 4055, section 3.1).
fn pss(name: &str, hash: &str, mask: &str, stated_salt: u8, made_salt: i32) -> Signature {
    let (hash_oid, digest, _) = hash_number(hash);
    let (mask_oid, mask_digest, _) = hash_number(mask);
    let hash_id = algorithm(hash_oid, &null());
    let mask_id = algorithm("1.2.840.113549.1.1.8", &algorithm(mask_oid, &null()));
    let parameters = sequence(&[
        &tlv(0xa0, &hash_id),
        &tlv(0xa1, &mask_id),
        &tlv(0xa2, &[2, 1, stated_salt]),
    ]);
    Signature::pss(
        &format!("RSASSA-PSS {name}"),
        algorithm("1.2.840.113549.1.1.10", &parameters),
        digest,
        made_salt,
        mask_digest,
    )
}

fn usual_pss(hash: &str) -> Signature {
    let (_, _, salt) = hash_number(hash);
    pss(hash, hash, hash, salt as u8, salt)
}

fn rsa_2048() -> Signer {
    let sha1_defaults = Signature::pss(
        "RSASSA-PSS with its defaults",
        algorithm("1.2.840.113549.1.1.10", &sequence(&[])),
        MessageDigest::sha1(),
        20,
        MessageDigest::sha1(),
    );
    let mut makes = vec![
        (sha1_defaults, UNSUPPORTED),
        (
            pss("SHA256, salt of 20", "SHA256", "SHA256", 20, 20),
            UNSUPPORTED,
        ),
        (
            pss("SHA256, mask by SHA1", "SHA256", "SHA1", 32, 32),
            UNSUPPORTED,
        ),
        (
            pss("SHA256, mask by SHA512", "SHA256", "SHA512", 32, 32),
            UNSUPPORTED,
        ),
        (
            pss(
                "SHA256, another salt than stated",
                "SHA256",
                "SHA256",
                32,
                20,
            ),
            Err(Reason::UnknownIssuer),
        ),
    ];
    for hash in ["MD5", "SHA1", "SHA224"] {
        makes.push((pkcs1(hash, &null()), UNSUPPORTED));
    }
    for hash in ["SHA256", "SHA384", "SHA512"] {
        makes.push((pkcs1(hash, &null()), Ok(())));
        makes.push((pkcs1(hash, &[]), Ok(())));
        makes.push((pkcs1(hash, &tlv(4, &[])), UNSUPPORTED));
        makes.push((usual_pss(hash), Ok(())));
    }
    Signer {
        key: rsa(2048),
        own: pkcs1("SHA256", &null()),
        makes,
    }
}

fn rsa_1024() -> Signer {
    let signature = pkcs1("SHA256", &null());
    let name = format!("RSA 1024: {}", signature.name);
    Signer {
        key: rsa(1024),
        own: signature.clone(),
        makes: vec![(Signature { name, ..signature }, UNACCEPTABLE)],
    }
}

/// A key that is bound to RSASSA-PSS.
fn rsa_pss_alone() -> Signer {
    let signature = usual_pss("SHA256");
    let name = format!("RSA-PSS key: {}", signature.name);
    Signer {
        key: rsa_pss(),
        own: signature.clone(),
        makes: vec![(Signature { name, ..signature }, UNACCEPTABLE)],
    }
}

fn ed25519() -> Signer {
    let own = Signature::new("Ed25519", algorithm("1.3.101.112", &[]), None);
    let null = other_parameters("Ed25519, NULL", "1.3.101.112", &null(), &own);
    Signer {
        key: PKey::generate_ed25519().unwrap(),
        own: own.clone(),
        makes: vec![(own, Ok(())), (null, UNSUPPORTED)],
    }
}

fn ed448() -> Signer {
    let own = Signature::new("Ed448", algorithm("1.3.101.113", &[]), None);
    Signer {
        key: PKey::generate_ed448().unwrap(),
        own: own.clone(),
        makes: vec![(own, UNSUPPORTED)],
    }
}

fn of_ml_dsa(kind: MlDsa) -> Signer {
    let own = kind.signature();
    let mut with_null = own.algorithm.clone();
    with_null[1] += 2;
    with_null.extend(null());
    let null = Signature {
        name: format!("{}, NULL", own.name),
        algorithm: with_null,
        ..own.clone()
    };
    let unknown = other_parameters(
        &format!("{} under an unknown identifier", own.name),
        "1.2.3.4",
        &[],
        &own,
    );
    assert_eq!(oid("1.2.3.4").len(), 3);
    Signer {
        key: kind.key(),
        own: own.clone(),
        makes: vec![(own, Ok(())), (null, UNSUPPORTED), (unknown, UNSUPPORTED)],
    }
}
