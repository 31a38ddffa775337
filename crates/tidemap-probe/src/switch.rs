//! The switches: who is to be observed, and who listens. One relaxed load each.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

// Everybody is observed (`TIDEMAP_OBSERVE=all`, `observe_all`).
const UNREAD: u8 = 0;
const OFF: u8 = 1;
const ON: u8 = 2;
static OBSERVE_ALL: AtomicU8 = AtomicU8::new(UNREAD);

/// Somebody subscribed to events.
pub(crate) const EVENTS: u32 = 1;
/// `TIDEMAP_TRACE=1`.
pub(crate) const LINES: u32 = 2;
/// A test counts.
pub(crate) const TESTS: u32 = 4;
/// Somebody wants to know of triggers at once.
pub(crate) const TRIGGERS: u32 = 8;
static LISTENERS: AtomicU32 = AtomicU32::new(0);

/// Observes every map that is made from now on, or no longer does.
///
/// Named maps are observed in any case. Maps that are observed stay so. A map that nobody named gets its row
/// when it outgrows its first bucket, so that small ones do not crowd the registry. The
/// environment variable `TIDEMAP_OBSERVE=all` does the same from the start, and so does
/// `TIDEMAP_TRACE=1`; a call overrides both.
///
/// Costs maps that are made one relaxed load.
///
/// # Example
/// ```
/// tidemap_probe::observe_all(true);
/// // … maps made here are observed …
/// tidemap_probe::observe_all(false);
/// ```
pub fn observe_all(on: bool) {
    read_environment();
    // Relaxed: whoever makes a map at this very moment may see either.
    OBSERVE_ALL.store(if on { ON } else { OFF }, Ordering::Relaxed);
}

/// Whether maps that nobody named are observed.
#[inline]
pub(crate) fn observes_all() -> bool {
    match OBSERVE_ALL.load(Ordering::Relaxed) {
        UNREAD => read_environment(),
        state => state == ON,
    }
}

/// Reads the environment once; whether all maps are observed.
#[cold]
pub(crate) fn read_environment() -> bool {
    // First of all, so that an allocator which uses maps itself does not come back here.
    if OBSERVE_ALL
        .compare_exchange(UNREAD, OFF, Ordering::Relaxed, Ordering::Relaxed)
        .is_err()
    {
        return OBSERVE_ALL.load(Ordering::Relaxed) == ON;
    }
    let is = |name: &str, wanted: &str| std::env::var_os(name).is_some_and(|v| v == wanted);
    let lines = is("TIDEMAP_TRACE", "1");
    if lines {
        listen(LINES);
    }
    let all = lines || is("TIDEMAP_OBSERVE", "all");
    if all {
        OBSERVE_ALL.store(ON, Ordering::Relaxed);
    }
    all
}

/// Whether one of these listens.
#[inline]
pub(crate) fn listens(whom: u32) -> bool {
    // Relaxed: who has just subscribed may miss what happens at the same moment.
    LISTENERS.load(Ordering::Relaxed) & whom != 0
}

pub(crate) fn listen(who: u32) {
    LISTENERS.fetch_or(who, Ordering::Relaxed);
}

pub(crate) fn unlisten(who: u32) {
    LISTENERS.fetch_and(!who, Ordering::Relaxed);
}
