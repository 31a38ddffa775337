//! The maps under comparison, behind one trait that costs nothing.

use std::hash::Hash;

/// The hasher of every contender: fixed seeds, so that runs repeat.
pub type FixedHasher = foldhash::fast::FixedState;

/// What the comparisons need of a map.
pub trait Contender<K, V>: Sized {
    /// Name in reports.
    const NAME: &'static str;

    /// An empty map without memory.
    fn empty(hasher: FixedHasher) -> Self;
    /// An empty map with room for `capacity` entries.
    fn presized(capacity: usize, hasher: FixedHasher) -> Self;
    /// Inserts or replaces.
    fn insert(&mut self, key: K, value: V) -> Option<V>;
    /// Looks `key` up.
    fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        Q: ?Sized + Hash + Eq,
        K: std::borrow::Borrow<Q>;
    /// Looks many keys up, in the map's own way if it has one, else one by one.
    #[inline]
    fn get_each<'q, Q>(&self, keys: impl Iterator<Item = &'q Q>, mut visit: impl FnMut(Option<&V>))
    where
        Q: ?Sized + Hash + Eq + 'q,
        K: std::borrow::Borrow<Q>,
    {
        for key in keys {
            visit(self.get(key));
        }
    }
    /// Looks `key` up for change.
    fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        Q: ?Sized + Hash + Eq,
        K: std::borrow::Borrow<Q>;
    /// Removes `key`.
    fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        Q: ?Sized + Hash + Eq,
        K: std::borrow::Borrow<Q>;
    /// Removes everything, keeps memory.
    fn clear(&mut self);
    /// Entries.
    fn len(&self) -> usize;
    /// Whether there are no entries.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Calls `visit` for every entry, in the map's order.
    fn for_each(&self, visit: impl FnMut(&K, &V));
    /// The map's own figures; `None` for maps that keep none.
    fn stats(&self) -> Option<tidemap::Stats> {
        None
    }
    /// Growths begun so far; 0 for maps that do not count. Cheap enough to poll.
    fn growths_started(&self) -> u64 {
        0
    }
    /// The growth that is going on. Cheap enough to poll.
    fn growth(&self) -> Option<tidemap::Growth> {
        None
    }
    /// Growths so far, oldest first; empty for maps that keep no record.
    fn growth_log(&self) -> Vec<tidemap::Growth> {
        Vec::new()
    }
}

/// hashbrown's map.
pub type Hashbrown<K, V> = hashbrown::HashMap<K, V, FixedHasher>;
/// The standard library's map.
pub type Std<K, V> = std::collections::HashMap<K, V, FixedHasher>;
/// griddle's map: hashbrown with incremental growth.
pub type Griddle<K, V> = griddle::HashMap<K, V, FixedHasher>;
/// indexmap's map.
pub type Indexmap<K, V> = indexmap::IndexMap<K, V, FixedHasher>;
/// Ours.
pub type Tidemap<K, V> = tidemap::HashMap<K, V, FixedHasher>;

macro_rules! contender {
    ($map:ident, $name:literal, remove = $remove:ident $(, $extra:item)*) => {
        impl<K: Hash + Eq, V> Contender<K, V> for $map<K, V> {
            const NAME: &'static str = $name;

            fn empty(hasher: FixedHasher) -> Self {
                Self::with_hasher(hasher)
            }
            fn presized(capacity: usize, hasher: FixedHasher) -> Self {
                Self::with_capacity_and_hasher(capacity, hasher)
            }
            #[inline]
            fn insert(&mut self, key: K, value: V) -> Option<V> {
                self.insert(key, value)
            }
            #[inline]
            fn get<Q>(&self, key: &Q) -> Option<&V>
            where
                Q: ?Sized + Hash + Eq,
                K: std::borrow::Borrow<Q>,
            {
                self.get(key)
            }
            #[inline]
            fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
            where
                Q: ?Sized + Hash + Eq,
                K: std::borrow::Borrow<Q>,
            {
                self.get_mut(key)
            }
            #[inline]
            fn remove<Q>(&mut self, key: &Q) -> Option<V>
            where
                Q: ?Sized + Hash + Eq,
                K: std::borrow::Borrow<Q>,
            {
                self.$remove(key)
            }
            fn clear(&mut self) {
                self.clear();
            }
            #[inline]
            fn len(&self) -> usize {
                self.len()
            }
            fn for_each(&self, mut visit: impl FnMut(&K, &V)) {
                for (key, value) in self.iter() {
                    visit(key, value);
                }
            }
            $($extra)*
        }
    };
}

contender!(Hashbrown, "hashbrown", remove = remove);
contender!(Std, "std", remove = remove);
contender!(Griddle, "griddle", remove = remove);
contender!(Indexmap, "indexmap", remove = swap_remove);
contender!(
    Tidemap,
    "tidemap",
    remove = remove,
    #[inline]
    fn get_each<'q, Q>(&self, keys: impl Iterator<Item = &'q Q>, mut visit: impl FnMut(Option<&V>))
    where
        Q: ?Sized + Hash + Eq + 'q,
        K: std::borrow::Borrow<Q>,
    {
        for found in self.get_many(keys) {
            visit(found);
        }
    },
    fn stats(&self) -> Option<tidemap::Stats> {
        Some(self.stats())
    },
    #[inline]
    fn growths_started(&self) -> u64 {
        self.growths_started()
    },
    #[inline]
    fn growth(&self) -> Option<tidemap::Growth> {
        self.growth()
    },
    fn growth_log(&self) -> Vec<tidemap::Growth> {
        self.growth_log().to_vec()
    }
);
