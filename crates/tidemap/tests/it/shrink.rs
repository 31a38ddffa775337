//! Shrinking: when it begins, that it ends, what it gives back, and that it may be turned round
//! at any moment, within the bounds of every operation.

use std::fmt::Debug;

use tidemap::{Budget, GrowthKind, HashMap, Shrink, bounds};

use crate::bounds::assert_bounds;
use crate::support::{Bent, Quality, Random, SHRINKING, STRESS, grow_into, state_of};

type Map = HashMap<u64, u64, Bent>;

fn map() -> Map {
    HashMap::with_hasher(Bent(Quality::Good))
}

fn filled(len: u64) -> Map {
    let mut map = map();
    map.extend((0..len).map(|i| (i, i)));
    map.finish();
    map
}

const MANY: u64 = if cfg!(miri) {
    250
} else if STRESS {
    20_000
} else {
    150_000
};

fn assert_keys(map: &Map, keys: impl IntoIterator<Item = u64>) {
    let mut count = 0;
    for key in keys {
        assert_eq!(map.get(&key), Some(&key));
        count += 1;
    }
    assert_eq!(map.len(), count);
    map.check_invariants();
}

#[test]
fn small_a_shrink_halves_until_the_entries_fit() {
    let mut map = filled(MANY);
    let (buckets, live) = (map.stats().buckets, map.stats().bytes_live);
    map.retain(|key, _| key % 20 == 0);
    assert!(!map.is_shrinking(), "never by default");
    assert!(map.begin_shrink() && map.is_shrinking() && !map.is_growing());
    let begun = map.growths_started();
    let mut halvings = 0;
    let mut last = None;
    while map.has_pending_work() {
        let Some(growth) = map.growth() else {
            map.advance(Budget::buckets(1));
            continue;
        };
        assert_eq!(growth.kind, GrowthKind::Shrink);
        assert_eq!(growth.from_buckets, 2 * growth.to_buckets);
        if last != Some(growth.from_buckets) {
            halvings += 1;
            last = Some(growth.from_buckets);
        }
        map.advance(Budget::buckets(1));
    }
    let stats = map.stats();
    assert!(halvings >= 4, "{halvings}");
    assert!(map.growths_started() >= begun);
    assert!(stats.shrinks >= halvings - 1 && stats.buckets <= buckets / 8);
    assert!(map.capacity() >= map.len() && map.capacity() / 4 < map.len());
    assert!(
        // Bookkeeping weighs in a map of few entries.
        stats.bytes_live < live / if cfg!(miri) { 4 } else { 6 } && stats.bytes_old == 0,
        "{} of {live}",
        stats.bytes_live
    );
    assert_bounds(&map, "shrunk");
    assert_keys(&map, (0..MANY).step_by(20));
    assert!(!map.begin_shrink(), "nothing more to do");
}

/// Whoever changes something pays: the shrink ends by any kind of operation.
#[test]
fn small_shrinks_end_by_whatever_changes_the_map() {
    type Pay = fn(&mut Map, u64);
    let ways: [(&str, Pay); 6] = [
        ("insert", |map, i| {
            map.insert(MANY + i, MANY + i);
        }),
        ("replace", |map, i| {
            map.insert(i % 10 * 10, i);
        }),
        ("remove", |map, i| {
            map.remove(&(i * 10));
        }),
        ("remove a miss", |map, i| {
            map.remove(&(MANY + i));
        }),
        ("get_mut", |map, i| {
            map.get_mut(&i);
        }),
        ("entry", |map, i| {
            map.entry(i % 10 * 10).or_insert(i);
        }),
    ];
    for (name, pay) in ways {
        let mut map = filled(MANY);
        map.retain(|key, _| key % 10 == 0);
        map.begin_shrink_to(map.len() * 3 / 2);
        let before = map.len();
        assert!(map.is_shrinking());
        let mut steps = 0;
        while map.is_shrinking() {
            pay(&mut map, steps);
            steps += 1;
            assert!(steps < MANY, "{name}: the shrink does not end");
        }
        println!("{name}: {steps} operations, {before} entries");
        assert_bounds(&map, name);
        map.check_invariants();
    }
}

#[test]
fn small_a_policy_shrinks_and_has_hysteresis() {
    let mut map = map();
    map.set_shrink_policy(Shrink::WhenBelow(0.25));
    assert_eq!(map.shrink_policy(), Shrink::WhenBelow(0.25));
    map.reserve(MANY as usize);
    assert!(!map.is_shrinking(), "room for entries to come stays");
    for i in 0..MANY {
        map.insert(i, i);
        assert!(!map.is_shrinking());
    }
    map.finish();
    let full = map.capacity();
    let mut least = f64::MAX;
    for i in 0..MANY - 2 {
        map.remove(&i);
        if !map.is_shrinking() && map.capacity() > 100 {
            least = least.min(map.len() as f64 / map.capacity() as f64);
        }
    }
    assert!(least > 0.24, "{least}");
    assert!(map.capacity() < 100 && full >= MANY as usize);
    assert_bounds(&map, "removals with a policy");
    assert_keys(&map, MANY - 2..MANY);

    // Back and forth over a threshold: no thrashing.
    let mut map = filled(MANY);
    map.set_shrink_policy(Shrink::WhenBelow(0.25));
    let edge = map.capacity() as u64 / 4;
    for i in edge..MANY {
        map.remove(&i);
    }
    map.finish();
    let begun = map.growths_started();
    for round in 0..20 {
        for i in edge - 20..edge {
            if round % 2 == 0 {
                map.remove(&i);
            } else {
                map.insert(i, i);
            }
        }
    }
    assert!(
        map.growths_started() <= begun + 1,
        "it goes back and forth with the length"
    );
    for policy in [-1.0, 0.0, f32::NAN] {
        map.set_shrink_policy(Shrink::WhenBelow(policy));
        assert_eq!(map.shrink_policy(), Shrink::Never);
    }
    map.set_shrink_policy(Shrink::WhenBelow(7.0));
    assert_eq!(map.shrink_policy(), Shrink::WhenBelow(Shrink::BELOW_MAX));
    assert_eq!(map.clone().shrink_policy(), map.shrink_policy());
    map.shrink_to_fit();
    map.clear();
    map.shrink_to_fit();
    assert_eq!(map.capacity(), 0);
    assert_eq!(map.shrink_policy(), Shrink::WhenBelow(Shrink::BELOW_MAX));
}

/// Room that is asked for while the policy shrinks a map is there when the shrink has ended.
#[test]
fn small_a_policy_leaves_room_that_was_asked_for() {
    let mut map = filled(MANY);
    map.set_shrink_policy(Shrink::WhenBelow(0.4));
    map.retain(|key, _| key % 40 == 0);
    assert!(map.is_shrinking());
    let more = map.capacity() - map.len();
    map.reserve(more);
    assert!(map.is_shrinking(), "the room was there");
    map.finish();
    assert!(map.capacity() >= map.len() + more, "{}", map.capacity());
    map.reserve_now(more);
    assert!(!map.has_pending_work());
    // The next removal asks the policy again.
    map.remove(&0);
    map.finish();
    assert!(map.capacity() < map.len() + more);
    assert_keys(&map, (0..MANY).step_by(40).skip(1));
}

/// A shrink that waits, because entries came in while it ran, leaves such room, too.
#[test]
fn small_a_shrink_that_waits_leaves_room_that_was_asked_for() {
    let mut map = filled(2_000);
    map.retain(|key, _| *key < 80);
    assert!(map.begin_shrink());
    for key in 2_000..2_150 {
        map.insert(key, key);
        map.advance(Budget::buckets(1));
    }
    map.finish();
    for key in 2_000..2_150 {
        map.remove(&key);
    }
    assert!(map.is_shrinking() && map.growth().is_none(), "it waits");
    let more = map.capacity() - map.len();
    map.reserve(more);
    map.finish();
    assert!(map.capacity() >= map.len() + more, "{}", map.capacity());
    assert_keys(&map, 0..80);
}

#[test]
fn small_clear_and_retain_and_extract_follow_the_policy() {
    let ways: [fn(&mut Map); 4] = [
        |map| map.clear(),
        |map| map.retain(|key, _| *key < 5),
        |map| {
            map.extract_if(|key, _| *key >= 5).for_each(|_| {});
        },
        |map| while !map.clear_step(Budget::buckets(3)).is_done {},
    ];
    for way in ways {
        let mut map = filled(MANY);
        map.set_shrink_policy(Shrink::WhenBelow(0.2));
        way(&mut map);
        assert!(map.is_shrinking());
        map.finish();
        assert!(map.capacity() < 50, "{}", map.capacity());
        assert_bounds(&map, "bulk removals with a policy");
        map.check_invariants();
    }
}

/// New entries fill the small layout: the shrink becomes a growth where it is.
#[test]
fn small_a_shrink_that_fills_up_is_turned_round() {
    for part in [2, 3, 5, 9] {
        let mut map = filled(MANY);
        map.retain(|key, _| key % 3 == 0);
        let room = map.len() + 2;
        assert!(map.begin_shrink_to(room));
        // Somewhere on the way.
        for _ in 0..part {
            map.advance(Budget::buckets(30));
        }
        let mut next = MANY;
        // A reservation turns it, too.
        if part == 5 && map.is_shrinking() {
            map.reserve(room);
            assert!(!map.is_shrinking() && map.capacity() >= map.len() + room);
        }
        while next < 2 * MANY {
            map.insert(next, next);
            next += 1;
        }
        assert_bounds(&map, "turned round");
        assert!(!map.is_shrinking());
        map.finish();
        assert_keys(&map, (0..MANY).step_by(3).chain(MANY..next));
    }
}

/// A growth, in place and relocating and longer than a doubling, is turned round or waited for.
#[test]
fn small_a_growth_is_turned_round() {
    for state in [1, 2] {
        for steps in [0, 2, 5] {
            let mut map = map();
            let mut next = 0;
            if !grow_into(&mut map, state, steps, &mut next, 4 * MANY, |i| (i, i)) {
                // Under Miri tables stay too small for some states.
                if !cfg!(miri) {
                    panic!("state {state} was not reached");
                }
                continue;
            }
            let to = map.growth().map_or(0, |growth| growth.to_buckets);
            map.retain(|key, _| key % 9 == 0);
            assert!(map.begin_shrink());
            map.check_invariants();
            map.finish();
            let stats = map.stats();
            assert!(
                stats.buckets <= (to / 4).max(1),
                "state {state}, {steps} steps, to {to}: {stats:?}"
            );
            assert_bounds(&map, "a growth turned round");
            assert_keys(&map, (0..next).step_by(9));
        }
    }
    for ahead in [0, 3] {
        let mut map = filled(MANY / 2);
        map.reserve(20 * MANY as usize);
        for _ in 0..ahead {
            map.advance(Budget::buckets(1));
        }
        map.begin_shrink();
        while map.has_pending_work() {
            map.advance(Budget::buckets(64));
            map.get_mut(&1);
        }
        assert!(map.capacity() < 2 * MANY as usize);
        if tidemap_span::PAGE_RUNS {
            // A longer jump gets all its segments at once.
            assert_bounds(&map, "a jump given up");
        }
        assert_keys(&map, 0..MANY / 2);
    }
}

#[test]
fn small_shrink_to_means_what_std_means() {
    for len in [0u64, 1, 3, 7, 15, 16, 60, 400, MANY / 3] {
        for least in [0usize, 2, 5, 14, 15, 40, 1_000] {
            let mut map = map();
            map.reserve(if cfg!(miri) { 300 } else { 30_000 });
            map.extend((0..len).map(|i| (i, i)));
            let before = map.capacity();
            map.shrink_to(least);
            let capacity = map.capacity();
            assert!(capacity >= map.len().max(least.min(before)));
            assert!(capacity <= before);
            if len.max(least as u64) < 100 {
                assert!(capacity <= 300, "{capacity} for {len}, {least}");
            }
            assert!(!map.has_pending_work());
            assert_keys(&map, 0..len);
            map.extend((len..len + 30).map(|i| (i, i)));
            assert_keys(&map, 0..len + 30);
        }
    }
    let mut single: Map = map();
    single.extend((0..12).map(|i| (i, i)));
    single.retain(|key, _| *key > 9);
    single.shrink_to_fit();
    assert!(single.capacity() < 8);
    assert_keys(&single, 10..12);
}

/// Every kind of operation in every order, bounds and contents checked all along.
fn interleaved<V: Clone + PartialEq + Debug>(
    quality: Quality,
    keys: u64,
    ops: u64,
    value: impl Fn(u64) -> V,
) {
    let mut map: HashMap<u64, V, Bent> = HashMap::with_hasher(Bent(quality));
    let mut model = std::collections::BTreeMap::new();
    let mut random = Random(keys | 1);
    let mut turns = [0u64; 2];
    // Phases of insertions and removals, with a shrink, a growth or a policy asked for anywhere.
    for step in 0..ops {
        let before = state_of(&map);
        let key = random.below(keys);
        let filling = (step / (keys * 2)).is_multiple_of(2);
        match random.below(100) {
            0..55 if filling => {
                map.insert(key, value(key));
                model.insert(key, value(key));
            }
            0..80 => assert_eq!(map.remove(&key), model.remove(&key)),
            80..85 => assert_eq!(map.get_mut(&key), model.get_mut(&key)),
            85..90 => assert_eq!(map.get(&key), model.get(&key)),
            90..97 => {
                map.entry(key).or_insert_with(|| value(key));
                model.entry(key).or_insert_with(|| value(key));
            }
            97 if random.below(20) == 0 => {
                map.begin_shrink_to(random.below(keys) as usize);
            }
            // A longer jump gets all its segments at once.
            98 if random.below(20) == 0 => {
                let most = if !tidemap_span::PAGE_RUNS {
                    (keys / 10).min(300)
                } else {
                    keys
                };
                map.reserve(random.below(most) as usize);
            }
            99 if random.below(8) == 0 => {
                map.prepare_memory(Budget::buckets(random.below(keys / 2 + 1) as usize));
            }
            _ if random.below(200) == 0 => map.set_shrink_policy(if random.below(3) == 0 {
                Shrink::Never
            } else {
                Shrink::WhenBelow(0.1 + random.below(30) as f32 / 100.0)
            }),
            _ => {}
        }
        let after = state_of(&map);
        turns[0] += u64::from(before != SHRINKING && after == SHRINKING);
        turns[1] += u64::from(before == SHRINKING && (after == 1 || after == 2));
        assert_eq!(map.len(), model.len());
        if step % (ops / 50).max(1) == 0 {
            map.check_invariants();
            assert_bounds(&map, &format!("{quality:?}, step {step}"));
            assert!(model.iter().all(|(key, value)| map.get(key) == Some(value)));
        }
    }
    println!("{quality:?}: {turns:?} shrinks begun and turned round");
    assert!(cfg!(miri) || turns[0] > 0, "{quality:?}: {turns:?}");
    // Chains are not compacted while a table shrinks; in the end everything is in order.
    map.shrink_to_fit();
    map.check_invariants();
    assert_bounds(&map, "in the end");
    assert!(map.iter().all(|(key, value)| model.get(key) == Some(value)));
}

#[test]
fn small_bounds_hold_whatever_is_asked_for_during_a_shrink() {
    let scale = |ops: u64| if cfg!(miri) { ops / 500 } else { ops };
    interleaved(Quality::Good, scale(20_000).max(60), scale(200_000), |k| k);
    interleaved(Quality::Low(4), scale(2_000).max(40), scale(40_000), |k| k);
    interleaved(Quality::Few(40), scale(1_000).max(40), scale(30_000), |k| k);
    if cfg!(miri) {
        return;
    }
    interleaved(Quality::Good, 6_000, 100_000, |k| [k; 8]);
    interleaved(Quality::Good, 3_000, 60_000, |k| [k; 31]);
    interleaved(Quality::Few(30), 600, 20_000, |k| [k; 31]);
    interleaved(Quality::Good, 1_500, 30_000, |k| [k; 127]);
    interleaved(Quality::Good, 400, 20_000, |k| vec![k; 3]);
    interleaved(Quality::Good, 300, 15_000, |k| [k; 624]);
    interleaved(Quality::Few(7), 200, 30_000, |k| [k; 624]);
    interleaved(Quality::Good, 9_000, 60_000, |_| ());
}

/// A system call returns at most a release step; memory goes while the shrink goes on.
#[test]
fn a_large_shrink_gives_memory_back_piece_by_piece() {
    if cfg!(miri) {
        return;
    }
    let len = if STRESS { 50_000 } else { 600_000 };
    let mut map = filled(len);
    map.retain(|key, _| key % 50 == 0);
    let live = map.stats().bytes_live;
    assert!(map.begin_shrink());
    let (mut pieces, mut released) = (0, map.stats().bytes_released);
    let mut i = 0;
    while map.is_shrinking() {
        map.get_mut(&(i % len));
        i += 1;
        let now = map.stats().bytes_released;
        if now > released {
            let piece = (now - released) as usize;
            assert!(piece <= bounds::HEAP_ARRAY_BYTES_MAX.max(256 << 10) * 2);
            (pieces, released) = (pieces + 1, now);
        }
    }
    println!("{pieces} pieces in {i} operations, {live} bytes before");
    assert!(pieces > 8 && map.stats().bytes_live < live / 8);
    assert_bounds(&map, "a large shrink");
    let log: Vec<_> = map.growth_log().iter().rev().take(3).collect();
    assert!(log.iter().all(|growth| growth.kind == GrowthKind::Shrink
        && growth.done_buckets == growth.from_buckets
        && growth.bytes_released > 0));
    assert_keys(&map, (0..len).step_by(50));
    // The same addresses again: what went back is zero, and grows as ever.
    for i in 0..len {
        map.insert(i, i);
    }
    assert_keys(&map, 0..len);
}

#[test]
fn small_clones_of_shrinking_maps_go_on() {
    for steps in [0, 1, 4, 9] {
        let mut map = map();
        let mut next = 0;
        if !grow_into(&mut map, SHRINKING, steps, &mut next, 3_000, |i| (i, i)) {
            continue;
        }
        let mut copy = map.clone();
        assert!(copy.is_shrinking());
        copy.check_invariants();
        copy.finish();
        assert_keys(&copy, 0..next);
        for i in next..3 * next {
            map.insert(i, i);
        }
        assert_keys(&map, 0..3 * next);
    }
}

#[test]
fn small_clones_keep_a_queued_reservation() {
    let mut map = map();
    let mut next = 0;
    assert!(grow_into(&mut map, 2, 1, &mut next, 3_000, |i| (i, i)));
    map.reserve(40 * next as usize);
    let copy = map.clone();
    assert_eq!(copy.capacity(), map.capacity());
    assert!(copy.is_growing());
}

#[test]
fn small_clear_of_a_growth_in_place_logs_what_is_left() {
    let mut map = map();
    let mut next = 0;
    if !grow_into(&mut map, 1, 3, &mut next, 100_000, |i| (i, i)) {
        return;
    }
    map.clear();
    let record = map.growth_log().last().copied().expect("on record");
    assert_eq!(record.to_buckets, map.stats().buckets);
}
