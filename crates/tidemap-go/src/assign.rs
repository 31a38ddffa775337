//! Assign: find the key's cell or make one.
//!
//! R1. Order: refuse if someone writes, hash (may fail, nothing changed yet),
//!     take the writing flag, allocate the first bucket if there is none.
//! R2. While growing the write pays its share first (`evacuate.rs` R1), so the
//!     key's chain in the current array is complete when it is searched.
//! R3. An update changes the elem, and the key if the type says so (-0 for +0,
//!     another string of the same bytes). It asks for no growth.
//! R4. A new key may start a growth (`growth.rs` R3); then everything is done
//!     again from R2, which evacuates at once.
//! R5. A new key goes to the first free cell met on the way, else to cell 0 of
//!     a new overflow bucket. Boxes are allocated now. The elem is stored last,
//!     by the caller.
//!
//! Read next: `delete.rs`.

use crate::MapError;
use crate::access::{CellRef, same_key, same_string};
use crate::alloc::size_class::slot_bytes;
use crate::bucket::{CELLS, KeySlot};
use crate::event::Side;
use crate::header::Hmap;
use crate::host::Host;
use crate::reclaim::BlockKind;
use crate::shape::{Part, Routine};
use crate::tophash::{EMPTY_REST, is_empty, top_hash};

/// What a search before an insert found.
enum Search {
    /// The key's cell.
    Found(usize, usize),
    /// No key; the first free cell, if any, and the chain's last bucket.
    Free(Option<(usize, usize)>, usize),
}

impl<K: Clone, V: Clone> Hmap<K, V> {
    /// Sets `key` to `elem` and returns the elem it replaced.
    ///
    /// Expected O(1); a growing map first evacuates one or two old chains, and
    /// a full one allocates an array of twice the size.
    ///
    /// # Errors
    /// [`MapError::NilMap`], [`MapError::ConcurrentWrites`],
    /// [`MapError::Unhashable`].
    pub fn assign<H: Host<K> + ?Sized>(
        &mut self,
        key: &K,
        elem: V,
        host: &mut H,
    ) -> Result<Option<V>, MapError> {
        let (at, _) = self.assign_cell(key, host)?;
        let slot = self
            .elem_mut(at)
            .expect("assign returns a cell of the current array");
        Ok(slot.replace(elem))
    }

    /// The cell for `key`, made if need be, and whether it is new: what Go's
    /// `mapassign` does before the caller stores the elem.
    ///
    /// # Errors
    /// As for [`Hmap::assign`].
    pub fn assign_cell<H: Host<K> + ?Sized>(
        &mut self,
        key: &K,
        host: &mut H,
    ) -> Result<(CellRef, bool), MapError> {
        if self.is_nil {
            return Err(MapError::NilMap);
        }
        self.refuse_if_writing(MapError::ConcurrentWrites)?;
        let hash = host.hash(key, self.header.hash0)?;
        self.toggle_writing();
        let placed = self.place(key, hash, host);
        self.end_write()?;
        placed
    }

    fn place<H: Host<K> + ?Sized>(
        &mut self,
        key: &K,
        hash: u64,
        host: &mut H,
    ) -> Result<(CellRef, bool), MapError> {
        if self.buckets.is_none() {
            let array = self.allocate_array(0);
            self.buckets = Some(array);
        }
        let top = top_hash(hash);
        loop {
            let main = hash as usize & (self.bucket_count() - 1);
            if self.is_growing() {
                self.grow_work(main, host)?;
            }
            let array = self.current().id;
            let (free, tail) = match self.search_for_assign(main, top, key, host) {
                Search::Found(bucket, cell) => {
                    self.update_key(bucket, cell, key);
                    return Ok((
                        CellRef {
                            array,
                            bucket,
                            cell,
                        },
                        false,
                    ));
                }
                Search::Free(free, tail) => (free, tail),
            };
            if self.must_grow() {
                self.hash_grow()?;
                continue;
            }
            let (bucket, cell) = match free {
                Some(place) => place,
                None => (self.new_overflow(tail, host), 0),
            };
            self.allocate_boxes();
            self.current_mut().buckets[bucket].keys[cell] = KeySlot::Key(key.clone());
            self.set_top(Side::New, bucket, cell, top);
            self.header.count += 1;
            return Ok((
                CellRef {
                    array,
                    bucket,
                    cell,
                },
                true,
            ));
        }
    }

    fn search_for_assign<H: Host<K> + ?Sized>(
        &self,
        main: usize,
        top: u8,
        key: &K,
        host: &mut H,
    ) -> Search {
        let array = self.current();
        let routine = self.map_type.routine;
        let len = if routine == Routine::FastStr {
            host.string_len(key)
        } else {
            0
        };
        let mut free = None;
        let mut tail = main;
        for index in array.chain(main) {
            tail = index;
            let bucket = &array.buckets[index];
            for cell in 0..CELLS {
                let there = bucket.tophash[cell];
                if is_empty(there) {
                    free = free.or(Some((index, cell)));
                    if there == EMPTY_REST {
                        return Search::Free(free, tail);
                    }
                    continue;
                }
                let stored = &bucket.keys[cell];
                let same = match routine {
                    Routine::Generic => there == top && same_key(key, stored, host),
                    Routine::Fast32 | Routine::Fast64 => same_key(key, stored, host),
                    Routine::FastStr => there == top && same_string(key, len, stored, host),
                };
                if same {
                    return Search::Found(index, cell);
                }
            }
        }
        Search::Free(free, tail)
    }

    /// R3. The string routine always replaces the data pointer.
    fn update_key(&mut self, bucket: usize, cell: usize, key: &K) {
        if self.map_type.need_key_update || self.map_type.routine == Routine::FastStr {
            self.current_mut().buckets[bucket].keys[cell] = KeySlot::Key(key.clone());
        }
    }

    /// Objects for a boxed key or elem.
    fn allocate_boxes(&mut self) {
        let (key, elem) = (self.map_type.key, self.map_type.elem);
        if key.is_boxed() {
            let block = &mut self.key_boxes;
            let bytes = box_bytes(key);
            match *block {
                Some(id) => self.heap.extend(id, 1, bytes),
                None => *block = Some(self.heap.allocate(BlockKind::KeyBoxes, 1, bytes)),
            }
        }
        if elem.is_boxed() {
            let block = &mut self.elem_boxes;
            let bytes = box_bytes(elem);
            match *block {
                Some(id) => self.heap.extend(id, 1, bytes),
                None => *block = Some(self.heap.allocate(BlockKind::ElemBoxes, 1, bytes)),
            }
        }
    }
}

/// Slot bytes of one box.
pub(crate) fn box_bytes(part: Part) -> u64 {
    slot_bytes(part.bytes, !part.pointers)
}
