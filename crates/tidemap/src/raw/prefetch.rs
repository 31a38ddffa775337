//! Asking for memory ahead of its use: what batches do between hashing and searching.
//!
//! Nothing here changes what a search finds. A prefetch reads nothing as far as the program
//! can tell, so places that are void by the time of the search do no harm.

use super::bucket::{Bucket, chain_of, slot};
use super::shape::Shape;
use super::table::RawTable;
use super::tags::{Bits, filter_bit, tag_of};
use crate::alloc::Allocator;

/// Tables of less than this many bytes of buckets are searched key by key: they lie in the near caches, where
/// asking ahead costs more than it saves. Text is a wait of its own, and worth asking for much sooner.
const FAR_BYTES_MIN: [usize; 2] = if super::Rare::COMMON {
    [0, 0]
} else {
    [16 << 20, 512 << 10]
};

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

/// Asks for the cache line that an entry with this hash prefers (S4).
#[inline(always)]
pub(super) fn prefetch_slot<T>(home: Bucket, hash: u64) {
    if Shape::<T>::PREFERS {
        prefetch(home.slots.wrapping_add(Shape::<T>::preferred_byte(hash)));
    }
}

impl<T, A: Allocator + Clone> RawTable<T, A> {
    /// Whether batches should ask ahead, by whether keys have text elsewhere.
    pub(crate) fn is_far(&self, text: bool) -> bool {
        self.mask >= FAR_BYTES_MIN[usize::from(text)] / Shape::<T>::BUCKET && self.len() > 0
    }

    /// Asks for the home of a hash and for the line its entry prefers.
    #[inline(always)]
    pub(crate) fn prefetch_home(&self, hash: u64) {
        let home = self.home(hash);
        prefetch(home.head);
        prefetch_slot::<T>(home, hash);
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
            let header = home.header();
            if let Some(index) = Bits(header.matches(tag) & Shape::<T>::TAGS).next() {
                visit(&*slot::<T>(home, index));
            } else if *home.filter::<T>() & filter_bit(tag) != 0 {
                prefetch(chain_of::<T>(home).head);
            }
        }
    }
}
