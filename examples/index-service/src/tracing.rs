//! A trace of what the map does, for Perfetto or Chrome.
//!
//! Tidemap tells its growths itself. Of the other map the service sees from outside that an insertion took room for twice
//! as many entries, and how long that took; it writes that as what it is: a growth of one step.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;
use std::time::Instant;

use tidemap_export::trace::{Format, Options, Recorder, Summary, Writer, record};
use tidemap_formats::chrome::Chrome;
use tidemap_formats::perfetto::Perfetto;
use tidemap_probe::{Counters, Event, EventKind, Gauges, GrowthKind, MapId, MapRow};

use crate::index::{BlockingGrowth, Key, MAP_NAME, MapKind, Value};

/// Steps of tidemap that are shorter are not drawn: there are too many to see.
const STEP_NS_MIN: u64 = 10_000;
/// What a viewer still opens at once.
const TRACE_BYTES_MAX: u64 = 32 << 20;

/// The only map of the process that nobody observes.
const OTHER_MAP: MapId = MapId(1);

/// A trace that is being written.
#[derive(Debug)]
pub enum Trace {
    /// By the probe.
    Observed(Recorder),
    /// By the service.
    Seen(Seen),
}

/// Growths of the other map, written as they are seen.
#[derive(Debug)]
pub struct Seen {
    start: Instant,
    start_ns: u64,
    out: Out,
}

#[derive(Debug)]
enum Out {
    Perfetto(Writer<Perfetto<BufWriter<File>>>),
    Chrome(Writer<Chrome<BufWriter<File>>>),
    /// The disk is full, or the like.
    Broken(io::Error),
}

impl Trace {
    /// Begins a trace; a file that ends in `.json` gets Chrome's form.
    ///
    /// # Errors
    /// If the file cannot be made or written.
    pub fn start(path: &Path, kind: MapKind) -> io::Result<Trace> {
        let (file, format) = (File::create(path)?, Format::of_path(path));
        let options = Options::default()
            .with_step_ns_min(STEP_NS_MIN)
            .with_bytes_max(TRACE_BYTES_MAX);
        match kind {
            MapKind::Tidemap => Ok(Trace::Observed(record(file, format, options)?)),
            MapKind::Hashbrown => Ok(Trace::Seen(Seen::start(file, format, options)?)),
        }
    }

    /// Notes a growth of the other map.
    pub fn growth(&mut self, growth: &BlockingGrowth) {
        if let Trace::Seen(seen) = self {
            seen.growth(growth);
        }
    }

    /// Ends it.
    ///
    /// # Errors
    /// What stopped the writing.
    pub fn finish(self) -> io::Result<Summary> {
        match self {
            Trace::Observed(recorder) => recorder.stop(),
            Trace::Seen(seen) => match seen.out {
                Out::Perfetto(writer) => writer.finish(),
                Out::Chrome(writer) => writer.finish(),
                Out::Broken(error) => Err(error),
            },
        }
    }
}

impl Seen {
    fn start(file: File, format: Format, options: Options) -> io::Result<Seen> {
        let now = tidemap_probe::snapshot();
        let start = Instant::now();
        let file = BufWriter::new(file);
        let row = MapRow {
            id: OTHER_MAP,
            name: MAP_NAME.to_owned(),
            key_type: std::any::type_name::<Key>().to_owned(),
            value_type: std::any::type_name::<Value>().to_owned(),
            site: None,
            created_ns: now.time_ns,
            updated_ns: now.time_ns,
            entry_bytes: size_of::<(Key, Value)>() as u64,
            gauges: Gauges::default(),
            counters: Counters::default(),
            growth: None,
            compaction: None,
            last_growth: None,
            is_consistent: true,
        };
        let out = match format {
            Format::Chrome => {
                let mut writer = Writer::new(Chrome::new(file)?, now.pid, options)?;
                writer.describe(&row);
                Out::Chrome(writer)
            }
            _ => {
                let sink = Perfetto::new(file, now.epoch_unix_ns)?;
                let mut writer = Writer::new(sink, now.pid, options)?;
                writer.describe(&row);
                Out::Perfetto(writer)
            }
        };
        Ok(Seen {
            start,
            start_ns: now.time_ns,
            out,
        })
    }

    fn growth(&mut self, growth: &BlockingGrowth) {
        let begun = growth.begun.saturating_duration_since(self.start);
        let begun_ns = self.start_ns + begun.as_nanos() as u64;
        for event in events_of(growth, begun_ns) {
            let taken = match &mut self.out {
                Out::Perfetto(writer) => writer.event(&event),
                Out::Chrome(writer) => writer.event(&event),
                Out::Broken(_) => return,
            };
            if let Err(error) = taken {
                self.out = Out::Broken(error);
            }
        }
    }
}

/// A growth as three events: it began, one operation paid for all of it, it ended.
fn events_of(growth: &BlockingGrowth, begun_ns: u64) -> [Event; 3] {
    let ns = growth.took.as_nanos() as u64;
    let kind = GrowthKind::Relocating;
    let moved = growth.entries.saturating_sub(1) as u64;
    let len = growth.entries as u64;
    // A table of this kind has 8 slots for 7 entries; tracks call what is counted buckets.
    let slots = |capacity: usize| (capacity.div_ceil(7) * 8) as u64;
    let event = |time_ns, kind| Event {
        sequence: 0,
        time_ns,
        map: OTHER_MAP,
        kind,
    };
    [
        event(
            begun_ns,
            EventKind::GrowthBegin {
                kind,
                from_buckets: slots(growth.from_capacity),
                to_buckets: slots(growth.to_capacity),
                len: moved,
                bytes_held: (growth.from_bytes + growth.to_bytes) as u64,
                bytes_old: growth.from_bytes as u64,
            },
        ),
        event(
            begun_ns + ns,
            EventKind::Step {
                kind,
                ns,
                entries_moved: moved,
                done_buckets: slots(growth.from_capacity),
                from_buckets: slots(growth.from_capacity),
                bytes_held: growth.to_bytes as u64,
                len,
            },
        ),
        event(
            begun_ns + ns,
            EventKind::GrowthEnd {
                kind,
                is_complete: true,
                steps: 1,
                entries_moved: moved,
                bytes_released: growth.from_bytes as u64,
                work_ns: ns,
                step_ns_max: ns,
                len,
            },
        ),
    ]
}
