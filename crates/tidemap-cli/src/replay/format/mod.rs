//! Formats of workloads: recognising them and reading them into a [`Stream`].
//!
//! Each format has a file of its own, with a function that reads one line (or
//! one record) into the stream builder. A format is recognised by trying those
//! line functions on the first lines, so that recognition and reading cannot
//! disagree.

mod bigendian;
mod dns;
mod keys;
mod lines;
mod malloc;
mod ops;
mod paths;

use std::io::{self, BufRead};

use anyhow::Result;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::source::Source;
use super::stream::{LimitError, Stream};
use lines::{Lines, read_lines};

/// How the bytes of a workload are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// One operation per line: `op key [value-bytes] [ttl]`
    Tidemap,
    /// One key per line, each inserted
    Keys,
    /// Android allocation log: `tid: malloc ptr size`
    Malloc,
    /// Big-endian 32-bit integers, each looked up and inserted on a miss
    I32be,
    /// Big-endian 64-bit integers, each looked up and inserted on a miss
    I64be,
    /// Tab-separated path history: `time op path size id`
    Paths,
    /// DNS look-ups with TTLs, CSV with a header
    Dns,
}

impl Format {
    /// All formats.
    pub(crate) const ALL: [Format; 7] = [
        Format::Tidemap,
        Format::Keys,
        Format::Malloc,
        Format::I32be,
        Format::I64be,
        Format::Paths,
        Format::Dns,
    ];

    /// The name in arguments and reports.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Format::Tidemap => "tidemap",
            Format::Keys => "keys",
            Format::Malloc => "malloc",
            Format::I32be => "i32be",
            Format::I64be => "i64be",
            Format::Paths => "paths",
            Format::Dns => "dns",
        }
    }

    /// All names, for messages.
    fn listed() -> String {
        Format::ALL.map(Format::as_str).join(", ")
    }
}

/// What is wrong with a record, without where.
#[derive(Debug, Error)]
pub(crate) enum RecordError {
    /// The text is not what the format asks for.
    #[error("found {found}; expected {expected}")]
    Malformed {
        /// What was there.
        found: String,
        /// What should be there.
        expected: &'static str,
    },
    /// The stream would become too large.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

/// `found` for messages: quoted, shortened, unprintable bytes escaped.
fn quote(found: &[u8]) -> String {
    const SHOWN: usize = 80;
    let shown = &found[..found.len().min(SHOWN)];
    let more = if found.len() > SHOWN { "…" } else { "" };
    let text: String = String::from_utf8_lossy(shown)
        .chars()
        .flat_map(|c| match c {
            '\t' | ' '..='~' => vec![c],
            c if c.is_alphanumeric() => vec![c],
            c => c.escape_default().collect(),
        })
        .collect();
    format!("`{text}{more}`")
}

fn malformed(found: &[u8], expected: &'static str) -> RecordError {
    RecordError::Malformed {
        found: quote(found),
        expected,
    }
}

/// A workload that cannot be read.
#[derive(Debug, Error)]
pub(crate) enum FormatError {
    /// A line is wrong.
    #[error("{name}:{line}: {error}")]
    Line {
        /// The input.
        name: String,
        /// Line number, from 1.
        line: u64,
        /// What is wrong with it.
        error: RecordError,
    },
    /// A line has no end in sight.
    #[error(
        "{name}:{line}: the line is longer than {limit} bytes, and a key may have {key_limit}; is this a text file?"
    )]
    LongLine {
        /// The input.
        name: String,
        /// Line number, from 1.
        line: u64,
        /// The limit it passed.
        limit: usize,
        /// The longest key.
        key_limit: usize,
    },
    /// A binary stream ends inside a record.
    #[error(
        "{name}: torn at byte {offset}: {extra} bytes are left over after {records} keys of {size} bytes"
    )]
    TornRecord {
        /// The input.
        name: String,
        /// Where the incomplete record begins.
        offset: u64,
        /// Bytes it has.
        extra: usize,
        /// Complete records before it.
        records: u64,
        /// Bytes it should have.
        size: usize,
    },
    /// A limit was hit in a binary stream.
    #[error("{name}: key {record}: {error}")]
    Record {
        /// The input.
        name: String,
        /// Record number, from 1.
        record: u64,
        /// The limit.
        error: LimitError,
    },
    /// Reading or unpacking failed.
    #[error("{name}: cannot read on after {place}{}: {error}", packed(.compression))]
    Read {
        /// The input.
        name: String,
        /// How far it went.
        place: String,
        /// What it is packed with.
        compression: &'static str,
        /// What the system or the unpacker said.
        error: io::Error,
    },
    /// There is nothing.
    #[error("{name} is empty; a workload has at least one operation")]
    Empty {
        /// The input.
        name: String,
    },
    /// There is something, but no operation.
    #[error("{name}: no operation in {lines} lines; a workload has at least one")]
    NoOperation {
        /// The input.
        name: String,
        /// Lines read.
        lines: u64,
    },
    /// No format fits.
    #[error(
        "{name}: unknown format: {why}; name it with --format, one of {}",
        Format::listed()
    )]
    Unknown {
        /// The input.
        name: String,
        /// What was seen.
        why: String,
    },
}

fn packed(compression: &str) -> String {
    if compression == "none" {
        String::new()
    } else {
        format!(" (torn or damaged {compression} data)")
    }
}

/// A workload that has been read.
pub(crate) struct Parsed {
    /// Its format.
    pub format: Format,
    /// Whether the format was recognised rather than given.
    pub detected: bool,
    /// The operations.
    pub stream: Stream,
}

/// Reads `source` as `format`, or as what it looks like.
pub(crate) fn parse(mut source: Source, format: Option<Format>) -> Result<Parsed> {
    let head = source.peek()?;
    if head.is_empty() {
        return Err(FormatError::Empty { name: source.name }.into());
    }
    let detected = format.is_none();
    let format = match format {
        Some(format) => format,
        None => detect(&source.name, &head)?,
    };
    let stream = match format {
        Format::I32be => bigendian::read::<4>(source)?,
        Format::I64be => bigendian::read::<8>(source)?,
        Format::Tidemap => read_lines::<ops::Ops>(source)?,
        Format::Keys => read_lines::<keys::OneKey>(source)?,
        Format::Malloc => read_lines::<malloc::Malloc>(source)?,
        Format::Paths => read_lines::<paths::Paths>(source)?,
        Format::Dns => read_lines::<dns::Dns>(source)?,
    };
    Ok(Parsed {
        format,
        detected,
        stream,
    })
}

/// Lines that recognition tries.
const DETECT_LINES: usize = 32;

/// Recognises a format by its name's ending and its first bytes.
fn detect(name: &str, head: &[u8]) -> Result<Format, FormatError> {
    let lower = name.to_ascii_lowercase();
    let bare = lower.trim_end_matches(".zst").trim_end_matches(".gz");
    let ending = bare.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending {
        "i32be" => return Ok(Format::I32be),
        "i64be" => return Ok(Format::I64be),
        _ => {}
    }
    let unknown = |why: String| {
        Err(FormatError::Unknown {
            name: name.to_owned(),
            why,
        })
    };
    if head.contains(&0) {
        return unknown("binary data, and the name does not end in .i32be or .i64be".to_owned());
    }
    if looks_like::<malloc::Malloc>(head) {
        return Ok(Format::Malloc);
    }
    if looks_like::<dns::Dns>(head) {
        return Ok(Format::Dns);
    }
    if looks_like::<paths::Paths>(head) {
        return Ok(Format::Paths);
    }
    if looks_like::<ops::Ops>(head) {
        return Ok(Format::Tidemap);
    }
    let control = head
        .iter()
        .filter(|&&b| b < b' ' && !b"\t\n\r".contains(&b))
        .count();
    if control * 100 > head.len() {
        return unknown("binary data, and the name does not end in .i32be or .i64be".to_owned());
    }
    if matches!(ending, "csv" | "tsv" | "json" | "jsonl" | "xml" | "html") {
        let first = head.split(|&b| b == b'\n').next().unwrap_or_default();
        return unknown(format!(
            "a .{ending} file whose first line is {}",
            quote(first)
        ));
    }
    Ok(Format::Keys)
}

/// Whether at least half of the first lines (blank ones and comments aside) are
/// of the format, the first among them or not: a damaged line should end in an
/// error that names it, not in another format.
fn looks_like<F: Lines>(head: &[u8]) -> bool {
    let mut builder = F::builder();
    let mut reader = F::default();
    let (mut fit, mut tried) = (0, 0);
    let mut lines = head;
    let mut line = Vec::new();
    while tried < DETECT_LINES {
        line.clear();
        let read = lines.read_until(b'\n', &mut line).unwrap_or(0);
        if read == 0 {
            break;
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if tried > 0 {
            // The window ends inside this line.
            break;
        }
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        tried += 1;
        fit += usize::from(reader.line(&line, &mut builder).is_ok());
    }
    tried > 0 && fit * 2 >= tried
}

#[cfg(test)]
mod tests;
