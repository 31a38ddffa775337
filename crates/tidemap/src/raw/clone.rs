//! Copying a table: the same layout, bucket by bucket, so no key is hashed.
//!
//! A table that is growing is copied as it is, cursor and all; only a pinned chain
//! starts over in the copy (what was split already simply stays where it is).
//!
//! The copy is a valid table at every moment: an entry is cloned first, then its
//! tag is written, then counted. A panicking `clone` therefore drops what was copied.

use super::array::{Array, Tries, bucket_at};
use super::bucket::{Bucket, chain_of, full_slots, next_of, slot};
use super::grow::Cold;
use super::kept;
use super::meter::Meter;
use super::shape::Shape;
use super::table::RawTable;
use crate::alloc::Allocator;
use crate::error::TryReserveError;

impl<T, A: Allocator + Clone> RawTable<T, A> {
    /// A table with clones of all entries.
    pub(crate) fn try_clone(&self, clone: impl Fn(&T) -> T) -> Result<Self, TryReserveError> {
        let mut copy = RawTable::new_in(self.alloc.clone());
        copy.floor = self.policy().to_bits() as usize;
        if self.is_unallocated() {
            return Ok(copy);
        }
        if self.cold.is_null() {
            let slots = self.len + self.credit;
            let start = Array::single::<T>(slots, &copy.alloc)?;
            (copy.base, copy.old_base, copy.credit) = (start, start, slots);
            // SAFETY: both are single buckets with the same slots.
            unsafe { copy.clone_bucket(self.base, copy.base, true, &clone) };
            return Ok(copy);
        }
        copy.copy_layout(self)?;
        for (mine, theirs) in self.regions().into_iter().zip(copy.regions()) {
            let ((from, first, end), (to, ..)) = (mine, theirs);
            for index in first..end {
                // SAFETY: both layouts are the same, so both buckets exist.
                unsafe {
                    let from = bucket_at::<T>(from, index);
                    copy.clone_chain(from, bucket_at::<T>(to, index), &clone)?;
                }
            }
        }
        // SAFETY: tables with chains of their own have a cold part.
        let queued = unsafe { (*self.cold).target };
        if queued > copy.buckets() {
            copy.queue(queued)?;
        }
        copy.set_credit();
        Ok(copy)
    }

    /// Gives an unallocated table the layout of `other`, empty.
    fn copy_layout(&mut self, other: &Self) -> Result<(), TryReserveError> {
        let mut meter = Meter::default();
        // SAFETY: the caller checked that `other` has a cold part.
        let theirs = unsafe { &*other.cold };
        // What changes its size where it is needs the means to.
        let tries = if other.is_growing() {
            Tries::ALL
        } else {
            Tries::WHOLE
        };
        let mut array = Array::allocate::<T>(other.mask + 1, true, tries, &self.alloc, &mut meter)?;
        if array.wants_advice() {
            array.advise(theirs.pages, &mut meter);
        }
        let old = match theirs.old {
            Some(_) if other.is_relocating() => {
                let buckets = other.old_array_buckets();
                Some(Array::allocate::<T>(
                    buckets,
                    true,
                    Tries::ALL,
                    &self.alloc,
                    &mut meter,
                )?)
            }
            _ => None,
        };
        let base = array.base();
        let old_base = old.as_ref().map_or(base, Array::base);
        self.cold =
            Cold::try_new(array, other.policy(), &self.alloc).map_err(|(error, _)| error)?;
        // SAFETY: just made.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        cold.old = old;
        cold.growth = theirs.growth;
        (cold.shrinking, cold.shrink_to) = (theirs.shrinking, theirs.shrink_to);
        cold.by_policy = theirs.by_policy;
        (cold.pages, cold.eager) = (theirs.pages, theirs.eager);
        cold.longest_chain = theirs.longest_chain;
        cold.hostile.follow(&theirs.hostile);
        cold.kept = theirs.kept;
        (self.base, self.old_base) = (base, old_base);
        (self.mask, self.split_mask, self.cursor) = (other.mask, other.split_mask, other.cursor);
        if !other.pinned.is_null() {
            // SAFETY: the pinned bucket is the old one at the cursor.
            let home = unsafe { bucket_at::<T>(old_base, self.cursor) };
            self.pinned = home.head;
            cold.restart_pin(home);
        }
        Ok(())
    }

    /// # Safety
    /// `from` is a live main bucket, `to` an empty one of `self`.
    unsafe fn clone_chain(
        &mut self,
        from: Bucket,
        to: Bucket,
        clone: &impl Fn(&T) -> T,
    ) -> Result<(), TryReserveError> {
        let refused = TryReserveError::AllocError {
            bytes: Shape::<T>::SPILL_STRIDE,
        };
        // SAFETY: chains link live overflow buckets; a link is written only to
        // an empty bucket of ours.
        unsafe {
            let filter = *from.filter::<T>();
            *to.filter::<T>() = filter;
            if filter != 0 {
                // S1: with the filter comes a link, null until there is a chain.
                to.set_chain::<T>(Bucket::NONE);
            }
            self.clone_bucket(from, to, true, clone);
            let mut spill = chain_of::<T>(from);
            let mut last = Bucket::NONE;
            while !spill.is_none() {
                let cold = &mut *self.cold.cast_mut();
                let mine = cold.pool.get(&mut cold.meter).ok_or(refused)?;
                if last.is_none() {
                    to.set_chain::<T>(mine);
                } else {
                    last.set_next::<T>(mine);
                }
                self.clone_bucket(spill, mine, false, clone);
                last = mine;
                spill = next_of::<T>(spill);
            }
        }
        Ok(())
    }

    /// # Safety
    /// `from` is a live bucket, `to` an empty one of the same kind that belongs to `self`.
    unsafe fn clone_bucket(
        &mut self,
        from: Bucket,
        to: Bucket,
        is_main: bool,
        clone: &impl Fn(&T) -> T,
    ) {
        // SAFETY: slots with a tag hold entries (I4).
        unsafe {
            for index in full_slots::<T>(from, is_main) {
                let value = clone(&*slot::<T>(from, index));
                slot::<T>(to, index).write(value);
                kept::carry::<T>(from, index, to, index);
                *to.tag(index) = *from.tag(index);
                self.len += 1;
                if self.cold.is_null() {
                    // I7: the sum is the size of a single bucket.
                    self.credit -= 1;
                }
            }
        }
    }
}
