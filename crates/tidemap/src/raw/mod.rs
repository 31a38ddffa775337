//! The engine: everything unsafe, generic over the entry type alone.
//!
//! Reading order: [`tags`] and [`shape`] (what a bucket is), [`kept`] (hash bits
//! that spare hashing), [`table`] (where a key
//! lives, look-up, insertion, removal), [`grow`] (when a table grows), [`split`] (how
//! entries move), [`compact`]
//! (same-size growth), [`reseed`] (hostile keys), [`pace`] (work in idle time), [`array`] and
//! [`pool`] (where memory comes from), [`reclaim`] (where it goes in the end), [`iter`],
//! [`clone`], [`check`]; beside them [`prefetch`] (batches), `range` (several threads) and
//! [`same_type`].

mod array;
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
#[cfg(feature = "rayon")]
mod range;
mod reclaim;
mod reseed;
mod same_type;
mod shape;
mod split;
mod table;
mod tags;

pub(crate) use iter::RawIter;
pub(crate) use prefetch::prefetch;
#[cfg(feature = "rayon")]
pub(crate) use range::{RangeIter, RawRange};
pub(crate) use reclaim::Reclaim;
pub(crate) use same_type::{as_type_mut, has_text, text_of};
pub(crate) use table::{Place, RawTable};

/// Makes rare states common where tests look for them.
pub(crate) struct Rare;

impl Rare {
    /// Under Miri, fuzzing and `--cfg tidemap_stress` thresholds shrink, so that
    /// small maps pass through every state of large ones.
    pub(crate) const COMMON: bool = cfg!(any(miri, fuzzing, tidemap_stress));
}
