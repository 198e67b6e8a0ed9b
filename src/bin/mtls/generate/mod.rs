//! `mtls generate`: writes man pages and the completions of shells.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use serde::Serialize;

use crate::command::Cli;
use crate::output::{Details, Finding, Outcome, Output, Page};

/// Write man pages and shell completions, for packages
#[derive(Args, Debug)]
#[command(after_help = "\
Example: for all users of this machine
  mtls generate out && cp out/*.1 /usr/share/man/man1/ \\
      && cp out/mtls.bash /usr/share/bash-completion/completions/mtls")]
pub(crate) struct GenerateArguments {
    /// The folder for them; it is made where it is missing
    folder: PathBuf,
}

#[derive(Serialize)]
struct GenerateReport {
    files: Vec<String>,
}

pub(crate) fn run(arguments: &GenerateArguments, output: &mut Output) -> io::Result<Outcome> {
    let mut report = GenerateReport { files: Vec::new() };
    match generate(&arguments.folder, &mut report.files) {
        Ok(()) => output.answer("generate", Outcome::Good, Vec::new(), &report),
        Err(error) => {
            let folder = arguments.folder.display();
            let finding = Finding::fault("cannot_write", format!("{folder}: {error}"));
            let finding = finding.hint("name a folder in which you may write");
            output.answer("generate", Outcome::Fault, vec![finding], &report)
        }
    }
}

fn generate(folder: &Path, files: &mut Vec<String>) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut command = Cli::command();
    command.build();
    clap_mangen::generate_to(command.clone(), folder)?;
    files.push("mtls.1".to_owned());
    let commands = command.get_subcommands();
    let pages = commands.map(|command| format!("mtls-{}.1", command.get_name()));
    files.extend(pages.filter(|page| folder.join(page).exists()));
    for shell in [
        Shell::Bash,
        Shell::Elvish,
        Shell::Fish,
        Shell::PowerShell,
        Shell::Zsh,
    ] {
        let path = clap_complete::generate_to(shell, &mut command, "mtls", folder)?;
        let name = path.file_name().unwrap_or_default();
        files.push(name.display().to_string());
    }
    Ok(())
}

impl Details for GenerateReport {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        for file in &self.files {
            page.text(file)?;
        }
        Ok(())
    }
}
