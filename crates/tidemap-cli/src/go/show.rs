//! `tidemap go show`: one map of a running Go process or core dump.

use std::fmt::Write;
use std::process::ExitCode;

use serde::Serialize;
use tidemap_inspect::MapDetail;
use tidemap_inspect::advice::{bytes, number};
use tidemap_inspect::model::TargetInfo;

use super::list::{TargetArgs, growth_text, path_text, progress, proof_text, type_text};
use super::table::{Align, table};

/// Version of the JSON output.
const SCHEMA: &str = "tidemap.go.show/1";
/// Columns of a full bar.
const BAR: usize = 40;

/// Show one map of a running Go process or core dump: header, arrays, chains
#[derive(clap::Args)]
#[command(before_help = "Examples:
  tidemap go show 4711 c00011a4b0
  tidemap go show core.4711 0xc00011a4b0 --binary ./server

The address is the one that `tidemap go list` prints.")]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    /// Address of the map
    #[arg(value_parser = address)]
    address: u64,
    /// Machine-readable output
    #[arg(long)]
    json: bool,
}

/// Parses an address, hexadecimal with or without 0x.
pub(crate) fn address(text: &str) -> Result<u64, String> {
    u64::from_str_radix(text.trim_start_matches("0x"), 16)
        .map_err(|_| format!("`{text}` is no address; copy one from `tidemap go list`"))
}

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    target: &'a TargetInfo,
    #[serde(flatten)]
    detail: &'a MapDetail,
}

/// Runs `tidemap go show`.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let inspector = args.target.open()?;
    let (snapshot, detail) = inspector.detail(args.address, &mut progress())?;
    let text = if args.json {
        let report = Report {
            schema: SCHEMA,
            target: &snapshot.target,
            detail: &detail,
        };
        serde_json::to_string_pretty(&report)? + "\n"
    } else {
        human(&detail)
    };
    super::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn human(detail: &MapDetail) -> String {
    let row = &detail.row;
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<14} {value}");
    };
    line("map", format!("{:#x} {}", row.address, type_text(row)));
    if row.map_type.name.is_none() && row.map_type.candidates.len() > 1 {
        line("may be", row.map_type.candidates.join(", "));
    }
    line("reached from", path_text(row));
    line(
        "proof",
        format!("{} after {} readings", proof_text(row), row.attempts),
    );
    line(
        "entries",
        format!(
            "{} in {} slots, load {:.2}",
            number(row.count),
            number(row.slots),
            row.load
        ),
    );
    if let Some(c) = row.classic {
        line(
            "B",
            format!(
                "{}: {} main buckets at {:#x}",
                c.b,
                number(1 << c.b.min(63)),
                c.buckets
            ),
        );
        line(
            "overflow",
            format!(
                "{} counted, {} in the header; longest chain {}",
                number(c.overflow),
                number(c.noverflow.into()),
                c.longest_chain
            ),
        );
        line("flags", format!("{:#06b}", c.flags));
        line("seed", format!("{:#x}", c.hash0));
    }
    if let Some(s) = row.swiss {
        line(
            "directory",
            if s.directory == 0 {
                format!("none: one group at {:#x}", s.dir)
            } else {
                format!(
                    "{} entries at {:#x}, {} tables, depth {}",
                    number(s.directory),
                    s.dir,
                    number(s.tables),
                    s.global_depth
                )
            },
        );
        line(
            "slots left",
            format!(
                "{} until growth, {} tombstones",
                number(s.growth_left),
                number(s.tombstones)
            ),
        );
        if s.tables_below_depth > 0 {
            line(
                "mid-split",
                format!(
                    "{} tables answer to more than one directory entry",
                    number(s.tables_below_depth)
                ),
            );
        }
        line(
            "seed",
            format!("{:#x}, cleared {} times", s.seed, s.clear_seq),
        );
    }
    match row.growth {
        Some(g) => line(
            "growing",
            format!(
                "{}: {} of {} old buckets evacuated, cursor at {}; {} still held",
                growth_text(row),
                number(g.evacuated),
                number(g.old_buckets),
                number(g.nevacuate),
                bytes(row.old_bytes)
            ),
        ),
        None => line("growing", "no".into()),
    }
    line(
        "bytes",
        format!(
            "{} ({}), a rebuild frees {}",
            number(row.bytes),
            bytes(row.bytes),
            bytes(row.rebuild_frees)
        ),
    );
    if let Some(next) = row.next_growth {
        line(
            "next growth",
            format!(
                "at {} entries, peak +{}",
                number(next.at_entries),
                bytes(next.extra_bytes)
            ),
        );
    }
    for advice in &row.advice {
        line("advice", advice.clone());
    }
    for referrer in &detail.referrers {
        line("held by", referrer.clone());
    }
    if let Some(histogram) = &detail.histogram {
        let _ = writeln!(
            text,
            "\n{} (observed, expected of random hashing)",
            histogram.what
        );
        let most = histogram
            .observed
            .iter()
            .map(|&n| n as f64)
            .chain(histogram.expected.iter().copied())
            .fold(1.0, f64::max);
        let len = histogram.observed.len().max(histogram.expected.len());
        for value in 0..len {
            let observed = histogram.observed.get(value).copied().unwrap_or(0);
            let expected = histogram.expected.get(value).copied().unwrap_or(0.0);
            if value >= histogram.observed.len() && expected < 0.5 {
                break;
            }
            let bar = "#".repeat((observed as f64 / most * BAR as f64).round() as usize);
            let _ = writeln!(
                text,
                "{value:>5} {:>12} {expected:>14.1}  {bar}",
                number(observed)
            );
        }
    }
    if !detail.tables.is_empty() {
        let rows: Vec<Vec<String>> = detail
            .tables
            .iter()
            .map(|t| {
                vec![
                    format!("{:x}", t.address),
                    t.index.to_string(),
                    number(t.used),
                    number(t.capacity),
                    number(t.growth_left),
                    number(t.tombstones),
                    t.local_depth.to_string(),
                ]
            })
            .collect();
        let head = ["TABLE", "INDEX", "USED", "SLOTS", "LEFT", "TOMBS", "DEPTH"]
            .map(|n| (n, Align::Right));
        text += "\n";
        text += &table(&head, &rows, usize::MAX, 0);
    }
    text
}
