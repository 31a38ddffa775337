//! The maps under comparison, behind one trait that costs nothing.
//!
//! [`with_map`] is the only place where a name becomes a type: a map that is added to the list
//! there can be named in every case and on every command line. A map set up in another way is a
//! [`Tuning`] of one line or two, and a line in the list.

use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;

/// The hasher of every contender: fixed seeds, so that runs repeat.
pub type FixedHasher = foldhash::fast::FixedState;

/// What the comparisons need of a map.
pub trait Contender<K, V, S = FixedHasher>: Sized {
    /// Name in reports.
    const NAME: &'static str;

    /// An empty map without memory.
    fn empty(hasher: S) -> Self;
    /// An empty map with room for `capacity` entries.
    fn presized(capacity: usize, hasher: S) -> Self;
    /// The map that a growth to `expected` entries starts from: an empty one, but for controls
    /// that exist to show how a growth would look without growing.
    fn begin(expected: usize, hasher: S) -> Self {
        let _ = expected;
        Self::empty(hasher)
    }
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
    /// Whether [`idle`](Self::idle) does anything.
    const IDLES: bool = false;
    /// What the map does with idle time between operations.
    fn idle(&mut self) {}
    /// The map's own figures; `None` for maps that keep none.
    fn stats(&self) -> Option<tidemap::Stats> {
        None
    }
    /// Bytes of the map's own memory by its own account; `None` for maps that do not tell.
    fn own_bytes(&self) -> Option<usize> {
        None
    }
}

/// hashbrown's map.
pub type Hashbrown<K, V, S = FixedHasher> = hashbrown::HashMap<K, V, S>;
/// The standard library's map.
pub type Std<K, V, S = FixedHasher> = std::collections::HashMap<K, V, S>;
/// griddle's map: hashbrown with incremental growth.
pub type Griddle<K, V, S = FixedHasher> = griddle::HashMap<K, V, S>;
/// indexmap's map.
pub type Indexmap<K, V, S = FixedHasher> = indexmap::IndexMap<K, V, S>;
/// Ours.
pub type Tidemap<K, V, S = FixedHasher> = tidemap::HashMap<K, V, S>;

macro_rules! contender {
    ($map:ident, $name:literal, remove = $remove:ident $(, $extra:item)*) => {
        impl<K: Hash + Eq, V, S: BuildHasher> Contender<K, V, S> for $map<K, V, S> {
            const NAME: &'static str = $name;

            fn empty(hasher: S) -> Self {
                Self::with_hasher(hasher)
            }
            fn presized(capacity: usize, hasher: S) -> Self {
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

contender!(
    Hashbrown,
    "hashbrown",
    remove = remove,
    fn own_bytes(&self) -> Option<usize> {
        Some(self.allocation_size())
    }
);
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
    fn own_bytes(&self) -> Option<usize> {
        let stats = self.stats();
        Some(stats.bytes_live + stats.bytes_old)
    }
);

/// How a map is set up otherwise than by default.
pub trait Tuning<M>: Clone + 'static {
    /// Name of the contender in reports.
    const NAME: &'static str;
    /// Sets an empty map up.
    fn tune(map: M) -> M {
        map
    }
    /// Whether a growth starts from a map that was given room for all of it.
    const STARTS_PRESIZED: bool = false;
    /// Whether [`idle`](Self::idle) does anything.
    const IDLES: bool = false;
    /// What the map does with idle time between operations.
    fn idle(_map: &mut M) {}
}

/// A map under another name, set up as `T` says.
#[derive(Clone)]
pub struct Tuned<M, T> {
    map: M,
    tuning: PhantomData<T>,
}

impl<M, T: Tuning<M>> Tuned<M, T> {
    fn of(map: M) -> Self {
        Tuned {
            map: T::tune(map),
            tuning: PhantomData,
        }
    }
}

impl<K, V, S, M: Contender<K, V, S>, T: Tuning<M>> Contender<K, V, S> for Tuned<M, T> {
    const NAME: &'static str = T::NAME;
    const IDLES: bool = T::IDLES;

    fn idle(&mut self) {
        T::idle(&mut self.map);
    }
    fn empty(hasher: S) -> Self {
        Self::of(M::empty(hasher))
    }
    fn presized(capacity: usize, hasher: S) -> Self {
        Self::of(M::presized(capacity, hasher))
    }
    fn begin(expected: usize, hasher: S) -> Self {
        if T::STARTS_PRESIZED {
            Self::presized(expected, hasher)
        } else {
            Self::of(M::begin(expected, hasher))
        }
    }
    #[inline]
    fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.map.insert(key, value)
    }
    #[inline]
    fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        Q: ?Sized + Hash + Eq,
        K: std::borrow::Borrow<Q>,
    {
        self.map.get(key)
    }
    #[inline]
    fn get_each<'q, Q>(&self, keys: impl Iterator<Item = &'q Q>, visit: impl FnMut(Option<&V>))
    where
        Q: ?Sized + Hash + Eq + 'q,
        K: std::borrow::Borrow<Q>,
    {
        self.map.get_each(keys, visit);
    }
    #[inline]
    fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        Q: ?Sized + Hash + Eq,
        K: std::borrow::Borrow<Q>,
    {
        self.map.get_mut(key)
    }
    #[inline]
    fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        Q: ?Sized + Hash + Eq,
        K: std::borrow::Borrow<Q>,
    {
        self.map.remove(key)
    }
    fn clear(&mut self) {
        self.map.clear();
    }
    #[inline]
    fn len(&self) -> usize {
        self.map.len()
    }
    fn for_each(&self, visit: impl FnMut(&K, &V)) {
        self.map.for_each(visit);
    }
    fn stats(&self) -> Option<tidemap::Stats> {
        self.map.stats()
    }
    fn own_bytes(&self) -> Option<usize> {
        self.map.own_bytes()
    }
}

/// The control: growths start with room for all entries.
#[derive(Debug, Clone)]
pub enum WithRoom {}

impl<K: Hash + Eq, V, S: BuildHasher> Tuning<Hashbrown<K, V, S>> for WithRoom {
    const NAME: &'static str = PRESIZED;
    const STARTS_PRESIZED: bool = true;
}

/// Shrinks by itself below a quarter of its room.
#[derive(Debug, Clone)]
pub enum Shrinking {}

impl<K: Hash + Eq, V, S: BuildHasher> Tuning<Tidemap<K, V, S>> for Shrinking {
    const NAME: &'static str = "tidemap-shrinking";
    fn tune(mut map: Tidemap<K, V, S>) -> Tidemap<K, V, S> {
        map.set_shrink_policy(tidemap::Shrink::WhenBelow(0.25));
        map
    }
}

/// Gets the memory of its next growth ready in idle time.
#[derive(Debug, Clone)]
pub enum Prepared {}

impl<K: Hash + Eq, V, S: BuildHasher> Tuning<Tidemap<K, V, S>> for Prepared {
    const NAME: &'static str = "tidemap-prepared";
    const IDLES: bool = true;
    fn idle(map: &mut Tidemap<K, V, S>) {
        map.prepare_memory(tidemap::Budget::buckets(1024));
    }
}

/// Has room for all entries, in huge pages if the system has some.
#[derive(Debug, Clone)]
pub enum Huge {}

impl<K: Hash + Eq, V, S: BuildHasher> Tuning<Tidemap<K, V, S>> for Huge {
    const NAME: &'static str = "tidemap-huge";
    const STARTS_PRESIZED: bool = true;
    fn tune(mut map: Tidemap<K, V, S>) -> Tidemap<K, V, S> {
        map.set_pages(tidemap::Pages::Huge);
        map
    }
}

/// The map that every ratio is taken against.
pub const BASELINE: &str = "hashbrown";
/// The baseline with room for all entries: what is left of a growth without growing, and, where
/// nothing grows, how far two equal maps differ in this run.
pub const PRESIZED: &str = "hashbrown-presized";

/// Something that is done with a map whose type is known by its name.
pub trait Visitor<K, V, S> {
    /// What comes of it.
    type Output;
    /// Does it with maps of type `M`.
    fn visit<M: Contender<K, V, S> + Clone + 'static>(self) -> Self::Output;
}

macro_rules! contenders {
    ($($name:literal => $map:ty,)*) => {
        /// The names of the maps that can be compared, as written in cases and reports.
        pub const MAP_NAMES: &[&str] = &[$($name),*];

        /// Does `visitor`'s work with the map called `name`; `None` if there is none.
        pub fn with_map<K, V, S, T>(name: &str, visitor: T) -> Option<T::Output>
        where
            K: Hash + Eq + Clone + 'static,
            V: Clone + 'static,
            S: BuildHasher + Clone + 'static,
            T: Visitor<K, V, S>,
        {
            Some(match name {
                $($name => visitor.visit::<$map>(),)*
                _ => return None,
            })
        }
    };
}

contenders! {
    "tidemap" => Tidemap<K, V, S>,
    "tidemap-shrinking" => Tuned<Tidemap<K, V, S>, Shrinking>,
    "tidemap-prepared" => Tuned<Tidemap<K, V, S>, Prepared>,
    "tidemap-huge" => Tuned<Tidemap<K, V, S>, Huge>,
    "hashbrown" => Hashbrown<K, V, S>,
    "hashbrown-presized" => Tuned<Hashbrown<K, V, S>, WithRoom>,
    "griddle" => Griddle<K, V, S>,
    "std" => Std<K, V, S>,
    "indexmap" => Indexmap<K, V, S>,
}

#[cfg(test)]
mod tests {
    use super::*;

    struct NameOf;
    impl Visitor<u64, u64, FixedHasher> for NameOf {
        type Output = &'static str;
        fn visit<M: Contender<u64, u64> + Clone + 'static>(self) -> Self::Output {
            let mut map = M::begin(100, FixedHasher::with_seed(1));
            for i in 0..100 {
                assert_eq!(map.insert(i, i), None);
            }
            assert_eq!(
                (map.get(&7).copied(), map.remove(&8), map.len()),
                (Some(7), Some(8), 99)
            );
            M::NAME
        }
    }

    #[test]
    fn every_name_leads_to_the_map_of_that_name() {
        for &name in MAP_NAMES {
            assert_eq!(with_map(name, NameOf).unwrap(), name);
        }
        assert!(with_map("btree", NameOf).is_none());
        for name in [BASELINE, PRESIZED] {
            assert!(MAP_NAMES.contains(&name));
        }
    }

    #[test]
    fn tunings_are_set() {
        let map = Tuned::<Tidemap<u64, u64>, Shrinking>::presized(10, FixedHasher::with_seed(1));
        assert_eq!(map.map.shrink_policy(), tidemap::Shrink::WhenBelow(0.25));
        let map = Tuned::<Hashbrown<u64, u64>, WithRoom>::begin(1000, FixedHasher::with_seed(1));
        assert!(map.map.capacity() >= 1000);
        let map = Tuned::<Hashbrown<u64, u64>, WithRoom>::empty(FixedHasher::with_seed(1));
        assert_eq!(map.map.capacity(), 0);
    }
}
