//! Segment runs: the portable array that grows without moving.
//!
//! Terms: *segment*, an equal piece of the array from the global allocator;
//! *directory*, the table of segment addresses, in *levels* of 1, 2, 4, …
//! entries, so that it grows without being copied.
//!
//! ```text
//!   level 0: [s0]   level 1: [s1 s2]   level 2: [s3 s4 s5 s6]   ...
//!   segment s lies in level log2(s + 1), place s + 1 - 2^level
//! ```
//!
//! R1. Levels `0..=log2(len)` are allocated when `len > 0`; entries below `len` are live.
//! R2. A segment is zero when it is added and never moves.
//!
//! A look-up costs two dependent loads that page runs do not need, which is why
//! this is the fallback and not the rule. Dropped: one flat directory; doubling it copied
//! 8 bytes per segment inside one operation.

use alloc::alloc;
use core::alloc::Layout;
use core::ptr::{self, NonNull};

use crate::ReserveError;

const LEVELS: usize = usize::BITS as usize;

/// An array of zeroed segments that never move.
///
/// # Example
/// ```
/// use std::alloc::Layout;
/// let mut run = tidemap_span::SegmentRun::new(Layout::new::<[u64; 512]>());
/// run.push()?;
/// // SAFETY: segment 0 exists and holds 512 words.
/// unsafe { run.segment(0).cast::<u64>().add(511).write(1) };
/// run.push()?; // segment 0 stays where it is
/// # Ok::<(), tidemap_span::ReserveError>(())
/// ```
#[derive(Debug)]
pub struct SegmentRun {
    levels: [*mut *mut u8; LEVELS],
    len: usize,
    segment: Layout,
}

// SAFETY: a run owns its segments; nothing in it is bound to a thread.
unsafe impl Send for SegmentRun {}
// SAFETY: `&SegmentRun` only reads addresses.
unsafe impl Sync for SegmentRun {}

impl SegmentRun {
    /// An empty run of segments with this layout.
    ///
    /// # Panics
    /// If the layout has no bytes.
    #[must_use]
    pub fn new(segment: Layout) -> SegmentRun {
        assert!(segment.size() > 0, "segments must have bytes");
        SegmentRun {
            levels: [ptr::null_mut(); LEVELS],
            len: 0,
            segment,
        }
    }

    /// Segments.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes held, the directory included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        // Levels of 1, 2, 4, … entries up to the one of the last segment.
        let directory = match self.len {
            0 => 0,
            len => (1 << (len.ilog2() + 1)) - 1,
        };
        self.len * self.segment.size() + directory * size_of::<*mut u8>()
    }

    /// Adds a zeroed segment: one allocator call, two when a level begins.
    ///
    /// # Errors
    /// When the allocator refuses; the run is unchanged.
    pub fn push(&mut self) -> Result<(), ReserveError> {
        let (level, place) = Self::place(self.len);
        let refused = ReserveError::Refused {
            bytes: self.segment.size(),
        };
        if self.levels[level].is_null() {
            let layout = Self::level_layout(level).ok_or(refused)?;
            // SAFETY: a level has at least one entry, so the size is not zero.
            self.levels[level] = unsafe { alloc::alloc(layout) }.cast();
            if self.levels[level].is_null() {
                return Err(refused);
            }
        }
        // SAFETY: the size is not zero by `new`.
        let segment = NonNull::new(unsafe { alloc::alloc_zeroed(self.segment) }).ok_or(refused)?;
        // SAFETY: `place` lies inside its level by construction.
        unsafe { self.levels[level].add(place).write(segment.as_ptr()) };
        self.len += 1;
        Ok(())
    }

    /// Frees the last segment, if any: one allocator call, two when a level ends with it.
    pub fn pop(&mut self) {
        let Some(last) = self.len.checked_sub(1) else {
            return;
        };
        let (level, place) = Self::place(last);
        // SAFETY: by R1 segment `last` is live; it came from this layout.
        unsafe { alloc::dealloc(self.segment(last), self.segment) };
        self.len = last;
        if let (0, Some(layout)) = (place, Self::level_layout(level)) {
            // SAFETY: allocated in `push` with this very layout; no segment is left in it.
            unsafe { alloc::dealloc(self.levels[level].cast(), layout) };
            self.levels[level] = ptr::null_mut();
        }
    }

    /// The address of segment `index`.
    ///
    /// # Safety
    /// `index < self.len()`.
    #[inline]
    #[must_use]
    pub unsafe fn segment(&self, index: usize) -> *mut u8 {
        debug_assert!(index < self.len, "segment {index} of {}", self.len);
        let (level, place) = Self::place(index);
        // SAFETY: by R1 and the caller's promise.
        unsafe { self.levels.get_unchecked(level).add(place).read() }
    }

    #[inline]
    fn place(index: usize) -> (usize, usize) {
        let level = (index + 1).ilog2() as usize;
        (level, index + 1 - (1 << level))
    }

    fn level_layout(level: usize) -> Option<Layout> {
        Layout::array::<*mut u8>(1usize.checked_shl(level as u32)?).ok()
    }
}

impl Drop for SegmentRun {
    fn drop(&mut self) {
        while self.len > 0 {
            self.pop();
        }
        for (level, entry) in self.levels.iter().enumerate() {
            if let (false, Some(layout)) = (entry.is_null(), Self::level_layout(level)) {
                // SAFETY: allocated in `push` with this very layout.
                unsafe { alloc::dealloc(entry.cast(), layout) };
            }
        }
    }
}

#[cfg(test)]
mod tests;
