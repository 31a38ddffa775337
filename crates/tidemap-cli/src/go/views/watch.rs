//! `tidemap go watch`: one map over time.

use std::fmt::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde::Serialize;
use tidemap_inspect::diff::type_text;
use tidemap_inspect::model::MapRow;

use super::source::{Source, TargetArgs};
use super::{clock, table};
use crate::replay::units::{bytes, thousands};

/// Version of the JSON output.
const SCHEMA: &str = "tidemap.go.watch/1";

/// Watch one map over time: entries, growth progress, bytes
#[derive(clap::Args)]
#[command(before_help = "Examples:
  tidemap go list 4242 --filter sessions         prints the address
  tidemap go watch 4242 0xc000112340
  tidemap go watch night.tmr 0xc000112340        every look of a recording
  tidemap go watch 4242 0xc000112340 --json      one JSON object a line")]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    /// Address of the map
    #[arg(value_parser = super::parse_address)]
    address: u64,
    /// Time between looks
    #[arg(long, default_value = "500ms", value_parser = super::parse_duration)]
    interval: Duration,
    /// Stop after this many looks
    #[arg(long)]
    count: Option<u64>,
    /// Print every look, also when nothing changed
    #[arg(long)]
    all: bool,
    /// Machine-readable output, one object a line
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    schema: &'static str,
    taken_unix_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    growing_for_s: Option<f64>,
    map: &'a MapRow,
}

/// Runs `tidemap go watch`.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut source = Source::open(&args.target)?;
    let mut last: Option<MapRow> = None;
    let mut growing: Option<Growing> = None;
    let mut looks = 0;
    loop {
        let Some((row, taken)) = source.look_at(args.address)? else {
            if last.is_none() {
                anyhow::bail!(
                    "no map at {:#x} in {}; `tidemap go list` prints the addresses of all maps",
                    args.address,
                    args.target.target
                );
            }
            if source.is_live() && source.exited() {
                eprintln!("tidemap: the process exited");
            } else if source.is_live() {
                eprintln!("tidemap: the map at {:#x} is gone", args.address);
            }
            return Ok(ExitCode::SUCCESS);
        };
        looks += 1;
        Growing::follow(&mut growing, &row, taken);
        let steady = last.as_ref().is_some_and(|last| same(last, &row));
        if args.all || !steady {
            let growing_for_s = growing.as_ref().and_then(|g| g.seconds(taken));
            if args.json {
                let line = Line {
                    schema: SCHEMA,
                    taken_unix_ms: taken,
                    growing_for_s,
                    map: &row,
                };
                crate::go::print(&format!("{}\n", serde_json::to_string(&line)?))?;
            } else {
                if last.is_none() {
                    crate::go::print(&title(&row))?;
                }
                crate::go::print(&human(last.as_ref(), &row, taken, growing_for_s))?;
            }
        }
        last = Some(row);
        if args.count.is_some_and(|count| looks >= count) {
            return Ok(ExitCode::SUCCESS);
        }
        if source.is_live() {
            std::thread::sleep(args.interval);
        } else if source.is_core() {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

/// A growth that has been seen for some time.
struct Growing {
    old_buckets: u64,
    since: Instant,
    since_ms: Option<u64>,
}

impl Growing {
    fn follow(slot: &mut Option<Growing>, row: &MapRow, taken: Option<u64>) {
        match (&row.growth, &slot) {
            (None, _) => *slot = None,
            (Some(growth), Some(known)) if known.old_buckets == growth.old_buckets => {}
            (Some(growth), _) => {
                *slot = Some(Growing {
                    old_buckets: growth.old_buckets,
                    since: Instant::now(),
                    since_ms: taken,
                });
            }
        }
    }

    fn seconds(&self, now_ms: Option<u64>) -> Option<f64> {
        match (self.since_ms, now_ms) {
            (Some(since), Some(now)) => Some(now.saturating_sub(since) as f64 / 1e3),
            _ => Some(self.since.elapsed().as_secs_f64()),
        }
    }
}

fn same(a: &MapRow, b: &MapRow) -> bool {
    let evacuated = |row: &MapRow| {
        row.growth
            .map(|growth| (growth.old_buckets, growth.evacuated))
    };
    a.count == b.count
        && a.bytes == b.bytes
        && a.slots == b.slots
        && a.swiss.map(|s| s.tombstones) == b.swiss.map(|s| s.tombstones)
        && evacuated(a) == evacuated(b)
}

fn title(row: &MapRow) -> String {
    let mut text = format!("{:#x}  {}", row.address, type_text(row));
    if !row.reached.path.is_empty() {
        let _ = write!(text, "  {}", row.reached.path);
    }
    text.push('\n');
    text
}

fn human(
    before: Option<&MapRow>,
    row: &MapRow,
    taken: Option<u64>,
    growing_for: Option<f64>,
) -> String {
    let delta = before.map_or(0, |before| row.count as i64 - before.count as i64);
    let mut text = format!(
        "{}  {:>12} entries {:>+9}  load {:.2}  {:>9}",
        clock(taken),
        thousands(row.count),
        delta,
        row.load,
        bytes(row.bytes as f64),
    );
    if let Some(classic) = &row.classic {
        let _ = write!(text, "  B {}  overflow {}", classic.b, classic.overflow);
    }
    if let Some(swiss) = &row.swiss {
        let _ = write!(
            text,
            "  tables {}  tombstones {}",
            swiss.tables.max(1),
            swiss.tombstones
        );
    }
    if let Some(growth) = &row.growth {
        let _ = write!(
            text,
            "  {} ({} of {} old buckets, {} held)",
            table::growth(row),
            thousands(growth.evacuated),
            thousands(growth.old_buckets),
            bytes(row.old_bytes as f64),
        );
        if let Some(seconds) = growing_for {
            let _ = write!(text, " for {seconds:.1} s");
        }
    } else if let Some(next) = &row.next_growth {
        let _ = write!(
            text,
            "  grows at {} (+{})",
            thousands(next.at_entries),
            bytes(next.extra_bytes as f64)
        );
    }
    let _ = writeln!(text, "  {}", table::state(row));
    text
}
