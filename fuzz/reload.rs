//! A server whose files are changed in every way, beside a model of it that knows what is in them.
//!
//! After each step the files are loaded once and what is given is rotated to. What serves has to be what the model says:
//! the last set that was sound as a whole, and nothing else; never an unsound one, never less than the last good one.

mod cast;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mtls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use mtls::policy::RevocationDepth;
use mtls::rotation::ReloadTrigger;
use mtls::{
    FileSource, MtlsIdentity, MtlsServer, RevocationLists, RevocationRules, Rustls, Source,
    TrustAnchors, VerifierPolicy,
};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, ServerConnection};

use cast::{ANCHORS, Anchors, CAST, CHAINS, Chain, LISTS, List, TIMES};

/// More steps than these say nothing new.
const MAX_STEPS: usize = 24;

/// The four files.
const NAMES: [&str; 4] = ["tls.crt", "tls.key", "ca.crt", "ca.crl"];
const CHAIN: usize = 0;
const KEY: usize = 1;
const ANCHOR: usize = 2;
const LIST: usize = 3;

/// What a file holds: the place of something among its kind, or what cannot be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// Of a kind, which is given by the file that it belongs in.
    Whole {
        kind: usize,
        index: usize,
    },
    Unfit,
}

/// What serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Revision {
    chain: Chain,
    anchors: Anchors,
    list: List,
}

struct Scene {
    folder: PathBuf,
    held: [Held; 4],
    now: UnixTime,
    serving: Revision,
    /// The highest number of the root's lists that have served; `None` while all were without one.
    highest: Option<u8>,
    /// The latest day on which one of these lists was issued.
    latest: u8,
    /// Whether the other root's list has served while that root was trusted.
    other_is_known: bool,
}

/// Two bytes for each step: what is done, and to what.
pub fn reload_model(input: &[u8]) {
    let mut scene = Scene::new();
    let clock = Arc::new(AtomicUsize::new(0));
    let server = server(&clock);
    let path = |file: usize| scene.folder.join(NAMES[file]);
    let mut source = FileSource::new()
        .identity(path(CHAIN), path(KEY))
        .trust_anchors(path(ANCHOR))
        .revocation_lists(path(LIST))
        .settle_time(Duration::ZERO)
        .without_notify();
    let trigger = ReloadTrigger::default();
    for step in input.chunks_exact(2).take(MAX_STEPS) {
        let hand = scene.step(step[0], step[1]);
        clock.store(usize::from(scene.now == TIMES[1]), Ordering::Relaxed);
        let before = server.handle().status();
        let expected = scene.next();
        let became = match source.load(&trigger) {
            Ok(rotation) => server.handle().rotate(rotation).is_ok(),
            Err(_) => false,
        };
        assert_eq!(
            became,
            expected.is_some(),
            "{hand}: {:?} on {:?}",
            scene.held,
            scene.serving
        );
        let is_new = expected.is_some_and(|next| next != scene.serving);
        scene.serve(expected.unwrap_or(scene.serving));
        let status = server.handle().status();
        assert_eq!(
            status.revision(),
            before.revision() + u64::from(is_new),
            "{hand}"
        );
        let years = scene.serving.chain.years();
        assert_eq!(status.identity_expires_at(), start_of(years.1, 1), "{hand}");
        let last = scene.serving.anchors.first_year_after();
        assert_eq!(status.anchors_expire_at(), start_of(last, 1), "{hand}");
        let (year, month) = scene.serving.list.next_update();
        assert_eq!(
            status.revocation_lists_expire_at(),
            Some(start_of(year, month)),
            "{hand}"
        );
    }
    // That certificate and key are what the status says.
    let leaf = &CAST.leaves[scene.serving.chain.key()];
    assert_eq!(presented(&server), *leaf, "{:?}", scene.serving);
}

impl Scene {
    fn new() -> Self {
        let above = match fs::metadata("/dev/shm") {
            Ok(found) if found.is_dir() => PathBuf::from("/dev/shm"),
            _ => std::env::temp_dir(),
        };
        let folder = above.join(format!("mtls-reload-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let mut scene = Self {
            folder,
            held: [Held::Unfit; 4],
            now: TIMES[0],
            serving: Revision {
                chain: Chain::Good(0),
                anchors: Anchors::Root,
                list: List::Unnumbered(1),
            },
            highest: None,
            latest: 1,
            other_is_known: false,
        };
        scene.put(CHAIN, CHAIN, 0);
        scene.put(KEY, KEY, 0);
        scene.put(ANCHOR, ANCHOR, place(&ANCHORS, Anchors::Root));
        scene.put(LIST, LIST, place(&LISTS, List::Unnumbered(1)));
        scene
    }

    /// Does something to the files, and says what.
    fn step(&mut self, what: u8, how: u8) -> String {
        let file = usize::from(what >> 4) % 4;
        let path = self.folder.join(NAMES[file]);
        let index = usize::from(how) % count(file);
        match what & 0x0f {
            0 | 1 => {
                self.put(file, file, index);
                format!("write {}", NAMES[file])
            }
            2 => {
                self.put(CHAIN, CHAIN, index % CHAINS.len());
                self.put(KEY, KEY, CHAINS[index % CHAINS.len()].key());
                "write a pair".to_owned()
            }
            3 => {
                let good = usize::from(how) % 4;
                self.put(CHAIN, CHAIN, good);
                self.put(KEY, KEY, good);
                self.put(ANCHOR, ANCHOR, place(&ANCHORS, Anchors::Root));
                self.put(LIST, LIST, usize::from(how >> 2) % 4);
                "write everything".to_owned()
            }
            4 => {
                // Within the base64 of the first section: what is left has no end.
                let whole = text(file, index);
                let cut = 40 + usize::from(how) % (whole.find("-----END").unwrap() - 45);
                self.write(file, &whole.as_bytes()[..cut]);
                self.held[file] = Held::Unfit;
                format!("tear {}", NAMES[file])
            }
            5 => {
                let other = usize::from(how) % 4;
                let (from, aside) = (self.folder.join(NAMES[other]), self.folder.join("aside"));
                let _ = fs::rename(&path, &aside);
                let _ = fs::rename(&from, &path);
                let _ = fs::rename(&aside, &from);
                self.held.swap(file, other);
                format!("swap {} and {}", NAMES[file], NAMES[other])
            }
            6 => {
                self.clear(file);
                self.held[file] = Held::Unfit;
                format!("remove {}", NAMES[file])
            }
            7 => {
                self.put(
                    file,
                    usize::from(how >> 6),
                    usize::from(how & 0x3f) % count(usize::from(how >> 6)),
                );
                format!("write something into {}", NAMES[file])
            }
            8 => {
                self.write(
                    file,
                    if how & 1 == 0 {
                        b"".as_slice()
                    } else {
                        b"\xff\xfe0\0"
                    },
                );
                self.held[file] = Held::Unfit;
                format!("empty {}", NAMES[file])
            }
            9 => {
                self.clear(file);
                match how % 3 {
                    0 => fs::create_dir(&path).unwrap(),
                    #[cfg(unix)]
                    1 => std::os::unix::fs::symlink("/dev/zero", &path).unwrap(),
                    #[cfg(unix)]
                    _ => std::os::unix::fs::symlink(NAMES[file], &path).unwrap(),
                    #[cfg(not(unix))]
                    _ => {}
                }
                self.held[file] = Held::Unfit;
                format!("no file at {}", NAMES[file])
            }
            10 => {
                // A note before it does no harm.
                if let Held::Whole { kind, index } = self.held[file] {
                    let note = format!("# {how}\n{}", text(kind, index));
                    self.write(file, note.as_bytes());
                }
                format!("write a note into {}", NAMES[file])
            }
            11 => {
                self.now = TIMES[usize::from(how & 1)];
                "set the clock".to_owned()
            }
            12 => {
                #[cfg(unix)]
                if matches!(self.held[KEY], Held::Whole { .. }) {
                    use std::os::unix::fs::PermissionsExt;
                    // Of a new file, so that the mode is not kept by those that are written over it.
                    self.rewrite(KEY);
                    let closed = fs::Permissions::from_mode(0o600);
                    fs::set_permissions(self.folder.join(NAMES[KEY]), closed).unwrap();
                }
                "write the key anew".to_owned()
            }
            13 => {
                self.rewrite(file);
                format!("rename {} into place", NAMES[file])
            }
            _ => "look again".to_owned(),
        }
    }

    /// Writes in place what is of this kind.
    fn put(&mut self, file: usize, kind: usize, index: usize) {
        self.write(file, text(kind, index).as_bytes());
        self.held[file] = Held::Whole { kind, index };
    }

    fn write(&self, file: usize, content: &[u8]) {
        let path = self.folder.join(NAMES[file]);
        let is_file = fs::symlink_metadata(&path).is_ok_and(|found| found.is_file());
        if !is_file {
            self.clear(file);
        }
        fs::write(&path, content).unwrap();
        // The key's mode, on all of them, since they change places.
        #[cfg(unix)]
        if !is_file {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    /// The same content in a new file.
    fn rewrite(&self, file: usize) {
        let (path, new) = (self.folder.join(NAMES[file]), self.folder.join("new"));
        if fs::symlink_metadata(&path).is_ok_and(|found| found.is_file()) {
            fs::copy(&path, &new).unwrap();
            fs::rename(&new, &path).unwrap();
        }
    }

    fn clear(&self, file: usize) {
        let path = self.folder.join(NAMES[file]);
        if fs::remove_file(&path).is_err() {
            let _ = fs::remove_dir(&path);
        }
    }

    /// What serves after a load; `None` where it has to be rejected.
    fn next(&self) -> Option<Revision> {
        let whole = |file: usize| match self.held[file] {
            Held::Whole { kind, index } if kind == file => Some(index),
            _ => None,
        };
        let chain = CHAINS[whole(CHAIN)?];
        if chain.key() != whole(KEY)? {
            return None;
        }
        let next = Revision {
            chain,
            anchors: ANCHORS[whole(ANCHOR)?],
            list: LISTS[whole(LIST)?],
        };
        if next == self.serving {
            return Some(next);
        }
        let is_sound = self.chain_is_valid(next)
            && (next.anchors == self.serving.anchors || next.anchors != Anchors::Expired)
            && self.list_may_follow(next)
            && proves(next.anchors, next.chain);
        is_sound.then_some(next)
    }

    /// One that serves already is not asked again.
    fn chain_is_valid(&self, next: Revision) -> bool {
        let (from, until) = next.chain.years();
        next.chain == self.serving.chain
            || (start_of(from, 1) <= self.now && self.now <= start_of(until, 1))
    }

    /// A list that was seen to be its issuer's never gives way to an older one; and while it is current, and its issuer
    /// trusted, to none but the issuer's.
    fn list_may_follow(&self, next: Revision) -> bool {
        let is_current = |list: List| {
            let (year, month) = list.next_update();
            self.now <= start_of(year, month)
        };
        let is_older = match next.list {
            List::Good(number) => Some(number) < self.highest || number < self.latest,
            // A number is not taken back.
            List::Unnumbered(day) => self.highest.is_some() || day < self.latest,
            // By its date, whatever its number.
            List::Stale => true,
            List::Other => false,
        };
        let old = self.serving.list;
        let is_missed = self.is_known(old) && is_trusted(old, next.anchors) && is_current(old);
        let is_followed = match (old, next.list) {
            (List::Good(_) | List::Unnumbered(_), List::Good(_) | List::Unnumbered(_)) => {
                is_current(next.list)
            }
            (old, new) => old == new,
        };
        !is_older && (!is_missed || is_followed)
    }

    /// Whether the list was seen to be signed by a trusted CA: for the root's lists from the start.
    fn is_known(&self, list: List) -> bool {
        list != List::Other || self.other_is_known
    }

    /// What is remembered of a revision.
    fn serve(&mut self, next: Revision) {
        if let List::Good(day) | List::Unnumbered(day) = next.list {
            self.latest = self.latest.max(day);
        }
        if let List::Good(number) = next.list {
            self.highest = self.highest.max(Some(number));
        }
        self.other_is_known |= next.list == List::Other && is_trusted(next.list, next.anchors);
        self.serving = next;
    }
}

/// Whether a list is of a CA among the anchors.
fn is_trusted(list: List, anchors: Anchors) -> bool {
    match list {
        List::Other => matches!(anchors, Anchors::Both | Anchors::Other),
        List::Good(_) | List::Stale | List::Unnumbered(_) => anchors != Anchors::Other,
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Whether the path is there; the anchors are valid but for the expired ones.
fn proves(anchors: Anchors, chain: Chain) -> bool {
    match chain {
        Chain::Cut(_) => false,
        Chain::Other => matches!(anchors, Anchors::Both | Anchors::Other),
        Chain::Good(_) | Chain::Early | Chain::Expired => {
            matches!(anchors, Anchors::Both | Anchors::Root)
        }
    }
}

fn count(kind: usize) -> usize {
    [CHAINS.len(), CHAINS.len(), ANCHORS.len(), LISTS.len()][kind]
}

fn text(kind: usize, index: usize) -> &'static str {
    let all = [&CAST.chains, &CAST.keys, &CAST.anchors, &CAST.lists];
    &all[kind][index]
}

fn place<T: PartialEq>(all: &[T], one: T) -> usize {
    all.iter().position(|known| *known == one).unwrap()
}

/// The first second of a month.
fn start_of(year: i32, month: u8) -> UnixTime {
    let days = (1970..year)
        .map(|year| 365 + i32::from(is_leap(year)))
        .sum::<i32>();
    let lengths = [
        31,
        28 + i32::from(is_leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let days = days + lengths[..usize::from(month) - 1].iter().sum::<i32>();
    UnixTime::since_unix_epoch(Duration::from_secs(days as u64 * 86_400))
}

fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn server(clock: &Arc<AtomicUsize>) -> MtlsServer<Rustls> {
    let clock = Arc::clone(clock);
    let anchors = &CAST.anchors[place(&ANCHORS, Anchors::Root)];
    MtlsServer::builder()
        .identity(
            MtlsIdentity::from_pem(CAST.chains[0].as_bytes(), CAST.keys[0].as_bytes()).unwrap(),
        )
        .trust_anchors(TrustAnchors::from_pem(anchors.as_bytes()).unwrap())
        .revocation_lists({
            let first = &CAST.lists[place(&LISTS, List::Unnumbered(1))];
            RevocationLists::from_pem(first.as_bytes()).unwrap()
        })
        .policy(
            VerifierPolicy::allow_any_authenticated()
                .revocation(RevocationRules::require(RevocationDepth::Leaf)),
        )
        .clock(move || TIMES[clock.load(Ordering::Relaxed)])
        .build(Rustls::default())
        .unwrap()
}

/// The leaf of a server that has its key, by a handshake in memory up to where the client is content.
fn presented(server: &MtlsServer<Rustls>) -> CertificateDer<'static> {
    let (certificate, key) = &CAST.client;
    let provider = provider();
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(KeyAlone(provider)))
        .with_client_auth_cert(
            vec![certificate.clone()],
            PrivateKeyDer::Pkcs8(key.clone().into()),
        )
        .unwrap();
    config.resumption = rustls::client::Resumption::disabled();
    let name = ServerName::try_from("server.test").unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut server = ServerConnection::new(server.config()).unwrap();
    let mut wire = Vec::new();
    for _ in 0..8 {
        if !client.is_handshaking() {
            break;
        }
        wire.clear();
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut wire.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        wire.clear();
        server.write_tls(&mut wire).unwrap();
        client.read_tls(&mut wire.as_slice()).unwrap();
        client.process_new_packets().unwrap();
    }
    assert!(!client.is_handshaking(), "no handshake");
    client.peer_certificates().unwrap()[0].clone().into_owned()
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Takes every certificate whose key signed.
#[derive(Debug)]
struct KeyAlone(Arc<CryptoProvider>);

impl ServerCertVerifier for KeyAlone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
