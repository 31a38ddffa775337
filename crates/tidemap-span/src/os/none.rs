//! No page runs: Miri, `--cfg tidemap_portable`, and systems without a backend.

use core::ptr::NonNull;

pub(crate) const SUPPORTED: bool = false;
pub(crate) const COMMIT_CALLS: u64 = 0;

pub(crate) fn reserve(_bytes: usize) -> Option<NonNull<u8>> {
    None
}

/// # Safety
/// None: there is never a reservation to name.
pub(crate) unsafe fn commit(_start: *mut u8, _bytes: usize) -> bool {
    false
}

/// # Safety
/// None: there is never a reservation to name.
pub(crate) unsafe fn small_pages(_start: *mut u8, _bytes: usize) {}

/// # Safety
/// None: there is never a reservation to name.
pub(crate) unsafe fn huge_pages(_start: *mut u8, _bytes: usize) -> bool {
    false
}

/// # Safety
/// None: there is never a reservation to name.
pub(crate) unsafe fn decommit(_start: *mut u8, _bytes: usize) {}

/// # Safety
/// None: there is never a reservation to name.
pub(crate) unsafe fn end(_origin: *mut u8, _bytes: usize) {}

pub(crate) fn page_bytes() -> usize {
    crate::PAGE_BYTES
}
