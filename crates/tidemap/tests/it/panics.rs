//! Panics of user code at every call site: `Hash`, `Eq`, `Clone`, `Drop` and closures.
//!
//! A map is brought into a state of growth, one operation runs with a panic at its n-th
//! call of user code, for n = 0, 1, 2, … until none is left to panic. Afterwards
//! the map must be valid and usable, hold nothing it did not hold, and drop every
//! value once.

use std::collections::BTreeMap;

use tidemap::{Entry, HashMap};

use crate::ledger::{Entered, alive, reset, tick, with_panic_at, with_panic_at_or_in_drop};
use crate::support::{Bent, Quality, STATES, grow_into};

type Map<const PADDING: usize> = HashMap<Entered<PADDING>, Entered<PADDING>, Bent>;

const VALUE: u64 = 1_000_000;

fn entry<const PADDING: usize>(name: u64) -> (Entered<PADDING>, Entered<PADDING>) {
    (Entered::new(name), Entered::new(name + VALUE))
}

fn contents<const PADDING: usize>(map: &Map<PADDING>) -> BTreeMap<u64, u64> {
    map.iter()
        .map(|(key, value)| {
            key.assert_alive();
            value.assert_alive();
            (key.name, value.name)
        })
        .collect()
}

/// What an operation that panicked may have left.
#[derive(Clone, Copy, PartialEq)]
enum Leaves {
    /// All that was there, and nothing else.
    All,
    /// All but the operation's own key, with its old or its new value.
    AllButOne,
    /// Part of it.
    Part,
}

type Operation<const PADDING: usize> = (&'static str, Leaves, fn(&mut Map<PADDING>, u64));

/// Operations on a map whose keys are `0..next`.
fn operations<const PADDING: usize>() -> Vec<Operation<PADDING>> {
    vec![
        ("insert", Leaves::All, |map, next| {
            let (key, value) = entry(next);
            map.insert(key, value);
        }),
        ("insert a few", Leaves::Part, |map, next| {
            for name in next..next + 6 {
                let (key, value) = entry(name);
                map.insert(key, value);
            }
        }),
        ("insert_many", Leaves::Part, |map, next| {
            map.insert_many((next..next + 6).map(entry));
        }),
        ("get_many", Leaves::All, |map, next| {
            let keys = [0, next - 1, 0].map(Entered::new);
            assert!(map.get_many(&keys).all(|found| found.is_some()));
        }),
        ("replace", Leaves::AllButOne, |map, next| {
            let (key, _) = entry::<PADDING>(next / 2);
            map.insert(key, Entered::new(VALUE));
        }),
        ("get", Leaves::All, |map, next| {
            let (key, _) = entry::<PADDING>(next - 1);
            assert!(map.get(&key).is_some());
        }),
        ("get_mut", Leaves::All, |map, next| {
            for name in [0, next / 2, next - 1] {
                let (key, _) = entry::<PADDING>(name);
                assert!(map.get_mut(&key).is_some());
            }
        }),
        ("remove", Leaves::AllButOne, |map, next| {
            let (key, _) = entry::<PADDING>(next / 3);
            drop(map.remove(&key));
        }),
        ("or_insert_with", Leaves::All, |map, next| {
            let (key, _) = entry::<PADDING>(next);
            map.entry(key).or_insert_with(|| {
                tick();
                Entered::new(next + VALUE)
            });
        }),
        ("and_modify", Leaves::AllButOne, |map, next| {
            let (key, value) = entry::<PADDING>(next - 1);
            let _ = map.entry(key).and_modify(|old| {
                tick();
                *old = value;
                tick();
            });
        }),
        ("entry remove", Leaves::AllButOne, |map, next| {
            let (key, _) = entry::<PADDING>(next / 2);
            match map.entry(key) {
                Entry::Occupied(entry) => drop(entry.remove_entry()),
                Entry::Vacant(_) => unreachable!(),
            }
        }),
        ("reserve", Leaves::All, |map, _| {
            map.reserve(map.len() * 3);
        }),
        ("finish", Leaves::All, |map, _| map.finish()),
        ("begin_shrink", Leaves::All, |map, _| {
            map.begin_shrink();
        }),
        ("shrink_to_fit", Leaves::All, |map, _| map.shrink_to_fit()),
        ("advance", Leaves::All, |map, _| {
            map.advance(tidemap::Budget::buckets(5));
        }),
        ("retain", Leaves::Part, |map, _| {
            map.retain(|key, _| {
                tick();
                key.name % 2 == 0
            });
        }),
        ("clear", Leaves::Part, |map, _| map.clear()),
        ("drain", Leaves::Part, |map, _| {
            map.drain().take(5).for_each(drop);
        }),
        ("clone", Leaves::All, |map, _| {
            let copy = map.clone();
            assert_eq!(copy.len(), map.len());
        }),
        ("equal", Leaves::All, |map, _| {
            let copy = map.clone();
            assert!(copy == *map);
        }),
        ("into_iter", Leaves::Part, |map, _| {
            let taken = std::mem::replace(map, HashMap::with_hasher(Bent(Quality::Good)));
            taken.into_iter().take(4).for_each(drop);
        }),
        ("map drop", Leaves::Part, |map, _| {
            *map = HashMap::with_hasher(Bent(Quality::Good));
        }),
    ]
}

struct State {
    quality: Quality,
    state: usize,
    steps: u64,
    /// Entries to begin with.
    first: u64,
}

fn build<const PADDING: usize>(plan: &State) -> Option<(Map<PADDING>, u64)> {
    let mut map = Map::<PADDING>::with_hasher(Bent(plan.quality));
    let mut next = 0;
    while next < plan.first {
        let (key, value) = entry(next);
        map.insert(key, value);
        next += 1;
    }
    let most = if cfg!(miri) { 40 } else { 500 };
    grow_into(
        &mut map,
        plan.state,
        plan.steps,
        &mut next,
        most,
        entry::<PADDING>,
    )
    .then_some((map, next))
}

/// How many panics an operation was put through.
fn check_operation<const PADDING: usize>(
    plan: &State,
    operation: Operation<PADDING>,
    in_drop: bool,
) -> u64 {
    let (name, leaves, act) = operation;
    let mut panics = 0;
    let mut at = 0;
    loop {
        reset();
        let Some((mut map, next)) = build::<PADDING>(plan) else {
            return 0;
        };
        let before = contents(&map);
        let panicked = if in_drop {
            with_panic_at_or_in_drop(at, || act(&mut map, next))
        } else {
            with_panic_at(at, || act(&mut map, next))
        };
        let when = format!("{name}, call {at}, while {}", STATES[plan.state]);
        map.check_invariants();
        let after = contents(&map);
        assert_eq!(after.len(), map.len(), "{when}");
        if panicked {
            let lost = before
                .iter()
                .filter(|(key, value)| after.get(key) != Some(value))
                .count();
            let gained = after.keys().filter(|key| !before.contains_key(key)).count();
            match leaves {
                // A drop that panics may do so after the work is done.
                Leaves::All => assert!(lost == 0 && (gained == 0 || in_drop), "{when}"),
                Leaves::AllButOne => assert!(lost <= 1 && gained == 0, "{when}"),
                Leaves::Part => assert!(gained <= 6, "{when}"),
            }
        }
        if !in_drop {
            assert_eq!(alive(), 2 * map.len(), "{when}");
        }
        // The map is usable: everything that should be there is, and growth goes on.
        for (name, value) in &after {
            let found = map.get_mut(&Entered::new(*name));
            assert_eq!(found.map(|found| found.name), Some(*value), "{when}");
        }
        for name in next + 10..next + if cfg!(miri) { 20 } else { 60 } {
            let (key, value) = entry(name);
            assert!(map.insert(key, value).is_none(), "{when}");
        }
        for name in after.keys() {
            assert!(map.remove(&Entered::new(*name)).is_some(), "{when}");
        }
        map.check_invariants();
        drop(map);
        if in_drop {
            // A drop that panics may leak what it was to drop next, never more than a map.
            assert!(alive() <= 2 * before.len() + 12, "{when}");
        } else {
            assert_eq!(alive(), 0, "{when}");
        }
        if !panicked {
            return panics;
        }
        panics += 1;
        // Every call site is early; of the many calls of one site, later ones are sampled.
        at += if at < 32 { 1 } else { at / 6 };
    }
}

fn check<const PADDING: usize>(plan: State, in_drop: bool) -> u64 {
    operations::<PADDING>()
        .into_iter()
        .map(|operation| check_operation(&plan, operation, in_drop))
        .sum()
}

fn check_all<const PADDING: usize>(qualities: &[Quality], in_drop: bool) -> [u64; STATES.len()] {
    let mut panics = [0; STATES.len()];
    for &quality in qualities {
        for (state, count) in panics.iter_mut().enumerate() {
            let steps: &[u64] = if state == 0 { &[0] } else { &[0, 3] };
            for &steps in steps {
                for first in if state == 0 { [3, 15, 52] } else { [1, 1, 1] } {
                    *count += check::<PADDING>(
                        State {
                            quality,
                            state,
                            steps,
                            first,
                        },
                        in_drop,
                    );
                    if state > 0 {
                        break;
                    }
                }
            }
        }
    }
    println!("panics survived while {STATES:?}: {panics:?}");
    panics
}

#[test]
fn small_panics_in_a_calm_map() {
    let calm = |first| State {
        quality: Quality::Good,
        state: 0,
        steps: 0,
        first,
    };
    assert!(check::<0>(calm(3), false) > 20);
    assert!(check::<0>(calm(3), true) > 20);
    if !cfg!(miri) {
        assert!(check::<0>(calm(16), false) > 100);
    }
}

#[test]
fn panics_in_hash_eq_clone_and_closures() {
    if cfg!(miri) {
        return;
    }
    let short = check_all::<0>(&[Quality::Good, Quality::Low(2)], false);
    let long = check_all::<1_500>(&[Quality::Good, Quality::Few(7)], false);
    for state in 0..STATES.len() {
        assert!(short[state] + long[state] > 200, "{}", STATES[state]);
    }
}

#[test]
fn panics_in_drop() {
    if cfg!(miri) {
        return;
    }
    let short = check_all::<0>(&[Quality::Good, Quality::Low(2)], true);
    let long = check_all::<1_500>(&[Quality::Few(7)], true);
    for state in 0..STATES.len() {
        assert!(short[state] + long[state] > 200, "{}", STATES[state]);
    }
}
