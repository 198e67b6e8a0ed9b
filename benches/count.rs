//! Does a number of handshakes or rejections of one kind and nothing else, for an instruction counter: `benches/instructions.sh`.

#[path = "support/crowded.rs"]
mod crowded;
mod support;

use std::env;

fn main() {
    // cargo adds `--bench`, and runs this without a kind among all benches: then there is nothing to do.
    let arguments: Vec<String> = env::args().skip(1).filter(|a| a != "--bench").collect();
    let [kind, count] = arguments.as_slice() else {
        return;
    };
    let count: usize = count.parse().expect("a number");
    let mut once = match kind.strip_prefix("rejection/") {
        Some(attributes) => crowded::rejections(attributes.parse().expect("a number")),
        None => support::all()
            .into_iter()
            .find_map(|(name, handshake)| (name == kind).then_some(handshake))
            .expect("a kind of handshake that is compiled in"),
    };
    for _ in 0..count {
        once();
    }
}
