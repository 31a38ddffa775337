//! The allocator as a witness: calls of each operation, and bytes held in the end.

use tidemap::{DefaultHashBuilder, GrowthKind, HashMap, bounds};

use crate::allocator::{bytes, calls};

#[derive(Default)]
struct Most(u64);

impl Most {
    /// Runs one operation and remembers the most calls that any made.
    fn of<R>(&mut self, act: impl FnOnce() -> R) -> R {
        let before = calls();
        let result = act();
        self.0 = self.0.max(calls() - before);
        result
    }
}

fn calls_per_operation<V: Copy>(entries: u64, value: V) -> Most {
    let mut most = Most::default();
    let mut map: HashMap<u64, V> = HashMap::with_hasher(DefaultHashBuilder::with_seed(1));
    for i in 0..entries {
        most.of(|| map.insert(i, value));
        if i % 3 == 0 {
            most.of(|| map.remove(&(i / 2)));
        }
        if i % 5 == 0 {
            most.of(|| {
                map.entry(i + entries).or_insert(value);
            });
        }
        // Segments for a jump come all at once (`bounds::ALLOCATOR_CALLS_MAX`).
        if i % 1_000 == 500 && tidemap_span::PAGE_RUNS {
            most.of(|| map.reserve(i as usize));
        }
        most.of(|| assert_eq!(map.get_mut(&i).is_some(), i > 0));
    }
    let map_says = map.stats().work_max.allocator_calls;
    println!("{} calls seen, {map_says} counted by the map", most.0);
    assert!(most.0 > 0);
    most
}

#[test]
fn no_operation_calls_the_allocator_often() {
    for most in [
        calls_per_operation(if cfg!(miri) { 300 } else { 300_000 }, 7u64),
        calls_per_operation(if cfg!(miri) { 100 } else { 20_000 }, [7u64; 64]),
        calls_per_operation(if cfg!(miri) { 30 } else { 3_000 }, [7u64; 640]),
    ] {
        assert!(most.0 <= bounds::ALLOCATOR_CALLS_MAX, "{} calls", most.0);
    }
}

fn held_after<V: Clone>(entries: u64, value: &V) {
    let before = bytes();
    let mut map: HashMap<u64, V> = HashMap::with_hasher(DefaultHashBuilder::with_seed(1));
    for i in 0..entries {
        map.insert(i, value.clone());
        if i % 17 == 0 {
            map.remove(&(i / 3));
        }
        let stats = map.stats();
        if stats.bytes_reserved == 0 {
            // All of it comes from the allocator.
            let held = bytes() - before;
            let said = (stats.bytes_live + stats.bytes_old) as i64;
            // The heads of segment directories are not counted.
            let slack = if !tidemap_span::PAGE_RUNS { 1_200 } else { 0 };
            assert!(
                (held - said).abs() <= slack,
                "{held}, {i} entries: {stats:?}"
            );
        }
        let kind = map.growth().map(|growth| growth.kind);
        let two = matches!(kind, Some(GrowthKind::Relocating | GrowthKind::Reseed));
        assert!(two || stats.bytes_old == 0, "{stats:?}");
        // The last step of a reseed ends an array whose bytes are gone.
        assert!(
            stats.bytes_old > 0 || kind != Some(GrowthKind::Relocating),
            "{stats:?}"
        );
    }
    let copy = map.clone();
    assert_eq!(copy.len(), map.len());
    drop(map);
    drop(copy);
    assert_eq!(bytes(), before, "bytes are still held");
}

#[test]
fn what_the_map_says_is_what_the_allocator_gave() {
    held_after(if cfg!(miri) { 200 } else { 30_000 }, &7u64);
    held_after(if cfg!(miri) { 50 } else { 2_000 }, &[7u64; 64]);
    held_after(if cfg!(miri) { 20 } else { 200 }, &[7u64; 640]);
}

#[test]
fn memory_of_every_way_out_is_returned() {
    let before = bytes();
    let entries = if cfg!(miri) { 100 } else { 20_000 };
    let build = || {
        (0..entries)
            .map(|i| (i, i.to_string()))
            .collect::<HashMap<u64, String>>()
    };
    build().into_iter().take(50).for_each(drop);
    build().into_values().take(3).for_each(drop);
    let mut map = build();
    map.clear();
    map.reserve(10 * entries as usize);
    drop(map);
    let mut map = build();
    map.drain().take(9).for_each(drop);
    assert!(map.is_empty() && map.capacity() > 0);
    drop(map);
    let mut map: HashMap<u64, String> = HashMap::with_hasher(DefaultHashBuilder::with_seed(1));
    for i in 0..entries {
        map.insert(i, i.to_string());
        if i % 97 == 0 {
            // Queued behind a growth, then never needed.
            map.reserve(2 * i as usize);
        }
    }
    drop(map);
    assert_eq!(bytes(), before);
}

/// Bytes held against bytes said, all through a shrink; and nothing is left in the end.
#[test]
fn memory_of_shrinks_and_of_ends_in_steps_is_returned() {
    use tidemap::{Budget, Shrink, Sweep};
    let before = bytes();
    let entries = if cfg!(miri) { 120 } else { 20_000 };
    let build = || {
        (0..entries)
            .map(|i| (i, i.to_string()))
            .collect::<HashMap<u64, String>>()
    };
    let mut map = build();
    map.set_shrink_policy(Shrink::WhenBelow(0.3));
    for i in 0..entries {
        map.remove(&i);
    }
    map.finish();
    assert!(map.stats().bytes_live < 20_000);
    map.shrink_to_fit();
    assert_eq!(bytes(), before, "an empty map that fits holds nothing");
    drop(map);
    // Dropped, cleared and given up in the middle of a shrink.
    for way in 0..5 {
        let mut map = build();
        map.retain(|key, _| key % 9 == 0);
        map.begin_shrink();
        map.advance(Budget::buckets(20));
        match way {
            0 => drop(map),
            1 => {
                map.clear();
                drop(map);
            }
            2 => {
                let mut reclaimer = map.into_reclaimer();
                while !reclaimer.step(Budget::buckets(7)).is_done {}
                assert_eq!(bytes(), before, "the last step frees the rest");
            }
            3 => {
                let mut sweep = Sweep::new();
                while !map
                    .retain_step(&mut sweep, Budget::buckets(9), |key, _| key % 2 == 0)
                    .is_done
                {
                    map.advance(Budget::buckets(9));
                }
                drop(map);
            }
            _ => {
                while !map.clear_step(Budget::buckets(5)).is_done {}
                drop(map);
            }
        }
        assert_eq!(bytes(), before, "way {way}");
    }
}

#[test]
fn what_a_shrinking_map_says_is_what_it_holds() {
    use tidemap::Budget;
    let before = bytes();
    let mut map: HashMap<u64, u64> = HashMap::with_hasher(DefaultHashBuilder::with_seed(1));
    map.extend((0..if cfg!(miri) { 200 } else { 9_000 }).map(|i| (i, i)));
    map.finish();
    map.retain(|key, _| key % 30 == 0);
    map.begin_shrink();
    while map.has_pending_work() {
        map.advance(Budget::buckets(1));
        let stats = map.stats();
        if stats.bytes_reserved == 0 {
            let (held, said) = (
                bytes() - before,
                (stats.bytes_live + stats.bytes_old) as i64,
            );
            // The heads of segment directories are not counted.
            let slack = if !tidemap_span::PAGE_RUNS { 1_200 } else { 0 };
            assert!((held - said).abs() <= slack, "{held}: {stats:?}");
        }
    }
    drop(map);
    assert_eq!(bytes(), before);
}

/// Calls of every operation while maps shrink, and of every step of an end.
#[test]
fn no_step_down_calls_the_allocator_often() {
    use tidemap::{Budget, Shrink};
    let mut most = Most::default();
    let entries: u64 = if cfg!(miri) { 150 } else { 60_000 };
    let mut map: HashMap<u64, [u64; 3]> = HashMap::with_hasher(DefaultHashBuilder::with_seed(1));
    map.set_shrink_policy(Shrink::WhenBelow(0.35));
    for round in 0..3 {
        for i in 0..entries {
            most.of(|| map.insert(i, [i; 3]));
        }
        for i in 0..entries {
            most.of(|| map.remove(&(i * 7 % entries)));
            if i % 5_000 == 4_999 {
                most.of(|| map.begin_shrink());
            }
            if round == 1 && i % 9_000 == 8_999 && tidemap_span::PAGE_RUNS {
                most.of(|| map.reserve(2_000));
            }
        }
    }
    assert!(most.0 <= bounds::ALLOCATOR_CALLS_MAX, "{} calls", most.0);
    map.extend((0..entries).map(|i| (i, [i; 3])));
    let mut reclaimer = map.into_reclaimer();
    let mut most = Most::default();
    while !most.of(|| reclaimer.step(Budget::buckets(1))).is_done {}
    println!("{} calls in one step of an end", most.0);
    // Arrays, the cold part and the log at the very end.
    assert!(most.0 <= bounds::ALLOCATOR_CALLS_MAX, "{} calls", most.0);
}
