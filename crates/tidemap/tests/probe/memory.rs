//! What maps leave behind when they are dropped: sums, and no memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use tidemap::HashMap;
use tidemap_probe::{snapshot, subscribe};

/// Counts the bytes that this thread holds.
struct Counting;

thread_local! {
    static HELD: Cell<i64> = const { Cell::new(0) };
}

fn add(bytes: i64) {
    let _ = HELD.try_with(|held| held.set(held.get() + bytes));
}

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size() as i64);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        add(-(layout.size() as i64));
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Lives of every length: empty, one bucket, in the middle of a growth, cleared, taken apart.
fn live(number: u64, name: &str) {
    let mut map: HashMap<u64, [u64; 2]> = HashMap::builder().name(name).build();
    for key in 0..[0, 3, 40, 300, 1_000][number as usize % 5] {
        map.insert(key, [key; 2]);
    }
    match number % 3 {
        0 => map.clear(),
        1 => drop(map.take_reclaimer()),
        _ => {}
    }
}

#[test]
fn dropped_maps_leave_no_memory_and_no_row() {
    let events = subscribe();
    live(4, "mortal");
    let (held, before) = (HELD.get(), snapshot());
    let held_by_snapshot = HELD.get() - held;
    for number in 0..20_000 {
        live(number, "mortal");
    }
    let after = snapshot();
    assert!(after.named("mortal").is_none());
    assert!(after.maps_dropped - before.maps_dropped >= 20_000);
    assert!(after.dropped.growths.sum() > before.dropped.growths.sum());
    assert!(held_by_snapshot > 0, "the allocator counts");
    drop((before, after, events));
    assert_eq!(HELD.get(), held, "bytes before and after");
}
