//! Walking parts of a table on several threads: ranges of main buckets, each with its chains.
//!
//! A chain hangs on one main bucket, so ranges that share no main bucket share no entry,
//! whatever the table is doing: growing, shrinking or neither. The pinned bucket is
//! no exception, what was split off it hangs on main buckets that the regions name.

use core::marker::PhantomData;
use core::ptr;

use super::array::bucket_at;
use super::bucket::{Bucket, chain_of, full_slots, next_of, slot};
use super::table::{Place, RawTable};
use super::tags::Bits;
use crate::alloc::Allocator;

/// Main buckets that are not worth another thread.
const RANGE_BUCKETS_MIN: usize = if super::Rare::COMMON { 1 } else { 16 };

/// A part of a table's main buckets. Borrows nothing: see [`RawTable::range`].
pub(crate) struct RawRange<T> {
    regions: [(Bucket, usize, usize); 3],
    marker: PhantomData<*const T>,
}

// SAFETY: a range is addresses; whoever reads entries through them says what that needs.
unsafe impl<T> Send for RawRange<T> {}

impl<T, A: Allocator + Clone> RawTable<T, A> {
    /// All main buckets. The caller keeps the table unchanged while ranges are used, but for
    /// taking out entries with [`RangeIter::take`].
    pub(crate) fn range(&self) -> RawRange<T> {
        RawRange {
            regions: self.regions(),
            marker: PhantomData,
        }
    }

    /// Accounts for entries that ranges took out.
    ///
    /// # Safety
    /// So many were taken, all of this table, and no range is used any more.
    pub(crate) unsafe fn forget_taken(&mut self, entries: usize) {
        debug_assert!(entries <= self.len, "{entries} of {} taken", self.len);
        self.len -= entries;
        if self.cold.is_null() && !self.is_unallocated() {
            // I7: the sum is the size of a single bucket.
            self.credit += entries;
        }
    }
}

impl<T> RawRange<T> {
    fn buckets(&self) -> usize {
        self.regions.iter().map(|(_, first, end)| end - first).sum()
    }

    /// Two halves, if there is enough for two.
    pub(crate) fn split(self) -> (RawRange<T>, Option<RawRange<T>>) {
        let buckets = self.buckets();
        if buckets < 2 * RANGE_BUCKETS_MIN {
            return (self, None);
        }
        let mut left = buckets / 2;
        let (mut near, mut far) = (self.regions, self.regions);
        for (near, far) in near.iter_mut().zip(&mut far) {
            let here = (near.2 - near.1).min(left);
            near.2 = near.1 + here;
            far.1 += here;
            left -= here;
        }
        let range = |regions| RawRange {
            regions,
            marker: PhantomData,
        };
        (range(near), Some(range(far)))
    }

    /// The entries of the range.
    pub(crate) fn iter(&self) -> RangeIter<T> {
        RangeIter {
            bucket: Bucket::NONE,
            home: Bucket::NONE,
            full: Bits(0),
            regions: self.regions,
            region: 0,
            marker: PhantomData,
        }
    }
}

/// Places of a range's entries.
pub(crate) struct RangeIter<T> {
    bucket: Bucket,
    home: Bucket,
    full: Bits,
    regions: [(Bucket, usize, usize); 3],
    region: usize,
    marker: PhantomData<*const T>,
}

impl<T> RangeIter<T> {
    /// The next entry's place; `None` after the last.
    #[inline]
    pub(crate) fn next_place(&mut self) -> Option<Place> {
        loop {
            if let Some(index) = self.full.next() {
                return Some(Place {
                    bucket: self.bucket,
                    index,
                    home: self.home,
                });
            }
            // SAFETY: the caller of `range` keeps the table; chains link live buckets.
            unsafe {
                if !self.bucket.is_none() {
                    let next = if self.bucket == self.home {
                        chain_of::<T>(self.home)
                    } else {
                        next_of::<T>(self.bucket)
                    };
                    if !next.is_none() {
                        self.bucket = next;
                        self.full = full_slots::<T>(next, false);
                        continue;
                    }
                }
                let (base, first, end) = self.regions.get_mut(self.region)?;
                if *first == *end {
                    self.region += 1;
                    continue;
                }
                self.home = bucket_at::<T>(*base, *first);
                *first += 1;
                self.bucket = self.home;
                self.full = full_slots::<T>(self.home, true);
            }
        }
    }

    /// The next entry's address; null after the last.
    #[inline]
    pub(crate) fn next_entry(&mut self) -> *mut T {
        match self.next_place() {
            // SAFETY: the place names a slot.
            Some(place) => unsafe { slot(place.bucket, place.index) },
            None => ptr::null_mut(),
        }
    }

    /// Takes the next entry out.
    ///
    /// # Safety
    /// The range's entries are nobody else's, and [`RawTable::forget_taken`] is told.
    #[inline]
    pub(crate) unsafe fn take(&mut self) -> Option<T> {
        let place = self.next_place()?;
        // SAFETY: clearing the tag makes us the entry's owner.
        unsafe {
            *place.bucket.tag(place.index) = 0;
            Some(slot::<T>(place.bucket, place.index).read())
        }
    }
}
