//! The meter: counts what one operation does beyond its own entry.
//!
//! Only slow paths write it, so a map that never grows never pays for it.

use crate::stats::Work;

/// Where a fresh page was touched; each place is touched in rising order.
#[derive(Clone, Copy)]
pub(crate) enum Front {
    /// Where split buckets keep their lower half (a new array only).
    Low = 0,
    /// Where the upper half goes.
    High = 1,
    /// The overflow pool.
    Pool = 2,
    /// The heads of the buckets at [`Front::Low`].
    LowHeads = 3,
    /// The heads of the buckets at [`Front::High`].
    HighHeads = 4,
}

impl Front {
    /// Where the heads of the buckets at this front are.
    pub(crate) fn heads(self) -> Front {
        match self {
            Front::Low => Front::LowHeads,
            Front::High => Front::HighHeads,
            other => other,
        }
    }
}

const PAGE_SHIFT: u32 = tidemap_span::PAGE_BYTES.trailing_zeros();

#[derive(Clone, Default)]
pub(crate) struct Meter {
    now: Work,
    max: Work,
    total: Work,
    /// The highest page touched so far at each front.
    fronts: [usize; 5],
}

impl Meter {
    /// A new operation enters its first slow path.
    pub(crate) fn begin(&mut self) {
        self.now = Work::default();
    }

    /// Pages of the present operation so far.
    pub(crate) fn fresh_pages(&self) -> u64 {
        self.now.fresh_pages
    }

    /// What was counted since there were `before` touched no more than `most` pages.
    pub(crate) fn limit_fresh_pages(&mut self, before: u64, most: usize) {
        self.now.fresh_pages = self.now.fresh_pages.min(before + most as u64);
    }

    pub(crate) fn moved(&mut self, entries: usize, entry_bytes: usize) {
        self.now.entries_moved += entries as u64;
        self.now.bytes_moved += (entries * entry_bytes) as u64;
    }

    pub(crate) fn system_calls(&mut self, calls: u64) {
        self.now.system_calls += calls;
    }

    pub(crate) fn allocator_calls(&mut self, calls: u64) {
        self.now.allocator_calls += calls;
    }

    /// `bytes` at `start` are used for the first time, unless a page of them
    /// was touched before at this front.
    pub(crate) fn touched(&mut self, front: Front, start: *const u8, bytes: usize) {
        let last = (start.addr() + bytes.max(1) - 1) >> PAGE_SHIFT;
        if self.fronts[front as usize] == last {
            // Places rise, so what comes before was touched, too; or it is on this very page.
            return;
        }
        self.now.fresh_pages += self.untouched(front, start, bytes);
        self.fronts[front as usize] = last;
    }

    /// How many pages [`touched`](Self::touched) would count.
    pub(crate) fn untouched(&self, front: Front, start: *const u8, bytes: usize) -> u64 {
        let first = start.addr() >> PAGE_SHIFT;
        let last = (start.addr() + bytes.max(1) - 1) >> PAGE_SHIFT;
        let seen = self.fronts[front as usize];
        // Fronts rise within one piece of memory; anything else is a new piece.
        if seen >= first && seen <= last {
            (last - seen) as u64
        } else {
            (last - first + 1) as u64
        }
    }

    /// The operation's slow path ends (it may enter another): keeps score.
    pub(crate) fn end(&mut self, before: Work) {
        let (now, max, total) = (&self.now, &mut self.max, &mut self.total);
        macro_rules! tally {
            ($($field:ident),*) => {$(
                total.$field += now.$field - before.$field;
                max.$field = max.$field.max(now.$field);
            )*};
        }
        tally!(
            entries_moved,
            bytes_moved,
            fresh_pages,
            system_calls,
            allocator_calls
        );
    }

    pub(crate) fn now(&self) -> Work {
        self.now
    }

    pub(crate) fn max(&self) -> Work {
        self.max
    }

    pub(crate) fn total(&self) -> Work {
        self.total
    }
}
