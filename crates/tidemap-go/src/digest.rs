//! Digest: one number for the whole memory of a trace's map.
//!
//! Two memories with the same digest have, bucket by bucket along every chain,
//! the same place (which spare was used), tophash bytes, key words, key lengths
//! and elem words, stale ones included.
//!
//! The oracle computes the same from raw memory; see `trace.rs` for how keys
//! and elems are made from numbers.

use crate::bucket::{CELLS, KeySlot};
use crate::bucket_array::BucketArray;
use crate::header::Hmap;
use crate::tophash::{EVACUATED_X, EVACUATED_Y};
use crate::trace::Kind;

const OFFSET: u64 = 14_695_981_039_346_656_037;
const PRIME: u64 = 1_099_511_628_211;
/// Stands for the place of a bucket outside the array.
const SEPARATE: u64 = 1 << 40;
/// Ends a chain.
const CHAIN_END: u64 = 0x00ab_cdef;
/// Stands for the elem of a moved cell whose box now belongs to the new cell.
const SHARED_BOX: u64 = 7777;

/// The bytes in a string made from `id`.
#[must_use]
pub fn string_len(id: u64) -> u64 {
    8 + id % 41
}

/// What Go reads back from an elem made from `value`.
#[must_use]
pub fn elem_word(kind: Kind, value: u64) -> u64 {
    if kind.has_string_elems() {
        value.wrapping_mul(1000).wrapping_add(string_len(value))
    } else if kind.number() == 2 {
        u64::from(value as u32)
    } else {
        value
    }
}

/// The digest of a map replayed from a trace of this kind.
#[must_use]
pub fn digest(kind: Kind, map: &Hmap<u64, u64>) -> u64 {
    let mut sum = OFFSET;
    for array in [map.buckets(), map.old_buckets()].into_iter().flatten() {
        digest_array(kind, array, &mut sum);
    }
    sum
}

fn digest_array(kind: Kind, array: &BucketArray<u64, u64>, sum: &mut u64) {
    let mut add = |word: u64| {
        *sum = (*sum ^ word).wrapping_mul(PRIME);
        *sum ^= *sum >> 29;
    };
    for main in 0..array.main() {
        for index in array.chain(main) {
            let bucket = array.bucket(index);
            add(if index < array.total() {
                index as u64
            } else {
                SEPARATE
            });
            add(u64::from_le_bytes(bucket.tophash));
            for cell in 0..CELLS {
                let (word, len) = key_words(kind, &bucket.keys[cell]);
                add(word);
                add(len);
                let moved = matches!(bucket.tophash[cell], EVACUATED_X | EVACUATED_Y);
                add(match bucket.elems[cell] {
                    _ if kind.number() == 6 && moved => SHARED_BOX,
                    None if kind.number() == 6 => u64::MAX,
                    None => 0,
                    Some(value) => elem_word(kind, value),
                });
            }
        }
        add(CHAIN_END);
    }
}

/// The first word and the length word of a key slot.
fn key_words(kind: Kind, slot: &KeySlot<u64>) -> (u64, u64) {
    match slot {
        KeySlot::Zero if kind.number() == 5 => (u64::MAX, 0),
        KeySlot::Zero => (0, 0),
        KeySlot::Length(len) => (0, *len as u64),
        KeySlot::Key(id) if kind.has_string_keys() => (*id, string_len(*id)),
        KeySlot::Key(id) if kind.number() == 7 => (*id, 1),
        KeySlot::Key(id) if kind.number() == 2 => (u64::from(*id as u32), 0),
        KeySlot::Key(id) => (*id, 0),
    }
}
