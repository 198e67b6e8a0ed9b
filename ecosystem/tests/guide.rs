//! The programs of `src/guides/integrations.md` compile as they stand, and agree with those in
//! `src/bin/`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const GUIDE: &str = include_str!("../../src/guides/integrations.md");
const MANIFEST_DIR: &str = env!("CARGO_MANIFEST_DIR");

/// A section: its dependencies, and its programs.
struct Section {
    dependencies: String,
    /// Name and text.
    programs: Vec<(String, String)>,
}

fn sections() -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut parts = GUIDE.split("```");
    while let (Some(before), Some(block)) = (parts.next(), parts.next()) {
        let (language, block) = block.split_once('\n').unwrap();
        let label = before.trim_end().lines().last().unwrap();
        let name = label
            .strip_prefix("`src/bin/")
            .and_then(|name| name.strip_suffix(".rs`:"));
        match (language, name) {
            ("toml", None) => sections.push(Section {
                dependencies: block.to_owned(),
                programs: Vec::new(),
            }),
            ("text", Some(name)) => {
                let program = (name.to_owned(), block.to_owned());
                let section = sections.last_mut().expect("a program has dependencies");
                section.programs.push(program);
            }
            // What a program prints; `postgres.rs` beside this file compares it.
            ("text", None) if block.starts_with("failed: ") => {}
            _ => panic!("neither dependencies nor a program: {label}\n{block}"),
        }
    }
    sections
}

fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// What operators watch, which another guide is about.
const MONITORED: &str = "monitored";

#[test]
fn each_program_has_the_lines_about_mtls_of_its_twin() {
    let guide = sections();
    let guide: Vec<_> = guide.iter().flat_map(|section| &section.programs).collect();
    let folder = Path::new(MANIFEST_DIR).join("src/bin");
    let mut missing = String::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if name == MONITORED {
            continue;
        }
        let Some((_, program)) = guide.iter().find(|(other, _)| other == name) else {
            writeln!(missing, "{name}.rs is not in the guide").unwrap();
            continue;
        };
        let program: BTreeSet<_> = code(program).collect();
        let (mut is_marked, mut compared) = (false, 0);
        for line in code(&fs::read_to_string(&path).unwrap()) {
            match line {
                "// mtls: begin" => is_marked = true,
                "// mtls: end" => is_marked = false,
                _ if is_marked => {
                    compared += 1;
                    // The library's own `Result` has one parameter in these programs.
                    if !program.contains(line.replace("std::result::", "").as_str()) {
                        writeln!(missing, "{name}.rs in the guide has no line `{line}`").unwrap();
                    }
                }
                _ => {}
            }
        }
        assert!(compared > 0, "{name}.rs has no line about mTLS");
    }
    assert!(missing.is_empty(), "{missing}");
}

/// Each section as a crate of its own, so that a feature that one section names is not there for
/// another.
#[test]
fn each_section_compiles_by_itself() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("guide");
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    let library = Path::new(MANIFEST_DIR).parent().unwrap().to_str().unwrap();
    let mut sections = sections();
    sections.retain(|section| !section.programs.is_empty());
    assert!(sections.len() > 10, "{} sections", sections.len());
    let names = sections.iter().map(|section| section.programs[0].0.clone());
    let names: Vec<_> = names.map(|name| format!("guide-{name}")).collect();

    fs::create_dir_all(&folder).unwrap();
    let workspace = format!("[workspace]\nresolver = \"3\"\nmembers = {names:?}\n");
    fs::write(folder.join("Cargo.toml"), workspace).unwrap();
    // The versions that the other tests run with.
    let lock = Path::new(MANIFEST_DIR).join("Cargo.lock");
    fs::copy(lock, folder.join("Cargo.lock")).unwrap();
    for (section, name) in sections.iter().zip(&names) {
        let member = folder.join(name);
        fs::create_dir_all(member.join("src/bin")).unwrap();
        let by_path = "path = \"../mtls\"";
        assert!(section.dependencies.contains(by_path), "{name}");
        let dependencies = section
            .dependencies
            .replace(by_path, &format!("path = {library:?}"));
        let manifest = format!(
            "[package]\nname = \"{name}\"\nedition = \"2024\"\n\n{dependencies}\n\
             [lints.rust]\nwarnings = \"deny\"\n"
        );
        fs::write(member.join("Cargo.toml"), manifest).unwrap();
        for (program, text) in &section.programs {
            let file = member.join(format!("src/bin/{program}.rs"));
            fs::write(&file, text).unwrap();
            let formatted = Command::new("rustfmt")
                .args(["--edition", "2024", "--check"])
                .arg(&file)
                .output()
                .unwrap();
            let difference = String::from_utf8_lossy(&formatted.stdout);
            assert!(formatted.status.success(), "{program}: {difference}");
        }
    }
    let mut failed = String::new();
    for name in &names {
        let check = Command::new(env!("CARGO"))
            .args(["check", "--quiet", "--package", name])
            .current_dir(&folder)
            // Not the one of the tests, which may be locked.
            .env("CARGO_TARGET_DIR", folder.with_file_name("guide-target"))
            .output()
            .unwrap();
        if !check.status.success() {
            writeln!(failed, "{name}: {}", String::from_utf8_lossy(&check.stderr)).unwrap();
        }
    }
    assert!(failed.is_empty(), "{failed}");
}
