//! The model test: random operations on a tidemap and on std's map side by side.
//!
//! Every return value is compared; both maps whole at intervals; invariants after
//! each mutation (small maps) or at intervals (large ones). The test asserts at the end that
//! every kind of operation occurred in every state of growth it can occur in.

use std::collections::HashMap as Model;
use std::hash::{BuildHasher, Hash};

use tidemap::{Budget, HashMap, Shrink};

use crate::support::{Bent, Quality, Random, STATES, STRESS, state_of};

const OPS: [&str; 17] = [
    "insert",
    "get",
    "get_mut",
    "remove",
    "remove_entry",
    "entry_insert",
    "entry_modify",
    "entry_remove",
    "contains",
    "reserve",
    "retain",
    "clone",
    "clear",
    "drain",
    "begin_shrink",
    "shrink_to",
    "advance",
];

/// How often each operation was run in each state.
#[derive(Default)]
pub(crate) struct Census([[u64; STATES.len()]; OPS.len()]);

impl Census {
    /// A kind of operation that this state has not seen, if the state is not calm.
    fn missing(&self, state: usize) -> Option<usize> {
        // From the first: the last ones end a growth.
        let ends = [16, 14, 15, 12, 13];
        (0..12)
            .chain(ends)
            .find(|&op| state > 0 && self.0[op][state] == 0)
    }

    fn assert_all(&self, states: impl IntoIterator<Item = usize> + Clone) {
        for (op, name) in OPS.iter().enumerate() {
            for state in states.clone() {
                assert!(
                    self.0[op][state] > 0,
                    "{name} never ran while {}",
                    STATES[state]
                );
            }
        }
    }
}

/// A walk of random operations; `drift` in percent says how much the map likes to grow.
pub(crate) struct Walk {
    pub(crate) seed: u64,
    pub(crate) ops: u64,
    pub(crate) keys: u64,
    pub(crate) check_every: u64,
    pub(crate) rare: u64,
}

pub(crate) fn walk<K, V, S>(
    plan: &Walk,
    hasher: S,
    key: impl Fn(u64) -> K,
    value: impl Fn(u64) -> V,
    census: &mut Census,
) where
    K: Hash + Eq + Clone + std::fmt::Debug,
    V: PartialEq + Clone + std::fmt::Debug,
    S: BuildHasher + Clone,
{
    println!("seed {}", plan.seed);
    let mut random = Random(plan.seed | 1);
    let mut map: HashMap<K, V, S> = HashMap::with_hasher(hasher.clone());
    let mut model: Model<K, V> = Model::new();
    // Phases of growing and shrinking, so that sizes sweep.
    let mut likes_growth = true;
    for step in 0..plan.ops {
        if random.below(plan.ops / 8 + 1) == 0 {
            likes_growth = !likes_growth;
        }
        let k = key(random.below(plan.keys));
        let v = value(random.next());
        let roll = random.below(1000);
        let rare = random.below(plan.rare) == 0;
        let state = state_of(&map);
        let op = match roll {
            // Growths that hold memory are short: what they lack goes first.
            _ if census.missing(state).is_some() => census.missing(state).unwrap_or(0),
            _ if rare => 9 + random.below(8) as usize,
            0..400 if likes_growth => 0,
            0..400 => 3,
            400..500 => 1,
            500..560 => 2,
            560..700 => 0,
            700..800 => 3,
            800..840 => 4,
            840..900 => 5,
            900..930 => 6,
            930..960 => 7,
            _ => 8,
        };
        census.0[op][state] += 1;
        match op {
            0 => assert_eq!(
                map.insert(k.clone(), v.clone()),
                model.insert(k, v),
                "step {step}"
            ),
            1 => {
                assert_eq!(map.get(&k), model.get(&k), "step {step}");
                assert_eq!(map.get_key_value(&k), model.get_key_value(&k));
            }
            2 => {
                let (mine, theirs) = (map.get_mut(&k), model.get_mut(&k));
                assert_eq!(mine, theirs, "step {step}");
                if let (Some(mine), Some(theirs)) = (mine, theirs) {
                    (*mine, *theirs) = (v.clone(), v);
                }
            }
            3 => assert_eq!(map.remove(&k), model.remove(&k), "step {step}"),
            4 => assert_eq!(map.remove_entry(&k), model.remove_entry(&k), "step {step}"),
            5 => {
                let mine = map.entry(k.clone()).or_insert(v.clone()).clone();
                assert_eq!(mine, *model.entry(k).or_insert(v), "step {step}");
            }
            6 => {
                let mine = map
                    .entry(k.clone())
                    .and_modify(|old| *old = v.clone())
                    .or_insert(v.clone())
                    .clone();
                let theirs = model
                    .entry(k)
                    .and_modify(|old| *old = v.clone())
                    .or_insert(v);
                assert_eq!(mine, *theirs, "step {step}");
            }
            7 => {
                use tidemap::Entry;
                let mine = match map.entry(k.clone()) {
                    Entry::Occupied(entry) => Some(entry.remove_entry()),
                    Entry::Vacant(_) => None,
                };
                assert_eq!(mine, model.remove_entry(&k), "step {step}");
            }
            8 => assert_eq!(map.contains_key(&k), model.contains_key(&k), "step {step}"),
            9 => {
                let more = random.below(plan.keys) as usize;
                map.reserve(more);
                assert!(map.capacity() >= map.len() + more);
            }
            10 => {
                // A decision that depends on the key alone, for both maps alike.
                let bits = random.next();
                let keep = |key: &K| {
                    let hash = foldhash::fast::FixedState::with_seed(bits).hash_one(key);
                    !hash.is_multiple_of(8)
                };
                map.retain(|key, _| keep(key));
                model.retain(|key, _| keep(key));
            }
            12 => {
                map.clear();
                model.clear();
            }
            11 => {
                let copy = map.clone();
                copy.check_invariants();
                assert_eq!(copy.len(), map.len());
                assert!(copy == map, "a clone differs at step {step}");
                // Goes on with the copy: its growth must work, too.
                map = copy;
            }
            14 => {
                map.begin_shrink_to(random.below(map.len() as u64 + 30) as usize);
                // From now on by itself, sometimes.
                map.set_shrink_policy(match random.below(3) {
                    0 => Shrink::Never,
                    _ => Shrink::WhenBelow(random.below(50) as f32 / 100.0),
                });
            }
            15 => {
                let least = random.below(plan.keys) as usize;
                let before = map.capacity();
                map.shrink_to(least);
                assert!(map.capacity() >= map.len().max(least.min(before)));
            }
            16 => {
                map.advance(Budget::buckets(random.below(200) as usize));
            }
            _ => {
                let taken = random.below(map.len() as u64 + 1) as usize;
                let drained: Vec<_> = map.drain().take(taken).collect();
                assert_eq!(drained.len(), taken);
                for (key, value) in &drained {
                    assert_eq!(model.get(key), Some(value), "step {step}");
                }
                assert!(map.is_empty());
                model.clear();
            }
        }
        assert_eq!(map.len(), model.len(), "step {step}");
        if step % plan.check_every == 0 {
            map.check_invariants();
        }
        if step % (plan.check_every * 16) == 0 || step + 1 == plan.ops {
            assert_eq!(map.iter().len(), model.len());
            let mut seen = 0;
            for (key, value) in &map {
                assert_eq!(model.get(key), Some(value), "step {step}");
                seen += 1;
            }
            assert_eq!(seen, model.len(), "step {step}");
        }
    }
    let mut entries = 0;
    for (key, value) in map {
        assert_eq!(model.remove(&key), Some(value));
        entries += 1;
    }
    assert!(
        model.is_empty(),
        "{} entries were lost, {entries} found",
        model.len()
    );
}

/// Fewer steps under Miri, which takes a thousand times as long.
fn scaled(ops: u64, under_miri: u64) -> u64 {
    if cfg!(miri) { under_miri } else { ops }
}

fn small_walks<K, V>(
    quality: Quality,
    seeds: u64,
    key: impl Fn(u64) -> K + Copy,
    value: impl Fn(u64) -> V + Copy,
) where
    K: Hash + Eq + Clone + std::fmt::Debug,
    V: PartialEq + Clone + std::fmt::Debug,
{
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
struct Long<const BYTES: usize>([u8; BYTES]);

impl<const BYTES: usize> Long<BYTES> {
    fn new(seed: u64) -> Self {
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
    for seed in 1..=4 {
        let plan = Walk {
            seed,
            ops: 300_000,
            keys: 40_000,
            check_every: 5_000,
            rare: 8_000,
        };
        walk(&plan, Bent(Quality::Good), |k| k, |v| v, &mut census);
    }
    println!("good hashes: {:?}", census.0);
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
    println!("bad hashes: {:?}", census.0);
    census.assert_all([0, 2, 3, 4]);
    if STRESS {
        census.assert_all([1]);
    }
}
