//! Page runs: one range of address space, used from the front, released from either end.
//!
//! Terms: *reserved*, address space that is ours; *committed*, the prefix that
//! may be touched; *released*, a prefix given back for good; *decommitted*, the end of the
//! committed part given back for now: its address space stays.
//!
//! ```text
//!   origin      released      committed             reserved
//!   |  gone        | in use ...... | untouched ........ |
//!                        decommit <-|-> commit
//! ```
//!
//! R1. `released <= committed <= reserved`, all multiples of the page size.
//! R2. Memory in `released..committed` is readable, writable, and zero where
//!     it was never written.
//! R3. One method call makes at most one system call, `drop` excepted: it
//!     releases [`RELEASE_STEP_BYTES`] per call so that no single call holds the
//!     process's address-space lock for long.
//!
//! R4. Memory behind `committed` is nobody's: it is zero when it is committed again.
//!
//! Why the ends only: a bucket array that is left behind empties from the front, one that
//! shrinks from the back, and cutting an end never splits a mapping in two.
//!
//! The front is unmapped: it is never used again. The back keeps its addresses, because a
//! table that shrank may grow again where it is (`MADV_DONTNEED` on Linux, a fresh mapping in
//! the same place on other Unix systems, a decommit on Windows). Unmapping the back
//! would cost the reservation, and mapping it anew another call that may be refused.

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

/// A range of address space whose pages are zero, cost nothing until touched,
/// and can be given back from the front.
///
/// # Example
/// ```
/// # if !tidemap_span::PAGE_RUNS { return Ok(()) }
/// let mut run = tidemap_span::PageRun::reserve(1 << 30, 4096)?;
/// run.commit(1 << 20)?;
/// let first = run.base().as_ptr();
/// // SAFETY: the first byte was committed above.
/// unsafe { first.write(7) };
/// assert_eq!(run.reserved_bytes(), 1 << 30); // no gigabyte was allocated
/// # Ok::<(), tidemap_span::ReserveError>(())
/// ```
#[derive(Debug)]
pub struct PageRun {
    /// What the system gave; `base` is the first aligned address in it.
    origin: NonNull<u8>,
    origin_bytes: usize,
    base: NonNull<u8>,
    reserved: usize,
    committed: usize,
    released: usize,
}

// SAFETY: a run owns its range; nothing in it is bound to a thread.
unsafe impl Send for PageRun {}
// SAFETY: `&PageRun` only reads the plain fields.
unsafe impl Sync for PageRun {}

impl PageRun {
    /// Reserves `bytes` (rounded up to whole pages), aligned to `align`.
    /// One system call.
    ///
    /// # Errors
    /// When the system refuses, when the sum of all runs would exceed
    /// [`RESERVED_BYTES_MAX`], or where page runs do not exist.
    ///
    /// # Panics
    /// If `align` is not a power of two.
    pub fn reserve(bytes: usize, align: usize) -> Result<PageRun, ReserveError> {
        assert!(
            align.is_power_of_two(),
            "alignment {align} is not a power of two"
        );
        if !os::SUPPORTED {
            return Err(ReserveError::Unsupported);
        }
        let page = os::page_bytes();
        let too_large = ReserveError::TooLarge { bytes };
        let reserved = bytes
            .max(1)
            .checked_next_multiple_of(page)
            .ok_or(too_large)?;
        // The system aligns to pages; more needs slack to align by hand.
        let slack = if align > page { align } else { 0 };
        let origin_bytes = reserved.checked_add(slack).ok_or(too_large)?;
        if origin_bytes > isize::MAX as usize {
            return Err(too_large);
        }
        // Relaxed: a tally; nothing is published through it.
        let before = RESERVED_BYTES.fetch_add(origin_bytes, Ordering::Relaxed);
        let undo = || RESERVED_BYTES.fetch_sub(origin_bytes, Ordering::Relaxed);
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
        Ok(PageRun {
            origin,
            origin_bytes,
            base,
            reserved,
            committed: 0,
            released: 0,
        })
    }

    /// The first byte. Constant over the life of the run.
    #[must_use]
    pub fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// Usable address space in bytes.
    #[must_use]
    pub fn reserved_bytes(&self) -> usize {
        self.reserved
    }

    /// Bytes given back from the front so far.
    #[must_use]
    pub fn released_bytes(&self) -> usize {
        self.released
    }

    /// Makes the first `bytes` usable. No system call on Unix, one on Windows.
    ///
    /// # Errors
    /// When more is asked for than was reserved, or the system refuses.
    pub fn commit(&mut self, bytes: usize) -> Result<(), ReserveError> {
        if bytes > self.reserved {
            return Err(ReserveError::TooLarge { bytes });
        }
        if bytes > self.committed {
            let bytes = bytes.next_multiple_of(os::page_bytes()).min(self.reserved);
            // SAFETY: the range lies inside the reservation by R1.
            let start = unsafe { self.base.as_ptr().add(self.committed) };
            // SAFETY: as above.
            if !unsafe { os::commit(start, bytes - self.committed) } {
                return Err(ReserveError::Refused { bytes });
            }
            self.committed = bytes;
        }
        Ok(())
    }

    /// System calls that one [`commit`](Self::commit) makes here.
    pub const COMMIT_CALLS: u64 = os::COMMIT_CALLS;

    /// Asks the system not to back the run with huge pages, whose first touch
    /// costs a millisecond. One system call on Linux.
    pub fn prefer_small_pages(&mut self) {
        // SAFETY: all of the reservation is ours.
        unsafe { os::small_pages(self.base.as_ptr(), self.reserved) };
    }

    /// Gives back whole pages of the prefix `..bytes`, at most
    /// [`RELEASE_STEP_BYTES`] of it, and says how much that was. At most one
    /// system call.
    ///
    /// # Safety
    /// Nothing below `bytes` is read or written any more.
    pub unsafe fn release_prefix(&mut self, bytes: usize) -> usize {
        let page = os::page_bytes();
        let upto = bytes.min(self.committed) / page * page;
        let step = upto
            .saturating_sub(self.released)
            .min(RELEASE_STEP_BYTES.next_multiple_of(page));
        if step > 0 {
            // SAFETY: `released..released + step` is committed by R1, page-aligned, and
            // unused by the caller's promise.
            unsafe { os::release(self.base.as_ptr().add(self.released), step) };
            self.released += step;
        }
        step
    }

    /// Gives back whole pages of what is committed behind the first `keep` bytes, from the end,
    /// at most [`RELEASE_STEP_BYTES`], and says how much that was. At most one system
    /// call. The address space stays; [`commit`](Self::commit) makes it usable again, and zero.
    ///
    /// # Safety
    /// Nothing from `keep` on is needed any more, nor used before it is committed again.
    ///
    /// # Example
    /// ```
    /// # if !tidemap_span::PAGE_RUNS { return Ok(()) }
    /// let mut run = tidemap_span::PageRun::reserve(1 << 20, 4096)?;
    /// run.commit(1 << 16)?;
    /// let last = run.base().as_ptr().wrapping_add((1 << 16) - 1);
    /// // SAFETY: committed above; decommitted memory is not used before it is committed again.
    /// unsafe {
    ///     last.write(7);
    ///     assert_eq!(run.decommit_suffix(1 << 15), 1 << 15);
    ///     run.commit(1 << 16)?;
    ///     assert_eq!(last.read(), 0);
    /// }
    /// # Ok::<(), tidemap_span::ReserveError>(())
    /// ```
    pub unsafe fn decommit_suffix(&mut self, keep: usize) -> usize {
        let page = os::page_bytes();
        let step = self
            .decommittable_bytes(keep)
            .min(RELEASE_STEP_BYTES.next_multiple_of(page));
        if step > 0 {
            let from = self.committed - step;
            // SAFETY: `from..committed` is committed and not released by R1, page-aligned, and
            // not needed by the caller's promise.
            unsafe { os::decommit(self.base.as_ptr().add(from), step) };
            self.committed = from;
        }
        step
    }

    /// Bytes that [`decommit_suffix`](Self::decommit_suffix) could give back, call after call.
    #[must_use]
    pub fn decommittable_bytes(&self, keep: usize) -> usize {
        let page = os::page_bytes();
        let keep = keep.checked_next_multiple_of(page).unwrap_or(usize::MAX);
        self.committed.saturating_sub(keep.max(self.released))
    }
}

impl Drop for PageRun {
    /// Releases the used part in steps of [`RELEASE_STEP_BYTES`]; the last one takes the
    /// untouched rest with it. A run whose prefix is gone ends with one system call.
    fn drop(&mut self) {
        while self.committed - self.released > RELEASE_STEP_BYTES {
            // SAFETY: the owner is gone, and with it every user of the memory.
            if unsafe { self.release_prefix(self.committed) } == 0 {
                break;
            }
        }
        let gone = self.released;
        let lead = self.base.as_ptr() as usize - self.origin.as_ptr() as usize;
        // Slack before an over-aligned base goes separately when a prefix is gone already.
        // SAFETY: what is named here is what the steps above left of the reservation.
        unsafe {
            let origin = self.origin.as_ptr();
            if cfg!(unix) && lead > 0 && gone > 0 {
                os::release(origin, lead);
                os::end(
                    origin,
                    self.base.as_ptr().add(gone),
                    self.origin_bytes - lead - gone,
                );
            } else if gone > 0 {
                os::end(
                    origin,
                    self.base.as_ptr().add(gone),
                    self.origin_bytes - gone,
                );
            } else {
                os::end(origin, origin, self.origin_bytes);
            }
        }
        // Relaxed: a tally; nothing is published through it.
        RESERVED_BYTES.fetch_sub(self.origin_bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
