//! Walking a table: every slot that holds an entry, once.
//!
//! Order: main buckets by number, each followed by its chain. It changes
//! whenever entries are added or removed and promises nothing.
//!
//! Cost: proportional to the number of buckets, like any open table; the walk
//! stops after the last entry, not after the last bucket.

use core::marker::PhantomData;
use core::ptr::{self, NonNull};

use super::array::bucket_at;
use super::bucket::{Bucket, chain_of, full_slots, next_of, slot};
use super::prefetch::prefetch;
use super::shape::LINE_BYTES;
use super::table::{Place, RawTable};
use super::tags::Bits;
use crate::alloc::Allocator;

/// Chains are asked for so many main buckets ahead: they lie anywhere, and each would be waited for. Twice as far and
/// half as far gained less.
const AHEAD: usize = 8;

/// Places of a table's entries. Borrows nothing: see [`RawTable::iter`].
///
/// No method of it that is not inlined takes it by reference, so that a loop keeps it in registers.
pub(crate) struct RawIter<T> {
    bucket: Bucket,
    home: Bucket,
    /// The overflow bucket that comes after `bucket`, or null.
    spill: *mut u8,
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
            spill: ptr::null_mut(),
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
            spill: ptr::null_mut(),
            full: Bits(0),
            left: 0,
            index: 0,
            end: 0,
            base: Bucket::NONE,
            rest: [nothing; 2],
            marker: PhantomData,
        }
    }

    /// The next entry's address.
    #[inline(always)]
    pub(crate) fn next_entry(&mut self) -> Option<NonNull<T>> {
        while self.full.0 == 0 {
            if self.left == 0 {
                return None;
            }
            self.next_bucket();
        }
        let index = self.full.0.trailing_zeros() as usize;
        self.full.0 &= self.full.0 - 1;
        self.left -= 1;
        // SAFETY: the slot holds an entry; the caller of `iter` keeps it alive.
        Some(unsafe { NonNull::new_unchecked(slot::<T>(self.bucket, index)) })
    }

    /// Calls `visit` with the address of each entry that is left.
    #[inline(always)]
    pub(crate) fn fold<B>(mut self, init: B, mut visit: impl FnMut(B, NonNull<T>) -> B) -> B {
        let mut folded = init;
        loop {
            while self.full.0 != 0 {
                let index = self.full.0.trailing_zeros() as usize;
                self.full.0 &= self.full.0 - 1;
                self.left -= 1;
                // SAFETY: as in `next_entry`.
                let entry = unsafe { NonNull::new_unchecked(slot::<T>(self.bucket, index)) };
                folded = visit(folded, entry);
            }
            if self.left == 0 {
                return folded;
            }
            self.next_bucket();
        }
    }

    /// Goes to the next bucket: down the chain, then to the next main bucket.
    #[inline(always)]
    fn next_bucket(&mut self) {
        // SAFETY: an entry is left, so a bucket is; chains link live overflow buckets,
        // regions name live main buckets.
        unsafe {
            if !self.spill.is_null() {
                self.bucket = Bucket::spill::<T>(self.spill);
                self.full = full_slots::<T>(self.bucket, false);
                self.spill = next_of::<T>(self.bucket).head;
                return;
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
            self.spill = chain_of::<T>(self.home).head;
            if self.index + AHEAD < self.end {
                let spill = chain_of::<T>(bucket_at::<T>(self.base, self.index + AHEAD));
                if !spill.is_none() {
                    prefetch(spill.head);
                    prefetch(spill.head.wrapping_add(LINE_BYTES));
                }
            }
        }
    }
}

impl<T> Iterator for RawIter<T> {
    type Item = Place;

    #[inline]
    fn next(&mut self) -> Option<Place> {
        while self.full.0 == 0 {
            if self.left == 0 {
                return None;
            }
            self.next_bucket();
        }
        let index = self.full.0.trailing_zeros() as usize;
        self.full.0 &= self.full.0 - 1;
        self.left -= 1;
        Some(Place {
            bucket: self.bucket,
            index,
            home: self.home,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}
