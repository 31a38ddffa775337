//! Random operations on a tidemap and on std's map side by side: what the model test
//! (`model.rs`) and its long run (`model_long.rs`) are made of.
//!
//! Every return value is compared; both maps whole at intervals; invariants after
//! each mutation (small maps) or at intervals (large ones). A census says which
//! operation ran in which state of growth.

use std::collections::HashMap as Model;
use std::fmt::Debug;
use std::hash::{BuildHasher, Hash};

use tidemap::{GrowthKind, HashMap, Sweep};

use crate::support::{Random, STATES, state_of};
use crate::walk_ops::operations;

/// The states of [`STATES`], and a change of the seed.
pub(crate) const COLUMNS: usize = STATES.len() + 1;
pub(crate) const RESEEDING: usize = STATES.len();

fn column_of<K, V, S>(map: &HashMap<K, V, S>) -> usize {
    match map.growth().map(|growth| growth.kind) {
        Some(GrowthKind::Reseed) => RESEEDING,
        _ => state_of(map),
    }
}

pub(crate) trait Key: Hash + Eq + Clone + Debug {}
impl<K: Hash + Eq + Clone + Debug> Key for K {}
pub(crate) trait Value: PartialEq + Clone + Debug {}
impl<V: PartialEq + Clone + Debug> Value for V {}

/// How often each operation was run in each state.
#[derive(Default)]
pub(crate) struct Census {
    names: Vec<&'static str>,
    times: Vec<[u64; COLUMNS]>,
}

impl Census {
    fn name(&mut self, names: impl Iterator<Item = &'static str>) {
        self.names = names.collect();
        self.times.resize(self.names.len(), [0; COLUMNS]);
    }

    /// The first kind of operation that this state has not seen.
    fn missing(&self, column: usize) -> Option<usize> {
        self.times.iter().position(|times| times[column] == 0)
    }

    pub(crate) fn assert_all(&self, columns: impl IntoIterator<Item = usize> + Clone) {
        assert!(!self.names.is_empty(), "no walk was counted");
        for (name, times) in self.names.iter().zip(&self.times) {
            for column in columns.clone() {
                let state = STATES.get(column).unwrap_or(&"reseeding");
                assert!(times[column] > 0, "{name} never ran while {state}");
            }
        }
    }

    /// Operations in each state.
    pub(crate) fn sums(&self) -> [u64; COLUMNS] {
        let mut sums = [0; COLUMNS];
        for times in &self.times {
            for (sum, times) in sums.iter_mut().zip(times) {
                *sum += times;
            }
        }
        sums
    }
}

/// A walk of random operations.
#[derive(Debug)]
pub(crate) struct Walk {
    pub(crate) seed: u64,
    pub(crate) ops: u64,
    /// Different keys, hence the most entries.
    pub(crate) keys: u64,
    pub(crate) check_every: u64,
    /// One operation in so many is on the whole map.
    pub(crate) rare: u64,
}

/// Map and model, and what operations on them need.
pub(crate) struct Pair<'a, K, V, S> {
    pub(crate) map: HashMap<K, V, S>,
    pub(crate) model: Model<K, V>,
    pub(crate) random: Random,
    pub(crate) keys: u64,
    /// A hasher as the first map had it.
    pub(crate) hasher: S,
    /// A walk in steps, which goes on over many operations.
    pub(crate) sweep: Sweep,
    key: &'a dyn Fn(u64) -> K,
    value: &'a dyn Fn(u64) -> V,
}

impl<K: Key, V: Value, S: BuildHasher + Clone> Pair<'_, K, V, S> {
    pub(crate) fn key(&mut self) -> K {
        (self.key)(self.random.below(self.keys))
    }

    pub(crate) fn value(&mut self) -> V {
        (self.value)(self.random.next())
    }

    /// Up to 150 keys, so that batches are longer than their window.
    pub(crate) fn some_keys(&mut self) -> Vec<K> {
        (0..self.random.below(150)).map(|_| self.key()).collect()
    }

    /// A decision that depends on the key alone, for both maps alike: one key in eight.
    pub(crate) fn pick(&mut self) -> impl Fn(&K) -> bool + use<K, V, S> {
        let hasher = foldhash::fast::FixedState::with_seed(self.random.next());
        move |key| hasher.hash_one(key).is_multiple_of(8)
    }

    fn compare_whole(&self) {
        let Pair { map, model, .. } = self;
        assert_eq!(map.iter().len(), model.len());
        let mut seen = 0;
        for (key, value) in map {
            assert_eq!(model.get(key), Some(value));
            seen += 1;
        }
        assert_eq!(seen, model.len());
    }
}

pub(crate) fn walk<K: Key, V: Value, S: BuildHasher + Clone>(
    plan: &Walk,
    hasher: S,
    key: impl Fn(u64) -> K,
    value: impl Fn(u64) -> V,
    census: &mut Census,
) {
    println!("{plan:?}");
    let [common, whole] = operations();
    census.name(common.iter().chain(&whole).map(|(name, ..)| *name));
    // By their weights.
    let wheel = |likes_growth: bool| -> Vec<usize> {
        let weighted = common.iter().enumerate();
        weighted
            .flat_map(|(op, &(_, growing, falling, _))| {
                let weight = if likes_growth { growing } else { falling };
                std::iter::repeat_n(op, weight)
            })
            .collect()
    };
    let wheels = [wheel(false), wheel(true)];
    let mut pair = Pair {
        map: HashMap::with_hasher(hasher.clone()),
        model: Model::new(),
        random: Random(plan.seed | 1),
        keys: plan.keys,
        hasher,
        sweep: Sweep::new(),
        key: &key,
        value: &value,
    };
    // Phases of growing and of falling, so that sizes sweep.
    let mut likes_growth = true;
    for step in 0..plan.ops {
        if pair.random.below(plan.ops / 8 + 1) == 0 {
            likes_growth = !likes_growth;
        }
        let wheel = &wheels[usize::from(likes_growth)];
        let usual = wheel[pair.random.below(wheel.len() as u64) as usize];
        let rare = pair.random.below(plan.rare) == 0;
        let column = column_of(&pair.map);
        // Growths are short: what they lack goes first. Calm maps have time.
        let missing = (column > 0 || step > plan.ops / 4 * 3)
            .then(|| census.missing(column))
            .flatten();
        let op = match missing {
            Some(op) => op,
            None if rare => common.len() + pair.random.below(whole.len() as u64) as usize,
            None => usual,
        };
        census.times[op][column] += 1;
        let (name, .., act) = common.iter().chain(&whole).nth(op).expect("in the table");
        act(&mut pair);
        assert_eq!(
            pair.map.len(),
            pair.model.len(),
            "step {step}, after {name}"
        );
        if step % plan.check_every == 0 {
            pair.map.check_invariants();
        }
        if step % (plan.check_every * 16) == 0 || step + 1 == plan.ops {
            pair.compare_whole();
        }
    }
    let Pair { map, mut model, .. } = pair;
    for (key, value) in map {
        assert_eq!(model.remove(&key), Some(value));
    }
    assert!(model.is_empty(), "{} entries were lost", model.len());
}
