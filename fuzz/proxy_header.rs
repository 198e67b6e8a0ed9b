//! What must hold for the begin of a connection that a proxy sends.

#[path = "../src/integration/tokio/listener/proxy_protocol/header.rs"]
mod header;

use header::{Begin, MAX_BYTES, read_begin};

/// The first bytes of a connection.
pub fn proxy_header(input: &[u8]) {
    let whole = read_begin(input);
    for length in 0..=input.len().min(MAX_BYTES) {
        match read_begin(&input[..length]) {
            // More bytes may decide, and there is a limit to them.
            Ok(Begin::Part) => assert!(length < MAX_BYTES),
            // What is decided stays, whatever follows. A header ends where it was found to end.
            Ok(Begin::Whole { length: end, .. }) => {
                assert!(end <= length);
                assert_eq!(read_begin(&input[..length]), whole);
                assert_eq!(read_begin(&input[..end]), whole);
                if end > 0 {
                    assert_eq!(read_begin(&input[..end - 1]), Ok(Begin::Part));
                }
            }
            fault => assert_eq!(fault, whole),
        }
    }
}
