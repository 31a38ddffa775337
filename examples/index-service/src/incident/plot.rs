//! The picture of an incident: latency, entries and memory over time, of both maps.

use tidemap_bench::machine::Machine;
use tidemap_bench::plot::{Axis, Line, Numbers, Page, Panel};

use super::{IncidentArgs, Run};
use crate::load::Row;

/// The page.
pub(super) fn page(args: &IncidentArgs, machine: &Machine, runs: &[Run]) -> Page {
    let seconds = |row: &Row| row.from_ms as f64 / 1e3;
    let panel =
        |title: &str, label: &str, numbers, logarithmic, of: &dyn Fn(&Run) -> Vec<(f64, f64)>| {
            Panel {
                title: title.to_owned(),
                x: Axis {
                    label: "seconds since the start".to_owned(),
                    numbers: Numbers::Counts,
                    logarithmic: false,
                },
                y: Axis {
                    label: label.to_owned(),
                    numbers,
                    logarithmic,
                },
                // The first line is drawn on top.
                lines: runs
                    .iter()
                    .rev()
                    .map(|run| Line {
                        name: run.map.as_str().to_owned(),
                        points: of(run),
                    })
                    .collect(),
            }
        };
    let latency = |of: fn(&Row) -> u64| {
        move |run: &Run| -> Vec<(f64, f64)> {
            let rows = run.report.windows.iter();
            rows.map(|row| (seconds(row), of(row) as f64 * 1e3))
                .collect()
        }
    };
    let span = format!("of each {} ms", args.window_ms);
    Page {
        title: "An index grows while it is asked".to_owned(),
        notes: vec![
            format!(
                "{} requests/s, {} entries/s loaded in bulk; latency from when a request was due",
                args.rate, args.ingest
            ),
            format!(
                "{}, {} cores; {}",
                machine.cpu, machine.cores, machine.system
            ),
        ],
        columns: 2,
        panels: vec![
            panel(
                &format!("Slowest request {span}"),
                "latency",
                Numbers::Times,
                true,
                &latency(|row| row.latency.max_us),
            ),
            panel(
                &format!("Median {span}"),
                "latency",
                Numbers::Times,
                true,
                &latency(|row| row.latency.p50_us),
            ),
            panel(
                "Entries loaded",
                "entries",
                Numbers::Counts,
                false,
                &|run| {
                    let rows = run.report.windows.iter();
                    rows.map(|row| (seconds(row), row.loaded as f64)).collect()
                },
            ),
            panel(
                "Memory of the service",
                "bytes resident",
                Numbers::Counts,
                false,
                &|run| {
                    let rows = run.report.windows.iter().zip(&run.resident);
                    rows.map(|(row, bytes)| (seconds(row), *bytes as f64))
                        .collect()
                },
            ),
        ],
    }
}
