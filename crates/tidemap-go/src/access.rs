//! Lookup: search exactly one chain, change nothing.
//!
//! R1. While growing, the old chain is searched if it has not been evacuated,
//!     else the new one. Never both.
//! R2. A lookup evacuates nothing: reading a map does not further its growth.
//! R3. The low bits of the hash choose the bucket, the high byte is compared
//!     with the tophash, and only then is a key compared.
//! R4. `emptyRest` ends the search.
//! R5. The fast routines save work, never memory: with a single bucket they do
//!     not hash at all, and they compare keys where the generic one compares
//!     tophash bytes first. Long strings in a single bucket are compared by
//!     length and both ends, and hashed only if two candidates remain.
//! R6. An empty or nil map answers before it looks at the writing flag.
//!
//! Read next: `assign.rs`.

use crate::MapError;
use crate::bucket::{CELLS, KeySlot};
use crate::bucket_array::{ArrayId, BucketArray};
use crate::header::Hmap;
use crate::host::Host;
use crate::shape::Routine;
use crate::tophash::{EMPTY_REST, is_empty, top_hash};

/// String keys shorter than this are compared without hashing when the map
/// has a single bucket (R5).
pub const SHORT_STRING_BYTES: usize = 32;

/// A cell: where an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CellRef {
    /// Its array.
    pub array: ArrayId,
    /// Its bucket in the array.
    pub bucket: usize,
    /// Its position in the bucket.
    pub cell: usize,
}

impl<K: Clone, V: Clone> Hmap<K, V> {
    /// Where `key` is, if the map has it (`mapaccess`).
    ///
    /// Hashes once at most; searches one chain.
    ///
    /// # Errors
    /// [`MapError::ConcurrentReadWrite`]; [`MapError::Unhashable`].
    pub fn find<H: Host<K> + ?Sized>(
        &self,
        key: &K,
        host: &mut H,
    ) -> Result<Option<CellRef>, MapError> {
        if self.is_nil || self.is_empty() {
            host.check_hashable(key)?;
            return Ok(None);
        }
        self.refuse_if_writing(MapError::ConcurrentReadWrite)?;
        match self.map_type.routine {
            Routine::Generic => self.find_generic(key, host),
            Routine::Fast32 | Routine::Fast64 => self.find_fast_word(key, host),
            Routine::FastStr => self.find_fast_str(key, host),
        }
    }

    /// The generic search, also used by iterators for entries that moved.
    pub(crate) fn find_generic<H: Host<K> + ?Sized>(
        &self,
        key: &K,
        host: &mut H,
    ) -> Result<Option<CellRef>, MapError> {
        if self.is_empty() {
            return Ok(None);
        }
        let hash = host.hash(key, self.header.hash0)?;
        let top = top_hash(hash);
        let (array, main) = self.searched_chain(hash);
        for index in array.chain(main) {
            let bucket = &array.buckets[index];
            for cell in 0..CELLS {
                if bucket.tophash[cell] != top {
                    if bucket.tophash[cell] == EMPTY_REST {
                        return Ok(None);
                    }
                    continue;
                }
                if same_key(key, &bucket.keys[cell], host) {
                    return Ok(Some(CellRef {
                        array: array.id,
                        bucket: index,
                        cell,
                    }));
                }
            }
        }
        Ok(None)
    }

    /// 4- and 8-byte keys: compared directly, without the tophash (R5).
    fn find_fast_word<H: Host<K> + ?Sized>(
        &self,
        key: &K,
        host: &mut H,
    ) -> Result<Option<CellRef>, MapError> {
        let (array, main) = if self.header.b == 0 {
            (self.current(), 0)
        } else {
            let hash = host.hash(key, self.header.hash0)?;
            self.searched_chain(hash)
        };
        for index in array.chain(main) {
            let bucket = &array.buckets[index];
            for cell in 0..CELLS {
                if !is_empty(bucket.tophash[cell]) && same_key(key, &bucket.keys[cell], host) {
                    return Ok(Some(CellRef {
                        array: array.id,
                        bucket: index,
                        cell,
                    }));
                }
            }
        }
        Ok(None)
    }

    fn find_fast_str<H: Host<K> + ?Sized>(
        &self,
        key: &K,
        host: &mut H,
    ) -> Result<Option<CellRef>, MapError> {
        let len = host.string_len(key);
        if self.header.b == 0 {
            let array = self.current();
            let bucket = &array.buckets[0];
            let candidates = (0..CELLS)
                .take_while(|&cell| bucket.tophash[cell] != EMPTY_REST)
                .filter(|&cell| !is_empty(bucket.tophash[cell]))
                .filter_map(|cell| Some((cell, bucket.keys[cell].key()?)));
            let mut maybe = None;
            let mut hash_needed = false;
            for (cell, stored) in candidates {
                if host.string_len(stored) != len {
                    continue;
                }
                let at = CellRef {
                    array: array.id,
                    bucket: 0,
                    cell,
                };
                if len < SHORT_STRING_BYTES {
                    if host.equal(key, stored) {
                        return Ok(Some(at));
                    }
                } else if host.string_ends_agree(key, stored) {
                    if maybe.is_some() {
                        hash_needed = true;
                        break;
                    }
                    maybe = Some((at, stored));
                }
            }
            if !hash_needed {
                let found = maybe.filter(|(_, stored)| host.equal(key, stored));
                return Ok(found.map(|(at, _)| at));
            }
        }
        let hash = host.hash(key, self.header.hash0)?;
        let top = top_hash(hash);
        let (array, main) = self.searched_chain(hash);
        for index in array.chain(main) {
            let bucket = &array.buckets[index];
            for cell in 0..CELLS {
                if bucket.tophash[cell] == top && same_string(key, len, &bucket.keys[cell], host) {
                    return Ok(Some(CellRef {
                        array: array.id,
                        bucket: index,
                        cell,
                    }));
                }
            }
        }
        Ok(None)
    }

    /// The chain to search for a hash: old or new (R1).
    fn searched_chain(&self, hash: u64) -> (&BucketArray<K, V>, usize) {
        if let Some(old) = &self.oldbuckets {
            let index = hash as usize & (self.old_bucket_count() - 1);
            if !self.is_old_evacuated(index) {
                return (old, index);
            }
        }
        (self.current(), hash as usize & (self.bucket_count() - 1))
    }

    /// The elem of a cell.
    #[must_use]
    pub fn elem(&self, at: CellRef) -> Option<&V> {
        self.array(at.array)?
            .buckets
            .get(at.bucket)?
            .elems
            .get(at.cell)?
            .as_ref()
    }

    /// The key of a cell.
    #[must_use]
    pub fn key(&self, at: CellRef) -> Option<&K> {
        self.array(at.array)?
            .buckets
            .get(at.bucket)?
            .keys
            .get(at.cell)?
            .key()
    }

    /// The elem of a cell, to be changed in place: the pointer that Go's
    /// `mapassign` returns. `None` if the cell's array is gone.
    pub fn elem_mut(&mut self, at: CellRef) -> Option<&mut Option<V>> {
        let array = self
            .buckets
            .iter_mut()
            .chain(&mut self.oldbuckets)
            .find(|a| a.id == at.array)?;
        array.buckets.get_mut(at.bucket)?.elems.get_mut(at.cell)
    }
}

/// Whether a cell's key bytes are `key`.
pub(crate) fn same_key<K, H: Host<K> + ?Sized>(key: &K, slot: &KeySlot<K>, host: &mut H) -> bool {
    slot.key().is_some_and(|stored| host.equal(key, stored))
}

/// As [`same_key`] for strings, which compare lengths first.
pub(crate) fn same_string<K, H: Host<K> + ?Sized>(
    key: &K,
    len: usize,
    slot: &KeySlot<K>,
    host: &mut H,
) -> bool {
    slot.key()
        .is_some_and(|stored| host.string_len(stored) == len && host.equal(key, stored))
}
