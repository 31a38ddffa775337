//! Entries of sets: those of maps without the values.

use core::fmt;
use core::hash::{BuildHasher, Hash};

use crate::alloc::{Allocator, Global};
use crate::entry;
use crate::set::HashSet;

/// The entry of an element, from [`HashSet::entry`].
pub enum Entry<'a, T: 'a, A: Allocator + Clone = Global> {
    /// The element is in the set.
    Occupied(OccupiedEntry<'a, T, A>),
    /// The element is not in the set.
    Vacant(VacantEntry<'a, T, A>),
}

/// The entry of an element that is in the set.
pub struct OccupiedEntry<'a, T: 'a, A: Allocator + Clone = Global> {
    inner: entry::OccupiedEntry<'a, T, (), A>,
}

/// The entry of an element that is not in the set yet.
pub struct VacantEntry<'a, T: 'a, A: Allocator + Clone = Global> {
    inner: entry::VacantEntry<'a, T, (), A>,
}

impl<T, S, A> HashSet<T, S, A>
where
    T: Eq + Hash,
    S: BuildHasher,
    A: Allocator + Clone,
{
    /// The entry of an element, there or not.
    ///
    /// # Panics
    /// As [`insert`](Self::insert).
    ///
    /// # Example
    /// ```
    /// use tidemap::HashSet;
    /// use tidemap::hash_set::Entry;
    ///
    /// let (mut once, mut again) = (HashSet::new(), HashSet::new());
    /// for n in [1, 2, 1] {
    ///     match once.entry(n) {
    ///         Entry::Vacant(entry) => { entry.insert(); }
    ///         Entry::Occupied(entry) => { again.insert(*entry.get()); }
    ///     }
    /// }
    /// assert_eq!((once.len(), again), (2, HashSet::from([1])));
    /// ```
    pub fn entry(&mut self, value: T) -> Entry<'_, T, A> {
        match self.map.entry(value) {
            entry::Entry::Occupied(inner) => Entry::Occupied(OccupiedEntry { inner }),
            entry::Entry::Vacant(inner) => Entry::Vacant(VacantEntry { inner }),
        }
    }
}

impl<'a, T, A: Allocator + Clone> Entry<'a, T, A> {
    /// Inserts the element if it is missing.
    pub fn or_insert(self) {
        if let Entry::Vacant(entry) = self {
            entry.insert();
        }
    }

    /// Inserts the element if it is missing; its entry.
    pub fn insert(self) -> OccupiedEntry<'a, T, A> {
        match self {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(entry) => entry.insert(),
        }
    }

    /// The element: the stored one, or the one asked for.
    #[must_use]
    pub fn get(&self) -> &T {
        match self {
            Entry::Occupied(entry) => entry.get(),
            Entry::Vacant(entry) => entry.get(),
        }
    }
}

impl<T, A: Allocator + Clone> OccupiedEntry<'_, T, A> {
    /// The stored element.
    #[must_use]
    pub fn get(&self) -> &T {
        self.inner.key()
    }

    /// Takes the stored element out.
    #[must_use]
    pub fn remove(self) -> T {
        self.inner.remove_entry().0
    }
}

impl<'a, T, A: Allocator + Clone> VacantEntry<'a, T, A> {
    /// The element that was asked for.
    #[must_use]
    pub fn get(&self) -> &T {
        self.inner.key()
    }

    /// Gives the element back.
    #[must_use]
    pub fn into_value(self) -> T {
        self.inner.into_key()
    }

    /// Inserts the element; its entry.
    ///
    /// # Panics
    /// Aborts if memory for an overflow bucket is refused, as allocating collections do.
    pub fn insert(self) -> OccupiedEntry<'a, T, A> {
        OccupiedEntry {
            inner: self.inner.insert_entry(()),
        }
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

impl<T: fmt::Debug, A: Allocator + Clone> fmt::Debug for OccupiedEntry<'_, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OccupiedEntry")
            .field("value", self.get())
            .finish_non_exhaustive()
    }
}

impl<T: fmt::Debug, A: Allocator + Clone> fmt::Debug for VacantEntry<'_, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VacantEntry").field(self.get()).finish()
    }
}
