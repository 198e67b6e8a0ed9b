//! Chains in any order, made by the `openssl` command, are put in order, and it is said what was done.

mod common;

use std::fmt::Debug;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use common::programs::{self, Program};
use mtls::error::MaterialProblem;
use mtls::material::ChainRepair;
use mtls::pki_types::CertificateDer;
use mtls::pki_types::SubjectPublicKeyInfoDer;
use mtls::pki_types::pem::PemObject;
use mtls::{
    CertificateChain, MaterialError, MtlsClient, MtlsIdentity, MtlsServer, PrivateKey, Rustls,
    TrustAnchors, VerifierPolicy,
};
use tempfile::TempDir;

type Der = CertificateDer<'static>;

/// A folder of keys and certificates.
struct Cas {
    openssl: Program,
    folder: TempDir,
}

const CA: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n\
    subjectKeyIdentifier=hash\n";
const LEAF: &str = "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n\
    extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=DNS:localhost\nsubjectKeyIdentifier=hash\n";

impl Cas {
    fn new() -> Option<Self> {
        Some(Self {
            openssl: Program::openssl()?,
            folder: tempfile::tempdir().unwrap(),
        })
    }

    fn run(&self, arguments: &str) {
        let mut command = self.openssl.command();
        command
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path());
        programs::run(&mut command, b"", Duration::from_secs(30)).expect_success();
    }

    fn key(&self, name: &str) {
        self.run(&format!(
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {name}.key"
        ));
    }

    /// A certificate `file.crt` for the key `key.key` under this common name, by an issuer's certificate and key or by
    /// itself.
    fn issue(
        &self,
        file: &str,
        (name, key): (&str, &str),
        issuer: Option<(&str, &str)>,
        extensions: &str,
        days: u32,
    ) -> Der {
        self.run(&format!(
            "req -new -key {key}.key -subj /CN={name} -out {file}.csr"
        ));
        let authority = if issuer.is_some() {
            "authorityKeyIdentifier=keyid:always\n"
        } else {
            ""
        };
        let path = self.folder.path().join(format!("{file}.ext"));
        fs::write(path, format!("{extensions}{authority}")).unwrap();
        let by = match issuer {
            Some((certificate, key)) => {
                format!("-CA {certificate}.crt -CAkey {key}.key -CAcreateserial")
            }
            None => format!("-signkey {key}.key"),
        };
        self.run(&format!(
            "x509 -req -sha256 -in {file}.csr {by} -days {days} -extfile {file}.ext -out {file}.crt"
        ));
        CertificateDer::from_pem_file(self.folder.path().join(format!("{file}.crt"))).unwrap()
    }

    fn root(&self, name: &str) -> Der {
        self.key(name);
        self.issue(name, (name, name), None, CA, 60)
    }

    fn below(&self, issuer: &str, name: &str) -> Der {
        self.key(name);
        self.issue(name, (name, name), Some((issuer, issuer)), CA, 50)
    }

    fn leaf(&self, issuer: &str) -> Der {
        self.leaf_with(issuer, "")
    }

    fn leaf_with(&self, issuer: &str, extensions: &str) -> Der {
        self.key("leaf");
        let extensions = format!("{LEAF}{extensions}");
        self.issue(
            "leaf",
            ("leaf", "leaf"),
            Some((issuer, issuer)),
            &extensions,
            40,
        )
    }

    fn private_key(&self, name: &str) -> PrivateKey {
        PrivateKey::from_file(self.folder.path().join(format!("{name}.key"))).unwrap()
    }

    fn repair(&self, given: &[Der]) -> Result<(CertificateChain, Vec<ChainRepair>), MaterialError> {
        chain(given).repaired(&self.private_key("leaf"))
    }

    /// Every order of the certificates gives the same chain, which makes an identity. The last report.
    fn expect_from_every_order(&self, given: &[Der], expected: &[&Der]) {
        for order in orders(given) {
            let (repaired, repairs) = self.repair(&order).unwrap();
            let found: Vec<_> = repaired.as_slice().iter().collect();
            assert_eq!(found, expected);
            let dropped = given.len() - expected.len();
            let moved = |repair: &ChainRepair| matches!(repair, ChainRepair::Moved { .. });
            let left_out = repairs.iter().filter(|r| !moved(r)).count();
            assert_eq!(left_out, dropped, "{repairs:?}");
            MtlsIdentity::new(repaired.clone(), self.private_key("leaf")).unwrap();
            // What is in order stays as it is.
            assert_eq!(
                self.repair(repaired.as_slice()).unwrap(),
                (repaired, vec![])
            );
        }
    }
}

fn chain(given: &[Der]) -> CertificateChain {
    CertificateChain::from_der(given.to_vec()).unwrap()
}

fn orders<T: Clone>(given: &[T]) -> Vec<Vec<T>> {
    if given.is_empty() {
        return vec![vec![]];
    }
    let mut all = Vec::new();
    for at in 0..given.len() {
        let mut rest = given.to_vec();
        let first = rest.remove(at);
        for mut order in orders(&rest) {
            order.insert(0, first.clone());
            all.push(order);
        }
    }
    all
}

#[track_caller]
fn says<T: Debug>(result: Result<T, MaterialError>, parts: &[&str]) {
    let error = result.unwrap_err();
    assert!(!error.to_string().contains('\n'), "{error}");
    let message = mtls::Report::new(&error).to_string();
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
}

/// Both ends present the identity and trust this root alone.
fn shake_hands(identity: &MtlsIdentity, root: &Der) {
    let anchors = TrustAnchors::from_der([root.clone()]).unwrap();
    let server = MtlsServer::builder()
        .identity(identity.clone())
        .trust_anchors(anchors.clone())
        .policy(VerifierPolicy::allow_any_authenticated())
        .build(Rustls::default())
        .unwrap();
    let client = MtlsClient::builder()
        .identity(identity.clone())
        .trust_anchors(anchors)
        .build(Rustls::default())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let accepting = std::thread::spawn(move || {
        let mut stream = server.accept(listener.accept().unwrap().0).unwrap();
        std::io::Write::write_all(&mut stream, b"hi").unwrap();
        stream.close().unwrap();
    });
    let mut stream = client
        .connect("localhost", TcpStream::connect(address).unwrap())
        .unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
    assert_eq!(answer, "hi");
    accepting.join().unwrap();
}

#[test]
fn four_certificates_in_every_order() {
    let Some(cas) = Cas::new() else { return };
    let root = cas.root("root");
    let upper = cas.below("root", "upper");
    let lower = cas.below("upper", "lower");
    let leaf = cas.leaf("lower");
    let given = [leaf.clone(), lower.clone(), upper.clone(), root.clone()];
    cas.expect_from_every_order(&given, &[&leaf, &lower, &upper]);
    for order in orders(&given) {
        let (repaired, _) = cas.repair(&order).unwrap();
        shake_hands(
            &MtlsIdentity::new(repaired, cas.private_key("leaf")).unwrap(),
            &root,
        );
    }

    let given = [&root, &leaf, &upper, &leaf, &lower].map(Clone::clone);
    let (_, repairs) = cas.repair(&given).unwrap();
    let repairs: Vec<String> = repairs.iter().map(ToString::to_string).collect();
    assert_eq!(
        repairs,
        [
            "certificate 0 (CN=root) was left out as the root",
            "certificate 2 (CN=upper) was moved to place 2",
            "certificate 3 (CN=leaf) was left out: it repeats certificate 1",
            "certificate 4 (CN=lower) was moved to place 1",
        ]
    );

    // By the public key alone.
    cas.run("pkey -in leaf.key -pubout -out leaf.pub");
    let public =
        SubjectPublicKeyInfoDer::from_pem_file(cas.folder.path().join("leaf.pub")).unwrap();
    assert_eq!(
        chain(&given).repaired_for(&public).unwrap(),
        cas.repair(&given).unwrap()
    );
    let none = SubjectPublicKeyInfoDer::from(&[1_u8, 2, 3][..]);
    says(chain(&given).repaired_for(&none), &["not a private key"]);
}

#[test]
fn what_does_not_belong_is_left_out() {
    let Some(cas) = Cas::new() else { return };
    let root = cas.root("root");
    let stranger = cas.root("stranger");
    let issuing = cas.below("root", "issuing");
    let leaf = cas.leaf("issuing");
    let given = [leaf.clone(), stranger.clone(), issuing.clone(), root];
    cas.expect_from_every_order(&given, &[&leaf, &issuing]);
    let (_, repairs) = cas.repair(&given).unwrap();
    assert_eq!(
        repairs,
        [
            ChainRepair::UnrelatedDropped {
                subject: "CN=stranger".to_owned(),
                position: 1
            },
            ChainRepair::RootDropped {
                subject: "CN=root".to_owned(),
                position: 3
            },
        ]
    );
    assert_eq!(
        repairs[0].to_string(),
        "certificate 1 (CN=stranger) was left out, off the path from the leaf"
    );

    // A self-signed leaf is its own chain.
    cas.key("leaf");
    let alone = cas.issue("leaf", ("leaf", "leaf"), None, LEAF, 40);
    cas.expect_from_every_order(&[alone.clone(), stranger], &[&alone]);
}

#[test]
fn of_one_name_the_key_decides() {
    let Some(cas) = Cas::new() else { return };
    let root = cas.root("root");
    cas.key("old");
    cas.key("new");
    let by = Some(("root", "root"));
    let old = cas.issue("old", ("issuing", "old"), by, CA, 58);
    let new = cas.issue("new", ("issuing", "new"), by, CA, 50);
    let leaf = cas.leaf("new");
    let given = [leaf.clone(), old.clone(), new.clone(), root.clone()];
    cas.expect_from_every_order(&given, &[&leaf, &new]);
    let (repaired, _) = cas.repair(&given).unwrap();
    shake_hands(
        &MtlsIdentity::new(repaired, cas.private_key("leaf")).unwrap(),
        &root,
    );
    // The other one alone is not its issuer.
    says(
        cas.repair(&[leaf, old, root]),
        &["the certificate of CN=issuing, which issued certificate 0 (CN=leaf), is missing"],
    );
}

#[test]
fn a_renewed_ca_of_the_same_key_is_the_one_that_lasts() {
    let Some(cas) = Cas::new() else { return };
    let root = cas.root("root");
    cas.key("issuing");
    let by = Some(("root", "root"));
    let short = cas.issue("short", ("issuing", "issuing"), by, CA, 45);
    let long = cas.issue("issuing", ("issuing", "issuing"), by, CA, 55);
    let leaf = cas.leaf("issuing");
    cas.expect_from_every_order(&[leaf.clone(), short, long.clone(), root], &[&leaf, &long]);
}

#[test]
fn cross_signed_cas() {
    let Some(cas) = Cas::new() else { return };
    let old = cas.root("old");
    let new = cas.root("new");
    let cross = cas.issue("cross", ("new", "new"), Some(("old", "old")), CA, 50);
    let leaf = cas.leaf("new");
    // Peers that know the old root only need the cross certificate; the others pass over it.
    let given = [leaf.clone(), new.clone(), cross.clone(), old.clone()];
    cas.expect_from_every_order(&given, &[&leaf, &cross]);
    let (repaired, _) = cas.repair(&given).unwrap();
    let identity = MtlsIdentity::new(repaired, cas.private_key("leaf")).unwrap();
    shake_hands(&identity, &old);
    shake_hands(&identity, &new);

    // An intermediate of two roots: the one that lasts longer, whatever came first.
    cas.key("mid");
    let by_old = cas.issue("mid_old", ("mid", "mid"), Some(("old", "old")), CA, 51);
    let by_new = cas.issue("mid", ("mid", "mid"), Some(("new", "new")), CA, 52);
    let leaf = cas.leaf("mid");
    cas.expect_from_every_order(
        &[leaf.clone(), by_old, by_new.clone(), new],
        &[&leaf, &by_new],
    );

    // Each signed by the other.
    let back = cas.issue("back", ("old", "old"), Some(("new", "new")), CA, 50);
    let leaf = cas.leaf("new");
    let given = [leaf.clone(), cross.clone(), back.clone()];
    cas.expect_from_every_order(&given, &[&leaf, &cross, &back]);
    let (repaired, _) = cas.repair(&given).unwrap();
    shake_hands(
        &MtlsIdentity::new(repaired, cas.private_key("leaf")).unwrap(),
        &old,
    );
}

#[test]
fn a_gap_is_an_error_that_says_where_the_issuer_is() {
    let Some(cas) = Cas::new() else { return };
    let root = cas.root("root");
    let upper = cas.below("root", "upper");
    cas.below("upper", "lower");
    let leaf = cas.leaf_with(
        "lower",
        "authorityInfoAccess=caIssuers;URI:http://ca.example/a\\'b.der\n",
    );
    for order in orders(&[leaf.clone(), upper.clone(), root.clone()]) {
        let position = order.iter().position(|c| *c == leaf).unwrap();
        let error = cas.repair(&order).unwrap_err();
        let MaterialProblem::MissingIntermediate {
            index,
            issuer,
            address,
            ..
        } = error.problem()
        else {
            panic!("{error}");
        };
        assert_eq!((*index, issuer.as_str()), (position, "CN=lower"));
        assert_eq!(address.as_deref(), Some("http://ca.example/a'b.der"));
        says::<()>(
            Err(error),
            &[
                "the certificate of CN=lower, which issued certificate",
                "(CN=leaf), is missing",
                "curl -o issuer.der 'http://ca.example/a%27b.der'",
                "openssl x509 -inform DER -in issuer.der` shows it as PEM",
            ],
        );
    }
    let key = cas.private_key("leaf");
    says(
        MtlsIdentity::new(chain(&[leaf.clone(), upper]), key),
        &[
            "the certificate of CN=lower, which issued certificate 0 (CN=leaf), is missing",
            "curl -o issuer.der 'http://ca.example/a%27b.der'",
        ],
    );
    // Alone it is no gap: what is above may be the peer's anchor.
    assert_eq!(
        cas.repair(std::slice::from_ref(&leaf)).unwrap(),
        (chain(&[leaf]), vec![])
    );
}

#[test]
fn without_the_leaf_there_is_nothing_to_repair() {
    let Some(cas) = Cas::new() else { return };
    let root = cas.root("root");
    let leaf = cas.leaf("root");
    cas.key("other");
    says(
        chain(&[leaf.clone(), root.clone()]).repaired(&cas.private_key("other")),
        &["does not belong to the leaf CN=leaf", "openssl pkey"],
    );
    says(
        chain(&[leaf, root]).repaired(&cas.private_key("root")),
        &["the key belongs to the CA certificate 1 (CN=root)"],
    );
}
