//! What a map can say about itself: plain numbers, no I/O, no clock.
//!
//! Everything here is read from counters that only the slow paths write, so a
//! map that nobody asks pays nothing for it.

/// How an array of buckets is being changed, a few buckets at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GrowthKind {
    /// Twice the buckets (or more, after a `reserve`) in the same array: bucket
    /// `i` keeps its entries but those that belong to a new bucket.
    InPlace,
    /// Every entry moves to a larger array; the old one is given back.
    Relocating,
    /// The same number of buckets: chains are compacted and overflow buckets
    /// freed. Go calls this a same-size growth.
    SameSize,
    /// Half the buckets: a growth backwards. Two buckets are merged into one, and memory goes back,
    /// in the same array or, if that becomes small, in a smaller one.
    Shrink,
    /// The same number of buckets in a new array, under a new seed of the hasher: keys collided.
    Reseed,
}

impl GrowthKind {
    /// The word used in reports and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            GrowthKind::InPlace => "in-place",
            GrowthKind::Relocating => "relocating",
            GrowthKind::SameSize => "same-size",
            GrowthKind::Shrink => "shrink",
            GrowthKind::Reseed => "reseed",
        }
    }
}

/// One growth of a map, finished or still going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Growth {
    /// What kind of growth.
    pub kind: GrowthKind,
    /// Main buckets before.
    pub from_buckets: usize,
    /// Main buckets after.
    pub to_buckets: usize,
    /// Buckets of the old layout that have been dealt with, up to `from_buckets`.
    pub done_buckets: usize,
    /// Entries in the map when the growth began.
    pub len_at_start: usize,
    /// Entries in the map when it ended; the present length while it runs.
    pub len_at_end: usize,
    /// Operations that paid a share.
    pub steps: u64,
    /// Entries moved so far.
    pub entries_moved: u64,
    /// Bytes of entries moved so far.
    pub bytes_moved: u64,
    /// Bytes given back to the system or the allocator on the way.
    pub bytes_released: u64,
}

impl Growth {
    /// The record of one that begins at this length.
    pub(crate) fn begun(
        kind: GrowthKind,
        from_buckets: usize,
        to_buckets: usize,
        len: usize,
    ) -> Growth {
        Growth {
            kind,
            from_buckets,
            to_buckets,
            done_buckets: 0,
            len_at_start: len,
            len_at_end: len,
            steps: 0,
            entries_moved: 0,
            bytes_moved: 0,
            bytes_released: 0,
        }
    }
}

/// The work that one operation did beyond its own entry, or a maximum of such.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Work {
    /// Entries moved from one slot to another.
    pub entries_moved: u64,
    /// Bytes of those entries.
    pub bytes_moved: u64,
    /// Pages of fresh memory touched by growth and by overflow buckets.
    pub fresh_pages: u64,
    /// System calls made to reserve, advise or release memory.
    pub system_calls: u64,
    /// Blocks asked from or returned to the global allocator.
    pub allocator_calls: u64,
}

/// A chain that is longer than good hashes explain: what keys chosen to collide look
/// like, and what a poor hasher looks like.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct LongChain {
    /// Entries of the chain when it was noticed.
    pub chain_entries: usize,
    /// Its buckets, the main one included.
    pub chain_buckets: usize,
    /// Entries of an average chain of that map.
    pub load: f64,
    /// Entries of the map.
    pub len: usize,
    /// Main buckets of the map.
    pub buckets: usize,
}

/// A map's figures at one moment, from [`HashMap::stats`](crate::HashMap::stats).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// Entries.
    pub len: usize,
    /// Entries that fit before the next growth begins, or that fit once the
    /// present growth has ended.
    pub capacity: usize,
    /// Main buckets in use.
    pub buckets: usize,
    /// Slots of one main bucket.
    pub slots_per_bucket: usize,
    /// Bytes of one main bucket.
    pub bucket_bytes: usize,
    /// `len / (buckets * slots_per_bucket)`.
    pub load: f64,
    /// Overflow buckets chained to main buckets.
    pub overflow_buckets: usize,
    /// The longest chain an insertion ever met, in buckets (1 = main bucket only).
    pub longest_chain_seen: usize,
    /// How often a chain was noticed for being longer than good hashes explain. With a hasher that cannot
    /// be reseeded a chain must be twice as long to be noticed again.
    pub long_chains: u64,
    /// The last one that was noticed.
    pub last_long_chain: Option<LongChain>,
    /// How often the map began to move to a new seed of its hasher.
    pub reseeds: u64,
    /// The growth that is going on.
    pub growth: Option<Growth>,
    /// Finished growths by kind: in place, relocating, same size.
    pub growths_in_place: u64,
    /// See `growths_in_place`.
    pub growths_relocating: u64,
    /// See `growths_in_place`.
    pub growths_same_size: u64,
    /// Finished shrinks, halvings each.
    pub shrinks: u64,
    /// Growths that were put off, and shrinks that were given up, because memory was refused.
    pub growths_refused: u64,
    /// Bytes of memory in use: touched part of the present array, overflow pool,
    /// bookkeeping. Does not count what keys and values own on the heap.
    pub bytes_live: usize,
    /// Bytes still held by an old array that is being left.
    pub bytes_old: usize,
    /// Bytes given back so far over the life of the map.
    pub bytes_released: u64,
    /// Address space reserved (no memory behind it until touched).
    pub bytes_reserved: usize,
    /// Work over the life of the map, in total.
    pub work_total: Work,
    /// The most of each that a single operation did.
    pub work_max: Work,
}
