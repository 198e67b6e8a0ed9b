//! Which files load, which are rejected, and with which message.
//!
//! Each file below was made by the command beside it, in a test. Files that load were then used as
//! identity or trust anchor in mutual handshakes on rustls (with aws-lc-rs and with ring) and on
//! OpenSSL, and of a client on native-tls. For each rejected file the tables list the
//! [problem](crate::error::MaterialProblem), the fact that the error states, and its hint, which
//! says what to do next. `N` and `<digest>` stand for what differs between files. Keys
//! without a chain were loaded together with their chain, and passphrases were given by
//! [`Passphrase`](crate::Passphrase).
//!
//! | what | read by | cargo feature |
//! |---|---|---|
//! | certificates: PEM, DER, PKCS#7 (DER or BER) | [`CertificateChain::from_file`](crate::CertificateChain::from_file), [`TrustAnchors::from_file`](crate::TrustAnchors::from_file) | |
//! | directories of them | [`Input::directory`](crate::material::Input::directory) | |
//! | private keys: PKCS#8, PKCS#1, SEC1, in PEM or DER | [`PrivateKey::from_file`](crate::PrivateKey::from_file) | |
//! | the same under PBES2 or `DEK-Info` | the same, with a passphrase | `encrypted-keys` |
//! | the same under PBES1 with 3DES | the same | `legacy-keys` |
//! | chain and key in one PEM | [`MtlsIdentity::from_file`](crate::MtlsIdentity::from_file) | |
//! | PKCS#12 (DER or BER) | [`Loader::load_identity`](crate::Loader::load_identity); trust stores: [`Loader::load_anchors`](crate::Loader::load_anchors) | `pkcs12` |
//! | revocation lists: PEM, DER | [`RevocationLists::from_file`](crate::RevocationLists::from_file) | |
#![doc = ""]
#![doc = include_str!("formats.md")]
