//! Entries asked for with a borrowed key, which is made into an owned one only if it is new.

use core::fmt;
use core::hash::{BuildHasher, Hash};

use equivalent::Equivalent;

use crate::alloc::{Allocator, Global};
use crate::entry::{OccupiedEntry, VacantEntry};
use crate::map::{HashMap, Sought};
use crate::raw::RawTable;

/// The entry of a key, from [`HashMap::entry_ref`].
pub enum EntryRef<'a, 'b, K: 'a, Q: ?Sized, V: 'a, A: Allocator + Clone = Global> {
    /// The key is in the map.
    Occupied(OccupiedEntry<'a, K, V, A>),
    /// The key is not in the map.
    Vacant(VacantEntryRef<'a, 'b, K, Q, V, A>),
}

/// The entry of a borrowed key that is not in the map yet.
pub struct VacantEntryRef<'a, 'b, K: 'a, Q: ?Sized, V: 'a, A: Allocator + Clone = Global> {
    hash: u64,
    key: &'b Q,
    paid: bool,
    /// Has room for one more entry: `HashMap::prepare` has succeeded.
    table: &'a mut RawTable<(K, V), A>,
}

impl<K, V, S, A> HashMap<K, V, S, A>
where
    K: Eq + Hash,
    S: BuildHasher,
    A: Allocator + Clone,
{
    /// As [`entry`](Self::entry) with a borrowed key: an owned one is made only to be inserted.
    ///
    /// # Panics
    /// As [`entry`](Self::entry).
    ///
    /// # Example
    /// ```
    /// let mut count: tidemap::HashMap<String, u32> = tidemap::HashMap::new();
    /// for word in ["sea", "tide", "sea"] {
    ///     *count.entry_ref(word).or_insert(0) += 1;
    /// }
    /// assert_eq!((count["sea"], count["tide"]), (2, 1));
    /// ```
    #[inline]
    pub fn entry_ref<'a, 'b, Q>(&'a mut self, key: &'b Q) -> EntryRef<'a, 'b, K, Q, V, A>
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        match self.seek(key) {
            Sought::There { hash, place } => {
                let table = &mut self.table;
                EntryRef::Occupied(OccupiedEntry { hash, place, table })
            }
            Sought::Room { hash, paid } => EntryRef::Vacant(VacantEntryRef {
                hash,
                key,
                paid,
                table: &mut self.table,
            }),
        }
    }
}

impl<'a, 'b, K, Q: ?Sized, V, A: Allocator + Clone> EntryRef<'a, 'b, K, Q, V, A> {
    /// The value, inserted if missing.
    ///
    /// # Panics
    /// As [`VacantEntryRef::insert`].
    #[inline]
    pub fn or_insert(self, default: V) -> &'a mut V
    where
        K: From<&'b Q>,
        Q: Equivalent<K>,
    {
        self.or_insert_with(|| default)
    }

    /// The value, made and inserted if missing.
    ///
    /// # Panics
    /// If `default` does; and as [`VacantEntryRef::insert`].
    #[inline]
    pub fn or_insert_with<F: FnOnce() -> V>(self, default: F) -> &'a mut V
    where
        K: From<&'b Q>,
        Q: Equivalent<K>,
    {
        match self {
            EntryRef::Occupied(entry) => entry.into_mut(),
            EntryRef::Vacant(entry) => entry.insert(default()),
        }
    }

    /// The value, the default one inserted if missing.
    ///
    /// # Panics
    /// As [`VacantEntryRef::insert`].
    #[inline]
    pub fn or_default(self) -> &'a mut V
    where
        K: From<&'b Q>,
        Q: Equivalent<K>,
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// Changes the value if it is there.
    #[inline]
    #[must_use]
    pub fn and_modify<F: FnOnce(&mut V)>(mut self, f: F) -> Self {
        if let EntryRef::Occupied(entry) = &mut self {
            f(entry.get_mut());
        }
        self
    }
}

impl<'a, 'b, K, Q: ?Sized, V, A: Allocator + Clone> VacantEntryRef<'a, 'b, K, Q, V, A> {
    /// The key that was asked for.
    #[must_use]
    pub fn key(&self) -> &'b Q {
        self.key
    }

    /// Inserts the value under a key made from the borrowed one.
    ///
    /// # Panics
    /// If the key made is not equivalent to the one asked for; the map is then as before. Aborts
    /// if memory for an overflow bucket is refused, as allocating collections do.
    #[inline]
    pub fn insert(self, value: V) -> &'a mut V
    where
        K: From<&'b Q>,
        Q: Equivalent<K>,
    {
        let key = K::from(self.key);
        self.insert_with_key(key, value)
    }

    /// Inserts the value under this key.
    ///
    /// # Panics
    /// If the key is not equivalent to the one asked for; and as [`insert`](Self::insert).
    ///
    /// # Example
    /// ```
    /// use tidemap::HashMap;
    /// use tidemap::hash_map::EntryRef;
    ///
    /// let mut map: HashMap<Box<[u8]>, u32> = HashMap::new();
    /// if let EntryRef::Vacant(entry) = map.entry_ref(&b"ebb"[..]) {
    ///     entry.insert_with_key(b"ebb".to_vec().into_boxed_slice(), 1);
    /// }
    /// assert_eq!(map[&b"ebb"[..]], 1);
    /// ```
    #[inline]
    pub fn insert_with_key(self, key: K, value: V) -> &'a mut V
    where
        Q: Equivalent<K>,
    {
        assert!(
            self.key.equivalent(&key),
            "the new key is not equivalent to the one that was asked for"
        );
        let VacantEntryRef {
            hash, paid, table, ..
        } = self;
        let entry = VacantEntry {
            hash,
            key,
            paid,
            table,
        };
        entry.insert(value)
    }
}

impl<K: fmt::Debug, Q: ?Sized + fmt::Debug, V: fmt::Debug, A: Allocator + Clone> fmt::Debug
    for EntryRef<'_, '_, K, Q, V, A>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EntryRef::Occupied(entry) => f.debug_tuple("EntryRef").field(entry).finish(),
            EntryRef::Vacant(entry) => f.debug_tuple("EntryRef").field(entry).finish(),
        }
    }
}

impl<K, Q: ?Sized + fmt::Debug, V, A: Allocator + Clone> fmt::Debug
    for VacantEntryRef<'_, '_, K, Q, V, A>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VacantEntryRef").field(&self.key).finish()
    }
}
