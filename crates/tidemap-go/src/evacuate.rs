//! Evacuation: emptying the old array, a chain or two per write.
//!
//! Terms: *X*, the new bucket of the same index; *Y*, the one `old count`
//! further on; *split bit*, the hash bit that decides between them.
//!
//! R1. Every assign, and every delete on a non-empty map, first evacuates the
//!     old chain its own key belongs to, then the one at `nevacuate`. One or
//!     two chains, never more. Lookups, iteration, `len` and `clear` move
//!     nothing: without writes a growth never ends.
//! R2. A chain is evacuated whole. Its entries keep their order and close
//!     ranks: holes are squeezed out.
//! R3. Doubling hashes each key again and sends it to X or Y by the split bit.
//!     Same-size growth computes no hash: everything goes to X.
//! R4. A key that does not equal itself cannot be hashed twice to the same
//!     value. While someone iterates its half is taken from the lowest bit of
//!     its tophash (which the iterator can predict), and it gets a new random
//!     tophash.
//! R5. Afterwards the old main bucket is zeroed but for its tophash, if it
//!     holds pointers and no iterator may still walk it: this frees the chain
//!     behind it early. Noscan buckets are left as they are.
//! R6. `nevacuate` then skips what is evacuated already, at most
//!     [`SKIP_MAX`] buckets at a time. When it reaches the end the map drops
//!     its pointer to the old array. Nothing is freed here; see `reclaim.rs`.
//!
//! ```text
//!   old: 0 1 2 3             old i  ->  X = new i, Y = new i + 4
//!   new: 0 1 2 3 4 5 6 7
//!        X       Y
//! ```
//!
//! How long it takes: with random new keys about ln 2 = 0.69 times the old
//! bucket count in writes, at most the old bucket count.
//!
//! Read next: `reclaim.rs` for the old array's afterlife.

use crate::MapError;
use crate::bucket::CELLS;
use crate::event::{Event, Side};
use crate::header::{FLAG_ITERATOR, FLAG_OLD_ITERATOR, FLAG_SAME_SIZE, Hmap, Retired};
use crate::host::Host;
use crate::reclaim::BlockKind;
use crate::tophash::{
    EVACUATED_EMPTY, EVACUATED_X, EVACUATED_Y, MIN_TOP_HASH, is_empty, is_evacuated, top_hash,
};

/// How far `nevacuate` may skip in one write (R6).
pub const SKIP_MAX: usize = 1024;

/// Where the next entry of one half goes.
struct Destination {
    bucket: usize,
    cell: usize,
    moved: usize,
}

impl Destination {
    fn at(bucket: usize) -> Self {
        Destination {
            bucket,
            cell: 0,
            moved: 0,
        }
    }
}

impl<K: Clone, V: Clone> Hmap<K, V> {
    /// The share of one write to new bucket `bucket` (`growWork`, R1).
    pub(crate) fn grow_work<H: Host<K> + ?Sized>(
        &mut self,
        bucket: usize,
        host: &mut H,
    ) -> Result<(), MapError> {
        let old_mask = self.old_bucket_count() - 1;
        self.evacuate(bucket & old_mask, host)?;
        if self.is_growing() {
            self.evacuate(self.header.nevacuate, host)?;
        }
        Ok(())
    }

    /// Whether old chain `index` has been evacuated.
    pub(crate) fn is_old_evacuated(&self, index: usize) -> bool {
        self.oldbuckets
            .as_ref()
            .is_some_and(|old| is_evacuated(old.buckets[index].tophash[0]))
    }

    /// Evacuates old chain `index` unless that has been done, and advances
    /// `nevacuate` if it stands there.
    fn evacuate<H: Host<K> + ?Sized>(
        &mut self,
        index: usize,
        host: &mut H,
    ) -> Result<(), MapError> {
        let old_count = self.old_bucket_count();
        if !self.is_old_evacuated(index) {
            self.move_chain(index, old_count, host)?;
        }
        if index == self.header.nevacuate {
            self.advance_evacuation_mark(old_count);
        }
        Ok(())
    }

    fn move_chain<H: Host<K> + ?Sized>(
        &mut self,
        index: usize,
        old_count: usize,
        host: &mut H,
    ) -> Result<(), MapError> {
        let mut x = Destination::at(index);
        let mut y = Destination::at(index + old_count);
        let mut from = Some(index);
        let mut separate = 0;
        while let Some(source) = from {
            separate += u64::from(source >= self.old().total);
            for cell in 0..CELLS {
                self.move_cell(source, cell, old_count, &mut x, &mut y, host)?;
            }
            from = self.old().buckets[source].overflow;
        }
        if self.header.flags & FLAG_OLD_ITERATOR == 0 && !self.map_type.is_noscan() {
            self.old_mut().buckets[index].clear_data();
            self.unlink_old_separate(separate);
        }
        let (to_x, to_y) = (x.moved, y.moved);
        self.note(|| Event::Evacuated {
            old_bucket: index,
            to_x,
            to_y,
        });
        Ok(())
    }

    /// The chain behind a zeroed main bucket is garbage at once (R5).
    fn unlink_old_separate(&mut self, objects: u64) {
        if objects == 0 {
            return;
        }
        let bytes = objects * self.separate_bytes();
        let block = self
            .old()
            .separate_block
            .expect("separate buckets have a block");
        self.heap.unlink_some(block, objects, bytes);
        self.note(|| Event::Unreachable {
            kind: BlockKind::OverflowBuckets,
            bytes,
        });
    }

    fn move_cell<H: Host<K> + ?Sized>(
        &mut self,
        source: usize,
        cell: usize,
        old_count: usize,
        x: &mut Destination,
        y: &mut Destination,
        host: &mut H,
    ) -> Result<(), MapError> {
        let mut top = self.old().buckets[source].tophash[cell];
        if is_empty(top) {
            self.set_top(Side::Old, source, cell, EVACUATED_EMPTY);
            return Ok(());
        }
        if top < MIN_TOP_HASH {
            let what = format!("old bucket {source} cell {cell} has tophash {top} before its move");
            return Err(MapError::BadState { what });
        }
        let key = self.old().buckets[source].keys[cell].clone();
        let mut use_y = false;
        if !self.is_same_size_growth() {
            let Some(k) = key.key() else {
                let what = format!("old bucket {source} cell {cell} is filled without a key");
                return Err(MapError::BadState { what });
            };
            let hash = host.hash(k, self.header.hash0)?;
            let iterated = self.header.flags & FLAG_ITERATOR != 0;
            if iterated && !self.map_type.reflexive && !host.equal(k, k) {
                use_y = top & 1 != 0;
                top = top_hash(hash);
            } else {
                use_y = hash as usize & old_count != 0;
            }
        }
        let mark = if use_y { EVACUATED_Y } else { EVACUATED_X };
        self.set_top(Side::Old, source, cell, mark);
        let to = if use_y { y } else { x };
        if to.cell == CELLS {
            to.bucket = self.new_overflow(to.bucket, host);
            to.cell = 0;
        }
        let elem = self.old().buckets[source].elems[cell].clone();
        let bucket = &mut self.current_mut().buckets[to.bucket];
        bucket.keys[to.cell] = key;
        bucket.elems[to.cell] = elem;
        self.set_top(Side::New, to.bucket, to.cell, top);
        to.cell += 1;
        to.moved += 1;
        Ok(())
    }

    /// R6.
    fn advance_evacuation_mark(&mut self, old_count: usize) {
        self.header.nevacuate += 1;
        let stop = (self.header.nevacuate + SKIP_MAX).min(old_count);
        while self.header.nevacuate != stop && self.is_old_evacuated(self.header.nevacuate) {
            self.header.nevacuate += 1;
        }
        if self.header.nevacuate == old_count {
            self.drop_old_buckets();
            self.header.flags &= !FLAG_SAME_SIZE;
        }
    }

    /// The map lets go of the old array and of its overflow list. What no
    /// iterator holds is garbage from here on.
    pub(crate) fn drop_old_buckets(&mut self) {
        self.settle_iterators();
        let list = self
            .extra
            .as_mut()
            .and_then(|extra| extra.oldoverflow.take());
        let lists: Vec<_> = list.into_iter().map(|list| list.block).collect();
        let Some(array) = self.oldbuckets.take() else {
            return;
        };
        self.note(|| Event::OldBucketsDropped);
        let pinned = array.is_pinned();
        let blocks = [Some(array.block), array.separate_block];
        for id in blocks.into_iter().flatten().chain(lists.iter().copied()) {
            self.heap.set_held_by_stack(id, pinned);
            let (kind, bytes) = self.heap.account(id);
            if pinned {
                self.heap.unlink(id);
            } else {
                self.unlink(id, kind, bytes);
            }
        }
        if pinned {
            self.retired.push(Retired { array, lists });
        }
    }

    fn old(&self) -> &crate::bucket_array::BucketArray<K, V> {
        self.oldbuckets
            .as_ref()
            .expect("evacuation happens while growing")
    }

    fn old_mut(&mut self) -> &mut crate::bucket_array::BucketArray<K, V> {
        self.oldbuckets
            .as_mut()
            .expect("evacuation happens while growing")
    }
}
