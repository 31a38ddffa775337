//! Sweeps: walks over all entries that are interrupted, while the table changes in between.
//!
//! Terms: *point*, the bits of a hash in reverse order, the lowest first; *stretch*, the points
//! whose entries share a chain.
//!
//! W1. A sweep goes through the points in rising order, a stretch at a time. All below
//!     its position has been visited, nothing at or above it.
//! W2. A bucket's stretch is the hashes that end in its number: one run of points, whatever
//!     the layout. When it splits, its stretch falls into two halves; when two merge, their
//!     stretches are neighbours. So a position stays a position, and an entry its point,
//!     whatever is inserted, removed, split or merged between two steps.
//! W3. After a merge the position may lie inside a stretch; then the entries below it are told by
//!     their hash. That and the pinned bucket are the only cases in which keys are hashed.
//!
//! W4. A reseed gives every entry another point. A step pays for a reseed that is going on, and visits
//!     nothing before it is over; a sweep from before begins again.
//!
//! ```text
//!   4 buckets   |0      |2      |1      |3      |     numbers in the order of points
//!   8 buckets   |0  |4  |2  |6  |1  |5  |3  |7  |
//! ```
//!
//! Redis's SCAN walks in this order, too, but names whole buckets, so a table that shrinks
//! makes it visit entries again.
//!
//! The order is bad for caches: neighbouring points lie far apart. Walks that nobody
//! interrupts go by bucket number.

use super::bucket::{Bucket, chain_of, full_slots, next_of, slot};
use super::table::RawTable;
use crate::alloc::Allocator;
use crate::bounds::STEP_BUCKETS_MAX;
use crate::pace::Progress;

/// How far a sweep has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    /// The first point not visited; meaningless once done.
    point: u64,
    pub(crate) is_done: bool,
    /// Under which seed: points of another are void.
    reseeds: u64,
}

impl Position {
    pub(crate) const START: Position = Position {
        point: 0,
        is_done: false,
        reseeds: 0,
    };
}

/// What is to be visited next.
struct Stretch {
    /// The chains that may hold its entries: one, or with a pinned bucket two.
    homes: [Bucket; 2],
    /// Whether entries outside the stretch lie in these chains, too.
    mixed: [bool; 2],
    /// The last point of the stretch.
    last: u64,
}

/// What becomes of a visited entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Stays,
    Goes,
}

impl<T, A: Allocator + Clone> RawTable<T, A> {
    /// The stretch at a point, from there on.
    fn stretch(&self, point: u64) -> Stretch {
        let hash = point.reverse_bits();
        let home = self.home(hash);
        let pinned = home.head == self.pinned;
        let is_split = (hash as usize & self.split_mask) < self.cursor;
        // A pinned bucket is visited as if it were split: a new bucket's worth at a time.
        let mask = if is_split || pinned {
            self.mask
        } else {
            self.split_mask
        };
        let rest = u64::MAX.checked_shr(mask.count_ones()).unwrap_or(0);
        let inside = point & rest != 0;
        let mut other = Bucket::NONE;
        if pinned && self.split_home(hash) != home {
            other = self.split_home(hash);
        }
        Stretch {
            homes: [home, other],
            mixed: [inside || pinned, inside],
            last: point | rest,
        }
    }

    /// Visits entries from the position on until it has cost `buckets` or none is left, and hands
    /// those that go to `take`. Whole chains only.
    pub(crate) fn sweep(
        &mut self,
        at: &mut Position,
        buckets: usize,
        hasher: impl Fn(&T) -> u64,
        mut visit: impl FnMut(&mut T) -> Verdict,
        mut take: impl FnMut(T),
    ) -> Progress {
        let mut progress = Progress::default();
        // W4. Entries behind have no points under the new seed.
        while self.behind().is_some() && progress.buckets < buckets {
            progress.buckets += STEP_BUCKETS_MAX;
            let moved = self.metered(|table| table.step(&hasher));
            self.set_credit();
            if !moved {
                break;
            }
        }
        if self.behind().is_some() {
            progress.is_done = at.is_done;
            return progress;
        }
        if at.reseeds != self.reseeds() {
            (at.point, at.reseeds) = (0, self.reseeds());
        }
        while !at.is_done && progress.buckets < buckets {
            let stretch = self.stretch(at.point);
            for (home, mixed) in stretch.homes.into_iter().zip(stretch.mixed) {
                let belongs = |entry: &T| {
                    let point = hasher(entry).reverse_bits();
                    (at.point..=stretch.last).contains(&point)
                };
                if !home.is_none() {
                    // SAFETY: a main bucket of this table.
                    unsafe {
                        self.sweep_chain(
                            home,
                            mixed,
                            &belongs,
                            &mut visit,
                            &mut take,
                            &mut progress,
                        );
                    }
                }
            }
            at.go_on(stretch.last);
        }
        self.after_removals();
        progress.is_done = at.is_done;
        progress
    }

    /// # Safety
    /// `home` is a live main bucket of this table.
    unsafe fn sweep_chain(
        &mut self,
        home: Bucket,
        mixed: bool,
        belongs: &impl Fn(&T) -> bool,
        visit: &mut impl FnMut(&mut T) -> Verdict,
        take: &mut impl FnMut(T),
        progress: &mut Progress,
    ) {
        // SAFETY: chains link live buckets; an entry's tag goes before the entry, so that a panic
        // leaves a valid table.
        unsafe {
            let mut bucket = home;
            let mut from_chain = false;
            while !bucket.is_none() {
                progress.buckets += 1;
                let is_main = bucket == home;
                for index in full_slots::<T>(bucket, is_main) {
                    let entry = slot::<T>(bucket, index);
                    if mixed && !belongs(&*entry) {
                        continue;
                    }
                    progress.entries += 1;
                    if visit(&mut *entry) == Verdict::Goes {
                        *bucket.tag(index) = 0;
                        self.len -= 1;
                        if !self.owes() {
                            self.credit += 1;
                        }
                        from_chain |= !is_main;
                        take(entry.read());
                    }
                }
                bucket = if is_main {
                    chain_of::<T>(home)
                } else {
                    next_of::<T>(bucket)
                };
            }
            if from_chain {
                self.tidy_home(home);
            }
        }
    }

    /// Tidies a chain that entries were taken out of.
    ///
    /// # Safety
    /// `home` is a live main bucket of this table.
    pub(crate) unsafe fn tidy_home(&mut self, home: Bucket) {
        if home.head != self.pinned {
            // SAFETY: by the caller's promise.
            unsafe { Self::tidy(self.cold.cast_mut(), home) };
        }
    }

    /// Removes entries, whichever come, until it has cost `buckets` or none is left: a clear in
    /// steps. Goes on where the last call ended.
    pub(crate) fn clear_some(
        &mut self,
        buckets: usize,
        hasher: impl Fn(&T) -> u64,
        mut take: impl FnMut(T),
    ) -> Progress {
        let mut sum = Progress::default();
        while self.len > 0 && sum.buckets < buckets {
            let mut at = Position::START;
            at.reseeds = self.reseeds();
            if !self.cold.is_null() {
                // SAFETY: the cold part exists.
                at.point = unsafe { (*self.cold).cleared };
            }
            // A chain at a time, so that it ends with the last entry.
            let progress = self.sweep(&mut at, 1, &hasher, |_| Verdict::Goes, &mut take);
            if !self.cold.is_null() {
                // Entries that came in behind: once more from the start.
                let next = if at.is_done { 0 } else { at.point };
                // SAFETY: the cold part exists.
                unsafe { (*self.cold.cast_mut()).cleared = next };
            }
            sum.buckets += progress.buckets;
            sum.entries += progress.entries;
            if progress.buckets == 0 {
                break;
            }
        }
        sum.is_done = self.len == 0;
        sum
    }
}

impl Position {
    fn go_on(&mut self, last: u64) {
        match last.checked_add(1) {
            Some(next) => self.point = next,
            None => self.is_done = true,
        }
    }
}
