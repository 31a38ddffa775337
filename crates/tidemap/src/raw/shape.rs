//! Shapes: how the bytes of a bucket are laid out, by entry size, at compile time.
//!
//! Two kinds of bucket:
//!
//! ```text
//! main bucket, wide   |t t t t t t t t t t t t t t t|f| slot 0 | … | slot 14 or link |
//! main bucket, narrow |t t t t t t t|f|   link       | slot 0 | … | slot 6 |
//! overflow bucket     |t t t t t t t|0|   link       | slot 0 | … | slot 6 |
//! ```
//!
//! `t` tags, `f` the overflow filter. A slot holds key and value together.
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
//! S4. In a bucket of several cache lines an entry prefers the slots of one line, which
//!     its hash names. A look-up asks for that line together with the header, so
//!     a hit waits for memory once and not twice. Splits keep slot numbers.
//!
//! S5. Where main and overflow buckets leave sixteen bytes over and entries own memory, those bytes lie behind the
//!     tags and keep eight hash bits for every slot ([`kept`](super::kept)).
//!
//! Slots per bucket: fifteen where they fit in 256 bytes with the header
//! (16-byte entries exactly), fewer where a power of two of bytes is worth it,
//! seven for entries that are long anyway. Figures: docs/experiments.md.

use core::marker::PhantomData;

use super::tags::HEADER_BYTES;

/// Entries above this size get narrow buckets.
const WIDE_ENTRY_BYTES_MAX: usize = 256;
/// Entries from this size on get two-slot overflow buckets.
const LONG_ENTRY_BYTES: usize = 128;

/// The layout of buckets that hold entries of type `T`.
pub(crate) struct Shape<T>(PhantomData<T>);

impl<T> Shape<T> {
    pub(crate) const ENTRY: usize = size_of::<T>();
    pub(crate) const ALIGN: usize = max(align_of::<T>(), HEADER_BYTES);
    /// Where slot 0 begins.
    pub(crate) const SLOTS_AT: usize = if Self::KEEPS_BITS {
        Self::BITS_AT + KEPT_BYTES
    } else {
        Self::PLAIN_SLOTS_AT
    };
    const PLAIN_SLOTS_AT: usize = align_up(HEADER_BYTES, align_of::<T>());
    pub(crate) const SLOTS: usize = slots(Self::ENTRY, Self::PLAIN_SLOTS_AT);
    /// Whether eight more hash bits are kept of every entry (S5).
    pub(crate) const KEEPS_BITS: bool = core::mem::needs_drop::<T>()
        && Self::LINK_IN_SLOT
        && Self::ALIGN == HEADER_BYTES
        && has_room(Self::SLOTS * Self::ENTRY, Self::ALIGN)
        && has_room(Self::SPILL_SLOTS * Self::ENTRY, Self::ALIGN);
    /// Where they are.
    pub(crate) const BITS_AT: usize = HEADER_BYTES;
    pub(crate) const WIDE: bool = Self::SLOTS > 7;
    /// Whether the link of an overflowed main bucket takes its last slot (S3).
    pub(crate) const LINK_IN_SLOT: bool = Self::WIDE && Self::ENTRY >= LINK_BYTES;
    const SLOTS_END: usize = Self::SLOTS_AT + Self::SLOTS * Self::ENTRY;
    pub(crate) const LINK_AT: usize = if !Self::WIDE {
        8
    } else if Self::LINK_IN_SLOT {
        Self::SLOTS_END - Self::ENTRY
    } else {
        align_up(Self::SLOTS_END, LINK_BYTES)
    };
    pub(crate) const FILTER_AT: usize = if Self::WIDE { 15 } else { 7 };
    const USED: usize = if Self::WIDE && !Self::LINK_IN_SLOT {
        Self::LINK_AT + LINK_BYTES
    } else {
        Self::SLOTS_END
    };
    /// Distance between main buckets in bytes.
    pub(crate) const STRIDE: usize = stride(Self::USED, Self::ALIGN);
    /// Tag bytes of a main bucket as a mask.
    pub(crate) const TAGS: u32 = (1 << Self::SLOTS) - 1;

    pub(crate) const SPILL_SLOTS: usize = if Self::ENTRY >= LONG_ENTRY_BYTES {
        2
    } else {
        7
    };
    pub(crate) const SPILL_STRIDE: usize = stride(
        Self::SLOTS_AT + Self::SPILL_SLOTS * Self::ENTRY,
        Self::ALIGN,
    );
    /// Tag bytes of an overflow bucket as a mask.
    pub(crate) const SPILL_TAGS: u32 = (1 << Self::SPILL_SLOTS) - 1;
    /// Where an overflow bucket keeps its link.
    pub(crate) const SPILL_LINK_AT: usize = 8;

    /// Whether entries have a preferred cache line (S4).
    pub(crate) const PREFERS: bool =
        Self::WIDE && Self::ENTRY >= LINK_BYTES && Self::STRIDE > 64 && Self::STRIDE <= 512;
    /// The slots that share a cache line with slot `i`, as masks.
    const LINE_SLOTS: [u16; 16] = {
        let mut lines = [0u16; 16];
        let mut i = 0;
        while i < 16 {
            let mut j = 0;
            while j < Self::SLOTS {
                if (Self::SLOTS_AT + j * Self::ENTRY) / 64
                    == (Self::SLOTS_AT + i * Self::ENTRY) / 64
                {
                    lines[i] |= 1 << j;
                }
                j += 1;
            }
            i += 1;
        }
        lines
    };

    /// The slot that an entry would like best: four hash bits that neither tag nor home use.
    /// May be one that is not there, which no line claims; then any slot is as good.
    #[inline(always)]
    pub(crate) fn preferred_slot(hash: u64) -> usize {
        (hash >> 48) as usize & 15
    }

    /// The slots an entry with this hash prefers, as a mask.
    #[inline(always)]
    pub(crate) fn preferred_slots(hash: u64) -> u32 {
        u32::from(Self::LINE_SLOTS[Self::preferred_slot(hash)])
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
/// One for every tag (S5), and as many as keep slots aligned.
const KEPT_BYTES: usize = HEADER_BYTES;

const fn slots(entry: usize, slots_at: usize) -> usize {
    if entry > WIDE_ENTRY_BYTES_MAX || slots_at > WIDE_ENTRY_BYTES_MAX {
        return 7;
    }
    if entry < LINK_BYTES {
        // Link behind the slots; one cache line where that gives ten slots.
        return if entry == 4 {
            (64 - HEADER_BYTES - LINK_BYTES) / 4
        } else {
            15
        };
    }
    // The largest count up to 15 that fits 128 or 256 bytes, if that is near 15.
    let small = (128 - min(slots_at, 128)) / entry;
    let large = (256 - min(slots_at, 256)) / entry;
    if small >= 14 {
        min(small, 15)
    } else if large >= 10 {
        min(large, 15)
    } else {
        15
    }
}

/// Whether [`KEPT_BYTES`] more make no bucket longer.
const fn has_room(slots_bytes: usize, align: usize) -> bool {
    let plain = HEADER_BYTES + slots_bytes;
    stride(plain + KEPT_BYTES, align) == stride(plain, align)
}

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

const fn min(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(align(128))]
    struct Wide;

    fn check<T>() {
        type S<T> = Shape<T>;
        assert!(S::<T>::SLOTS >= 7 && S::<T>::SLOTS <= 15);
        assert_eq!(S::<T>::STRIDE % S::<T>::ALIGN, 0);
        assert_eq!(S::<T>::SPILL_STRIDE % S::<T>::ALIGN, 0);
        assert_eq!(S::<T>::SLOTS_AT % align_of::<T>(), 0);
        assert!(S::<T>::LINK_AT + LINK_BYTES <= S::<T>::STRIDE);
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
    fn sixteen_byte_entries_fill_256_bytes() {
        assert_eq!(Shape::<(u64, u64)>::SLOTS, 15);
        assert_eq!(Shape::<(u64, u64)>::STRIDE, 256);
        assert_eq!(Shape::<(u64, u64)>::SPILL_STRIDE, 128);
        assert_eq!(Shape::<u64>::STRIDE, 128);
        assert_eq!(Shape::<u32>::STRIDE, 64);
        assert_eq!(Shape::<(String, u64)>::STRIDE, 512);
    }

    #[test]
    fn entries_that_own_memory_keep_bits_where_that_is_free() {
        let keeps = [
            Shape::<(String, u64)>::KEEPS_BITS,
            Shape::<(String, String)>::KEEPS_BITS,
            Shape::<(u64, [u64; 3])>::KEEPS_BITS,
            Shape::<(String, ())>::KEEPS_BITS,
            Shape::<(u64, u64)>::KEEPS_BITS,
        ];
        assert_eq!(keeps, [true, true, false, false, false]);
        assert_eq!(Shape::<(String, u64)>::SLOTS, 15);
    }
}
