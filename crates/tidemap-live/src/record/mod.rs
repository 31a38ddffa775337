//! Recordings: snapshots and events of a program in one file that never outgrows its bound.
//!
//! F1. The file is a header and [`SEGMENTS`] segments of equal size, used in turn: the oldest is overwritten. The
//!     file never exceeds its bound, and needs no room beside it.
//! F2. A segment is filled with frames. Each says to which filling of the segment it belongs, so that
//!     what is left from the one before is not taken for new.
//! F3. A frame is a JSON text, compressed by zstd with a checksum: what differs from the frame before, and the
//!     events since then. The first frame of a segment, and every [`KEY_EVERY`]th, stands alone.
//! F4. A torn frame (a program that was killed, a full disk) ends what is read of its segment; the reader says so.
//! F5. Recording has a thread of its own. When the disk refuses, it says so once and stops; maps never notice.
//!
//! Why JSON: fields can be added, old readers go on, and zstd leaves little of the repetition. Dropped: two
//! alternating files (a name too many), rewriting the newer half (needs room beside it).

mod format;
mod reader;
mod recorder;
mod writer;

use std::path::PathBuf;

pub use format::{FRAME_EVENTS_MAX, KEY_EVERY, SEGMENTS};
pub use reader::{Recording, Step};
pub use recorder::{RecordOptions, Recorded, Recorder};
pub use writer::Writer;

/// The least bound of a recording, in bytes.
pub const BOUND_BYTES_MIN: u64 = 4 << 20;

/// What can go wrong with a recording.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The system refuses the file.
    #[error("{path}: {source}; the recording cannot be {action}")]
    File {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another kind of file.
    #[error(
        "{path}: not a recording of maps; `tidemap_live::Recorder` and `tidemap replay --record` write them"
    )]
    NotARecording {
        /// The file.
        path: PathBuf,
    },
    /// A later format.
    #[error(
        "{path}: a recording of version {found}; this program reads version {known}, use a newer one"
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// Nothing whole in it.
    #[error("{path}: the recording holds nothing whole; record for longer than one interval")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The bound is too small.
    #[error(
        "{path}: {bound} bytes are too few for {needed}; allow at least {BOUND_BYTES_MIN}, or 64 MiB for a thousand maps"
    )]
    BoundTooSmall {
        /// The file.
        path: PathBuf,
        /// Bytes allowed.
        bound: u64,
        /// What does not fit.
        needed: &'static str,
    },
}
