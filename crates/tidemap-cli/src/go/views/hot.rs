//! `tidemap go hot`: which maps the processor is busy with.
//!
//! The kernel samples registers while the target runs on. A sample belongs to a
//! map when a register points into its header, bucket array, group or
//! directory. Look-ups drop the header early, so it is the arrays that tell; a
//! header counts only when no register points into an array.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::bail;
use serde::Serialize;
use tidemap_inspect::diff::type_text;
use tidemap_inspect::model::MapRow;

use super::perf::{self, Threads, What};
use super::source::{Source, TargetArgs};
use crate::replay::units::{duration, thousands};

/// Version of the JSON output.
const SCHEMA: &str = "tidemap.go.hot/1";
/// Samples a second of processor time: no multiple of common timers.
const HERTZ: u64 = 997;
/// Time between two readings of the ring buffers.
const DRAIN_EVERY: Duration = Duration::from_millis(100);

/// Show which maps burn processor time, by sampling registers
#[derive(clap::Args)]
#[command(before_help = "Examples:
  tidemap go hot 4242
  tidemap go hot 4242 --for 30s --limit 5
  tidemap go hot 4242 --json

Needs the target's user and kernel.perf_event_paranoid of 2 or less, or CAP_PERFMON.")]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    /// How long to sample
    #[arg(long = "for", value_name = "TIME", default_value = "5s", value_parser = super::parse_duration)]
    time: Duration,
    /// Samples a second of processor time
    #[arg(long, default_value_t = HERTZ, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    hertz: u64,
    /// Rows at most
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Machine-readable output
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    sampled_ms: u64,
    /// All samples in user code.
    samples: u64,
    /// Samples in the functions of maps and their hashing.
    in_map_code: u64,
    /// Of those, samples that belong to one map.
    attributed: u64,
    /// Of those, samples whose registers point into several maps.
    ambiguous: u64,
    /// Samples that did not fit the buffers.
    lost: u64,
    maps: Vec<Hot<'a>>,
}

#[derive(Serialize)]
struct Hot<'a> {
    samples: u64,
    /// Share of all samples.
    share: f64,
    functions: Vec<(String, u64)>,
    map: &'a MapRow,
}

#[derive(Default)]
struct Count {
    samples: u64,
    functions: BTreeMap<String, u64>,
}

/// Runs `tidemap go hot`.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Source::Target(mut live) = Source::open(&args.target)? else {
        bail!("a recording has no registers to sample; `tidemap go hot` needs a running process");
    };
    let Some(pid) = live.pid() else {
        bail!("a core does not run; `tidemap go hot` needs a running process");
    };
    let mut threads = match Threads::open(pid, What::Clock(args.hertz)) {
        Ok(threads) => threads,
        Err(error) => bail!("process {pid}: {}", perf::explain(&error, false)),
    };
    let begun = Instant::now();
    let mut samples = Vec::new();
    let mut maps: BTreeMap<u64, MapRow> = BTreeMap::new();
    // Maps move while they grow: owners are looked up before, and again after each piece.
    let mut owners = live.owners(&mut maps)?;
    let mut report = Tally::default();
    while begun.elapsed() < args.time {
        std::thread::sleep(DRAIN_EVERY.min(args.time.saturating_sub(begun.elapsed())));
        let alive = threads.follow().unwrap_or(false);
        samples.extend(threads.drain());
        if !alive {
            break;
        }
    }
    let sampled = begun.elapsed();
    match live.owners(&mut maps) {
        Ok(after) => owners.extend(after),
        // It may have exited; what was learnt before stands.
        Err(_) if !std::path::Path::new(&format!("/proc/{pid}")).exists() => {}
        Err(error) => return Err(error),
    }
    for sample in &samples {
        report.samples += 1;
        let Some(function) = live.function(sample.ip) else {
            continue;
        };
        if !is_map_code(&function) {
            continue;
        }
        report.in_map_code += 1;
        // Arrays tell more than headers: a loop over maps keeps headers of others at hand.
        let found: BTreeSet<(bool, u64)> = sample
            .registers
            .iter()
            .filter_map(|&value| live.owner(&owners, value))
            .collect();
        let arrays: BTreeSet<u64> = found
            .iter()
            .filter(|(array, _)| *array)
            .map(|(_, map)| *map)
            .collect();
        let found = if arrays.is_empty() {
            found.into_iter().map(|(_, map)| map).collect()
        } else {
            arrays
        };
        match found.len() {
            0 => {}
            1 => {
                let count = report
                    .maps
                    .entry(found.into_iter().next().unwrap_or(0))
                    .or_default();
                count.samples += 1;
                *count.functions.entry(function).or_default() += 1;
            }
            _ => report.ambiguous += 1,
        }
    }
    let mut hot: Vec<Hot> = report
        .maps
        .iter()
        .filter_map(|(address, count)| {
            let mut functions: Vec<(String, u64)> = count.functions.clone().into_iter().collect();
            functions.sort_by_key(|(_, samples)| std::cmp::Reverse(*samples));
            Some(Hot {
                samples: count.samples,
                share: count.samples as f64 / report.samples.max(1) as f64,
                functions,
                map: maps.get(address)?,
            })
        })
        .collect();
    hot.sort_by_key(|hot| std::cmp::Reverse(hot.samples));
    let attributed = hot.iter().map(|hot| hot.samples).sum();
    hot.truncate(args.limit);
    let report = Report {
        schema: SCHEMA,
        sampled_ms: sampled.as_millis() as u64,
        samples: report.samples,
        in_map_code: report.in_map_code,
        attributed,
        ambiguous: report.ambiguous,
        lost: threads.lost,
        maps: hot,
    };
    crate::go::print(&if args.json {
        format!("{}\n", serde_json::to_string_pretty(&report)?)
    } else {
        human(&report)
    })?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Default)]
struct Tally {
    samples: u64,
    in_map_code: u64,
    ambiguous: u64,
    maps: BTreeMap<u64, Count>,
}

/// Functions that work on a map's memory: the map code, and hashing and comparing for it.
fn is_map_code(name: &str) -> bool {
    const STARTS: [&str; 14] = [
        "runtime.map",
        "internal/runtime/maps.",
        "runtime.evacuate",
        "runtime.growWork",
        "runtime.hashGrow",
        "runtime.(*hmap)",
        "runtime.(*bmap)",
        "runtime.advanceEvacuationMark",
        "runtime.bucketEvacuated",
        "runtime.memhash",
        "runtime.strhash",
        "runtime.aeshash",
        "aeshashbody",
        "reflect.map",
    ];
    STARTS.iter().any(|start| name.starts_with(start))
}

fn human(report: &Report<'_>) -> String {
    let share = |part: u64, whole: u64| 100.0 * part as f64 / whole.max(1) as f64;
    let mut out = format!(
        "{} samples in {}; {:.1} % in map code, of those {:.1} % belong to one map{}{}\n",
        thousands(report.samples),
        duration(report.sampled_ms as f64 * 1e6),
        share(report.in_map_code, report.samples),
        share(report.attributed, report.in_map_code),
        match report.ambiguous {
            0 => String::new(),
            n => format!(", {:.1} % to several", share(n, report.in_map_code)),
        },
        match report.lost {
            0 => String::new(),
            n => format!("; {n} samples lost"),
        },
    );
    if report.samples == 0 {
        out.push_str("the process used no processor time\n");
    }
    for hot in &report.maps {
        let _ = write!(
            out,
            "{:>5.1} %  {:>7} samples  {:#x}  {}",
            hot.share * 100.0,
            thousands(hot.samples),
            hot.map.address,
            type_text(hot.map),
        );
        if !hot.map.reached.path.is_empty() {
            let _ = write!(out, "  {}", hot.map.reached.path);
        }
        let _ = writeln!(
            out,
            "  {} entries, load {:.2}",
            thousands(hot.map.count),
            hot.map.load
        );
        if let Some((function, samples)) = hot.functions.first() {
            let _ = writeln!(
                out,
                "         mostly {function} ({:.0} %)",
                share(*samples, hot.samples)
            );
        }
    }
    out
}
