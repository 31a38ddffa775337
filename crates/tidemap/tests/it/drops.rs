//! Drop counting: every value is dropped exactly once, whatever way it leaves a map,
//! in every state of growth.

use tidemap::{Entry, HashMap};

use crate::ledger::{Entered, alive, reset};
use crate::support::{Bent, Quality, Random, STATES, grow_into, state_of};

type Map<const PADDING: usize> = HashMap<Entered<PADDING>, Entered<PADDING>, Bent>;

fn entry<const PADDING: usize>(name: u64) -> (Entered<PADDING>, Entered<PADDING>) {
    (Entered::new(name), Entered::new(name + 1_000_000))
}

/// A map in the given state with some holes in it; `None` if these entries do not get there.
fn map_in<const PADDING: usize>(
    quality: Quality,
    state: usize,
    steps: u64,
) -> Option<Map<PADDING>> {
    let mut map = Map::<PADDING>::with_hasher(Bent(quality));
    let (mut next, most) = (0, if cfg!(miri) { 40 } else { 700 });
    while next < 5 {
        let (key, value) = entry(next);
        map.insert(key, value);
        next += 1;
    }
    grow_into(&mut map, state, steps, &mut next, most, entry::<PADDING>).then_some(map)
}

/// Ways to leave a map, each with how many values it leaks on purpose.
fn leave<const PADDING: usize>(way: usize, mut map: Map<PADDING>) -> usize {
    let len = map.len();
    let mut leaked = 0;
    match way {
        0 => {}
        1 => {
            map.clear();
            assert_eq!(alive(), 0);
            map.extend((0..FEW).map(entry::<PADDING>));
        }
        2 => {
            assert_eq!(map.drain().count(), len);
            assert!(map.is_empty() && alive() == 0);
            map.extend((0..FEW).map(entry::<PADDING>));
        }
        3 => {
            map.drain().take(len / 2).for_each(drop);
            assert!(map.is_empty() && alive() == 0);
            map.extend((0..FEW).map(entry::<PADDING>));
        }
        LEAKS => {
            let mut drain = map.drain();
            drain.by_ref().take(len / 3).for_each(drop);
            leaked = 2 * drain.len();
            std::mem::forget(drain);
            assert!(map.is_empty());
            map.extend((0..FEW).map(entry::<PADDING>));
        }
        5 => {
            map.retain(|key, value| {
                key.assert_alive();
                value.assert_alive();
                key.name % 3 == 0
            });
            assert_eq!(alive(), 2 * map.len());
        }
        6 => {
            let mut iter = map.into_iter();
            iter.by_ref().take(len / 2).for_each(drop);
            assert_eq!(alive(), 2 * iter.len());
            return 0;
        }
        7 => {
            let copy = map.clone();
            copy.check_invariants();
            assert_eq!(alive(), 4 * len);
            drop(map);
            assert_eq!(alive(), 2 * len);
            map = copy;
            map.extend((0..6 * FEW).map(entry::<PADDING>));
        }
        8 => {
            // Replaces, removes, goes through entries until the growth is over and longer.
            let mut random = Random(7);
            for step in 0..if cfg!(miri) { 30 } else { 2_000 } {
                assert_eq!(map.len() * 2, alive());
                let (key, value) = entry(random.below(900));
                match step % 5 {
                    0 => drop(map.insert(key, value)),
                    1 => drop(map.remove(&key)),
                    2 => drop(map.remove_entry(&key)),
                    3 => map.entry(key).or_insert(value).assert_alive(),
                    _ => match map.entry(key) {
                        Entry::Occupied(entry) => drop(entry.remove()),
                        Entry::Vacant(entry) => drop(entry.into_key()),
                    },
                }
            }
        }
        9 => {
            let keys = map.into_keys();
            assert_eq!(keys.len(), len);
            keys.take(3).for_each(drop);
            return 0;
        }
        10 => {
            let (key, value) = entry(0);
            match map.try_insert(key, value) {
                Err(tidemap::TryInsertError::Occupied(error)) => assert_eq!(error.key.name, 0),
                _ => panic!("key 0 was there"),
            };
            map.finish();
            map.reserve(3 * len);
            map.finish();
        }
        11 => {
            map.shrink_to_fit();
            map.reserve_now(9 * len);
            map.begin_shrink();
            map.extend((0..6 * FEW).map(entry::<PADDING>));
        }
        12 => {
            map.set_shrink_policy(tidemap::Shrink::WhenBelow(0.3));
            map.retain(|key, _| key.name % 9 == 0);
            for name in 0..900 {
                drop(map.remove(&entry::<PADDING>(name).0));
            }
            assert_eq!(alive(), 0);
            map.extend((0..FEW).map(entry::<PADDING>));
        }
        _ => unreachable!(),
    }
    map.check_invariants();
    assert_eq!(alive() - leaked, 2 * map.len());
    leaked
}

/// Entries to fill a map with again.
const FEW: u64 = if cfg!(miri) { 5 } else { 50 };
const WAYS: usize = 13;
/// The way that leaks on purpose.
const LEAKS: usize = 4;

fn check<const PADDING: usize>(quality: Quality, seen: &mut [u64; STATES.len()]) {
    for (state, name) in STATES.into_iter().enumerate() {
        for steps in if cfg!(miri) {
            vec![1]
        } else {
            vec![0, 1, 4, 9]
        } {
            for way in 0..WAYS {
                if cfg!(miri) && way == LEAKS {
                    // Miri would report the leak.
                    continue;
                }
                reset();
                let Some(map) = map_in::<PADDING>(quality, state, steps) else {
                    break;
                };
                seen[state_of(&map)] += 1;
                assert_eq!(alive(), 2 * map.len());
                let leaked = leave(way, map);
                assert_eq!(alive(), leaked, "way {way} while {name}");
            }
        }
    }
}

#[test]
fn small_every_value_is_dropped_once() {
    let mut seen = [0; STATES.len()];
    check::<0>(Quality::Good, &mut seen);
    if !cfg!(miri) {
        check::<0>(Quality::Low(2), &mut seen);
        check::<1_500>(Quality::Good, &mut seen);
        check::<1_500>(Quality::Few(9), &mut seen);
        assert!(seen.iter().all(|&times| times > 0), "{seen:?}");
    }
}

#[test]
fn small_sets_drop_what_they_replace() {
    reset();
    let mut set = tidemap::HashSet::with_hasher(Bent(Quality::Good));
    for round in 0..3 {
        for name in 0..40 {
            let old = set.replace(Entered::<0>::new(name));
            assert_eq!(old.is_some(), round > 0);
        }
    }
    assert_eq!(alive(), 40);
    assert!(set.take(&Entered::<0>::new(7)).is_some());
    drop(set);
    assert_eq!(alive(), 0);
}
