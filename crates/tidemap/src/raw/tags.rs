//! Tags: one byte per slot, compared sixteen at a time.
//!
//! Terms: *tag*, eight bits of an entry's hash, never 0; *header*, the first
//! 16 bytes of every bucket, which hold its tags (and, behind them, what else the
//! bucket's [shape](super::shape) keeps there).
//!
//! T1. A tag byte is 0 exactly when its slot is empty. Untouched pages are
//!     zero, so an untouched bucket is a valid empty one.
//! T2. Masks have bit `i` for byte `i`. Callers cut off the bytes that are not
//!     tags with their shape's mask.
//!
//! Three implementations with one meaning: SSE2 (every x86-64), NEON (every AArch64) and
//! two 64-bit words. `tests.rs` holds each to the plain loop.

/// Bytes of a bucket header.
pub(crate) const HEADER_BYTES: usize = 16;

/// The tag of an entry with this hash: its top byte, 0 replaced by 1.
///
/// The home bucket comes from the low bits, so tag and home are independent.
#[inline(always)]
pub(crate) fn tag_of(hash: u64) -> u8 {
    let top = (hash >> 56) as u8;
    top | u8::from(top == 0)
}

/// The bit that an entry with this tag sets in its bucket's overflow filter.
#[inline(always)]
pub(crate) fn filter_bit(tag: u8) -> u8 {
    1 << (tag & 7)
}

pub(crate) use imp::{Header, byte};

/// Positions of the set bits of a mask, lowest first.
#[derive(Clone, Copy)]
pub(crate) struct Bits(pub(crate) u32);

impl Iterator for Bits {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let bit = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(bit)
    }
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(tidemap_portable)))]
mod imp {
    use core::arch::x86_64 as x86;

    /// A loaded header.
    #[derive(Clone, Copy)]
    pub(crate) struct Header(x86::__m128i);

    /// Byte 7 or 15, whichever `AT` says: from the register, not from memory again.
    #[inline(always)]
    pub(crate) fn byte<const AT: usize>(header: Header) -> u8 {
        // SAFETY: SSE2 is a base feature of this target (`cfg` above).
        let word = unsafe {
            match AT {
                15 => x86::_mm_extract_epi16::<7>(header.0),
                _ => x86::_mm_extract_epi16::<3>(header.0),
            }
        };
        (word >> 8) as u8
    }

    impl Header {
        /// # Safety
        /// 16 bytes at `bucket` are readable; `bucket` is 16-byte aligned.
        #[inline(always)]
        pub(crate) unsafe fn load(bucket: *const u8) -> Header {
            // SAFETY: by the caller's promise.
            Header(unsafe { x86::_mm_load_si128(bucket.cast()) })
        }

        #[inline(always)]
        pub(crate) fn matches(self, tag: u8) -> u32 {
            // SAFETY: SSE2 is a base feature of this target (`cfg` above).
            unsafe {
                let equal = x86::_mm_cmpeq_epi8(self.0, x86::_mm_set1_epi8(tag as i8));
                x86::_mm_movemask_epi8(equal) as u32
            }
        }

        #[inline(always)]
        pub(crate) fn empty(self) -> u32 {
            // SAFETY: as in `matches`.
            unsafe {
                let equal = x86::_mm_cmpeq_epi8(self.0, x86::_mm_setzero_si128());
                x86::_mm_movemask_epi8(equal) as u32
            }
        }
    }
}

#[cfg(all(
    target_arch = "aarch64",
    target_feature = "neon",
    not(tidemap_portable)
))]
mod imp {
    use core::arch::aarch64 as neon;

    /// A loaded header.
    #[derive(Clone, Copy)]
    pub(crate) struct Header(neon::uint8x16_t);

    /// Byte 7 or 15, whichever `AT` says.
    #[inline(always)]
    pub(crate) fn byte<const AT: usize>(header: Header) -> u8 {
        // SAFETY: NEON is a base feature of this target (`cfg` above).
        unsafe {
            match AT {
                15 => neon::vgetq_lane_u8::<15>(header.0),
                _ => neon::vgetq_lane_u8::<7>(header.0),
            }
        }
    }

    const BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];

    impl Header {
        /// # Safety
        /// 16 bytes at `bucket` are readable.
        #[inline(always)]
        pub(crate) unsafe fn load(bucket: *const u8) -> Header {
            // SAFETY: by the caller's promise.
            Header(unsafe { neon::vld1q_u8(bucket) })
        }

        #[inline(always)]
        pub(crate) fn matches(self, tag: u8) -> u32 {
            // SAFETY: NEON is a base feature of this target (`cfg` above).
            unsafe { Self::mask(neon::vceqq_u8(self.0, neon::vdupq_n_u8(tag))) }
        }

        #[inline(always)]
        pub(crate) fn empty(self) -> u32 {
            // SAFETY: as in `matches`.
            unsafe { Self::mask(neon::vceqzq_u8(self.0)) }
        }

        /// # Safety
        /// NEON is present.
        #[inline(always)]
        unsafe fn mask(lanes: neon::uint8x16_t) -> u32 {
            // SAFETY: NEON is present; `BITS` has 16 bytes.
            unsafe {
                let bits = neon::vandq_u8(lanes, neon::vld1q_u8(BITS.as_ptr()));
                let low = u32::from(neon::vaddv_u8(neon::vget_low_u8(bits)));
                let high = u32::from(neon::vaddv_u8(neon::vget_high_u8(bits)));
                low | high << 8
            }
        }
    }
}

#[cfg(any(
    tidemap_portable,
    not(any(
        all(target_arch = "x86_64", target_feature = "sse2"),
        all(target_arch = "aarch64", target_feature = "neon")
    ))
))]
use swar as imp;

#[cfg(any(
    test,
    tidemap_portable,
    not(any(
        all(target_arch = "x86_64", target_feature = "sse2"),
        all(target_arch = "aarch64", target_feature = "neon")
    ))
))]
#[cfg_attr(
    test,
    allow(dead_code, reason = "tests compare it with the chosen one")
)]
mod swar {
    /// A loaded header: bytes 0–7 and 8–15, byte 0 lowest.
    #[derive(Clone, Copy)]
    pub(crate) struct Header(u64, u64);

    /// Byte 7 or 15, whichever `AT` says.
    #[inline(always)]
    pub(crate) fn byte<const AT: usize>(header: Header) -> u8 {
        ((if AT == 15 { header.1 } else { header.0 }) >> 56) as u8
    }

    const LOW7: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    const ONES: u64 = 0x0101_0101_0101_0101;

    impl Header {
        /// # Safety
        /// 16 bytes at `bucket` are readable.
        #[inline(always)]
        pub(crate) unsafe fn load(bucket: *const u8) -> Header {
            // SAFETY: by the caller's promise.
            let words: [u64; 2] = unsafe { bucket.cast::<[u64; 2]>().read_unaligned() };
            Header(u64::from_le(words[0]), u64::from_le(words[1]))
        }

        #[inline(always)]
        pub(crate) fn matches(self, tag: u8) -> u32 {
            let pattern = u64::from(tag) * ONES;
            zero_bytes(self.0 ^ pattern) | zero_bytes(self.1 ^ pattern) << 8
        }

        #[inline(always)]
        pub(crate) fn empty(self) -> u32 {
            zero_bytes(self.0) | zero_bytes(self.1) << 8
        }
    }

    /// A bit for each zero byte of `word`; exact, unlike the shorter tricks
    /// that may report a byte above a zero one.
    #[inline(always)]
    fn zero_bytes(word: u64) -> u32 {
        let high = !(((word & LOW7) + LOW7) | word | LOW7);
        // Gathers bit 7 of every byte into the top byte.
        (((high >> 7).wrapping_mul(0x0102_0408_1020_4080)) >> 56) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(align(16))]
    struct Aligned([u8; 16]);

    fn check(bytes: [u8; 16], tag: u8) {
        let aligned = Aligned(bytes);
        let plain = |wanted: u8| {
            bytes
                .iter()
                .enumerate()
                .fold(0u32, |mask, (i, &b)| mask | u32::from(b == wanted) << i)
        };
        // SAFETY: 16 aligned bytes.
        let (chosen, words) = unsafe {
            (
                Header::load(aligned.0.as_ptr()),
                swar::Header::load(aligned.0.as_ptr()),
            )
        };
        assert_eq!(chosen.matches(tag), plain(tag), "{bytes:?} tag {tag}");
        assert_eq!(words.matches(tag), plain(tag), "{bytes:?} tag {tag}");
        for (found, at) in [(byte::<7>(chosen), 7), (byte::<15>(chosen), 15)] {
            assert_eq!(found, bytes[at]);
        }
        assert_eq!(
            (swar::byte::<7>(words), swar::byte::<15>(words)),
            (bytes[7], bytes[15])
        );
        assert_eq!(chosen.empty(), plain(0), "{bytes:?}");
        assert_eq!(words.empty(), plain(0), "{bytes:?}");
    }

    #[test]
    fn every_implementation_agrees_with_the_plain_loop() {
        let mut state = 1u64;
        for round in 0..4_000u32 {
            let mut bytes = [0u8; 16];
            for byte in &mut bytes {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(round.into());
                // Few values, so that matches, neighbours and zeros are common.
                *byte = [0, 1, 2, 0x7f, 0x80, 0x81, 0xfe, 0xff][(state >> 60) as usize & 7];
            }
            for tag in [1, 2, 0x7f, 0x80, 0xff] {
                check(bytes, tag);
            }
        }
    }

    #[test]
    fn no_hash_has_the_empty_tag() {
        for top in 0..=255u64 {
            assert_ne!(tag_of(top << 56 | 0x1234), 0);
        }
        assert_eq!(tag_of(0xab << 56), 0xab);
    }
}
