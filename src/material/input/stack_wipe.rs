//! Wiping of what a decryption leaves on the stack.

use zeroize::zeroize_stack;

/// More than the frames of a derivation and a decryption take, and little of a thread's stack (Rust
/// gives 2 MiB).
const SCRUBBED: usize = 64 << 10;

/// Calls `work`, then overwrites the stack that it used, even if it failed.
///
/// The libraries wipe what they know to be secret. But the derived key, blocks of the plain text
/// and the passphrase also lie in frames where the compiler put them, and a later core dump or a
/// read of uninitialized memory would reveal them. `work` must return a small value, a length or a
/// word: of a large error, padding bytes are copied too, and these may hold the key.
///
/// Registers and the frames of the caller are not wiped: no secret may be copied there.
pub(crate) fn with_wiped_stack<T>(work: impl FnOnce() -> T) -> T {
    let result = below(work);
    zeroize_stack::<SCRUBBED>();
    result
}

/// Runs `work` in a frame of its own, below the caller's, so that the same stack is
/// overwritten.
#[inline(never)]
fn below<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_work_returns_is_returned() {
        let text = String::from("kept");
        assert_eq!(with_wiped_stack(|| text.len()), 4);
        assert_eq!(
            with_wiped_stack(|| Err::<(), _>(text)),
            Err("kept".to_owned())
        );
    }

    /// The stack that `below` uses is overwritten, also in threads with a small stack.
    #[test]
    fn a_small_stack_is_enough() {
        let small = std::thread::Builder::new().stack_size(4 * SCRUBBED);
        let thread = small.spawn(|| with_wiped_stack(|| 7)).unwrap();
        assert_eq!(thread.join().unwrap(), 7);
    }
}
