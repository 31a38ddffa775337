//! The operations of a walk: each does the same to a tidemap and to std's map, and compares.

use std::hash::BuildHasher;

use tidemap::hash_map::EntryRef;
use tidemap::{Budget, Entry, HashMap, Shrink, Sweep, TryInsertError};

use crate::walk::{Key, Pair, Value};

/// A name; how often while the map shall grow, and while it shall fall; and what is done.
pub(crate) type Operation<K, V, S> = (&'static str, usize, usize, fn(&mut Pair<'_, K, V, S>));

type Operations<K, V, S> = Vec<Operation<K, V, S>>;

/// Operations on entries, and those on the whole map, which come by their own rule.
/// The last ones end a growth.
pub(crate) fn operations<K: Key, V: Value, S: BuildHasher + Clone>() -> [Operations<K, V, S>; 2] {
    let common: Operations<K, V, S> = vec![
        ("insert", 54, 14, |pair| {
            let (k, v) = (pair.key(), pair.value());
            assert_eq!(
                pair.map.insert(k.clone(), v.clone()),
                pair.model.insert(k, v)
            );
        }),
        ("get", 10, 10, |pair| {
            let k = pair.key();
            assert_eq!(pair.map.get(&k), pair.model.get(&k));
            assert_eq!(pair.map.get_key_value(&k), pair.model.get_key_value(&k));
        }),
        ("get_mut", 6, 6, |pair| {
            let (k, v) = (pair.key(), pair.value());
            let (mine, theirs) = (pair.map.get_mut(&k), pair.model.get_mut(&k));
            assert_eq!(mine, theirs);
            if let (Some(mine), Some(theirs)) = (mine, theirs) {
                (*mine, *theirs) = (v.clone(), v);
            }
        }),
        ("remove", 10, 50, |pair| {
            let k = pair.key();
            assert_eq!(pair.map.remove(&k), pair.model.remove(&k));
        }),
        ("remove_entry", 4, 4, |pair| {
            let k = pair.key();
            assert_eq!(pair.map.remove_entry(&k), pair.model.remove_entry(&k));
        }),
        ("entry_insert", 6, 6, |pair| {
            let (k, v) = (pair.key(), pair.value());
            let mine = pair.map.entry(k.clone()).or_insert(v.clone()).clone();
            assert_eq!(mine, *pair.model.entry(k).or_insert(v));
        }),
        ("entry_modify", 3, 3, |pair| {
            let (k, v) = (pair.key(), pair.value());
            let mine = pair.map.entry(k.clone()).and_modify(|old| *old = v.clone());
            let mine = mine.or_insert(v.clone()).clone();
            let theirs = pair.model.entry(k).and_modify(|old| *old = v.clone());
            assert_eq!(mine, *theirs.or_insert(v));
        }),
        ("entry_remove", 3, 3, |pair| {
            let k = pair.key();
            let mine = match pair.map.entry(k.clone()) {
                Entry::Occupied(entry) => Some(entry.remove_entry()),
                Entry::Vacant(_) => None,
            };
            assert_eq!(mine, pair.model.remove_entry(&k));
        }),
        ("entry_ref", 2, 2, |pair| {
            let (k, v) = (pair.key(), pair.value());
            let mine = match pair.map.entry_ref(&k) {
                EntryRef::Occupied(entry) => entry.into_mut(),
                EntryRef::Vacant(entry) => entry.insert_with_key(k.clone(), v.clone()),
            }
            .clone();
            assert_eq!(mine, *pair.model.entry(k).or_insert(v));
        }),
        ("try_insert", 2, 2, |pair| {
            let (k, v) = (pair.key(), pair.value());
            match pair.map.try_insert(k.clone(), v.clone()) {
                Ok(_) => assert_eq!(pair.model.insert(k, v), None),
                Err(TryInsertError::Occupied(error)) => {
                    assert_eq!(Some(error.entry.get()), pair.model.get(&k));
                }
                Err(error) => panic!("{error:?}"),
            }
        }),
        ("contains", 4, 4, |pair| {
            let k = pair.key();
            assert_eq!(pair.map.contains_key(&k), pair.model.contains_key(&k));
        }),
        ("get_disjoint_mut", 1, 1, |pair| {
            let (a, b, v) = (pair.key(), pair.key(), pair.value());
            if a != b {
                let [mine_a, mine_b] = pair.map.get_disjoint_mut([&a, &b]);
                let [a, b] = pair.model.get_disjoint_mut([&a, &b]);
                assert_eq!((&mine_a, &mine_b), (&a, &b));
                if let (Some(mine), Some(theirs)) = (mine_b, b) {
                    (*mine, *theirs) = (v.clone(), v);
                }
            }
        }),
    ];
    [common, whole()]
}

fn whole<K: Key, V: Value, S: BuildHasher + Clone>() -> Operations<K, V, S> {
    fn rare<K, V, S>(name: &'static str, act: fn(&mut Pair<'_, K, V, S>)) -> Operation<K, V, S> {
        (name, 0, 0, act)
    }
    vec![
        rare("get_many", |pair| {
            let keys = pair.some_keys();
            let found = pair.map.get_many(&keys);
            assert!(found.eq(keys.iter().map(|key| pair.model.get(key))));
        }),
        rare("contains_many", |pair| {
            let keys = pair.some_keys();
            let found = pair.map.contains_many(&keys);
            assert!(found.eq(keys.iter().map(|key| pair.model.contains_key(key))));
        }),
        rare("insert_many", |pair| {
            let keys = pair.some_keys();
            let entries: Vec<_> = keys.into_iter().map(|key| (key, pair.value())).collect();
            let (mine, before) = (pair.map.insert_many(entries.clone()), pair.model.len());
            pair.model.extend(entries);
            assert_eq!(mine, pair.model.len() - before);
        }),
        rare("reserve", |pair| {
            let more = pair.random.below(pair.keys) as usize;
            pair.map.reserve(more);
            assert!(pair.map.capacity() >= pair.map.len() + more);
        }),
        rare("retain", |pair| {
            let goes = pair.pick();
            pair.map.retain(|key, _| !goes(key));
            pair.model.retain(|key, _| !goes(key));
        }),
        rare("retain_step", |pair| {
            let (goes, budget) = (pair.pick(), budget(pair));
            let mut gone = Vec::new();
            let progress = pair.map.retain_step(&mut pair.sweep, budget, |key, _| {
                let goes = goes(key);
                gone.extend(goes.then(|| key.clone()));
                !goes
            });
            assert!(gone.iter().all(|key| pair.model.remove(key).is_some()));
            again(pair, progress.is_done);
        }),
        rare("extract_step", |pair| {
            let (goes, budget) = (pair.pick(), budget(pair));
            let model = &mut pair.model;
            let progress = pair.map.extract_step(
                &mut pair.sweep,
                budget,
                |key, _| goes(key),
                |key, value| assert_eq!(model.remove(&key), Some(value)),
            );
            again(pair, progress.is_done);
        }),
        rare("visit_step", |pair| {
            let (budget, fresh) = (budget(pair), pair.value());
            let model = &mut pair.model;
            let progress = pair.map.visit_step(&mut pair.sweep, budget, |key, value| {
                let theirs = model.get_mut(key).expect("an entry of the map only");
                assert_eq!(value, theirs);
                (*value, *theirs) = (fresh.clone(), fresh.clone());
            });
            again(pair, progress.is_done);
        }),
        rare("extract_if", |pair| {
            let goes = pair.pick();
            let most = pair.random.below(40) as usize;
            for (key, value) in pair.map.extract_if(|key, _| goes(key)).take(most) {
                assert_eq!(pair.model.remove(&key), Some(value));
            }
        }),
        rare("clone", |pair| {
            let copy = pair.map.clone();
            copy.check_invariants();
            assert_eq!(copy.len(), pair.map.len());
            assert!(copy == pair.map, "a clone differs");
            // Goes on with the copy: its growth must work, too.
            pair.map = copy;
        }),
        rare("advance", |pair| {
            let budget = budget(pair);
            pair.map.advance(budget);
        }),
        rare("begin_shrink", |pair| {
            let least = pair.random.below(pair.map.len() as u64 + 30);
            pair.map.begin_shrink_to(least as usize);
            // From now on by itself, sometimes.
            pair.map.set_shrink_policy(match pair.random.below(3) {
                0 => Shrink::Never,
                _ => Shrink::WhenBelow(pair.random.below(50) as f32 / 100.0),
            });
        }),
        rare("clear_step", |pair| {
            let budget = budget(pair);
            while !pair.map.clear_step(budget).is_done {}
            pair.model.clear();
        }),
        rare("drain_step", |pair| {
            let budget = budget(pair);
            let model = &mut pair.model;
            let take = |key, value| assert_eq!(model.remove(&key), Some(value));
            pair.map.drain_step(budget, take);
        }),
        rare("shrink_to", |pair| {
            let least = pair.random.below(pair.keys) as usize;
            let before = pair.map.capacity();
            pair.map.shrink_to(least);
            assert!(pair.map.capacity() >= pair.map.len().max(least.min(before)));
        }),
        rare("reserve_now", |pair| {
            let more = pair.random.below(pair.keys) as usize;
            pair.map.reserve_now(more);
            assert!(!pair.map.is_growing() && pair.map.capacity() >= pair.map.len() + more);
        }),
        rare("clear", |pair| {
            pair.map.clear();
            pair.model.clear();
        }),
        rare("drain", |pair| {
            let taken = pair.random.below(pair.map.len() as u64 + 1) as usize;
            let drained: Vec<_> = pair.map.drain().take(taken).collect();
            assert_eq!(drained.len(), taken);
            for (key, value) in &drained {
                assert_eq!(pair.model.get(key), Some(value));
            }
            assert!(pair.map.is_empty());
            pair.model.clear();
        }),
        rare("reclaim", |pair| {
            let model = &mut pair.model;
            let mut reclaimer = pair.map.take_reclaimer();
            for _ in 0..pair.random.below(20) {
                reclaimer.step_with(Budget::buckets(3), |key, value| {
                    assert_eq!(model.remove(&key), Some(value));
                });
                assert_eq!(reclaimer.len(), model.len());
            }
            // The rest goes with it; a new map begins with the first seed.
            drop(reclaimer);
            model.clear();
            pair.map = HashMap::with_hasher(pair.hasher.clone());
        }),
        rare("finish", |pair| {
            pair.map.finish();
            assert!(!pair.map.has_pending_work());
        }),
    ]
}

fn budget<K: Key, V: Value, S: BuildHasher + Clone>(pair: &mut Pair<'_, K, V, S>) -> Budget {
    Budget::buckets(pair.random.below(200) as usize)
}

/// The next walk in steps begins where the last one ended.
fn again<K, V, S>(pair: &mut Pair<'_, K, V, S>, is_done: bool) {
    assert_eq!(pair.sweep.is_done(), is_done);
    if is_done {
        pair.sweep = Sweep::new();
    }
}
