//! Time control: work that is pending, paid when nobody waits.
//!
//! A map never works by itself: it reads no clock and starts no thread. What is pending is paid by
//! later operations in small shares, or here, in idle time.

use core::hash::{BuildHasher, Hash};

use crate::alloc::Allocator;
use crate::error::TryReserveError;
use crate::map::{HashMap, entry_hasher};
use crate::set::HashSet;

/// How much one call may do, in *buckets*.
///
/// One bucket is a main or an overflow bucket with its entries, at most 15. A step of a
/// growth or a shrink counts as [`STEP_BUCKETS_MAX`](crate::bounds::STEP_BUCKETS_MAX), a call to
/// the system and a step that frees memory as [`CALL_BUCKETS`](crate::bounds::CALL_BUCKETS).
/// Steps are not divided, so a call may go over its budget by one step; and every call
/// does at least one, so that a loop of the smallest budgets ends.
///
/// # Example
/// ```
/// use tidemap::Budget;
///
/// let mut map: tidemap::HashMap<u64, u64> = (0..100_000).map(|i| (i, i)).collect();
/// while map.is_growing() {
///     // … an idle millisecond …
///     map.advance(Budget::buckets(1_000));
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    buckets: usize,
}

impl Budget {
    /// No limit.
    pub const UNLIMITED: Budget = Budget {
        buckets: usize::MAX,
    };

    /// So many buckets; 0 counts as 1.
    #[must_use]
    pub const fn buckets(buckets: usize) -> Budget {
        Budget {
            buckets: if buckets == 0 { 1 } else { buckets },
        }
    }

    pub(crate) const fn in_buckets(self) -> usize {
        self.buckets
    }
}

/// What a call with a [`Budget`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// What it cost, in the budget's unit.
    pub buckets: usize,
    /// Entries moved, dropped, handed out or asked about, whatever the call is for.
    pub entries: usize,
    /// Bytes given back to the system or the allocator.
    pub bytes_released: u64,
    /// Whether nothing is left to do.
    pub is_done: bool,
}

impl<K, V, S, A: Allocator + Clone> HashMap<K, V, S, A> {
    /// Whether more buckets are on their way: a growth is going on, or a reservation waits for
    /// one to end. O(1).
    ///
    /// # Example
    /// ```
    /// let mut map: tidemap::HashMap<u32, u32> = (0..60_000).map(|i| (i, i)).collect();
    /// map.reserve(1_000_000);
    /// assert!(map.is_growing());
    /// map.finish();
    /// assert!(!map.is_growing());
    /// ```
    #[must_use]
    pub fn is_growing(&self) -> bool {
        self.table.is_growing_or_will()
    }

    /// Whether there is work that [`advance`](Self::advance) would do: a growth, a shrink, chains
    /// to be compacted, or a reservation that waits. O(1).
    #[must_use]
    pub fn has_pending_work(&self) -> bool {
        self.table.is_pending()
    }
}

impl<K: Eq + Hash, V, S: BuildHasher, A: Allocator + Clone> HashMap<K, V, S, A> {
    /// Does pending work in idle time: goes on with a growth or a shrink where it is, bucket
    /// by bucket, begins one that waits, compacts chains.
    ///
    /// O(budget). [`Progress::entries`] counts entries moved. When memory is refused,
    /// [`Progress::is_done`] says that nothing can be done for now, and
    /// [`has_pending_work`](Self::has_pending_work) that something is left.
    ///
    /// # Panics
    /// Only if `K`'s `Hash` does; the map is valid then and has lost nothing.
    ///
    /// # Example
    /// ```
    /// use tidemap::Budget;
    ///
    /// let mut map: tidemap::HashMap<u64, u64> = (0..60_000).map(|i| (i, i)).collect();
    /// map.reserve(1_000_000);
    /// let mut calls = 0;
    /// while !map.advance(Budget::buckets(512)).is_done {
    ///     calls += 1;
    /// }
    /// assert!(calls > 10 && !map.has_pending_work());
    /// ```
    pub fn advance(&mut self, budget: Budget) -> Progress {
        self.table
            .advance(budget.in_buckets(), entry_hasher(&self.hash_builder))
    }

    /// Gets memory ready in idle time, so that insertions need not: touches what the next doubling will
    /// fill, or what is left of the present one, and overflow buckets for it. Moves nothing.
    ///
    /// After [`Progress::is_done`] the insertions of that doubling take no page fault of the map's
    /// making; until then as few as was prepared. The map then holds up to twice the memory of its
    /// buckets, as if the growth had ended; [`begin_shrink`](Self::begin_shrink) gives it back. Arrays
    /// of up to [`HEAP_ARRAY_BYTES_MAX`](crate::bounds::HEAP_ARRAY_BYTES_MAX), those of a user's
    /// allocator and those of segments are not prepared: done at once.
    ///
    /// O(budget): sixteen buckets of 16-byte entries are a page, which takes the system a microsecond
    /// or two. A map behind a lock can be prepared by another thread that takes the lock for one
    /// small budget at a time.
    ///
    /// # Example
    /// ```
    /// use tidemap::Budget;
    ///
    /// let mut map: tidemap::HashMap<u64, u64> = (0..90_000).map(|i| (i, i)).collect();
    /// while !map.prepare_memory(Budget::buckets(512)).is_done {
    ///     // … requests, if there are any …
    /// }
    /// ```
    pub fn prepare_memory(&mut self, budget: Budget) -> Progress {
        self.table.prepare_memory(budget.in_buckets())
    }

    /// Does all pending work at once: before measuring, or when a pause does not matter.
    /// O(capacity) in the worst case. Stops early only when memory is refused.
    ///
    /// # Panics
    /// Only if `K`'s `Hash` does; the map is valid then and has lost nothing.
    ///
    /// # Example
    /// ```
    /// let mut map: tidemap::HashMap<u32, u32> = (0..60_000).map(|i| (i, i)).collect();
    /// map.finish();
    /// assert_eq!(map.growth(), None);
    /// ```
    pub fn finish(&mut self) {
        self.table.finish(entry_hasher(&self.hash_builder));
    }

    /// As [`reserve`](Self::reserve), but blocking: when it returns the growth is over, every
    /// entry is where it belongs, and none of the next `additional` insertions pays for one.
    /// O(capacity).
    ///
    /// # Panics
    /// If the capacity exceeds what memory can address.
    ///
    /// # Example
    /// ```
    /// let mut map: tidemap::HashMap<u32, u32> = (0..60_000).map(|i| (i, i)).collect();
    /// map.reserve_now(1_000_000);
    /// assert!(!map.is_growing() && map.capacity() >= 1_060_000);
    /// ```
    pub fn reserve_now(&mut self, additional: usize) {
        if let Err(error) = self.try_reserve_now(additional) {
            error.raise();
        }
    }

    /// As [`reserve_now`](Self::reserve_now), with an error instead of a panic or an abort.
    ///
    /// # Errors
    /// When the capacity overflows or memory is refused; the map has all its entries, and may
    /// still be growing.
    pub fn try_reserve_now(&mut self, additional: usize) -> Result<(), TryReserveError> {
        self.try_reserve(additional)?;
        self.finish();
        // A reservation that was queued gets its memory last.
        self.try_reserve(additional)?;
        self.table.refused_growth()
    }
}

impl<T, S, A: Allocator + Clone> HashSet<T, S, A> {
    /// As [`HashMap::is_growing`].
    #[must_use]
    pub fn is_growing(&self) -> bool {
        self.map.is_growing()
    }

    /// As [`HashMap::has_pending_work`].
    #[must_use]
    pub fn has_pending_work(&self) -> bool {
        self.map.has_pending_work()
    }
}

impl<T: Eq + Hash, S: BuildHasher, A: Allocator + Clone> HashSet<T, S, A> {
    /// As [`HashMap::advance`].
    ///
    /// # Panics
    /// Only if `T`'s `Hash` does; the set is valid then and has lost nothing.
    pub fn advance(&mut self, budget: Budget) -> Progress {
        self.map.advance(budget)
    }

    /// As [`HashMap::prepare_memory`].
    pub fn prepare_memory(&mut self, budget: Budget) -> Progress {
        self.map.prepare_memory(budget)
    }

    /// As [`HashMap::finish`].
    ///
    /// # Panics
    /// Only if `T`'s `Hash` does; the set is valid then and has lost nothing.
    pub fn finish(&mut self) {
        self.map.finish();
    }

    /// As [`HashMap::reserve_now`].
    ///
    /// # Panics
    /// If the capacity exceeds what memory can address.
    pub fn reserve_now(&mut self, additional: usize) {
        self.map.reserve_now(additional);
    }

    /// As [`HashMap::try_reserve_now`].
    ///
    /// # Errors
    /// When the capacity overflows or memory is refused; the set has all its elements.
    pub fn try_reserve_now(&mut self, additional: usize) -> Result<(), TryReserveError> {
        self.map.try_reserve_now(additional)
    }
}
