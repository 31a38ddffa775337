//! The report: what JSON carries, and what table and page are made from.

use serde::Serialize;

use super::compare::Difference;
use super::run_report::MapRun;

/// The schema's name and version. A field that is added keeps it; one that
/// changes its meaning or goes away raises the number.
pub(crate) const SCHEMA: &str = "tidemap.replay/1";

/// The whole report.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The program's version.
    pub version: &'static str,
    /// Whether every map of every replay gave equal answers.
    pub equal: bool,
    /// Where it ran.
    pub machine: Machine,
    /// One per input.
    pub replays: Vec<Replay>,
}

/// Where it ran.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    /// Operating system.
    pub os: &'static str,
    /// Processor architecture.
    pub arch: &'static str,
    /// Processor model, if the system tells.
    pub processor: Option<String>,
    /// Threads that run at a time.
    pub parallelism: usize,
    /// Whether the program was built with debug assertions; then no time means much.
    pub debug_build: bool,
}

impl Machine {
    /// This machine.
    pub(crate) fn here() -> Self {
        let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let processor = cpuinfo
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
            .map(|(_, model)| model.trim().to_owned());
        Machine {
            os: std::env::consts::OS,
            arch: std::env::consts::ARCH,
            processor,
            parallelism: std::thread::available_parallelism().map_or(1, usize::from),
            debug_build: cfg!(debug_assertions),
        }
    }
}

/// One workload on all maps.
#[derive(Debug, Serialize)]
pub(crate) struct Replay {
    /// The workload.
    pub input: Input,
    /// Whether all maps gave equal answers.
    pub equal: bool,
    /// Those that did not.
    pub differences: Vec<Difference>,
    /// The maps, in the order asked for.
    pub maps: Vec<MapReport>,
}

/// The workload.
#[derive(Debug, Serialize)]
pub(crate) struct Input {
    /// File name.
    pub name: String,
    /// Whether it came with the program.
    pub built_in: bool,
    /// Format.
    pub format: &'static str,
    /// Whether the format was recognised rather than given.
    pub format_recognised: bool,
    /// `zstd`, `gzip` or `none`.
    pub compression: &'static str,
    /// Operations in the input.
    pub ops_in_input: u64,
    /// Distinct keys in the input.
    pub distinct_keys: u64,
    /// `u64` or `bytes`.
    pub key_type: &'static str,
    /// Bytes of a key and a value in a map (keys of type `bytes` are borrowed:
    /// 16 bytes that point to the text).
    pub entry_bytes: u64,
    /// Memory of the parsed workload.
    pub stream_bytes: u64,
    /// Copies of the key space.
    pub scale: u32,
    /// Seed of interleaving and hasher.
    pub seed: u64,
    /// Operations replayed, over all copies.
    pub ops: u64,
}

/// A map's figures over all repeats.
#[derive(Debug, Serialize)]
pub(crate) struct MapReport {
    /// The median run, by time of the whole replay.
    #[serde(flatten)]
    pub run: MapRun,
    /// All runs.
    pub repeats: Repeats,
}

/// Best and worst of all runs.
#[derive(Debug, Serialize)]
pub(crate) struct Repeats {
    /// Runs.
    pub count: usize,
    pub ops_per_second: Spread,
    pub p50_ns: Spread,
    pub p99_ns: Spread,
    pub p99_9_ns: Spread,
    pub p99_99_ns: Spread,
    pub max_ns: Spread,
    pub own_max_ns: Spread,
    pub floor_max_ns: Spread,
    pub peak_bytes: Option<Spread>,
}

/// Least and most.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Spread {
    pub least: f64,
    pub most: f64,
}

impl Spread {
    fn of(runs: &[MapRun], value: impl Fn(&MapRun) -> f64) -> Spread {
        let values = || runs.iter().map(&value);
        Spread {
            least: values().fold(f64::INFINITY, f64::min),
            most: values().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

impl MapReport {
    /// Sums up `runs`, of which there is at least one.
    pub(crate) fn new(mut runs: Vec<MapRun>) -> Self {
        runs.sort_by(|a, b| a.throughput.seconds.total_cmp(&b.throughput.seconds));
        let repeats = Repeats {
            count: runs.len(),
            ops_per_second: Spread::of(&runs, |run| run.throughput.ops_per_second),
            p50_ns: Spread::of(&runs, |run| run.latency.p50_ns),
            p99_ns: Spread::of(&runs, |run| run.latency.p99_ns),
            p99_9_ns: Spread::of(&runs, |run| run.latency.p99_9_ns),
            p99_99_ns: Spread::of(&runs, |run| run.latency.p99_99_ns),
            max_ns: Spread::of(&runs, |run| run.latency.max_ns),
            own_max_ns: Spread::of(&runs, |run| run.latency.own_max_ns),
            floor_max_ns: Spread::of(&runs, |run| run.floor.latency.max_ns),
            peak_bytes: runs.iter().all(|run| run.memory.is_some()).then(|| {
                Spread::of(&runs, |run| {
                    run.memory.as_ref().map_or(0.0, |m| m.peak_bytes as f64)
                })
            }),
        };
        let median = (runs.len() - 1) / 2;
        MapReport {
            run: runs.swap_remove(median),
            repeats,
        }
    }
}
