//! Events: the transitions a viewer can stop at.
//!
//! A map records them only when asked to
//! ([`Hmap::record_events`](crate::Hmap::record_events)); otherwise nothing is
//! built or stored.

use std::fmt;

use crate::reclaim::BlockKind;

/// Which array an event happened in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The array being left.
    Old,
    /// The current array.
    New,
}

/// One transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// A cell's tophash changed.
    Cell {
        /// Which array.
        side: Side,
        /// Bucket in that array.
        bucket: usize,
        /// Cell in that bucket.
        cell: usize,
        /// Tophash before.
        from: u8,
        /// Tophash after.
        to: u8,
    },
    /// An overflow link was set in the current array.
    OverflowLinked {
        /// The bucket that got the link.
        bucket: usize,
        /// The bucket behind it now.
        to: usize,
        /// Taken from the spares, not allocated.
        spare: bool,
    },
    /// A growth began.
    GrowthStarted {
        /// Same-size, else doubling.
        same_size: bool,
        /// B before.
        from_b: u8,
        /// B after.
        to_b: u8,
        /// Live entries at that moment.
        count: usize,
    },
    /// An old chain was evacuated.
    Evacuated {
        /// Its index in the old array.
        old_bucket: usize,
        /// Entries that kept the index.
        to_x: usize,
        /// Entries that went to the upper half.
        to_y: usize,
    },
    /// The growth ended: the map let go of the old array.
    OldBucketsDropped,
    /// The map was cleared.
    Cleared,
    /// The hash seed was drawn anew.
    Reseeded,
    /// Memory became garbage: nobody can reach it any more.
    Unreachable {
        /// What.
        kind: BlockKind,
        /// How many bytes.
        bytes: u64,
    },
    /// Memory was swept: it can be reused.
    Reusable {
        /// What.
        kind: BlockKind,
        /// How many bytes.
        bytes: u64,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use crate::tophash::letter;
        match *self {
            Event::Cell {
                side,
                bucket,
                cell,
                from,
                to,
            } => {
                let side = if side == Side::Old { "old" } else { "new" };
                let (a, b) = (letter(from), letter(to));
                write!(
                    f,
                    "cell {side}[{bucket}].{cell}: {a} {from:02x} -> {b} {to:02x}"
                )
            }
            Event::OverflowLinked { bucket, to, spare } => {
                let from = if spare { "a spare" } else { "allocated" };
                write!(f, "overflow link new[{bucket}] -> [{to}] ({from})")
            }
            Event::GrowthStarted {
                same_size,
                from_b,
                to_b,
                count,
            } => {
                let kind = if same_size {
                    "same-size growth"
                } else {
                    "doubling"
                };
                write!(f, "{kind} started: B {from_b} -> {to_b} at {count} entries")
            }
            Event::Evacuated {
                old_bucket,
                to_x,
                to_y,
            } => {
                write!(
                    f,
                    "evacuated old[{old_bucket}]: {to_x} entries to X, {to_y} to Y"
                )
            }
            Event::OldBucketsDropped => f.write_str("growth ended: old buckets dropped"),
            Event::Cleared => f.write_str("cleared"),
            Event::Reseeded => f.write_str("new hash seed"),
            Event::Unreachable { kind, bytes } => {
                write!(
                    f,
                    "unreachable: {kind}, {bytes} bytes wait for the collector"
                )
            }
            Event::Reusable { kind, bytes } => {
                write!(f, "reusable: {kind}, {bytes} bytes swept")
            }
        }
    }
}
