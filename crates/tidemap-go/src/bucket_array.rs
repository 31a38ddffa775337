//! Bucket arrays: 2^B main buckets and, from B = 4, a tail of spares.
//!
//! Terms: *spare*, a bucket allocated with the array to serve as an overflow
//! bucket later; *separate*, an overflow bucket allocated on its own when the
//! spares are used up.
//!
//! R1. From B = [`SPARES_FROM_B`] on the array gets a sixteenth more buckets,
//!     and then as many as fit into the slot that is paid for anyway.
//! R2. The overflow word of the last spare points to bucket 0. Any non-nil
//!     value would do: it marks the end. On all other spares nil means "the
//!     next bucket is a spare too".
//! R3. A chain never leaves its array. The model therefore keeps separate
//!     buckets behind the spares, at indices from `total`, and links are plain
//!     indices.
//! R4. Iterators may still stand in an array that the map has dropped. They
//!     hold its pin; the map keeps the array until nobody does.
//!
//! ```text
//!   0 ......... 2^B-1 | 2^B ...... total-1 | total ............
//!   main buckets      | spares             | separate buckets
//!                       ^ nextOverflow       (other objects in Go)
//! ```
//!
//! R4 is stricter than Go 1.23.9 itself, which can free separate buckets of a
//! pointer-free map under a running iterator after `clear`: a safe program
//! then reads recycled memory. The model keeps them.
//!
//! Read next: `overflow.rs`.

use std::sync::Arc;

use crate::alloc::size_class::{MAX_ALLOC_BYTES, round_up_size, slot_bytes};
use crate::bucket::Bucket;
use crate::reclaim::BlockId;
use crate::shape::MapType;

/// The smallest B with spares.
pub const SPARES_FROM_B: u8 = 4;

/// How many buckets an array of a given B has and what they cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArrayLayout {
    /// Main buckets: 2^B.
    pub main: u64,
    /// Spare overflow buckets behind them.
    pub spares: u64,
    /// Bytes asked for: all buckets.
    pub requested_bytes: u64,
    /// Bytes taken from the heap.
    pub slot_bytes: u64,
}

impl ArrayLayout {
    /// The layout for `b` and a map type; `None` if it exceeds what Go can
    /// allocate.
    ///
    /// ```
    /// use tidemap_go::bucket_array::ArrayLayout;
    /// use tidemap_go::shape::{MapType, Part};
    /// let int_int = MapType::new(Part::plain(8), Part::plain(8));
    /// let layout = ArrayLayout::of(6, &int_int).unwrap();
    /// assert_eq!((layout.main, layout.spares, layout.slot_bytes), (64, 7, 10240));
    /// assert!(ArrayLayout::of(60, &int_int).is_none());
    /// ```
    #[must_use]
    pub fn of(b: u8, map_type: &MapType) -> Option<Self> {
        let bucket_bytes = map_type.bucket_bytes();
        let noscan = map_type.is_noscan();
        let main = 1u64.checked_shl(u32::from(b))?;
        let mut total = main;
        if b >= SPARES_FROM_B {
            total = main.checked_add(main >> SPARES_FROM_B)?;
            let bytes = total
                .checked_mul(bucket_bytes)
                .filter(|&n| n <= MAX_ALLOC_BYTES)?;
            let usable = round_up_size(bytes, noscan);
            if usable != bytes {
                total = usable / bucket_bytes;
            }
        }
        let requested_bytes = total
            .checked_mul(bucket_bytes)
            .filter(|&n| n <= MAX_ALLOC_BYTES)?;
        Some(ArrayLayout {
            main,
            spares: total - main,
            requested_bytes,
            slot_bytes: slot_bytes(requested_bytes, noscan),
        })
    }

    /// Main buckets and spares.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.main + self.spares
    }
}

/// Names one array for the life of the map; the model's stand-in for its
/// address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArrayId(pub(crate) u64);

impl ArrayId {
    /// The number: arrays are numbered from 0 in the order of allocation.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

/// A share in an array that keeps its memory (R4).
#[derive(Debug, Clone)]
pub(crate) struct Pin(Arc<()>);

/// An array of buckets with everything linked into it.
#[derive(Debug)]
pub struct BucketArray<K, V> {
    pub(crate) id: ArrayId,
    pub(crate) main: usize,
    pub(crate) total: usize,
    pub(crate) buckets: Vec<Bucket<K, V>>,
    pin: Pin,
    /// The array's own memory.
    pub(crate) block: BlockId,
    /// The separate buckets, if any.
    pub(crate) separate_block: Option<BlockId>,
}

impl<K, V> BucketArray<K, V> {
    /// A zeroed array with its spares ready (R2).
    pub(crate) fn new(id: ArrayId, layout: &ArrayLayout, block: BlockId) -> Self {
        let (main, total) = (layout.main as usize, layout.total() as usize);
        let mut array = BucketArray {
            id,
            main,
            total,
            buckets: Vec::new(),
            pin: Pin(Arc::new(())),
            block,
            separate_block: None,
        };
        array.buckets.resize_with(total, Bucket::zeroed);
        array.arm_sentinel();
        array
    }

    /// Zeroes all main buckets and spares in place: what `clear` does. The
    /// separate buckets are forgotten unless an iterator may stand in one.
    pub(crate) fn reset(&mut self) {
        if !self.is_pinned() {
            self.buckets.truncate(self.total);
        }
        self.buckets[..self.total].fill_with(Bucket::zeroed);
        self.arm_sentinel();
    }

    fn arm_sentinel(&mut self) {
        if self.total > self.main {
            self.buckets[self.total - 1].overflow = Some(0);
        }
    }

    /// The first spare, if the array has any.
    pub(crate) fn first_spare(&self) -> Option<usize> {
        (self.total > self.main).then_some(self.main)
    }

    /// A share that keeps this array's memory.
    pub(crate) fn pin(&self) -> Pin {
        self.pin.clone()
    }

    /// Whether anyone but the map holds the array.
    pub(crate) fn is_pinned(&self) -> bool {
        Arc::strong_count(&self.pin.0) > 1
    }

    /// The array's name.
    #[must_use]
    pub fn id(&self) -> ArrayId {
        self.id
    }

    /// Main buckets.
    #[must_use]
    pub fn main(&self) -> usize {
        self.main
    }

    /// Main buckets and spares; links from here on are separate buckets.
    #[must_use]
    pub fn total(&self) -> usize {
        self.total
    }

    /// A bucket, main, spare or separate.
    ///
    /// # Panics
    /// If `index` is not a bucket of this array.
    #[must_use]
    pub fn bucket(&self, index: usize) -> &Bucket<K, V> {
        &self.buckets[index]
    }

    /// The indices of a chain, starting with main bucket `main`.
    ///
    /// # Panics
    /// If `main` is not a bucket of this array.
    pub fn chain(&self, main: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(Some(main), |&index| self.buckets[index].overflow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::Part;

    /// Spares and slot bytes that real Go 1.23.9 showed.
    #[test]
    fn measured_layouts() {
        let int_int = MapType::new(Part::plain(8), Part::plain(8));
        let string_int = MapType::new(Part::with_pointers(16), Part::plain(8));
        let string_string = MapType::new(Part::with_pointers(16), Part::with_pointers(16));
        let rows: &[(u8, [(u64, u64); 3])] = &[
            (0, [(0, 144), (0, 208), (0, 288)]),
            (3, [(0, 1152), (0, 1792), (0, 2304)]),
            (4, [(2, 2688), (3, 4096), (1, 4864)]),
            (5, [(5, 5376), (7, 8192), (2, 9472)]),
            (6, [(7, 10240), (4, 14336), (6, 19072)]),
            (7, [(14, 20480), (9, 28672), (22, 40960)]),
            (8, [(28, 40960), (19, 57344), (45, 81920)]),
            (9, [(56, 81920), (39, 114_688), (60, 155_648)]),
            (10, [(113, 163_840), (78, 229_376), (90, 303_104)]),
            (12, [(284, 630_784), (275, 909_312), (271, 1_187_840)]),
            (
                18,
                [
                    (16384, 40_108_032),
                    (16384, 57_933_824),
                    (16384, 75_759_616),
                ],
            ),
        ];
        for (b, columns) in rows {
            for (t, expected) in [int_int, string_int, string_string].iter().zip(columns) {
                let layout = ArrayLayout::of(*b, t).unwrap();
                assert_eq!((layout.spares, layout.slot_bytes), *expected, "B={b} {t:?}");
            }
        }
    }

    #[test]
    fn impossible_arrays_are_refused() {
        let t = MapType::new(Part::plain(8), Part::plain(8));
        assert!(ArrayLayout::of(41, &t).is_none());
        assert!(ArrayLayout::of(255, &t).is_none());
    }
}
