//! What a decryption leaves on the stack.

use core::hint::black_box;

/// More than the frames of a derivation and a decryption take, and little beside the stack of a thread (Rust gives 2 MiB).
const SCRUBBED: usize = 64 << 10;

/// Does the work, and overwrites the stack on which it was done, whether it went well or not.
///
/// The libraries wipe what they know to be secret, but the key that they derived, blocks of the plain text and the
/// passphrase also lie in their frames, where the compiler put them: a later core dump, or whoever reads memory that was
/// not initialized, would find them there. What the work returns must be small, a length or a word: of a large error
/// the bytes that mean nothing are copied too, and what lay there before was the key.
///
/// Not reached are registers, and the frames of whoever calls this: what is secret is not to be copied there.
pub(crate) fn with_wiped_stack<T>(work: impl FnOnce() -> T) -> T {
    let result = below(work);
    scrub();
    result
}

/// In a frame of its own, below the one from which the same stack is overwritten.
#[inline(never)]
fn below<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn scrub() {
    let mut stack = [0_u8; SCRUBBED];
    // As if somebody looked at it, or the compiler would leave it out.
    black_box(&mut stack);
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

    /// The frame of `below` and what it calls lies in what is overwritten: threads with little stack can do it too.
    #[test]
    fn a_small_stack_is_enough() {
        let small = std::thread::Builder::new().stack_size(4 * SCRUBBED);
        let thread = small.spawn(|| with_wiped_stack(|| 7)).unwrap();
        assert_eq!(thread.join().unwrap(), 7);
    }
}
