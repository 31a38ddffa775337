//! Searching: how the entry of a key is found, or the place where it belongs.
//!
//! A search reads the head of the hash's home, compares the entries whose tags fit, and is done in most
//! cases: the overflow filter says whether the chain can hold the key (S2). Four flavours differ in
//! what they hand over:
//!
//! | | found | not there |
//! |---|---|---|
//! | [`spot`](RawTable::spot) | its slot in the main bucket, or that the chain must be searched | the home and the tag |
//! | [`find_entry`](RawTable::find_entry) | the entry's address | null |
//! | [`find`](RawTable::find) | its place | nothing |
//! | [`locate`](RawTable::locate) | its place | the home and the tag, for an insertion |
//!
//! What is rare is called and not inlined, and returns two registers at the most: a place that goes
//! through memory on one way would go through it on all.

use core::ptr;

use super::array::bucket_at;
use super::bucket::{Bucket, chain_of, next_of, slot};
use super::prefetch::prefetch_slot;
use super::shape::Shape;
use super::table::{EAGER_REST, Place, RawTable};
use super::tags::{Bits, filter_bit, tag_of};
use crate::alloc::Allocator;

/// Where the entry of a hash would go that is not there: its home, with its tag.
#[derive(Clone, Copy)]
pub(crate) struct Vacancy {
    pub(super) home: Bucket,
    pub(super) tag: u8,
}

/// What a search of the main bucket alone finds.
pub(crate) enum Spot {
    /// The entry is in this slot of its home.
    Main(Bucket, usize),
    /// There is no such entry.
    Vacant(Vacancy),
    /// The chain has to be searched.
    Chain,
}

/// Where an entry was found that is not in its home's main bucket: the head of its bucket, and its
/// slot number with two flags.
#[derive(Clone, Copy)]
struct Far {
    head: *mut u8,
    index: usize,
}

impl Far {
    const NOWHERE: Far = Far {
        head: ptr::null_mut(),
        index: 0,
    };
    /// The home was pinned, and the entry has gone to the bucket that it splits into (I5).
    const MOVED: usize = 1 << 8;
    /// And lies in that main bucket itself.
    const MAIN: usize = 1 << 9;
}

impl<T, A: Allocator + Clone> RawTable<T, A> {
    /// Finds the entry with this hash that `eq` accepts.
    #[inline(always)]
    pub(crate) fn find(&self, hash: u64, eq: impl FnMut(&T) -> bool) -> Option<Place> {
        self.search(
            self.home(hash),
            hash,
            eq,
            |home, index| Some(Place::main(home, index)),
            // SAFETY: `search` passes what is promised.
            |home, tag, eq| unsafe { self.place_in_chain(home, hash, tag, eq) },
            |_, _| None,
        )
    }

    /// As [`find`](Self::find), for who adds the entry if there is none: then told where it belongs.
    #[inline(always)]
    pub(crate) fn locate(&self, hash: u64, eq: impl FnMut(&T) -> bool) -> Result<Place, Vacancy> {
        self.search(
            self.home(hash),
            hash,
            eq,
            |home, index| Ok(Place::main(home, index)),
            |home, tag, eq| {
                // SAFETY: `search` passes what is promised.
                let place = unsafe { self.place_in_chain(home, hash, tag, eq) };
                place.ok_or(Vacancy { home, tag })
            },
            |home, tag| Err(Vacancy { home, tag }),
        )
    }

    /// The first part of a search, for who has another way to do the whole: nothing is called here, so
    /// that the common case needs no registers saved. Not while the table [owes](Self::owes) shares.
    #[inline(always)]
    pub(crate) fn spot(&self, hash: u64, eq: impl FnMut(&T) -> bool) -> Spot {
        debug_assert!(!self.is_relocating(), "an operation that owes a share");
        self.search(
            self.home_asking(hash),
            hash,
            eq,
            Spot::Main,
            |_, _, _| Spot::Chain,
            |home, tag| Spot::Vacant(Vacancy { home, tag }),
        )
    }

    /// As [`find`](Self::find), for who only reads: its address, or null. Less to hand over than a place,
    /// and in a table at rest less to consider.
    #[inline(always)]
    pub(crate) fn find_entry(&self, hash: u64, eq: impl FnMut(&T) -> bool) -> *const T {
        if self.cursor < EAGER_REST {
            return self.find_entry_growing(hash, eq);
        }
        // Nothing is pinned.
        self.entry_in(self.home_at_rest(hash), hash, eq, || false)
    }

    /// The same while a table grows. Whatever else is called here is called last, so no registers are saved.
    #[inline(never)]
    fn find_entry_growing(&self, hash: u64, eq: impl FnMut(&T) -> bool) -> *const T {
        if self.is_relocating() {
            return self.find_entry_of_two(hash, eq);
        }
        let home = self.home_growing(hash);
        self.entry_in(home, hash, eq, || home.head == self.pinned)
    }

    /// The same while there are two arrays.
    #[inline(never)]
    fn find_entry_of_two(&self, hash: u64, eq: impl FnMut(&T) -> bool) -> *const T {
        let home = self.home_of_two(hash);
        if self.is_eager() {
            prefetch_slot::<T>(home, hash);
        }
        self.entry_in(home, hash, eq, || home.head == self.pinned)
    }

    /// The home of a hash while there is one array; if look-ups are eager, asks for the line that the
    /// entry prefers.
    #[inline(always)]
    fn home_asking(&self, hash: u64) -> Bucket {
        if self.cursor < EAGER_REST {
            self.home_growing(hash)
        } else {
            self.home_at_rest(hash)
        }
    }

    #[inline(always)]
    fn home_at_rest(&self, hash: u64) -> Bucket {
        // SAFETY: by I2 and I3 the bucket exists.
        let home = unsafe { bucket_at::<T>(self.base, hash as usize & self.mask) };
        if Shape::<T>::PREFERS && self.cursor == EAGER_REST {
            prefetch_slot::<T>(home, hash);
        }
        home
    }

    #[inline(always)]
    fn home_growing(&self, hash: u64) -> Bucket {
        let home = self.home_in_place(hash);
        if self.is_eager() {
            prefetch_slot::<T>(home, hash);
        }
        home
    }

    /// The entry of a hash whose home this is, or null.
    #[inline(always)]
    fn entry_in(
        &self,
        home: Bucket,
        hash: u64,
        eq: impl FnMut(&T) -> bool,
        is_pinned: impl FnOnce() -> bool,
    ) -> *const T {
        Self::search_main(
            home,
            tag_of(hash),
            eq,
            is_pinned,
            // SAFETY: `search_main` names a slot.
            |index| unsafe { slot::<T>(home, index).cast_const() },
            // SAFETY: `home` is that of the hash.
            |eq| unsafe { self.entry_in_chain(home, hash, eq) },
            ptr::null,
        )
    }

    /// The search of a hash's home: ends with `found`, goes on in the `chain` of the home with the
    /// tag, or ends with `missing`.
    #[inline(always)]
    fn search<R, E: FnMut(&T) -> bool>(
        &self,
        home: Bucket,
        hash: u64,
        eq: E,
        found: impl FnOnce(Bucket, usize) -> R,
        chain: impl FnOnce(Bucket, u8, E) -> R,
        missing: impl FnOnce(Bucket, u8) -> R,
    ) -> R {
        let tag = tag_of(hash);
        Self::search_main(
            home,
            tag,
            eq,
            || home.head == self.pinned,
            |index| found(home, index),
            |eq| chain(home, tag, eq),
            || missing(home, tag),
        )
    }

    /// The search of a main bucket.
    #[inline(always)]
    fn search_main<R, E: FnMut(&T) -> bool>(
        home: Bucket,
        tag: u8,
        mut eq: E,
        is_pinned: impl FnOnce() -> bool,
        found: impl FnOnce(usize) -> R,
        chain: impl FnOnce(E) -> R,
        missing: impl FnOnce() -> R,
    ) -> R {
        // SAFETY: `home` has a valid header (I3), and a slot whose tag is not 0 an
        // entry (I4); the mask leaves tags only.
        unsafe {
            let mut same = u64::from(home.header().matches(tag) & Shape::<T>::TAGS);
            while same != 0 {
                let index = same.trailing_zeros() as usize;
                if eq(&*slot::<T>(home, index)) {
                    return found(index);
                }
                same &= same - 1;
            }
            if home.filter_apart::<T>() & filter_bit(tag) == 0 && !is_pinned() {
                return missing();
            }
            chain(eq)
        }
    }

    /// # Safety
    /// As for [`search_chain`](Self::search_chain).
    #[inline(never)]
    unsafe fn entry_in_chain(
        &self,
        home: Bucket,
        hash: u64,
        mut eq: impl FnMut(&T) -> bool,
    ) -> *const T {
        // SAFETY: by the caller's promise; the place was just found.
        unsafe {
            let far = self.search_chain(home, hash, tag_of(hash), &mut eq);
            match self.place_of(far, home, hash) {
                Some(place) => slot::<T>(place.bucket, place.index),
                None => ptr::null(),
            }
        }
    }

    /// # Safety
    /// As for [`search_chain`](Self::search_chain).
    #[inline(always)]
    pub(super) unsafe fn place_in_chain(
        &self,
        home: Bucket,
        hash: u64,
        tag: u8,
        mut eq: impl FnMut(&T) -> bool,
    ) -> Option<Place> {
        // SAFETY: by the caller's promise.
        let far = unsafe { self.search_chain(home, hash, tag, &mut eq) };
        self.place_of(far, home, hash)
    }

    /// The place that a search of the chain of `home` found.
    #[inline(always)]
    fn place_of(&self, far: Far, home: Bucket, hash: u64) -> Option<Place> {
        if far.head.is_null() {
            return None;
        }
        let home = if far.index & Far::MOVED == 0 {
            home
        } else {
            self.split_home_apart(hash)
        };
        let bucket = if far.index & Far::MAIN == 0 {
            Bucket::spill::<T>(far.head)
        } else {
            home
        };
        Some(Place {
            bucket,
            index: far.index & !(Far::MOVED | Far::MAIN),
            home,
        })
    }

    #[cold]
    #[inline(never)]
    fn split_home_apart(&self, hash: u64) -> Bucket {
        self.split_home(hash)
    }

    /// The part of a search behind the main bucket.
    ///
    /// # Safety
    /// `home` is the home of `hash`, and `tag` its tag.
    #[inline(never)]
    unsafe fn search_chain(
        &self,
        home: Bucket,
        hash: u64,
        tag: u8,
        eq: &mut impl FnMut(&T) -> bool,
    ) -> Far {
        // SAFETY: `home` is live; what it splits into is by I3.
        unsafe {
            let far = Self::search_spills(home, tag, eq);
            if far.head.is_null() && home.head == self.pinned {
                return self.search_moved(home, hash, tag, eq);
            }
            far
        }
    }

    /// The search of what was split off the pinned bucket already (I5).
    ///
    /// # Safety
    /// As for [`search_chain`](Self::search_chain); `home` is pinned.
    #[cold]
    #[inline(never)]
    unsafe fn search_moved(
        &self,
        home: Bucket,
        hash: u64,
        tag: u8,
        eq: &mut impl FnMut(&T) -> bool,
    ) -> Far {
        let moved = self.split_home(hash);
        if moved == home {
            return Far::NOWHERE;
        }
        // SAFETY: by I3 the bucket is there; I4.
        unsafe {
            for index in Bits(moved.header().matches(tag) & Shape::<T>::TAGS) {
                if eq(&*slot::<T>(moved, index)) {
                    return Far {
                        head: moved.head,
                        index: index | Far::MOVED | Far::MAIN,
                    };
                }
            }
            let far = Self::search_spills(moved, tag, eq);
            Far {
                head: far.head,
                index: far.index | Far::MOVED,
            }
        }
    }

    /// The search of the overflow buckets of a main bucket.
    ///
    /// # Safety
    /// `home` is a live main bucket.
    #[inline(always)]
    unsafe fn search_spills(home: Bucket, tag: u8, eq: &mut impl FnMut(&T) -> bool) -> Far {
        // SAFETY: chains link live overflow buckets; I4.
        unsafe {
            let mut spill = chain_of::<T>(home);
            while !spill.is_none() {
                for index in Bits(spill.header().matches(tag) & Shape::<T>::SPILL_TAGS) {
                    if eq(&*slot::<T>(spill, index)) {
                        return Far {
                            head: spill.head,
                            index,
                        };
                    }
                }
                spill = next_of::<T>(spill);
            }
        }
        Far::NOWHERE
    }
}
