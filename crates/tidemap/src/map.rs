//! [`HashMap`]: the standard library's interface over the engine in `raw`.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::mem::MaybeUninit;
use core::ops::Index;

use equivalent::Equivalent;

use crate::alloc::{Allocator, Global};
use crate::entry::{Entry, OccupiedEntry, VacantEntry};
use crate::error::TryReserveError;
use crate::hash::DefaultHashBuilder;
use crate::iter::{Drain, IntoKeys, IntoValues, Iter, IterMut, Keys, Values, ValuesMut};
use crate::raw::{Birth, Place, RawTable, Spot, Vacancy, as_type_mut};
use crate::stats::{Growth, Stats};

/// A hash map that pays for its growth in small equal steps.
///
/// The interface is that of [`std::collections::HashMap`]; look-ups take anything
/// [`Equivalent`] to a key. Costs beyond the operation's own entry are bounded; see
/// [`bounds`](crate::bounds).
///
/// # Example
/// ```
/// let mut stock = tidemap::HashMap::from([("pear", 3), ("fig", 9)]);
/// *stock.entry("fig").or_insert(0) += 1;
/// assert_eq!(stock["fig"], 10);
/// assert_eq!(stock.remove("pear"), Some(3));
/// ```
pub struct HashMap<K, V, S = DefaultHashBuilder, A: Allocator + Clone = Global> {
    pub(crate) table: RawTable<(K, V), A>,
    pub(crate) hash_builder: S,
}

/// The hash function of entries, as the engine wants it.
#[inline(always)]
pub(crate) fn entry_hasher<K: Hash, V, S: BuildHasher>(
    hash_builder: &S,
) -> impl Fn(&(K, V)) -> u64 + '_ {
    move |(key, _)| hash_builder.hash_one(key)
}

/// What a seek that leaves the common way answers, beside the hash to go on with. Both fit registers.
enum Answer {
    /// The key is there, and its place was written where the caller wants it.
    There,
    /// As [`Sought::Room`].
    Room { paid: bool },
}

/// What [`HashMap::seek`] finds.
pub(crate) enum Sought {
    /// The key.
    There { hash: u64, place: Place },
    /// Room for it; `paid` says whether a share of a growth was done already.
    Room { hash: u64, paid: bool },
}

/// Drops the other half at once: what a function returns leaks if its scope ends in a panic.
pub(crate) fn value_of<K, V>((key, value): (K, V)) -> V {
    drop(key);
    value
}

/// As [`value_of`].
pub(crate) fn key_of<K, V>((key, value): (K, V)) -> K {
    drop(value);
    key
}

impl<K, V> HashMap<K, V> {
    /// An empty map. Allocates nothing.
    ///
    /// # Example
    /// ```
    /// let map: tidemap::HashMap<String, u32> = tidemap::HashMap::new();
    /// assert_eq!(map.capacity(), 0);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn new() -> HashMap<K, V> {
        HashMap::with_hasher(DefaultHashBuilder::default()).born(Birth::here::<K, V>())
    }

    /// An empty map that takes `capacity` entries before its first growth.
    /// Memory of large maps is reserved here and used as entries come.
    ///
    /// # Panics
    /// If the capacity exceeds what memory can address.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::with_capacity(1_000);
    /// map.extend((0..1_000).map(|i| (i, ())));
    /// assert_eq!(map.growths_started(), 0);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> HashMap<K, V> {
        HashMap::with_capacity_and_hasher(capacity, DefaultHashBuilder::default())
    }
}

impl<K, V, S> HashMap<K, V, S> {
    /// An empty map with this hasher. Allocates nothing.
    ///
    /// # Example
    /// ```
    /// use std::hash::RandomState;
    ///
    /// let mut map = tidemap::HashMap::with_hasher(RandomState::new());
    /// map.insert("std's hasher", true);
    /// ```
    #[must_use]
    pub const fn with_hasher(hash_builder: S) -> HashMap<K, V, S> {
        HashMap::with_hasher_in(hash_builder, Global)
    }

    /// An empty map with this hasher that takes `capacity` entries before its first growth.
    ///
    /// # Panics
    /// If the capacity exceeds what memory can address.
    ///
    /// # Example
    /// ```
    /// use std::hash::RandomState;
    ///
    /// let map: tidemap::HashMap<u8, u8, _> =
    ///     tidemap::HashMap::with_capacity_and_hasher(10, RandomState::new());
    /// assert!(map.capacity() >= 10);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_capacity_and_hasher(capacity: usize, hash_builder: S) -> HashMap<K, V, S> {
        HashMap::with_capacity_and_hasher_in(capacity, hash_builder, Global)
    }
}

impl<K, V, A: Allocator + Clone> HashMap<K, V, DefaultHashBuilder, A> {
    /// An empty map with this allocator. Allocates nothing.
    ///
    /// # Example
    /// ```
    /// use tidemap::{DefaultHashBuilder, HashMap, alloc::Global};
    ///
    /// let mut map: HashMap<u32, u32, DefaultHashBuilder, Global> = HashMap::new_in(Global);
    /// map.insert(1, 2);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn new_in(alloc: A) -> Self {
        HashMap::with_hasher_in(DefaultHashBuilder::default(), alloc).born(Birth::here::<K, V>())
    }

    /// An empty map with this allocator that takes `capacity` entries before its first growth.
    ///
    /// # Panics
    /// If the capacity exceeds what memory can address.
    ///
    /// # Example
    /// ```
    /// # use tidemap::{HashMap, alloc::Global};
    /// let mut map = HashMap::with_capacity_in(10, Global);
    /// map.insert(1, 'a');
    /// assert!(map.capacity() >= 10);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_capacity_in(capacity: usize, alloc: A) -> Self {
        HashMap::with_capacity_and_hasher_in(capacity, DefaultHashBuilder::default(), alloc)
    }
}

impl<K, V, S, A: Allocator + Clone> HashMap<K, V, S, A> {
    /// An empty map with this hasher and allocator. Allocates nothing.
    ///
    /// # Example
    /// ```
    /// # use tidemap::{HashMap, alloc::Global};
    /// let mut map = HashMap::with_hasher_in(std::hash::RandomState::new(), Global);
    /// map.insert(1, 'a');
    /// ```
    #[must_use]
    pub const fn with_hasher_in(hash_builder: S, alloc: A) -> Self {
        HashMap {
            table: RawTable::new_in(alloc),
            hash_builder,
        }
    }

    /// An empty map with this hasher and allocator that takes `capacity` entries before
    /// its first growth. An allocator of your own is asked for the whole array at once, zeroed.
    ///
    /// # Panics
    /// If the capacity exceeds what memory can address.
    ///
    /// # Example
    /// ```
    /// # use tidemap::{HashMap, alloc::Global};
    /// let hasher = std::hash::RandomState::new();
    /// let mut map = HashMap::with_capacity_and_hasher_in(10, hasher, Global);
    /// map.insert(1, 'a');
    /// assert!(map.capacity() >= 10);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_capacity_and_hasher_in(capacity: usize, hash_builder: S, alloc: A) -> Self {
        match RawTable::try_with_capacity_in(capacity, alloc, Birth::here::<K, V>()) {
            Ok(table) => HashMap {
                table,
                hash_builder,
            },
            Err(error) => error.raise(),
        }
    }

    /// With what is known of it when it is made.
    #[inline(always)]
    pub(crate) fn born(mut self, birth: Birth) -> Self {
        self.table.set_birth(birth);
        self
    }

    /// The allocator.
    ///
    /// # Example
    /// ```
    /// # use tidemap::{HashMap, alloc::Global};
    /// let map: HashMap<u8, u8> = HashMap::new();
    /// let _: &Global = map.allocator();
    /// ```
    #[must_use]
    pub fn allocator(&self) -> &A {
        self.table.allocator()
    }

    /// How many entries fit before the next growth begins; while the map grows, how many
    /// will fit once that is done. Never less than [`len`](Self::len).
    ///
    /// # Example
    /// ```
    /// let map: tidemap::HashMap<u8, u8> = tidemap::HashMap::with_capacity(100);
    /// assert!(map.capacity() >= 100);
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.table.capacity()
    }

    /// The hasher.
    ///
    /// # Example
    /// ```
    /// use std::hash::BuildHasher;
    ///
    /// let map: tidemap::HashMap<&str, u8> = tidemap::HashMap::new();
    /// assert_eq!(map.hasher().hash_one("a"), map.hasher().hash_one("a"));
    /// ```
    #[must_use]
    pub fn hasher(&self) -> &S {
        &self.hash_builder
    }

    /// Number of entries.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::new();
    /// map.insert(1, 'a');
    /// assert_eq!(map.len(), 1);
    /// ```
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are no entries.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::new();
    /// assert!(map.is_empty());
    /// map.insert(1, 'a');
    /// assert!(!map.is_empty());
    /// ```
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All entries, in no particular order.
    ///
    /// # Example
    /// ```
    /// let map = tidemap::HashMap::from([("ebb", 1), ("flood", 2)]);
    /// assert_eq!(map.iter().map(|(_, n)| n).sum::<i32>(), 3);
    /// ```
    #[inline]
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter::new(self.table.iter())
    }

    /// All entries with mutable values, in no particular order.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::from([("ebb", 1), ("flood", 2)]);
    /// for (_, n) in map.iter_mut() {
    ///     *n *= 10;
    /// }
    /// assert_eq!((map["ebb"], map["flood"]), (10, 20));
    /// ```
    #[inline]
    pub fn iter_mut(&mut self) -> IterMut<'_, K, V> {
        IterMut::new(self.table.iter())
    }

    /// All keys, in no particular order.
    ///
    /// # Example
    /// ```
    /// let map = tidemap::HashMap::from([("ebb", 1), ("flood", 2)]);
    /// assert!(map.keys().all(|word| word.len() > 2));
    /// ```
    pub fn keys(&self) -> Keys<'_, K, V> {
        Keys { inner: self.iter() }
    }

    /// All values, in no particular order.
    ///
    /// # Example
    /// ```
    /// let map = tidemap::HashMap::from([("ebb", 1), ("flood", 2)]);
    /// assert_eq!(map.values().max(), Some(&2));
    /// ```
    pub fn values(&self) -> Values<'_, K, V> {
        Values { inner: self.iter() }
    }

    /// All values for change, in no particular order.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::from([("ebb", 1), ("flood", 2)]);
    /// map.values_mut().for_each(|n| *n += 5);
    /// assert_eq!(map["flood"], 7);
    /// ```
    pub fn values_mut(&mut self) -> ValuesMut<'_, K, V> {
        ValuesMut {
            inner: self.iter_mut(),
        }
    }

    /// The map's keys; drops its values.
    ///
    /// # Example
    /// ```
    /// let map = tidemap::HashMap::from([("ebb", 1), ("flood", 2)]);
    /// let mut words: Vec<&str> = map.into_keys().collect();
    /// words.sort_unstable();
    /// assert_eq!(words, ["ebb", "flood"]);
    /// ```
    pub fn into_keys(self) -> IntoKeys<K, V, A> {
        IntoKeys {
            inner: self.into_iter(),
        }
    }

    /// The map's values; drops its keys.
    ///
    /// # Example
    /// ```
    /// let map = tidemap::HashMap::from([("ebb", 1), ("flood", 2)]);
    /// assert_eq!(map.into_values().sum::<i32>(), 3);
    /// ```
    pub fn into_values(self) -> IntoValues<K, V, A> {
        IntoValues {
            inner: self.into_iter(),
        }
    }

    /// Takes all entries out; the memory stays with the map. Entries that the iterator
    /// was not asked for are dropped with it. If it is leaked, so are they, and the map is empty.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::from([(1, 'a'), (2, 'b')]);
    /// assert_eq!(map.drain().count(), 2);
    /// assert!(map.is_empty() && map.capacity() >= 2);
    /// ```
    pub fn drain(&mut self) -> Drain<'_, K, V, A> {
        Drain::new(&mut self.table)
    }

    /// Keeps the entries for which `f` says so. O(capacity).
    ///
    /// # Panics
    /// Only if `f` or a dropped entry does; the map then holds the entries not yet
    /// asked about.
    ///
    /// # Example
    /// ```
    /// let mut map: tidemap::HashMap<u32, u32> = (0..8).map(|i| (i, i * i)).collect();
    /// map.retain(|_, square| *square % 2 == 0);
    /// assert_eq!(map.len(), 4);
    /// ```
    pub fn retain<F>(&mut self, mut f: F)
    where
        F: FnMut(&K, &mut V) -> bool,
    {
        self.table.retain(|(key, value)| f(key, value));
    }

    /// Removes all entries; keeps memory. O(capacity). A growth that was going on has ended.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::from([(1, 'a')]);
    /// map.clear();
    /// assert!(map.is_empty() && map.capacity() > 0);
    /// ```
    pub fn clear(&mut self) {
        self.table.clear();
    }

    /// Bytes of memory that the map holds: buckets that were touched, overflow buckets and
    /// bookkeeping; not what keys and values own elsewhere. O(1).
    ///
    /// # Example
    /// ```
    /// let map: tidemap::HashMap<u64, u64> = (0..1_000).map(|i| (i, i)).collect();
    /// assert!(map.allocation_size() >= 16 * map.len());
    /// assert_eq!(tidemap::HashMap::<u64, u64>::new().allocation_size(), 0);
    /// ```
    #[must_use]
    pub fn allocation_size(&self) -> usize {
        let stats = self.stats();
        stats.bytes_live + stats.bytes_old
    }

    /// What the map is doing and has done. O(1).
    ///
    /// # Example
    /// ```
    /// let map: tidemap::HashMap<u32, u32> = (0..5_000).map(|i| (i, i)).collect();
    /// let stats = map.stats();
    /// assert_eq!(stats.len, 5_000);
    /// assert!(stats.load > 0.3 && stats.load < 1.1);
    /// println!("{} growths", stats.growths_relocating + stats.growths_in_place);
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.table.stats()
    }

    /// The growth that is going on, if any. O(1).
    ///
    /// # Example
    /// ```
    /// let map: tidemap::HashMap<u8, u8> = tidemap::HashMap::new();
    /// assert!(map.growth().is_none());
    /// ```
    #[must_use]
    pub fn growth(&self) -> Option<Growth> {
        self.table.growth()
    }

    /// Growths begun so far, of any kind. One load: cheap enough to poll.
    ///
    /// # Example
    /// ```
    /// let map: tidemap::HashMap<u32, u32> = (0..1_000).map(|i| (i, i)).collect();
    /// let before = map.growths_started();
    /// assert!(map.get(&3).is_some() && map.growths_started() == before);
    /// ```
    #[must_use]
    #[inline]
    pub fn growths_started(&self) -> u64 {
        self.table.growths_started()
    }

    /// The last 64 finished growths that took more than one step, oldest first.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::new();
    /// for i in 0..100_000u32 {
    ///     map.insert(i, i);
    /// }
    /// assert!((1..=64).contains(&map.growth_log().len()));
    /// ```
    #[must_use]
    pub fn growth_log(&self) -> &[Growth] {
        self.table.growth_log()
    }
}

impl<K, V, S, A> HashMap<K, V, S, A>
where
    K: Eq + Hash,
    S: BuildHasher,
    A: Allocator + Clone,
{
    /// Inserts or replaces; returns the value that was there. The key that was
    /// there stays.
    ///
    /// Expected O(1); a growing map does a bounded share of its growth
    /// ([`bounds`](crate::bounds)).
    ///
    /// # Panics
    /// If the map would exceed memory, or if `K`'s `Hash` or `Eq` panics; then `key`
    /// and `value` are dropped and the map is as before.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::new();
    /// assert_eq!(map.insert(37, "a"), None);
    /// assert_eq!(map.insert(37, "b"), Some("a"));
    /// assert_eq!(map[&37], "b");
    /// ```
    #[inline]
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let hash = self.hash_builder.hash_one(&key);
        self.insert_hashed(hash, key, value)
    }

    /// [`insert`](Self::insert) of a key with this hash.
    #[inline(always)]
    pub(crate) fn insert_hashed(&mut self, hash: u64, key: K, value: V) -> Option<V> {
        if self.table.owes() {
            return self.insert_anyhow(hash, key, value);
        }
        match self.table.spot(hash, |(k, _)| key.equivalent(k)) {
            Spot::Main(home, index) => {
                // SAFETY: just found.
                Some(unsafe { self.replace_at(Place::main(home, index), key, value) })
            }
            Spot::Vacant(vacancy) if !self.table.is_due() => {
                // SAFETY: not due, the table is as it was when the home was found, and of a pinned
                // home the chain is searched.
                match unsafe { self.table.insert_home(vacancy, hash, (key, value), false) } {
                    Ok(_) => None,
                    Err((error, _)) => error.raise(),
                }
            }
            _ => self.insert_anyhow(hash, key, value),
        }
    }

    /// The same in every case.
    #[inline(never)]
    fn insert_anyhow(&mut self, hash: u64, key: K, value: V) -> Option<V> {
        match self.locate_hashed(hash, &key) {
            Ok(_) if self.table.owes() => self.replace_and_pay(hash, key, value),
            // SAFETY: just found.
            Ok(place) => Some(unsafe { self.replace_at(place, key, value) }),
            Err(_) if self.table.is_due() => {
                self.insert_new(hash, key, value);
                None
            }
            Err(vacancy) => {
                // SAFETY: not due, and the table is as it was when the home was found.
                match unsafe { self.table.insert_at(vacancy, hash, (key, value), false) } {
                    Ok(_) => None,
                    Err((error, _)) => error.raise(),
                }
            }
        }
    }

    /// Replaces the value of an entry; the key stays, and the one that came with the value goes.
    ///
    /// # Safety
    /// `place` is that of an entry of this map.
    #[inline(always)]
    unsafe fn replace_at(&mut self, place: Place, key: K, value: V) -> V {
        // SAFETY: by the caller's promise; the reference ends with this statement.
        let entry = unsafe { &mut *self.table.entry(place) };
        let old = core::mem::replace(&mut entry.1, value);
        // Not at the end of the scope: if it panics there, what is returned leaks.
        drop(key);
        old
    }

    /// Replacing pays a share, too, or an old array would stay for ever.
    #[cold]
    #[inline(never)]
    fn replace_and_pay(&mut self, hash: u64, key: K, value: V) -> Option<V> {
        self.table.pay_share(entry_hasher(&self.hash_builder));
        match self.find_hashed(hash, &key) {
            // SAFETY: found after the share, which moved entries.
            Some(place) => Some(unsafe { self.replace_at(place, key, value) }),
            None => {
                self.insert_new(hash, key, value);
                None
            }
        }
    }

    /// As [`find_hashed`](Self::find_hashed), with the home of a key that is not there.
    #[inline(always)]
    fn locate_hashed(&self, hash: u64, key: &K) -> Result<Place, Vacancy> {
        let found = self.table.locate(hash, |(k, _)| key.equivalent(k));
        // Hashers of other types are never changed; the comparison is of constants.
        let may_reseed = typeid::of::<S>() == typeid::of::<DefaultHashBuilder>();
        if may_reseed && found.is_err() && self.table.is_relocating() {
            return self.find_behind(key).map_or(found, Ok);
        }
        found
    }

    /// Adds an entry whose key is not in the map.
    #[inline]
    pub(crate) fn insert_new(&mut self, hash: u64, key: K, value: V) -> Place {
        match self.try_insert_new(hash, key, value) {
            Ok(place) => place,
            Err((error, _)) => error.raise(),
        }
    }

    #[inline]
    fn try_insert_new(
        &mut self,
        hash: u64,
        key: K,
        value: V,
    ) -> Result<Place, (TryReserveError, (K, V))> {
        match self.prepare(hash, &key) {
            // SAFETY: prepared just now.
            Ok((hash, paid)) => unsafe { self.table.insert_prepared(hash, (key, value), paid) },
            Err(error) => Err((error, (key, value))),
        }
    }

    /// Inserts a key that must be new, and reports instead of replacing, panicking or
    /// aborting.
    ///
    /// # Errors
    /// When the key is there, with its entry; when memory is refused. Key and
    /// value come back, and the map is as before.
    ///
    /// # Example
    /// ```
    /// use tidemap::TryInsertError;
    ///
    /// let mut map = tidemap::HashMap::from([(1, "one")]);
    /// assert_eq!(map.try_insert(2, "two").ok(), Some(&mut "two"));
    /// match map.try_insert(1, "uno") {
    ///     Err(TryInsertError::Occupied(error)) => assert_eq!(error.value, "uno"),
    ///     _ => unreachable!(),
    /// }
    /// ```
    pub fn try_insert(&mut self, key: K, value: V) -> Result<&mut V, TryInsertError<'_, K, V, A>> {
        // Pays even if the key is there: its entry can be taken out and put back.
        self.table.pay_share(entry_hasher(&self.hash_builder));
        let hash = self.hash_builder.hash_one(&key);
        if let Some(place) = self.find_hashed(hash, &key) {
            let table = &mut self.table;
            let entry = OccupiedEntry { hash, place, table };
            return Err(TryInsertError::Occupied(OccupiedError {
                entry,
                key,
                value,
            }));
        }
        match self.try_insert_new(hash, key, value) {
            // SAFETY: the entry was just written; the map is borrowed as long as the value.
            Ok(place) => Ok(unsafe { &mut (*self.table.entry(place)).1 }),
            Err((error, (key, value))) => Err(TryInsertError::OutOfMemory { error, key, value }),
        }
    }

    /// Makes room for a new entry with this key and hash: pays a share of whatever is due. The hash
    /// to go on with, and whether anything was done.
    #[inline(always)]
    pub(crate) fn prepare<Q>(&mut self, hash: u64, key: &Q) -> Result<(u64, bool), TryReserveError>
    where
        Q: ?Sized + Hash,
    {
        if self.table.is_due() {
            return Ok((self.pay(hash, key)?, true));
        }
        Ok((hash, false))
    }

    /// The slow path of [`prepare`](Self::prepare).
    #[cold]
    #[inline(never)]
    fn pay<Q>(&mut self, hash: u64, key: &Q) -> Result<u64, TryReserveError>
    where
        Q: ?Sized + Hash,
    {
        if self.table.wants_reseed() {
            match as_type_mut::<S, DefaultHashBuilder>(&mut self.hash_builder) {
                Some(builder) => {
                    let fresh = DefaultHashBuilder::reseeded();
                    match self.table.approach_reseed(builder) {
                        Some(true) => {
                            *builder = fresh;
                            return Ok(self.hash_builder.hash_one(key));
                        }
                        Some(false) => return Ok(hash),
                        None => {}
                    }
                }
                None => self.table.decline_reseed(),
            }
        }
        self.table.pay(entry_hasher(&self.hash_builder))?;
        Ok(hash)
    }

    /// The place of a key with this hash. While a map is reseeded a miss is not the end.
    #[inline(always)]
    pub(crate) fn find_hashed<Q>(&self, hash: u64, key: &Q) -> Option<Place>
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        let found = self.table.find(hash, |(k, _)| key.equivalent(k));
        // Hashers of other types are never changed; the comparison is of constants.
        let may_reseed = typeid::of::<S>() == typeid::of::<DefaultHashBuilder>();
        if may_reseed && found.is_none() && self.table.is_relocating() {
            return self.find_behind(key);
        }
        found
    }

    /// The entry of a key, for reading.
    #[inline(always)]
    pub(crate) fn find_entry<Q>(&self, key: &Q) -> Option<&(K, V)>
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        // SAFETY: null or an entry; the map is borrowed as long as the answer.
        unsafe { self.entry_of(key).as_ref() }
    }

    /// The address of the entry of a key, or null.
    #[inline(always)]
    fn entry_of<Q>(&self, key: &Q) -> *const (K, V)
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        let hash = self.hash_builder.hash_one(key);
        let entry = self.table.find_entry(hash, |(k, _)| key.equivalent(k));
        let may_reseed = typeid::of::<S>() == typeid::of::<DefaultHashBuilder>();
        if may_reseed && entry.is_null() && self.table.is_relocating() {
            return match self.find_behind(key) {
                // SAFETY: just found.
                Some(place) => unsafe { self.table.entry(place).cast_const() },
                None => entry,
            };
        }
        entry
    }

    /// The place of a key that a reseed has not moved yet.
    #[cold]
    #[inline(never)]
    fn find_behind<Q>(&self, key: &Q) -> Option<Place>
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        let hash = self.table.old_hash_builder()?.hash_one(key);
        self.table.find_behind(hash, |(k, _)| key.equivalent(k))
    }

    #[inline(always)]
    pub(crate) fn find<Q>(&self, key: &Q) -> Option<Place>
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        let hash = self.hash_builder.hash_one(key);
        self.find_hashed(hash, key)
    }

    /// The entry of a key with this hash.
    #[inline(always)]
    pub(crate) fn pair_hashed<Q>(&self, hash: u64, key: &Q) -> Option<&(K, V)>
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        let place = self.find_hashed(hash, key)?;
        // SAFETY: just found; the map is borrowed as long as the answer.
        Some(unsafe { &*self.table.entry(place) })
    }

    /// The value of `key`. Expected O(1); moves nothing.
    ///
    /// # Example
    /// ```
    /// let map = tidemap::HashMap::from([("ebb".to_owned(), 1)]);
    /// assert_eq!(map.get("ebb"), Some(&1));
    /// assert_eq!(map.get("neap"), None);
    /// ```
    #[inline]
    pub fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        self.get_key_value(key).map(|(_, value)| value)
    }

    /// Key and value of `key`.
    ///
    /// # Example
    /// ```
    /// let map = tidemap::HashMap::from([("ebb".to_owned(), 1)]);
    /// assert_eq!(map.get_key_value("ebb"), Some((&"ebb".to_owned(), &1)));
    /// ```
    #[inline]
    pub fn get_key_value<Q>(&self, key: &Q) -> Option<(&K, &V)>
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        if self.table.len() == 0 {
            return None;
        }
        let (key, value) = self.find_entry(key)?;
        Some((key, value))
    }

    /// The value of `key` for change. Pays a share while an old array is left behind.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::from([("ebb", 1)]);
    /// if let Some(n) = map.get_mut("ebb") {
    ///     *n += 1;
    /// }
    /// assert_eq!(map["ebb"], 2);
    /// ```
    #[inline]
    pub fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        self.table.pay_share(entry_hasher(&self.hash_builder));
        // SAFETY: null or an entry; the map is borrowed as long as the answer.
        let (_, value) = unsafe { self.entry_of(key).cast_mut().as_mut() }?;
        Some(value)
    }

    /// Key and value of `key`, the value for change.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::from([("ebb", 1)]);
    /// let (word, n) = map.get_key_value_mut("ebb").unwrap();
    /// *n += word.len();
    /// assert_eq!(map["ebb"], 4);
    /// ```
    #[inline]
    pub fn get_key_value_mut<Q>(&mut self, key: &Q) -> Option<(&K, &mut V)>
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        self.table.pay_share(entry_hasher(&self.hash_builder));
        let place = self.find(key)?;
        // SAFETY: just found; the map is borrowed as long as the answer.
        let (key, value) = unsafe { &mut *self.table.entry(place) };
        Some((key, value))
    }

    /// Adds an entry without looking whether its key is there: for keys that are known
    /// to differ, such as those of another map.
    ///
    /// # Panics
    /// If the map would exceed memory, or if `K`'s `Hash` panics.
    ///
    /// # Safety
    /// The key is not in the map. Otherwise nothing that the map does later may be relied on,
    /// not even memory safety.
    ///
    /// # Example
    /// ```
    /// let names = tidemap::HashMap::from([(1, "one"), (2, "two")]);
    /// let mut lengths = tidemap::HashMap::with_capacity(names.len());
    /// for (number, name) in &names {
    ///     // SAFETY: each key comes once.
    ///     unsafe { lengths.insert_unique_unchecked(*number, name.len()) };
    /// }
    /// assert_eq!(lengths[&2], 3);
    /// ```
    #[inline]
    pub unsafe fn insert_unique_unchecked(&mut self, key: K, value: V) -> (&K, &mut V) {
        let hash = self.hash_builder.hash_one(&key);
        self.table.pay_share(entry_hasher(&self.hash_builder));
        let place = self.insert_new(hash, key, value);
        // SAFETY: just written; the map is borrowed as long as the answer.
        let (key, value) = unsafe { &mut *self.table.entry(place) };
        (key, value)
    }

    /// Whether `key` is in the map.
    ///
    /// # Example
    /// ```
    /// let map = tidemap::HashMap::from([("ebb", 1)]);
    /// assert!(map.contains_key("ebb") && !map.contains_key("neap"));
    /// ```
    #[inline]
    pub fn contains_key<Q>(&self, key: &Q) -> bool
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        self.get_key_value(key).is_some()
    }

    /// Removes `key`; returns its value. Expected O(1). Capacity stays.
    ///
    /// # Panics
    /// Only if `K`'s `Hash` or `Eq` does; the map then still holds `key`.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::from([(1, 'a')]);
    /// assert_eq!(map.remove(&1), Some('a'));
    /// assert_eq!(map.remove(&1), None);
    /// ```
    #[inline]
    pub fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        self.remove_entry(key).map(value_of)
    }

    /// Removes `key`; returns the stored key and its value.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::from([(1, 'a')]);
    /// assert_eq!(map.remove_entry(&1), Some((1, 'a')));
    /// assert!(map.is_empty());
    /// ```
    #[inline]
    pub fn remove_entry<Q>(&mut self, key: &Q) -> Option<(K, V)>
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        if self.table.owes() {
            return self.remove_and_pay(key);
        }
        let hash = self.hash_builder.hash_one(key);
        match self.table.spot(hash, |(k, _)| key.equivalent(k)) {
            // SAFETY: just found.
            Spot::Main(home, index) => Some(unsafe { self.table.remove(Place::main(home, index)) }),
            Spot::Vacant(_) => None,
            Spot::Chain => self.remove_hashed(hash, key),
        }
    }

    /// The same while a share is owed.
    #[cold]
    #[inline(never)]
    fn remove_and_pay<Q>(&mut self, key: &Q) -> Option<(K, V)>
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        self.table.pay_share(entry_hasher(&self.hash_builder));
        self.remove_hashed(self.hash_builder.hash_one(key), key)
    }

    #[inline(never)]
    fn remove_hashed<Q>(&mut self, hash: u64, key: &Q) -> Option<(K, V)>
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        let place = self.find_hashed(hash, key)?;
        // SAFETY: just found.
        Some(unsafe { self.table.remove(place) })
    }

    /// The entry of `key`, there or not, for change in place. Whatever growth is
    /// due is paid here, so that inserting through the entry never moves others.
    ///
    /// # Example
    /// ```
    /// let mut count = tidemap::HashMap::new();
    /// for word in ["sea", "tide", "sea"] {
    ///     *count.entry(word).or_insert(0) += 1;
    /// }
    /// assert_eq!(count["sea"], 2);
    /// ```
    #[inline]
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V, A> {
        match self.seek(&key) {
            Sought::There { hash, place } => {
                let table = &mut self.table;
                Entry::Occupied(OccupiedEntry { hash, place, table })
            }
            Sought::Room { hash, paid } => Entry::Vacant(VacantEntry {
                hash,
                key,
                paid,
                table: &mut self.table,
            }),
        }
    }

    /// What entries begin with: pays a share, looks for the key, makes room if it is not there.
    #[inline(always)]
    pub(crate) fn seek<Q>(&mut self, key: &Q) -> Sought
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        // Written on the rare ways only: a result that a call writes is in memory on every way.
        let mut far = MaybeUninit::uninit();
        let (hash, answer) = 'rare: {
            if self.table.owes() {
                break 'rare self.seek_and_pay(key, &mut far);
            }
            let hash = self.hash_builder.hash_one(key);
            match self.table.spot(hash, |(k, _)| key.equivalent(k)) {
                Spot::Main(home, index) => {
                    let place = Place::main(home, index);
                    return Sought::There { hash, place };
                }
                Spot::Vacant(_) if !self.table.is_due() => {
                    return Sought::Room { hash, paid: false };
                }
                _ => self.seek_hashed(hash, key, false, &mut far),
            }
        };
        match answer {
            Answer::There => Sought::There {
                hash,
                // SAFETY: written by whoever gives this answer.
                place: unsafe { far.assume_init() },
            },
            Answer::Room { paid } => Sought::Room { hash, paid },
        }
    }

    #[cold]
    #[inline(never)]
    fn seek_and_pay<Q>(&mut self, key: &Q, far: &mut MaybeUninit<Place>) -> (u64, Answer)
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        let shared = self.table.pay_share(entry_hasher(&self.hash_builder));
        self.seek_hashed(self.hash_builder.hash_one(key), key, shared, far)
    }

    #[inline(never)]
    fn seek_hashed<Q>(
        &mut self,
        hash: u64,
        key: &Q,
        shared: bool,
        far: &mut MaybeUninit<Place>,
    ) -> (u64, Answer)
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        if let Some(place) = self.find_hashed(hash, key) {
            far.write(place);
            return (hash, Answer::There);
        }
        match self.prepare(hash, key) {
            Ok((hash, paid)) => (
                hash,
                Answer::Room {
                    paid: paid || shared,
                },
            ),
            Err(error) => error.raise(),
        }
    }

    /// Makes room for `additional` more entries. The memory is got now; existing entries
    /// move over in the steps of later operations.
    ///
    /// # Panics
    /// If the capacity exceeds what memory can address.
    ///
    /// # Example
    /// ```
    /// let mut map: tidemap::HashMap<&str, u8> = tidemap::HashMap::new();
    /// map.reserve(10);
    /// assert!(map.capacity() >= 10);
    /// ```
    pub fn reserve(&mut self, additional: usize) {
        if let Err(error) = self.try_reserve(additional) {
            error.raise();
        }
    }

    /// As [`reserve`](Self::reserve), with an error instead of a panic or an abort.
    ///
    /// # Errors
    /// When the capacity overflows or memory is refused; the map is as before.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::from([(1, 2)]);
    /// assert!(map.try_reserve(usize::MAX / 2).is_err());
    /// assert!(map.try_reserve(1_000).is_ok() && map.capacity() >= 1_001);
    /// ```
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), TryReserveError> {
        self.table
            .try_reserve(additional, entry_hasher(&self.hash_builder))
    }

    /// Panics if an invariant of the engine does not hold. For this crate's tests.
    #[doc(hidden)]
    pub fn check_invariants(&self) {
        self.table
            .check_invariants(entry_hasher(&self.hash_builder), |old, (key, _)| {
                old.hash_one(key)
            });
    }
}

/// Why [`HashMap::try_insert`] did not insert.
#[non_exhaustive]
pub enum TryInsertError<'a, K: 'a, V: 'a, A: Allocator + Clone = Global> {
    /// The key is in the map.
    Occupied(OccupiedError<'a, K, V, A>),
    /// Memory was refused.
    #[non_exhaustive]
    OutOfMemory {
        /// What was refused.
        error: TryReserveError,
        /// The key that was not inserted.
        key: K,
        /// The value that was not inserted.
        value: V,
    },
}

/// The key is in the map already: its entry, and what was not inserted.
#[non_exhaustive]
pub struct OccupiedError<'a, K: 'a, V: 'a, A: Allocator + Clone = Global> {
    /// The entry that is there.
    pub entry: OccupiedEntry<'a, K, V, A>,
    /// The key that was not inserted.
    pub key: K,
    /// The value that was not inserted.
    pub value: V,
}

impl<K: fmt::Debug, V: fmt::Debug, A: Allocator + Clone> fmt::Debug for OccupiedError<'_, K, V, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OccupiedError")
            .field("key", self.entry.key())
            .field("old_value", self.entry.get())
            .field("new_value", &self.value)
            .finish_non_exhaustive()
    }
}

impl<K: fmt::Debug, V: fmt::Debug, A: Allocator + Clone> fmt::Debug
    for TryInsertError<'_, K, V, A>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryInsertError::Occupied(error) => error.fmt(f),
            TryInsertError::OutOfMemory { error, key, .. } => f
                .debug_struct("OutOfMemory")
                .field("error", error)
                .field("key", key)
                .finish_non_exhaustive(),
        }
    }
}

impl<K: fmt::Debug, V: fmt::Debug, A: Allocator + Clone> fmt::Display
    for TryInsertError<'_, K, V, A>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryInsertError::Occupied(error) => {
                write!(
                    f,
                    "key {:?} is there with value {:?}",
                    error.key,
                    error.entry.get()
                )
            }
            TryInsertError::OutOfMemory { error, .. } => error.fmt(f),
        }
    }
}

impl<K: fmt::Debug, V: fmt::Debug, A: Allocator + Clone> core::error::Error
    for TryInsertError<'_, K, V, A>
{
}

impl<K, V, S: Default, A: Allocator + Clone + Default> Default for HashMap<K, V, S, A> {
    #[track_caller]
    fn default() -> Self {
        HashMap::with_hasher_in(S::default(), A::default()).born(Birth::here::<K, V>())
    }
}

impl<K: Clone, V: Clone, S: Clone, A: Allocator + Clone> Clone for HashMap<K, V, S, A> {
    /// Copies the layout as it is: no key is hashed. O(capacity).
    #[track_caller]
    fn clone(&self) -> Self {
        let hash_builder = self.hash_builder.clone();
        match self
            .table
            .try_clone(|(key, value)| (key.clone(), value.clone()))
        {
            Ok(table) => {
                let copy = HashMap {
                    table,
                    hash_builder,
                };
                copy.born(Birth::here::<K, V>())
            }
            Err(error) => error.raise(),
        }
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S, A: Allocator + Clone> fmt::Debug for HashMap<K, V, S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Eq + Hash, V: PartialEq, S: BuildHasher, A: Allocator + Clone> PartialEq
    for HashMap<K, V, S, A>
{
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self
                .iter()
                .all(|(key, value)| other.get(key).is_some_and(|theirs| *value == *theirs))
    }
}

impl<K: Eq + Hash, V: Eq, S: BuildHasher, A: Allocator + Clone> Eq for HashMap<K, V, S, A> {}

impl<K, Q, V, S, A> Index<&Q> for HashMap<K, V, S, A>
where
    K: Eq + Hash,
    Q: ?Sized + Hash + Equivalent<K>,
    S: BuildHasher,
    A: Allocator + Clone,
{
    type Output = V;

    /// # Panics
    /// If the key is not in the map.
    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("no entry found for key")
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, A: Allocator + Clone> Extend<(K, V)> for HashMap<K, V, S, A> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, iter: I) {
        let iter = iter.into_iter();
        // Half of what is announced once the map has entries: keys may repeat.
        let announced = iter.size_hint().0;
        self.reserve(if self.is_empty() {
            announced
        } else {
            announced.div_ceil(2)
        });
        self.insert_many(iter);
    }
}

impl<'a, K, V, S, A> Extend<(&'a K, &'a V)> for HashMap<K, V, S, A>
where
    K: Eq + Hash + Copy,
    V: Copy,
    S: BuildHasher,
    A: Allocator + Clone,
{
    fn extend<I: IntoIterator<Item = (&'a K, &'a V)>>(&mut self, iter: I) {
        self.extend(iter.into_iter().map(|(key, value)| (*key, *value)));
    }
}

impl<K, V, S, A> FromIterator<(K, V)> for HashMap<K, V, S, A>
where
    K: Eq + Hash,
    S: BuildHasher + Default,
    A: Allocator + Clone + Default,
{
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = (K, V)>>(iter: I) -> Self {
        let mut map = HashMap::default();
        map.extend(iter);
        map
    }
}

impl<K: Eq + Hash, V, const N: usize> From<[(K, V); N]> for HashMap<K, V> {
    #[track_caller]
    fn from(entries: [(K, V); N]) -> Self {
        HashMap::from_iter(entries)
    }
}
