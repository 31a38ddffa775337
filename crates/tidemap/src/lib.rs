//! Hash maps that grow without stopping.
//!
//! [`HashMap`] and [`HashSet`] have the standard library's interface, and pay for growth
//! in small equal steps: no insertion ever moves the whole table, clears a large array or
//! waits for one to be freed. What one operation may do beyond its own entry is bounded in
//! bytes moved, pages touched and system calls ([`bounds`]), counted on every
//! build ([`Stats::work_max`]) and asserted in tests.
//!
//! # When to use it
//!
//! A map that becomes large while somebody waits for each operation: indexes,
//! caches, session tables, books of live objects. Maps that shrink again, or that end while the
//! program has other things to do. A look-up in a map beyond the caches waits for memory once,
//! because a tag and its entry lie together.
//!
//! # When not
//!
//! Small maps of a known size, filled once: `hashbrown` is as good or
//! better there, and at many independent look-ups, misses above all (README, "Numbers"). Maps shared between threads: this one is not concurrent.
//!
//! # Example
//!
//! ```
//! use tidemap::HashMap;
//!
//! let mut sessions = HashMap::new();
//! for id in 0..100_000u64 {
//!     sessions.insert(id, id * 2);
//! }
//! assert_eq!(sessions.get(&77), Some(&154));
//!
//! // No insertion moved more than its budget, whatever the map did meanwhile.
//! let worst = sessions.stats().work_max;
//! assert!(worst.bytes_moved <= tidemap::bounds::moved_bytes_max(16));
//! ```
//!
//! # What to know
//!
//! * The default hasher has a seed for each map; a map whose keys collide all the same changes to
//!   another one, in steps. With a hasher of yours it only reports (`docs/hostile-keys.md`).
//! * Hashers must spread keys over all 64 bits: the low bits choose the bucket, the top
//!   byte the tag. The default does; an identity hash does not.
//! * A growth rehashes keys, a few per insertion. If `Hash` panics the map stays valid.
//! * Memory of large maps comes straight from the system and goes back to it in pieces.
//!   Their address space is reserved ahead (gigabytes of *virtual* size).
//!
//! # In place of std's or hashbrown's
//!
//! `docs/migration.md` has the whole list, `docs/guarantees.md` every promise with its test.
//! Change the `use` line: modules [`hash_map`], [`hash_set`] and [`hash_table`] have the names
//! that code expects. Types and auto traits are those of std, so entries are spelled
//! `Entry<'a, K, V>` whatever the hasher; hashbrown's have a parameter for it. Two things differ
//! from std's maps:
//!
//! * Stable Rust has no `#[may_dangle]`: a map that borrows must not outlive what it borrows from by
//!   even the end of a scope. Declare what is borrowed first, or drop the map before it.
//! * Without annotations the default hasher is [`DefaultHashBuilder`], not `RandomState`.
//!
//! ```compile_fail,E0597
//! let mut map = tidemap::HashMap::new();
//! let word = String::from("ebb");
//! map.insert(1, word.as_str());
//! // `word` is dropped first, while `map` may still look at it.
//! ```
//!
//! # Features
//!
//! | feature | gives | without it |
//! |---|---|---|
//! | `std` (default) | page runs; seeds that differ between processes | `no_std` with `alloc`: large arrays are made of segments from the global allocator |
//! | `allocator-api2` | maps with an [allocator](alloc) of yours | the global allocator |
//! | `serde` | `Serialize` and `Deserialize` for maps and sets; announced lengths are not believed | – |
//! | `probe` (implies `std`) | maps can be [observed](https://docs.rs/tidemap-probe): every growth as figures and events. On targets without 64-bit pointers its methods do nothing | – |
//! | `rayon` (implies `std`) | [rayon](https://docs.rs/rayon)'s traits and `par_` methods, in any state of growth | – |

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc as alloc_crate;

pub mod alloc;
mod batch;
pub mod bounds;
mod builder;
mod disjoint;
mod entry;
mod entry_ref;
mod error;
mod extract_if;
mod hash;
mod iter;
mod lookups;
mod map;
#[cfg(feature = "probe")]
mod observe;
mod pace;
mod pages;
#[cfg(feature = "rayon")]
mod parallel;
mod raw;
mod reclaim;
#[cfg(feature = "serde")]
mod serialize;
mod set;
mod set_entry;
mod set_iter;
mod set_ops;
mod shrink;
mod stats;
mod sweep;
mod table_api;
mod unwind;

pub use batch::{ContainsMany, GetMany, SetGetMany};
pub use builder::Builder;
pub use entry::{Entry, OccupiedEntry, VacantEntry};
pub use equivalent::Equivalent;
pub use error::TryReserveError;
pub use extract_if::{ExtractIf, SetExtractIf};
pub use hash::DefaultHashBuilder;
pub use iter::{Drain, IntoIter, IntoKeys, IntoValues, Iter, IterMut, Keys, Values, ValuesMut};
pub use lookups::Lookups;
pub use map::{HashMap, OccupiedError, TryInsertError};
pub use pace::{Budget, Progress};
pub use pages::Pages;
pub use reclaim::Reclaimer;
pub use set::HashSet;
pub use shrink::Shrink;
pub use stats::{Growth, GrowthKind, LongChain, Stats, Work};
pub use sweep::Sweep;
pub use table_api::HashTable;

/// Parallel iterators, with the feature `rayon`; the methods are on the maps.
///
/// # Example
/// ```
/// use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
///
/// let map: tidemap::HashMap<u64, u64> = (0..1_000).map(|i| (i, i)).collect();
/// assert_eq!(map.par_iter().map(|(_, n)| n).sum::<u64>(), 499_500);
/// ```
#[cfg(feature = "rayon")]
pub mod par {
    pub use crate::parallel::{
        IntoParIter, ParDrain, ParIter, ParIterMut, ParKeys, ParValues, ParValuesMut,
        SetIntoParIter, SetParDrain, SetParIter,
    };
}

/// The map with its iterators and entries, by the names of `std::collections::hash_map`.
///
/// # Example
/// ```
/// use tidemap::hash_map::{Entry, HashMap};
///
/// let mut map: HashMap<&str, u32> = HashMap::new();
/// assert!(matches!(map.entry("tide"), Entry::Vacant(_)));
/// ```
pub mod hash_map {
    pub use crate::entry::{Entry, OccupiedEntry, VacantEntry};
    pub use crate::entry_ref::{EntryRef, VacantEntryRef};
    pub use crate::extract_if::ExtractIf;
    pub use crate::hash::DefaultHashBuilder;
    pub use crate::iter::{
        Drain, IntoIter, IntoKeys, IntoValues, Iter, IterMut, Keys, Values, ValuesMut,
    };
    pub use crate::map::{HashMap, OccupiedError, TryInsertError};
    #[cfg(feature = "std")]
    #[doc(no_inline)]
    pub use std::hash::{DefaultHasher, RandomState};
}

/// The set with its iterators and entries, by the names of `std::collections::hash_set`.
///
/// # Example
/// ```
/// use tidemap::hash_set::{HashSet, Union};
///
/// let (a, b) = (HashSet::from([1, 2]), HashSet::from([2, 3]));
/// let both: Union<'_, i32, _> = a.union(&b);
/// assert_eq!(both.count(), 3);
/// ```
pub mod hash_set {
    pub use crate::extract_if::SetExtractIf as ExtractIf;
    pub use crate::set::HashSet;
    pub use crate::set_entry::{Entry, OccupiedEntry, VacantEntry};
    pub use crate::set_iter::{Drain, IntoIter, Iter};
    pub use crate::set_ops::{Difference, Intersection, SymmetricDifference, Union};
}

/// The table with its iterators and entries, by the names of `hashbrown::hash_table`.
///
/// # Example
/// ```
/// use tidemap::hash_table::{Entry, HashTable};
///
/// let mut table: HashTable<u64> = HashTable::new();
/// assert!(matches!(table.entry(1, |_| true, |n| *n), Entry::Vacant(_)));
/// ```
pub mod hash_table {
    pub use crate::table_api::{
        AbsentEntry, Drain, Entry, HashTable, IntoIter, Iter, IterMut, OccupiedEntry, VacantEntry,
    };
}

/// The README's examples, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// The manual of observed maps, likewise.
#[cfg(all(doctest, feature = "probe"))]
#[doc = include_str!("../../../docs/probe.md")]
struct ProbeManual;

/// The page on hostile keys, likewise.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/hostile-keys.md")]
struct HostileKeys;

/// The migration notes, likewise.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/migration.md")]
struct Migration;
