//! A bucket: where its head is, where its slots are, and what can be done with either.
//!
//! Terms: *head*, a bucket's tags, overflow filter and whatever else its [shape](Shape) keeps
//! beside them; *plane*, the heads or the slots of all main buckets, one behind the other.
//!
//! ```text
//!   plane of heads   |t t … t f|t t … t f|t t … t f|…     16 bytes each (32 with kept bits)
//!   plane of slots   | slots 0 …  | slots 1 …  | …        as many bytes as the slots need
//!   overflow bucket  |t … t 0 link| slots |               both in one piece
//! ```
//!
//! Heads lie together so that those of a large table fit a cache that its slots do not: an absent key
//! costs one line of that plane. What beside-the-slots heads cost: docs/experiments.md.
//!
//! U1. A main bucket's two addresses come from [`bucket_at`](super::array::bucket_at), an overflow bucket's from
//!     [`Bucket::spill`]. So they always belong together.

use core::ptr;

use super::shape::Shape;
use super::tags::{Bits, HEADER_BYTES, Header};

/// A main or overflow bucket, or [none](Bucket::NONE).
#[derive(Clone, Copy)]
pub(crate) struct Bucket {
    pub(super) head: *mut u8,
    pub(super) slots: *mut u8,
}

impl PartialEq for Bucket {
    #[inline(always)]
    fn eq(&self, other: &Bucket) -> bool {
        // By U1 the head says it all.
        self.head == other.head
    }
}

impl Bucket {
    /// No bucket.
    pub(super) const NONE: Bucket = Bucket {
        head: ptr::null_mut(),
        slots: ptr::null_mut(),
    };

    #[inline(always)]
    pub(super) fn is_none(self) -> bool {
        self.head.is_null()
    }

    /// The overflow bucket at this address; none if it is null.
    #[inline(always)]
    pub(super) fn spill<T>(start: *mut u8) -> Bucket {
        Bucket {
            head: start,
            slots: start.wrapping_add(Shape::<T>::SPILL_SLOTS_AT),
        }
    }

    /// Its tags and filter.
    ///
    /// # Safety
    /// A live bucket.
    #[inline(always)]
    pub(super) unsafe fn header(self) -> Header {
        // SAFETY: by the caller's promise; heads are aligned and at least as long as a header.
        unsafe { Header::load(self.head) }
    }

    /// The tag of slot `index`.
    ///
    /// # Safety
    /// A live bucket, `index < 16`.
    #[inline(always)]
    pub(super) unsafe fn tag(self, index: usize) -> *mut u8 {
        // SAFETY: inside the head by the caller's promise.
        unsafe { self.head.add(index) }
    }

    /// The overflow filter.
    ///
    /// # Safety
    /// A live main bucket.
    #[inline(always)]
    pub(super) unsafe fn filter<T>(self) -> *mut u8 {
        // SAFETY: inside the head.
        unsafe { self.head.add(Shape::<T>::FILTER_AT) }
    }

    /// What the overflow filter is. Volatile, so that it is a load of its own: the compiler would
    /// rather take it out of a [header](Self::header) that was loaded before, by way of the stack.
    ///
    /// # Safety
    /// A live main bucket.
    #[inline(always)]
    pub(super) unsafe fn filter_apart<T>(self) -> u8 {
        // SAFETY: inside the head; the table is borrowed, so nobody writes.
        unsafe { self.filter::<T>().read_volatile() }
    }

    /// The kept bits of slot `index`.
    ///
    /// # Safety
    /// A live bucket of a shape that [keeps bits](Shape::KEEPS_BITS), `index < 16`.
    #[inline(always)]
    pub(super) unsafe fn bits<T>(self, index: usize) -> *mut u8 {
        // SAFETY: inside the head by S5.
        unsafe { self.head.add(Shape::<T>::BITS_AT + index) }
    }

    /// Makes a bucket empty; entries and chain are forgotten.
    ///
    /// # Safety
    /// The head is ours to write.
    #[inline(always)]
    pub(super) unsafe fn clear_head(self) {
        // SAFETY: by the caller's promise.
        unsafe { self.head.write_bytes(0, HEADER_BYTES) };
    }

    /// Where a main bucket keeps its link.
    #[inline(always)]
    fn link<T>(self) -> *mut *mut u8 {
        let start = if Shape::<T>::WIDE {
            self.slots
        } else {
            self.head
        };
        start.wrapping_add(Shape::<T>::LINK_AT).cast()
    }

    /// Links the first overflow bucket of a main bucket.
    ///
    /// # Safety
    /// A live main bucket whose link slot holds no entry.
    #[inline(always)]
    pub(super) unsafe fn set_chain<T>(self, spill: Bucket) {
        // SAFETY: by S1 and S3 the link's bytes are nobody else's; slots may be unaligned for it.
        unsafe { self.link::<T>().write_unaligned(spill.head) };
    }

    /// Links the overflow bucket behind an overflow bucket.
    ///
    /// # Safety
    /// A live overflow bucket.
    #[inline(always)]
    pub(super) unsafe fn set_next<T>(self, spill: Bucket) {
        // SAFETY: overflow buckets always have a link word.
        unsafe {
            self.head
                .add(Shape::<T>::SPILL_LINK_AT)
                .cast::<*mut u8>()
                .write(spill.head);
        }
    }
}

/// # Safety
/// `index` is a slot of `bucket`.
#[inline(always)]
pub(super) unsafe fn slot<T>(bucket: Bucket, index: usize) -> *mut T {
    // SAFETY: by the caller's promise; entries are aligned by the shape.
    unsafe { bucket.slots.cast::<T>().add(index) }
}

/// The first overflow bucket of main bucket `home`, or none.
///
/// # Safety
/// `home` is a live main bucket.
#[inline(always)]
pub(super) unsafe fn chain_of<T>(home: Bucket) -> Bucket {
    // SAFETY: by S1 the link is there when the filter is not 0; slots may be unaligned for it.
    unsafe {
        if home.filter_apart::<T>() == 0 {
            return Bucket::NONE;
        }
        Bucket::spill::<T>(home.link::<T>().read_unaligned())
    }
}

/// The overflow bucket behind overflow bucket `spill`, or none.
///
/// # Safety
/// `spill` is a live overflow bucket.
#[inline(always)]
pub(super) unsafe fn next_of<T>(spill: Bucket) -> Bucket {
    // SAFETY: overflow buckets always have a link word.
    unsafe {
        let link = spill.head.add(Shape::<T>::SPILL_LINK_AT);
        Bucket::spill::<T>(link.cast::<*mut u8>().read())
    }
}

/// # Safety
/// `bucket` is a live bucket; `is_main` says which kind.
#[inline(always)]
pub(super) unsafe fn full_slots<T>(bucket: Bucket, is_main: bool) -> Bits {
    let tags = if is_main {
        Shape::<T>::TAGS
    } else {
        Shape::<T>::SPILL_TAGS
    };
    // SAFETY: by the caller's promise.
    Bits(!unsafe { bucket.header() }.empty() & tags)
}

/// The empty slots that may take an entry.
///
/// # Safety
/// `bucket` is a live bucket; `is_main` says which kind.
#[inline(always)]
unsafe fn empty_slots<T>(bucket: Bucket, is_main: bool) -> u32 {
    // SAFETY: by the caller's promise.
    let empty = unsafe { bucket.header() }.empty();
    if !is_main {
        return empty & Shape::<T>::SPILL_TAGS;
    }
    if Shape::<T>::LINK_IN_SLOT {
        // S3: the last slot of an overflowed bucket is its link. The compare with 0 has seen
        // the filter, too, which is the byte behind the last tag.
        return empty & (Shape::<T>::TAGS >> 1 | empty >> 1) & Shape::<T>::TAGS;
    }
    empty & Shape::<T>::TAGS
}

/// The lowest empty slot that may take an entry.
///
/// # Safety
/// `bucket` is a live bucket; `is_main` says which kind.
#[inline(always)]
pub(super) unsafe fn empty_slot<T>(bucket: Bucket, is_main: bool) -> Option<usize> {
    // SAFETY: by the caller's promise.
    Bits(unsafe { empty_slots::<T>(bucket, is_main) }).next()
}

/// As [`empty_slot`] of a main bucket, but from the line on that the hash prefers if it can be (S4).
///
/// # Safety
/// `bucket` is a live main bucket with all its slots.
#[inline(always)]
pub(super) unsafe fn preferred_empty_slot<T>(bucket: Bucket, hash: u64) -> Option<usize> {
    // SAFETY: by the caller's promise.
    let empty = unsafe { empty_slots::<T>(bucket, true) };
    let first = Shape::<T>::preferred_slot(bucket.slots, hash);
    if let Some(index) = Bits(empty >> first).next() {
        return Some(first + index);
    }
    Bits(empty).next()
}
