//! Events become slices, arrows and counters of a trace with a limited size.
//!
//! B1. What is written never exceeds the limit: room for the ends of all open slices is kept.
//! B2. Details go first. Past an eighth of the limit steps of two microseconds and more are drawn, past half those of
//!     ten, past seven eighths only growths; counters are sampled ever more rarely, every tenth of a millisecond, every
//!     one, every hundred. At the limit nothing begins any more. What is left out is counted.
//! B3. Memory: [`MAPS_OPEN_MAX`] maps at most; one beyond pushes out the oldest.

use std::collections::BTreeMap;
use std::io;

use tidemap_formats::trace::{Args, Flow, Sink, Track, TrackKind, Value};
use tidemap_probe::{Event, EventKind, GrowthKind, MapId, MapRow, ROWS_MAX};

use super::tracks::{Line, NOTES, PROCESS, Tracks, name_of};

/// The smallest limit of a trace.
pub const BYTES_MIN: u64 = 64 << 10;
/// The limit unless told otherwise.
const BYTES_MAX: u64 = 64 << 20;
/// Maps that can live at a time, twice: some may have ended unseen.
const MAPS_OPEN_MAX: usize = 2 * (ROWS_MAX + 1);
/// What handling one event writes at most: tracks described, an open slice ended, a step, counters.
const EVENT_BYTES_MAX: u64 = 10 << 10;
/// What the end of a slice takes at most.
const END_BYTES_MAX: u64 = 640;

/// How a trace is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The size of the trace in bytes at most; at least [`BYTES_MIN`]. The fuller it is, the fewer details are
    /// written: short steps go first and counters are sampled less often, growths go last. The fuller it is, the fewer details are
    /// written: first short steps go and counters are sampled less often, growths last.
    pub bytes_max: u64,
    /// Shorter steps are not drawn, in nanoseconds.
    pub step_ns_min: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            bytes_max: BYTES_MAX,
            step_ns_min: 0,
        }
    }
}

impl Options {
    /// With another limit; a smaller one than [`BYTES_MIN`] counts as that.
    #[must_use]
    pub fn with_bytes_max(mut self, bytes: u64) -> Self {
        self.bytes_max = bytes.max(BYTES_MIN);
        self
    }

    /// Draws only steps of so many nanoseconds or more.
    #[must_use]
    pub fn with_step_ns_min(mut self, ns: u64) -> Self {
        self.step_ns_min = ns;
        self
    }
}

/// What became of the events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Events taken.
    pub events: u64,
    /// Events of which something was left out for want of space.
    pub left_out: u64,
    /// Events that were lost before they came here.
    pub missed: u64,
    /// Bytes written.
    pub bytes: u64,
}

/// How much of an event there is room for (B2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Room {
    Nothing,
    Growths,
    LongSteps,
    Most,
    All,
}

impl Room {
    /// The shortest step that is drawn, if any is.
    fn step_ns_min(self) -> Option<u64> {
        match self {
            Room::Nothing | Room::Growths => None,
            Room::LongSteps => Some(10_000),
            Room::Most => Some(2_000),
            Room::All => Some(0),
        }
    }

    /// The time between two samples of a counter, if there are any.
    fn sample_gap_ns(self) -> Option<u64> {
        match self {
            Room::Nothing => None,
            Room::Growths => Some(100_000_000),
            Room::LongSteps => Some(1_000_000),
            Room::Most => Some(100_000),
            Room::All => Some(0),
        }
    }
}

/// Turns events into a trace.
///
/// Events of one map come in their order; maps may be mixed. Costs a few hundred nanoseconds and up to
/// 300 bytes of trace for a step.
///
/// # Example
/// ```
/// use tidemap_export::trace::{Options, Writer};
/// use tidemap_formats::perfetto::Perfetto;
///
/// # fn main() -> std::io::Result<()> {
/// let mut events = tidemap_probe::subscribe();
/// let start = tidemap_probe::snapshot();
/// let mut file = Vec::new();
/// let mut trace = Writer::new(Perfetto::new(&mut file, start.epoch_unix_ns)?, start.pid, Options::default())?;
/// start.maps.iter().for_each(|map| trace.describe(map));
/// // … maps work …
/// while let Some(event) = events.poll() {
///     if let Some(map) = tidemap_probe::describe(event.map) {
///         trace.describe(&map);
///     }
///     trace.event(&event)?;
/// }
/// trace.missed(events.missed());
/// let summary = trace.finish()?;
/// assert_eq!(summary.left_out, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Writer<S: Sink> {
    sink: S,
    options: Options,
    maps: BTreeMap<MapId, Map>,
    numbers: u64,
    open_slices: u64,
    latest_ns: u64,
    /// Growths begun of maps without a row.
    other_growths: u64,
    summary: Summary,
}

#[derive(Debug)]
struct Map {
    tracks: Tracks,
    growths: [Option<Open>; 2],
}

/// A growth that goes on.
#[derive(Debug, Clone, Copy)]
struct Open {
    kind: GrowthKind,
    from_buckets: u64,
    to_buckets: u64,
    len: u64,
    begun_ns: u64,
    /// It waits for the step that triggered it.
    waits: bool,
}

fn place(kind: GrowthKind) -> usize {
    usize::from(kind == GrowthKind::SameSize)
}

impl<S: Sink> Writer<S> {
    /// Begins the trace of a process.
    ///
    /// # Errors
    /// What the sink says.
    pub fn new(sink: S, pid: u32, options: Options) -> io::Result<Self> {
        let mut writer = Writer {
            sink,
            options: options.with_bytes_max(options.bytes_max),
            maps: BTreeMap::new(),
            numbers: 0,
            open_slices: 0,
            latest_ns: 0,
            other_growths: 0,
            summary: Summary::default(),
        };
        writer.sink.track(&Track {
            id: PROCESS,
            parent: None,
            name: "maps",
            kind: TrackKind::Process { pid },
            rank: 0,
        })?;
        Ok(writer)
    }

    /// Tells a map's name and types, before its first event or any time until then. A map that
    /// nobody described is called by its number.
    pub fn describe(&mut self, map: &MapRow) {
        if !self.maps.contains_key(&map.id) && self.maps.len() < MAPS_OPEN_MAX {
            self.add(map.id, name_of(map));
        }
    }

    /// Whether events of a map would be drawn without its name.
    #[must_use]
    pub fn needs_name_of(&self, map: MapId) -> bool {
        !self.maps.contains_key(&map)
    }

    /// Events that were lost so far, as [`Subscription::missed`](tidemap_probe::Subscription::missed) counts them.
    pub fn missed(&mut self, total: u64) {
        self.summary.missed = total;
    }

    /// Takes the next event.
    ///
    /// # Errors
    /// What the sink says. The trace is torn then; do not go on.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        self.summary.events += 1;
        self.latest_ns = self.latest_ns.max(event.time_ns);
        if event.map == MapId::OTHER {
            return self.of_others(event);
        }
        if let EventKind::Drop { .. } = event.kind {
            return self.dropped(event);
        }
        if self.needs_name_of(event.map) {
            self.make_room(event.time_ns)?;
            self.add(event.map, format!("map {}", event.map));
        }
        match event.kind {
            EventKind::Created { .. } => Ok(()),
            EventKind::GrowthBegin { .. } => self.begun(event),
            EventKind::Step { .. } => self.step(event),
            EventKind::GrowthEnd { .. } => self.ended(event),
            _ => self.point(event),
        }
    }

    /// Ends what is open and the trace.
    ///
    /// # Errors
    /// What the sink says.
    pub fn finish(mut self) -> io::Result<Summary> {
        let now = self.latest_ns;
        while let Some((_, map)) = self.maps.pop_first() {
            self.close(map, now)?;
        }
        if self.summary.missed > 0 || self.summary.left_out > 0 {
            self.sink.track(&Track {
                id: NOTES,
                parent: Some(PROCESS),
                name: "about this trace",
                kind: TrackKind::Slices,
                rank: 0,
            })?;
            let args = [
                ("events lost", Value::Number(self.summary.missed)),
                (
                    "events left out for size",
                    Value::Number(self.summary.left_out),
                ),
            ];
            self.sink.instant(NOTES, now, "incomplete", &args)?;
        }
        self.sink.finish()?;
        self.summary.bytes = self.sink.bytes_written();
        Ok(self.summary)
    }

    fn add(&mut self, id: MapId, name: String) {
        let tracks = Tracks::new(self.numbers, name);
        self.numbers += 1;
        let growths = [None; 2];
        self.maps.insert(id, Map { tracks, growths });
    }

    /// B3.
    fn make_room(&mut self, now: u64) -> io::Result<()> {
        while self.maps.len() >= MAPS_OPEN_MAX {
            if let Some((_, map)) = self.maps.pop_first() {
                self.close(map, now)?;
            }
        }
        Ok(())
    }

    /// B1, B2.
    fn room(&self) -> Room {
        let kept = self.sink.bytes_to_finish() + (self.open_slices + 2) * END_BYTES_MAX;
        let written = self.sink.bytes_written() + kept + EVENT_BYTES_MAX;
        let limit = self.options.bytes_max;
        if written > limit {
            Room::Nothing
        } else if written > limit / 8 * 7 {
            Room::Growths
        } else if written > limit / 2 {
            Room::LongSteps
        } else if written > limit / 8 {
            Room::Most
        } else {
            Room::All
        }
    }

    /// Counts what is not written.
    fn leave_out(&mut self) -> io::Result<()> {
        self.summary.left_out += 1;
        Ok(())
    }

    fn begun(&mut self, event: &Event) -> io::Result<()> {
        let EventKind::GrowthBegin {
            kind,
            from_buckets,
            to_buckets,
            len,
            bytes_held,
            bytes_old,
        } = event.kind
        else {
            return Ok(());
        };
        // Whose end was lost.
        self.end_growth(event.map, kind, event.time_ns, false)?;
        let room = self.room();
        if room == Room::Nothing {
            return self.leave_out();
        }
        let Some(map) = self.maps.get_mut(&event.map) else {
            return Ok(());
        };
        map.growths[place(kind)] = Some(Open {
            kind,
            from_buckets,
            to_buckets,
            len,
            begun_ns: event.time_ns,
            waits: true,
        });
        self.open_slices += 1;
        let values = [
            (Line::Progress, 0),
            (Line::Held, bytes_held),
            (Line::Old, bytes_old),
            (Line::Entries, len),
        ];
        map.sample(&mut self.sink, room, event.time_ns, &values)?;
        Ok(())
    }

    fn step(&mut self, event: &Event) -> io::Result<()> {
        let EventKind::Step {
            kind,
            ns,
            entries_moved,
            done_buckets,
            from_buckets,
            bytes_held,
            len,
        } = event.kind
        else {
            return Ok(());
        };
        let began_ns = event.time_ns.saturating_sub(ns);
        let room = self.room();
        let least = room.step_ns_min();
        let is_drawn = least.is_some_and(|least| ns >= least.max(self.options.step_ns_min));
        // The arrow's number: a growth has one beginning.
        let waiting = self.maps.get(&event.map).and_then(|map| {
            let open = map.growths.iter().flatten();
            open.clone()
                .find(|open| open.waits && open.begun_ns >= began_ns)
        });
        let arrow = waiting
            .filter(|_| is_drawn)
            .map(|open| event.map.0.rotate_left(32) ^ open.begun_ns);
        let Some(map) = self.maps.get_mut(&event.map) else {
            return Ok(());
        };
        let (sink, tracks, now) = (&mut self.sink, &mut map.tracks, event.time_ns);
        if is_drawn {
            let flow = arrow.map_or(Flow::None, Flow::Leaves);
            let args = [
                ("pays for", Value::Text(kind.as_str())),
                ("entries moved", Value::Number(entries_moved)),
                ("buckets done", Value::Number(done_buckets)),
                ("of", Value::Number(from_buckets)),
            ];
            tracks.begin(sink, Line::Steps, began_ns, "step", flow, &args)?;
            tracks.end(sink, Line::Steps, now, &[])?;
        }
        // Behind the step, so that an arrow's beginning stands before its end.
        flush(sink, map, arrow.map_or(Flow::None, Flow::Arrives))?;
        let values = [
            (
                Line::Progress,
                done_buckets.saturating_mul(100) / from_buckets.max(1),
            ),
            (Line::Held, bytes_held),
            (Line::Entries, len),
        ];
        let is_whole = map.sample(&mut self.sink, room, now, &values)?;
        if room < Room::All && !(is_drawn && is_whole) {
            self.summary.left_out += 1;
        }
        Ok(())
    }

    fn ended(&mut self, event: &Event) -> io::Result<()> {
        let EventKind::GrowthEnd {
            kind,
            is_complete,
            len,
            ..
        } = event.kind
        else {
            return Ok(());
        };
        self.flush_waiting(event.map, Flow::None)?;
        let room = self.room();
        let Some(map) = self.maps.get_mut(&event.map) else {
            return Ok(());
        };
        if map.growths[place(kind)].take().is_none() {
            // It began before the trace, or found no room.
            return if room == Room::Nothing {
                self.leave_out()
            } else {
                Ok(())
            };
        }
        self.open_slices -= 1;
        let (sink, tracks, now) = (&mut self.sink, &mut map.tracks, event.time_ns);
        end_with(sink, tracks, Line::of(kind), now, &event.kind)?;
        let values = [(Line::Entries, len), (Line::Progress, 100)];
        let shown = if is_complete { 2 } else { 1 };
        map.sample(&mut self.sink, room, now, &values[..shown])?;
        Ok(())
    }

    /// Everything that takes no time.
    fn point(&mut self, event: &Event) -> io::Result<()> {
        self.flush_waiting(event.map, Flow::None)?;
        let room = self.room();
        let Some(map) = self.maps.get_mut(&event.map) else {
            return Ok(());
        };
        let (sink, now) = (&mut self.sink, event.time_ns);
        let is_drawn = room > Room::LongSteps;
        let instant = |map: &mut Map, sink: &mut S, name, args: &Args<'_>| {
            if is_drawn {
                map.tracks.instant(sink, Line::Growths, now, name, args)?;
            }
            io::Result::Ok(is_drawn)
        };
        let is_whole = match event.kind {
            EventKind::Release {
                bytes,
                bytes_held,
                bytes_old,
            } => {
                let args = [("bytes", Value::Number(bytes))];
                let values = [(Line::Held, bytes_held), (Line::Old, bytes_old)];
                instant(map, sink, "release", &args)? & map.sample(sink, room, now, &values)?
            }
            EventKind::Overflow {
                overflow_buckets, ..
            } => map.sample(sink, room, now, &[(Line::Overflow, overflow_buckets)])?,
            EventKind::Refused { len } => {
                let args = [("entries", Value::Number(len))];
                instant(map, sink, "memory refused", &args)?
            }
            EventKind::Clear { bytes_held } => {
                let values = [(Line::Held, bytes_held), (Line::Entries, 0)];
                instant(map, sink, "clear", &[])? & map.sample(sink, room, now, &values)?
            }
            _ => false,
        };
        if is_whole { Ok(()) } else { self.leave_out() }
    }

    fn dropped(&mut self, event: &Event) -> io::Result<()> {
        let room = self.room();
        let Some(mut map) = self.maps.remove(&event.map) else {
            return Ok(());
        };
        if room > Room::Growths && map.tracks.is_shown() {
            let values = [(Line::Held, 0), (Line::Entries, 0)];
            map.tracks.settle(&mut self.sink)?;
            map.sample(&mut self.sink, Room::All, event.time_ns, &values)?;
        }
        self.close(map, event.time_ns)
    }

    /// Maps that share a row have growths that overlap: they are counted.
    fn of_others(&mut self, event: &Event) -> io::Result<()> {
        if !matches!(event.kind, EventKind::GrowthBegin { .. }) {
            return Ok(());
        }
        self.other_growths += 1;
        let room = self.room();
        if self.needs_name_of(MapId::OTHER) {
            self.add(MapId::OTHER, "maps without a row".into());
        }
        let Some(map) = self.maps.get_mut(&MapId::OTHER) else {
            return Ok(());
        };
        let count = self.other_growths;
        let values = [(Line::Begun, count)];
        if map.sample(&mut self.sink, room, event.time_ns, &values)? {
            Ok(())
        } else {
            self.leave_out()
        }
    }

    /// Draws beginnings that waited for the step that triggered them.
    fn flush_waiting(&mut self, id: MapId, flow: Flow) -> io::Result<()> {
        let Some(map) = self.maps.get_mut(&id) else {
            return Ok(());
        };
        flush(&mut self.sink, map, flow)
    }

    fn end_growth(
        &mut self,
        id: MapId,
        kind: GrowthKind,
        now: u64,
        complete: bool,
    ) -> io::Result<()> {
        self.flush_waiting(id, Flow::None)?;
        let Some(map) = self.maps.get_mut(&id) else {
            return Ok(());
        };
        if map.growths[place(kind)].take().is_none() {
            return Ok(());
        }
        self.open_slices -= 1;
        let args = [("complete", Value::Flag(complete))];
        map.tracks.end(&mut self.sink, Line::of(kind), now, &args)
    }

    /// Ends what a map has open.
    fn close(&mut self, mut map: Map, now: u64) -> io::Result<()> {
        flush(&mut self.sink, &mut map, Flow::None)?;
        if self.room() > Room::Nothing {
            map.tracks.settle(&mut self.sink)?;
        }
        for open in map.growths.into_iter().flatten() {
            self.open_slices -= 1;
            let args = [("complete", Value::Flag(false))];
            map.tracks
                .end(&mut self.sink, Line::of(open.kind), now, &args)?;
        }
        Ok(())
    }
}

impl Map {
    /// Notes values of counters. Whether all that were due by the room are written; those that were not
    /// may still be, with the next.
    fn sample<S: Sink>(
        &mut self,
        sink: &mut S,
        room: Room,
        now: u64,
        values: &[(Line, u64)],
    ) -> io::Result<bool> {
        let Some(gap) = room.sample_gap_ns() else {
            return Ok(false);
        };
        let mut all = true;
        for (line, value) in values {
            if room == Room::Growths && !self.tracks.has(*line) {
                // Describing a track costs more than the growths that it would take the space of.
                all = false;
                continue;
            }
            all &= self.tracks.counter(sink, *line, now, *value, gap)?;
        }
        Ok(all)
    }
}

fn flush<S: Sink>(sink: &mut S, map: &mut Map, flow: Flow) -> io::Result<()> {
    for open in map.growths.iter_mut().flatten().filter(|open| open.waits) {
        open.waits = false;
        let name = format!(
            "{} {}→{}",
            open.kind.as_str(),
            open.from_buckets,
            open.to_buckets
        );
        let args = [
            ("kind", Value::Text(open.kind.as_str())),
            ("from buckets", Value::Number(open.from_buckets)),
            ("to buckets", Value::Number(open.to_buckets)),
            ("entries at start", Value::Number(open.len)),
        ];
        map.tracks
            .begin(sink, Line::of(open.kind), open.begun_ns, &name, flow, &args)?;
    }
    Ok(())
}

fn end_with<S: Sink>(
    sink: &mut S,
    tracks: &mut Tracks,
    line: Line,
    now: u64,
    kind: &EventKind,
) -> io::Result<()> {
    let EventKind::GrowthEnd {
        is_complete,
        steps,
        entries_moved,
        bytes_released,
        work_ns,
        step_ns_max,
        len,
        ..
    } = *kind
    else {
        return Ok(());
    };
    let args = [
        ("complete", Value::Flag(is_complete)),
        ("steps", Value::Number(steps)),
        ("entries moved", Value::Number(entries_moved)),
        ("bytes released", Value::Number(bytes_released)),
        ("work ns", Value::Number(work_ns)),
        ("longest step ns", Value::Number(step_ns_max)),
        ("entries at end", Value::Number(len)),
    ];
    tracks.end(sink, line, now, &args)
}
