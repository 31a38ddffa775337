//! `tidemap-bench`: tidemap beside its peers, in one run.
//!
//! Exit codes: 0 done, 1 a map gave a wrong answer, 2 failure or misuse.

#![forbid(unsafe_code)]

mod command;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use tidemap_bench::cases::{Case, CaseError, KeyKind, Size, Target, check_map};
use tidemap_bench::compare::{Options, QUICK_BUDGET, SAMPLE_NS_MIN, compare};
use tidemap_bench::growth::{Job, Launcher, Measure};
use tidemap_bench::instructions::{self, Counts, Operation};
use tidemap_bench::keys::Source;
use tidemap_bench::report::Report;
use tidemap_bench::tail::Counter;
use tidemap_bench::{curve, growth, machine, record, scale, table, tail};

const EXAMPLES: &str = "\
Examples:
  tidemap-bench compare --quick              the table in two minutes
  tidemap-bench compare                      the whole table (allow hours and 16 GB)
  tidemap-bench compare --cases u64-hit,miss --sizes 1M --maps tidemap,griddle
  tidemap-bench compare --quick --json       everything, for programs
  tidemap-bench compare --out ratios.csv     the table, and the figures as CSV
  tidemap-bench record                       keep the figures in bench/record
  tidemap-bench cases                        what can be measured
  tidemap-bench instructions                 instructions per operation (callgrind)
  tidemap-bench scale --quick --svg s.svg    cost by number of entries, plotted
  tidemap-bench tail --quick                 how long single inserts take
  tidemap-bench judges                       other people's scenarios, and where tidemap loses
  tidemap-bench all --quick --out results    everything, into one folder
  tidemap-bench counters                     work that tidemap counts itself

Compares hash maps that all use the same hasher, in one run, by turns. Every
run's answer is checked. Build with --release.";

/// tidemap beside its peers, in one run.
#[derive(Debug, Parser)]
#[command(version, before_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print ratios to hashbrown, with their range and the targets.
    Compare {
        #[command(flatten)]
        what: What,
        /// Print a JSON report (schema tidemap-bench/compare/1) instead of the table.
        #[arg(long)]
        json: bool,
        /// Also write all figures to this CSV file.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Compare, print the table, and keep the figures as <FOLDER>/<machine>/<date>.csv.
    Record {
        #[command(flatten)]
        what: What,
        /// Where records are kept [default: bench/record of the checkout].
        #[arg(long, value_name = "FOLDER")]
        folder: Option<PathBuf>,
    },
    /// List the cases.
    Cases {
        /// Cases to list, or a .toml file of cases.
        #[arg(long, value_delimiter = ',', value_name = "NAME|FILE")]
        cases: Vec<String>,
    },
    /// Count the instructions of each operation with callgrind (needs valgrind).
    Instructions {
        /// Maps to count.
        #[arg(long, value_delimiter = ',', value_name = "MAP", default_values = instructions::MAPS,
              value_parser = clap::builder::PossibleValuesParser::new(instructions::KNOWN))]
        maps: Vec<String>,
        /// Print JSON instead of the table.
        #[arg(long)]
        json: bool,
        /// Compare with this record; more instructions than it allows is exit code 1.
        #[arg(long, value_name = "FILE")]
        check: Option<PathBuf>,
        /// Keep the counts as a record.
        #[arg(long, value_name = "FILE", conflicts_with = "check")]
        write: Option<PathBuf>,
        /// Count hits, misses and insertions to the last instruction, to compare builds; prints
        /// map, operation and instructions of ten thousand.
        #[arg(long, conflicts_with_all = ["json", "check", "write"])]
        exact: bool,
    },
    /// Measure what observing a map costs: each hook, a snapshot, a growing map (some seconds).
    #[cfg(feature = "probe")]
    Hooks {
        /// Print JSON (schema tidemap-bench/hooks/1) instead of the table.
        #[arg(long)]
        json: bool,
        /// Keep the figures as a record.
        #[arg(long, value_name = "FILE")]
        write: Option<PathBuf>,
    },
    /// Cost per operation and bytes per entry, from 100 to 100M entries (allow 30 minutes and 8 GB).
    Scale(command::scale::Scale),
    /// Percentiles of the time of single inserts while growing to 30M and 100M; page faults and
    /// system calls (allow 40 minutes and 8 GB).
    Tail(command::tail::Tail),
    /// The longest insert on the way to each power of two up to 2^27 (allow 20 minutes and 8 GB).
    Stalls(command::tail::Stalls),
    /// Resident memory over two doublings, and while nine entries in ten are removed.
    Memory(command::memory::Memory),
    /// Work that tidemap counts itself in fixed scenarios: entries, bytes, pages, calls.
    Counters(command::counters::Counters),
    /// Whole-process runs of `tidemap replay` on recorded workloads.
    Traces(command::traces::Traces),
    /// Scenarios of map_benchmark and of hashbrown's benches, look-ups within a growth; where tidemap loses.
    Judges(command::judges::Judges),
    /// Everything, into one folder (allow hours, 16 GB and a quiet machine).
    All(command::all::All),
    /// One size of one map in this process; what `scale` starts.
    #[command(hide = true)]
    ScaleOne {
        #[arg(long)]
        map: String,
        #[arg(long)]
        size: usize,
    },
    /// One growth in this process; what `tail` and `stalls` start.
    #[command(hide = true)]
    TailOne {
        #[arg(long)]
        counter: Counter,
        #[arg(long)]
        map: Option<String>,
        #[arg(long)]
        size: usize,
        #[arg(long, default_value_t = 0)]
        at_least_ms: u64,
    },
    /// One growth and its end in this process; what `memory` starts.
    #[command(hide = true)]
    MemoryOne {
        #[arg(long)]
        map: String,
        #[arg(long)]
        size: usize,
    },
    /// The process that callgrind watches.
    #[command(hide = true)]
    InstructionsOne {
        #[arg(long)]
        map: String,
        #[arg(long, value_parser = |name: &str| Operation::from_name(name).ok_or("no such operation"))]
        operation: Operation,
        #[arg(long, value_parser = clap::value_parser!(u8).range(0..=2))]
        rounds: u8,
    },
    /// One growth in this process; what `compare` starts for each contender.
    #[command(hide = true)]
    GrowOne {
        #[arg(long)]
        measure: Measure,
        #[arg(long)]
        map: Option<String>,
        #[arg(long)]
        keys: String,
        #[arg(long)]
        size: String,
        #[arg(long, default_value_t = 0)]
        at_least_ms: u64,
        #[command(flatten)]
        files: KeyFiles,
    },
}

#[derive(Debug, Args)]
struct What {
    /// Sizes up to 1M, one growth to 4M, few repetitions: two minutes.
    #[arg(long)]
    quick: bool,
    /// Sizes instead of those of the cases, such as 1k,30k,4M.
    #[arg(long, value_delimiter = ',', value_name = "SIZE")]
    sizes: Option<Vec<String>>,
    /// Cases by name, workload or kind of keys; or .toml files of cases to use
    /// in place of the built-in ones.
    #[arg(long, value_delimiter = ',', value_name = "NAME|FILE")]
    cases: Vec<String>,
    /// Maps to compare; hashbrown is always among them.
    #[arg(long, value_delimiter = ',', value_name = "MAP")]
    maps: Option<Vec<String>>,
    /// Samples per map, instead of those of the cases.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repetitions: Option<u32>,
    /// The map that targets are about.
    #[arg(long, value_name = "MAP", default_value = "tidemap")]
    subject: String,
    #[command(flatten)]
    files: KeyFiles,
}

#[derive(Debug, Args)]
struct KeyFiles {
    /// Word list, one per line, plain or zstd [default: $TIDEMAP_DATA or
    /// ../shared/data beside the checkout; synthetic words if absent].
    #[arg(long, value_name = "FILE")]
    words: Option<PathBuf>,
    /// Path list, likewise.
    #[arg(long, value_name = "FILE")]
    paths: Option<PathBuf>,
}

impl KeyFiles {
    /// The file for keys of `kind`: as given, or found in the usual places.
    fn find(&self, kind: KeyKind) -> Option<PathBuf> {
        let (given, name) = match kind {
            KeyKind::U64 | KeyKind::Wide => return None,
            KeyKind::Words => (&self.words, "moby-words.txt"),
            KeyKind::Paths => (&self.paths, "repo-paths.txt"),
        };
        if given.is_some() {
            return given.clone();
        }
        let folder = data_folder()?;
        [name.to_owned(), format!("{name}.zst")]
            .into_iter()
            .map(|name| folder.join(name))
            .find(|path| path.is_file())
    }

    fn source(&self, kind: KeyKind) -> anyhow::Result<Source> {
        Ok(match (kind, self.find(kind)) {
            (KeyKind::U64 | KeyKind::Wide, _) => Source::integers(kind),
            (_, Some(path)) => Source::read(kind, &path)?,
            (_, None) => Source::synthetic(kind),
        })
    }
}

/// Where key lists and recorded workloads are.
fn data_folder() -> Option<PathBuf> {
    match std::env::var_os("TIDEMAP_DATA") {
        Some(folder) => Some(PathBuf::from(folder)),
        None => Some(machine::checkout()?.parent()?.join("shared").join("data")),
    }
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Compare { what, json, out } => {
            if let Some(folder) = out.as_deref().and_then(Path::parent) {
                // Better now than after an hour.
                let fits = folder.as_os_str().is_empty() || folder.is_dir();
                anyhow::ensure!(fits, "no folder {}; create it first", folder.display());
            }
            let report = what.compare()?;
            if let Some(path) = out {
                record::write_whole(&path, &record::csv(&report))?;
            }
            if json {
                let mut stdout = std::io::stdout().lock();
                serde_json::to_writer_pretty(&mut stdout, &report).map_err(std::io::Error::from)?;
                writeln!(stdout)?;
            } else {
                print_table(&report)?;
            }
            Ok(exit_code(&report))
        }
        Command::Record { what, folder } => {
            let folder = match folder {
                Some(folder) => folder,
                None => machine::checkout()
                    .context("no checkout around the current folder; pass --folder")?
                    .join("bench")
                    .join("record"),
            };
            anyhow::ensure!(
                machine::OPTIMISED,
                "built without optimisation; nothing to keep: use cargo run --release"
            );
            let report = what.compare()?;
            let path = record::write(&report, &folder)?;
            print_table(&report)?;
            eprintln!("recorded in {}", path.display());
            Ok(exit_code(&report))
        }
        Command::Cases { cases } => {
            let mut stdout = std::io::stdout().lock();
            for case in read_cases(&cases)? {
                let sizes: Vec<String> = case.sizes.iter().map(Size::to_string).collect();
                writeln!(
                    stdout,
                    "{:<24} {} ({})",
                    case.name,
                    case.about,
                    sizes.join(", ")
                )?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Instructions {
            maps,
            json,
            check,
            write,
            exact: false,
        } => count_instructions(&maps, json, check.as_deref(), write.as_deref()),
        #[cfg(feature = "probe")]
        Command::Hooks { json, write } => {
            anyhow::ensure!(
                machine::OPTIMISED,
                "built without optimisation; nothing worth measuring: use cargo run --release"
            );
            let report = tidemap_bench::hooks::measure();
            let mut stdout = std::io::stdout().lock();
            if json {
                serde_json::to_writer_pretty(&mut stdout, &report).map_err(std::io::Error::from)?;
                writeln!(stdout)?;
            } else {
                stdout.write_all(report.table().as_bytes())?;
            }
            if let Some(path) = write {
                record::write_whole(&path, &report.csv())?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Instructions { maps, .. } => {
            let program = std::env::current_exe().context("cannot find this program")?;
            let mut stdout = std::io::stdout().lock();
            for (map, operation, n) in instructions::count_exactly(&program, &maps, |_| {})? {
                writeln!(stdout, "{map} {} {n}", operation.name())?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Scale(scale) => scale.run(),
        Command::Tail(tail) => tail.run(),
        Command::Stalls(stalls) => stalls.run(),
        Command::Memory(memory) => memory.run(),
        Command::Counters(counters) => counters.run(),
        Command::Traces(traces) => traces.run(),
        Command::Judges(judges) => judges.run(),
        Command::All(all) => all.run(),
        Command::ScaleOne { map, size } => {
            check_map(&map)?;
            check_process_size(size)?;
            print_json(&scale::run(&map, size))
        }
        Command::TailOne {
            counter,
            map,
            size,
            at_least_ms,
        } => {
            map.as_deref().map_or(Ok(()), check_map)?;
            check_process_size(size)?;
            print_json(&tail::run(&tail::Job {
                map,
                size,
                counter,
                at_least: Duration::from_millis(at_least_ms),
            }))
        }
        Command::MemoryOne { map, size } => {
            check_map(&map)?;
            check_process_size(size)?;
            print_json(&curve::run(&map, size))
        }
        Command::InstructionsOne {
            map,
            operation,
            rounds,
        } => {
            instructions::run(&map, operation, usize::from(rounds));
            Ok(ExitCode::SUCCESS)
        }
        Command::GrowOne {
            measure,
            map,
            keys,
            size,
            at_least_ms,
            files,
        } => {
            if let Some(map) = &map {
                check_map(map)?;
            }
            let kind = KeyKind::from_name(&keys)?;
            let job = Job {
                measure,
                map,
                size: size.parse::<Size>()?.0,
                at_least: Duration::from_millis(at_least_ms),
            };
            let found = growth::run(&job, &files.source(kind)?);
            print_json(&found)
        }
    }
}

/// What a process of its own answers.
fn print_json(found: &impl serde::Serialize) -> anyhow::Result<ExitCode> {
    writeln!(std::io::stdout(), "{}", serde_json::to_string(found)?)?;
    Ok(ExitCode::SUCCESS)
}

/// Orders of look-ups count in 32 bits.
fn check_process_size(size: usize) -> anyhow::Result<()> {
    let fits = size > 0 && u32::try_from(size).is_ok();
    anyhow::ensure!(fits, "size {size} is not between 1 and 2^32 - 1");
    Ok(())
}

fn count_instructions(
    maps: &[String],
    json: bool,
    check: Option<&Path>,
    write: Option<&Path>,
) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        machine::OPTIMISED,
        "built without optimisation; nothing worth counting: use cargo run --release"
    );
    // Before the work, so that a wrong path shows at once.
    let record = check.map(Counts::read).transpose()?;
    let program = std::env::current_exe().context("cannot find this program")?;
    let talks = std::io::stderr().is_terminal();
    let counts = instructions::count(&program, maps, |next| {
        if talks {
            eprint!("\r\x1b[Kcounting {next}");
        }
    })?;
    if talks {
        eprint!("\r\x1b[K");
    }
    let mut stdout = std::io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut stdout, &counts).map_err(std::io::Error::from)?;
        writeln!(stdout)?;
    } else {
        stdout.write_all(instructions::table(&counts, record.as_ref()).as_bytes())?;
    }
    if let Some(path) = write {
        record::write_whole(path, &counts.to_toml())?;
    }
    let complaints = record.map_or(Vec::new(), |record| instructions::check(&counts, &record));
    for complaint in &complaints {
        eprintln!("more than before: {complaint}");
    }
    Ok(ExitCode::from(u8::from(!complaints.is_empty())))
}

fn print_table(report: &Report) -> anyhow::Result<()> {
    let colour = std::io::stdout().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    std::io::stdout().write_all(table::render(report, colour).as_bytes())?;
    Ok(())
}

fn exit_code(report: &Report) -> ExitCode {
    ExitCode::from(u8::from(!report.differences.is_empty()))
}

/// Items that end in `.toml` are files, the others names.
fn read_cases(items: &[String]) -> Result<Vec<Case>, CaseError> {
    let (files, names): (Vec<String>, Vec<String>) = items
        .iter()
        .cloned()
        .partition(|item| item.ends_with(".toml"));
    let mut cases = Vec::new();
    for file in &files {
        cases.extend(Case::read(Path::new(file))?);
    }
    if files.is_empty() {
        cases = Case::embedded();
    }
    Case::select(cases, &names)
}

impl What {
    fn compare(&self) -> anyhow::Result<Report> {
        for map in self.maps.iter().flatten().chain([&self.subject]) {
            check_map(map)?;
        }
        let sizes = self
            .sizes
            .as_ref()
            .map(|sizes| {
                sizes
                    .iter()
                    .map(|size| size.parse())
                    .collect::<Result<Vec<Size>, _>>()
            })
            .transpose()?;
        let options = Options {
            cases: read_cases(&self.cases)?,
            targets: Target::embedded(),
            quick: self.quick,
            maps: self.maps.clone(),
            sizes,
            repetitions: self.repetitions.map(|n| n as usize),
            subject: self.subject.clone(),
            sample_ns_min: SAMPLE_NS_MIN,
            budget: (self.quick && self.repetitions.is_none()).then_some(QUICK_BUDGET),
            launcher: Launcher {
                program: std::env::current_exe().context("cannot find this program")?,
                key_files: [KeyKind::Words, KeyKind::Paths]
                    .into_iter()
                    .filter_map(|kind| Some((kind, self.files.find(kind)?)))
                    .collect(),
            },
        };
        compare(&options, |kind| self.files.source(kind))
    }
}
