//! `tidemap go growth`: growths while they happen.
//!
//! By looking again and again, which also replays recordings; or, with
//! `--probe`, by entry probes on the growth functions: every growth, with the
//! stack that caused it. A probe costs the target a trap of about a microsecond
//! per growth. Only entries are probed: return probes break Go's stacks.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Serialize;
use tidemap_inspect::diff::{ChangeKind, diff, type_text};
use tidemap_inspect::model::{Design, MapRow, Snapshot};

use super::perf::{self, Sample, Threads, What};
use super::source::{Source, TargetArgs};
use super::{clock, live::Live};
use crate::replay::units::{bytes, thousands};

/// Version of the JSON output.
const SCHEMA: &str = "tidemap.go.growth/1";
/// Time between two readings of the ring buffers.
const DRAIN_EVERY: Duration = Duration::from_millis(50);
/// Growth functions: name, and which argument holds the map.
const CLASSIC: [(&str, usize, &str); 1] = [("runtime.hashGrow", 1, "growth begins")];
/// The same for Swiss maps.
const SWISS: [(&str, usize, &str); 2] = [
    (
        "internal/runtime/maps.(*table).rehash",
        2,
        "table is rehashed or split",
    ),
    (
        "internal/runtime/maps.(*Map).growToTable",
        0,
        "one group becomes a table",
    ),
];

/// Show growths as they happen
#[derive(clap::Args)]
#[command(before_help = "Examples:
  tidemap go growth 4242                         look again and again, no privileges
  tidemap go growth night.tmr                    growths between the looks of a recording
  tidemap go growth 4242 --probe --for 1m        every growth, with its stack

--probe puts entry probes of the kernel on the growth functions and needs CAP_PERFMON.")]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    /// Use entry probes: every growth, with the stack that caused it
    #[arg(long)]
    probe: bool,
    /// Stop after this time
    #[arg(long = "for", value_name = "TIME", value_parser = super::parse_duration)]
    time: Option<Duration>,
    /// Stop after this many events
    #[arg(long)]
    count: Option<u64>,
    /// Time between looks, without --probe
    #[arg(long, default_value = "500ms", value_parser = super::parse_duration)]
    interval: Duration,
    /// Machine-readable output, one object a line
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Event {
    schema: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unix_ms: Option<u64>,
    map: u64,
    #[serde(rename = "type")]
    type_name: String,
    path: String,
    what: String,
    entries: u64,
    bytes: u64,
    /// Functions, innermost first; only from probes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stack: Vec<String>,
}

/// Runs `tidemap go growth`.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let source = Source::open(&args.target)?;
    if !args.probe {
        return looking(args, source);
    }
    match source {
        Source::Target(live) if live.pid().is_some() => probing(args, *live),
        _ => bail!("--probe needs a running process; without it recordings are replayed"),
    }
}

fn print(args: &Args, event: &Event) -> anyhow::Result<()> {
    if args.json {
        return crate::go::print(&format!("{}\n", serde_json::to_string(event)?));
    }
    let mut text = format!(
        "{}  {:#x}  {}  {} entries, {}  {}",
        clock(event.unix_ms),
        event.map,
        event.type_name,
        thousands(event.entries),
        bytes(event.bytes as f64),
        event.what,
    );
    if !event.path.is_empty() {
        let _ = write!(text, "  {}", event.path);
    }
    text.push('\n');
    for function in &event.stack {
        let _ = writeln!(text, "        {function}");
    }
    crate::go::print(&text)
}

/// Compares each look with the one before.
fn looking(args: &Args, mut source: Source) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let mut before: Option<Snapshot> = None;
    let mut events = 0;
    while let Some(now) = source.look()? {
        if let Some(before) = &before {
            let rows: BTreeMap<u64, &MapRow> =
                now.maps.iter().map(|row| (row.address, row)).collect();
            for change in diff(before, &now).rows {
                let Some(row) = change.address.and_then(|address| rows.get(&address)) else {
                    continue;
                };
                if change.change != ChangeKind::Changed || change.events.is_empty() {
                    continue;
                }
                print(
                    args,
                    &Event {
                        schema: SCHEMA,
                        unix_ms: now.taken_unix_ms,
                        map: row.address,
                        type_name: type_text(row),
                        path: row.reached.path.clone(),
                        what: change.events.join(", "),
                        entries: row.count,
                        bytes: row.bytes,
                        stack: Vec::new(),
                    },
                )?;
                events += 1;
                if args.count.is_some_and(|count| events >= count) {
                    return Ok(ExitCode::SUCCESS);
                }
            }
        }
        before = Some(now);
        if source.is_core() {
            bail!(
                "a core stands still; `tidemap go growth` needs a running process or a recording"
            );
        }
        if args.time.is_some_and(|time| begun.elapsed() >= time) {
            break;
        }
        if source.is_live() {
            std::thread::sleep(args.interval);
        }
    }
    if before.is_none() {
        bail!("{}: there is nothing to compare", args.target.target);
    }
    Ok(ExitCode::SUCCESS)
}

/// Follows entry probes.
fn probing(args: &Args, mut live: Live) -> anyhow::Result<ExitCode> {
    let pid = live.pid().unwrap_or(0);
    let functions: &[(&str, usize, &str)] = match live.design() {
        Design::Classic => &CLASSIC,
        Design::Swiss => &SWISS,
    };
    let mut offsets = Vec::new();
    let mut probed = Vec::new();
    for function in functions {
        if let Some(offset) = live.file_offset(function.0)? {
            offsets.push(offset);
            probed.push(function);
        }
    }
    if offsets.is_empty() {
        bail!(
            "the program has none of the growth functions; without --probe growths are found by looking"
        );
    }
    // A look first: it names the maps that exist already.
    let mut maps: BTreeMap<u64, MapRow> = BTreeMap::new();
    live.owners(&mut maps)?;
    let file = std::fs::canonicalize(format!("/proc/{pid}/exe")).context("the process exited")?;
    let mut threads = match Threads::open(pid, What::Probes(file, offsets)) {
        Ok(threads) => threads,
        Err(error) => bail!("process {pid}: {}", perf::explain(&error, true)),
    };
    let begun = Instant::now();
    let mut events = 0;
    loop {
        std::thread::sleep(DRAIN_EVERY);
        let alive = threads.follow().unwrap_or(false);
        for sample in threads.drain() {
            let (_, argument, what) = probed[sample.probe.min(probed.len() - 1)];
            let event = event(
                &mut live,
                &mut maps,
                &sample,
                sample.arguments[*argument],
                what,
            );
            print(args, &event)?;
            events += 1;
            if args.count.is_some_and(|count| events >= count) {
                return Ok(ExitCode::SUCCESS);
            }
        }
        if !alive {
            eprintln!("tidemap: the process exited");
            break;
        }
        if args.time.is_some_and(|time| begun.elapsed() >= time) {
            break;
        }
    }
    if threads.lost > 0 {
        eprintln!("tidemap: {} events did not fit the buffers", threads.lost);
    }
    Ok(ExitCode::SUCCESS)
}

fn event(
    live: &mut Live,
    maps: &mut BTreeMap<u64, MapRow>,
    sample: &Sample,
    map: u64,
    what: &str,
) -> Event {
    // The map as it is now, a moment after the event.
    if let Ok(Some((row, _))) = live.look_at(map) {
        let known = maps.remove(&map);
        // A single look at a map learns no path; keep what the first whole look found.
        maps.insert(
            map,
            MapRow {
                reached: known.map_or(row.reached.clone(), |known| known.reached),
                ..row
            },
        );
    }
    let row = maps.get(&map);
    let mut stack: Vec<String> = [sample.ip]
        .iter()
        .chain(&sample.callers)
        .filter_map(|&ip| live.function(ip))
        .collect();
    stack.dedup();
    Event {
        schema: SCHEMA,
        unix_ms: std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .ok()
            .map(|now| now.as_millis() as u64),
        map,
        type_name: row.map_or_else(|| "map of unknown type".into(), type_text),
        path: row.map(|row| row.reached.path.clone()).unwrap_or_default(),
        what: what.into(),
        entries: row.map_or(0, |row| row.count),
        bytes: row.map_or(0, |row| row.bytes),
        stack,
    }
}
