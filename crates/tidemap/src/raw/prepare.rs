//! Preparing: the memory of the next growth, touched before it is needed.
//!
//! A page that is touched for the first time costs more than all else that an insertion does, most of
//! it for the system's zeroes. Whoever owns the map can have that done in idle time:
//! the buckets that the growth to come (or what is left of the present one) will fill, and overflow
//! buckets for the chains on the way.
//!
//! Y1. Only what no growth has reached is touched: buckets behind the last one in use hold nothing, and
//!     a zero written there leaves them as they are (A1).
//! Y2. Only arrays that grow in place are prepared. The others come from the allocator in one
//!     piece, up to [`HEAP_ARRAY_BYTES_MAX`](crate::bounds::HEAP_ARRAY_BYTES_MAX), or in segments.

use super::array::Array;
use super::meter::Meter;
use super::shape::Shape;
use super::table::RawTable;
use crate::alloc::Allocator;
use crate::bounds::CALL_BUCKETS;
use crate::pace::Progress;
use crate::pages::Pages;

/// Overflow buckets for a doubling: one for so many main buckets. At the end of a growth, when chains
/// are most, good hashes need one for nine.
const OVERFLOW_SHARE: usize = 6;

/// What has been prepared.
#[derive(Clone, Copy)]
pub(super) struct Prepared {
    /// Where the heads of the array begin.
    array: usize,
    /// Its first so many buckets are in use or prepared.
    buckets: usize,
}

impl Prepared {
    pub(super) const NOTHING: Prepared = Prepared {
        array: 0,
        buckets: 0,
    };
}

impl<T, A: Allocator + Clone> RawTable<T, A> {
    /// Touches memory of the growth to come until it has cost `buckets`. Done when there is no more to
    /// touch, or memory is refused.
    pub(crate) fn prepare_memory(&mut self, buckets: usize) -> Progress {
        let mut progress = Progress {
            is_done: true,
            ..Progress::default()
        };
        if self.cold.is_null() || self.is_relocating() || self.is_shrinking() {
            return progress;
        }
        let (old, used, doubling) = if self.is_growing() {
            let old = self.split_mask + 1;
            // The pinned bucket's new half is in use already (I3).
            let done = self.cursor + usize::from(!self.pinned.is_null());
            (old, old + done, self.mask + 1 == 2 * old)
        } else {
            (self.mask + 1, self.mask + 1, true)
        };
        let Some(goal) = old.checked_mul(2) else {
            return progress;
        };
        // SAFETY: the cold part exists.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        let reachable = matches!(cold.array, Array::Run(_)) && cold.array.extends_to::<T>(goal);
        if !doubling || !reachable {
            return progress;
        }
        cold.meter.begin();
        let calls = cold.meter.now().system_calls;
        if cold.array.extend::<T>(goal, &mut cold.meter).is_err() {
            cold.meter.end(crate::stats::Work::default());
            return progress;
        }
        progress.buckets += (cold.meter.now().system_calls - calls) as usize * CALL_BUCKETS;
        let array = self.base.head.addr();
        if cold.prepared.array != array {
            cold.prepared = Prepared { array, buckets: 0 };
        }
        let from = cold.prepared.buckets.max(used);
        let to = goal.min(from.saturating_add(buckets.max(Self::PAGE_BUCKETS)));
        // SAFETY: the array was extended to `goal`; Y1.
        unsafe { cold.array.touch::<T>(from, to) };
        cold.prepared.buckets = to;
        progress.buckets += to - from;
        progress.is_done = to == goal;
        let wanted = (goal / OVERFLOW_SHARE).max(cold.pool.in_use());
        while progress.is_done && cold.pool.ready() < wanted {
            if progress.buckets >= buckets {
                progress.is_done = false;
                break;
            }
            match cold.pool.make_ready(&mut cold.meter) {
                Some(more) => progress.buckets += more,
                None => break,
            }
        }
        // On purpose, so it is not held against the operations.
        cold.meter.begin();
        progress
    }

    /// Notes what pages large arrays ask for, and asks for the present one; whether that gets them.
    pub(crate) fn set_pages(&mut self, pages: Pages) -> bool {
        if self.cold.is_null() {
            return false;
        }
        // SAFETY: the cold part exists.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        cold.pages = pages;
        // What waits for its advice gets this one.
        let mut meter = Meter::default();
        cold.array.advise(pages, &mut meter)
    }

    /// Buckets of one page of slots, at least one: less is not worth a call.
    const PAGE_BUCKETS: usize = 1 + tidemap_span::PAGE_BYTES / Shape::<T>::BUCKET;
}
