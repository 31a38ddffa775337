//! The bounds: no memory for maps or events, however many; nobody is waited for.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use tidemap_probe::{hook, snapshot, subscribe};

use crate::played::{ABOUT, Played, alone};

/// Counts what this thread allocates.
struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn hooks_allocate_nothing() {
    let _turn = alone();
    // Switches and clock are read once a process.
    drop(Played::new(None));
    let events = subscribe();
    let before = CALLS.get();
    for name in [None, Some("quiet")] {
        for _ in 0..3_000 {
            let mut map = Played::new(name);
            map.grow(2);
            hook::overflow(&mut map.handle, 1, 2);
            let figures = map.figures(0);
            hook::clear(&mut map.handle, &figures, 5, [None, None]);
            hook::reclaimed(&mut map.handle, 5, 0);
        }
    }
    let number = hook::remember(ABOUT).expect("room");
    hook::detach(hook::attach_remembered(number).expect("a row"));
    assert_eq!(CALLS.get(), before);
    drop(events);
}

/// What a snapshot allocates follows the maps that live, not those that lived.
#[test]
fn snapshots_do_not_grow_with_the_past() {
    let _turn = alone();
    let cost = || {
        let before = CALLS.get();
        drop(snapshot());
        CALLS.get() - before
    };
    // A row that was never used is not read; from its first map on it is.
    Played::new(Some("past")).grow(1);
    let first = cost();
    for _ in 0..20_000 {
        Played::new(Some("past")).grow(1);
    }
    assert_eq!(cost(), first);
}
