//! One change asked for in the middle of another: a shrink while the seed changes, a change of the
//! seed while a map shrinks.

use tidemap::{Budget, GrowthKind, Shrink, bounds};

use crate::hostile::{Key, Known, assert_bounds, assert_same, known, reseeding};
use crate::support::STRESS;

const HONEST: u64 = if cfg!(miri) { 25 } else { 900 };

type GoOn = fn(&mut Known<Key, u64>, u64);

/// Ways to go on until nothing is pending.
const WAYS: [GoOn; 4] = [
    |map, _| {
        map.advance(Budget::buckets(1));
    },
    |map, turn| {
        map.get_mut(&Key::honest(turn % HONEST));
    },
    |map, turn| {
        map.remove(&Key::honest(HONEST + turn));
        map.advance(Budget::buckets(1));
    },
    |map, _| map.finish(),
];

#[test]
fn small_a_shrink_asked_for_while_the_seed_changes() {
    for steps in if cfg!(miri) {
        vec![3]
    } else {
        vec![1, 9, 60, 300]
    } {
        for (number, go_on) in WAYS.into_iter().enumerate() {
            let (mut map, mut model) = reseeding(HONEST, steps);
            map.retain(|key, _| key.is_among(9));
            model.retain(|key, _| Key::of(*key).is_among(9));
            assert_same(&map, &model);
            let (before, kept) = (map.stats(), map.capacity());
            // Asked for by hand, by policy, or as std does.
            match number % 3 {
                0 => assert!(map.begin_shrink(), "{before:?}"),
                1 => map.set_shrink_policy(Shrink::WhenBelow(0.4)),
                _ => map.shrink_to_fit(),
            }
            let mut turns = 0;
            while map.has_pending_work() {
                go_on(&mut map, turns);
                turns += 1;
                if turns % 32 == 0 {
                    assert_same(&map, &model);
                }
                assert!(turns < 100_000, "it does not end: {:?}", map.stats());
            }
            if number % 3 == 1 {
                // The policy is asked by the first removal after that.
                let (&(first, second), _) = model.iter().next().expect("some are left");
                map.remove(&Key::of((first, second)));
                model.remove(&(first, second));
                assert!(map.is_shrinking());
                map.finish();
            }
            let stats = map.stats();
            assert!(stats.reseeds >= 1, "{stats:?}");
            assert!(map.capacity() <= kept / 2, "{kept} before, {stats:?}");
            assert!(stats.shrinks > before.shrinks, "{stats:?}");
            assert_bounds(&map);
            assert_same(&map, &model);
            // It goes on as a map does.
            for name in 0..2 * HONEST {
                map.insert(Key::honest(name), name);
                model.insert(Key::honest(name).plain(), name);
            }
            assert_same(&map, &model);
        }
    }
}

#[test]
fn small_a_seed_that_changes_because_of_keys_met_in_a_shrink() {
    let mut noticed_in_a_shrink = 0;
    for turned in [false, true] {
        for early in 1..if cfg!(miri) { 2 } else { 6 } {
            let mut map = known();
            let mut model = std::collections::HashMap::new();
            let mut add = |map: &mut Known<Key, u64>, key: Key| {
                map.insert(key, 1);
                model.insert(key.plain(), 1);
            };
            for name in 0..HONEST {
                add(&mut map, Key::honest(name));
            }
            map.reserve_now(20 * HONEST as usize);
            // A chain that is nearly long, then a shrink, then the rest.
            let nearly = bounds::LONG_CHAIN_ENTRIES as u64 - 8 - early;
            for name in 0..nearly {
                add(&mut map, Key::chosen(name));
            }
            assert_eq!(map.stats().reseeds, 0);
            assert!(map.begin_shrink());
            for name in nearly..nearly + if cfg!(miri) { 60 } else { 600 } {
                let before = (map.is_shrinking(), map.stats().long_chains);
                add(&mut map, Key::chosen(name));
                let after = map.stats();
                noticed_in_a_shrink += u64::from(before.0 && after.long_chains > before.1);
                if after.reseeds > 0 {
                    break;
                }
                if turned && name == nearly + 3 && map.is_shrinking() {
                    map.reserve(20 * HONEST as usize);
                }
            }
            assert!(map.stats().reseeds > 0, "{:?}", map.stats());
            assert_same(&map, &model);
            map.finish();
            assert_same(&map, &model);
            // Where arrays are made of segments, a reserve of more than a doubling takes them all.
            if !cfg!(any(miri, tidemap_portable)) {
                assert_bounds(&map);
            }
            let log = map.growth_log();
            assert!(STRESS || log.iter().any(|growth| growth.kind == GrowthKind::Reseed));
        }
    }
    assert!(noticed_in_a_shrink > 0, "no chain was noticed in a shrink");
}
