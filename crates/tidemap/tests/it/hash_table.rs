//! `HashTable`: hashes and equality from outside, in every state of growth.

use std::collections::BTreeMap;

use tidemap::HashTable;
use tidemap::hash_table::Entry;

use crate::support::{Random, STRESS};

fn hash(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (key >> 7)
}

type Pair = (u64, String);

fn hasher(pair: &Pair) -> u64 {
    hash(pair.0)
}

/// Random operations against a sorted map; few distinct hashes make long chains.
fn check(seed: u64, operations: u64, keys: u64, hash_of: fn(u64) -> u64) -> Vec<&'static str> {
    let mut random = Random(seed);
    let mut table: HashTable<Pair> = HashTable::new();
    let mut model: BTreeMap<u64, String> = BTreeMap::new();
    let mut kinds = Vec::new();
    let hasher = |pair: &Pair| hash_of(pair.0);
    for step in 0..operations {
        let key = random.below(keys);
        let (code, eq) = (hash_of(key), |pair: &Pair| pair.0 == key);
        // More insertions while the table is small, more removals when it is large.
        let grows = (step / (operations / 4).max(1)).is_multiple_of(2);
        match random.below(10) {
            0..=3 if grows => match table.entry(code, eq, hasher) {
                Entry::Occupied(mut entry) => {
                    assert_eq!(Some(&entry.get().1), model.get(&key));
                    entry.get_mut().1.push('+');
                    model.get_mut(&key).unwrap().push('+');
                }
                Entry::Vacant(entry) => {
                    assert!(!model.contains_key(&key));
                    entry.insert((key, step.to_string()));
                    model.insert(key, step.to_string());
                }
            },
            0..=5 => match table.find_entry(code, eq) {
                Ok(entry) => {
                    let (pair, room) = entry.remove();
                    assert_eq!(model.remove(&key), Some(pair.1));
                    // Sometimes another one takes the room at once.
                    if random.below(3) == 0 {
                        room.insert((key, "again".to_owned()));
                        model.insert(key, "again".to_owned());
                    }
                }
                Err(absent) => {
                    let table = absent.into_table();
                    assert!(!model.contains_key(&key));
                    if grows {
                        table.insert_unique(code, (key, "new".to_owned()), hasher);
                        model.insert(key, "new".to_owned());
                    }
                }
            },
            6 => {
                let found = table.find_mut(code, eq).map(|pair| {
                    pair.1.push('*');
                    &pair.1
                });
                let expected = model.get_mut(&key).map(|value| {
                    value.push('*');
                    &*value
                });
                assert_eq!(found, expected);
            }
            _ => {
                let found = table.find(code, eq).map(|pair| &pair.1);
                assert_eq!(found, model.get(&key), "seed {seed}, step {step}");
            }
        }
        assert_eq!(table.len(), model.len());
        if let Some(growth) = table.growth()
            && !kinds.contains(&growth.kind.as_str())
        {
            kinds.push(growth.kind.as_str());
            table.check_invariants(hasher);
        }
    }
    table.check_invariants(hasher);
    let mut pairs: Vec<Pair> = table.clone().into_iter().collect();
    pairs.sort();
    assert!(pairs.into_iter().eq(model.clone()));
    table.retain(|pair| pair.0 % 3 == 0);
    model.retain(|key, _| key % 3 == 0);
    assert_eq!(table.iter().count(), model.len());
    let mut drained: Vec<Pair> = table.drain().collect();
    drained.sort();
    assert!(drained.into_iter().eq(model));
    table.check_invariants(hasher);
    kinds
}

#[test]
fn small_tables_answer_as_a_sorted_map() {
    let (operations, keys) = if cfg!(miri) {
        (2_000, 200)
    } else if STRESS {
        (60_000, 3_000)
    } else {
        (120_000, 20_000)
    };
    let mut kinds = Vec::new();
    for seed in 1..=2 {
        kinds.extend(check(seed, operations, keys, hash));
        check(seed, operations / 20, 100, |key| hash(key % 5));
    }
    assert!(kinds.contains(&"relocating"), "{kinds:?}");
}

#[test]
fn small_several_values_at_once() {
    let mut table = HashTable::new();
    for key in 0..100 {
        table.insert_unique(hash(key), (key, String::new()), hasher);
    }
    let hashes = [3, 200, 5].map(hash);
    let [three, none, five] = table.get_disjoint_mut(hashes, |i, pair| pair.0 == [3, 200, 5][i]);
    assert!(none.is_none());
    std::mem::swap(three.unwrap(), five.unwrap());
    assert_eq!(
        table.find(hash(3), |pair| pair.0 == 5).map(|pair| pair.0),
        Some(5)
    );
    let same = [hash(7), hash(7)];
    let twice = std::panic::AssertUnwindSafe(|| {
        table.get_disjoint_mut(same, |_, pair| pair.0 == 7);
    });
    assert!(std::panic::catch_unwind(twice).is_err());
}
