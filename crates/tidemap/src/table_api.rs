//! [`HashTable`]: the engine with hashes and equality supplied by the caller.

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;

use crate::alloc::{Allocator, Global};
use crate::error::TryReserveError;
use crate::raw::{Birth, Place, RawIter, RawTable};
use crate::stats::{Growth, Stats};

/// A table of values that the caller hashes and compares: for keys that live elsewhere, for
/// several indexes over the same values, for hashes that are known already.
///
/// Methods that may move values take a `hasher`, which must give each value the hash that it was
/// inserted with. Growth is paid as in a map, in bounded steps ([`bounds`](crate::bounds)), by the
/// methods that take a hasher; the others leave it as it is. Wrong hashes lose values, never
/// memory safety.
///
/// # Example
/// ```
/// use std::hash::{BuildHasher, RandomState};
/// use tidemap::HashTable;
///
/// // The words are stored once, in order; the table holds their numbers.
/// let words = ["ebb", "flood", "slack"];
/// let state = RandomState::new();
/// let hash = |word: &str| state.hash_one(word);
/// let mut index = HashTable::new();
/// for (number, word) in words.iter().enumerate() {
///     index.insert_unique(hash(word), number, |&number| hash(words[number]));
/// }
/// assert_eq!(index.find(hash("flood"), |&number| words[number] == "flood"), Some(&1));
/// ```
pub struct HashTable<T, A: Allocator + Clone = Global> {
    pub(crate) table: RawTable<T, A>,
}

/// The entry of a value, from [`HashTable::entry`].
pub enum Entry<'a, T: 'a, A: Allocator + Clone = Global> {
    /// The value is in the table.
    Occupied(OccupiedEntry<'a, T, A>),
    /// The value is not in the table.
    Vacant(VacantEntry<'a, T, A>),
}

/// A value that is in the table.
pub struct OccupiedEntry<'a, T: 'a, A: Allocator + Clone = Global> {
    hash: u64,
    place: Place,
    table: &'a mut RawTable<T, A>,
}

/// Room for a value that is not in the table yet.
pub struct VacantEntry<'a, T: 'a, A: Allocator + Clone = Global> {
    hash: u64,
    paid: bool,
    /// Has room for one more value: `HashTable::prepare` or a removal saw to it.
    table: &'a mut RawTable<T, A>,
}

/// What [`HashTable::find_entry`] answers when there is no such value.
pub struct AbsentEntry<'a, T: 'a, A: Allocator + Clone = Global> {
    table: &'a mut HashTable<T, A>,
}

// SAFETY: an occupied entry is a mutable borrow of the table; the place points into it.
unsafe impl<T: Send, A: Allocator + Clone + Send> Send for OccupiedEntry<'_, T, A> {}
// SAFETY: as above.
unsafe impl<T: Sync, A: Allocator + Clone + Sync> Sync for OccupiedEntry<'_, T, A> {}

impl<T> HashTable<T> {
    /// An empty table. Allocates nothing.
    ///
    /// # Example
    /// ```
    /// let table: tidemap::HashTable<u8> = tidemap::HashTable::new();
    /// assert_eq!(table.capacity(), 0);
    /// ```
    #[must_use]
    pub const fn new() -> HashTable<T> {
        HashTable::new_in(Global)
    }

    /// An empty table that takes `capacity` values before its first growth.
    ///
    /// # Panics
    /// If the capacity exceeds what memory can address.
    ///
    /// # Example
    /// ```
    /// let table: tidemap::HashTable<u8> = tidemap::HashTable::with_capacity(10);
    /// assert!(table.capacity() >= 10);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> HashTable<T> {
        HashTable::with_capacity_in(capacity, Global)
    }
}

impl<T, A: Allocator + Clone> HashTable<T, A> {
    /// An empty table with this allocator. Allocates nothing.
    ///
    /// # Example
    /// ```
    /// # use tidemap::{HashTable, alloc::Global};
    /// let table: HashTable<u8> = HashTable::new_in(Global);
    /// assert!(table.is_empty());
    /// ```
    #[must_use]
    pub const fn new_in(alloc: A) -> Self {
        HashTable {
            table: RawTable::new_in(alloc),
        }
    }

    /// An empty table with this allocator that takes `capacity` values before its first growth.
    ///
    /// # Panics
    /// If the capacity exceeds what memory can address.
    ///
    /// # Example
    /// ```
    /// # use tidemap::{HashTable, alloc::Global};
    /// let table: HashTable<u8> = HashTable::with_capacity_in(10, Global);
    /// assert!(table.capacity() >= 10);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_capacity_in(capacity: usize, alloc: A) -> Self {
        match RawTable::try_with_capacity_in(capacity, alloc, Birth::here::<T, ()>()) {
            Ok(table) => HashTable { table },
            Err(error) => error.raise(),
        }
    }

    /// The allocator.
    #[must_use]
    pub fn allocator(&self) -> &A {
        self.table.allocator()
    }

    /// How many values fit before the next growth begins.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.table.capacity()
    }

    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Makes room for a new value; whether anything was done for it.
    #[inline(always)]
    fn prepare<H: Fn(&T) -> u64>(&mut self, hasher: &H) -> Result<bool, TryReserveError> {
        if !self.table.is_due() {
            return Ok(false);
        }
        if self.table.wants_reseed() {
            // Long chains are the caller's: its hashes have no other seed.
            self.table.decline_reseed();
        }
        self.table.pay(hasher)?;
        Ok(true)
    }

    /// The value with this hash that `eq` accepts. Expected O(1); moves nothing. `eq` may also
    /// be asked about values with other hashes.
    ///
    /// # Example
    /// ```
    /// let mut table = tidemap::HashTable::new();
    /// table.insert_unique(7, "seven", |_| 7);
    /// assert_eq!(table.find(7, |&word| word == "seven"), Some(&"seven"));
    /// assert_eq!(table.find(8, |&word| word == "eight"), None);
    /// ```
    #[inline]
    pub fn find<F>(&self, hash: u64, eq: F) -> Option<&T>
    where
        F: FnMut(&T) -> bool,
    {
        let place = self.table.find(hash, eq)?;
        // SAFETY: just found; the table is borrowed as long as the answer.
        Some(unsafe { &*self.table.entry(place) })
    }

    /// As [`find`](Self::find), for change. What the hash depends on must not be changed.
    ///
    /// # Example
    /// ```
    /// let mut table = tidemap::HashTable::new();
    /// table.insert_unique(7, (7, 'a'), |&(n, _)| n);
    /// table.find_mut(7, |&(n, _)| n == 7).unwrap().1 = 'b';
    /// assert_eq!(table.find(7, |_| true), Some(&(7, 'b')));
    /// ```
    #[inline]
    pub fn find_mut<F>(&mut self, hash: u64, eq: F) -> Option<&mut T>
    where
        F: FnMut(&T) -> bool,
    {
        let place = self.table.find(hash, eq)?;
        // SAFETY: as above, and borrowed mutably.
        Some(unsafe { &mut *self.table.entry(place) })
    }

    /// The entry of the value with this hash that `eq` accepts.
    ///
    /// # Errors
    /// When there is none; the error gives the table back.
    ///
    /// # Example
    /// ```
    /// let mut table = tidemap::HashTable::new();
    /// table.insert_unique(7, "seven", |_| 7);
    /// let (word, _) = table.find_entry(7, |_| true).unwrap().remove();
    /// assert_eq!(word, "seven");
    /// assert!(table.find_entry(7, |_| true).is_err());
    /// ```
    #[inline]
    pub fn find_entry<F>(
        &mut self,
        hash: u64,
        eq: F,
    ) -> Result<OccupiedEntry<'_, T, A>, AbsentEntry<'_, T, A>>
    where
        F: FnMut(&T) -> bool,
    {
        match self.table.find(hash, eq) {
            Some(place) => Ok(OccupiedEntry {
                hash,
                place,
                table: &mut self.table,
            }),
            None => Err(AbsentEntry { table: self }),
        }
    }

    /// The entry of the value with this hash that `eq` accepts, there or not. Whatever
    /// growth is due is paid here.
    ///
    /// # Panics
    /// If the table would exceed memory, or if `eq` or `hasher` panics; the table is then valid.
    ///
    /// # Example
    /// ```
    /// use tidemap::hash_table::Entry;
    ///
    /// let mut table = tidemap::HashTable::new();
    /// for n in [1_u64, 2, 1] {
    ///     match table.entry(n, |&(there, _)| there == n, |&(there, _)| there) {
    ///         Entry::Occupied(mut entry) => entry.get_mut().1 += 1,
    ///         Entry::Vacant(entry) => { entry.insert((n, 1)); }
    ///     }
    /// }
    /// assert_eq!(table.find(1, |&(there, _)| there == 1), Some(&(1, 2)));
    /// ```
    #[inline]
    pub fn entry<F, H>(&mut self, hash: u64, eq: F, hasher: H) -> Entry<'_, T, A>
    where
        F: FnMut(&T) -> bool,
        H: Fn(&T) -> u64,
    {
        let shared = self.table.pay_share(&hasher);
        if let Some(place) = self.table.find(hash, eq) {
            return Entry::Occupied(OccupiedEntry {
                hash,
                place,
                table: &mut self.table,
            });
        }
        match self.prepare(&hasher) {
            Ok(paid) => Entry::Vacant(VacantEntry {
                hash,
                paid: paid || shared,
                table: &mut self.table,
            }),
            Err(error) => error.raise(),
        }
    }

    /// Adds a value without looking whether an equal one is there.
    ///
    /// # Panics
    /// If the table would exceed memory, or if `hasher` panics; the value is dropped then.
    ///
    /// # Example
    /// ```
    /// let mut table = tidemap::HashTable::new();
    /// let entry = table.insert_unique(7, "seven", |_| 7);
    /// assert_eq!(entry.get(), &"seven");
    /// ```
    #[inline]
    pub fn insert_unique<H>(&mut self, hash: u64, value: T, hasher: H) -> OccupiedEntry<'_, T, A>
    where
        H: Fn(&T) -> u64,
    {
        let shared = self.table.pay_share(&hasher);
        match self.prepare(&hasher) {
            Ok(paid) => VacantEntry {
                hash,
                paid: paid || shared,
                table: &mut self.table,
            }
            .insert(value),
            Err(error) => error.raise(),
        }
    }

    /// Makes room for `additional` more values; present ones move over in later steps.
    ///
    /// # Panics
    /// If the capacity exceeds what memory can address.
    ///
    /// # Example
    /// ```
    /// let mut table: tidemap::HashTable<u64> = tidemap::HashTable::new();
    /// table.reserve(10, |&n| n);
    /// assert!(table.capacity() >= 10);
    /// ```
    pub fn reserve<H: Fn(&T) -> u64>(&mut self, additional: usize, hasher: H) {
        if let Err(error) = self.try_reserve(additional, hasher) {
            error.raise();
        }
    }

    /// As [`reserve`](Self::reserve), with an error instead of a panic or an abort.
    ///
    /// # Errors
    /// When the capacity overflows or memory is refused; the table is as before.
    ///
    /// # Example
    /// ```
    /// let mut table: tidemap::HashTable<u64> = tidemap::HashTable::new();
    /// assert!(table.try_reserve(usize::MAX, |&n| n).is_err());
    /// ```
    pub fn try_reserve<H>(&mut self, additional: usize, hasher: H) -> Result<(), TryReserveError>
    where
        H: Fn(&T) -> u64,
    {
        self.table.try_reserve(additional, hasher)
    }

    /// Works off a growth that is going on, at once.
    ///
    /// # Example
    /// ```
    /// let mut table = tidemap::HashTable::new();
    /// for n in 0..1_000_u64 {
    ///     table.insert_unique(n.wrapping_mul(0x9e37_79b9_7f4a_7c15), n, |&n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    /// }
    /// table.finish(|&n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    /// assert!(table.growth().is_none());
    /// ```
    pub fn finish<H: Fn(&T) -> u64>(&mut self, hasher: H) {
        self.table.finish(hasher);
    }

    /// Removes all values; keeps memory.
    pub fn clear(&mut self) {
        self.table.clear();
    }

    /// Keeps the values for which `f` says so. O(capacity).
    ///
    /// # Panics
    /// Only if `f` or a dropped value does; the table then holds the values not yet asked about.
    ///
    /// # Example
    /// ```
    /// let mut table = tidemap::HashTable::new();
    /// for n in 0..4 {
    ///     table.insert_unique(n, n, |&n| n);
    /// }
    /// table.retain(|n| *n % 2 == 0);
    /// assert_eq!(table.len(), 2);
    /// ```
    pub fn retain<F>(&mut self, f: F)
    where
        F: FnMut(&mut T) -> bool,
    {
        self.table.retain(f);
    }

    /// All values, in no particular order.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter {
            inner: self.table.iter(),
            marker: PhantomData,
        }
    }

    /// All values for change, in no particular order.
    pub fn iter_mut(&mut self) -> IterMut<'_, T> {
        IterMut {
            inner: self.table.iter(),
            marker: PhantomData,
        }
    }

    /// Takes all values out; the memory stays. What the iterator is not asked for is dropped.
    ///
    /// # Example
    /// ```
    /// let mut table = tidemap::HashTable::new();
    /// table.insert_unique(7, "seven", |_| 7);
    /// assert_eq!(table.drain().collect::<Vec<_>>(), ["seven"]);
    /// assert!(table.is_empty());
    /// ```
    pub fn drain(&mut self) -> Drain<'_, T, A> {
        let table = self.table.take();
        Drain {
            inner: table.iter(),
            table,
            home: &mut self.table,
        }
    }

    /// The values of several hashes, for change; `eq` is told which.
    ///
    /// # Panics
    /// If two name the same value.
    ///
    /// # Example
    /// ```
    /// let mut table = tidemap::HashTable::new();
    /// for n in [1, 2] {
    ///     table.insert_unique(n, n, |&n| n);
    /// }
    /// let [one, nine] = table.get_disjoint_mut([1, 9], |i, &n| n == [1, 9][i]);
    /// assert_eq!((one, nine), (Some(&mut 1), None));
    /// ```
    #[doc(alias = "get_many_mut")]
    pub fn get_disjoint_mut<F, const N: usize>(
        &mut self,
        hashes: [u64; N],
        mut eq: F,
    ) -> [Option<&'_ mut T>; N]
    where
        F: FnMut(usize, &T) -> bool,
    {
        let mut index = 0;
        let values = hashes.map(|hash| {
            let place = self.table.find(hash, |value| eq(index, value));
            index += 1;
            // SAFETY: just found; nothing moves between the look-ups.
            place.map_or(core::ptr::null_mut(), |place| unsafe {
                self.table.entry(place)
            })
        });
        for (index, value) in values.iter().enumerate() {
            let twice = !value.is_null() && values[..index].contains(value);
            assert!(
                !twice,
                "hash {index} and an earlier one name the same value"
            );
        }
        // SAFETY: null, or values that differ, as just compared.
        values.map(|value| unsafe { value.as_mut() })
    }

    /// Bytes of memory that the table holds; see [`HashMap::allocation_size`](crate::HashMap::allocation_size).
    #[must_use]
    pub fn allocation_size(&self) -> usize {
        let stats = self.stats();
        stats.bytes_live + stats.bytes_old
    }

    /// What the table is doing and has done. O(1).
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.table.stats()
    }

    /// The growth that is going on, if any. O(1).
    #[must_use]
    pub fn growth(&self) -> Option<Growth> {
        self.table.growth()
    }

    /// Panics if an invariant of the engine does not hold. For this crate's tests.
    #[doc(hidden)]
    pub fn check_invariants<H: Fn(&T) -> u64>(&self, hasher: H) {
        // A table is never reseeded, so the second is not asked.
        self.table
            .check_invariants(&hasher, |_, value| hasher(value));
    }
}

impl<'a, T, A: Allocator + Clone> Entry<'a, T, A> {
    /// The value's entry, inserted if missing.
    ///
    /// # Example
    /// ```
    /// let mut table = tidemap::HashTable::new();
    /// let entry = table.entry(7, |&n| n == 7, |&n| n).or_insert(7);
    /// assert_eq!(entry.get(), &7);
    /// ```
    #[inline]
    pub fn or_insert(self, default: T) -> OccupiedEntry<'a, T, A> {
        self.or_insert_with(|| default)
    }

    /// The value's entry, made and inserted if missing.
    ///
    /// # Panics
    /// Only if `default` does; the table is then as before.
    #[inline]
    pub fn or_insert_with<F: FnOnce() -> T>(self, default: F) -> OccupiedEntry<'a, T, A> {
        match self {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(entry) => entry.insert(default()),
        }
    }

    /// Changes the value if it is there.
    #[inline]
    #[must_use]
    pub fn and_modify<F: FnOnce(&mut T)>(mut self, f: F) -> Self {
        if let Entry::Occupied(entry) = &mut self {
            f(entry.get_mut());
        }
        self
    }

    /// Sets the value; the entry is occupied then.
    #[inline]
    pub fn insert(self, value: T) -> OccupiedEntry<'a, T, A> {
        match self {
            Entry::Occupied(mut entry) => {
                *entry.get_mut() = value;
                entry
            }
            Entry::Vacant(entry) => entry.insert(value),
        }
    }
}

impl<'a, T, A: Allocator + Clone> OccupiedEntry<'a, T, A> {
    /// The value.
    #[must_use]
    #[inline]
    pub fn get(&self) -> &T {
        // SAFETY: the place was found in this table, which is borrowed since.
        unsafe { &*self.table.entry(self.place) }
    }

    /// The value for change. What its hash depends on must not be changed.
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        // SAFETY: as in `get`, and borrowed mutably.
        unsafe { &mut *self.table.entry(self.place) }
    }

    /// The value for change, as long as the table is borrowed.
    #[must_use]
    #[inline]
    pub fn into_mut(self) -> &'a mut T {
        // SAFETY: as in `get`; the entry is consumed, so the borrow is unique.
        unsafe { &mut *self.table.entry(self.place) }
    }

    /// Removes the value; the room that it leaves comes with it.
    ///
    /// # Example
    /// ```
    /// let mut table = tidemap::HashTable::new();
    /// let (seven, room) = table.insert_unique(7, "seven", |_| 7).remove();
    /// assert_eq!(seven, "seven");
    /// assert_eq!(room.insert("sept").get(), &"sept");
    /// ```
    #[inline]
    pub fn remove(self) -> (T, VacantEntry<'a, T, A>) {
        let OccupiedEntry { hash, place, table } = self;
        // SAFETY: the place was found in this table, which is borrowed since.
        let value = unsafe { table.remove(place) };
        table.keep_room();
        let vacant = VacantEntry {
            hash,
            paid: true,
            table,
        };
        (value, vacant)
    }
}

impl<'a, T, A: Allocator + Clone> VacantEntry<'a, T, A> {
    /// Inserts the value, which must have the hash that the entry was asked for with.
    ///
    /// # Panics
    /// Aborts if memory for an overflow bucket is refused, as allocating collections do.
    #[inline]
    pub fn insert(self, value: T) -> OccupiedEntry<'a, T, A> {
        let VacantEntry { hash, paid, table } = self;
        // SAFETY: there is room, which is what a vacant entry is evidence of.
        match unsafe { table.insert_prepared(hash, value, paid) } {
            Ok(place) => OccupiedEntry { hash, place, table },
            Err((error, _)) => error.raise(),
        }
    }
}

impl<'a, T, A: Allocator + Clone> AbsentEntry<'a, T, A> {
    /// The table.
    #[must_use]
    pub fn into_table(self) -> &'a mut HashTable<T, A> {
        self.table
    }
}

impl<T: fmt::Debug, A: Allocator + Clone> fmt::Debug for OccupiedEntry<'_, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OccupiedEntry")
            .field("value", self.get())
            .finish_non_exhaustive()
    }
}

impl<T: fmt::Debug, A: Allocator + Clone> fmt::Debug for VacantEntry<'_, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VacantEntry")
    }
}

impl<T: fmt::Debug, A: Allocator + Clone> fmt::Debug for AbsentEntry<'_, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AbsentEntry")
    }
}

impl<T: fmt::Debug, A: Allocator + Clone> fmt::Debug for Entry<'_, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Occupied(entry) => f.debug_tuple("Entry").field(entry).finish(),
            Entry::Vacant(entry) => f.debug_tuple("Entry").field(entry).finish(),
        }
    }
}

impl<T, A: Allocator + Clone + Default> Default for HashTable<T, A> {
    fn default() -> Self {
        HashTable::new_in(A::default())
    }
}

impl<T: Clone, A: Allocator + Clone> Clone for HashTable<T, A> {
    /// Copies the layout as it is: nothing is hashed. O(capacity).
    fn clone(&self) -> Self {
        match self.table.try_clone(T::clone) {
            Ok(table) => HashTable { table },
            Err(error) => error.raise(),
        }
    }
}

impl<T: fmt::Debug, A: Allocator + Clone> fmt::Debug for HashTable<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Iterator of [`HashTable::iter`].
pub struct Iter<'a, T> {
    inner: RawIter<T>,
    marker: PhantomData<&'a T>,
}

/// Iterator of [`HashTable::iter_mut`].
pub struct IterMut<'a, T> {
    inner: RawIter<T>,
    marker: PhantomData<&'a mut T>,
}

/// Iterator of a table by value.
pub struct IntoIter<T, A: Allocator + Clone = Global> {
    inner: RawIter<T>,
    pub(crate) table: RawTable<T, A>,
}

/// Iterator of [`HashTable::drain`].
pub struct Drain<'a, T, A: Allocator + Clone = Global> {
    inner: RawIter<T>,
    /// What is drained; `home` is an empty table until the end.
    pub(crate) table: RawTable<T, A>,
    home: &'a mut RawTable<T, A>,
}

// SAFETY: a shared borrow of values.
unsafe impl<T: Sync> Send for Iter<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Iter<'_, T> {}
// SAFETY: a unique borrow of values.
unsafe impl<T: Send> Send for IterMut<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for IterMut<'_, T> {}
// SAFETY: owns its values.
unsafe impl<T: Send, A: Allocator + Clone + Send> Send for IntoIter<T, A> {}
// SAFETY: as above.
unsafe impl<T: Sync, A: Allocator + Clone + Sync> Sync for IntoIter<T, A> {}
// SAFETY: owns its values and borrows their table uniquely.
unsafe impl<T: Send, A: Allocator + Clone + Send> Send for Drain<'_, T, A> {}
// SAFETY: as above.
unsafe impl<T: Sync, A: Allocator + Clone + Sync> Sync for Drain<'_, T, A> {}

impl<T> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Iter {
            inner: self.inner.clone(),
            marker: PhantomData,
        }
    }
}

macro_rules! values {
    ($name:ident <$($lifetime:lifetime,)? T $(, $a:ident)?>, $item:ty, $this:ident, $next:expr) => {
        impl<$($lifetime,)? T $(, $a: Allocator + Clone)?> Iterator
            for $name<$($lifetime,)? T $(, $a)?>
        {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<$item> {
                let $this = self;
                $next
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.inner.size_hint()
            }
        }
        impl<$($lifetime,)? T $(, $a: Allocator + Clone)?> ExactSizeIterator
            for $name<$($lifetime,)? T $(, $a)?>
        {
        }
        impl<$($lifetime,)? T $(, $a: Allocator + Clone)?> FusedIterator
            for $name<$($lifetime,)? T $(, $a)?>
        {
        }
        impl<$($lifetime,)? T: fmt::Debug $(, $a: Allocator + Clone)?> fmt::Debug
            for $name<$($lifetime,)? T $(, $a)?>
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let rest = Iter {
                    inner: self.inner.clone(),
                    marker: PhantomData,
                };
                f.debug_list().entries(rest).finish()
            }
        }
    };
}

values!(Iter<'a, T>, &'a T, this, {
    // SAFETY: a value of the table, which is borrowed for 'a.
    this.inner
        .next_entry()
        .map(|value| unsafe { value.as_ref() })
});
values!(IterMut<'a, T>, &'a mut T, this, {
    // SAFETY: a value of the table, which is borrowed mutably for 'a, and each comes once.
    this.inner
        .next_entry()
        .map(|mut value| unsafe { value.as_mut() })
});
values!(IntoIter<T, A>, T, this, {
    let place = this.inner.next()?;
    // SAFETY: each value comes once; it is taken out of the table we hold.
    Some(unsafe { this.table.take_at(place) })
});
values!(Drain<'a, T, A>, T, this, {
    let place = this.inner.next()?;
    // SAFETY: as above.
    Some(unsafe { this.table.take_at(place) })
});

impl<T, A: Allocator + Clone> Drop for Drain<'_, T, A> {
    fn drop(&mut self) {
        /// Gives the memory back to the table, whatever the values' `drop` does.
        struct Return<'b, 'a, T, A: Allocator + Clone>(&'b mut Drain<'a, T, A>);
        impl<T, A: Allocator + Clone> Drop for Return<'_, '_, T, A> {
            fn drop(&mut self) {
                self.0.table.clear();
                core::mem::swap(self.0.home, &mut self.0.table);
            }
        }
        let guard = Return(self);
        guard.0.table.clear();
    }
}

impl<'a, T, A: Allocator + Clone> IntoIterator for &'a HashTable<T, A> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<'a, T, A: Allocator + Clone> IntoIterator for &'a mut HashTable<T, A> {
    type Item = &'a mut T;
    type IntoIter = IterMut<'a, T>;

    fn into_iter(self) -> IterMut<'a, T> {
        self.iter_mut()
    }
}

impl<T, A: Allocator + Clone> IntoIterator for HashTable<T, A> {
    type Item = T;
    type IntoIter = IntoIter<T, A>;

    fn into_iter(self) -> IntoIter<T, A> {
        IntoIter {
            inner: self.table.iter(),
            table: self.table,
        }
    }
}
