//! The model test: walks of random operations on a tidemap and on std's map side by side, over
//! keys, values and hashers of many kinds; in the end every kind of operation has occurred in
//! every state of growth it can occur in.

use tidemap::DefaultHashBuilder;

use crate::hostile;
use crate::support::{Bent, Quality, STRESS};
use crate::walk::{Census, Key, RESEEDING, Value, Walk, walk};

/// Fewer steps under Miri, which takes a thousand times as long.
fn scaled(ops: u64, under_miri: u64) -> u64 {
    if cfg!(miri) { under_miri } else { ops }
}

fn small_walks<K: Key, V: Value>(
    quality: Quality,
    seeds: u64,
    key: impl Fn(u64) -> K + Copy,
    value: impl Fn(u64) -> V + Copy,
) {
    let mut census = Census::default();
    for seed in 1..=scaled(seeds, 1) {
        let plan = Walk {
            seed,
            ops: scaled(4_000, 150),
            keys: scaled(20 + 17 * seed, 40),
            check_every: scaled(1, 10),
            rare: 60,
        };
        walk(&plan, Bent(quality), key, value, &mut census);
    }
    if !cfg!(miri) {
        census.assert_all([0]);
    }
}

#[test]
fn small_maps_of_numbers() {
    small_walks(Quality::Good, 30, |k| k, |v| v);
}

#[test]
fn small_maps_of_strings() {
    let key = |k| format!("the key {k}");
    small_walks(Quality::Good, 10, key, |v| v.to_string());
    small_walks(Quality::Few(5), 3, key, |v| v.to_string());
}

#[test]
fn small_maps_of_nothing() {
    small_walks(Quality::Good, 3, |_| (), |_| ());
    small_walks(Quality::Good, 3, |_| (), |v| v);
    small_walks(Quality::Good, 5, |k| k, |_| ());
}

#[test]
fn small_maps_of_bytes() {
    small_walks(Quality::Good, 5, |k| k as u8, |v| v as u8);
    small_walks(Quality::Good, 5, |k| k as u16, |_| ());
    small_walks(Quality::Good, 5, |k| [k as u8; 3], |v| [v as u16; 3]);
    small_walks(Quality::Few(3), 3, |k| k as u8, |v| v as u8);
}

#[test]
fn small_maps_with_colliding_hashes() {
    for quality in [
        Quality::One,
        Quality::Few(2),
        Quality::Few(7),
        Quality::Low(3),
        Quality::Low(64 - 1),
        Quality::High(4),
        Quality::High(8),
        Quality::Identity,
    ] {
        small_walks(quality, 5, |k| k, |v| v);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(align(64))]
struct Aligned64(u64);
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(align(128))]
struct Aligned128(u64);
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(align(4096))]
struct Aligned4096(u64);

/// `BYTES` of a pattern that no other number has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Long<const BYTES: usize>([u8; BYTES]);

impl<const BYTES: usize> Long<BYTES> {
    pub(crate) fn new(seed: u64) -> Self {
        let bytes = seed.to_le_bytes();
        Long(core::array::from_fn(|i| {
            bytes[i % 8].wrapping_add((i / 8) as u8)
        }))
    }
}

#[test]
fn small_maps_of_aligned_entries() {
    small_walks(Quality::Good, 3, |k| k, Aligned64);
    small_walks(Quality::Few(4), 2, Aligned128, |v| v);
    small_walks(Quality::Good, 3, |k| k, Aligned4096);
    small_walks(Quality::Few(4), 2, Aligned4096, Aligned64);
}

#[test]
fn small_maps_of_long_entries() {
    small_walks(Quality::Good, 3, |k| k, Long::<100>::new);
    if !cfg!(miri) {
        small_walks(Quality::Good, 3, |k| k, Long::<300>::new);
        small_walks(Quality::Good, 4, |k| k, Long::<5_000>::new);
        small_walks(Quality::Few(3), 2, |k| k, Long::<5_000>::new);
        small_walks(Quality::Good, 2, |k| k, Long::<20_000>::new);
    }
}

/// Every kind of operation in every state of growth, with good and with bad hashes.
#[test]
fn every_operation_in_every_growth_state() {
    if cfg!(miri) {
        return;
    }
    let mut census = Census::default();
    for seed in 1..=6 {
        let plan = Walk {
            seed,
            ops: 400_000,
            keys: 60_000,
            check_every: 10_000,
            rare: 20_000,
        };
        walk(&plan, Bent(Quality::Good), |k| k, |v| v, &mut census);
    }
    println!("good hashes: {:?}", census.sums());
    census.assert_all([0, 1, 2, 4]);

    let mut census = Census::default();
    for seed in 1..=3 {
        let plan = Walk {
            seed,
            ops: 40_000,
            keys: 900,
            check_every: 20,
            rare: 700,
        };
        walk(&plan, Bent(Quality::Low(3)), |k| k, |v| v, &mut census);
        walk(&plan, Bent(Quality::Few(8)), |k| k, |v| v, &mut census);
        walk(
            &plan,
            Bent(Quality::Good),
            |k| k,
            Long::<700>::new,
            &mut census,
        );
    }
    println!("bad hashes: {:?}", census.sums());
    census.assert_all([0, 2, 3, 4]);
    if STRESS {
        census.assert_all([1]);
    }
}

/// Every kind of operation while a map changes its seed, because half of its keys collide.
#[test]
fn every_operation_while_a_map_reseeds() {
    if cfg!(miri) {
        return;
    }
    let mut census = Census::default();
    for seed in 1..=6 {
        let plan = Walk {
            seed,
            ops: 30_000,
            keys: 600,
            check_every: 30,
            rare: 200,
        };
        let hasher = DefaultHashBuilder::with_seed(1);
        walk(&plan, hasher, hostile::Key::mixed, |v| v, &mut census);
    }
    println!("keys that collide: {:?}", census.sums());
    census.assert_all([RESEEDING]);
}
