//! Snapshots: everything that the registry knows, as plain owned data.

use crate::clock;
use crate::event::MapId;
use crate::growth::{GrowthCounts, GrowthDone, GrowthProgress};
use crate::histogram::Histogram;
use crate::layout::decode_row;
use crate::registry::{ROWS, ROWS_MAX, SHARED_ROW, census};
use crate::row::{self, Words};

use std::sync::atomic::Ordering;

/// The version of [`Snapshot`] as it is serialised.
pub const SCHEMA: &str = "tidemap-probe/snapshot/1";

/// All observed maps of a process at one moment. Each row is consistent in itself; rows are read one
/// after the other.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Snapshot {
    /// [`SCHEMA`].
    pub schema: String,
    /// The process; 0 if it has not observed anything yet.
    pub pid: u32,
    /// The zero of all other times, as wall clock: nanoseconds since 1970.
    pub epoch_unix_ns: u64,
    /// When this was read, in nanoseconds since the epoch.
    pub time_ns: u64,
    /// Maps with a row of their own, in the order of the rows.
    pub maps: Vec<MapRow>,
    /// What maps without a row of their own have done, and hold together. Their `growth`, `last_growth` and
    /// texts are not known.
    pub other: Option<MapRow>,
    /// What dropped maps have done.
    pub dropped: Counters,
    /// Maps that came to the registry so far.
    pub maps_created: u64,
    /// Maps that were dropped so far.
    pub maps_dropped: u64,
    /// Maps that had to share the other row so far.
    pub maps_folded: u64,
    /// Maps that have a row at the same time at most.
    pub rows_max: u32,
}

/// One map.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MapRow {
    /// Its number, unique in the process.
    pub id: MapId,
    /// The name it was given; empty if none. Names need not be unique.
    pub name: String,
    /// The type of its keys (the end of it, if it is long).
    pub key_type: String,
    /// The type of its values; empty for sets.
    pub value_type: String,
    /// The code that made it, where known.
    pub site: Option<Site>,
    /// When it came to the registry, in nanoseconds since the epoch.
    pub created_ns: u64,
    /// When the figures were written, in nanoseconds since the epoch. Only slow paths write.
    pub updated_ns: u64,
    /// Bytes of an entry.
    pub entry_bytes: u64,
    /// Gauges.
    pub gauges: Gauges,
    /// Counters.
    pub counters: Counters,
    /// The growth that is going on: a doubling, a shrink, a reseed.
    pub growth: Option<GrowthProgress>,
    /// The same-size growth that is going on, which may be at the same time.
    pub compaction: Option<GrowthProgress>,
    /// The growth that ended last.
    pub last_growth: Option<GrowthDone>,
    /// `false` if the map's thread was interrupted in the middle of writing, and what is here may be half old,
    /// half new.
    pub is_consistent: bool,
}

/// A place in a program's source.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Site {
    /// The file (the end of its path, if that is long).
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

impl core::fmt::Display for Site {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// What a map is like at the moment.
///
/// Written when the map goes through a slow path: when it allocates, at every step of a growth, when an
/// overflow bucket is taken, or when it is asked to (`probe_refresh`). So `len` is the length of that moment;
/// insertions since then are bounded by `len_max`, removals are not seen before the next slow path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Gauges {
    /// Entries when the row was written.
    pub len: u64,
    /// Entries that it can have by now: with one more it would have written the row.
    pub len_max: u64,
    /// Entries that fit before the next growth begins.
    pub capacity: u64,
    /// Main buckets in use.
    pub buckets: u64,
    /// Slots of a main bucket.
    pub slots_per_bucket: u64,
    /// Bytes of a main bucket.
    pub bucket_bytes: u64,
    /// Overflow buckets in use.
    pub overflow_buckets: u64,
    /// The longest chain ever met, in buckets.
    pub longest_chain: u64,
    /// Bytes of memory in use: touched part of the present array, overflow buckets, bookkeeping. Not what keys
    /// and values own.
    pub bytes_live: u64,
    /// Bytes held beside that by an old array that is being left.
    pub bytes_old: u64,
    /// Address space reserved.
    pub bytes_reserved: u64,
    /// The most that `bytes_live + bytes_old` ever was.
    pub bytes_peak: u64,
    /// The longest step, in nanoseconds.
    pub step_ns_max: u64,
    /// Maps that this row stands for: 1, in the other row those that live now.
    pub maps: u64,
}

impl Gauges {
    /// `bytes_live + bytes_old`.
    #[must_use]
    pub fn bytes_held(&self) -> u64 {
        self.bytes_live.saturating_add(self.bytes_old)
    }

    /// `len` over the slots of all main buckets; 0 without buckets.
    #[must_use]
    pub fn load(&self) -> f64 {
        let slots = self.buckets as f64 * self.slots_per_bucket as f64;
        if slots == 0.0 {
            0.0
        } else {
            self.len as f64 / slots
        }
    }
}

/// What a map has done since it is observed. Only rises.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Counters {
    /// Finished growths.
    pub growths: GrowthCounts,
    /// Growths begun.
    pub growths_begun: u64,
    /// Growths turned round or given up.
    pub growths_given_up: u64,
    /// Growths put off because memory was refused.
    pub growths_refused: u64,
    /// Operations that paid a share of a growth.
    pub steps: u64,
    /// Time that operations spent in those shares, in nanoseconds.
    pub growth_ns: u64,
    /// Entries moved in steps.
    pub entries_moved: u64,
    /// Bytes of those entries.
    pub bytes_moved: u64,
    /// Bytes given back to the system or the allocator.
    pub bytes_released: u64,
    /// Overflow buckets taken by full chains.
    pub overflows: u64,
    /// How often it was cleared.
    pub clears: u64,
    /// How long steps took.
    pub step_ns: Histogram,
}

impl Counters {
    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Counters) {
        macro_rules! sum {
            ($($to:expr, $from:expr);* $(;)?) => {$($to = $to.wrapping_add($from);)*};
        }
        sum!(
            self.growths.in_place, other.growths.in_place;
            self.growths.relocating, other.growths.relocating;
            self.growths.same_size, other.growths.same_size;
            self.growths.shrink, other.growths.shrink;
            self.growths.reseed, other.growths.reseed;
            self.growths_begun, other.growths_begun;
            self.growths_given_up, other.growths_given_up;
            self.growths_refused, other.growths_refused;
            self.steps, other.steps;
            self.growth_ns, other.growth_ns;
            self.entries_moved, other.entries_moved;
            self.bytes_moved, other.bytes_moved;
            self.bytes_released, other.bytes_released;
            self.overflows, other.overflows;
            self.clears, other.clears;
        );
        self.step_ns.merge(&other.step_ns);
    }
}

impl MapRow {
    /// The name, else the place that made it, else the number.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.site {
            _ if !self.name.is_empty() => self.name.clone(),
            Some(site) => site.to_string(),
            None => self.id.to_string(),
        }
    }

    /// Whether a growth of any kind is going on.
    #[must_use]
    pub fn is_growing(&self) -> bool {
        self.growth.is_some() || self.compaction.is_some()
    }
}

impl Snapshot {
    /// Nothing observed.
    pub(crate) fn empty() -> Snapshot {
        Snapshot {
            schema: SCHEMA.to_owned(),
            pid: 0,
            epoch_unix_ns: 0,
            time_ns: 0,
            maps: Vec::new(),
            other: None,
            dropped: Counters::default(),
            maps_created: 0,
            maps_dropped: 0,
            maps_folded: 0,
            rows_max: ROWS_MAX as u32,
        }
    }

    /// The counters of all maps together: those that live, those without a row, those that are gone. From one
    /// snapshot to the next they only rise.
    #[must_use]
    pub fn totals(&self) -> Counters {
        let mut sum = self.dropped;
        for map in self.maps.iter().chain(&self.other) {
            sum.merge(&map.counters);
        }
        sum
    }

    /// The map of that number.
    #[must_use]
    pub fn map(&self, id: MapId) -> Option<&MapRow> {
        self.maps.iter().chain(&self.other).find(|map| map.id == id)
    }

    /// The first map of that name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&MapRow> {
        self.maps.iter().find(|map| map.name == name)
    }
}

/// Reads the registry. Waits for nobody, and no map waits for it.
///
/// Copies 2.3 KiB for each row that was ever used, at most [`ROWS_MAX`]; the cost is in `docs/probe.md`.
///
/// # Example
/// ```
/// let snapshot = tidemap_probe::snapshot();
/// for map in &snapshot.maps {
///     println!("{}: {} entries, {} growths", map.label(), map.gauges.len, map.counters.growths.sum());
/// }
/// ```
#[must_use]
pub fn snapshot() -> Snapshot {
    let census = census();
    let mut snapshot = Snapshot {
        pid: std::process::id(),
        epoch_unix_ns: clock::epoch_unix_ns(),
        time_ns: clock::now_ns(),
        maps_created: census.created.load(Ordering::Relaxed),
        maps_dropped: census.dropped.load(Ordering::Relaxed),
        maps_folded: census.folded.load(Ordering::Relaxed),
        ..Snapshot::empty()
    };
    let used = (census.rows_used.load(Ordering::Relaxed) as usize).min(ROWS_MAX);
    let mut words: Words = [0; row::WORDS];
    for index in (0..used).chain([SHARED_ROW]) {
        if ROWS[index].get(row::ID) == 0 {
            // No map ever had it.
            continue;
        }
        let is_consistent = ROWS[index].copy(&mut words);
        decode_row(&words, index, is_consistent).put_into(&mut snapshot);
    }
    snapshot
}

/// What is known of a map by its number: its row, if it lives, or what is left of it until another
/// map takes the row.
///
/// # Example
/// ```
/// use tidemap_probe::{MapId, describe};
///
/// assert_eq!(describe(MapId(u64::MAX)), None);
/// ```
#[must_use]
pub fn describe(id: MapId) -> Option<MapRow> {
    let row = ROWS.get(id.row())?;
    let mut words: Words = [0; row::WORDS];
    let is_consistent = row.copy(&mut words);
    decode_row(&words, id.row(), is_consistent)
        .map
        .filter(|map| map.id == id)
}
