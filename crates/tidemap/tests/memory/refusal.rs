//! Refused memory: the n-th request fails, for n = 0, 1, 2, …, and the map stays intact.

use std::collections::BTreeMap;

use tidemap::{DefaultHashBuilder, GrowthKind, HashMap, TryInsertError, TryReserveError};

use crate::allocator::refusing;

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
struct Key(u64);

/// Every request but the first `first` fails.
const FOR_EVER: u64 = u64::MAX;

fn insert_refusing<V: Copy + PartialEq + std::fmt::Debug>(
    entries: u64,
    value: impl Fn(u64) -> V,
    first: u64,
    many: u64,
) -> u64 {
    let mut map: HashMap<Key, V> = HashMap::with_hasher(DefaultHashBuilder::with_seed(1));
    let mut there = BTreeMap::new();
    let mut errors = 0;
    let ((), refused) = refusing(first, many, || {
        for i in 0..entries {
            let len = map.len();
            match map.try_insert(Key(i), value(i)) {
                Ok(found) => assert_eq!(*found, value(i)),
                Err(TryInsertError::OutOfMemory {
                    error,
                    key,
                    value: back,
                    ..
                }) => {
                    assert!(matches!(error, TryReserveError::AllocError { .. }));
                    assert_eq!((key, back), (Key(i), value(i)));
                    errors += 1;
                    assert_eq!(map.len(), len);
                    assert_eq!(map.get(&Key(i)), None);
                }
                Err(_) => panic!("key {i} is new"),
            }
        }
    });
    for i in 0..entries {
        if map.contains_key(&Key(i)) {
            there.insert(Key(i), value(i));
        }
    }
    assert_eq!(map.len() as u64 + errors, entries);
    assert_eq!(there.len(), map.len());
    map.check_invariants();
    if many == 1 && refused == 1 {
        // One refusal costs at most one entry; growths are put off instead.
        assert!(errors <= 1, "{errors} entries for one refusal");
    }
    // Memory is back: everything goes on, and the growth that was refused comes.
    for i in 0..2 * entries {
        map.insert(Key(i + entries), value(i));
        there.insert(Key(i + entries), value(i));
    }
    map.check_invariants();
    assert_eq!(map.len(), there.len());
    assert!(there.iter().all(|(key, value)| map.get(key) == Some(value)));
    let stats = map.stats();
    assert!(
        stats.load < 1.0,
        "growths did not come after all: {stats:?}"
    );
    refused
}

#[test]
fn insertions_survive_the_refusal_of_any_request() {
    let (entries, step) = if cfg!(miri) { (40, 3) } else { (3_000, 1) };
    let mut first = 0;
    while insert_refusing(entries, |v| v, first, 1) > 0 {
        first += step;
    }
    assert!(first > 3, "only {first} requests");
    let mut first = 0;
    while insert_refusing(entries / 10, |v| [v; 128], first, 1) > 0 {
        first += step;
    }
    assert!(first > 3, "only {first} requests");
}

#[test]
fn insertions_survive_when_everything_is_refused_from_some_request_on() {
    let entries = if cfg!(miri) { 40 } else { 1_500 };
    for first in if cfg!(miri) {
        vec![0, 2, 5]
    } else {
        (0..40).collect()
    } {
        insert_refusing(entries, |v| v, first, FOR_EVER);
        insert_refusing(entries / 4, |v| [v; 128], first, FOR_EVER);
    }
}

#[test]
fn a_refused_growth_is_put_off_and_comes_later() {
    let mut map: HashMap<u64, u64, _> = HashMap::with_hasher(foldhash::fast::FixedState::default());
    map.extend((0..20).map(|i| (i, i)));
    map.finish();
    let slots = map.stats().buckets * map.stats().slots_per_bucket;
    let (mut next, mut attempts) = (20, 0);
    let (_, refused) = refusing(0, FOR_EVER, || {
        // Several ways to get memory are tried, one for each entry.
        while map.stats().growths_refused == 0 && map.len() < slots {
            // An entry whose bucket is full is refused, too, and tried again.
            next += u64::from(map.try_insert(next, next).is_ok());
            attempts += 1;
            assert!(attempts < 10 * slots, "the growth is not put off");
        }
    });
    assert!(refused > 0 && map.growth().is_none());
    assert_eq!(map.stats().growths_refused, 1);
    assert!(map.len() >= slots * 13 / 16);
    let begun = map.growths_started();
    while map.growths_started() == begun {
        map.insert(next, next);
        next += 1;
        assert!(map.len() < 2 * slots, "the growth never comes");
    }
    assert!((0..next).all(|key| map.get(&key) == Some(&key)));
    map.check_invariants();
}

#[test]
fn reservations_survive_the_refusal_of_any_request() {
    for len in [0u64, 1, 3, 8, 15, 16, 60, 800] {
        if cfg!(miri) && len > 60 {
            continue;
        }
        for more in [1usize, 5, 14, 100, 4_000] {
            for first in 0..10 {
                let mut map: HashMap<u64, u64> =
                    HashMap::with_hasher(DefaultHashBuilder::with_seed(1));
                map.extend((0..len).map(|i| (i, i)));
                let growing = map.growth().map(|growth| growth.kind);
                let before = (map.len(), map.capacity());
                let (result, refused) = refusing(first, FOR_EVER, || map.try_reserve(more));
                match result {
                    Ok(()) => assert!(map.capacity() >= map.len() + more),
                    Err(error) => {
                        assert!(
                            matches!(error, TryReserveError::AllocError { .. }),
                            "{error}"
                        );
                        assert!(refused > 0 && map.len() == before.0);
                        assert!(map.capacity() >= before.1);
                    }
                }
                assert!(growing != Some(GrowthKind::SameSize));
                map.check_invariants();
                for i in len..len + 60 {
                    assert_eq!(map.insert(i, i), None);
                }
                assert!((0..len + 60).all(|i| map.get(&i) == Some(&i)));
                map.check_invariants();
                if refused == 0 {
                    break;
                }
            }
        }
    }
}

/// Shrinks, turned round and not, with the n-th request refused: nothing is lost, and memory
/// that is back is used.
#[test]
fn shrinks_survive_the_refusal_of_any_request() {
    fn run<V: Copy + PartialEq + std::fmt::Debug>(
        len: u64,
        value: V,
        first: u64,
        many: u64,
    ) -> u64 {
        // Colliding in part, so that merges need overflow buckets.
        let mut map: HashMap<Key, V> = HashMap::with_hasher(DefaultHashBuilder::with_seed(1));
        map.reserve_now(12 * len as usize);
        for i in 0..len {
            map.insert(Key(i), value);
        }
        let ((), refused) = refusing(first, many, || {
            map.begin_shrink();
            for i in 0..len {
                map.get_mut(&Key(i));
                if i % 2 == 0 {
                    map.remove(&Key(i));
                }
                if i == len / 2 {
                    map.begin_shrink();
                }
            }
            // Fills up again: turned round, and growing.
            for i in 0..2 * len {
                let _ = map.try_insert(Key(i + len), value);
            }
            map.shrink_to_fit();
        });
        map.check_invariants();
        let odd = (0..len).filter(|i| i % 2 == 1);
        assert!(odd.clone().all(|i| map.get(&Key(i)) == Some(&value)));
        assert!((0..len).step_by(2).all(|i| !map.contains_key(&Key(i))));
        // Memory is back.
        map.retain(|key, _| key.0 % 16 == 1);
        let left = map.len();
        map.begin_shrink();
        map.finish();
        assert!(!map.has_pending_work());
        assert!(map.capacity() <= 4 * left.max(20), "{}", map.capacity());
        assert_eq!(map.len(), left);
        map.check_invariants();
        refused
    }
    let (len, step) = if cfg!(miri) { (30, 4) } else { (400, 1) };
    for many in [1, FOR_EVER] {
        let mut first = 0;
        while run(len, 7u64, first, many) > 0 {
            first += step;
        }
        let short = first;
        while run(len / 8, [7u64; 128], first - short, many) > 0 {
            first += step;
        }
        println!("{first} requests refused");
        assert!(first > 2);
    }
}
