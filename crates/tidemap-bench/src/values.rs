//! Values: what stands behind a key, and which part of it a look-up reads.

/// A value type of the cases. Each is made from a number and leads back to it.
pub trait BenchValue: Clone + 'static {
    /// The value of a number.
    fn of(number: u64) -> Self;
    /// The number again, from the first bytes alone: what a look-up reads.
    fn number(&self) -> u64;
    /// The number again, from every byte; another one if the bytes disagree.
    fn whole_number(&self) -> u64;
}

impl BenchValue for u64 {
    #[inline]
    fn of(number: u64) -> u64 {
        number
    }
    #[inline]
    fn number(&self) -> u64 {
        *self
    }
    #[inline]
    fn whole_number(&self) -> u64 {
        *self
    }
}

/// A value of 64 bytes.
pub type Wide = [u8; 64];

const WORD_BYTES: usize = size_of::<u64>();

impl BenchValue for Wide {
    #[inline]
    fn of(number: u64) -> Wide {
        let mut value = [0; 64];
        for word in value.as_chunks_mut::<WORD_BYTES>().0 {
            *word = number.to_ne_bytes();
        }
        value
    }
    #[inline]
    fn number(&self) -> u64 {
        u64::from_ne_bytes(self.as_chunks::<WORD_BYTES>().0[0])
    }
    #[inline]
    fn whole_number(&self) -> u64 {
        let words = self.as_chunks::<WORD_BYTES>().0;
        let differ = words.iter().fold(0, |all, word| {
            all | (u64::from_ne_bytes(*word) ^ self.number())
        });
        self.number() ^ differ
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_damage_is_seen() {
        for number in [0, 1, u64::MAX, 0x0123_4567_89AB_CDEF] {
            let mut wide = Wide::of(number);
            assert_eq!((wide.number(), wide.whole_number()), (number, number));
            wide[63] ^= 1;
            assert_eq!(wide.number(), number);
            assert_ne!(wide.whole_number(), number);
        }
    }
}
