//! The registry: a fixed table of rows, and who has which.
//!
//! G1. A set bit in `TAKEN` is a row that belongs to one map. Whoever sets it owns the row until it
//!     clears it.
//! G2. Nothing is allocated, nothing waits: with all rows taken a map shares the last one.
//! G3. Maps that nobody named leave [`NAMED_MIN`] rows to those with a name.
//!
//! The table is 2.3 MiB of zero pages, of which only rows that were used become memory.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::row::{self, Row};

/// Maps that have a row of their own at the same time. More share one row.
pub const ROWS_MAX: usize = 1024;
/// Rows that only named maps get.
pub const NAMED_MIN: usize = 256;

/// The row of all who found none.
pub(crate) const SHARED_ROW: usize = ROWS_MAX;

/// Low bits of a map's number that name its row.
pub(crate) const ROW_BITS: u32 = 11;

const BITS: usize = u64::BITS as usize;

/// Rows by number; the last is shared.
pub(crate) static ROWS: [Row; ROWS_MAX + 1] = [const { Row::empty() }; ROWS_MAX + 1];

static TAKEN: [AtomicU64; ROWS_MAX / BITS] = [const { AtomicU64::new(0) }; ROWS_MAX / BITS];

/// Figures of the registry itself, part of what other processes read.
#[repr(C)]
pub(crate) struct Census {
    pub(crate) epoch_unix_ns: AtomicU64,
    pub(crate) pid: AtomicU64,
    /// The number of the next map.
    pub(crate) serial: AtomicU64,
    pub(crate) created: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) folded: AtomicU64,
    /// Rows below this may have been used.
    pub(crate) rows_used: AtomicU64,
}

impl Census {
    pub(crate) const fn new() -> Census {
        Census {
            epoch_unix_ns: AtomicU64::new(0),
            pid: AtomicU64::new(0),
            serial: AtomicU64::new(1),
            created: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            folded: AtomicU64::new(0),
            rows_used: AtomicU64::new(0),
        }
    }
}

pub(crate) fn census() -> &'static Census {
    &crate::note::TIDEMAP_REGISTRY.census
}

/// Takes a free row (G1); the shared one if there is none.
pub(crate) fn take_row(named: bool) -> usize {
    let words = if named {
        ROWS_MAX / BITS
    } else {
        (ROWS_MAX - NAMED_MIN) / BITS
    };
    // Named ones from the end of their part, so that they do not push each other out.
    let search = |range: std::ops::Range<usize>| {
        for index in range {
            let word = &TAKEN[index];
            let mut taken = word.load(Ordering::Relaxed);
            while taken != u64::MAX {
                let bit = (!taken).trailing_zeros();
                // Acquire: pairs with the Release of `give_back`, so that the row's last writes are seen.
                let before = word.fetch_or(1 << bit, Ordering::Acquire);
                if before & (1 << bit) == 0 {
                    return Some(index * BITS + bit as usize);
                }
                taken = before;
            }
        }
        None
    };
    let first_named = (ROWS_MAX - NAMED_MIN) / BITS;
    let found = if named {
        search(first_named..words).or_else(|| search(0..first_named))
    } else {
        search(0..words)
    };
    if let Some(row) = found {
        // Relaxed: readers look at the row itself.
        census()
            .rows_used
            .fetch_max(row as u64 + 1, Ordering::Relaxed);
        return row;
    }
    SHARED_ROW
}

/// Gives a row back (G1).
pub(crate) fn give_back(row: usize) {
    if row < SHARED_ROW {
        // Release: pairs with the Acquire of `take_row`.
        TAKEN[row / BITS].fetch_and(!(1 << (row % BITS)), Ordering::Release);
    }
}

/// A number that no other map of the process has, and that names the row.
pub(crate) fn new_id(row: usize) -> u64 {
    if row == SHARED_ROW {
        return SHARED_ROW as u64;
    }
    let serial = census().serial.fetch_add(1, Ordering::Relaxed);
    (serial << ROW_BITS) | row as u64
}

const _: () = assert!(SHARED_ROW < 1 << ROW_BITS, "a row fits its bits");
const _: () = assert!(
    row::WORDS * 8 * (ROWS_MAX + 1) < 3 << 20,
    "the table stays under 3 MiB"
);
