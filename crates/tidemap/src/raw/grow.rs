//! Growth: when the table gets more buckets, and how entries reach them, a few at a time.
//!
//! Terms: *window*, the range of lengths during which a growth runs;
//! *due*, the number of old buckets that must have been split at a given length.
//!
//! G1. A table of `n` buckets begins to grow when it holds `room(n)` entries,
//!     6.5 per 8 slots; a single bucket when it is full.
//! G2. Buckets are split in order. Everything below the cursor is split, and
//!     nothing above it but the pinned bucket.
//! G3. A step moves at most [`MOVE_BYTES_MAX`] bytes (or two entries) of at
//!     most [`STEP_BUCKETS_MAX`] buckets, or makes one system call, never both.
//! G4. User code (`Hash`) runs before a bucket's entries move, never in between;
//!     when it panics the table is as valid as before the bucket.
//! G5. A growth that is refused memory is put off, not an error: chains take what comes.
//!
//! ```text
//!   in place:    |s s s u u u u u|S S S . . . . .|   entries move i -> i + n, half of them
//!   relocating:  |. . . u u u u u|   old array, given back behind the cursor
//!                |s s s . . . . .|S S S . . . . .|   new array
//! ```
//!
//! In place, progress follows the length: a growth that begins at `room(n)` entries
//! ends at [`SPREAD`] times as many, so memory rises smoothly with the entries and no
//! insertion pays more than another. Nothing is held meanwhile, so nobody else needs to pay.
//! Relocating, two arrays are held: the window is short (`RELOCATE_SHARE`), and
//! look-ups for change and removals pay, too.
//!
//! Dropped, with figures in docs/experiments.md: one split per insertion;
//! finishing a growth in place within an eighth of the window; evacuating the touched
//! bucket first, as Go does (a look-up must then read the old bucket to learn where to go).

use super::array::{Array, Tries, bucket_at};
use super::bucket::{Bucket, full_slots, slot};
use super::compact::Compaction;
use super::kept::{self, Kept};
use super::log::Log;
use super::meter::Meter;
use super::pool::Pool;
use super::prepare::Prepared;
use super::probe::{Birth, Probe};
use super::reseed::Hostile;
use super::shape::Shape;
use super::split::SCATTERED_MOVES_MAX;
use super::table::{EAGER_REST, RawTable};
use crate::alloc::Allocator;
use crate::bounds::{MOVE_BYTES_MAX, STEP_BUCKETS_MAX};
use crate::error::TryReserveError;
use crate::pages::Pages;
use crate::stats::{Growth, GrowthKind};

use core::alloc::Layout;
use core::ptr::{self, NonNull};

/// A growth in place ends when the table holds `room(n) * SPREAD.0 / SPREAD.1` entries.
const SPREAD: (u64, u64) = (6, 5);
/// A relocating growth ends after this share of `room(n)` new entries (1 in …).
const RELOCATE_SHARE: usize = 4;
/// Refused growths are tried again after this share of `n` new entries (1 in …).
const RETRY_SHARE: usize = 8;
/// Slots of a single bucket, as it grows; only for entries that are cheap to move.
const SHORT_SINGLES: [usize; 2] = [3, 7];

/// Why there is no cold part, and the array that it would have owned.
type Refused<A> = (TryReserveError, Array<A>);

/// The part of a table that only slow paths touch.
pub(crate) struct Cold<T, A: Allocator> {
    pub(super) array: Array<A>,
    pub(super) old: Option<Array<A>>,
    pub(super) pool: Pool<T, A>,
    pub(super) meter: Meter,
    /// The growth that is going on, addressing aside (that is in the table).
    pub(super) growth: Option<Growth>,
    /// Buckets that a `reserve` during a growth asked for; 0 for none.
    pub(super) target: usize,
    /// The array for it, where the present one cannot be extended.
    pub(super) next: Option<Array<A>>,
    /// A new page run still has to be advised before its pages are touched.
    pub(super) advise: bool,
    /// Which way to get memory comes next, after refusals.
    pub(super) tries: Tries,
    /// The bucket of the pinned chain whose entries come next.
    pub(super) pin: Bucket,
    pub(super) compaction: Option<Compaction>,
    pub(super) compact_at: usize,
    pub(super) longest_chain: usize,
    pub(super) log: Log<A>,
    pub(super) started: u64,
    pub(super) finished: [u64; 5],
    pub(super) refused: u64,
    pub(super) released: u64,
    /// Whether the cursor goes down (D1).
    pub(super) shrinking: bool,
    /// Buckets that the table shall shrink to; 0 for none.
    pub(super) shrink_to: usize,
    /// Whether it was the policy that began the shrink, so that it may go on with it.
    pub(super) by_policy: bool,
    /// Which part of its room a table may fall to before a removal shrinks it.
    pub(super) policy: f32,
    /// After a shrink that could not begin: not again before the length has fallen below this.
    pub(super) retry_below: usize,
    /// The point that a clear in steps goes on from.
    pub(super) cleared: u64,
    pub(super) hostile: Hostile<A>,
    pub(super) kept: Kept,
    pub(super) probe: Probe,
    pub(super) prepared: Prepared,
    /// What large arrays ask for.
    pub(super) pages: Pages,
    /// Whether look-ups in large tables ask for an entry's line before they know that it is there (S4).
    pub(super) eager: bool,
}

impl<T, A: Allocator + Clone> Cold<T, A> {
    /// The cold part of a table with this array.
    pub(super) fn try_new(
        array: Array<A>,
        policy: f32,
        alloc: &A,
    ) -> Result<*mut Self, Refused<A>> {
        let layout = Layout::new::<Self>();
        // Clones first: they may panic.
        let (pool, log) = (Pool::new(alloc.clone()), Log::new(alloc.clone()));
        let Ok(memory) = alloc.allocate(layout) else {
            let bytes = layout.size();
            return Err((TryReserveError::AllocError { bytes }, array));
        };
        let cold = memory.cast::<Self>().as_ptr();
        let value = Cold {
            array,
            old: None,
            pool,
            meter: Meter::default(),
            growth: None,
            target: 0,
            next: None,
            advise: false,
            tries: Tries::FIRST,
            pin: Bucket::NONE,
            compaction: None,
            compact_at: 0,
            longest_chain: 1,
            log,
            started: 0,
            finished: [0; 5],
            refused: 0,
            released: 0,
            shrinking: false,
            shrink_to: 0,
            by_policy: false,
            policy,
            retry_below: usize::MAX,
            cleared: 0,
            hostile: Hostile::new(),
            kept: Kept::of_empty(0),
            probe: Probe::NONE,
            prepared: Prepared::NOTHING,
            pages: Pages::Small,
            eager: true,
        };
        // SAFETY: fresh memory of that layout.
        unsafe { cold.write(value) };
        Ok(cold)
    }

    /// Frees the cold part and the memory it owns, entries not included.
    ///
    /// # Safety
    /// `cold` came from [`try_new`](Self::try_new) and is used by nobody.
    pub(super) unsafe fn free(cold: *mut Self, alloc: &A) {
        // SAFETY: by the caller's promise; the layout is that of `try_new`.
        unsafe {
            cold.drop_in_place();
            let memory = NonNull::new_unchecked(cold.cast());
            alloc.deallocate(memory, Layout::new::<Self>());
        }
    }

    /// Whether the new array's pages still have to be advised.
    pub(super) fn set_advise(&mut self, advise: bool) {
        self.advise = advise;
    }

    /// Lets the split of a pinned chain begin again.
    pub(super) fn restart_pin(&mut self, home: Bucket) {
        self.pin = home;
    }

    pub(super) fn remember(&mut self, growth: Growth) {
        self.log.push(growth);
    }
}

impl<T, A: Allocator + Clone> RawTable<T, A> {
    #[inline(always)]
    pub(super) fn is_growing(&self) -> bool {
        self.cursor < EAGER_REST
    }

    /// Whether an old array is still held, so that every change pays a share.
    #[inline(always)]
    pub(crate) fn is_relocating(&self) -> bool {
        self.old_base != self.base
    }

    /// Buckets of the old array, if there is one.
    pub(super) fn old_array_buckets(&self) -> usize {
        self.behind()
            .map_or(self.split_mask + 1, |behind| behind.end)
    }

    /// Old buckets of the growth that is going on.
    fn old_buckets(&self) -> usize {
        self.split_mask + 1
    }

    /// Main buckets of the layout that the table has, or is growing or shrinking to.
    pub(super) fn buckets(&self) -> usize {
        if self.is_unallocated() {
            0
        } else if self.is_shrinking() {
            self.split_mask + 1
        } else {
            self.mask + 1
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        if self.cold.is_null() {
            return self.len + self.credit;
        }
        // SAFETY: the cold part lives as long as the table.
        let queued = unsafe { (*self.cold.cast_mut()).target };
        Shape::<T>::room(self.buckets().max(queued)).max(self.len)
    }

    /// An empty table with room for `entries`.
    pub(crate) fn try_with_capacity_in(
        entries: usize,
        alloc: A,
        birth: Birth,
    ) -> Result<Self, TryReserveError> {
        let mut table = RawTable::new_in(alloc);
        table.set_birth(birth);
        if entries > 0 {
            table.allocate(entries)?;
        }
        Ok(table)
    }

    /// Gives an unallocated table room for `entries > 0`.
    fn allocate(&mut self, entries: usize) -> Result<(), TryReserveError> {
        let buckets = Shape::<T>::buckets_for(entries).ok_or(TryReserveError::CapacityOverflow)?;
        if buckets == 1 {
            self.allocate_single(entries)?;
            self.probe_changed();
            return Ok(());
        }
        let mut meter = Meter::default();
        let mut array = Array::allocate::<T>(buckets, true, Tries::WHOLE, &self.alloc, &mut meter)?;
        if array.wants_advice() {
            array.advise(Pages::Small, &mut meter);
        }
        let base = array.base();
        self.cold = Cold::try_new(array, self.policy(), &self.alloc).map_err(|(error, _)| error)?;
        (self.base, self.old_base) = (base, base);
        self.mask = buckets - 1;
        // SAFETY: just made.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        cold.kept = Kept::of_empty(self.mask);
        self.cursor = self.rest_cursor(cold.eager);
        self.credit = Shape::<T>::room(buckets);
        self.probe_adopt();
        Ok(())
    }

    fn allocate_single(&mut self, entries: usize) -> Result<(), TryReserveError> {
        let cheap = Shape::<T>::STRIDE <= MOVE_BYTES_MAX.max(512);
        let short = SHORT_SINGLES
            .into_iter()
            .find(|&slots| cheap && slots >= entries);
        let slots = short.unwrap_or(Shape::<T>::SLOTS).min(Shape::<T>::SLOTS);
        self.base = Array::single::<T>(slots, &self.alloc)?;
        self.old_base = self.base;
        self.credit = slots;
        Ok(())
    }

    /// Replaces a full short single bucket by a larger one.
    fn enlarge_single(&mut self, entries: usize) -> Result<(), TryReserveError> {
        let (slots, old) = (self.len + self.credit, self.base);
        self.allocate_single(entries)?;
        // SAFETY: both are single buckets; the larger has all slots of the smaller.
        // Entries move as bytes, and the old memory is freed without them.
        unsafe {
            ptr::copy_nonoverlapping(old.head, self.base.head, Shape::<T>::HEAD);
            let (from, to) = (slot::<T>(old, 0), slot::<T>(self.base, 0));
            ptr::copy_nonoverlapping(from, to, slots);
            self.free_single(old, slots);
        }
        self.credit -= self.len;
        self.probe_changed();
        Ok(())
    }

    /// Replaces a single bucket by a shorter one for `entries`, not fewer than it holds. If memory
    /// is refused it stays.
    pub(super) fn shrink_single(&mut self, entries: usize) {
        let (slots, len, old) = (self.len + self.credit, self.len, self.base);
        if self.is_unallocated()
            || entries >= slots
            || self.allocate_single(entries.max(1)).is_err()
        {
            return;
        }
        // SAFETY: both are single buckets; the shorter one has a slot for each entry. Entries
        // move as bytes, and the old memory is freed without them.
        unsafe {
            for (to, from) in full_slots::<T>(old, true).enumerate() {
                ptr::copy_nonoverlapping(slot::<T>(old, from), slot::<T>(self.base, to), 1);
                *self.base.tag(to) = *old.tag(from);
                kept::carry::<T>(old, from, self.base, to);
            }
            self.free_single(old, slots);
        }
        self.credit -= len;
        self.probe_changed();
    }

    /// Gives a single bucket a cold part, so that it can grow to more.
    fn ensure_cold(&mut self) -> Result<(), TryReserveError> {
        if self.cold.is_null() {
            // SAFETY: I7: this is how the single bucket was allocated; on failure
            // the table keeps owning it.
            let array = unsafe { self.single_array(self.base, self.len + self.credit) };
            self.cold =
                Cold::try_new(array, self.policy(), &self.alloc).map_err(|(error, array)| {
                    array.forget();
                    error
                })?;
            self.probe_adopt();
        }
        Ok(())
    }

    /// Makes sure that the next insertion of a new entry finds room: pays a share of a growth if
    /// one is due. Moves entries; earlier places are void.
    #[inline(never)]
    pub(crate) fn pay(&mut self, hasher: impl Fn(&T) -> u64) -> Result<(), TryReserveError> {
        if self.is_unallocated() {
            return self.allocate(1);
        }
        if self.cold.is_null() {
            if self.len < Shape::<T>::SLOTS {
                return self.enlarge_single(self.len + 1);
            }
            self.ensure_cold()?;
        }
        // When the hasher panics, `credit` stays 0 and the next insertion tries again.
        self.metered(|table| table.pay_metered(&hasher));
        Ok(())
    }

    fn pay_metered(&mut self, hasher: &impl Fn(&T) -> u64) {
        if self.is_shrinking() {
            let full = self.len >= Shape::<T>::room(self.split_mask + 1);
            if !full || self.turn_up().is_err() {
                self.step(hasher);
            }
        } else if self.is_relocating() || (self.is_growing() && self.len as u64 >= self.due()) {
            self.step(hasher);
        } else if !self.is_growing() && self.wants_growth() {
            match self.begin_next() {
                Ok(()) => self.start_with_little(hasher),
                Err(_) => self.put_off(),
            }
        } else if self.wants_shrink() {
            self.go_on(hasher);
        } else {
            self.compact_step();
        }
        self.set_credit();
    }

    /// Whether a table that is not growing should be.
    fn wants_growth(&self) -> bool {
        // SAFETY: callers made sure that the cold part exists.
        let target = unsafe { (*self.cold.cast_mut()).target };
        self.len >= Shape::<T>::room(self.buckets()) || target > self.buckets()
    }

    /// Begins the growth that [`wants_growth`](Self::wants_growth).
    fn begin_next(&mut self) -> Result<(), TryReserveError> {
        // SAFETY: callers made sure that the cold part exists.
        let target = unsafe { (*self.cold.cast_mut()).target };
        let doubled = self
            .buckets()
            .checked_mul(2)
            .ok_or(TryReserveError::CapacityOverflow)?;
        self.begin(target.max(doubled))
    }

    /// A share of a shrink or of a relocating growth, paid by operations that add nothing. Whether
    /// one was due.
    #[inline(always)]
    pub(crate) fn pay_share(&mut self, hasher: impl Fn(&T) -> u64) -> bool {
        self.owes() && self.pay_share_now(hasher)
    }

    #[cold]
    #[inline(never)]
    fn pay_share_now(&mut self, hasher: impl Fn(&T) -> u64) -> bool {
        self.credit = self.credit.saturating_sub(1);
        let due = self.credit == 0;
        if due {
            self.metered(|table| {
                table.go_on(&hasher);
                table.set_credit();
            });
        }
        due
    }

    /// A step of what is going on, or the beginning of a shrink that is wanted.
    fn go_on(&mut self, hasher: &impl Fn(&T) -> u64) {
        if self.is_growing() {
            self.step(hasher);
        } else {
            self.start_shrink();
        }
    }

    /// Runs the slow path of an operation that begins here, and counts its work.
    pub(super) fn metered<R>(&mut self, slow: impl FnOnce(&mut Self) -> R) -> R {
        // SAFETY: callers made sure that the cold part exists.
        unsafe { (*self.cold.cast_mut()).meter.begin() };
        let mark = self.probe_mark();
        let result = slow(self);
        // SAFETY: as above.
        let meter = unsafe { &mut (*self.cold.cast_mut()).meter };
        meter.end(crate::stats::Work::default());
        self.probe_step(mark);
        result
    }

    /// Room for `additional` more entries, made available in steps. O(1) in the
    /// length of the table but for what an operation may do anyway, save that an
    /// array of up to the heap threshold is cleared.
    pub(crate) fn try_reserve(
        &mut self,
        additional: usize,
        hasher: impl Fn(&T) -> u64,
    ) -> Result<(), TryReserveError> {
        let wanted = self
            .len
            .checked_add(additional)
            .ok_or(TryReserveError::CapacityOverflow)?;
        if wanted <= self.capacity() {
            self.limit_shrink(wanted);
            return Ok(());
        }
        if self.is_unallocated() {
            return self.allocate(wanted);
        }
        if self.cold.is_null() && wanted <= Shape::<T>::SLOTS {
            return self.enlarge_single(wanted);
        }
        let target = Shape::<T>::buckets_for(wanted).ok_or(TryReserveError::CapacityOverflow)?;
        if self.cold.is_null() && self.len + self.credit < Shape::<T>::SLOTS {
            // Only a bucket with all its slots may have a cold part (I7).
            self.enlarge_single(Shape::<T>::SLOTS)?;
        }
        self.ensure_cold()?;
        self.metered(|table| {
            if table.is_shrinking() {
                table.turn_up()?;
            }
            if target <= table.buckets() {
                // Turning round was all it took.
            } else if table.is_growing() {
                // One growth at a time: this one is next, and its memory is got now.
                table.queue(target)?;
            } else {
                table.set_tries(Tries::ALL);
                let begun = table.begin(target);
                table.set_tries(Tries::FIRST);
                begun?;
                table.start_with_little(&hasher);
            }
            table.set_credit();
            Ok(())
        })
    }

    fn set_tries(&mut self, tries: Tries) {
        // SAFETY: callers made sure that the cold part exists.
        unsafe { (*self.cold.cast_mut()).tries = tries };
    }

    /// Notes a growth to `target` buckets for when the present one has ended.
    pub(super) fn queue(&mut self, target: usize) -> Result<(), TryReserveError> {
        // SAFETY: the cold part exists while a growth runs.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        if target <= self.buckets().max(cold.target) {
            return Ok(());
        }
        if cold.array.extends_to::<T>(target) {
            if !matches!(cold.array, Array::Segments(_)) {
                cold.array.extend::<T>(target, &mut cold.meter)?;
            }
        } else {
            let array =
                Array::allocate::<T>(target, true, Tries::ALL, &self.alloc, &mut cold.meter)?;
            cold.next = Some(array);
        }
        cold.target = target;
        Ok(())
    }

    /// Begins a growth to `target` buckets, a power of two above the present number.
    /// At most one system call; moves nothing.
    pub(super) fn begin(&mut self, target: usize) -> Result<(), TryReserveError> {
        debug_assert!(!self.is_growing() && target > self.mask + 1);
        let from = self.mask + 1;
        let doubling = target == 2 * from;
        // SAFETY: callers made sure that the cold part exists.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        let in_place = cold.array.extends_to::<T>(target);
        if in_place {
            // A doubling adds segments as it goes; a longer jump needs them all.
            let now = if doubling && matches!(cold.array, Array::Segments(_)) {
                from
            } else {
                target
            };
            cold.array.extend::<T>(now, &mut cold.meter)?;
        } else {
            let kept = cold.next.take().filter(|_| cold.target == target);
            let array = match kept {
                Some(array) => array,
                None => Array::allocate::<T>(
                    target,
                    !doubling,
                    cold.tries,
                    &self.alloc,
                    &mut cold.meter,
                )?,
            };
            cold.tries = Tries::FIRST;
            cold.advise = array.wants_advice();
            cold.old = Some(core::mem::replace(&mut cold.array, array));
            self.old_base = self.base;
            self.base = cold.array.base();
        }
        if cold.next.take().is_some() {
            // Kept for a target that has been reached another way.
            cold.meter.system_calls(1);
        }
        cold.compaction = None;
        cold.compact_at = 0;
        cold.target = 0;
        cold.shrink_to = 0;
        cold.retry_below = usize::MAX;
        self.split_mask = self.mask;
        self.mask = target - 1;
        self.cursor = 0;
        cold.kept.begin(self.split_mask, self.mask, self.cursor);
        let kind = if in_place {
            GrowthKind::InPlace
        } else {
            GrowthKind::Relocating
        };
        cold.started += 1;
        cold.growth = Some(Growth::begun(kind, from, target, self.len));
        self.set_floor();
        self.probe_begun();
        Ok(())
    }

    /// Moves a small table at once: what fits one step's budget need not wait.
    fn start_with_little(&mut self, hasher: &impl Fn(&T) -> u64) {
        let bytes = self.len.saturating_mul(Shape::<T>::ENTRY.max(1));
        let array = self.old_buckets().saturating_mul(Shape::<T>::STRIDE);
        // SAFETY: the cold part exists while a growth runs.
        let advise = unsafe { (*self.cold.cast_mut()).advise };
        // A longer jump scatters entries over pages of the new array.
        let new = (self.mask + 1).saturating_mul(Shape::<T>::STRIDE);
        if bytes > MOVE_BYTES_MAX
            || array > 2 * MOVE_BYTES_MAX
            || new > 4 * MOVE_BYTES_MAX
            || advise
        {
            return;
        }
        // SAFETY: as above.
        let before = unsafe { (*self.cold.cast_mut()).meter.fresh_pages() };
        while self.is_growing() && self.step(hasher) {}
        // Entries that scatter come back to the same few pages.
        let pages = new.div_ceil(tidemap_span::PAGE_BYTES) + 2;
        // SAFETY: as above.
        unsafe {
            (*self.cold.cast_mut())
                .meter
                .limit_fresh_pages(before, pages)
        };
    }

    /// G5: memory for a growth was refused; chains take what comes until the next try.
    fn put_off(&mut self) {
        // SAFETY: callers made sure that the cold part exists.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        if let (true, Some(next)) = (tidemap_span::PAGE_RUNS, cold.tries.next()) {
            // Another way with the next entry.
            cold.tries = next;
            self.credit = 1;
            return;
        }
        cold.tries = Tries::FIRST;
        cold.refused += 1;
        self.credit = (self.buckets() / RETRY_SHARE).max(1);
    }

    /// One step of the growth that is going on (G3). `false` when memory was refused
    /// and nothing could be done.
    pub(super) fn step(&mut self, hasher: &impl Fn(&T) -> u64) -> bool {
        // SAFETY: the cold part exists while a growth runs. It is its own
        // allocation, so this borrow overlaps none of the table.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        if cold.shrinking {
            return self.shrink_step(cold);
        }
        if cold.advise {
            cold.advise = false;
            cold.array.advise(cold.pages, &mut cold.meter);
            return true;
        }
        if cold.hostile.behind.is_some() {
            return self.reseed_step(cold, hasher);
        }
        let at_end = self.cursor > self.split_mask;
        if let Some(old) = &mut cold.old {
            // Behind the cursor nothing is used any more (I2). A whole step at a time,
            // and whatever is left at the end.
            if at_end || old.releasable::<T>(self.cursor) >= tidemap_span::RELEASE_STEP_BYTES {
                // SAFETY: as said.
                let bytes = unsafe { old.release::<T>(self.cursor, &mut cold.meter) };
                if bytes > 0 {
                    cold.released += bytes as u64;
                    if let Some(growth) = &mut cold.growth {
                        growth.bytes_released += bytes as u64;
                        growth.steps += 1;
                    }
                    return true;
                }
            }
        }
        let before = cold.meter.now();
        let progress = at_end || self.split_run(cold, hasher);
        let after = cold.meter.now();
        if let Some(growth) = &mut cold.growth {
            growth.steps += 1;
            growth.entries_moved += after.entries_moved - before.entries_moved;
            growth.bytes_moved += after.bytes_moved - before.bytes_moved;
        }
        let releases_more = !at_end && matches!(cold.old, Some(Array::Run(_)));
        if self.cursor > self.split_mask && !releases_more {
            self.end_growth(cold, self.split_mask + 1);
        }
        progress
    }

    /// The growth is complete; the old array, if there is one, has that many buckets.
    pub(super) fn end_growth(&mut self, cold: &mut Cold<T, A>, old_buckets: usize) {
        if let Some(old) = cold.old.take() {
            let bytes = old.bytes::<T>(old_buckets) as u64;
            cold.released += bytes;
            if let Some(growth) = &mut cold.growth {
                growth.bytes_released += bytes;
            }
            if matches!(old, Array::Run(_)) {
                cold.meter.system_calls(1);
            } else {
                cold.meter.allocator_calls(1);
            }
        }
        if let Some(mut growth) = cold.growth.take() {
            growth.done_buckets = growth.from_buckets;
            growth.len_at_end = self.len;
            cold.finished[growth.kind as usize] += 1;
            cold.probe.ended(&growth);
            if growth.steps > 1 {
                cold.remember(growth);
            }
        }
        let is_done = self.cursor > self.split_mask;
        cold.kept.end(self.mask, self.cursor, is_done);
        self.old_base = self.base;
        self.split_mask = 0;
        self.cursor = self.rest_cursor(cold.eager);
        self.pinned = ptr::null_mut();
        self.floor = self.floor_by(cold);
    }

    /// After `clear`: whatever grew is done, because there is nothing to move.
    pub(super) fn clear_growth(&mut self) {
        let old_buckets = self.old_array_buckets();
        // SAFETY: callers made sure that the cold part exists.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        cold.compaction = None;
        cold.hostile.forget();
        if cold.shrinking {
            // Goes on: memory is still to be given back.
        } else if self.is_growing() {
            cold.advise = false;
            if self.is_relocating() {
                self.clear_relocation(cold);
            } else if self.mask == 2 * self.split_mask + 1 {
                // Segments ahead of the frontier may not be there yet: back to where
                // the doubling began.
                self.mask = self.split_mask;
                if let Some(growth) = &mut cold.growth {
                    growth.to_buckets = growth.from_buckets;
                }
            }
            self.end_growth(cold, old_buckets);
        }
        cold.kept = Kept::of_empty(self.mask);
        self.set_credit();
    }

    /// Makes one of the two arrays of an empty table fit for use as a whole.
    fn clear_relocation(&mut self, cold: &mut Cold<T, A>) {
        let new = self.mask + 1;
        if matches!(cold.array, Array::Segments(_)) && !cold.array.has::<T>(new) {
            // Turned round after segments were given back: the old array it is.
            if let Some(old) = cold.old.take() {
                cold.old = Some(core::mem::replace(&mut cold.array, old));
                self.base = self.old_base;
                self.mask = self.split_mask;
                if let Some(growth) = &mut cold.growth {
                    growth.to_buckets = growth.from_buckets;
                }
            }
        }
        // Buckets ahead of the frontier may never have been written.
        if matches!(cold.array, Array::Heap { .. }) {
            for index in 0..=self.mask {
                // SAFETY: the array has `mask + 1` buckets.
                unsafe { bucket_at::<T>(self.base, index).clear_head() };
            }
        }
    }

    /// How many entries may come before the next slow path. At least 1.
    pub(super) fn set_credit(&mut self) {
        // SAFETY: callers made sure that the cold part exists.
        let cold = unsafe { &*self.cold };
        let mut credit = if cold.shrinking {
            self.shrink_credit(cold)
        } else if self.is_relocating() {
            self.relocation_credit(cold)
        } else if self.is_growing() {
            usize::try_from(self.due() - (self.len as u64).min(self.due())).unwrap_or(usize::MAX)
        } else {
            match Shape::<T>::room(self.buckets()).saturating_sub(self.len) {
                // Over the brim: a growth that was put off said when to try again.
                0 => self.credit,
                left => left,
            }
        };
        if cold.target > 0 || cold.hostile.is_waiting() {
            // A longer array is waited for, or another seed: no dawdling.
            credit = 1;
        }
        if cold.compaction.is_some() {
            credit = credit.min(super::compact::CREDIT);
        }
        self.floor = self.floor_by(cold);
        if self.floor == usize::MAX && !self.is_growing() {
            // So is a smaller one.
            credit = 1;
        }
        self.credit = credit.max(1);
        cold.probe.bound(self.len.saturating_add(self.credit));
    }

    /// The length at which a growth in place owes its next split.
    fn due(&self) -> u64 {
        // SAFETY: the cold part exists while a growth runs.
        let cold = unsafe { &*self.cold };
        if cold.target > 0 || cold.hostile.is_waiting() {
            return 0;
        }
        let old = self.old_buckets() as u64;
        let room = Shape::<T>::room(self.old_buckets()) as u64;
        let window = room * (SPREAD.0 - SPREAD.1) / SPREAD.1;
        // `cursor * window / old` without overflow, to a 256th of an entry a bucket.
        let per_bucket = window * 256 / old;
        room + self.cursor as u64 * per_bucket / 256
    }

    fn relocation_credit(&self, cold: &Cold<T, A>) -> usize {
        if cold.hostile.behind.is_some() {
            // Somebody may be at work against this map: no dawdling.
            return 1;
        }
        let old = self.old_buckets();
        let start = cold.growth.map_or(0, |growth| growth.len_at_start);
        let end = start + start.min(Shape::<T>::room(old)) / RELOCATE_SHARE;
        let sixteenths = Self::buckets_per_step(self.mask + 1 == 2 * old);
        let left = old.saturating_sub(self.cursor) as u64;
        let releases = cold.old.as_ref().map_or(0, |array| {
            array.releasable::<T>(old) / tidemap_span::RELEASE_STEP_BYTES
        });
        let others = releases as u64 + u64::from(cold.advise) + 1;
        let steps = left * 16 / sixteenths + others;
        // Removals pay as insertions do: no share comes later than it would with insertions alone.
        let most = (end - start) as u64 / (old as u64 * 16 / sixteenths + others);
        (end.saturating_sub(self.len.max(start)) as u64 / steps).min(most) as usize
    }

    /// Old buckets that one step deals with on average, in sixteenths.
    pub(super) fn buckets_per_step(doubling: bool) -> u64 {
        let entries = Shape::<T>::SLOTS as u64;
        let moved = if doubling {
            (MOVE_BYTES_MAX.max(2 * Shape::<T>::ENTRY) / Shape::<T>::ENTRY.max(1)) as u64
        } else {
            SCATTERED_MOVES_MAX as u64
        };
        (moved * 16 / entries).clamp(1, STEP_BUCKETS_MAX as u64 * 16)
    }
}
