//! Hostile keys: long chains are noticed, and a map whose hasher can be reseeded moves to
//! another seed.
//!
//! Terms: *met*, a chain that just got an overflow bucket; *long*, met with more entries than random hashes
//! explain; *fresh*, an array that is got ready for a reseed; *behind*, the old array of a reseed,
//! whose entries lie there under the old seed.
//!
//! H1. A chain is long when it holds [`LONG_CHAIN_ENTRIES`] entries and [`LONG_CHAIN_LOADS`] times
//!     what its bucket would hold on average.
//! H2. A reseed moves every entry into an array of as many buckets, under a new seed: a same-size growth.
//!     What a new key brings goes to the new array at once, so no chain under the old
//!     seed ever grows again, and who knows that seed has nothing left to aim at.
//! H3. The old layout is frozen: an entry behind lies in the chain that [`Behind::home`] names. Old
//!     buckets below `next` are empty.
//! H4. To the rest of the engine the new array is a table of which everything is split (`split_mask == 0`,
//!     `cursor == 1`), and a growth that relocates is going on.
//! H5. A step empties at most [`STEP_BUCKETS_MAX`] old buckets and moves at most
//!     [`SCATTERED_MOVES_MAX`] entries, or makes one system call. User code (`Hash`) runs before a move.
//! H6. Memory that is refused puts a reseed off.
//!
//! ```text
//!   behind:  |. . . u u u u u|   old seed; emptied in order
//!   new:     |* * * * * * * *|   new seed; every bucket is in use from the beginning
//! ```
//!
//! A look-up searches the new array first and the old one after a miss, with the old hash: at
//! most two chains. Without a reseed nothing is hashed twice.
//!
//! A reseed may begin in the middle of a growth in place, whose layout is then frozen half-split; it
//! waits (hurrying it) for a growth that relocates, and for a pinned chain.
//!
//! Where H1 comes from: hashes of a good function fill buckets like a Poisson variable X of mean m, the
//! load of a bucket. By Chernoff's bound P(X >= t) <= e^-m (em/t)^t. With t = 64 and any
//! load that growths allow (m <= 16.25, fifteen slots just before their split) that is below
//! 2^-57, and with t = 4m below 2^-57 for every load above: a map of 2^27 buckets
//! takes good keys for hostile ones once in 2^30 fillings.
//!
//! Dropped: inserting under the old seed ahead of the cursor, which saves the second search, but lets
//! a chain grow for as long as the reseed takes to come to it.

use super::array::{Array, Tries, bucket_at};
use super::bucket::{Bucket, chain_of, full_slots, next_of, preferred_empty_slot, slot};
use super::grow::Cold;
use super::kept;
use super::meter::Front;
use super::shape::Shape;
use super::split::SCATTERED_MOVES_MAX;
use super::table::{Place, RawTable};
use super::tags::{Bits, tag_of};
use crate::alloc::Allocator;
use crate::bounds::{LONG_CHAIN_ENTRIES, LONG_CHAIN_LOADS, STEP_BUCKETS_MAX};
use crate::hash::DefaultHashBuilder;
use crate::stats::{Growth, GrowthKind, LongChain};

use core::ptr;

/// What a table knows about hostile keys.
pub(crate) struct Hostile<A: Allocator> {
    /// Buckets of the longest chain that was met since somebody looked.
    pub(super) met: usize,
    /// A long chain was noticed and nothing done about it yet.
    noticed: bool,
    /// A reseed is wanted.
    wanted: bool,
    /// Chains with fewer entries are not long: raised when a reseed did not help, or there is none.
    limit: usize,
    fresh: Option<Fresh<A>>,
    pub(super) behind: Option<Behind>,
    pub(super) long_chains: u64,
    pub(super) last: Option<LongChain>,
    pub(super) reseeds: u64,
}

/// An array of which the first `ready` buckets are there and empty.
struct Fresh<A: Allocator> {
    array: Array<A>,
    buckets: usize,
    ready: usize,
}

/// The old layout of a reseed that is going on (H3).
#[derive(Clone)]
pub(crate) struct Behind {
    mask: usize,
    split_mask: usize,
    cursor: usize,
    /// The first old bucket that may hold entries, and the end of all.
    pub(super) next: usize,
    pub(super) end: usize,
    hash_builder: DefaultHashBuilder,
    /// Buckets of the longest chain made in the new array.
    longest: usize,
}

impl Behind {
    /// The old bucket that a hash under the old seed belongs to; `None` if it is empty.
    fn home(&self, hash: u64) -> Option<usize> {
        let h = hash as usize;
        let old = h & self.split_mask;
        let index = if old < self.cursor {
            h & self.mask
        } else {
            old
        };
        (index >= self.next).then_some(index)
    }
}

impl<A: Allocator> Hostile<A> {
    pub(super) const fn new() -> Self {
        Hostile {
            met: 0,
            noticed: false,
            wanted: false,
            limit: 0,
            fresh: None,
            behind: None,
            long_chains: 0,
            last: None,
            reseeds: 0,
        }
    }

    /// Whether growths should make haste, because a reseed waits for them.
    pub(super) fn is_waiting(&self) -> bool {
        self.wanted
    }

    /// Bytes of an array that is being got ready.
    pub(super) fn fresh_bytes<T>(&self) -> usize
    where
        A: Clone,
    {
        self.fresh
            .as_ref()
            .map_or(0, |fresh| fresh.array.bytes::<T>(fresh.buckets))
    }

    /// Takes over what a copy of the layout needs.
    pub(super) fn follow(&mut self, other: &Hostile<A>) {
        self.behind = other.behind.clone();
        self.limit = other.limit;
    }

    /// After `clear`.
    pub(super) fn forget(&mut self) {
        (self.met, self.limit) = (0, 0);
        (self.noticed, self.wanted) = (false, false);
        self.fresh = None;
        self.behind = None;
    }
}

impl<T, A: Allocator + Clone> RawTable<T, A> {
    /// The reseed that is going on.
    pub(super) fn behind(&self) -> Option<&Behind> {
        if !self.is_relocating() {
            return None;
        }
        // SAFETY: the cold part exists while a growth relocates, and lives as long as the table.
        unsafe { (*self.cold).hostile.behind.as_ref() }
    }

    /// The hasher of entries that a reseed has not moved yet.
    pub(crate) fn old_hash_builder(&self) -> Option<&DefaultHashBuilder> {
        self.behind().map(|behind| &behind.hash_builder)
    }

    /// The bucket behind that a hash under the old seed belongs to; null if it was emptied.
    pub(super) fn home_behind(&self, hash: u64) -> Bucket {
        match self.behind().and_then(|behind| behind.home(hash)) {
            // SAFETY: by H3 the bucket is one of the old array.
            Some(index) => unsafe { bucket_at::<T>(self.old_base, index) },
            None => Bucket::NONE,
        }
    }

    /// How often a reseed has begun. Hashes of before are void when this changes.
    #[inline(always)]
    pub(crate) fn reseeds(&self) -> u64 {
        if self.cold.is_null() {
            return 0;
        }
        // SAFETY: the cold part lives as long as the table.
        unsafe { (*self.cold).hostile.reseeds }
    }

    /// Finds an entry that a reseed has not moved yet, by its hash under the old seed.
    #[cold]
    #[inline(never)]
    pub(crate) fn find_behind(&self, hash: u64, mut eq: impl FnMut(&T) -> bool) -> Option<Place> {
        let home = self.home_behind(hash);
        if home.is_none() {
            return None;
        }
        let tag = tag_of(hash);
        // SAFETY: a bucket of the old array; I4; the mask leaves tags only.
        unsafe {
            for index in Bits(home.header().matches(tag) & Shape::<T>::TAGS) {
                if eq(&*slot::<T>(home, index)) {
                    return Some(Place {
                        bucket: home,
                        index,
                        home,
                    });
                }
            }
            self.place_in_chain(home, hash, tag, &mut eq)
        }
    }

    /// After a chain was given an overflow bucket: notices if it is long (H1).
    pub(super) fn consider_reseed(&mut self) {
        let layouts = if self.is_growing() && self.split_mask > 0 {
            (self.mask + 1).min(self.split_mask + 1)
        } else {
            self.mask + 1
        };
        let len = self.len;
        // SAFETY: a table with a chain has a cold part.
        let hostile = unsafe { &mut (*self.cold.cast_mut()).hostile };
        let chain_buckets = core::mem::take(&mut hostile.met);
        // All but the newest overflow bucket are full.
        let entries = Shape::<T>::SLOTS + chain_buckets.saturating_sub(2) * Shape::<T>::SPILL_SLOTS;
        let load = len / layouts;
        if entries
            < LONG_CHAIN_ENTRIES
                .max(LONG_CHAIN_LOADS * load)
                .max(hostile.limit)
            || hostile.behind.is_some()
            || hostile.noticed
            || hostile.wanted
        {
            return;
        }
        hostile.noticed = true;
        hostile.long_chains += 1;
        hostile.last = Some(LongChain {
            chain_entries: entries,
            chain_buckets,
            load: len as f64 / layouts as f64,
            len,
            buckets: layouts,
        });
        // The next insertion comes by.
        self.credit = 1;
    }

    /// Whether a long chain was noticed and not yet answered.
    pub(crate) fn wants_reseed(&self) -> bool {
        if self.cold.is_null() {
            return false;
        }
        // SAFETY: the cold part lives as long as the table.
        let hostile = unsafe { &(*self.cold).hostile };
        hostile.noticed || hostile.wanted
    }

    /// There is no other seed: longer chains will be noticed, this one has been.
    pub(crate) fn decline_reseed(&mut self) {
        if self.cold.is_null() {
            return;
        }
        // SAFETY: the cold part lives as long as the table.
        let hostile = unsafe { &mut (*self.cold.cast_mut()).hostile };
        hostile.limit = hostile.last.map_or(0, |last| 2 * last.chain_entries);
        (hostile.noticed, hostile.wanted) = (false, false);
    }

    /// Goes one step towards a reseed that is wanted, in place of the share that an insertion pays
    /// otherwise. `Some(true)`: it has begun, and hashes under `old` are void. `Some(false)`: not yet.
    /// `None`: it waits for a growth, which is to be paid.
    #[cold]
    #[inline(never)]
    pub(crate) fn approach_reseed(&mut self, old: &DefaultHashBuilder) -> Option<bool> {
        // SAFETY: `wants_reseed` saw the cold part.
        let hostile = unsafe { &mut (*self.cold.cast_mut()).hostile };
        hostile.noticed = false;
        hostile.wanted = true;
        if self.mask == 0 || self.is_relocating() || !self.pinned.is_null() {
            return None;
        }
        let begun = self.metered(|table| table.approach_reseed_metered(old));
        self.set_credit();
        Some(begun)
    }

    fn approach_reseed_metered(&mut self, old: &DefaultHashBuilder) -> bool {
        // SAFETY: `approach_reseed` saw the cold part.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        let buckets = self.mask + 1;
        let mut fresh = match cold.hostile.fresh.take() {
            Some(fresh) => fresh,
            None => {
                match Array::begin::<T>(buckets, cold.tries, self.allocator(), &mut cold.meter) {
                    Ok((array, ready)) => Fresh {
                        array,
                        buckets,
                        ready,
                    },
                    Err(_) => {
                        self.put_off_reseed();
                        return false;
                    }
                }
            }
        };
        if fresh.ready < fresh.buckets {
            let next = fresh
                .array
                .make_ready::<T>(fresh.ready, fresh.buckets, &mut cold.meter);
            match next {
                Ok(ready) => {
                    fresh.ready = ready;
                    cold.hostile.fresh = Some(fresh);
                }
                Err(_) => self.put_off_reseed(),
            }
            return false;
        }
        self.begin_reseed(fresh, old.clone());
        true
    }

    /// H6: memory was refused.
    fn put_off_reseed(&mut self) {
        // SAFETY: callers saw the cold part.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        match cold.tries.next() {
            // Another way with the next entry.
            Some(next) if tidemap_span::PAGE_RUNS => cold.tries = next,
            _ => {
                cold.tries = Tries::FIRST;
                cold.refused += 1;
                self.decline_reseed();
            }
        }
    }

    /// The moment from which on new entries go to the new array. Moves nothing.
    fn begin_reseed(&mut self, fresh: Fresh<A>, old: DefaultHashBuilder) {
        let [(_, _, end), ..] = self.regions();
        // SAFETY: callers saw the cold part.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        if let Some(mut growth) = cold.growth.take() {
            // What was left of it is done by the reseed.
            growth.len_at_end = self.len;
            cold.finished[growth.kind as usize] += 1;
            cold.probe.ended(&growth);
            cold.remember(growth);
        }
        cold.compaction = None;
        cold.compact_at = 0;
        cold.tries = Tries::FIRST;
        cold.set_advise(fresh.array.wants_advice());
        // A shrink in place, frozen like a growth.
        cold.shrinking = false;
        cold.shrink_to = 0;
        cold.hostile.wanted = false;
        cold.hostile.met = 0;
        cold.hostile.reseeds += 1;
        cold.hostile.behind = Some(Behind {
            mask: self.mask,
            split_mask: self.split_mask,
            cursor: self.cursor,
            next: 0,
            end,
            hash_builder: old,
            longest: 0,
        });
        cold.started += 1;
        let record = Growth::begun(GrowthKind::Reseed, end, fresh.buckets, self.len);
        cold.growth = Some(record);
        cold.old = Some(core::mem::replace(&mut cold.array, fresh.array));
        self.old_base = self.base;
        self.base = cold.array.base();
        self.mask = fresh.buckets - 1;
        // H4.
        (self.split_mask, self.cursor) = (0, 1);
        cold.kept.begin(self.split_mask, self.mask, self.cursor);
        self.probe_begun();
    }

    /// One step of the reseed that is going on (H5). `false` when memory was refused and nothing
    /// could be done.
    pub(super) fn reseed_step(
        &mut self,
        cold: &mut Cold<T, A>,
        hasher: &impl Fn(&T) -> u64,
    ) -> bool {
        let (next, end) = cold
            .hostile
            .behind
            .as_ref()
            .map_or((0, 0), |b| (b.next, b.end));
        let at_end = next >= end;
        if let Some(old) = &mut cold.old
            && (at_end || old.releasable::<T>(next) >= tidemap_span::RELEASE_STEP_BYTES)
        {
            // SAFETY: old buckets below `next` are never used again (H3).
            let mut bytes = unsafe { old.release::<T>(next, &mut cold.meter) };
            if bytes == 0 && matches!(old, Array::Segments(_)) {
                // A segment a step, not all of them in the last one.
                // SAFETY: as above, for all of them.
                bytes = unsafe { old.release_tail::<T>(0, &mut cold.meter) };
            }
            let is_gone = at_end && bytes > 0 && old.bytes::<T>(0) == 0;
            if bytes > 0 {
                cold.released += bytes as u64;
                if let Some(growth) = &mut cold.growth {
                    growth.bytes_released += bytes as u64;
                    growth.steps += 1;
                }
                if is_gone && matches!(cold.old, Some(Array::Segments(_))) {
                    self.end_reseed(cold);
                }
                return true;
            }
        }
        if at_end {
            self.end_reseed(cold);
            return true;
        }
        let before = cold.meter.now();
        let next = self.empty_old_buckets(cold, hasher, next, end);
        let after = cold.meter.now();
        let moved = after.entries_moved - before.entries_moved;
        let met = core::mem::take(&mut cold.hostile.met);
        let mut progress = moved > 0;
        if let Some(behind) = &mut cold.hostile.behind {
            progress |= next > behind.next;
            behind.next = next;
            behind.longest = behind.longest.max(met);
        }
        if let Some(growth) = &mut cold.growth {
            growth.steps += 1;
            growth.done_buckets = next.min(growth.from_buckets);
            growth.entries_moved += moved;
            growth.bytes_moved += after.bytes_moved - before.bytes_moved;
        }
        // Page runs and segments go back in steps of their own.
        if next >= end && !matches!(cold.old, Some(Array::Run(_) | Array::Segments(_))) {
            self.end_reseed(cold);
        }
        progress
    }

    /// Moves a few entries out of old buckets from `next` on; the first that may still hold some.
    fn empty_old_buckets(
        &mut self,
        cold: &mut Cold<T, A>,
        hasher: &impl Fn(&T) -> u64,
        mut next: usize,
        end: usize,
    ) -> usize {
        let mut moves = SCATTERED_MOVES_MAX;
        let last = end.min(next + STEP_BUCKETS_MAX);
        while next < last {
            // SAFETY: H3 for the old bucket; its chain links live overflow buckets.
            unsafe {
                let home = bucket_at::<T>(self.old_base, next);
                // The chain first, from its front, so that no step walks along it.
                let spill = chain_of::<T>(home);
                let bucket = if spill.is_none() { home } else { spill };
                let full = full_slots::<T>(bucket, spill.is_none());
                for index in full {
                    if moves == 0 || !self.reseed_entry(cold, hasher, bucket, index) {
                        return next;
                    }
                    moves -= 1;
                }
                if spill.is_none() {
                    next += 1;
                    continue;
                }
                let after = next_of::<T>(spill);
                home.set_chain::<T>(after);
                if after.is_none() {
                    // S1: no chain, no filter.
                    *home.filter::<T>() = 0;
                }
                cold.pool.put(spill);
                if moves == 0 {
                    return next;
                }
            }
        }
        next
    }

    /// Moves one entry to the new array; `false` if memory for an overflow bucket was refused.
    ///
    /// # Safety
    /// `bucket` is a bucket behind, with an entry in slot `index`.
    unsafe fn reseed_entry(
        &mut self,
        cold: &mut Cold<T, A>,
        hasher: &impl Fn(&T) -> u64,
        bucket: Bucket,
        index: usize,
    ) -> bool {
        // SAFETY: I4; the bytes are copied before the old tag is cleared, and no user code
        // runs in between.
        unsafe {
            let from = slot::<T>(bucket, index);
            let hash = hasher(&*from);
            let tag = tag_of(hash);
            let goal = self.home(hash);
            let place = match preferred_empty_slot::<T>(goal, hash) {
                Some(index) => Place {
                    bucket: goal,
                    index,
                    home: goal,
                },
                None => match Self::chain_slot(cold, goal, tag) {
                    Ok(place) => place,
                    Err(_) => return false,
                },
            };
            ptr::copy_nonoverlapping(from, slot::<T>(place.bucket, place.index), 1);
            kept::keep::<T>(place.bucket, place.index, hash, self.mask);
            *place.bucket.tag(place.index) = tag;
            *bucket.tag(index) = 0;
            if place.bucket == goal {
                Self::touch(&mut cold.meter, Front::High, goal, place.index + 1);
            }
            cold.meter.moved(1, Shape::<T>::ENTRY);
            true
        }
    }

    /// The reseed is complete.
    fn end_reseed(&mut self, cold: &mut Cold<T, A>) {
        if let Some(behind) = cold.hostile.behind.take() {
            let entries =
                Shape::<T>::SLOTS + behind.longest.saturating_sub(2) * Shape::<T>::SPILL_SLOTS;
            // Keys that collide whatever the seed: no reason to try again soon.
            cold.hostile.limit = if behind.longest > 1 && entries >= LONG_CHAIN_ENTRIES {
                2 * entries
            } else {
                0
            };
            self.end_growth(cold, behind.end);
        }
    }
}
