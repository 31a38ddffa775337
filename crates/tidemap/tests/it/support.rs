//! What the topics share: random numbers, hashers of every quality, and states of growth.

use std::hash::{BuildHasher, Hash, Hasher};

use tidemap::alloc::Allocator;
use tidemap::{GrowthKind, HashMap};

/// xorshift*, so that a seed is all there is to repeat a run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }
}

/// What becomes of a good hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quality {
    /// Nothing.
    Good,
    /// One hash for all keys.
    One,
    /// So many hashes, which differ in all bits.
    Few(u64),
    /// Only so many of the lowest bits vary: many homes, one tag.
    Low(u32),
    /// Only so many of the highest bits vary: one home, many tags.
    High(u32),
    /// The last integer that was hashed.
    Identity,
}

/// Builds hashers of the given quality.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bent(pub(crate) Quality);

pub(crate) struct BentHasher {
    quality: Quality,
    inner: <foldhash::fast::FixedState as BuildHasher>::Hasher,
    last: u64,
}

impl BuildHasher for Bent {
    type Hasher = BentHasher;

    fn build_hasher(&self) -> BentHasher {
        BentHasher {
            quality: self.0,
            inner: foldhash::fast::FixedState::default().build_hasher(),
            last: 0,
        }
    }
}

impl Hasher for BentHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.inner.write(bytes);
    }

    fn write_u64(&mut self, word: u64) {
        self.inner.write_u64(word);
        self.last = word;
    }

    fn finish(&self) -> u64 {
        let good = self.inner.finish();
        match self.quality {
            Quality::Good => good,
            Quality::One => 0x1234_5678_9abc_def0,
            Quality::Few(hashes) => (good % hashes + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            Quality::Low(bits) => good & ((1 << bits) - 1),
            Quality::High(bits) => (good >> (64 - bits)) << (64 - bits),
            Quality::Identity => self.last,
        }
    }
}

/// Whether thresholds are small, so that small maps reach every state.
pub(crate) const STRESS: bool = cfg!(any(tidemap_stress, miri));

pub(crate) const STATES: [&str; 5] = ["calm", "in-place", "relocating", "same-size", "shrinking"];
pub(crate) const SHRINKING: usize = 4;

/// The number of a map's state in [`STATES`].
pub(crate) fn state_of<K, V, S, A: Allocator + Clone>(map: &HashMap<K, V, S, A>) -> usize {
    match map.growth().map(|growth| growth.kind) {
        None => 0,
        Some(GrowthKind::InPlace) => 1,
        Some(GrowthKind::Relocating) => 2,
        Some(GrowthKind::Shrink) => SHRINKING,
        Some(_) => 3,
    }
}

/// Inserts keys from `*next` on until the map is in `state` and, if that is a growth,
/// has done at least `steps` steps of it; `false` if `most` keys do not suffice.
pub(crate) fn grow_into<K, V, S, A>(
    map: &mut HashMap<K, V, S, A>,
    state: usize,
    steps: u64,
    next: &mut u64,
    most: u64,
    make: impl Fn(u64) -> (K, V),
) -> bool
where
    K: Eq + Hash,
    S: BuildHasher,
    A: Allocator + Clone,
{
    if state == SHRINKING {
        // All keys stay: room for many more is what goes.
        for _ in 0..most / 8 {
            let (key, value) = make(*next);
            map.insert(key, value);
            *next += 1;
        }
        map.reserve_now(16 * map.len().max(8));
        map.begin_shrink();
    }
    for _ in 0..most {
        if state_of(map) == state && map.growth().is_none_or(|growth| growth.steps >= steps) {
            return true;
        }
        let (key, value) = make(*next);
        map.insert(key, value);
        *next += 1;
    }
    false
}
