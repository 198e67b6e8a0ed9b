//! A service that is configured by a file alone follows it, and the files that it names.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::config::{ClientConfig, ServerConfig};
use mtls::error::ReloadFailure;
use mtls::{
    Event, HandshakeError, MtlsClient, MtlsServer, OpenSsl, RejectionReason, Report, Rustls,
};

use super::common::pki::Leaf;
use super::common::pki::crl::Crl;
use super::common::pki::pem;
use super::common::raw::socket_pair;
use super::place::Place;

/// No wait takes longer.
const LIMIT: Duration = Duration::from_secs(20);

/// Server and client in one file, with a policy for `who`.
fn configuration(format: &str, who: &str, more: &str) -> String {
    match format {
        "toml" => format!(
            r#"
log = "of the service itself"

[tls]
identity = {{ chain = "tls.crt", key = "tls.key" }}
trust_anchors = ["ca.crt"]
revocation_lists = "ca.crl"
policy = {{ allow = 'spiffe_id("spiffe://prod.test/{who}")', revocation = {{ depth = "chain" }} }}
poll_interval = "10min"
{more}
[upstream]
identity = {{ chain = "alice.crt", key = "alice.key" }}
trust_anchors = "ca.crt"
server_name = "server.test"
"#
        ),
        "yaml" => format!(
            r#"
log: of the service itself
tls:
  identity: {{ chain: tls.crt, key: tls.key }}
  trust_anchors: [ca.crt]
  revocation_lists: ca.crl
  policy:
    allow: {{ spiffe_id: "spiffe://prod.test/{who}" }}
    revocation: {{ depth: chain }}
  poll_interval: 10min
{more}
upstream:
  identity: {{ chain: alice.crt, key: alice.key }}
  trust_anchors: ca.crt
  server_name: server.test
"#
        ),
        "json" => format!(
            r#"
{{
  "log": "of the service itself",
  "tls": {{
    "identity": {{ "chain": "tls.crt", "key": "tls.key" }},
    "trust_anchors": ["ca.crt"],
    "revocation_lists": "ca.crl",
    "policy": {{
      "allow": {{ "any_of": [{{ "spiffe_id": "spiffe://prod.test/{who}" }}, {{ "dns": "no.test" }}] }},
      "revocation": {{ "depth": "chain" }}
    }},
    {more}
    "poll_interval": "10min"
  }},
  "upstream": {{
    "identity": {{ "chain": "alice.crt", "key": "alice.key" }},
    "trust_anchors": "ca.crt",
    "server_name": "server.test"
  }}
}}
"#
        ),
        other => panic!("{other}"),
    }
}

struct Service<B: ServerBackend> {
    place: Place,
    format: &'static str,
    server: MtlsServer<B>,
    failures: Arc<Mutex<Vec<String>>>,
}

impl<B: ServerBackend + ClientBackend + Default> Service<B> {
    fn start(format: &'static str) -> Self {
        let place = Place::new();
        let file = format!("service.{format}");
        place.write(&file, configuration(format, "alice", ""));
        let config = ServerConfig::from_file(place.path(&file), "tls").unwrap();
        let failures = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&failures);
        let builder = config.builder().unwrap().observer(move |event| {
            if let Event::ReloadFailed(failure) = event {
                let failure: &ReloadFailure = failure;
                seen.lock().unwrap().push(Report::new(failure).to_string());
            }
        });
        Self {
            server: builder.build(B::default()).unwrap(),
            place,
            format,
            failures,
        }
    }

    fn write(&self, who: &str, more: &str) {
        let file = format!("service.{}", self.format);
        self.place
            .write(&file, configuration(self.format, who, more));
    }

    /// One connection of the client in the same file, by a new client.
    fn call(&self) -> Result<String, HandshakeError> {
        let file = self.place.path(&format!("service.{}", self.format));
        let config = ClientConfig::from_file(file, "upstream").unwrap();
        let client: MtlsClient<B> = config.builder().unwrap().build(B::default()).unwrap();
        let (near, far) = socket_pair();
        let server = self.server.clone();
        let serving = thread::spawn(move || {
            let mut stream = server.accept(far)?;
            let name = stream.peer().to_string();
            stream.write_all(name.as_bytes()).unwrap();
            stream.close().unwrap();
            Ok(())
        });
        let called = client.connect(config.server_name().unwrap(), near);
        let answer = called.and_then(|mut stream| {
            let mut answer = String::new();
            match stream.read_to_string(&mut answer) {
                Ok(_) => Ok(answer),
                Err(error) => Err(HandshakeError::Io(error)),
            }
        });
        // The server's verdict says more than its alert.
        match serving.join().unwrap() {
            Ok(()) => answer,
            Err(error) => Err(error),
        }
    }

    #[track_caller]
    fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let started = Instant::now();
        while !is_so() {
            assert!(
                started.elapsed() < LIMIT,
                "{what}: {}",
                self.server.handle().status()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[track_caller]
    fn until_revision(&self, revision: u64) {
        self.until("revision", || {
            self.server.handle().status().revision() == revision
        });
    }

    #[track_caller]
    fn until_failure(&self, part: &str) {
        let has = || {
            self.failures
                .lock()
                .unwrap()
                .iter()
                .any(|text| text.contains(part))
        };
        self.until(part, has);
    }
}

fn reason<T: std::fmt::Debug>(result: Result<T, HandshakeError>) -> RejectionReason {
    match result {
        Err(HandshakeError::Rejected(rejection)) => rejection.reason(),
        other => panic!("{other:?}"),
    }
}

fn follows<B: ServerBackend + ClientBackend + Default>(format: &'static str) {
    let service = Service::<B>::start(format);
    assert!(service.call().unwrap().contains("alice"));

    // A change of the policy in the file.
    service.write("bob", "");
    service.until_revision(2);
    assert_eq!(reason(service.call()), RejectionReason::NotAuthorized);
    service.write("alice", "");
    service.until_revision(3);
    assert!(service.call().unwrap().contains("alice"));

    // A list that the file names.
    let alice = std::fs::read(service.place.path("alice.crt")).unwrap();
    let alice = pem_to_der(&alice);
    let lists = Crl::new()
        .number(&[9])
        .lists(&alice)
        .signed_by(&service.place.root);
    service.place.write("ca.crl", pem("X509 CRL", &lists));
    service.until_revision(4);
    assert_eq!(reason(service.call()), RejectionReason::Revoked);
    let again = Leaf::named("alice")
        .client()
        .uri("spiffe://prod.test/alice");
    service
        .place
        .write_pair("alice", &service.place.issue(again));
    assert!(service.call().unwrap().contains("alice"));

    // What cannot change: nothing of the file is used, not even the policy.
    let version = match format {
        "toml" => "protocol_versions = [\"tls1.3\"]",
        "yaml" => "  protocol_versions: [tls1.3]",
        _ => "\"protocol_versions\": [\"tls1.3\"],",
    };
    service.write("bob", version);
    service.until_failure("tls.protocol_versions");
    assert!(service.call().unwrap().contains("alice"));
    assert_eq!(service.server.handle().status().revision(), 4);

    // A file that is broken, and one that is gone.
    let file = format!("service.{format}");
    service.place.write(&file, "{ tls");
    service.until("broken", || {
        service.server.handle().status().failures() >= 2
    });
    std::fs::remove_file(service.place.path(&file)).unwrap();
    service.until_failure("the file cannot be read");
    service.write("bob", "");
    service.until_revision(5);
    assert_eq!(reason(service.call()), RejectionReason::NotAuthorized);
    assert!(service.server.handle().status().last_failure().is_none());
}

fn pem_to_der(pem: &[u8]) -> pki_types::CertificateDer<'static> {
    use pki_types::pem::PemObject;
    pki_types::CertificateDer::from_pem_slice(pem).unwrap()
}

#[test]
fn toml_on_rustls() {
    follows::<Rustls>("toml");
}

#[test]
fn toml_on_openssl() {
    follows::<OpenSsl>("toml");
}

#[test]
fn yaml_on_rustls() {
    follows::<Rustls>("yaml");
}

#[test]
fn yaml_on_openssl() {
    follows::<OpenSsl>("yaml");
}

#[test]
fn json_on_rustls() {
    follows::<Rustls>("json");
}

#[test]
fn json_on_openssl() {
    follows::<OpenSsl>("json");
}

/// What relaxes a rule is reported when it begins to, once.
#[test]
fn a_relaxed_rule_is_reported() {
    let place = Place::new();
    let text = |danger: &str| {
        format!(
            r#"
identity = {{ file = "tls.pem" }}
trust_anchors = "ca.crt"
policy = {{ allow = 'any_authenticated()', danger_allow_common_name_as_dns = {danger} }}
poll_interval = "10min"
"#
        )
    };
    place.write("service.toml", text("false"));
    let relaxed = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&relaxed);
    let config = ServerConfig::from_file(place.path("service.toml"), "").unwrap();
    let builder = config.builder().unwrap().observer(move |event| {
        if let Event::RuleRelaxed { setting, .. } = event {
            seen.lock().unwrap().push(*setting);
        }
    });
    let server = builder.build(Rustls::default()).unwrap();
    assert!(relaxed.lock().unwrap().is_empty());
    place.write("service.toml", text("true"));
    let started = Instant::now();
    while relaxed.lock().unwrap().is_empty() {
        assert!(started.elapsed() < LIMIT, "{}", server.handle().status());
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(server.handle().status().revision(), 2);
    assert_eq!(
        *relaxed.lock().unwrap(),
        ["danger_allow_common_name_as_dns"]
    );
}

/// A list of those who may not connect, in a file that the policy names deep inside.
#[test]
fn a_matcher_in_a_file_is_followed() {
    let place = Place::new();
    place.write("deny.txt", "spiffe_id(\"spiffe://prod.test/mallory\")");
    place.write(
        "service.toml",
        r#"
[tls]
identity = { file = "tls.pem" }
trust_anchors = "ca.crt"
policy = { allow = { all_of = [{ trust_domain = "prod.test" }, { not = { file = "deny.txt" } }] } }
poll_interval = "10min"

[upstream]
identity = { chain = "alice.crt", key = "alice.key" }
trust_anchors = "ca.crt"
server_name = "server.test"
"#,
    );
    let config = ServerConfig::from_file(place.path("service.toml"), "tls").unwrap();
    let service: Service<Rustls> = Service {
        server: config.builder().unwrap().build(Rustls::default()).unwrap(),
        place,
        format: "toml",
        failures: Arc::default(),
    };
    assert!(service.call().unwrap().contains("alice"));
    service
        .place
        .write("deny.txt", "spiffe_id(\"spiffe://prod.test/alice\")");
    service.until_revision(2);
    assert_eq!(reason(service.call()), RejectionReason::NotAuthorized);
    service.place.write("deny.txt", "spiffe_id(");
    service.until("broken", || {
        service.server.handle().status().failures() >= 1
    });
    assert_eq!(reason(service.call()), RejectionReason::NotAuthorized);
}

/// A limit that is out of range in a changed file is reported with its field and line.
#[test]
fn a_wrong_change_is_reported_with_its_place() {
    let service = Service::<Rustls>::start("toml");
    let text = configuration("toml", "alice", "");
    let wrong = text.replace("policy = { allow", "policy = { min_rsa_bits = 1024, allow");
    assert_ne!(text, wrong);
    service
        .place
        .write("service.toml", format!("# a line more\n{wrong}"));
    service.until_failure("tls.policy.min_rsa_bits (");
    let failures = service.failures.lock().unwrap().join("\n");
    assert!(failures.contains("service.toml:9:"), "{failures}");
}
