//! What is left of a key in the process' memory after its last owner is dropped: freed memory is
//! searched too.

use std::env;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use mtls::Passphrase;
use pki_types::PrivateKeyDer;
use pki_types::pem::PemObject;

use crate::common::programs::run;
use crate::workshop::{PASSPHRASE, Workshop, from_hex};

const ROLE: &str = "MTLS_TEST_MEMORY";
/// Long secrets are searched for in pieces of 16 bytes, short ones as a whole.
const PIECE: usize = 16;
const OTHER_PASSPHRASE: &str = "incorrect-mare";
/// The needles are not to be found where they are kept.
const MASK: u8 = 0xa5;

/// Each in its own process, which has never seen the key before.
#[test]
fn nothing_of_a_dropped_key_stays_in_memory() {
    if env::var_os(ROLE).is_some() {
        return look();
    }
    let Some(workshop) = Workshop::open() else {
        return;
    };
    let mut left = Vec::new();
    for (key, command) in [
        ("p256", "cat p256.key p256.chain.pem >out/x.pem"),
        ("rsa", "cat rsa.chain.pem rsa.key >out/x.pem"),
        ("ed25519", "cat ed25519.chain.pem ed25519.key >out/x.pem"),
        (
            "p384",
            "{ openssl ec -in p384.key; cat p384.chain.pem; } >out/x.pem",
        ),
        (
            "rsa",
            "{ openssl rsa -traditional -in rsa.key; cat rsa.chain.pem; } >out/x.pem",
        ),
        (
            "p256",
            "{ openssl pkcs8 -topk8 -in p256.key -passout pass:tr0ub4dor; cat p256.chain.pem; } >out/x.pem",
        ),
        (
            "p256",
            "{ openssl pkcs8 -topk8 -scrypt -in p256.key -passout pass:tr0ub4dor; cat p256.chain.pem; } >out/x.pem",
        ),
        (
            "p256",
            "{ openssl ec -in p256.key -aes128 -passout pass:tr0ub4dor; cat p256.chain.pem; } >out/x.pem",
        ),
        (
            "rsa",
            "{ openssl rsa -traditional -in rsa.key -des3 -passout pass:tr0ub4dor; cat rsa.chain.pem; } >out/x.pem",
        ),
        ("p256", "cp p256.p12 out/x.p12"),
        (
            "rsa",
            "openssl pkcs12 -export -legacy -inkey rsa.key -in rsa.chain.pem -passout pass:tr0ub4dor -out out/x.p12",
        ),
        (
            "p256",
            "openssl pkcs12 -export -keypbe NONE -inkey p256.key -in p256.chain.pem -passout pass:tr0ub4dor -out out/x.p12",
        ),
    ] {
        let file = workshop.make(command);
        let found = search(&workshop, key, &file, "hold", "value");
        assert!(
            found.contains("left: key passphrase"),
            "{command}: the search does not find what is there: {found}"
        );
        let mut roles = vec![("drop", "value")];
        let is_encrypted = command.contains(PASSPHRASE);
        if is_encrypted {
            roles.extend(["file", "environment", "closure"].map(|source| ("drop", source)));
        }
        for (role, source) in roles {
            let dropped = search(&workshop, key, &file, role, source);
            if !dropped.contains("left: nothing") {
                left.push(format!("{command}, {role} {source}: {dropped}"));
            }
        }
        if is_encrypted {
            let file = workshop.make(&command.replace(PASSPHRASE, OTHER_PASSPHRASE));
            let wrong = search(&workshop, key, &file, "wrong", "value");
            if !wrong.contains("left: nothing") {
                left.push(format!("{command}, a wrong passphrase: {wrong}"));
            }
        }
    }
    assert!(left.is_empty(), "{}", left.join("\n"));
}

/// What a process of its own says.
fn search(workshop: &Workshop, key: &str, file: &Path, role: &str, source: &str) -> String {
    let mut needles: Vec<(&str, Vec<u8>)> = Vec::new();
    let numbers = workshop.secret_numbers(key);
    needles.extend(numbers.iter().map(|number| ("key", number.clone())));
    needles.extend(secret_text(file, &numbers));
    // The environment of a process is a part of its memory.
    if source != "environment" {
        needles.push(("passphrase", PASSPHRASE.into()));
    }
    let utf16 = PASSPHRASE.encode_utf16().flat_map(u16::to_be_bytes);
    needles.push(("passphrase in UTF-16", utf16.collect()));
    let derived = workshop.read(&derive(file));
    needles.extend(derived.split_whitespace().map(|k| ("derived", from_hex(k))));
    let mask = |(name, needle): &(&str, Vec<u8>)| {
        let hex: String = needle
            .iter()
            .map(|byte| format!("{:02x}", byte ^ MASK))
            .collect();
        format!("{name}={hex}")
    };
    let masked: Vec<String> = needles.iter().map(mask).collect();
    let passphrase_file = workshop.path("passphrase");
    fs::write(&passphrase_file, format!("{PASSPHRASE}\n")).unwrap();
    let mut child = Command::new(env::current_exe().unwrap());
    child
        .args([
            "--exact",
            "memory::nothing_of_a_dropped_key_stays_in_memory",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(ROLE, role)
        .env("SOURCE", source)
        .env("MASKED", masked.join(","))
        .env("FILE", file)
        .env("PASSPHRASE_FILE", passphrase_file);
    if source == "environment" {
        child.env("SECRET", PASSPHRASE);
    }
    run(&mut child, b"", Duration::from_secs(120)).expect_success()
}

/// The pieces of a key's text in the clear that encode a part of a secret number. The others name the algorithm and the
/// public key, which the text of a certificate does as well.
fn secret_text(file: &Path, numbers: &[Vec<u8>]) -> Vec<(&'static str, Vec<u8>)> {
    let Ok(text) = fs::read_to_string(file) else {
        return Vec::new();
    };
    let Ok(key) = PrivateKeyDer::from_pem_slice(text.as_bytes()) else {
        return Vec::new();
    };
    let der = key.secret_der();
    let secret: Vec<Range<usize>> = numbers
        .iter()
        .filter_map(|number| {
            let start = der.windows(number.len()).position(|w| w == number)?;
            Some(start..start + number.len())
        })
        .collect();
    assert_eq!(secret.len(), numbers.len(), "{}", file.display());
    let lines = text
        .lines()
        .skip_while(|line| !line.ends_with("PRIVATE KEY-----"))
        .skip(1)
        .take_while(|line| !line.starts_with('-'));
    let base64: String = lines.collect();
    let pieces = base64.as_bytes().chunks_exact(PIECE).enumerate();
    let secret_pieces = pieces.filter(|(index, _)| {
        let bytes = index * PIECE / 4 * 3..(index + 1) * PIECE / 4 * 3;
        secret
            .iter()
            .any(|number| number.start < bytes.end && bytes.start < number.end)
    });
    let found: Vec<_> = secret_pieces
        .map(|(_, piece)| ("key", piece.to_vec()))
        .collect();
    assert!(found.len() > 1, "{}", file.display());
    found
}

/// A command that prints the key which OpenSSL derives from the passphrase for a PKCS#8 key under PBES2; for other files
/// it prints nothing.
fn derive(file: &Path) -> String {
    format!(
        r#"parsed=$(openssl asn1parse -in {0} 2>/dev/null) || exit 0
salt=$(sed -n 's/.*OCTET STRING *\[HEX DUMP\]://p' <<<"$parsed" | head -n 1)
numbers=($(sed -n 's/.*INTEGER *://p' <<<"$parsed"))
by="openssl kdf -keylen 32 -kdfopt pass:{PASSPHRASE} -kdfopt hexsalt:$salt"
case $parsed in
*PBKDF2*) $by -kdfopt digest:SHA256 -kdfopt iter:$((16#${{numbers[0]}})) PBKDF2 ;;
*scrypt*) $by -kdfopt n:$((16#${{numbers[0]}})) -kdfopt r:$((16#${{numbers[1]}})) -kdfopt p:$((16#${{numbers[2]}})) SCRYPT ;;
esac | tr -d :"#,
        file.display()
    )
}

fn passphrase(source: &str) -> Passphrase {
    match source {
        "value" => Passphrase::new(PASSPHRASE),
        "file" => Passphrase::from_file(env::var("PASSPHRASE_FILE").unwrap()),
        "environment" => Passphrase::from_env("SECRET"),
        "closure" => Passphrase::from_fn(|| Ok(PASSPHRASE.to_owned())),
        other => panic!("{other}"),
    }
}

/// The child: loads, drops unless it holds, and searches itself.
fn look() {
    let file = env::var("FILE").unwrap();
    let role = env::var(ROLE).unwrap();
    let passphrase = passphrase(&env::var("SOURCE").unwrap());
    let loaded = mtls::Loader::new()
        .passphrase(passphrase.clone())
        .load_identity(&file);
    assert_eq!(loaded.is_err(), role == "wrong", "{loaded:?}");
    let held = Some((loaded, passphrase)).filter(|_| role == "hold");
    let masked = env::var("MASKED").unwrap();
    let pieces: Vec<(&str, Vec<u8>)> = masked
        .split(',')
        .filter_map(|needle| needle.split_once('='))
        .flat_map(|(name, hex)| {
            let needle = from_hex(hex);
            let length = PIECE.min(needle.len());
            let pieces = needle.chunks_exact(length).map(|p| (name, p.to_vec()));
            pieces.collect::<Vec<_>>()
        })
        .collect();
    assert!(!pieces.is_empty());
    let masked: Vec<Vec<u8>> = pieces.iter().map(|(_, piece)| piece.clone()).collect();
    let found = pieces_in_memory(&masked);
    drop(held);
    let mut names: Vec<&str> = pieces.iter().map(|(name, _)| *name).collect();
    let mut found = found.into_iter();
    names.retain(|_| found.next().unwrap());
    names.dedup();
    match names.as_slice() {
        [] => println!("left: nothing"),
        names => println!("left: {}", names.join(" ")),
    }
}

/// Which of the pieces stand somewhere in writable memory.
fn pieces_in_memory(masked: &[Vec<u8>]) -> Vec<bool> {
    let mut memory = File::open("/proc/self/mem").unwrap();
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let mut found = vec![false; masked.len()];
    let mut page = vec![0; 1 << 16];
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (range, _) = line.split_once(' ').unwrap();
        let (start, end) = range.split_once('-').unwrap();
        let (mut at, end) = (number(start), number(end));
        while at < end {
            let wanted = usize::try_from(end - at).unwrap().min(page.len());
            memory.seek(SeekFrom::Start(at)).unwrap();
            let Ok(read) = memory.read(&mut page[..wanted]) else {
                break;
            };
            for (piece, found) in masked.iter().zip(&mut found) {
                *found |= holds(&page[..read], piece);
            }
            page[..read].fill(0);
            // Pieces may lie across the end of what was read.
            at += u64::try_from(read.saturating_sub(PIECE).max(1)).unwrap();
        }
    }
    found
}

fn holds(memory: &[u8], masked: &[u8]) -> bool {
    let first = masked[0] ^ MASK;
    memory.windows(masked.len()).any(|window| {
        window[0] == first
            && window
                .iter()
                .zip(masked)
                .all(|(byte, masked)| *byte == masked ^ MASK)
    })
}

fn number(hex: &str) -> u64 {
    u64::from_str_radix(hex, 16).unwrap()
}
