//! Bounded ends: dropping a large map in steps.

use core::fmt;

use crate::alloc::{Allocator, Global};
use crate::map::HashMap;
use crate::pace::{Budget, Progress};
use crate::raw::{RawTable, Reclaim};
use crate::set::HashSet;

/// A map's entries and memory on their way out, in steps.
///
/// From [`HashMap::into_reclaimer`], [`HashMap::take_reclaimer`] and the same of
/// [`HashSet`]. Each [`step`](Self::step) drops entries and gives memory back, both within
/// a [`Budget`]; memory goes back while later entries are still there. Dropped early, it does the
/// rest at once. It is `Send` where keys and values are, so the steps may run elsewhere.
///
/// # Example
/// ```
/// use tidemap::Budget;
///
/// let map: tidemap::HashMap<u64, String> = (0..100_000).map(|i| (i, i.to_string())).collect();
/// let mut reclaimer = map.into_reclaimer();
/// let mut steps = 0;
/// while !reclaimer.step(Budget::buckets(500)).is_done {
///     // … serve somebody …
///     steps += 1;
/// }
/// assert!(steps > 10);
/// ```
pub struct Reclaimer<K, V, A: Allocator + Clone = Global> {
    table: RawTable<(K, V), A>,
    at: Reclaim,
}

impl<K, V, A: Allocator + Clone> Reclaimer<K, V, A> {
    fn new(table: RawTable<(K, V), A>) -> Self {
        Reclaimer {
            table,
            at: Reclaim::new(),
        }
    }

    /// Entries not yet dropped.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether no entry is left; memory may be.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops entries and gives memory back until the budget is used up.
    ///
    /// O(budget); entries without `Drop` cost nothing. [`Progress::entries`] counts entries
    /// dropped.
    ///
    /// # Panics
    /// Only if an entry's `drop` does; the next step goes on with the rest.
    pub fn step(&mut self, budget: Budget) -> Progress {
        let plain = if core::mem::needs_drop::<(K, V)>() {
            0
        } else {
            self.len()
        };
        self.table.forget_plain_entries();
        let mut progress = self.step_with(budget, |_, _| {});
        progress.entries += plain;
        progress
    }

    /// As [`step`](Self::step), but hands the entries over instead of dropping them: a drain in
    /// steps.
    ///
    /// # Panics
    /// Only if `take` does; the entry that it was given is its own, the next step goes on with the
    /// rest.
    ///
    /// # Example
    /// ```
    /// use tidemap::Budget;
    ///
    /// let mut map: tidemap::HashMap<u32, u32> = (0..1_000).map(|i| (i, 1)).collect();
    /// let mut reclaimer = map.take_reclaimer();
    /// let mut sum = 0;
    /// while !reclaimer.step_with(Budget::buckets(16), |_, value| sum += value).is_done {}
    /// assert_eq!(sum, 1_000);
    /// ```
    pub fn step_with(&mut self, budget: Budget, mut take: impl FnMut(K, V)) -> Progress {
        let take = &mut |(key, value)| take(key, value);
        // SAFETY: the table is ours, and nothing but this and `len` is ever done with it.
        unsafe { self.table.reclaim(&mut self.at, budget.in_buckets(), take) }
    }
}

impl<K, V, A: Allocator + Clone> Drop for Reclaimer<K, V, A> {
    fn drop(&mut self) {
        /// Goes on after an entry's `drop` panicked: what was given back must not be looked at.
        struct Rest<'a, K, V, A: Allocator + Clone>(&'a mut Reclaimer<K, V, A>);
        impl<K, V, A: Allocator + Clone> Drop for Rest<'_, K, V, A> {
            fn drop(&mut self) {
                self.0.step(Budget::UNLIMITED);
            }
        }
        let rest = Rest(self);
        rest.0.step(Budget::UNLIMITED);
    }
}

impl<K, V, A: Allocator + Clone> fmt::Debug for Reclaimer<K, V, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reclaimer")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl<K, V, S, A: Allocator + Clone> HashMap<K, V, S, A> {
    /// Gives the map up, to be dropped in steps. O(1).
    #[must_use = "dropping the reclaimer drops all entries at once"]
    pub fn into_reclaimer(self) -> Reclaimer<K, V, A> {
        Reclaimer::new(self.table)
    }

    /// Empties the map at once and leaves it without memory; the entries and the memory are in the
    /// reclaimer. O(1). The hasher stays.
    ///
    /// # Example
    /// ```
    /// use tidemap::Budget;
    ///
    /// let mut cache: tidemap::HashMap<u32, String> = (0..9).map(|i| (i, "x".into())).collect();
    /// let mut old = cache.take_reclaimer();
    /// cache.insert(1, "new".into()); // in use again
    /// while !old.step(Budget::buckets(64)).is_done {}
    /// assert_eq!(cache.len(), 1);
    /// ```
    #[must_use = "dropping the reclaimer drops all entries at once"]
    pub fn take_reclaimer(&mut self) -> Reclaimer<K, V, A> {
        Reclaimer::new(self.table.take())
    }
}

impl<T, S, A: Allocator + Clone> HashSet<T, S, A> {
    /// As [`HashMap::into_reclaimer`].
    #[must_use = "dropping the reclaimer drops all elements at once"]
    pub fn into_reclaimer(self) -> Reclaimer<T, (), A> {
        self.map.into_reclaimer()
    }

    /// As [`HashMap::take_reclaimer`].
    #[must_use = "dropping the reclaimer drops all elements at once"]
    pub fn take_reclaimer(&mut self) -> Reclaimer<T, (), A> {
        self.map.take_reclaimer()
    }
}
