//! Overflow buckets: what a full chain gets, and how they are counted.
//!
//! Terms: *spare* and *separate* as in `bucket_array.rs`; *list*, the slice of
//! pointers that keeps separate buckets of a noscan map alive.
//!
//! R1. A spare is taken while there is one; only then is a bucket allocated.
//! R2. Below B = [`SAMPLED_FROM_B`] every overflow bucket is counted; from
//!     there one in 2^(B-15), at random. The counter is 16 bits wide.
//! R3. Nothing ever unlinks an overflow bucket or counts down: deleting every
//!     key leaves chains and counter as they are. `hashGrow` and `clear` reset
//!     the counter.
//! R4. The collector does not read noscan buckets, so their overflow words
//!     keep nothing alive. Such maps append every overflow bucket, spare or
//!     not, to a list that the collector does read.
//!
//! ```text
//!   pointerful:  bucket --overflow word--> bucket      (collector follows it)
//!   noscan:      bucket - - an integer - -> bucket
//!                extra.overflow --> [ptr, ptr, ptr]    (collector follows this)
//! ```
//!
//! Read next: `growth.rs` for what the counter is used for.

use crate::alloc::size_class::slot_bytes;
use crate::alloc::slice_growth::grown_pointer_slice;
use crate::bucket::Bucket;
use crate::event::Event;
use crate::header::Hmap;
use crate::host::{Draw, Host};
use crate::reclaim::{BlockId, BlockKind};
use crate::shape::EXTRA_BYTES;

/// From this B on the counter is sampled.
pub const SAMPLED_FROM_B: u8 = 16;
/// Bytes of a Go slice header.
const SLICE_HEADER_BYTES: u64 = 24;

/// An overflow list (R4): only its size matters here.
#[derive(Debug, Clone)]
pub struct OverflowList {
    /// Buckets in the list.
    pub len: usize,
    /// Capacity of the backing array.
    pub capacity: u64,
    pub(crate) block: BlockId,
    /// Bytes of the present backing array, part of `block`.
    backing_bytes: u64,
}

/// The side structure (`mapextra`).
#[derive(Debug, Clone, Default)]
pub struct MapExtra {
    /// Overflow buckets of the current array; only noscan maps have it.
    pub overflow: Option<OverflowList>,
    /// Overflow buckets of the old array; only noscan maps have it.
    pub oldoverflow: Option<OverflowList>,
    /// The next unused spare of the current array.
    pub next_overflow: Option<usize>,
}

impl<K: Clone, V: Clone> Hmap<K, V> {
    /// The side structure, allocated when first needed.
    pub(crate) fn extra_mut(&mut self) -> &mut MapExtra {
        if self.extra.is_none() {
            self.heap
                .allocate(BlockKind::Extra, 1, slot_bytes(EXTRA_BYTES, false));
        }
        self.extra.get_or_insert_default()
    }

    /// Makes sure a noscan map has its list (`createOverflow`).
    pub(crate) fn create_overflow(&mut self) {
        if self.extra_mut().overflow.is_none() {
            let bytes = slot_bytes(SLICE_HEADER_BYTES, false);
            let block = self.heap.allocate(BlockKind::OverflowList, 1, bytes);
            let list = OverflowList {
                len: 0,
                capacity: 0,
                block,
                backing_bytes: 0,
            };
            self.extra_mut().overflow = Some(list);
        }
    }

    /// Links one more bucket behind `tail`, the last of its chain in the
    /// current array, and returns its index (`newoverflow`).
    pub(crate) fn new_overflow<H: Host<K> + ?Sized>(&mut self, tail: usize, host: &mut H) -> usize {
        let spare = self
            .extra
            .as_mut()
            .and_then(|extra| extra.next_overflow.take());
        let index = match spare {
            Some(index) => {
                let word = &mut self.current_mut().buckets[index].overflow;
                // Nil: the next bucket is a spare too. Else the end mark.
                if word.take().is_none() {
                    self.extra_mut().next_overflow = Some(index + 1);
                }
                index
            }
            None => self.allocate_separate(),
        };
        self.count_overflow(host);
        if self.map_type.is_noscan() {
            self.create_overflow();
            self.append_to_list();
        }
        self.current_mut().buckets[tail].overflow = Some(index);
        self.note(|| Event::OverflowLinked {
            bucket: tail,
            to: index,
            spare: spare.is_some(),
        });
        index
    }

    fn allocate_separate(&mut self) -> usize {
        let bytes = self.separate_bytes();
        let heap = &mut self.heap;
        let array = self
            .buckets
            .as_mut()
            .expect("a chain that overflows exists");
        array.buckets.push(Bucket::zeroed());
        match array.separate_block {
            Some(block) => heap.extend(block, 1, bytes),
            None => {
                array.separate_block = Some(heap.allocate(BlockKind::OverflowBuckets, 1, bytes));
            }
        }
        array.buckets.len() - 1
    }

    /// Slot bytes of one separately allocated bucket.
    pub(crate) fn separate_bytes(&self) -> u64 {
        slot_bytes(self.map_type.bucket_bytes(), self.map_type.is_noscan())
    }

    /// R2.
    fn count_overflow<H: Host<K> + ?Sized>(&mut self, host: &mut H) {
        let Some(over) = self.header.b.checked_sub(SAMPLED_FROM_B) else {
            self.header.noverflow = self.header.noverflow.wrapping_add(1);
            return;
        };
        let bits = over + 1;
        let noverflow = self.header.noverflow;
        let mask = (1u64 << bits) - 1;
        if host.draw(Draw::OverflowSample { bits, noverflow }) & mask == 0 {
            self.header.noverflow = noverflow.wrapping_add(1);
        }
    }

    fn append_to_list(&mut self) {
        let heap = &mut self.heap;
        let list = self.extra.as_mut().and_then(|e| e.overflow.as_mut());
        let list = list.expect("create_overflow made the list");
        if list.len as u64 == list.capacity {
            let (capacity, bytes) = grown_pointer_slice(list.capacity);
            heap.extend(list.block, 1, bytes);
            if list.capacity > 0 {
                heap.unlink_some(list.block, 1, list.backing_bytes);
            }
            list.capacity = capacity;
            list.backing_bytes = bytes;
        }
        list.len += 1;
    }
}
