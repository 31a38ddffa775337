//! Where figures come from: this process, or a recording. One view is drawn over either.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tidemap_probe::{Event, MapId, Snapshot, Subscription};

use crate::timeline::{Point, Timeline};

/// The version of [`Info`] as it is serialised.
pub const SCHEMA: &str = "tidemap-live/info/1";

/// How old a snapshot may be that several readers share.
const SHARED_FOR: Duration = Duration::from_millis(100);

/// What is being looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    /// [`SCHEMA`].
    pub schema: String,
    /// Live, or over.
    pub mode: Mode,
    /// The program's name, or the recording's.
    pub program: String,
    /// The process.
    pub pid: u32,
    /// Zero of all times, in nanoseconds since 1970.
    pub epoch_unix_ns: u64,
    /// The first moment that can be asked for, in nanoseconds since the epoch.
    pub start_ns: u64,
    /// The last one; of a live process, now.
    pub end_ns: u64,
}

/// Whether time goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// A running process: only the present can be asked for.
    Live,
    /// A recording: any moment of it.
    Recording,
}

/// Why a source has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// A live process was asked for another moment than the present.
    #[error("a running program has no past moments; leave out `at`, or watch a recording")]
    NoPast,
    /// The recording cannot be read any more.
    #[error("the recording cannot be read: {0}; open it again")]
    Unreadable(String),
}

/// Something that knows maps. Reading never disturbs them.
pub trait Source: Send + Sync + 'static {
    /// What it is.
    fn info(&self) -> Info;

    /// All maps: now, or at a moment of a recording, given in nanoseconds since the epoch.
    ///
    /// # Errors
    /// [`SourceError`].
    fn snapshot(&self, at_ns: Option<u64>) -> Result<Arc<Snapshot>, SourceError>;

    /// The past as a bounded series of points: of all maps together, or of one. A running program keeps only the
    /// former.
    fn timeline(&self, map: Option<MapId>) -> Vec<Point>;

    /// Called about once a second by whoever serves the source; keeps the timeline going.
    fn tick(&self) {}

    /// Events from now on; `None` where nothing happens any more.
    fn subscribe(&self) -> Option<Subscription>;

    /// Events of a span of time, oldest first, at most `max`: the latest, and of those that come in
    /// crowds ([`is_frequent`](crate::is_frequent)) the fewest. Empty for live sources.
    ///
    /// # Errors
    /// [`SourceError`].
    fn events_between(
        &self,
        from_ns: u64,
        to_ns: u64,
        max: usize,
    ) -> Result<Vec<Event>, SourceError>;
}

/// The process that this code runs in.
#[derive(Debug, Default)]
pub struct ThisProcess {
    recent: Mutex<Option<(Instant, Arc<Snapshot>)>>,
    timeline: Mutex<Timeline>,
}

impl ThisProcess {
    /// Nothing is read before somebody asks.
    #[must_use]
    pub fn new() -> ThisProcess {
        ThisProcess::default()
    }
}

impl Source for ThisProcess {
    fn info(&self) -> Info {
        let now = self.recent_snapshot();
        Info {
            schema: SCHEMA.to_owned(),
            mode: Mode::Live,
            program: program(),
            pid: now.pid,
            epoch_unix_ns: now.epoch_unix_ns,
            start_ns: now.time_ns,
            end_ns: now.time_ns,
        }
    }

    fn snapshot(&self, at_ns: Option<u64>) -> Result<Arc<Snapshot>, SourceError> {
        match at_ns {
            None => Ok(self.recent_snapshot()),
            Some(_) => Err(SourceError::NoPast),
        }
    }

    fn timeline(&self, map: Option<MapId>) -> Vec<Point> {
        if map.is_some() {
            return Vec::new();
        }
        let timeline = self.timeline.lock().unwrap_or_else(PoisonError::into_inner);
        timeline.points().copied().collect()
    }

    fn tick(&self) {
        let now = self.recent_snapshot();
        self.timeline
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(&now);
    }

    fn subscribe(&self) -> Option<Subscription> {
        Some(tidemap_probe::subscribe())
    }

    fn events_between(&self, _: u64, _: u64, _: usize) -> Result<Vec<Event>, SourceError> {
        Ok(Vec::new())
    }
}

impl ThisProcess {
    /// One snapshot serves all who ask within a tenth of a second.
    fn recent_snapshot(&self) -> Arc<Snapshot> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((taken, snapshot)) = &*recent
            && taken.elapsed() < SHARED_FOR
        {
            return Arc::clone(snapshot);
        }
        let snapshot = Arc::new(tidemap_probe::snapshot());
        *recent = Some((Instant::now(), Arc::clone(&snapshot)));
        snapshot
    }
}

/// The name of the running program's file.
pub(crate) fn program() -> String {
    std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .unwrap_or_default()
}
