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
use super::bucket::{Bucket, chain_of, full_slots, next_of, slot};
use super::table::{Place, RawTable};
use super::tags::Bits;
use crate::alloc::Allocator;

/// Places of a table's entries. Borrows nothing: see [`RawTable::iter`].
pub(crate) struct RawIter<T> {
    bucket: Bucket,
    home: Bucket,
    full: Bits,
    left: usize,
    index: usize,
    end: usize,
    base: Bucket,
    /// Regions that come after the present one.
    rest: [(Bucket, usize, usize); 2],
    marker: PhantomData<*const T>,
}

impl<T> Clone for RawIter<T> {
    fn clone(&self) -> Self {
        RawIter {
            marker: PhantomData,
            ..*self
        }
    }
}

impl<T, A: Allocator + Clone> RawTable<T, A> {
    /// Places of all entries. The caller keeps the table unchanged while the iterator is used,
    /// but for removing entries that it has already returned (without tidying chains).
    pub(crate) fn iter(&self) -> RawIter<T> {
        let [(base, index, end), second, third] = self.regions();
        RawIter {
            bucket: Bucket::NONE,
            home: Bucket::NONE,
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
        let nothing = (Bucket::NONE, 0, 0);
        RawIter {
            bucket: Bucket::NONE,
            home: Bucket::NONE,
            full: Bits(0),
            left: 0,
            index: 0,
            end: 0,
            base: Bucket::NONE,
            rest: [nothing; 2],
            marker: PhantomData,
        }
    }

    /// The next entry's address; null after the last.
    #[inline(always)]
    pub(crate) fn next_entry(&mut self) -> *mut T {
        loop {
            if let Some(index) = self.full.next() {
                self.left -= 1;
                // SAFETY: the slot holds an entry; the caller of `iter` keeps it alive.
                return unsafe { slot::<T>(self.bucket, index) };
            }
            if self.left == 0 {
                return ptr::null_mut();
            }
            self.next_bucket();
        }
    }

    /// Goes to the next bucket: down the chain, then to the next main bucket.
    #[inline(always)]
    fn next_bucket(&mut self) {
        // SAFETY: an entry is left, so a bucket is; regions name live main buckets.
        unsafe {
            if !self.bucket.is_none() {
                if self.bucket != self.home {
                    return self.next_in_chain(next_of::<T>(self.bucket));
                }
                if *self.home.filter::<T>() != 0 {
                    return self.next_in_chain(chain_of::<T>(self.home));
                }
            }
            self.next_main();
        }
    }

    /// # Safety
    /// `spill` is the next bucket of the chain, or null; an entry is left.
    #[inline(never)]
    unsafe fn next_in_chain(&mut self, spill: Bucket) {
        // SAFETY: by the caller's promise.
        unsafe {
            if spill.is_none() {
                return self.next_main();
            }
            self.bucket = spill;
            self.full = full_slots::<T>(spill, false);
        }
    }

    /// # Safety
    /// An entry is left in a main bucket to come or its chain.
    #[inline(always)]
    unsafe fn next_main(&mut self) {
        while self.index == self.end {
            (self.base, self.index, self.end) = self.rest[0];
            self.rest[0] = self.rest[1];
            self.rest[1] = (self.base, 0, 0);
        }
        // SAFETY: regions name live main buckets.
        unsafe {
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
