//! Reclaiming: taking apart a table that nobody needs any more, in steps.
//!
//! Q1. Buckets are emptied from the last to the first, an entry's tag before the entry, so a
//!     panic of user code leaves the rest to the next step.
//! Q2. Memory behind the last bucket that is left goes back while the rest is still full: page
//!     runs in release steps, segments and blocks of overflow buckets one by one.
//! Q3. What was given back is never read again: `regions` no longer tells the truth, so
//!     only [`reclaim`](RawTable::reclaim) may touch the table until it has no memory.
//!
//! `drop` is the same without a budget.

use super::array::{Array, bucket_at};
use super::bucket::{Bucket, chain_of, full_slots, next_of};
use super::grow::Cold;
use super::table::{Place, RawTable};
use crate::alloc::Allocator;
use crate::bounds::CALL_BUCKETS;
use crate::pace::Progress;

/// How far a table has been taken apart.
pub(crate) struct Reclaim {
    /// The number of regions that still have buckets.
    regions: usize,
    /// The end of what is left of the last of them.
    end: usize,
    begun: bool,
}

impl Reclaim {
    pub(crate) const fn new() -> Reclaim {
        Reclaim {
            regions: 0,
            end: 0,
            begun: false,
        }
    }
}

impl<T, A: Allocator + Clone> RawTable<T, A> {
    /// Takes a table apart: hands every entry to `take`, gives memory back behind it, until the
    /// budget of `buckets` is used up. The table has no memory when it is done.
    ///
    /// # Safety
    /// From the first call to the last nothing else is done with the table, but for `len`. Always
    /// the same `at`, new before the first call.
    pub(crate) unsafe fn reclaim(
        &mut self,
        at: &mut Reclaim,
        buckets: usize,
        take: &mut impl FnMut(T),
    ) -> Progress {
        let mut progress = Progress::default();
        let len = self.len;
        // SAFETY: by the caller's promise.
        let done = unsafe { self.reclaim_entries(at, buckets, &mut progress, take) };
        progress.entries = len - self.len;
        let is_done = done && self.reclaim_memory(buckets, &mut progress);
        self.probe_reclaimed(progress.bytes_released);
        if is_done {
            self.free_memory();
            progress.is_done = true;
        }
        progress
    }

    /// Forgets entries that need no `drop`.
    pub(crate) fn forget_plain_entries(&mut self) {
        if !core::mem::needs_drop::<T>() {
            if self.cold.is_null() {
                // I7: the sum is the size of a single bucket.
                self.credit += self.len;
            }
            self.len = 0;
        }
    }

    /// # Safety
    /// As for [`reclaim`](Self::reclaim).
    unsafe fn reclaim_entries(
        &mut self,
        at: &mut Reclaim,
        buckets: usize,
        progress: &mut Progress,
        take: &mut impl FnMut(T),
    ) -> bool {
        if self.len == 0 {
            return true;
        }
        if self.cold.is_null() {
            for place in self.iter() {
                // SAFETY: the iterator names each entry once.
                take(unsafe { self.take_at(place) });
            }
            progress.buckets += 1;
            return true;
        }
        let regions = self.regions();
        if !at.begun {
            *at = Reclaim {
                regions: regions.len(),
                end: regions[regions.len() - 1].2,
                begun: true,
            };
        }
        while self.len > 0 {
            if progress.buckets >= buckets {
                return false;
            }
            // An entry is left, so a region is.
            let (base, first, _) = regions[at.regions - 1];
            if at.end <= first {
                at.regions -= 1;
                at.end = regions[at.regions - 1].2;
                continue;
            }
            // SAFETY: the cold part exists, and is its own allocation.
            let cold = unsafe { &mut *self.cold.cast_mut() };
            // SAFETY: by Q1 nothing lies behind `end` in this region, and regions of one array
            // come in rising order.
            let released = unsafe { Self::release_behind(cold, base, at.end, false) };
            if released > 0 {
                progress.bytes_released += released as u64;
                progress.buckets += CALL_BUCKETS;
                continue;
            }
            // SAFETY: the region names live main buckets, and `end - 1` was not given back.
            let home = unsafe { bucket_at::<T>(base, at.end - 1) };
            // SAFETY: as above.
            if unsafe { self.empty_chain(home, buckets, progress, take) } {
                at.end -= 1;
            }
        }
        true
    }

    /// Takes the entries of a chain out; whether it is empty now.
    ///
    /// # Safety
    /// `home` is a live main bucket. Its overflow buckets are handed to nobody.
    unsafe fn empty_chain(
        &mut self,
        home: Bucket,
        buckets: usize,
        progress: &mut Progress,
        take: &mut impl FnMut(T),
    ) -> bool {
        // SAFETY: by the caller's promise; chains link live overflow buckets.
        unsafe {
            progress.buckets += 1;
            self.empty_bucket(home, true, home, take);
            loop {
                let spill = chain_of::<T>(home);
                if spill.is_none() {
                    *home.filter::<T>() = 0;
                    return true;
                }
                // One more than the budget, so that the smallest one gets on, too.
                if progress.buckets > buckets {
                    return false;
                }
                progress.buckets += 1;
                self.empty_bucket(spill, false, home, take);
                // Done with it: a chain that is longer than the budget goes on behind it.
                home.set_chain::<T>(next_of::<T>(spill));
            }
        }
    }

    /// # Safety
    /// `bucket` is a live bucket in the chain of `home`; `is_main` says which kind.
    unsafe fn empty_bucket(
        &mut self,
        bucket: Bucket,
        is_main: bool,
        home: Bucket,
        take: &mut impl FnMut(T),
    ) {
        // SAFETY: by the caller's promise; slots with a tag hold entries (I4).
        unsafe {
            for index in full_slots::<T>(bucket, is_main) {
                let place = Place {
                    bucket,
                    index,
                    home,
                };
                take(self.take_at(place));
            }
        }
    }

    /// One release of the array that begins at `base` behind bucket `keep`: a whole step of it
    /// unless `all`.
    ///
    /// # Safety
    /// Nothing at or behind bucket `keep` is used any more.
    unsafe fn release_behind(cold: &mut Cold<T, A>, base: Bucket, keep: usize, all: bool) -> usize {
        let Cold {
            array, old, meter, ..
        } = cold;
        let array = match old {
            Some(old) if old.base() == base => old,
            _ => array,
        };
        let step = match array {
            Array::Run(_) if !all => tidemap_span::RELEASE_STEP_BYTES,
            _ => 1,
        };
        if array.tail_bytes::<T>(keep) < step {
            return 0;
        }
        // SAFETY: by the caller's promise.
        unsafe { array.release_tail::<T>(keep, meter) }
    }

    /// Gives back what memory is left of a table without entries, but for what ends with a few
    /// calls; whether that is all there is.
    fn reclaim_memory(&mut self, buckets: usize, progress: &mut Progress) -> bool {
        if self.cold.is_null() {
            return true;
        }
        // SAFETY: the cold part exists.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        loop {
            if progress.buckets >= buckets {
                return false;
            }
            // SAFETY: no entry is left, so nothing of either array or the pool is used.
            let released = unsafe {
                match Self::release_behind(cold, self.base, 0, true) {
                    0 if self.old_base != self.base => {
                        Self::release_behind(cold, self.old_base, 0, true)
                    }
                    bytes => bytes,
                }
            };
            let released = match released {
                // SAFETY: as above.
                0 => unsafe { cold.pool.free_block() },
                bytes => bytes,
            };
            if released == 0 {
                progress.buckets += CALL_BUCKETS;
                return true;
            }
            progress.bytes_released += released as u64;
            progress.buckets += CALL_BUCKETS;
        }
    }
}

impl<T, A: Allocator + Clone> Drop for RawTable<T, A> {
    fn drop(&mut self) {
        /// Goes on after an entry's `drop` panicked: the rest is dropped, too.
        struct Rest<'a, T, A: Allocator + Clone>(&'a mut RawTable<T, A>, Reclaim);
        impl<T, A: Allocator + Clone> Rest<'_, T, A> {
            fn reclaim(&mut self) {
                // SAFETY: the owner is gone; always the same state.
                unsafe { self.0.reclaim(&mut self.1, usize::MAX, &mut drop) };
            }
        }
        impl<T, A: Allocator + Clone> Drop for Rest<'_, T, A> {
            fn drop(&mut self) {
                self.reclaim();
            }
        }
        self.probe_detach();
        if self.is_unallocated() {
            return;
        }
        self.forget_plain_entries();
        Rest(self, Reclaim::new()).reclaim();
    }
}
