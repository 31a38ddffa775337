//! Maps on a timeline, for Perfetto or Chrome.
//!
//! Each map has a group of tracks: its growths, its same-size growths, the operations that paid for them, and
//! counters for memory, entries, overflow buckets and progress. An arrow leads from the
//! operation that triggered a growth to the growth.
//!
//! [`record`] writes what happens in this process to a file until it is told to stop; [`Writer`] takes
//! events from anywhere, one by one.

mod live;
mod tracks;
mod writer;

pub use live::{Format, Recorder, record};
pub use writer::{BYTES_MIN, Options, Summary, Writer};
