//! A recorder: a thread that looks and writes, beside the program.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tidemap_probe::{Event, Subscription};

use super::format::FRAME_EVENTS_MAX;
use super::{RecordError, Writer};
use crate::thin::thin;

/// Time between two readings of the ring of events: it holds what a busy program writes meanwhile.
const DRAIN_EVERY: Duration = Duration::from_millis(5);

/// How to record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordOptions {
    /// Bytes of the file at most. The default is 64 MiB; the oldest eighth goes first.
    pub bound_bytes: u64,
    /// Time between two looks at all maps. The default is a quarter of a second.
    pub interval: Duration,
    /// Record events, too; without them maps write none on account of the recorder. The default is yes.
    pub events: bool,
}

impl Default for RecordOptions {
    fn default() -> RecordOptions {
        RecordOptions {
            bound_bytes: 64 << 20,
            interval: Duration::from_millis(250),
            events: true,
        }
    }
}

/// What a recorder has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// Looks written.
    pub frames: u64,
    /// Events written.
    pub events: u64,
    /// Events lost: more came than could be taken.
    pub missed: u64,
    /// Bytes written, those that have been overwritten included.
    pub bytes_written: u64,
}

/// Records until it is dropped or [finished](Recorder::finish).
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    stop: Arc<AtomicBool>,
    tally: Arc<Tally>,
    thread: Option<JoinHandle<Result<(), RecordError>>>,
}

#[derive(Debug, Default)]
struct Tally {
    frames: AtomicU64,
    events: AtomicU64,
    missed: AtomicU64,
    bytes: AtomicU64,
}

impl Recorder {
    /// Begins to record what this process's maps do. An old file of that name is replaced.
    ///
    /// Costs a thread: a look at all maps every interval, and while it lives maps write their events. When the file can
    /// no longer be written, one line on standard error says so, and recording ends; the program goes on.
    ///
    /// # Errors
    /// When the file cannot be made, or the bound is too small.
    ///
    /// # Example
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("maps.tmp");
    /// use tidemap_live::{RecordOptions, Recorder, Recording};
    ///
    /// let recorder = Recorder::start(&path, &RecordOptions::default())?;
    /// let map: tidemap::HashMap<u64, u64> = tidemap::HashMap::builder().name("recorded").build();
    /// let recorded = recorder.finish()?;
    /// assert!(recorded.frames >= 1);
    ///
    /// let last = Recording::open(&path)?.last()?;
    /// assert!(last.named("recorded").is_some());
    /// # Ok::<(), tidemap_live::RecordError>(())
    /// ```
    pub fn start(path: &Path, options: &RecordOptions) -> Result<Recorder, RecordError> {
        let writer = Writer::create(path, options.bound_bytes)?;
        let stop = Arc::new(AtomicBool::new(false));
        let tally = Arc::new(Tally::default());
        // Subscribed here, not on the thread: what happens after this call is recorded.
        let mut work = Work {
            writer,
            subscription: options.events.then(tidemap_probe::subscribe),
            interval: options.interval.max(Duration::from_millis(1)),
            missed_told: 0,
            tally: Arc::clone(&tally),
            stop: Arc::clone(&stop),
        };
        let named = path.to_owned();
        let thread = std::thread::Builder::new()
            .name("tidemap-record".to_owned())
            .spawn(move || {
                let done = work.run();
                if let Err(error) = &done {
                    eprintln!("tidemap-live: {error}; recording has stopped, the program goes on");
                }
                done
            })
            .map_err(|source| RecordError::File {
                path: named,
                action: "written",
                source,
            })?;
        Ok(Recorder {
            path: path.to_owned(),
            stop,
            tally,
            thread: Some(thread),
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it still records: `false` once the file could not be written.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.thread
            .as_ref()
            .is_some_and(|thread| !thread.is_finished())
    }

    /// What has been done so far.
    #[must_use]
    pub fn recorded(&self) -> Recorded {
        let get = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        Recorded {
            frames: get(&self.tally.frames),
            events: get(&self.tally.events),
            missed: get(&self.tally.missed),
            bytes_written: get(&self.tally.bytes),
        }
    }

    /// Takes a last look, and ends.
    ///
    /// # Errors
    /// What made recording end before.
    pub fn finish(mut self) -> Result<Recorded, RecordError> {
        self.end()?;
        Ok(self.recorded())
    }

    fn end(&mut self) -> Result<(), RecordError> {
        self.stop.store(true, Ordering::Relaxed);
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(done)) => done,
            // The panic has been printed by the thread.
            Some(Err(_)) | None => Ok(()),
        }
    }
}

/// As [`Recorder::finish`]; an error has been printed already.
impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

struct Work {
    writer: Writer,
    subscription: Option<Subscription>,
    interval: Duration,
    missed_told: u64,
    tally: Arc<Tally>,
    stop: Arc<AtomicBool>,
}

impl Work {
    fn run(&mut self) -> Result<(), RecordError> {
        let mut events: Vec<Event> = Vec::new();
        let mut surplus = 0;
        let mut next = Instant::now();
        loop {
            // Read before the events are: what happened before the end of the program's part is in the last frame.
            let stops = self.stop.load(Ordering::Relaxed);
            self.drain(&mut events, &mut surplus);
            if stops || Instant::now() >= next {
                next = Instant::now() + self.interval;
                self.look(std::mem::take(&mut events), std::mem::take(&mut surplus))?;
            }
            if stops {
                return Ok(());
            }
            std::thread::sleep(DRAIN_EVERY.min(self.interval));
        }
    }

    fn drain(&mut self, events: &mut Vec<Event>, surplus: &mut u64) {
        let Some(subscription) = &mut self.subscription else {
            return;
        };
        for _ in 0..tidemap_probe::EVENTS_MAX {
            let Some(event) = subscription.poll() else {
                return;
            };
            events.push(event);
            // Twice what a frame takes: so the rare ones are found among the many.
            if events.len() >= 2 * FRAME_EVENTS_MAX {
                *surplus += thin(events, FRAME_EVENTS_MAX);
            }
        }
    }

    fn look(&mut self, events: Vec<Event>, surplus: u64) -> Result<(), RecordError> {
        let missed = self.subscription.as_ref().map_or(0, Subscription::missed);
        let lost = surplus + (missed - self.missed_told);
        self.missed_told = missed;
        let came = events.len() as u64;
        let written = self.writer.add(&tidemap_probe::snapshot(), events, lost)?;
        let (count, lost) = (written, lost + (came - written));
        self.tally.frames.fetch_add(1, Ordering::Relaxed);
        self.tally.events.fetch_add(count, Ordering::Relaxed);
        self.tally.missed.fetch_add(lost, Ordering::Relaxed);
        self.tally
            .bytes
            .store(self.writer.bytes_written(), Ordering::Relaxed);
        Ok(())
    }
}
