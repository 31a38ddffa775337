//! Traces: what a real Go map did, one line an operation.
//!
//! A trace is written by the oracle program of this repository (`oracle/`),
//! which drives the runtime's own map and prints, after every operation, the
//! header, the hash results the runtime asked for, and now and then a digest of
//! the whole memory.
//!
//! ```text
//!   T kind fast bucketBytes typeFlags noscan keyPointers elemPointers
//!   <operation> H n h1..hn  S count flags B noverflow hash0 nevacuate growing
//!               nextOverflow lenOverflow lenOldOverflow  [D digest] [M mallocs bytes]
//!   N hint | A key value | X key | L key found value | C
//!   I it start offset found key value | E it | J it found key value
//! ```
//!
//! R1. Reading is streaming; no line may be longer than [`LINE_BYTES_MAX`].
//! R2. Every number is checked. What does not fit is an error with file and
//!     line, never a guess.
//!
//! Read next: `verify.rs`, which replays traces.

use std::io::{BufRead, Read};

use crate::shape::{MapType, Part, Routine};

/// The longest line that is read: enough for a million hashes.
pub const LINE_BYTES_MAX: u64 = 24 << 20;

/// Why a trace could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// Reading failed.
    #[error("{name}:{line}: {source}")]
    Io {
        /// The trace.
        name: String,
        /// The line.
        line: u64,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The first line is not a trace's.
    #[error("{name}:1: not a map trace (first line `{found}`); record one with the oracle program")]
    Foreign {
        /// The file.
        name: String,
        /// How it begins.
        found: String,
    },
    /// A line is cut off, too long, or not made of what it should be.
    #[error("{name}:{line}: {what}; the trace is torn or damaged, record it again")]
    Malformed {
        /// The trace.
        name: String,
        /// The line.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// The trace announces a map type that the format does not have, or one
    /// whose sizes contradict each other.
    #[error("{name}:1: {what}; this reader knows kinds 0 to 9")]
    UnknownKind {
        /// The trace.
        name: String,
        /// What is wrong.
        what: String,
    },
}

/// The key and elem types a trace can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kind(u8);

impl Kind {
    /// The kind with this number, if there is one.
    #[must_use]
    pub fn new(number: u64) -> Option<Self> {
        (number <= 9).then_some(Kind(number as u8))
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }

    /// Go's name of the map type.
    #[must_use]
    pub fn go_type(self) -> &'static str {
        match self.0 {
            0 => "map[uint64]uint64, generic routines",
            1 => "map[uint64]uint64",
            2 => "map[uint32]uint32",
            3 => "map[string]string",
            4 => "map[float64]uint64",
            5 => "map[[17]uint64]uint64",
            6 => "map[uint64][17]uint64",
            7 => "map[any]uint64",
            8 => "map[uint64]string",
            _ => "map[string]string, generic routines",
        }
    }

    /// The map type.
    #[must_use]
    pub fn map_type(self) -> MapType {
        let word = Part::plain(8);
        let string = Part::with_pointers(16);
        let big = Part::plain(17 * 8);
        let plain = |key, elem, routine| MapType::new(key, elem).with_routine(routine);
        let text = |routine| MapType {
            need_key_update: true,
            ..plain(string, string, routine)
        };
        match self.0 {
            0 => plain(word, word, Routine::Generic),
            1 => plain(word, word, Routine::Fast64),
            2 => plain(Part::plain(4), Part::plain(4), Routine::Fast32),
            3 => text(Routine::FastStr),
            4 => MapType {
                reflexive: false,
                need_key_update: true,
                ..MapType::new(word, word)
            },
            5 => plain(big, word, Routine::Generic),
            6 => plain(word, big, Routine::Generic),
            7 => MapType {
                reflexive: false,
                need_key_update: true,
                hash_might_panic: true,
                ..MapType::new(string, word)
            },
            8 => plain(word, string, Routine::Fast64),
            _ => text(Routine::Generic),
        }
    }

    /// Whether keys are strings.
    #[must_use]
    pub fn has_string_keys(self) -> bool {
        matches!(self.0, 3 | 9)
    }

    /// Whether elems are strings.
    #[must_use]
    pub fn has_string_elems(self) -> bool {
        matches!(self.0, 3 | 8 | 9)
    }
}

/// What the oracle did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `make` with a hint.
    Make {
        /// The hint.
        hint: i64,
    },
    /// Assign.
    Assign {
        /// The number the key was made from.
        key: u64,
        /// The number the elem was made from.
        value: u64,
    },
    /// Delete.
    Delete {
        /// The key.
        key: u64,
    },
    /// Comma-ok lookup.
    Lookup {
        /// The key.
        key: u64,
        /// What Go answered.
        answer: Option<u64>,
    },
    /// Clear.
    Clear,
    /// An iterator was started and fetched its first entry.
    IterStart {
        /// Its number.
        iter: u64,
        /// Where it started.
        start_bucket: u64,
        /// Its cell offset.
        offset: u8,
        /// The first entry.
        entry: Option<(u64, u64)>,
    },
    /// An iterator was started on an empty map.
    IterEmpty {
        /// Its number.
        iter: u64,
    },
    /// An iterator went on.
    IterNext {
        /// Its number.
        iter: u64,
        /// The entry, `None` at the end.
        entry: Option<(u64, u64)>,
    },
}

/// The header as Go showed it; -1 stands for "absent".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct State {
    /// Live entries.
    pub count: u64,
    /// Flag bits.
    pub flags: u8,
    /// log2 of the bucket count.
    pub b: u8,
    /// Overflow counter.
    pub noverflow: u16,
    /// Seed.
    pub hash0: u32,
    /// Evacuation mark.
    pub nevacuate: u64,
    /// Whether there is an old array.
    pub growing: bool,
    /// Index of the next spare.
    pub next_overflow: i64,
    /// Length of the overflow list.
    pub len_overflow: i64,
    /// Length of the old overflow list.
    pub len_old_overflow: i64,
}

/// One line after the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The operation.
    pub op: Op,
    /// Every hash result, in the order the runtime asked.
    pub hashes: Vec<u64>,
    /// The header afterwards.
    pub state: State,
    /// Digest of all buckets.
    pub digest: Option<u64>,
    /// Objects and bytes allocated by map calls since before `make`.
    pub allocated: Option<(u64, u64)>,
}

/// A trace being read.
///
/// ```
/// use tidemap_go::trace::{Op, TraceReader};
/// let text = "T 1 1 144 4 1 0 0\nN 0 H0 S 0 0 0 0 77 0 0 -1 -1 -1\n";
/// let mut trace = TraceReader::new("example", text.as_bytes()).unwrap();
/// let record = trace.next().unwrap().unwrap();
/// assert_eq!(record.op, Op::Make { hint: 0 });
/// assert!(trace.next().is_none());
/// ```
#[derive(Debug)]
pub struct TraceReader<R> {
    name: String,
    input: R,
    line: u64,
    text: String,
    kind: Kind,
}

impl<R: BufRead> TraceReader<R> {
    /// Reads the first line; `name` is used in errors.
    ///
    /// # Errors
    /// [`TraceError::Foreign`] if this is no trace, [`TraceError::UnknownKind`]
    /// if the map type is not one of the format's.
    pub fn new(name: &str, input: R) -> Result<Self, TraceError> {
        let mut reader = TraceReader {
            name: name.to_owned(),
            input,
            line: 0,
            text: String::new(),
            kind: Kind(0),
        };
        let foreign = |found: &str| TraceError::Foreign {
            name: name.to_owned(),
            found: found.chars().take(40).filter(|c| !c.is_control()).collect(),
        };
        match reader.read_line() {
            Ok(true) => {}
            Ok(false) => return Err(foreign("")),
            Err(TraceError::Malformed { .. }) => return Err(foreign(&reader.text)),
            Err(error) => return Err(error),
        }
        let fields: Option<Vec<u64>> = reader.text.strip_prefix("T ").map(|rest| {
            rest.split_ascii_whitespace()
                .map_while(|f| f.parse().ok())
                .collect()
        });
        let Some(
            [
                kind,
                fast,
                bucket,
                flags,
                noscan,
                key_pointers,
                elem_pointers,
            ],
        ) = fields.as_deref()
        else {
            return Err(foreign(&reader.text));
        };
        let unknown = |what: String| TraceError::UnknownKind {
            name: name.to_owned(),
            what,
        };
        let Some(known) = Kind::new(*kind) else {
            return Err(unknown(format!("map kind {kind} is unknown")));
        };
        let t = known.map_type();
        let routine = match t.routine {
            Routine::Generic => 0,
            Routine::Fast64 => 1,
            Routine::Fast32 => 2,
            Routine::FastStr => 3,
        };
        for (what, stated, expected) in [
            ("routine", *fast, routine),
            ("bucket bytes", *bucket, t.bucket_bytes()),
            ("type flags", *flags, u64::from(t.descriptor_flags())),
            ("noscan", *noscan, u64::from(t.is_noscan())),
            ("key pointers", *key_pointers, u64::from(t.key.pointers)),
            ("elem pointers", *elem_pointers, u64::from(t.elem.pointers)),
        ] {
            if stated != expected {
                return Err(unknown(format!(
                    "{what} {stated}, but kind {kind} has {expected}"
                )));
            }
        }
        reader.kind = known;
        Ok(reader)
    }

    /// The map type of the trace.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The name given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of the line read last.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The text of the line read last.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    fn read_line(&mut self) -> Result<bool, TraceError> {
        self.line += 1;
        self.text.clear();
        let mut bytes = Vec::new();
        let mut limited = (&mut self.input).take(LINE_BYTES_MAX);
        let read = limited
            .read_until(b'\n', &mut bytes)
            .map_err(|source| TraceError::Io {
                name: self.name.clone(),
                line: self.line,
                source,
            })?;
        if read == 0 {
            return Ok(false);
        }
        let complete = bytes.last() == Some(&b'\n');
        self.text = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        if !complete {
            let long = read as u64 == LINE_BYTES_MAX;
            return Err(self.malformed(if long {
                format!("line is longer than {LINE_BYTES_MAX} bytes")
            } else {
                "last line is cut off".into()
            }));
        }
        Ok(true)
    }

    fn malformed(&self, what: String) -> TraceError {
        TraceError::Malformed {
            name: self.name.clone(),
            line: self.line,
            what,
        }
    }

    fn parse_record(&self) -> Result<Record, TraceError> {
        let mut fields = Fields {
            rest: self.text.split_ascii_whitespace(),
        };
        fields.record().map_err(|what| self.malformed(what))
    }
}

impl<R: BufRead> Iterator for TraceReader<R> {
    type Item = Result<Record, TraceError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.read_line() {
            Ok(true) => Some(self.parse_record()),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

/// The words of one line, taken from the front.
struct Fields<'a> {
    rest: std::str::SplitAsciiWhitespace<'a>,
}

impl<'a> Fields<'a> {
    fn word(&mut self, what: &str) -> Result<&'a str, String> {
        self.rest
            .next()
            .ok_or_else(|| format!("line ends where {what} should be"))
    }

    fn number<T: std::str::FromStr>(&mut self, what: &str) -> Result<T, String> {
        let word = self.word(what)?;
        word.parse()
            .map_err(|_| format!("{what} is `{}`, not a number that fits", clip(word)))
    }

    fn flag(&mut self, what: &str) -> Result<bool, String> {
        match self.word(what)? {
            "0" => Ok(false),
            "1" => Ok(true),
            other => Err(format!("{what} is `{}`, not 0 or 1", clip(other))),
        }
    }

    fn entry(&mut self) -> Result<Option<(u64, u64)>, String> {
        let found = self.flag("found")?;
        let entry = (self.number("key")?, self.number("value")?);
        Ok(found.then_some(entry))
    }

    fn op(&mut self) -> Result<Op, String> {
        Ok(match self.word("the operation")? {
            "N" => Op::Make {
                hint: self.number("hint")?,
            },
            "A" => Op::Assign {
                key: self.number("key")?,
                value: self.number("value")?,
            },
            "X" => Op::Delete {
                key: self.number("key")?,
            },
            "L" => {
                let key = self.number("key")?;
                let found = self.flag("found")?;
                let value = self.number("value")?;
                Op::Lookup {
                    key,
                    answer: found.then_some(value),
                }
            }
            "C" => Op::Clear,
            "I" => Op::IterStart {
                iter: self.number("iterator")?,
                start_bucket: self.number("start bucket")?,
                offset: self.number("offset")?,
                entry: self.entry()?,
            },
            "E" => Op::IterEmpty {
                iter: self.number("iterator")?,
            },
            "J" => Op::IterNext {
                iter: self.number("iterator")?,
                entry: self.entry()?,
            },
            other => {
                return Err(format!(
                    "unknown operation `{}` (known: N A X L C I E J)",
                    clip(other)
                ));
            }
        })
    }

    fn hashes(&mut self) -> Result<Vec<u64>, String> {
        let word = self.word("H")?;
        let count = match word.strip_prefix('H') {
            Some("") => self.number("the number of hashes")?,
            Some(digits) => digits
                .parse()
                .map_err(|_| format!("`{}` is no H field", clip(word)))?,
            None => return Err(format!("`{}` where the H field should be", clip(word))),
        };
        let mut hashes = Vec::new();
        for _ in 0..count {
            hashes.push(self.number("a hash")?);
        }
        Ok(hashes)
    }

    fn state(&mut self) -> Result<State, String> {
        match self.word("S")? {
            "S" => {}
            other => return Err(format!("`{}` where S should be", clip(other))),
        }
        let state = State {
            count: self.number("count")?,
            flags: self.number("flags")?,
            b: self.number("B")?,
            noverflow: self.number("noverflow")?,
            hash0: self.number("hash0")?,
            nevacuate: self.number("nevacuate")?,
            growing: self.flag("growing")?,
            next_overflow: self.number("nextOverflow")?,
            len_overflow: self.number("lenOverflow")?,
            len_old_overflow: self.number("lenOldOverflow")?,
        };
        if state.b > 40 {
            return Err(format!("B is {}, more than any machine holds", state.b));
        }
        Ok(state)
    }

    fn record(&mut self) -> Result<Record, String> {
        let op = self.op()?;
        let hashes = self.hashes()?;
        let state = self.state()?;
        let (mut digest, mut allocated) = (None, None);
        while let Some(word) = self.rest.next() {
            match word {
                "D" if digest.is_none() => digest = Some(self.number("digest")?),
                "M" if allocated.is_none() => {
                    allocated = Some((self.number("mallocs")?, self.number("bytes")?));
                }
                other => return Err(format!("unexpected `{}` after the state", clip(other))),
            }
        }
        Ok(Record {
            op,
            hashes,
            state,
            digest,
            allocated,
        })
    }
}

/// The start of a word, for messages.
fn clip(word: &str) -> String {
    word.chars().take(24).collect()
}
