//! Clear: empty the map, keep its array.
//!
//! R1. A map without entries is left as it is, an ongoing growth included.
//! R2. First every tophash of every chain, of the old array too, becomes
//!     `emptyRest`, so that an iterator that stands anywhere finds nothing.
//! R3. The growth, if any, is over: the old array is dropped.
//! R4. The current array is zeroed in place and all its spares are free again.
//!     B stays: `clear` gives no array back.
//! R5. Separate overflow buckets become garbage. Counter and lists start anew,
//!     the seed is drawn anew; the two iterator flags stay set.
//!
//! `for k := range m { delete(m, k) }` compiles to this if keys are reflexive
//! and the loop does nothing else.
//!
//! R2 and R4 together have a quirk: an iterator that stands on the last spare
//! follows the re-armed end mark to bucket 0, whose entries it may then see
//! once more. Real Go does the same.
//!
//! Read next: `iter.rs`.

use crate::MapError;
use crate::bucket::CELLS;
use crate::event::{Event, Side};
use crate::header::{FLAG_SAME_SIZE, Hmap};
use crate::host::Host;
use crate::overflow::MapExtra;
use crate::reclaim::BlockKind;
use crate::tophash::EMPTY_REST;

impl<K: Clone, V: Clone> Hmap<K, V> {
    /// Removes every entry (`mapclear`). O(array), in one go.
    ///
    /// # Errors
    /// [`MapError::ConcurrentWrites`].
    pub fn clear<H: Host<K> + ?Sized>(&mut self, host: &mut H) -> Result<(), MapError> {
        if self.is_nil || self.is_empty() {
            return Ok(());
        }
        self.refuse_if_writing(MapError::ConcurrentWrites)?;
        self.toggle_writing();
        self.mark_all_empty(Side::New);
        self.mark_all_empty(Side::Old);
        self.header.flags &= !FLAG_SAME_SIZE;
        self.drop_old_buckets();
        self.header.nevacuate = 0;
        self.header.noverflow = 0;
        self.header.count = 0;
        self.reseed(host);
        self.drop_lists_and_boxes();
        let array = self.current_mut();
        array.reset();
        let separate = array.separate_block.take();
        let spare = array.first_spare();
        if let Some(id) = separate {
            let (kind, bytes) = self.heap.account(id);
            self.unlink(id, kind, bytes);
        }
        if spare.is_some() {
            self.extra_mut().next_overflow = spare;
        }
        self.note(|| Event::Cleared);
        self.end_write()
    }

    /// R2 for one array.
    fn mark_all_empty(&mut self, side: Side) {
        let array = match side {
            Side::Old => self.oldbuckets.as_ref(),
            Side::New => self.buckets.as_ref(),
        };
        let Some(array) = array else { return };
        let indices: Vec<usize> = (0..array.main).flat_map(|main| array.chain(main)).collect();
        for index in indices {
            for cell in 0..CELLS {
                self.set_top(side, index, cell, EMPTY_REST);
            }
        }
    }

    /// The side structure stays allocated, what it points to does not.
    fn drop_lists_and_boxes(&mut self) {
        if let Some(extra) = &mut self.extra {
            let list = std::mem::take::<MapExtra>(extra).overflow;
            if let Some(list) = list {
                let (kind, bytes) = self.heap.account(list.block);
                self.unlink(list.block, kind, bytes);
            }
        }
        let boxes = [
            (self.key_boxes.take(), BlockKind::KeyBoxes),
            (self.elem_boxes.take(), BlockKind::ElemBoxes),
        ];
        for (id, kind) in boxes {
            if let Some(id) = id {
                let (_, bytes) = self.heap.account(id);
                self.unlink(id, kind, bytes);
            }
        }
    }
}
