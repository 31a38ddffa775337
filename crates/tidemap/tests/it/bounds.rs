//! Bounded work, by the engine's own counters: over many operations of every kind, none
//! moves, touches, or asks the system for more than `tidemap::bounds` says. The file
//! `tests/memory/` holds the same bounds against outside witnesses.

use std::fmt::Debug;
use std::hash::Hash;

use tidemap::{Entry, GrowthKind, HashMap, bounds};

use crate::support::{Bent, Quality, Random, STRESS};

pub(crate) fn assert_bounds<K, V, S>(map: &HashMap<K, V, S>, when: &str) {
    let entry = size_of::<(K, V)>();
    let max = map.stats().work_max;
    let limits = [
        (
            "bytes moved",
            max.bytes_moved,
            bounds::moved_bytes_max(entry),
        ),
        (
            "fresh pages",
            max.fresh_pages,
            bounds::fresh_pages_max(entry),
        ),
        ("system calls", max.system_calls, bounds::SYSTEM_CALLS_MAX),
        (
            "allocator calls",
            max.allocator_calls,
            bounds::ALLOCATOR_CALLS_MAX,
        ),
    ];
    for (what, most, limit) in limits {
        assert!(
            most <= limit,
            "{what}: {most} of at most {limit}, {entry}-byte entries, {when}"
        );
    }
}

struct Plan {
    quality: Quality,
    entries: u64,
    /// Whether `reserve` is among the operations.
    reserves: bool,
}

/// Phases of one kind of operation each, then all kinds mixed.
fn phases<K, V>(plan: &Plan, key: impl Fn(u64) -> K, value: impl Fn(u64) -> V)
where
    K: Hash + Eq + Clone,
    V: Clone + Debug,
{
    let mut map: HashMap<K, V, Bent> = HashMap::with_hasher(Bent(plan.quality));
    let mut random = Random(plan.entries | 1);
    let entries = plan.entries;
    let check = |map: &HashMap<K, V, Bent>, phase: &str| {
        assert_bounds(map, &format!("{:?}, {phase}", plan.quality));
    };

    for i in 0..entries {
        map.insert(key(i), value(i));
        if plan.reserves && i % (entries / 7 + 1) == entries / 9 {
            map.reserve((i / 3) as usize);
            map.reserve((i / 2) as usize);
        }
        // Growths that hold memory go on by removals or by look-ups for change alone.
        if map
            .growth()
            .is_some_and(|growth| growth.kind == GrowthKind::Relocating)
        {
            match random.below(40) {
                0 => {
                    for j in 0..i.min(3_000) {
                        map.get_mut(&key(j));
                    }
                    check(&map, "get_mut in a growth");
                }
                1 => {
                    for j in 0..i.min(300) {
                        map.remove(&key(j));
                    }
                    check(&map, "remove in a growth");
                }
                _ => {}
            }
        }
    }
    check(&map, "insert");

    for step in 0..2 * entries {
        let at = random.below(entries + entries / 4);
        match step % 7 {
            0 => drop(map.insert(key(at), value(at))),
            1 => drop(map.remove(&key(at))),
            2 => drop(map.get_mut(&key(at))),
            3 => drop(map.entry(key(at)).or_insert_with(|| value(at)).clone()),
            4 => {
                if let Entry::Occupied(entry) = map.entry(key(at)) {
                    entry.remove();
                }
            }
            5 => {
                if let Entry::Vacant(entry) = map.entry(key(at)) {
                    entry.insert(value(at));
                }
            }
            _ => drop(map.remove_entry(&key(at))),
        }
    }
    check(&map, "mixed");

    for i in 0..entries {
        map.remove(&key(i));
        if i % 3 == 0 {
            // Chains become holey; same-size growths begin.
            map.insert(key(i + 3 * entries), value(i));
        }
    }
    check(&map, "remove and insert");
    map.retain(|_, _| random.below(2) == 0);
    let growing_copy = map.clone();
    for mut map in [map, growing_copy] {
        for i in 0..entries / 2 {
            map.insert(key(i + 5 * entries), value(i));
        }
        check(&map, "insert after retain");
        map.finish();
        map.check_invariants();
    }
}

const QUALITIES: [Quality; 6] = [
    Quality::Good,
    Quality::Low(4),
    Quality::Low(9),
    Quality::Few(30),
    Quality::Few(400),
    Quality::High(9),
];

fn all_phases<K, V>(entries: u64, key: impl Fn(u64) -> K + Copy, value: impl Fn(u64) -> V + Copy)
where
    K: Hash + Eq + Clone,
    V: Clone + Debug,
{
    for quality in QUALITIES {
        for reserves in [false, true] {
            let entries = match quality {
                _ if cfg!(miri) => 80,
                Quality::Good => entries,
                // A chain is searched from its beginning.
                Quality::Few(400) | Quality::Low(9) => entries.min(20_000),
                _ => entries.min(1_500),
            };
            phases(
                &Plan {
                    quality,
                    entries,
                    reserves,
                },
                key,
                value,
            );
        }
        if cfg!(miri) {
            break;
        }
    }
}

#[test]
fn small_bounds_hold_for_pairs_of_words() {
    all_phases(if STRESS { 30_000 } else { 600_000 }, |k| k, |v| v);
}

#[test]
fn small_bounds_hold_for_entries_of_72_bytes() {
    all_phases(if STRESS { 10_000 } else { 60_000 }, |k| k, |v| [v; 8]);
}

#[test]
fn bounds_hold_for_strings() {
    if cfg!(miri) {
        return;
    }
    let key = |k| format!("the key that has number {k}");
    all_phases(if STRESS { 5_000 } else { 60_000 }, key, |v| v);
}

#[test]
fn bounds_hold_for_small_entries() {
    if cfg!(miri) {
        return;
    }
    all_phases(if STRESS { 5_000 } else { 100_000 }, |k| k as u32, |_| ());
    all_phases(60_000, |k| k as u16, |_| 0u8);
}

#[test]
fn bounds_hold_for_long_entries() {
    if cfg!(miri) {
        return;
    }
    let entries = if STRESS { 1_000 } else { 8_000 };
    all_phases(entries, |k| k, |v| [v; 31]);
    all_phases(entries, |k| k, |v| [v; 127]);
    all_phases(entries / 4, |k| k, |v| [v; 624]);
}

/// Look-ups move nothing: not in a calm map, not in the middle of any growth.
#[test]
fn small_lookups_move_nothing() {
    let mut map: HashMap<u64, u64, Bent> = HashMap::with_hasher(Bent(Quality::Good));
    let mut seen = [0; 4];
    for i in 0..if cfg!(miri) { 300 } else { 60_000 } {
        map.insert(i, i);
        let Some(growth) = map.growth() else { continue };
        let state = growth.kind as usize;
        if seen[state] > 20 || growth.steps == 0 {
            continue;
        }
        seen[state] += 1;
        let before = map.stats();
        let probe: Vec<u64> = (0..20).map(|j| j * i / 20).collect();
        let addresses: Vec<*const u64> = probe.iter().map(|j| &raw const map[j]).collect();
        for j in 0..2_000u64.min(2 * i) {
            assert_eq!(map.get(&j).is_some(), j <= i);
            assert_eq!(map.contains_key(&j), j <= i);
            assert_eq!(map.get_key_value(&j).is_some(), j <= i);
        }
        assert_eq!(map.stats(), before);
        for (j, address) in probe.iter().zip(addresses) {
            assert_eq!(&raw const map[j], address);
        }
    }
    if !cfg!(miri) {
        assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
    }
}
