//! The engine: everything unsafe, generic over the entry type alone.
//!
//! Reading order: [`tags`], [`shape`] and [`bucket`] (what a bucket is), [`kept`] (hash bits
//! that spare hashing), [`table`] (where a key
//! lives, look-up, insertion, removal), [`grow`] (when a table grows), [`split`] (how
//! entries move), [`compact`]
//! (same-size growth), [`shrink`] (growth backwards), [`reseed`] (hostile keys), [`pace`] (work in
//! idle time), [`sweep`] (walks that are interrupted), [`array`] and [`pool`] (where memory comes from), [`reclaim`]
//! (where it goes in the end), [`iter`], [`clone`], [`check`]; beside them [`prefetch`]
//! (batches), `range` (several threads), [`probe`] (what is told to observers) and [`same_type`].

mod array;
mod bucket;
mod check;
mod clone;
mod compact;
mod grow;
mod iter;
mod kept;
mod log;
mod meter;
mod pace;
mod pool;
mod prefetch;
mod prepare;
mod probe;
#[cfg(feature = "rayon")]
mod range;
mod reclaim;
mod reseed;
mod same_type;
mod search;
mod shape;
mod shrink;
mod split;
mod sweep;
mod table;
mod tags;

pub(crate) use bucket::Bucket;
pub(crate) use iter::RawIter;
pub(crate) use prefetch::prefetch;
pub(crate) use probe::Birth;
#[cfg(feature = "rayon")]
pub(crate) use range::{RangeIter, RawRange};
pub(crate) use reclaim::Reclaim;
pub(crate) use same_type::{as_type_mut, has_text, text_of};
pub(crate) use search::{Spot, Vacancy};
pub(crate) use sweep::{Position, Verdict};
pub(crate) use table::{Place, RawTable};

/// Makes rare states common where tests look for them.
pub(crate) struct Rare;

impl Rare {
    /// Under Miri, fuzzing and `--cfg tidemap_stress` thresholds shrink, so that
    /// small maps pass through every state of large ones.
    pub(crate) const COMMON: bool = cfg!(any(miri, fuzzing, tidemap_stress));
}
