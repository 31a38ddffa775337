//! Assertions that users put in their tests, on maps that keep and that break them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tidemap::{Budget, HashMap};
use tidemap_probe::testing::{scope, scope_named};

fn fails(check: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(check)).expect_err("it should have failed");
    panic.downcast_ref::<String>().expect("a message").clone()
}

#[test]
fn reserving_first_means_no_growth() {
    let outer = scope();
    let inner = scope();
    let mut map: HashMap<u64, u64> = HashMap::with_capacity(10_000);
    map.extend((0..10_000).map(|i| (i, i)));
    inner.assert_growths_at_most(0);
    inner.assert_no_old_array();
    drop(inner);
    assert!(outer.report().bytes_held > 160_000, "{:?}", outer.report());
    drop(map);
    let report = outer.report();
    assert_eq!(report.bytes_held, 0, "{report:?}");
    assert!(report.bytes_peak > 160_000);
    let message = fails(|| outer.assert_peak_bytes_at_most(1_000));
    assert!(message.contains("at most 1000 were allowed"), "{message}");
}

#[test]
fn growths_and_old_arrays_are_noticed() {
    let scope = scope();
    let mut map: HashMap<u64, u64> = HashMap::new();
    let mut key = 0;
    // Up to the middle of a growth that relocates.
    while map.stats().bytes_old == 0 || key < 1_000 {
        map.insert(key, key);
        key += 1;
    }
    let message = fails(|| scope.assert_growths_at_most(3));
    assert!(
        message.contains("reserve what is needed first"),
        "{message}"
    );
    let message = fails(|| scope.assert_no_old_array());
    assert!(
        message.contains("bytes of old arrays are still held"),
        "{message}"
    );
    assert_eq!(scope.report().bytes_old, map.stats().bytes_old as i64);
    let stats = map.stats();
    assert_eq!(
        scope.report().bytes_held,
        (stats.bytes_live + stats.bytes_old) as i64
    );
    while !map.advance(Budget::buckets(64)).is_done {}
    scope.assert_no_old_array();
    let report = scope.report();
    assert_eq!(report.growths.sum(), report.growths_ended);
    // Beside the steps' there are entries that make way for a chain's link.
    let moved = map.stats().work_total.entries_moved;
    assert!(
        (moved - 100..=moved).contains(&report.entries_moved),
        "{moved}, {report:?}"
    );
    scope.assert_step_at_most(std::time::Duration::from_secs(5));
}

#[test]
fn other_threads_do_not_count_but_for_names() {
    let (mine, named) = (scope(), scope_named("elsewhere"));
    std::thread::spawn(|| {
        let mut map: HashMap<u64, u64> = HashMap::new();
        map.observe("elsewhere");
        map.extend((0..5_000).map(|i| (i, i)));
        for i in 5_000..9_000 {
            map.insert(i, i);
        }
        let mut unnamed: HashMap<u64, u64> = HashMap::new();
        unnamed.extend((0..5_000).map(|i| (i, i)));
        assert_eq!(unnamed.probe_id(), None, "no scope of this thread");
    })
    .join()
    .expect("the other thread");
    assert_eq!(mine.report(), Default::default());
    let report = named.report();
    assert!(
        report.doublings() >= 1 && report.bytes_peak > 0,
        "{report:?}"
    );
    assert_eq!(report.bytes_held, 0);
}
