//! The Swiss map of Go 1.24 and later: sizes, tables, directory, splits.
//!
//! Terms: *group*, 8 slots behind 8 control bytes; *table*, up to 128 groups;
//! *directory*, pointers to tables, chosen by the top hash bits; *split*, one
//! full table becoming two.
//!
//! R1. Up to 8 entries: one bare group. Then one table of 16 slots, doubled
//!     when 7/8 are used, up to [`TABLE_SLOTS_MAX`].
//! R2. A full table of that size splits by the next hash bit. If its depth is
//!     the directory's, the directory doubles first.
//! R3. A hint gives hint * 8 / 7 slots in a power of two of equal tables.
//! R4. Nothing ever shrinks.
//!
//! ```text
//!   directory  00 01 10 11          table of depth 1 fills two entries,
//!               \ /   |  |          a split gives each its own
//!               t0   t1  t2
//! ```
//!
//! Bytes are exact for a given number of tables. How many tables there are
//! depends on hashes once tables split; [`swiss_plan`] plays it through with
//! counts only (no keys) and says so.
//!
//! Read next: `claims/`.

use crate::alloc::size_class::slot_bytes;
use crate::host::SplitMix64;
use crate::plan::PlanError;
use crate::shape::MapType;

/// Slots of a group.
pub const GROUP_SLOTS: u64 = 8;
/// Slots of the largest table.
pub const TABLE_SLOTS_MAX: u64 = 1024;
/// Of 8 slots, 7 are used before a table grows.
pub const LOAD_NUMERATOR: u64 = 7;
/// Bytes of the map header.
const MAP_BYTES: u64 = 48;
/// Bytes of a table header.
const TABLE_BYTES: u64 = 32;
/// Above this many entries a smaller map is played and scaled: splitting looks
/// the same at every doubling.
const PLAYED_ENTRIES_MAX: u64 = 1 << 23;
/// Seed of the play; any other gives tables within a fraction of a percent.
const PLAY_SEED: u64 = 24;

/// Slots in use before a table of this size grows.
///
/// ```
/// use tidemap_go::swiss::table_limit;
/// assert_eq!([table_limit(8), table_limit(16), table_limit(1024)], [7, 14, 896]);
/// ```
#[must_use]
pub fn table_limit(slots: u64) -> u64 {
    slots * LOAD_NUMERATOR / GROUP_SLOTS
}

/// Bytes of one group of a map type: control word, then key/elem pairs.
///
/// ```
/// use tidemap_go::go_type::{GoType, map_type};
/// use tidemap_go::swiss::group_bytes;
/// let t = |k, v| {
///     let (k, v) = (GoType::parse(k).unwrap(), GoType::parse(v).unwrap());
///     group_bytes(&map_type(&k, &v).unwrap(), k.align, v.align)
/// };
/// assert_eq!(t("int", "int"), 136);
/// assert_eq!(t("int64", "int8"), 136); // pairs are padded, unlike Go 1.23's buckets
/// ```
#[must_use]
pub fn group_bytes(map_type: &MapType, key_align: u64, elem_align: u64) -> u64 {
    let align = |part: crate::shape::Part, own: u64| if part.is_boxed() { 8 } else { own };
    let (key_align, elem_align) = (
        align(map_type.key, key_align),
        align(map_type.elem, elem_align),
    );
    let elem = map_type.elem.slot_bytes();
    let at = map_type.key.slot_bytes().next_multiple_of(elem_align);
    // A last field without size gets a byte, so that its address stays inside.
    let end = at + if elem == 0 && at > 0 { 1 } else { elem };
    let slot = end.next_multiple_of(key_align.max(elem_align));
    (8 + GROUP_SLOTS * slot).next_multiple_of(8)
}

/// Tables and directory of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// Slots of each table, with how many such tables: largest first. Empty
    /// for a map of one bare group.
    pub tables: Vec<(u64, u64)>,
    /// Entries of the directory, 0 for a map of one bare group.
    pub directory: u64,
}

impl Tables {
    /// Number of tables.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.tables.iter().map(|&(_, n)| n).sum()
    }

    /// Slots in all tables, or of the bare group.
    #[must_use]
    pub fn slots(&self) -> u64 {
        if self.directory == 0 {
            return GROUP_SLOTS;
        }
        self.tables.iter().map(|&(slots, n)| slots * n).sum()
    }

    /// Bytes of groups, tables, directory and header, slots of the allocator
    /// included; `boxes` is what one entry's boxes take.
    #[must_use]
    pub fn bytes(&self, group_bytes: u64, noscan: bool, entries: u64, boxes: u64) -> u64 {
        let header = slot_bytes(MAP_BYTES, false);
        let boxed = entries.saturating_mul(boxes);
        if self.directory == 0 {
            return header + slot_bytes(group_bytes, noscan) + boxed;
        }
        let table = |slots: u64| {
            slot_bytes(slots / GROUP_SLOTS * group_bytes, noscan) + slot_bytes(TABLE_BYTES, false)
        };
        let tables: u64 = self
            .tables
            .iter()
            .map(|&(slots, n)| table(slots).saturating_mul(n))
            .sum();
        header + tables + slot_bytes(self.directory * 8, false) + boxed
    }
}

/// The plan of one Swiss map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwissPlan {
    /// Entries planned for.
    pub entries: u64,
    /// Hint given to `make`.
    pub hint: u64,
    /// Bytes of one group.
    pub group_bytes: u64,
    /// Inserts at which the first table doubles, with its new slots. Exact.
    pub growths: Vec<(u64, u64)>,
    /// The insert of the first split, if a single table ever splits. Exact.
    pub first_split: Option<u64>,
    /// Splits in all; from hashes, so approximate.
    pub splits: u64,
    /// Tables and directory at the end; approximate once there were splits.
    pub at_end: Tables,
    /// Bytes at the end.
    pub bytes: u64,
    /// The most a single insert adds while old and new tables coexist.
    pub growth_extra_bytes: u64,
}

/// Plans a Swiss map that receives `entries` new keys and no deletes.
///
/// # Errors
/// [`PlanError::NoEntries`], [`PlanError::NegativeHint`],
/// [`PlanError::TooLarge`].
///
/// # Example
/// ```
/// use tidemap_go::shape::{MapType, Part};
/// use tidemap_go::swiss::swiss_plan;
/// let int_int = MapType::new(Part::plain(8), Part::plain(8));
/// let plan = swiss_plan(&int_int, 8, 8, 100, 0).unwrap();
/// assert_eq!(plan.at_end.slots(), 128);
/// assert_eq!(plan.bytes, 2392); // as real Go 1.27 measures
/// ```
pub fn swiss_plan(
    map_type: &MapType,
    key_align: u64,
    elem_align: u64,
    entries: u64,
    hint: i64,
) -> Result<SwissPlan, PlanError> {
    if entries == 0 {
        return Err(PlanError::NoEntries {
            what: "the number of entries",
        });
    }
    let Ok(hint) = u64::try_from(hint) else {
        return Err(PlanError::NegativeHint { hint });
    };
    let group_bytes = group_bytes(map_type, key_align, elem_align);
    if u128::from(entries.max(hint)) * u128::from(group_bytes) > 1 << 46 {
        return Err(PlanError::TooLarge {
            entries,
            bucket_bytes: group_bytes,
        });
    }
    // Splitting is self-similar: play an eighth, get an eighth of the tables.
    let mut halvings = 0;
    while entries.max(hint) >> halvings > PLAYED_ENTRIES_MAX {
        halvings += 1;
    }
    let mut play = Play::new(hint >> halvings);
    for _ in 0..entries >> halvings {
        play.insert();
    }
    let mut at_end = play.tables();
    for (_, count) in &mut at_end.tables {
        *count <<= halvings;
    }
    at_end.directory <<= halvings;
    let noscan = map_type.is_noscan();
    let boxes = [map_type.key, map_type.elem]
        .into_iter()
        .map(|part| {
            if part.is_boxed() {
                crate::assign::box_bytes(part)
            } else {
                0
            }
        })
        .sum();
    let table = |slots: u64| {
        slot_bytes(slots / GROUP_SLOTS * group_bytes, noscan) + slot_bytes(TABLE_BYTES, false)
    };
    let growth_extra_bytes = if play.splits > 0 {
        let directory = slot_bytes(at_end.directory * 8, false);
        table(TABLE_SLOTS_MAX) + directory / 2
    } else {
        play.growths
            .last()
            .map_or(0, |&(_, slots)| table(slots / 2))
    };
    Ok(SwissPlan {
        entries,
        hint,
        group_bytes,
        bytes: at_end.bytes(group_bytes, noscan, entries, boxes),
        growths: play.growths,
        first_split: play.first_split,
        splits: play.splits << halvings,
        at_end,
        growth_extra_bytes,
    })
}

/// A map of counts: what each table holds, not which keys.
struct Play {
    random: SplitMix64,
    inserted: u64,
    /// Slots, used, depth of each table.
    tables: Vec<(u64, u64, u8)>,
    /// Indices into `tables`; empty for a bare group.
    directory: Vec<u32>,
    depth: u8,
    growths: Vec<(u64, u64)>,
    first_split: Option<u64>,
    splits: u64,
}

impl Play {
    fn new(hint: u64) -> Self {
        let mut play = Play {
            random: SplitMix64::new(PLAY_SEED),
            inserted: 0,
            tables: Vec::new(),
            directory: Vec::new(),
            depth: 0,
            growths: Vec::new(),
            first_split: None,
            splits: 0,
        };
        if hint > GROUP_SLOTS {
            let target = hint * GROUP_SLOTS / LOAD_NUMERATOR;
            let tables = target.div_ceil(TABLE_SLOTS_MAX).next_power_of_two();
            let slots = (target / tables).max(GROUP_SLOTS).next_power_of_two();
            play.depth = tables.ilog2() as u8;
            play.tables = vec![(slots, 0, play.depth); tables as usize];
            play.directory = (0..tables as u32).collect();
        }
        play
    }

    fn tables(&self) -> Tables {
        let mut tables: Vec<(u64, u64)> = Vec::new();
        for &(slots, _, _) in &self.tables {
            match tables.iter_mut().find(|(s, _)| *s == slots) {
                Some((_, n)) => *n += 1,
                None => tables.push((slots, 1)),
            }
        }
        tables.sort_unstable_by(|a, b| b.cmp(a));
        Tables {
            tables,
            directory: self.directory.len() as u64,
        }
    }

    fn insert(&mut self) {
        self.inserted += 1;
        if self.directory.is_empty() {
            if self.inserted <= GROUP_SLOTS {
                return;
            }
            self.tables = vec![(2 * GROUP_SLOTS, GROUP_SLOTS, 0)];
            self.directory = vec![0];
            self.growths.push((self.inserted, 2 * GROUP_SLOTS));
        }
        let hash = self.random.next_u64();
        loop {
            let at = if self.depth == 0 {
                0
            } else {
                (hash >> (64 - self.depth)) as usize
            };
            let index = self.directory[at] as usize;
            let (slots, used, _) = self.tables[index];
            if used < table_limit(slots) {
                self.tables[index].1 += 1;
                return;
            }
            if slots < TABLE_SLOTS_MAX {
                self.tables[index].0 = slots * 2;
                if self.tables.len() == 1 {
                    self.growths.push((self.inserted, slots * 2));
                }
            } else {
                self.split(at);
            }
        }
    }

    /// R2; the entries divide as fair coins fall.
    fn split(&mut self, at: usize) {
        if self.tables.len() == 1 {
            self.first_split = Some(self.inserted);
        }
        self.splits += 1;
        let index = self.directory[at] as usize;
        let (slots, used, depth) = self.tables[index];
        let mut at = at;
        if depth == self.depth {
            self.directory = self.directory.iter().flat_map(|&t| [t, t]).collect();
            self.depth += 1;
            at *= 2;
        }
        let mut left = 0;
        let mut coins = used;
        while coins > 0 {
            let throw = coins.min(64);
            left += u64::from((self.random.next_u64() >> (64 - throw)).count_ones());
            coins -= throw;
        }
        self.tables[index] = (slots, left, depth + 1);
        self.tables.push((slots, used - left, depth + 1));
        let right = self.tables.len() as u32 - 1;
        let span = 1usize << (self.depth - depth);
        let from = at & !(span - 1);
        self.directory[from + span / 2..from + span].fill(right);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::Part;

    fn int_int() -> MapType {
        MapType::new(Part::plain(8), Part::plain(8))
    }

    #[test]
    fn growth_of_the_first_table_is_exact() {
        let plan = swiss_plan(&int_int(), 8, 8, 5000, 0).unwrap();
        let inserts: Vec<u64> = plan.growths.iter().map(|g| g.0).collect();
        assert_eq!(inserts, [9, 15, 29, 57, 113, 225, 449]);
        assert_eq!(plan.first_split, Some(897));
    }

    #[test]
    fn hints_that_were_measured() {
        for (hint, slots, tables) in [
            (8, 8, 0),
            (14, 16, 1),
            (15, 32, 1),
            (100, 128, 1),
            (896, 1024, 1),
            (897, 1024, 2),
            (1000, 2048, 2),
            (1_000_000, 2_097_152, 2048),
        ] {
            let made = swiss_plan(&int_int(), 8, 8, 1, hint).unwrap().at_end;
            assert_eq!((made.slots(), made.count()), (slots, tables), "hint {hint}");
        }
    }

    #[test]
    fn scaling_agrees_with_playing() {
        let bytes_per_entry = |entries: u64| {
            let plan = swiss_plan(&int_int(), 8, 8, entries, 0).unwrap();
            plan.bytes as f64 / entries as f64
        };
        let (played, scaled) = (bytes_per_entry(6_000_000), bytes_per_entry(96_000_000));
        assert!((played / scaled - 1.0).abs() < 0.01, "{played} {scaled}");
    }

    #[test]
    fn impossible_plans() {
        assert!(swiss_plan(&int_int(), 8, 8, 0, 0).is_err());
        assert!(swiss_plan(&int_int(), 8, 8, 1, -1).is_err());
        assert!(swiss_plan(&int_int(), 8, 8, u64::MAX, 0).is_err());
        assert!(swiss_plan(&int_int(), 8, 8, 1, i64::MAX).is_err());
    }
}
