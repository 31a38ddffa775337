//! The promise in numbers: what one operation may do beyond its own entry.
//!
//! Time on a shared machine is nobody's to promise; work is. Each constant here is
//! held by the engine, counted in [`Stats::work_max`](crate::Stats) on every
//! build, and asserted by `tests/it/bounds.rs` and `tests/it/shrink.rs` over millions of
//! operations. They hold while a map grows, shrinks, is turned round between the two, is swept
//! or taken apart.
//!
//! Not bounded by a constant: how many buckets of one chain are *read*. A look-up, a removal and
//! a step walk the chain they are in, whose length is that of the longest run of colliding
//! keys ([`Stats::longest_chain_seen`](crate::Stats::longest_chain_seen)).

use crate::raw::Rare;

/// Bytes of entries that one step of a growth may move: enough for a run of eight
/// buckets of 16-byte entries at the fullest they get, and little enough (a page)
/// to take a microsecond or two when cached.
pub const MOVE_BYTES_MAX: usize = if Rare::COMMON { 96 } else { 4096 };

/// Main buckets that one step of a growth may deal with. Runs of eight cost a
/// quarter less than single splits, because both sides are read and
/// written in sequence.
pub const STEP_BUCKETS_MAX: usize = if Rare::COMMON { 2 } else { 8 };

/// System calls that one operation may make. Exceptions are the calls that ask for memory on
/// purpose: `with_capacity`, `reserve` and `clone` make one more for advice, and `reserve`
/// up to three when address space is refused.
pub const SYSTEM_CALLS_MAX: u64 = 1;

/// What a call to the system or a step that frees memory counts against a
/// [`Budget`](crate::Budget), in buckets: returning [`tidemap_span::RELEASE_STEP_BYTES`] takes about
/// as long as dealing with so many buckets.
pub const CALL_BUCKETS: usize = 32;

/// Calls of the global allocator that one operation may make: at most a new array, its
/// bookkeeping and the old array's release, or a block of overflow buckets. Without
/// page runs the first array above [`HEAP_ARRAY_BYTES_MAX`] is made of segments, all
/// of them at once; from there on a step adds one or two. The exception is a `reserve` of more
/// than a doubling: the growth that it asks for takes all its segments when it begins.
pub const ALLOCATOR_CALLS_MAX: u64 = if tidemap_span::PAGE_RUNS { 8 } else { 64 };

/// Bucket arrays above this size come from page runs, smaller ones from the
/// global allocator. A smaller threshold would spend a mapping (Linux allows
/// 65,530 a process) on maps that are better off in the heap; a larger one would
/// make the allocator's own release of the old array a stall.
pub const HEAP_ARRAY_BYTES_MAX: usize = if Rare::COMMON { 4 << 10 } else { 256 << 10 };

/// The same for an array that is wanted as a whole, by `with_capacity` or `clone`: such maps are made and dropped again and
/// again, and the allocator keeps memory for the next one where a page run begins with fresh pages. No more than
/// that, because a growth that leaves such an array frees it in one call.
pub const WHOLE_HEAP_ARRAY_BYTES_MAX: usize = if Rare::COMMON { 8 << 10 } else { 1 << 20 };

/// Entries from which on a chain is *long*: with good hashes a given bucket gets there with a
/// probability below 2^-57, whatever the map's load. Derived in `raw/reseed.rs`.
pub const LONG_CHAIN_ENTRIES: usize = if Rare::COMMON { 40 } else { 64 };

/// A long chain also has this many times the entries of an average one.
pub const LONG_CHAIN_LOADS: usize = if Rare::COMMON { 2 } else { 4 };

/// Bytes of entries that one operation may move, for entries of `entry_bytes`:
/// [`MOVE_BYTES_MAX`], or two entries where that is more, and one entry
/// more when its own bucket overflows for the first time.
#[must_use]
pub const fn moved_bytes_max(entry_bytes: usize) -> u64 {
    let step = if 2 * entry_bytes > MOVE_BYTES_MAX {
        2 * entry_bytes
    } else {
        MOVE_BYTES_MAX
    };
    (step + 3 * entry_bytes) as u64
}

/// Fresh pages that one operation may touch for growth and overflow buckets, for entries
/// of `entry_bytes`; its own entry may touch `entry_bytes / 4096 + 2` more.
#[must_use]
pub const fn fresh_pages_max(entry_bytes: usize) -> u64 {
    // Two frontiers in two planes each, the overflow pool twice (a step's and the operation's own),
    // and what up to four moved entries can straddle.
    6 + 4 * (entry_bytes as u64).div_ceil(4096)
}
