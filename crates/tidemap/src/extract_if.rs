//! `extract_if`: removing the entries that a closure picks, one at a time.

use core::fmt;
use core::iter::FusedIterator;

use crate::alloc::{Allocator, Global};
use crate::map::HashMap;
use crate::raw::{Bucket, RawIter, RawTable};
use crate::set::HashSet;

/// What maps and sets have in common: picks entries, takes them out, keeps chains tidy.
struct Extractor<'a, T, A: Allocator + Clone> {
    inner: RawIter<T>,
    table: &'a mut RawTable<T, A>,
    /// The home of a chain that an entry was taken out of and that the iterator is still in.
    untidy: Option<Bucket>,
}

// SAFETY: an extractor is a unique borrow of a table; its pointers lead into that.
unsafe impl<T: Send, A: Allocator + Clone + Send> Send for Extractor<'_, T, A> {}
// SAFETY: as above; a shared one only reads.
unsafe impl<T: Sync, A: Allocator + Clone + Sync> Sync for Extractor<'_, T, A> {}

impl<'a, T, A: Allocator + Clone> Extractor<'a, T, A> {
    fn new(table: &'a mut RawTable<T, A>) -> Self {
        Extractor {
            inner: table.iter(),
            table,
            untidy: None,
        }
    }

    fn next(&mut self, mut which: impl FnMut(&mut T) -> bool) -> Option<T> {
        loop {
            let place = self.inner.next()?;
            if self.untidy != Some(place.home) {
                self.tidy();
            }
            // SAFETY: the table is borrowed, and nothing but this iterator changes it.
            if which(unsafe { &mut *self.table.entry(place) }) {
                if place.bucket != place.home {
                    self.untidy = Some(place.home);
                }
                // SAFETY: as above; each place comes once.
                return Some(unsafe { self.table.extract(place) });
            }
        }
    }

    fn tidy(&mut self) {
        if let Some(home) = self.untidy.take() {
            // SAFETY: a home of this table, whose chain the iterator has left.
            unsafe { self.table.tidy_home(home) };
        }
    }

    fn most(&self) -> (usize, Option<usize>) {
        (0, self.inner.size_hint().1)
    }
}

impl<T, A: Allocator + Clone> Drop for Extractor<'_, T, A> {
    fn drop(&mut self) {
        self.tidy();
        self.table.after_removals();
    }
}

/// Iterator of [`HashMap::extract_if`].
#[must_use = "iterators are lazy; `retain` removes entries without returning them"]
pub struct ExtractIf<'a, K, V, F, A: Allocator + Clone = Global> {
    inner: Extractor<'a, (K, V), A>,
    which: F,
}

impl<K, V, F: FnMut(&K, &mut V) -> bool, A: Allocator + Clone> Iterator
    for ExtractIf<'_, K, V, F, A>
{
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        let which = &mut self.which;
        self.inner.next(|(key, value)| which(key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.most()
    }
}

impl<K, V, F: FnMut(&K, &mut V) -> bool, A: Allocator + Clone> FusedIterator
    for ExtractIf<'_, K, V, F, A>
{
}

impl<K, V, F, A: Allocator + Clone> fmt::Debug for ExtractIf<'_, K, V, F, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtractIf").finish_non_exhaustive()
    }
}

/// Iterator of [`HashSet::extract_if`].
#[must_use = "iterators are lazy; `retain` removes elements without returning them"]
pub struct SetExtractIf<'a, T, F, A: Allocator + Clone = Global> {
    inner: Extractor<'a, (T, ()), A>,
    which: F,
}

impl<T, F: FnMut(&T) -> bool, A: Allocator + Clone> Iterator for SetExtractIf<'_, T, F, A> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let which = &mut self.which;
        let (element, ()) = self.inner.next(|(element, ())| which(element))?;
        Some(element)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.most()
    }
}

impl<T, F: FnMut(&T) -> bool, A: Allocator + Clone> FusedIterator for SetExtractIf<'_, T, F, A> {}

impl<T, F, A: Allocator + Clone> fmt::Debug for SetExtractIf<'_, T, F, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetExtractIf").finish_non_exhaustive()
    }
}

impl<K, V, S, A: Allocator + Clone> HashMap<K, V, S, A> {
    /// Removes the entries for which `which` says so, and returns them one by one. The rest may be
    /// changed through the closure, and stays.
    ///
    /// O(capacity) for all of them, lazily. If the iterator is dropped early, the entries it did not
    /// come to stay; if it is leaked, too. In steps, with the map in use in between:
    /// [`extract_step`](Self::extract_step).
    ///
    /// # Panics
    /// Only if `which` does; the entry it was asked about stays.
    ///
    /// # Example
    /// ```
    /// let mut map: tidemap::HashMap<u32, u32> = (0..8).map(|i| (i, i)).collect();
    /// let mut even: Vec<u32> = map.extract_if(|key, _| key % 2 == 0).map(|(key, _)| key).collect();
    /// even.sort();
    /// assert_eq!(even, [0, 2, 4, 6]);
    /// assert_eq!(map.len(), 4);
    /// ```
    pub fn extract_if<F: FnMut(&K, &mut V) -> bool>(
        &mut self,
        which: F,
    ) -> ExtractIf<'_, K, V, F, A> {
        ExtractIf {
            inner: Extractor::new(&mut self.table),
            which,
        }
    }
}

impl<T, S, A: Allocator + Clone> HashSet<T, S, A> {
    /// Removes the elements for which `which` says so, and returns them one by one. As
    /// [`HashMap::extract_if`].
    ///
    /// # Panics
    /// Only if `which` does; the element it was asked about stays.
    ///
    /// # Example
    /// ```
    /// let mut set: tidemap::HashSet<u32> = (0..8).collect();
    /// assert_eq!(set.extract_if(|element| *element < 3).count(), 3);
    /// assert_eq!(set.len(), 5);
    /// ```
    pub fn extract_if<F: FnMut(&T) -> bool>(&mut self, which: F) -> SetExtractIf<'_, T, F, A> {
        SetExtractIf {
            inner: Extractor::new(&mut self.map.table),
            which,
        }
    }
}
