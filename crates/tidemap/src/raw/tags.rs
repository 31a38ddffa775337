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
    (hash >> 56).max(1) as u8
}

/// The bit that an entry with this tag sets in its bucket's overflow filter.
#[inline(always)]
pub(crate) fn filter_bit(tag: u8) -> u8 {
    1 << (tag & 7)
}

/// Byte `i` has bit `i` set.
#[cfg_attr(
    target_arch = "aarch64",
    allow(dead_code, reason = "NEON loads the bytes")
)]
const BIT_OF_BYTE: u64 = 0x8040_2010_0804_0201;

pub(crate) use imp::Header;

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

        #[inline(always)]
        pub(crate) fn only(self, bytes: u32) -> Header {
            // SAFETY: as in `matches`.
            unsafe {
                let bit_of_byte = x86::_mm_set1_epi64x(super::BIT_OF_BYTE as i64);
                // Bits 0–7 in each of the low bytes, bits 8–15 in each of the high ones.
                let bits = x86::_mm_cvtsi32_si128(bytes as i32);
                let bits = x86::_mm_unpacklo_epi8(bits, bits);
                let bits = x86::_mm_unpacklo_epi16(bits, bits);
                let bits = x86::_mm_unpacklo_epi32(bits, bits);
                let chosen =
                    x86::_mm_cmpeq_epi8(x86::_mm_and_si128(bits, bit_of_byte), bit_of_byte);
                Header(x86::_mm_and_si128(self.0, chosen))
            }
        }

        /// # Safety
        /// 16 bytes at `bucket` are ours to write; `bucket` is 16-byte aligned.
        #[inline(always)]
        pub(crate) unsafe fn store(self, bucket: *mut u8) {
            // SAFETY: by the caller's promise.
            unsafe { x86::_mm_store_si128(bucket.cast(), self.0) };
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

        #[inline(always)]
        pub(crate) fn only(self, bytes: u32) -> Header {
            // SAFETY: NEON is a base feature of this target (`cfg` above); `BITS` has 16 bytes.
            unsafe {
                let (low, high) = (
                    neon::vdup_n_u8(bytes as u8),
                    neon::vdup_n_u8((bytes >> 8) as u8),
                );
                let chosen =
                    neon::vtstq_u8(neon::vcombine_u8(low, high), neon::vld1q_u8(BITS.as_ptr()));
                Header(neon::vandq_u8(self.0, chosen))
            }
        }

        /// # Safety
        /// 16 bytes at `bucket` are ours to write.
        #[inline(always)]
        pub(crate) unsafe fn store(self, bucket: *mut u8) {
            // SAFETY: by the caller's promise.
            unsafe { neon::vst1q_u8(bucket, self.0) };
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

        #[inline(always)]
        pub(crate) fn only(self, bytes: u32) -> Header {
            Header(
                self.0 & whole_bytes(bytes as u8),
                self.1 & whole_bytes((bytes >> 8) as u8),
            )
        }

        /// # Safety
        /// 16 bytes at `bucket` are ours to write.
        #[inline(always)]
        pub(crate) unsafe fn store(self, bucket: *mut u8) {
            let words = [self.0.to_le(), self.1.to_le()];
            // SAFETY: by the caller's promise.
            unsafe { bucket.cast::<[u64; 2]>().write_unaligned(words) };
        }
    }

    /// Byte `i` is full if bit `i` is set, else 0.
    #[inline(always)]
    fn whole_bytes(bits: u8) -> u64 {
        let spread = (u64::from(bits) * ONES) & super::BIT_OF_BYTE;
        // The top bit of every byte that is not 0, then the whole byte.
        ((((spread & LOW7) + LOW7) | spread) & !LOW7) / 0x80 * 0xff
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
        assert_eq!(chosen.empty(), plain(0), "{bytes:?}");
        assert_eq!(words.empty(), plain(0), "{bytes:?}");
        let kept = u32::from(bytes[0]) | u32::from(bytes[9]) << 8;
        let mut expected = bytes;
        for (index, byte) in expected.iter_mut().enumerate() {
            *byte *= (kept >> index & 1) as u8;
        }
        let (mut by_chosen, mut by_words) = (Aligned([7; 16]), Aligned([7; 16]));
        // SAFETY: 16 aligned bytes.
        unsafe {
            chosen.only(kept).store(by_chosen.0.as_mut_ptr());
            words.only(kept).store(by_words.0.as_mut_ptr());
        }
        assert_eq!((by_chosen.0, by_words.0), (expected, expected));
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
