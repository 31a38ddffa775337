//! Walks that are interrupted: retaining, extracting, clearing and looking in steps.

use core::hash::{BuildHasher, Hash};

use crate::alloc::Allocator;
use crate::map::{HashMap, entry_hasher};
use crate::pace::{Budget, Progress};
use crate::raw::{Position, Verdict};
use crate::set::HashSet;

/// How far a walk in steps has come: [`HashMap::retain_step`], [`HashMap::extract_step`],
/// [`HashMap::visit_step`].
///
/// It borrows nothing, so the map may be used in any way between two steps, and grow or shrink.
/// What holds all the same, for a hasher that always gives a key the same hash:
///
/// * An entry that is in the map from the first step to the last is visited exactly once.
/// * An entry that is inserted or removed in between is visited at most once. (Removed and
///   inserted again it is another entry, and may be visited again.)
///
/// With the default hasher there is one exception: a map that [reseeds](crate::Stats::reseeds) itself,
/// because keys collide on purpose, makes the walk begin again, and visit entries twice.
///
/// A step visits whole chains: a bucket and its overflow buckets. If the closure panics, the
/// chain it was called for is visited again, but for the entries that are gone.
///
/// A walk belongs to one map and its hasher; with those of another map nothing is
/// promised but that it ends.
///
/// # Example
/// ```
/// use tidemap::{Budget, Sweep};
///
/// let mut sessions: tidemap::HashMap<u64, u32> = (0..10_000).map(|i| (i, i as u32 % 60)).collect();
/// let mut sweep = Sweep::new();
/// while !sweep.is_done() {
///     sessions.retain_step(&mut sweep, Budget::buckets(100), |_, age| *age < 30);
///     sessions.insert(77, 0); // between two steps anything goes
/// }
/// assert!(sessions.values().all(|&age| age < 30));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    at: Position,
}

impl Sweep {
    /// A walk that has not begun.
    #[must_use]
    pub const fn new() -> Sweep {
        Sweep {
            at: Position::START,
        }
    }

    /// Whether everything has been visited.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.at.is_done
    }
}

impl Default for Sweep {
    fn default() -> Sweep {
        Sweep::new()
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, A: Allocator + Clone> HashMap<K, V, S, A> {
    /// As [`retain`](Self::retain), in steps. [`Progress::entries`] counts entries asked about.
    ///
    /// O(budget). What is promised when the map changes between two steps: [`Sweep`]. A step
    /// pays no share of a growth or shrink; with a [policy](Self::set_shrink_policy) it may
    /// begin one.
    ///
    /// # Panics
    /// Only if `keep`, `K`'s `Hash` or a dropped entry does. The map is valid then; the next step goes
    /// on.
    pub fn retain_step(
        &mut self,
        sweep: &mut Sweep,
        budget: Budget,
        mut keep: impl FnMut(&K, &mut V) -> bool,
    ) -> Progress {
        self.extract_step(
            sweep,
            budget,
            |key, value| !keep(key, value),
            |key, value| drop((key, value)),
        )
    }

    /// As [`extract_if`](Self::extract_if), in steps: entries for which `which` says so are removed
    /// and handed to `take`. Otherwise as [`retain_step`](Self::retain_step).
    ///
    /// # Panics
    /// Only if `which`, `take` or `K`'s `Hash` does. The map is valid then; the next step goes on.
    ///
    /// # Example
    /// ```
    /// use tidemap::{Budget, Sweep};
    ///
    /// let mut map: tidemap::HashMap<u32, u32> = (0..1_000).map(|i| (i, i)).collect();
    /// let (mut sweep, mut odd) = (Sweep::new(), Vec::new());
    /// while !sweep.is_done() {
    ///     let budget = Budget::buckets(20);
    ///     map.extract_step(&mut sweep, budget, |key, _| key % 2 == 1, |key, _| odd.push(key));
    /// }
    /// assert_eq!((map.len(), odd.len()), (500, 500));
    /// ```
    pub fn extract_step(
        &mut self,
        sweep: &mut Sweep,
        budget: Budget,
        mut which: impl FnMut(&K, &mut V) -> bool,
        mut take: impl FnMut(K, V),
    ) -> Progress {
        self.table.sweep(
            &mut sweep.at,
            budget.in_buckets(),
            entry_hasher(&self.hash_builder),
            |(key, value)| {
                if which(key, value) {
                    Verdict::Goes
                } else {
                    Verdict::Stays
                }
            },
            |(key, value)| take(key, value),
        )
    }

    /// Visits all entries in steps; values may be changed. O(budget). [`Progress::entries`] counts them; what is
    /// promised when the map changes between two steps: [`Sweep`].
    ///
    /// # Panics
    /// Only if `visit` or `K`'s `Hash` does.
    ///
    /// # Example
    /// ```
    /// use tidemap::{Budget, Sweep};
    ///
    /// let mut map: tidemap::HashMap<u32, u32> = (0..1_000).map(|i| (i, 1)).collect();
    /// let (mut sweep, mut sum) = (Sweep::new(), 0);
    /// while !sweep.is_done() {
    ///     map.visit_step(&mut sweep, Budget::buckets(20), |_, value| sum += *value);
    ///     map.reserve(100_000); // grows meanwhile
    /// }
    /// assert_eq!(sum, 1_000);
    /// ```
    pub fn visit_step(
        &mut self,
        sweep: &mut Sweep,
        budget: Budget,
        mut visit: impl FnMut(&K, &mut V),
    ) -> Progress {
        self.retain_step(sweep, budget, |key, value| {
            visit(key, value);
            true
        })
    }

    /// Drops entries until the budget is used up; done when the map is empty. As
    /// [`clear`](Self::clear) it keeps the memory; what a step leaves is still in the map.
    ///
    /// O(budget). Each call goes on where the last one ended; entries inserted meanwhile go, too.
    /// To have an empty map at once, and its memory back:
    /// [`take_reclaimer`](Self::take_reclaimer).
    ///
    /// # Panics
    /// Only if a dropped entry or `K`'s `Hash` does. The map is valid then; the next step goes on.
    ///
    /// # Example
    /// ```
    /// use tidemap::Budget;
    ///
    /// let mut map: tidemap::HashMap<u32, String> = (0..1_000).map(|i| (i, "x".into())).collect();
    /// let capacity = map.capacity();
    /// while !map.clear_step(Budget::buckets(10)).is_done {}
    /// assert!(map.is_empty() && map.capacity() == capacity);
    /// ```
    pub fn clear_step(&mut self, budget: Budget) -> Progress {
        self.drain_step(budget, |key, value| drop((key, value)))
    }

    /// As [`clear_step`](Self::clear_step), but hands the entries over: a
    /// [`drain`](Self::drain) in steps.
    ///
    /// # Panics
    /// Only if `take` or `K`'s `Hash` does. The map is valid then; the next step goes on.
    pub fn drain_step(&mut self, budget: Budget, mut take: impl FnMut(K, V)) -> Progress {
        self.table.clear_some(
            budget.in_buckets(),
            entry_hasher(&self.hash_builder),
            |(key, value)| take(key, value),
        )
    }
}

impl<T: Eq + Hash, S: BuildHasher, A: Allocator + Clone> HashSet<T, S, A> {
    /// As [`HashMap::retain_step`].
    ///
    /// # Panics
    /// Only if `keep`, `T`'s `Hash` or a dropped element does.
    pub fn retain_step(
        &mut self,
        sweep: &mut Sweep,
        budget: Budget,
        mut keep: impl FnMut(&T) -> bool,
    ) -> Progress {
        self.map
            .retain_step(sweep, budget, |element, ()| keep(element))
    }

    /// As [`HashMap::extract_step`].
    ///
    /// # Panics
    /// Only if `which`, `take` or `T`'s `Hash` does.
    pub fn extract_step(
        &mut self,
        sweep: &mut Sweep,
        budget: Budget,
        mut which: impl FnMut(&T) -> bool,
        mut take: impl FnMut(T),
    ) -> Progress {
        self.map.extract_step(
            sweep,
            budget,
            |element, ()| which(element),
            |element, ()| take(element),
        )
    }

    /// As [`HashMap::visit_step`].
    ///
    /// # Panics
    /// Only if `visit` or `T`'s `Hash` does.
    pub fn visit_step(
        &mut self,
        sweep: &mut Sweep,
        budget: Budget,
        mut visit: impl FnMut(&T),
    ) -> Progress {
        self.map
            .visit_step(sweep, budget, |element, ()| visit(element))
    }

    /// As [`HashMap::clear_step`].
    ///
    /// # Panics
    /// Only if a dropped element or `T`'s `Hash` does.
    pub fn clear_step(&mut self, budget: Budget) -> Progress {
        self.map.clear_step(budget)
    }

    /// As [`HashMap::drain_step`].
    ///
    /// # Panics
    /// Only if `take` or `T`'s `Hash` does.
    pub fn drain_step(&mut self, budget: Budget, mut take: impl FnMut(T)) -> Progress {
        self.map.drain_step(budget, |element, ()| take(element))
    }
}
