//! Same-size growth: when it begins, what it frees, and that colliding keys do not keep it going.

use std::collections::BTreeSet;

use tidemap::{GrowthKind, HashMap};

use crate::support::{Bent, Quality};

/// Fills chains and thins them out again, so that overflow buckets outnumber main buckets
/// though entries are few.
fn holey_map() -> (HashMap<u64, u64, Bent>, BTreeSet<u64>) {
    let mut map = HashMap::with_hasher(Bent(Quality::Identity));
    map.reserve(1_600);
    map.finish();
    let buckets = map.stats().buckets as u64;
    let mut keys = BTreeSet::new();
    // Chain after chain is filled and all but one entry of each overflow bucket removed.
    for home in 0..buckets {
        let chain = (0..64).map(|i| home + i * buckets * 4);
        for key in chain.clone() {
            map.insert(key, key);
            keys.insert(key);
            if map.growth().is_some() {
                return (map, keys);
            }
        }
        for (i, key) in chain.enumerate() {
            if i % 8 != 0 {
                assert_eq!(map.remove(&key), Some(key));
                keys.remove(&key);
            }
        }
    }
    panic!("no same-size growth began");
}

#[test]
fn small_holey_chains_are_compacted() {
    let (mut map, keys) = holey_map();
    let stats = map.stats();
    assert_eq!(
        map.growth().map(|growth| growth.kind),
        Some(GrowthKind::SameSize)
    );
    assert!(stats.overflow_buckets >= stats.buckets, "{stats:?}");
    assert!(map.len() < stats.buckets * stats.slots_per_bucket / 2);
    map.check_invariants();
    // Insertions pay; none of these collides with what is there.
    let mut extra = 0;
    while map.growth().is_some() {
        map.insert(
            (extra << 32) + extra % stats.buckets as u64 + (1 << 60),
            extra,
        );
        extra += 1;
        assert!(extra < 1_000, "the pass does not end");
    }
    let after = map.stats();
    map.check_invariants();
    assert_eq!(after.growths_same_size, 1);
    assert_eq!(after.buckets, stats.buckets);
    assert!(
        after.overflow_buckets * 2 < stats.overflow_buckets,
        "{} of {} overflow buckets are left",
        after.overflow_buckets,
        stats.overflow_buckets
    );
    assert!(keys.iter().all(|key| map.get(key) == Some(key)));
    let record = map
        .growth_log()
        .last()
        .copied()
        .expect("the pass is on record");
    assert_eq!(record.kind, GrowthKind::SameSize);
    assert_eq!(
        (record.from_buckets, record.to_buckets),
        (stats.buckets, stats.buckets)
    );
    assert!(record.entries_moved > 0 && record.steps > 1);
    assert_eq!(record.done_buckets, record.from_buckets);
}

#[test]
fn small_finish_ends_a_same_size_growth() {
    let (mut map, keys) = holey_map();
    assert!(map.growth().is_some());
    map.finish();
    assert_eq!(map.growth(), None);
    assert!(keys.iter().all(|key| map.get(key) == Some(key)));
    map.check_invariants();
}

/// C3: a pass that cannot free anything is not repeated for every insertion.
#[test]
fn small_colliding_keys_do_not_compact_for_ever() {
    let mut map = HashMap::with_hasher(Bent(Quality::One));
    let entries: u64 = if cfg!(miri) { 150 } else { 3_000 };
    for key in 0..entries {
        map.insert(key, key);
    }
    let stats = map.stats();
    // Overflow buckets double between two passes; a growth forgets, but doubles, too.
    let most = 2 * u64::from(entries.ilog2());
    assert!(
        stats.growths_same_size <= most,
        "{} passes",
        stats.growths_same_size
    );
    if !cfg!(miri) {
        assert!(stats.growths_same_size > 0);
    }
    let moved = stats.work_total.entries_moved;
    assert!(moved < 6 * entries, "{moved} moves for {entries} entries");
    assert!((0..entries).all(|key| map.get(&key) == Some(&key)));
    map.check_invariants();
}
