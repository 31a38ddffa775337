//! The table for people.
//!
//! The baseline's row shows figures, every other row the ratio to it with the
//! range over repetitions. A target's verdict is a word; colour only repeats it.

use std::fmt::Write as _;

use crate::cases::{KeyKind, Size};
use crate::compare::NO_MAP;
use crate::contenders::PRESIZED;
use crate::report::{Cell, Limit, Report, Unit};
use crate::stats::Summary;

const NAME_WIDTH: usize = 20;
const CELL_WIDTH_MIN: usize = 12;

/// The report as text; `colour` marks verdicts with terminal colours too.
#[must_use]
pub fn render(report: &Report, colour: bool) -> String {
    let mut out = String::new();
    for (name, value) in report.machine.lines() {
        let _ = writeln!(out, "{name:<10} {value}");
    }
    for keys in &report.keys {
        let _ = writeln!(out, "{:<10} {}", keys.kind.as_str(), keys.origin);
    }
    for warning in &report.warnings {
        let _ = writeln!(out, "WARNING    {warning}");
    }
    let mut kinds: Vec<KeyKind> = report.cells.iter().map(|cell| cell.keys).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        section(&mut out, report, kind, colour);
    }
    summary(&mut out, report);
    out
}

/// A line of a section: a heading, or a name with a cell for each size.
enum Line {
    Heading(String),
    Note(String),
    Row(String, Vec<String>),
}

fn section(out: &mut String, report: &Report, kind: KeyKind, colour: bool) {
    let cells: Vec<&Cell> = report
        .cells
        .iter()
        .filter(|cell| cell.keys == kind)
        .collect();
    let mut sizes: Vec<Size> = cells.iter().map(|cell| cell.size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let title = kind.types();
    let _ = writeln!(
        out,
        "\n{title}: ratios to {} (below 1 is better)",
        report.baseline
    );
    let mut lines = limits(report, kind, &sizes);
    let mut metrics: Vec<&str> = Vec::new();
    for cell in &cells {
        if !metrics.contains(&cell.metric) {
            metrics.push(cell.metric);
        }
    }
    for metric in metrics {
        let of_metric: Vec<&Cell> = cells
            .iter()
            .copied()
            .filter(|cell| cell.metric == metric)
            .collect();
        block(&mut lines, report, metric, &of_metric, &sizes, colour);
    }
    lay_out(out, &lines, sizes.len());
}

fn limits(report: &Report, kind: KeyKind, sizes: &[Size]) -> Vec<Line> {
    let row = |name: &str, pick: fn(&Limit) -> String| {
        let of = |size: &Size| {
            let found = report
                .limits
                .iter()
                .find(|l| l.keys == kind && l.size == *size);
            found.map_or_else(String::new, pick)
        };
        Line::Row(name.to_owned(), sizes.iter().map(of).collect())
    };
    vec![
        Line::Row(
            "entries".to_owned(),
            sizes.iter().map(Size::to_string).collect(),
        ),
        row("hashbrown's load", |l| format!("{:.2}", l.table_load)),
        row("hashbrown's tables", |l| {
            quantity(l.table_bytes as f64, Unit::Bytes)
        }),
        row("dependent access", |l| {
            let huge = l.memory.huge.map(|huge| huge.dependent_ns);
            with_huge(l.memory.small.dependent_ns, huge, |ns| {
                format!("{ns:.1} ns")
            })
        }),
        row("independent access", |l| {
            let huge = l.memory.huge.map(|huge| huge.independent_ns);
            with_huge(l.memory.small.independent_ns, huge, |ns| {
                format!("{ns:.1} ns")
            })
        }),
        row("read / copy", |l| {
            let small = &l.memory.small;
            format!(
                "{:.1} / {:.1} GB/s",
                small.read_bytes_per_ns, small.copy_bytes_per_ns
            )
        }),
        row("first page touch", |l| {
            let huge = l.memory.huge.map(|huge| huge.touch_ns);
            with_huge(l.memory.small.touch_ns, huge, |ns| quantity(ns, Unit::Ns))
        }),
    ]
}

/// A figure over pages of 4 KiB and, if there are any, of 2 MiB.
fn with_huge(small: f64, huge: Option<f64>, show: impl Fn(f64) -> String) -> String {
    match huge {
        Some(huge) => format!("{}; 2M {}", show(small), show(huge)),
        None => show(small),
    }
}

fn block(
    lines: &mut Vec<Line>,
    report: &Report,
    metric: &str,
    cells: &[&Cell],
    sizes: &[Size],
    colour: bool,
) {
    lines.push(Line::Heading(metric.to_owned()));
    let mut maps: Vec<&str> = vec![report.baseline];
    for cell in cells {
        if !maps.contains(&cell.map.as_str()) {
            maps.push(&cell.map);
        }
    }
    for map in maps {
        let text = |size: &Size| {
            let cell = cells
                .iter()
                .find(|cell| cell.map == map && cell.size == *size);
            cell.map_or_else(String::new, |cell| cell_text(cell, colour))
        };
        lines.push(Line::Row(
            format!("  {map}"),
            sizes.iter().map(text).collect(),
        ));
    }
    let target = |size: &Size| {
        let aim = cells
            .iter()
            .filter(|cell| cell.size == *size)
            .find_map(|cell| cell.target);
        aim.map_or_else(String::new, |aim| {
            format!(
                "≤ {} (later {})",
                ratio_text(aim.now),
                ratio_text(aim.later)
            )
        })
    };
    let limit = |size: &Size| {
        let cell = cells.iter().find(|cell| cell.size == *size);
        let limit_ns = cell.and_then(|cell| cell.limit_ns);
        limit_ns.map_or_else(String::new, |ns| quantity(ns, Unit::NsPerOp))
    };
    if let Some(what) = cells.iter().find_map(|cell| cell.limit) {
        lines.push(Line::Row(
            "  limit".to_owned(),
            sizes.iter().map(limit).collect(),
        ));
        lines.push(Line::Note(format!("  (limit: {what})")));
    }
    let targets: Vec<String> = sizes.iter().map(target).collect();
    if targets.iter().any(|text| !text.is_empty()) {
        lines.push(Line::Row("  target".to_owned(), targets));
    }
}

fn lay_out(out: &mut String, lines: &[Line], columns: usize) {
    let mut widths = vec![CELL_WIDTH_MIN; columns];
    for line in lines {
        if let Line::Row(_, cells) = line {
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = (*width).max(visible_width(cell));
            }
        }
    }
    for line in lines {
        match line {
            Line::Heading(text) => {
                let _ = writeln!(out, "\n{text}");
            }
            Line::Note(text) => {
                let _ = writeln!(out, "{text}");
            }
            // Nothing in it was asked for, such as limits of cases in processes.
            Line::Row(_, cells) if cells.iter().all(String::is_empty) => {}
            Line::Row(name, cells) => {
                let mut text = format!("{name:<NAME_WIDTH$}");
                for (cell, width) in cells.iter().zip(&widths) {
                    let fill = " ".repeat(width - visible_width(cell));
                    let _ = write!(text, "  {cell}{fill}");
                }
                let _ = writeln!(out, "{}", text.trim_end());
            }
        }
    }
}

/// Characters that take room on a terminal: all but the colour sequences.
fn visible_width(text: &str) -> usize {
    let mut width = 0;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '\x1b' {
            rest.by_ref().find(|&c| c == 'm');
        } else {
            width += 1;
        }
    }
    width
}

fn cell_text(cell: &Cell, colour: bool) -> String {
    let Some(summary) = &cell.summary else {
        return "n/a".to_owned();
    };
    let figure = quantity(summary.median, cell.unit);
    let times = match cell.times_limit() {
        Some(times) => format!(" [{}×]", ratio_text(times)),
        None => String::new(),
    };
    let is_control = [NO_MAP, PRESIZED].contains(&cell.map.as_str());
    let ratio = match &cell.ratio {
        Some(ratio) if !is_control || cell.unit == Unit::NsPerOp => ratio,
        _ => return format!("{figure}{}{times}", range(summary, cell.unit)),
    };
    let verdict = match cell.verdict {
        None => String::new(),
        Some(verdict) if !colour => format!(" {}", verdict.as_str()),
        Some(verdict) => {
            let code = if verdict.meets { 32 } else { 31 };
            format!(" \x1b[{code}m{}\x1b[0m", verdict.as_str())
        }
    };
    let (median, min, max) = (
        ratio_text(ratio.median),
        ratio_text(ratio.min),
        ratio_text(ratio.max),
    );
    let ratio = if min == max {
        median
    } else {
        format!("{median} ({min}–{max})")
    };
    // One figure per process says something by itself; times per operation are
    // the ratio times the row above.
    match cell.unit {
        Unit::NsPerOp => format!("{ratio}{verdict}{times}"),
        _ => format!("{figure}, {ratio}{verdict}"),
    }
}

fn range(summary: &Summary, unit: Unit) -> String {
    let (min, max) = (quantity(summary.min, unit), quantity(summary.max, unit));
    match (min.rsplit_once(' '), max.rsplit_once(' ')) {
        _ if min == max => String::new(),
        (Some((min, one)), Some((max, other))) if one == other => format!(" ({min}–{max})"),
        _ => format!(" ({min}–{max})"),
    }
}

/// Two digits after the point, more for small ratios, fewer for large ones.
fn ratio_text(ratio: f64) -> String {
    match ratio {
        r if r >= 100.0 => format!("{r:.0}"),
        r if r >= 10.0 => format!("{r:.1}"),
        r if r >= 0.1 || r == 0.0 => format!("{r:.2}"),
        r => format!("{r:.4}"),
    }
}

/// A figure with a unit that a reader can take in.
fn quantity(value: f64, unit: Unit) -> String {
    match unit {
        Unit::NsPerOp if value < 10.0 => format!("{value:.2} ns"),
        Unit::NsPerOp => format!("{value:.1} ns"),
        Unit::Ns if value >= 1e6 => format!("{:.2} ms", value / 1e6),
        Unit::Ns if value >= 1e3 => format!("{:.1} µs", value / 1e3),
        Unit::Ns => format!("{value:.0} ns"),
        Unit::Bytes if value >= 1e6 => format!("{:.1} MB", value / 1e6),
        Unit::Bytes => format!("{:.1} kB", value / 1e3),
        Unit::BytesPerEntry => format!("{value:.1} B"),
        Unit::Count => format!("{value:.0}"),
    }
}

fn summary(out: &mut String, report: &Report) {
    let verdicts: Vec<_> = report
        .cells
        .iter()
        .filter_map(|cell| cell.verdict)
        .collect();
    let meets = verdicts.iter().filter(|verdict| verdict.meets).count();
    let unsure = verdicts.iter().filter(|verdict| verdict.unsure).count();
    let _ = writeln!(
        out,
        "\nRows of other maps: median ratio within a repetition (least–greatest). Times are processor time of\n\
         the thread, worst inserts also wall time. [n×]: n times what memory allows at best. `?`: the range reaches across the target,\n\
         or the machine alone (`no map`) was as slow."
    );
    if !verdicts.is_empty() {
        let _ = writeln!(
            out,
            "{}: {meets} of {} targets met, {} missed; {unsure} of all verdicts lie within the range of the runs.",
            report.subject,
            verdicts.len(),
            verdicts.len() - meets
        );
    }
    if report.differences.is_empty() {
        let _ = writeln!(
            out,
            "Answers: every run of every map gave the expected answer."
        );
    }
    for difference in &report.differences {
        let _ = writeln!(
            out,
            "DIFFERENT  {} at {}: {} answered {}, expected {}",
            difference.case,
            difference.size,
            difference.map,
            difference.answered,
            difference.expected
        );
    }
    let _ = writeln!(out, "Took {:.0} s.", report.seconds);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_readable() {
        assert_eq!(ratio_text(1.234), "1.23");
        assert_eq!(ratio_text(0.0034), "0.0034");
        assert_eq!(ratio_text(123.4), "123");
        assert_eq!(quantity(710_000_000.0, Unit::Ns), "710.00 ms");
        assert_eq!(quantity(4.123, Unit::NsPerOp), "4.12 ns");
        assert_eq!(quantity(1.634e9, Unit::Bytes), "1634.0 MB");
    }

    #[test]
    fn colour_takes_no_room() {
        assert_eq!(visible_width("1.00 \x1b[32mmeets\x1b[0m"), 10);
    }
}
