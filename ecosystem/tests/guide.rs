//! The code of `src/guides/integrations.md` is part of the programs.

use std::fs;
use std::path::Path;

const GUIDE: &str = include_str!("../../src/guides/integrations.md");

/// Without indentation, empty lines and the markers that `lines.py` reads.
fn code(text: &str) -> String {
    let lines = text.lines().map(str::trim);
    let code = lines.filter(|line| !line.is_empty() && !line.starts_with("// mtls: "));
    code.map(|line| format!("{line}\n")).collect()
}

#[test]
fn each_block_stands_in_its_program() {
    let mut compared = 0;
    let mut parts = GUIDE.split("```");
    while let (Some(before), Some(block)) = (parts.next(), parts.next()) {
        let from = before.trim_end().rsplit_once("From `ecosystem/");
        let Some(path) = from.and_then(|(_, rest)| rest.strip_suffix("`:")) else {
            // What a program prints; `postgres.rs` beside this file compares it.
            assert!(
                block.contains("failed: "),
                "a block without its program: {block}"
            );
            continue;
        };
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let program = fs::read_to_string(&program).unwrap();
        let block = code(block.strip_prefix("text\n").unwrap());
        assert!(
            code(&program).contains(&block),
            "{path} does not have:\n{block}"
        );
        compared += 1;
    }
    assert!(compared > 10, "{compared} blocks were compared");
}
