//! Entries: one key's place in a map, there or not.
//!
//! An entry borrows the table alone, so its type does not depend on the hasher, as in std.
//! Whatever growth was due has been paid when an entry is made: nothing that is done
//! through it needs the hasher any more.

use core::fmt;

use crate::alloc::{Allocator, Global};
use crate::map::value_of;
use crate::raw::{Place, RawTable};

/// The entry of a key, from [`HashMap::entry`](crate::HashMap::entry).
pub enum Entry<'a, K: 'a, V: 'a, A: Allocator + Clone = Global> {
    /// The key is in the map.
    Occupied(OccupiedEntry<'a, K, V, A>),
    /// The key is not in the map.
    Vacant(VacantEntry<'a, K, V, A>),
}

/// The entry of a key that is in the map.
pub struct OccupiedEntry<'a, K: 'a, V: 'a, A: Allocator + Clone = Global> {
    pub(crate) hash: u64,
    pub(crate) place: Place,
    pub(crate) table: &'a mut RawTable<(K, V), A>,
}

/// The entry of a key that is not in the map yet.
pub struct VacantEntry<'a, K: 'a, V: 'a, A: Allocator + Clone = Global> {
    pub(crate) hash: u64,
    pub(crate) key: K,
    /// Whether this operation did a share of a growth already.
    pub(crate) paid: bool,
    /// Has room for one more entry: `HashMap::prepare` has succeeded.
    pub(crate) table: &'a mut RawTable<(K, V), A>,
}

// SAFETY: an occupied entry is a mutable borrow of the table; the place points into it.
unsafe impl<K: Send, V: Send, A: Allocator + Clone + Send> Send for OccupiedEntry<'_, K, V, A> {}
// SAFETY: as above.
unsafe impl<K: Sync, V: Sync, A: Allocator + Clone + Sync> Sync for OccupiedEntry<'_, K, V, A> {}

impl<'a, K, V, A: Allocator + Clone> Entry<'a, K, V, A> {
    /// The value, inserted if missing.
    ///
    /// # Example
    /// ```
    /// let mut depth = tidemap::HashMap::from([("bay", 12)]);
    /// *depth.entry("bay").or_insert(0) += 1;
    /// *depth.entry("fjord").or_insert(300) += 1;
    /// assert_eq!((depth["bay"], depth["fjord"]), (13, 301));
    /// ```
    #[inline]
    pub fn or_insert(self, default: V) -> &'a mut V {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(default),
        }
    }

    /// The value, made and inserted if missing.
    ///
    /// # Panics
    /// Only if `default` does; the map is then as before.
    ///
    /// # Example
    /// ```
    /// let mut names: tidemap::HashMap<u8, String> = tidemap::HashMap::new();
    /// names.entry(7).or_insert_with(|| "seven".to_owned()).push('!');
    /// assert_eq!(names[&7], "seven!");
    /// ```
    #[inline]
    pub fn or_insert_with<F: FnOnce() -> V>(self, default: F) -> &'a mut V {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(default()),
        }
    }

    /// The value, made from the key and inserted if missing.
    ///
    /// # Panics
    /// Only if `default` does; the map is then as before.
    ///
    /// # Example
    /// ```
    /// let mut length = tidemap::HashMap::new();
    /// assert_eq!(*length.entry("estuary").or_insert_with_key(|word| word.len()), 7);
    /// ```
    #[inline]
    pub fn or_insert_with_key<F: FnOnce(&K) -> V>(self, default: F) -> &'a mut V {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let value = default(entry.key());
                entry.insert(value)
            }
        }
    }

    /// The value, the default one inserted if missing.
    ///
    /// # Example
    /// ```
    /// let mut log: tidemap::HashMap<&str, Vec<u8>> = tidemap::HashMap::new();
    /// log.entry("gauge").or_default().push(4);
    /// assert_eq!(log["gauge"], [4]);
    /// ```
    #[inline]
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// As [`or_insert`](Self::or_insert), but answers with the entry.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::from([(1, 'a')]);
    /// assert_eq!(map.entry(1).or_insert_entry('z').remove(), 'a');
    /// assert_eq!(map.entry(1).or_insert_entry('z').get(), &'z');
    /// ```
    #[inline]
    pub fn or_insert_entry(self, default: V) -> OccupiedEntry<'a, K, V, A> {
        match self {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(entry) => entry.insert_entry(default),
        }
    }

    /// As [`or_default`](Self::or_default), but answers with the entry.
    ///
    /// # Example
    /// ```
    /// let mut map: tidemap::HashMap<u8, u32> = tidemap::HashMap::new();
    /// assert_eq!(map.entry(1).or_default_entry().get(), &0);
    /// ```
    #[inline]
    pub fn or_default_entry(self) -> OccupiedEntry<'a, K, V, A>
    where
        V: Default,
    {
        match self {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(entry) => entry.insert_entry(V::default()),
        }
    }

    /// The key: the stored one, or the one asked for.
    ///
    /// # Example
    /// ```
    /// let mut map: tidemap::HashMap<&str, u8> = tidemap::HashMap::new();
    /// assert_eq!(map.entry("reef").key(), &"reef");
    /// assert!(map.is_empty(), "asking inserts nothing");
    /// ```
    #[inline]
    pub fn key(&self) -> &K {
        match self {
            Entry::Occupied(entry) => entry.key(),
            Entry::Vacant(entry) => entry.key(),
        }
    }

    /// Changes the value if it is there.
    ///
    /// # Example
    /// ```
    /// let mut visits = tidemap::HashMap::new();
    /// for port in ["Oslo", "Oslo", "Bergen"] {
    ///     visits.entry(port).and_modify(|n| *n += 1).or_insert(1);
    /// }
    /// assert_eq!((visits["Oslo"], visits["Bergen"]), (2, 1));
    /// ```
    #[inline]
    #[must_use]
    pub fn and_modify<F>(mut self, f: F) -> Self
    where
        F: FnOnce(&mut V),
    {
        if let Entry::Occupied(entry) = &mut self {
            f(entry.get_mut());
        }
        self
    }

    /// Replaces or removes the value if it is there: `None` removes the entry.
    ///
    /// # Panics
    /// Only if `f` does; the entry is gone then.
    ///
    /// # Example
    /// ```
    /// use tidemap::{Entry, HashMap};
    ///
    /// let mut lives = HashMap::from([("cat", 9), ("fly", 1)]);
    /// let one_less = |_: &&str, n: i32| (n > 1).then_some(n - 1);
    /// let _ = lives.entry("cat").and_replace_entry_with(one_less);
    /// let fly = lives.entry("fly").and_replace_entry_with(one_less);
    /// assert!(matches!(fly, Entry::Vacant(_)));
    /// assert_eq!(lives, HashMap::from([("cat", 8)]));
    /// ```
    #[inline]
    pub fn and_replace_entry_with<F>(self, f: F) -> Self
    where
        F: FnOnce(&K, V) -> Option<V>,
    {
        match self {
            Entry::Occupied(entry) => entry.replace_entry_with(f),
            vacant @ Entry::Vacant(_) => vacant,
        }
    }

    /// Sets the value; the entry is occupied then.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::from([("tide", "ebb")]);
    /// let entry = map.entry("tide").insert_entry("flood");
    /// assert_eq!((entry.key(), entry.get()), (&"tide", &"flood"));
    /// ```
    #[inline]
    pub fn insert_entry(self, value: V) -> OccupiedEntry<'a, K, V, A> {
        match self {
            Entry::Occupied(mut entry) => {
                entry.insert(value);
                entry
            }
            Entry::Vacant(entry) => entry.insert_entry(value),
        }
    }

    /// [`insert_entry`](Self::insert_entry) by the name that hashbrown gives it.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::new();
    /// assert_eq!(map.entry(1).insert('a').get(), &'a');
    /// ```
    #[inline]
    pub fn insert(self, value: V) -> OccupiedEntry<'a, K, V, A> {
        self.insert_entry(value)
    }
}

impl<'a, K, V, A: Allocator + Clone> OccupiedEntry<'a, K, V, A> {
    fn pair(&self) -> &(K, V) {
        // SAFETY: the place was found in this table, which is borrowed since.
        unsafe { &*self.table.entry(self.place) }
    }

    fn pair_mut(&mut self) -> &mut (K, V) {
        // SAFETY: as in `pair`, and borrowed mutably.
        unsafe { &mut *self.table.entry(self.place) }
    }

    /// The stored key.
    ///
    /// # Example
    /// ```
    /// # use tidemap::{Entry, HashMap};
    /// let mut map = HashMap::from([("reef", 2)]);
    /// let Entry::Occupied(entry) = map.entry("reef") else { unreachable!() };
    /// assert_eq!(entry.key(), &"reef");
    /// ```
    #[must_use]
    #[inline]
    pub fn key(&self) -> &K {
        &self.pair().0
    }

    /// The value.
    ///
    /// # Example
    /// ```
    /// # use tidemap::{Entry, HashMap};
    /// let mut map = HashMap::from([("reef", 2)]);
    /// let Entry::Occupied(entry) = map.entry("reef") else { unreachable!() };
    /// assert_eq!(entry.get(), &2);
    /// ```
    #[must_use]
    #[inline]
    pub fn get(&self) -> &V {
        &self.pair().1
    }

    /// The value for change, while the entry lives; see [`into_mut`](Self::into_mut).
    ///
    /// # Example
    /// ```
    /// # use tidemap::{Entry, HashMap};
    /// let mut map = HashMap::from([("reef", 2)]);
    /// if let Entry::Occupied(mut entry) = map.entry("reef") {
    ///     *entry.get_mut() += 1;
    ///     *entry.get_mut() += 1;
    /// }
    /// assert_eq!(map["reef"], 4);
    /// ```
    #[inline]
    pub fn get_mut(&mut self) -> &mut V {
        &mut self.pair_mut().1
    }

    /// The value for change, as long as the map is borrowed.
    ///
    /// # Example
    /// ```
    /// # use tidemap::{Entry, HashMap};
    /// fn first<'a>(map: &'a mut HashMap<u8, String>) -> Option<&'a mut String> {
    ///     match map.entry(1) {
    ///         Entry::Occupied(entry) => Some(entry.into_mut()),
    ///         Entry::Vacant(_) => None,
    ///     }
    /// }
    /// let mut map = HashMap::from([(1, "a".to_owned())]);
    /// first(&mut map).unwrap().push('b');
    /// assert_eq!(map[&1], "ab");
    /// ```
    #[must_use]
    #[inline]
    pub fn into_mut(self) -> &'a mut V {
        // SAFETY: as in `pair`; the entry is consumed, so the borrow is unique.
        unsafe { &mut (*self.table.entry(self.place)).1 }
    }

    /// The stored key, as long as the map is borrowed.
    pub(crate) fn into_key_ref(self) -> &'a K {
        // SAFETY: as in `pair`; the entry is consumed.
        unsafe { &(*self.table.entry(self.place)).0 }
    }

    /// Replaces the value; returns the old one.
    ///
    /// # Example
    /// ```
    /// # use tidemap::{Entry, HashMap};
    /// let mut map = HashMap::from([("reef", 2)]);
    /// if let Entry::Occupied(mut entry) = map.entry("reef") {
    ///     assert_eq!(entry.insert(5), 2);
    /// }
    /// assert_eq!(map["reef"], 5);
    /// ```
    #[inline]
    pub fn insert(&mut self, value: V) -> V {
        core::mem::replace(self.get_mut(), value)
    }

    /// Removes the entry; returns its value.
    ///
    /// # Example
    /// ```
    /// # use tidemap::{Entry, HashMap};
    /// let mut map = HashMap::from([("reef", 2)]);
    /// if let Entry::Occupied(entry) = map.entry("reef") {
    ///     assert_eq!(entry.remove(), 2);
    /// }
    /// assert!(map.is_empty());
    /// ```
    #[inline]
    pub fn remove(self) -> V {
        value_of(self.remove_entry())
    }

    /// Removes the entry; returns the stored key and its value.
    ///
    /// # Example
    /// ```
    /// # use tidemap::{Entry, HashMap};
    /// let mut map = HashMap::from([("reef", 2)]);
    /// if let Entry::Occupied(entry) = map.entry("reef") {
    ///     assert_eq!(entry.remove_entry(), ("reef", 2));
    /// }
    /// ```
    #[inline]
    pub fn remove_entry(self) -> (K, V) {
        // SAFETY: the place was found in this table, which is borrowed since.
        unsafe { self.table.remove(self.place) }
    }

    /// Replaces the value with what `f` makes of it, or removes the entry for `None`; the
    /// entry that remains comes back.
    ///
    /// # Panics
    /// Only if `f` does; the entry is gone then.
    ///
    /// # Example
    /// ```
    /// # use tidemap::{Entry, HashMap};
    /// let mut map = HashMap::from([("reef", 2)]);
    /// if let Entry::Occupied(entry) = map.entry("reef") {
    ///     let entry = entry.replace_entry_with(|_, depth| Some(depth * 10));
    ///     assert!(matches!(entry, Entry::Occupied(_)));
    /// }
    /// assert_eq!(map["reef"], 20);
    /// ```
    pub fn replace_entry_with<F>(self, f: F) -> Entry<'a, K, V, A>
    where
        F: FnOnce(&K, V) -> Option<V>,
    {
        let OccupiedEntry { hash, place, table } = self;
        // SAFETY: the place was found in this table, which is borrowed since.
        let (key, value) = unsafe { table.remove(place) };
        table.keep_room();
        let value = f(&key, value);
        let vacant = VacantEntry {
            hash,
            key,
            paid: true,
            table,
        };
        match value {
            Some(value) => Entry::Occupied(vacant.insert_entry(value)),
            None => Entry::Vacant(vacant),
        }
    }
}

impl<'a, K, V, A: Allocator + Clone> VacantEntry<'a, K, V, A> {
    /// The key that was asked for.
    ///
    /// # Example
    /// ```
    /// # use tidemap::{Entry, HashMap};
    /// let mut map: HashMap<&str, u8> = HashMap::new();
    /// let Entry::Vacant(entry) = map.entry("reef") else { unreachable!() };
    /// assert_eq!(entry.key(), &"reef");
    /// ```
    #[must_use]
    #[inline]
    pub fn key(&self) -> &K {
        &self.key
    }

    /// Gives the key back.
    ///
    /// # Example
    /// ```
    /// # use tidemap::{Entry, HashMap};
    /// let mut map: HashMap<String, u8> = HashMap::new();
    /// if let Entry::Vacant(entry) = map.entry("reef".to_owned()) {
    ///     assert_eq!(entry.into_key(), "reef");
    /// }
    /// assert!(map.is_empty());
    /// ```
    #[must_use]
    #[inline]
    pub fn into_key(self) -> K {
        self.key
    }

    /// Inserts the value. Moves no other entry but at most one of a bucket that is full.
    ///
    /// # Panics
    /// Aborts if memory for an overflow bucket is refused, as allocating collections do.
    ///
    /// # Example
    /// ```
    /// # use tidemap::{Entry, HashMap};
    /// let mut map = HashMap::new();
    /// if let Entry::Vacant(entry) = map.entry("reef") {
    ///     *entry.insert(2) += 1;
    /// }
    /// assert_eq!(map["reef"], 3);
    /// ```
    #[inline]
    pub fn insert(self, value: V) -> &'a mut V {
        self.insert_entry(value).into_mut()
    }

    /// Inserts the value; returns its entry.
    ///
    /// # Panics
    /// As [`insert`](Self::insert).
    ///
    /// # Example
    /// ```
    /// # use tidemap::{Entry, HashMap};
    /// let mut map = HashMap::new();
    /// if let Entry::Vacant(entry) = map.entry("reef") {
    ///     assert_eq!(entry.insert_entry(2).get(), &2);
    /// }
    /// ```
    #[inline]
    pub fn insert_entry(self, value: V) -> OccupiedEntry<'a, K, V, A> {
        let VacantEntry {
            hash,
            key,
            paid,
            table,
        } = self;
        // SAFETY: the table is prepared, which is what a vacant entry is evidence of.
        match unsafe { table.insert_prepared(hash, (key, value), paid) } {
            Ok(place) => OccupiedEntry { hash, place, table },
            Err((error, _)) => error.raise(),
        }
    }
}

impl<K: fmt::Debug, V: fmt::Debug, A: Allocator + Clone> fmt::Debug for OccupiedEntry<'_, K, V, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OccupiedEntry")
            .field("key", self.key())
            .field("value", self.get())
            .finish_non_exhaustive()
    }
}

impl<K: fmt::Debug, V, A: Allocator + Clone> fmt::Debug for VacantEntry<'_, K, V, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VacantEntry").field(self.key()).finish()
    }
}

impl<K: fmt::Debug, V: fmt::Debug, A: Allocator + Clone> fmt::Debug for Entry<'_, K, V, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Occupied(entry) => f.debug_tuple("Entry").field(entry).finish(),
            Entry::Vacant(entry) => f.debug_tuple("Entry").field(entry).finish(),
        }
    }
}
