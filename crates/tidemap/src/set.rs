//! [`HashSet`]: a map without values.

use core::fmt;
use core::hash::{BuildHasher, Hash};

use equivalent::Equivalent;

use crate::alloc::{Allocator, Global};
use crate::error::TryReserveError;
use crate::hash::DefaultHashBuilder;
use crate::map::{HashMap, entry_hasher};
use crate::set_iter::{Drain, Iter};
use crate::stats::{Growth, Stats};

/// A set with the growth of [`HashMap`].
///
/// # Example
/// ```
/// let mut seen = tidemap::HashSet::new();
/// assert!(seen.insert("tide") && !seen.insert("tide"));
/// assert!(seen.contains("tide"));
/// ```
pub struct HashSet<T, S = DefaultHashBuilder, A: Allocator + Clone = Global> {
    pub(crate) map: HashMap<T, (), S, A>,
}

impl<T> HashSet<T> {
    /// An empty set. Allocates nothing.
    ///
    /// # Example
    /// ```
    /// let set: tidemap::HashSet<u8> = tidemap::HashSet::new();
    /// assert_eq!(set.capacity(), 0);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn new() -> HashSet<T> {
        HashSet {
            map: HashMap::new(),
        }
    }

    /// An empty set that takes `capacity` elements before its first growth.
    ///
    /// # Panics
    /// If the capacity exceeds what memory can address.
    ///
    /// # Example
    /// ```
    /// let set: tidemap::HashSet<u8> = tidemap::HashSet::with_capacity(10);
    /// assert!(set.capacity() >= 10);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> HashSet<T> {
        HashSet {
            map: HashMap::with_capacity(capacity),
        }
    }
}

impl<T, S> HashSet<T, S> {
    /// An empty set with this hasher. Allocates nothing.
    ///
    /// # Example
    /// ```
    /// let mut set = tidemap::HashSet::with_hasher(std::hash::RandomState::new());
    /// assert!(set.insert("std's hasher"));
    /// ```
    #[must_use]
    pub const fn with_hasher(hash_builder: S) -> HashSet<T, S> {
        HashSet {
            map: HashMap::with_hasher(hash_builder),
        }
    }

    /// An empty set with this hasher that takes `capacity` elements before its first growth.
    ///
    /// # Panics
    /// If the capacity exceeds what memory can address.
    ///
    /// # Example
    /// ```
    /// let hasher = std::hash::RandomState::new();
    /// let set: tidemap::HashSet<u8, _> = tidemap::HashSet::with_capacity_and_hasher(10, hasher);
    /// assert!(set.capacity() >= 10);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_capacity_and_hasher(capacity: usize, hash_builder: S) -> HashSet<T, S> {
        HashSet {
            map: HashMap::with_capacity_and_hasher(capacity, hash_builder),
        }
    }
}

impl<T, A: Allocator + Clone> HashSet<T, DefaultHashBuilder, A> {
    /// An empty set with this allocator. Allocates nothing.
    ///
    /// # Example
    /// ```
    /// # use tidemap::{HashSet, alloc::Global};
    /// let mut set = HashSet::new_in(Global);
    /// assert!(set.insert('a'));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn new_in(alloc: A) -> Self {
        HashSet {
            map: HashMap::new_in(alloc),
        }
    }

    /// An empty set with this allocator that takes `capacity` elements before its first growth.
    ///
    /// # Panics
    /// If the capacity exceeds what memory can address.
    ///
    /// # Example
    /// ```
    /// # use tidemap::{HashSet, alloc::Global};
    /// let mut set = HashSet::with_capacity_in(10, Global);
    /// assert!(set.insert('a') && set.capacity() >= 10);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_capacity_in(capacity: usize, alloc: A) -> Self {
        HashSet {
            map: HashMap::with_capacity_in(capacity, alloc),
        }
    }
}

impl<T, S, A: Allocator + Clone> HashSet<T, S, A> {
    /// An empty set with this hasher and allocator. Allocates nothing.
    ///
    /// # Example
    /// ```
    /// # use tidemap::{HashSet, alloc::Global};
    /// let mut set = HashSet::with_hasher_in(std::hash::RandomState::new(), Global);
    /// assert!(set.insert('a'));
    /// ```
    #[must_use]
    pub const fn with_hasher_in(hash_builder: S, alloc: A) -> Self {
        HashSet {
            map: HashMap::with_hasher_in(hash_builder, alloc),
        }
    }

    /// An empty set with this hasher and allocator that takes `capacity` elements before
    /// its first growth.
    ///
    /// # Panics
    /// If the capacity exceeds what memory can address.
    ///
    /// # Example
    /// ```
    /// # use tidemap::{HashSet, alloc::Global};
    /// let hasher = std::hash::RandomState::new();
    /// let mut set = HashSet::with_capacity_and_hasher_in(10, hasher, Global);
    /// assert!(set.insert('a') && set.capacity() >= 10);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_capacity_and_hasher_in(capacity: usize, hash_builder: S, alloc: A) -> Self {
        HashSet {
            map: HashMap::with_capacity_and_hasher_in(capacity, hash_builder, alloc),
        }
    }

    /// The allocator.
    ///
    /// # Example
    /// ```
    /// # use tidemap::{HashSet, alloc::Global};
    /// let set: HashSet<u8> = HashSet::new();
    /// let _: &Global = set.allocator();
    /// ```
    #[must_use]
    pub fn allocator(&self) -> &A {
        self.map.allocator()
    }

    pub(crate) fn as_map(&self) -> &HashMap<T, (), S, A> {
        &self.map
    }

    pub(crate) fn as_map_mut(&mut self) -> &mut HashMap<T, (), S, A> {
        &mut self.map
    }

    /// How many elements fit before the next growth begins.
    ///
    /// # Example
    /// ```
    /// let set: tidemap::HashSet<u8> = tidemap::HashSet::with_capacity(100);
    /// assert!(set.capacity() >= 100);
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.map.capacity()
    }

    /// The hasher.
    ///
    /// # Example
    /// ```
    /// use std::hash::BuildHasher;
    ///
    /// let set: tidemap::HashSet<&str> = tidemap::HashSet::new();
    /// assert_eq!(set.hasher().hash_one("a"), set.hasher().hash_one("a"));
    /// ```
    #[must_use]
    pub fn hasher(&self) -> &S {
        self.map.hasher()
    }

    /// Number of elements.
    ///
    /// # Example
    /// ```
    /// let set = tidemap::HashSet::from(["ebb", "flood", "ebb"]);
    /// assert_eq!(set.len(), 2);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there are no elements.
    ///
    /// # Example
    /// ```
    /// let set: tidemap::HashSet<u8> = tidemap::HashSet::new();
    /// assert!(set.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// All elements, in no particular order.
    ///
    /// # Example
    /// ```
    /// let set = tidemap::HashSet::from([1, 2, 3]);
    /// assert_eq!(set.iter().sum::<i32>(), 6);
    /// ```
    pub fn iter(&self) -> Iter<'_, T> {
        Iter {
            inner: self.map.iter(),
        }
    }

    /// Takes all elements out; the memory stays.
    ///
    /// # Example
    /// ```
    /// let mut set = tidemap::HashSet::from([1, 2, 3]);
    /// assert_eq!(set.drain().sum::<i32>(), 6);
    /// assert!(set.is_empty());
    /// ```
    pub fn drain(&mut self) -> Drain<'_, T, A> {
        Drain {
            inner: self.map.drain(),
        }
    }

    /// Keeps the elements for which `f` says so. O(capacity).
    ///
    /// # Panics
    /// Only if `f` or a dropped element does; the set then holds the elements not yet
    /// asked about.
    ///
    /// # Example
    /// ```
    /// let mut set = tidemap::HashSet::from([1, 2, 3, 4]);
    /// set.retain(|n| n % 2 == 0);
    /// assert_eq!(set, tidemap::HashSet::from([2, 4]));
    /// ```
    pub fn retain<F>(&mut self, mut f: F)
    where
        F: FnMut(&T) -> bool,
    {
        self.map.retain(|element, ()| f(element));
    }

    /// Removes all elements; keeps memory.
    ///
    /// # Example
    /// ```
    /// let mut set = tidemap::HashSet::from([1, 2]);
    /// set.clear();
    /// assert!(set.is_empty() && set.capacity() > 0);
    /// ```
    pub fn clear(&mut self) {
        self.map.clear();
    }

    /// Bytes of memory that the set holds; see [`HashMap::allocation_size`]. O(1).
    ///
    /// # Example
    /// ```
    /// let set: tidemap::HashSet<u64> = (0..1_000).collect();
    /// assert!(set.allocation_size() >= 8_000);
    /// ```
    #[must_use]
    pub fn allocation_size(&self) -> usize {
        self.map.allocation_size()
    }

    /// What the set is doing and has done. O(1).
    ///
    /// # Example
    /// ```
    /// let set: tidemap::HashSet<u32> = (0..5_000).collect();
    /// assert_eq!(set.stats().len, 5_000);
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.map.stats()
    }

    /// The growth that is going on, if any. O(1).
    ///
    /// # Example
    /// ```
    /// let set: tidemap::HashSet<u8> = tidemap::HashSet::new();
    /// assert!(set.growth().is_none());
    /// ```
    #[must_use]
    pub fn growth(&self) -> Option<Growth> {
        self.map.growth()
    }
}

impl<T: Eq + Hash, S: BuildHasher, A: Allocator + Clone> HashSet<T, S, A> {
    /// Adds an element; `false` if it was there (the old one stays).
    ///
    /// # Example
    /// ```
    /// let mut set = tidemap::HashSet::new();
    /// assert!(set.insert("ebb"));
    /// assert!(!set.insert("ebb"));
    /// ```
    pub fn insert(&mut self, element: T) -> bool {
        self.map.insert(element, ()).is_none()
    }

    /// Adds an element in place of an equal one, which comes back.
    ///
    /// # Example
    /// ```
    /// let mut set = tidemap::HashSet::from([Vec::<u8>::new()]);
    /// assert_eq!(set.replace(Vec::with_capacity(10)).unwrap().capacity(), 0);
    /// assert!(set.get(&[][..]).unwrap().capacity() >= 10);
    /// ```
    pub fn replace(&mut self, element: T) -> Option<T> {
        let hash = self.map.hash_builder.hash_one(&element);
        self.map
            .table
            .pay_share(entry_hasher(&self.map.hash_builder));
        match self.map.find_hashed(hash, &element) {
            Some(place) => {
                // SAFETY: just found; the reference ends with this statement.
                let entry = unsafe { &mut *self.map.table.entry(place) };
                Some(core::mem::replace(&mut entry.0, element))
            }
            None => {
                self.map.insert_new(hash, element, ());
                None
            }
        }
    }

    /// Whether the element is there.
    ///
    /// # Example
    /// ```
    /// let set = tidemap::HashSet::from(["ebb".to_owned()]);
    /// assert!(set.contains("ebb") && !set.contains("neap"));
    /// ```
    pub fn contains<Q>(&self, element: &Q) -> bool
    where
        Q: ?Sized + Hash + Equivalent<T>,
    {
        self.map.contains_key(element)
    }

    /// The stored element.
    ///
    /// # Example
    /// ```
    /// let set = tidemap::HashSet::from(["ebb".to_owned()]);
    /// assert_eq!(set.get("ebb").map(String::as_str), Some("ebb"));
    /// ```
    pub fn get<Q>(&self, element: &Q) -> Option<&T>
    where
        Q: ?Sized + Hash + Equivalent<T>,
    {
        self.map.get_key_value(element).map(|(element, ())| element)
    }

    /// The stored element, inserted if missing.
    ///
    /// # Panics
    /// As [`insert`](Self::insert).
    ///
    /// # Example
    /// ```
    /// let mut names = tidemap::HashSet::new();
    /// assert_eq!(names.get_or_insert("Ebbe".to_owned()), "Ebbe");
    /// assert_eq!(names.len(), 1);
    /// ```
    pub fn get_or_insert(&mut self, value: T) -> &T {
        self.map.entry(value).or_insert_entry(()).into_key_ref()
    }

    /// The stored element, made from the one asked for and inserted if missing.
    ///
    /// # Panics
    /// If `f` does, or makes an element that is not equivalent to `value`; the set is then as
    /// before. Otherwise as [`insert`](Self::insert).
    ///
    /// # Example
    /// ```
    /// let mut names = tidemap::HashSet::from(["Ebbe".to_owned()]);
    /// assert_eq!(names.get_or_insert_with("Ebbe", |_| unreachable!()), "Ebbe");
    /// assert_eq!(names.get_or_insert_with("Flo", str::to_owned), "Flo");
    /// ```
    pub fn get_or_insert_with<Q, F>(&mut self, value: &Q, f: F) -> &T
    where
        Q: ?Sized + Hash + Equivalent<T>,
        F: FnOnce(&Q) -> T,
    {
        let hash = self.map.hash_builder.hash_one(value);
        self.map
            .table
            .pay_share(entry_hasher(&self.map.hash_builder));
        let found = self.map.find_hashed(hash, value);
        let place = found.unwrap_or_else(|| {
            let element = f(value);
            assert!(
                value.equivalent(&element),
                "the new element is not equivalent to the value that was asked for"
            );
            self.map.insert_new(hash, element, ())
        });
        // SAFETY: just found or inserted; the set is borrowed as long as the answer.
        unsafe { &(*self.map.table.entry(place)).0 }
    }

    /// Adds an element without looking whether it is there.
    ///
    /// # Panics
    /// As [`insert`](Self::insert).
    ///
    /// # Safety
    /// The element is not in the set. Otherwise nothing that the set does later may be relied
    /// on, not even memory safety.
    ///
    /// # Example
    /// ```
    /// let mut set = tidemap::HashSet::with_capacity(3);
    /// for n in 0..3 {
    ///     // SAFETY: each number comes once.
    ///     unsafe { set.insert_unique_unchecked(n) };
    /// }
    /// assert_eq!(set.len(), 3);
    /// ```
    pub unsafe fn insert_unique_unchecked(&mut self, value: T) -> &T {
        // SAFETY: by the caller's promise.
        unsafe { self.map.insert_unique_unchecked(value, ()) }.0
    }

    /// Removes an element; whether it was there.
    ///
    /// # Example
    /// ```
    /// let mut set = tidemap::HashSet::from([1, 2]);
    /// assert!(set.remove(&1) && !set.remove(&1));
    /// ```
    pub fn remove<Q>(&mut self, element: &Q) -> bool
    where
        Q: ?Sized + Hash + Equivalent<T>,
    {
        self.map.remove(element).is_some()
    }

    /// Takes the stored element out.
    ///
    /// # Example
    /// ```
    /// let mut set = tidemap::HashSet::from(["ebb".to_owned()]);
    /// assert_eq!(set.take("ebb"), Some("ebb".to_owned()));
    /// assert!(set.is_empty());
    /// ```
    pub fn take<Q>(&mut self, element: &Q) -> Option<T>
    where
        Q: ?Sized + Hash + Equivalent<T>,
    {
        self.map.remove_entry(element).map(|(element, ())| element)
    }

    /// Makes room for `additional` more elements.
    ///
    /// # Panics
    /// If the capacity exceeds what memory can address.
    ///
    /// # Example
    /// ```
    /// let mut set: tidemap::HashSet<u8> = tidemap::HashSet::new();
    /// set.reserve(10);
    /// assert!(set.capacity() >= 10);
    /// ```
    pub fn reserve(&mut self, additional: usize) {
        self.map.reserve(additional);
    }

    /// As [`reserve`](Self::reserve), with an error instead of a panic or an abort.
    ///
    /// # Errors
    /// When the capacity overflows or memory is refused; the set is as before.
    ///
    /// # Example
    /// ```
    /// let mut set: tidemap::HashSet<u8> = tidemap::HashSet::new();
    /// assert!(set.try_reserve(10).is_ok());
    /// assert!(set.try_reserve(usize::MAX).is_err());
    /// ```
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), TryReserveError> {
        self.map.try_reserve(additional)
    }

    /// Panics if an invariant of the engine does not hold. For this crate's tests.
    #[doc(hidden)]
    pub fn check_invariants(&self) {
        self.map.check_invariants();
    }
}

impl<T, S: Default, A: Allocator + Clone + Default> Default for HashSet<T, S, A> {
    #[track_caller]
    fn default() -> Self {
        HashSet {
            map: HashMap::default(),
        }
    }
}

impl<T: Clone, S: Clone, A: Allocator + Clone> Clone for HashSet<T, S, A> {
    fn clone(&self) -> Self {
        HashSet {
            map: self.map.clone(),
        }
    }
}

impl<T: fmt::Debug, S, A: Allocator + Clone> fmt::Debug for HashSet<T, S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<T: Eq + Hash, S: BuildHasher, A: Allocator + Clone> PartialEq for HashSet<T, S, A> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|element| other.contains(element))
    }
}

impl<T: Eq + Hash, S: BuildHasher, A: Allocator + Clone> Eq for HashSet<T, S, A> {}

impl<T: Eq + Hash, S: BuildHasher, A: Allocator + Clone> Extend<T> for HashSet<T, S, A> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, iter: I) {
        self.map
            .extend(iter.into_iter().map(|element| (element, ())));
    }
}

impl<'a, T: Eq + Hash + Copy, S: BuildHasher, A: Allocator + Clone> Extend<&'a T>
    for HashSet<T, S, A>
{
    fn extend<I: IntoIterator<Item = &'a T>>(&mut self, iter: I) {
        self.extend(iter.into_iter().copied());
    }
}

impl<T, S, A> FromIterator<T> for HashSet<T, S, A>
where
    T: Eq + Hash,
    S: BuildHasher + Default,
    A: Allocator + Clone + Default,
{
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = T>>(iter: I) -> Self {
        let mut set = HashSet::default();
        set.extend(iter);
        set
    }
}

impl<T: Eq + Hash, const N: usize> From<[T; N]> for HashSet<T> {
    #[track_caller]
    fn from(elements: [T; N]) -> Self {
        HashSet::from_iter(elements)
    }
}

impl<T, S, A: Allocator + Clone> From<HashMap<T, (), S, A>> for HashSet<T, S, A> {
    /// The keys of a map without values. O(1).
    fn from(map: HashMap<T, (), S, A>) -> Self {
        HashSet { map }
    }
}
