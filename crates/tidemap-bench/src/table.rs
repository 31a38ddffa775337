//! The table for people.
//!
//! The baseline's row shows figures, every other row the ratio to it with the
//! range over repetitions. A target's verdict is a word; colour only repeats it.

use std::fmt::Write as _;

use crate::cases::{KeyKind, Size};
use crate::compare::{Cell, Report, Unit};
use crate::stats::Summary;

const NAME_WIDTH: usize = 20;
const CELL_WIDTH: usize = 26;

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

fn section(out: &mut String, report: &Report, kind: KeyKind, colour: bool) {
    let cells: Vec<&Cell> = report
        .cells
        .iter()
        .filter(|cell| cell.keys == kind)
        .collect();
    let mut sizes: Vec<Size> = cells.iter().map(|cell| cell.size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let title = match kind {
        KeyKind::U64 => "u64 → u64",
        KeyKind::Words => "String → u64, words",
        KeyKind::Paths => "String → u64, paths",
    };
    let _ = writeln!(
        out,
        "\n{title}: ratios to {} (below 1 is better)",
        report.baseline
    );
    line(out, "entries", sizes.iter().map(Size::to_string));
    let limit = |pick: fn(&crate::compare::Limit) -> String| {
        let of = move |size: &Size| {
            let found = report
                .limits
                .iter()
                .find(|l| l.keys == kind && l.size == *size);
            found.map_or_else(String::new, pick)
        };
        sizes.iter().map(of).collect::<Vec<_>>().into_iter()
    };
    line(
        out,
        "hashbrown's load",
        limit(|l| format!("{:.2}", l.table_load)),
    );
    line(
        out,
        "memory latency",
        limit(|l| {
            format!(
                "{:.1} ns over {}",
                l.pointer_chase_ns,
                quantity(l.table_bytes as f64, Unit::Bytes)
            )
        }),
    );
    line(
        out,
        "first page touch",
        limit(|l| format!("{:.0} ns", l.first_touch_ns)),
    );

    let mut metrics: Vec<&str> = Vec::new();
    for cell in &cells {
        if !metrics.contains(&cell.metric) {
            metrics.push(cell.metric);
        }
    }
    for metric in metrics {
        let _ = writeln!(out, "\n{metric}");
        let of_metric = || cells.iter().filter(|cell| cell.metric == metric);
        let mut maps: Vec<&str> = vec![report.baseline];
        for cell in of_metric() {
            if !maps.contains(&cell.map.as_str()) {
                maps.push(&cell.map);
            }
        }
        for map in maps {
            let texts = sizes.iter().map(|size| {
                of_metric()
                    .find(|cell| cell.map == map && cell.size == *size)
                    .map_or_else(String::new, |cell| cell_text(cell, report, colour))
            });
            line(out, &format!("  {map}"), texts);
        }
        let targets = sizes.iter().map(|size| {
            let aim = of_metric().find(|c| c.size == *size && c.target.is_some());
            aim.and_then(|cell| cell.target)
                .map_or_else(String::new, |aim| {
                    format!(
                        "≤ {} (later {})",
                        ratio_text(aim.now),
                        ratio_text(aim.later)
                    )
                })
        });
        let targets: Vec<String> = targets.collect();
        if targets.iter().any(|text| !text.is_empty()) {
            line(out, "  target", targets.into_iter());
        }
    }
}

fn line(out: &mut String, name: &str, cells: impl Iterator<Item = String>) {
    let mut text = format!("{name:<NAME_WIDTH$}");
    for cell in cells {
        let width = visible_width(&cell);
        let _ = write!(
            text,
            " {cell}{}",
            " ".repeat(CELL_WIDTH.saturating_sub(width))
        );
    }
    let _ = writeln!(out, "{}", text.trim_end());
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

fn cell_text(cell: &Cell, report: &Report, colour: bool) -> String {
    let Some(summary) = &cell.summary else {
        return "n/a".to_owned();
    };
    let Some(ratio) = &cell.ratio else {
        let note = if cell.map == report.baseline {
            ""
        } else {
            " (no ratio)"
        };
        return format!(
            "{}{}{note}",
            quantity(summary.median, cell.unit),
            range(summary, cell.unit)
        );
    };
    let verdict = match cell.verdict {
        None => String::new(),
        Some(verdict) if !colour => format!(" {}", verdict.as_str()),
        Some(verdict) => {
            let code = if verdict.meets { 32 } else { 31 };
            format!(" \x1b[{code}m{}\x1b[0m", verdict.as_str())
        }
    };
    format!(
        "{} ({}–{}){verdict}",
        ratio_text(ratio.median),
        ratio_text(ratio.min),
        ratio_text(ratio.max)
    )
}

fn range(summary: &Summary, unit: Unit) -> String {
    let (min, max) = (quantity(summary.min, unit), quantity(summary.max, unit));
    if min == max {
        return String::new();
    }
    format!(" ({min}–{max})")
        .replace(" ns–", "–")
        .replace(" ms–", "–")
        .replace(" MB–", "–")
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
         the thread, worst inserts also wall time. `?`: the range reaches across the target."
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
