//! Snapshots and maps for the tests.

use std::sync::{Mutex, MutexGuard};

use tidemap::HashMap;
use tidemap_probe::{Gauges, MapId, MapRow, Snapshot};

/// One test at a time where the whole process is looked at.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(|e| e.into_inner())
}

/// A map of that name that has grown a few times.
pub(crate) fn grown(name: &str, len: u64) -> HashMap<u64, String> {
    let mut map = HashMap::builder().name(name).build();
    (0..len).for_each(|i| drop(map.insert(i, String::new())));
    map
}

/// A row that no map has.
pub(crate) fn row(number: u64, name: &str, bytes: u64) -> MapRow {
    MapRow {
        id: MapId(number << 11),
        name: name.into(),
        key_type: "u64".into(),
        value_type: "alloc::string::String".into(),
        site: None,
        created_ns: 0,
        updated_ns: 1,
        entry_bytes: 32,
        gauges: Gauges {
            len: 7,
            bytes_live: bytes,
            buckets: 4,
            slots_per_bucket: 15,
            maps: 1,
            ..Gauges::default()
        },
        counters: tidemap_probe::Counters::default(),
        growth: None,
        compaction: None,
        last_growth: None,
        is_consistent: true,
    }
}

/// A snapshot of these rows.
pub(crate) fn snapshot_of(maps: Vec<MapRow>) -> Snapshot {
    Snapshot {
        maps_created: maps.len() as u64,
        maps,
        other: None,
        maps_dropped: 0,
        maps_folded: 0,
        dropped: tidemap_probe::Counters::default(),
        ..tidemap_probe::snapshot()
    }
}

/// Says why a test does nothing; an error where everything is to be tested.
pub(crate) fn skip(why: &str) {
    assert!(
        std::env::var_os("TIDEMAP_REQUIRE_ALL").is_none(),
        "cannot skip: {why}"
    );
    eprintln!("skipped: {why}");
}
