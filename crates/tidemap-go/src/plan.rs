//! Plan: what a map of a given type and size will do, without building it.
//!
//! Terms: *stage*, the life of one bucket array, from the insert that allocates
//! it; *footprint*, everything a map of some size holds; *peak*, old and new
//! array side by side.
//!
//! R1. Growth moments of an insert-only map are exact: they depend on counts
//!     alone (`growth.rs`).
//! R2. Array bytes are exact (`bucket_array.rs`).
//! R3. How many overflow buckets there are depends on hashes. [`footprint`]
//!     takes their number and is exact; [`expected_overflow`] gives the mean
//!     for good hashes: a chain of k entries has ceil(k / 8) - 1 of them, and k
//!     is Poisson distributed.
//! R4. Data that keys and elems point to (string bytes, slices) is not counted.
//!
//! Read next: `swiss.rs`, the same for Go 1.24 and later.

use crate::alloc::size_class::slot_bytes;
use crate::alloc::slice_growth::grown_pointer_slice;
use crate::assign::box_bytes;
use crate::bucket::CELLS;
use crate::bucket_array::ArrayLayout;
use crate::growth::{b_for_hint, max_entries};
use crate::shape::{EXTRA_BYTES, HEADER_BYTES, MapType};

/// Bytes of a Go slice header.
const SLICE_HEADER_BYTES: u64 = 24;
/// Seconds of nothing: see [`PlanError::NoEntries`].
const ENTRIES_MAX: u64 = 1 << 46;

/// Why nothing can be planned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// No entries: rate, lifetime or number is zero.
    #[error("{what} is 0, so the map stays empty; give a positive number")]
    NoEntries {
        /// Which input.
        what: &'static str,
    },
    /// The map would not fit the address space.
    #[error(
        "{entries} entries of {bucket_bytes}-byte buckets need more than the 2^48 bytes Go can allocate at once; use --shards"
    )]
    TooLarge {
        /// Entries of one map.
        entries: u64,
        /// Bytes of one bucket.
        bucket_bytes: u64,
    },
    /// A hint below zero.
    #[error(
        "hint {hint} is negative; Go takes it for 0 if it is computed, and refuses it if it is a constant: leave it out"
    )]
    NegativeHint {
        /// The hint.
        hint: i64,
    },
    /// A number that is not finite, negative, or out of range.
    #[error("{what} must be {range}, but is {value}")]
    OutOfRange {
        /// Which input.
        what: &'static str,
        /// What is allowed.
        range: &'static str,
        /// What was given.
        value: f64,
    },
}

/// Entries that are alive at once: `qps` insertions a second, each living
/// `ttl_seconds`, of which `unique` (0 to 1) are not repetitions of a key that
/// is already there.
///
/// ```
/// use tidemap_go::plan::live_entries;
/// assert_eq!(live_entries(12_000.0, 1_800.0, 0.4), Ok(8_640_000));
/// assert!(live_entries(0.0, 1_800.0, 1.0).is_err());
/// ```
///
/// # Errors
/// [`PlanError::NoEntries`], [`PlanError::OutOfRange`].
pub fn live_entries(qps: f64, ttl_seconds: f64, unique: f64) -> Result<u64, PlanError> {
    for (what, value) in [("qps", qps), ("ttl", ttl_seconds), ("unique", unique)] {
        if value == 0.0 {
            return Err(PlanError::NoEntries { what });
        }
        if !value.is_finite() || value < 0.0 {
            return Err(PlanError::OutOfRange {
                what,
                range: "positive",
                value,
            });
        }
    }
    if unique > 1.0 {
        let range = "a share between 0 and 1";
        return Err(PlanError::OutOfRange {
            what: "unique",
            range,
            value: unique,
        });
    }
    let entries = (qps * ttl_seconds * unique).ceil();
    if entries > ENTRIES_MAX as f64 {
        let range = "at most 2^46 entries";
        return Err(PlanError::OutOfRange {
            what: "qps * ttl * unique",
            range,
            value: entries,
        });
    }
    Ok(entries as u64)
}

/// One bucket array in the life of a growing map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// The insert that allocates the array, counted from 1; 0 is `make`.
    pub insert: u64,
    /// log2 of its main buckets.
    pub b: u8,
    /// Buckets and bytes of the array.
    pub layout: ArrayLayout,
    /// Bytes of the array being left, 0 for the first.
    pub old_bytes: u64,
    /// Writes until the old array is empty: at least.
    pub writes_min: u64,
    /// With random new keys, on average.
    pub writes_expected: u64,
    /// At most.
    pub writes_max: u64,
}

impl Stage {
    /// Bytes of both arrays while this growth goes on.
    #[must_use]
    pub fn both_bytes(&self) -> u64 {
        self.old_bytes + self.layout.slot_bytes
    }
}

/// What a map holds at rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footprint {
    /// The array.
    pub array_bytes: u64,
    /// Header and side structure.
    pub header_bytes: u64,
    /// Separately allocated overflow buckets.
    pub overflow_bytes: u64,
    /// The list that keeps overflow buckets of a noscan map alive.
    pub list_bytes: u64,
    /// Boxed keys and elems.
    pub box_bytes: u64,
}

impl Footprint {
    /// All of it.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.array_bytes
            + self.header_bytes
            + self.overflow_bytes
            + self.list_bytes
            + self.box_bytes
    }
}

/// What a map of this B holds with `entries` entries and `overflow` overflow
/// buckets, when it is not growing. Exact (R3). `None` if it cannot exist.
///
/// ```
/// use tidemap_go::plan::footprint;
/// use tidemap_go::shape::{MapType, Part};
/// let int_int = MapType::new(Part::plain(8), Part::plain(8));
/// let small = footprint(&int_int, 0, 8, 0).unwrap();
/// assert_eq!(small.total_bytes(), 144 + 48);
/// ```
#[must_use]
pub fn footprint(map_type: &MapType, b: u8, entries: u64, overflow: u64) -> Option<Footprint> {
    let layout = ArrayLayout::of(b, map_type)?;
    let noscan = map_type.is_noscan();
    let separate = overflow.saturating_sub(layout.spares);
    let has_list = noscan && overflow > 0;
    let has_extra = layout.spares > 0 || has_list;
    let list_bytes = if has_list {
        let mut capacity = 0;
        let mut backing = 0;
        while capacity < overflow {
            (capacity, backing) = grown_pointer_slice(capacity);
        }
        slot_bytes(SLICE_HEADER_BYTES, false) + backing
    } else {
        0
    };
    let boxed = |part: crate::shape::Part| if part.is_boxed() { box_bytes(part) } else { 0 };
    Some(Footprint {
        array_bytes: layout.slot_bytes,
        header_bytes: slot_bytes(HEADER_BYTES, false)
            + if has_extra {
                slot_bytes(EXTRA_BYTES, false)
            } else {
                0
            },
        overflow_bytes: separate.checked_mul(slot_bytes(map_type.bucket_bytes(), noscan))?,
        list_bytes,
        box_bytes: entries.checked_mul(boxed(map_type.key) + boxed(map_type.elem))?,
    })
}

/// The mean number of overflow buckets of `entries` well-hashed entries in
/// 2^`b` buckets (R3).
///
/// ```
/// use tidemap_go::plan::expected_overflow;
/// // At the full load of 6.5, a good fifth of the buckets overflows.
/// let share = expected_overflow(13 << 19, 20) / f64::from(1 << 20);
/// assert!((0.208..0.212).contains(&share), "{share}");
/// ```
#[must_use]
pub fn expected_overflow(entries: u64, b: u8) -> f64 {
    let buckets = (1u64 << b) as f64;
    let load = entries as f64 / buckets;
    // The mean of ceil(k/8) - 1 is the sum of P(k > 8 j) over j = 1, 2, ...
    let mut probability = (-load).exp();
    let mut at_most = probability;
    let mut mean = 0.0;
    let mut k = 0u32;
    while k < 400 {
        if k > 0 && k.is_multiple_of(CELLS as u32) {
            mean += (1.0 - at_most).max(0.0);
        }
        k += 1;
        probability *= load / f64::from(k);
        at_most += probability;
    }
    mean * buckets
}

/// The plan of one map.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The map's type.
    pub map_type: MapType,
    /// Entries planned for.
    pub entries: u64,
    /// Hint given to `make`.
    pub hint: u64,
    /// Every array the map will have.
    pub stages: Vec<Stage>,
    /// Mean number of overflow buckets at the end.
    pub overflow_expected: f64,
    /// What it holds at the end, with that number of overflow buckets.
    pub at_end: Footprint,
    /// The largest sum of old array, new array, expected overflow of the old
    /// one and the rest, at the start of any growth.
    pub peak_bytes: u64,
    /// Bytes of all arrays ever allocated.
    pub arrays_allocated_bytes: u64,
}

impl Plan {
    /// B at the end.
    #[must_use]
    pub fn b(&self) -> u8 {
        self.stages.last().map_or(0, |stage| stage.b)
    }

    /// Growths on the way (all doublings).
    pub fn growths(&self) -> impl Iterator<Item = &Stage> {
        self.stages.iter().filter(|stage| stage.old_bytes > 0)
    }

    /// The hints that end at the B that `entries` need: from, to.
    #[must_use]
    pub fn equivalent_hints(&self) -> (u64, u64) {
        let b = b_for_hint(self.entries as i64, &self.map_type);
        let from = if b == 0 { 0 } else { max_entries(b - 1) + 1 };
        (from, max_entries(b))
    }
}

/// Plans a map that receives `entries` new keys and no deletes.
///
/// # Errors
/// [`PlanError::TooLarge`], [`PlanError::NegativeHint`],
/// [`PlanError::NoEntries`].
///
/// # Example
/// ```
/// use tidemap_go::plan::plan;
/// use tidemap_go::shape::{MapType, Part};
/// let int_int = MapType::new(Part::plain(8), Part::plain(8));
/// let moments: Vec<u64> = plan(&int_int, 100, 0).unwrap().growths().map(|g| g.insert).collect();
/// assert_eq!(moments, [9, 14, 27, 53]);
/// assert_eq!(plan(&int_int, 100, 100).unwrap().growths().count(), 0);
/// ```
pub fn plan(map_type: &MapType, entries: u64, hint: i64) -> Result<Plan, PlanError> {
    if entries == 0 {
        return Err(PlanError::NoEntries {
            what: "the number of entries",
        });
    }
    if hint < 0 {
        return Err(PlanError::NegativeHint { hint });
    }
    let bucket_bytes = map_type.bucket_bytes();
    let too_large = || PlanError::TooLarge {
        entries,
        bucket_bytes,
    };
    let mut b = b_for_hint(hint, map_type);
    let layout_of = |b: u8| ArrayLayout::of(b, map_type).ok_or_else(too_large);
    if entries > ENTRIES_MAX {
        return Err(too_large());
    }
    let mut stages = vec![Stage {
        insert: u64::from(b == 0),
        b,
        layout: layout_of(b)?,
        old_bytes: 0,
        writes_min: 0,
        writes_expected: 0,
        writes_max: 0,
    }];
    let mut peak_bytes = 0;
    while max_entries(b) < entries {
        let old_buckets = 1u64 << b;
        let full = max_entries(b);
        let before = rest(map_type, b, full).ok_or_else(too_large)?;
        b += 1;
        let layout = layout_of(b)?;
        peak_bytes = peak_bytes.max(before.total_bytes() + layout.slot_bytes);
        stages.push(Stage {
            insert: full + 1,
            b,
            layout,
            old_bytes: before.array_bytes,
            writes_min: old_buckets.div_ceil(2),
            writes_expected: (std::f64::consts::LN_2 * old_buckets as f64).ceil() as u64,
            writes_max: old_buckets,
        });
    }
    let at_end = rest(map_type, b, entries).ok_or_else(too_large)?;
    Ok(Plan {
        map_type: *map_type,
        entries,
        hint: hint.unsigned_abs(),
        overflow_expected: expected_overflow(entries, b),
        at_end,
        peak_bytes: peak_bytes.max(at_end.total_bytes()),
        arrays_allocated_bytes: stages.iter().map(|s| s.layout.slot_bytes).sum(),
        stages,
    })
}

/// The footprint with the expected number of overflow buckets.
fn rest(map_type: &MapType, b: u8, entries: u64) -> Option<Footprint> {
    footprint(
        map_type,
        b,
        entries,
        expected_overflow(entries, b).round() as u64,
    )
}

/// A popular way to choose a hint, and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formula {
    /// How it goes.
    pub name: &'static str,
    /// The hint it gives.
    pub hint: u64,
    /// B after `make`.
    pub b: u8,
    /// Array bytes in the end.
    pub array_bytes: u64,
    /// Growths until all entries are in.
    pub growths: usize,
    /// Where it goes wrong for this input, or that it does not.
    pub verdict: String,
}

/// What popular formulas give for this many entries, next to the entry count
/// itself, which is the right hint.
///
/// # Errors
/// As for [`plan()`].
pub fn formulas(map_type: &MapType, entries: u64) -> Result<Vec<Formula>, PlanError> {
    let best = plan(map_type, entries, entries as i64)?;
    let best_bytes = best.at_end.array_bytes;
    let candidates = [
        ("the number of entries", Some(entries)),
        (
            "n * 1.3 / 0.75, rounded up to a power of two",
            java_capacity(entries),
        ),
        ("the next power of two", entries.checked_next_power_of_two()),
        (
            "n / 6.5, \"the hint counts buckets\"",
            Some((entries * 2).div_ceil(13)),
        ),
    ];
    let mut out = Vec::new();
    for (name, hint) in candidates {
        let Some(hint) = hint else { continue };
        let Ok(planned) = plan(map_type, entries, i64::try_from(hint).unwrap_or(i64::MAX)) else {
            continue;
        };
        let growths = planned.growths().count();
        let bytes = planned.at_end.array_bytes;
        let verdict = if growths > 0 {
            format!("too small: grows {growths} more time(s)")
        } else if bytes > best_bytes {
            format!(
                "{:.1} times the array that is needed, for good",
                bytes as f64 / best_bytes as f64
            )
        } else if hint == entries {
            "right: Go applies its load factor itself".to_owned()
        } else {
            "same array here, by luck: the hint means entries".to_owned()
        };
        out.push(Formula {
            name,
            hint,
            b: planned.stages[0].b,
            array_bytes: bytes,
            growths,
            verdict,
        });
    }
    Ok(out)
}

/// The Java habit: a quarter of slack, load factor 0.75, power of two.
#[must_use]
pub fn java_capacity(entries: u64) -> Option<u64> {
    let wanted = entries as f64 * 1.3 / 0.75;
    (wanted < (1u64 << 62) as f64).then(|| (wanted.ceil() as u64).next_power_of_two())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::Part;

    fn int_int() -> MapType {
        MapType::new(Part::plain(8), Part::plain(8))
    }

    #[test]
    fn measured_growth_moments() {
        let planned = plan(&int_int(), 1_100_000, 0).unwrap();
        let moments: Vec<u64> = planned.growths().map(|g| g.insert).collect();
        assert_eq!(
            moments,
            [
                9, 14, 27, 53, 105, 209, 417, 833, 1665, 3329, 6657, 13_313, 26_625, 53_249,
                106_497, 212_993, 425_985, 851_969
            ]
        );
        assert_eq!(planned.b(), 18);
        assert_eq!(planned.stages[0].insert, 1);
    }

    #[test]
    fn a_sufficient_hint_avoids_every_growth() {
        for entries in [1, 8, 9, 13, 14, 1000, 106_496, 106_497, 5_000_000] {
            let planned = plan(&int_int(), entries, entries as i64).unwrap();
            assert_eq!(planned.growths().count(), 0, "{entries}");
            let without = plan(&int_int(), entries, 0).unwrap();
            assert_eq!(planned.b(), without.b(), "{entries}");
            let (from, to) = planned.equivalent_hints();
            assert!((from..=to).contains(&entries), "{entries}: {from} to {to}");
            assert!(planned.peak_bytes <= without.peak_bytes);
        }
    }

    #[test]
    fn impossible_plans() {
        assert!(matches!(
            plan(&int_int(), 0, 0),
            Err(PlanError::NoEntries { .. })
        ));
        assert!(matches!(
            plan(&int_int(), 1 << 63, 0),
            Err(PlanError::TooLarge { .. })
        ));
        assert!(matches!(
            plan(&int_int(), u64::MAX, 0),
            Err(PlanError::TooLarge { .. })
        ));
        assert!(matches!(
            plan(&int_int(), 1 << 45, 0),
            Err(PlanError::TooLarge { .. })
        ));
        assert!(matches!(
            plan(&int_int(), 5, -1),
            Err(PlanError::NegativeHint { .. })
        ));
        for (qps, ttl, unique) in [
            (0.0, 1.0, 1.0),
            (1.0, 0.0, 1.0),
            (1.0, 1.0, 0.0),
            (-1.0, 1.0, 1.0),
            (f64::NAN, 1.0, 1.0),
            (f64::INFINITY, 1.0, 1.0),
            (1.0, 1.0, 1.5),
            (1e300, 1e300, 1.0),
        ] {
            assert!(
                live_entries(qps, ttl, unique).is_err(),
                "{qps} {ttl} {unique}"
            );
        }
    }

    #[test]
    fn formulas_are_judged_for_the_input() {
        // 12000 a second, half an hour: the popular formula asks for 2^26.
        let all = formulas(&int_int(), 21_600_000).unwrap();
        let java = all.iter().find(|f| f.name.contains("0.75")).unwrap();
        assert_eq!(java.hint, 67_108_864);
        assert!(java.verdict.contains("times the array"), "{java:?}");
        assert!(all[0].verdict.starts_with("right"), "{all:?}");
        assert!(all[3].growths > 0);
    }
}
