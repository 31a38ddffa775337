//! `tidemap-bench all`: every command of this program, one after the other, into one folder.
//!
//! Each is this program again in a process of its own, so that none inherits what another did
//! to memory, and its text goes to a file beside its CSV and plots.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::Context;

use super::{Progress, print, this_program};

/// Arguments of `all`.
#[derive(Debug, clap::Args)]
pub(crate) struct All {
    /// Small sizes and few repetitions.
    #[arg(long)]
    quick: bool,
    /// The folder for results; it is made if it is not there.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Only these parts.
    #[arg(long, value_delimiter = ',', value_name = "PART", value_parser = PARTS)]
    parts: Option<Vec<String>>,
}

/// The parts, in the order in which they run.
const PARTS: [&str; 9] = [
    "compare",
    "traces",
    "scale",
    "tail",
    "stalls",
    "memory",
    "judges",
    "counters",
    "instructions",
];

/// The arguments of a part, whose files begin with its name.
fn arguments(part: &str, folder: &Path, quick: bool) -> Vec<std::ffi::OsString> {
    let file = |ending: &str| folder.join(format!("{part}{ending}")).into_os_string();
    let mut arguments: Vec<std::ffi::OsString> = vec![part.into()];
    if matches!(part, "counters" | "instructions") {
        arguments.extend(["--write".into(), file(".toml")]);
        return arguments;
    }
    arguments.extend(["--out".into(), file(".csv")]);
    if matches!(part, "scale" | "tail" | "stalls" | "memory") {
        arguments.extend(["--svg".into(), file(".svg")]);
    }
    if quick {
        arguments.push("--quick".into());
    }
    arguments
}

impl All {
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        std::fs::create_dir_all(&self.out)
            .with_context(|| format!("cannot create {}", self.out.display()))?;
        let program = this_program()?;
        let (mut worst, progress) = (0, Progress::new());
        let wanted =
            |part: &&str| (self.parts.as_ref()).is_none_or(|w| w.iter().any(|w| w == part));
        for part in PARTS.into_iter().filter(wanted) {
            progress.show(part);
            let path = self.out.join(format!("{part}.txt"));
            let text =
                File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
            let output = Command::new(&program)
                .args(arguments(part, &self.out, self.quick))
                .stdout(text)
                .output()
                .with_context(|| format!("cannot start {}", program.display()))?;
            progress.show("");
            for line in String::from_utf8_lossy(&output.stderr).lines() {
                eprintln!("{part}: {line}");
            }
            // Killed by a signal is a failure, too.
            let code = output.status.code().unwrap_or(2);
            let word = match code {
                0 => "done",
                1 => "differences",
                _ => "failed",
            };
            print(&format!("{part:<14} {word:<12} {}\n", path.display()))?;
            worst = worst.max(code.clamp(0, 2));
        }
        Ok(ExitCode::from(worst as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_a_command_that_takes_these_arguments() {
        use clap::Parser as _;
        for part in PARTS {
            for quick in [false, true] {
                let mut line = vec!["tidemap-bench".into()];
                line.extend(arguments(part, Path::new("folder"), quick));
                crate::Cli::try_parse_from(line).unwrap();
            }
        }
    }
}
