//! The global allocator of this binary: counts for each thread, and refuses on demand.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    // Constant and without a destructor, so that an allocator may use them.
    static CALLS: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<i64> = const { Cell::new(0) };
    static UNTIL_REFUSAL: Cell<u64> = const { Cell::new(u64::MAX) };
    static REFUSALS_LEFT: Cell<u64> = const { Cell::new(0) };
    static REFUSED: Cell<u64> = const { Cell::new(0) };
}

/// Calls to get, change or free memory by this thread so far.
pub(crate) fn calls() -> u64 {
    CALLS.get()
}

/// Bytes that this thread holds.
pub(crate) fn bytes() -> i64 {
    BYTES.get()
}

/// Runs `act` while requests `first..first + many` of this thread are refused; how many were.
pub(crate) fn refusing<R>(first: u64, many: u64, act: impl FnOnce() -> R) -> (R, u64) {
    REFUSED.set(0);
    REFUSALS_LEFT.set(many);
    UNTIL_REFUSAL.set(first);
    let result = act();
    UNTIL_REFUSAL.set(u64::MAX);
    (result, REFUSED.get())
}

fn refuses() -> bool {
    let left = UNTIL_REFUSAL.get();
    if left == u64::MAX {
        return false;
    }
    if left > 0 {
        UNTIL_REFUSAL.set(left - 1);
        return false;
    }
    if REFUSALS_LEFT.get() == 0 {
        return false;
    }
    REFUSALS_LEFT.set(REFUSALS_LEFT.get() - 1);
    REFUSED.set(REFUSED.get() + 1);
    true
}

fn count(bytes: i64) {
    CALLS.set(CALLS.get() + 1);
    BYTES.set(BYTES.get() + bytes);
}

// SAFETY: everything is passed to the system's allocator, or refused with null.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if refuses() {
            return std::ptr::null_mut();
        }
        count(layout.size() as i64);
        // SAFETY: by the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if refuses() {
            return std::ptr::null_mut();
        }
        count(layout.size() as i64);
        // SAFETY: by the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: by the caller's promise.
        unsafe { System.dealloc(start, layout) }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if refuses() {
            return std::ptr::null_mut();
        }
        count(size as i64 - layout.size() as i64);
        // SAFETY: by the caller's promise.
        unsafe { System.realloc(start, layout, size) }
    }
}
