//! Events: what happened to which map when, in records of one size.

use core::fmt;

use crate::growth::GrowthKind;
use crate::registry::{ROW_BITS, SHARED_ROW};

/// The number of an observed map, unique in its process.
///
/// Maps that share the [other](crate::Snapshot::other) row share [`MapId::OTHER`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct MapId(pub u64);

impl MapId {
    /// All maps that found no row of their own.
    pub const OTHER: MapId = MapId(SHARED_ROW as u64);

    /// The row of the registry that the map has, or had.
    pub(crate) fn row(self) -> usize {
        (self.0 & ((1 << ROW_BITS) - 1)) as usize
    }
}

/// `#17` for the seventeenth map that got a row, `other` for those without.
impl fmt::Display for MapId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == MapId::OTHER {
            return f.pad("other");
        }
        write!(f, "#{}", self.0 >> ROW_BITS)
    }
}

/// Something that happened to an observed map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Event {
    /// Its number; one more than that of the event before. A gap was lost.
    pub sequence: u64,
    /// When, in nanoseconds since the [epoch](crate::Snapshot::epoch_unix_ns) of the process.
    pub time_ns: u64,
    /// Whose.
    pub map: MapId,
    /// What.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "event", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum EventKind {
    /// A map came to the registry. [`describe`](crate::describe) tells its name and types.
    Created {
        /// Bytes of an entry.
        entry_bytes: u64,
        /// Entries that it had by then.
        len: u64,
    },
    /// An operation triggered a growth of any kind: a doubling, a same-size growth, a shrink, a reseed.
    GrowthBegin {
        /// Which.
        kind: GrowthKind,
        /// Main buckets before.
        from_buckets: u64,
        /// Main buckets after.
        to_buckets: u64,
        /// Entries in the map.
        len: u64,
        /// Bytes in use, an old array included.
        bytes_held: u64,
        /// Bytes of them held by an old array.
        bytes_old: u64,
    },
    /// An operation paid a share.
    Step {
        /// Of what.
        kind: GrowthKind,
        /// How long that took, in nanoseconds.
        ns: u64,
        /// Entries that it moved.
        entries_moved: u64,
        /// Old buckets dealt with so far.
        done_buckets: u64,
        /// Old buckets in all.
        from_buckets: u64,
        /// Bytes in use, an old array included.
        bytes_held: u64,
        /// Entries in the map.
        len: u64,
    },
    /// A growth is over.
    GrowthEnd {
        /// Which.
        kind: GrowthKind,
        /// `false` if it was turned round or given up.
        is_complete: bool,
        /// Operations that paid.
        steps: u64,
        /// Entries moved by it.
        entries_moved: u64,
        /// Bytes that it gave back.
        bytes_released: u64,
        /// Time spent in its steps, in nanoseconds.
        work_ns: u64,
        /// The longest of them, in nanoseconds.
        step_ns_max: u64,
        /// Entries in the map.
        len: u64,
    },
    /// Memory was given back to the system or the allocator.
    Release {
        /// How many bytes.
        bytes: u64,
        /// Bytes in use after that, an old array included.
        bytes_held: u64,
        /// Bytes of them still held by an old array.
        bytes_old: u64,
    },
    /// A full chain got an overflow bucket.
    Overflow {
        /// Overflow buckets in use.
        overflow_buckets: u64,
        /// Buckets of the longest chain so far.
        longest_chain: u64,
    },
    /// Memory for a growth was refused; the map goes on without.
    Refused {
        /// Entries in the map.
        len: u64,
    },
    /// The map was cleared, or emptied with its memory taken away.
    Clear {
        /// Bytes in use after that.
        bytes_held: u64,
    },
    /// The map is gone.
    Drop {
        /// Entries that it had when the end began.
        len: u64,
        /// Finished growths over its life.
        growths: u64,
        /// How old it became, in nanoseconds.
        age_ns: u64,
        /// Bytes that were in use when the registry last heard of it.
        bytes_held: u64,
    },
}

impl EventKind {
    /// The word used in JSON, as `event`.
    ///
    /// # Example
    /// ```
    /// use tidemap_probe::EventKind;
    ///
    /// assert_eq!(EventKind::Refused { len: 3 }.as_str(), "refused");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            EventKind::Created { .. } => "created",
            EventKind::GrowthBegin { .. } => "growth_begin",
            EventKind::Step { .. } => "step",
            EventKind::GrowthEnd { .. } => "growth_end",
            EventKind::Release { .. } => "release",
            EventKind::Overflow { .. } => "overflow",
            EventKind::Refused { .. } => "refused",
            EventKind::Clear { .. } => "clear",
            EventKind::Drop { .. } => "drop",
        }
    }

    /// The kind of growth that it belongs to, if to any.
    #[must_use]
    pub fn growth_kind(&self) -> Option<GrowthKind> {
        match *self {
            EventKind::GrowthBegin { kind, .. }
            | EventKind::Step { kind, .. }
            | EventKind::GrowthEnd { kind, .. } => Some(kind),
            _ => None,
        }
    }
}

/// Words of a record without its sequence: time, map, what, and numbers.
pub(crate) const WORDS: usize = 9;

impl Event {
    pub(crate) fn to_words(self) -> [u64; WORDS] {
        let (code, kind, n) = match self.kind {
            EventKind::Created { entry_bytes, len } => (0, None, [entry_bytes, len, 0, 0, 0, 0]),
            EventKind::GrowthBegin {
                kind,
                from_buckets,
                to_buckets,
                len,
                bytes_held,
                bytes_old,
            } => (
                1,
                Some(kind),
                [from_buckets, to_buckets, len, bytes_held, bytes_old, 0],
            ),
            EventKind::Step {
                kind,
                ns,
                entries_moved,
                done_buckets,
                from_buckets,
                bytes_held,
                len,
            } => (
                2,
                Some(kind),
                [
                    ns,
                    entries_moved,
                    done_buckets,
                    from_buckets,
                    bytes_held,
                    len,
                ],
            ),
            EventKind::GrowthEnd {
                kind,
                is_complete,
                steps,
                entries_moved,
                bytes_released,
                work_ns,
                step_ns_max,
                len,
            } => (
                if is_complete { 3 } else { 4 },
                Some(kind),
                [
                    steps,
                    entries_moved,
                    bytes_released,
                    work_ns,
                    step_ns_max,
                    len,
                ],
            ),
            EventKind::Release {
                bytes,
                bytes_held,
                bytes_old,
            } => (5, None, [bytes, bytes_held, bytes_old, 0, 0, 0]),
            EventKind::Overflow {
                overflow_buckets,
                longest_chain,
            } => (6, None, [overflow_buckets, longest_chain, 0, 0, 0, 0]),
            EventKind::Refused { len } => (7, None, [len, 0, 0, 0, 0, 0]),
            EventKind::Clear { bytes_held } => (8, None, [bytes_held, 0, 0, 0, 0, 0]),
            EventKind::Drop {
                len,
                growths,
                age_ns,
                bytes_held,
            } => (9, None, [len, growths, age_ns, bytes_held, 0, 0]),
        };
        let what = code | (kind.map_or(0xff, |kind| kind as u64) << 8);
        let [a, b, c, d, e, f] = n;
        [self.time_ns, self.map.0, what, a, b, c, d, e, f]
    }

    /// `None` for words that no event has.
    pub(crate) fn from_words(sequence: u64, words: &[u64; WORDS]) -> Option<Event> {
        let [time_ns, map, what, a, b, c, d, e, f] = *words;
        let growth = || GrowthKind::from_code(what >> 8);
        let kind = match what & 0xff {
            0 => EventKind::Created {
                entry_bytes: a,
                len: b,
            },
            1 => EventKind::GrowthBegin {
                kind: growth()?,
                from_buckets: a,
                to_buckets: b,
                len: c,
                bytes_held: d,
                bytes_old: e,
            },
            2 => EventKind::Step {
                kind: growth()?,
                ns: a,
                entries_moved: b,
                done_buckets: c,
                from_buckets: d,
                bytes_held: e,
                len: f,
            },
            code @ (3 | 4) => EventKind::GrowthEnd {
                kind: growth()?,
                is_complete: code == 3,
                steps: a,
                entries_moved: b,
                bytes_released: c,
                work_ns: d,
                step_ns_max: e,
                len: f,
            },
            5 => EventKind::Release {
                bytes: a,
                bytes_held: b,
                bytes_old: c,
            },
            6 => EventKind::Overflow {
                overflow_buckets: a,
                longest_chain: b,
            },
            7 => EventKind::Refused { len: a },
            8 => EventKind::Clear { bytes_held: a },
            9 => EventKind::Drop {
                len: a,
                growths: b,
                age_ns: c,
                bytes_held: d,
            },
            _ => return None,
        };
        Some(Event {
            sequence,
            time_ns,
            map: MapId(map),
            kind,
        })
    }
}
