//! Asking for memory ahead of its use: what batches do between hashing and searching.
//!
//! Nothing here changes what a search finds. A prefetch reads nothing as far as the program
//! can tell, so places that are void by the time of the search do no harm.

use super::shape::Shape;
use super::table::{RawTable, chain_of, slot};
use super::tags::{Bits, HEADER_BYTES, Header, filter_bit, tag_of};
use crate::alloc::Allocator;

/// Tables of less than this many bytes of buckets are searched without asking ahead: they
/// lie in the second-level cache, where asking costs more than it saves.
const FAR_BYTES_MIN: usize = if super::Rare::COMMON { 0 } else { 512 << 10 };

/// Asks for the cache line at `address`, which may be anything.
#[inline(always)]
pub(crate) fn prefetch(address: *const u8) {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(miri)))]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing and cannot fault.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
    let _ = address;
}

impl<T, A: Allocator + Clone> RawTable<T, A> {
    /// Whether the table is too large for the near caches.
    pub(crate) fn is_far(&self) -> bool {
        self.mask >= FAR_BYTES_MIN / Shape::<T>::STRIDE.max(HEADER_BYTES) && self.len() > 0
    }

    /// Asks for the home of a hash and for the line its entry prefers.
    #[inline(always)]
    pub(crate) fn prefetch_home(&self, hash: u64) {
        let home = self.home(hash);
        prefetch(home);
        if Shape::<T>::STRIDE > 64 {
            let index = if Shape::<T>::PREFERS {
                Shape::<T>::preferred_slot(hash)
            } else {
                0
            };
            let at = Shape::<T>::SLOTS_AT + index * Shape::<T>::ENTRY;
            prefetch(home.wrapping_add(at));
        }
    }

    /// Reads the home of a hash, and shows `visit` the first entry that a search would compare.
    /// If that can only be in the chain, asks for the chain's first bucket.
    #[inline(always)]
    pub(crate) fn prefetch_candidate(&self, hash: u64, visit: impl FnOnce(&T)) {
        let tag = tag_of(hash);
        let home = self.home(hash);
        // SAFETY: `home` has a valid header (I3), and a slot whose tag is not 0 an entry
        // (I4); the mask leaves tags only.
        unsafe {
            let header = Header::load(home);
            if let Some(index) = Bits(header.matches(tag) & Shape::<T>::TAGS).next() {
                visit(&*slot::<T>(home, index));
            } else if *home.add(Shape::<T>::FILTER_AT) & filter_bit(tag) != 0 {
                prefetch(chain_of::<T>(home));
            }
        }
    }
}
