//! Keys and values as the maps see them, and what one operation does to a map.
//!
//! Nothing here allocates: an integer key is 8 bytes, a byte-string key 16 bytes
//! that point into the stream, a value 8 bytes (16 with an expiry). So a timed
//! operation is the map's work and the hashing of the key, no more.

use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ptr::NonNull;

use tidemap_bench::contenders::Contender;

use super::answers::{Answer, AnswerKind};
use super::schedule::mix;
use super::stream::{Op, OpKind, Timing, bytes_of};

/// A kind of key.
pub(crate) trait KeySpace: Copy {
    /// The key a map stores.
    type Key: Copy + Hash + Eq;
    /// Key `id` of copy `copy` of the key space. Distinct for distinct arguments.
    fn key(self, id: u32, copy: u32) -> Self::Key;
}

/// A kind of value.
pub(crate) trait Cell: Copy {
    /// Whether entries can expire.
    const EXPIRES: bool;
    /// A value that is good before `expiry_us`.
    fn new(value: u64, expiry_us: u64) -> Self;
    /// The value.
    fn value(self) -> u64;
    /// When it ceases to be good; `u64::MAX` = never.
    fn expiry_us(self) -> u64;
}

impl Cell for u64 {
    const EXPIRES: bool = false;
    #[inline(always)]
    fn new(value: u64, _: u64) -> Self {
        value
    }
    #[inline(always)]
    fn value(self) -> u64 {
        self
    }
    #[inline(always)]
    fn expiry_us(self) -> u64 {
        u64::MAX
    }
}

/// A value with an expiry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timed {
    value: u64,
    expiry_us: u64,
}

impl Cell for Timed {
    const EXPIRES: bool = true;
    #[inline(always)]
    fn new(value: u64, expiry_us: u64) -> Self {
        Timed { value, expiry_us }
    }
    #[inline(always)]
    fn value(self) -> u64 {
        self.value
    }
    #[inline(always)]
    fn expiry_us(self) -> u64 {
        self.expiry_us
    }
}

/// Integer keys.
#[derive(Clone, Copy)]
pub(crate) struct IntSpace<'a> {
    keys: &'a [u64],
    spread: Spread,
}

/// How copies of integer keys are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spread {
    /// Copy `c` is shifted by `c * stride`; the stride exceeds the span of the keys.
    Shift { stride: u64 },
    /// The keys fill the 64 bits: `mix` of a running number. Such keys are hashes
    /// already, so other hashes in their place change nothing that a map can see.
    Renumber { unique: u64 },
}

impl<'a> IntSpace<'a> {
    /// Spreads `keys` over `scale` copies.
    pub(crate) fn new(keys: &'a [u64], scale: u32) -> Self {
        // Signed: negative keys sit beside positive ones, not 2^64 away.
        let low = keys.iter().map(|&key| key as i64).min().unwrap_or(0);
        let high = keys.iter().map(|&key| key as i64).max().unwrap_or(0);
        let span = high.wrapping_sub(low) as u64;
        let bits = 64 - span.leading_zeros();
        let copy_bits = 32 - (scale - 1).leading_zeros();
        let spread = if scale == 1 {
            Spread::Shift { stride: 0 }
        } else if bits + copy_bits <= 64 {
            Spread::Shift { stride: 1 << bits }
        } else {
            Spread::Renumber {
                unique: keys.len() as u64,
            }
        };
        IntSpace { keys, spread }
    }
}

impl KeySpace for IntSpace<'_> {
    type Key = u64;
    #[inline(always)]
    fn key(self, id: u32, copy: u32) -> u64 {
        match self.spread {
            Spread::Shift { stride } => {
                self.keys[id as usize].wrapping_add(u64::from(copy).wrapping_mul(stride))
            }
            Spread::Renumber { unique } => mix(u64::from(copy) * unique + u64::from(id)),
        }
    }
}

/// Byte-string keys.
#[derive(Clone, Copy)]
pub(crate) struct ByteSpace<'a> {
    arena: &'a [u8],
    ends: &'a [u64],
}

impl<'a> ByteSpace<'a> {
    /// Keys in an arena, as in [`Keys::Bytes`](super::stream::Keys::Bytes).
    pub(crate) fn new(arena: &'a [u8], ends: &'a [u64]) -> Self {
        ByteSpace { arena, ends }
    }
}

impl<'a> KeySpace for ByteSpace<'a> {
    type Key = ByteKey<'a>;
    #[inline(always)]
    fn key(self, id: u32, copy: u32) -> ByteKey<'a> {
        ByteKey::new(bytes_of(self.arena, self.ends, id), copy)
    }
}

/// A borrowed byte string and the number of its copy, as large as a `&[u8]`.
///
/// I1. `start` points to `len` bytes that live, unchanged, for `'a`.
#[derive(Clone, Copy)]
pub(crate) struct ByteKey<'a> {
    start: NonNull<u8>,
    len: u32,
    copy: u32,
    bytes: PhantomData<&'a [u8]>,
}

const _: () = assert!(size_of::<ByteKey<'_>>() == 16);

impl<'a> ByteKey<'a> {
    #[inline(always)]
    fn new(bytes: &'a [u8], copy: u32) -> Self {
        debug_assert!(
            u32::try_from(bytes.len()).is_ok(),
            "KEY_BYTES_MAX is far below 4 GiB"
        );
        // I1: pointer and length of a slice that lives for 'a; keys are shorter
        // than KEY_BYTES_MAX, so the length is not cut.
        ByteKey {
            start: NonNull::from(bytes).cast(),
            len: bytes.len() as u32,
            copy,
            bytes: PhantomData,
        }
    }

    /// The bytes.
    #[inline(always)]
    pub(crate) fn bytes(&self) -> &'a [u8] {
        // SAFETY: readable, initialised and unchanged for 'a by I1.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len as usize) }
    }
}

impl PartialEq for ByteKey<'_> {
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        self.copy == other.copy && self.bytes() == other.bytes()
    }
}

impl Eq for ByteKey<'_> {}

impl Hash for ByteKey<'_> {
    #[inline(always)]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.bytes());
        state.write_u32(self.copy);
    }
}

/// Carries out one operation.
#[inline(always)]
pub(crate) fn apply<C, K, V>(map: &mut C, op: Op, key: K, timing: Timing) -> Answer
where
    C: Contender<K, V>,
    K: Copy + Hash + Eq,
    V: Cell,
{
    use AnswerKind as A;
    let live = |cell: V| !V::EXPIRES || timing.now_us < cell.expiry_us();
    let cell = || V::new(op.value, timing.now_us.saturating_add(timing.ttl_us));
    match op.kind {
        OpKind::Get => match map.get(&key).copied() {
            Some(found) if live(found) => Answer::new(A::Hit, found.value()),
            Some(_) => {
                let removed = map.remove(&key);
                Answer::new(A::Expired, removed.map_or(0, V::value))
            }
            None => Answer::new(A::Miss, 0),
        },
        OpKind::Put => match map.insert(key, cell()) {
            Some(old) => Answer::new(A::Replaced, old.value()),
            None => Answer::new(A::Inserted, 0),
        },
        OpKind::Fetch => match map.get(&key).copied() {
            Some(found) if live(found) => Answer::new(A::Hit, found.value()),
            Some(_) if timing.ttl_us == 0 => {
                let removed = map.remove(&key);
                Answer::new(A::Expired, removed.map_or(0, V::value))
            }
            Some(_) => {
                let old = map.insert(key, cell());
                Answer::new(A::Refilled, old.map_or(0, V::value))
            }
            None if timing.ttl_us == 0 => Answer::new(A::Miss, 0),
            // The insertion's own answer counts too: it must not find the key.
            None => match map.insert(key, cell()) {
                None => Answer::new(A::Filled, 0),
                Some(old) => Answer::new(A::Refilled, old.value()),
            },
        },
        OpKind::Delete => match map.remove(&key) {
            Some(old) => Answer::new(A::Removed, old.value()),
            None => Answer::new(A::Absent, 0),
        },
        OpKind::Update => match map.get_mut(&key) {
            Some(found) => {
                let old = found.value();
                *found = V::new(op.value, found.expiry_us());
                Answer::new(A::Updated, old)
            }
            None => Answer::new(A::Miss, 0),
        },
        OpKind::Clear => {
            let len = map.len() as u64;
            map.clear();
            Answer::new(A::Cleared, len)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn all_distinct(keys: &[u64], scale: u32) -> Spread {
        let space = IntSpace::new(keys, scale);
        let mut seen = HashSet::new();
        for copy in 0..scale {
            for id in 0..keys.len() as u32 {
                assert!(seen.insert(space.key(id, copy)), "{copy} {id}");
            }
        }
        space.spread
    }

    #[test]
    fn copies_of_integer_keys_never_meet() {
        let negative = -5i64 as u64;
        assert_eq!(
            all_distinct(&[negative, 0, 7], 100),
            Spread::Shift { stride: 16 }
        );
        assert_eq!(all_distinct(&[9], 3), Spread::Shift { stride: 1 });
        let wide = [i64::MIN as u64, i64::MAX as u64, 1, 2];
        assert_eq!(all_distinct(&wide, 100), Spread::Renumber { unique: 4 });
        assert_eq!(all_distinct(&wide, 1), Spread::Shift { stride: 0 });
        assert_eq!(IntSpace::new(&wide, 1).key(1, 0), i64::MAX as u64);
    }

    #[test]
    fn byte_keys_differ_by_bytes_and_by_copy() {
        let arena = b"abab".to_vec();
        let ends = [2, 4, 4];
        let space = ByteSpace::new(&arena, &ends);
        assert!(space.key(0, 1) == space.key(1, 1));
        assert!(space.key(0, 1) != space.key(0, 2));
        assert!(space.key(2, 0) != space.key(0, 0));
        assert_eq!(space.key(2, 0).bytes(), b"");
    }
}
