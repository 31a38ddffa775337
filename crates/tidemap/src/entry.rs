//! Entries: one key's place in a map, there or not.

use core::fmt;
use core::hash::{BuildHasher, Hash};

use crate::alloc::{Allocator, Global};
use crate::map::{HashMap, value_of};
use crate::raw::Place;

/// The entry of a key, from [`HashMap::entry`].
pub enum Entry<'a, K, V, S, A: Allocator + Clone = Global> {
    /// The key is in the map.
    Occupied(OccupiedEntry<'a, K, V, S, A>),
    /// The key is not in the map.
    Vacant(VacantEntry<'a, K, V, S, A>),
}

/// The entry of a key that is in the map.
pub struct OccupiedEntry<'a, K, V, S, A: Allocator + Clone = Global> {
    pub(crate) place: Place,
    pub(crate) map: &'a mut HashMap<K, V, S, A>,
}

/// The entry of a key that is not in the map yet.
pub struct VacantEntry<'a, K, V, S, A: Allocator + Clone = Global> {
    pub(crate) hash: u64,
    pub(crate) key: K,
    /// Whether this operation did a share of a growth already.
    pub(crate) paid: bool,
    pub(crate) map: &'a mut HashMap<K, V, S, A>,
}

// SAFETY: an occupied entry is a mutable borrow of the map; the place points into it.
unsafe impl<K: Send, V: Send, S: Send, A: Allocator + Clone + Send> Send
    for OccupiedEntry<'_, K, V, S, A>
{
}
// SAFETY: as above.
unsafe impl<K: Sync, V: Sync, S: Sync, A: Allocator + Clone + Sync> Sync
    for OccupiedEntry<'_, K, V, S, A>
{
}

impl<'a, K: Eq + Hash, V, S: BuildHasher, A: Allocator + Clone> Entry<'a, K, V, S, A> {
    /// The value, inserted if missing.
    #[inline]
    pub fn or_insert(self, default: V) -> &'a mut V {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(default),
        }
    }

    /// The value, made and inserted if missing.
    #[inline]
    pub fn or_insert_with(self, default: impl FnOnce() -> V) -> &'a mut V {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(default()),
        }
    }

    /// The value, made from the key and inserted if missing.
    #[inline]
    pub fn or_insert_with_key(self, default: impl FnOnce(&K) -> V) -> &'a mut V {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let value = default(entry.key());
                entry.insert(value)
            }
        }
    }

    /// The value, the default one inserted if missing.
    #[inline]
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// The key: the stored one, or the one asked for.
    #[inline]
    pub fn key(&self) -> &K {
        match self {
            Entry::Occupied(entry) => entry.key(),
            Entry::Vacant(entry) => entry.key(),
        }
    }

    /// Changes the value if it is there.
    #[inline]
    #[must_use]
    pub fn and_modify(mut self, change: impl FnOnce(&mut V)) -> Self {
        if let Entry::Occupied(entry) = &mut self {
            change(entry.get_mut());
        }
        self
    }

    /// Sets the value; the entry is occupied then.
    #[inline]
    pub fn insert_entry(self, value: V) -> OccupiedEntry<'a, K, V, S, A> {
        match self {
            Entry::Occupied(mut entry) => {
                entry.insert(value);
                entry
            }
            Entry::Vacant(entry) => entry.insert_entry(value),
        }
    }
}

impl<'a, K, V, S, A: Allocator + Clone> OccupiedEntry<'a, K, V, S, A> {
    fn pair(&self) -> &(K, V) {
        // SAFETY: the place was found in this map, which is borrowed since.
        unsafe { &*self.map.table.entry(self.place) }
    }

    fn pair_mut(&mut self) -> &mut (K, V) {
        // SAFETY: as in `pair`, and borrowed mutably.
        unsafe { &mut *self.map.table.entry(self.place) }
    }

    /// The stored key.
    #[must_use]
    pub fn key(&self) -> &K {
        &self.pair().0
    }

    /// The value.
    #[must_use]
    pub fn get(&self) -> &V {
        &self.pair().1
    }

    /// The value for change.
    pub fn get_mut(&mut self) -> &mut V {
        &mut self.pair_mut().1
    }

    /// The value for change, as long as the map is borrowed.
    #[must_use]
    pub fn into_mut(self) -> &'a mut V {
        // SAFETY: as in `pair`; the entry is consumed, so the borrow is unique.
        unsafe { &mut (*self.map.table.entry(self.place)).1 }
    }

    /// Replaces the value; returns the old one.
    pub fn insert(&mut self, value: V) -> V {
        core::mem::replace(self.get_mut(), value)
    }

    /// Removes the entry; returns its value.
    pub fn remove(self) -> V {
        value_of(self.remove_entry())
    }

    /// Removes the entry; returns key and value.
    pub fn remove_entry(self) -> (K, V) {
        // SAFETY: the place was found in this map, which is borrowed since.
        unsafe { self.map.table.remove(self.place) }
    }
}

impl<'a, K, V, S, A: Allocator + Clone> VacantEntry<'a, K, V, S, A> {
    /// The key that was asked for.
    #[must_use]
    pub fn key(&self) -> &K {
        &self.key
    }

    /// Gives the key back.
    #[must_use]
    pub fn into_key(self) -> K {
        self.key
    }

    /// Inserts the value. Moves no other entry but at most one of a bucket that is full.
    ///
    /// # Panics
    /// Aborts if memory for an overflow bucket is refused, as allocating collections do.
    #[inline]
    pub fn insert(self, value: V) -> &'a mut V {
        self.insert_entry(value).into_mut()
    }

    /// Inserts the value; returns its entry.
    #[inline]
    pub fn insert_entry(self, value: V) -> OccupiedEntry<'a, K, V, S, A> {
        let VacantEntry {
            hash,
            key,
            paid,
            map,
        } = self;
        // SAFETY: `HashMap::entry` prepared the table, which is borrowed since.
        match unsafe { map.table.insert_prepared(hash, (key, value), paid) } {
            Ok(place) => OccupiedEntry { place, map },
            Err((error, _)) => error.raise(),
        }
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S, A: Allocator + Clone> fmt::Debug
    for OccupiedEntry<'_, K, V, S, A>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OccupiedEntry")
            .field("key", self.key())
            .field("value", self.get())
            .finish_non_exhaustive()
    }
}

impl<K: fmt::Debug, V, S, A: Allocator + Clone> fmt::Debug for VacantEntry<'_, K, V, S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VacantEntry").field(self.key()).finish()
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S, A: Allocator + Clone> fmt::Debug for Entry<'_, K, V, S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Occupied(entry) => f.debug_tuple("Entry").field(entry).finish(),
            Entry::Vacant(entry) => f.debug_tuple("Entry").field(entry).finish(),
        }
    }
}
