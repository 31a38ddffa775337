//! Writing a recording: frames into segments, in turn.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tidemap_probe::{Event, Snapshot};

use super::format::{
    Body, FRAME_EVENTS_MAX, HEAD_BYTES, HEADER_BYTES, Head, KEY_EVERY, SEGMENTS, header,
};
use super::{BOUND_BYTES_MIN, RecordError};
use crate::thin::thin;

/// Recorders run beside production.
const LEVEL: i32 = 1;

/// Writes frames; [`Recorder`](super::Recorder) has one on a thread.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    file: File,
    bound: u64,
    segment_bytes: u64,
    /// Of the segment in use; counts fillings of any segment from 1.
    filling: u64,
    /// Bytes used of it.
    used: u64,
    /// Frames in it.
    frames: u32,
    since_key: u32,
    last: Option<Snapshot>,
    bytes_written: u64,
}

impl Writer {
    /// Begins a recording of at most `bound_bytes`; an old file of that name is replaced.
    ///
    /// # Errors
    /// [`RecordError::File`], [`RecordError::BoundTooSmall`].
    pub fn create(path: &Path, bound_bytes: u64) -> Result<Writer, RecordError> {
        if bound_bytes < BOUND_BYTES_MIN {
            return Err(RecordError::BoundTooSmall {
                path: path.to_owned(),
                bound: bound_bytes,
                needed: "a recording",
            });
        }
        let segment_bytes = (bound_bytes - HEADER_BYTES) / u64::from(SEGMENTS);
        let mut writer = File::create(path)
            .map(|file| Writer {
                path: path.to_owned(),
                file,
                bound: bound_bytes,
                segment_bytes,
                filling: 1,
                used: 0,
                frames: 0,
                since_key: 0,
                last: None,
                bytes_written: 0,
            })
            .map_err(|source| failed(path, source))?;
        writer
            .put(0, &header(segment_bytes))
            .map_err(|source| failed(path, source))?;
        Ok(writer)
    }

    /// Adds a look and what happened since the one before. `missed` says how many events were lost meanwhile. Gives
    /// the number of events that were written; the others count as missed.
    ///
    /// Costs compressing the rows that changed. After an error the file ends with the frame before, and the writer
    /// should be dropped.
    ///
    /// # Errors
    /// [`RecordError::File`] for a full disk and the like, [`RecordError::BoundTooSmall`].
    pub fn add(
        &mut self,
        snapshot: &Snapshot,
        mut events: Vec<Event>,
        mut missed: u64,
    ) -> Result<u64, RecordError> {
        missed += thin(&mut events, FRAME_EVENTS_MAX);
        let mut is_key = self.frames == 0 || self.since_key >= KEY_EVERY;
        let mut body = self.body(snapshot, &events, missed, is_key)?;
        if self.used + (HEAD_BYTES + body.len()) as u64 > self.segment_bytes {
            // F1: the next segment, which begins with a frame that stands alone.
            if self.frames > 0 {
                self.filling += 1;
                self.used = 0;
                self.frames = 0;
            }
            if !is_key {
                is_key = true;
                body = self.body(snapshot, &events, missed, true)?;
            }
            if (HEAD_BYTES + body.len()) as u64 > self.segment_bytes {
                missed += events.len() as u64;
                events.clear();
                body = self.body(snapshot, &events, missed, true)?;
            }
            if (HEAD_BYTES + body.len()) as u64 > self.segment_bytes {
                return Err(RecordError::BoundTooSmall {
                    path: self.path.clone(),
                    bound: self.bound,
                    needed: "one look at all maps",
                });
            }
        }
        let head = Head {
            body_bytes: body.len() as u32,
            filling: self.filling,
            index: self.frames,
            is_key,
            start_ns: events.first().map_or(snapshot.time_ns, |event| {
                event.time_ns.min(snapshot.time_ns)
            }),
            end_ns: snapshot.time_ns,
        };
        let mut frame = Vec::with_capacity(HEAD_BYTES + body.len());
        frame.extend_from_slice(&head.to_bytes());
        frame.extend_from_slice(&body);
        let segment = (self.filling - 1) % u64::from(SEGMENTS);
        let at = HEADER_BYTES + segment * self.segment_bytes + self.used;
        self.put(at, &frame)
            .map_err(|source| failed(&self.path, source))?;
        self.used += frame.len() as u64;
        self.frames += 1;
        self.since_key = if is_key { 1 } else { self.since_key + 1 };
        self.last = Some(snapshot.clone());
        Ok(events.len() as u64)
    }

    /// Bytes written so far, those that have been overwritten included.
    #[must_use]
    pub fn bytes_written(&self) -> u64 {
        self.bytes_written
    }

    fn body(
        &self,
        snapshot: &Snapshot,
        events: &[Event],
        missed: u64,
        is_key: bool,
    ) -> Result<Vec<u8>, RecordError> {
        let before = if is_key { None } else { self.last.as_ref() };
        let mut body = Body::between(before, snapshot);
        body.events = events.to_vec();
        body.missed = missed;
        let pack = || -> io::Result<Vec<u8>> {
            let mut packer = zstd::Encoder::new(Vec::new(), LEVEL)?;
            packer.include_checksum(true)?;
            serde_json::to_writer(&mut packer, &body)?;
            packer.finish()
        };
        pack().map_err(|source| failed(&self.path, source))
    }

    /// One call for the whole: a frame is torn only if the system tears it.
    fn put(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(at))?;
        self.file.write_all(bytes)?;
        self.bytes_written += bytes.len() as u64;
        Ok(())
    }
}

fn failed(path: &Path, source: io::Error) -> RecordError {
    RecordError::File {
        path: path.to_owned(),
        action: "written",
        source,
    }
}
