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

use super::shape::Shape;

/// The first hash bit that bytes hold in a layout with this mask (K1).
#[inline(always)]
fn first_bit(mask: usize) -> u32 {
    (usize::BITS - mask.leading_zeros()) & !7
}

/// Whether a growth between layouts with these masks can read the bytes it finds (K2).
#[inline(always)]
pub(super) fn are_enough<T>(old_mask: usize, new_mask: usize) -> bool {
    Shape::<T>::KEEPS_BITS && first_bit(old_mask) == first_bit(new_mask)
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
pub(super) unsafe fn keep<T>(bucket: *mut u8, index: usize, hash: u64, mask: usize) {
    if Shape::<T>::KEEPS_BITS {
        // SAFETY: by the caller's promise and S5.
        unsafe { *bucket.add(Shape::<T>::BITS_AT + index) = bits(hash, mask) };
    }
}

/// Takes the bits along when an entry moves from slot `index` to slot `to_index`.
///
/// # Safety
/// Both are slots of their buckets; the first holds an entry.
#[inline(always)]
pub(super) unsafe fn carry<T>(from: *const u8, index: usize, to: *mut u8, to_index: usize) {
    if Shape::<T>::KEEPS_BITS {
        let at = Shape::<T>::BITS_AT;
        // SAFETY: by the caller's promise and S5.
        unsafe { *to.add(at + to_index) = *from.add(at + index) };
    }
}

/// Hash bit number `bit` of the entry in slot `index`, which its byte must hold.
///
/// # Safety
/// `index` is a slot of `bucket` that holds an entry.
#[inline(always)]
pub(super) unsafe fn bit_of<T>(bucket: *const u8, index: usize, bit: u32) -> usize {
    // SAFETY: by the caller's promise and S5.
    usize::from(unsafe { *bucket.add(Shape::<T>::BITS_AT + index) } >> (bit & 7) & 1)
}
