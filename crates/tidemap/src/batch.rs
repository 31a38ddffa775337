//! Batches: many keys at once, their waits for memory overlapped.
//!
//! A look-up in a large map waits for memory up to three times, one after the other: for the bucket,
//! for the slot, and for what the key points to. A batch takes a [`WINDOW`] of
//! keys and goes over it stage by stage, so that the waits of one stage overlap:
//!
//! | stage | for each key of the window |
//! |---|---|
//! | hash | hash it; ask for its home bucket and the line that its entry prefers |
//! | touch (text keys only) | compare tags; ask for the candidate's text, or for the chain's first bucket |
//! | search | the ordinary look-up or insertion |
//!
//! B1. The last stage is the ordinary operation and trusts nothing of the earlier ones but
//!     the hash, so answers are those of single operations, in the same order, whatever the
//!     map does in between.
//! B2. Keys are pulled from the caller's iterator at most a window ahead of the answers.
//! B3. When user code panics, entries that were pulled and not inserted are dropped.
//!
//! In maps that fit the near caches keys are looked up one by one.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::iter::FusedIterator;

use equivalent::Equivalent;

use crate::alloc::{Allocator, Global};
use crate::hash::DefaultHashBuilder;
use crate::map::HashMap;
use crate::raw::{has_text, prefetch, text_of};
use crate::set::HashSet;

/// Keys that go through the stages together. More than the misses that a processor
/// overlaps (10 to 16 lines per core), few enough that the first line asked for
/// is still there when it is used. Figures: docs/experiments.md.
const WINDOW: usize = 16;

/// Entries above this size are inserted one by one: the window lies on the stack.
const WINDOW_ENTRY_BYTES_MAX: usize = 256;

/// Iterator of [`HashMap::get_many`]: for each key the entry's value, or `None`.
pub struct GetMany<'a, K, V, I: Iterator, S = DefaultHashBuilder, A: Allocator + Clone = Global> {
    inner: Batch<'a, K, V, I, S, A>,
}

/// Iterator of [`HashMap::contains_many`] and [`HashSet::contains_many`].
pub struct ContainsMany<
    'a,
    K,
    V,
    I: Iterator,
    S = DefaultHashBuilder,
    A: Allocator + Clone = Global,
> {
    inner: Batch<'a, K, V, I, S, A>,
}

/// Iterator of [`HashSet::get_many`]: for each key the stored element, or `None`.
pub struct SetGetMany<'a, T, I: Iterator, S = DefaultHashBuilder, A: Allocator + Clone = Global> {
    inner: Batch<'a, T, (), I, S, A>,
}

/// Keys on their way through the stages, and the map they are looked up in.
struct Batch<'a, K, V, I: Iterator, S, A: Allocator + Clone> {
    map: &'a HashMap<K, V, S, A>,
    keys: I,
    /// Whether the map is large enough for stages; it is borrowed, so that stays so.
    far: bool,
    /// Positions `at..end` are hashed and not searched yet.
    window: [Option<(u64, I::Item)>; WINDOW],
    at: usize,
    end: usize,
}

impl<'a, 'q, K, V, I, S, A, Q> Batch<'a, K, V, I, S, A>
where
    A: Allocator + Clone,
    K: Eq + Hash,
    S: BuildHasher,
    I: Iterator<Item = &'q Q>,
    Q: ?Sized + Hash + Equivalent<K> + 'q,
{
    fn new(map: &'a HashMap<K, V, S, A>, keys: I) -> Self {
        Batch {
            map,
            keys,
            far: map.table.is_far(has_text::<K>()),
            window: [const { None }; WINDOW],
            at: 0,
            end: 0,
        }
    }

    /// The next key's entry; the outer `None` after the last key.
    #[inline(always)]
    fn next(&mut self) -> Option<Option<&'a (K, V)>> {
        if !self.far {
            return Some(self.map.find_entry(self.keys.next()?));
        }
        if self.at == self.end {
            self.fill();
        }
        let (hash, key) = self.window.get_mut(self.at)?.take()?;
        self.at += 1;
        Some(self.map.pair_hashed(hash, key))
    }

    /// The stages before the search, for the next window of keys.
    #[inline(never)]
    fn fill(&mut self) {
        (self.at, self.end) = (0, 0);
        for place in &mut self.window {
            let Some(key) = self.keys.next() else { break };
            let hash = self.map.hash_builder.hash_one(key);
            self.map.table.prefetch_home(hash);
            *place = Some((hash, key));
            self.end += 1;
        }
        if has_text::<K>() {
            for (hash, _) in self.window[..self.end].iter().flatten() {
                self.map
                    .table
                    .prefetch_candidate(*hash, |(key, _)| prefetch(text_of(key)));
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let waiting = self.end - self.at;
        let (low, high) = self.keys.size_hint();
        (
            low.saturating_add(waiting),
            high.and_then(|high| high.checked_add(waiting)),
        )
    }
}

macro_rules! answers {
    ($name:ident <$($parameter:ident),*> of $key:ident, $value:ty, $item:ty, $answer:expr) => {
        impl<'a, 'q, $($parameter,)* I, S, A, Q> Iterator for $name<'a, $($parameter,)* I, S, A>
        where
            A: Allocator + Clone,
            $key: Eq + Hash,
            S: BuildHasher,
            I: Iterator<Item = &'q Q>,
            Q: ?Sized + Hash + Equivalent<$key> + 'q,
        {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<$item> {
                self.inner.next().map($answer)
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.inner.size_hint()
            }
        }

        impl<'q, $($parameter,)* I, S, A, Q> ExactSizeIterator for $name<'_, $($parameter,)* I, S, A>
        where
            A: Allocator + Clone,
            $key: Eq + Hash,
            S: BuildHasher,
            I: ExactSizeIterator<Item = &'q Q>,
            Q: ?Sized + Hash + Equivalent<$key> + 'q,
        {
        }

        impl<'q, $($parameter,)* I, S, A, Q> FusedIterator for $name<'_, $($parameter,)* I, S, A>
        where
            A: Allocator + Clone,
            $key: Eq + Hash,
            S: BuildHasher,
            I: FusedIterator<Item = &'q Q>,
            Q: ?Sized + Hash + Equivalent<$key> + 'q,
        {
        }

        impl<$($parameter,)* I, S, A> fmt::Debug for $name<'_, $($parameter,)* I, S, A>
        where
            I: Iterator,
            A: Allocator + Clone,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

answers!(GetMany<K, V> of K, V, Option<&'a V>, |found| found.map(|(_, value)| value));
answers!(ContainsMany<K, V> of K, V, bool, |found| found.is_some());
answers!(SetGetMany<T> of T, (), Option<&'a T>, |found| found.map(|(element, ())| element));

impl<K, V, S, A> HashMap<K, V, S, A>
where
    A: Allocator + Clone,
    K: Eq + Hash,
    S: BuildHasher,
{
    /// Looks many keys up: for each, in order, what [`get`](Self::get) would answer. Keys may repeat.
    ///
    /// In maps larger than the caches this costs less than single look-ups, because a window
    /// of keys waits for memory together; most for `String` and other text keys. Keys are taken
    /// from `keys` a few ahead of the answers. Moves nothing, allocates nothing.
    ///
    /// # Panics
    /// Only if `Hash` or `Eq` of a key does.
    ///
    /// # Example
    /// ```
    /// let stock = tidemap::HashMap::from([("pear", 3), ("fig", 9)]);
    /// let found: Vec<Option<&i32>> = stock.get_many(["fig", "plum", "fig"]).collect();
    /// assert_eq!(found, [Some(&9), None, Some(&9)]);
    ///
    /// // Into a slice that is there already.
    /// let keys = ["plum", "pear"];
    /// let mut counts = [0; 2];
    /// for (count, found) in counts.iter_mut().zip(stock.get_many(keys)) {
    ///     *count = found.copied().unwrap_or(-1);
    /// }
    /// assert_eq!(counts, [-1, 3]);
    /// ```
    pub fn get_many<'q, Q, I>(&self, keys: I) -> GetMany<'_, K, V, I::IntoIter, S, A>
    where
        I: IntoIterator<Item = &'q Q>,
        Q: ?Sized + Hash + Equivalent<K> + 'q,
    {
        GetMany {
            inner: Batch::new(self, keys.into_iter()),
        }
    }

    /// Whether each of many keys is in the map, in order. Cost as for [`get_many`](Self::get_many).
    ///
    /// # Panics
    /// Only if `Hash` or `Eq` of a key does.
    ///
    /// # Example
    /// ```
    /// let map = tidemap::HashMap::from([(1, 'a'), (4, 'd')]);
    /// assert_eq!(map.contains_many(&[1, 2, 3, 4]).filter(|&found| found).count(), 2);
    /// ```
    pub fn contains_many<'q, Q, I>(&self, keys: I) -> ContainsMany<'_, K, V, I::IntoIter, S, A>
    where
        I: IntoIterator<Item = &'q Q>,
        Q: ?Sized + Hash + Equivalent<K> + 'q,
    {
        ContainsMany {
            inner: Batch::new(self, keys.into_iter()),
        }
    }

    /// Inserts or replaces many entries, in order, as [`insert`](Self::insert) would: of a key that
    /// repeats the last value stays. Returns how many keys were new.
    ///
    /// Each entry pays its own bounded share of a growth. Reserves nothing ahead; `extend`
    /// does, and inserts in the same way.
    ///
    /// # Panics
    /// If the map would exceed memory, or if `Hash`, `Eq` or the iterator does; entries
    /// before stay in the map, a few behind may be dropped.
    ///
    /// # Example
    /// ```
    /// let mut map = tidemap::HashMap::from([(1, "one")]);
    /// assert_eq!(map.insert_many([(2, "two"), (1, "uno"), (2, "due")]), 1);
    /// assert_eq!((map[&1], map[&2]), ("uno", "due"));
    /// ```
    pub fn insert_many(&mut self, entries: impl IntoIterator<Item = (K, V)>) -> usize {
        let before = self.len();
        let mut entries = entries.into_iter();
        if size_of::<(K, V)>() > WINDOW_ENTRY_BYTES_MAX {
            for (key, value) in entries {
                self.insert(key, value);
            }
            return self.len() - before;
        }
        // Begins small, as single insertions would, and goes over when the map is far.
        while !self.table.is_far(has_text::<K>()) {
            let Some((key, value)) = entries.next() else {
                return self.len() - before;
            };
            self.insert(key, value);
        }
        let mut window = [const { None::<(u64, (K, V))> }; WINDOW];
        loop {
            let mut end = 0;
            for place in &mut window {
                let Some((key, value)) = entries.next() else {
                    break;
                };
                let hash = self.hash_builder.hash_one(&key);
                self.table.prefetch_home(hash);
                *place = Some((hash, (key, value)));
                end += 1;
            }
            if has_text::<K>() {
                for (hash, _) in window[..end].iter().flatten() {
                    self.table
                        .prefetch_candidate(*hash, |(key, _)| prefetch(text_of(key)));
                }
            }
            let reseeds = self.table.reseeds();
            for place in &mut window[..end] {
                if let Some((mut hash, (key, value))) = place.take() {
                    if self.table.reseeds() != reseeds {
                        hash = self.hash_builder.hash_one(&key);
                    }
                    self.insert_hashed(hash, key, value);
                }
            }
            if end < WINDOW {
                return self.len() - before;
            }
        }
    }
}

impl<T, S, A> HashSet<T, S, A>
where
    A: Allocator + Clone,
    T: Eq + Hash,
    S: BuildHasher,
{
    /// Looks many elements up: for each, in order, what [`get`](Self::get) would answer. Cost as for
    /// [`HashMap::get_many`].
    ///
    /// # Panics
    /// Only if `Hash` or `Eq` of an element does.
    ///
    /// # Example
    /// ```
    /// let seen = tidemap::HashSet::from(["ebb", "flow"]);
    /// let found: Vec<_> = seen.get_many(["flow", "neap"]).collect();
    /// assert_eq!(found, [Some(&"flow"), None]);
    /// ```
    pub fn get_many<'q, Q, I>(&self, elements: I) -> SetGetMany<'_, T, I::IntoIter, S, A>
    where
        I: IntoIterator<Item = &'q Q>,
        Q: ?Sized + Hash + Equivalent<T> + 'q,
    {
        SetGetMany {
            inner: Batch::new(self.as_map(), elements.into_iter()),
        }
    }

    /// Whether each of many elements is in the set, in order. Cost as for [`HashMap::get_many`].
    ///
    /// # Panics
    /// Only if `Hash` or `Eq` of an element does.
    ///
    /// # Example
    /// ```
    /// let seen = tidemap::HashSet::from([2, 3, 5, 7]);
    /// let primes: Vec<bool> = seen.contains_many(&[4, 5, 6, 7]).collect();
    /// assert_eq!(primes, [false, true, false, true]);
    /// ```
    pub fn contains_many<'q, Q, I>(&self, elements: I) -> ContainsMany<'_, T, (), I::IntoIter, S, A>
    where
        I: IntoIterator<Item = &'q Q>,
        Q: ?Sized + Hash + Equivalent<T> + 'q,
    {
        self.as_map().contains_many(elements)
    }

    /// Adds many elements; how many were new. As [`HashMap::insert_many`].
    ///
    /// # Panics
    /// As [`HashMap::insert_many`].
    ///
    /// # Example
    /// ```
    /// let mut seen = tidemap::HashSet::from(["ebb"]);
    /// assert_eq!(seen.insert_many(["flow", "ebb", "flow"]), 1);
    /// ```
    pub fn insert_many(&mut self, elements: impl IntoIterator<Item = T>) -> usize {
        self.as_map_mut()
            .insert_many(elements.into_iter().map(|element| (element, ())))
    }
}
