//! Recordings: a series of snapshots in one file that never outgrows its bound.
//!
//! R1. A file is a magic line and frames; each frame is a length, then zstd data
//!     with its own checksum. A frame is written with one call.
//! R2. A key frame holds a whole [`Snapshot`]; a change frame the rows that
//!     differ from the frame before. Every [`KEY_EVERY`]th frame is a key frame.
//! R3. Over the bound the oldest frames go: the newest key frame that leaves at
//!     most half of it becomes the first, in a new file that replaces the old one.
//! R4. A torn end (a recorder that was killed, a full disk) costs the frames
//!     behind the tear and no others; the reader says how many bytes it left out.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::{MapRow, Snapshot, Summary, TargetInfo};

/// First bytes of every recording.
pub const MAGIC: &[u8] = b"tidemap recording 1\n";
/// Frames between two that stand alone.
pub const KEY_EVERY: usize = 32;
/// Bytes of text that one frame may unpack to: some two million maps.
pub const FRAME_TEXT_MAX: u64 = 2 << 30;
/// Compression level: recorders run beside production.
const LEVEL: i32 = 3;

/// What can go wrong with a recording.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// The file cannot be used.
    #[error("{path}: the recording cannot be read or written")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another kind of file.
    #[error("{path}: not a recording; `tidemap go record PID FILE` writes one")]
    NotARecording {
        /// The file.
        path: PathBuf,
    },
    /// No snapshot can be read.
    #[error(
        "{path}: the recording holds no whole snapshot ({torn} bytes of a torn one); record again"
    )]
    Empty {
        /// The file.
        path: PathBuf,
        /// Bytes behind the magic line.
        torn: u64,
    },
    /// The bound is too small for even one snapshot.
    #[error(
        "{path}: one snapshot takes {frame} bytes, more than the bound of {bound}; raise --max-size"
    )]
    BoundTooSmall {
        /// The file.
        path: PathBuf,
        /// Bytes of one frame.
        frame: u64,
        /// Bytes allowed.
        bound: u64,
    },
}

#[derive(Serialize, Deserialize)]
enum Frame<'a> {
    Key(std::borrow::Cow<'a, Snapshot>),
    Change(Change),
}

#[derive(Serialize, Deserialize)]
struct Change {
    taken_unix_ms: Option<u64>,
    target: Option<TargetInfo>,
    summary: Summary,
    changed: Vec<MapRow>,
    gone: Vec<u64>,
}

/// Writes a recording.
pub struct Recorder {
    path: PathBuf,
    file: File,
    bound: u64,
    length: u64,
    /// Offset of each frame in the file, and whether it stands alone.
    frames: Vec<(u64, bool)>,
    last: BTreeMap<u64, MapRow>,
    target: Option<TargetInfo>,
    dropped: u64,
}

impl Recorder {
    /// Starts a recording of at most `bound` bytes; an old file is replaced.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: &Path, bound: u64) -> Result<Recorder, RecordingError> {
        let failed = |source| RecordingError::File {
            path: path.to_path_buf(),
            source,
        };
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .map_err(failed)?;
        file.write_all(MAGIC).map_err(failed)?;
        Ok(Recorder {
            path: path.to_path_buf(),
            file,
            bound,
            length: MAGIC.len() as u64,
            frames: Vec::new(),
            last: BTreeMap::new(),
            target: None,
            dropped: 0,
        })
    }

    /// Adds a snapshot; what it costs is compressing the rows that changed.
    ///
    /// # Errors
    /// [`RecordingError::File`] for a full disk and the like: the file then ends
    /// with the snapshot before. [`RecordingError::BoundTooSmall`].
    pub fn add(&mut self, snapshot: &Snapshot) -> Result<(), RecordingError> {
        let since_key = self.frames.iter().rev().take_while(|(_, key)| !key).count();
        let key = self.frames.is_empty() || since_key + 1 >= KEY_EVERY;
        let mut bytes = self.pack(snapshot, key)?;
        let mut key = key;
        if self.length + bytes.len() as u64 > self.bound {
            if !key {
                key = true;
                bytes = self.pack(snapshot, key)?;
            }
            self.drop_oldest(bytes.len() as u64)?;
        }
        let failed = |source| RecordingError::File {
            path: self.path.clone(),
            source,
        };
        if let Err(source) = self.file.write_all(&bytes) {
            // The end stays whole if it can: a reader would skip the piece anyway, by R4.
            let _ = self.file.set_len(self.length);
            let _ = self.file.seek(SeekFrom::Start(self.length));
            return Err(failed(source));
        }
        self.frames.push((self.length, key));
        self.length += bytes.len() as u64;
        self.last = by_address(snapshot);
        self.target = Some(snapshot.target.clone());
        Ok(())
    }

    /// Snapshots in the file now.
    pub fn snapshots(&self) -> usize {
        self.frames.len()
    }

    /// Snapshots that gave way to newer ones.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Bytes of the file now.
    pub fn bytes(&self) -> u64 {
        self.length
    }

    fn pack(&self, snapshot: &Snapshot, key: bool) -> Result<Vec<u8>, RecordingError> {
        let frame = if key {
            Frame::Key(std::borrow::Cow::Borrowed(snapshot))
        } else {
            let now = by_address(snapshot);
            Frame::Change(Change {
                taken_unix_ms: snapshot.taken_unix_ms,
                target: (self.target.as_ref() != Some(&snapshot.target))
                    .then(|| snapshot.target.clone()),
                summary: snapshot.summary.clone(),
                changed: now
                    .iter()
                    .filter(|(address, row)| self.last.get(address) != Some(row))
                    .map(|(_, row)| row.clone())
                    .collect(),
                gone: self
                    .last
                    .keys()
                    .filter(|address| !now.contains_key(address))
                    .copied()
                    .collect(),
            })
        };
        let failed = |source| RecordingError::File {
            path: self.path.clone(),
            source,
        };
        let mut packed = vec![0; 8];
        let mut encoder = zstd::Encoder::new(&mut packed, LEVEL).map_err(failed)?;
        encoder.include_checksum(true).map_err(failed)?;
        serde_json::to_writer(&mut encoder, &frame).map_err(|error| failed(error.into()))?;
        encoder.finish().map_err(failed)?;
        let length = packed.len() as u64 - 8;
        packed[..8].copy_from_slice(&length.to_le_bytes());
        Ok(packed)
    }

    /// Makes room for a key frame of `coming` bytes, by R3.
    fn drop_oldest(&mut self, coming: u64) -> Result<(), RecordingError> {
        let magic = MAGIC.len() as u64;
        if magic + coming > self.bound {
            return Err(RecordingError::BoundTooSmall {
                path: self.path.clone(),
                frame: coming,
                bound: self.bound,
            });
        }
        let room = (self.bound - magic - coming).min(self.bound / 2);
        let first = self
            .frames
            .iter()
            .position(|&(offset, key)| key && self.length - offset <= room)
            .unwrap_or(self.frames.len());
        let from = self
            .frames
            .get(first)
            .map_or(self.length, |&(offset, _)| offset);
        let failed = |source| RecordingError::File {
            path: self.path.clone(),
            source,
        };
        let mut name = self.path.as_os_str().to_owned();
        name.push(".part");
        let part = PathBuf::from(name);
        let moved = (|| {
            let mut fresh = File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(true)
                .open(&part)?;
            fresh.write_all(MAGIC)?;
            self.file.seek(SeekFrom::Start(from))?;
            std::io::copy(&mut (&self.file).take(self.length - from), &mut fresh)?;
            std::fs::rename(&part, &self.path)?;
            Ok(fresh)
        })();
        let fresh = moved.map_err(|source| {
            let _ = std::fs::remove_file(&part);
            let _ = self.file.seek(SeekFrom::Start(self.length));
            failed(source)
        })?;
        self.file = fresh;
        self.dropped += first as u64;
        self.frames.drain(..first);
        for (offset, _) in &mut self.frames {
            *offset = *offset - from + magic;
        }
        self.length = self.length - from + magic;
        Ok(())
    }
}

fn by_address(snapshot: &Snapshot) -> BTreeMap<u64, MapRow> {
    snapshot
        .maps
        .iter()
        .map(|row| (row.address, row.clone()))
        .collect()
}

/// Reads a recording, one snapshot after the other.
#[derive(Debug)]
pub struct Recording {
    path: PathBuf,
    file: BufReader<File>,
    at: u64,
    length: u64,
    current: Option<Snapshot>,
    torn: u64,
}

impl Recording {
    /// Whether the file starts as a recording does; an unreadable file does not.
    pub fn is_one(path: &Path) -> bool {
        let mut start = [0; MAGIC.len()];
        File::open(path)
            .and_then(|mut file| file.read_exact(&mut start))
            .is_ok_and(|()| start == MAGIC)
    }

    /// Opens a recording.
    ///
    /// # Errors
    /// [`RecordingError::File`], [`RecordingError::NotARecording`].
    pub fn open(path: &Path) -> Result<Recording, RecordingError> {
        let failed = |source| RecordingError::File {
            path: path.to_path_buf(),
            source,
        };
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let mut file = BufReader::new(file);
        let mut start = [0; MAGIC.len()];
        if file.read_exact(&mut start).is_err() || start != MAGIC {
            return Err(RecordingError::NotARecording {
                path: path.to_path_buf(),
            });
        }
        Ok(Recording {
            path: path.to_path_buf(),
            file,
            at: MAGIC.len() as u64,
            length,
            current: None,
            torn: 0,
        })
    }

    /// The next snapshot; `None` at the end, which may be a torn one ([`torn`](Self::torn)).
    ///
    /// Costs reading one frame; memory holds one snapshot.
    pub fn next_snapshot(&mut self) -> Option<Snapshot> {
        if self.torn > 0 {
            return None;
        }
        match self.read_frame() {
            Some(frame) => {
                let fresh = match frame {
                    Frame::Key(snapshot) => snapshot.into_owned(),
                    Frame::Change(change) => {
                        let Some(before) = self.current.take() else {
                            // The first frame is a key frame, by R2: this file was cut in front.
                            self.torn = self.length - MAGIC.len() as u64;
                            return None;
                        };
                        apply(before, change)
                    }
                };
                self.current = Some(fresh.clone());
                Some(fresh)
            }
            None => {
                self.torn = self.length - self.at;
                None
            }
        }
    }

    /// The last snapshot.
    ///
    /// # Errors
    /// [`RecordingError::Empty`] when there is none.
    pub fn newest(mut self) -> Result<Snapshot, RecordingError> {
        let mut last = None;
        while let Some(snapshot) = self.next_snapshot() {
            last = Some(snapshot);
        }
        last.ok_or(RecordingError::Empty {
            path: self.path,
            torn: self.torn,
        })
    }

    /// Bytes at the end that are no whole frame, known once the end was reached.
    pub fn torn(&self) -> u64 {
        self.torn
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn read_frame(&mut self) -> Option<Frame<'static>> {
        let mut length = [0; 8];
        if self.length - self.at < 8 || self.file.read_exact(&mut length).is_err() {
            return None;
        }
        let length = u64::from_le_bytes(length);
        if length > self.length - self.at - 8 {
            return None;
        }
        let mut packed = (&mut self.file).take(length);
        let frame = zstd::Decoder::new(&mut packed).ok().and_then(|decoder| {
            let mut text = decoder.take(FRAME_TEXT_MAX);
            let frame = serde_json::from_reader(BufReader::new(&mut text)).ok()?;
            // The checksum is verified at the very end of the frame.
            std::io::copy(&mut text, &mut std::io::sink()).ok()?;
            Some(frame)
        })?;
        // What is left of the frame, if anything, is skipped.
        std::io::copy(&mut packed, &mut std::io::sink()).ok()?;
        self.at += 8 + length;
        Some(frame)
    }
}

impl Iterator for Recording {
    type Item = Snapshot;

    fn next(&mut self) -> Option<Snapshot> {
        self.next_snapshot()
    }
}

fn apply(mut before: Snapshot, change: Change) -> Snapshot {
    let mut rows = by_address(&before);
    for address in change.gone {
        rows.remove(&address);
    }
    for row in change.changed {
        rows.insert(row.address, row);
    }
    before.maps = rows.into_values().collect();
    before.taken_unix_ms = change.taken_unix_ms;
    before.summary = change.summary;
    if let Some(target) = change.target {
        before.target = target;
    }
    before
}

#[cfg(test)]
pub(crate) mod tests;
