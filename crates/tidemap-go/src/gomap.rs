//! The model as an ordinary map: [`GoMap`].
//!
//! It adds to [`Hmap`] what a program provides: a hasher, `==`, and a random
//! generator. Errors stay values: with one owner none of the concurrent ones
//! can happen unless a test provokes it.
//!
//! Terms: *host*, see `host.rs`.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};

use crate::MapError;
use crate::event::Event;
use crate::header::Hmap;
use crate::host::{Draw, Host, SplitMix64, mix};
use crate::iter::Iter;
use crate::shape::{MapType, Part};

/// Hash, equality and randomness for keys that Rust can hash and compare.
#[derive(Debug, Clone)]
pub struct StdHost<S> {
    hasher: S,
    random: SplitMix64,
}

impl<K: Hash + PartialEq, S: BuildHasher> Host<K> for StdHost<S> {
    fn hash(&mut self, key: &K, seed: u32) -> Result<u64, MapError> {
        #[expect(clippy::eq_op, reason = "a NaN-like key differs from itself")]
        let fresh = if key == key {
            0
        } else {
            self.random.next_u64()
        };
        Ok(seeded(&self.hasher, key, seed) ^ fresh)
    }

    fn equal(&mut self, a: &K, b: &K) -> bool {
        a == b
    }

    fn draw(&mut self, _draw: Draw) -> u64 {
        self.random.next_u64()
    }
}

/// A host for operations that only read: they draw no random numbers, and what
/// a key that differs from itself hashes to does not matter to them.
struct Reader<'a, S>(&'a S);

impl<K: Hash + PartialEq, S: BuildHasher> Host<K> for Reader<'_, S> {
    fn hash(&mut self, key: &K, seed: u32) -> Result<u64, MapError> {
        Ok(seeded(self.0, key, seed))
    }

    fn equal(&mut self, a: &K, b: &K) -> bool {
        a == b
    }

    fn draw(&mut self, _draw: Draw) -> u64 {
        0
    }
}

/// The caller's hash under the map's seed.
fn seeded<K: Hash, S: BuildHasher>(hasher: &S, key: &K, seed: u32) -> u64 {
    mix(hasher.hash_one(key) ^ u64::from(seed))
}

/// Go's classic map as a Rust map: same growth, same order rules, same bytes.
///
/// Keys that do not equal themselves (a NaN wrapped in a `Hash` type) behave
/// as in Go: they can be inserted, never found, and only `clear` removes them.
/// Declare such a map's type with `reflexive: false`.
///
/// # Example
/// ```
/// use tidemap_go::GoMap;
/// let mut stock = GoMap::with_seed(1);
/// stock.insert("pear", 3).unwrap();
/// assert_eq!(stock.get(&"pear"), Ok(Some(&3)));
/// assert_eq!(stock.remove(&"pear"), Ok(Some(3)));
/// assert!(stock.is_empty());
/// ```
#[derive(Debug)]
pub struct GoMap<K, V, S = RandomState> {
    hmap: Hmap<K, V>,
    host: StdHost<S>,
}

impl<K: Clone + Hash + PartialEq, V: Clone> GoMap<K, V> {
    /// An empty map that repeats itself for the same `seed` but for the
    /// hasher's own randomness, with the sizes of the Rust types and no
    /// pointers.
    #[must_use]
    pub fn with_seed(seed: u64) -> Self {
        let sizes = MapType::new(
            Part::plain(size_of::<K>() as u64),
            Part::plain(size_of::<V>() as u64),
        );
        Self::with_parts(sizes, 0, seed, RandomState::new())
    }
}

impl<K: Clone + Hash + PartialEq, V: Clone, S: BuildHasher> GoMap<K, V, S> {
    /// A map of the given type, made with `hint`, with the caller's hasher;
    /// `seed` drives every random draw.
    ///
    /// ```
    /// use std::hash::{BuildHasherDefault, DefaultHasher};
    /// use tidemap_go::GoMap;
    /// use tidemap_go::shape::{MapType, Part};
    /// let t = MapType::new(Part::plain(8), Part::plain(8));
    /// let hasher = BuildHasherDefault::<DefaultHasher>::default();
    /// let m = GoMap::<u64, u64, _>::with_parts(t, 100_000, 1, hasher);
    /// assert_eq!(m.hmap().bucket_count(), 16_384);
    /// ```
    #[must_use]
    pub fn with_parts(map_type: MapType, hint: i64, seed: u64, hasher: S) -> Self {
        let mut host = StdHost {
            hasher,
            random: SplitMix64::new(seed),
        };
        let hmap = Hmap::make(map_type, hint, &mut host);
        GoMap { hmap, host }
    }

    /// Sets `key` to `elem`; returns the elem it replaced.
    ///
    /// Expected O(1), see [`Hmap::assign`].
    ///
    /// # Errors
    /// As for [`Hmap::assign`].
    pub fn insert(&mut self, key: K, elem: V) -> Result<Option<V>, MapError> {
        self.hmap.assign(&key, elem, &mut self.host)
    }

    /// The elem of `key`. Takes `&self`: a lookup changes nothing, not even
    /// while the map grows.
    ///
    /// # Errors
    /// As for [`Hmap::find`].
    pub fn get(&self, key: &K) -> Result<Option<&V>, MapError> {
        let at = self.hmap.find(key, &mut Reader(&self.host.hasher))?;
        Ok(at.and_then(|at| self.hmap.elem(at)))
    }

    /// Removes `key`; returns its elem.
    ///
    /// # Errors
    /// As for [`Hmap::delete`].
    pub fn remove(&mut self, key: &K) -> Result<Option<V>, MapError> {
        self.hmap.delete(key, &mut self.host)
    }

    /// Removes everything, keeps the array.
    ///
    /// # Errors
    /// As for [`Hmap::clear`].
    pub fn clear(&mut self) -> Result<(), MapError> {
        self.hmap.clear(&mut self.host)
    }

    /// Starts an iteration that may go on while the map is changed.
    ///
    /// ```
    /// use tidemap_go::GoMap;
    /// let mut m = GoMap::with_seed(3);
    /// for i in 0..100u32 {
    ///     m.insert(i, i).unwrap();
    /// }
    /// let mut iter = m.iter_start();
    /// let mut seen = 0;
    /// while let Some((key, _)) = m.iter_next(&mut iter).unwrap() {
    ///     seen += 1;
    ///     m.remove(&key).unwrap(); // allowed, as in Go
    /// }
    /// assert_eq!((seen, m.len()), (100, 0));
    /// ```
    pub fn iter_start(&mut self) -> Iter {
        self.hmap.iter_start(&mut self.host)
    }

    /// The next entry of an iteration, copied out as Go copies it.
    ///
    /// # Errors
    /// As for [`Hmap::iter_next`].
    pub fn iter_next(&mut self, iter: &mut Iter) -> Result<Option<(K, V)>, MapError> {
        let Some(at) = self.hmap.iter_next(iter, &mut self.host)? else {
            return Ok(None);
        };
        Ok(self.hmap.key(at).cloned().zip(self.hmap.elem(at).cloned()))
    }

    /// Live entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hmap.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hmap.is_empty()
    }

    /// The state underneath: header, arrays, bytes.
    #[must_use]
    pub fn hmap(&self) -> &Hmap<K, V> {
        &self.hmap
    }

    /// The state underneath, for collectors, events and misuse.
    pub fn hmap_mut(&mut self) -> &mut Hmap<K, V> {
        &mut self.hmap
    }

    /// Takes the events recorded since the last call.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.hmap.take_events()
    }

    /// Checks all rules of the map's memory.
    ///
    /// # Errors
    /// [`MapError::BadState`] naming the first broken rule.
    pub fn check_invariants(&self) -> Result<(), MapError> {
        self.hmap.check_invariants(&mut Reader(&self.host.hasher))
    }
}
