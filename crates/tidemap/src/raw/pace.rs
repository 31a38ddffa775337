//! Pace: working off pending work when nobody waits.
//!
//! The steps are those that operations pay, so a map that is advanced in idle time passes through
//! the same states, only sooner.

use super::table::RawTable;
use crate::alloc::Allocator;
use crate::bounds::STEP_BUCKETS_MAX;
use crate::error::TryReserveError;
use crate::pace::Progress;

impl<T, A: Allocator + Clone> RawTable<T, A> {
    /// Works off pending work, at least one step, until it has cost `buckets`. Done when nothing
    /// is left to do, or nothing can be done because memory is refused.
    pub(crate) fn advance(&mut self, buckets: usize, hasher: impl Fn(&T) -> u64) -> Progress {
        let mut progress = Progress::default();
        if self.cold.is_null() {
            progress.is_done = true;
            return progress;
        }
        // SAFETY: the cold part exists; it is read between two steps.
        let sums = |table: &Self| unsafe {
            let cold = &*table.cold;
            (cold.meter.total(), cold.released)
        };
        let before = sums(self);
        progress.is_done = loop {
            if !self.is_pending() {
                break true;
            }
            if progress.buckets >= buckets {
                break false;
            }
            let calls = sums(self).0.system_calls;
            if !self.pending_step(&hasher) {
                break true;
            }
            progress.buckets += if sums(self).0.system_calls > calls {
                crate::bounds::CALL_BUCKETS
            } else {
                STEP_BUCKETS_MAX
            };
        };
        self.set_credit();
        let after = sums(self);
        progress.entries = (after.0.entries_moved - before.0.entries_moved) as usize;
        progress.bytes_released = after.1 - before.1;
        progress
    }

    /// Works off everything that is pending. Stops early only when memory is refused.
    pub(crate) fn finish(&mut self, hasher: impl Fn(&T) -> u64) {
        self.advance(usize::MAX, hasher);
    }

    /// Whether a shrink is going on or waits.
    pub(crate) fn is_shrinking_or_will(&self) -> bool {
        self.is_shrinking() || self.wants_shrink()
    }

    /// Whether a growth is going on or waits.
    pub(crate) fn is_growing_or_will(&self) -> bool {
        // SAFETY: the cold part, if there is one, lives as long as the table.
        let waits = !self.cold.is_null() && unsafe { (*self.cold).target } > self.buckets();
        (self.is_growing() && !self.is_shrinking()) || waits
    }

    /// An error if a growth that was asked for is still not done.
    pub(crate) fn refused_growth(&self) -> Result<(), TryReserveError> {
        if self.is_growing_or_will() {
            let bytes = self.capacity().saturating_mul(size_of::<T>());
            return Err(TryReserveError::AllocError { bytes });
        }
        Ok(())
    }

    /// Whether anything is left to do.
    pub(crate) fn is_pending(&self) -> bool {
        if self.cold.is_null() {
            return false;
        }
        // SAFETY: the cold part exists.
        let cold = unsafe { &*self.cold };
        self.is_growing()
            || cold.target > self.buckets()
            || self.wants_shrink()
            || cold.compaction.is_some()
    }

    /// One step of whatever is pending; `false` if memory was refused.
    fn pending_step(&mut self, hasher: &impl Fn(&T) -> u64) -> bool {
        if self.is_growing() {
            return self.metered(|table| table.step(hasher));
        }
        // SAFETY: something is pending, so the cold part exists.
        let target = unsafe { (*self.cold.cast_mut()).target };
        if target > self.buckets() {
            return self.metered(|table| table.begin(target)).is_ok();
        }
        if self.wants_shrink() {
            return self.metered(Self::start_shrink);
        }
        self.metered(Self::compact_step);
        true
    }
}
