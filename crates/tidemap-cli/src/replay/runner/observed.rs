//! The observed pass: the replay on a tidemap that tells what it does.
//!
//! A pass in a process of its own, so that watching disturbs no figure of the report. Its events make the
//! report's growths, the trace and the recording; its row makes the profile.

use std::fs::File;
use std::io::BufWriter;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tidemap_bench::contenders::Tidemap;
use tidemap_export::trace::{Options, Summary, Writer};
use tidemap_formats::trace::Sink;
use tidemap_live::{RecordOptions, Recorder};
use tidemap_probe::{Counters, Event, MapId, describe, snapshot, subscribe};

use super::super::growths::Timeline;
use super::super::run_report::{Observed, RecordedRun, TracedRun};
use super::super::wire::{Observe, TraceFormat};
use super::super::workload::{Cell, KeySpace};
use super::{Progress, Replay};

/// Time between two looks of a recording.
const RECORD_EVERY: Duration = Duration::from_millis(5);

impl Replay<'_> {
    /// Replays once, and writes what is asked for.
    pub(super) fn observe<S: KeySpace, V: Cell>(
        &self,
        space: S,
        what: &Observe,
        progress: Progress<'_>,
    ) -> Result<Observed> {
        let recorder = what.recording.as_deref().map(start_recording).transpose()?;
        let mut events = subscribe();
        let mut map: Tidemap<S::Key, V> = self.map();
        map.observe(&what.name);
        let id = map.probe_id().context("the registry has no row left")?;
        let mut trace = match &what.trace {
            Some((file, format)) => Some(Trace::begin(file, *format, id)?),
            None => None,
        };
        let mut timeline = Timeline::new(size_of::<(S::Key, V)>() as u64);
        let mut failed = Ok(());
        // Read after every operation: nothing is lost, and it is known which operation it was.
        let mut listen = |op| {
            while let Some(event) = events.poll() {
                if event.map != id {
                    continue;
                }
                timeline.event(op, &event);
                if let Some(trace) = &mut trace
                    && let Err(error) = trace.event(&event)
                {
                    failed = Err(error);
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        };
        let (_, tally) =
            self.throughput_pass(&mut map, space, &mut listen, &mut |done| progress(0, done));
        failed?;
        map.probe_refresh();
        let row = describe(id).context("the map lost its row")?;
        if let Some(file) = &what.profile {
            write_profile(file, id)?;
        }
        let recording = recorder.map(finish_recording).transpose()?;
        let traced = trace
            .map(|trace| trace.finish(events.missed()))
            .transpose()?;
        drop(map);
        Ok(Observed {
            growths: timeline.finish(&row),
            digest: format!("{:016x}", tally.digest()),
            traced,
            recording,
        })
    }
}

/// A trace of one map.
struct Trace {
    writer: Writer<Box<dyn Sink + Send>>,
}

const CANNOT_TRACE: &str = "cannot write the trace";

impl Trace {
    fn begin(file: &Path, format: TraceFormat, map: MapId) -> Result<Trace> {
        let begin = || {
            let start = snapshot();
            let out = BufWriter::with_capacity(1 << 16, reopened(file)?);
            let sink = format.of_exporter().sink(out, start.epoch_unix_ns)?;
            let mut writer = Writer::new(sink, start.pid, Options::default())?;
            if let Some(row) = start.map(map) {
                writer.describe(row);
            }
            std::io::Result::Ok(Trace { writer })
        };
        begin().context(CANNOT_TRACE)
    }

    fn event(&mut self, event: &Event) -> Result<()> {
        self.writer.event(event).context(CANNOT_TRACE)
    }

    fn finish(mut self, missed: u64) -> Result<TracedRun> {
        self.writer.missed(missed);
        let Summary {
            events,
            left_out,
            missed,
            bytes,
            ..
        } = self.writer.finish().context(CANNOT_TRACE)?;
        Ok(TracedRun {
            events,
            left_out,
            missed,
            bytes,
        })
    }
}

/// The file is there; whoever started this process made it.
fn reopened(file: &Path) -> std::io::Result<File> {
    File::options().write(true).truncate(true).open(file)
}

/// The map alone, whatever else of this process is observed.
fn write_profile(file: &Path, map: MapId) -> Result<()> {
    let mut now = snapshot();
    now.maps.retain(|row| row.id == map);
    now.other = None;
    now.dropped = Counters::default();
    reopened(file)
        .and_then(|file| tidemap_export::profile::write(&now, BufWriter::new(file)))
        .context("cannot write the profile")
}

fn start_recording(file: &Path) -> Result<Recorder> {
    let options = RecordOptions {
        interval: RECORD_EVERY,
        ..RecordOptions::default()
    };
    Recorder::start(file, &options).context("cannot write the recording")
}

/// Waits for a last look at the map, which still lives.
fn finish_recording(recorder: Recorder) -> Result<RecordedRun> {
    let frames = recorder.recorded().frames;
    let until = Instant::now() + Duration::from_secs(1);
    while recorder.recorded().frames < frames + 2 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(1));
    }
    let recorded = recorder.finish().context("cannot write the recording")?;
    Ok(RecordedRun {
        frames: recorded.frames,
        events: recorded.events,
        missed: recorded.missed,
    })
}
