//! Growth: when a map grows, to what, and what happens in that instant.
//!
//! Terms: *doubling*, B + 1; *same-size growth*, a fresh array of the same B
//! into which chains are repacked; *hint*, the argument of `make`.
//!
//! R1. Too full: one more entry would exceed 13 entries for every 2 buckets
//!     (6.5 a bucket), and there are more than eight. Doubling.
//! R2. Too many overflow buckets: the counter has reached 2^min(B, 15). Same
//!     size, for a map with that many and still not too full has holes.
//! R3. Only the insert of a *new* key asks, and only while not growing.
//! R4. Starting a growth moves nothing. It allocates, swaps two pointers and
//!     resets two counters; `evacuate.rs` does the moving, later.
//! R5. Deletes never start a growth, and nothing ever shrinks.
//!
//! ```text
//!   inserts    1..8   9..13  14..26  27..52  53..104 ...
//!   B          0      1      2       3       4
//! ```
//!
//! The first growth of a map without hint therefore starts at insert 9, then
//! 14, 27, 53, 105 and so on: always one more than the table holds.
//!
//! Read next: `evacuate.rs`.

use crate::MapError;
use crate::bucket::CELLS;
use crate::bucket_array::ArrayLayout;
use crate::event::Event;
use crate::header::{FLAG_ITERATOR, FLAG_OLD_ITERATOR, FLAG_SAME_SIZE, Hmap};
use crate::shape::MapType;

/// Entries that [`LOAD_BUCKETS`] buckets may hold on average.
pub const LOAD_ENTRIES: u64 = 13;
/// See [`LOAD_ENTRIES`].
pub const LOAD_BUCKETS: u64 = 2;
/// The threshold of R2 stops rising at 2^this.
pub const OVERFLOW_LIMIT_MAX_B: u8 = 15;

/// Whether `count` entries are too many for 2^`b` buckets (R1).
///
/// ```
/// use tidemap_go::growth::over_load_factor;
/// assert!(!over_load_factor(8, 0)); // eight always fit one bucket
/// assert!(over_load_factor(9, 0));
/// assert!(!over_load_factor(13, 1) && over_load_factor(14, 1));
/// ```
#[must_use]
pub fn over_load_factor(count: u64, b: u8) -> bool {
    count > CELLS as u64 && count > LOAD_ENTRIES.saturating_mul((1u64 << b) / LOAD_BUCKETS)
}

/// Whether `noverflow` overflow buckets are too many for 2^`b` buckets (R2).
///
/// ```
/// use tidemap_go::growth::too_many_overflow_buckets;
/// assert!(!too_many_overflow_buckets(255, 8) && too_many_overflow_buckets(256, 8));
/// assert!(too_many_overflow_buckets(1 << 15, 40)); // the counter is 16 bits wide
/// ```
#[must_use]
pub fn too_many_overflow_buckets(noverflow: u16, b: u8) -> bool {
    noverflow >= 1u16 << b.min(OVERFLOW_LIMIT_MAX_B)
}

/// The most entries a map of this B holds before it doubles.
///
/// ```
/// use tidemap_go::growth::max_entries;
/// assert_eq!([max_entries(0), max_entries(1), max_entries(4)], [8, 13, 104]);
/// ```
#[must_use]
pub fn max_entries(b: u8) -> u64 {
    (CELLS as u64).max(LOAD_ENTRIES.saturating_mul((1u64 << b) / LOAD_BUCKETS))
}

/// The B that `make` chooses for a hint.
///
/// A negative hint, and one whose buckets Go could not allocate, count as 0.
///
/// ```
/// use tidemap_go::growth::b_for_hint;
/// use tidemap_go::shape::{MapType, Part};
/// let t = MapType::new(Part::plain(8), Part::plain(8));
/// assert_eq!(b_for_hint(8, &t), 0);
/// assert_eq!(b_for_hint(1024, &t), 8); // not 10
/// assert_eq!(b_for_hint(-1, &t), 0);
/// ```
#[must_use]
pub fn b_for_hint(hint: i64, map_type: &MapType) -> u8 {
    use crate::alloc::size_class::MAX_ALLOC_BYTES;
    let hint = u64::try_from(hint).unwrap_or(0);
    let fits = hint
        .checked_mul(map_type.bucket_bytes())
        .is_some_and(|n| n <= MAX_ALLOC_BYTES);
    let hint = if fits { hint } else { 0 };
    let mut b = 0;
    while over_load_factor(hint, b) {
        b += 1;
    }
    b
}

impl<K: Clone, V: Clone> Hmap<K, V> {
    /// Whether inserting one more new key starts a growth (R1 to R3).
    pub(crate) fn must_grow(&self) -> bool {
        let h = &self.header;
        !self.is_growing()
            && (over_load_factor(h.count as u64 + 1, h.b)
                || too_many_overflow_buckets(h.noverflow, h.b))
    }

    /// Starts a growth (`hashGrow`).
    pub(crate) fn hash_grow(&mut self) -> Result<(), MapError> {
        let from_b = self.header.b;
        let bigger = over_load_factor(self.header.count as u64 + 1, from_b);
        let to_b = from_b + u8::from(bigger);
        if ArrayLayout::of(to_b, &self.map_type).is_none() {
            return Err(MapError::BadState {
                what: format!("no memory for B = {to_b}"),
            });
        }
        let fresh = self.allocate_array(to_b);
        let h = &mut self.header;
        if !bigger {
            h.flags |= FLAG_SAME_SIZE;
        }
        // Whoever iterated over the current array iterates over the old one now.
        let had_iterator = h.flags & FLAG_ITERATOR != 0;
        h.flags &= !(FLAG_ITERATOR | FLAG_OLD_ITERATOR);
        if had_iterator {
            h.flags |= FLAG_OLD_ITERATOR;
        }
        h.b = to_b;
        h.nevacuate = 0;
        h.noverflow = 0;
        self.oldbuckets = self.buckets.take();
        if let Some(extra) = &mut self.extra
            && extra.overflow.is_some()
        {
            if extra.oldoverflow.is_some() {
                return Err(MapError::BadState {
                    what: "oldoverflow is not nil".into(),
                });
            }
            extra.oldoverflow = extra.overflow.take();
        }
        // Spares left in the old array are abandoned with it.
        if let Some(extra) = &mut self.extra {
            extra.next_overflow = None;
        }
        self.install_array(fresh);
        let count = self.header.count;
        self.note(|| Event::GrowthStarted {
            same_size: !bigger,
            from_b,
            to_b,
            count,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::Part;

    #[test]
    fn hints_that_were_measured() {
        let t = MapType::new(Part::with_pointers(16), Part::plain(8));
        for (hint, b) in [
            (0, 0),
            (8, 0),
            (9, 1),
            (13, 1),
            (14, 2),
            (26, 2),
            (27, 3),
            (52, 3),
            (53, 4),
            (64, 4),
            (100, 4),
            (104, 4),
            (105, 5),
            (208, 5),
            (209, 6),
            (416, 6),
            (417, 7),
            (832, 7),
            (833, 8),
            (1000, 8),
            (1024, 8),
            (1664, 8),
            (1665, 9),
            (4096, 10),
            (10_000, 11),
            (65_536, 14),
            (100_000, 14),
            (1_000_000, 18),
            (i64::MAX, 0),
            (-5, 0),
        ] {
            assert_eq!(b_for_hint(hint, &t), b, "hint {hint}");
        }
    }

    #[test]
    fn thresholds_meet() {
        for b in 0..40 {
            assert!(!over_load_factor(max_entries(b), b), "B={b}");
            assert!(over_load_factor(max_entries(b) + 1, b), "B={b}");
        }
    }
}
