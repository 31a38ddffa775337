//! Shrinking, at once or in steps, when asked or by policy.

use core::hash::{BuildHasher, Hash};

use crate::alloc::Allocator;
use crate::map::{HashMap, entry_hasher};
use crate::set::HashSet;

/// When a map gives memory back by itself, from [`HashMap::set_shrink_policy`].
///
/// # Example
/// ```
/// use tidemap::{HashMap, Shrink};
///
/// let mut sessions: HashMap<u64, u64> = (0..200_000).map(|i| (i, i)).collect();
/// sessions.set_shrink_policy(Shrink::WhenBelow(0.25));
/// let before = sessions.capacity();
/// for i in 0..190_000 {
///     sessions.remove(&i); // pays its share, never more
/// }
/// assert!(sessions.capacity() <= before / 4);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Shrink {
    /// Never, as std's map. The default.
    #[default]
    Never,
    /// When a removal leaves fewer entries than this part of [`HashMap::capacity`]. The map then
    /// halves its buckets until it is fuller than that, in steps that later operations pay.
    ///
    /// Hysteresis: at 0.25 a map that has shrunk is at least a quarter and at most half full.
    /// Its length must double before it grows, and halve before it shrinks again. Parts above
    /// [`BELOW_MAX`](Shrink::BELOW_MAX) count as that; 0, negative ones and NaN as `Never`.
    WhenBelow(f32),
}

impl Shrink {
    /// The largest part for [`WhenBelow`](Shrink::WhenBelow): a map that has shrunk must be able to
    /// take a quarter more before it grows again.
    pub const BELOW_MAX: f32 = 0.4;

    fn to_part(self) -> f32 {
        match self {
            Shrink::WhenBelow(part) if part > 0.0 => part.min(Shrink::BELOW_MAX),
            _ => 0.0,
        }
    }
}

impl<K, V, S, A: Allocator + Clone> HashMap<K, V, S, A> {
    /// Whether a shrink is going on, or waits for a growth to end. O(1).
    #[must_use]
    pub fn is_shrinking(&self) -> bool {
        self.table.is_shrinking_or_will()
    }

    /// When the map shrinks by itself.
    #[must_use]
    pub fn shrink_policy(&self) -> Shrink {
        match self.table.policy() {
            0.0 => Shrink::Never,
            part => Shrink::WhenBelow(part),
        }
    }

    /// Says when the map shrinks by itself. O(1).
    ///
    /// Only a removal (by any method, [`clear`](Self::clear) and
    /// [`retain`](Self::retain) included) begins such a shrink, so a map with room for entries to
    /// come keeps it until then. A clone has the same policy.
    pub fn set_shrink_policy(&mut self, policy: Shrink) {
        self.table.set_policy(policy.to_part());
    }

    /// Begins to shrink to fit the present entries, in steps that later operations pay. O(1), but
    /// for an array of up to [`HEAP_ARRAY_BYTES_MAX`](crate::bounds::HEAP_ARRAY_BYTES_MAX) that may be
    /// asked for. Whether there is anything to do.
    ///
    /// Buckets are merged in pairs, and the memory behind them goes back piece by piece. A
    /// growth that is going on is turned round where it is, or, if it relocates and has given old
    /// memory back, comes to its end first; a reservation that waits is withdrawn. If new
    /// entries fill the smaller layout before the shrink ends, it is turned round in turn.
    /// Nothing happens if memory is refused ([`Stats::growths_refused`](crate::Stats)).
    ///
    /// # Example
    /// ```
    /// use tidemap::Budget;
    ///
    /// let mut map: tidemap::HashMap<u64, u64> = (0..200_000).map(|i| (i, i)).collect();
    /// map.retain(|key, _| key % 100 == 0);
    /// assert!(map.begin_shrink());
    /// assert_eq!(map.get(&100), Some(&100)); // as fast as ever
    /// while !map.advance(Budget::buckets(1_000)).is_done {}
    /// assert!(map.capacity() < 8_000);
    /// ```
    pub fn begin_shrink(&mut self) -> bool {
        self.table.begin_shrink(0)
    }

    /// As [`begin_shrink`](Self::begin_shrink), but keeps room for `min_capacity` entries.
    pub fn begin_shrink_to(&mut self, min_capacity: usize) -> bool {
        self.table.begin_shrink(min_capacity)
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, A: Allocator + Clone> HashMap<K, V, S, A> {
    /// Shrinks to fit the present entries, at once; an empty map has no memory then, and its
    /// figures begin anew. Blocking: O(capacity). In steps:
    /// [`begin_shrink`](Self::begin_shrink).
    ///
    /// # Panics
    /// Only if `K`'s `Hash` does, when a growth has to come to its end first; the map is valid then
    /// and has lost nothing.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::with_capacity(100_000);
    /// map.insert(1, "one");
    /// map.shrink_to_fit();
    /// assert!(map.capacity() < 20 && map[&1] == "one");
    /// map.clear();
    /// map.shrink_to_fit();
    /// assert_eq!(map.capacity(), 0);
    /// ```
    pub fn shrink_to_fit(&mut self) {
        self.shrink_to(0);
    }

    /// As [`shrink_to_fit`](Self::shrink_to_fit), but keeps room for `min_capacity` entries.
    /// Does nothing if the capacity is less than that.
    ///
    /// # Panics
    /// As for [`shrink_to_fit`](Self::shrink_to_fit).
    ///
    /// # Example
    /// ```
    /// let mut map: tidemap::HashMap<u32, u32> = tidemap::HashMap::with_capacity(100_000);
    /// map.shrink_to(1_000);
    /// assert!((1_000..4_000).contains(&map.capacity()));
    /// ```
    pub fn shrink_to(&mut self, min_capacity: usize) {
        self.table
            .shrink_now(min_capacity, entry_hasher(&self.hash_builder));
    }
}

impl<T, S, A: Allocator + Clone> HashSet<T, S, A> {
    /// As [`HashMap::is_shrinking`].
    #[must_use]
    pub fn is_shrinking(&self) -> bool {
        self.map.is_shrinking()
    }

    /// As [`HashMap::shrink_policy`].
    #[must_use]
    pub fn shrink_policy(&self) -> Shrink {
        self.map.shrink_policy()
    }

    /// As [`HashMap::set_shrink_policy`].
    pub fn set_shrink_policy(&mut self, policy: Shrink) {
        self.map.set_shrink_policy(policy);
    }

    /// As [`HashMap::begin_shrink`].
    pub fn begin_shrink(&mut self) -> bool {
        self.map.begin_shrink()
    }

    /// As [`HashMap::begin_shrink_to`].
    pub fn begin_shrink_to(&mut self, min_capacity: usize) -> bool {
        self.map.begin_shrink_to(min_capacity)
    }
}

impl<T: Eq + Hash, S: BuildHasher, A: Allocator + Clone> HashSet<T, S, A> {
    /// As [`HashMap::shrink_to_fit`].
    ///
    /// # Panics
    /// Only if `T`'s `Hash` does.
    pub fn shrink_to_fit(&mut self) {
        self.map.shrink_to_fit();
    }

    /// As [`HashMap::shrink_to`].
    ///
    /// # Panics
    /// Only if `T`'s `Hash` does.
    pub fn shrink_to(&mut self, min_capacity: usize) {
        self.map.shrink_to(min_capacity);
    }
}
