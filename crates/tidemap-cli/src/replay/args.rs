//! The arguments of `tidemap replay`, and what makes them valid.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Parser;

use super::format::Format;
use super::maps::{MapChoice, MapName};
use super::wire::TraceFormat;

const EXAMPLES: &str = "\
Examples:
  tidemap replay                                  the built-in Android trace, tidemap and hashbrown
  tidemap replay trace.txt.zst --html report.html a file of yours, and a page with plots
  zcat keys.gz | tidemap replay -                 from a pipe
  tidemap replay words.txt --scale 50             fifty copies of the key space: a big map
  tidemap replay trace.txt --record maps.tmp      then: tidemap watch maps.tmp
  tidemap replay trace.txt --trace maps.pftrace   its growths, for ui.perfetto.dev
  tidemap replay trace.txt --profile maps.pb.gz   then: go tool pprof -top maps.pb.gz
  tidemap replay a.tsv b.csv --map tidemap,std,griddle --repeat 5 --json > result.json
";

const AFTER: &str = "\
Exit codes: 0 all maps gave equal answers, 1 they differ, 2 failure or misuse.
Formats, the JSON schema and what each number means: docs/replay.md";

/// Replays a real workload against several maps; compares answers, latency and memory.
#[derive(Debug, Clone, clap::Args)]
#[command(before_help = EXAMPLES, after_help = AFTER)]
pub(crate) struct Args {
    /// Workloads, one report each; `-` is standard input; none means the built-in trace
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Format of the input [default: recognised by content and name]
    #[arg(long, value_enum)]
    pub format: Option<Format>,

    /// Maps, separated by commas: tidemap, hashbrown, std, griddle, indexmap; `NAME:presized` reserves room first
    #[arg(long, value_delimiter = ',', default_value = "tidemap,hashbrown", value_name = "NAMES", value_parser = parse_map)]
    pub map: Vec<MapChoice>,

    /// Runs per map, each in a fresh process; the median run is shown
    #[arg(
        long,
        default_value_t = 1,
        value_name = "N",
        allow_negative_numbers = true
    )]
    pub repeat: u32,

    /// At most this many operations
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub ops: Option<u64>,

    /// Copies of the key space, interleaved in an order fixed by --seed
    #[arg(
        long,
        default_value_t = 1,
        value_name = "N",
        allow_negative_numbers = true
    )]
    pub scale: u32,

    /// Seed of the interleaving and of the hash function
    #[arg(
        long,
        default_value_t = 1,
        value_name = "N",
        allow_negative_numbers = true
    )]
    pub seed: u64,

    /// Print JSON instead of the table
    #[arg(long)]
    pub json: bool,

    /// Write a self-contained page with plots
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Record what tidemap does, for `tidemap watch FILE`; at most 64 MiB
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,

    /// Write what tidemap does as a trace: its growths, the operations that paid, memory; at most 64 MiB
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,

    /// Format of the trace [default: chrome if the name ends in .json, else perfetto]
    #[arg(long, value_enum, value_name = "NAME", requires = "trace")]
    pub trace_format: Option<TraceFormat>,

    /// Write what tidemap holds and did at the end of the replay as a profile, for `go tool pprof`
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
}

impl Default for Args {
    /// What `tidemap replay` means without arguments.
    fn default() -> Self {
        #[derive(Parser)]
        struct Bare {
            #[command(flatten)]
            args: Args,
        }
        Bare::parse_from(["replay"]).args
    }
}

/// Most repeats: more runs than this is a typing error.
const REPEAT_MAX: u32 = 1000;
/// Most copies of the key space.
const SCALE_MAX: u32 = 1 << 20;

impl Args {
    /// Refuses values that parse but mean nothing.
    pub(crate) fn check(&self) -> Result<()> {
        if self.scale == 0 {
            bail!("--scale 0: use at least 1 copy of the key space");
        }
        if self.scale > SCALE_MAX {
            bail!("--scale {}: use at most {SCALE_MAX}", self.scale);
        }
        if self.repeat == 0 {
            bail!("--repeat 0: use at least 1 run");
        }
        if self.repeat > REPEAT_MAX {
            bail!("--repeat {}: use at most {REPEAT_MAX}", self.repeat);
        }
        if self.ops == Some(0) {
            bail!("--ops 0: use at least 1 operation");
        }
        for (at, map) in self.map.iter().enumerate() {
            if self.map[..at].contains(map) {
                bail!("--map names `{map}` twice; each map runs once");
            }
        }
        self.check_outputs()?;
        let stdin_count = self.files.iter().filter(|file| is_stdin(file)).count();
        if stdin_count > 1 {
            bail!("`-` is given {stdin_count} times; standard input can be read once");
        }
        Ok(())
    }

    /// What is written of an observed map needs one, and one workload.
    fn check_outputs(&self) -> Result<()> {
        let of_map = [
            ("--record", &self.record),
            ("--trace", &self.trace),
            ("--profile", &self.profile),
        ];
        for (option, _) in of_map.iter().filter(|(_, file)| file.is_some()) {
            if self.files.len() > 1 {
                bail!(
                    "{option} with {} workloads: one file holds one of them; replay them one by one",
                    self.files.len()
                );
            }
            if !self.map.iter().any(|map| map.name == MapName::Tidemap) {
                bail!("{option} shows what tidemap does, which --map does not name; add tidemap");
            }
        }
        let files: Vec<&PathBuf> = [&self.html, &self.record, &self.trace, &self.profile]
            .into_iter()
            .flatten()
            .collect();
        for (at, file) in files.iter().enumerate() {
            if files[..at].contains(file) {
                bail!(
                    "{} is to be written twice; give each a name",
                    file.display()
                );
            }
        }
        Ok(())
    }
}

/// Whether a file argument means standard input.
pub(crate) fn is_stdin(file: &std::path::Path) -> bool {
    file.as_os_str() == "-"
}

fn parse_map(text: &str) -> Result<MapChoice, String> {
    let (name, presized) = match text.split_once(':') {
        None => (text, false),
        Some((name, "presized")) => (name, true),
        Some((_, other)) => {
            return Err(format!(
                "unknown option `{other}` of a map; the only one is `presized`"
            ));
        }
    };
    match MapName::from_name(name) {
        Some(name) => Ok(MapChoice { name, presized }),
        None => Err(format!("unknown map `{name}`; use {}", MapName::listed())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_the_documented_ones() {
        let args = Args::default();
        assert!(args.files.is_empty());
        let names: Vec<String> = args.map.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["tidemap", "hashbrown"]);
        assert_eq!((args.repeat, args.scale), (1, 1));
        assert!(args.check().is_ok());
    }

    #[test]
    fn map_names() {
        assert!(parse_map("std").is_ok());
        assert!(parse_map("hashbrown:presized").unwrap().presized);
        let error = parse_map("btree").unwrap_err();
        assert!(
            error.contains("tidemap, hashbrown, std, griddle, indexmap"),
            "{error}"
        );
        assert!(parse_map("std:huge").is_err());
    }

    #[test]
    fn meaningless_values_are_refused() {
        let check = |change: fn(&mut Args), part: &str| {
            let mut args = Args::default();
            change(&mut args);
            let error = args.check().expect_err(part).to_string();
            assert!(error.contains(part), "{error}");
        };
        check(|a| a.scale = 0, "--scale 0");
        check(|a| a.scale = u32::MAX, "at most");
        check(|a| a.repeat = 0, "--repeat 0");
        check(|a| a.ops = Some(0), "--ops 0");
        check(|a| a.map.push(a.map[0]), "twice");
        check(|a| a.files = vec!["-".into(), "-".into()], "standard input");
        let two = |a: &mut Args| {
            a.files = vec!["a".into(), "b".into()];
            a.record = Some("r".into());
        };
        check(two, "--record with 2 workloads");
        check(
            |a| {
                a.map.remove(0);
                a.trace = Some("t".into());
            },
            "--trace shows what tidemap does",
        );
        check(
            |a| {
                a.map.remove(0);
                a.profile = Some("p".into());
            },
            "add tidemap",
        );
        let twice = |a: &mut Args| {
            a.trace = Some("same".into());
            a.html = Some("same".into());
        };
        check(twice, "same is to be written twice");
    }
}
