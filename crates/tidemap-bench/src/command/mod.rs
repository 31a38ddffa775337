//! The subcommands that draw curves or judge, one file each, and what they share.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use tidemap_bench::cases::{Size, check_map};
use tidemap_bench::machine::{Machine, OPTIMISED};
use tidemap_bench::plot::Page;
use tidemap_bench::record::write_whole;
use tidemap_bench::{figures::Figures, machine};

pub(crate) mod all;
pub(crate) mod counters;
pub(crate) mod judges;
pub(crate) mod memory;
pub(crate) mod scale;
pub(crate) mod tail;
pub(crate) mod traces;

/// Where results go besides the terminal.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Output {
    /// Also write all figures to this CSV file.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Also draw them in this SVG file.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
}

impl Output {
    /// Better now than after an hour.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        [&self.out, &self.svg]
            .into_iter()
            .flatten()
            .try_for_each(|path| check_folder(path))
    }

    /// Writes both files, where they were asked for.
    pub(crate) fn write(
        &self,
        machine: &Machine,
        figures: &Figures,
        notes: &[String],
        page: impl FnOnce() -> Page,
    ) -> anyhow::Result<()> {
        if let Some(path) = &self.out {
            write_whole(path, &figures.csv(machine, notes))?;
        }
        if let Some(path) = &self.svg {
            write_whole(path, &page().svg())?;
        }
        Ok(())
    }
}

/// Refuses a file whose folder is not there.
pub(crate) fn check_folder(file: &Path) -> anyhow::Result<()> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let fits = folder.as_os_str().is_empty() || folder.is_dir();
    anyhow::ensure!(fits, "no folder {}; create it first", folder.display());
    Ok(())
}

/// A line on the terminal of stderr that says what is going on; nothing in a pipe.
pub(crate) struct Progress(bool);

impl Progress {
    pub(crate) fn new() -> Progress {
        Progress(std::io::stderr().is_terminal())
    }

    pub(crate) fn show(&self, text: &str) {
        if self.0 {
            eprint!("\r\x1b[2K{text}");
            let _ = std::io::stderr().flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.show("");
    }
}

/// This program, to be started again.
pub(crate) fn this_program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("cannot find this program")
}

/// Lines below the title of a plot: who measured.
pub(crate) fn machine_notes(machine: &Machine) -> Vec<String> {
    vec![
        format!(
            "{}, {} cores; {}; huge pages {}",
            machine.cpu, machine.cores, machine.system, machine.huge_pages
        ),
        format!(
            "{}; {}; commit {}; {}",
            machine.compiler,
            machine.profile,
            machine.commit,
            machine.date()
        ),
    ]
}

/// The given maps, each known, or the default ones.
pub(crate) fn maps_or(
    given: Option<&Vec<String>>,
    default: &[&str],
) -> anyhow::Result<Vec<String>> {
    let mut maps: Vec<String> = match given {
        Some(given) => given.clone(),
        None => default.iter().map(|&map| map.to_owned()).collect(),
    };
    for map in &maps {
        check_map(map)?;
    }
    let mut seen = Vec::new();
    maps.retain(|map| !seen.contains(map) && (seen.push(map.clone()), true).1);
    anyhow::ensure!(!maps.is_empty(), "no map is named; pass --maps tidemap");
    Ok(maps)
}

/// Sizes as written on the command line.
pub(crate) fn parsed_sizes(given: &[String]) -> anyhow::Result<Vec<usize>> {
    let mut sizes = Vec::new();
    for text in given {
        let size = text.parse::<Size>()?.0;
        // Orders of look-ups and Go's side count in 32 bits.
        anyhow::ensure!(u32::try_from(size).is_ok(), "size {text} is above 4294M");
        sizes.push(size);
    }
    sizes.sort_unstable();
    sizes.dedup();
    Ok(sizes)
}

/// Says so if the figures mean nothing.
pub(crate) fn warn_if_unoptimised(notes: &mut Vec<String>) {
    if !OPTIMISED {
        notes.push(
            "warning: built without optimisation: the figures say nothing; use cargo run --release"
                .to_owned(),
        );
    }
}

/// Prints to stdout.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

/// Prints complaints; exit code 1 if there are any.
pub(crate) fn verdict(complaints: &[String]) -> std::process::ExitCode {
    for complaint in complaints {
        eprintln!("DIFFERENT  {complaint}");
    }
    std::process::ExitCode::from(u8::from(!complaints.is_empty()))
}

/// The Go programs that `ci/go-scale` built, as `(name, program)`.
pub(crate) fn built_go_programs() -> Vec<(String, PathBuf)> {
    let folder = machine::checkout().map(|root| root.join(".cache").join("scale"));
    let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok());
    let mut found: Vec<(String, PathBuf)> = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str()?.to_owned();
            (name.starts_with("go") && path.is_file()).then_some((name, path))
        })
        .collect();
    found.sort();
    found
}
