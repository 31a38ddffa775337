//! Shape: what the runtime knows about a map's type.
//!
//! Terms: *slot*, the bytes of one key or elem inside a bucket; *boxed*, kept
//! in an object of its own with only a pointer in the slot; *reflexive*, a key
//! type whose every value equals itself.
//!
//! R1. A key or elem above [`INLINE_MAX_BYTES`] is boxed.
//! R2. A bucket is noscan when neither slot holds a pointer (a box is one).
//! R3. The compiler picks a fast routine from key type and elem size; memory
//!     states are the same with all of them, the work done is not
//!     (`access.rs`, `assign.rs`, `delete.rs`).
//!
//! Read next: `bucket_array.rs` for what the sizes cost.

use crate::bucket::CELLS;

/// Keys and elems up to this size lie in the bucket itself.
pub const INLINE_MAX_BYTES: u64 = 128;
/// Bytes of a pointer, of the tophash block, and of the overflow word.
pub const WORD_BYTES: u64 = 8;
/// Bytes of the map header (`hmap`).
pub const HEADER_BYTES: u64 = 48;
/// Bytes of the optional side structure (`mapextra`).
pub const EXTRA_BYTES: u64 = 24;

/// Which of the runtime's routines the compiler calls (R3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Routine {
    /// Any key and elem.
    #[default]
    Generic,
    /// 4-byte plain-memory keys.
    Fast32,
    /// 8-byte plain-memory keys, pointers included.
    Fast64,
    /// String keys.
    FastStr,
}

/// One side of a map type: its key or its elem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Part {
    /// Bytes of one value of the type.
    pub bytes: u64,
    /// Whether it contains pointers.
    pub pointers: bool,
}

impl Part {
    /// Pointer-free data of this size.
    #[must_use]
    pub const fn plain(bytes: u64) -> Self {
        Part {
            bytes,
            pointers: false,
        }
    }

    /// Data of this size with pointers in it.
    #[must_use]
    pub const fn with_pointers(bytes: u64) -> Self {
        Part {
            bytes,
            pointers: true,
        }
    }

    /// Whether it is boxed (R1).
    #[must_use]
    pub const fn is_boxed(self) -> bool {
        self.bytes > INLINE_MAX_BYTES
    }

    /// Bytes it takes in a bucket.
    #[must_use]
    pub const fn slot_bytes(self) -> u64 {
        if self.is_boxed() {
            WORD_BYTES
        } else {
            self.bytes
        }
    }

    /// Whether the slot holds pointers.
    #[must_use]
    pub const fn slot_has_pointers(self) -> bool {
        self.pointers || self.is_boxed()
    }
}

/// A map type as the runtime sees it.
///
/// ```
/// use tidemap_go::shape::{MapType, Part};
/// // map[string]int: 8 tophash bytes, 8 * 16, 8 * 8, one overflow word.
/// let t = MapType::new(Part::with_pointers(16), Part::plain(8));
/// assert_eq!(t.bucket_bytes(), 208);
/// assert!(!t.is_noscan());
/// // 129 bytes are boxed: the slot shrinks to a pointer.
/// let t = MapType::new(Part::plain(129), Part::plain(8));
/// assert_eq!(t.bucket_bytes(), 144);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MapType {
    /// The key.
    pub key: Part,
    /// The elem (Go's word for the value).
    pub elem: Part,
    /// Every key equals itself: no float, complex or interface inside.
    pub reflexive: bool,
    /// An update must overwrite the stored key too: a float (±0), complex,
    /// string or interface inside.
    pub need_key_update: bool,
    /// Hashing may panic: an interface inside.
    pub hash_might_panic: bool,
    /// The routines in use.
    pub routine: Routine,
}

impl MapType {
    /// A type with plain reflexive keys and the generic routines.
    #[must_use]
    pub const fn new(key: Part, elem: Part) -> Self {
        MapType {
            key,
            elem,
            reflexive: true,
            need_key_update: false,
            hash_might_panic: false,
            routine: Routine::Generic,
        }
    }

    /// The same type with other routines.
    #[must_use]
    pub const fn with_routine(mut self, routine: Routine) -> Self {
        self.routine = routine;
        self
    }

    /// Bytes of one bucket.
    #[must_use]
    pub const fn bucket_bytes(&self) -> u64 {
        let slots = CELLS as u64 * (self.key.slot_bytes() + self.elem.slot_bytes());
        WORD_BYTES + slots + WORD_BYTES
    }

    /// Whether buckets hold no pointers (R2). The collector then never reads
    /// them, and overflow buckets need a list of their own (`overflow.rs`).
    #[must_use]
    pub const fn is_noscan(&self) -> bool {
        !self.key.slot_has_pointers() && !self.elem.slot_has_pointers()
    }

    /// The flag word of Go's map type descriptor.
    ///
    /// ```
    /// use tidemap_go::shape::{MapType, Part};
    /// assert_eq!(MapType::new(Part::plain(8), Part::plain(8)).descriptor_flags(), 0b00100);
    /// ```
    #[must_use]
    pub const fn descriptor_flags(&self) -> u32 {
        self.key.is_boxed() as u32
            | (self.elem.is_boxed() as u32) << 1
            | (self.reflexive as u32) << 2
            | (self.need_key_update as u32) << 3
            | (self.hash_might_panic as u32) << 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bucket sizes that were read from real type descriptors.
    #[test]
    fn bucket_sizes() {
        let p = Part::with_pointers;
        let n = Part::plain;
        for (key, elem, bytes, noscan) in [
            (n(8), n(8), 144, true),
            (p(16), n(8), 208, false),
            (p(16), p(16), 272, false),
            (n(4), n(4), 80, true),
            (n(8), n(0), 80, true),
            (n(8), n(1), 88, true),
            (p(16), n(0), 144, false),
            (n(1), n(1), 32, true),
            (n(128), n(8), 1104, true),
            (n(129), n(8), 144, false),
            (n(8), n(129), 144, false),
        ] {
            let t = MapType::new(key, elem);
            assert_eq!(t.bucket_bytes(), bytes, "{key:?} {elem:?}");
            assert_eq!(t.is_noscan(), noscan, "{key:?} {elem:?}");
        }
    }
}
