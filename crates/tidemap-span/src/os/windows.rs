//! Windows: reserve, then commit in steps; decommit piecewise.

use core::ffi::c_void;
use core::ptr::{self, NonNull};

use windows_sys::Win32::System::Memory::{
    MEM_COMMIT, MEM_DECOMMIT, MEM_RELEASE, MEM_RESERVE, PAGE_READWRITE, VirtualAlloc, VirtualFree,
};
use windows_sys::Win32::System::SystemInformation::{GetSystemInfo, SYSTEM_INFO};

pub(crate) const SUPPORTED: bool = true;

/// Reserves address space; [`commit`] makes parts usable.
pub(crate) fn reserve(bytes: usize) -> Option<NonNull<u8>> {
    // SAFETY: a fresh reservation at an address of the system's choice.
    let address = unsafe { VirtualAlloc(ptr::null(), bytes, MEM_RESERVE, PAGE_READWRITE) };
    NonNull::new(address.cast())
}

/// Makes `bytes` at `start` usable; pages stay untouched until used.
///
/// # Safety
/// The range lies inside a live reservation.
pub(crate) unsafe fn commit(start: *mut u8, bytes: usize) -> bool {
    // SAFETY: the range is ours by the caller's promise.
    !unsafe { VirtualAlloc(start.cast::<c_void>(), bytes, MEM_COMMIT, PAGE_READWRITE) }.is_null()
}

/// System calls made by committing both planes of a run.
pub(crate) const COMMIT_CALLS: u64 = 2;

/// Windows uses large pages only when asked to.
///
/// # Safety
/// The range lies inside a live reservation.
pub(crate) unsafe fn small_pages(_start: *mut u8, _bytes: usize) {}

/// Large pages need a right that few processes have.
///
/// # Safety
/// The range lies inside a live reservation.
pub(crate) unsafe fn huge_pages(_start: *mut u8, _bytes: usize) -> bool {
    false
}

/// Gives the memory of a range back but keeps its address space: committed again, it is zero.
///
/// # Safety
/// The range lies inside a live reservation, is page-aligned, and nothing in it is needed.
pub(crate) unsafe fn decommit(start: *mut u8, bytes: usize) {
    // SAFETY: by the caller's promise nobody needs the range.
    let done = unsafe { VirtualFree(start.cast::<c_void>(), bytes, MEM_DECOMMIT) };
    debug_assert!(done != 0, "decommit of {bytes} bytes at {start:p} failed");
}

/// Ends a reservation.
///
/// # Safety
/// `origin` came from [`reserve`]; nothing of it is used again.
pub(crate) unsafe fn end(origin: *mut u8, _bytes: usize) {
    // SAFETY: by the caller's promise; a size of 0 with MEM_RELEASE frees all of it.
    let done = unsafe { VirtualFree(origin.cast::<c_void>(), 0, MEM_RELEASE) };
    debug_assert!(done != 0, "release of the reservation at {origin:p} failed");
}

/// The system's page size in bytes.
pub(crate) fn page_bytes() -> usize {
    let mut info = core::mem::MaybeUninit::<SYSTEM_INFO>::zeroed();
    // SAFETY: the call fills the structure; all-zero is a valid value of it.
    unsafe {
        GetSystemInfo(info.as_mut_ptr());
        info.assume_init().dwPageSize as usize
    }
}
