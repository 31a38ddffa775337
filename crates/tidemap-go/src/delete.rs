//! Delete: empty a cell, and keep `emptyRest` true.
//!
//! R1. On an empty or nil map nothing happens, not even a share of growth.
//!     Otherwise the share is paid, whether the key is there or not.
//! R2. The elem is cleared. The key is cleared only if it holds pointers; of a
//!     string on the fast path only the data pointer is, its length stays.
//! R3. The cell becomes `emptyOne`. If nothing follows it in the chain it
//!     becomes `emptyRest`, and so does every `emptyOne` before it, backwards
//!     through the chain, up to the first cell in use.
//! R4. Nothing moves, no bucket is unlinked, no memory is freed, and no growth
//!     or shrink starts.
//! R5. A map that has become empty gets a new seed.
//!
//! ```text
//!   # # o # . . . .     delete the last #
//!   # # o . . . . .     R3, first step
//!   # # . . . . . .     R3, backwards: the o had become the end too
//! ```
//!
//! Read next: `clear.rs`.

use crate::MapError;
use crate::access::{same_key, same_string};
use crate::assign::box_bytes;
use crate::bucket::{CELLS, KeySlot};
use crate::event::Side;
use crate::header::Hmap;
use crate::host::Host;
use crate::shape::Routine;
use crate::tophash::{EMPTY_ONE, EMPTY_REST, is_empty, top_hash};

impl<K: Clone, V: Clone> Hmap<K, V> {
    /// Deletes `key` and returns its elem, if it was there.
    ///
    /// Expected O(1); a growing map first evacuates one or two old chains.
    ///
    /// # Errors
    /// [`MapError::ConcurrentWrites`], [`MapError::Unhashable`].
    pub fn delete<H: Host<K> + ?Sized>(
        &mut self,
        key: &K,
        host: &mut H,
    ) -> Result<Option<V>, MapError> {
        if self.is_nil || self.is_empty() {
            host.check_hashable(key)?;
            return Ok(None);
        }
        self.refuse_if_writing(MapError::ConcurrentWrites)?;
        let hash = host.hash(key, self.header.hash0)?;
        self.toggle_writing();
        let outcome = self.delete_hashed(key, hash, host);
        self.end_write()?;
        outcome
    }

    fn delete_hashed<H: Host<K> + ?Sized>(
        &mut self,
        key: &K,
        hash: u64,
        host: &mut H,
    ) -> Result<Option<V>, MapError> {
        let main = hash as usize & (self.bucket_count() - 1);
        if self.is_growing() {
            self.grow_work(main, host)?;
        }
        let Some((chain, at, cell)) = self.search_for_delete(main, top_hash(hash), key, host)
        else {
            return Ok(None);
        };
        let length = host.string_len(key);
        let elem = self.clear_cell(chain[at], cell, length);
        self.mark_empty(&chain, at, cell);
        self.header.count -= 1;
        if self.is_empty() {
            self.reseed(host);
        }
        Ok(elem)
    }

    /// The key's chain up to its bucket, that bucket's place in it, the cell.
    fn search_for_delete<H: Host<K> + ?Sized>(
        &self,
        main: usize,
        top: u8,
        key: &K,
        host: &mut H,
    ) -> Option<(Vec<usize>, usize, usize)> {
        let array = self.current();
        let routine = self.map_type.routine;
        let len = if routine == Routine::FastStr {
            host.string_len(key)
        } else {
            0
        };
        let mut chain = Vec::with_capacity(2);
        for index in array.chain(main) {
            chain.push(index);
            let bucket = &array.buckets[index];
            for cell in 0..CELLS {
                let there = bucket.tophash[cell];
                let stored = &bucket.keys[cell];
                let same = match routine {
                    Routine::Generic if there != top => {
                        if there == EMPTY_REST {
                            return None;
                        }
                        false
                    }
                    Routine::Generic => same_key(key, stored, host),
                    Routine::Fast32 | Routine::Fast64 => {
                        !is_empty(there) && same_key(key, stored, host)
                    }
                    Routine::FastStr => there == top && same_string(key, len, stored, host),
                };
                if same {
                    let at = chain.len() - 1;
                    return Some((chain, at, cell));
                }
            }
        }
        None
    }

    /// R2. `length` is that of a string key.
    fn clear_cell(&mut self, index: usize, cell: usize, length: usize) -> Option<V> {
        let map_type = self.map_type;
        let bucket = &mut self.current_mut().buckets[index];
        if map_type.routine == Routine::FastStr {
            bucket.keys[cell] = KeySlot::Length(length);
        } else if map_type.key.slot_has_pointers() {
            bucket.keys[cell] = KeySlot::Zero;
        }
        let elem = bucket.elems[cell].take();
        for (part, boxes) in [
            (map_type.key, self.key_boxes),
            (map_type.elem, self.elem_boxes),
        ] {
            if part.is_boxed()
                && let Some(id) = boxes
            {
                self.heap.unlink_some(id, 1, box_bytes(part));
            }
        }
        elem
    }

    /// R3.
    fn mark_empty(&mut self, chain: &[usize], at: usize, cell: usize) {
        let (mut at, mut cell) = (at, cell);
        self.set_top(Side::New, chain[at], cell, EMPTY_ONE);
        let array = self.current();
        let bucket = &array.buckets[chain[at]];
        let next = if cell + 1 < CELLS {
            Some(bucket.tophash[cell + 1])
        } else {
            bucket.overflow.map(|next| array.buckets[next].tophash[0])
        };
        if next.is_some_and(|top| top != EMPTY_REST) {
            return;
        }
        loop {
            self.set_top(Side::New, chain[at], cell, EMPTY_REST);
            if cell > 0 {
                cell -= 1;
            } else if at > 0 {
                at -= 1;
                cell = CELLS - 1;
            } else {
                return;
            }
            if self.current().buckets[chain[at]].tophash[cell] != EMPTY_ONE {
                return;
            }
        }
    }
}
