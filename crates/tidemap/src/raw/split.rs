//! Splitting: how the entries of an old bucket reach their new ones.
//!
//! Three ways, from the common to the rare; all obey the rules G2 to G4 of [`grow`](super::grow):
//!
//! | bucket | way | user code | stops inside |
//! |---|---|---|---|
//! | no chain, doubling | [`split_plain`](RawTable::split_plain) | all hashes first | no |
//! | chain of one or two, doubling | [`split_short`](RawTable::split_short) | all hashes first | no |
//! | anything else | [`split_chain`](RawTable::split_chain) | a bucket's hashes first | yes: pinned |
//!
//! A pinned bucket keeps its overflow buckets until it is done, so that the place where the split
//! stopped stays valid whatever is removed meanwhile; look-ups read what was moved of it
//! as the end of its chain (I5), insertions add to either part.

use super::array::bucket_at;
use super::bucket::{Bucket, chain_of, empty_slot, full_slots, next_of, slot};
use super::grow::Cold;
use super::kept;
use super::meter::{Front, Meter};
use super::shape::Shape;
use super::table::{Place, RawTable};
use super::tags::{Bits, HEADER_BYTES};
use crate::alloc::Allocator;
use crate::bounds::{MOVE_BYTES_MAX, STEP_BUCKETS_MAX};

use core::ptr;

/// Entries that one step moves at the most when buckets split many ways: each
/// may land on a page of its own.
pub(super) const SCATTERED_MOVES_MAX: usize = 2;

/// How far the split of a chain came.
enum Chain {
    Done,
    Paused,
    Refused,
}

impl<T, A: Allocator + Clone> RawTable<T, A> {
    /// Splits a run of buckets behind the cursor.
    #[inline(always)]
    pub(super) fn split_run(&mut self, cold: &mut Cold<T, A>, hasher: &impl Fn(&T) -> u64) -> bool {
        let old = self.split_mask + 1;
        let doubling = self.mask + 1 == 2 * old;
        let mut bytes_left = MOVE_BYTES_MAX.max(2 * Shape::<T>::ENTRY);
        // Moves to buckets that may lie on pages of their own.
        let mut scattered = if doubling {
            usize::MAX
        } else {
            SCATTERED_MOVES_MAX
        };
        let mut progress = false;
        let reads = Shape::<T>::KEEPS_BITS && cold.kept.check(self.cursor);
        for _ in 0..STEP_BUCKETS_MAX {
            if self.cursor >= old {
                break;
            }
            let frontier = old + self.cursor + 1;
            if doubling
                && cold
                    .array
                    .extend_segments::<T>(frontier, &mut cold.meter)
                    .is_err()
            {
                break;
            }
            // SAFETY: the old bucket at the cursor exists (I1), and so do the
            // new ones it splits into.
            unsafe {
                let from = bucket_at::<T>(self.old_base, self.cursor);
                let high = bucket_at::<T>(self.base, self.cursor + old);
                if progress && self.would_fault(cold, high) {
                    // One front page a step; a run ends where a page ends.
                    break;
                }
                let plain = doubling
                    && self.pinned.is_null()
                    && *from.filter::<T>() == 0
                    && bytes_left >= Shape::<T>::SLOTS * Shape::<T>::ENTRY;
                let short = !plain
                    && doubling
                    && self.pinned.is_null()
                    && bytes_left >= Self::SHORT_CHAIN_ENTRIES * Shape::<T>::ENTRY
                    && Self::is_short(from);
                let moved = if plain {
                    Some(self.split_plain(cold, hasher, reads, from, high))
                } else if short {
                    self.split_short(cold, hasher, reads, from, high)
                } else {
                    None
                };
                if let Some(moved) = moved {
                    bytes_left -= moved * Shape::<T>::ENTRY;
                } else {
                    let left = (&mut bytes_left, &mut scattered);
                    match self.split_chain(cold, hasher, reads, from, left) {
                        Chain::Done => {}
                        Chain::Paused => {
                            progress = true;
                            break;
                        }
                        Chain::Refused => break,
                    }
                }
            }
            self.cursor += 1;
            progress = true;
        }
        cold.kept.follow(self.cursor);
        if let Some(growth) = &mut cold.growth {
            growth.done_buckets = self.cursor.min(growth.from_buckets);
        }
        self.prefetch_next_run(old);
        progress
    }

    /// Whether splitting the bucket at the cursor would touch a fresh page.
    fn would_fault(&self, cold: &Cold<T, A>, high: Bucket) -> bool {
        let bytes = Shape::<T>::SLOTS / 2 * Shape::<T>::ENTRY;
        let meter = &cold.meter;
        meter.fresh_pages() > 0
            && (meter.untouched(Front::High, high.slots, bytes) > 0
                || meter.untouched(Front::HighHeads, high.head, HEADER_BYTES) > 0)
    }

    /// Brings the buckets of the next step into the cache while the caller does other things.
    #[inline(always)]
    fn prefetch_next_run(&self, old: usize) {
        #[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(miri)))]
        if Shape::<T>::STRIDE <= 1024 {
            let end = (self.cursor + STEP_BUCKETS_MAX).min(old);
            for index in self.cursor..end {
                // SAFETY: the bucket exists (I1); prefetching reads nothing.
                unsafe {
                    use core::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
                    let bucket = bucket_at::<T>(self.old_base, index);
                    let mut at = 0;
                    while at < Shape::<T>::STRIDE {
                        _mm_prefetch::<_MM_HINT_T1>(bucket.slots.wrapping_add(at).cast());
                        at += 64;
                    }
                }
            }
        }
        let _ = old;
    }

    /// Splits a bucket without a chain in two; how many entries moved.
    ///
    /// # Safety
    /// The growth is a doubling, `from` is the bucket at the cursor, `high` its new upper half.
    #[inline(always)]
    unsafe fn split_plain(
        &mut self,
        cold: &mut Cold<T, A>,
        hasher: &impl Fn(&T) -> u64,
        reads: bool,
        from: Bucket,
        high: Bucket,
    ) -> usize {
        let bit = (self.split_mask + 1).trailing_zeros();
        // SAFETY: I4; the new buckets are exclusively ours until the cursor passes.
        unsafe {
            let full = full_slots::<T>(from, true);
            // G4: all user code first. Branch-free: the bit is as good as random.
            let up = self.upper_half(from, full, bit, reads, hasher);
            let relocating = self.is_relocating();
            let mut moved = Self::pour(from, Bits(up), high);
            if relocating {
                let low = bucket_at::<T>(self.base, self.cursor);
                let stay = Self::pour(from, Bits(full.0 & !up), low);
                moved += stay;
                Self::touch(&mut cold.meter, Front::Low, low, stay);
                // Nothing may find them here again; `regions` no longer looks either.
                from.clear_head();
                Self::touch(&mut cold.meter, Front::High, high, moved - stay);
            } else {
                from.header().only(!up).store(from.head);
                Self::touch(&mut cold.meter, Front::High, high, moved);
            }
            cold.meter.moved(moved, Shape::<T>::ENTRY);
            moved
        }
    }

    /// Entries of a bucket with a chain of two, the longest that is split in one go.
    const SHORT_CHAIN_ENTRIES: usize = Shape::<T>::SLOTS + 2 * Shape::<T>::SPILL_SLOTS;

    /// Whether a bucket has a chain of one or two overflow buckets.
    ///
    /// # Safety
    /// `home` is a live main bucket whose filter is not 0.
    #[inline(always)]
    unsafe fn is_short(home: Bucket) -> bool {
        // SAFETY: chains link live overflow buckets.
        unsafe {
            let first = chain_of::<T>(home);
            if first.is_none() {
                return false;
            }
            let second = next_of::<T>(first);
            second.is_none() || next_of::<T>(second).is_none()
        }
    }

    /// Splits a bucket with a short chain in two; how many entries moved, or `None` and
    /// nothing done if a new bucket would overflow. What stays is gathered in the main
    /// bucket, so most chains end here.
    ///
    /// # Safety
    /// As for [`split_plain`](Self::split_plain), with a bucket that [`is_short`](Self::is_short).
    #[inline(never)]
    unsafe fn split_short(
        &mut self,
        cold: &mut Cold<T, A>,
        hasher: &impl Fn(&T) -> u64,
        reads: bool,
        home: Bucket,
        high: Bucket,
    ) -> Option<usize> {
        let bit = (self.split_mask + 1).trailing_zeros();
        let relocating = self.is_relocating();
        // SAFETY: chains link live buckets; the new buckets are exclusively ours until
        // the cursor passes; an entry's bytes are copied before its old tag is
        // cleared, and no user code runs once the first has moved.
        unsafe {
            let first = chain_of::<T>(home);
            let chain = [home, first, next_of::<T>(first)];
            let mut up = [0u32; 3];
            let (mut ups, mut all) = (0, 0);
            // G4: all user code first.
            for (number, &bucket) in chain.iter().enumerate() {
                if bucket.is_none() {
                    break;
                }
                let full = full_slots::<T>(bucket, number == 0);
                all += full.0.count_ones();
                up[number] = self.upper_half(bucket, full, bit, reads, hasher);
                ups += up[number].count_ones();
            }
            let most = Shape::<T>::SLOTS as u32;
            if ups > most || (relocating && all - ups > most) {
                return None;
            }
            let mut moved = Self::pour(home, Bits(up[0]), high);
            let low = if relocating {
                bucket_at::<T>(self.base, self.cursor)
            } else {
                home
            };
            if relocating {
                let stay = full_slots::<T>(home, true).0 & !up[0];
                moved += Self::pour(home, Bits(stay), low);
                Self::touch(&mut cold.meter, Front::Low, low, stay.count_ones() as usize);
            } else {
                home.header().only(!up[0]).store(home.head);
            }
            for number in 1..3 {
                let bucket = chain[number];
                if bucket.is_none() {
                    break;
                }
                for index in full_slots::<T>(bucket, false) {
                    let goal = if up[number] >> index & 1 == 1 {
                        high
                    } else {
                        low
                    };
                    // Full only where it stays: in the chain it is in already.
                    let Some(hole) = empty_slot::<T>(goal, true) else {
                        continue;
                    };
                    ptr::copy_nonoverlapping(slot::<T>(bucket, index), slot::<T>(goal, hole), 1);
                    kept::carry::<T>(bucket, index, goal, hole);
                    *goal.tag(hole) = *bucket.tag(index);
                    *bucket.tag(index) = 0;
                    moved += 1;
                }
            }
            Self::touch(
                &mut cold.meter,
                Front::High,
                high,
                full_slots::<T>(high, true).count(),
            );
            cold.meter.moved(moved, Shape::<T>::ENTRY);
            // Empty buckets return to the pool, and the filter becomes exact.
            Self::tidy(cold, home);
            Some(moved)
        }
    }

    /// Which of the given entries go to the upper half when the buckets double: from their kept bits
    /// if these can be read (K4), or by hashing them all, which renews the bits.
    ///
    /// # Safety
    /// The slots of `bucket`, which is in the chain of the old bucket at the cursor, hold entries.
    #[inline(always)]
    unsafe fn upper_half(
        &self,
        bucket: Bucket,
        entries: Bits,
        bit: u32,
        reads: bool,
        hasher: &impl Fn(&T) -> u64,
    ) -> u32 {
        let mut up = 0;
        // SAFETY: by the caller's promise.
        unsafe {
            if reads {
                for index in entries {
                    up |= (kept::bit_of::<T>(bucket, index, bit) as u32) << index;
                }
                return up;
            }
            if !Shape::<T>::KEEPS_BITS {
                for index in entries {
                    let hash = hasher(&*slot::<T>(bucket, index));
                    up |= ((hash as usize >> bit & 1) as u32) << index;
                }
                return up;
            }
            let mut hashes = [0; 16];
            for index in entries {
                hashes[index] = hasher(&*slot::<T>(bucket, index));
            }
            for index in entries {
                up |= ((hashes[index] as usize >> bit & 1) as u32) << index;
                kept::keep::<T>(bucket, index, hashes[index], self.mask);
            }
        }
        up
    }

    /// The new buckets of the given entries when buckets split many ways.
    ///
    /// # Safety
    /// As for [`upper_half`](Self::upper_half).
    unsafe fn scatter(
        &self,
        bucket: Bucket,
        entries: Bits,
        goals: &mut [usize; 16],
        hasher: &impl Fn(&T) -> u64,
    ) {
        let mut hashes = [0; 16];
        // SAFETY: by the caller's promise.
        unsafe {
            for index in entries {
                hashes[index] = hasher(&*slot::<T>(bucket, index));
            }
            for index in entries {
                // Only the new bits are taken, so that a hasher that changes its mind
                // cannot name a bucket that is not there yet.
                let high = hashes[index] as usize & self.mask & !self.split_mask;
                goals[index] = high | self.cursor;
                kept::keep::<T>(bucket, index, hashes[index], self.mask);
            }
        }
    }

    #[inline(always)]
    pub(super) fn touch(meter: &mut Meter, front: Front, bucket: Bucket, entries: usize) {
        meter.touched(front.heads(), bucket.head, Shape::<T>::HEAD);
        let bytes = match entries {
            0 => return,
            _ if Shape::<T>::PREFERS => Shape::<T>::STRIDE,
            _ => entries * Shape::<T>::ENTRY,
        };
        meter.touched(front, bucket.slots, bytes);
    }

    /// Copies the given entries into the fresh bucket `to`: the same slots where a
    /// preferred line is to be kept (S4), else the first ones.
    ///
    /// # Safety
    /// The slots of `from` hold entries; `to` is a main bucket that nobody reads
    /// yet. The caller clears the tags in `from`.
    #[inline(always)]
    unsafe fn pour(from: Bucket, entries: Bits, to: Bucket) -> usize {
        let mut count = 0;
        // SAFETY: by the caller's promise; a main bucket has as many slots as another.
        unsafe {
            if Shape::<T>::PREFERS {
                from.header().only(entries.0).store(to.head);
                for index in entries {
                    ptr::copy_nonoverlapping(slot::<T>(from, index), slot::<T>(to, index), 1);
                    kept::carry::<T>(from, index, to, index);
                }
                return entries.0.count_ones() as usize;
            }
            to.clear_head();
            for index in entries {
                ptr::copy_nonoverlapping(slot::<T>(from, index), slot::<T>(to, count), 1);
                kept::carry::<T>(from, index, to, count);
                *to.tag(count) = *from.tag(index);
                count += 1;
            }
        }
        count
    }

    /// Splits a chain, any chain, within a budget of bytes and, unless the buckets double, of moves;
    /// whether it is done. If it is not, the bucket stays pinned and the next call goes on.
    ///
    /// # Safety
    /// `home` is the old bucket at the cursor.
    #[cold]
    #[inline(never)]
    unsafe fn split_chain(
        &mut self,
        cold: &mut Cold<T, A>,
        hasher: &impl Fn(&T) -> u64,
        reads: bool,
        home: Bucket,
        (bytes_left, scattered): (&mut usize, &mut usize),
    ) -> Chain {
        let old = self.split_mask + 1;
        let relocating = self.is_relocating();
        let doubling = self.mask + 1 == 2 * old;
        let mut any_budget = |bytes_left: &mut usize| {
            let fits = *bytes_left >= Shape::<T>::ENTRY && *scattered > 0;
            if fits {
                *bytes_left -= Shape::<T>::ENTRY;
                *scattered -= 1;
            }
            fits
        };
        // SAFETY: chains link live buckets; I3 for the destinations; an entry's bytes are
        // copied before its old tag is cleared, and no user code runs in between.
        unsafe {
            if self.pinned != home.head {
                debug_assert!(self.pinned.is_null());
                if doubling {
                    // Heap arrays are unwritten here; all others are zero already.
                    bucket_at::<T>(self.base, self.cursor + old).clear_head();
                    if relocating {
                        bucket_at::<T>(self.base, self.cursor).clear_head();
                    }
                }
                self.pinned = home.head;
                cold.pin = home;
            }
            loop {
                let bucket = cold.pin;
                let is_main = bucket == home;
                let full = full_slots::<T>(bucket, is_main);
                let mut goals = [0usize; 16];
                if doubling {
                    let bit = old.trailing_zeros();
                    let up = self.upper_half(bucket, full, bit, reads, hasher) as usize;
                    for index in full {
                        goals[index] = (up >> index & 1) << bit | self.cursor;
                    }
                } else {
                    self.scatter(bucket, full, &mut goals, hasher);
                }
                for index in full {
                    let goal = bucket_at::<T>(self.base, goals[index]);
                    let stays = goal == home;
                    if stays && is_main {
                        continue;
                    }
                    let free = empty_slot::<T>(goal, true);
                    if stays && free.is_none() {
                        continue;
                    }
                    if !any_budget(bytes_left) {
                        return Chain::Paused;
                    }
                    let place = match free {
                        Some(index) => Place {
                            bucket: goal,
                            index,
                            home: goal,
                        },
                        None => {
                            let before = cold.meter.now().bytes_moved;
                            let Ok(place) = Self::chain_slot(cold, goal, *bucket.tag(index)) else {
                                return Chain::Refused;
                            };
                            // S3: an entry that makes way for a link is moved, too.
                            let extra = cold.meter.now().bytes_moved - before;
                            *bytes_left = bytes_left.saturating_sub(extra as usize);
                            place
                        }
                    };
                    let (from, to) = (
                        slot::<T>(bucket, index),
                        slot::<T>(place.bucket, place.index),
                    );
                    ptr::copy_nonoverlapping(from, to, 1);
                    kept::carry::<T>(bucket, index, place.bucket, place.index);
                    *place.bucket.tag(place.index) = *bucket.tag(index);
                    *bucket.tag(index) = 0;
                    if place.bucket == goal && !stays {
                        let front = if goals[index] >= old {
                            Front::High
                        } else {
                            Front::Low
                        };
                        Self::touch(&mut cold.meter, front, goal, place.index + 1);
                    }
                    cold.meter.moved(1, Shape::<T>::ENTRY);
                }
                let next = if is_main {
                    chain_of::<T>(home)
                } else {
                    next_of::<T>(bucket)
                };
                if !is_main && full_slots::<T>(bucket, false).0 == 0 {
                    Self::unlink(home, bucket);
                    cold.pool.put(bucket);
                }
                cold.pin = next;
                if next.is_none() {
                    break;
                }
            }
            self.pinned = ptr::null_mut();
            Self::tidy(cold, home);
        }
        Chain::Done
    }

    /// Takes an overflow bucket out of a pinned chain. The filter stays as it is.
    ///
    /// # Safety
    /// `spill` is in the chain of `home`, whose filter is not 0.
    unsafe fn unlink(home: Bucket, spill: Bucket) {
        // SAFETY: chains link live overflow buckets.
        unsafe {
            let next = next_of::<T>(spill);
            let first = chain_of::<T>(home);
            if first == spill {
                home.set_chain::<T>(next);
                return;
            }
            let mut before = first;
            while next_of::<T>(before) != spill {
                before = next_of::<T>(before);
            }
            before.set_next::<T>(next);
        }
    }
}
