//! Sums that only rise, while thousands of maps come and go.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tidemap_probe::{Counters, ROWS_MAX, snapshot};

use crate::played::{Played, alone};

fn rises(before: &Counters, after: &Counters) -> bool {
    let fields = |c: &Counters| {
        [
            c.growths.sum(),
            c.growths_begun,
            c.steps,
            c.growth_ns,
            c.entries_moved,
            c.bytes_moved,
            c.bytes_released,
            c.step_ns.count(),
        ]
    };
    fields(before)
        .into_iter()
        .zip(fields(after))
        .all(|(a, b)| a <= b)
}

/// Two threads make and drop maps as fast as they can; every snapshot meanwhile is whole, and the totals
/// never fall. At the end they are exact.
#[test]
fn totals_rise_while_maps_come_and_go() {
    static STOP: AtomicBool = AtomicBool::new(false);
    static MADE: AtomicU64 = AtomicU64::new(0);
    let _turn = alone();
    let before = snapshot();
    let makers: Vec<_> = (0..2)
        .map(|thread| {
            std::thread::spawn(move || {
                while !STOP.load(Ordering::Relaxed) {
                    let mut map = Played::new((thread == 0).then_some("come-and-go"));
                    map.grow(3);
                    map.grow(2);
                    drop(map);
                    MADE.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let mut last = before.totals();
    let mut seen_alive = 0;
    let mut snapshots = 0;
    while snapshots < 200 || MADE.load(Ordering::Relaxed) < 5_000 {
        let now = snapshot();
        snapshots += 1;
        for map in &now.maps {
            // Of a row that is whole the parts fit together.
            if map.is_consistent && map.name == "come-and-go" {
                seen_alive += 1;
                let counters = &map.counters;
                assert_eq!(counters.entries_moved, 10 * counters.steps, "{map:#?}");
                assert_eq!(counters.step_ns.count(), counters.steps);
                assert_eq!(
                    counters.growths_begun - counters.growths.sum(),
                    u64::from(map.growth.is_some())
                );
            }
        }
        let totals = now.totals();
        if now.maps.iter().all(|map| map.is_consistent) {
            assert!(rises(&last, &totals), "{last:?} then {totals:?}");
            last = totals;
        }
    }
    STOP.store(true, Ordering::Relaxed);
    for maker in makers {
        maker.join().expect("a maker");
    }
    let made = MADE.load(Ordering::Relaxed);
    let after = snapshot();
    assert_eq!(after.maps_created - before.maps_created, made);
    assert_eq!(after.maps_dropped - before.maps_dropped, made);
    assert_eq!(after.maps.len(), before.maps.len(), "no row is left behind");
    let (a, b) = (before.totals(), after.totals());
    assert_eq!(b.growths.relocating - a.growths.relocating, 2 * made);
    assert_eq!(b.steps - a.steps, 5 * made);
    assert_eq!(b.entries_moved - a.entries_moved, 50 * made);
    assert!(seen_alive > 0 || made > 100, "never seen alive");
}

/// Beyond the last row maps share one: nothing is lost but their names.
#[test]
fn more_maps_than_rows_are_folded_and_counted() {
    let _turn = alone();
    let before = snapshot();
    let more = 200;
    let unnamed: Vec<Played> = (0..ROWS_MAX).map(|_| Played::new(None)).collect();
    let full = snapshot();
    let folded = full.maps_folded - before.maps_folded;
    assert!(
        folded >= tidemap_probe::NAMED_MIN as u64,
        "rows are kept for names, {folded} folded"
    );
    let mut named: Vec<Played> = (0..tidemap_probe::NAMED_MIN)
        .map(|_| Played::new(Some("kept")))
        .collect();
    assert!(
        named.iter().filter(|map| map.handle.is_shared()).count() <= before.maps.len(),
        "every name found its row"
    );
    let mut rest: Vec<Played> = (0..more).map(|_| Played::new(Some("late"))).collect();
    for map in named.iter_mut().chain(&mut rest) {
        map.grow(2);
    }
    let shared = snapshot();
    assert!(shared.maps.len() <= ROWS_MAX);
    let other = shared.other.as_ref().expect("the shared row");
    assert!(other.gauges.maps >= more as u64 + folded);
    let late: u64 = rest.iter().filter(|map| map.handle.is_shared()).count() as u64;
    assert!(late > 0);
    assert!(other.gauges.len >= late * 12 && other.gauges.bytes_live >= late * 1_024);
    let grown = |snapshot: &tidemap_probe::Snapshot| snapshot.totals().growths.relocating;
    assert_eq!(
        grown(&shared) - grown(&before),
        (named.len() + rest.len()) as u64
    );
    let held = (other.gauges.len, other.gauges.bytes_live);
    drop((unnamed, named, rest));
    let after = snapshot();
    let other = after.other.as_ref().expect("its counters stay");
    assert_eq!(other.gauges.maps, before.other.map_or(0, |o| o.gauges.maps));
    assert!(other.gauges.len < held.0 && other.gauges.bytes_live < held.1);
    assert_eq!(after.maps.len(), before.maps.len());
    assert_eq!(grown(&after), grown(&shared), "what was done stays done");
}
