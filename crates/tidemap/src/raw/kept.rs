//! Kept bits: eight more hash bits of every entry, so that a doubling need not hash keys again.
//!
//! Keys that own memory are dear to hash once they are cold: each costs a wait for memory. Where a
//! bucket's layout leaves sixteen bytes over (S5), they hold a byte for each entry, and a split takes the one
//! bit that it needs from there.
//!
//! K1. In the chain of a bucket that is one of 2^b, an entry's byte holds the hash bits from
//!     `8 * (b / 8)` on. Bit b, which a doubling asks for, is among them.
//! K2. A growth to 2^c buckets with `c / 8 > b / 8` hashes every key and renews the bytes: of eight
//!     doublings in a row one does.
//! K3. In a pinned chain bytes may be renewed already. Its split goes by K2, so it either never reads
//!     them, or old and new bytes are the same.
//! K4. Only [`Kept`] says whether bytes are read. Where K1 may not hold, after a shrink for one, the next
//!     growth renews them.

use super::bucket::Bucket;
use super::shape::Shape;

/// The first hash bit that bytes hold in a layout with this mask (K1).
#[inline(always)]
fn first_bit(mask: usize) -> u32 {
    (usize::BITS - mask.leading_zeros()) & !7
}

/// Whether the bytes of a table can be relied on. Whatever moves entries without their bytes need not
/// say so: a layout is trusted only if the last thing that happened to it was a whole growth.
#[derive(Clone, Copy)]
pub(super) struct Kept {
    /// The mask of the layout whose bytes are all as K1 says.
    mask: usize,
    /// Whether the growth that is going on reads bytes; else it renews them.
    reads: bool,
    /// Whether it has gone over all buckets so far, once each.
    is_whole: bool,
    /// The cursor after its last step.
    cursor: usize,
}

impl Kept {
    /// Of an empty layout with this mask.
    pub(super) const fn of_empty(mask: usize) -> Kept {
        Kept {
            mask,
            reads: false,
            is_whole: false,
            cursor: 0,
        }
    }

    /// A growth from one layout to another begins with this cursor.
    pub(super) fn begin(&mut self, old_mask: usize, new_mask: usize, cursor: usize) {
        *self = Kept {
            mask: usize::MAX,
            reads: self.mask == old_mask && first_bit(old_mask) == first_bit(new_mask),
            is_whole: true,
            cursor,
        };
    }

    /// Before a step: whether bytes may be read. If the cursor is not where the last step left it, buckets
    /// were merged in between.
    pub(super) fn check(&mut self, cursor: usize) -> bool {
        if cursor != self.cursor {
            (self.reads, self.is_whole) = (false, false);
        }
        self.reads
    }

    /// After a step.
    pub(super) fn follow(&mut self, cursor: usize) {
        self.cursor = cursor;
    }

    /// The growth ends, with this mask and cursor; `is_done` says that no bucket was left out.
    pub(super) fn end(&mut self, mask: usize, cursor: usize, is_done: bool) {
        let is_valid = is_done && self.is_whole && self.cursor == cursor;
        *self = Kept::of_empty(if is_valid { mask } else { usize::MAX });
    }

    /// Whether bytes in the layout with this mask are right, for checks. While buckets are split, `None`
    /// asks about all of them.
    pub(super) fn is_right(&self, mask: Option<usize>) -> bool {
        mask.map_or(self.reads && self.is_whole, |mask| mask == self.mask)
    }
}

/// What the byte of an entry holds.
#[inline(always)]
pub(super) fn bits(hash: u64, mask: usize) -> u8 {
    (hash >> first_bit(mask)) as u8
}

/// Notes the bits of the entry in slot `index`, whose home is in a layout with this mask.
///
/// # Safety
/// `index` is a slot of `bucket`.
#[inline(always)]
pub(super) unsafe fn keep<T>(bucket: Bucket, index: usize, hash: u64, mask: usize) {
    if Shape::<T>::KEEPS_BITS {
        // SAFETY: by the caller's promise and S5.
        unsafe { *bucket.bits::<T>(index) = bits(hash, mask) };
    }
}

/// Takes the bits along when an entry moves from slot `index` to slot `to_index`.
///
/// # Safety
/// Both are slots of their buckets; the first holds an entry.
#[inline(always)]
pub(super) unsafe fn carry<T>(from: Bucket, index: usize, to: Bucket, to_index: usize) {
    if Shape::<T>::KEEPS_BITS {
        // SAFETY: by the caller's promise and S5. Where bytes are not trusted they may never have been
        // written (K4); a copy does not look at them.
        unsafe { core::ptr::copy_nonoverlapping(from.bits::<T>(index), to.bits::<T>(to_index), 1) };
    }
}

/// Hash bit number `bit` of the entry in slot `index`, which its byte must hold.
///
/// # Safety
/// `index` is a slot of `bucket` that holds an entry.
#[inline(always)]
pub(super) unsafe fn bit_of<T>(bucket: Bucket, index: usize, bit: u32) -> usize {
    // SAFETY: by the caller's promise and S5.
    usize::from(unsafe { *bucket.bits::<T>(index) } >> (bit & 7) & 1)
}
