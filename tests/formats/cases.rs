//! Every file of the matrix: the command that makes it, who reads it, and what has to come of it.

use super::workshop::KEYS;

/// What a file is given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// `MtlsIdentity::from_files`, with the chain of this key and the passphrase.
    Key(&'static str),
    /// The same without a passphrase.
    OpenKey(&'static str),
    /// `MtlsIdentity::from_files`, with this key.
    Chain(&'static str),
    /// `MtlsIdentity::from_file`, with the passphrase.
    Identity,
    /// The same without a passphrase.
    OpenIdentity,
    /// `TrustAnchors::from_file`.
    Anchors,
    /// `TrustAnchors::from_pkcs12_file`.
    AnchorStore,
}

/// What has to come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It loads, and is of use in handshakes.
    Loads,
    /// It is rejected for this problem. Its words are in the documentation.
    Rejected(&'static str),
}
use Reader::{AnchorStore, Anchors, Chain, Identity, Key, OpenIdentity, OpenKey};
use Verdict::{Loads, Rejected};

pub(crate) struct Case {
    pub(crate) command: String,
    pub(crate) reader: Reader,
    pub(crate) verdict: Verdict,
}

pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) cases: Vec<Case>,
}

/// For keystores of BouncyCastle.
const PROVIDER: &str = "-providerclass org.bouncycastle.jce.provider.BouncyCastleProvider -providerpath \
                        /usr/share/java/bcprov.jar";

fn case(reader: Reader, verdict: Verdict, command: impl Into<String>) -> Case {
    Case {
        command: command.into(),
        reader,
        verdict,
    }
}

pub(crate) fn all() -> Vec<Group> {
    let group = |title, cases| Group { title, cases };
    vec![
        group("Private keys in the clear", plain_keys()),
        group("Private keys under PBES2", pbes2()),
        group("Private keys under PBES1", pbes1()),
        group("Private keys with `DEK-Info`", dek_info()),
        group("Keys that are rejected", rejected_keys()),
        group("Certificate chains", chains()),
        group("Bundles of chain and key", bundles()),
        group("PKCS#12", pkcs12()),
        group("PKCS#12 that is rejected", rejected_pkcs12()),
        group("Trust anchors", anchors()),
        group("Given by mistake", mistaken()),
        group("Damaged", damaged()),
    ]
}

fn plain_keys() -> Vec<Case> {
    let mut cases = Vec::new();
    for key in KEYS {
        cases.push(case(
            Key(key),
            Loads,
            format!("openssl pkey -in {key}.key -out out/key.pem"),
        ));
        cases.push(case(
            Key(key),
            Loads,
            format!("openssl pkey -in {key}.key -outform DER -out out/key.der"),
        ));
        // Of EC keys it leaves the curve out, so that no reader accepts them.
        let read_by_others = match key {
            "rsa" => Loads,
            _ => Rejected("KeyWithoutCurve"),
        };
        cases.push(case(
            Key(key),
            Loads,
            format!("openssl pkcs8 -topk8 -nocrypt -in {key}.key -outform DER -out out/key.der"),
        ));
        if key != "ed25519" {
            cases.push(case(
                Key(key),
                Loads,
                format!("openssl pkey -in {key}.key -traditional -out out/key.pem"),
            ));
            let program = if key == "rsa" {
                "rsa -traditional"
            } else {
                "ec"
            };
            cases.push(case(
                Key(key),
                Loads,
                format!("openssl {program} -in {key}.key -outform DER -out out/key.der"),
            ));
            cases.push(case(
                Key(key),
                read_by_others,
                format!("certtool --load-privkey {key}.key --key-info --outfile out/key.pem"),
            ));
        }
    }
    for (key, curve) in [("p256", "prime256v1"), ("p384", "secp384r1")] {
        cases.push(case(
            Key(key),
            Loads,
            format!("{{ openssl ecparam -name {curve}; openssl ec -in {key}.key; }} >out/key.pem"),
        ));
        cases.push(case(
            Key(key),
            Loads,
            format!("openssl ec -in {key}.key -no_public -out out/key.pem"),
        ));
    }
    cases
}

fn pbes2() -> Vec<Case> {
    let mut cases = Vec::new();
    let pkcs8 = |key: &str, more: &str| {
        format!("openssl pkcs8 -topk8 -in {key}.key -passout pass:tr0ub4dor {more}")
    };
    for key in KEYS {
        for cipher in ["aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "des3"] {
            cases.push(case(
                Key(key),
                Loads,
                pkcs8(key, &format!("-v2 {cipher} -out out/key.pem")),
            ));
        }
        cases.push(case(
            Key(key),
            Loads,
            pkcs8(key, "-outform DER -out out/key.der"),
        ));
    }
    for hash in ["SHA1", "SHA224", "SHA256", "SHA384", "SHA512"] {
        cases.push(case(
            Key("p256"),
            Loads,
            pkcs8("p256", &format!("-v2prf hmacWith{hash} -out out/key.pem")),
        ));
    }
    cases.push(case(
        Key("p384"),
        Loads,
        pkcs8("p384", "-scrypt -out out/key.pem"),
    ));
    cases.push(case(
        Key("rsa"),
        Loads,
        pkcs8("rsa", "-scrypt -outform DER -out out/key.der"),
    ));
    cases.push(case(
        Key("p256"),
        Loads,
        pkcs8("p256", "-iter 1000000 -out out/key.pem"),
    ));
    for cipher in ["aes-128", "aes-256"] {
        cases.push(case(
            Key("p256"),
            Loads,
            format!(
                "certtool --load-privkey p256.key --to-p8 --pkcs-cipher {cipher} --password tr0ub4dor --outfile out/key.pem"
            ),
        ));
    }
    cases.push(case(
        OpenKey("p256"),
        Rejected("EncryptedKey"),
        pkcs8("p256", "-out out/key.pem"),
    ));
    cases.push(case(
        OpenKey("p256"),
        Rejected("EncryptedKey"),
        pkcs8("p256", "-outform DER -out out/key.der"),
    ));
    let other =
        |more: &str| format!("openssl pkcs8 -topk8 -in p256.key -passout pass:other {more}");
    cases.push(case(
        Key("p256"),
        Rejected("WrongPassphrase"),
        other("-out out/key.pem"),
    ));
    cases.push(case(
        Key("p256"),
        Rejected("WrongPassphrase"),
        other("-outform DER -out out/key.der"),
    ));
    cases.push(case(
        Key("p256"),
        Rejected("WrongPassphrase"),
        other("-scrypt -out out/key.pem"),
    ));
    cases.push(case(
        Key("p256"),
        Rejected("TooCostly"),
        pkcs8("p256", "-iter 10000001 -out out/key.pem"),
    ));
    for cipher in ["camellia-256-cbc", "aria-256-cbc"] {
        cases.push(case(
            Key("p256"),
            Rejected("EncryptionUnsupported"),
            pkcs8("p256", &format!("-v2 {cipher} -out out/key.pem")),
        ));
    }
    cases
}

fn pbes1() -> Vec<Case> {
    let pkcs8 = |key: &str, scheme: &str| {
        format!(
            "openssl pkcs8 -topk8 -v1 {scheme} -in {key}.key -passout pass:tr0ub4dor -provider legacy -provider default -out \
             out/key.pem"
        )
    };
    let mut cases: Vec<Case> = KEYS
        .map(|key| case(Key(key), Loads, pkcs8(key, "PBE-SHA1-3DES")))
        .into();
    for scheme in [
        "PBE-SHA1-RC2-40",
        "PBE-SHA1-RC4-128",
        "PBE-MD5-DES",
        "PBE-SHA1-DES",
    ] {
        cases.push(case(
            Key("p256"),
            Rejected("EncryptionUnsupported"),
            pkcs8("p256", scheme),
        ));
    }
    cases
}

fn dek_info() -> Vec<Case> {
    let mut cases = Vec::new();
    let traditional = |key: &str, cipher: &str| {
        let program = if key == "rsa" {
            "rsa -traditional"
        } else {
            "ec"
        };
        format!(
            "openssl {program} -in {key}.key -{cipher} -passout pass:tr0ub4dor -out out/key.pem"
        )
    };
    for key in ["rsa", "p256", "p384"] {
        for cipher in ["aes128", "aes192", "aes256", "des3"] {
            cases.push(case(Key(key), Loads, traditional(key, cipher)));
        }
    }
    cases.push(case(
        OpenKey("rsa"),
        Rejected("EncryptedKey"),
        traditional("rsa", "aes256"),
    ));
    cases.push(case(
        Key("rsa"),
        Rejected("EncryptionUnsupported"),
        traditional("rsa", "camellia256"),
    ));
    cases.push(case(
        Key("p256"),
        Rejected("WrongPassphrase"),
        "openssl ec -in p256.key -aes256 -passout pass:other -out out/key.pem",
    ));
    cases
}

fn rejected_keys() -> Vec<Case> {
    let key = |command: &str| {
        case(
            Key("p256"),
            Rejected("KeyUnsupported"),
            format!("openssl {command} -out out/key.pem"),
        )
    };
    let mut cases = vec![
        key("genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:1024"),
        key("genpkey -quiet -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048"),
        key("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1"),
        key("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1"),
        key("genpkey -algorithm ed448"),
        key("genpkey -algorithm x25519"),
    ];
    cases.extend([
        case(
            Key("p256"),
            Rejected("KeyUnsupported"),
            "openssl dsaparam -genkey 1024 2>/dev/null | openssl dsa -out out/key.pem",
        ),
        case(
            Key("p256"),
            Rejected("KeyWithoutCurveName"),
            "openssl pkey -in p256.key -ec_param_enc explicit -out out/key.pem",
        ),
        case(
            Key("p256"),
            Rejected("KeyWithoutCurveName"),
            "openssl ec -in p256.key -param_enc explicit -out out/key.pem",
        ),
        case(
            Key("p256"),
            Rejected("KeyMismatch"),
            "cp other.key out/key.pem",
        ),
        case(
            Key("p256"),
            Rejected("KeyMismatch"),
            "cp rsa.key out/key.pem",
        ),
        case(Key("p256"), Rejected("CaKey"), "cp issuing.key out/key.pem"),
        case(
            Key("p256"),
            Rejected("SecondKey"),
            "cat p256.key other.key >out/key.pem",
        ),
    ]);
    cases
}

fn chains() -> Vec<Case> {
    let p7b = |files: &str, more: &str| {
        format!("cat {files} | openssl crl2pkcs7 -nocrl -certfile /dev/stdin {more}")
    };
    vec![
        case(
            Chain("p256"),
            Loads,
            "cat p256.crt issuing.crt >out/chain.pem",
        ),
        case(
            Chain("p256"),
            Loads,
            "cat p256.crt issuing.crt root.crt >out/chain.pem",
        ),
        case(
            Chain("rsa"),
            Loads,
            "cat rsa.crt issuing.crt | sed 's/$/\\r/' >out/chain.pem",
        ),
        case(
            Chain("rsa"),
            Loads,
            "{ printf '\\xef\\xbb\\xbf'; cat rsa.crt issuing.crt; } >out/chain.pem",
        ),
        case(
            Chain("p384"),
            Loads,
            "for one in p384 issuing; do openssl x509 -in $one.crt -text; done >out/chain.pem",
        ),
        case(
            Chain("p384"),
            Loads,
            "sed 's/ CERTIFICATE/ X509 CERTIFICATE/' p384.chain.pem >out/chain.pem",
        ),
        case(
            Chain("ed25519"),
            Loads,
            p7b("ed25519.crt issuing.crt", "-out out/chain.p7b"),
        ),
        case(
            Chain("ed25519"),
            Loads,
            p7b("ed25519.crt issuing.crt", "-outform DER -out out/chain.p7b"),
        ),
        case(
            Chain("p256"),
            Loads,
            p7b(
                "root.crt issuing.crt p256.crt",
                "-outform DER -out out/chain.p7b",
            ),
        ),
        case(
            Chain("p256"),
            Loads,
            "cat p256.crt issuing.crt >both.pem; certtool --p7-generate --load-certificate both.pem --outder \
             --outfile out/chain.p7b 2>/dev/null || openssl crl2pkcs7 -nocrl -certfile both.pem -outform DER -out out/chain.p7b",
        ),
        case(
            Chain("p256"),
            Rejected("MissingIntermediate"),
            "cat p256.crt root.crt >out/chain.pem",
        ),
        case(
            Chain("p256"),
            Rejected("LeafNotFirst"),
            "cat other.crt p256.crt issuing.crt >out/chain.pem",
        ),
        case(
            Chain("p256"),
            Rejected("CaLeaf"),
            "openssl req -x509 -new -key p256.key -subj /CN=self -out out/chain.pem",
        ),
        case(
            Chain("p256"),
            Rejected("KeyMismatch"),
            "cp issuing.crt out/chain.pem",
        ),
        case(
            Chain("p256"),
            Rejected("DuplicateCertificate"),
            "cat p256.crt issuing.crt issuing.crt >out/chain.pem",
        ),
        case(
            Chain("p256"),
            Rejected("UnexpectedSection"),
            "openssl x509 -in p256.crt -trustout -addtrust clientAuth -out out/chain.pem",
        ),
        case(
            Chain("p256"),
            Rejected("UnexpectedSection"),
            "cp request.csr out/chain.pem",
        ),
        case(
            Chain("p256"),
            Rejected("UnexpectedContent"),
            "openssl req -in request.csr -outform DER -out out/chain.der",
        ),
        case(
            Chain("p256"),
            Rejected("KeyInsteadOfCertificate"),
            "cp p256.key out/chain.pem",
        ),
    ]
}

fn bundles() -> Vec<Case> {
    vec![
        case(
            OpenIdentity,
            Loads,
            "cat p256.crt issuing.crt p256.key >out/identity.pem",
        ),
        case(
            OpenIdentity,
            Loads,
            "cat p256.key p256.crt issuing.crt >out/identity.pem",
        ),
        case(
            OpenIdentity,
            Loads,
            "cat rsa.crt rsa.key issuing.crt >out/identity.pem",
        ),
        case(
            OpenIdentity,
            Loads,
            "cat rsa.key rsa.crt issuing.crt | sed 's/$/\\r/' >out/identity.pem",
        ),
        case(
            OpenIdentity,
            Loads,
            "openssl pkcs12 -in p256.p12 -nodes -passin pass:tr0ub4dor -out out/identity.pem",
        ),
        case(
            Identity,
            Loads,
            "{ openssl pkcs8 -topk8 -in p384.key -passout pass:tr0ub4dor; cat p384.chain.pem; } >out/identity.pem",
        ),
        case(
            Identity,
            Loads,
            "{ openssl ec -in p256.key -aes256 -passout pass:tr0ub4dor; cat p256.chain.pem; } >out/identity.pem",
        ),
        case(
            OpenIdentity,
            Loads,
            "{ cat p256.chain.pem p256.key; openssl dhparam -dsaparam 512; } >out/identity.pem 2>/dev/null",
        ),
        case(
            OpenIdentity,
            Rejected("EncryptedKey"),
            "{ openssl pkcs8 -topk8 -in p384.key -passout pass:tr0ub4dor; cat p384.chain.pem; } >out/identity.pem",
        ),
        case(
            OpenIdentity,
            Rejected("NoKey"),
            "cp p256.chain.pem out/identity.pem",
        ),
        case(
            OpenIdentity,
            Rejected("NoCertificate"),
            "cp p256.key out/identity.pem",
        ),
        case(
            OpenIdentity,
            Rejected("SecondKey"),
            "cat p256.key p256.chain.pem other.key >out/identity.pem",
        ),
    ]
}

fn pkcs12() -> Vec<Case> {
    let export = |key: &str, more: &str| {
        format!(
            "openssl pkcs12 -export -inkey {key}.key -in {key}.crt -certfile issuing.crt -passout pass:tr0ub4dor {more} -out \
             out/identity.p12"
        )
    };
    let mut cases = Vec::new();
    for key in KEYS {
        cases.push(case(Identity, Loads, export(key, "")));
        cases.push(case(Identity, Loads, export(key, "-legacy")));
        cases.push(case(
            Identity,
            Loads,
            export(
                key,
                "-keypbe AES-128-CBC -certpbe AES-128-CBC -macalg sha512",
            ),
        ));
    }
    for more in [
        "-name client",
        "-macalg sha1",
        "-macalg sha224",
        "-macalg sha384",
        "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES",
        "-keypbe AES-256-CBC -certpbe NONE",
        "-keypbe NONE -certpbe AES-256-CBC",
        "-keypbe NONE -certpbe NONE",
        "-iter 100000",
    ] {
        cases.push(case(Identity, Loads, export("p256", more)));
    }
    cases.push(case(
        Identity,
        Loads,
        "cat root.crt issuing.crt p256.crt | openssl pkcs12 -export -inkey p256.key -in /dev/stdin -passout pass:tr0ub4dor \
         -out out/identity.p12",
    ));
    for key in ["p256", "rsa"] {
        cases.push(case(
            Identity,
            Loads,
            format!(
                "openssl pkcs12 -export -inkey {key}.key -in {key}.chain.pem -passout pass:tr0ub4dor -name x -out a.p12; \
                 keytool -importkeystore -srckeystore a.p12 -srcstorepass tr0ub4dor -destkeystore out/identity.p12 \
                 -deststoretype PKCS12 -deststorepass tr0ub4dor 2>/dev/null"
            ),
        ));
        cases.push(case(
            Identity,
            Loads,
            format!(
                "openssl pkcs12 -export -inkey {key}.key -in {key}.chain.pem -passout pass:tr0ub4dor -name x -out a.p12; \
                 keytool -J-Dkeystore.pkcs12.legacy -importkeystore -srckeystore a.p12 -srcstorepass tr0ub4dor \
                 -destkeystore out/identity.p12 -deststoretype PKCS12 -deststorepass tr0ub4dor 2>/dev/null"
            ),
        ));
    }
    for cipher in ["aes-128", "aes-256", "3des-pkcs12"] {
        cases.push(case(
            Identity,
            Loads,
            format!(
                "certtool --to-p12 --load-certificate p256.chain.pem --load-privkey p256.key --pkcs-cipher {cipher} \
                 --password tr0ub4dor --p12-name client --outder --outfile out/identity.p12"
            ),
        ));
    }
    for key in ["p256", "rsa"] {
        cases.push(case(
            Identity,
            Loads,
            format!(
                "{}; rm -rf db; mkdir db; pk12util -i out/identity.p12 -d sql:db -K '' -W tr0ub4dor >/dev/null; \
                 pk12util -o out/identity.p12 -n {key} -d sql:db -K '' -W tr0ub4dor >/dev/null",
                export(key, &format!("-name {key}"))
            ),
        ));
        cases.push(case(
            Identity,
            Loads,
            format!(
                "openssl pkcs12 -export -inkey {key}.key -in {key}.chain.pem -passout pass:tr0ub4dor -name x -out a.p12; \
                 keytool -importkeystore -srckeystore a.p12 -srcstorepass tr0ub4dor -destkeystore out/identity.p12 \
                 -deststoretype PKCS12 -deststorepass tr0ub4dor -destprovidername BC {PROVIDER} 2>/dev/null"
            ),
        ));
    }
    cases.push(case(
        OpenIdentity,
        Loads,
        "openssl pkcs12 -export -inkey p256.key -in p256.chain.pem -nomac -keypbe NONE -certpbe NONE -passout pass: -out \
         out/identity.p12",
    ));
    cases
}

fn rejected_pkcs12() -> Vec<Case> {
    let export = |more: &str| {
        format!(
            "openssl pkcs12 -export -inkey p256.key -in p256.chain.pem {more} -out out/identity.p12"
        )
    };
    vec![
        case(
            Identity,
            Rejected("Pkcs12WithoutMac"),
            export("-passout pass:tr0ub4dor -nomac"),
        ),
        case(
            OpenIdentity,
            Rejected("Pkcs12WithoutMac"),
            export("-passout pass:tr0ub4dor -nomac -certpbe AES-256-CBC"),
        ),
        case(
            Identity,
            Rejected("Pkcs12PassphraseWithoutMac"),
            export("-passout pass: -nomac -keypbe NONE -certpbe NONE"),
        ),
        case(
            Identity,
            Rejected("WrongPassphrase"),
            export("-passout pass:other"),
        ),
        case(
            Identity,
            Rejected("WrongPassphrase"),
            export("-passout pass:"),
        ),
        case(
            OpenIdentity,
            Rejected("PassphraseMissing"),
            export("-passout pass:tr0ub4dor"),
        ),
        case(
            Identity,
            Rejected("TooCostly"),
            export("-passout pass:tr0ub4dor -iter 6000000 -maciter"),
        ),
        case(
            Identity,
            Rejected("NoKey"),
            "openssl pkcs12 -export -nokeys -in root.crt -passout pass:tr0ub4dor -out out/identity.p12",
        ),
        case(
            Identity,
            Rejected("NoCertificate"),
            "openssl pkcs12 -export -nocerts -inkey p256.key -passout pass:tr0ub4dor -out out/identity.p12",
        ),
        case(
            Identity,
            Rejected("KeyUnsupported"),
            "openssl genpkey -algorithm ed448 -out ed448.key; openssl req -x509 -new -key ed448.key -subj /CN=x -config \
             ext.conf -out ed448.crt; openssl pkcs12 -export -inkey ed448.key -in ed448.crt -passout pass:tr0ub4dor -out \
             out/identity.p12",
        ),
    ]
}

fn anchors() -> Vec<Case> {
    vec![
        case(Anchors, Loads, "cp root.crt out/ca.pem"),
        case(
            Anchors,
            Loads,
            "openssl x509 -in root.crt -outform DER -out out/ca.der",
        ),
        case(
            Anchors,
            Loads,
            "openssl crl2pkcs7 -nocrl -certfile root.crt -out out/ca.p7b",
        ),
        case(
            Anchors,
            Loads,
            "openssl crl2pkcs7 -nocrl -certfile root.crt -outform DER -out out/ca.p7b",
        ),
        case(
            AnchorStore,
            Loads,
            "keytool -importcert -noprompt -storetype PKCS12 -keystore out/ca.p12 -storepass tr0ub4dor -alias root -file \
             root.crt 2>/dev/null",
        ),
        case(
            AnchorStore,
            Loads,
            "openssl pkcs12 -export -nokeys -in root.crt -passout pass:tr0ub4dor -out out/ca.p12",
        ),
        case(
            AnchorStore,
            Loads,
            format!(
                "keytool -importcert -noprompt -storetype PKCS12 -keystore out/ca.p12 -storepass tr0ub4dor -alias root \
                 -file root.crt -providername BC {PROVIDER} 2>/dev/null"
            ),
        ),
        case(
            Anchors,
            Loads,
            "keytool -J-Dkeystore.pkcs12.macAlgorithm=NONE -J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE -importcert \
             -noprompt -storetype PKCS12 -keystore out/ca.p12 -storepass tr0ub4dor -alias root -file root.crt 2>/dev/null",
        ),
        case(
            Anchors,
            Loads,
            "openssl cms -sign -stream -nodetach -in root.crt -signer root.crt -inkey root.key -outform DER -out out/ca.p7m",
        ),
        case(
            Anchors,
            Rejected("UnexpectedSection"),
            "openssl x509 -in root.crt -trustout -out out/ca.pem",
        ),
        case(
            Anchors,
            Rejected("UnexpectedContent"),
            "keytool -importcert -noprompt -storetype JKS -keystore out/ca.jks -storepass tr0ub4dor -alias root -file \
             root.crt 2>/dev/null",
        ),
        case(
            Anchors,
            Rejected("PassphraseMissing"),
            "openssl pkcs12 -export -nokeys -in root.crt -passout pass:tr0ub4dor -out out/ca.p12",
        ),
        case(
            AnchorStore,
            Rejected("IdentityInsteadOfAnchors"),
            "cp p256.p12 out/ca.p12",
        ),
    ]
}

fn mistaken() -> Vec<Case> {
    let key = |verdict: &'static str, command: &str| case(Key("p256"), Rejected(verdict), command);
    vec![
        key("CertificateInsteadOfKey", "cp p256.crt out/key.pem"),
        key(
            "CertificateInsteadOfKey",
            "openssl x509 -in p256.crt -outform DER -out out/key.der",
        ),
        key("UnexpectedSection", "cp request.csr out/key.pem"),
        key("UnexpectedSection", "cp public.pem out/key.pem"),
        key(
            "UnexpectedContent",
            "openssl pkey -in p256.key -pubout -outform DER -out out/key.der",
        ),
        key(
            "UnexpectedSection",
            "ssh-keygen -q -t ed25519 -N '' -C x -f ssh; mv ssh out/key.pem; rm ssh.pub",
        ),
        key(
            "UnexpectedContent",
            "ssh-keygen -q -t ed25519 -N '' -C x -f ssh; mv ssh.pub out/key.pub; rm ssh",
        ),
        key("Pkcs12", "cp p256.p12 out/key.p12"),
        key(
            "UnexpectedContent",
            "openssl crl2pkcs7 -nocrl -certfile p256.crt -outform DER -out out/key.p7b",
        ),
        key(
            "UnexpectedSection",
            "openssl ecparam -name prime256v1 -out out/key.pem",
        ),
        case(
            Identity,
            Rejected("UnexpectedContent"),
            "openssl x509 -in p256.crt -outform DER -out out/identity.der",
        ),
        case(
            Identity,
            Rejected("UnexpectedContent"),
            "openssl pkey -in p256.key -outform DER -out out/identity.der",
        ),
        case(
            Identity,
            Rejected("UnexpectedContent"),
            "keytool -genkeypair -storetype JKS -keystore out/identity.jks -storepass tr0ub4dor -keypass tr0ub4dor \
             -keyalg EC -alias x -dname CN=x 2>/dev/null",
        ),
        case(
            Identity,
            Rejected("UnexpectedContent"),
            "keytool -genseckey -storetype JCEKS -keystore out/identity.jceks -storepass tr0ub4dor -keypass tr0ub4dor \
             -keyalg AES -keysize 128 -alias x 2>/dev/null",
        ),
        keystore("BKS"),
        keystore("UBER"),
        keystore("BCFKS"),
    ]
}

fn keystore(kind: &str) -> Case {
    let command = format!(
        "keytool -genkeypair -storetype {kind} -keystore out/identity.keystore -storepass tr0ub4dor -keypass tr0ub4dor \
         -keyalg EC -alias x -dname CN=x {PROVIDER} 2>/dev/null"
    );
    case(Identity, Rejected("UnexpectedContent"), command)
}

fn damaged() -> Vec<Case> {
    let key = |verdict: &'static str, command: &str| case(Key("p256"), Rejected(verdict), command);
    vec![
        key("Empty", ": >out/key.pem"),
        key("Empty", "printf '\\n\\n' >out/key.pem"),
        key(
            "UnexpectedContent",
            "echo '<html>not found</html>' >out/key.pem",
        ),
        key("MissingEnd", "head -n 3 p256.key >out/key.pem"),
        key("UnexpectedEnd", "tail -n 2 p256.key >out/key.pem"),
        key(
            "EndLabelMismatch",
            "sed 's/END PRIVATE/END RSA PRIVATE/' p256.key >out/key.pem",
        ),
        key(
            "EndAndBeginShareLine",
            "{ printf %s \"$(cat p256.crt)\"; cat p256.key; } >out/key.pem",
        ),
        key("IndentedMarker", "sed 's/^/    /' p256.key >out/key.pem"),
        key(
            "LiteralLineBreaks",
            "awk '{ printf \"%s\\\\n\", $0 }' p256.key >out/key.pem",
        ),
        key(
            "DamagedMarker",
            "sed 's/-----BEGIN/----BEGIN/' p256.key >out/key.pem",
        ),
        key("Utf16", "iconv -t UTF-16 p256.key >out/key.pem"),
        key("Base64", "sed '2s/./!/' p256.key >out/key.pem"),
        key("KeyMalformed", "sed '2s/^....//' p256.key >out/key.pem"),
        key(
            "UnexpectedContent",
            "openssl pkey -in p256.key -outform DER | head -c 100 >out/key.der",
        ),
        key(
            "UnexpectedContent",
            "{ openssl pkey -in p256.key -outform DER; echo; } >out/key.der",
        ),
        key("UnexpectedContent", "head -c 64 /dev/zero >out/key.der"),
        key("TooMany", "head -c 2000000 /dev/zero >out/key.der"),
        key(
            "UnexpectedContent",
            "grep -v -- ----- p256.key >out/key.pem",
        ),
        case(
            Chain("p256"),
            Rejected("Certificate"),
            "{ sed '3s/^....//' p256.crt; cat issuing.crt; } >out/chain.pem",
        ),
        case(
            Chain("p256"),
            Rejected("MissingEnd"),
            "{ head -n 4 p256.crt; cat issuing.crt; } >out/chain.pem",
        ),
        case(
            Identity,
            Rejected("UnexpectedContent"),
            "head -c 700 p256.p12 >out/identity.p12",
        ),
        case(
            Identity,
            Rejected("WrongPassphrase"),
            "cp p256.p12 out/identity.p12; printf x | dd of=out/identity.p12 bs=1 seek=300 conv=notrunc 2>/dev/null",
        ),
    ]
}
