//! Hostile keys: sets of keys that really collide under a known seed, and what maps do about them.
//!
//! Two kinds. *Chosen* keys have one and the same 64-bit hash under every first seed, because their second
//! half cancels the shared seed of hashers with a known one. *Colliding numbers* share the low hash bits
//! under one seed, found by search.

use std::cell::Cell;
use std::collections::HashMap as Model;
use std::hash::{BuildHasher, Hash, Hasher};

use tidemap::{DefaultHashBuilder, Entry, GrowthKind, HashMap, HashSet, bounds};

use crate::ledger::{Entered, alive, reset, with_panic_at};
use crate::support::{Random, STRESS};

thread_local! {
    static COMPARISONS: Cell<u64> = const { Cell::new(0) };
}

/// A key whose comparisons are counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    first: u64,
    second: u64,
}

/// What foldhash's fixed shared seed mixes with the last eight of sixteen bytes.
const CANCELS: u64 = 0x3f84_d5b5_b547_0917;

impl Key {
    pub(crate) fn chosen(name: u64) -> Key {
        Key {
            // Spread, so that under other seeds these are keys like others.
            first: name.wrapping_mul(0xd6e8_feb8_6659_fd93),
            second: CANCELS,
        }
    }

    /// From and to plain numbers, which a model holds.
    pub(crate) fn of((first, second): (u64, u64)) -> Key {
        Key { first, second }
    }

    pub(crate) fn plain(self) -> (u64, u64) {
        (self.first, self.second)
    }

    /// Whether it is one of about one in `part`.
    pub(crate) fn is_among(self, part: u64) -> bool {
        (self.first >> 7).is_multiple_of(part)
    }

    /// Every other key collides with the rest of its kind.
    pub(crate) fn mixed(name: u64) -> Key {
        if name.is_multiple_of(2) {
            Key::honest(name)
        } else {
            Key::chosen(name)
        }
    }

    pub(crate) fn honest(name: u64) -> Key {
        Key {
            first: name,
            second: name.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 << 63,
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        COMPARISONS.set(COMPARISONS.get() + 1);
        (self.first, self.second) == (other.first, other.second)
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.first.to_ne_bytes());
        bytes[8..].copy_from_slice(&self.second.to_ne_bytes());
        state.write(&bytes);
    }
}

pub(crate) type Known<K, V> = HashMap<K, V, DefaultHashBuilder>;

pub(crate) fn known<K, V>() -> Known<K, V> {
    HashMap::with_hasher(DefaultHashBuilder::with_seed(1))
}

/// Numbers whose hashes under seed 1 agree in the low bits.
fn colliding_numbers(bits: u32, count: usize) -> Vec<u64> {
    let hasher = DefaultHashBuilder::with_seed(1);
    let low = (1u64 << bits) - 1;
    (0..)
        .filter(|number| hasher.hash_one(number) & low == 0)
        .take(count)
        .collect()
}

fn is_reseeding<K, V, S>(map: &HashMap<K, V, S>) -> bool {
    map.growth()
        .is_some_and(|growth| growth.kind == GrowthKind::Reseed)
}

fn has_reseeded<K, V, S>(map: &HashMap<K, V, S>) -> bool {
    let log = map.growth_log();
    log.iter().any(|growth| growth.kind == GrowthKind::Reseed)
}

fn comparisons(act: impl FnOnce()) -> u64 {
    COMPARISONS.set(0);
    act();
    COMPARISONS.get()
}

pub(crate) fn assert_bounds<K, V, S>(map: &HashMap<K, V, S>) {
    let (entry, max) = (size_of::<(K, V)>(), map.stats().work_max);
    assert!(max.bytes_moved <= bounds::moved_bytes_max(entry), "{max:?}");
    assert!(max.fresh_pages <= bounds::fresh_pages_max(entry), "{max:?}");
    assert!(max.system_calls <= bounds::SYSTEM_CALLS_MAX, "{max:?}");
    assert!(
        max.allocator_calls <= bounds::ALLOCATOR_CALLS_MAX,
        "{max:?}"
    );
}

/// The hashes really collide: the sets of this file are no fakes.
#[test]
fn small_the_keys_collide() {
    let hasher = DefaultHashBuilder::with_seed(99);
    let hash = hasher.hash_one(Key::chosen(0));
    assert!((0..1_000).all(|name| hasher.hash_one(Key::chosen(name)) == hash));
    assert_ne!(hasher.hash_one(Key::honest(0)), hash);
    assert_ne!(
        hasher.hash_one(Key::honest(0)),
        hasher.hash_one(Key::honest(1))
    );
}

/// One attack on a map of `honest` entries. Returns the state in which the attack was noticed.
fn attack(honest: u64, chosen: u64) -> Option<GrowthKind> {
    let mut map: Known<Key, u64> = known();
    for name in 0..honest {
        map.insert(Key::honest(name), name);
    }
    assert_eq!(map.stats().reseeds, 0, "{honest} good keys");
    let mut worst = 0;
    let mut noticed = None;
    let mut state = None;
    let mut ended = None;
    for name in 0..chosen {
        let before = map.growth().map(|growth| growth.kind);
        let cost = comparisons(|| {
            map.insert(Key::chosen(name), name);
        });
        worst = worst.max(cost);
        if noticed.is_none() && map.stats().long_chains > 0 {
            noticed = Some(name);
            state = before;
            let chain = map.stats().last_long_chain.expect("it was noticed");
            assert!(
                chain.chain_entries >= bounds::LONG_CHAIN_ENTRIES,
                "{chain:?}"
            );
            assert!(chain.chain_entries as u64 <= name + 1 + 40, "{chain:?}");
        }
        if has_reseeded(&map) && ended.is_none() {
            ended = Some(name);
        }
        if honest < 3_000 && name % 16 == 0 {
            map.check_invariants();
        }
    }
    let stats = map.stats();
    let when = format!("{honest} honest keys, noticed while {state:?}, {stats:?}");
    let (noticed, ended) = (noticed.expect("noticed"), ended.expect(&when));
    // Back to normal within as many insertions as the map had entries.
    assert!(
        ended - noticed <= honest + noticed,
        "{noticed} to {ended}, {when}"
    );
    // Stress thresholds take some good keys for hostile ones.
    assert!(stats.reseeds == 1 || STRESS && stats.reseeds > 1, "{when}");
    assert_bounds(&map);
    // No insertion compared more than a long chain's worth of keys, and those of the growth
    // that a reseed may have had to wait for.
    let mut wait = if state == Some(GrowthKind::Relocating) {
        400
    } else if STRESS {
        // Steps that move four entries are long about a pinned chain of fifteen-slot buckets.
        128
    } else {
        64
    };
    if cfg!(tidemap_portable) {
        // The new array is got ready in steps.
        wait += stats.buckets as u64 / 16;
    }
    let load = (honest + chosen) / stats.buckets as u64;
    let long = (bounds::LONG_CHAIN_ENTRIES as u64).max(bounds::LONG_CHAIN_LOADS as u64 * 2 * load);
    assert!(worst <= long + wait, "{worst} comparisons, {when}");
    map.check_invariants();
    for name in 0..chosen {
        let cost = comparisons(|| assert_eq!(map.get(&Key::chosen(name)), Some(&name)));
        assert!(
            cost < if STRESS { 60 } else { 12 },
            "{cost} comparisons after the reseed"
        );
    }
    assert!((0..honest).all(|name| map.get(&Key::honest(name)) == Some(&name)));
    assert_eq!(map.len() as u64, honest + chosen);
    state
}

#[test]
fn small_colliding_keys_make_a_map_change_its_seed() {
    if cfg!(miri) {
        attack(30, 150);
        return;
    }
    let mut states = [0; 4];
    for honest in (100..4_000).step_by(if STRESS { 130 } else { 330 }) {
        let state = attack(honest, honest + 600);
        states[state.map_or(3, |kind| kind as usize)] += 1;
    }
    println!("noticed while in-place, relocating, same-size, calm: {states:?}");
    assert!(states[3] > 0 && states[1] + states[0] > 0, "{states:?}");
}

/// Arrays from page runs or segments, got ready and given back in steps.
#[test]
fn a_large_map_changes_its_seed() {
    if cfg!(miri) {
        return;
    }
    let states: Vec<_> = [26_000, 52_000, 85_000]
        .map(|honest| attack(honest, honest + 2_000))
        .into();
    assert!(
        STRESS || states.contains(&Some(GrowthKind::InPlace)),
        "{states:?}"
    );
}

/// The same keys against a hasher that cannot change its seed: every look-up walks the
/// chain, and the map says so.
#[test]
fn small_a_fixed_hasher_is_reported() {
    let mut map: HashMap<Key, u64, foldhash::fast::FixedState> = HashMap::default();
    let chosen = if cfg!(miri) { 150 } else { 2_000 };
    for name in 0..chosen {
        map.insert(Key::chosen(name), name);
    }
    let stats = map.stats();
    assert_eq!(stats.reseeds, 0);
    let doublings = u64::from((chosen as usize / bounds::LONG_CHAIN_ENTRIES).ilog2()) + 1;
    assert!(
        stats.long_chains >= 1 && stats.long_chains <= doublings,
        "{stats:?}"
    );
    let last = stats.last_long_chain.expect("an event");
    assert!(last.chain_entries as u64 * 2 >= chosen / 2, "{last:?}");
    assert!(stats.longest_chain_seen >= last.chain_buckets);
    assert!(last.load < last.chain_entries as f64 / 2.0, "{last:?}");
    let walked = comparisons(|| assert!(map.contains_key(&Key::chosen(chosen / 2))));
    assert!(walked > 10);
    assert_bounds(&map);
}

/// Keys that collide whatever the seed do not keep a map reseeding.
#[test]
fn small_keys_without_a_hash_do_not_reseed_for_ever() {
    #[derive(PartialEq, Eq, Clone, Copy)]
    struct Mute(u64);
    impl Hash for Mute {
        fn hash<H: Hasher>(&self, _: &mut H) {}
    }
    let mut set = HashSet::new();
    let entries: u64 = if cfg!(miri) { 120 } else { 3_000 };
    for name in 0..entries {
        assert!(set.insert(Mute(name)));
    }
    set.check_invariants();
    let stats = set.stats();
    let doublings = u64::from((entries as usize / bounds::LONG_CHAIN_ENTRIES).ilog2()) + 1;
    assert!(
        stats.reseeds >= 1 && stats.reseeds <= doublings,
        "{stats:?}"
    );
    assert!(
        stats.work_total.entries_moved < 8 * entries,
        "{:?}",
        stats.work_total
    );
    assert!((0..entries).all(|name| set.contains(&Mute(name))));
}

/// Good keys never look hostile.
#[test]
fn honest_keys_change_nothing() {
    if cfg!(miri) || STRESS {
        return; // thresholds are low on purpose
    }
    // Known seeds: with some of foldhash's, consecutive numbers pile up.
    for seed in 1..=3 {
        let mut map: HashMap<u64, u64> = HashMap::with_hasher(DefaultHashBuilder::with_seed(seed));
        for name in 0..300_000 {
            map.insert(name, name);
        }
        let stats = map.stats();
        assert_eq!((stats.long_chains, stats.reseeds), (0, 0), "{stats:?}");
    }
}

/// A map in the middle of a reseed, what it holds, and the keys that collide.
pub(crate) fn reseeding(honest: u64, steps: u64) -> (Known<Key, u64>, Model<(u64, u64), u64>) {
    let mut map = known();
    let mut model = Model::new();
    let mut add = |map: &mut Known<Key, u64>, key: Key| {
        map.insert(key, key.first);
        model.insert((key.first, key.second), key.first);
    };
    for name in 0..honest {
        add(&mut map, Key::honest(name));
    }
    let mut name = 0;
    while !map
        .growth()
        .is_some_and(|growth| growth.kind == GrowthKind::Reseed && growth.steps >= steps)
    {
        add(&mut map, Key::chosen(name));
        name += 1;
        assert!(name < 5_000, "no reseed");
    }
    (map, model)
}

pub(crate) fn assert_same(map: &Known<Key, u64>, model: &Model<(u64, u64), u64>) {
    map.check_invariants();
    let found: Model<(u64, u64), u64> = map
        .iter()
        .map(|(key, value)| ((key.first, key.second), *value))
        .collect();
    assert_eq!(found.len(), map.len());
    assert_eq!(&found, model);
    for (&(first, second), value) in model {
        assert_eq!(map.get(&Key { first, second }), Some(value));
    }
    let keys: Vec<Key> = model
        .keys()
        .map(|&(first, second)| Key { first, second })
        .collect();
    assert!(
        map.get_many(&keys)
            .zip(model.values())
            .all(|(found, value)| found == Some(value))
    );
}

/// Every operation in the middle of a reseed, against std's map.
#[test]
fn small_every_operation_while_the_seed_changes() {
    let honest = if cfg!(miri) { 25 } else { 400 };
    let rounds = if cfg!(miri) { 1 } else { 30 };
    let mut random = Random(17);
    let mut mid = [0u64; 10];
    for round in 0..rounds {
        let (mut map, mut model) = reseeding(honest, 1 + round * 5);
        for step in 0..if cfg!(miri) { 20 } else { 300 } {
            let name = random.below(honest + 200);
            let key = if random.below(2) == 0 {
                Key::honest(name)
            } else {
                Key::chosen(name)
            };
            let plain = (key.first, key.second);
            let operation = random.below(10);
            mid[operation as usize] += u64::from(is_reseeding(&map));
            match operation {
                0 | 1 => assert_eq!(map.insert(key, step), model.insert(plain, step)),
                2 => assert_eq!(map.remove(&key), model.remove(&plain)),
                3 => assert_eq!(map.get_mut(&key), model.get_mut(&plain)),
                4 => match map.entry(key) {
                    Entry::Occupied(entry) => {
                        assert_eq!(Some(entry.remove()), model.remove(&plain));
                    }
                    Entry::Vacant(entry) => {
                        assert_eq!(*entry.insert(step), *model.entry(plain).or_insert(step));
                    }
                },
                5 => {
                    let keys = [key, Key::honest(step), key];
                    let got: Vec<_> = map.get_many(&keys).collect();
                    let wanted: Vec<_> = keys
                        .iter()
                        .map(|key| model.get(&(key.first, key.second)))
                        .collect();
                    assert_eq!(got, wanted);
                }
                6 => {
                    let entries = (name..name + 20).map(|name| (Key::chosen(name), name));
                    map.insert_many(entries.clone());
                    model.extend(entries.map(|(key, name)| ((key.first, key.second), name)));
                }
                7 => assert_same(&map.clone(), &model),
                8 => map.reserve(random.below(300) as usize),
                _ => assert_eq!(map.contains_key(&key), model.contains_key(&plain)),
            }
            assert_eq!(map.len(), model.len());
            if step % 16 == 0 {
                assert_same(&map, &model);
            }
        }
        assert_same(&map, &model);
        assert_bounds(&map);
    }
    if !cfg!(miri) {
        assert!(mid.iter().all(|&times| times > 5), "{mid:?}");
    }
}

/// Operations on the whole map in the middle of a reseed.
#[test]
fn small_whole_map_operations_while_the_seed_changes() {
    let honest = if cfg!(miri) { 25 } else { 300 };
    let (mut map, mut model) = reseeding(honest, 3);
    map.retain(|key, _| key.first % 3 != 0);
    model.retain(|key, _| key.0 % 3 != 0);
    assert_same(&map, &model);
    map.finish();
    assert!(map.growth().is_none());
    assert_same(&map, &model);

    let (map, model) = reseeding(honest, 2);
    let copy = map.clone();
    assert!(copy == map);
    assert_eq!(copy.into_iter().count(), model.len());

    let (mut map, model) = reseeding(honest, 4);
    assert_eq!(map.drain().count(), model.len());
    assert!(map.is_empty() && map.growth().is_none());
    map.check_invariants();
    map.insert(Key::honest(1), 1);
    assert_eq!(map.get(&Key::honest(1)), Some(&1));

    let (mut map, _) = reseeding(honest, 4);
    map.clear();
    assert!(map.growth().is_none());
    assert!(!map.contains_key(&Key::honest(1)) && !map.contains_key(&Key::chosen(1)));
    map.check_invariants();

    // Look-ups for change and removals alone bring a reseed to its end.
    let (mut map, mut model) = reseeding(honest, 1);
    for round in 0..2 * map.len() as u64 {
        assert!(map.get_mut(&Key::honest(round % honest)).is_some());
    }
    assert!(!is_reseeding(&map));
    model.insert((0, CANCELS), 7);
    map.insert(Key::chosen(0), 7);
    assert_same(&map, &model);
}

/// Collisions found by search under one seed, with ordinary integer keys.
#[test]
fn numbers_that_collide_under_one_seed() {
    if cfg!(miri) {
        return;
    }
    let numbers = colliding_numbers(11, 1_500);
    let mut map = HashMap::with_hasher(DefaultHashBuilder::with_seed(1));
    for i in 0..2_000u64 {
        map.insert(i << 40, i);
    }
    for &number in &numbers {
        map.insert(number, number);
    }
    map.finish();
    let stats = map.stats();
    assert!(
        stats.reseeds == 1 || STRESS && stats.reseeds > 1,
        "{stats:?}"
    );
    assert!(stats.longest_chain_seen < 20, "{stats:?}");
    assert!(numbers.iter().all(|number| map.get(number) == Some(number)));
    map.check_invariants();
    assert_bounds(&map);

    // Elsewhere the same numbers are ordinary.
    let elsewhere: HashSet<u64> = numbers.iter().copied().collect();
    assert!(STRESS || elsewhere.stats().long_chains == 0);
}

/// `Hash` and `Eq` panic anywhere in a reseed: nothing is lost, and it goes on.
#[test]
fn small_panics_while_the_seed_changes() {
    let names = colliding_numbers(if cfg!(miri) { 6 } else { 9 }, 200);
    let mut at = 0;
    let mut panics = 0;
    loop {
        reset();
        let mut map: Known<Entered<0>, Entered<0>> = known();
        let mut fresh = names.iter();
        while !is_reseeding(&map) {
            let Some(&name) = fresh.next() else {
                panic!("no reseed")
            };
            map.insert(Entered::new(name), Entered::new(name));
        }
        let before: Vec<u64> = map.keys().map(|key| key.name).collect();
        let panicked = with_panic_at(at, || {
            for &name in before.iter().take(4) {
                assert!(map.get_mut(&Entered::new(name)).is_some());
            }
            for name in 0..6 {
                map.insert(Entered::new(1 << 50 | name), Entered::new(name));
            }
            map.finish();
        });
        map.check_invariants();
        assert_eq!(alive(), 2 * map.len());
        for &name in &before {
            assert!(map.get_mut(&Entered::new(name)).is_some(), "call {at}");
        }
        map.finish();
        assert!(!is_reseeding(&map));
        map.check_invariants();
        drop(map);
        assert_eq!(alive(), 0);
        if !panicked {
            break;
        }
        panics += 1;
        at += if at < 30 {
            1
        } else {
            at / if cfg!(miri) { 2 } else { 8 }
        };
    }
    assert!(panics > 20, "{panics}");
}
