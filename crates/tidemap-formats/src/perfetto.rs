//! Perfetto's own format: a stream of `TracePacket`s.
//!
//! A file that was cut off anywhere is read up to the last whole packet. Only fields of the public track
//! event interface are used; their numbers come from `protos/perfetto/trace` of Perfetto's
//! sources.

use std::io::{self, Write};

use crate::trace::{Args, Flow, Sink, Track, TrackKind, Unit, Value};
use crate::wire::Message;

/// Field of `Trace`.
const TRACE_PACKET: u64 = 1;

/// Fields of `TracePacket`.
mod packet {
    pub(super) const CLOCK_SNAPSHOT: u64 = 6;
    pub(super) const TIMESTAMP: u64 = 8;
    pub(super) const SEQUENCE_ID: u64 = 10;
    pub(super) const TRACK_EVENT: u64 = 11;
    pub(super) const SEQUENCE_FLAGS: u64 = 13;
    pub(super) const TRACK_DESCRIPTOR: u64 = 60;
    /// A sequence begins, and needs nothing from before.
    pub(super) const INCREMENTAL_STATE_CLEARED: u64 = 1;
}

/// Fields of `TrackEvent`.
mod event {
    pub(super) const DEBUG_ANNOTATIONS: u64 = 4;
    pub(super) const TYPE: u64 = 9;
    pub(super) const TRACK_UUID: u64 = 11;
    pub(super) const NAME: u64 = 23;
    pub(super) const COUNTER_VALUE: u64 = 30;
    pub(super) const FLOW_IDS: u64 = 47;
    pub(super) const TERMINATING_FLOW_IDS: u64 = 48;

    pub(super) const SLICE_BEGIN: u64 = 1;
    pub(super) const SLICE_END: u64 = 2;
    pub(super) const INSTANT: u64 = 3;
    pub(super) const COUNTER: u64 = 4;
}

/// Fields of `TrackDescriptor`.
mod descriptor {
    pub(super) const UUID: u64 = 1;
    pub(super) const NAME: u64 = 2;
    pub(super) const PROCESS: u64 = 3;
    pub(super) const PARENT_UUID: u64 = 5;
    pub(super) const COUNTER: u64 = 8;
    pub(super) const CHILD_ORDERING: u64 = 11;
    pub(super) const SIBLING_ORDER_RANK: u64 = 12;
    /// Children are shown by rank.
    pub(super) const EXPLICIT: u64 = 3;
}

/// The only writer of the trace.
const SEQUENCE: u64 = 1;
/// `ClockSnapshot`: the clock of all timestamps, and the wall clock.
const CLOCK_BOOT: u64 = 6;
const CLOCK_REAL: u64 = 1;

/// Writes a trace for ui.perfetto.dev and `trace_processor`.
///
/// Holds nothing but the event in hand; wrap a file in a [`std::io::BufWriter`].
///
/// # Example
/// ```
/// use tidemap_formats::perfetto::Perfetto;
/// use tidemap_formats::trace::{Flow, Sink, Track, TrackKind, Value};
///
/// # fn main() -> std::io::Result<()> {
/// let mut file = Vec::new();
/// let mut trace = Perfetto::new(&mut file, 1_700_000_000_000_000_000)?;
/// let track = Track { id: 1, parent: None, name: "sessions", kind: TrackKind::Slices, rank: 0 };
/// trace.track(&track)?;
/// trace.begin(1, 500, "growth", Flow::None, &[("from", Value::Number(64))])?;
/// trace.end(1, 900, &[])?;
/// trace.finish()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Perfetto<W: Write> {
    out: W,
    written: u64,
}

impl<W: Write> Perfetto<W> {
    /// Begins a trace whose time 0 was `epoch_unix_ns` nanoseconds after 1970.
    ///
    /// # Errors
    /// What the writer says.
    pub fn new(out: W, epoch_unix_ns: u64) -> io::Result<Self> {
        let mut trace = Perfetto { out, written: 0 };
        let clock = |id: u64, time_ns: u64| {
            let mut clock = Message::new();
            clock.number(1, id).number(2, time_ns);
            clock
        };
        let mut snapshot = Message::new();
        snapshot
            .message(1, &clock(CLOCK_BOOT, 0))
            .message(1, &clock(CLOCK_REAL, epoch_unix_ns));
        let mut first = Message::new();
        first
            .message(packet::CLOCK_SNAPSHOT, &snapshot)
            .number(packet::SEQUENCE_FLAGS, packet::INCREMENTAL_STATE_CLEARED);
        trace.packet(&mut first)?;
        Ok(trace)
    }

    fn packet(&mut self, packet: &mut Message) -> io::Result<()> {
        packet.number(packet::SEQUENCE_ID, SEQUENCE);
        let mut framed = Message::new();
        framed.message(TRACE_PACKET, packet);
        self.out.write_all(framed.as_bytes())?;
        self.written += framed.as_bytes().len() as u64;
        Ok(())
    }

    fn event(
        &mut self,
        kind: u64,
        track: u64,
        time_ns: u64,
        event: &mut Message,
    ) -> io::Result<()> {
        event
            .number(event::TYPE, kind)
            .number(event::TRACK_UUID, track);
        let mut packet = Message::new();
        packet
            .number(packet::TIMESTAMP, time_ns)
            .message(packet::TRACK_EVENT, event);
        self.packet(&mut packet)
    }
}

fn annotate(event: &mut Message, args: &Args<'_>) {
    for (name, value) in args {
        let mut annotation = Message::new();
        match *value {
            Value::Flag(flag) => annotation.number(2, u64::from(flag)),
            Value::Number(number) => annotation.number(3, number),
            Value::Text(text) => annotation.text(6, text),
        };
        annotation.text(10, name);
        event.message(event::DEBUG_ANNOTATIONS, &annotation);
    }
}

impl<W: Write> Sink for Perfetto<W> {
    fn track(&mut self, track: &Track<'_>) -> io::Result<()> {
        let mut message = Message::new();
        message
            .number(descriptor::UUID, track.id)
            .text(descriptor::NAME, track.name);
        if let Some(parent) = track.parent {
            message.number(descriptor::PARENT_UUID, parent);
        }
        match track.kind {
            TrackKind::Process { pid } => {
                let mut process = Message::new();
                process.number(1, u64::from(pid)).text(6, track.name);
                message.message(descriptor::PROCESS, &process);
            }
            TrackKind::Counter(unit) => {
                let mut counter = Message::new();
                match unit {
                    Unit::Count => counter.number(3, 2),
                    Unit::Bytes => counter.number(3, 3),
                    Unit::Percent => counter.text(6, "%"),
                };
                message.message(descriptor::COUNTER, &counter);
            }
            TrackKind::Group | TrackKind::Slices => {}
        }
        message
            .number(descriptor::CHILD_ORDERING, descriptor::EXPLICIT)
            .number(descriptor::SIBLING_ORDER_RANK, u64::from(track.rank));
        let mut packet = Message::new();
        packet.message(packet::TRACK_DESCRIPTOR, &message);
        self.packet(&mut packet)
    }

    fn begin(
        &mut self,
        track: u64,
        time_ns: u64,
        name: &str,
        flow: Flow,
        args: &Args<'_>,
    ) -> io::Result<()> {
        let mut event = Message::new();
        event.text(event::NAME, name);
        match flow {
            Flow::None => {}
            Flow::Leaves(id) => {
                event.fixed64(event::FLOW_IDS, id);
            }
            Flow::Arrives(id) => {
                event.fixed64(event::TERMINATING_FLOW_IDS, id);
            }
        }
        annotate(&mut event, args);
        self.event(event::SLICE_BEGIN, track, time_ns, &mut event)
    }

    fn end(&mut self, track: u64, time_ns: u64, args: &Args<'_>) -> io::Result<()> {
        let mut event = Message::new();
        annotate(&mut event, args);
        self.event(event::SLICE_END, track, time_ns, &mut event)
    }

    fn instant(&mut self, track: u64, time_ns: u64, name: &str, args: &Args<'_>) -> io::Result<()> {
        let mut event = Message::new();
        event.text(event::NAME, name);
        annotate(&mut event, args);
        self.event(event::INSTANT, track, time_ns, &mut event)
    }

    fn counter(&mut self, track: u64, time_ns: u64, value: u64) -> io::Result<()> {
        let mut event = Message::new();
        event.number(event::COUNTER_VALUE, value.min(i64::MAX as u64));
        self.event(event::COUNTER, track, time_ns, &mut event)
    }

    fn bytes_written(&self) -> u64 {
        self.written
    }

    fn bytes_to_finish(&self) -> u64 {
        0
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
