//! What changed between two snapshots.
//!
//! Two looks at the same process pair maps by address and type. Looks at
//! different processes (or cores of different runs) pair what hangs at the same
//! path with the same type, summed, since addresses say nothing there.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{GrowthKind, MapRow, Snapshot};

/// Version of the JSON form of [`Difference`].
pub const DIFF_SCHEMA: &str = "tidemap.go.diff/1";

/// The numbers of a map, or of several summed up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Maps summed up.
    pub maps: u64,
    /// Entries.
    pub entries: u64,
    /// Bytes held.
    pub bytes: u64,
    /// Bytes that a rebuild would free.
    pub rebuild_frees: u64,
    /// Bytes of old arrays.
    pub old_bytes: u64,
}

impl Figures {
    fn add(&mut self, row: &MapRow) {
        self.maps += 1;
        self.entries += row.count;
        self.bytes += row.bytes;
        self.rebuild_frees += row.rebuild_frees;
        self.old_bytes += row.old_bytes;
    }
}

/// One line of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiffRow {
    /// Address, when maps were paired by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<u64>,
    /// Type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Path.
    pub path: String,
    /// What happened.
    pub change: ChangeKind,
    /// Before; `None` for a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Figures>,
    /// After; `None` for one that is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Figures>,
    /// Growths begun or ended, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
}

impl DiffRow {
    /// Bytes after minus bytes before.
    pub fn bytes_delta(&self) -> i64 {
        self.after.map_or(0, |f| f.bytes as i64) - self.before.map_or(0, |f| f.bytes as i64)
    }

    /// Entries after minus entries before.
    pub fn entries_delta(&self) -> i64 {
        self.after.map_or(0, |f| f.entries as i64) - self.before.map_or(0, |f| f.entries as i64)
    }
}

/// Kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Only in the second.
    New,
    /// Only in the first.
    Gone,
    /// In both, and different.
    Changed,
}

/// The comparison of two snapshots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// [`DIFF_SCHEMA`].
    pub schema: &'static str,
    /// Maps were paired by address; otherwise by path and type.
    pub same_process: bool,
    /// All of the first.
    pub before: Figures,
    /// All of the second.
    pub after: Figures,
    /// Milliseconds from the first to the second, where both are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<u64>,
    /// What differs, largest change of bytes first.
    pub rows: Vec<DiffRow>,
}

/// Compares two snapshots; costs a pass over each.
pub fn diff(before: &Snapshot, after: &Snapshot) -> Difference {
    let same_process = before.target.pid.is_some()
        && before.target.pid == after.target.pid
        && before.target.binary == after.target.binary;
    let mut rows = if same_process {
        by_address(before, after)
    } else {
        by_path(before, after)
    };
    rows.sort_by_key(|row| {
        (
            std::cmp::Reverse(row.bytes_delta().unsigned_abs()),
            std::cmp::Reverse(row.entries_delta().unsigned_abs()),
            row.address,
        )
    });
    let total = |snapshot: &Snapshot| {
        let mut sum = Figures::default();
        snapshot.maps.iter().for_each(|row| sum.add(row));
        sum
    };
    Difference {
        schema: DIFF_SCHEMA,
        same_process,
        before: total(before),
        after: total(after),
        milliseconds: before
            .taken_unix_ms
            .zip(after.taken_unix_ms)
            .and_then(|(from, to)| to.checked_sub(from)),
        rows,
    }
}

/// The type's name, or what is known of it.
pub fn type_text(row: &MapRow) -> String {
    match (&row.map_type.name, row.map_type.candidates.len()) {
        (Some(name), _) => name.clone(),
        (None, 0) => "map of unknown type".into(),
        (None, 1) => row.map_type.candidates[0].clone(),
        (None, more) => format!("one of {more} map types"),
    }
}

fn figures(row: &MapRow) -> Figures {
    let mut one = Figures::default();
    one.add(row);
    one
}

fn by_address(before: &Snapshot, after: &Snapshot) -> Vec<DiffRow> {
    let old: BTreeMap<u64, &MapRow> = before.maps.iter().map(|row| (row.address, row)).collect();
    let new: BTreeMap<u64, &MapRow> = after.maps.iter().map(|row| (row.address, row)).collect();
    let one_sided = |row: &MapRow, change| DiffRow {
        address: Some(row.address),
        type_name: type_text(row),
        path: row.reached.path.clone(),
        change,
        before: (change == ChangeKind::Gone).then(|| figures(row)),
        after: (change == ChangeKind::New).then(|| figures(row)),
        events: Vec::new(),
    };
    let mut rows = Vec::new();
    for (address, &row) in &old {
        match new.get(address) {
            Some(&now) if !another_map(row, now) => {
                let events = events(row, now);
                if figures(row) != figures(now) || !events.is_empty() {
                    rows.push(DiffRow {
                        address: Some(*address),
                        type_name: type_text(now),
                        path: now.reached.path.clone(),
                        change: ChangeKind::Changed,
                        before: Some(figures(row)),
                        after: Some(figures(now)),
                        events,
                    });
                }
            }
            Some(&now) => {
                rows.push(one_sided(row, ChangeKind::Gone));
                rows.push(one_sided(now, ChangeKind::New));
            }
            None => rows.push(one_sided(row, ChangeKind::Gone)),
        }
    }
    for (address, &row) in &new {
        if !old.contains_key(address) {
            rows.push(one_sided(row, ChangeKind::New));
        }
    }
    rows
}

/// The same address with another type: the memory was reused.
fn another_map(old: &MapRow, new: &MapRow) -> bool {
    match (&old.map_type.name, &new.map_type.name) {
        (Some(old), Some(new)) => old != new,
        _ => false,
    }
}

fn events(old: &MapRow, new: &MapRow) -> Vec<String> {
    let kind = |kind: GrowthKind| match kind {
        GrowthKind::Doubling => "doubling",
        GrowthKind::SameSize => "same-size growth",
    };
    let mut events = Vec::new();
    match (&old.growth, &new.growth) {
        (None, Some(now)) => events.push(format!("{} began", kind(now.kind))),
        (Some(then), None) => events.push(format!("{} ended", kind(then.kind))),
        (Some(then), Some(now)) if then.old_buckets != now.old_buckets || then.kind != now.kind => {
            events.push(format!("{} ended", kind(then.kind)));
            events.push(format!("{} began", kind(now.kind)));
        }
        (Some(then), Some(now)) if then.evacuated != now.evacuated => {
            let moved = now.evacuated.saturating_sub(then.evacuated);
            events.push(format!("{moved} old buckets evacuated"));
        }
        _ => {}
    }
    if let (Some(then), Some(now)) = (&old.classic, &new.classic)
        && then.b != now.b
    {
        events.push(format!("B {} to {}", then.b, now.b));
    }
    if let (Some(then), Some(now)) = (&old.swiss, &new.swiss) {
        if then.tables != now.tables {
            events.push(format!("{} tables to {}", then.tables, now.tables));
        } else if then.largest_table != now.largest_table {
            events.push(format!(
                "table of {} slots to {}",
                then.largest_table, now.largest_table
            ));
        }
        if then.clear_seq != now.clear_seq {
            events.push("cleared".into());
        }
    }
    events
}

fn by_path(before: &Snapshot, after: &Snapshot) -> Vec<DiffRow> {
    let mut groups: BTreeMap<(String, String), (Figures, Figures)> = BTreeMap::new();
    for row in &before.maps {
        groups.entry(key(row)).or_default().0.add(row);
    }
    for row in &after.maps {
        groups.entry(key(row)).or_default().1.add(row);
    }
    groups
        .into_iter()
        .filter(|(_, (old, new))| old != new)
        .map(|((path, type_name), (old, new))| DiffRow {
            address: None,
            type_name,
            path,
            change: match (old.maps, new.maps) {
                (0, _) => ChangeKind::New,
                (_, 0) => ChangeKind::Gone,
                _ => ChangeKind::Changed,
            },
            before: (old.maps > 0).then_some(old),
            after: (new.maps > 0).then_some(new),
            events: Vec::new(),
        })
        .collect()
}

/// Path and type, with what differs between runs taken out: keys, indices, goroutine numbers.
fn key(row: &MapRow) -> (String, String) {
    let mut path = String::new();
    let mut inside = 0_u32;
    for c in row.reached.path.chars() {
        match c {
            '[' => {
                if inside == 0 {
                    path.push_str("[…]");
                }
                inside += 1;
            }
            ']' => inside = inside.saturating_sub(1),
            c if inside == 0 => path.push(c),
            _ => {}
        }
    }
    if let Some(rest) = path.strip_prefix("goroutine ") {
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        path = format!("goroutine{rest}");
    }
    (path, type_text(row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::tests::sample;

    #[test]
    fn the_same_snapshot_has_no_difference() {
        assert!(diff(&sample(50, 3), &sample(50, 3)).rows.is_empty());
    }

    #[test]
    fn counts_comings_and_goings() {
        let found = diff(&sample(50, 1), &sample(50, 2));
        assert!(found.same_process);
        assert_eq!(found.milliseconds, Some(1));
        let of = |kind| found.rows.iter().filter(|row| row.change == kind).count();
        // Of 50 maps those with (i + step) % 11 == 0 are missing: 10, 21, 32, 43, then 9, 20, 31, 42.
        assert_eq!((of(ChangeKind::New), of(ChangeKind::Gone)), (4, 4));
        assert!(of(ChangeKind::Changed) > 0);
    }

    #[test]
    fn other_processes_pair_by_path() {
        let mut other = sample(50, 1);
        other.target.pid = Some(8);
        for row in &mut other.maps {
            row.address += 0x1000;
        }
        let found = diff(&sample(50, 1), &other);
        assert!(!found.same_process);
        assert!(found.rows.is_empty(), "{:?}", found.rows);
    }
}
