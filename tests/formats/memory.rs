//! What is left of a key in the process' memory when nobody holds it any more: freed memory is searched too.

use std::env;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use mtls::{MtlsIdentity, Passphrase};

use crate::PASSPHRASE;
use crate::common::programs::run;
use crate::workshop::{Workshop, from_hex};

const ROLE: &str = "MTLS_TEST_MEMORY";
/// Of a key's own bytes, which are searched for in pieces of 16.
const PIECE: usize = 16;
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
        let found = search(&workshop, key, &file, true);
        assert!(
            found.contains("held: found"),
            "{command}: the search finds nothing: {found}"
        );
        let dropped = search(&workshop, key, &file, false);
        if !dropped.contains("dropped: nothing") {
            left.push(format!("{command}: {dropped}"));
        }
    }
    assert!(left.is_empty(), "{}", left.join("\n"));
}

/// What a process of its own says.
fn search(workshop: &Workshop, key: &str, file: &Path, hold: bool) -> String {
    let mut needles = workshop.secret_numbers(key);
    // And the text of a key in the clear.
    let text = format!(
        "grep -q -a ENCRYPTED {0} || sed -n '/BEGIN.*PRIVATE KEY/,/END.*PRIVATE KEY/p' {0} | grep -v -a -e ---- | while \
         read -r line; do printf %s \"$line\" | od -An -v -tx1 | tr -d ' \\n'; echo; done || true",
        file.display()
    );
    let text = workshop.read(&text);
    needles.extend(text.split_whitespace().map(from_hex));
    let mask = |needle: &Vec<u8>| {
        needle
            .iter()
            .map(|byte| format!("{:02x}", byte ^ MASK))
            .collect()
    };
    let masked: Vec<String> = needles.iter().map(mask).collect();
    let mut child = Command::new(env::current_exe().unwrap());
    child
        .args([
            "--exact",
            "memory::nothing_of_a_dropped_key_stays_in_memory",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(ROLE, if hold { "hold" } else { "drop" })
        .env("MASKED", masked.join(" "))
        .env("FILE", file);
    run(&mut child, b"", Duration::from_secs(120)).expect_success()
}

/// The child: loads, drops unless it holds, and searches itself.
fn look() {
    let file = env::var("FILE").unwrap();
    let hold = env::var(ROLE).unwrap() == "hold";
    let passphrase = Passphrase::new(PASSPHRASE);
    let held = Some(MtlsIdentity::from_file(file, Some(&passphrase)).unwrap()).filter(|_| hold);
    drop(passphrase);
    let masked = env::var("MASKED").unwrap();
    let pieces: Vec<Vec<u8>> = masked
        .split(' ')
        .map(from_hex)
        .flat_map(|needle| {
            needle
                .chunks_exact(PIECE)
                .map(<[u8]>::to_vec)
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(!pieces.is_empty());
    let found = pieces_in_memory(&pieces);
    let state = if held.is_some() { "held" } else { "dropped" };
    match found {
        0 => println!("{state}: nothing"),
        found => println!("{state}: found {found} of {}", pieces.len()),
    }
}

/// How many of the pieces stand somewhere in writable memory.
fn pieces_in_memory(masked: &[Vec<u8>]) -> usize {
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
    found.into_iter().filter(|found| *found).count()
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
