//! Iteration: over a snapshot of one array, while the map goes on living.
//!
//! Terms: *snapshot*, the array that was current when the iterator started;
//! *start*, the bucket it begins with; *offset*, the cell it begins with in
//! every bucket.
//!
//! R1. One random number gives start (low B bits) and offset (the next three).
//!     A map with B = 0 therefore has only eight orders, rotations of its one
//!     bucket.
//! R2. Buckets are visited from start on, round and back to start; in each the
//!     cells from offset on, round; then its overflow buckets, same offset.
//! R3. If the map grew *after* the iterator started, the snapshot is the old
//!     array. Entries marked evacuated are looked up in the map as it is now:
//!     what was deleted is skipped, what was changed is seen changed.
//! R4. If the iterator started *during* the growth that is still going on, the
//!     snapshot is the new array, and a new bucket may not have been filled
//!     yet. Then the old chain is read instead, and of a doubling only those
//!     keys that will go to this bucket.
//! R5. Keys that do not equal themselves can be neither looked up nor hashed
//!     again: they are returned from where they lie, and R4 decides by the
//!     lowest bit of their tophash.
//! R6. Starting sets both iterator flags, and nobody clears them when the loop
//!     ends. So the next growth after any loop does not zero what it evacuates
//!     (`evacuate.rs` R5).
//!
//! Promises: an entry present throughout is returned exactly once; one removed
//! before its turn is not; one added may be.
//!
//! Read next: `gomap.rs` for the map that users hold.

use crate::MapError;
use crate::access::CellRef;
use crate::bucket::CELLS;
use crate::bucket_array::{ArrayId, Pin};
use crate::header::{FLAG_ITERATOR, FLAG_OLD_ITERATOR, Hmap};
use crate::host::{Draw, Host};
use crate::tophash::{EVACUATED_EMPTY, EVACUATED_X, EVACUATED_Y, is_empty};

/// An iterator's state (`hiter`). It keeps the arrays it walks, wherever the
/// map goes meanwhile.
#[derive(Debug)]
pub struct Iter {
    snapshot: Option<Place>,
    b: u8,
    start_bucket: usize,
    offset: u8,
    wrapped: bool,
    /// The next main bucket to enter.
    bucket: usize,
    /// The bucket we stand in, and the next cell.
    at: Option<(Place, usize)>,
    cell: usize,
    /// While reading an old chain for a new bucket (R4): that bucket.
    check_bucket: Option<usize>,
}

/// An array held by an iterator.
#[derive(Debug, Clone)]
struct Place {
    array: ArrayId,
    _pin: Pin,
}

impl Iter {
    /// The bucket it started with.
    #[must_use]
    pub fn start_bucket(&self) -> usize {
        self.start_bucket
    }

    /// The cell it starts with in every bucket.
    #[must_use]
    pub fn offset(&self) -> u8 {
        self.offset
    }

    /// Whether it was started on an empty map and will never return anything.
    #[must_use]
    pub fn is_exhausted_at_birth(&self) -> bool {
        self.snapshot.is_none()
    }
}

impl<K: Clone, V: Clone> Hmap<K, V> {
    /// Starts an iteration (`mapiterinit`). On an empty or nil map no number
    /// is drawn and no flag set.
    ///
    /// Unlike Go's, it does not fetch the first entry: call
    /// [`Hmap::iter_next`].
    pub fn iter_start<H: Host<K> + ?Sized>(&mut self, host: &mut H) -> Iter {
        let mut iter = Iter {
            snapshot: None,
            b: self.header.b,
            start_bucket: 0,
            offset: 0,
            wrapped: false,
            bucket: 0,
            at: None,
            cell: 0,
            check_bucket: None,
        };
        if self.is_nil || self.is_empty() {
            return iter;
        }
        if self.map_type.is_noscan() {
            self.create_overflow();
        }
        let bits = self.header.b;
        let random = host.draw(Draw::IterStart { bits });
        iter.start_bucket = random as usize & (self.bucket_count() - 1);
        iter.offset = (random >> bits) as u8 & (CELLS as u8 - 1);
        iter.bucket = iter.start_bucket;
        let array = self.current();
        iter.snapshot = Some(Place {
            array: array.id,
            _pin: array.pin(),
        });
        self.header.flags |= FLAG_ITERATOR | FLAG_OLD_ITERATOR;
        iter
    }

    /// The next entry's cell, or `None` at the end (`mapiternext`).
    ///
    /// # Errors
    /// [`MapError::ConcurrentIteration`]; [`MapError::ForeignIterator`].
    pub fn iter_next<H: Host<K> + ?Sized>(
        &self,
        iter: &mut Iter,
        host: &mut H,
    ) -> Result<Option<CellRef>, MapError> {
        let Some(snapshot) = iter.snapshot.clone() else {
            return Ok(None);
        };
        self.refuse_if_writing(MapError::ConcurrentIteration)?;
        loop {
            let (place, index) = match iter.at.clone() {
                Some(at) => at,
                None => {
                    if iter.bucket == iter.start_bucket && iter.wrapped {
                        return Ok(None);
                    }
                    self.enter_bucket(iter, &snapshot)
                }
            };
            let array = self.array(place.array).ok_or(MapError::ForeignIterator)?;
            let bucket = array.buckets.get(index).ok_or(MapError::ForeignIterator)?;
            while iter.cell < CELLS {
                let cell = (iter.cell + usize::from(iter.offset)) & (CELLS - 1);
                iter.cell += 1;
                let top = bucket.tophash[cell];
                if is_empty(top) || top == EVACUATED_EMPTY {
                    continue;
                }
                let at = CellRef {
                    array: place.array,
                    bucket: index,
                    cell,
                };
                if let Some(found) = self.candidate(iter, at, top, host)? {
                    iter.at = Some((place, index));
                    return Ok(Some(found));
                }
            }
            iter.cell = 0;
            iter.at = bucket.overflow.map(|next| (place, next));
        }
    }

    /// Chooses the chain for the next main bucket (R4) and steps on.
    fn enter_bucket(&self, iter: &mut Iter, snapshot: &Place) -> (Place, usize) {
        let bucket = iter.bucket;
        let mut entered = (snapshot.clone(), bucket);
        iter.check_bucket = None;
        if let Some(old) = &self.oldbuckets
            && iter.b == self.header.b
        {
            let index = bucket & (self.old_bucket_count() - 1);
            if !self.is_old_evacuated(index) {
                iter.check_bucket = Some(bucket);
                entered = (
                    Place {
                        array: old.id,
                        _pin: old.pin(),
                    },
                    index,
                );
            }
        }
        iter.bucket += 1;
        if iter.bucket == 1 << iter.b {
            iter.bucket = 0;
            iter.wrapped = true;
        }
        iter.cell = 0;
        entered
    }

    /// What a filled or evacuated cell yields: itself, the entry's present
    /// cell, or nothing.
    fn candidate<H: Host<K> + ?Sized>(
        &self,
        iter: &Iter,
        at: CellRef,
        top: u8,
        host: &mut H,
    ) -> Result<Option<CellRef>, MapError> {
        let key = self.key(at);
        let is_self_equal =
            |host: &mut H| self.map_type.reflexive || key.is_some_and(|k| host.equal(k, k));
        if let Some(check) = iter.check_bucket
            && !self.is_same_size_growth()
        {
            if is_self_equal(host) {
                let Some(key) = key else { return Ok(None) };
                let hash = host.hash(key, self.header.hash0)?;
                if hash as usize & ((1 << iter.b) - 1) != check {
                    return Ok(None);
                }
            } else if check >> (iter.b - 1) != usize::from(top & 1) {
                return Ok(None);
            }
        }
        let moved = top == EVACUATED_X || top == EVACUATED_Y;
        if !moved || !is_self_equal(host) {
            return Ok(Some(at));
        }
        match key {
            Some(key) => self.find_generic(key, host),
            None => Ok(None),
        }
    }
}
