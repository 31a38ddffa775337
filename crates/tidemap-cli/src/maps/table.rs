//! Rows as text, sorted and filtered.

use std::cmp::Ordering;

use tidemap_probe::{MapRow, Snapshot};

use super::say::{growth, growth_word, printable, types};
use crate::replay::units::{bytes, duration, thousands};

/// Orders of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Sort {
    /// Memory held, largest first
    Bytes,
    /// Entries, most first
    Entries,
    /// Growths, most first
    Growths,
    /// Longest step, longest first
    Step,
    /// Load, fullest first
    Load,
    /// What is growing, then what holds old memory
    Doing,
    /// Name
    Name,
}

impl Sort {
    const ALL: [Sort; 7] = [
        Sort::Bytes,
        Sort::Entries,
        Sort::Growths,
        Sort::Step,
        Sort::Load,
        Sort::Doing,
        Sort::Name,
    ];

    pub(crate) fn next(self) -> Sort {
        let at = Sort::ALL.iter().position(|sort| *sort == self).unwrap_or(0);
        Sort::ALL[(at + 1) % Sort::ALL.len()]
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Sort::Bytes => "memory",
            Sort::Entries => "entries",
            Sort::Growths => "growths",
            Sort::Step => "longest step",
            Sort::Load => "load",
            Sort::Doing => "what they do",
            Sort::Name => "name",
        }
    }

    fn compare(self, a: &MapRow, b: &MapRow) -> Ordering {
        let most = |x: u64, y: u64| y.cmp(&x);
        let doing = |row: &MapRow| (row.is_growing(), row.gauges.bytes_old);
        match self {
            Sort::Bytes => most(a.gauges.bytes_held(), b.gauges.bytes_held()),
            Sort::Entries => most(a.gauges.len, b.gauges.len),
            Sort::Growths => most(a.counters.growths.sum(), b.counters.growths.sum()),
            Sort::Step => most(a.gauges.step_ns_max, b.gauges.step_ns_max),
            Sort::Load => b.gauges.load().total_cmp(&a.gauges.load()),
            Sort::Doing => doing(b).cmp(&doing(a)),
            Sort::Name => a.label().cmp(&b.label()),
        }
    }
}

/// Rows that match, in order; the shared row last.
pub(crate) fn pick<'a>(snapshot: &'a Snapshot, sort: Sort, filter: &str) -> Vec<&'a MapRow> {
    let wanted = filter.to_lowercase();
    let matches = |row: &&MapRow| {
        let file = row.site.as_ref().map_or("", |site| site.file.as_str());
        wanted.is_empty()
            || [row.name.as_str(), &row.key_type, &row.value_type, file]
                .iter()
                .any(|text| text.to_lowercase().contains(&wanted))
    };
    let mut rows: Vec<&MapRow> = snapshot.maps.iter().filter(matches).collect();
    rows.sort_by(|a, b| sort.compare(a, b).then(a.id.cmp(&b.id)));
    if wanted.is_empty() {
        rows.extend(&snapshot.other);
    }
    rows
}

/// Heads of the columns.
pub(crate) const TITLES: [&str; 9] = [
    "name", "type", "entries", "load", "memory", "peak", "growths", "step p99", "doing",
];

/// Whether a column is set to the left.
pub(crate) const IS_LEFT: [bool; 9] = [true, true, false, false, false, false, false, false, true];

/// A row's cells.
pub(crate) fn cells(row: &MapRow) -> [String; 9] {
    let gauges = &row.gauges;
    let name = if row.id == tidemap_probe::MapId::OTHER {
        format!("({} maps without a row)", thousands(gauges.maps))
    } else {
        printable(&row.label())
    };
    [
        name,
        printable(&types(row)),
        thousands(gauges.len),
        if gauges.buckets == 0 {
            "-".into()
        } else {
            format!("{:.2}", gauges.load())
        },
        bytes(gauges.bytes_held() as f64),
        bytes(gauges.bytes_peak as f64),
        thousands(row.counters.growths.sum()),
        row.counters
            .step_ns
            .quantile_max_ns(0.99)
            .map_or_else(|| "-".into(), |ns| duration(ns as f64)),
        doing(row),
    ]
}

/// What the map is doing, or what it still holds.
pub(crate) fn doing(row: &MapRow) -> String {
    let mut text = match growth(row) {
        Some(growth) => format!(
            "{} {:.0} %",
            growth_word(growth.kind),
            (growth.done_share() * 100.0).floor()
        ),
        None if row.gauges.bytes_old > 0 => {
            format!("holds {} of old", bytes(row.gauges.bytes_old as f64))
        }
        None => String::new(),
    };
    if !row.is_consistent {
        text.push_str(if text.is_empty() {
            "torn row"
        } else {
            ", torn row"
        });
    }
    text
}

/// Sums of all maps in a line.
pub(crate) fn headline(snapshot: &Snapshot) -> String {
    let rows = || snapshot.maps.iter().chain(&snapshot.other);
    let sum = |f: fn(&MapRow) -> u64| rows().fold(0u64, |sum, row| sum.saturating_add(f(row)));
    let growing = rows().filter(|row| row.is_growing()).count();
    let old = sum(|row| row.gauges.bytes_old);
    let mut text = format!(
        "{} maps, {} entries, {} held",
        thousands(sum(|row| row.gauges.maps)),
        thousands(sum(|row| row.gauges.len)),
        bytes(sum(|row| row.gauges.bytes_held()) as f64),
    );
    if old > 0 {
        text += &format!(" ({} of it old)", bytes(old as f64));
    }
    text + &format!(
        ", {growing} growing, {} growths so far",
        thousands(snapshot.totals().growths.sum())
    )
}

/// A table for printing.
pub(crate) fn text(rows: &[&MapRow]) -> String {
    let lines: Vec<[String; 9]> = std::iter::once(TITLES.map(str::to_owned))
        .chain(rows.iter().map(|row| cells(row)))
        .collect();
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; 9] = std::array::from_fn(width);
    let mut out = String::new();
    for line in &lines {
        let mut printed = String::new();
        for (column, cell) in line.iter().enumerate() {
            let pad = " ".repeat(widths[column] - cell.chars().count());
            let (before, after) = if IS_LEFT[column] {
                ("", pad.as_str())
            } else {
                (pad.as_str(), "")
            };
            printed += &format!("{before}{cell}{after}  ");
        }
        out += printed.trim_end();
        out.push('\n');
    }
    out
}
