//! Rows as text: which, in what order, in which columns.

use std::fmt::Write;

use tidemap_inspect::diff::type_text;
use tidemap_inspect::model::{GrowthKind, MapRow, Proof, Snapshot};

use crate::replay::units::{bytes, duration, thousands};

/// What rows are sorted by; largest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Sort {
    /// Bytes held
    Bytes,
    /// Entries
    Entries,
    /// Bytes that a rebuild would free
    Wasted,
    /// Bytes of old arrays still held
    Old,
    /// Entries per slot, emptiest first
    Load,
    /// Path, then type
    Path,
}

impl Sort {
    /// The next order, for a key that walks through them.
    pub(crate) fn next(self) -> Sort {
        match self {
            Sort::Bytes => Sort::Entries,
            Sort::Entries => Sort::Wasted,
            Sort::Wasted => Sort::Old,
            Sort::Old => Sort::Load,
            Sort::Load => Sort::Path,
            Sort::Path => Sort::Bytes,
        }
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Sort::Bytes => "bytes",
            Sort::Entries => "entries",
            Sort::Wasted => "wasted",
            Sort::Old => "old",
            Sort::Load => "load",
            Sort::Path => "path",
        }
    }
}

/// Rows whose type or path contains `filter`, sorted.
pub(crate) fn pick<'s>(snapshot: &'s Snapshot, sort: Sort, filter: &str) -> Vec<&'s MapRow> {
    let mut rows: Vec<&MapRow> = snapshot
        .maps
        .iter()
        .filter(|row| {
            filter.is_empty()
                || row.reached.path.contains(filter)
                || type_text(row).contains(filter)
        })
        .collect();
    let down = |key: fn(&MapRow) -> u64| move |a: &&MapRow, b: &&MapRow| key(b).cmp(&key(a));
    match sort {
        Sort::Bytes => rows.sort_by(down(|row| row.bytes)),
        Sort::Entries => rows.sort_by(down(|row| row.count)),
        Sort::Wasted => rows.sort_by(down(|row| row.rebuild_frees)),
        Sort::Old => rows.sort_by(down(|row| row.old_bytes)),
        Sort::Load => rows.sort_by(|a, b| {
            (a.slots == 0)
                .cmp(&(b.slots == 0))
                .then(a.load.total_cmp(&b.load))
                .then(b.bytes.cmp(&a.bytes))
        }),
        Sort::Path => rows.sort_by_key(|row| (row.reached.path.clone(), type_text(row))),
    }
    rows
}

/// Titles over [`cells`].
pub(crate) const TITLES: [&str; 9] = [
    "address", "entries", "load", "bytes", "wasted", "growth", "state", "type", "path",
];

/// One row, one text per column.
pub(crate) fn cells(row: &MapRow) -> [String; TITLES.len()] {
    [
        format!("{:#x}", row.address),
        thousands(row.count),
        if row.slots == 0 {
            "-".into()
        } else {
            format!("{:.2}", row.load)
        },
        bytes(row.bytes as f64),
        if row.rebuild_frees == 0 {
            "-".into()
        } else {
            bytes(row.rebuild_frees as f64)
        },
        growth(row),
        state(row).into(),
        type_text(row),
        row.reached.path.clone(),
    ]
}

/// The growth in progress, short.
pub(crate) fn growth(row: &MapRow) -> String {
    match &row.growth {
        None => "-".into(),
        Some(growth) => {
            let kind = match growth.kind {
                GrowthKind::Doubling => "doubling",
                GrowthKind::SameSize => "same-size",
            };
            format!("{kind} {:.0} %", growth.progress * 100.0)
        }
    }
}

/// How sure the row is, and what else is odd about it.
pub(crate) fn state(row: &MapRow) -> &'static str {
    match (row.unreachable, row.proof, row.writer_active) {
        (true, ..) => "unreachable",
        (_, Proof::Racy, _) => "racy",
        (_, _, true) => "writing",
        (_, Proof::Retried, _) => "retried",
        (_, Proof::Verified, _) => "verified",
    }
}

/// The line over a table: what was looked at, and sums.
pub(crate) fn headline(snapshot: &Snapshot) -> String {
    let summary = &snapshot.summary;
    let mut text = format!(
        "{} maps, {} entries, {}; a rebuild of all frees {}; {} growing",
        thousands(summary.maps),
        thousands(summary.entries),
        bytes(summary.bytes as f64),
        bytes(summary.rebuild_frees as f64),
        summary.growing,
    );
    if summary.old_bytes > 0 {
        let _ = write!(
            text,
            ", old arrays hold {}",
            bytes(summary.old_bytes as f64)
        );
    }
    let _ = write!(
        text,
        "; looked for {}",
        duration(summary.elapsed_us as f64 * 1e3)
    );
    if let Some(us) = summary.paused_us {
        let _ = write!(text, ", stood still for {}", duration(us as f64 * 1e3));
    }
    text
}

/// A whole table; only the last column is not padded.
pub(crate) fn text(rows: &[&MapRow]) -> String {
    let rows: Vec<_> = rows.iter().map(|row| cells(row)).collect();
    let mut widths = TITLES.map(|title| title.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    let mut line = |row: &[String; TITLES.len()]| {
        let mut text = String::new();
        for (index, (cell, width)) in row.iter().zip(widths).enumerate() {
            match index {
                1..=4 => {
                    let _ = write!(text, "{cell:>width$}  ");
                }
                _ => {
                    let _ = write!(text, "{cell:<width$}  ");
                }
            }
        }
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line(&TITLES.map(String::from));
    rows.iter().for_each(line);
    out
}
