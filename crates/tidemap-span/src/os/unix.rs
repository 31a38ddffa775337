//! Unix: anonymous private mappings without a swap reservation.

use core::ffi::c_void;
use core::ptr::{self, NonNull};

use rustix::mm::{self, MapFlags, ProtFlags};

pub(crate) const SUPPORTED: bool = true;

/// Maps `bytes` of zero pages that take no memory before they are touched.
pub(crate) fn reserve(bytes: usize) -> Option<NonNull<u8>> {
    // `NORESERVE`: the kernel does not count the range against its overcommit
    // heuristic; under strict accounting it refuses and the caller asks for less.
    let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
    // SAFETY: a fresh anonymous mapping at an address of the kernel's choice
    // overlaps nothing that exists.
    let mapped = unsafe {
        mm::mmap_anonymous(
            ptr::null_mut(),
            bytes,
            ProtFlags::READ | ProtFlags::WRITE,
            flags,
        )
    };
    mapped.ok().and_then(|address| NonNull::new(address.cast()))
}

/// Makes `bytes` at `start` usable. Nothing to do here: mappings are born usable.
///
/// # Safety
/// The range lies inside a live reservation.
pub(crate) unsafe fn commit(_start: *mut u8, _bytes: usize) -> bool {
    true
}

/// System calls made by committing both planes of a run.
pub(crate) const COMMIT_CALLS: u64 = 0;

/// Asks for small pages: a first touch of a huge page costs a millisecond.
///
/// # Safety
/// The range lies inside a live reservation.
pub(crate) unsafe fn small_pages(start: *mut u8, bytes: usize) {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: advice never changes contents; the range is ours by the
        // caller's promise. Kernels without huge pages answer with an error
        // that means the same as success.
        let _ = unsafe { mm::madvise(start.cast::<c_void>(), bytes, mm::Advice::LinuxNoHugepage) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (start, bytes);
}

/// Asks for huge pages where the system is set to give them to who asks.
///
/// # Safety
/// The range lies inside a live reservation.
pub(crate) unsafe fn huge_pages(start: *mut u8, bytes: usize) -> bool {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: as for `small_pages`.
        unsafe { mm::madvise(start.cast::<c_void>(), bytes, mm::Advice::LinuxHugepage) }.is_ok()
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (start, bytes);
        false
    }
}

/// Gives the memory of a page-aligned range back but keeps its address space: the next
/// touch finds zeros.
///
/// # Safety
/// The range lies inside a live reservation, is page-aligned, and nothing in it is needed.
pub(crate) unsafe fn decommit(start: *mut u8, bytes: usize) {
    // Linux promises zeros after this advice for private anonymous memory, and it keeps the
    // mapping and its advice in one piece.
    #[cfg(target_os = "linux")]
    {
        // SAFETY: the range is ours and its contents are not needed, by the caller's promise.
        let result =
            unsafe { mm::madvise(start.cast::<c_void>(), bytes, mm::Advice::LinuxDontNeed) };
        debug_assert!(
            result.is_ok(),
            "madvise of {bytes} bytes at {start:p} failed"
        );
    }
    // Elsewhere the advice may be ignored: a fresh mapping in the same place is not.
    #[cfg(not(target_os = "linux"))]
    {
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED;
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: `FIXED` replaces pages of our own reservation that nobody needs.
        let result =
            unsafe { mm::mmap_anonymous(start.cast::<c_void>(), bytes, protection, flags) };
        debug_assert!(result.is_ok(), "mmap of {bytes} bytes at {start:p} failed");
    }
}

/// Ends a reservation.
///
/// # Safety
/// `origin` and `bytes` are those of a [`reserve`]; nothing of it is used again.
pub(crate) unsafe fn end(origin: *mut u8, bytes: usize) {
    // SAFETY: by the caller's promise.
    let result = unsafe { mm::munmap(origin.cast::<c_void>(), bytes) };
    debug_assert!(
        result.is_ok(),
        "munmap of {bytes} bytes at {origin:p} failed"
    );
}

/// The system's page size in bytes.
pub(crate) fn page_bytes() -> usize {
    rustix::param::page_size()
}
