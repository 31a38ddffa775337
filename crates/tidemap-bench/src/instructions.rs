//! Instructions of one operation, counted by callgrind: the same on every run of a binary.
//!
//! A run prepares a map and works on it, or prepares it only; the difference of the two
//! counts is the work. Time says what an operation costs here and now; this says whether
//! a change made it longer, on a machine of any speed and under any load.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::contenders::{Contender, FixedHasher, Hashbrown, Tidemap};

/// Maps whose instructions are counted.
pub const MAPS: [&str; 2] = ["tidemap", "hashbrown"];

/// Entries of the map that is worked on: in the middle between two doublings of either
/// map, and few enough for callgrind.
const ENTRIES: u64 = 10_000;

/// How far a count may rise above the record before [`check`] objects: compilers and
/// C libraries differ a little.
pub const TOLERANCE: f64 = 0.05;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// `get` of a key that is there.
    Hit,
    /// `get` of a key that is not.
    Miss,
    /// `insert` of a new key with room for it.
    Insert,
    /// `insert` of a new key from an empty map on, growth included.
    GrowInsert,
    /// `remove` of a key that is there.
    Remove,
    /// `get` of a string that is there.
    StringHit,
    /// `insert` of a new string from an empty map on, growth included.
    StringGrowInsert,
}

impl Operation {
    /// All of them.
    pub const ALL: [Operation; 7] = [
        Operation::Hit,
        Operation::Miss,
        Operation::Insert,
        Operation::GrowInsert,
        Operation::Remove,
        Operation::StringHit,
        Operation::StringGrowInsert,
    ];

    /// As on the command line and in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Operation::Hit => "hit",
            Operation::Miss => "miss",
            Operation::Insert => "insert",
            Operation::GrowInsert => "grow-insert",
            Operation::Remove => "remove",
            Operation::StringHit => "string-hit",
            Operation::StringGrowInsert => "string-grow-insert",
        }
    }

    /// The operation of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Operation> {
        Self::ALL.into_iter().find(|op| op.name() == name)
    }
}

/// Instructions per operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Count {
    /// The map.
    pub map: String,
    /// The operation's name.
    pub operation: String,
    /// Instructions per operation, on average.
    pub instructions: f64,
}

/// The counts of one run, as they are kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// One for each map and operation.
    #[serde(rename = "count")]
    pub counts: Vec<Count>,
}

/// Why instructions could not be counted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CountError {
    /// valgrind cannot be started.
    #[error("cannot start valgrind ({0}); install it (Debian: apt-get install valgrind)")]
    Valgrind(std::io::Error),
    /// valgrind ran and said something else.
    #[error("valgrind printed no count: {0}")]
    Output(String),
    /// The record cannot be read.
    #[error("cannot read the record {path}: {why}")]
    Record {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Prepares a map for `operation` and, unless `only_prepare`, works on it. For the
/// process that callgrind watches.
pub fn run(map: &str, operation: Operation, only_prepare: bool) {
    match map {
        "tidemap" => run_on::<Tidemap<u64, u64>, Tidemap<String, u64>>(operation, only_prepare),
        _ => run_on::<Hashbrown<u64, u64>, Hashbrown<String, u64>>(operation, only_prepare),
    }
}

fn run_on<N, T>(operation: Operation, only_prepare: bool)
where
    N: Contender<u64, u64>,
    T: Contender<String, u64>,
{
    let hasher = FixedHasher::with_seed(7);
    let keys: Vec<u64> = (0..2 * ENTRIES).map(spread).collect();
    let (present, absent) = keys.split_at(ENTRIES as usize);
    let work = if only_prepare { &[][..] } else { present };
    match operation {
        Operation::Hit => {
            let map: N = filled(present, hasher);
            for key in work {
                black_box(map.get(black_box(key)));
            }
        }
        Operation::Miss => {
            let map: N = filled(present, hasher);
            let work = if only_prepare { &[][..] } else { absent };
            for key in work {
                black_box(map.get(black_box(key)));
            }
        }
        Operation::Insert => {
            let mut map = N::presized(ENTRIES as usize, hasher);
            for key in work {
                black_box(map.insert(black_box(*key), 1));
            }
        }
        Operation::GrowInsert => {
            let mut map = N::empty(hasher);
            for key in work {
                black_box(map.insert(black_box(*key), 1));
            }
        }
        Operation::Remove => {
            let mut map: N = filled(present, hasher);
            for key in work {
                black_box(map.remove(black_box(key)));
            }
        }
        Operation::StringHit => {
            let mut map = T::empty(hasher);
            let names: Vec<String> = present.iter().map(|key| name(*key)).collect();
            for name in &names {
                map.insert(name.clone(), 1);
            }
            let work = if only_prepare { &[][..] } else { &names };
            for name in work {
                black_box(map.get(black_box(name)));
            }
        }
        Operation::StringGrowInsert => {
            let mut map = T::empty(hasher);
            let mut names: Vec<String> = present.iter().map(|key| name(*key)).collect();
            let work = if only_prepare { 0 } else { names.len() };
            for name in names.drain(..work) {
                black_box(map.insert(black_box(name), 1));
            }
        }
    }
}

fn filled<N: Contender<u64, u64>>(keys: &[u64], hasher: FixedHasher) -> N {
    let mut map = N::empty(hasher);
    for key in keys {
        map.insert(*key, 1);
    }
    map
}

/// Distinct keys without a pattern.
fn spread(i: u64) -> u64 {
    (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn name(key: u64) -> String {
    format!("src/{:x}/module.rs", key)
}

/// Counts every operation on `maps`; `progress` is told what comes next.
///
/// # Errors
/// When valgrind is missing or fails.
pub fn count(
    program: &Path,
    maps: &[String],
    mut progress: impl FnMut(&str),
) -> Result<Counts, CountError> {
    let mut counts = Counts::default();
    for operation in Operation::ALL {
        for map in maps {
            progress(&format!("{map} {}", operation.name()));
            let whole = watched(program, map, operation, false)?;
            let prepared = watched(program, map, operation, true)?;
            let work = whole.saturating_sub(prepared);
            counts.counts.push(Count {
                map: map.clone(),
                operation: operation.name().to_owned(),
                // A tenth of an instruction is the finest that is of interest.
                instructions: (work as f64 / ENTRIES as f64 * 10.0).round() / 10.0,
            });
        }
    }
    Ok(counts)
}

/// Instructions of a whole process.
fn watched(
    program: &Path,
    map: &str,
    operation: Operation,
    only_prepare: bool,
) -> Result<u64, CountError> {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["instructions-one", "--map", map])
        .args(["--operation", operation.name()]);
    if only_prepare {
        command.arg("--only-prepare");
    }
    let output = command.output().map_err(CountError::Valgrind)?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text
        .lines()
        .find_map(|line| line.split_once("Collected :"))
        .and_then(|(_, number)| number.trim().parse().ok());
    match collected {
        Some(collected) if output.status.success() => Ok(collected),
        _ => Err(CountError::Output(text.trim().to_owned())),
    }
}

/// The counts as a table.
#[must_use]
pub fn table(counts: &Counts, record: Option<&Counts>) -> String {
    let mut text = format!(
        "Instructions per operation, counted by callgrind, {ENTRIES} entries, one hasher.\n\n"
    );
    let _ = writeln!(
        text,
        "{:<20} {:<10} {:>12}  record",
        "operation", "map", "instructions"
    );
    for count in &counts.counts {
        let before = record.and_then(|record| recorded(record, count));
        let change = match before {
            Some(before) => {
                let percent = (count.instructions / before - 1.0) * 100.0;
                format!("{before:.1} ({percent:+.1} %)")
            }
            None => String::new(),
        };
        let _ = writeln!(
            text,
            "{:<20} {:<10} {:>12.1}  {change}",
            count.operation, count.map, count.instructions
        );
    }
    text
}

fn recorded(record: &Counts, like: &Count) -> Option<f64> {
    let found = record
        .counts
        .iter()
        .find(|count| count.map == like.map && count.operation == like.operation)?;
    Some(found.instructions)
}

/// What is worse than the record by more than [`TOLERANCE`], and what the record lacks.
#[must_use]
pub fn check(counts: &Counts, record: &Counts) -> Vec<String> {
    let mut complaints = Vec::new();
    for count in &counts.counts {
        let what = format!("{} of {}", count.operation, count.map);
        match recorded(record, count) {
            Some(before) if count.instructions > before * (1.0 + TOLERANCE) + 0.5 => {
                complaints.push(format!(
                    "{what}: {:.1} instructions, {before:.1} in the record",
                    count.instructions
                ));
            }
            Some(_) => {}
            None => complaints.push(format!("{what}: not in the record")),
        }
    }
    complaints
}

/// Reads a record of counts.
pub(crate) fn read_record<T: DeserializeOwned>(path: &Path) -> Result<T, CountError> {
    let bad = |why: String| CountError::Record {
        path: path.display().to_string(),
        why,
    };
    let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
    toml::from_str(&text).map_err(|error| bad(error.to_string()))
}

impl Counts {
    /// Reads a record.
    ///
    /// # Errors
    /// When the file cannot be read or is no record.
    pub fn read(path: &Path) -> Result<Counts, CountError> {
        read_record(path)
    }

    /// The text of a record.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = String::from(
            "# Instructions per operation (tidemap-bench instructions --write); CI compares.\n",
        );
        for count in &self.counts {
            let _ = write!(
                text,
                "\n[[count]]\nmap = \"{}\"\noperation = \"{}\"\ninstructions = {:.1}\n",
                count.map, count.operation, count.instructions
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(instructions: f64) -> Counts {
        Counts {
            counts: vec![Count {
                map: "tidemap".into(),
                operation: "hit".into(),
                instructions,
            }],
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let before = counts(31.5);
        assert_eq!(toml::from_str::<Counts>(&before.to_toml()).unwrap(), before);
    }

    #[test]
    fn only_what_became_worse_is_objected_to() {
        let record = counts(40.0);
        assert!(check(&counts(41.0), &record).is_empty());
        assert!(check(&counts(20.0), &record).is_empty());
        assert_eq!(check(&counts(44.0), &record).len(), 1);
        assert_eq!(check(&counts(40.0), &Counts::default()).len(), 1);
    }

    #[test]
    fn every_operation_runs_on_every_map() {
        for operation in Operation::ALL {
            assert_eq!(Operation::from_name(operation.name()), Some(operation));
            for map in MAPS {
                run(map, operation, false);
            }
        }
    }
}
