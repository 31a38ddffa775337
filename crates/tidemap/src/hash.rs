//! The default hasher, and how it gets new seeds.
//!
//! foldhash mixes two seeds: eight bytes of each hasher, and forty-eight that hashers share. Keys
//! can be found that collide whatever the first one is, if the second is known, so a reseed
//! replaces both.

use core::fmt;
use core::hash::{BuildHasher, Hasher};

use foldhash::SharedSeed;
use foldhash::fast::{FoldHasher, RandomState};

/// The default hasher: foldhash, seeded for each map. Fast, and resistant to keys chosen by somebody
/// who cannot observe hashes or timings; a map that meets colliding keys all the same
/// changes to another seed (`docs/hostile-keys.md`).
///
/// A clone has the same seed.
///
/// # Example
/// ```
/// use std::hash::BuildHasher;
/// use tidemap::{DefaultHashBuilder, HashMap};
///
/// let (one, other) = (HashMap::<u64, ()>::new(), HashMap::<u64, ()>::new());
/// assert_ne!(one.hasher().hash_one(7), other.hasher().hash_one(7));
///
/// // The same hashes in every run, for tests; keys can be chosen against them.
/// let known = DefaultHashBuilder::with_seed(1);
/// assert_eq!(known.hash_one(7), DefaultHashBuilder::with_seed(1).hash_one(7));
/// ```
#[derive(Clone)]
pub struct DefaultHashBuilder {
    seed: u64,
    shared: &'static SharedSeed,
}

impl DefaultHashBuilder {
    /// A hasher with a seed that is known, to repeat a run. A map still leaves this seed
    /// for a secret one when its keys collide.
    #[must_use]
    pub fn with_seed(seed: u64) -> DefaultHashBuilder {
        DefaultHashBuilder {
            seed,
            shared: SharedSeed::global_fixed(),
        }
    }

    /// A hasher whose both seeds are new.
    #[cold]
    pub(crate) fn reseeded() -> DefaultHashBuilder {
        DefaultHashBuilder {
            seed: new_seed(),
            shared: spare_shared_seed(),
        }
    }
}

impl Default for DefaultHashBuilder {
    #[inline]
    fn default() -> DefaultHashBuilder {
        DefaultHashBuilder {
            seed: new_seed(),
            shared: SharedSeed::global_random(),
        }
    }
}

impl BuildHasher for DefaultHashBuilder {
    type Hasher = FoldHasher<'static>;

    #[inline(always)]
    fn build_hasher(&self) -> FoldHasher<'static> {
        FoldHasher::with_seed(self.seed, self.shared)
    }
}

impl fmt::Debug for DefaultHashBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Seeds are secrets.
        f.debug_struct("DefaultHashBuilder").finish_non_exhaustive()
    }
}

/// A seed that no other hasher has had, with a probability of all but 2^-64.
#[inline]
fn new_seed() -> u64 {
    // Of a hasher that was given nothing the hash is the seed.
    RandomState::default().build_hasher().finish()
}

/// A shared seed that ordinary hashers do not use, one of a few that are made once a process.
#[cfg(feature = "std")]
fn spare_shared_seed() -> &'static SharedSeed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const SPARES: usize = 8;
    static SPARE: [OnceLock<SharedSeed>; SPARES] = [const { OnceLock::new() }; SPARES];
    static TURN: AtomicUsize = AtomicUsize::new(0);
    // Relaxed: any turn will do.
    let turn = TURN.fetch_add(1, Ordering::Relaxed) % SPARES;
    SPARE[turn].get_or_init(|| {
        // The system's randomness, through std's keyed hash function.
        let secret = std::hash::RandomState::new().hash_one(turn);
        SharedSeed::from_u64(secret ^ new_seed())
    })
}

/// Without the standard library there is no place for another one.
#[cfg(not(feature = "std"))]
fn spare_shared_seed() -> &'static SharedSeed {
    SharedSeed::global_random()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn small_every_hasher_has_a_seed_of_its_own() {
        let hashes: BTreeSet<u64> = (0..100)
            .map(|_| DefaultHashBuilder::default().hash_one("tide"))
            .chain((0..100).map(|_| DefaultHashBuilder::reseeded().hash_one("tide")))
            .collect();
        assert_eq!(hashes.len(), 200);
    }

    /// Sixteen bytes of which the second half equals a shared seed hash alike under every
    /// first seed; under other shared seeds they do not.
    #[test]
    #[cfg(feature = "std")]
    fn small_a_reseed_replaces_the_shared_seed() {
        struct Bytes([u8; 16]);
        impl core::hash::Hash for Bytes {
            fn hash<H: Hasher>(&self, state: &mut H) {
                state.write(&self.0);
            }
        }
        let key = |name: u64| {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&name.to_ne_bytes());
            bytes[8..].copy_from_slice(&0x3f84_d5b5_b547_0917_u64.to_ne_bytes());
            Bytes(bytes)
        };
        let differ = |hasher: &DefaultHashBuilder| {
            let hashes: BTreeSet<u64> = (0..50).map(|name| hasher.hash_one(key(name))).collect();
            hashes.len()
        };
        assert_eq!(differ(&DefaultHashBuilder::with_seed(1)), 1);
        assert_eq!(differ(&DefaultHashBuilder::with_seed(2)), 1);
        assert_eq!(differ(&DefaultHashBuilder::default()), 50);
        assert_eq!(differ(&DefaultHashBuilder::reseeded()), 50);
    }
}
