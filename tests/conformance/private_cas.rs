//! Chains in the shape that ordinary private CAs give them by default, made by the openssl command: each has to be
//! accepted by everybody.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use mtls::pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use mtls::{
    CertificateProfile, PeerMatcher, PeerVerifier, Rustls, SignatureAlgorithms, TrustAnchors,
    VerifierPolicy,
};
use tempfile::TempDir;

use crate::common::programs::{Program, run};
use crate::recipes::{CAS, Ca, Leaf, Role};

/// A key of which kind everybody in a chain has.
const KEYS: [(&str, &[&str]); 2] = [
    (
        "P-256",
        &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    ),
    (
        "RSA",
        &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    ),
];

#[test]
fn what_they_make_by_default_is_accepted() {
    let Some(workshop) = Workshop::open() else {
        return;
    };
    let mut refused = Vec::new();
    for (kind, options) in KEYS {
        for key in ["root", "intermediate", "leaf"] {
            workshop.run(&format!("genpkey -quiet -out {key}.key"), options);
        }
        for ca in CAS {
            let anchors = workshop.make_ca(ca);
            for leaf in ca.leaves {
                let chain = workshop.make_leaf(ca, leaf);
                for (library, algorithms) in algorithms() {
                    let judge = |profile| judge(&anchors, &chain, leaf, profile, &algorithms);
                    if ca.profile < CertificateProfile::Rfc5280 {
                        let by_default = judge(CertificateProfile::Rfc5280);
                        assert!(by_default.iter().all(Result::is_err), "{}", ca.name);
                    }
                    for verdict in judge(ca.profile) {
                        if let Err(error) = verdict {
                            refused.push(format!(
                                "{}, {}, {kind}, {library}: {error}",
                                ca.name, leaf.name
                            ));
                        }
                    }
                }
            }
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
}

/// As a client and as a server, as far as the leaf is meant for it.
fn judge(
    anchors: &TrustAnchors,
    chain: &[CertificateDer<'_>],
    leaf: &Leaf,
    profile: CertificateProfile,
    algorithms: &SignatureAlgorithms,
) -> Vec<Result<(), String>> {
    let now = UnixTime::now();
    let verifier = |policy: VerifierPolicy| {
        PeerVerifier::new(anchors, policy.with_profile(profile), algorithms.clone())
    };
    let client = |policy| match verifier(policy) {
        Ok(judge) => judge
            .verify_client(chain, now)
            .map(drop)
            .map_err(|r| format!("client: {r}")),
        Err(error) => Err(format!("{error:?}")),
    };
    let server = |policy, name: &'static str| match verifier(policy) {
        Ok(judge) => {
            let name = ServerName::try_from(name).unwrap();
            let verdict = judge.verify_server(chain, &name, now);
            verdict.map(drop).map_err(|r| format!("server: {r}"))
        }
        Err(error) => Err(format!("{error:?}")),
    };
    let any = VerifierPolicy::allow_any_authenticated;
    let svid = || PeerMatcher::trust_domain("example.org").unwrap();
    match leaf.role {
        Role::Both => vec![client(any()), server(any(), "server.test")],
        Role::Client => vec![client(any())],
        Role::Server => vec![server(any(), "server.test")],
        Role::Svid => vec![
            client(VerifierPolicy::allow(svid())),
            server(VerifierPolicy::server_spiffe(svid()), "server.test"),
        ],
    }
}

fn algorithms() -> Vec<(&'static str, SignatureAlgorithms)> {
    vec![
        ("rustls", Rustls::default().signature_algorithms().unwrap()),
        #[cfg(feature = "openssl")]
        (
            "OpenSSL",
            mtls::OpenSsl::default().signature_algorithms().unwrap(),
        ),
    ]
}

/// A folder in which the openssl command works.
struct Workshop {
    folder: TempDir,
    openssl: Program,
}

impl Workshop {
    fn open() -> Option<Self> {
        Some(Self {
            openssl: Program::openssl()?,
            folder: TempDir::new().unwrap(),
        })
    }

    /// The root, and the intermediate if the CA works with one.
    fn make_ca(&self, ca: &Ca) -> TrustAnchors {
        let config = format!("[req]\ndistinguished_name=dn\n[dn]\n{}", ca.root);
        self.write("root.cnf", &config);
        self.run(
            "req -x509 -new -key root.key -days 3650 -out root.crt -config root.cnf -extensions ext",
            &["-subj", ca.subject],
        );
        if let Some(intermediate) = ca.intermediate {
            let subject = &format!("{} Intermediate", ca.subject);
            let days = ["-days", "1800"];
            self.issue("intermediate", "root", subject, intermediate, &days);
        }
        TrustAnchors::from_pem(self.read("root.crt").as_bytes()).unwrap()
    }

    fn make_leaf(&self, ca: &Ca, leaf: &Leaf) -> Vec<CertificateDer<'static>> {
        let issuer = ca.intermediate.map_or("root", |_| "intermediate");
        match ca.issued_by_ca_command {
            true => self.issue_by_ca_command(leaf),
            false => self.issue("leaf", issuer, leaf.subject, leaf.extensions, leaf.options),
        }
        let mut chain = self.read("leaf.crt");
        if ca.intermediate.is_some() {
            chain += &self.read("intermediate.crt");
        }
        CertificateDer::pem_slice_iter(chain.as_bytes())
            .map(Result::unwrap)
            .collect()
    }

    fn issue(&self, name: &str, issuer: &str, subject: &str, extensions: &str, options: &[&str]) {
        self.request(name, subject);
        self.write("extensions.cnf", extensions);
        self.run(
            &format!(
                "x509 -req -in {name}.csr -out {name}.crt -CA {issuer}.crt -CAkey {issuer}.key \
                 -CAcreateserial -extfile extensions.cnf -extensions ext"
            ),
            options,
        );
    }

    /// `openssl ca` with the directory of `CA.pl`.
    fn issue_by_ca_command(&self, leaf: &Leaf) {
        self.request("leaf", leaf.subject);
        for (file, text) in [
            ("index.txt", ""),
            ("index.txt.attr", ""),
            ("serial", "01\n"),
        ] {
            self.write(file, text);
        }
        self.write("ca.cnf", leaf.extensions);
        self.run(
            "ca -batch -notext -config ca.cnf -in leaf.csr -out leaf.crt -cert root.crt -keyfile root.key",
            &[],
        );
    }

    fn request(&self, name: &str, subject: &str) {
        let config = "[req]\ndistinguished_name=dn\nstring_mask=utf8only\n[dn]\n";
        self.write("request.cnf", config);
        self.run(
            &format!("req -new -key {name}.key -out {name}.csr -config request.cnf"),
            &["-subj", subject],
        );
    }

    /// Arguments without spaces, and then those that may have some.
    #[track_caller]
    fn run(&self, arguments: &str, more: &[&str]) {
        let mut command = self.openssl.command();
        command.args(arguments.split(' ')).args(more);
        command.current_dir(self.folder.path());
        run(&mut command, b"", Duration::from_secs(60)).expect_success();
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
