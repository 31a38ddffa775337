//! Walks in steps: every entry that stays is visited exactly once, whatever the map does meanwhile.

use std::collections::{HashMap as Model, HashSet as Seen};

use tidemap::{Budget, HashMap, Shrink, Sweep};

use crate::ledger::{Entered, alive, reset, tick, with_panic_at};
use crate::support::{Bent, Quality, Random, STATES, grow_into, state_of};

type Map = HashMap<u64, u64, Bent>;

const QUALITIES: [Quality; 6] = [
    Quality::Good,
    Quality::Low(5),
    Quality::Few(60),
    Quality::High(6),
    Quality::One,
    Quality::Identity,
];

/// What happens to the map between two steps.
fn disturb(map: &mut Map, random: &mut Random, fixed: u64, changing: &mut Seen<u64>) {
    for _ in 0..random.below(60) {
        let key = fixed + random.below(2 * fixed);
        changing.insert(key);
        if random.below(2) == 0 {
            map.insert(key, key);
        } else {
            map.remove(&key);
        }
    }
    match random.below(12) {
        0 => map.reserve(random.below(9 * fixed) as usize),
        1..4 => {
            map.begin_shrink();
        }
        4 => map.finish(),
        5 => map.shrink_to_fit(),
        6..9 => {
            map.advance(Budget::buckets(random.below(40) as usize));
        }
        9 => map.set_shrink_policy(Shrink::WhenBelow(random.below(40) as f32 / 100.0)),
        _ => {}
    }
}

#[test]
fn small_whatever_stays_is_visited_exactly_once() {
    let rounds = if cfg!(miri) { 1 } else { 25 };
    let mut states = [0u64; STATES.len()];
    for quality in QUALITIES {
        for seed in 1..=rounds {
            let fixed = if cfg!(miri) { 40 } else { 40 * seed };
            let mut random = Random(seed * 77 + 1);
            let mut map: Map = HashMap::with_hasher(Bent(quality));
            map.extend((0..fixed).map(|i| (i, i)));
            let mut changing = Seen::new();
            let mut visited: Model<u64, u32> = Model::new();
            let mut sweep = Sweep::new();
            let mut steps = 0;
            while !sweep.is_done() {
                let budget = Budget::buckets(1 + random.below(8) as usize);
                states[state_of(&map)] += 1;
                if seed % 2 == 0 {
                    let visit = |key: &u64, _: &mut u64| *visited.entry(*key).or_default() += 1;
                    map.visit_step(&mut sweep, budget, visit);
                } else {
                    map.retain_step(&mut sweep, budget, |key, _| {
                        *visited.entry(*key).or_default() += 1;
                        // Only such go as are put in and taken out anyway.
                        *key < fixed || *key % 3 > 0
                    });
                }
                disturb(&mut map, &mut random, fixed, &mut changing);
                map.check_invariants();
                steps += 1;
                assert!(steps < 100_000, "the walk does not end");
            }
            for key in 0..fixed {
                let times = visited.get(&key).copied().unwrap_or(0);
                assert_eq!(times, 1, "{quality:?}, seed {seed}: key {key} of {fixed}");
            }
        }
    }
    println!("steps while {STATES:?}: {states:?}");
    if !cfg!(miri) {
        assert!(states[2] > 0 && states[4] > 0, "{states:?}");
    }
}

#[test]
fn small_extraction_in_steps_hands_over_what_was_picked() {
    for quality in QUALITIES {
        let many = if cfg!(miri) { 60 } else { 2_000 };
        let mut map: Map = HashMap::with_hasher(Bent(quality));
        map.extend((0..many).map(|i| (i, i)));
        let (mut sweep, mut out, mut asked) = (Sweep::new(), Vec::new(), 0);
        while !sweep.is_done() {
            let progress = map.extract_step(
                &mut sweep,
                Budget::buckets(2),
                |key, value| {
                    *value += 1;
                    key % 4 == 0
                },
                |key, value| {
                    assert_eq!(value, key + 1);
                    out.push(key);
                },
            );
            asked += progress.entries as u64;
            assert_eq!(progress.is_done, sweep.is_done());
            map.check_invariants();
        }
        out.sort_unstable();
        assert!(out.iter().copied().eq((0..many).step_by(4)));
        assert_eq!(asked, many);
        assert_eq!(map.len() as u64, many - many.div_ceil(4));
        assert!(map.iter().all(|(key, value)| *value == key + 1));
        assert_eq!(
            map.retain_step(&mut sweep, Budget::UNLIMITED, |_, _| false)
                .entries,
            0
        );
    }
}

#[test]
fn small_a_clear_in_steps_ends_though_entries_come() {
    for quality in QUALITIES {
        let many = if cfg!(miri) { 60 } else { 3_000 };
        let mut map: Map = HashMap::with_hasher(Bent(quality));
        map.extend((0..many).map(|i| (i, i)));
        let capacity = map.capacity();
        let (mut steps, mut gone, mut next) = (0, 0, many);
        loop {
            let progress = map.drain_step(Budget::buckets(4), |key, value| assert_eq!(key, value));
            gone += progress.entries as u64;
            map.check_invariants();
            if progress.is_done {
                break;
            }
            assert!(progress.entries > 0 || progress.buckets > 0);
            if steps % 3 == 0 && next < many + 200 {
                map.insert(next, next);
                next += 1;
            }
            steps += 1;
        }
        assert_eq!((gone, map.len()), (next, 0));
        assert!(map.capacity() >= capacity);
        map.extend((0..many).map(|i| (i, i)));
        assert_eq!(map.len() as u64, many);
        map.check_invariants();
    }
}

#[test]
fn small_extract_if_takes_what_it_is_asked_for() {
    for quality in QUALITIES {
        for state in 0..STATES.len() {
            for taken in [0, 1, 7, usize::MAX] {
                let mut map: Map = HashMap::with_hasher(Bent(quality));
                let mut next = 0;
                while next < 30 {
                    map.insert(next, next);
                    next += 1;
                }
                let most = if cfg!(miri) { 40 } else { 2_000 };
                if !grow_into(&mut map, state, 1, &mut next, most, |i| (i, i)) {
                    continue;
                }
                let len = map.len();
                let mut picked = map.extract_if(|key, value| {
                    *value += 5;
                    key % 3 == 0
                });
                assert!(picked.size_hint() == (0, Some(len)));
                let out: Vec<_> = picked.by_ref().take(taken).collect();
                drop(picked);
                assert!(out.iter().all(|(k, v)| k % 3 == 0 && *v == k + 5));
                assert_eq!(map.len(), len - out.len());
                if taken == usize::MAX {
                    assert_eq!(out.len() as u64, next.div_ceil(3));
                    assert!(map.values().all(|value| *value > 4));
                }
                map.check_invariants();
                assert!(out.iter().all(|(key, _)| !map.contains_key(key)));
                for i in 0..3 * next {
                    map.insert(i, i);
                }
                map.check_invariants();
                assert_eq!(map.len() as u64, 3 * next);
            }
        }
    }
    let mut set: tidemap::HashSet<u64> = (0..100).collect();
    assert_eq!(set.extract_if(|e| e % 2 == 0).count(), 50);
    std::mem::forget(set.extract_if(|_| true));
    assert!(set.len() == 50 && (0..100).all(|e| set.contains(&e) == (e % 2 == 1)));
}

/// Panics of closures and of `Drop` leave a valid map, and lose or leak nothing.
#[test]
fn small_walks_survive_panics() {
    type Owned = HashMap<Entered<0>, Entered<0>, Bent>;
    let ways: [fn(&mut Owned); 4] = [
        |map| {
            let mut sweep = Sweep::new();
            while !sweep.is_done() {
                map.retain_step(&mut sweep, Budget::buckets(2), |key, _| {
                    tick();
                    key.name % 3 == 0
                });
            }
        },
        |map| {
            map.extract_if(|key, _| {
                tick();
                key.name % 3 == 0
            })
            .for_each(drop);
        },
        |map| while !map.drain_step(Budget::buckets(1), |_, _| tick()).is_done {},
        |map| {
            map.begin_shrink();
            map.shrink_to_fit();
        },
    ];
    for quality in [Quality::Good, Quality::Low(2)] {
        for state in 0..STATES.len() {
            for way in ways {
                for at in [0, 1, 2, 5, 11, 30, 70] {
                    reset();
                    let mut map: Owned = HashMap::with_hasher(Bent(quality));
                    let mut next = 0;
                    let entry = |name| (Entered::new(name), Entered::new(name + 1_000));
                    while next < 25 {
                        let (key, value) = entry(next);
                        map.insert(key, value);
                        next += 1;
                    }
                    let most = if cfg!(miri) { 30 } else { 500 };
                    if !grow_into(&mut map, state, 1, &mut next, most, entry) {
                        break;
                    }
                    with_panic_at(at, || way(&mut map));
                    map.check_invariants();
                    assert_eq!(alive(), 2 * map.len());
                    map.extend((next..next + 30).map(entry));
                    way(&mut map);
                    map.check_invariants();
                    drop(map);
                    assert_eq!(alive(), 0);
                    if cfg!(miri) {
                        break;
                    }
                }
            }
        }
    }
}
