//! Walking a table: every slot that holds an entry, once.
//!
//! Order: main buckets by number, each followed by its chain. It changes
//! whenever entries are added or removed and promises nothing.
//!
//! Cost: proportional to the number of buckets, like any open table; the walk
//! stops after the last entry, not after the last bucket.

use core::marker::PhantomData;
use core::ptr;

use super::array::bucket_at;
use super::table::{Place, RawTable, chain_of, full_slots, next_of};
use super::tags::Bits;

/// Places of a table's entries. Borrows nothing: see [`RawTable::iter`].
pub(crate) struct RawIter<T> {
    bucket: *mut u8,
    home: *mut u8,
    full: Bits,
    left: usize,
    index: usize,
    end: usize,
    base: *mut u8,
    /// Regions that come after the present one.
    rest: [(*mut u8, usize, usize); 2],
    marker: PhantomData<T>,
}

impl<T> Clone for RawIter<T> {
    fn clone(&self) -> Self {
        RawIter {
            marker: PhantomData,
            ..*self
        }
    }
}

impl<T> RawTable<T> {
    /// Places of all entries. The caller keeps the table unchanged while the iterator is used,
    /// but for removing entries that it has already returned (without tidying chains).
    pub(crate) fn iter(&self) -> RawIter<T> {
        let [(base, index, end), second, third] = self.regions();
        RawIter {
            bucket: ptr::null_mut(),
            home: ptr::null_mut(),
            full: Bits(0),
            left: self.len(),
            index,
            end,
            base,
            rest: [second, third],
            marker: PhantomData,
        }
    }
}

impl<T> RawIter<T> {
    /// No places.
    pub(crate) fn empty() -> RawIter<T> {
        let nothing = (ptr::null_mut(), 0, 0);
        RawIter {
            bucket: ptr::null_mut(),
            home: ptr::null_mut(),
            full: Bits(0),
            left: 0,
            index: 0,
            end: 0,
            base: ptr::null_mut(),
            rest: [nothing; 2],
            marker: PhantomData,
        }
    }

    /// Entries still to come.
    #[inline]
    pub(crate) fn left(&self) -> usize {
        self.left
    }

    /// Goes to the next bucket: down the chain, then to the next main bucket.
    #[inline]
    fn next_bucket(&mut self) {
        // SAFETY: an entry is left, so a bucket is; regions name live main buckets.
        unsafe {
            if !self.bucket.is_null() {
                let next = if self.bucket == self.home {
                    chain_of::<T>(self.home)
                } else {
                    next_of::<T>(self.bucket)
                };
                if !next.is_null() {
                    self.bucket = next;
                    self.full = full_slots::<T>(next, false);
                    return;
                }
            }
            while self.index == self.end {
                (self.base, self.index, self.end) = self.rest[0];
                self.rest[0] = self.rest[1];
                self.rest[1] = (self.base, 0, 0);
            }
            self.home = bucket_at::<T>(self.base, self.index);
            self.index += 1;
            self.bucket = self.home;
            self.full = full_slots::<T>(self.home, true);
        }
    }
}

impl<T> Iterator for RawIter<T> {
    type Item = Place;

    #[inline]
    fn next(&mut self) -> Option<Place> {
        if self.left == 0 {
            return None;
        }
        loop {
            if let Some(index) = self.full.next() {
                self.left -= 1;
                return Some(Place {
                    bucket: self.bucket,
                    index,
                    home: self.home,
                });
            }
            self.next_bucket();
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}
