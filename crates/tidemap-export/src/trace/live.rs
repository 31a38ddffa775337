//! A trace of this process, written by a thread of its own.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tidemap_formats::chrome::Chrome;
use tidemap_formats::perfetto::Perfetto;
use tidemap_formats::trace::Sink;
use tidemap_probe::{EVENTS_MAX, Snapshot, Subscription};

use super::{Options, Summary, Writer};

/// How long the thread waits for an event before it looks whether it is to stop.
const PATIENCE: Duration = Duration::from_millis(50);

/// What a trace is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Format {
    /// Perfetto's packets: smaller, and readable up to where it was cut off.
    #[default]
    Perfetto,
    /// Chrome's JSON.
    Chrome,
}

impl Format {
    /// By the end of a file's name: `.json` is Chrome's, everything else Perfetto's.
    #[must_use]
    pub fn of_path(path: &std::path::Path) -> Format {
        if path
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("json"))
        {
            Format::Chrome
        } else {
            Format::Perfetto
        }
    }

    /// Begins a trace in this format, for a [`Writer`]; `epoch_unix_ns` is that of the
    /// [snapshot](Snapshot::epoch_unix_ns), which events count their time from.
    ///
    /// # Errors
    /// What `out` says.
    ///
    /// # Example
    /// ```
    /// use tidemap_export::trace::{Format, Options, Writer};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let start = tidemap_probe::snapshot();
    /// let sink = Format::of_path("maps.json".as_ref()).sink(Vec::new(), start.epoch_unix_ns)?;
    /// let trace = Writer::new(sink, start.pid, Options::default())?;
    /// assert!(trace.finish()?.bytes > 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn sink<'a>(
        self,
        out: impl Write + Send + 'a,
        epoch_unix_ns: u64,
    ) -> io::Result<Box<dyn Sink + Send + 'a>> {
        Ok(match self {
            Format::Perfetto => Box::new(Perfetto::new(out, epoch_unix_ns)?),
            Format::Chrome => Box::new(Chrome::new(out)?),
        })
    }
}

/// A trace that is being recorded. Dropping it ends the trace, too, and drops the outcome.
#[derive(Debug)]
#[must_use = "`stop` says whether the trace was written"]
pub struct Recorder {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<io::Result<Summary>>>,
}

/// Records what maps of this process do, from now on, until the recorder is stopped.
///
/// A thread reads events and writes; maps never wait for it. If it falls behind, events are lost and
/// counted; if it cannot write, it stops, and [`Recorder::stop`] says why.
///
/// # Errors
/// When the thread cannot be started, or the head of the trace not be written.
///
/// # Example
/// ```
/// use tidemap_export::trace::{Format, Options, record};
///
/// # fn main() -> std::io::Result<()> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("maps.pftrace");
/// let trace = record(std::fs::File::create(&path)?, Format::Perfetto, Options::default())?;
/// let mut map: tidemap::HashMap<u64, u64> = tidemap::HashMap::builder().name("traced").build();
/// (0..10_000).for_each(|i| drop(map.insert(i, i)));
/// let summary = trace.stop()?;
/// assert!(summary.events > 0 && summary.missed == 0);
/// # Ok(())
/// # }
/// ```
pub fn record(file: File, format: Format, options: Options) -> io::Result<Recorder> {
    // First of all, so that nothing is missed after the return.
    let events = tidemap_probe::subscribe();
    let start = tidemap_probe::snapshot();
    let out = BufWriter::with_capacity(1 << 16, file);
    let sink = format.sink(out, start.epoch_unix_ns)?;
    spawn(sink, events, &start, options)
}

fn spawn(
    sink: Box<dyn Sink + Send>,
    mut events: Subscription,
    start: &Snapshot,
    options: Options,
) -> io::Result<Recorder> {
    let mut writer = Writer::new(sink, start.pid, options)?;
    start.maps.iter().for_each(|map| writer.describe(map));
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    let thread = thread::Builder::new()
        .name("tidemap-trace".into())
        .spawn(move || {
            loop {
                // Acquire: pairs with the Release of `stop`; events from before it are read below.
                let is_last = told.load(Ordering::Acquire);
                let patience = if is_last { Duration::ZERO } else { PATIENCE };
                // At the end no more than was there when it was told: others may go on.
                for _ in 0..EVENTS_MAX {
                    let Some(event) = events.next_timeout(patience) else {
                        break;
                    };
                    if writer.needs_name_of(event.map)
                        && let Some(map) = tidemap_probe::describe(event.map)
                    {
                        writer.describe(&map);
                    }
                    writer.event(&event)?;
                    if !is_last && told.load(Ordering::Relaxed) {
                        break;
                    }
                }
                if is_last {
                    writer.missed(events.missed());
                    return writer.finish();
                }
            }
        })?;
    Ok(Recorder {
        stop,
        thread: Some(thread),
    })
}

impl Recorder {
    /// Whether the thread still writes; `false` after an error, which [`stop`](Recorder::stop) gives.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.thread
            .as_ref()
            .is_some_and(|thread| !thread.is_finished())
    }

    /// Ends the trace: what happened before this call is in it.
    ///
    /// # Errors
    /// What stopped the writing, for instance a full disk. What was written till then stays.
    pub fn stop(mut self) -> io::Result<Summary> {
        self.end()
    }

    fn end(&mut self) -> io::Result<Summary> {
        // Release: pairs with the Acquire in the thread.
        self.stop.store(true, Ordering::Release);
        match self.thread.take() {
            None => Ok(Summary::default()),
            Some(thread) => thread.join().unwrap_or_else(|_| {
                Err(io::Error::other(
                    "the thread that writes the trace panicked; please report it",
                ))
            }),
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // Who drops it does not want to know.
        let _ = self.end();
    }
}
