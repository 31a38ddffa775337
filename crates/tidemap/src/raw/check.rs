//! Figures and invariants of a table.

use super::array::bucket_at;
use super::bucket::{chain_of, full_slots, next_of, slot};
use super::kept;
use super::shape::Shape;
use super::table::RawTable;
use super::tags::{filter_bit, tag_of};
use crate::alloc::Allocator;
use crate::hash::DefaultHashBuilder;
use crate::stats::{Growth, GrowthKind, Stats, Work};

impl<T, A: Allocator + Clone> RawTable<T, A> {
    /// The growth that is going on, if any.
    pub(crate) fn growth(&self) -> Option<Growth> {
        if self.cold.is_null() {
            return None;
        }
        // SAFETY: the cold part lives as long as the table.
        let cold = unsafe { &*self.cold };
        let growth = cold
            .growth
            .or_else(|| cold.compaction.as_ref().map(|pass| pass.record));
        growth.map(|growth| Growth {
            len_at_end: self.len,
            ..growth
        })
    }

    pub(crate) fn growths_started(&self) -> u64 {
        if self.cold.is_null() {
            0
        } else {
            // SAFETY: the cold part lives as long as the table.
            unsafe { (*self.cold).started }
        }
    }

    pub(crate) fn growth_log(&self) -> &[Growth] {
        if self.cold.is_null() {
            &[]
        } else {
            // SAFETY: the cold part lives as long as the table, which is borrowed.
            unsafe { (*self.cold).log.records() }
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        let buckets = match self.regions() {
            regions if !self.is_relocating() => regions.iter().map(|r| r.2 - r.1).sum(),
            _ if self.behind().is_some() || self.is_shrinking() => self.mask + 1,
            _ => self.split_mask + 1,
        };
        let slots = buckets * Shape::<T>::SLOTS;
        let mut stats = Stats {
            len: self.len,
            capacity: self.capacity(),
            buckets,
            slots_per_bucket: Shape::<T>::SLOTS,
            bucket_bytes: Shape::<T>::BUCKET,
            load: if slots == 0 {
                0.0
            } else {
                self.len as f64 / slots as f64
            },
            overflow_buckets: 0,
            longest_chain_seen: usize::from(buckets > 0),
            long_chains: 0,
            last_long_chain: None,
            reseeds: 0,
            growth: self.growth(),
            growths_in_place: 0,
            growths_relocating: 0,
            growths_same_size: 0,
            shrinks: 0,
            growths_refused: 0,
            bytes_live: 0,
            bytes_old: 0,
            bytes_released: 0,
            bytes_reserved: 0,
            work_total: Work::default(),
            work_max: Work::default(),
        };
        if self.cold.is_null() {
            if !self.is_unallocated() {
                stats.bytes_live = Self::single_bytes(self.len + self.credit);
            }
            return stats;
        }
        // SAFETY: the cold part lives as long as the table.
        let cold = unsafe { &*self.cold };
        stats.overflow_buckets = cold.pool.in_use();
        stats.longest_chain_seen = cold.longest_chain;
        stats.growths_in_place = cold.finished[GrowthKind::InPlace as usize];
        stats.growths_relocating = cold.finished[GrowthKind::Relocating as usize];
        stats.growths_same_size = cold.finished[GrowthKind::SameSize as usize];
        stats.shrinks = cold.finished[GrowthKind::Shrink as usize];
        stats.growths_refused = cold.refused;
        stats.long_chains = cold.hostile.long_chains;
        stats.last_long_chain = cold.hostile.last;
        stats.reseeds = cold.hostile.reseeds;
        // In place, buckets ahead of the frontier are address space, not memory.
        let frontier = match self.regions() {
            [(_, _, end), ..] if !self.is_relocating() => end,
            _ => self.mask + 1,
        };
        let bookkeeping = size_of_val(cold) + cold.log.bytes();
        let (large, small) = (
            cold.array.bytes::<T>(frontier),
            cold.old
                .as_ref()
                .map_or(0, |old| old.bytes::<T>(self.old_array_buckets())),
        );
        let stays;
        (stays, stats.bytes_old) = match cold.old {
            // The large one is left; what lies behind its frontier is given back.
            Some(_) if cold.shrinking => {
                let frontier = self.split_mask + 1 + self.cursor;
                (small, cold.array.bytes::<T>(frontier))
            }
            _ => (large, small),
        };
        stats.bytes_live =
            stays + cold.hostile.fresh_bytes::<T>() + cold.pool.bytes() + bookkeeping;
        stats.bytes_released = cold.released;
        let next = cold.next.as_ref().map_or(0, |array| array.reserved_bytes());
        let old = cold.old.as_ref().map_or(0, |array| array.reserved_bytes());
        stats.bytes_reserved = cold.array.reserved_bytes() + old + next;
        stats.work_total = cold.meter.total();
        stats.work_max = cold.meter.max();
        stats
    }

    /// Panics if an invariant of the table is broken. O(n).
    #[doc(hidden)]
    pub(crate) fn check_invariants(
        &self,
        hasher: impl Fn(&T) -> u64,
        old_hasher: impl Fn(&DefaultHashBuilder, &T) -> u64,
    ) {
        let mut count = 0;
        let mut spills = 0;
        for (base, first, end) in self.regions() {
            for index in first..end {
                // SAFETY: regions name live main buckets.
                unsafe {
                    let home = bucket_at::<T>(base, index);
                    let filter = *home.filter::<T>();
                    let mut chain_filter = 0;
                    let mut bucket = home;
                    while !bucket.is_none() {
                        let is_main = bucket == home;
                        spills += usize::from(!is_main);
                        for index in full_slots::<T>(bucket, is_main) {
                            count += 1;
                            let entry = &*slot::<T>(bucket, index);
                            let hash = match self.old_hash_builder() {
                                Some(old) if base == self.old_base => old_hasher(old, entry),
                                _ => hasher(entry),
                            };
                            let tag = *bucket.tag(index);
                            assert_eq!(tag, tag_of(hash), "tag of an entry does not fit its hash");
                            if !is_main {
                                chain_filter |= filter_bit(tag);
                            }
                            let expected = match self.behind() {
                                Some(_) if base == self.old_base => self.home_behind(hash),
                                _ => self.home(hash),
                            };
                            let split =
                                expected.head == self.pinned && self.split_home(hash) == home;
                            assert!(expected == home || split, "an entry is in a foreign chain");
                            let calm = (!self.is_growing()).then_some(self.mask);
                            let is_right = self.cold.is_null() || (*self.cold).kept.is_right(calm);
                            if Shape::<T>::KEEPS_BITS
                                && is_right
                                && home.head != self.pinned
                                && !split
                            {
                                // K1, K3, K4.
                                let wanted = kept::bits(hash, self.layout_mask(hash));
                                let found = *bucket.bits::<T>(index);
                                assert_eq!(found, wanted, "kept bits do not fit the hash");
                            }
                        }
                        bucket = if is_main {
                            chain_of::<T>(home)
                        } else {
                            next_of::<T>(bucket)
                        };
                    }
                    assert_eq!(chain_filter & !filter, 0, "the filter hides an entry");
                    let link_slot_tag = *home.tag(Shape::<T>::SLOTS - 1);
                    if Shape::<T>::LINK_IN_SLOT && filter != 0 {
                        assert_eq!(link_slot_tag, 0, "a link slot claims to hold an entry");
                    }
                }
            }
        }
        assert_eq!(count, self.len, "entries found against entries counted");
        if self.cold.is_null() {
            assert_eq!(spills, 0);
            return;
        }
        // SAFETY: the cold part lives as long as the table.
        let cold = unsafe { &*self.cold };
        assert_eq!(
            spills,
            cold.pool.in_use(),
            "overflow buckets linked against handed out"
        );
        assert_eq!(cold.growth.is_some(), self.is_growing());
        let must = self.is_relocating() || cold.shrinking;
        assert!(
            self.owes() || !must,
            "memory is held and nobody pays for it"
        );
        assert!(
            !self.owes() || must || cold.shrink_to > 0,
            "shares for nothing"
        );
        if cold.shrinking {
            assert_eq!(self.mask, 2 * self.split_mask + 1, "a shrink halves");
        }
        if !self.is_growing() {
            assert!(!cold.shrinking);
            assert!(cold.old.is_none() && self.pinned.is_null() && self.base == self.old_base);
        }
    }
}
