//! Page runs: one range of address space in two planes, each used from the front and given back
//! from either end.
//!
//! Terms: *plane*, one of the two parts of a run, which grow side by side: of bucket arrays one
//! holds heads, the other slots; *reserved*, address space that is ours; *committed*, the prefix of a plane that
//! may be touched; *released*, a prefix given back for good; *decommitted*, the end of the
//! committed part given back for now.
//!
//! ```text
//!   plane 0                                      plane 1
//!   | released | in use ... | untouched ........ | released | in use ......... | untouched ..... |
//!                 decommit <-|-> commit
//! ```
//!
//! R1. Of each plane: `released <= committed <= reserved`, all multiples of the page size.
//! R2. Memory in `released..committed` is readable, writable, and zero where
//!     it was never written.
//! R3. One method call makes at most one system call (on Windows [`PageRun::commit`] two), `drop` excepted: it
//!     releases [`RELEASE_STEP_BYTES`] per call so that no single call holds the
//!     process's address-space lock for long.
//! R4. Memory behind `committed` is nobody's: it is zero when it is committed again.
//! R5. Address space stays whole until the end, so that one call ends it, however many pieces
//!     of its memory went before, and no stranger's mapping can lie in between.
//!
//! Why the ends only: a bucket array that is left behind empties from the front, one that
//! shrinks from the back. Pieces go back by `MADV_DONTNEED` on Linux, a fresh mapping in
//! the same place on other Unix systems, a decommit on Windows. Unmapping the front instead, which was
//! tried, costs the same per piece and a second call at the end.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::{ReserveError, os};

/// How much one [`PageRun::release_prefix`] or [`PageRun::decommit_suffix`] gives back at
/// the most.
///
/// Measured on a 2-core Linux guest: unmapping 256 KiB of touched pages takes 8–17 µs,
/// 64 KiB 6–7 µs, 2 MiB over 100 µs; in 256 KiB pieces a large run costs about a
/// fifth more than in one call that stalls for its whole length.
pub const RELEASE_STEP_BYTES: usize = 256 << 10;

/// How much address space all page runs of a process may reserve together:
/// a quarter of what a 64-bit process has, an eighth of a 32-bit one's.
pub const RESERVED_BYTES_MAX: usize = if usize::BITS >= 64 {
    32 << 40
} else {
    usize::MAX >> 3
};

static RESERVED_BYTES: AtomicUsize = AtomicUsize::new(0);

/// A plane of a run, in bytes.
#[derive(Debug, Clone, Copy)]
struct Plane {
    /// Where it begins in the run.
    at: usize,
    reserved: usize,
    committed: usize,
    released: usize,
}

/// A range of address space in two planes whose pages are zero, cost nothing until touched,
/// and can be given back from both ends.
///
/// # Example
/// ```
/// # if !tidemap_span::PAGE_RUNS { return Ok(()) }
/// let mut run = tidemap_span::PageRun::reserve([1 << 26, 1 << 30], 64)?;
/// run.commit([1 << 16, 1 << 20])?;
/// let slots = run.base(1).as_ptr();
/// // SAFETY: the first byte was committed above.
/// unsafe { slots.write(7) };
/// assert_eq!(run.reserved_bytes(1), 1 << 30); // no gigabyte was allocated
/// # Ok::<(), tidemap_span::ReserveError>(())
/// ```
#[derive(Debug)]
pub struct PageRun {
    /// What the system gave; `base` is the first aligned address in it.
    origin: NonNull<u8>,
    origin_bytes: usize,
    base: NonNull<u8>,
    planes: [Plane; 2],
}

// SAFETY: a run owns its range; nothing in it is bound to a thread.
unsafe impl Send for PageRun {}
// SAFETY: `&PageRun` only reads the plain fields.
unsafe impl Sync for PageRun {}

impl PageRun {
    /// Reserves two planes of so many bytes (rounded up to whole pages), aligned to `align`.
    /// One system call.
    ///
    /// # Errors
    /// When the system refuses, when the sum of all runs would exceed
    /// [`RESERVED_BYTES_MAX`], or where page runs do not exist.
    ///
    /// # Panics
    /// If `align` is not a power of two.
    pub fn reserve(bytes: [usize; 2], align: usize) -> Result<PageRun, ReserveError> {
        assert!(
            align.is_power_of_two(),
            "alignment {align} is not a power of two"
        );
        if !os::SUPPORTED {
            return Err(ReserveError::Unsupported);
        }
        let page = os::page_bytes();
        let unit = page.max(align);
        let too_large = ReserveError::TooLarge {
            bytes: bytes[0].saturating_add(bytes[1]),
        };
        let whole = |bytes: usize| bytes.max(1).checked_next_multiple_of(unit);
        let first = whole(bytes[0]).ok_or(too_large)?;
        let second = whole(bytes[1]).ok_or(too_large)?;
        // The system aligns to pages; more needs slack to align by hand.
        let slack = if align > page { align } else { 0 };
        let origin_bytes = first
            .checked_add(second)
            .and_then(|bytes| bytes.checked_add(slack))
            .ok_or(too_large)?;
        if origin_bytes > isize::MAX as usize {
            return Err(too_large);
        }
        // Relaxed: a tally; nothing is published through it.
        let before = RESERVED_BYTES.fetch_add(origin_bytes, Ordering::Relaxed);
        let undo = || RESERVED_BYTES.fetch_sub(origin_bytes, Ordering::Relaxed);
        let bytes = origin_bytes;
        if before.saturating_add(origin_bytes) > RESERVED_BYTES_MAX {
            undo();
            return Err(ReserveError::ShareUsedUp { bytes });
        }
        let Some(origin) = os::reserve(origin_bytes) else {
            undo();
            return Err(ReserveError::Refused { bytes });
        };
        let shift = origin.as_ptr().align_offset(align);
        // SAFETY: `shift < align <= slack` when alignment needed help, else 0.
        let base = unsafe { origin.add(shift) };
        let plane = |at, reserved| Plane {
            at,
            reserved,
            committed: 0,
            released: 0,
        };
        Ok(PageRun {
            origin,
            origin_bytes,
            base,
            planes: [plane(0, first), plane(first, second)],
        })
    }

    /// The first byte of a plane. Constant over the life of the run.
    #[must_use]
    pub fn base(&self, plane: usize) -> NonNull<u8> {
        // SAFETY: planes lie inside the reservation.
        unsafe { self.base.add(self.planes[plane].at) }
    }

    /// Usable address space of a plane in bytes.
    #[must_use]
    pub fn reserved_bytes(&self, plane: usize) -> usize {
        self.planes[plane].reserved
    }

    /// Bytes of a plane given back from the front so far.
    #[must_use]
    pub fn released_bytes(&self, plane: usize) -> usize {
        self.planes[plane].released
    }

    /// Makes the first bytes of both planes usable. No system call on Unix, up to two on Windows.
    ///
    /// # Errors
    /// When more is asked for than was reserved, or the system refuses.
    pub fn commit(&mut self, bytes: [usize; 2]) -> Result<(), ReserveError> {
        for (number, bytes) in bytes.into_iter().enumerate() {
            let plane = self.planes[number];
            if bytes > plane.reserved {
                return Err(ReserveError::TooLarge { bytes });
            }
            if bytes > plane.committed {
                let bytes = bytes.next_multiple_of(os::page_bytes()).min(plane.reserved);
                // SAFETY: the range lies inside the reservation by R1.
                let start = unsafe { self.base(number).as_ptr().add(plane.committed) };
                // SAFETY: as above.
                if !unsafe { os::commit(start, bytes - plane.committed) } {
                    return Err(ReserveError::Refused { bytes });
                }
                self.planes[number].committed = bytes;
            }
        }
        Ok(())
    }

    /// System calls that one [`commit`](Self::commit) makes here.
    pub const COMMIT_CALLS: u64 = os::COMMIT_CALLS;

    /// Asks the system not to back the run with huge pages, whose first touch
    /// costs a millisecond. One system call on Linux.
    pub fn prefer_small_pages(&mut self) {
        // SAFETY: all of the reservation is ours.
        unsafe { os::small_pages(self.origin.as_ptr(), self.origin_bytes) };
    }

    /// Asks the system to back the run with huge pages where it has some: fewer misses of the
    /// address cache, dearer first touches. Whether it can; one system call on Linux,
    /// elsewhere it cannot.
    pub fn prefer_huge_pages(&mut self) -> bool {
        // SAFETY: all of the reservation is ours.
        unsafe { os::huge_pages(self.origin.as_ptr(), self.origin_bytes) }
    }

    /// Gives back whole pages of the first bytes of a plane, at most
    /// [`RELEASE_STEP_BYTES`], and says how much that was. At most one
    /// system call.
    ///
    /// # Safety
    /// Nothing below `bytes` is read or written any more.
    pub unsafe fn release_prefix(&mut self, plane: usize, bytes: usize) -> usize {
        let page = os::page_bytes();
        let step = self
            .releasable_bytes(plane, bytes)
            .min(RELEASE_STEP_BYTES.next_multiple_of(page));
        if step > 0 {
            let from = self.planes[plane].released;
            // SAFETY: `released..released + step` is committed by R1, page-aligned, and
            // unused by the caller's promise.
            unsafe { os::decommit(self.base(plane).as_ptr().add(from), step) };
            self.planes[plane].released += step;
        }
        step
    }

    /// Bytes that [`release_prefix`](Self::release_prefix) could give back, call after call.
    #[must_use]
    pub fn releasable_bytes(&self, plane: usize, bytes: usize) -> usize {
        let page = os::page_bytes();
        let Plane {
            committed,
            released,
            ..
        } = self.planes[plane];
        (bytes.min(committed) / page * page).saturating_sub(released)
    }

    /// Gives back whole pages of what is committed behind the first `keep` bytes of a plane, from the end,
    /// at most [`RELEASE_STEP_BYTES`], and says how much that was. At most one system
    /// call. [`commit`](Self::commit) makes it usable again, and zero.
    ///
    /// # Safety
    /// Nothing from `keep` on is needed any more, nor used before it is committed again.
    ///
    /// # Example
    /// ```
    /// # if !tidemap_span::PAGE_RUNS { return Ok(()) }
    /// let mut run = tidemap_span::PageRun::reserve([1 << 20, 1 << 20], 64)?;
    /// run.commit([1 << 16, 0])?;
    /// let last = run.base(0).as_ptr().wrapping_add((1 << 16) - 1);
    /// // SAFETY: committed above; decommitted memory is not used before it is committed again.
    /// unsafe {
    ///     last.write(7);
    ///     assert_eq!(run.decommit_suffix(0, 1 << 15), 1 << 15);
    ///     run.commit([1 << 16, 0])?;
    ///     assert_eq!(last.read(), 0);
    /// }
    /// # Ok::<(), tidemap_span::ReserveError>(())
    /// ```
    pub unsafe fn decommit_suffix(&mut self, plane: usize, keep: usize) -> usize {
        let page = os::page_bytes();
        let step = self
            .decommittable_bytes(plane, keep)
            .min(RELEASE_STEP_BYTES.next_multiple_of(page));
        if step > 0 {
            let from = self.planes[plane].committed - step;
            // SAFETY: `from..committed` is committed and not released by R1, page-aligned, and
            // not needed by the caller's promise.
            unsafe { os::decommit(self.base(plane).as_ptr().add(from), step) };
            self.planes[plane].committed = from;
        }
        step
    }

    /// Bytes that [`decommit_suffix`](Self::decommit_suffix) could give back, call after call.
    #[must_use]
    pub fn decommittable_bytes(&self, plane: usize, keep: usize) -> usize {
        let page = os::page_bytes();
        let keep = keep.checked_next_multiple_of(page).unwrap_or(usize::MAX);
        let Plane {
            committed,
            released,
            ..
        } = self.planes[plane];
        committed.saturating_sub(keep.max(released))
    }
}

impl Drop for PageRun {
    /// Releases the used part in steps of [`RELEASE_STEP_BYTES`]; the last one takes the
    /// untouched rest with it.
    fn drop(&mut self) {
        for plane in 0..self.planes.len() {
            while self.releasable_bytes(plane, usize::MAX) > RELEASE_STEP_BYTES {
                // SAFETY: the owner is gone, and with it every user of the memory.
                unsafe { self.release_prefix(plane, usize::MAX) };
            }
        }
        // SAFETY: by R5 all of the reservation is still ours, and nobody's any more.
        unsafe { os::end(self.origin.as_ptr(), self.origin_bytes) };
        // Relaxed: a tally; nothing is published through it.
        RESERVED_BYTES.fetch_sub(self.origin_bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
