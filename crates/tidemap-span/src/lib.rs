//! Memory for arrays that grow in place and are given back piece by piece.
//!
//! Two shapes:
//!
//! * [`PageRun`] – one range of address space, reserved at once. Pages are zero
//!   and cost nothing until they are touched; a prefix can be returned to the
//!   system while the rest stays in use. Unix and Windows.
//! * [`SegmentRun`] – the portable fallback: an array made of equal segments
//!   from the global allocator, found through a directory that never moves.
//!   Extending it costs one segment, whatever its length.
//!
//! Neither reads a clock, spawns a thread or knows what it stores. Every call
//! says how many system calls or allocator calls it makes, so that a caller can
//! promise bounded work and count it.

#![no_std]

extern crate alloc;

mod error;
mod page_run;
mod segment_run;

#[cfg(all(feature = "page-runs", unix, not(miri), not(tidemap_portable)))]
#[path = "os/unix.rs"]
mod os;
#[cfg(all(feature = "page-runs", windows, not(miri), not(tidemap_portable)))]
#[path = "os/windows.rs"]
mod os;
#[cfg(any(
    not(feature = "page-runs"),
    miri,
    tidemap_portable,
    not(any(unix, windows))
))]
#[path = "os/none.rs"]
mod os;

pub use error::ReserveError;
pub use page_run::{PageRun, RELEASE_STEP_BYTES, RESERVED_BYTES_MAX};
pub use segment_run::SegmentRun;

/// Whether [`PageRun`] works here. `false` under Miri, under
/// `--cfg tidemap_portable` and on systems without a backend; use
/// [`SegmentRun`] there.
pub const PAGE_RUNS: bool = os::SUPPORTED;

/// The page size assumed in accounting, in bytes. Systems with larger pages
/// (Apple silicon: 16 KiB) touch fewer of them, so bounds counted in this unit hold
/// there too.
pub const PAGE_BYTES: usize = 4096;
