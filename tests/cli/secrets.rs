//! No private key is in what the command prints.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use pki_types::PrivateKeyDer;
use pki_types::pem::PemObject;

/// Letters of base64 or hexadecimal, or bytes, that no other text has in common with a key.
const PIECE: usize = 24;

/// Fails if a part of a private key in the folder is in the text, in base64, hexadecimal or raw.
#[track_caller]
pub(crate) fn expect_none(folder: &Path, printed: &str) {
    let keys = search_for_keys(folder, printed);
    assert!(keys > 0, "there is no key in {}", folder.display());
}

/// Does the same for a folder that may have no key; returns how many it has.
#[track_caller]
pub(crate) fn search_for_keys(folder: &Path, printed: &str) -> usize {
    let pieces: HashSet<&[u8]> = printed.as_bytes().windows(PIECE).collect();
    let mut keys = 0;
    for path in files(folder) {
        let Ok(bytes) = fs::read(&path) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        for section in text.split("-----BEGIN ").filter(|section| is_key(section)) {
            keys += 1;
            let body: String = section
                .lines()
                .skip(1)
                .take_while(|line| !line.starts_with("-----"))
                .collect();
            search(&path, &pieces, body.as_bytes());
        }
        if let Ok(key) = PrivateKeyDer::from_pem_slice(&bytes) {
            let der = key.secret_der();
            search(&path, &pieces, der);
            let lower: String = der.iter().map(|byte| format!("{byte:02x}")).collect();
            search(&path, &pieces, lower.as_bytes());
            search(&path, &pieces, lower.to_uppercase().as_bytes());
        }
    }
    keys
}

fn is_key(section: &str) -> bool {
    section
        .lines()
        .next()
        .is_some_and(|line| line.contains("PRIVATE KEY"))
}

#[track_caller]
fn search(path: &Path, printed: &HashSet<&[u8]>, secret: &[u8]) {
    for piece in secret.windows(PIECE) {
        assert!(
            !printed.contains(piece),
            "a part of the key in {} was printed",
            path.display()
        );
    }
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_file()).collect()
}

#[test]
fn a_printed_key_is_found() {
    let workshop = crate::workshop::Workshop::new();
    let key = fs::read_to_string(workshop.path().join("server.key")).unwrap();
    let folder = workshop.path().to_owned();
    let line = key.lines().nth(2).unwrap();
    expect_none(workshop.path(), "nothing");
    let der = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let hex: String = der
        .secret_der()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    for printed in [line, &hex[40..80]] {
        let found = std::panic::catch_unwind(|| expect_none(&folder, printed));
        assert!(found.is_err());
    }
}
