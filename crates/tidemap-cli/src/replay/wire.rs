//! How a job travels to a child process: a line of JSON, then the stream as
//! little-endian arrays, all through the child's standard input.
//!
//! The child gets exactly what the parent parsed, so every contender replays the
//! same bytes, an input is read once (standard input too) and its errors are
//! reported once.

use std::io::{self, BufRead, BufWriter, Read, Write};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tidemap_export::trace::Format;

use super::growths::SeenGrowth;
use super::maps::MapChoice;
use super::stream::{Keys, Op, OpKind, Stream, Timing};

/// What a child is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Job {
    /// The map.
    pub map: MapChoice,
    /// Operations to replay, over all copies.
    pub ops: u64,
    /// Copies of the key space.
    pub scale: u32,
    /// Seed of interleaving and hasher.
    pub seed: u64,
    /// Whether to write progress lines.
    pub progress: bool,
    /// Measure, list answers, or observe.
    pub mode: Mode,
}

/// What a child sends back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mode {
    /// All measurements.
    Measure {
        /// What the observed pass saw; when that happened is noted.
        growths: Vec<SeenGrowth>,
    },
    /// The answers of the operations from `from` to `to`, nothing else.
    Answers {
        /// First operation.
        from: u64,
        /// End, exclusive.
        to: u64,
    },
    /// Replay an observed map.
    Observe(Observe),
}

/// What becomes of an observed pass besides its list of growths. Files are there already.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Observe {
    /// The name of the map.
    pub name: String,
    /// A trace, and its format.
    pub trace: Option<(PathBuf, TraceFormat)>,
    /// A profile.
    pub profile: Option<PathBuf>,
    /// A recording.
    pub recording: Option<PathBuf>,
}

/// What a trace is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TraceFormat {
    /// Packets for ui.perfetto.dev
    Perfetto,
    /// JSON for chrome://tracing
    Chrome,
}

impl TraceFormat {
    /// By the end of a file's name.
    pub(crate) fn of_path(path: &std::path::Path) -> Self {
        if Format::of_path(path) == Format::Chrome {
            TraceFormat::Chrome
        } else {
            TraceFormat::Perfetto
        }
    }

    /// The exporter's name for it.
    pub(crate) fn of_exporter(self) -> Format {
        match self {
            TraceFormat::Perfetto => Format::Perfetto,
            TraceFormat::Chrome => Format::Chrome,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Header {
    job: Job,
    key_count: usize,
    /// `None`: integer keys.
    arena_bytes: Option<usize>,
    op_count: usize,
    time_count: usize,
}

/// Writes a job.
pub(crate) fn write(job: &Job, stream: &Stream, to: impl Write) -> io::Result<()> {
    let mut to = BufWriter::with_capacity(1 << 20, to);
    let header = Header {
        job: job.clone(),
        key_count: stream.keys.len(),
        arena_bytes: match &stream.keys {
            Keys::Ints(_) => None,
            Keys::Bytes { arena, .. } => Some(arena.len()),
        },
        op_count: stream.ops.len(),
        time_count: stream.times.len(),
    };
    serde_json::to_writer(&mut to, &header)?;
    to.write_all(b"\n")?;
    match &stream.keys {
        Keys::Ints(keys) => write_words(&mut to, keys)?,
        Keys::Bytes { arena, ends } => {
            to.write_all(arena)?;
            write_words(&mut to, ends)?;
        }
    }
    for op in &stream.ops {
        let mut record = [0; 16];
        record[..8].copy_from_slice(&op.value.to_le_bytes());
        record[8..12].copy_from_slice(&op.key.to_le_bytes());
        record[12..].copy_from_slice(&(op.kind as u32).to_le_bytes());
        to.write_all(&record)?;
    }
    for timing in &stream.times {
        to.write_all(&timing.now_us.to_le_bytes())?;
        to.write_all(&timing.ttl_us.to_le_bytes())?;
    }
    to.flush()
}

/// Reads what [`write()`] wrote.
pub(crate) fn read(mut from: impl BufRead) -> Result<(Job, Stream)> {
    let mut line = String::new();
    from.read_line(&mut line).context("cannot read the job")?;
    let header: Header = serde_json::from_str(&line)
        .context("this command is run by `tidemap replay`, with a job on standard input")?;
    // Vectors of the exact size and nothing besides: freed memory would be
    // reused by the map and hide its growth from the memory report.
    let keys = match header.arena_bytes {
        None => Keys::Ints(read_words(&mut from, header.key_count)?),
        Some(bytes) => {
            let mut arena = vec![0; bytes];
            from.read_exact(&mut arena).context("torn keys")?;
            Keys::Bytes {
                arena,
                ends: read_words(&mut from, header.key_count)?,
            }
        }
    };
    let mut ops = Vec::with_capacity(header.op_count);
    for _ in 0..header.op_count {
        let mut record = [0; 16];
        from.read_exact(&mut record).context("torn operations")?;
        let [value, rest] = [&record[..8], &record[8..]]
            .map(|half| u64::from_le_bytes(half.try_into().expect("8 bytes")));
        let (key, kind) = (rest as u32, (rest >> 32) as usize);
        let Some(&kind) = OpKind::ALL.get(kind) else {
            bail!("operation code {kind}")
        };
        if key as usize >= keys.len() {
            bail!("key id {key} of {}", keys.len());
        }
        ops.push(Op { value, key, kind });
    }
    let mut times = Vec::with_capacity(header.time_count);
    for _ in 0..header.time_count {
        let mut record = [0; 16];
        from.read_exact(&mut record).context("torn times")?;
        let [now_us, ttl_us] = [&record[..8], &record[8..]]
            .map(|half| u64::from_le_bytes(half.try_into().expect("8 bytes")));
        times.push(Timing { now_us, ttl_us });
    }
    Ok((header.job, Stream { keys, ops, times }))
}

fn write_words(to: &mut impl Write, words: &[u64]) -> io::Result<()> {
    words
        .iter()
        .try_for_each(|word| to.write_all(&word.to_le_bytes()))
}

fn read_words(from: &mut impl Read, count: usize) -> Result<Vec<u64>> {
    let mut words = Vec::with_capacity(count);
    for _ in 0..count {
        let mut word = [0; 8];
        from.read_exact(&mut word).context("torn keys")?;
        words.push(u64::from_le_bytes(word));
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::maps::MapName;
    use crate::replay::stream::Builder;

    fn job() -> Job {
        let map = MapChoice {
            name: MapName::Std,
            presized: true,
        };
        let mode = Mode::Answers { from: 1, to: 9 };
        Job {
            map,
            ops: 3,
            scale: 2,
            seed: 7,
            progress: false,
            mode,
        }
    }

    #[test]
    fn streams_survive_the_journey() {
        let mut ints = Builder::ints();
        ints.push_int(OpKind::Put, u64::MAX, 1 << 63).unwrap();
        ints.push_int(OpKind::Delete, 0, 0).unwrap();
        let mut bytes = Builder::bytes();
        bytes.push_bytes(OpKind::Fetch, b"\xff\0\n", 5).unwrap();
        bytes.set_timing(Timing {
            now_us: 3,
            ttl_us: 0,
        });
        bytes.push_clear().unwrap();
        bytes.set_timing(Timing {
            now_us: 4,
            ttl_us: Timing::FOREVER,
        });
        for stream in [ints.finish(), bytes.finish()] {
            let mut wire = Vec::new();
            write(&job(), &stream, &mut wire).unwrap();
            assert_eq!(read(&wire[..]).unwrap(), (job(), stream));
            wire.pop();
            assert!(read(&wire[..]).is_err(), "a torn job is refused");
        }
    }
}
