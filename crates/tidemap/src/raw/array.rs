//! Bucket arrays: the memory of main buckets, from three sources.
//!
//! | size | source | grows |
//! |---|---|---|
//! | up to [`HEAP_ARRAY_BYTES_MAX`], as a whole [`WHOLE_HEAP_ARRAY_BYTES_MAX`] | the map's allocator | into a new array |
//! | any, with an allocator of the user's | that allocator | into a new array |
//! | above | [`PageRun`] | in place, by touching pages |
//! | above, without page runs | [`SegmentRun`] | in place, by adding segments |
//! | above, when address space is refused | global allocator | into a new array |
//!
//! A1. Page runs and segments are zero where never written: valid empty
//!     buckets. In heap arrays heads are zero, and only when asked for.
//! A2. A base whose head address has bit 0 set points to a [`SegmentRun`]; every other is
//!     the first bucket of two contiguous planes. [`bucket_at`] is the only place that knows.
//! A3. An array from the heap is one piece of memory, heads first, and so is a segment; a page
//!     run has a plane for each.
//!
//! Dropped: `alloc_zeroed` for large arrays. With an alignment above 16 the
//! standard library allocates and then clears, 580 ms for a gigabyte.

use core::alloc::Layout;
use core::mem::ManuallyDrop;
use core::ptr::{self, NonNull};

use alloc_crate::boxed::Box;
use tidemap_span::{PAGE_BYTES, PAGE_RUNS, PageRun, ReserveError, SegmentRun};

use super::bucket::Bucket;
use super::meter::Meter;
use super::shape::Shape;
use crate::alloc::{Allocator, is_global};
use crate::bounds::{HEAP_ARRAY_BYTES_MAX, STEP_BUCKETS_MAX, WHOLE_HEAP_ARRAY_BYTES_MAX};
use crate::error::TryReserveError;
use crate::pages::Pages;

/// Address space for a map's first page run: doublings in place up to here.
const FIRST_RESERVE_BYTES: usize = if usize::BITS >= 64 { 8 << 30 } else { 64 << 20 };
/// Factor between an array that outgrew its run and the run of its successor.
const NEXT_RESERVE_FACTOR: usize = if usize::BITS >= 64 { 256 } else { 4 };
/// Bytes of one segment: clearing it is the portable unit of growth.
const SEGMENT_BYTES: usize = if super::Rare::COMMON {
    1 << 10
} else {
    16 << 10
};

/// Segments that one step of getting an array ready adds: as many as a first large array has.
const READY_SEGMENTS: usize = 16;

pub(crate) enum Array<A: Allocator> {
    Heap {
        start: NonNull<u8>,
        layout: Layout,
        slots_at: usize,
        alloc: A,
    },
    Run(PageRun),
    /// Boxed by hand: its address is the array's base.
    Segments(*mut SegmentRun),
}

/// Bucket `index`.
///
/// # Safety
/// `base` came from [`Array::base`] of a live array that has this bucket.
#[inline(always)]
pub(crate) unsafe fn bucket_at<T>(base: Bucket, index: usize) -> Bucket {
    if !PAGE_RUNS && base.head.addr() & 1 == 1 {
        let run = base
            .head
            .map_addr(|address| address & !1)
            .cast::<SegmentRun>();
        let per = buckets_per_segment::<T>();
        // SAFETY: by A2, A3 and the caller's promise.
        return unsafe {
            let start = (*run).segment(index / per);
            Bucket {
                head: start.add(index % per * Shape::<T>::HEAD),
                slots: start.add(heads_bytes::<T>(per) + index % per * Shape::<T>::STRIDE),
            }
        };
    }
    // SAFETY: by the caller's promise.
    unsafe {
        Bucket {
            head: base.head.add(index * Shape::<T>::HEAD),
            slots: base.slots.add(index * Shape::<T>::STRIDE),
        }
    }
}

const fn buckets_per_segment<T>() -> usize {
    let fit = SEGMENT_BYTES / Shape::<T>::BUCKET;
    // Both are powers of two so that the division is a shift.
    if fit == 0 { 1 } else { 1 << fit.ilog2() }
}

/// Bytes of the heads of an array in one piece: its slots begin behind them (A3).
const fn heads_bytes<T>(buckets: usize) -> usize {
    (buckets * Shape::<T>::HEAD).next_multiple_of(Shape::<T>::SLOTS_ALIGN)
}

/// The layout of an array in one piece.
fn one_piece<T>(buckets: usize) -> Result<Layout, TryReserveError> {
    let overflow = TryReserveError::CapacityOverflow;
    if buckets > isize::MAX as usize / (2 * Shape::<T>::BUCKET + Shape::<T>::SLOTS_ALIGN) {
        return Err(overflow);
    }
    let bytes = heads_bytes::<T>(buckets) + buckets * Shape::<T>::STRIDE;
    Layout::from_size_align(bytes, Shape::<T>::SLOTS_ALIGN).map_err(|_| overflow)
}

/// The layout of a single bucket with this many slots.
pub(crate) fn single_layout<T>(slots: usize) -> Layout {
    let slots_bytes = if slots >= Shape::<T>::SLOTS {
        Shape::<T>::STRIDE
    } else {
        slots * Shape::<T>::ENTRY
    };
    let bytes = Shape::<T>::SPILL_SLOTS_AT + slots_bytes;
    Layout::from_size_align(bytes, Shape::<T>::ALIGN).unwrap_or(Layout::new::<T>()) // never: a few entries
}

/// Bytes of the planes of a page run; as many as there can be if they are too many to count.
fn planes<T>(buckets: usize) -> [usize; 2] {
    [
        buckets.saturating_mul(Shape::<T>::HEAD),
        buckets.saturating_mul(Shape::<T>::STRIDE),
    ]
}

/// Which ways to get a large array may be tried in one call. A growth tries one
/// per operation, so that refusals do not add up to many system calls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tries(u8);

impl Tries {
    /// The most generous reservation only.
    pub(crate) const FIRST: Tries = Tries(0);
    /// The global allocator, the last resort.
    pub(crate) const HEAP: Tries = Tries(3);
    /// Everything, one after the other.
    pub(crate) const ALL: Tries = Tries(u8::MAX);
    /// As [`ALL`](Self::ALL) for an array that is wanted as a whole: the heap first, up to a larger size.
    pub(crate) const WHOLE: Tries = Tries(u8::MAX - 1);

    /// What to try when this was refused; `None` after the last.
    pub(crate) fn next(self) -> Option<Tries> {
        (self.0 < Self::HEAP.0).then_some(Tries(self.0 + 1))
    }
}

impl<A: Allocator + Clone> Array<A> {
    /// An array of `buckets`, all empty if `empty`, else with unwritten heads where it
    /// comes from the heap. At most one system call or one allocator call
    /// (segments: one per segment).
    pub(crate) fn allocate<T>(
        buckets: usize,
        empty: bool,
        tries: Tries,
        alloc: &A,
        meter: &mut Meter,
    ) -> Result<Self, TryReserveError> {
        let layout = one_piece::<T>(buckets)?;
        let bytes = layout.size();
        let heap_only = !is_global::<A>() || tries == Tries::HEAP;
        let (heap_max, tries) = if tries == Tries::WHOLE {
            (WHOLE_HEAP_ARRAY_BYTES_MAX, Tries::ALL)
        } else {
            (HEAP_ARRAY_BYTES_MAX, tries)
        };
        if bytes > heap_max && !heap_only {
            if let Some(array) = Self::large::<T>(buckets, bytes, tries, meter)? {
                return Ok(array);
            }
            if tries != Tries::ALL {
                return Err(TryReserveError::AllocError { bytes });
            }
        }
        meter.allocator_calls(1);
        let alloc = alloc.clone();
        let start = alloc
            .allocate(layout)
            .map_err(|_| TryReserveError::AllocError { bytes })?
            .cast::<u8>();
        if empty {
            // SAFETY: heads come first in fresh memory (A3).
            unsafe { start.write_bytes(0, buckets * Shape::<T>::HEAD) };
        }
        Ok(Array::Heap {
            start,
            layout,
            slots_at: heads_bytes::<T>(buckets),
            alloc,
        })
    }

    /// An array of `buckets` that takes steps to get [ready](Self::make_ready), and how many buckets
    /// of it are. At most one system call or one allocator call.
    pub(crate) fn begin<T>(
        buckets: usize,
        tries: Tries,
        alloc: &A,
        meter: &mut Meter,
    ) -> Result<(Self, usize), TryReserveError> {
        let small = buckets.saturating_mul(Shape::<T>::BUCKET) <= HEAP_ARRAY_BYTES_MAX;
        if !small && is_global::<A>() && !PAGE_RUNS && tries != Tries::HEAP {
            return Ok((Self::segments::<T>(0, meter)?, 0));
        }
        let array = Self::allocate::<T>(buckets, small, tries, alloc, meter)?;
        let ready = small || !matches!(array, Array::Heap { .. });
        Ok((array, if ready { buckets } else { 0 }))
    }

    /// Empties some of the buckets of an array from [`begin`](Self::begin), of which the first `ready`
    /// are empty; how many are then. A step's number of buckets, or [`READY_SEGMENTS`] allocator calls.
    pub(crate) fn make_ready<T>(
        &mut self,
        ready: usize,
        buckets: usize,
        meter: &mut Meter,
    ) -> Result<usize, TryReserveError> {
        if matches!(self, Array::Segments(_)) {
            let next = buckets.min(ready + READY_SEGMENTS * buckets_per_segment::<T>());
            self.extend_segments::<T>(next, meter)?;
            return Ok(next);
        }
        let next = buckets.min(ready + STEP_BUCKETS_MAX);
        for index in ready..next {
            // SAFETY: the array has this bucket, and nobody uses it yet.
            unsafe { bucket_at::<T>(self.base(), index).clear_head() };
        }
        Ok(next)
    }

    /// A single bucket with this many slots, owned by the caller.
    pub(crate) fn single<T>(slots: usize, alloc: &A) -> Result<Bucket, TryReserveError> {
        let layout = single_layout::<T>(slots);
        let bytes = layout.size();
        let memory = alloc.allocate(layout);
        let start = memory
            .map_err(|_| TryReserveError::AllocError { bytes })?
            .cast::<u8>();
        // In one piece like an overflow bucket: no room is wasted on alignment to lines.
        let bucket = Bucket::spill::<T>(start.as_ptr());
        // SAFETY: the head is part of the fresh memory.
        unsafe { bucket.clear_head() };
        Ok(bucket)
    }

    fn large<T>(
        buckets: usize,
        bytes: usize,
        tries: Tries,
        meter: &mut Meter,
    ) -> Result<Option<Self>, TryReserveError> {
        if !PAGE_RUNS {
            return Self::segments::<T>(buckets, meter).map(Some);
        }
        let wish = if bytes <= FIRST_RESERVE_BYTES / 2 {
            FIRST_RESERVE_BYTES
        } else {
            bytes.saturating_mul(NEXT_RESERVE_FACTOR)
        };
        // Refused where address space is limited: then just what is needed, and the
        // next growth relocates.
        let sizes = [wish / bytes.max(1), 2, 1];
        for (number, factor) in sizes.into_iter().enumerate() {
            if tries != Tries::ALL && tries.0 != number as u8 {
                continue;
            }
            meter.system_calls(1);
            let reserve = planes::<T>(buckets.saturating_mul(factor));
            if let Ok(mut run) = PageRun::reserve(reserve, Shape::<T>::SLOTS_ALIGN) {
                meter.system_calls(PageRun::COMMIT_CALLS);
                if run.commit(planes::<T>(buckets)).is_ok() {
                    return Ok(Some(Array::Run(run)));
                }
            }
        }
        Ok(None)
    }

    fn segments<T>(buckets: usize, meter: &mut Meter) -> Result<Self, TryReserveError> {
        let layout = one_piece::<T>(buckets_per_segment::<T>())?;
        // By hand, because `Box::new` aborts when memory is refused.
        let head = Layout::new::<SegmentRun>();
        // SAFETY: the layout is not empty.
        let run = unsafe { alloc_crate::alloc::alloc(head) }.cast::<SegmentRun>();
        if run.is_null() {
            return Err(TryReserveError::AllocError { bytes: head.size() });
        }
        // SAFETY: fresh memory of that layout.
        unsafe { run.write(SegmentRun::new(layout)) };
        let mut array = Array::Segments(run);
        array.extend_segments::<T>(buckets, meter)?;
        Ok(array)
    }

    /// Adds segments until `buckets` exist; nothing for other arrays.
    pub(crate) fn extend_segments<T>(
        &mut self,
        buckets: usize,
        meter: &mut Meter,
    ) -> Result<(), TryReserveError> {
        if let Array::Segments(run) = self {
            // SAFETY: the run is ours and alive; nobody else borrows it.
            let run = unsafe { &mut **run };
            while run.len() * buckets_per_segment::<T>() < buckets {
                meter.allocator_calls(1);
                run.push().map_err(refused)?;
            }
        }
        Ok(())
    }

    /// Gives a heap array's memory up to somebody who knows its layout.
    pub(crate) fn forget(self) {
        let mut this = ManuallyDrop::new(self);
        if let Array::Heap { alloc, .. } = &mut *this {
            // SAFETY: `this` is not used again, so the allocator is dropped once.
            unsafe { ptr::drop_in_place(alloc) };
        }
    }

    /// What [`bucket_at`] takes.
    pub(crate) fn base(&self) -> Bucket {
        match self {
            Array::Heap {
                start, slots_at, ..
            } => Bucket {
                head: start.as_ptr(),
                slots: start.as_ptr().wrapping_add(*slots_at),
            },
            Array::Run(run) => Bucket {
                head: run.base(0).as_ptr(),
                slots: run.base(1).as_ptr(),
            },
            Array::Segments(run) => Bucket {
                head: run.cast::<u8>().map_addr(|address| address | 1),
                slots: ptr::null_mut(),
            },
        }
    }

    /// Whether the array can become `buckets` long without moving.
    pub(crate) fn extends_to<T>(&self, buckets: usize) -> bool {
        match self {
            Array::Run(run) => {
                let planes = planes::<T>(buckets);
                planes[0] <= run.reserved_bytes(0) && planes[1] <= run.reserved_bytes(1)
            }
            Array::Segments(_) => buckets.checked_mul(Shape::<T>::BUCKET).is_some(),
            Array::Heap { .. } => false,
        }
    }

    /// Makes bucket numbers below `buckets` usable; they are empty. On Unix no call at
    /// all, on Windows two system calls, for segments one allocator call per segment.
    pub(crate) fn extend<T>(
        &mut self,
        buckets: usize,
        meter: &mut Meter,
    ) -> Result<(), TryReserveError> {
        match self {
            Array::Heap { .. } => Err(TryReserveError::AllocError { bytes: 0 }),
            Array::Run(run) => {
                meter.system_calls(PageRun::COMMIT_CALLS);
                run.commit(planes::<T>(buckets)).map_err(refused)
            }
            Array::Segments(_) => self.extend_segments::<T>(buckets, meter),
        }
    }

    /// Writes a zero to each page that begins among buckets `from..to` of a page run.
    ///
    /// # Safety
    /// The buckets can be [used](Self::extend), and hold nothing.
    pub(crate) unsafe fn touch<T>(&mut self, from: usize, to: usize) {
        let Array::Run(run) = self else { return };
        let (starts, ends) = (planes::<T>(from), planes::<T>(to));
        for plane in 0..2 {
            let base = run.base(plane).as_ptr();
            let mut at = starts[plane];
            while at < ends[plane] {
                // SAFETY: inside the planes by the caller's promise; a zero in a bucket that holds
                // nothing changes nothing. Volatile, because that is not the purpose.
                unsafe { base.add(at).write_volatile(0) };
                let page = base.addr().wrapping_add(at) / PAGE_BYTES;
                at = (page + 1) * PAGE_BYTES - base.addr();
            }
        }
    }

    /// Whether a fresh array should be advised before its pages are touched.
    pub(crate) fn wants_advice(&self) -> bool {
        matches!(self, Array::Run(_))
    }

    /// Asks for pages of this kind; whether there are some. One system call.
    pub(crate) fn advise(&mut self, pages: Pages, meter: &mut Meter) -> bool {
        let Array::Run(run) = self else { return false };
        meter.system_calls(1);
        match pages {
            Pages::Small => {
                run.prefer_small_pages();
                true
            }
            Pages::Huge => run.prefer_huge_pages(),
        }
    }

    /// Gives back up to one release step of the first `buckets`; how many bytes that was.
    ///
    /// # Safety
    /// Buckets below `buckets` are never used again.
    pub(crate) unsafe fn release<T>(&mut self, buckets: usize, meter: &mut Meter) -> usize {
        let Array::Run(run) = self else { return 0 };
        // SAFETY: by the caller's promise.
        let released = unsafe {
            let [heads, slots] = planes::<T>(buckets);
            // The plane that has more to give.
            if run.releasable_bytes(1, slots) >= run.releasable_bytes(0, heads) {
                run.release_prefix(1, slots)
            } else {
                run.release_prefix(0, heads)
            }
        };
        if released > 0 {
            meter.system_calls(1);
        }
        released
    }

    /// Gives back memory behind the first `keep` buckets, from the end: up to one release step
    /// of a page run or one segment; how many bytes that was. The buckets can be
    /// had again by [`extend`](Self::extend), and are empty then.
    ///
    /// # Safety
    /// Buckets from `keep` on hold nothing and are not used before they are had again.
    pub(crate) unsafe fn release_tail<T>(&mut self, keep: usize, meter: &mut Meter) -> usize {
        if self.tail_bytes::<T>(keep) == 0 {
            return 0;
        }
        match self {
            Array::Heap { .. } => 0,
            Array::Run(run) => {
                meter.system_calls(1);
                // SAFETY: by the caller's promise.
                unsafe {
                    let [heads, slots] = planes::<T>(keep);
                    if run.decommittable_bytes(1, slots) >= run.decommittable_bytes(0, heads) {
                        run.decommit_suffix(1, slots)
                    } else {
                        run.decommit_suffix(0, heads)
                    }
                }
            }
            Array::Segments(run) => {
                // SAFETY: the run is ours and alive; nobody else borrows it.
                let run = unsafe { &mut **run };
                let before = run.bytes();
                meter.allocator_calls(2);
                run.pop();
                before - run.bytes()
            }
        }
    }

    /// Bytes that [`release_tail`](Self::release_tail) could give back, call after call.
    pub(crate) fn tail_bytes<T>(&self, keep: usize) -> usize {
        match self {
            Array::Heap { .. } => 0,
            Array::Run(run) => {
                let [heads, slots] = planes::<T>(keep);
                run.decommittable_bytes(0, heads) + run.decommittable_bytes(1, slots)
            }
            Array::Segments(run) => {
                let per = buckets_per_segment::<T>();
                // SAFETY: the run is ours and alive.
                let segments = unsafe { (**run).len() };
                segments.saturating_sub(keep.div_ceil(per)) * per * Shape::<T>::BUCKET
            }
        }
    }

    /// Bytes of the first `buckets` that [`release`](Self::release) could still give back.
    pub(crate) fn releasable<T>(&self, buckets: usize) -> usize {
        match self {
            Array::Run(run) => {
                let [heads, slots] = planes::<T>(buckets);
                run.releasable_bytes(0, heads) + run.releasable_bytes(1, slots)
            }
            _ => 0,
        }
    }

    /// Whether the first `buckets` of an array of segments are there.
    pub(crate) fn has<T>(&self, buckets: usize) -> bool {
        match self {
            // SAFETY: the run is ours and alive.
            Array::Segments(run) => unsafe {
                (**run).len() * buckets_per_segment::<T>() >= buckets
            },
            _ => true,
        }
    }

    /// Bytes behind the first `buckets`, minus what was released.
    pub(crate) fn bytes<T>(&self, buckets: usize) -> usize {
        match self {
            Array::Heap { layout, .. } => layout.size(),
            Array::Run(run) => (buckets * Shape::<T>::BUCKET).saturating_sub(released(run)),
            // SAFETY: the run is ours and alive.
            Array::Segments(run) => unsafe { (**run).bytes() },
        }
    }

    /// Address space reserved and not released.
    pub(crate) fn reserved_bytes(&self) -> usize {
        match self {
            Array::Run(run) => run.reserved_bytes(0) + run.reserved_bytes(1) - released(run),
            _ => 0,
        }
    }
}

impl<A: Allocator> Drop for Array<A> {
    fn drop(&mut self) {
        match self {
            Array::Heap {
                start,
                layout,
                alloc,
                ..
            } => {
                // SAFETY: allocated with this layout.
                unsafe { alloc.deallocate(*start, *layout) }
            }
            Array::Run(_) => {}
            // SAFETY: made in `segments` as a box would be.
            Array::Segments(run) => drop(unsafe { Box::from_raw(*run) }),
        }
    }
}

fn refused(error: ReserveError) -> TryReserveError {
    match error {
        ReserveError::Refused { bytes } | ReserveError::ShareUsedUp { bytes } => {
            TryReserveError::AllocError { bytes }
        }
        _ => TryReserveError::CapacityOverflow,
    }
}

/// Bytes that were given back from the front of both planes.
fn released(run: &PageRun) -> usize {
    run.released_bytes(0) + run.released_bytes(1)
}
