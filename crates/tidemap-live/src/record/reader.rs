//! Reading a recording: any moment, or all of it in order.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tidemap_probe::{Event, MapId, Snapshot, Subscription};

use super::RecordError;
use super::format::{
    BODY_BYTES_MAX, Body, HEAD_BYTES, HEADER_BYTES, Head, MAGIC, SEGMENTS_MAX, VERSION, empty,
};
use crate::source::{Info, Mode, SCHEMA, Source, SourceError};
use crate::thin::{is_frequent, thin};
use crate::timeline::{Point, Timeline};

/// Frames that are searched for rare events when there are enough of the others.
const FRAMES_SEARCHED: usize = 64;

/// A look of a recording, and what happened before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// All maps at its end, in the order of their numbers.
    pub snapshot: Snapshot,
    /// What happened since the look before, oldest first.
    pub events: Vec<Event>,
    /// Events that were lost meanwhile.
    pub missed: u64,
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    /// Of the body.
    at: u64,
    head: Head,
}

/// An opened recording. Frames are found when it is opened, and read when they are asked for.
#[derive(Debug)]
pub struct Recording {
    path: PathBuf,
    file: Mutex<File>,
    frames: Vec<Frame>,
    torn: u64,
    program: String,
    pid: u32,
    epoch_unix_ns: u64,
    /// The state after one of the frames, for those who go forwards.
    cursor: Mutex<Option<(usize, Snapshot)>>,
    timeline: Mutex<Option<(Option<MapId>, Vec<Point>)>>,
}

impl Recording {
    /// Opens a recording; one that is still being written may be opened, too.
    ///
    /// # Errors
    /// [`RecordError`]: no such file, another kind of file, nothing whole in it.
    pub fn open(path: &Path) -> Result<Recording, RecordError> {
        let failed = |source| RecordError::File {
            path: path.to_owned(),
            action: "read",
            source,
        };
        let mut file = File::open(path).map_err(failed)?;
        let mut header = [0; HEADER_BYTES as usize];
        match file.read_exact(&mut header) {
            Ok(()) if header.starts_with(MAGIC) => {}
            Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                return Err(failed(error));
            }
            _ => {
                return Err(RecordError::NotARecording {
                    path: path.to_owned(),
                });
            }
        }
        let half = |at: usize| {
            u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let (version, segments) = (half(16), half(20));
        let segment_bytes = u64::from(half(24)) | u64::from(half(28)) << 32;
        if version != VERSION {
            return Err(RecordError::Version {
                path: path.to_owned(),
                found: version,
                known: VERSION,
            });
        }
        let file_bytes = file.seek(SeekFrom::End(0)).map_err(failed)?;
        let (mut frames, mut torn) = (Vec::new(), 0);
        for segment in 0..u64::from(segments.min(SEGMENTS_MAX)) {
            let Some(start) = segment
                .checked_mul(segment_bytes)
                .and_then(|n| n.checked_add(HEADER_BYTES))
            else {
                break;
            };
            if start >= file_bytes {
                break;
            }
            let end = start.saturating_add(segment_bytes).min(file_bytes);
            scan(&mut file, start, end, &mut frames, &mut torn).map_err(failed)?;
        }
        // Fillings in their order; what a hostile file claims beyond order is left out.
        frames.sort_by_key(|frame: &Frame| (frame.head.filling, frame.head.index));
        let mut recording = Recording {
            path: path.to_owned(),
            file: Mutex::new(file),
            frames,
            torn,
            program: String::new(),
            pid: 0,
            epoch_unix_ns: 0,
            cursor: Mutex::new(None),
            timeline: Mutex::new(None),
        };
        recording.identify()?;
        Ok(recording)
    }

    /// Whether a file begins like a recording.
    #[must_use]
    pub fn is_one(path: &Path) -> bool {
        let mut magic = [0; MAGIC.len()];
        File::open(path)
            .is_ok_and(|mut file| file.read_exact(&mut magic).is_ok() && magic == *MAGIC)
    }

    /// Leaves out frames before the first that stands alone and can be read, and learns whose they are.
    fn identify(&mut self) -> Result<(), RecordError> {
        while let Some(first) = self.frames.iter().position(|frame| frame.head.is_key) {
            self.frames.drain(..first);
            if let Some(body) = self.body(0) {
                self.program = body.program.as_deref().unwrap_or_default().to_owned();
                (self.pid, self.epoch_unix_ns) = (body.pid, body.epoch_unix_ns);
                return Ok(());
            }
            self.torn += 1;
            self.frames.remove(0);
        }
        Err(RecordError::Empty {
            path: self.path.clone(),
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Looks in it.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.frames.len()
    }

    /// Frames that were torn, and left out.
    #[must_use]
    pub fn torn(&self) -> u64 {
        self.torn
    }

    /// When look number `index` was taken, in nanoseconds since the epoch.
    #[must_use]
    pub fn time_ns(&self, index: usize) -> Option<u64> {
        self.frames.get(index).map(|frame| frame.head.end_ns)
    }

    /// The number of the last look that was taken at this time or earlier; of the first if there is none.
    #[must_use]
    pub fn index_at(&self, time_ns: u64) -> usize {
        self.frames
            .partition_point(|frame| frame.head.end_ns <= time_ns)
            .saturating_sub(1)
    }

    /// Look number `index`. The next after the one asked for last costs one frame, others at most
    /// [`KEY_EVERY`](super::KEY_EVERY).
    ///
    /// # Errors
    /// When there is no such look, or the file has been damaged or overwritten since it was opened.
    pub fn step(&self, index: usize) -> Result<Step, RecordError> {
        let unreadable = || RecordError::Empty {
            path: self.path.clone(),
        };
        let mut cursor = self.cursor.lock().unwrap_or_else(PoisonError::into_inner);
        let mut from = match &*cursor {
            Some((at, _)) if *at < index => at + 1,
            _ => 0,
        };
        let before_or_at = self.frames.get(..=index).ok_or_else(unreadable)?;
        let key = before_or_at
            .iter()
            .rposition(|frame| frame.head.is_key)
            .unwrap_or(0);
        let mut state = cursor.take().map(|(_, state)| state);
        if key >= from {
            (from, state) = (key, None);
        }
        let mut last = (Vec::new(), 0);
        for at in from..=index {
            let body = self.body(at).ok_or_else(unreadable)?;
            let is_key = self.frames[at].head.is_key;
            let mut base = match state.take() {
                Some(state) if !is_key => state,
                _ => empty(&body),
            };
            last = body.apply(&mut base);
            state = Some(base);
        }
        let snapshot = state.ok_or_else(unreadable)?;
        *cursor = Some((index, snapshot.clone()));
        Ok(Step {
            snapshot,
            events: last.0,
            missed: last.1,
        })
    }

    /// The last look.
    ///
    /// # Errors
    /// As [`step`](Recording::step).
    pub fn last(&self) -> Result<Snapshot, RecordError> {
        self.step(self.frames.len() - 1).map(|step| step.snapshot)
    }

    /// All looks in order. Those that cannot be read are left out.
    pub fn steps(&self) -> impl Iterator<Item = Step> + '_ {
        (0..self.frames.len()).filter_map(|index| self.step(index).ok())
    }

    fn body(&self, index: usize) -> Option<Body<'static>> {
        let frame = self.frames.get(index)?;
        let mut packed = vec![0; frame.head.body_bytes as usize];
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            // A recorder may have overwritten it meanwhile: the head is looked at again.
            let mut head = [0; HEAD_BYTES];
            file.seek(SeekFrom::Start(frame.at - HEAD_BYTES as u64))
                .ok()?;
            file.read_exact(&mut head).ok()?;
            if Head::from_bytes(&head)? != frame.head {
                return None;
            }
            file.read_exact(&mut packed).ok()?;
        }
        let text = zstd::Decoder::with_buffer(&packed[..])
            .ok()?
            .take(BODY_BYTES_MAX);
        serde_json::from_reader(std::io::BufReader::new(text)).ok()
    }
}

/// Finds the frames of a segment, up to the first that is old, torn or none.
fn scan(
    file: &mut File,
    start: u64,
    end: u64,
    frames: &mut Vec<Frame>,
    torn: &mut u64,
) -> std::io::Result<()> {
    let mut at = start;
    let mut filling = None;
    let mut index = 0;
    while at + HEAD_BYTES as u64 <= end {
        let mut bytes = [0; HEAD_BYTES];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut bytes)?;
        let Some(head) = Head::from_bytes(&bytes) else {
            *torn += u64::from(bytes.iter().any(|byte| *byte != 0) && index == 0);
            return Ok(());
        };
        if head.index != index || *filling.get_or_insert(head.filling) != head.filling {
            return Ok(());
        }
        at += HEAD_BYTES as u64;
        let next = at + u64::from(head.body_bytes);
        if next > end {
            *torn += 1;
            return Ok(());
        }
        frames.push(Frame { at, head });
        at = next;
        index += 1;
    }
    Ok(())
}

impl Source for Recording {
    fn info(&self) -> Info {
        let time = |frame: Option<&Frame>| frame.map_or(0, |frame| frame.head.end_ns);
        Info {
            schema: SCHEMA.to_owned(),
            mode: Mode::Recording,
            program: self.program.clone(),
            pid: self.pid,
            epoch_unix_ns: self.epoch_unix_ns,
            start_ns: time(self.frames.first()),
            end_ns: time(self.frames.last()),
        }
    }

    fn snapshot(&self, at_ns: Option<u64>) -> Result<Arc<Snapshot>, SourceError> {
        let index = at_ns.map_or(self.frames.len() - 1, |at| self.index_at(at));
        self.step(index)
            .map(|step| Arc::new(step.snapshot))
            .map_err(|error| SourceError::Unreadable(error.to_string()))
    }

    fn timeline(&self, map: Option<MapId>) -> Vec<Point> {
        let mut known = self.timeline.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, points)) = &*known
            && *of == map
        {
            return points.clone();
        }
        let mut timeline = Timeline::default();
        for step in self.steps() {
            match map {
                None => timeline.add(&step.snapshot),
                Some(id) => {
                    if let Some(row) = step.snapshot.map(id) {
                        timeline.add_row(step.snapshot.time_ns, row);
                    }
                }
            }
        }
        let points: Vec<Point> = timeline.points().copied().collect();
        *known = Some((map, points.clone()));
        points
    }

    fn subscribe(&self) -> Option<Subscription> {
        None
    }

    fn events_between(
        &self,
        from_ns: u64,
        to_ns: u64,
        max: usize,
    ) -> Result<Vec<Event>, SourceError> {
        // Frames from the latest back, until enough is found: a long span costs no more than its end.
        let mut parts: Vec<Vec<Event>> = Vec::new();
        let (mut count, mut rare, mut frames) = (0, 0, 0);
        for index in (0..self.frames.len()).rev() {
            let head = self.frames[index].head;
            if head.start_ns > to_ns || head.end_ns < from_ns {
                continue;
            }
            let Some(body) = self.body(index) else {
                continue;
            };
            let mut inside: Vec<Event> = body
                .events
                .into_iter()
                .filter(|event| (from_ns..=to_ns).contains(&event.time_ns))
                .collect();
            thin(&mut inside, max);
            frames += 1;
            count += inside.len();
            rare += inside
                .iter()
                .filter(|event| !is_frequent(&event.kind))
                .count();
            parts.push(inside);
            // Steps come by the thousand: a few more frames are searched for what lists show.
            if rare >= max || (count >= max && frames >= FRAMES_SEARCHED) {
                break;
            }
        }
        let mut events: Vec<Event> = parts.into_iter().rev().flatten().collect();
        thin(&mut events, max);
        Ok(events)
    }
}
