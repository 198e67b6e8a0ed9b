//! The guide: the template, what the programs printed, and what `mtls` prints.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::{env, fs};

use super::envoy;
use super::servers::Servers;
use super::text::Run;
use crate::common::programs::{report, run};
use crate::workshop::{LIMIT, Workshop};

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/guides/troubleshooting.md");
const MESSAGES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/cli/troubleshooting/messages.txt"
);
const TEMPLATE: &str = include_str!("template.md");

/// The programs in the order of the guide.
const PROGRAMS: [&str; 11] = [
    "curl",
    "openssl s_client",
    "Java",
    "Node",
    "Go",
    "Go (server)",
    "nginx (server)",
    "nginx (upstream)",
    "Envoy",
    "rustls",
    "rustls (server)",
];

/// What one program printed.
#[derive(Debug, Default)]
struct ProgramMessages {
    /// The name and the number.
    version: String,
    /// The section and the line, in the order of the calls.
    lines: Vec<(String, String)>,
}

impl ProgramMessages {
    fn add(&mut self, section: &str, line: &str) {
        let line = (section.to_owned(), line.to_owned());
        if !self.lines.contains(&line) {
            self.lines.push(line);
        }
    }

    /// Returns the lines that the other does not have.
    fn without(&self, other: &Self) -> Vec<&(String, String)> {
        let lines = self.lines.iter();
        lines.filter(|line| !other.lines.contains(line)).collect()
    }

    fn sections(&self) -> BTreeSet<&str> {
        self.lines.iter().map(|(section, _)| &**section).collect()
    }
}

/// What each program printed.
#[derive(Default)]
pub(super) struct Messages(BTreeMap<String, ProgramMessages>);

impl Messages {
    pub(super) fn version(&mut self, program: &str, version: &str) {
        self.of(program).version = version.to_owned();
    }

    pub(super) fn add(&mut self, program: &str, section: &str, line: &str) {
        self.of(program).add(section, line);
    }

    fn of(&mut self, program: &str) -> &mut ProgramMessages {
        self.0.entry(program.to_owned()).or_default()
    }

    /// Compares with the messages in the repository, and returns what the guide shows: those, or the
    /// new ones if they are written.
    ///
    /// Another version of a program may print other words, and makes others print other words: the
    /// alerts that a server sends are what its clients print. So the words are compared only where
    /// every program is here in the version that the guide names. Else each client that is here has
    /// to print something for the same sections.
    fn settle(self) -> Self {
        let old = Self::read();
        if env::var_os("MTLS_BLESS").is_some() {
            let missing: Vec<_> = old.0.keys().filter(|p| !self.0.contains_key(*p)).collect();
            assert!(missing.is_empty(), "{missing:?} are needed");
            fs::write(MESSAGES, self.text()).unwrap();
            return self;
        }
        let others: Vec<_> = old.0.iter().filter(|(p, old)| !self.has(p, old)).collect();
        for (program, old) in &others {
            let here = self.0.get(*program).map_or("not here", |new| &new.version);
            report(&format!(
                "the guide is about {}, and {program} is {here}: no words are compared",
                old.version
            ));
        }
        for (program, new) in &self.0 {
            let old = old.0.get(program);
            let old = old.unwrap_or_else(|| panic!("{program} is new: MTLS_BLESS=1 adds it"));
            if others.is_empty() {
                let none = Vec::<&(String, String)>::new();
                assert_eq!(new.without(old), none, "{program} prints this in addition");
                assert_eq!(old.without(new), none, "{program} does not print this");
            } else if !program.ends_with("(server)") {
                let is_complete = new.sections().is_superset(&old.sections());
                assert!(
                    is_complete,
                    "{program} prints nothing for a section: {new:#?}"
                );
            }
        }
        old
    }

    /// Whether the program is here in this version.
    fn has(&self, program: &str, old: &ProgramMessages) -> bool {
        let new = self.0.get(program);
        new.is_some_and(|new| new.version == old.version)
    }

    fn read() -> Self {
        let mut messages = Self::default();
        let mut program = "";
        for line in fs::read_to_string(MESSAGES).unwrap_or_default().lines() {
            match line.split_once('\t') {
                Some((section, line)) => messages.add(program, section, line),
                None => {
                    let (name, version) = line.split_once(": ").unwrap();
                    program = PROGRAMS.into_iter().find(|known| *known == name).unwrap();
                    messages.version(program, version);
                }
            }
        }
        messages
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (program, printed) in &self.0 {
            writeln!(text, "{program}: {}", printed.version).unwrap();
            for (section, line) in &printed.lines {
                writeln!(text, "{section}\t{line}").unwrap();
            }
        }
        text
    }
}

/// Compares the guide with the one in the repository, or writes it.
pub(super) fn check(messages: Messages, workshop: &Workshop, servers: &Servers, run: &Run) {
    let messages = messages.settle();
    let titles = titles();
    let mut guide = String::new();
    let mut section = "";
    for line in TEMPLATE.lines() {
        if let Some(name) = placeholder(line, "section") {
            section = name;
        } else if line == "{{messages}}" {
            write_messages(&mut guide, &messages, &titles);
        } else if let Some(command) = line.strip_prefix("$ mtls ") {
            let command = with_ports(command, section, servers);
            let output = mtls(workshop, section, &command);
            let output = findings(&output);
            let shown = run.stable(&format!("$ mtls {command}\n{output}"));
            writeln!(guide, "{shown}").unwrap();
        } else if line == "{{versions}}" {
            write_versions(&mut guide, &messages);
        } else {
            writeln!(guide, "{line}").unwrap();
        }
    }
    if env::var_os("MTLS_BLESS").is_some() {
        fs::write(GUIDE, guide).unwrap();
        return;
    }
    let old = fs::read_to_string(GUIDE).unwrap();
    for (number, (new, old)) in guide.lines().zip(old.lines()).enumerate() {
        assert_eq!(new, old, "line {} of the guide", number + 1);
    }
    assert!(guide == old, "the guide has another end");
}

fn placeholder<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let inside = line.strip_prefix("{{")?.strip_suffix("}}")?;
    inside.strip_prefix(name)?.strip_prefix(' ')
}

/// Returns the sections and their titles, each of which follows its placeholder.
fn titles() -> BTreeMap<&'static str, &'static str> {
    let lines: Vec<_> = TEMPLATE.lines().collect();
    let pairs = lines.windows(2).filter_map(|pair| {
        let title = pair[1].trim_start_matches('#').trim_start();
        Some((placeholder(pair[0], "section")?, title))
    });
    pairs.collect()
}

/// Writes a table of each program's messages.
fn write_messages(guide: &mut String, messages: &Messages, titles: &BTreeMap<&str, &str>) {
    for (index, program) in PROGRAMS.into_iter().enumerate() {
        let envoy = envoy::MESSAGES.iter();
        let envoy = envoy.map(|(section, line)| (*section, *line));
        let lines: Vec<(&str, &str)> = match messages.0.get(program) {
            Some(printed) => {
                let lines = printed.lines.iter();
                lines.map(|(section, line)| (&**section, &**line)).collect()
            }
            None if program == "Envoy" => envoy.collect(),
            None => panic!("nothing of {program}: MTLS_BLESS=1 with all programs writes it"),
        };
        let mut rows: Vec<(&str, Vec<&str>)> = Vec::new();
        for (section, line) in lines {
            match rows.iter_mut().find(|(other, _)| *other == line) {
                Some((_, sections)) if sections.contains(&section) => {}
                Some((_, sections)) => sections.push(section),
                None => rows.push((line, vec![section])),
            }
        }
        if index > 0 {
            guide.push('\n');
        }
        writeln!(
            guide,
            "## {}\n\n| message | cause |\n|---|---|",
            title(program)
        )
        .unwrap();
        for (line, sections) in rows {
            let parts: Vec<_> = line.split('\t').map(code).collect();
            let links: Vec<_> = sections
                .into_iter()
                .map(|section| {
                    let title = titles.get(section);
                    let title = title.unwrap_or_else(|| panic!("no section {section}"));
                    format!("[{title}](#{})", anchor(title))
                })
                .collect();
            writeln!(guide, "| {} | {} |", parts.join(", "), links.join(", ")).unwrap();
        }
    }
}

fn write_versions(guide: &mut String, messages: &Messages) {
    let versions: BTreeSet<_> = messages.0.values().map(|p| &*p.version).collect();
    for version in versions {
        writeln!(guide, "- `{version}`").unwrap();
    }
}

fn title(program: &str) -> String {
    // Its underscore would begin an emphasis.
    if program.contains('_') {
        code(program)
    } else {
        program.to_owned()
    }
}

fn code(text: &str) -> String {
    assert!(!text.contains('`'), "{text}");
    format!("`{}`", text.trim().replace('|', "\\|"))
}

/// The fragment that rustdoc and GitHub give a heading.
fn anchor(title: &str) -> String {
    let kept = title
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    let kept: String = kept.collect();
    kept.to_lowercase().replace(' ', "-")
}

/// Puts the ports of the section's servers in the place of their names: `localhost:{nginx}`.
fn with_ports(command: &str, section: &str, servers: &Servers) -> String {
    let mut whole = String::new();
    let mut rest = command;
    while let Some((head, tail)) = rest.split_once('{') {
        let (server, tail) = tail.split_once('}').unwrap();
        let place = (server, section);
        write!(whole, "{head}{}", servers.port(place)).unwrap();
        rest = tail;
    }
    whole + rest
}

/// Runs `mtls` in a folder of the section, where its files have the names that the reader's have.
fn mtls(workshop: &Workshop, section: &str, arguments: &str) -> String {
    let folder = workshop.path().join(format!("at-{section}"));
    fs::create_dir_all(&folder).unwrap();
    let copy = |from: &str, to: &str| {
        let from = workshop.path().join(from);
        from.is_file() && fs::copy(from, folder.join(to)).is_ok()
    };
    for side in ["client", "server"] {
        for extension in ["crt", "key"] {
            let name = format!("{side}.{extension}");
            if !copy(&format!("{section}.{extension}"), &name) || !section.starts_with(side) {
                assert!(copy(&name, &name));
            }
        }
    }
    assert!(copy("ca.crt", "ca.crt"));
    assert!(copy(&format!("{section}.crl"), "ca.crl") || copy("ca.crl", "ca.crl"));
    let mut command = workshop.command("");
    command.current_dir(folder).args(words(arguments));
    let finished = run(&mut command, b"", LIMIT);
    assert!(finished.stderr.is_empty(), "{finished:#?}");
    finished.stdout
}

/// Returns the findings, which come first, and two dots for the rest; without a fault, what was
/// negotiated too.
fn findings(output: &str) -> String {
    if !output.starts_with("fault[") {
        let end = output.find("  versions:").unwrap_or(output.len());
        return format!("{}..", &output[..end]);
    }
    let is_finding = |line: &&str| {
        let heads = ["fault[", "warning[", "note[", " "];
        heads.iter().any(|head| line.starts_with(head))
    };
    let lines: Vec<_> = output.lines().take_while(is_finding).collect();
    format!("{}\n..", lines.join("\n"))
}

/// Splits a line as a shell does; quotes are single.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in line.chars() {
        match c {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}
