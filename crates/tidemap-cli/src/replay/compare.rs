//! Comparing what maps answered, and finding the first operation at which two differ.

use std::fmt;

use anyhow::Result;
use serde::Serialize;

use super::answers::AnswerKind;
use super::run_report::MapRun;
use super::schedule::Schedule;
use super::stream::{OpKind, Stream};
use super::supervise;
use super::wire::Job;

/// Two maps, or two runs of one, that did not answer alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    /// The map that the other one is held against.
    pub reference: String,
    /// The map that differs.
    pub map: String,
    /// What differs.
    pub what: What,
}

/// What differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(crate) enum What {
    /// Answers; the first that differs lies in this range of operations.
    Answers {
        /// First operation.
        from: u64,
        /// End, exclusive.
        to: u64,
        /// The operation itself, if a second run found it.
        first: Option<First>,
    },
    /// All answers are equal, the content at the end is not.
    Content {
        /// Entries and digest of the reference.
        reference: String,
        /// Entries and digest of the other.
        map: String,
    },
    /// The map's length and the entries that its iterator visits.
    Length {
        /// As the map says.
        len: u64,
        /// As visited.
        visited: u64,
    },
    /// Two runs of the same map over the same operations.
    Unrepeatable,
}

/// The first operation with different answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct First {
    /// Its index.
    pub op: u64,
    /// What it was.
    pub operation: String,
    /// The reference's answer.
    pub reference: String,
    /// The other's.
    pub map: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference {
            reference,
            map,
            what,
        } = self;
        match what {
            What::Answers {
                from,
                to,
                first: None,
            } => write!(
                f,
                "{map} and {reference} differ in answers or in number of entries, first between operations {from} and {}",
                to - 1
            ),
            What::Answers {
                first: Some(first), ..
            } => write!(
                f,
                "{map} and {reference} differ first at operation {}, {}: {reference} answered {}, {map} {}",
                first.op, first.operation, first.reference, first.map
            ),
            What::Content {
                reference: a,
                map: b,
            } => write!(
                f,
                "{map} and {reference} gave equal answers but differ in content: {reference} holds {a}, {map} {b}"
            ),
            What::Length { len, visited } => {
                write!(
                    f,
                    "{map} says it has {len} entries, its iterator visits {visited}"
                )
            }
            What::Unrepeatable => {
                write!(
                    f,
                    "{map} answered the same operations differently in two runs"
                )
            }
        }
    }
}

/// How `run` differs from `reference`, if it does.
pub(crate) fn compare(reference: &MapRun, run: &MapRun) -> Option<What> {
    let (a, b) = (&reference.answers, &run.answers);
    let checkpoint = a
        .checkpoints
        .iter()
        .zip(&b.checkpoints)
        .position(|(a, b)| a != b);
    if let Some(at) = checkpoint {
        let from = if at == 0 { 0 } else { run.bins.end_op[at - 1] };
        return Some(What::Answers {
            from,
            to: run.bins.end_op[at],
            first: None,
        });
    }
    if a.content != b.content {
        let show = |run: &MapRun| {
            let content = &run.answers.content;
            format!("{} entries with digest {}", content.visited, content.digest)
        };
        return Some(What::Content {
            reference: show(reference),
            map: show(run),
        });
    }
    None
}

/// What is wrong with `run` alone.
pub(crate) fn check_alone(run: &MapRun) -> Option<What> {
    let content = &run.answers.content;
    if !run.answers.same_in_both_passes {
        Some(What::Unrepeatable)
    } else if content.len != content.visited {
        Some(What::Length {
            len: content.len,
            visited: content.visited,
        })
    } else {
        None
    }
}

/// Operations after a difference in length that are searched for a difference in
/// answers.
const SEARCH_OPS: u64 = 1_000_000;

/// Finds the first operation in `from..to` at which the two jobs answer differently,
/// or soon after (a lost entry shows in the length first), by running both again and
/// listing their answers.
pub(crate) fn first_difference(
    reference: &Job,
    job: &Job,
    stream: &Stream,
    from: u64,
    to: u64,
) -> Result<Option<First>> {
    for to in [to, (from + SEARCH_OPS).min(job.ops)] {
        let a = supervise::answers(reference, stream, from, to)?;
        let b = supervise::answers(job, stream, from, to)?;
        let Some(at) = a.iter().zip(&b).position(|(a, b)| a != b) else {
            continue;
        };
        let op = from + at as u64;
        // Behind the last operation stands the number of entries.
        if op < job.ops {
            return Ok(Some(First {
                op,
                operation: describe(job, stream, op),
                reference: show(a[at]),
                map: show(b[at]),
            }));
        }
    }
    Ok(None)
}

fn show((kind, value): (u8, u64)) -> String {
    let name = AnswerKind::name(kind);
    let silent = [
        AnswerKind::Miss,
        AnswerKind::Inserted,
        AnswerKind::Filled,
        AnswerKind::Absent,
    ];
    if silent.iter().any(|&silent| silent as u8 == kind) {
        name.to_owned()
    } else {
        format!("{name} (value {value})")
    }
}

/// Operation `index` of `job`, in words.
fn describe(job: &Job, stream: &Stream, index: u64) -> String {
    let mut schedule = Schedule::new(stream.ops.len(), job.scale, job.seed);
    let mut turn = schedule.next();
    for _ in 0..index {
        turn = schedule.next();
    }
    let op = stream.ops[turn.at];
    if op.kind == OpKind::Clear {
        return op.kind.as_str().to_owned();
    }
    let copy = if job.scale > 1 {
        format!(" of copy {}", turn.copy)
    } else {
        String::new()
    };
    format!("{} {}{copy}", op.kind.as_str(), stream.keys.display(op.key))
}
