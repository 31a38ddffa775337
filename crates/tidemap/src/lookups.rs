//! Look-ups: what a search in a large map optimises for.

use crate::alloc::Allocator;
use crate::map::HashMap;
use crate::set::HashSet;

/// What single look-ups in maps beyond the near caches are made for.
///
/// A search reads a bucket's tags and then, if one fits, the entry: two waits for memory where both
/// are far. An entry's hash says in which cache line it probably is, so the second wait can begin with
/// the first. That shortens a hit whose answer is waited for by a third, and reads a line in vain for every
/// key that is not there. Figures: `docs/experiments.md`. Batches
/// ([`get_many`](HashMap::get_many)) ask ahead in either case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lookups {
    /// For hits that something waits for.
    #[default]
    Latency,
    /// For keys that are mostly not there.
    Absence,
}

impl<K, V, S, A: Allocator + Clone> HashMap<K, V, S, A> {
    /// Chooses what look-ups are made for. Takes effect in maps of more than 4,000 buckets with entries
    /// of 8 to 32 bytes; others read so little that there is nothing to choose. A map of a single bucket
    /// forgets the choice, so reserve first. O(1). Clones have the same choice.
    ///
    /// # Example
    /// ```
    /// use tidemap::Lookups;
    ///
    /// let mut seen: tidemap::HashSet<u64> = (0..100_000).map(|i| i * 3).collect();
    /// seen.set_lookups(Lookups::Absence);
    /// assert_eq!((0..300_000).filter(|i| seen.contains(i)).count(), 100_000);
    /// ```
    pub fn set_lookups(&mut self, lookups: Lookups) {
        self.table.set_eager(lookups == Lookups::Latency);
    }
}

impl<T, S, A: Allocator + Clone> HashSet<T, S, A> {
    /// As [`HashMap::set_lookups`].
    pub fn set_lookups(&mut self, lookups: Lookups) {
        self.map.set_lookups(lookups);
    }
}
