//! Verify: replay a recorded run of real Go and compare everything.
//!
//! R1. The model gets what the recorded map got from its surroundings: hash
//!     results in call order, seeds, iterator starts, and for big maps which
//!     overflow buckets were counted. Everything else it must find itself.
//! R2. After every operation all header fields, spare index, list lengths, the
//!     answer and the *number* of hash calls must be equal; where the trace
//!     has them, the digest of the whole memory and the bytes allocated too.
//! R3. The first difference ends the replay.
//!
//! What R1 cannot hide: for B >= 16 the overflow counter is taken from the
//! trace, but only as far as that many overflow buckets were really linked.
//!
//! Read next: `digest.rs`.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io::BufRead;

use crate::MapError;
use crate::digest::{digest, elem_word, string_len};
use crate::event::Event;
use crate::header::Hmap;
use crate::host::{Draw, Host};
use crate::iter::Iter;
use crate::trace::{Kind, Op, Record, State, TraceError, TraceReader};

/// How many lines before a difference are shown.
const CONTEXT_LINES: usize = 3;
/// How much of a long line is shown.
const CONTEXT_CHARS: usize = 160;

/// What a replay went through without a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Operations.
    pub operations: u64,
    /// Hash results consumed.
    pub hashes: u64,
    /// Doublings started.
    pub doublings: u64,
    /// Same-size growths started.
    pub same_size_growths: u64,
    /// Clears that had something to clear.
    pub clears: u64,
    /// Iterator steps.
    pub iterator_steps: u64,
    /// Whole-memory digests compared.
    pub digests: u64,
    /// Comparisons of allocated objects and bytes.
    pub memory_checks: u64,
    /// The largest B.
    pub max_b: u8,
    /// The most entries.
    pub max_count: u64,
}

impl Summary {
    /// Adds another replay's figures.
    pub fn add(&mut self, other: &Summary) {
        self.operations += other.operations;
        self.hashes += other.hashes;
        self.doublings += other.doublings;
        self.same_size_growths += other.same_size_growths;
        self.clears += other.clears;
        self.iterator_steps += other.iterator_steps;
        self.digests += other.digests;
        self.memory_checks += other.memory_checks;
        self.max_b = self.max_b.max(other.max_b);
        self.max_count = self.max_count.max(other.max_count);
    }
}

/// The first thing in which model and Go differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The trace.
    pub name: String,
    /// The line.
    pub line: u64,
    /// What differs.
    pub field: &'static str,
    /// What Go showed.
    pub expected: String,
    /// What the model has.
    pub actual: String,
    /// The lines before, and the one that differs.
    pub context: Vec<String>,
    /// The model's header before and after the operation.
    pub model: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:{}: {} differs", self.name, self.line, self.field)?;
        writeln!(f, "  expected (Go)   {}", self.expected)?;
        writeln!(f, "  actual (model)  {}", self.actual)?;
        writeln!(f, "  model           {}", self.model)?;
        for line in &self.context {
            writeln!(f, "  | {line}")?;
        }
        Ok(())
    }
}

/// How a replay ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// No difference.
    Same(Summary),
    /// The first difference.
    Differs(Box<Difference>),
}

/// Replays a trace.
///
/// # Errors
/// [`TraceError`] if the trace cannot be read to its end.
///
/// # Example
/// ```
/// use tidemap_go::trace::TraceReader;
/// use tidemap_go::verify::{Outcome, verify};
/// let text = "T 1 1 144 4 1 0 0\n\
///             N 9 H0 S 0 0 1 0 77 0 0 -1 -1 -1\n\
///             L 5 0 0 H0 S 1 0 1 0 77 0 0 -1 -1 -1\n"; // count 1? nothing was inserted
/// let outcome = verify(TraceReader::new("example", text.as_bytes()).unwrap()).unwrap();
/// let Outcome::Differs(difference) = outcome else { panic!("{outcome:?}") };
/// assert_eq!((difference.line, difference.field), (3, "count"));
/// ```
pub fn verify<R: BufRead>(mut trace: TraceReader<R>) -> Result<Outcome, TraceError> {
    let mut replay = Replay::new(trace.kind());
    let mut recent: VecDeque<String> = VecDeque::new();
    while let Some(record) = trace.next() {
        let record = record?;
        let before = replay.header_text();
        let outcome = replay.step(record);
        recent.push_back(clip(trace.text()));
        if recent.len() > CONTEXT_LINES + 1 {
            recent.pop_front();
        }
        if let Err(mismatch) = outcome {
            return Ok(Outcome::Differs(Box::new(Difference {
                name: trace.name().to_owned(),
                line: trace.line(),
                field: mismatch.field,
                expected: mismatch.expected,
                actual: mismatch.actual,
                context: recent.into(),
                model: format!("{before} => {}", replay.header_text()),
            })));
        }
    }
    if replay.map.is_none() {
        return Err(TraceError::Malformed {
            name: trace.name().to_owned(),
            line: trace.line(),
            what: "the trace ends before the map is made".into(),
        });
    }
    Ok(Outcome::Same(replay.summary))
}

/// One differing field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// What differs.
    pub field: &'static str,
    /// What Go showed.
    pub expected: String,
    /// What the model has.
    pub actual: String,
}

/// A replay in progress: the map, and the answers the recorded one got.
#[derive(Debug)]
pub struct Replay {
    kind: Kind,
    map: Option<Hmap<u64, u64>>,
    host: Recorded,
    iters: HashMap<u64, Iter>,
    summary: Summary,
}

/// The recorded surroundings of one operation (R1).
#[derive(Debug)]
struct Recorded {
    kind: Kind,
    hashes: std::vec::IntoIter<u64>,
    /// Hashes the model asked for beyond those recorded.
    missing: u64,
    state: State,
    iter_start: u64,
}

impl Host<u64> for Recorded {
    fn hash(&mut self, _key: &u64, _seed: u32) -> Result<u64, MapError> {
        Ok(self.hashes.next().unwrap_or_else(|| {
            self.missing += 1;
            0
        }))
    }

    fn equal(&mut self, a: &u64, b: &u64) -> bool {
        match self.kind.number() {
            4 => f64::from_bits(*a) == f64::from_bits(*b),
            2 => *a as u32 == *b as u32,
            _ => a == b,
        }
    }

    fn draw(&mut self, draw: Draw) -> u64 {
        match draw {
            Draw::Seed => u64::from(self.state.hash0),
            Draw::IterStart { .. } => self.iter_start,
            Draw::OverflowSample { noverflow, .. } if noverflow < self.state.noverflow => 0,
            Draw::OverflowSample { .. } => u64::MAX,
        }
    }

    fn string_len(&self, key: &u64) -> usize {
        if self.kind.has_string_keys() {
            string_len(*key) as usize
        } else {
            0
        }
    }

    /// The first eight bytes are the number, the rest is zero.
    fn string_ends_agree(&mut self, a: &u64, b: &u64) -> bool {
        *a as u32 == *b as u32
    }
}

impl Replay {
    /// A replay of a trace of this kind, before its first line.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        let host = Recorded {
            kind,
            hashes: Vec::new().into_iter(),
            missing: 0,
            state: State::default(),
            iter_start: 0,
        };
        Replay {
            kind,
            map: None,
            host,
            iters: HashMap::new(),
            summary: Summary::default(),
        }
    }

    /// The map, once it has been made.
    #[must_use]
    pub fn map(&self) -> Option<&Hmap<u64, u64>> {
        self.map.as_ref()
    }

    /// The map, to record its events or drive its collector.
    pub fn map_mut(&mut self) -> Option<&mut Hmap<u64, u64>> {
        self.map.as_mut()
    }

    /// What has been replayed so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.summary
    }

    /// Does one recorded operation and compares (R2).
    ///
    /// # Errors
    /// The first field that differs.
    pub fn step(&mut self, record: Record) -> Result<(), Mismatch> {
        self.summary.operations += 1;
        self.summary.hashes += record.hashes.len() as u64;
        let recorded = record.hashes.len() as u64;
        self.host.hashes = record.hashes.into_iter();
        self.host.missing = 0;
        self.host.state = record.state;
        self.apply(record.op)?;
        let Some(map) = self.map.as_mut() else {
            return Err(differs("first operation", "N", "another one"));
        };
        let asked = recorded - self.host.hashes.len() as u64 + self.host.missing;
        same("hash calls", recorded, asked)?;
        compare_state(&record.state, map)?;
        if let Some(expected) = record.digest {
            self.summary.digests += 1;
            same("digest of the memory", expected, digest(self.kind, map))?;
        }
        if let Some((mallocs, bytes)) = record.allocated {
            self.summary.memory_checks += 1;
            let memory = map.memory();
            same("objects allocated", mallocs, memory.mallocs)?;
            same("bytes allocated", bytes, memory.allocated_bytes)?;
        }
        self.summary.max_b = self.summary.max_b.max(record.state.b);
        self.summary.max_count = self.summary.max_count.max(record.state.count);
        Ok(())
    }

    fn apply(&mut self, op: Op) -> Result<(), Mismatch> {
        if let Op::Make { hint } = op {
            if self.map.is_some() {
                return Err(differs("operation", "one N, at the start", "a second N"));
            }
            let map = Hmap::make(self.kind.map_type(), hint, &mut self.host);
            self.map = Some(map);
            return Ok(());
        }
        let Some(map) = self.map.as_mut() else {
            return Err(differs("first operation", "N", "another one"));
        };
        let host = &mut self.host;
        let before = map.header();
        let (was_growing, was_noscan) = (map.is_growing(), map.map_type().is_noscan());
        let arrays_before = map.buckets().map(|a| a.id());
        match op {
            Op::Make { .. } => {}
            Op::Assign { key, value } => {
                map.assign(&key, value, host).map_err(model_error)?;
            }
            Op::Delete { key } => {
                map.delete(&key, host).map_err(model_error)?;
            }
            Op::Lookup { key, answer } => {
                let at = map.find(&key, host).map_err(model_error)?;
                let found = at.map(|at| map.elem(at).map_or(0, |&v| elem_word(self.kind, v)));
                same_answer("lookup answer", &answer, &found)?;
            }
            Op::Clear => {
                self.summary.clears += u64::from(before.count > 0);
                if was_noscan {
                    // The oracle drops them too: see `bucket_array.rs` R4.
                    self.iters.clear();
                }
                map.clear(host).map_err(model_error)?;
            }
            Op::IterStart {
                iter,
                start_bucket,
                offset,
                entry,
            } => {
                host.iter_start = start_bucket | u64::from(offset) << before.b;
                let mut state = map.iter_start(host);
                same("start bucket", start_bucket, state.start_bucket() as u64)?;
                same("offset", offset, state.offset())?;
                let found = next_entry(map, &mut state, host, self.kind)?;
                self.summary.iterator_steps += 1;
                same_answer("first entry", &entry, &found)?;
                if found.is_some() {
                    self.iters.insert(iter, state);
                }
            }
            Op::IterEmpty { .. } => {
                let state = map.iter_start(host);
                same(
                    "iterator without entries",
                    true,
                    state.is_exhausted_at_birth(),
                )?;
            }
            Op::IterNext { iter, entry } => {
                let Some(state) = self.iters.get_mut(&iter) else {
                    return Err(differs(
                        "iterator",
                        "one that was started and has not ended",
                        &iter.to_string(),
                    ));
                };
                let found = next_entry(map, state, host, self.kind)?;
                self.summary.iterator_steps += 1;
                same_answer("next entry", &entry, &found)?;
                if found.is_none() {
                    self.iters.remove(&iter);
                }
            }
        }
        let grew =
            map.is_growing() && (!was_growing || map.buckets().map(|a| a.id()) != arrays_before);
        let finished_at_once = !map.is_growing() && map.header().b > before.b && before.count > 0;
        if grew || finished_at_once {
            if map.header().b > before.b {
                self.summary.doublings += 1;
            } else {
                self.summary.same_size_growths += 1;
            }
        }
        Ok(())
    }

    /// The model's header in one line.
    #[must_use]
    pub fn header_text(&self) -> String {
        self.map.as_ref().map_or_else(
            || "no map yet".into(),
            |map| {
                let s = model_state(map);
                format!(
                    "count {} flags {} B {} noverflow {} nevacuate {}{}",
                    s.count,
                    s.flags,
                    s.b,
                    s.noverflow,
                    s.nevacuate,
                    if s.growing { " growing" } else { "" }
                )
            },
        )
    }

    /// Takes the events of the map, if they are recorded.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.map.as_mut().map(Hmap::take_events).unwrap_or_default()
    }
}

/// The next entry of an iterator, as the oracle prints it.
fn next_entry(
    map: &Hmap<u64, u64>,
    iter: &mut Iter,
    host: &mut Recorded,
    kind: Kind,
) -> Result<Option<(u64, u64)>, Mismatch> {
    let at = map.iter_next(iter, host).map_err(model_error)?;
    Ok(at.map(|at| {
        let key = map.key(at).copied().unwrap_or(0);
        (key, map.elem(at).map_or(0, |&v| elem_word(kind, v)))
    }))
}

/// The model's header in the trace's terms.
#[must_use]
pub fn model_state(map: &Hmap<u64, u64>) -> State {
    let h = map.header();
    let extra = map.extra();
    let length = |list: Option<&crate::overflow::OverflowList>| list.map_or(-1, |l| l.len as i64);
    State {
        count: h.count as u64,
        flags: h.flags,
        b: h.b,
        noverflow: h.noverflow,
        hash0: h.hash0,
        nevacuate: h.nevacuate as u64,
        growing: map.is_growing(),
        next_overflow: extra.and_then(|e| e.next_overflow).map_or(-1, |i| i as i64),
        len_overflow: length(extra.and_then(|e| e.overflow.as_ref())),
        len_old_overflow: length(extra.and_then(|e| e.oldoverflow.as_ref())),
    }
}

fn compare_state(go: &State, map: &Hmap<u64, u64>) -> Result<(), Mismatch> {
    let model = model_state(map);
    same("count", go.count, model.count)?;
    same("flags", go.flags, model.flags)?;
    same("B", go.b, model.b)?;
    same("noverflow", go.noverflow, model.noverflow)?;
    same("hash0", go.hash0, model.hash0)?;
    same("nevacuate", go.nevacuate, model.nevacuate)?;
    same("growing", go.growing, model.growing)?;
    same(
        "next spare (nextOverflow)",
        go.next_overflow,
        model.next_overflow,
    )?;
    same(
        "length of the overflow list",
        go.len_overflow,
        model.len_overflow,
    )?;
    same(
        "length of the old overflow list",
        go.len_old_overflow,
        model.len_old_overflow,
    )
}

fn same<T: PartialEq + fmt::Display>(
    field: &'static str,
    expected: T,
    actual: T,
) -> Result<(), Mismatch> {
    if expected == actual {
        return Ok(());
    }
    Err(Mismatch {
        field,
        expected: expected.to_string(),
        actual: actual.to_string(),
    })
}

fn same_answer<T: PartialEq + fmt::Debug>(
    field: &'static str,
    expected: &Option<T>,
    actual: &Option<T>,
) -> Result<(), Mismatch> {
    if expected == actual {
        return Ok(());
    }
    let text = |answer: &Option<T>| answer.as_ref().map_or("none".into(), |a| format!("{a:?}"));
    Err(Mismatch {
        field,
        expected: text(expected),
        actual: text(actual),
    })
}

fn differs(field: &'static str, expected: &str, actual: &str) -> Mismatch {
    Mismatch {
        field,
        expected: expected.into(),
        actual: actual.into(),
    }
}

fn model_error(error: MapError) -> Mismatch {
    Mismatch {
        field: "outcome",
        expected: "success".into(),
        actual: error.to_string(),
    }
}

fn clip(line: &str) -> String {
    if line.len() <= CONTEXT_CHARS {
        return line.to_owned();
    }
    let head: String = line.chars().take(CONTEXT_CHARS).collect();
    format!("{head} ... ({} bytes)", line.len())
}
