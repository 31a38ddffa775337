//! Parallel iteration: every entry once, in every state of growth, also when it stops early
//! or panics.

use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::iter::{
    IntoParallelIterator, IntoParallelRefIterator, IntoParallelRefMutIterator, ParallelExtend,
    ParallelIterator,
};
use tidemap::{Budget, DefaultHashBuilder, GrowthKind, HashMap, HashSet};

const MOST: u64 = if cfg!(any(tidemap_stress, miri)) {
    700
} else {
    60_000
};

/// Maps of many sizes, each in the middle of whatever it was doing.
fn in_every_state(check: impl Fn(HashMap<u64, String>)) {
    let mut map = HashMap::new();
    let mut seen = BTreeSet::new();
    let mut calm = false;
    let mut next = 0;
    for key in 0..MOST {
        map.insert(key, key.to_string());
        let kind = map.growth().map(|growth| growth.kind);
        let rare = kind.is_some_and(|kind| seen.insert(kind.as_str()));
        if rare || key == next {
            calm |= kind.is_none();
            next = key + key / 3 + 1;
            // A clone has the same layout, cursor and all; only chains need no compaction.
            let copy = map.clone();
            if kind != Some(GrowthKind::SameSize) {
                assert_eq!(copy.growth().map(|growth| growth.kind), kind);
            }
            check(copy);
        }
    }
    assert!(
        calm && seen.contains(GrowthKind::Relocating.as_str()),
        "{seen:?}"
    );
    if cfg!(not(any(tidemap_portable, miri, windows))) {
        assert!(seen.contains(GrowthKind::InPlace.as_str()), "{seen:?}");
    }
}

#[test]
fn small_shared_iteration_meets_every_entry_once() {
    in_every_state(|map| {
        let mut keys: Vec<u64> = map.par_iter().map(|(key, _)| *key).collect();
        keys.sort_unstable();
        assert!(keys.iter().copied().eq(0..map.len() as u64));
        assert_eq!(map.par_keys().count(), map.len());
        let bytes: usize = map.values().map(String::len).sum();
        assert_eq!(map.par_values().map(String::len).sum::<usize>(), bytes);
        assert!(map.par_eq(&map.clone()));
    });
}

#[test]
fn small_changes_reach_every_value_once() {
    in_every_state(|mut map| {
        map.par_iter_mut().for_each(|(key, value)| {
            assert_eq!(*value, key.to_string());
            value.push('!');
        });
        map.par_values_mut().for_each(|value| value.push('?'));
        assert!(map.iter().all(|(key, value)| *value == format!("{key}!?")));
        map.check_invariants();
    });
}

#[test]
fn small_entries_are_taken_once_each() {
    in_every_state(|mut map| {
        let len = map.len() as u64;
        let copy = map.clone();
        let mut drained: Vec<_> = map.par_drain().map(|(key, _)| key).collect();
        drained.sort_unstable();
        assert!(drained.into_iter().eq(0..len));
        assert!(map.is_empty());
        map.check_invariants();
        map.insert(1, String::new());
        map.check_invariants();
        assert!(
            copy.into_par_iter()
                .all(|(key, value)| value == key.to_string())
        );
    });
}

/// Maps in the middle of a shrink, after a number of steps and merely asked.
fn shrinking(steps: u64) -> HashMap<u64, String> {
    let mut map: HashMap<u64, String> = (0..MOST / 4).map(|key| (key, key.to_string())).collect();
    map.reserve_now(MOST as usize);
    assert!(map.begin_shrink());
    while map.growth().is_some_and(|growth| growth.steps < steps) {
        map.advance(Budget::buckets(1));
    }
    map
}

/// Maps in the middle of a change of the seed, because their keys collide under the first one.
fn reseeding(steps: u64) -> HashMap<u64, String> {
    let hasher = DefaultHashBuilder::with_seed(1);
    let low = if cfg!(miri) { 0x3f } else { 0x1ff };
    let mut names = (0..).filter(|name| hasher.hash_one(name) & low == 0);
    let mut map = HashMap::with_hasher(hasher.clone());
    while !map.growth().is_some_and(|growth| {
        growth.kind == GrowthKind::Reseed && (growth.steps >= steps || growth.entries_moved > 50)
    }) {
        let name: u64 = names.next().expect("no end of numbers");
        map.insert(name, name.to_string());
        assert!(map.len() < 5_000, "no reseed");
    }
    map
}

#[test]
fn small_maps_that_shrink_or_reseed_are_walked_in_parallel() {
    let ways = [shrinking, reseeding];
    for (number, make) in ways.into_iter().enumerate() {
        for steps in [0, 1, 3, 8, 20] {
            let mut map = make(steps);
            let kind = [GrowthKind::Shrink, GrowthKind::Reseed][number];
            assert!(
                steps > 1 || map.growth().is_some_and(|growth| growth.kind == kind),
                "{steps} steps, {:?}",
                map.growth()
            );
            let mut wanted: Vec<u64> = map.keys().copied().collect();
            wanted.sort_unstable();
            let sorted = |mut keys: Vec<u64>| {
                keys.sort_unstable();
                keys
            };
            assert_eq!(sorted(map.par_keys().copied().collect()), wanted);
            map.par_iter_mut().for_each(|(key, value)| {
                assert_eq!(*value, key.to_string());
                value.push('!');
            });
            map.check_invariants();
            assert!(map.iter().all(|(key, value)| *value == format!("{key}!")));
            let copy = map.clone();
            assert!(map.par_eq(&copy));
            assert_eq!(
                sorted(copy.into_par_iter().map(|(key, _)| key).collect()),
                wanted
            );
            let fresh = make(steps);
            assert_eq!(
                sorted(fresh.into_par_iter().map(|(key, _)| key).collect()),
                wanted
            );
            // Stopped early: what nobody took is dropped, and the map is as good as new.
            let found = map.par_drain().find_any(|(key, _)| *key == wanted[0]);
            assert!(found.is_some() && map.is_empty());
            map.check_invariants();
            let mut drained = make(steps);
            assert_eq!(
                sorted(drained.par_drain().map(|(key, _)| key).collect()),
                wanted
            );
            for map in [&mut map, &mut drained] {
                map.extend(wanted.iter().map(|&key| (key, key.to_string())));
                map.check_invariants();
                map.finish();
                assert_eq!(map.len(), wanted.len());
                map.check_invariants();
            }
        }
    }
}

/// Counts drops.
struct Counted<'a>(&'a AtomicUsize);
impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn small_what_nobody_asks_for_is_dropped() {
    for len in [0, 1, 3, 9, 100, 2_000] {
        let drops = AtomicUsize::new(0);
        let fill = || (0..len).map(|key| (key, Counted(&drops)));
        let mut map: HashMap<usize, Counted> = fill().collect();
        // Found at once, so most are left.
        let found = map.par_drain().find_any(|_| true);
        assert_eq!(found.is_some(), len > 0);
        drop(found);
        assert_eq!(drops.swap(0, Ordering::Relaxed), len);
        assert!(map.is_empty());
        map.extend(fill());
        drop(map.par_drain());
        assert_eq!(drops.swap(0, Ordering::Relaxed), len);
        map.extend(fill());
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            map.into_par_iter()
                .for_each(|(key, _)| assert!(key != len / 2, "as asked"));
        }));
        assert_eq!(panicked.is_err(), len > 0);
        assert_eq!(drops.load(Ordering::Relaxed), len);
    }
}

#[test]
fn small_parallel_collections_equal_serial_ones() {
    let pairs = || (0..3_000_u64).map(|i| (i % 1_000, i % 1_000 + 1));
    let serial: HashMap<u64, u64> = pairs().collect();
    let parallel: HashMap<u64, u64> = pairs().collect::<Vec<_>>().into_par_iter().collect();
    assert_eq!(serial, parallel);
    let mut extended = HashMap::from([(5, 0), (5_000, 7)]);
    extended.par_extend(serial.par_iter());
    assert_eq!(
        (extended[&5], extended[&5_000], extended.len()),
        (6, 7, 1_001)
    );
}

#[test]
fn small_set_operations_equal_serial_ones() {
    let a: HashSet<u32> = (0..900).collect();
    let b: HashSet<u32> = (600..1_000).into_par_iter().collect();
    let serial: HashSet<u32> = a.union(&b).copied().collect();
    assert_eq!(serial, a.par_union(&b).copied().collect());
    let serial: HashSet<u32> = a.difference(&b).copied().collect();
    assert_eq!(serial, a.par_difference(&b).copied().collect());
    let serial: HashSet<u32> = a.intersection(&b).copied().collect();
    assert_eq!(serial, a.par_intersection(&b).copied().collect());
    let serial: HashSet<u32> = a.symmetric_difference(&b).copied().collect();
    assert_eq!(serial, a.par_symmetric_difference(&b).copied().collect());
    assert!(!a.par_is_subset(&b) && !a.par_is_superset(&b) && !a.par_is_disjoint(&b));
    assert!(serial.par_is_superset(&serial) && !a.par_eq(&b));
    let mut c = HashSet::new();
    c.par_extend(&a);
    assert_eq!(c.par_drain().max(), Some(899));
    assert_eq!(a.into_par_iter().count(), 900);
}
