//! Rows against the map's own `stats`.

use std::hash::{BuildHasher, Hash};

use tidemap::{HashMap, HashSet, HashTable, Shrink};
use tidemap_probe::snapshot;

use super::row;

/// Holds the row of a map against what the map says of itself; whether it grows.
pub(crate) fn check<K: Eq + Hash, V, S: BuildHasher>(
    map: &mut HashMap<K, V, S>,
    name: &str,
) -> bool {
    // The bound, memory and growth hold without a refresh.
    let before = row(name);
    assert!(
        map.len() as u64 <= before.gauges.len_max,
        "{} entries, bound {}",
        map.len(),
        before.gauges.len_max
    );
    map.probe_refresh();
    let (row, stats) = (row(name), map.stats());
    assert!(row.is_consistent);
    assert_eq!(
        (row.growth, row.compaction),
        (before.growth, before.compaction)
    );
    let gauges = row.gauges;
    assert_eq!(gauges.len, stats.len as u64);
    assert_eq!(gauges.capacity, stats.capacity as u64);
    assert_eq!(gauges.buckets, stats.buckets as u64);
    assert_eq!(gauges.bytes_live, stats.bytes_live as u64);
    assert_eq!(gauges.bytes_old, stats.bytes_old as u64);
    assert_eq!(gauges.bytes_reserved, stats.bytes_reserved as u64);
    assert_eq!(gauges.overflow_buckets, stats.overflow_buckets as u64);
    assert!((gauges.load() - stats.load).abs() < 1e-9);
    assert!(gauges.bytes_peak >= gauges.bytes_held());
    let counters = row.counters;
    assert_eq!(counters.growths.in_place, stats.growths_in_place);
    assert_eq!(counters.growths.relocating, stats.growths_relocating);
    assert_eq!(counters.growths.same_size, stats.growths_same_size);
    assert_eq!(counters.growths.shrink, stats.shrinks);
    assert_eq!(counters.growths_refused, stats.growths_refused);
    let running = u64::from(row.growth.is_some()) + u64::from(row.compaction.is_some());
    assert_eq!(
        counters.growths_begun,
        counters.growths.sum() + counters.growths_given_up + running,
        "what begins runs, ends or is given up"
    );
    assert_eq!(counters.bytes_released, stats.bytes_released);
    assert_eq!(counters.step_ns.count(), counters.steps);
    assert!(counters.overflows >= stats.overflow_buckets as u64);
    let present = row.growth.or(row.compaction);
    assert_eq!(
        present.map(|growth| (growth.from_buckets, growth.to_buckets, growth.done_buckets)),
        stats.growth.map(|growth| (
            growth.from_buckets as u64,
            growth.to_buckets as u64,
            growth.done_buckets as u64
        )),
        "{row:#?}"
    );
    present.is_some()
}

/// Every figure of a row equals what the map says of itself, at every length on the way up and down.
#[test]
fn a_row_says_what_stats_say() {
    let mut map: HashMap<u64, u64> = HashMap::builder().name("as-stats").build();
    map.set_shrink_policy(Shrink::WhenBelow(0.25));
    let mut shown_growing = 0;
    for key in 0..40_000u64 {
        map.insert(key, key);
        if key % 97 == 0 {
            shown_growing += u32::from(check(&mut map, "as-stats"));
        }
    }
    for key in 0..39_900u64 {
        map.remove(&key);
        if key % 97 == 0 {
            shown_growing += u32::from(check(&mut map, "as-stats"));
        }
    }
    assert!(shown_growing > 20, "seen growing {shown_growing} times");
    let row = row("as-stats");
    assert!(row.counters.growths.in_place > 0 && row.counters.growths.shrink > 0);
    assert!(row.counters.growth_ns > 0 && row.gauges.step_ns_max > 0);
    assert!(row.last_growth.is_some_and(|growth| growth.is_complete));
    assert_eq!((&*row.key_type, &*row.value_type), ("u64", "u64"));
    let site = row.site.expect("a site");
    assert!(site.file.ends_with("rows.rs") && site.line > 0);
}

/// However few entries they have: only maps that nobody named wait until they outgrow a bucket.
#[test]
fn a_named_map_has_its_row_at_once() {
    let mut map: HashMap<u64, u64> = HashMap::new();
    map.observe("at-once");
    let empty = row("at-once").gauges;
    assert_eq!(
        (empty.len, empty.len_max, empty.buckets, empty.bytes_live),
        (0, 0, 0, 0)
    );
    for key in 0..=15 {
        map.insert(key, key);
        check(&mut map, "at-once");
        let gauges = row("at-once").gauges;
        assert!(gauges.bytes_live > 0 && gauges.buckets > 0, "{gauges:?}");
    }
    drop(map);
    assert!(snapshot().named("at-once").is_none());

    let built: HashMap<u8, u8> = HashMap::builder().name("built-at-once").build();
    assert_eq!(row("built-at-once").gauges.len, 0);
    let mut small: HashMap<u8, u8> = (0..3).map(|i| (i, i)).collect();
    small.observe("small-at-once");
    assert_eq!(row("small-at-once").gauges.len, 3);
    drop((built, small));
}

#[test]
fn the_row_goes_with_the_map_and_with_its_end() {
    let mut map: HashMap<String, u8> = HashMap::new();
    assert_eq!(map.probe_id(), None);
    map.observe("moves");
    let id = map.probe_id().expect("a row");
    for i in 0..5_000 {
        map.insert(i.to_string(), 1);
    }
    assert_eq!(map.probe_id(), Some(id), "it keeps its row as it grows");
    let copy = map.clone();
    assert_eq!(copy.probe_id(), None, "a copy is another map");
    let mut other = HashMap::new();
    core::mem::swap(&mut map, &mut other);
    assert_eq!((map.probe_id(), other.probe_id()), (None, Some(id)));
    let mut iter = other.into_iter();
    iter.next();
    assert!(
        snapshot().map(id).is_some(),
        "it lives while it is iterated"
    );
    drop(iter);
    assert!(snapshot().map(id).is_none());
}

#[test]
fn clear_and_reclaim_keep_the_row() {
    let mut map: HashMap<u64, [u64; 4]> = HashMap::new();
    map.observe("cleared");
    map.extend((0..50_000).map(|i| (i, [i; 4])));
    let id = map.probe_id();
    map.clear();
    let cleared = row("cleared");
    assert_eq!((cleared.gauges.len, cleared.counters.clears), (0, 1));
    assert!(!cleared.is_growing());
    map.extend((0..50_000).map(|i| (i, [i; 4])));
    let held = row("cleared").gauges.bytes_held();
    assert!(held > 50_000 * 40);
    let old = map.take_reclaimer();
    assert_eq!(map.probe_id(), id);
    assert_eq!(row("cleared").gauges.bytes_held(), 0);
    map.insert(1, [1; 4]);
    map.shrink_to_fit();
    drop(old);
    assert_eq!(map.probe_id(), id);
    map.clear();
    map.shrink_to_fit();
    assert_eq!(row("cleared").gauges.bytes_held(), 0);
    assert_eq!(map.probe_id(), id);
}

#[test]
fn sets_and_tables_are_observed_too() {
    let mut set = HashSet::new();
    set.observe("a-set");
    set.extend(0..1_000u32);
    assert_eq!(row("a-set").value_type, "");
    let mut table: HashTable<u64> = HashTable::new();
    table.observe("a-table");
    for n in 0..1_000u64 {
        table.insert_unique(n.wrapping_mul(0x9e37_79b9_7f4a_7c15), n, |n| {
            n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        });
    }
    assert!(row("a-table").counters.growths.sum() > 0);
    set.probe_refresh();
    table.probe_refresh();
    assert_eq!(row("a-set").gauges.len, 1_000);
    assert_eq!(row("a-table").gauges.len, 1_000);
    assert!(set.probe_id().is_some() && table.probe_id().is_some());
}
