//! What every trace has: tracks with slices, instants and counters.
//!
//! T1. A track is described before anything happens on it, its parent before it.
//! T2. On a track of slices the last slice that began is the first that ends, and times do not fall.
//!     Times of different tracks may come in any order.

use std::io;

/// What a track shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrackKind {
    /// A process; the parent of everything that is its.
    Process {
        /// Its number.
        pid: u32,
    },
    /// Nothing by itself; its children belong together.
    Group,
    /// Slices and instants.
    Slices,
    /// A value over time.
    Counter(Unit),
}

/// What a counter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Bytes.
    Bytes,
    /// Hundredths of a whole.
    Percent,
}

/// A line of a trace.
#[derive(Debug, Clone, Copy)]
pub struct Track<'a> {
    /// Its number, not 0, unique in the trace.
    pub id: u64,
    /// The track that it is shown under.
    pub parent: Option<u64>,
    /// What is written beside it.
    pub name: &'a str,
    /// What it shows.
    pub kind: TrackKind,
    /// Its place among its parent's children; lower is further up.
    pub rank: u32,
}

/// A detail of a slice or an instant.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// A number.
    Number(u64),
    /// A text.
    Text(&'a str),
    /// A yes or no.
    Flag(bool),
}

/// Details by name.
pub type Args<'a> = [(&'a str, Value<'a>)];

/// An arrow from one slice to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// None.
    None,
    /// One of that number begins here.
    Leaves(u64),
    /// One of that number ends here.
    Arrives(u64),
}

/// A trace that is being written.
///
/// Each call writes one event whole. After an error the file is torn there, and every further call may
/// give an error.
///
/// # Errors
/// All calls give what the writer below says.
pub trait Sink {
    /// Describes a track.
    fn track(&mut self, track: &Track<'_>) -> io::Result<()>;

    /// A slice begins.
    fn begin(
        &mut self,
        track: u64,
        time_ns: u64,
        name: &str,
        flow: Flow,
        args: &Args<'_>,
    ) -> io::Result<()>;

    /// The slice that began last on that track ends; its details are added to those of its beginning.
    fn end(&mut self, track: u64, time_ns: u64, args: &Args<'_>) -> io::Result<()>;

    /// Something happens that takes no time.
    fn instant(&mut self, track: u64, time_ns: u64, name: &str, args: &Args<'_>) -> io::Result<()>;

    /// A counter has this value from now on.
    fn counter(&mut self, track: u64, time_ns: u64, value: u64) -> io::Result<()>;

    /// Bytes written so far.
    fn bytes_written(&self) -> u64;

    /// Bytes that [`finish`](Sink::finish) adds at most.
    fn bytes_to_finish(&self) -> u64;

    /// Ends the trace and flushes the writer.
    fn finish(&mut self) -> io::Result<()>;
}

/// So that the format can be chosen when the program runs.
impl<S: Sink + ?Sized> Sink for Box<S> {
    fn track(&mut self, track: &Track<'_>) -> io::Result<()> {
        (**self).track(track)
    }

    fn begin(
        &mut self,
        track: u64,
        time_ns: u64,
        name: &str,
        flow: Flow,
        args: &Args<'_>,
    ) -> io::Result<()> {
        (**self).begin(track, time_ns, name, flow, args)
    }

    fn end(&mut self, track: u64, time_ns: u64, args: &Args<'_>) -> io::Result<()> {
        (**self).end(track, time_ns, args)
    }

    fn instant(&mut self, track: u64, time_ns: u64, name: &str, args: &Args<'_>) -> io::Result<()> {
        (**self).instant(track, time_ns, name, args)
    }

    fn counter(&mut self, track: u64, time_ns: u64, value: u64) -> io::Result<()> {
        (**self).counter(track, time_ns, value)
    }

    fn bytes_written(&self) -> u64 {
        (**self).bytes_written()
    }

    fn bytes_to_finish(&self) -> u64 {
        (**self).bytes_to_finish()
    }

    fn finish(&mut self) -> io::Result<()> {
        (**self).finish()
    }
}
