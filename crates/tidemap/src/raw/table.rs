//! The table: where a key lives, how it is found, added and removed.
//!
//! Terms: *home*, the main bucket a hash belongs to; *chain*, a main bucket and
//! its overflow buckets; *cursor*, the first old bucket that has not been split;
//! *credit*, how many new entries may still come before an insertion has to
//! do something slow; *pinned*, the one bucket that is being split chain piece by chain piece.
//!
//! ```text
//!   growing 4 -> 8, cursor 2                     not growing
//!   0 1 2 3 4 5 . .      j = hash & 3            i = hash & mask
//!   s s u u S S          j < 2 ? hash & 7 : j
//! ```
//!
//! I1. `base` has the buckets of the present layout, `old_base` those at and
//!     behind the cursor. They are the same address unless a growth relocates.
//! I2. `split_mask <= mask`; the home of a hash is bucket `hash & mask` of `base` if
//!     `hash & split_mask < cursor`, else bucket `hash & split_mask` of `old_base`. Not
//!     growing: `split_mask == 0`, and `cursor` is [`EAGER_REST`] if look-ups are eager, else [`REST`].
//! I3. Every bucket that I2 can name has a valid header, and so have the
//!     buckets of `base` that the pinned bucket splits into.
//! I4. A slot holds an entry exactly when its tag is not 0 (T1), save the link slot (S3).
//! I5. An entry lies in its home's chain. If its home is pinned, it may lie
//!     instead in the chain of the new bucket that its hash names.
//! I6. `len` counts the entries.
//! I7. `cold` is null only for an unallocated table (`base` is [`EMPTY`]) or a single bucket of
//!     `len + credit` slots.
//! I8. `floor` is `usize::MAX` while operations that add nothing owe shares, too; else a
//!     removal that leaves fewer entries begins a shrink. 0 if none does. Without a cold part
//!     it keeps the bits of the policy for one.
//!
//! So a look-up reads registers to find its home, and then exactly one chain. The pinned
//! bucket is the exception that keeps a split of a very long chain bounded: what was moved of
//! it counts as the end of its chain (I5).

use core::marker::PhantomData;
use core::ptr::{self, NonNull};

use super::array::{Array, bucket_at, single_layout};
use super::bucket::{
    Bucket, chain_of, empty_slot, full_slots, next_of, preferred_empty_slot, slot,
};
use super::grow::Cold;
use super::kept;
use super::search::Vacancy;
use super::shape::Shape;
use super::tags::{filter_bit, tag_of};
use crate::alloc::{Allocator, Global};
use crate::error::TryReserveError;

/// The header that every unallocated table reads.
#[repr(align(64))]
struct EmptyBucket {
    _zero: [u8; 64],
}
static EMPTY: EmptyBucket = EmptyBucket { _zero: [0; 64] };

/// The base of an unallocated table.
const fn nothing() -> Bucket {
    let start = (&raw const EMPTY).cast::<u8>().cast_mut();
    Bucket {
        head: start,
        slots: start,
    }
}

/// The cursor of a table that is not growing and whose look-ups are not eager.
pub(super) const REST: usize = usize::MAX;
/// The cursor of a table that is not growing and whose look-ups are eager.
pub(super) const EAGER_REST: usize = usize::MAX - 1;

/// A slot: the bucket it is in, its number there, and the main bucket of the chain.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) bucket: Bucket,
    pub(crate) index: usize,
    pub(crate) home: Bucket,
}

impl Place {
    /// A slot of a main bucket.
    #[inline(always)]
    pub(crate) fn main(home: Bucket, index: usize) -> Place {
        Place {
            bucket: home,
            index,
            home,
        }
    }
}

/// A table of entries with incremental growth. Hashing and equality come from the caller.
pub(crate) struct RawTable<T, A: Allocator + Clone = Global> {
    pub(super) base: Bucket,
    pub(super) mask: usize,
    pub(super) split_mask: usize,
    pub(super) cursor: usize,
    pub(super) old_base: Bucket,
    pub(super) pinned: *mut u8,
    pub(super) len: usize,
    pub(super) credit: usize,
    pub(super) floor: usize,
    /// `*const`, though it is written through: so the table is covariant in `T`.
    pub(super) cold: *const Cold<T, A>,
    pub(super) alloc: A,
    marker: PhantomData<T>,
}

const _: () = assert!(
    size_of::<RawTable<u64>>() == 12 * size_of::<usize>(),
    "twelve words, whatever features are on"
);

// SAFETY: the table owns its entries and memory like a `Vec<T>`.
unsafe impl<T: Send, A: Allocator + Clone + Send> Send for RawTable<T, A> {}
// SAFETY: `&RawTable` only reads.
unsafe impl<T: Sync, A: Allocator + Clone + Sync> Sync for RawTable<T, A> {}

impl<T, A: Allocator + Clone> RawTable<T, A> {
    /// A table without memory.
    pub(crate) const fn new_in(alloc: A) -> Self {
        let base = nothing();
        RawTable {
            base,
            mask: 0,
            split_mask: 0,
            cursor: REST,
            old_base: base,
            pinned: ptr::null_mut(),
            len: 0,
            credit: 0,
            floor: 0,
            cold: ptr::null(),
            alloc,
            marker: PhantomData,
        }
    }

    pub(crate) fn allocator(&self) -> &A {
        &self.alloc
    }

    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether the table has no memory.
    pub(super) fn is_unallocated(&self) -> bool {
        self.mask == 0 && self.cold.is_null() && self.base.head.addr() == (&raw const EMPTY).addr()
    }

    /// The home of a hash (I2).
    #[inline(always)]
    pub(super) fn home(&self, hash: u64) -> Bucket {
        if self.is_growing() && self.is_relocating() {
            return self.home_of_two(hash);
        }
        self.home_in_place(hash)
    }

    /// The home of a hash while there is one array.
    #[inline(always)]
    pub(super) fn home_in_place(&self, hash: u64) -> Bucket {
        let h = hash as usize;
        let mut index = h & self.mask;
        if self.is_growing() {
            let old = h & self.split_mask;
            // Random keys make this unpredictable while a table grows, so no branch.
            index = core::hint::select_unpredictable(old < self.cursor, index, old);
        }
        // SAFETY: by I2 and I3 the bucket exists.
        unsafe { bucket_at::<T>(self.base, index) }
    }

    /// The home of a hash while there are two arrays. Apart, so that it takes no registers from the
    /// common case.
    #[cold]
    #[inline(never)]
    pub(super) fn home_of_two(&self, hash: u64) -> Bucket {
        let h = hash as usize;
        let (new, old) = (h & self.mask, h & self.split_mask);
        let split = old < self.cursor;
        let index = core::hint::select_unpredictable(split, new, old);
        let base = core::hint::select_unpredictable(split, self.base, self.old_base);
        // SAFETY: by I2 and I3 the bucket exists.
        unsafe { bucket_at::<T>(base, index) }
    }

    /// Whether entries are put in the line that their hash prefers (S4).
    #[inline(always)]
    pub(super) fn prefers(&self) -> bool {
        Shape::<T>::PREFERS && self.mask >= Shape::<T>::NEAR_BUCKETS
    }

    /// Whether look-ups in a table that is growing ask for that line before they have read the head. At rest
    /// the cursor tells (I2).
    #[inline(always)]
    pub(super) fn is_eager(&self) -> bool {
        // SAFETY: by I7 a table of several buckets has a cold part.
        self.prefers() && unsafe { (*self.cold).eager }
    }

    /// Makes look-ups in large tables eager, or not.
    pub(crate) fn set_eager(&mut self, eager: bool) {
        if self.cold.is_null() {
            return;
        }
        // SAFETY: the cold part exists.
        unsafe { (*self.cold.cast_mut()).eager = eager };
        if !self.is_growing() {
            self.cursor = self.rest_cursor(eager);
        }
    }

    /// The cursor of a table that is not growing (I2), by whether its look-ups shall be eager. One number
    /// tells a look-up whether there is anything to consider.
    pub(super) fn rest_cursor(&self, eager: bool) -> usize {
        if eager && self.prefers() {
            EAGER_REST
        } else {
            REST
        }
    }

    /// The mask of the layout that a new entry with this hash is placed by.
    #[inline(always)]
    pub(super) fn layout_mask(&self, hash: u64) -> usize {
        let old = hash as usize & self.split_mask;
        if old < self.cursor || (!self.pinned.is_null() && old == self.cursor) {
            self.mask
        } else {
            self.split_mask
        }
    }

    /// The pinned bucket: the one of the small layout at the cursor, whichever way the cursor goes.
    pub(super) fn pinned_bucket(&self) -> Bucket {
        debug_assert!(!self.pinned.is_null(), "no bucket is pinned");
        // SAFETY: it exists by I1.
        unsafe { bucket_at::<T>(self.old_base, self.cursor) }
    }

    /// The new bucket that entries of the pinned bucket with this hash go to.
    #[inline(always)]
    pub(super) fn split_home(&self, hash: u64) -> Bucket {
        // SAFETY: by I3 both buckets that the pinned one splits into are there.
        unsafe { bucket_at::<T>(self.base, hash as usize & self.mask) }
    }

    /// The entry at `place`.
    ///
    /// # Safety
    /// `place` came from this table, which was not changed since.
    #[inline(always)]
    pub(crate) unsafe fn entry(&self, place: Place) -> *mut T {
        // SAFETY: by the caller's promise.
        unsafe { slot(place.bucket, place.index) }
    }

    /// Takes an entry out of a table that is being emptied: chains are left untidy.
    ///
    /// # Safety
    /// `place` names an entry of this table.
    #[inline(always)]
    pub(crate) unsafe fn take_at(&mut self, place: Place) -> T {
        // SAFETY: clearing the tag first makes us the entry's owner.
        unsafe {
            *place.bucket.tag(place.index) = 0;
            self.len -= 1;
            if self.cold.is_null() {
                // I7: the sum is the size of a single bucket.
                self.credit += 1;
            }
            slot::<T>(place.bucket, place.index).read()
        }
    }

    /// Whether the next insertion must [pay](Self::pay) before it finds room.
    #[inline(always)]
    pub(crate) fn is_due(&self) -> bool {
        self.credit == 0
    }

    /// After a removal: the entry that went may be followed by another. While a growth
    /// relocates a removal adds no credit; the length stays what it was, so the growth loses nothing.
    pub(crate) fn keep_room(&mut self) {
        self.credit = self.credit.max(1);
    }

    /// Adds an entry that is not in the table.
    ///
    /// # Errors
    /// When an overflow bucket is needed and memory is refused; the entry comes back.
    ///
    /// # Safety
    /// The table [is not due](Self::is_due), or [`pay`](Self::pay) or [`approach_reseed`](Self::approach_reseed)
    /// succeeded (which `paid` says), and no entry was added since.
    #[inline(always)]
    pub(crate) unsafe fn insert_prepared(
        &mut self,
        hash: u64,
        value: T,
        paid: bool,
    ) -> Result<Place, (TryReserveError, T)> {
        let vacancy = Vacancy {
            home: self.home(hash),
            tag: tag_of(hash),
        };
        // SAFETY: by the caller's promise; the home was just looked up.
        unsafe { self.insert_at(vacancy, hash, value, paid) }
    }

    /// As [`insert_prepared`](Self::insert_prepared) where the home is known.
    ///
    /// # Errors
    /// As there.
    ///
    /// # Safety
    /// As there; `vacancy` has the home and the tag of `hash`.
    #[inline(always)]
    pub(crate) unsafe fn insert_at(
        &mut self,
        vacancy: Vacancy,
        hash: u64,
        value: T,
        paid: bool,
    ) -> Result<Place, (TryReserveError, T)> {
        let Vacancy { mut home, tag } = vacancy;
        if home.head == self.pinned {
            home = self.pinned_goal(hash);
        }
        // SAFETY: by the caller's promise; the home is not pinned.
        unsafe { self.insert_home(Vacancy { home, tag }, hash, value, paid) }
    }

    /// As [`insert_at`](Self::insert_at) where the home is not pinned.
    ///
    /// # Errors
    /// As there.
    ///
    /// # Safety
    /// As there, and the home is not pinned.
    #[inline(always)]
    pub(crate) unsafe fn insert_home(
        &mut self,
        vacancy: Vacancy,
        hash: u64,
        value: T,
        paid: bool,
    ) -> Result<Place, (TryReserveError, T)> {
        let Vacancy { home, tag } = vacancy;
        // SAFETY: the home exists (I3); a slot that `empty_slot` names is free.
        unsafe {
            // Lines matter to far tables only. A single bucket may be short: only its lowest empty
            // slot is sure to be there.
            let index = if self.prefers() {
                preferred_empty_slot::<T>(home, hash)
            } else {
                empty_slot::<T>(home, true)
            };
            let place = match index {
                Some(index) => Place {
                    bucket: home,
                    index,
                    home,
                },
                None => match self.insert_far(home, tag, paid) {
                    Ok(place) => place,
                    Err(error) => return Err((error, value)),
                },
            };
            slot::<T>(place.bucket, place.index).write(value);
            if Shape::<T>::KEEPS_BITS {
                kept::keep::<T>(place.bucket, place.index, hash, self.layout_mask(hash));
            }
            *place.bucket.tag(place.index) = tag;
            self.len += 1;
            self.credit -= 1;
            Ok(place)
        }
    }

    /// A free slot in the chain of a full main bucket, counted for the meter.
    ///
    /// # Safety
    /// `home` is a live main bucket without an empty slot; not a short single bucket.
    #[cold]
    #[inline(never)]
    unsafe fn insert_far(
        &mut self,
        home: Bucket,
        tag: u8,
        paid: bool,
    ) -> Result<Place, TryReserveError> {
        // SAFETY: a full bucket with `credit` left is not a single short one, so I7
        // says that the cold part exists. The rest by the caller's promise.
        unsafe {
            let cold = &mut *self.cold.cast_mut();
            if !paid {
                cold.meter.begin();
            }
            if let Some(place) = Self::free_in_chain(home, tag) {
                return Ok(place);
            }
            let before = cold.meter.now();
            let place = Self::lengthen_chain(cold, home, tag);
            cold.meter.end(before);
            self.consider_compaction();
            self.consider_reseed();
            place
        }
    }

    /// A free slot in an overflow bucket of `home`, whose filter then has the bit of `tag`.
    ///
    /// # Safety
    /// `home` is a live main bucket.
    #[inline(always)]
    unsafe fn free_in_chain(home: Bucket, tag: u8) -> Option<Place> {
        // SAFETY: chains link live overflow buckets.
        unsafe {
            let mut spill = chain_of::<T>(home);
            while !spill.is_none() {
                if let Some(index) = empty_slot::<T>(spill, false) {
                    *home.filter::<T>() |= filter_bit(tag);
                    return Some(Place {
                        bucket: spill,
                        index,
                        home,
                    });
                }
                spill = next_of::<T>(spill);
            }
        }
        None
    }

    /// A free slot in the chain of `home`, in a new overflow bucket if need be. The filter
    /// already has the bit of `tag` then.
    ///
    /// # Safety
    /// `home` is a live main bucket of the table that `cold` belongs to, with no empty slot.
    pub(super) unsafe fn chain_slot(
        cold: &mut Cold<T, A>,
        home: Bucket,
        tag: u8,
    ) -> Result<Place, TryReserveError> {
        // SAFETY: by the caller's promise.
        unsafe {
            match Self::free_in_chain(home, tag) {
                Some(place) => Ok(place),
                None => Self::lengthen_chain(cold, home, tag),
            }
        }
    }

    /// A slot in a new overflow bucket, the first of the chain of `home`, whose filter then has the
    /// bit of `tag`.
    ///
    /// # Safety
    /// As for [`chain_slot`](Self::chain_slot).
    unsafe fn lengthen_chain(
        cold: &mut Cold<T, A>,
        home: Bucket,
        tag: u8,
    ) -> Result<Place, TryReserveError> {
        let refused = TryReserveError::AllocError {
            bytes: Shape::<T>::SPILL_STRIDE,
        };
        // SAFETY: chains link live overflow buckets; a new one is ours until linked.
        unsafe {
            let filter = home.filter::<T>();
            let first = chain_of::<T>(home);
            let mut length = 1;
            let mut spill = first;
            while !spill.is_none() {
                length += 1;
                spill = next_of::<T>(spill);
            }
            let spill = cold.pool.get(&mut cold.meter).ok_or(refused)?;
            cold.longest_chain = cold.longest_chain.max(length + 1);
            cold.probe.overflow(cold.pool.in_use(), cold.longest_chain);
            cold.hostile.met = cold.hostile.met.max(length + 1);
            let mut index = 0;
            if Shape::<T>::LINK_IN_SLOT && *filter == 0 {
                // S3: the last slot becomes the link; its entry moves on.
                let last = Shape::<T>::SLOTS - 1;
                ptr::copy_nonoverlapping(slot::<T>(home, last), slot::<T>(spill, 0), 1);
                kept::carry::<T>(home, last, spill, 0);
                let moved = *home.tag(last);
                *spill.tag(0) = moved;
                *home.tag(last) = 0;
                *filter = filter_bit(moved);
                cold.meter.moved(1, Shape::<T>::ENTRY);
                index = 1;
            }
            spill.set_next::<T>(first);
            home.set_chain::<T>(spill);
            *filter |= filter_bit(tag);
            Ok(Place {
                bucket: spill,
                index,
                home,
            })
        }
    }

    /// Takes the entry at `place` out, but leaves its chain untidy: valid, but perhaps longer than
    /// need be.
    ///
    /// # Safety
    /// `place` names an entry of this table.
    pub(crate) unsafe fn extract(&mut self, place: Place) -> T {
        // SAFETY: clearing the tag first makes us the entry's owner.
        unsafe {
            *place.bucket.tag(place.index) = 0;
            self.len -= 1;
            if !self.owes() {
                self.credit += 1;
            }
            slot::<T>(place.bucket, place.index).read()
        }
    }

    /// Takes the entry at `place` out.
    ///
    /// # Safety
    /// `place` came from this table, which was not changed since.
    #[inline(always)]
    pub(crate) unsafe fn remove(&mut self, place: Place) -> T {
        // SAFETY: by the caller's promise the slot holds an entry; clearing the
        // tag first makes us its owner.
        unsafe {
            *place.bucket.tag(place.index) = 0;
            self.len -= 1;
            let value = slot::<T>(place.bucket, place.index).read();
            if place.bucket != place.home {
                self.removed_from_chain(place.home);
            }
            if self.len < self.floor {
                self.removed_below_floor();
            } else {
                self.credit += 1;
            }
            value
        }
    }

    /// After the removal of an entry from the chain of `home`. A pinned chain keeps its buckets.
    ///
    /// # Safety
    /// `home` is a live main bucket of this table.
    #[cold]
    #[inline(never)]
    unsafe fn removed_from_chain(&mut self, home: Bucket) {
        if home.head != self.pinned {
            // SAFETY: by the caller's promise.
            unsafe { Self::tidy(self.cold.cast_mut(), home) };
        }
    }

    /// Unlinks empty overflow buckets of a chain and makes its filter exact.
    ///
    /// # Safety
    /// `home` is a live main bucket of the table that `cold` belongs to, not the
    /// pinned one: a pinned chain keeps its buckets.
    #[cold]
    #[inline(never)]
    pub(super) unsafe fn tidy(cold: *mut Cold<T, A>, home: Bucket) {
        // SAFETY: a chain exists only in tables with a cold part (I7); it links live overflow
        // buckets, and an unlinked empty one is nobody's.
        unsafe {
            let mut filter = 0;
            let mut first = Bucket::NONE;
            let mut last = Bucket::NONE;
            let mut spill = chain_of::<T>(home);
            while !spill.is_none() {
                let next = next_of::<T>(spill);
                let full = full_slots::<T>(spill, false);
                if full.0 == 0 {
                    (*cold).pool.put(spill);
                } else {
                    for index in full {
                        filter |= filter_bit(*spill.tag(index));
                    }
                    if last.is_none() {
                        first = spill;
                    } else {
                        last.set_next::<T>(spill);
                    }
                    last = spill;
                }
                spill = next;
            }
            if !last.is_none() {
                last.set_next::<T>(Bucket::NONE);
                home.set_chain::<T>(first);
            }
            // Without a chain the filter is 0, and the link slot an ordinary empty one.
            *home.filter::<T>() = filter;
        }
    }

    /// The stretches of main buckets that hold entries: (base, first, end).
    pub(super) fn regions(&self) -> [(Bucket, usize, usize); 3] {
        let none = (self.base, 0, 0);
        if self.is_unallocated() {
            return [none; 3];
        }
        let all = self.mask.wrapping_add(1);
        if !self.is_growing() {
            return [(self.base, 0, all), none, none];
        }
        if let Some(behind) = self.behind() {
            let rest = (self.old_base, behind.next, behind.end);
            return [rest, (self.base, 0, all), none];
        }
        let old = self.split_mask + 1;
        // The pinned bucket's new halves are in use already.
        let done = self.cursor + usize::from(!self.pinned.is_null());
        let doubling = all == 2 * old;
        if self.old_base == self.base {
            let end = if doubling { old + done } else { all };
            return [(self.base, 0, end), none, none];
        }
        let rest = (self.old_base, self.cursor, old);
        if doubling {
            [rest, (self.base, 0, done), (self.base, old, old + done)]
        } else {
            [rest, (self.base, 0, all), none]
        }
    }

    /// Drops every entry. Keeps memory; chains stay linked and filters stale.
    pub(super) fn drop_entries(&mut self) {
        if !core::mem::needs_drop::<T>() {
            // Tags are left behind; callers reset them or free the memory.
            self.len = 0;
            return;
        }
        for place in self.iter() {
            // SAFETY: the iterator names each entry once; its tag goes first, so
            // that a panic in `drop` leaves a valid table.
            unsafe {
                *place.bucket.tag(place.index) = 0;
                self.len -= 1;
                if self.cold.is_null() {
                    // I7: the sum is the size of a single bucket.
                    self.credit += 1;
                }
                slot::<T>(place.bucket, place.index).drop_in_place();
            }
        }
    }

    /// Removes every entry; memory and capacity stay.
    pub(crate) fn clear(&mut self) {
        if self.is_unallocated() {
            return;
        }
        let single = self.cold.is_null().then_some(self.len + self.credit);
        let mark = self.probe_mark();
        self.drop_entries();
        // SAFETY: no entry is left, so headers may be reset and every chain forgotten.
        unsafe {
            if let Some(slots) = single {
                self.base.clear_head();
                self.credit = slots;
                self.probe_cleared(mark);
                return;
            }
            for (base, first, end) in self.regions() {
                for index in first..end {
                    bucket_at::<T>(base, index).clear_head();
                }
            }
            self.pinned = ptr::null_mut();
            (*self.cold.cast_mut()).pool.reset();
            self.clear_growth();
        }
        self.probe_cleared(mark);
        self.after_removals();
    }

    /// Keeps the entries that `keep` accepts.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&mut T) -> bool) {
        for (base, first, end) in self.regions() {
            for index in first..end {
                // SAFETY: regions name live buckets; an entry's tag goes before the
                // entry, so that a panic leaves a valid table.
                unsafe {
                    let home = bucket_at::<T>(base, index);
                    let mut bucket = home;
                    let mut from_chain = false;
                    while !bucket.is_none() {
                        let is_main = bucket == home;
                        for index in full_slots::<T>(bucket, is_main) {
                            let entry = slot::<T>(bucket, index);
                            if !keep(&mut *entry) {
                                *bucket.tag(index) = 0;
                                self.len -= 1;
                                if !self.owes() {
                                    self.credit += 1;
                                }
                                from_chain |= !is_main;
                                entry.drop_in_place();
                            }
                        }
                        bucket = if is_main {
                            chain_of::<T>(home)
                        } else {
                            next_of::<T>(bucket)
                        };
                    }
                    if from_chain && home.head != self.pinned {
                        Self::tidy(self.cold.cast_mut(), home);
                    }
                }
            }
        }
        self.after_removals();
    }

    /// Frees the memory of a table without entries, which is unallocated then.
    pub(super) fn free_memory(&mut self) {
        if self.is_unallocated() {
            return;
        }
        self.probe_freed();
        let floor = self.resting_floor(self.policy());
        if self.cold.is_null() {
            // SAFETY: I7 tells the size that the single bucket was allocated with.
            unsafe { self.free_single(self.base, self.len + self.credit) };
        } else {
            // SAFETY: the cold part is ours; it owns arrays and pool.
            unsafe { Cold::free(self.cold.cast_mut(), &self.alloc) };
        }
        let base = nothing();
        self.floor = floor;
        (self.base, self.old_base, self.pinned) = (base, base, ptr::null_mut());
        (self.mask, self.split_mask, self.cursor) = (0, 0, REST);
        self.credit = 0;
        self.cold = ptr::null();
    }

    /// Turns the table into an empty one without memory and returns the old.
    pub(crate) fn take(&mut self) -> Self {
        let mut empty = RawTable::new_in(self.alloc.clone());
        empty.floor = self.resting_floor(self.policy());
        let mut left = core::mem::replace(self, empty);
        self.probe_taken(&mut left);
        left
    }
}

impl<T, A: Allocator + Clone> RawTable<T, A> {
    /// Bytes of a single bucket with this many slots.
    pub(super) fn single_bytes(slots: usize) -> usize {
        single_layout::<T>(slots).size()
    }

    /// The array of a single bucket with this many slots.
    ///
    /// # Safety
    /// `bucket` is such a bucket of this table, and nobody else owns it.
    pub(super) unsafe fn single_array(&self, bucket: Bucket, slots: usize) -> Array<A> {
        // SAFETY: by the caller's promise.
        let start = unsafe { NonNull::new_unchecked(bucket.head) };
        Array::Heap {
            start,
            layout: single_layout::<T>(slots),
            slots_at: Shape::<T>::SPILL_SLOTS_AT,
            alloc: self.alloc.clone(),
        }
    }

    /// Frees a single bucket with this many slots.
    ///
    /// # Safety
    /// As for [`single_array`](Self::single_array); the bucket's entries are gone.
    pub(super) unsafe fn free_single(&self, bucket: Bucket, slots: usize) {
        // SAFETY: the very layout that `Array::single` used.
        unsafe {
            let start = NonNull::new_unchecked(bucket.head);
            self.alloc.deallocate(start, single_layout::<T>(slots));
        }
    }
}
