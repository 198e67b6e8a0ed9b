//! What people do wrong with files.

use std::fs;
use std::path::{Path, PathBuf};

use mtls::material::KeyPermissions;
use mtls::{
    CertificateChain, MtlsClient, MtlsIdentity, Passphrase, PrivateKey, Report, RevocationLists,
    Rustls, TrustAnchors,
};

use super::workshop::{PASSPHRASE, Workshop};

/// Makes the mistake, and returns the report; `None` if it works.
pub(crate) type Attempt = fn(&Workshop, &Path) -> Option<String>;

/// What was done, the command that makes the file, and how it is loaded.
pub(crate) const MISTAKES: &[(&str, &str, Attempt)] = &[
    ("a path with a typing error", "cp p256.key out/x", |w, _| {
        pair(w, "p256.chain.pem", "p265.key")
    }),
    (
        "a directory in place of a file",
        "mkdir out/keys",
        |w, made| pair_at(w.path("p256.chain.pem"), made),
    ),
    (
        "certificate and key in each other's place",
        "cp p256.key out/x",
        |w, _| pair(w, "p256.key", "p256.chain.pem"),
    ),
    (
        "the key of another certificate",
        "cp other.key out/x",
        |w, made| pair_at(w.path("p256.chain.pem"), made),
    ),
    ("the CA's key", "cp issuing.key out/x", |w, made| {
        pair_at(w.path("p256.chain.pem"), made)
    }),
    (
        "the CA's certificate as one's own",
        "cp issuing.crt out/x",
        |w, made| pair_at(made, w.path("issuing.key")),
    ),
    (
        "a chain upside down",
        "cat issuing.crt p256.crt >out/x",
        |w, made| pair_at(made, w.path("p256.key")),
    ),
    (
        "the root in place of the intermediate",
        "cat p256.crt root.crt >out/x",
        |w, made| pair_at(made, w.path("p256.key")),
    ),
    (
        "repairing a chain that lacks its intermediate",
        "cat root.crt p256.crt >out/x",
        |w, made| {
            let key = PrivateKey::from_file(w.path("p256.key")).unwrap();
            words(CertificateChain::from_file(made).unwrap().repaired(&key))
        },
    ),
    (
        "an encrypted key without its passphrase",
        "openssl pkcs8 -topk8 -in p256.key -passout pass:x -out out/x",
        |w, made| pair_at(w.path("p256.chain.pem"), made),
    ),
    (
        "a wrong passphrase",
        "openssl pkcs8 -topk8 -in p256.key -passout pass:other -out out/x",
        |w, made| open(w, made, Passphrase::new(PASSPHRASE)),
    ),
    (
        "a passphrase from a variable that is not set",
        "openssl pkcs8 -topk8 -in p256.key -passout pass:x -out out/x",
        |w, made| open(w, made, Passphrase::from_env("CLIENT_KEY_PASSPHRASE")),
    ),
    (
        "a passphrase from a file that is not there",
        "openssl pkcs8 -topk8 -in p256.key -passout pass:x -out out/x",
        |w, made| open(w, made, Passphrase::from_file("/run/secrets/client-key")),
    ),
    (
        "a secret store that does not answer",
        "openssl pkcs8 -topk8 -in p256.key -passout pass:x -out out/x",
        |w, made| {
            open(
                w,
                made,
                Passphrase::from_fn(|| Err("the vault is sealed".into())),
            )
        },
    ),
    (
        "the request in place of the certificate",
        "cp request.csr out/x",
        |w, made| pair_at(made, w.path("p256.key")),
    ),
    (
        "the public key in place of the private one",
        "cp public.pem out/x",
        |w, made| pair_at(w.path("p256.chain.pem"), made),
    ),
    (
        "a key of ssh-keygen",
        "ssh-keygen -q -t ed25519 -N '' -C x -f ssh; mv ssh out/x; rm ssh.pub",
        |w, made| pair_at(w.path("p256.chain.pem"), made),
    ),
    (
        "a key on secp256k1",
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out out/x",
        |w, made| pair_at(w.path("p256.chain.pem"), made),
    ),
    (
        "an RSA key of 1024 bits",
        "openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out out/x",
        |w, made| pair_at(w.path("p256.chain.pem"), made),
    ),
    (
        "a key with its curve spelled out",
        "openssl ec -in p256.key -param_enc explicit -out out/x",
        |w, made| pair_at(w.path("p256.chain.pem"), made),
    ),
    (
        "PKCS#12 where PEM is expected",
        "cp p256.p12 out/x",
        |w, made| pair_at(w.path("p256.chain.pem"), made),
    ),
    (
        "PKCS#12 without its passphrase",
        "cp p256.p12 out/x",
        |_, made| words(MtlsIdentity::from_file(made)),
    ),
    (
        "PKCS#12 that nothing protects",
        "openssl pkcs12 -export -nomac -inkey p256.key -in p256.crt -passout pass:x -out out/x",
        |_, made| {
            words(
                mtls::Loader::new()
                    .passphrase(Passphrase::new("x"))
                    .load_identity(made),
            )
        },
    ),
    (
        "an identity as a store of trust anchors",
        "cp p256.p12 out/x",
        |_, made| {
            words(
                mtls::Loader::new()
                    .passphrase(Passphrase::new(PASSPHRASE))
                    .load_anchors(made),
            )
        },
    ),
    (
        "an old Java keystore",
        "keytool -genkeypair -storetype JKS -keystore out/x -storepass tr0ub4dor -keypass tr0ub4dor -keyalg EC -alias x -dname CN=x 2>/dev/null",
        |_, made| {
            words(
                mtls::Loader::new()
                    .passphrase(Passphrase::new(PASSPHRASE))
                    .load_identity(made),
            )
        },
    ),
    (
        "PKCS#7 as an identity",
        "openssl crl2pkcs7 -nocrl -certfile p256.chain.pem -outform DER -out out/x",
        |_, made| words(MtlsIdentity::from_file(made)),
    ),
    (
        "DER where PEM is expected",
        "openssl x509 -in root.crt -outform DER -out out/x",
        |_, made| words(TrustAnchors::from_pem(&fs::read(made).unwrap())),
    ),
    (
        "saved by PowerShell",
        "iconv -t UTF-16 root.crt >out/x",
        |_, made| words(TrustAnchors::from_file(made)),
    ),
    (
        "line breaks lost in an environment variable",
        "awk '{ printf \"%s\\\\n\", $0 }' p256.key >out/x",
        |w, made| pair_at(w.path("p256.chain.pem"), made),
    ),
    (
        "files put together without a line break",
        "{ printf %s \"$(cat p256.crt)\"; cat p256.key; } >out/x",
        |_, made| words(MtlsIdentity::from_file(made)),
    ),
    (
        "a file that was cut off",
        "head -n 4 root.crt >out/x",
        |_, made| words(TrustAnchors::from_file(made)),
    ),
    ("an empty file", ": >out/x", |_, made| {
        words(TrustAnchors::from_file(made))
    }),
    (
        "an error page in place of a certificate",
        "echo '<html>404</html>' >out/x",
        |_, made| words(TrustAnchors::from_file(made)),
    ),
    (
        "a certificate with OpenSSL's trust settings",
        "openssl x509 -in root.crt -trustout -out out/x",
        |_, made| words(TrustAnchors::from_file(made)),
    ),
    (
        "a certificate as a revocation list",
        "cp root.crt out/x",
        |_, made| words(RevocationLists::from_file(made)),
    ),
    (
        "two keys in one file",
        "cat p256.key other.key >out/x",
        |w, made| pair_at(w.path("p256.chain.pem"), made),
    ),
    (
        "a key that takes an hour to open",
        "openssl pkcs8 -topk8 -in p256.key -iter 20000000 -passout pass:x -out out/x",
        |w, made| open(w, made, Passphrase::new("x")),
    ),
    (
        "a folder of anchors with something else in it",
        "mkdir out/ca; cp root.crt out/ca; echo text >out/ca/README",
        |_, made| words(mtls::Loader::new().load_anchors(mtls::material::Input::directory(made))),
    ),
    ("an empty folder of anchors", "mkdir out/ca", |_, made| {
        words(mtls::Loader::new().load_anchors(mtls::material::Input::directory(made)))
    }),
    (
        "a key that every user may read, where that is denied",
        "cp p256.key out/x; chmod 644 out/x",
        |w, made| {
            let identity = MtlsIdentity::from_files(w.path("p256.chain.pem"), made).unwrap();
            let client = MtlsClient::builder()
                .identity(identity)
                .trust_anchors(TrustAnchors::from_file(w.path("root.crt")).unwrap())
                .key_permissions(KeyPermissions::Deny)
                .build(Rustls::default());
            client.err().map(|error| Report::new(&error).to_string())
        },
    ),
];

/// The error with its causes and its hint.
fn words<T>(outcome: Result<T, mtls::MaterialError>) -> Option<String> {
    outcome.err().map(|error| Report::new(&error).to_string())
}

fn pair(workshop: &Workshop, chain: &str, key: &str) -> Option<String> {
    pair_at(workshop.path(chain), workshop.path(key))
}

fn pair_at(chain: impl AsRef<Path>, key: impl AsRef<Path>) -> Option<String> {
    words(MtlsIdentity::from_files(chain, key))
}

fn open(workshop: &Workshop, key: &Path, passphrase: Passphrase) -> Option<String> {
    let chain: PathBuf = workshop.path("p256.chain.pem");
    words(
        mtls::Loader::new()
            .passphrase(passphrase.clone())
            .load_key_pair(chain, key),
    )
}
