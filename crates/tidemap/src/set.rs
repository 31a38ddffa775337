//! [`HashSet`]: a map without values.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::iter::FusedIterator;

use equivalent::Equivalent;

use crate::alloc::{Allocator, Global};
use crate::error::TryReserveError;
use crate::hash::DefaultHashBuilder;
use crate::iter::{Drain, IntoIter, Iter};
use crate::map::HashMap;
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
    #[must_use]
    pub fn new() -> HashSet<T> {
        HashSet {
            map: HashMap::new(),
        }
    }

    /// An empty set that takes `capacity` elements before its first growth.
    ///
    /// # Panics
    /// If the capacity exceeds what memory can address.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> HashSet<T> {
        HashSet {
            map: HashMap::with_capacity(capacity),
        }
    }
}

impl<T, S> HashSet<T, S> {
    /// An empty set with this hasher. Allocates nothing.
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
    #[must_use]
    pub fn with_capacity_and_hasher(capacity: usize, hash_builder: S) -> HashSet<T, S> {
        HashSet {
            map: HashMap::with_capacity_and_hasher(capacity, hash_builder),
        }
    }
}

impl<T, A: Allocator + Clone> HashSet<T, DefaultHashBuilder, A> {
    /// An empty set with this allocator. Allocates nothing.
    #[must_use]
    pub fn new_in(alloc: A) -> Self {
        HashSet {
            map: HashMap::new_in(alloc),
        }
    }

    /// An empty set with this allocator that takes `capacity` elements before its first growth.
    ///
    /// # Panics
    /// If the capacity exceeds what memory can address.
    #[must_use]
    pub fn with_capacity_in(capacity: usize, alloc: A) -> Self {
        HashSet {
            map: HashMap::with_capacity_in(capacity, alloc),
        }
    }
}

impl<T, S, A: Allocator + Clone> HashSet<T, S, A> {
    /// An empty set with this hasher and allocator. Allocates nothing.
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
    #[must_use]
    pub fn with_capacity_and_hasher_in(capacity: usize, hash_builder: S, alloc: A) -> Self {
        HashSet {
            map: HashMap::with_capacity_and_hasher_in(capacity, hash_builder, alloc),
        }
    }

    /// The allocator.
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
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.map.capacity()
    }

    /// The hasher.
    #[must_use]
    pub fn hasher(&self) -> &S {
        self.map.hasher()
    }

    /// Number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// All elements, in no particular order.
    pub fn iter(&self) -> SetIter<'_, T> {
        SetIter {
            inner: self.map.iter(),
        }
    }

    /// Takes all elements out; the memory stays.
    pub fn drain(&mut self) -> SetDrain<'_, T, A> {
        SetDrain {
            inner: self.map.drain(),
        }
    }

    /// Keeps the elements for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.map.retain(|element, ()| keep(element));
    }

    /// Removes all elements; keeps memory.
    pub fn clear(&mut self) {
        self.map.clear();
    }

    /// What the set is doing and has done. O(1).
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.map.stats()
    }

    /// The growth that is going on, if any. O(1).
    #[must_use]
    pub fn growth(&self) -> Option<Growth> {
        self.map.growth()
    }
}

impl<T: Eq + Hash, S: BuildHasher, A: Allocator + Clone> HashSet<T, S, A> {
    /// Adds an element; `false` if it was there (the old one stays).
    pub fn insert(&mut self, element: T) -> bool {
        self.map.insert(element, ()).is_none()
    }

    /// Adds an element in place of an equal one, which comes back.
    pub fn replace(&mut self, element: T) -> Option<T> {
        let old = self.take(&element);
        self.map.insert(element, ());
        old
    }

    /// Whether the element is there.
    pub fn contains<Q: ?Sized + Hash + Equivalent<T>>(&self, element: &Q) -> bool {
        self.map.contains_key(element)
    }

    /// The stored element.
    pub fn get<Q: ?Sized + Hash + Equivalent<T>>(&self, element: &Q) -> Option<&T> {
        self.map.get_key_value(element).map(|(element, ())| element)
    }

    /// Removes an element; whether it was there.
    pub fn remove<Q: ?Sized + Hash + Equivalent<T>>(&mut self, element: &Q) -> bool {
        self.map.remove(element).is_some()
    }

    /// Takes the stored element out.
    pub fn take<Q: ?Sized + Hash + Equivalent<T>>(&mut self, element: &Q) -> Option<T> {
        self.map.remove_entry(element).map(|(element, ())| element)
    }

    /// Makes room for `additional` more elements.
    ///
    /// # Panics
    /// If the capacity exceeds what memory can address.
    pub fn reserve(&mut self, additional: usize) {
        self.map.reserve(additional);
    }

    /// As [`reserve`](Self::reserve), with an error instead of a panic or an abort.
    ///
    /// # Errors
    /// When the capacity overflows or memory is refused; the set is as before.
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
    fn from_iter<I: IntoIterator<Item = T>>(iter: I) -> Self {
        let mut set = HashSet::default();
        set.extend(iter);
        set
    }
}

impl<T: Eq + Hash, const N: usize> From<[T; N]> for HashSet<T> {
    fn from(elements: [T; N]) -> Self {
        elements.into_iter().collect()
    }
}

/// Iterator of [`HashSet::iter`].
pub struct SetIter<'a, T> {
    inner: Iter<'a, T, ()>,
}

/// Iterator of a set by value.
pub struct SetIntoIter<T, A: Allocator + Clone = Global> {
    inner: IntoIter<T, (), A>,
}

/// Iterator of [`HashSet::drain`].
pub struct SetDrain<'a, T, A: Allocator + Clone = Global> {
    inner: Drain<'a, T, (), A>,
}

macro_rules! elements {
    ($name:ident <$($lifetime:lifetime,)? T $(, $a:ident)?>, $item:ty) => {
        impl<$($lifetime,)? T $(, $a: Allocator + Clone)?> Iterator for $name<$($lifetime,)? T $(, $a)?> {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<$item> {
                self.inner.next().map(|(element, _)| element)
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.inner.size_hint()
            }
        }
        impl<$($lifetime,)? T $(, $a: Allocator + Clone)?> ExactSizeIterator for $name<$($lifetime,)? T $(, $a)?> {}
        impl<$($lifetime,)? T $(, $a: Allocator + Clone)?> FusedIterator for $name<$($lifetime,)? T $(, $a)?> {}
        impl<$($lifetime,)? T: fmt::Debug $(, $a: Allocator + Clone)?> fmt::Debug for $name<$($lifetime,)? T $(, $a)?> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.inner.rest().map(|(element, ())| element)).finish()
            }
        }
    };
}

elements!(SetIter<'a, T>, &'a T);
elements!(SetIntoIter<T, A>, T);
elements!(SetDrain<'a, T, A>, T);

impl<T> Clone for SetIter<'_, T> {
    fn clone(&self) -> Self {
        SetIter {
            inner: self.inner.clone(),
        }
    }
}

impl<'a, T, S, A: Allocator + Clone> IntoIterator for &'a HashSet<T, S, A> {
    type Item = &'a T;
    type IntoIter = SetIter<'a, T>;

    fn into_iter(self) -> SetIter<'a, T> {
        self.iter()
    }
}

impl<T, S, A: Allocator + Clone> IntoIterator for HashSet<T, S, A> {
    type Item = T;
    type IntoIter = SetIntoIter<T, A>;

    fn into_iter(self) -> SetIntoIter<T, A> {
        SetIntoIter {
            inner: self.map.into_iter(),
        }
    }
}
