//! Shapes: how the bytes of a bucket are laid out, by entry size, at compile time.
//!
//! Two kinds of bucket:
//!
//! ```text
//! main bucket, wide     head |t t t t t t t t t t t t t t t|f|   slots |0| … |13|14 or link|
//! main bucket, narrow   head |t t t t t t t|f|   link        |   slots |0| … |6|
//! overflow bucket       head |t t t t t t t|0|   link        | slots |0| … |6|
//! ```
//!
//! `t` tags, `f` the overflow filter. A slot holds key and value together. Heads and slots of main
//! buckets lie in planes of their own ([`bucket`](super::bucket)).
//!
//! S1. `f == 0` when the bucket has no chain, and then there is no link. A pinned bucket may
//!     have `f != 0` and a null link for a while.
//! S2. Bit `tag & 7` of `f` is set for every entry in the chain: a look-up
//!     whose bit is clear stops at the main bucket. The bit depends on the tag
//!     alone, so the filter can be rebuilt without hashing keys.
//! S3. The link of a wide bucket lies in its last slot, which then holds no entry (its tag
//!     is 0). So a bucket without overflow, four of five, pays nothing for it. Entries
//!     of less than 8 bytes have the link behind the slots.
//!
//! S4. Where slots fill several cache lines an entry prefers one of them, which its hash
//!     names. A look-up in a large table asks for that line together with the head, so
//!     a hit waits for memory once and not twice. Splits keep slot numbers.
//!
//! S5. Where entries own memory and are not small, heads have sixteen bytes more, behind the
//!     tags, that keep eight hash bits for every slot ([`kept`](super::kept)).
//!
//! Fifteen slots per bucket, as many as one compare of sixteen tags covers beside the filter: the more
//! slots, the fuller all buckets get before one overflows. Long entries have seven, so that
//! a step that splits one bucket stays short. Figures: docs/experiments.md.

use core::marker::PhantomData;

use super::tags::HEADER_BYTES;

/// Entries above this size get narrow buckets.
const WIDE_ENTRY_BYTES_MAX: usize = 256;
/// Entries from this size on get two-slot overflow buckets.
const LONG_ENTRY_BYTES: usize = 128;
/// Entries from this size on keep hash bits, if they own memory: an eighteenth more memory at most.
const KEEPING_ENTRY_BYTES_MIN: usize = 24;
/// Entries up to this size prefer a line: one that spans two gains little from knowing one.
const PREFERRING_ENTRY_BYTES_MAX: usize = 32;
/// What caches hold and prefetches fetch.
pub(super) const LINE_BYTES: usize = 64;
/// Slots of so many bytes are near: half of a second-level cache.
const NEAR_BYTES: usize = 1 << 20;

/// The layout of buckets that hold entries of type `T`.
pub(crate) struct Shape<T>(PhantomData<T>);

impl<T> Shape<T> {
    pub(crate) const ENTRY: usize = size_of::<T>();
    pub(crate) const ALIGN: usize = max(align_of::<T>(), HEADER_BYTES);
    pub(crate) const WIDE: bool = Self::ENTRY <= WIDE_ENTRY_BYTES_MAX;
    pub(crate) const SLOTS: usize = if Self::WIDE { 15 } else { 7 };
    /// Tag bytes of a main bucket as a mask.
    pub(crate) const TAGS: u32 = (1 << Self::SLOTS) - 1;
    /// Bytes of the slots of a main bucket.
    const SLOTS_BYTES: usize = Self::SLOTS * Self::ENTRY;
    /// Whether the link of an overflowed main bucket takes its last slot (S3).
    pub(crate) const LINK_IN_SLOT: bool = Self::WIDE && Self::ENTRY >= LINK_BYTES;
    pub(crate) const FILTER_AT: usize = if Self::WIDE { 15 } else { 7 };
    /// Where the link is: among the slots of a wide bucket, in the head of a narrow one.
    pub(crate) const LINK_AT: usize = if !Self::WIDE {
        8
    } else if Self::LINK_IN_SLOT {
        (Self::SLOTS - 1) * Self::ENTRY
    } else {
        align_up(Self::SLOTS_BYTES, LINK_BYTES)
    };

    /// Whether eight more hash bits are kept of every entry (S5).
    pub(crate) const KEEPS_BITS: bool =
        core::mem::needs_drop::<T>() && Self::WIDE && Self::ENTRY >= KEEPING_ENTRY_BYTES_MIN;
    /// Where they are, in heads.
    pub(crate) const BITS_AT: usize = HEADER_BYTES;
    /// Bytes of a head, the distance between those of main buckets.
    pub(crate) const HEAD: usize = if Self::KEEPS_BITS {
        2 * HEADER_BYTES
    } else {
        HEADER_BYTES
    };
    /// Distance between the slots of main buckets in bytes; 0 for entries without size is fine.
    pub(crate) const STRIDE: usize = if Self::WIDE && !Self::LINK_IN_SLOT {
        align_up(Self::LINK_AT + LINK_BYTES, align_of::<T>())
    } else {
        Self::SLOTS_BYTES
    };
    /// Bytes of a main bucket, head and slots.
    pub(crate) const BUCKET: usize = Self::HEAD + Self::STRIDE;
    /// How slots are aligned: a line where preferring one means something.
    pub(crate) const SLOTS_ALIGN: usize = max(Self::ALIGN, LINE_BYTES);

    pub(crate) const SPILL_SLOTS: usize = if Self::ENTRY >= LONG_ENTRY_BYTES {
        2
    } else {
        7
    };
    /// Where the slots of an overflow bucket begin.
    pub(crate) const SPILL_SLOTS_AT: usize = align_up(Self::HEAD, align_of::<T>());
    pub(crate) const SPILL_STRIDE: usize = stride(
        Self::SPILL_SLOTS_AT + Self::SPILL_SLOTS * Self::ENTRY,
        Self::ALIGN,
    );
    /// Tag bytes of an overflow bucket as a mask.
    pub(crate) const SPILL_TAGS: u32 = (1 << Self::SPILL_SLOTS) - 1;
    /// Where an overflow bucket keeps its link, in its head.
    pub(crate) const SPILL_LINK_AT: usize = 8;

    /// Whether entries have a preferred cache line (S4).
    pub(crate) const PREFERS: bool = Self::WIDE
        && Self::ENTRY >= LINK_BYTES
        && Self::ENTRY <= PREFERRING_ENTRY_BYTES_MAX
        && Self::STRIDE > LINE_BYTES;

    /// Tables of fewer buckets are searched without asking for lines: they lie in near caches,
    /// where asking costs more than it saves.
    pub(crate) const NEAR_BUCKETS: usize = if super::Rare::COMMON {
        2
    } else {
        NEAR_BYTES / (Self::STRIDE + 1)
    };

    /// Where among the slots the line is that an entry would like best: the offset of some byte of it. By
    /// hash bits that neither tag nor home use.
    #[inline(always)]
    pub(crate) fn preferred_byte(hash: u64) -> usize {
        let lines = Self::STRIDE.div_ceil(LINE_BYTES);
        if lines.is_power_of_two() {
            // Lines and buckets begin in different places. So far into a line-sized part of the bucket, the
            // shortest lines at its ends are the fewest entries' choice.
            ((hash >> 34) as usize & ((lines - 1) * LINE_BYTES)) + LINE_BYTES * 3 / 8
        } else {
            (((hash >> 40) as u16 as usize * Self::SLOTS) >> 16) * Self::ENTRY
        }
    }

    /// The first slot that begins in the line of that byte.
    #[inline(always)]
    pub(crate) fn preferred_slot(slots: *const u8, hash: u64) -> usize {
        if !Self::PREFERS {
            return 0;
        }
        let line = (slots.addr() + Self::preferred_byte(hash)) & !(LINE_BYTES - 1);
        line.saturating_sub(slots.addr()).div_ceil(Self::ENTRY)
    }

    /// Entries that `buckets` main buckets take before a growth begins:
    /// 6.5 of 8 slots, as in Go; a single bucket is filled.
    pub(crate) const fn room(buckets: usize) -> usize {
        match buckets {
            0 => 0,
            1 => Self::SLOTS,
            _ => {
                // Multiplied last, so that no realistic count overflows.
                let slots = buckets.saturating_mul(Self::SLOTS);
                slots / 16 * 13 + slots % 16 * 13 / 16
            }
        }
    }

    /// The fewest buckets (a power of two) with room for `entries`.
    pub(crate) const fn buckets_for(entries: usize) -> Option<usize> {
        if entries <= Self::SLOTS {
            return Some(1);
        }
        // room(n) >= entries  <=>  n >= entries * 16 / (13 * SLOTS), rounded up.
        let Some(scaled) = entries.checked_mul(16) else {
            return None;
        };
        match scaled
            .div_ceil(13 * Self::SLOTS)
            .checked_next_power_of_two()
        {
            Some(n) if Self::room(n) >= entries => Some(n),
            Some(n) => n.checked_mul(2),
            None => None,
        }
    }
}

const LINK_BYTES: usize = size_of::<*mut u8>();
const fn stride(used: usize, align: usize) -> usize {
    // Whole cache lines where that wastes no more than an eighth.
    let lines = align_up(used, 64);
    let tight = align_up(used, align);
    let roomy = align_up(lines, align);
    if roomy - tight <= tight / 8 {
        roomy
    } else {
        tight
    }
}

const fn align_up(bytes: usize, align: usize) -> usize {
    bytes.next_multiple_of(align)
}

const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(align(128))]
    struct Wide;

    fn check<T>() {
        type S<T> = Shape<T>;
        assert!(S::<T>::SLOTS == 7 || S::<T>::SLOTS == 15);
        assert_eq!(S::<T>::STRIDE % align_of::<T>(), 0);
        assert_eq!(S::<T>::SLOTS_ALIGN % align_of::<T>(), 0);
        assert_eq!(S::<T>::SPILL_STRIDE % S::<T>::ALIGN, 0);
        assert_eq!(S::<T>::SPILL_SLOTS_AT % align_of::<T>(), 0);
        let link_end = S::<T>::LINK_AT + LINK_BYTES;
        assert!(
            link_end
                <= if S::<T>::WIDE {
                    S::<T>::STRIDE
                } else {
                    S::<T>::HEAD
                }
        );
        assert!(S::<T>::SPILL_SLOTS >= 2 && S::<T>::SPILL_SLOTS <= 7);
        for entries in (0..5_000).chain([1 << 20, (1 << 30) + 1, usize::MAX / 64]) {
            let buckets = S::<T>::buckets_for(entries).unwrap();
            assert!(S::<T>::room(buckets) >= entries, "{entries} in {buckets}");
            if buckets > 1 {
                assert!(
                    S::<T>::room(buckets / 2) < entries,
                    "{entries} in {buckets}"
                );
            }
        }
        assert_eq!(S::<T>::buckets_for(usize::MAX), None);
        if !S::<T>::PREFERS {
            return;
        }
        for (bits, address) in (0..=u64::from(u16::MAX)).zip((0..).step_by(S::<T>::STRIDE)) {
            let (hash, slots) = (bits << 40, core::ptr::without_provenance(address));
            let (byte, slot) = (
                S::<T>::preferred_byte(hash),
                S::<T>::preferred_slot(slots, hash),
            );
            assert!(byte < S::<T>::STRIDE && slot < S::<T>::SLOTS);
            let begins = address + slot * S::<T>::ENTRY;
            // The slot before it begins in another line.
            assert!(begins / LINE_BYTES >= (address + byte) / LINE_BYTES);
            assert!(
                slot == 0 || (begins - S::<T>::ENTRY) / LINE_BYTES < (address + byte) / LINE_BYTES
            );
        }
    }

    #[test]
    fn every_entry_size_has_a_sound_shape() {
        check::<()>();
        check::<u8>();
        check::<u16>();
        check::<[u8; 3]>();
        check::<u32>();
        check::<u64>();
        check::<[u32; 3]>();
        check::<(u64, u64)>();
        check::<(String, u64)>();
        check::<(u64, [u8; 64])>();
        check::<[u8; 200]>();
        check::<[u8; 5_000]>();
        check::<Wide>();
    }

    #[test]
    fn sixteen_byte_entries_take_seventeen_bytes_a_slot() {
        type Pair = Shape<(u64, u64)>;
        assert_eq!((Pair::SLOTS, Pair::HEAD, Pair::STRIDE), (15, 16, 240));
        assert_eq!(Pair::SPILL_STRIDE, 128);
        assert_eq!(Shape::<(String, u64)>::BUCKET, 512);
    }

    #[test]
    fn a_preferred_line_begins_with_one_of_its_slots() {
        let first = |address: usize, line: u64| {
            Shape::<(u64, u64)>::preferred_slot(core::ptr::without_provenance(address), line << 40)
        };
        assert_eq!([0, 1, 2, 3].map(|line| first(0, line)), [0, 4, 8, 12]);
        // The next buckets' slots begin in the middle of a line.
        assert_eq!([0, 1, 2, 3].map(|line| first(240, line)), [1, 5, 9, 13]);
        assert_eq!([0, 1, 2, 3].map(|line| first(480, line)), [0, 2, 6, 10]);
        assert_eq!([0, 1, 2, 3].map(|line| first(720, line)), [0, 3, 7, 11]);
    }

    #[test]
    fn entries_that_own_memory_keep_bits_unless_they_are_small() {
        let keeps = [
            Shape::<(String, u64)>::KEEPS_BITS,
            Shape::<(String, String)>::KEEPS_BITS,
            Shape::<(u64, [u64; 3])>::KEEPS_BITS,
            Shape::<(String, ())>::KEEPS_BITS,
            Shape::<Box<u8>>::KEEPS_BITS,
            Shape::<(u64, u64)>::KEEPS_BITS,
        ];
        assert_eq!(keeps, [true, true, false, true, false, false]);
    }
}
