//! Batches answer as single operations do: with keys that repeat or are missing, in every
//! state of growth, whatever the hasher; and they lose nothing but their window to a panic.

use std::collections::HashMap as Model;
use std::fmt::Debug;
use std::hash::Hash;

use tidemap::{HashMap, HashSet};

use crate::ledger::{Entered, alive, reset, with_panic_at};
use crate::support::{Bent, Quality, Random, STATES, state_of};

/// Compares batch look-ups of present, absent and repeated keys with single ones.
fn compare<K: Hash + Eq + Debug>(map: &HashMap<K, u64, Bent>, keys: &[K], when: &str) {
    let single: Vec<Option<&u64>> = keys.iter().map(|key| map.get(key)).collect();
    let mut batch = map.get_many(keys);
    assert_eq!(batch.len(), keys.len(), "{when}");
    for (i, want) in single.iter().enumerate() {
        let found = batch.next().expect("an answer for each key");
        // The same entry, not an equal one.
        assert_eq!(
            found.map(std::ptr::from_ref),
            want.map(std::ptr::from_ref),
            "{when}: {:?}",
            keys[i]
        );
        assert_eq!(batch.len(), keys.len() - i - 1, "{when}");
    }
    assert!(batch.next().is_none() && batch.next().is_none());
    let contained: Vec<bool> = map.contains_many(keys).collect();
    let wanted: Vec<bool> = single.iter().map(Option::is_some).collect();
    assert_eq!(contained, wanted, "{when}");
}

/// Grows a map by batches of random length next to std's, and looks up in every state.
fn grow_by_batches<K: Hash + Eq + Clone + Debug>(
    quality: Quality,
    entries: u64,
    key: impl Fn(u64) -> K,
) -> [u32; STATES.len()] {
    let mut map: HashMap<K, u64, Bent> = HashMap::with_hasher(Bent(quality));
    let mut model: Model<K, u64> = Model::new();
    let mut random = Random(entries | 1);
    let mut seen = [0; STATES.len()];
    let mut made = 0;
    while made < entries {
        // New keys, keys that are there, and keys that repeat in the batch.
        let batch: Vec<(K, u64)> = (0..random.below(70))
            .map(|_| {
                let name = random.below(made / 2 + 40) + made / 2;
                (key(name), random.next())
            })
            .collect();
        made += 30;
        let before = model.len();
        if random.below(2) == 0 {
            let new = map.insert_many(batch.iter().cloned());
            model.extend(batch);
            assert_eq!(new, model.len() - before);
        } else {
            map.extend(batch.iter().cloned());
            model.extend(batch);
        }
        for _ in 0..random.below(10) {
            let name = key(random.below(made));
            assert_eq!(map.remove(&name), model.remove(&name));
        }
        assert_eq!(map.len(), model.len());
        let state = state_of(&map);
        if seen[state] < 40 || made >= entries {
            seen[state] += 1;
            let keys: Vec<K> = (0..100).map(|_| key(random.below(made + 60))).collect();
            compare(&map, &keys, STATES[state]);
            if entries < 3_000 {
                map.check_invariants();
            }
        }
    }
    map.check_invariants();
    let all: Vec<K> = model.keys().cloned().collect();
    compare(&map, &all, "at the end");
    assert!(
        map.get_many(&all)
            .zip(&all)
            .all(|(found, key)| found == model.get(key))
    );
    seen
}

#[test]
fn small_batches_answer_as_single_operations() {
    let entries = if cfg!(miri) { 200 } else { 2_000 };
    for quality in [
        Quality::Good,
        Quality::Low(3),
        Quality::High(3),
        Quality::Few(20),
    ] {
        grow_by_batches(quality, entries, |name| name);
    }
    grow_by_batches(Quality::Good, entries / 2, |name| format!("key {name}"));
}

#[test]
fn batches_in_maps_beyond_the_caches() {
    if cfg!(miri) {
        return;
    }
    let seen = grow_by_batches(Quality::Good, 200_000, |name| name);
    assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
    grow_by_batches(Quality::Good, 60_000, |name| format!("the key {name}"));
    let names: Vec<String> = (0..200_000)
        .map(|name| format!("borrowed {name}"))
        .collect();
    grow_by_batches(Quality::Good, 60_000, |name| names[name as usize].as_str());
}

#[test]
fn small_batches_of_nothing() {
    let mut map: HashMap<u64, u64> = HashMap::new();
    assert_eq!(map.get_many::<u64, _>(&[]).count(), 0);
    assert_eq!(map.get_many(&[1, 2]).collect::<Vec<_>>(), [None, None]);
    assert_eq!(map.insert_many([]), 0);
    assert_eq!(map.capacity(), 0);
    let mut set: HashSet<[u64; 64]> = HashSet::new();
    assert_eq!(set.insert_many([[1; 64], [2; 64], [1; 64]]), 2);
    assert_eq!(
        set.contains_many(&[[2; 64], [3; 64]]).collect::<Vec<_>>(),
        [true, false]
    );
    assert_eq!(set.get_many(&[[2; 64]]).next(), Some(set.get(&[2; 64])));
}

/// Keys are taken at most a window ahead, so a caller may stop and go on with the rest.
#[test]
fn small_batches_take_few_keys_ahead() {
    let map: HashMap<u64, u64> = (0..100).map(|i| (i, i)).collect();
    let keys: Vec<u64> = (0..100).collect();
    let mut taken = 0;
    let first = map
        .get_many(keys.iter().inspect(|_| taken += 1))
        .next()
        .flatten();
    assert_eq!(first, Some(&0));
    assert!(taken < 40, "{taken} keys taken for one answer");
}

/// User code that panics in a batch: what was not inserted is dropped, the map is valid.
#[test]
fn small_panics_in_batches() {
    for fill in [0u64, 20, if cfg!(miri) { 30 } else { 300 }] {
        let mut at = 0;
        loop {
            reset();
            let mut map: HashMap<Entered<0>, Entered<0>, Bent> =
                HashMap::with_hasher(Bent(Quality::Good));
            map.insert_many((0..fill).map(|name| (Entered::new(name), Entered::new(name))));
            let panicked = with_panic_at(at, || {
                let names = (fill / 2..fill + 20).chain(fill..fill + 5);
                map.insert_many(names.map(|name| (Entered::new(name), Entered::new(name))));
            });
            map.check_invariants();
            assert_eq!(alive(), 2 * map.len());
            let keys: Vec<Entered<0>> = (0..fill).map(Entered::new).collect();
            assert!(map.get_many(&keys).all(|found| found.is_some()));
            with_panic_at(at, || assert!(map.contains_many(&keys).all(|found| found)));
            drop((map, keys));
            assert_eq!(alive(), 0);
            if !panicked {
                break;
            }
            at += 1 + at / 8;
        }
    }
}
