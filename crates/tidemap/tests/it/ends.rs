//! Bounded ends: reclaimers drop everything once, in steps no longer than their budget, in every
//! state of growth and whatever panics.

use tidemap::{Budget, HashMap, bounds};

use crate::ledger::{Entered, alive, reset, with_panic_at_or_in_drop};
use crate::support::{Bent, Quality, STATES, grow_into};

type Map<const PADDING: usize> = HashMap<Entered<PADDING>, Entered<PADDING>, Bent>;

fn entry<const PADDING: usize>(name: u64) -> (Entered<PADDING>, Entered<PADDING>) {
    (Entered::new(name), Entered::new(name + 1_000_000))
}

fn map_in<const PADDING: usize>(quality: Quality, state: usize) -> Option<Map<PADDING>> {
    let mut map = Map::<PADDING>::with_hasher(Bent(quality));
    let (mut next, most) = (0, if cfg!(miri) { 40 } else { 700 });
    while next < 20 {
        let (key, value) = entry(next);
        map.insert(key, value);
        next += 1;
    }
    grow_into(&mut map, state, 2, &mut next, most, entry::<PADDING>).then_some(map)
}

const QUALITIES: [Quality; 4] = [
    Quality::Good,
    Quality::Low(2),
    Quality::Few(9),
    Quality::One,
];

#[test]
fn small_reclaimers_drop_every_entry_once_in_bounded_steps() {
    let mut seen = [0; STATES.len()];
    reclaim_all::<0>(&mut seen);
    if !cfg!(miri) {
        reclaim_all::<1_500>(&mut seen);
        assert!(seen.iter().all(|&times| times > 0), "{seen:?}");
    }
}

fn reclaim_all<const PADDING: usize>(seen: &mut [u64; STATES.len()]) {
    for quality in QUALITIES {
        for (state, seen) in seen.iter_mut().enumerate() {
            for budget in [0, 1, 3, 40] {
                reset();
                let Some(map) = map_in::<PADDING>(quality, state) else {
                    continue;
                };
                *seen += 1;
                let slots = map.stats().slots_per_bucket;
                let mut left = map.len();
                let mut reclaimer = map.into_reclaimer();
                loop {
                    let progress = reclaimer.step(Budget::buckets(budget));
                    assert!(progress.buckets <= budget.max(1) + bounds::CALL_BUCKETS);
                    assert!(progress.entries <= (budget + 2) * slots);
                    left -= progress.entries;
                    assert_eq!((reclaimer.len(), alive()), (left, 2 * left));
                    if progress.is_done {
                        break;
                    }
                    assert!(progress.buckets > 0, "a step that does nothing");
                }
                assert_eq!(left, 0);
                // Done is done.
                assert!(reclaimer.step(Budget::buckets(1)).is_done);
            }
        }
    }
}

#[test]
fn small_reclaimers_that_are_dropped_early_drop_the_rest() {
    for state in 0..STATES.len() {
        for steps in [0, 1, 5, 30] {
            reset();
            let Some(mut map) = map_in::<0>(Quality::Low(2), state) else {
                continue;
            };
            let mut reclaimer = map.take_reclaimer();
            assert!(map.is_empty() && map.capacity() == 0);
            for _ in 0..steps {
                let _ = reclaimer.step(Budget::buckets(1));
            }
            drop(reclaimer);
            assert_eq!(alive(), 0);
            map.extend((0..100).map(entry::<0>));
            map.check_invariants();
        }
    }
}

#[test]
fn small_reclaimers_hand_entries_over() {
    let map: HashMap<u64, u64, Bent> = {
        let mut map = HashMap::with_hasher(Bent(Quality::Good));
        map.extend((0..if cfg!(miri) { 60 } else { 5_000 }).map(|i| (i, i + 1)));
        map
    };
    let len = map.len() as u64;
    let mut reclaimer = map.into_reclaimer();
    let mut seen = vec![false; len as usize];
    let mut take = |key: u64, value: u64| {
        assert_eq!(value, key + 1);
        assert!(!std::mem::replace(&mut seen[key as usize], true));
    };
    while !reclaimer.step_with(Budget::buckets(2), &mut take).is_done {}
    assert!(seen.iter().all(|&seen| seen));
}

#[test]
fn small_entries_that_panic_do_not_stop_a_reclaimer() {
    for state in 0..STATES.len() {
        for at in (0..if cfg!(miri) { 2 } else { 40 }).chain([100, 150]) {
            for steps in [0, 3] {
                reset();
                let Some(map) = map_in::<0>(Quality::Low(2), state) else {
                    continue;
                };
                let len = map.len();
                let mut reclaimer = Some(map.into_reclaimer());
                let panicked = with_panic_at_or_in_drop(at, || {
                    for _ in 0..steps {
                        let _ = reclaimer.as_mut().map(|r| r.step(Budget::buckets(3)));
                    }
                    reclaimer = None;
                });
                // What a panic left of the reclaimer goes on.
                drop(reclaimer);
                // The pair whose half panicked drops its other half, too.
                assert_eq!(alive(), 0, "{at}: {panicked}, {len} entries");
            }
        }
    }
}

#[test]
fn small_plain_drop_goes_on_after_a_panic() {
    for state in 0..STATES.len() {
        reset();
        let Some(map) = map_in::<0>(Quality::Low(2), state) else {
            continue;
        };
        let mut map = Some(map);
        assert!(with_panic_at_or_in_drop(7, || map = None));
        assert_eq!(alive(), 0);
    }
}

/// Memory goes back while entries are still there.
#[test]
fn memory_goes_back_as_a_reclaimer_proceeds() {
    if cfg!(miri) {
        return;
    }
    let map: HashMap<u64, [u64; 7]> = (0..100_000).map(|i| (i, [i; 7])).collect();
    let held = map.stats().bytes_live;
    let mut reclaimer = map.into_reclaimer();
    let (mut released, mut half) = (0, None);
    let mut take = |_, _| {};
    loop {
        let progress = reclaimer.step_with(Budget::buckets(20), &mut take);
        released += progress.bytes_released as usize;
        if reclaimer.len() < 50_000 {
            half.get_or_insert(released);
        }
        if progress.is_done {
            break;
        }
    }
    let half = half.expect("the entries went in steps");
    assert!(half > held / 3, "{half} of {held} bytes at half time");
    assert!(released > held * 9 / 10, "{released} of {held} bytes");
}

#[test]
fn small_advance_does_a_growth_in_steps() {
    for budget in [0, 1, 7, 100] {
        let mut map: HashMap<u64, u64, Bent> = HashMap::with_hasher(Bent(Quality::Good));
        let many = if cfg!(miri) { 120 } else { 30_000 };
        map.extend((0..many).map(|i| (i, i)));
        map.reserve(20 * many as usize);
        let mut calls = 0;
        while map.has_pending_work() {
            let before = map.stats().work_total;
            let progress = map.advance(Budget::buckets(budget));
            let after = map.stats().work_total;
            let step = bounds::STEP_BUCKETS_MAX.max(bounds::CALL_BUCKETS);
            assert!(progress.buckets > 0 && progress.buckets < budget.max(1) + step);
            assert_eq!(
                progress.entries as u64,
                after.entries_moved - before.entries_moved
            );
            assert_eq!(progress.is_done, !map.has_pending_work());
            calls += 1;
        }
        assert!(!map.is_growing());
        // One call may do all that a map of few entries has to do.
        assert!(
            calls > 3 || (many < 200 && budget == 100),
            "{calls} calls of {budget}"
        );
        assert!(map.capacity() >= 20 * many as usize);
        assert!(map.advance(Budget::buckets(9)).is_done);
        map.check_invariants();
        assert!((0..many).all(|i| map.get(&i) == Some(&i)));
    }
}

#[test]
fn small_reserve_now_blocks() {
    for len in [0u64, 3, 20, 100, if cfg!(miri) { 110 } else { 40_000 }] {
        let mut map: HashMap<u64, u64, Bent> = HashMap::with_hasher(Bent(Quality::Good));
        map.extend((0..len).map(|i| (i, i)));
        // One that waits behind a growth, too.
        map.reserve(50);
        map.reserve_now(if cfg!(miri) { 200 } else { 90_000 });
        let (capacity, begun) = (map.capacity(), map.growths_started());
        assert!(!map.has_pending_work() && capacity >= map.len() + 200);
        for i in len..capacity as u64 {
            map.insert(i, i);
        }
        assert_eq!(map.growths_started(), begun);
        assert!(map.try_reserve_now(usize::MAX / 2).is_err());
        map.check_invariants();
    }
}
