//! When growths begin and end, who pays, and what is on record.

use tidemap::{Growth, GrowthKind, HashMap, bounds};

use crate::support::{Bent, Quality, STRESS, state_of};

type Map = HashMap<u64, u64, Bent>;

fn map() -> Map {
    HashMap::with_hasher(Bent(Quality::Good))
}

/// Entries that so many buckets hold before they double: 6.5 of 8 slots.
fn room(buckets: usize, slots: usize) -> usize {
    if buckets == 1 {
        slots
    } else {
        buckets * slots * 13 / 16
    }
}

const MOST: u64 = if cfg!(miri) { 400 } else { 200_000 };

#[test]
fn small_growths_begin_at_six_and_a_half_of_eight() {
    let mut map = map();
    let mut begun = 0;
    for key in 0..MOST {
        let before = (map.len(), map.stats().buckets, map.growth());
        map.insert(key, key);
        let after = map.stats();
        if map.growths_started() > begun {
            begun = map.growths_started();
            let growth = after.growth.or(map.growth_log().last().copied());
            assert_eq!(
                before.0,
                room(before.1, after.slots_per_bucket),
                "{before:?} {after:?}"
            );
            assert!(before.2.is_none());
            if let Some(growth) = growth {
                assert_eq!(growth.to_buckets, 2 * growth.from_buckets);
            }
        }
        assert!(map.capacity() >= map.len());
    }
    assert_eq!(
        begun,
        map.growth_log().len() as u64 + u64::from(map.growth().is_some()) + unlogged(&map)
    );
    assert!(begun > 3);
}

/// Growths done in one step, which are not logged.
fn unlogged(map: &Map) -> u64 {
    let stats = map.stats();
    let finished = stats.growths_in_place + stats.growths_relocating + stats.growths_same_size;
    finished - map.growth_log().len() as u64
}

#[test]
fn small_records_add_up() {
    let mut map = map();
    for key in 0..MOST {
        map.insert(key, key);
    }
    map.finish();
    let mut buckets = 0;
    for growth in map.growth_log() {
        assert!(growth.from_buckets >= buckets, "{growth:?}");
        buckets = growth.to_buckets;
        assert_eq!(growth.done_buckets, growth.from_buckets);
        assert_eq!(growth.bytes_moved, growth.entries_moved * 16);
        assert!(growth.steps > 1 && growth.len_at_end >= growth.len_at_start);
        match growth.kind {
            GrowthKind::InPlace => {
                // Half of the entries, give or take.
                let share = growth.entries_moved as f64 / growth.len_at_end as f64;
                assert!((0.3..0.7).contains(&share), "{growth:?}");
                assert_eq!(growth.bytes_released, 0);
            }
            GrowthKind::Relocating => {
                assert!(growth.entries_moved >= growth.len_at_start as u64);
                assert!(growth.bytes_released > 0);
                // The window is short: a quarter more, and what one operation adds.
                assert!(
                    growth.len_at_end <= growth.len_at_start * 5 / 4 + 16,
                    "{growth:?}"
                );
            }
            _ => panic!("good hashes need no same-size growth: {growth:?}"),
        }
    }
    assert_eq!(buckets, map.stats().buckets);
    assert_eq!(map.stats().bytes_old, 0);
}

/// Arrays above the threshold grow where they are.
#[test]
fn small_large_arrays_grow_in_place() {
    let mut map = map();
    let mut kinds = [0; 2];
    for key in 0..MOST {
        map.insert(key, key);
        let Some(growth) = map.growth() else { continue };
        let bytes = growth.from_buckets * map.stats().bucket_bytes;
        let expected = if bytes > bounds::HEAP_ARRAY_BYTES_MAX {
            GrowthKind::InPlace
        } else {
            GrowthKind::Relocating
        };
        assert_eq!(growth.kind, expected, "{growth:?}");
        kinds[growth.kind as usize] += 1;
    }
    assert!(kinds[GrowthKind::Relocating as usize] > 0);
    assert!(kinds[GrowthKind::InPlace as usize] > 0);
}

/// What is wanted as a whole comes from the allocator up to a larger size, clones too, and leaves it when it grows.
#[test]
fn presized_arrays_come_from_the_allocator() {
    let slot_bytes = map().stats().bucket_bytes;
    for most in [
        bounds::HEAP_ARRAY_BYTES_MAX,
        bounds::WHOLE_HEAP_ARRAY_BYTES_MAX,
    ] {
        let room = 15 * (most / slot_bytes.max(1)).max(1) / 2;
        let mut sized: Map = HashMap::with_capacity_and_hasher(room, Bent(Quality::Good));
        let bytes = |map: &Map| map.stats().buckets * map.stats().bucket_bytes;
        let is_whole = bytes(&sized) <= bounds::WHOLE_HEAP_ARRAY_BYTES_MAX;
        let in_heap = |map: &Map| map.stats().bytes_reserved == 0;
        assert_eq!(
            in_heap(&sized),
            is_whole || !tidemap_span::PAGE_RUNS,
            "{room}"
        );
        let filled = sized.capacity() as u64;
        for key in 0..filled {
            sized.insert(key, key);
        }
        assert!(sized.growth().is_none());
        let mut copy = sized.clone();
        assert_eq!(in_heap(&copy), in_heap(&sized));
        for map in [&mut sized, &mut copy] {
            for key in filled..2 * filled {
                map.insert(key, key);
            }
            map.finish();
            assert!((0..2 * filled).all(|key| map.get(&key) == Some(&key)));
            if bytes(map) > bounds::HEAP_ARRAY_BYTES_MAX {
                assert_eq!(in_heap(map), !tidemap_span::PAGE_RUNS, "{}", bytes(map));
            }
            map.check_invariants();
            map.clear();
            map.shrink_to_fit();
            assert_eq!(map.capacity(), 0);
        }
    }
}

/// A map that has just begun to relocate, with a few keys to spare.
fn relocating() -> (Map, u64) {
    let mut map = map();
    let mut next = 0;
    let least = if STRESS { 30 } else { 700 };
    while next < least || state_of(&map) != 2 {
        map.insert(next, next);
        next += 1;
        assert!(next < 20_000, "no relocating growth seen");
    }
    (map, next)
}

fn ends_by(pay: impl Fn(&mut Map, u64)) -> Growth {
    let (mut map, next) = relocating();
    let old = map.stats().bytes_old;
    assert!(old > 0, "the old array is accounted for");
    for step in 0..4 * next {
        if map.growth().is_none() {
            break;
        }
        pay(&mut map, step % next);
    }
    assert_eq!(map.growth(), None, "the growth does not end");
    assert_eq!(map.stats().bytes_old, 0);
    assert!(map.stats().bytes_released >= old as u64);
    map.check_invariants();
    map.growth_log().last().copied().expect("on record")
}

#[test]
fn small_relocations_end_without_insertions() {
    ends_by(|map, key| assert_eq!(map.get_mut(&key), Some(&mut { key })));
    ends_by(|map, key| assert_eq!(map.get_mut(&(key + 1_000_000)), None));
    ends_by(|map, key| assert_eq!(map.remove(&key), Some(key)));
    ends_by(|map, key| assert_eq!(map.entry(key).key(), &key));
    ends_by(|map, _| map.finish());
}

#[test]
fn small_relocations_end_by_replacing_alone() {
    ends_by(|map, key| assert_eq!(map.insert(key, key), Some(key)));
}

#[test]
fn small_clear_ends_a_relocation() {
    ends_by(|map, _| {
        map.clear();
        assert!(map.is_empty());
    });
}

#[test]
fn small_a_reserve_during_a_growth_is_next() {
    let (mut map, next) = relocating();
    let running = map.growth();
    let more = 10 * next as usize;
    map.reserve(more);
    assert!(map.capacity() >= map.len() + more);
    assert_eq!(
        map.growth().map(|growth| growth.to_buckets),
        running.map(|growth| growth.to_buckets),
        "one growth at a time"
    );
    map.check_invariants();
    let wanted = map.len() + more;
    for key in next..wanted as u64 {
        map.insert(key, key);
        assert!(map.capacity() >= wanted);
    }
    map.check_invariants();
    // The running one and the queued one; in between nothing grew by halves.
    map.finish();
    assert_eq!(map.growth(), None);
    assert!(map.capacity() >= wanted && map.len() == wanted);
    assert!((0..wanted as u64).all(|key| map.get(&key) == Some(&key)));
}

#[test]
fn small_clear_keeps_capacity() {
    for len in [3u64, 40, 300, if cfg!(miri) { 400 } else { 20_000 }] {
        let mut map = map();
        for key in 0..len {
            map.insert(key, key);
        }
        // What clears a map in the middle of a doubling in place takes it back to where that began.
        let doubling = map.growth().is_some_and(|g| g.kind == GrowthKind::InPlace);
        let capacity = map.capacity() / if doubling { 2 } else { 1 };
        map.clear();
        assert!(
            map.capacity() >= capacity,
            "{len}: {} < {capacity}",
            map.capacity()
        );
        map.check_invariants();
        for key in 0..len {
            assert_eq!(map.insert(key, key), None);
        }
        map.check_invariants();
    }
}

#[test]
fn small_room_that_was_asked_for_needs_no_growth() {
    for entries in [1, 3, 4, 7, 8, 15, 16, 24, 25, 100, 390, 391, 12_481] {
        if cfg!(miri) && entries > 100 {
            continue;
        }
        let mut map: Map = HashMap::with_capacity_and_hasher(entries, Bent(Quality::Good));
        assert!(map.capacity() >= entries);
        for key in 0..entries as u64 {
            map.insert(key, key);
        }
        assert_eq!(map.growths_started(), 0, "{entries}");
        map.check_invariants();
    }
}

/// Beyond a run's reservation everything moves to a longer one, released behind the cursor.
#[test]
fn a_page_run_is_released_in_pieces() {
    if STRESS || !tidemap_has_page_runs() {
        return;
    }
    let mut map = map();
    for key in 0..50_000 {
        map.insert(key, key);
    }
    map.finish();
    // More than 8 GiB of buckets do not fit the first reservation.
    map.reserve(600_000_000);
    assert_eq!(
        map.growth().map(|growth| growth.kind),
        Some(GrowthKind::Relocating)
    );
    let mut key = 0;
    let mut old = map.stats().bytes_old;
    let mut pieces = 0;
    while map.growth().is_some() {
        assert_eq!(map.get_mut(&key), Some(&mut { key }));
        key = (key + 1) % 50_000;
        let now = map.stats().bytes_old;
        if now < old {
            assert!(now == 0 || old - now <= 256 << 10, "{old} -> {now}");
            pieces += 1;
        }
        old = now;
    }
    assert!(pieces > 3);
    assert!(map.stats().work_max.system_calls <= bounds::SYSTEM_CALLS_MAX);
    assert!((0..50_000).all(|key| map.get(&key) == Some(&key)));
}

/// Page runs are the only arrays that reserve address space.
fn tidemap_has_page_runs() -> bool {
    let map: HashMap<u64, u64> = HashMap::with_capacity(1 << 20);
    map.stats().bytes_reserved > 0
}
