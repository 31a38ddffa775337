//! Host: what a map asks of the program around it.
//!
//! A Go map gets four things from outside: a hash of a key under the map's
//! seed, equality of two keys, whether a key can be hashed at all, and random
//! numbers. [`Host`] is those four. With the same answers the model makes the
//! same map, bit for bit: that is how recorded runs are replayed.
//!
//! R1. The map draws random numbers for exactly the purposes of [`Draw`].
//! R2. Hashes are asked for in the order Go asks; a key that does not equal
//!     itself (NaN) may get a different hash every time.
//!
//! Read next: `access.rs` for the first user.

use crate::MapError;

/// Why a random number is drawn (R1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Draw {
    /// A new hash seed: at creation, when a delete empties the map, in clear.
    /// The low 32 bits are used.
    Seed,
    /// Where an iterator starts: the low `bits` bits are the bucket, the next
    /// three the cell offset.
    IterStart {
        /// log2 of the bucket count.
        bits: u8,
    },
    /// Whether one more overflow bucket of a big map is counted: yes if the
    /// low `bits` bits are all zero.
    OverflowSample {
        /// How many bits must be zero.
        bits: u8,
        /// The counter's present value.
        noverflow: u16,
    },
}

/// The program around a map, see the [module](self).
pub trait Host<K> {
    /// The hash of `key` under `seed`, all 64 bits.
    ///
    /// # Errors
    /// [`MapError::Unhashable`] when Go's hash function would panic. Nothing
    /// has changed then.
    fn hash(&mut self, key: &K, seed: u32) -> Result<u64, MapError>;

    /// Go's `==` on keys. May be false for a key and itself.
    fn equal(&mut self, a: &K, b: &K) -> bool;

    /// A random number for `draw`.
    fn draw(&mut self, draw: Draw) -> u64;

    /// The check Go makes instead of hashing when the map is nil or empty.
    ///
    /// # Errors
    /// [`MapError::Unhashable`] as for [`Host::hash`].
    fn check_hashable(&mut self, key: &K) -> Result<(), MapError> {
        let _ = key;
        Ok(())
    }

    /// Length in bytes of a string key; only the string fast path asks.
    fn string_len(&self, key: &K) -> usize {
        let _ = key;
        0
    }

    /// Whether the first four and the last four bytes of two string keys of at
    /// least 32 bytes agree; only the string fast path asks.
    fn string_ends_agree(&mut self, a: &K, b: &K) -> bool {
        self.equal(a, b)
    }
}

/// A small deterministic random generator (SplitMix64), for hosts that have
/// none of their own.
///
/// ```
/// use tidemap_go::host::SplitMix64;
/// let (mut a, mut b) = (SplitMix64::new(7), SplitMix64::new(7));
/// assert_eq!(a.next_u64(), b.next_u64());
/// ```
#[derive(Debug, Clone)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// A generator that repeats itself for the same `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        SplitMix64(seed)
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number below `bound`.
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "no number is below 0");
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }
}

/// The finisher of SplitMix64: every input bit reaches every output bit.
#[must_use]
pub fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}
