//! Bucket: eight cells, eight tophash bytes, one overflow word.
//!
//! Terms: *main bucket*, one of the 2^B buckets a hash can select; *overflow
//! bucket*, one that is linked behind another; *chain*, a main bucket and its
//! overflow buckets.
//!
//! ```text
//!   +--------------+-----------------+-------------------+----------+
//!   | tophash  8 B | 8 keys together | 8 elems together  | overflow |
//!   +--------------+-----------------+-------------------+----------+
//!   0              8                 8 + 8 * key slot     size - 8
//! ```
//!
//! R1. Keys lie together and elems lie together, so `map[int64]int8` loses
//!     nothing to alignment: 88 bytes a bucket, not 144.
//! R2. A cell's bytes outlive its entry. Deleting clears the elem but clears
//!     the key only if it holds pointers; evacuation copies and clears the
//!     source at most partly. [`KeySlot`] and `Option<V>` model those bytes,
//!     because an iterator that still stands there reads them.
//! R3. A link is an index inside the bucket's own array (`bucket_array.rs`):
//!     a chain never leaves its array.
//!
//! Dropped: storing cells as `Option<(K, V)>`. It loses R2, and with it both
//! the exact digests and the behaviour of iterators over moved entries.
//! Read next: `bucket_array.rs`.

use crate::tophash::EMPTY_REST;

/// Cells of one bucket.
pub const CELLS: usize = 8;

/// What the key bytes of a cell hold, whether the cell is in use or not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum KeySlot<K> {
    /// Zero bytes: never used, or cleared.
    #[default]
    Zero,
    /// A key; a live one if the tophash says so, else what was left behind.
    Key(K),
    /// A string whose data pointer was cleared and whose length was not: the
    /// string fast path of delete leaves this.
    Length(usize),
}

impl<K> KeySlot<K> {
    /// The key, if there are key bytes.
    #[must_use]
    pub fn key(&self) -> Option<&K> {
        match self {
            KeySlot::Key(key) => Some(key),
            KeySlot::Zero | KeySlot::Length(_) => None,
        }
    }
}

/// One bucket.
#[derive(Debug, Clone)]
pub struct Bucket<K, V> {
    /// State or hash byte of each cell, see [`tophash`](crate::tophash).
    pub tophash: [u8; CELLS],
    /// Key bytes of each cell.
    pub keys: [KeySlot<K>; CELLS],
    /// Elem bytes of each cell; `None` is zero bytes (or a nil box).
    pub elems: [Option<V>; CELLS],
    /// The next bucket of the chain: an index into the same array. On the last
    /// unused spare it is `Some(0)`, the end mark of `bucket_array.rs`.
    pub overflow: Option<usize>,
}

impl<K, V> Bucket<K, V> {
    /// A zeroed bucket.
    #[must_use]
    pub fn zeroed() -> Self {
        Bucket {
            tophash: [EMPTY_REST; CELLS],
            keys: std::array::from_fn(|_| KeySlot::Zero),
            elems: std::array::from_fn(|_| None),
            overflow: None,
        }
    }

    /// Zeroes keys, elems and the overflow word and keeps the tophash bytes:
    /// what evacuation does to a main bucket that has pointers.
    pub(crate) fn clear_data(&mut self) {
        self.keys = std::array::from_fn(|_| KeySlot::Zero);
        self.elems = std::array::from_fn(|_| None);
        self.overflow = None;
    }
}
