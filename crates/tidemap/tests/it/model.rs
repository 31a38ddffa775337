//! The model test: random operations on a tidemap and on std's map side by side.
//!
//! Every return value is compared; both maps whole at intervals; invariants after
//! each mutation (small maps) or at intervals (large ones). The test asserts at the end that
//! every kind of operation occurred in every state of growth it can occur in.

use std::collections::HashMap as Model;
use std::hash::{BuildHasher, Hash};

use tidemap::{GrowthKind, HashMap};

/// xorshift*, so that a seed is all there is to repeat a run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        (u128::from(self.next()) * u128::from(bound) >> 64) as u64
    }
}

const OPS: [&str; 14] = [
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
    "clear",
    "clone",
    "drain",
];

const STATES: [&str; 4] = ["calm", "in-place", "relocating", "same-size"];

/// How often each operation was run in each state.
#[derive(Default)]
pub(crate) struct Census([[u64; STATES.len()]; OPS.len()]);

impl Census {
    fn count<K, V, S>(&mut self, op: usize, map: &HashMap<K, V, S>) {
        let state = match map.growth().map(|growth| growth.kind) {
            None => 0,
            Some(GrowthKind::InPlace) => 1,
            Some(GrowthKind::Relocating) => 2,
            Some(_) => 3,
        };
        self.0[op][state] += 1;
    }

    fn assert_all(&self, states: &[usize]) {
        for (op, name) in OPS.iter().enumerate() {
            for &state in states {
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
        let op = match roll {
            _ if rare => 9 + random.below(5) as usize,
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
        census.count(op, &map);
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
                    hash % 8 != 0
                };
                map.retain(|key, _| keep(key));
                model.retain(|key, _| keep(key));
            }
            11 => {
                map.clear();
                model.clear();
            }
            12 => {
                let copy = map.clone();
                copy.check_invariants();
                assert_eq!(copy.len(), map.len());
                assert!(copy == map, "a clone differs at step {step}");
                // Goes on with the copy: its growth must work, too.
                map = copy;
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

fn scale() -> u64 {
    if cfg!(miri) { 1 } else { 100 }
}

#[test]
fn small_maps_of_numbers() {
    let mut census = Census::default();
    for seed in 1..=if cfg!(miri) { 2 } else { 40 } {
        let plan = Walk {
            seed,
            ops: 40 * scale(),
            keys: 10 * seed,
            check_every: 1,
            rare: 60,
        };
        walk(
            &plan,
            foldhash::fast::FixedState::default(),
            |k| k,
            |v| v,
            &mut census,
        );
    }
    census.assert_all(&[0]);
}

#[test]
fn large_maps_of_numbers_in_every_growth_state() {
    let mut census = Census::default();
    for seed in 1..=if cfg!(miri) { 1 } else { 6 } {
        let plan = Walk {
            seed,
            ops: 4_000 * scale(),
            keys: 400 * scale(),
            check_every: 5_000,
            rare: 2_000,
        };
        walk(
            &plan,
            foldhash::fast::FixedState::default(),
            |k| k,
            |v| v,
            &mut census,
        );
    }
    if !cfg!(miri) {
        census.assert_all(&[0, 1, 2]);
    }
}
