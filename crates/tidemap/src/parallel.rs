//! Parallel iteration with rayon (feature `rayon`).
//!
//! Work is divided by ranges of main buckets, so it needs no growth to be over: a map may be
//! iterated in parallel, drained or consumed in whatever state it is. Adding in parallel
//! collects on all threads and inserts on one.

use alloc_crate::collections::LinkedList;
use alloc_crate::vec::Vec;
use core::hash::{BuildHasher, Hash};
use core::marker::PhantomData;
use core::sync::atomic::{AtomicUsize, Ordering};

use rayon::iter::plumbing::{Folder, UnindexedConsumer, UnindexedProducer, bridge_unindexed};
use rayon::iter::{
    FromParallelIterator, IntoParallelIterator, IntoParallelRefIterator, ParallelExtend,
    ParallelIterator,
};

use crate::alloc::{Allocator, Global};
use crate::map::HashMap;
use crate::raw::{RangeIter, RawRange, RawTable};
use crate::set::HashSet;

/// Parallel iterator over entries, from [`par_iter`](HashMap#method.par_iter-1).
pub struct ParIter<'a, K, V> {
    range: RawRange<(K, V)>,
    marker: PhantomData<&'a (K, V)>,
}

/// Parallel iterator over entries with values for change.
pub struct ParIterMut<'a, K, V> {
    range: RawRange<(K, V)>,
    marker: PhantomData<(&'a K, &'a mut V)>,
}

/// Parallel iterator that consumes a map.
pub struct IntoParIter<K, V, A: Allocator + Clone = Global> {
    table: RawTable<(K, V), A>,
}

/// Parallel iterator of [`HashMap::par_drain`].
pub struct ParDrain<'a, K, V, A: Allocator + Clone = Global> {
    table: &'a mut RawTable<(K, V), A>,
}

/// Parallel iterator of [`HashMap::par_keys`].
pub struct ParKeys<'a, K, V> {
    inner: ParIter<'a, K, V>,
}

/// Parallel iterator of [`HashMap::par_values`].
pub struct ParValues<'a, K, V> {
    inner: ParIter<'a, K, V>,
}

/// Parallel iterator of [`HashMap::par_values_mut`].
pub struct ParValuesMut<'a, K, V> {
    inner: ParIterMut<'a, K, V>,
}

/// Parallel iterator over a set's elements.
pub struct SetParIter<'a, T> {
    inner: ParIter<'a, T, ()>,
}

/// Parallel iterator that consumes a set.
pub struct SetIntoParIter<T, A: Allocator + Clone = Global> {
    inner: IntoParIter<T, (), A>,
}

/// Parallel iterator of [`HashSet::par_drain`].
pub struct SetParDrain<'a, T, A: Allocator + Clone = Global> {
    inner: ParDrain<'a, T, (), A>,
}

// SAFETY: a borrow of keys that any thread may share, and a unique one of values.
unsafe impl<K: Sync, V: Send> Send for ParIterMut<'_, K, V> {}

// SAFETY: a borrow of entries that any thread may share.
unsafe impl<K: Sync, V: Sync> Send for ParIter<'_, K, V> {}

struct LentIter<'a, K, V> {
    inner: RangeIter<(K, V)>,
    marker: PhantomData<&'a (K, V)>,
}

impl<'a, K, V> Iterator for LentIter<'a, K, V> {
    type Item = (&'a K, &'a V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: null or an entry of a map that is borrowed for 'a.
        let (key, value) = unsafe { self.inner.next_entry().as_ref() }?;
        Some((key, value))
    }
}

impl<'a, K: Sync, V: Sync> UnindexedProducer for ParIter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn split(self) -> (Self, Option<Self>) {
        let (near, far) = self.range.split();
        let lent = |range| ParIter {
            range,
            marker: PhantomData,
        };
        (lent(near), far.map(lent))
    }

    fn fold_with<F: Folder<Self::Item>>(self, folder: F) -> F {
        folder.consume_iter(LentIter {
            inner: self.range.iter(),
            marker: PhantomData,
        })
    }
}

impl<'a, K: Sync, V: Sync> ParallelIterator for ParIter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn drive_unindexed<C: UnindexedConsumer<Self::Item>>(self, consumer: C) -> C::Result {
        bridge_unindexed(self, consumer)
    }
}

struct LentMutIter<'a, K, V> {
    inner: RangeIter<(K, V)>,
    marker: PhantomData<(&'a K, &'a mut V)>,
}

impl<'a, K, V> Iterator for LentMutIter<'a, K, V> {
    type Item = (&'a K, &'a mut V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: null or an entry of a map that is borrowed mutably for 'a; each comes once.
        let (key, value) = unsafe { self.inner.next_entry().as_mut() }?;
        Some((&*key, value))
    }
}

impl<'a, K: Sync, V: Send> UnindexedProducer for ParIterMut<'a, K, V> {
    type Item = (&'a K, &'a mut V);

    fn split(self) -> (Self, Option<Self>) {
        let (near, far) = self.range.split();
        let lent = |range| ParIterMut {
            range,
            marker: PhantomData,
        };
        (lent(near), far.map(lent))
    }

    fn fold_with<F: Folder<Self::Item>>(self, folder: F) -> F {
        folder.consume_iter(LentMutIter {
            inner: self.range.iter(),
            marker: PhantomData,
        })
    }
}

impl<'a, K: Sync, V: Send> ParallelIterator for ParIterMut<'a, K, V> {
    type Item = (&'a K, &'a mut V);

    fn drive_unindexed<C: UnindexedConsumer<Self::Item>>(self, consumer: C) -> C::Result {
        bridge_unindexed(self, consumer)
    }
}

/// A range whose entries are taken out, and counted.
struct Taken<'t, T> {
    range: RawRange<T>,
    taken: &'t AtomicUsize,
}

struct TakenIter<'t, T> {
    inner: RangeIter<T>,
    here: usize,
    taken: &'t AtomicUsize,
}

impl<T> Iterator for TakenIter<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        // SAFETY: ranges share no bucket, the table is ours, and `take_all` tells it.
        let entry = unsafe { self.inner.take() }?;
        self.here += 1;
        Some(entry)
    }
}

impl<T> Drop for TakenIter<'_, T> {
    fn drop(&mut self) {
        // Relaxed: read after the threads have been joined.
        self.taken.fetch_add(self.here, Ordering::Relaxed);
    }
}

impl<T: Send> UnindexedProducer for Taken<'_, T> {
    type Item = T;

    fn split(self) -> (Self, Option<Self>) {
        let (near, far) = self.range.split();
        let taken = self.taken;
        let part = |range| Taken { range, taken };
        (part(near), far.map(part))
    }

    fn fold_with<F: Folder<T>>(self, folder: F) -> F {
        folder.consume_iter(TakenIter {
            inner: self.range.iter(),
            here: 0,
            taken: self.taken,
        })
    }
}

/// Takes entries out in parallel until the consumer has enough; a table without them remains,
/// also after a panic.
fn take_all<T, A, C>(table: &mut RawTable<T, A>, consumer: C) -> C::Result
where
    T: Send,
    A: Allocator + Clone,
    C: UnindexedConsumer<T>,
{
    struct Account<'t, T, A: Allocator + Clone> {
        table: &'t mut RawTable<T, A>,
        taken: AtomicUsize,
    }
    impl<T, A: Allocator + Clone> Drop for Account<'_, T, A> {
        fn drop(&mut self) {
            // SAFETY: the threads have been joined, and each counted what it took.
            unsafe { self.table.forget_taken(*self.taken.get_mut()) };
        }
    }
    let account = Account {
        table,
        taken: AtomicUsize::new(0),
    };
    let all = Taken {
        range: account.table.range(),
        taken: &account.taken,
    };
    bridge_unindexed(all, consumer)
}

impl<K: Send, V: Send, A: Allocator + Clone + Send> ParallelIterator for IntoParIter<K, V, A> {
    type Item = (K, V);

    fn drive_unindexed<C: UnindexedConsumer<Self::Item>>(mut self, consumer: C) -> C::Result {
        take_all(&mut self.table, consumer)
    }
}

impl<K: Send, V: Send, A: Allocator + Clone + Send> ParallelIterator for ParDrain<'_, K, V, A> {
    type Item = (K, V);

    fn drive_unindexed<C: UnindexedConsumer<Self::Item>>(self, consumer: C) -> C::Result {
        take_all(&mut *self.table, consumer)
    }
}

impl<K, V, A: Allocator + Clone> Drop for ParDrain<'_, K, V, A> {
    fn drop(&mut self) {
        self.table.clear();
    }
}

impl<T: Send, A: Allocator + Clone + Send> ParallelIterator for SetIntoParIter<T, A> {
    type Item = T;

    fn drive_unindexed<C: UnindexedConsumer<T>>(self, consumer: C) -> C::Result {
        self.inner
            .map(|(element, ())| element)
            .drive_unindexed(consumer)
    }
}

impl<T: Send, A: Allocator + Clone + Send> ParallelIterator for SetParDrain<'_, T, A> {
    type Item = T;

    fn drive_unindexed<C: UnindexedConsumer<T>>(self, consumer: C) -> C::Result {
        self.inner
            .map(|(element, ())| element)
            .drive_unindexed(consumer)
    }
}

impl<'a, K: Sync, V: Sync> ParallelIterator for ParKeys<'a, K, V> {
    type Item = &'a K;

    fn drive_unindexed<C: UnindexedConsumer<&'a K>>(self, consumer: C) -> C::Result {
        self.inner.map(|(key, _)| key).drive_unindexed(consumer)
    }
}

impl<'a, K: Sync, V: Sync> ParallelIterator for ParValues<'a, K, V> {
    type Item = &'a V;

    fn drive_unindexed<C: UnindexedConsumer<&'a V>>(self, consumer: C) -> C::Result {
        self.inner.map(|(_, value)| value).drive_unindexed(consumer)
    }
}

impl<'a, K: Sync, V: Send> ParallelIterator for ParValuesMut<'a, K, V> {
    type Item = &'a mut V;

    fn drive_unindexed<C: UnindexedConsumer<&'a mut V>>(self, consumer: C) -> C::Result {
        self.inner.map(|(_, value)| value).drive_unindexed(consumer)
    }
}

impl<'a, T: Sync> ParallelIterator for SetParIter<'a, T> {
    type Item = &'a T;

    fn drive_unindexed<C: UnindexedConsumer<&'a T>>(self, consumer: C) -> C::Result {
        self.inner
            .map(|(element, ())| element)
            .drive_unindexed(consumer)
    }
}

impl<K, V, S, A: Allocator + Clone> HashMap<K, V, S, A> {
    fn par_entries(&self) -> ParIter<'_, K, V> {
        ParIter {
            range: self.table.range(),
            marker: PhantomData,
        }
    }

    /// All keys, on several threads.
    ///
    /// # Example
    /// ```
    /// use rayon::iter::ParallelIterator;
    ///
    /// let map = tidemap::HashMap::from([(1, 'a'), (2, 'b')]);
    /// assert_eq!(map.par_keys().sum::<i32>(), 3);
    /// ```
    pub fn par_keys(&self) -> ParKeys<'_, K, V> {
        ParKeys {
            inner: self.par_entries(),
        }
    }

    /// All values, on several threads.
    ///
    /// # Example
    /// ```
    /// use rayon::iter::ParallelIterator;
    ///
    /// let map = tidemap::HashMap::from([('a', 1), ('b', 2)]);
    /// assert_eq!(map.par_values().max(), Some(&2));
    /// ```
    pub fn par_values(&self) -> ParValues<'_, K, V> {
        ParValues {
            inner: self.par_entries(),
        }
    }

    /// All values for change, on several threads.
    ///
    /// # Example
    /// ```
    /// use rayon::iter::ParallelIterator;
    ///
    /// let mut map = tidemap::HashMap::from([('a', 1), ('b', 2)]);
    /// map.par_values_mut().for_each(|n| *n *= 10);
    /// assert_eq!((map[&'a'], map[&'b']), (10, 20));
    /// ```
    pub fn par_values_mut(&mut self) -> ParValuesMut<'_, K, V> {
        ParValuesMut {
            inner: ParIterMut {
                range: self.table.range(),
                marker: PhantomData,
            },
        }
    }

    /// Takes all entries out, on several threads; the memory stays. What the consumer does
    /// not ask for is dropped.
    ///
    /// # Example
    /// ```
    /// use rayon::iter::ParallelIterator;
    ///
    /// let mut map = tidemap::HashMap::from([(1, 'a'), (2, 'b')]);
    /// assert_eq!(map.par_drain().map(|(n, _)| n).sum::<i32>(), 3);
    /// assert!(map.is_empty());
    /// ```
    pub fn par_drain(&mut self) -> ParDrain<'_, K, V, A> {
        ParDrain {
            table: &mut self.table,
        }
    }
}

impl<K, V, S, A> HashMap<K, V, S, A>
where
    K: Eq + Hash + Sync,
    V: PartialEq + Sync,
    S: BuildHasher + Sync,
    A: Allocator + Clone + Sync,
{
    /// As `==`, on several threads.
    ///
    /// # Example
    /// ```
    /// let map = tidemap::HashMap::from([(1, 'a'), (2, 'b')]);
    /// assert!(map.par_eq(&map.clone()));
    /// ```
    pub fn par_eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self
                .par_entries()
                .all(|(key, value)| other.get(key).is_some_and(|theirs| *value == *theirs))
    }
}

impl<K: Send, V: Send, S, A: Allocator + Clone + Send> IntoParallelIterator
    for HashMap<K, V, S, A>
{
    type Item = (K, V);
    type Iter = IntoParIter<K, V, A>;

    fn into_par_iter(self) -> IntoParIter<K, V, A> {
        IntoParIter { table: self.table }
    }
}

impl<'a, K: Sync, V: Sync, S, A: Allocator + Clone> IntoParallelIterator
    for &'a HashMap<K, V, S, A>
{
    type Item = (&'a K, &'a V);
    type Iter = ParIter<'a, K, V>;

    fn into_par_iter(self) -> ParIter<'a, K, V> {
        self.par_entries()
    }
}

impl<'a, K: Sync, V: Send, S, A: Allocator + Clone> IntoParallelIterator
    for &'a mut HashMap<K, V, S, A>
{
    type Item = (&'a K, &'a mut V);
    type Iter = ParIterMut<'a, K, V>;

    fn into_par_iter(self) -> ParIterMut<'a, K, V> {
        ParIterMut {
            range: self.table.range(),
            marker: PhantomData,
        }
    }
}

/// Collects on all threads.
fn collect<T: Send>(iter: impl IntoParallelIterator<Item = T>) -> (LinkedList<Vec<T>>, usize) {
    let lists = iter
        .into_par_iter()
        .fold(Vec::new, |mut list, item| {
            list.push(item);
            list
        })
        .map(|list| LinkedList::from([list]))
        .reduce(LinkedList::new, |mut lists, mut more| {
            lists.append(&mut more);
            lists
        });
    let len = lists.iter().map(Vec::len).sum();
    (lists, len)
}

impl<K, V, S, A> ParallelExtend<(K, V)> for HashMap<K, V, S, A>
where
    K: Eq + Hash + Send,
    V: Send,
    S: BuildHasher,
    A: Allocator + Clone,
{
    fn par_extend<I: IntoParallelIterator<Item = (K, V)>>(&mut self, iter: I) {
        let (lists, len) = collect(iter);
        // As `extend`: keys may repeat.
        self.reserve(if self.is_empty() {
            len
        } else {
            len.div_ceil(2)
        });
        for list in lists {
            self.extend(list);
        }
    }
}

impl<'a, K, V, S, A> ParallelExtend<(&'a K, &'a V)> for HashMap<K, V, S, A>
where
    K: Copy + Eq + Hash + Send + Sync,
    V: Copy + Send + Sync,
    S: BuildHasher,
    A: Allocator + Clone,
{
    fn par_extend<I: IntoParallelIterator<Item = (&'a K, &'a V)>>(&mut self, iter: I) {
        self.par_extend(iter.into_par_iter().map(|(key, value)| (*key, *value)));
    }
}

impl<K, V, S, A> FromParallelIterator<(K, V)> for HashMap<K, V, S, A>
where
    K: Eq + Hash + Send,
    V: Send,
    S: BuildHasher + Default,
    A: Allocator + Clone + Default,
{
    fn from_par_iter<I: IntoParallelIterator<Item = (K, V)>>(iter: I) -> Self {
        let mut map = HashMap::default();
        map.par_extend(iter);
        map
    }
}

impl<T, S, A: Allocator + Clone> HashSet<T, S, A> {
    /// Takes all elements out, on several threads; the memory stays.
    ///
    /// # Example
    /// ```
    /// use rayon::iter::ParallelIterator;
    ///
    /// let mut set = tidemap::HashSet::from([1, 2, 3]);
    /// assert_eq!(set.par_drain().sum::<i32>(), 6);
    /// assert!(set.is_empty());
    /// ```
    pub fn par_drain(&mut self) -> SetParDrain<'_, T, A> {
        SetParDrain {
            inner: self.map.par_drain(),
        }
    }
}

impl<T, S, A> HashSet<T, S, A>
where
    T: Eq + Hash + Sync,
    S: BuildHasher + Sync,
    A: Allocator + Clone + Sync,
{
    /// As [`union`](Self::union), on several threads.
    ///
    /// # Example
    /// ```
    /// use rayon::iter::ParallelIterator;
    /// use tidemap::HashSet;
    ///
    /// let (a, b) = (HashSet::from([1, 2]), HashSet::from([2, 3]));
    /// assert_eq!(a.par_union(&b).sum::<i32>(), 6);
    /// ```
    pub fn par_union<'a>(&'a self, other: &'a Self) -> impl ParallelIterator<Item = &'a T> {
        self.par_iter().chain(other.par_difference(self))
    }

    /// As [`difference`](Self::difference), on several threads.
    ///
    /// # Example
    /// ```
    /// use rayon::iter::ParallelIterator;
    /// use tidemap::HashSet;
    ///
    /// let (a, b) = (HashSet::from([1, 2]), HashSet::from([2, 3]));
    /// assert_eq!(a.par_difference(&b).sum::<i32>(), 1);
    /// ```
    pub fn par_difference<'a>(&'a self, other: &'a Self) -> impl ParallelIterator<Item = &'a T> {
        self.par_iter()
            .filter(move |element| !other.contains(*element))
    }

    /// As [`symmetric_difference`](Self::symmetric_difference), on several threads.
    ///
    /// # Example
    /// ```
    /// use rayon::iter::ParallelIterator;
    /// use tidemap::HashSet;
    ///
    /// let (a, b) = (HashSet::from([1, 2]), HashSet::from([2, 3]));
    /// assert_eq!(a.par_symmetric_difference(&b).sum::<i32>(), 4);
    /// ```
    pub fn par_symmetric_difference<'a>(
        &'a self,
        other: &'a Self,
    ) -> impl ParallelIterator<Item = &'a T> {
        self.par_difference(other).chain(other.par_difference(self))
    }

    /// As [`intersection`](Self::intersection), on several threads.
    ///
    /// # Example
    /// ```
    /// use rayon::iter::ParallelIterator;
    /// use tidemap::HashSet;
    ///
    /// let (a, b) = (HashSet::from([1, 2]), HashSet::from([2, 3]));
    /// assert_eq!(a.par_intersection(&b).sum::<i32>(), 2);
    /// ```
    pub fn par_intersection<'a>(&'a self, other: &'a Self) -> impl ParallelIterator<Item = &'a T> {
        let (smaller, larger) = if self.len() <= other.len() {
            (self, other)
        } else {
            (other, self)
        };
        smaller
            .par_iter()
            .filter(move |element| larger.contains(*element))
    }

    /// As [`is_disjoint`](Self::is_disjoint), on several threads.
    ///
    /// # Example
    /// ```
    /// use tidemap::HashSet;
    ///
    /// assert!(HashSet::from([1]).par_is_disjoint(&HashSet::from([2])));
    /// ```
    pub fn par_is_disjoint(&self, other: &Self) -> bool {
        self.par_intersection(other).find_any(|_| true).is_none()
    }

    /// As [`is_subset`](Self::is_subset), on several threads.
    ///
    /// # Example
    /// ```
    /// use tidemap::HashSet;
    ///
    /// assert!(HashSet::from([1]).par_is_subset(&HashSet::from([1, 2])));
    /// ```
    pub fn par_is_subset(&self, other: &Self) -> bool {
        self.len() <= other.len() && self.par_iter().all(|element| other.contains(element))
    }

    /// As [`is_superset`](Self::is_superset), on several threads.
    ///
    /// # Example
    /// ```
    /// use tidemap::HashSet;
    ///
    /// assert!(HashSet::from([1, 2]).par_is_superset(&HashSet::from([1])));
    /// ```
    pub fn par_is_superset(&self, other: &Self) -> bool {
        other.par_is_subset(self)
    }

    /// As `==`, on several threads.
    ///
    /// # Example
    /// ```
    /// use tidemap::HashSet;
    ///
    /// assert!(HashSet::from([1, 2]).par_eq(&HashSet::from([2, 1])));
    /// ```
    pub fn par_eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.par_is_subset(other)
    }
}

impl<T: Send, S, A: Allocator + Clone + Send> IntoParallelIterator for HashSet<T, S, A> {
    type Item = T;
    type Iter = SetIntoParIter<T, A>;

    fn into_par_iter(self) -> SetIntoParIter<T, A> {
        SetIntoParIter {
            inner: self.map.into_par_iter(),
        }
    }
}

impl<'a, T: Sync, S, A: Allocator + Clone> IntoParallelIterator for &'a HashSet<T, S, A> {
    type Item = &'a T;
    type Iter = SetParIter<'a, T>;

    fn into_par_iter(self) -> SetParIter<'a, T> {
        SetParIter {
            inner: self.map.par_entries(),
        }
    }
}

impl<T, S, A> ParallelExtend<T> for HashSet<T, S, A>
where
    T: Eq + Hash + Send,
    S: BuildHasher,
    A: Allocator + Clone,
{
    fn par_extend<I: IntoParallelIterator<Item = T>>(&mut self, iter: I) {
        self.map
            .par_extend(iter.into_par_iter().map(|element| (element, ())));
    }
}

impl<'a, T, S, A> ParallelExtend<&'a T> for HashSet<T, S, A>
where
    T: 'a + Copy + Eq + Hash + Send + Sync,
    S: BuildHasher,
    A: Allocator + Clone,
{
    fn par_extend<I: IntoParallelIterator<Item = &'a T>>(&mut self, iter: I) {
        self.par_extend(iter.into_par_iter().map(|element| *element));
    }
}

impl<T, S, A> FromParallelIterator<T> for HashSet<T, S, A>
where
    T: Eq + Hash + Send,
    S: BuildHasher + Default,
    A: Allocator + Clone + Default,
{
    fn from_par_iter<I: IntoParallelIterator<Item = T>>(iter: I) -> Self {
        let mut set = HashSet::default();
        set.par_extend(iter);
        set
    }
}
