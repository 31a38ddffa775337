//! Same-size growth: chains made short again without more buckets.
//!
//! Deletions leave holes, and an overflow bucket stays as long as it holds one
//! entry. When a table has at least as many overflow buckets as main buckets
//! (Go's trigger), a pass goes over the main buckets in order and moves entries forward
//! in their chains; emptied overflow buckets return to the pool.
//!
//! C1. An entry never leaves its chain, so look-ups notice nothing and no key is hashed.
//! C2. A step moves no more bytes than a step of a growth.
//! C3. A pass that freed little is not repeated before the number of overflow buckets
//!     has doubled: keys that all collide must not make every insertion compact.
//!
//! Go rebuilds into a second array of the same size; chains that are repaired
//! where they are need none.

use super::array::bucket_at;
use super::bucket::{Bucket, chain_of, empty_slot, full_slots, next_of, slot};
use super::grow::Cold;
use super::kept;
use super::shape::Shape;
use super::table::RawTable;
use crate::alloc::Allocator;
use crate::bounds::{MOVE_BYTES_MAX, STEP_BUCKETS_MAX};
use crate::stats::{Growth, GrowthKind};

use core::ptr;

/// New entries between two steps of a pass, at the most.
pub(super) const CREDIT: usize = 4;

/// A pass that is going on.
pub(super) struct Compaction {
    pub(super) next: usize,
    pub(super) record: Growth,
}

impl<T, A: Allocator + Clone> RawTable<T, A> {
    /// After an overflow bucket was taken: begins a pass if there are too many.
    pub(super) fn consider_compaction(&mut self) {
        if self.owes() {
            return;
        }
        let [(_, _, buckets), ..] = self.regions();
        // SAFETY: a table with a chain has a cold part.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        if cold.compaction.is_some() || cold.pool.in_use() < buckets.max(cold.compact_at) {
            return;
        }
        cold.started += 1;
        cold.compaction = Some(Compaction {
            next: 0,
            record: Growth::begun(GrowthKind::SameSize, buckets, buckets, self.len),
        });
        self.credit = self.credit.min(CREDIT);
        self.probe_compaction_begun();
    }

    /// One step of the pass that is going on, if any.
    pub(super) fn compact_step(&mut self) {
        let [(base, _, end), ..] = self.regions();
        // SAFETY: callers made sure that the cold part exists.
        let cold = unsafe { &mut *self.cold.cast_mut() };
        let Some(mut pass) = cold.compaction.take() else {
            return;
        };
        let before = cold.meter.now();
        let mut bytes_left = MOVE_BYTES_MAX.max(2 * Shape::<T>::ENTRY);
        for _ in 0..STEP_BUCKETS_MAX {
            if pass.next >= end {
                break;
            }
            // SAFETY: the region names live main buckets.
            unsafe {
                let home = bucket_at::<T>(base, pass.next);
                if home.head != self.pinned && !Self::compact_chain(cold, home, &mut bytes_left) {
                    break;
                }
            }
            pass.next += 1;
        }
        let after = cold.meter.now();
        let record = &mut pass.record;
        record.steps += 1;
        record.done_buckets = pass.next.min(record.from_buckets);
        record.entries_moved += after.entries_moved - before.entries_moved;
        record.bytes_moved += after.bytes_moved - before.bytes_moved;
        if pass.next < end {
            cold.compaction = Some(pass);
            return;
        }
        record.done_buckets = record.from_buckets;
        record.len_at_end = self.len;
        cold.finished[GrowthKind::SameSize as usize] += 1;
        cold.compact_at = 2 * cold.pool.in_use();
        let record = *record;
        cold.probe.ended(&record);
        cold.remember(record);
    }

    /// Moves entries of a chain forward into free slots; `false` if the budget
    /// ended first. Starts over each time: full buckets are passed quickly.
    ///
    /// # Safety
    /// `home` is a live main bucket of the table that `cold` belongs to, not the pinned one.
    pub(super) unsafe fn compact_chain(
        cold: &mut Cold<T, A>,
        home: Bucket,
        bytes_left: &mut usize,
    ) -> bool {
        let mut done = true;
        // SAFETY: chains link live overflow buckets; an entry's bytes are
        // copied before its old tag is cleared; no user code runs.
        unsafe {
            let mut to = home;
            let mut from = chain_of::<T>(home);
            if from.is_none() {
                return true;
            }
            'chain: while !from.is_none() {
                for index in full_slots::<T>(from, false) {
                    let hole = loop {
                        if to == from {
                            break None;
                        }
                        if let Some(hole) = empty_slot::<T>(to, to == home) {
                            break Some(hole);
                        }
                        to = if to == home {
                            chain_of::<T>(home)
                        } else {
                            next_of::<T>(to)
                        };
                    };
                    let Some(hole) = hole else { break };
                    if *bytes_left < Shape::<T>::ENTRY {
                        done = false;
                        break 'chain;
                    }
                    *bytes_left -= Shape::<T>::ENTRY;
                    ptr::copy_nonoverlapping(slot::<T>(from, index), slot::<T>(to, hole), 1);
                    kept::carry::<T>(from, index, to, hole);
                    *to.tag(hole) = *from.tag(index);
                    *from.tag(index) = 0;
                    cold.meter.moved(1, Shape::<T>::ENTRY);
                }
                from = next_of::<T>(from);
            }
            Self::tidy(cold, home);
        }
        done
    }
}
