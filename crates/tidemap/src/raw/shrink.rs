//! Shrinking: a growth that runs backwards.
//!
//! Terms: *large*, the layout of `mask + 1` buckets; *small*, that of `split_mask + 1`, half as
//! many; *merging*, emptying the large layout's buckets `i` and `i + n` into the small one's
//! bucket `i`; *turning round*, going on in the other direction from where the cursor is.
//!
//! ```text
//!              cursor                           in place, n = 8
//!   |. . . . . m m m|h h h h h ~ ~ ~|           merged m, to be merged ., upper halves h,
//!                                               given back ~
//! ```
//!
//! D1. A shrink has the state of a doubling from small to large, and the same
//!     meaning of every word of it (I1–I5); its cursor goes down, from n to 0. So look-ups do
//!     not know of it, and either direction may be turned round at any time.
//! D2. Buckets are merged from the last to the first: in place, the memory behind
//!     the cursor's upper half is a suffix, and goes back in release steps.
//! D3. A merge that stops inside a pair leaves its small bucket pinned, as a split does (I5).
//! D4. No key is hashed and no user code runs. Chains are linked together, not moved.
//! D5. A step merges at most [`STEP_BUCKETS_MAX`] pairs and moves as many bytes as a step of a
//!     growth, and ends with the first page or block of memory it takes; or makes one system call.
//! D6. When the small layout is full, the shrink is turned round: it is a growth then
//!     that is ahead of its time.
//!
//! Arrays from the heap, and page runs and segments that become small enough for it, are left for
//! a smaller array; others shrink where they are. A shrink by more than half is several
//! in a row, each of which gives back half of what is left.
//!
//! Blocks of overflow buckets go back when the shrink ends, if none of their buckets is used.
//!
//! Who pays: new entries, removals and look-ups for change, from the moment when memory is held
//! that nobody needs ([`RawTable::owes`]).

use super::array::{Array, Tries, bucket_at};
use super::bucket::{Bucket, chain_of, empty_slot, full_slots, next_of, slot};
use super::grow::Cold;
use super::kept::Kept;
use super::meter::Front;
use super::prepare::Prepared;
use super::shape::Shape;
use super::table::RawTable;
use crate::alloc::Allocator;
use crate::bounds::{HEAP_ARRAY_BYTES_MAX, MOVE_BYTES_MAX, STEP_BUCKETS_MAX};
use crate::error::TryReserveError;
use crate::stats::{Growth, GrowthKind};

use core::ptr;

/// Operations between two steps of a shrink, at the most.
const CREDIT: usize = 4;
/// A shrink ends after this share of its entries in operations, if steps of [`CREDIT`] allow.
const SHARE: usize = 4;
/// Overflow buckets of a chain that is compacted after a merge.
const COMPACT_CHAIN_MAX: usize = 4;

/// Entries from this size on may touch a page each, so each is counted.
const LONG_ENTRY_BYTES: usize = 512;

/// How a merge went.
enum Merge {
    Done,
    Paused,
    Refused,
}

impl<T, A: Allocator + Clone> RawTable<T, A> {
    /// Whether operations that add nothing have to pay shares, too: an old array is held, or
    /// buckets are merged or shall be (I8).
    #[inline(always)]
    pub(crate) fn owes(&self) -> bool {
        self.floor == usize::MAX
    }

    #[inline]
    pub(crate) fn is_shrinking(&self) -> bool {
        // SAFETY: the cold part, if there is one, lives as long as the table.
        !self.cold.is_null() && unsafe { (*self.cold).shrinking }
    }

    /// Whether a shrink was asked for that has not begun.
    pub(super) fn wants_shrink(&self) -> bool {
        // SAFETY: as above.
        !self.cold.is_null() && self.wants_shrink_by(unsafe { &*self.cold })
    }

    fn wants_shrink_by(&self, cold: &Cold<T, A>) -> bool {
        let buckets = self.buckets_by(cold);
        cold.shrink_to > 0 && cold.shrink_to < buckets && self.len <= Shape::<T>::room(buckets / 2)
    }

    /// Main buckets of the layout that a table with a cold part is heading for.
    fn buckets_by(&self, cold: &Cold<T, A>) -> usize {
        if cold.shrinking {
            self.split_mask + 1
        } else {
            self.mask + 1
        }
    }

    /// Which part of its room a table may fall to before a removal shrinks it; 0 for never.
    pub(crate) fn policy(&self) -> f32 {
        if self.cold.is_null() {
            // I8: where it waits for a cold part.
            f32::from_bits(self.floor as u32)
        } else {
            // SAFETY: the cold part lives as long as the table.
            unsafe { (*self.cold).policy }
        }
    }

    pub(crate) fn set_policy(&mut self, policy: f32) {
        debug_assert!((0.0..0.5).contains(&policy), "{policy} has no hysteresis");
        if self.cold.is_null() {
            self.floor = self.resting_floor(policy);
            return;
        }
        // SAFETY: the cold part exists.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        cold.policy = policy;
        cold.retry_below = usize::MAX;
        self.set_floor();
    }

    /// Establishes I8.
    pub(super) fn set_floor(&mut self) {
        // SAFETY: callers made sure that the cold part exists.
        self.floor = self.floor_by(unsafe { &*self.cold });
    }

    /// What I8 says.
    pub(super) fn floor_by(&self, cold: &Cold<T, A>) -> usize {
        let buckets = self.buckets_by(cold);
        if self.is_relocating() || cold.shrinking || self.wants_shrink_by(cold) {
            usize::MAX
        } else if buckets > 1 && cold.target == 0 {
            // Rounded down: a floor of 0 is never reached.
            let floor = Shape::<T>::room(buckets) as f64 * f64::from(cold.policy);
            (floor as usize).min(cold.retry_below)
        } else {
            0
        }
    }

    /// After a removal that left fewer entries than `floor`.
    #[cold]
    #[inline(never)]
    pub(super) fn removed_below_floor(&mut self) {
        if self.cold.is_null() {
            // I7: the sum is the size of a single bucket.
            self.credit += 1;
        } else if !self.owes() {
            self.credit += 1;
            self.shrink_by_policy();
        }
    }

    /// After removals of many: begins the shrink that the policy asks for.
    pub(crate) fn after_removals(&mut self) {
        if self.len < self.floor && !self.owes() && !self.cold.is_null() {
            self.shrink_by_policy();
        }
    }

    fn shrink_by_policy(&mut self) {
        let buckets = self.buckets();
        // SAFETY: callers made sure that the cold part exists.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        cold.by_policy = true;
        cold.shrink_to = self.policy_goal(buckets, cold.policy);
        self.metered(|table| {
            if !table.start_shrink() {
                // Later, with fewer entries, unless it waits for a growth to end.
                // SAFETY: as above.
                let cold = unsafe { &mut *table.cold.cast_mut() };
                if cold.shrink_to == 0 {
                    cold.retry_below = table.len - table.len / 8;
                }
            }
        });
        self.set_credit();
    }

    /// Shrinks to room for `entries`, or for the present ones if they are more, at once. All
    /// memory goes if there is nothing to keep.
    pub(crate) fn shrink_now(&mut self, entries: usize, hasher: impl Fn(&T) -> u64) {
        let entries = entries.max(self.len);
        if entries == 0 {
            // Bounded by the number of calls alone: there is nothing to move.
            self.free_memory();
            return;
        }
        if self.cold.is_null() {
            self.shrink_single(entries);
            return;
        }
        self.begin_shrink(entries);
        self.finish(hasher);
    }

    /// How many of `buckets` the policy leaves to the present entries.
    fn policy_goal(&self, buckets: usize, policy: f32) -> usize {
        let mut goal = buckets;
        while goal > 1 && (self.len as f64) < Shape::<T>::room(goal) as f64 * f64::from(policy) {
            goal /= 2;
        }
        goal
    }

    /// Begins a shrink to room for `entries`, or for the present ones if they are more. A
    /// reservation that waits is withdrawn. Whether a shrink is going on or waits for a growth.
    pub(crate) fn begin_shrink(&mut self, entries: usize) -> bool {
        if self.cold.is_null() {
            return false;
        }
        let Some(goal) = Shape::<T>::buckets_for(entries.max(self.len)) else {
            return false;
        };
        let buckets = self.buckets();
        // SAFETY: the cold part exists.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        if goal >= buckets.max(cold.target) {
            // Nothing more than what is going on.
            cold.shrink_to = 0;
            self.set_floor();
            return self.is_shrinking();
        }
        cold.shrink_to = goal;
        cold.by_policy = false;
        self.metered(|table| {
            // SAFETY: as above; the meter only counts.
            let cold = unsafe { &mut *table.cold.cast_mut() };
            // What waits is withdrawn, or becomes as small as it may be.
            cold.target = if goal > buckets { goal } else { 0 };
            if let Some(next) = cold.next.take() {
                match next {
                    Array::Run(_) => cold.meter.system_calls(1),
                    _ => cold.meter.allocator_calls(1),
                }
            }
            table.start_shrink();
        });
        self.set_credit();
        self.is_shrinking() || self.wants_shrink()
    }

    /// Room for `entries` was asked for, and is there: no shrink takes it away.
    pub(super) fn limit_shrink(&mut self, entries: usize) {
        if !self.cold.is_null() {
            // SAFETY: the cold part exists. A shrink may wait for removals, so nobody need owe yet.
            let cold = unsafe { &mut *self.cold.cast_mut() };
            let least = Shape::<T>::buckets_for(entries).unwrap_or(usize::MAX);
            if cold.shrink_to > 0 {
                cold.shrink_to = cold.shrink_to.max(least);
            }
            // Nor does the policy when this shrink ends; the next removal may ask it again.
            cold.by_policy = false;
            self.set_floor();
        }
    }

    /// Begins the shrink that is wanted, by turning a growth round where one runs. `false` if
    /// it cannot begin now.
    pub(super) fn start_shrink(&mut self) -> bool {
        if self.is_growing() {
            return self.is_shrinking() || self.turn_down();
        }
        if !self.wants_shrink() {
            return false;
        }
        if self.begin_halving().is_err() {
            // Dropped, not repeated: who wants it asks again.
            // SAFETY: callers made sure that the cold part exists.
            let cold = unsafe { &mut *self.cold.cast_mut() };
            cold.shrink_to = 0;
            cold.refused += 1;
            self.set_floor();
            return false;
        }
        self.merge_little();
        true
    }

    /// Begins to merge buckets in pairs. No system call; moves nothing.
    fn begin_halving(&mut self) -> Result<(), TryReserveError> {
        debug_assert!(!self.is_growing() && self.mask > 0);
        let small = self.mask.div_ceil(2);
        let bytes = small * Shape::<T>::BUCKET;
        // SAFETY: callers made sure that the cold part exists.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        cold.prepared = Prepared::NOTHING;
        let leaves = matches!(cold.array, Array::Heap { .. }) || bytes <= HEAP_ARRAY_BYTES_MAX;
        if leaves {
            let array =
                Array::allocate::<T>(small, false, Tries::HEAP, &self.alloc, &mut cold.meter)?;
            self.old_base = array.base();
            cold.old = Some(array);
        }
        cold.compaction = None;
        cold.compact_at = 0;
        self.split_mask = small - 1;
        self.cursor = small;
        cold.started += 1;
        self.note_direction(true);
        Ok(())
    }

    /// A new record for the direction that the table has from now on.
    fn note_direction(&mut self, shrinking: bool) {
        let (large, small) = (self.mask + 1, self.split_mask + 1);
        let relocating = self.is_relocating();
        // SAFETY: callers made sure that the cold part exists.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        if let Some(mut growth) = cold.growth.take() {
            // It did not come to its end, and the record says so.
            growth.len_at_end = self.len;
            if growth.steps > 1 {
                cold.remember(growth);
            }
        }
        cold.shrinking = shrinking;
        // K4: merges move entries without their bits.
        cold.kept = Kept::of_empty(usize::MAX);
        let kind = match (shrinking, relocating) {
            (true, _) => GrowthKind::Shrink,
            (false, true) => GrowthKind::Relocating,
            (false, false) => GrowthKind::InPlace,
        };
        let (from, to, done) = if shrinking {
            (large, small, 2 * (small - self.cursor))
        } else {
            (small, large, self.cursor)
        };
        cold.growth = Some(Growth {
            done_buckets: done,
            ..Growth::begun(kind, from, to, self.len)
        });
        self.set_floor();
        self.probe_begun();
    }

    /// Turns a growth round (D1). `false` if it has to end first.
    fn turn_down(&mut self) -> bool {
        let small = self.split_mask + 1;
        // SAFETY: the cold part exists while a growth runs.
        let cold = unsafe { &*self.cold };
        if small < cold.shrink_to || cold.hostile.behind.is_some() {
            return false;
        }
        if self.mask + 1 != 2 * small {
            // A longer jump, whose buckets split many ways.
            if self.cursor > 0 || !self.pinned.is_null() {
                return false;
            }
            // Nothing of it was used: as good as a doubling.
            self.mask = 2 * small - 1;
        }
        if let Some(Array::Run(old)) = &cold.old
            && old.released_bytes(0) + old.released_bytes(1) > 0
        {
            return false;
        }
        self.note_direction(true);
        true
    }

    /// Turns a shrink round (D6).
    pub(super) fn turn_up(&mut self) -> Result<(), TryReserveError> {
        // SAFETY: the cold part exists while a shrink runs.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        if matches!(cold.array, Array::Run(_)) {
            // What was given back is had again: no call on Unix, one on Windows.
            cold.array.extend::<T>(self.mask + 1, &mut cold.meter)?;
        }
        cold.shrink_to = 0;
        if !self.pinned.is_null() {
            cold.restart_pin(self.pinned_bucket());
        }
        self.note_direction(false);
        let nothing_merged = self.cursor > self.split_mask;
        // SAFETY: as above.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        if nothing_merged && !matches!(cold.old, Some(Array::Run(_))) {
            self.end_growth(cold, self.split_mask + 1);
        }
        Ok(())
    }

    /// Merges a small table at once: what fits one step's budget need not wait.
    fn merge_little(&mut self) {
        let bytes = self.len.saturating_mul(Shape::<T>::ENTRY.max(1));
        let array = (self.mask + 1).saturating_mul(Shape::<T>::BUCKET);
        // SAFETY: the cold part exists while a shrink runs.
        let on_heap = matches!(unsafe { &(*self.cold).array }, Array::Heap { .. });
        if bytes > MOVE_BYTES_MAX || array > 4 * MOVE_BYTES_MAX || !on_heap {
            return;
        }
        // SAFETY: as above; its own allocation.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        // Blocks that are freed count, too.
        let few = |cold: &Cold<T, A>| {
            cold.meter.fresh_pages() == 0 && cold.meter.now().allocator_calls < 4
        };
        while cold.shrinking && few(cold) && self.shrink_step(cold) {}
    }

    /// One step of the shrink that is going on (D5). `false` when memory was refused and
    /// nothing could be done.
    pub(super) fn shrink_step(&mut self, cold: &mut Cold<T, A>) -> bool {
        let small = self.split_mask + 1;
        let at_end = self.cursor == 0 && self.pinned.is_null();
        // What is still used of the large layout's array.
        let keep = match (at_end, self.is_relocating()) {
            (true, true) => 0,
            (true, false) => small,
            (false, _) => small + self.cursor + usize::from(!self.pinned.is_null()),
        };
        let step = match cold.array {
            Array::Run(_) if !at_end => tidemap_span::RELEASE_STEP_BYTES,
            _ => 1,
        };
        if cold.array.tail_bytes::<T>(keep) >= step {
            // SAFETY: by D2 nothing behind `keep` is used; whoever turns round has it again first.
            let bytes = unsafe { cold.array.release_tail::<T>(keep, &mut cold.meter) };
            cold.released += bytes as u64;
            if let Some(growth) = &mut cold.growth {
                growth.bytes_released += bytes as u64;
                growth.steps += 1;
            }
            return true;
        }
        if at_end && cold.pool.is_idle() {
            let bytes = cold.pool.trim() as u64;
            cold.meter.allocator_calls(1);
            cold.released += bytes;
            if let Some(growth) = &mut cold.growth {
                growth.bytes_released += bytes;
                growth.steps += 1;
            }
            return true;
        }
        let before = cold.meter.now();
        let progress = at_end || self.merge_run(cold);
        let after = cold.meter.now();
        if let Some(growth) = &mut cold.growth {
            growth.steps += 1;
            growth.entries_moved += after.entries_moved - before.entries_moved;
            growth.bytes_moved += after.bytes_moved - before.bytes_moved;
            let left = self.cursor + usize::from(!self.pinned.is_null());
            growth.done_buckets = 2 * (small - left);
        }
        // The last step makes the calls that the end needs, if it needs any.
        let merged = self.cursor == 0 && self.pinned.is_null();
        let on_heap = matches!(cold.array, Array::Heap { .. });
        if at_end || (merged && on_heap && !cold.pool.is_idle()) {
            self.end_shrink(cold);
        }
        progress
    }

    /// The shrink is complete.
    fn end_shrink(&mut self, cold: &mut Cold<T, A>) {
        cold.shrinking = false;
        cold.advise = false;
        if let Some(small) = cold.old.take() {
            let large = core::mem::replace(&mut cold.array, small);
            let bytes = match &large {
                // Its pages are gone and counted.
                Array::Run(_) => 0,
                _ => large.bytes::<T>(self.mask + 1) as u64,
            };
            cold.released += bytes;
            if let Some(growth) = &mut cold.growth {
                growth.bytes_released += bytes;
            }
            match large {
                Array::Run(_) => cold.meter.system_calls(1),
                _ => cold.meter.allocator_calls(1),
            }
        }
        if let Some(mut growth) = cold.growth.take() {
            growth.done_buckets = growth.from_buckets;
            growth.len_at_end = self.len;
            cold.finished[GrowthKind::Shrink as usize] += 1;
            cold.probe.ended(&growth);
            if growth.steps > 1 {
                cold.remember(growth);
            }
        }
        self.base = self.old_base;
        self.mask = self.split_mask;
        self.split_mask = 0;
        self.cursor = self.rest_cursor(cold.eager);
        if cold.by_policy {
            // Entries that have gone meanwhile.
            let goal = self.policy_goal(self.mask + 1, cold.policy);
            cold.shrink_to = cold.shrink_to.min(goal);
        }
        self.floor = self.floor_by(cold);
    }

    /// Merges a run of pairs below the cursor.
    fn merge_run(&mut self, cold: &mut Cold<T, A>) -> bool {
        let mut bytes_left = MOVE_BYTES_MAX.max(2 * Shape::<T>::ENTRY);
        let mut progress = false;
        for _ in 0..STEP_BUCKETS_MAX {
            if self.cursor == 0 && self.pinned.is_null() {
                break;
            }
            let before = cold.meter.now();
            // SAFETY: by D1 the pair below the cursor, or the pinned one, is there.
            match unsafe { self.merge_pair(cold, &mut bytes_left) } {
                Merge::Done => progress = true,
                Merge::Paused => return true,
                Merge::Refused => break,
            }
            let now = cold.meter.now();
            if now.fresh_pages > before.fresh_pages || now.allocator_calls > before.allocator_calls
            {
                break;
            }
        }
        progress
    }

    /// Merges the pinned pair, or the next one.
    ///
    /// # Safety
    /// There is one.
    unsafe fn merge_pair(&mut self, cold: &mut Cold<T, A>, bytes_left: &mut usize) -> Merge {
        let small = self.split_mask + 1;
        let relocating = self.is_relocating();
        // SAFETY: D1, I1 and I3: these are main buckets of the two layouts; chains
        // link live overflow buckets. An entry's bytes are copied before its old tag is
        // cleared; no user code runs.
        unsafe {
            if self.pinned.is_null() {
                self.cursor -= 1;
                let low = bucket_at::<T>(self.old_base, self.cursor);
                self.pinned = low.head;
                if relocating {
                    // Not written yet, or emptied by a split.
                    low.clear_head();
                    Self::touch(&mut cold.meter, Front::Low, low, 0);
                }
            }
            let low = self.pinned_bucket();
            let fresh = relocating
                || Shape::<T>::ENTRY >= LONG_ENTRY_BYTES
                || full_slots::<T>(low, true).0 == 0;
            let pair = [self.cursor, self.cursor + small];
            for index in pair.into_iter().skip(usize::from(!relocating)) {
                let from = bucket_at::<T>(self.base, index);
                match Self::merge_bucket(cold, from, low, fresh, bytes_left) {
                    Merge::Done => {}
                    other => return other,
                }
                // All of it: a growth takes untouched buckets for empty ones.
                from.clear_head();
            }
            self.pinned = ptr::null_mut();
            if Self::is_longer_chain(low, COMPACT_CHAIN_MAX) {
                return Merge::Done;
            }
            if *low.filter::<T>() != 0 {
                Self::compact_chain(cold, low, bytes_left);
            }
        }
        Merge::Done
    }

    /// Moves the entries of `from` and its chain to `low` and its chain. Where `low` may be
    /// `fresh` memory, its pages count.
    ///
    /// # Safety
    /// Both are live main buckets of the table that `cold` belongs to.
    unsafe fn merge_bucket(
        cold: &mut Cold<T, A>,
        from: Bucket,
        low: Bucket,
        fresh: bool,
        bytes_left: &mut usize,
    ) -> Merge {
        // SAFETY: as in `merge_pair`.
        unsafe {
            if !chain_of::<T>(from).is_none() {
                match Self::link_chain(cold, from, low, bytes_left) {
                    Merge::Done => {}
                    other => return other,
                }
            }
            *from.filter::<T>() = 0;
            for index in full_slots::<T>(from, true) {
                if *bytes_left < Shape::<T>::ENTRY {
                    return Merge::Paused;
                }
                let before = cold.meter.now().bytes_moved;
                let tag = *from.tag(index);
                let (bucket, at) = match Self::slot_like(low, index) {
                    Some(at) => {
                        if fresh {
                            let start = slot::<T>(low, at).cast::<u8>();
                            cold.meter.touched(Front::Low, start, Shape::<T>::ENTRY);
                        }
                        (low, at)
                    }
                    None => match Self::chain_slot(cold, low, tag) {
                        Ok(place) => (place.bucket, place.index),
                        Err(_) => return Merge::Refused,
                    },
                };
                ptr::copy_nonoverlapping(slot::<T>(from, index), slot::<T>(bucket, at), 1);
                *bucket.tag(at) = tag;
                *from.tag(index) = 0;
                cold.meter.moved(1, Shape::<T>::ENTRY);
                // S3: an entry that makes way for a link is moved, too.
                let moved = cold.meter.now().bytes_moved - before;
                *bytes_left = bytes_left.saturating_sub(moved as usize);
            }
        }
        Merge::Done
    }

    /// An empty slot of a main bucket: that of the same number if possible, which keeps the line
    /// that an entry prefers (S4).
    ///
    /// # Safety
    /// `low` is a live main bucket with all its slots.
    #[inline(always)]
    unsafe fn slot_like(low: Bucket, index: usize) -> Option<usize> {
        // SAFETY: by the caller's promise.
        unsafe {
            let is_link = Shape::<T>::LINK_IN_SLOT
                && index == Shape::<T>::SLOTS - 1
                && *low.filter::<T>() != 0;
            if *low.tag(index) == 0 && !is_link {
                return Some(index);
            }
            empty_slot::<T>(low, true)
        }
    }

    /// Makes the chain of `from` part of the chain of `low`. Moves at most the entry that lies where
    /// the link goes (S3).
    ///
    /// # Safety
    /// Both are live main buckets of the table that `cold` belongs to; `from` has a chain.
    unsafe fn link_chain(
        cold: &mut Cold<T, A>,
        from: Bucket,
        low: Bucket,
        bytes_left: &mut usize,
    ) -> Merge {
        // SAFETY: chains link live overflow buckets; an entry's bytes are copied before
        // its old tag is cleared.
        unsafe {
            let last = Shape::<T>::SLOTS - 1;
            let filter = low.filter::<T>();
            if Shape::<T>::LINK_IN_SLOT && *filter == 0 && *low.tag(last) != 0 {
                if *bytes_left < Shape::<T>::ENTRY {
                    return Merge::Paused;
                }
                let tag = *low.tag(last);
                let (bucket, at) = match empty_slot::<T>(low, true) {
                    Some(at) => (low, at),
                    None => match Self::chain_slot(cold, from, tag) {
                        Ok(place) => (place.bucket, place.index),
                        Err(_) => return Merge::Refused,
                    },
                };
                ptr::copy_nonoverlapping(slot::<T>(low, last), slot::<T>(bucket, at), 1);
                *bucket.tag(at) = tag;
                *low.tag(last) = 0;
                cold.meter.moved(1, Shape::<T>::ENTRY);
                *bytes_left -= Shape::<T>::ENTRY;
            }
            let (mine, theirs) = (chain_of::<T>(low), chain_of::<T>(from));
            let head = if mine.is_none() {
                theirs
            } else {
                // The shorter one goes first: its end is found sooner.
                let (mut a, mut b) = (mine, theirs);
                let (head, tail, rest) = loop {
                    if next_of::<T>(a).is_none() {
                        break (mine, a, theirs);
                    }
                    if next_of::<T>(b).is_none() {
                        break (theirs, b, mine);
                    }
                    (a, b) = (next_of::<T>(a), next_of::<T>(b));
                };
                tail.set_next::<T>(rest);
                head
            };
            low.set_chain::<T>(head);
            *filter |= *from.filter::<T>();
            // The link slot of `from` is an empty slot again.
            *from.filter::<T>() = 0;
        }
        Merge::Done
    }

    /// Whether a chain has more than `most` overflow buckets.
    ///
    /// # Safety
    /// `home` is a live main bucket.
    unsafe fn is_longer_chain(home: Bucket, most: usize) -> bool {
        // SAFETY: chains link live overflow buckets.
        unsafe {
            let mut spill = chain_of::<T>(home);
            for _ in 0..most {
                if spill.is_none() {
                    return false;
                }
                spill = next_of::<T>(spill);
            }
            !spill.is_none()
        }
    }

    /// Where a new entry of the pinned bucket goes: where the split or merge is heading.
    #[cold]
    pub(super) fn pinned_goal(&self, hash: u64) -> Bucket {
        if self.is_shrinking() {
            self.pinned_bucket()
        } else {
            self.split_home(hash)
        }
    }

    /// New entries or removals between two steps of a shrink, at the most.
    pub(super) fn shrink_credit(&self, cold: &Cold<T, A>) -> usize {
        let room = Shape::<T>::room(self.split_mask + 1).saturating_sub(self.len);
        let left = self.cursor as u64 * 16 / Self::buckets_per_step(true);
        let releases = cold.array.tail_bytes::<T>(0) / tidemap_span::RELEASE_STEP_BYTES;
        // Of each plane a part of a step may be left.
        let steps = left + releases as u64 + 3;
        let share = (self.len / SHARE) as u64 / steps;
        room.min(share.min(CREDIT as u64) as usize)
    }
}
