//! The report and the table of an incident.

use std::fmt::Write as _;

use tidemap_bench::machine::Machine;

use super::{Growth, IncidentArgs, Run};
use crate::index::MapKind;
use crate::load::Us;

/// Growths of fewer entries are not listed: nobody waits for them.
const ENTRIES_MIN: u64 = 100_000;
/// A span of time counts as stalled if a request was slower.
const STALL_US: u64 = 10_000;

/// What both files begin with: how to do it again, and where it was done.
fn head(args: &IncidentArgs, machine: &Machine) -> String {
    let mut text = format!("# {}\n", args.command());
    for (name, value) in machine.lines() {
        // No processor time is measured here.
        if name != "clock" {
            let _ = writeln!(text, "# {name}: {value}");
        }
    }
    text
}

/// The report, for people.
pub(super) fn text(args: &IncidentArgs, machine: &Machine, runs: &[Run]) -> String {
    let mut text = head(args, machine);
    let _ = writeln!(
        text,
        "\n{} requests/s over 16 connections, {} entries/s loaded in bulk beside them, {} s on each map.\n\
         Latency counts from when a request was due.\n",
        args.rate, args.ingest, args.seconds
    );
    let _ = writeln!(
        text,
        "{:<10} {:>9} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9} {:>13} {:>10}",
        "map",
        "requests",
        "p50",
        "p99",
        "p99.9",
        "max",
        "stalled",
        "entries",
        "most resident",
        "bulk max"
    );
    for run in runs {
        let all = run.report.latency;
        let windows = &run.report.windows;
        let stalled = windows.iter().filter(|row| row.latency.max_us > STALL_US);
        let resident = match run.resident.iter().max() {
            Some(bytes) => format!("{} MiB", bytes >> 20),
            None => "unknown".to_owned(),
        };
        let _ = writeln!(
            text,
            "{:<10} {:>9} {:>8} {:>8} {:>8} {:>8} {:>4} of {:<3} {:>8} {:>12} {:>10}",
            run.map.as_str(),
            all.count,
            Us(all.p50_us).to_string(),
            Us(all.p99_us).to_string(),
            Us(all.p999_us).to_string(),
            Us(all.max_us).to_string(),
            stalled.count(),
            windows.len(),
            run.report.bulk.entries,
            resident,
            Us(run.report.bulk.latency.max_us).to_string(),
        );
    }
    let _ = writeln!(
        text,
        "stalled: spans of {} ms in which a request took more than {}",
        args.window_ms,
        Us(STALL_US)
    );
    for run in runs {
        let _ = writeln!(
            text,
            "\n{}: {} right, {} keys not there, {} wrong, {} errors; {} requests found no free connection; \
             the generator itself was {} late at most, {} at p99.9",
            run.map.as_str(),
            run.report.right,
            run.report.missing,
            run.report.wrong,
            run.report.errors + run.report.bulk.errors,
            run.report.generator.queued,
            Us(run.report.generator.late.max_us),
            Us(run.report.generator.late.p999_us),
        );
        let unit = match run.map {
            MapKind::Tidemap => "buckets",
            MapKind::Hashbrown => "slots",
        };
        let _ = writeln!(
            text,
            "growths of more than {ENTRIES_MIN} entries, from its trace ({unit}):\n\
             {:<30} {:>10} {:>9} {:>13} {:>11} {:>11}",
            "  growth", "entries", "steps", "longest step", "all steps", "wall"
        );
        for growth in run.growths.iter().filter(|g| g.entries > ENTRIES_MIN) {
            let Growth {
                name,
                steps,
                longest_ns,
                work_ns,
                entries,
                wall_us,
                ..
            } = growth;
            let _ = writeln!(
                text,
                "  {name:<28} {entries:>10} {steps:>9} {:>13} {:>11} {:>11}",
                Us(longest_ns.div_ceil(1000)).to_string(),
                Us(work_ns.div_ceil(1000)).to_string(),
                Us(*wall_us as u64).to_string(),
            );
        }
    }
    text
}

/// The table, for programs.
pub(super) fn table(args: &IncidentArgs, machine: &Machine, runs: &[Run]) -> String {
    let mut text = head(args, machine);
    text.push_str("map,from_ms,requests,p50_us,p99_us,p999_us,max_us,entries,resident_bytes\n");
    for run in runs {
        for (at, row) in run.report.windows.iter().enumerate() {
            let resident = run.resident.get(at).map_or(String::new(), u64::to_string);
            let _ = writeln!(
                text,
                "{},{},{},{},{},{},{},{},{resident}",
                run.map.as_str(),
                row.from_ms,
                row.latency.count,
                row.latency.p50_us,
                row.latency.p99_us,
                row.latency.p999_us,
                row.latency.max_us,
                row.loaded,
            );
        }
    }
    text
}
