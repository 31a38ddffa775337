//! Assertions for tests: how often maps grew, what they kept, how much memory they held.
//!
//! A [`Scope`] counts what the calling thread does to maps while it is open ([`scope`]), or what happens
//! to maps of one name on any thread ([`scope_named`]). Maps that the thread makes meanwhile are observed by
//! themselves once they outgrow their first bucket; maps from before must have been.
//!
//! ```
//! # // Maps come from the crate `tidemap`; here a map is played by its hooks.
//! use tidemap_probe::testing;
//!
//! let scope = testing::scope();
//! // … the code to be tested, for instance:
//! // let map: HashMap<u64, u64> = HashMap::with_capacity(1_000);
//! scope.assert_growths_at_most(0);
//! scope.assert_no_old_array();
//! scope.assert_peak_bytes_at_most(100_000);
//! ```

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::growth::{GrowthCounts, GrowthKind};
use crate::hook::Change;
use crate::row::{self, Row};
use crate::switch;

/// What a [`Scope`] has counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Growths begun, by kind.
    pub growths: GrowthCounts,
    /// Growths that ended, complete or not.
    pub growths_ended: u64,
    /// Operations that paid a share of a growth.
    pub steps: u64,
    /// Entries moved.
    pub entries_moved: u64,
    /// The longest share, in nanoseconds.
    pub step_ns_max: u64,
    /// Bytes held now; for the scope of a thread, more (or fewer) than when it was opened.
    pub bytes_held: i64,
    /// The most that `bytes_held` was. During an operation that begins and ends a growth, the moment when both
    /// arrays exist counts.
    pub bytes_peak: i64,
    /// Bytes of old arrays held now, likewise.
    pub bytes_old: i64,
}

impl Report {
    /// Growths that make a map larger: in place and relocating.
    #[must_use]
    pub fn doublings(&self) -> u64 {
        self.growths.in_place + self.growths.relocating
    }
}

enum Whose {
    Thread(usize),
    Name([u64; 8]),
}

struct State {
    number: u64,
    whose: Whose,
    report: Report,
}

static SCOPES: Mutex<Vec<State>> = Mutex::new(Vec::new());

/// Counts while it exists. See the [module](self).
#[derive(Debug)]
#[must_use = "a scope counts while it exists"]
pub struct Scope {
    number: u64,
}

/// Counts what this thread does to maps from now on.
///
/// # Example
/// ```
/// let scope = tidemap_probe::testing::scope();
/// assert_eq!(scope.report().growths.sum(), 0);
/// ```
pub fn scope() -> Scope {
    open(Whose::Thread(this_thread()), Report::default())
}

/// Counts what happens to maps of this name from now on, on any thread. What they hold already
/// counts, too.
///
/// # Panics
/// If the name is longer than a row has room for (64 bytes).
///
/// # Example
/// ```
/// let scope = tidemap_probe::testing::scope_named("sessions");
/// scope.assert_peak_bytes_at_most(1 << 20);
/// ```
pub fn scope_named(name: &str) -> Scope {
    let max = row::NAME.bytes_max();
    assert!(
        name.len() <= max,
        "the name `{name}` has {} bytes; rows keep {max}, use a shorter one",
        name.len()
    );
    let mut report = Report::default();
    for map in crate::snapshot().maps {
        if map.name == name {
            report.bytes_held += map.gauges.bytes_held() as i64;
            report.bytes_old += map.gauges.bytes_old as i64;
        }
    }
    report.bytes_peak = report.bytes_held;
    let mut words = [0; 8];
    for (word, bytes) in words.iter_mut().zip(name.as_bytes().chunks(8)) {
        let mut chunk = [0; 8];
        chunk[..bytes.len()].copy_from_slice(bytes);
        *word = u64::from_ne_bytes(chunk);
    }
    open(Whose::Name(words), report)
}

fn open(whose: Whose, report: Report) -> Scope {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    switch::read_environment();
    let mut scopes = scopes();
    scopes.push(State {
        number,
        whose,
        report,
    });
    switch::listen(switch::TESTS);
    Scope { number }
}

fn scopes() -> std::sync::MutexGuard<'static, Vec<State>> {
    // What a panicking test left is still a list.
    SCOPES.lock().unwrap_or_else(|e| e.into_inner())
}

/// A number that no other living thread has.
fn this_thread() -> usize {
    thread_local! {
        static MARK: u8 = const { 0 };
    }
    MARK.try_with(|mark| std::ptr::from_ref(mark).addr())
        .unwrap_or(0)
}

impl Scope {
    /// What was counted so far.
    #[must_use]
    pub fn report(&self) -> Report {
        scopes()
            .iter()
            .find(|state| state.number == self.number)
            .map_or_else(Report::default, |state| state.report)
    }

    /// # Panics
    /// If more than `most` growths of any kind began.
    #[track_caller]
    pub fn assert_growths_at_most(&self, most: u64) {
        let report = self.report();
        let growths = report.growths;
        assert!(
            growths.sum() <= most,
            "{} growths began, at most {most} were allowed: {growths:?}; reserve what is needed first",
            growths.sum(),
        );
    }

    /// # Panics
    /// If a map still holds an old array beside its new one.
    #[track_caller]
    pub fn assert_no_old_array(&self) {
        let bytes = self.report().bytes_old;
        assert!(
            bytes <= 0,
            "{bytes} bytes of old arrays are still held; `finish` or `advance` ends a growth"
        );
    }

    /// # Panics
    /// If maps held more than `most` bytes at a time; of a thread, more than when the scope was opened.
    #[track_caller]
    pub fn assert_peak_bytes_at_most(&self, most: u64) {
        let peak = self.report().bytes_peak;
        assert!(
            peak <= i64::try_from(most).unwrap_or(i64::MAX),
            "maps held up to {peak} bytes, at most {most} were allowed"
        );
    }

    /// # Panics
    /// If one step of a growth took longer than `most`. Times depend on the machine and its load.
    #[track_caller]
    pub fn assert_step_at_most(&self, most: std::time::Duration) {
        let longest = std::time::Duration::from_nanos(self.report().step_ns_max);
        assert!(
            longest <= most,
            "a step took {longest:?}, at most {most:?} were allowed"
        );
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        let mut scopes = scopes();
        scopes.retain(|state| state.number != self.number);
        if scopes.is_empty() {
            switch::unlisten(switch::TESTS);
        }
    }
}

/// Whether this thread has a scope, so that maps which it makes are to be observed.
#[inline]
pub(crate) fn wants_maps_of_this_thread() -> bool {
    switch::listens(switch::TESTS) && has_scope()
}

#[cold]
fn has_scope() -> bool {
    let me = this_thread();
    scopes()
        .iter()
        .any(|state| matches!(state.whose, Whose::Thread(thread) if thread == me))
}

#[inline]
fn note(row: &Row, change: impl Fn(&mut Report)) {
    if switch::listens(switch::TESTS) {
        note_in_scopes(row, &change);
    }
}

#[cold]
fn note_in_scopes(row: &Row, change: &dyn Fn(&mut Report)) {
    let me = this_thread();
    for state in scopes().iter_mut() {
        let concerns = match state.whose {
            Whose::Thread(thread) => thread == me,
            Whose::Name(name) => row::NAME.words().zip(name).all(|(w, n)| row.get(w) == n),
        };
        if concerns {
            change(&mut state.report);
        }
    }
}

pub(crate) fn memory(row: &Row, change: Change) {
    note(row, |report| {
        report.bytes_held = report.bytes_held.wrapping_add(change.held);
        report.bytes_old = report.bytes_old.wrapping_add(change.old);
        report.bytes_peak = report.bytes_peak.max(report.bytes_held);
    });
}

pub(crate) fn begun(row: &Row, kind: GrowthKind) {
    note(row, |report| {
        let count = match kind {
            GrowthKind::InPlace => &mut report.growths.in_place,
            GrowthKind::Relocating => &mut report.growths.relocating,
            GrowthKind::SameSize => &mut report.growths.same_size,
            GrowthKind::Shrink => &mut report.growths.shrink,
            GrowthKind::Reseed => &mut report.growths.reseed,
        };
        *count += 1;
    });
}

pub(crate) fn ended(row: &Row) {
    note(row, |report| report.growths_ended += 1);
}

pub(crate) fn step(row: &Row, ns: u64, entries_moved: u64) {
    note(row, |report| {
        report.steps += 1;
        report.entries_moved += entries_moved;
        report.step_ns_max = report.step_ns_max.max(ns);
    });
}
